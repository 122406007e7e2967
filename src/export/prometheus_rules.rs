//! Recording and alerting rules for Prometheus, generated from the standard.
//!
//! | file | content |
//! |---|---|
//! | `recording.yml` | miss ratios over the burn rate windows, error budget used, arrival rates |
//! | `alerts.yml` | targets breached or at warning, burn rates, surges, stale sources, by family |
//! | `firstline.yml` | firstline itself: down, behind, unable to persist events |
//!
//! An alert fires for the whole organization and for each value of the standard's first dimension,
//! see [`PromqlQueries`]. An alert on targets also fires for the scopes that the targets name. No
//! alert fires on too few cases: the limit is `small_sample`, or a default in the rule. Annotations
//! are in English and, with the suffix `_zh`, in Chinese.
//!
//! An indicator with `targets` is compared with the target series of each scope. Limit: the rules
//! contain the targets of all other indicators. Generate them again for each new version of the
//! standard.

mod burn_rates;
mod self_monitoring;
mod surges;
mod targets;

use super::promql::{PromqlQueries, target_dimensions};
use crate::describe;
use crate::domain::standard::metric_family::dimension_label;
use crate::domain::standard::{Indicator, LocalizedTitle, Standard};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Content of a rule file.
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

/// Severity of an alert.
#[derive(Clone, Copy)]
enum AlertSeverity {
    /// Needs immediate action.
    Critical,
    /// Needs attention within the day.
    Warning,
}

/// Alerting rule with its texts in both languages.
struct AlertingRule {
    name: String,
    expr: String,
    for_duration: &'static str,
    severity: AlertSeverity,
    family: String,
    /// Single line for notifications.
    summary: LocalizedTitle,
    /// Formula and target of the indicator.
    description: LocalizedTitle,
    /// Steps to take.
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

/// Returns the name and content of each rule file.
///
/// # Errors
///
/// Returns an error if a file cannot be serialized as YAML. Generated rules always can.
pub fn rule_files(standard: &Standard) -> anyhow::Result<Vec<(String, String)>> {
    let queries = &PromqlQueries::new(standard);
    let mut alerts = targets::target_alerts(queries);
    alerts.extend(burn_rates::burn_rate_alerts(queries));
    alerts.extend(surges::surge_alerts(queries));
    alerts.extend(self_monitoring::stale_source_alerts(queries));
    let mut groups: Vec<RuleGroup> = Vec::new();
    for alert in alerts {
        let name = format!("sla-{}", alert.family);
        let index = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            groups.push(RuleGroup { name, interval: None, rules: Vec::new() });
            groups.len() - 1
        });
        groups[index].rules.push(alert.into_rule());
    }
    let recording_group =
        |name: &str, rules| RuleGroup { name: name.to_owned(), interval: Some("30s"), rules };
    let recording = vec![
        recording_group("sla-budget", burn_rates::recording_rules(queries)),
        recording_group("sla-arrivals", surges::recording_rules(queries)),
    ];
    let self_monitoring = RuleGroup {
        name: "firstline".to_owned(),
        interval: None,
        rules: self_monitoring::self_monitoring_alerts(queries)
            .into_iter()
            .map(AlertingRule::into_rule)
            .collect(),
    };
    let serialize = |name: &str, mut groups: Vec<RuleGroup>| {
        groups.retain(|group| !group.rules.is_empty());
        let header = format!(
            "# Generated by `firstline rules` from standard `{}`, version {}. Do not edit.\n",
            standard.name, standard.version
        );
        Ok((name.to_owned(), header + &serde_saphyr::to_string(&RuleFile { groups })?))
    };
    [("recording.yml", recording), ("alerts.yml", groups), ("firstline.yml", vec![self_monitoring])]
        .into_iter()
        .map(|(name, groups)| serialize(name, groups))
        .collect()
}

fn bilingual_text(en: impl Into<String>, zh: impl Into<String>) -> LocalizedTitle {
    LocalizedTitle { en: en.into(), zh: zh.into() }
}

/// Converts `answer_rate` to `AnswerRate`.
fn camel_case(name: &str) -> String {
    let capitalize = |word: &str| {
        word.chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .chain(word.chars().skip(1))
            .collect::<String>()
    };
    name.split(['_', '-', '.']).map(capitalize).collect()
}

/// Returns a template for the scope after a value: ` in hefei`, or nothing for the whole
/// organization.
fn scope_suffix(queries: &PromqlQueries<'_>) -> LocalizedTitle {
    let Some(dimension) = queries.first_dimension() else { return LocalizedTitle::default() };
    bilingual_text(
        format!("{{{{ with $labels.{dimension} }}}} in {{{{ . }}}}{{{{ end }}}}"),
        format!("{{{{ with $labels.{dimension} }}}}（{{{{ . }}}}）{{{{ end }}}}"),
    )
}

/// Returns a template for the scope like [`scope_suffix`], also with the other dimensions that the
/// indicator's targets name: ` in hefei, queue vip`.
fn target_scope_suffix(queries: &PromqlQueries<'_>, indicator: &Indicator) -> LocalizedTitle {
    let mut suffix = scope_suffix(queries);
    let names = &queries.standard.schema.dimensions;
    let dimensions: BTreeSet<usize> = target_dimensions(indicator).flatten().collect();
    for dimension in dimensions.into_iter().map(|dimension| names[dimension].as_str()) {
        if queries.first_dimension() != Some(dimension) {
            let (label, zh) =
                (dimension_label(dimension), describe::chinese_dimension_name(dimension));
            suffix.en +=
                &format!("{{{{ with $labels.{label} }}}}, {dimension} {{{{ . }}}}{{{{ end }}}}");
            suffix.zh += &format!("{{{{ with $labels.{label} }}}}（{zh}{{{{ . }}}}）{{{{ end }}}}");
        }
    }
    suffix
}

#[cfg(test)]
mod tests {
    use super::{camel_case, rule_files};
    use crate::standard_file::{BUILT_IN, parse_standard};

    #[test]
    fn alert_fires_30_days_before_holidays_end() {
        let rules = |calendars: &str| {
            let standard = parse_standard("s.toml", &format!("{BUILT_IN}\n{calendars}"));
            let files = rule_files(&standard.expect("a valid standard")).expect("rules");
            files.into_iter().map(|(_, text)| text).collect::<String>()
        };
        let week = "[calendar.a]\nweek = { mon-fri = ['08:00-18:00'] }\n";
        let text = rules(&format!("{week}holidays = [2026-10-01]"));
        assert!(text.contains("FirstlineCalendarEnds"));
        assert!(text.contains("firstline_calendar_ends_timestamp_seconds - time() < 2592000"));
        let endless = rules(&format!("{week}holidays = [{{ yearly = '01-01' }}]"));
        assert!(!endless.contains("FirstlineCalendarEnds"));
    }

    #[test]
    fn alert_names_are_camel_case() {
        assert_eq!(
            (camel_case("service_level_15s").as_str(), camel_case("a__b-c").as_str()),
            ("ServiceLevel15s", "ABC")
        );
    }
}
