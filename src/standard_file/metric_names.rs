//! Names that collide in `/metrics`. Prometheus fails a scrape with a label or a metric twice.

use crate::domain::standard::Standard;
use crate::domain::standard::metric_family::dimension_label;
use crate::toml_document::{TomlDocument, TomlValue};
use std::collections::{BTreeMap, BTreeSet};

/// Reports metrics, labels and values of `scope` that would exist twice. `document` is the newest
/// version of the standard.
pub(super) fn check_metric_names(document: &TomlDocument, standard: &Standard) {
    check_families(document, standard);
    check_labels(document, standard);
    check_scopes(document, standard);
}

fn check_families(document: &TomlDocument, standard: &Standard) {
    let indicators: BTreeMap<&str, TomlValue<'_>> = document
        .root_table()
        .optional_table("indicator")
        .map(|table| table.entries().collect())
        .unwrap_or_default();
    let mut owners = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for indicator in &standard.indicators {
        for (family, metric) in indicator.metric_families() {
            for name in metric.reserved_names() {
                let (other, other_family) =
                    *owners.entry(name.clone()).or_insert((&*indicator.name, family));
                let is_same = (other, other_family) == (&*indicator.name, family);
                if is_same || !reported.insert((other, &*indicator.name)) {
                    continue;
                }
                let Some(value) = indicators.get(&*indicator.name) else { continue };
                value.report_problem(format!(
                    "`{name}` would name two metrics in `/metrics`: the {} of `{other}` ({}) and \
                     the {} of `{}`; rename one of the two indicators",
                    other_family.content(),
                    place_in_file(document, indicators.get(other)),
                    family.content(),
                    indicator.name,
                ));
            }
        }
    }
}

fn check_labels(document: &TomlDocument, standard: &Standard) {
    let declared = list_values(document, "dimensions");
    let dimensions = &standard.schema.dimensions;
    for (place, dimension) in dimensions.iter().enumerate() {
        let label = dimension_label(dimension);
        let earlier = (0..place).find(|other| dimension_label(&dimensions[*other]) == label);
        let (Some(other), Some(value)) = (earlier, declared.get(place)) else { continue };
        value.report_problem(format!(
            "the dimensions `{}` ({}) and `{dimension}` would both have the label `{label}` in \
             `/metrics`; rename one of them",
            dimensions[other],
            place_in_file(document, declared.get(other)),
        ));
    }
}

fn check_scopes(document: &TomlDocument, standard: &Standard) {
    let declared = list_values(document, "scopes");
    // The scope without dimensions comes first if the file does not list it.
    let implied = standard.scopes.len().saturating_sub(declared.len());
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for kind in 0..standard.scopes.len() {
        let label = standard.scope_label_value(kind);
        let other = *owners.entry(label.clone()).or_insert(kind);
        if other == kind {
            continue;
        }
        let Some(value) = kind.checked_sub(implied).and_then(|place| declared.get(place)) else {
            continue;
        };
        let other_value = other.checked_sub(implied).and_then(|place| declared.get(place));
        let other_scope = match other_value {
            Some(_) => format!("another scope ({})", place_in_file(document, other_value)),
            None => "the scope without dimensions".to_owned(),
        };
        value.report_problem(format!(
            "this scope and {other_scope} would both be `scope=\"{label}\"` in `/metrics`; rename \
             a dimension"
        ));
    }
}

/// Returns the entries of a list at the top level.
fn list_values<'d>(document: &'d TomlDocument, key: &str) -> Vec<TomlValue<'d>> {
    document.root_table().value(key).and_then(|value| value.as_array()).unwrap_or_default()
}

/// Returns the position of a value, as in `s.toml:12`.
fn place_in_file(document: &TomlDocument, value: Option<&TomlValue<'_>>) -> String {
    let file = document.root_table().file_name();
    value.map_or_else(|| file.to_owned(), |value| format!("{file}:{}", value.line_and_column().0))
}

#[cfg(test)]
mod tests {
    use crate::standard_file::{parse_recorded_versions, parse_standard};

    const HEAD: &str = r#"name = "x"
version = "1"
title = { en = "X", zh = "某" }
time_zone = "UTC"
windows = ["30m"]
orders = ["repair"]
"#;

    fn standard_text(head: &str, indicators: &[(&str, &str)]) -> String {
        let mut text = format!("{HEAD}{head}\n");
        for (name, formula) in indicators {
            let title = "title = { en = \"T\", zh = \"题\" }";
            text += &format!("[indicator.{name}]\n{title}\n{formula}\n");
        }
        text
    }

