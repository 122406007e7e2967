//! The standard as OpenSLO v1: its ratios with targets as objectives, over the counters in `/metrics`.
//!
//! Each family is a Service, each ratio an SLI of two counters and an SLO over the longest calendar window of the standard, or the
//! longest rolling one if it has none. An indicator that should be low names its misses as `bad`.
//!
//! What OpenSLO cannot say is left out: targets of indicators that are no ratios of counts; a target of all, which has no budget
//! (OpenSLO wants less than 1); warnings; and one-shot indicators whose contacts can still be followed by another, for
//! their counters are not final.

use super::promql::PromqlQueries;
use crate::describe;
use crate::domain::standard::{
    Formula, Indicator, LocalizedTitle, Standard, Target, TargetDirection,
};
use crate::domain::time::period::Period;
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::domain::time::window::Window;
use serde_json::{Value, json};

/// What the data source is called.
const DATA_SOURCE: &str = "prometheus";

/// The standard as a stream of YAML documents.
///
/// # Errors
/// If they cannot be written as YAML, which texts and lists always can.
pub fn export_openslo(standard: &Standard) -> anyhow::Result<String> {
    let mut text = format!(
        "# Made by `firstline openslo` from the standard `{}`, version {}. Do not edit.\n",
        standard.name, standard.version
    );
    for document in openslo_documents(standard) {
        text += "---\n";
        text += &serde_saphyr::to_string(&document)?;
    }
    Ok(text)
}

fn openslo_documents(standard: &Standard) -> Vec<Value> {
    let queries = PromqlQueries::new(standard);
    let objectives: Vec<(&Indicator, Target)> = standard
        .indicators
        .iter()
        .filter_map(|one| Some((one, exportable_target(&queries, one)?)))
        .collect();
    let connection = json!({ "url": "http://localhost:9090" });
    let mut documents = vec![openslo_document(
        "DataSource",
        DATA_SOURCE,
        &LocalizedTitle::default(),
        &json!({ "type": "Prometheus", "connectionDetails": connection }),
    )];
    let families = |family: &&String| {
        objectives.iter().any(|(indicator, _)| queries.family_name(indicator) == *family)
    };
    for family in standard.schema.families.iter().filter(families) {
        let title = LocalizedTitle { en: family.clone(), zh: family.clone() };
        documents.push(openslo_document(
            "Service",
            &dns_name(family),
            &title,
            &json!({ "description": format!("Cases of the family {family}") }),
        ));
    }
    for (indicator, target) in objectives {
        documents.push(openslo_document(
            "SLI",
            &dns_name(&indicator.name),
            &indicator.title,
            &indicator_spec(&queries, indicator, target),
        ));
        documents.push(openslo_document(
            "SLO",
            &dns_name(&indicator.name),
            &indicator.title,
            &objective_spec(&queries, indicator, target),
        ));
    }
    documents
}

/// The target that OpenSLO can say, if there is one.
fn exportable_target(queries: &PromqlQueries<'_>, indicator: &Indicator) -> Option<Target> {
    let target = indicator.targets.first()?.target?;
    let final_counts = matches!(indicator.formula, Formula::Ratio { matures_ms: None, .. })
        && queries.has_counters();
    (final_counts
        && time_window(queries.standard).is_some()
        && (0.0..1.0).contains(&target_share(target)))
    .then_some(target)
}

/// The share of good cases that is aimed at.
fn target_share(target: Target) -> f64 {
    match target.better {
        TargetDirection::Higher => target.value,
        TargetDirection::Lower => ((1.0 - target.value) * 1e9).round() / 1e9,
    }
}

fn openslo_document(kind: &str, name: &str, title: &LocalizedTitle, spec: &Value) -> Value {
    let mut metadata = json!({ "name": name });
    if !title.en.is_empty() {
        metadata["displayName"] = if title.en == title.zh {
            title.en.clone()
        } else {
            format!("{} · {}", title.en, title.zh)
        }
        .into();
    }
    json!({ "apiVersion": "openslo/v1", "kind": kind, "metadata": metadata, "spec": spec })
}

/// `answer_rate` as `answer-rate`: names are those of DNS.
fn dns_name(name: &str) -> String {
    name.replace('_', "-")
}

fn indicator_spec(queries: &PromqlQueries<'_>, indicator: &Indicator, target: Target) -> Value {
    let name = &indicator.name;
    let source = |counter: &str| {
        let query = format!("sum(sla_{name}_{counter}_total{{scope=\"all\"}})");
        json!({ "metricSource": { "metricSourceRef": DATA_SOURCE, "type": "Prometheus", "spec": { "query": query } } })
    };
    let side = if target.better == TargetDirection::Higher { "good" } else { "bad" };
    let description = describe::describe_indicator(queries.standard, indicator);
    json!({ "description": description_text(&description), "ratioMetric": { "counter": true, side: source("good"), "total": source("of") } })
}

fn objective_spec(queries: &PromqlQueries<'_>, indicator: &Indicator, target: Target) -> Value {
    let aim = describe::describe_target(indicator, Some(Timestamp(i64::MAX))).unwrap_or_default();
    json!({
        "description": description_text(&aim),
        "service": dns_name(queries.family_name(indicator)),
        "indicatorRef": dns_name(&indicator.name),
        "timeWindow": time_window(queries.standard).into_iter().collect::<Vec<_>>(),
        "budgetingMethod": "Occurrences",
        "objectives": [{ "displayName": aim.en, "target": target_share(target) }],
    })
}

/// A description has at most 1050 characters.
fn description_text(words: &LocalizedTitle) -> String {
    format!("{} · {}", words.en, words.zh).chars().take(1_050).collect()
}

/// The longest calendar window, which begins with the standard; else the longest rolling one.
fn time_window(standard: &Standard) -> Option<Value> {
    let calendar = standard.windows.iter().filter_map(|window| {
        if let Window::Calendar(period) = window { Some(*period) } else { None }
    });
    if let Some(period) = calendar.max_by_key(|period| period.max_length_ms()) {
        let duration = match period {
            Period::QuarterHour => "15m",
            Period::HalfHour => "30m",
            Period::Day => "1d",
            Period::Week => "1w",
            Period::Month => "1M",
        };
        let zone = standard.zones.get(0).iana_name().unwrap_or("Etc/UTC");
        let start = format!("{} 00:00:00", standard.date_of_effect);
        return Some(
            json!({ "duration": duration, "isRolling": false, "calendar": { "startTime": start, "timeZone": zone } }),
        );
    }
    let rolling = standard.windows.iter().filter_map(|window| {
        if let Window::Rolling(length) = window { Some(*length) } else { None }
    });
    rolling.max().map(|length| {
        let duration = match length {
            _ if length % (24 * HOUR) == 0 => format!("{}d", length / (24 * HOUR)),
            _ if length % HOUR == 0 => format!("{}h", length / HOUR),
            _ => format!("{}m", length / MINUTE),
        };
        json!({ "duration": duration, "isRolling": true })
    })
}
