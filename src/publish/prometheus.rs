//! The board for Prometheus, in its text format: one family after the other, each with its HELP and TYPE.
//!
//! | family | for | value |
//! |---|---|---|
//! | `sla_<indicator>_<unit>` | every indicator | the value; for durations the mean; NaN without traffic |
//! | `sla_<indicator>_quantile_seconds` | durations | percentiles, as a summary |
//! | `sla_<indicator>_good_total`, `.._of_total` | ratios | what was counted since the service started |
//! | `sla_<indicator>_level` | indicators with a target | 0 nothing to judge, 1 met, 2 warning, 3 breached |
//! | `sla_<indicator>_target_<unit>` | indicators with a target | the target |
//!
//! Readings about now have no `window`. The label `scope` names the dimensions of the scope, `all` where there are none, so
//! that one scope can be picked and no sum counts a case twice.

use super::filter::shows;
use crate::access::grant::View;
use crate::domain::board::{Board, Key, Level, MadeOf, Reading};
use crate::domain::standard::{Formula, Indicator, Target};
use crate::edition::{Edition, Total};
use std::fmt::Write;

/// Labels that readings have anyway; a dimension of such a name gets a prefix, as Prometheus itself does it.
const OWN_LABELS: [&str; 4] = ["window", "scope", "quantile", "__name__"];

/// Writes of an edition what the view shows.
#[must_use]
pub fn write(edition: &Edition, view: &View) -> String {
    let board = &*edition.board;
    let mut out = String::with_capacity(board.readings.len() * 256);
    let mut readings = &board.readings[..];
    let mut totals = &edition.totals[..];
    for (number, indicator) in board.standard.indicators.iter().enumerate() {
        let own: &[Reading];
        let own_totals: &[Total];
        (own, readings) = readings.split_at(readings.partition_point(|reading| reading.key.indicator <= number));
        (own_totals, totals) = totals.split_at(totals.partition_point(|total| total.key.indicator <= number));
        let own: Vec<&Reading> = own.iter().filter(|reading| shows(view, &reading.key, board)).collect();
        let own_totals: Vec<&Total> = own_totals.iter().filter(|total| shows(view, &total.key, board)).collect();
        write_indicator(board, indicator, &own, &own_totals, &mut out);
    }
    out
}

fn write_indicator(board: &Board, indicator: &Indicator, readings: &[&Reading], totals: &[&Total], out: &mut String) {
    let (name, unit, title) = (&indicator.name, indicator.unit(), &indicator.title.en);
    // The labels of each reading stand in all its families: made once.
    let labelled: Vec<(String, &Reading)> = readings.iter().map(|reading| (labels(board, &reading.key, true), *reading)).collect();

    let family = format!("sla_{name}_{unit}");
    let explained = match indicator.formula {
        Formula::Duration { .. } => format!("{title}: mean"),
        _ => title.clone(),
    };
    head(&family, &explained, "gauge", out);
    for (labels, reading) in &labelled {
        sample(&family, labels, reading.value.unwrap_or(f64::NAN), out);
    }
    if let Formula::Duration { .. } = indicator.formula {
        write_quantiles(name, title, &labelled, out);
    }
    if !totals.is_empty() {
        type Part = fn(&Total) -> i64;
        let parts: [(&str, &str, Part); 2] = [("good", "numerator", |total| total.good), ("of", "denominator", |total| total.of)];
        for (part, explained, value) in parts {
            let family = format!("sla_{name}_{part}_total");
            head(&family, &format!("{title}: {explained}, counted since the service started"), "counter", out);
            for total in totals {
                sample(&family, &labels(board, &total.key, false), value(total) as f64, out);
            }
        }
    }
    if let Some(target) = indicator.target_at(board.as_of) {
        write_target(name, unit, title, target, &labelled, out);
    }
}

fn write_quantiles(name: &str, title: &str, labelled: &[(String, &Reading)], out: &mut String) {
    let family = format!("sla_{name}_quantile_seconds");
    head(&family, &format!("{title}: percentiles"), "summary", out);
    for (labels, reading) in labelled {
        let MadeOf::Duration(durations) = reading.made_of else { continue };
        let spread =
            [("0.5", durations.p50), ("0.8", durations.p80), ("0.9", durations.p90), ("0.95", durations.p95), ("0.99", durations.p99)];
        for (quantile, value) in spread {
            let value = if durations.of > 0 { value } else { f64::NAN };
            sample(&family, &format!("{labels},quantile=\"{quantile}\""), value, out);
        }
    }
}

fn write_target(name: &str, unit: &str, title: &str, target: Target, labelled: &[(String, &Reading)], out: &mut String) {
    let family = format!("sla_{name}_level");
    head(&family, &format!("{title}: 0 nothing to judge, 1 met, 2 warning, 3 breached"), "gauge", out);
    for (labels, reading) in labelled {
        let level = match reading.level {
            Level::None => 0.0,
            Level::Met => 1.0,
            Level::Warning => 2.0,
            Level::Breached => 3.0,
        };
        sample(&family, labels, level, out);
    }
    let family = format!("sla_{name}_target_{unit}");
    head(&family, &format!("{title}: target"), "gauge", out);
    sample(&family, "", target.value, out);
}

fn head(family: &str, help: &str, kind: &str, out: &mut String) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {family} {help}\n# TYPE {family} {kind}");
}

fn sample(family: &str, labels: &str, value: f64, out: &mut String) {
    let _ = if labels.is_empty() { writeln!(out, "{family} {value}") } else { writeln!(out, "{family}{{{labels}}} {value}") };
}

/// `window="30m",scope="center",center="hefei"`.
fn labels(board: &Board, key: &Key, with_window: bool) -> String {
    let mut text = String::new();
    if with_window && key.window.is_some() {
        let _ = write!(text, "window=\"{}\",", board.window(key));
    }
    let names: Vec<&str> = board.scope(key).map(|(dimension, _)| dimension).collect();
    let scope = if names.is_empty() { "all".to_owned() } else { names.join("_") };
    let _ = write!(text, "scope=\"{scope}\"");
    for (dimension, value) in board.scope(key) {
        let prefix = if OWN_LABELS.contains(&dimension) { "exported_" } else { "" };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, ",{prefix}{dimension}=\"{value}\"");
    }
    text
}
