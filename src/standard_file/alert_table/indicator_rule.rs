//! Policies on an indicator: below or above a threshold, or with a high burn rate.

use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{
    AlertMeasure, AlertThreshold, BurnRateThreshold, IndicatorRule, NoDataAction,
};
use crate::domain::standard::indicator::{Formula, Indicator};
use crate::domain::standard::target::{ScopedTarget, TargetDirection};
use crate::domain::time::period::Period;
use crate::domain::time::window::Window;
use crate::standard_file::alert_table::read_wait_duration;
use crate::standard_file::indicator_table::read_number;
use crate::standard_file::named_parts::{find_calendar, find_window};
use crate::standard_file::warn_of_old_name;
use crate::toml_document::{TomlTable, TomlValue, nearest_match, parse_duration};

/// Default windows of a burn rate. The short one shows that the burn continues.
const DEFAULT_BURN_WINDOWS: [&str; 2] = ["1h", "5m"];

/// Reads the rule of a policy on `indicator`. Returns `None` if the rule is invalid.
pub(super) fn read_indicator_rule(
    indicator: &TomlValue<'_>,
    table: &TomlTable<'_>,
    standard: &Standard,
) -> Option<IndicatorRule> {
    let place = find_indicator(indicator, standard);
    let scopes = read_scope_kinds(table, standard);
    let millis =
        |key: &str| table.value(key).and_then(|value| read_wait_duration(&value)).unwrap_or(0);
    let (for_ms, keep_firing_ms) = (millis("for"), millis("keep_firing"));
    let min_count = table.optional_integer("min_count").map(|number| {
        u64::try_from(number).unwrap_or_else(|_| {
            table.report_problem("min_count", "a number of cases cannot be negative");
            0
        })
    });
    let no_data = table.value("no_data").and_then(|value| read_no_data(&value)).unwrap_or_default();
    let measure = match table.optional_table("burn") {
        Some(burn) => place.and_then(|place| {
            read_burn_rate(&burn, &standard.indicators[place], indicator, standard)
        }),
        None => read_threshold(
            table,
            place.map(|place| &standard.indicators[place]),
            indicator,
            standard,
        ),
    };
    if table.value("burn").is_some() {
        for key in ["window", "below", "above", "clear"] {
            if let Some(value) = table.value(key) {
                value.report_problem(format!(
                    "a burn rate has its own windows and thresholds in `burn`; remove `{key}`"
                ));
            }
        }
    }
    let min_count = min_count.unwrap_or(standard.indicators[place?].small_sample);
    Some(IndicatorRule {
        indicator: place?,
        scopes,
        measure: measure?,
        for_ms,
        keep_firing_ms,
        min_count,
        no_data,
    })
}

fn find_indicator(value: &TomlValue<'_>, standard: &Standard) -> Option<usize> {
    let name = value.require_string()?;
    let place = standard.find_indicator(name);
    warn_of_old_name(value, standard, place);
    if place.is_none() {
        let near = nearest_match(
            name,
            standard.indicators.iter().map(|indicator| indicator.name.as_str()),
        );
        let hint = near.map_or_else(
            || format!("declare it: `[indicator.{name}]`"),
            |near| format!("did you mean `{near}`?"),
        );
        value.report_problem(format!("there is no indicator `{name}`; {hint}"));
    }
    place
}

/// Reads `by = ["center"]`, or a list of such lists, as scope kinds. The default is the whole
/// organization.
fn read_scope_kinds(table: &TomlTable<'_>, standard: &Standard) -> Vec<usize> {
    let whole = || standard.scopes.iter().position(Vec::is_empty).into_iter().collect();
    let Some(value) = table.value("by") else { return whole() };
    let Some(entries) = value.require_array() else { return Vec::new() };
    let kinds =
        if entries.iter().any(|entry| entry.as_array().is_some()) { entries } else { vec![value] };
    let mut scopes = Vec::new();
    for kind in kinds {
        let names = kind.require_strings().unwrap_or_default();
        let dimension_names = |dimensions: &[usize]| -> Vec<&str> {
            dimensions.iter().map(|place| &*standard.schema.dimensions[*place]).collect()
        };
        let same = |dimensions: &Vec<usize>| {
            dimensions.len() == names.len()
                && dimension_names(dimensions).iter().all(|name| names.contains(name))
        };
        match standard.scopes.iter().position(same) {
            Some(place) if !scopes.contains(&place) => scopes.push(place),
            Some(_) => kind.report_problem("these scopes are listed already"),
            None => {
                let known: Vec<String> = standard
                    .scopes
                    .iter()
                    .map(|scope| format!("[{}]", dimension_names(scope).join(", ")))
                    .collect();
                kind.report_problem(format!(
                    "the standard has no scope by [{}]; `scopes` has: {}",
                    names.join(", "),
                    known.join(", ")
                ));
            }
        }
    }
    scopes
}

/// Reads `no_data`: `"hold"`, `"clear after 1h"` or `"fire after 30m"`.
fn read_no_data(value: &TomlValue<'_>) -> Option<NoDataAction> {
    let text = value.require_string()?;
    let after = |prefix: &str| text.strip_prefix(prefix).map(|span| parse_duration(span.trim()));
    let action = match (text, after("clear after "), after("fire after ")) {
        ("hold", ..) => Ok(NoDataAction::Hold),
        (_, Some(millis), _) => millis.map(NoDataAction::ClearAfter),
        (_, _, Some(millis)) => millis.map(NoDataAction::FireAfter),
        _ => Err(format!("`{text}` is not an action")),
    };
    action
        .map_err(|problem| {
            value.report_problem(format!(
                "{problem}; `no_data` is \"hold\", \"clear after 1h\" or \"fire after 30m\""
            ));
        })
        .ok()
}

