//! Random standards: one that the check accepts gives `/metrics` in which no name, label or series
//! exists twice.

use crate::is_installed;
use firstline::access::grant::GrantedView;
use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::standard::metric_family::{MetricFamily, dimension_label};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::prometheus::{MetricsFormat, MetricsSelection, write_metrics};
use firstline::standard_file::{parse_recorded_versions, parse_standard};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::json;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Dimensions whose labels or scopes collide in many combinations.
const DIMENSIONS: [&str; 10] =
    ["a", "b", "a_b", "all", "job", "exported_job", "state", "exported_state", "le", "quantile"];

/// Names of indicators that collide for some formulas.
const INDICATORS: [&str; 16] = [
    "a",
    "a_ratio",
    "a_seconds",
    "a_target",
    "a_target_ratio",
    "a_level",
    "a_state",
    "a_good",
    "a_good_total",
    "a_of_total",
    "a_of_created",
    "a_spread",
    "a_spread_seconds_bucket",
    "a_quantile",
    "a_quantile_seconds_count",
    "b",
];

const FORMULAS: [&str; 4] = [
    "ratio = { good = [\"call.answered\"], of = [\"call.offered\"] }\ntarget = { at_least = 0.5 }",
    "ratio = { good = [\"call.answered\"], of = [\"call.offered\"] }",
    "duration = [\"call.answered\"]\ntarget = { at_most = \"20s\" }",
    "level = [\"call.waiting\"]",
];

type StandardPlan = (Vec<&'static str>, Vec<Vec<&'static str>>, Vec<(&'static str, &'static str)>);

fn standard_plans() -> impl Strategy<Value = StandardPlan> {
    let scope = subsequence(&DIMENSIONS[..], 1..=2);
    let indicators = subsequence(&INDICATORS[..], 1..=3);
    let formulas = prop::collection::vec(select(&FORMULAS[..]), 3);
    (prop::collection::vec(scope, 0..=2), indicators, formulas).prop_map(
        |(scopes, indicators, formulas)| {
            let used: BTreeSet<&str> = scopes.iter().flatten().copied().collect();
            let dimensions = used.into_iter().collect();
            (dimensions, scopes, indicators.into_iter().zip(formulas).collect())
        },
    )
}

fn standard_text((dimensions, scopes, indicators): &StandardPlan) -> String {
    let mut text = format!(
        "name = \"x\"\nversion = \"1\"\ntitle = {{ en = \"X\", zh = \"X\" }}\ntime_zone = \"UTC\"\n\
         dimensions = {dimensions:?}\nscopes = {scopes:?}\nwindows = [\"30m\"]\norders = []\n"
    );
    for (name, formula) in indicators {
        let _ = write!(
            text,
            "[indicator.{name}]\ntitle = {{ en = \"T\", zh = \"T\" }}\nsmall_sample = 5\n{formula}\n"
        );
    }
    text
}

/// Returns a board with two answered calls that have a value of every dimension.
fn board_of_two_calls(standard: &Arc<Standard>) -> PublishedBoard {
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    // The field `state` accepts no other values than states of agents.
    for call in ["ready", "talking"] {
        let dimensions = standard.schema.dimensions.iter();
        let data: BTreeMap<&str, &str> = dimensions.map(|name| (&**name, call)).collect();
        for (verb, time) in [("offered", "09:00:00"), ("answered", "09:00:07")] {
            let event = json!({
                "specversion": "1.0", "id": format!("{call}-{verb}"), "source": "/acd",
                "type": format!("call.{verb}"), "subject": call,
                "time": format!("2026-03-02T{time}Z"), "data": data,
            });
            decoder
                .decode_json(event.to_string().as_bytes())
                .unwrap_or_else(|rejection| panic!("{}", rejection.reason));
        }
    }
    let mut monitor = Monitor::new(standard.clone(), None);
    monitor.apply_batch(&decoder.take_batch());
    PublishedBoard::first_of_run("e".into(), standard.clone(), monitor.compute_board(), false, 1)
}

fn metrics_of(standard: &Arc<Standard>, format: MetricsFormat) -> String {
    let view = GrantedView::default();
    // A limit of one scope gives values of `firstline_scopes_omitted`.
    let selection = MetricsSelection { view: &view, scopes_max: 1 };
    write_metrics(&board_of_two_calls(standard), selection, format)
}

