//! Formats values and targets.
//!
//! Rounding never crosses the target. A value of 84.97 % below a target of 85 % is shown as 84.9 %.

use super::messages::Messages;
use super::standard_info::ServedIndicator;

/// Placeholder for a missing value.
pub const DASH: &str = "—";

/// Formats a value. It is rounded away from the target if rounding would cross it.
///
/// Returns [`DASH`] if there is no value.
#[must_use]
pub fn format_value(
    indicator: &ServedIndicator,
    value: Option<f64>,
    messages: &Messages,
) -> String {
    let Some(value) = value else { return DASH.to_owned() };
    let target = indicator.target;
    let lower = indicator.better.as_deref() == Some("lower");
    if indicator.kind == "difference" {
        return format_difference(indicator, value, messages);
    }
    match indicator.unit.as_str() {
        "ratio" => format_percent(value, target, lower),
        "points" => format!("{:.1}", rounded_tenths(1.0, value, target, lower) / 10.0),
        "seconds" => format_duration(value, target, messages),
        "count" if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// Formats a target with its comparison sign. Returns an empty string without a target.
#[must_use]
pub fn format_target(
    indicator: &ServedIndicator,
    target: Option<f64>,
    messages: &Messages,
) -> String {
    let Some(target) = target else { return String::new() };
    let sign = if indicator.better.as_deref() == Some("lower") { '≤' } else { '≥' };
    format!("{sign} {}", format_value(&indicator.with_target(None), Some(target), messages))
}

fn format_percent(value: f64, target: Option<f64>, lower: bool) -> String {
    if value == 0.0 || value == 1.0 {
        return format!("{:.0} %", value * 100.0);
    }
    let tenths = rounded_tenths(100.0, value, target, lower);
    format!("{:.1} %", tenths.clamp(1.0, 999.0) / 10.0)
}

/// Returns tenths of `value * scale`, rounded away from the target if rounding would cross it.
fn rounded_tenths(scale: f64, value: f64, target: Option<f64>, lower: bool) -> f64 {
    let tenths = |value: f64| (value * scale * 10.0).round();
    match target {
        Some(target) if !lower && value < target => tenths(value).min(tenths(target) - 1.0),
        Some(target) if lower && value > target => tenths(value).max(tenths(target) + 1.0),
        // Zero has no sign.
        _ => tenths(value) + 0.0,
    }
}

/// Formats a difference with its sign. For ratios it is in percentage points.
fn format_difference(indicator: &ServedIndicator, value: f64, messages: &Messages) -> String {
    match indicator.unit.as_str() {
        "ratio" => format!("{:+.1}", value * 100.0),
        "seconds" if value < 0.0 => format!("-{}", format_duration(-value, None, messages)),
        "seconds" => format!("+{}", format_duration(value, None, messages)),
        _ => format!("{value:+.2}"),
    }
}

/// Formats a duration in seconds, minutes, hours or days, depending on its size.
fn format_duration(seconds: f64, target: Option<f64>, messages: &Messages) -> String {
    let mut rounded = seconds.round();
    if let Some(target) = target
        && seconds > target
        && rounded <= target
    {
        rounded = target.floor() + 1.0;
    }
    match rounded as u64 {
        rounded @ 0..60 => format!("{rounded} {}", messages.seconds),
        rounded @ 60..3_600 => format!("{}:{:02} {}", rounded / 60, rounded % 60, messages.minutes),
        rounded @ 3_600..172_800 => {
            format!("{}:{:02} {}", rounded / 3_600, rounded / 60 % 60, messages.hours)
        }
        rounded => format!("{:.1} {}", rounded as f64 / 86_400.0, messages.days),
    }
}

#[cfg(test)]
mod tests {
    use super::{format_target as target_of, format_value};
    use crate::watch::messages::Language;
    use crate::watch::standard_info::ServedIndicator;
    use serde_json::json;

    fn sample_indicator(unit: &str, target: Option<f64>, better: &str) -> ServedIndicator {
        let kind = if unit == "percentage points" { "difference" } else { "ratio" };
        let unit = if unit == "percentage points" { "ratio" } else { unit };
        serde_json::from_value(json!({ "name": "a", "title": {}, "kind": kind, "unit": unit, "target": target, "better": better }))
            .expect("an indicator")
    }

    #[test]
    fn rounding_never_crosses_the_target() {
        let messages = Language::En.messages();
        for (unit, target, better, value, expected) in [
            ("ratio", Some(0.85), "higher", Some(0.8497), "84.9 %"),
            ("ratio", Some(0.85), "higher", Some(0.85), "85.0 %"),
            ("ratio", Some(0.05), "lower", Some(0.0501), "5.1 %"),
            ("ratio", None, "higher", Some(0.9999), "99.9 %"),
            ("ratio", None, "higher", Some(1.0), "100 %"),
            ("ratio", None, "higher", None, "—"),
            ("seconds", Some(20.0), "lower", Some(20.2), "21 s"),
            ("seconds", None, "lower", Some(59.6), "1:00 min"),
            ("seconds", None, "lower", Some(7_260.0), "2:01 h"),
            ("seconds", None, "lower", Some(200_000.0), "2.3 d"),
            ("count", None, "lower", Some(0.0), "0"),
            ("score", None, "higher", Some(4.256), "4.26"),
            ("percentage points", None, "higher", Some(-0.021), "-2.1"),
            ("points", None, "higher", Some(-33.333), "-33.3"),
            ("points", None, "higher", Some(-0.01), "0.0"),
            ("points", Some(30.0), "higher", Some(29.97), "29.9"),
            ("points", Some(-10.0), "higher", Some(-10.02), "-10.1"),
            ("points", Some(30.0), "higher", Some(100.0), "100.0"),
        ] {
            assert_eq!(
                format_value(&sample_indicator(unit, target, better), value, messages),
                expected,
                "{unit} {value:?}"
            );
        }
        assert_eq!(
            target_of(&sample_indicator("seconds", None, "lower"), Some(20.0), messages),
            "≤ 20 s"
        );
        assert_eq!(target_of(&sample_indicator("ratio", None, "higher"), None, messages), "");
    }
}