/// Reads the threshold of a rule on values. The default is the target.
fn read_threshold(
    table: &TomlTable<'_>,
    indicator: Option<&Indicator>,
    name: &TomlValue<'_>,
    standard: &Standard,
) -> Option<AlertMeasure> {
    let seconds = indicator.is_some_and(|indicator| indicator.unit() == "seconds");
    let (below, above, clear) = (
        read_number(table, "below", seconds),
        read_number(table, "above", seconds),
        read_number(table, "clear", seconds),
    );
    let window = table.value("window");
    let indicator = indicator?;
    let window = match (window, indicator.formula.is_current_state()) {
        (Some(value), true) => {
            value.report_problem(format!(
                "`{}` is a current state without windows; remove `window`",
                indicator.name
            ));
            None
        }
        (None, true) => None,
        (Some(value), false) => Some(find_indicator_window(&value, indicator, standard)?),
        (None, false) => {
            name.report_problem(format!(
                "`{}` needs a window, as in `window = \"{}\"`",
                indicator.name,
                example_window(standard)
            ));
            return None;
        }
    };
    let fire = match (below, above) {
        (Some(_), Some(_)) => {
            table.report_problem(
                "above",
                "a policy has one threshold: `below` or `above`, not both",
            );
            None
        }
        (Some(value), None) => Some(AlertThreshold { better: TargetDirection::Higher, value }),
        (None, Some(value)) => Some(AlertThreshold { better: TargetDirection::Lower, value }),
        (None, None) => None,
    };
    let targets = &indicator.targets[0].entries;
    let Some(better) = fire.map(|limit| limit.better).or(indicator.target_direction()) else {
        name.report_problem(format!(
            "`{}` has no target; add the threshold `below` or `above`",
            indicator.name
        ));
        return None;
    };
    let mut limits = match fire {
        Some(limit) => vec![limit.value],
        None => targets.iter().map(|entry| entry.target.value).collect(),
    };
    limits.retain(|limit| clear.is_some_and(|clear| !better.reaches_threshold(clear, *limit)));
    if let Some(limit) = limits.first() {
        table.report_problem(
            "clear",
            format!(
                "`clear` is on the bad side of {limit}, where the alert fires; it would end and \
                 fire again at once"
            ),
        );
    }
    Some(AlertMeasure::Value { window, fire, clear })
}

fn example_window(standard: &Standard) -> String {
    standard.windows.first().map_or_else(String::new, Window::to_string)
}

/// Reads the name of a window over which an indicator has readings.
fn find_indicator_window(
    value: &TomlValue<'_>,
    indicator: &Indicator,
    standard: &Standard,
) -> Option<usize> {
    let place = find_window(value, standard)?;
    if !standard.covers_window(indicator, place) {
        value.report_problem(format!(
            "`{}` has no readings over `{}`; add it to its `windows` and to those of its operands",
            indicator.name,
            value.require_string()?
        ));
    }
    Some(place)
}

/// Reads `burn = { windows = ["1h", "5m"], times = 14.4 }`, or `budget = "month", share = 0.02`
/// instead of `times`.
fn read_burn_rate(
    table: &TomlTable<'_>,
    indicator: &Indicator,
    name: &TomlValue<'_>,
    standard: &Standard,
) -> Option<AlertMeasure> {
    let ratio = matches!(indicator.formula, Formula::Ratio { .. });
    let targets = &indicator.targets[0].entries;
    let has_budget = |entry: &ScopedTarget| {
        (0.0..=1.0).contains(&entry.target.value) && entry.target.allowed_misses() > 0.0
    };
    if !ratio || targets.is_empty() || !targets.iter().all(has_budget) {
        name.report_problem(format!(
            "`{}` has no error budget; use a ratio with a target that allows some misses",
            indicator.name
        ));
    }
    let mut windows: Vec<usize> = match table.value("windows") {
        Some(value) => value
            .require_array()
            .unwrap_or_default()
            .iter()
            .filter_map(|value| find_indicator_window(value, indicator, standard))
            .collect(),
        None => DEFAULT_BURN_WINDOWS
            .iter()
            .filter_map(|name| {
                standard.windows.iter().position(|known| Window::parse(name) == Some(*known))
            })
            .collect(),
    };
    let length = |place: usize| {
        if let Window::Rolling(length) = standard.windows[place] { Some(length) } else { None }
    };
    if windows.is_empty() || windows.iter().any(|place| length(*place).is_none()) {
        table.report_problem(
            "windows",
            "a burn rate needs rolling windows of the standard, by default [\"1h\", \"5m\"]",
        );
        return None;
    }
    windows.sort_by_key(|place| std::cmp::Reverse(length(*place)));
    windows.dedup();
    let periods: Vec<(&str, Period)> = Period::WINDOW_NAMES.to_vec();
    let (times, period, share) = (
        table.optional_float("times"),
        table.optional_choice("budget", &periods),
        table.optional_float("share"),
    );
    let calendar = table.value("calendar").and_then(|value| find_calendar(&value, standard));
    table.report_unknown_keys();
    let threshold = match (times, period, share) {
        (Some(times), None, None) if times > 0.0 => BurnRateThreshold::Times(times),
        (None, Some(period), Some(share)) if share > 0.0 && share < 1.0 => {
            BurnRateThreshold::BudgetShare { share, period }
        }
        _ => {
            table.report_problem(
                "",
                "a burn rate needs `times` above 0, or `budget` and `share`, as in \
                 `budget = \"month\", share = 0.02`",
            );
            return None;
        }
    };
    Some(AlertMeasure::BurnRate { windows, threshold, calendar })
}