/// Returns what is wrong with a text of metrics: names, labels or series that exist twice, and names
/// that the lists of the standard lack.
fn find_mistakes(text: &str, standard: &Standard) -> Vec<String> {
    let own = [MetricFamily::scopes_omitted(), MetricFamily::calendar_ends()];
    let mut listed: BTreeSet<String> = own.iter().flat_map(MetricFamily::reserved_names).collect();
    for indicator in &standard.indicators {
        listed.extend(
            indicator.metric_families().flat_map(|(_, f)| f.reserved_names().collect::<Vec<_>>()),
        );
    }
    let system = ["window", "scope", "quantile", "le", "state"];
    let dimensions = standard.schema.dimensions.iter().map(|name| dimension_label(name));
    let labels: BTreeSet<String> =
        system.into_iter().map(str::to_owned).chain(dimensions.map(Into::into)).collect();
    let (mut families, mut series, mut mistakes) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.split(' ').next().unwrap_or_default();
            if !families.insert(name) {
                mistakes.push(format!("family twice: {name}"));
            }
        }
        if line.starts_with('#') {
            continue;
        }
        let (name_and_labels, _) = line.rsplit_once(' ').unwrap_or((line, ""));
        let (name, inside) = name_and_labels.split_once('{').unwrap_or((name_and_labels, "}"));
        if !listed.contains(name) {
            mistakes.push(format!("not in the list of families: {name}"));
        }
        let family = name;
        let mut known = BTreeMap::new();
        for label in inside.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once('=').unwrap_or((label, ""));
            if known.insert(name, value).is_some() {
                mistakes.push(format!("label twice: {line}"));
            }
            // Prometheus adds these itself.
            let is_listed = labels.contains(name)
                || (family, name) == ("firstline_calendar_ends_timestamp_seconds", "calendar");
            if !is_listed || ["job", "instance"].contains(&name) {
                mistakes.push(format!("not in the list of labels: {line}"));
            }
        }
        if !series.insert((name, known)) {
            mistakes.push(format!("series twice: {line}"));
        }
    }
    mistakes
}

#[test]
fn accepted_standard_gives_metrics_without_repeated_names() {
    let (accepted, refused, unusable) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let config = Config {
        cases: 1_500,
        rng_seed: RngSeed::Fixed(22),
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&standard_plans(), |plan| {
        let text = standard_text(&plan);
        match parse_standard("s.toml", &text) {
            Ok(standard) => {
                accepted.set(accepted.get() + 1);
                let standard = Arc::new(standard);
                for format in [MetricsFormat::Text, MetricsFormat::OpenMetrics] {
                    let mistakes = find_mistakes(&metrics_of(&standard, format), &standard);
                    prop_assert!(mistakes.is_empty(), "{mistakes:#?}\n{text}");
                }
            }
            Err(problems) => {
                refused.set(refused.get() + 1);
                let of_names = |message: &str| {
                    message.contains("`/metrics`") || message == "this scope is listed already"
                };
                prop_assert!(
                    problems.iter().all(|problem| of_names(&problem.message)),
                    "{problems:#?}\n{text}"
                );
                // A journal may hold it, and its metrics show what the check prevents.
                if let Ok(standard) = parse_recorded_versions(&[("s.toml".to_owned(), text)]) {
                    let metrics =
                        metrics_of(&Arc::new(standard.clone()), MetricsFormat::OpenMetrics);
                    let has_mistakes = !find_mistakes(&metrics, &standard).is_empty();
                    unusable.set(unusable.get() + u32::from(has_mistakes));
                }
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(accepted.get() > 100 && refused.get() > 100, "{accepted:?} {refused:?}");
    assert!(unusable.get() > 50, "{unusable:?} of {refused:?}");
}

#[test]
fn metrics_of_unusual_names_pass_promtool() {
    if !is_installed("promtool") {
        return;
    }
    let plan = (
        vec!["exported_state", "job", "le", "quantile"],
        vec![vec!["job", "le"], vec!["exported_state", "quantile"]],
        vec![("a_spread", FORMULAS[0]), ("a", FORMULAS[2]), ("a_quantile", FORMULAS[1])],
    );
    let standard = parse_standard("s.toml", &standard_text(&plan))
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let text = metrics_of(&Arc::new(standard), MetricsFormat::Text);
    promtool.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("promtool reads");
    let output = promtool.wait_with_output().expect("promtool ends");
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn shipped_standards_have_no_name_twice() {
    let folders = ["standards", "tests/standards"].map(|name| crate::project_root().join(name));
    let entries = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the folder is readable"));
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.expect("the folder is readable").path();
        let text = std::fs::read_to_string(&path).expect("the file is readable");
        // The oracle completes its file before each use.
        if !path.ends_with("oracle.toml") {
            texts.push((path.display().to_string(), text));
        }
    }
    for (name, text) in texts {
        let standard = parse_standard(&name, &text).unwrap_or_else(|found| panic!("{found:#?}"));
        let standard = Arc::new(standard);
        for format in [MetricsFormat::Text, MetricsFormat::OpenMetrics] {
            let mistakes = find_mistakes(&metrics_of(&standard, format), &standard);
            assert!(mistakes.is_empty(), "{name}: {mistakes:#?}");
        }
    }
}
