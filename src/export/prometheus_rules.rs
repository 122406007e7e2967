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

mod burn_rates;
mod self_monitoring;
mod surges;
mod targets;

use super::promql::PromqlQueries;
use crate::domain::standard::{LocalizedTitle, Standard};
use serde::Serialize;
use std::collections::BTreeMap;

/// A file of rules.
#[derive(Serialize)]
struct RuleFile {
    groups: Vec<RuleGroup>,
}

#[derive(Serialize)]
struct RuleGroup {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'static str>,
    rules: Vec<PrometheusRule>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PrometheusRule {
    Record {
        record: String,
        expr: String,
        labels: BTreeMap<&'static str, String>,
    },
    Alert {
        alert: String,
        expr: String,
        #[serde(rename = "for")]
        for_duration: &'static str,
        labels: BTreeMap<&'static str, String>,
        annotations: BTreeMap<&'static str, String>,
    },
}

/// How urgent an alert is.
#[derive(Clone, Copy)]
enum AlertSeverity {
    /// Somebody must act now.
    Critical,
    /// Somebody should look today.
    Warning,
}

/// An alert before it is written.
struct AlertingRule {
    name: String,
    expr: String,
    for_duration: &'static str,
    severity: AlertSeverity,
    family: String,
    /// What has happened, in a line.
    summary: LocalizedTitle,
    /// What the figure means and what is aimed at.
    description: LocalizedTitle,
    /// What to do.
    runbook: LocalizedTitle,
}

impl AlertingRule {
    fn into_rule(self) -> PrometheusRule {
        let severity = match self.severity {
            AlertSeverity::Critical => "critical",
            AlertSeverity::Warning => "warning",
        };
        let texts = [
            ("summary", self.summary.en),
            ("summary_zh", self.summary.zh),
            ("description", self.description.en),
            ("description_zh", self.description.zh),
            ("runbook", self.runbook.en),
            ("runbook_zh", self.runbook.zh),
        ];
        PrometheusRule::Alert {
            alert: self.name,
            expr: self.expr,
            for_duration: self.for_duration,
            labels: BTreeMap::from([("severity", severity.to_owned()), ("family", self.family)]),
            annotations: texts.into(),
        }
    }
}

/// The rules of a standard: names of files and what is in them.
///
/// # Errors
/// If they cannot be written as YAML, which texts and lists always can.
pub fn rule_files(standard: &Standard) -> anyhow::Result<Vec<(String, String)>> {
    let queries = &PromqlQueries::new(standard);
    let mut alerts = targets::target_alerts(queries);
    alerts.extend(burn_rates::burn_rate_alerts(queries));
    alerts.extend(surges::surge_alerts(queries));
    alerts.extend(self_monitoring::stale_source_alerts(queries));
    let mut groups: Vec<RuleGroup> = Vec::new();
    for alert in alerts {
        let name = format!("sla-{}", alert.family);
        let place = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            groups.push(RuleGroup { name, interval: None, rules: Vec::new() });
            groups.len() - 1
        });
        groups[place].rules.push(alert.into_rule());
    }
    let recording =
        |name: &str, rules| RuleGroup { name: name.to_owned(), interval: Some("30s"), rules };
    let recording = vec![
        recording("sla-budget", burn_rates::recording_rules(queries)),
        recording("sla-arrivals", surges::recording_rules(queries)),
    ];
    let own = RuleGroup {
        name: "firstline".to_owned(),
        interval: None,
        rules: self_monitoring::self_monitoring_alerts(queries)
            .into_iter()
            .map(AlertingRule::into_rule)
            .collect(),
    };
    let written = |name: &str, mut groups: Vec<RuleGroup>| {
        groups.retain(|group| !group.rules.is_empty());
        let head = format!(
            "# Made by `firstline rules` from the standard `{}`, version {}. Do not edit.\n",
            standard.name, standard.version
        );
        Ok((name.to_owned(), head + &serde_saphyr::to_string(&RuleFile { groups })?))
    };
    [("recording.yml", recording), ("alerts.yml", groups), ("firstline.yml", vec![own])]
        .into_iter()
        .map(|(name, groups)| written(name, groups))
        .collect()
}

fn bilingual_text(en: impl Into<String>, zh: impl Into<String>) -> LocalizedTitle {
    LocalizedTitle { en: en.into(), zh: zh.into() }
}

/// `answer_rate` as `AnswerRate`.
fn camel_case(name: &str) -> String {
    let capital = |word: &str| {
        word.chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .chain(word.chars().skip(1))
            .collect::<String>()
    };
    name.split(['_', '-', '.']).map(capital).collect()
}

/// Where it is, after a value: ` in hefei`, or nothing for everything.
fn scope_suffix(queries: &PromqlQueries<'_>) -> LocalizedTitle {
    let Some(dimension) = queries.first_dimension() else { return LocalizedTitle::default() };
    bilingual_text(
        format!("{{{{ with $labels.{dimension} }}}} in {{{{ . }}}}{{{{ end }}}}"),
        format!("{{{{ with $labels.{dimension} }}}}({{{{ . }}}}){{{{ end }}}}"),
    )
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn alert_names_are_camel_case() {
        assert_eq!(
            (camel_case("service_level_15s").as_str(), camel_case("a__b-c").as_str()),
            ("ServiceLevel15s", "ABC")
        );
    }
}