    const RATIO: &str = "ratio = { good = [\"call.answered\"], of = [\"call.offered\"] }";
    const RATIO_WITH_TARGET: &str = "ratio = { good = [\"call.answered\"], of = [\"call.offered\"] }\ntarget = { at_least = 0.5 }";
    const LEVEL: &str = "level = [\"call.waiting\"]";
    const DURATION: &str = "duration = [\"call.answered\"]";

    #[test]
    fn names_both_sides_of_metrics_with_one_name() {
        for (first, second, expected) in [
            (
                ("a", RATIO_WITH_TARGET),
                ("a_target", RATIO),
                "`sla_a_target_ratio` would name two metrics in `/metrics`: the target of `a` \
                 (s.toml:8) and the value of `a_target`; rename one of the two indicators",
            ),
            (("a", RATIO), ("a_ratio", RATIO), "`sla_a_ratio` would name two"),
            (("a_ratio", RATIO), ("a", RATIO), "`sla_a_ratio` would name two"),
            (("a", RATIO_WITH_TARGET), ("a_level", LEVEL), "the level of `a`"),
            (("a_level", LEVEL), ("a", RATIO_WITH_TARGET), "the value of `a_level`"),
            (("a", LEVEL), ("a_state", LEVEL), "the state of `a`"),
            (("a", RATIO), ("a_good_total", LEVEL), "the numerator of `a`"),
            // OpenMetrics declares a counter without `_total`.
            (("a", RATIO), ("a_of", LEVEL), "the denominator of `a`"),
            (("a", DURATION), ("a_spread", DURATION), "the histogram of `a`"),
            (("a", DURATION), ("a_spread_seconds_bucket", LEVEL), "the histogram of `a`"),
            (("a", DURATION), ("a_quantile_seconds_count", LEVEL), "the percentiles of `a`"),
        ] {
            let text = standard_text("", &[first, second]);
            let problems = parse_standard("s.toml", &text).expect_err(expected);
            assert_eq!(problems.len(), 1, "{problems:#?}");
            assert!(problems[0].message.contains(expected), "{}", problems[0]);
            assert!(problems[0].line > 8 && problems[0].message.contains("(s.toml:8)"));
            assert!(parse_recorded_versions(&[("s.toml".to_owned(), text)]).is_ok());
        }
    }

    #[test]
    fn names_that_only_look_alike_are_accepted() {
        for indicators in [
            [("a", RATIO), ("a_target", RATIO)],
            [("a", RATIO), ("a_level", LEVEL)],
            [("a", LEVEL), ("a_good_total", LEVEL)],
            [("a", DURATION), ("a_ratio", RATIO)],
        ] {
            let text = standard_text("", &indicators);
            parse_standard("s.toml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        }
    }

    #[test]
    fn names_both_dimensions_with_one_label() {
        let head = "dimensions = [\n  \"job\",\n  \"exported_job\",\n]";
        let problems = parse_standard("s.toml", &standard_text(head, &[("a", RATIO)]))
            .expect_err("two labels `exported_job`");
        assert_eq!(
            problems[0].to_string(),
            "s.toml:9:3: the dimensions `job` (s.toml:8) and `exported_job` would both have the \
             label `exported_job` in `/metrics`; rename one of them"
        );
        let head = "dimensions = [\"exported_job\", \"exported_state\", \"le\"]";
        let text = standard_text(head, &[("a", RATIO)]);
        parse_standard("s.toml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    }

    #[test]
    fn names_both_scopes_with_one_label_value() {
        let dimensions = "dimensions = [\"a\", \"b\", \"a_b\", \"all\"]";
        let head = format!("{dimensions}\nscopes = [\n  [\"a\", \"b\"],\n  [\"a_b\"],\n]");
        let problems = parse_standard("s.toml", &standard_text(&head, &[("x", RATIO)]))
            .expect_err("two scopes `a_b`");
        assert_eq!(
            problems[0].to_string(),
            "s.toml:10:3: this scope and another scope (s.toml:9) would both be `scope=\"a_b\"` \
             in `/metrics`; rename a dimension"
        );
        let head = format!("{dimensions}\nscopes = [[\"all\"]]");
        let problems = parse_standard("s.toml", &standard_text(&head, &[("x", RATIO)]))
            .expect_err("two scopes `all`");
        assert!(problems[0].message.contains("and the scope without dimensions"), "{problems:#?}");
    }
}
