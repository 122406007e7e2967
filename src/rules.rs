//! Rules for Prometheus, made from the standard: a new indicator has its alerts as soon as it is declared.
//!
//! | file | what |
//! |---|---|
//! | `recording.yml` | miss ratios over the windows of the burn rates, what is spent of the calendar's budget, arrivals |
//! | `alerts.yml` | targets missed and in danger, budgets that burn, surges, silent sources; by family |
//! | `firstline.yml` | firstline itself: down, falling behind, not keeping what it accepts |
//!
//! An alert fires for the whole organisation and for each value of the standard's first dimension (see [`Queries`]), never on
//! few cases: below `small_sample` firstline itself judges nothing, and where the standard names none, the rule does. Texts are in
//! English and, under the same name with `_zh`, in Chinese.
//!
//! A limit: the queries are those of the target in force when the rules were made; make them anew with a new version.

mod arrivals;
mod budget;
mod health;
mod target;

use crate::domain::standard::{Standard, Title};
use crate::queries::Queries;
use serde::Serialize;
use std::collections::BTreeMap;

/// A file of rules.
#[derive(Serialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'static str>,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule {
    Record {
        record: String,
        expr: String,
        labels: BTreeMap<&'static str, String>,
    },
    Alert {
        alert: String,
        expr: String,
        #[serde(rename = "for")]
        hold: &'static str,
        labels: BTreeMap<&'static str, String>,
        annotations: BTreeMap<&'static str, String>,
    },
}

/// How urgent an alert is.
#[derive(Clone, Copy)]
enum Severity {
    /// Somebody must act now.
    Critical,
    /// Somebody should look today.
    Warning,
}

/// An alert before it is written.
struct Alert {
    name: String,
    expr: String,
    hold: &'static str,
    severity: Severity,
    family: String,
    /// What has happened, in a line.
    summary: Title,
    /// What the figure means and what is aimed at.
    description: Title,
    /// What to do.
    runbook: Title,
}

impl Alert {
    fn rule(self) -> Rule {
        let severity = match self.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        };
        let texts = [
            ("summary", self.summary.en),
            ("summary_zh", self.summary.zh),
            ("description", self.description.en),
            ("description_zh", self.description.zh),
            ("runbook", self.runbook.en),
            ("runbook_zh", self.runbook.zh),
        ];
        Rule::Alert {
            alert: self.name,
            expr: self.expr,
            hold: self.hold,
            labels: BTreeMap::from([("severity", severity.to_owned()), ("family", self.family)]),
            annotations: texts.into(),
        }
    }
}

/// The rules of a standard: names of files and what is in them.
///
/// # Errors
/// If they cannot be written as YAML, which texts and lists always can.
pub fn files(standard: &Standard) -> anyhow::Result<Vec<(String, String)>> {
    let queries = &Queries::new(standard);
    let mut alerts = target::alerts(queries);
    alerts.extend(budget::alerts(queries));
    alerts.extend(arrivals::alerts(queries));
    alerts.extend(health::sources(queries));
    let mut groups: Vec<Group> = Vec::new();
    for alert in alerts {
        let name = format!("sla-{}", alert.family);
        let place = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            groups.push(Group { name, interval: None, rules: Vec::new() });
            groups.len() - 1
        });
        groups[place].rules.push(alert.rule());
    }
    let recording = |name: &str, rules| Group { name: name.to_owned(), interval: Some("30s"), rules };
    let recording = vec![recording("sla-budget", budget::records(queries)), recording("sla-arrivals", arrivals::records(queries))];
    let own = Group { name: "firstline".to_owned(), interval: None, rules: health::alerts(queries).into_iter().map(Alert::rule).collect() };
    let written = |name: &str, mut groups: Vec<Group>| {
        groups.retain(|group| !group.rules.is_empty());
        let head =
            format!("# Made by `firstline rules` from the standard `{}`, version {}. Do not edit.\n", standard.name, standard.version);
        Ok((name.to_owned(), head + &serde_saphyr::to_string(&File { groups })?))
    };
    [("recording.yml", recording), ("alerts.yml", groups), ("firstline.yml", vec![own])]
        .into_iter()
        .map(|(name, groups)| written(name, groups))
        .collect()
}

fn both(en: impl Into<String>, zh: impl Into<String>) -> Title {
    Title { en: en.into(), zh: zh.into() }
}

/// `answer_rate` as `AnswerRate`.
fn camel(name: &str) -> String {
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    name.split(['_', '-', '.']).map(capital).collect()
}

/// Where it is, after a value: ` in hefei`, or nothing for everything.
fn place(queries: &Queries<'_>) -> Title {
    let Some(dimension) = queries.dimension() else { return Title::default() };
    both(
        format!("{{{{ with $labels.{dimension} }}}} in {{{{ . }}}}{{{{ end }}}}"),
        format!("{{{{ with $labels.{dimension} }}}}({{{{ . }}}}){{{{ end }}}}"),
    )
}

#[cfg(test)]
mod tests {
    use super::camel;

    #[test]
    fn alerts_are_named_as_prometheus_likes_it() {
        assert_eq!((camel("service_level_15s").as_str(), camel("a__b-c").as_str()), ("ServiceLevel15s", "ABC"));
    }
}
