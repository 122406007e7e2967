//! Indicator rules: thresholds on values and burn rates of error budgets.
//!
//! A **burn rate** is the share of bad cases divided by the share that the target allows. At 1 the
//! error budget is used up exactly at the end of its period. Source: Google, *The Site Reliability
//! Workbook*, chapter 5, "Alerting on SLOs". The rate is read over several windows: the longest
//! shows that the breach matters, the shortest that it continues. Budgets are used up by cases, not
//! by hours. Hours matter only for rules that state the share of a period's budget per window.
//! Those count the open hours of the rule's calendar.

use super::incident::{AlertSubject, Incident, IncidentFigures};
use super::state_machine::{AlertTiming, Condition};
use crate::domain::board::reading::{Board, Reading, ReadingComponents, ReadingKey, ReadingState};
use crate::domain::standard::alert_policy::{
    AlertMeasure, AlertPolicy, AlertRule, BurnRateThreshold, IndicatorRule,
};
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{Formula, Indicator, Standard, Target, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use std::sync::Arc;

/// Result of evaluating a policy in one scope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct IndicatorEvaluation {
    /// Condition for the state machine.
    pub condition: Condition,
    /// Value of the reading; `None` if there is none or the data is missing.
    pub value: Option<f64>,
    /// Threshold at which the policy fires.
    threshold: f64,
    better: TargetDirection,
}

/// Thresholds for firing and for clearing.
#[derive(Clone, Copy)]
struct AlertThresholds {
    better: TargetDirection,
    fire: f64,
    clear: f64,
}

/// Returns the durations of a rule.
pub(in crate::domain) fn alert_timing(rule: &IndicatorRule) -> AlertTiming {
    AlertTiming { for_ms: rule.for_ms, keep_firing_ms: rule.keep_firing_ms, no_data: rule.no_data }
}

/// Evaluates a rule in each of its scopes, in the order of the board. Scopes without a target are
/// left out.
pub(in crate::domain) fn evaluate_scopes(
    rule: &IndicatorRule,
    board: &Board,
    now: Timestamp,
) -> Vec<(Arc<Scope>, IndicatorEvaluation)> {
    let standard = &*board.standard;
    let indicator = &standard.indicators[rule.indicator];
    let first = match &rule.measure {
        AlertMeasure::Value { window, .. } => *window,
        AlertMeasure::BurnRate { windows, .. } => windows.first().copied(),
    };
    let begin = board.readings.partition_point(|reading| reading.key.indicator < rule.indicator);
    let readings = board.readings[begin..]
        .iter()
        .take_while(|reading| reading.key.indicator == rule.indicator);
    let readings = readings.filter(|reading| {
        reading.key.window == first && rule.scopes.contains(&reading.key.scope.kind)
    });
    let evaluate = |reading: &Reading| {
        let evaluation = match &rule.measure {
            AlertMeasure::Value { .. } => {
                let target = standard.target_in_scope(indicator, &reading.key.scope, Some(now));
                let thresholds = thresholds_in_force(rule, target)?;
                let evaluation = compare_with_thresholds(
                    reading.value,
                    has_no_data(reading, indicator),
                    sample_count(reading),
                    rule,
                    thresholds,
                );
                with_missing_part(evaluation, reading)
            }
            AlertMeasure::BurnRate { windows, .. } => {
                evaluate_burn_rate(reading, windows, rule, board, now)?
            }
        };
        Some((reading.key.scope.clone(), evaluation))
    };
    readings.filter_map(evaluate).collect()
}

/// Returns the thresholds in force; `None` if the rule has none and the scope no target.
fn thresholds_in_force(rule: &IndicatorRule, target: Option<Target>) -> Option<AlertThresholds> {
    let AlertMeasure::Value { fire, clear, .. } = &rule.measure else { return None };
    let (better, value, warning) = match (fire, target) {
        (Some(limit), _) => (limit.better, limit.value, None),
        (None, Some(Target { better, value, warning })) => (better, value, warning),
        (None, None) => return None,
    };
    Some(AlertThresholds { better, fire: value, clear: clear.or(warning).unwrap_or(value) })
}

/// Returns the evaluation of a reading whose window may be known only in part.
///
/// The missing part of a count or rate can only raise it. So a partial one fires only if it is too
/// high, and clears only if it is high enough.
fn with_missing_part(evaluation: IndicatorEvaluation, reading: &Reading) -> IndicatorEvaluation {
    let is_partial = reading.states.contains(ReadingState::Partial);
    let certain = match evaluation.better {
        _ if !is_partial || !reading.components.can_only_grow() => true,
        TargetDirection::Lower => evaluation.condition != Condition::Cleared,
        TargetDirection::Higher => evaluation.condition != Condition::Breached,
    };
    let condition = if certain { evaluation.condition } else { Condition::Indeterminate };
    IndicatorEvaluation { condition, ..evaluation }
}

/// Returns true if a reading has no usable value. An empty `oldest` reading is a value: nothing is
/// waiting.
fn has_no_data(reading: &Reading, indicator: &Indicator) -> bool {
    let has_no_value =
        reading.value.is_none() && !matches!(indicator.formula, Formula::Oldest { .. });
    let is_unusable = [ReadingState::NoData, ReadingState::Stale, ReadingState::NoPopulation]
        .into_iter()
        .any(|state| reading.states.contains(state));
    has_no_value || is_unusable
}

fn sample_count(reading: &Reading) -> Option<u64> {
    reading.components.sample_count().map(i64::unsigned_abs)
}

fn compare_with_thresholds(
    value: Option<f64>,
    has_no_data: bool,
    count: Option<u64>,
    rule: &IndicatorRule,
    thresholds: AlertThresholds,
) -> IndicatorEvaluation {
    let AlertThresholds { better, fire, clear } = thresholds;
    let condition = match value {
        _ if has_no_data => Condition::MissingData,
        _ if count.is_some_and(|count| count < rule.min_count) => Condition::InsufficientSamples,
        None => Condition::Cleared,
        Some(value) if !better.reaches_threshold(value, fire) => Condition::Breached,
        Some(value) if better.reaches_threshold(value, clear) => Condition::Cleared,
        Some(_) => Condition::Indeterminate,
    };
    IndicatorEvaluation {
        condition,
        value: value.filter(|_| !has_no_data),
        threshold: fire,
        better,
    }
}

/// Evaluates the lowest burn rate of all windows; `None` without a target.
fn evaluate_burn_rate(
    longest: &Reading,
    windows: &[usize],
    rule: &IndicatorRule,
    board: &Board,
    now: Timestamp,
) -> Option<IndicatorEvaluation> {
    let indicator = &board.standard.indicators[rule.indicator];
    let target = board.standard.target_in_scope(indicator, &longest.key.scope, Some(now))?;
    let allowed = target.allowed_misses();
    let times = burn_rate_threshold(rule, &longest.key.scope, &board.standard, now)?;
    let rate = |window: &usize| {
        let key = ReadingKey { window: Some(*window), ..longest.key.clone() };
        let place = board.readings.binary_search_by(|reading| reading.key.cmp(&key)).ok()?;
        let reading = &board.readings[place];
        let ReadingComponents::Ratio { good, of } = reading.components else { return None };
        let bad = if target.better == TargetDirection::Higher { of - good } else { good };
        (!has_no_data(reading, indicator) && of > 0 && allowed > 0.0)
            .then(|| bad as f64 / of as f64 / allowed)
    };
    let rates: Option<Vec<f64>> = windows.iter().map(rate).collect();
    let lowest = rates.map(|rates| rates.into_iter().fold(f64::INFINITY, f64::min));
    let thresholds = AlertThresholds { better: TargetDirection::Lower, fire: times, clear: times };
    let evaluation =
        compare_with_thresholds(lowest, lowest.is_none(), sample_count(longest), rule, thresholds);
    // Outside its opening hours the rule neither fires nor clears.
    let AlertMeasure::BurnRate { calendar: Some(calendar), .. } = rule.measure else {
        return Some(evaluation);
    };
    let zone = scope_time_zone(&longest.key.scope, &board.standard);
    let open = board.standard.calendars[calendar].is_open(now, zone);
    Some(IndicatorEvaluation {
        condition: if open { evaluation.condition } else { Condition::InsufficientSamples },
        ..evaluation
    })
}

fn scope_time_zone<'s>(scope: &Scope, standard: &'s Standard) -> &'s jiff::tz::TimeZone {
    standard.zones.scope_zone(&standard.scopes[scope.kind], &scope.values)
}

/// Returns the burn rate from which a rule fires; `None` if its calendar has no open time in the
/// period.
fn burn_rate_threshold(
    rule: &IndicatorRule,
    scope: &Scope,
    standard: &Standard,
    now: Timestamp,
) -> Option<f64> {
    let AlertMeasure::BurnRate { windows, threshold, calendar } = &rule.measure else {
        return None;
    };
    match *threshold {
        BurnRateThreshold::Times(times) => Some(times),
        BurnRateThreshold::BudgetShare { share, period: of } => {
            let zone = scope_time_zone(scope, standard);
            let (begin, end) = of.bounds_around(now, zone);
            let open = match calendar {
                Some(calendar) => {
                    standard.calendars[*calendar].open_millis_between(begin, end, zone)
                }
                None => end.millis_since(begin),
            };
            let Window::Rolling(length) = standard.windows[*windows.first()?] else { return None };
            (open > 0).then(|| share * open as f64 / length as f64)
        }
    }
}

/// Returns the identity of a policy's alert in a scope.
pub(in crate::domain) fn scope_subject(
    policy: &AlertPolicy,
    scope: &Scope,
    standard: &Standard,
) -> AlertSubject {
    let dimensions =
        standard.scopes[scope.kind].iter().map(|place| standard.schema.dimensions[*place].clone());
    let scope = dimensions.zip(scope.values.iter().map(|value| value.to_string())).collect();
    AlertSubject { policy: policy.name.clone(), scope, case: None, grade: None }
}

/// Builds the incident of a rule that fires in a scope.
pub(in crate::domain) fn indicator_incident(
    policy: &AlertPolicy,
    rule: &IndicatorRule,
    scope: &Scope,
    evaluation: &IndicatorEvaluation,
    now: Timestamp,
    standard: &Standard,
) -> Incident {
    let indicator = &standard.indicators[rule.indicator];
    let name = |place: &usize| standard.windows[*place].to_string();
    let (unit, window) = match &rule.measure {
        AlertMeasure::Value { window, .. } => (indicator.unit(), window.as_ref().map(name)),
        AlertMeasure::BurnRate { windows, .. } => {
            ("times", Some(windows.iter().map(name).collect::<Vec<_>>().join(", ")))
        }
    };
    let (target, higher_is_better) =
        (evaluation.threshold, evaluation.better == TargetDirection::Higher);
    let mut figures = IncidentFigures {
        unit: unit.to_owned(),
        target,
        higher_is_better,
        at_firing: None,
        last: None,
        worst: None,
    };
    figures.record_value(evaluation.value);
    figures.at_firing = figures.last;
    let subject = scope_subject(policy, scope, standard);
    Incident {
        window,
        figures: Some(figures),
        ..super::incident::new_incident(policy, subject, &indicator.name, now)
    }
}

/// Translates a scope for the policy at an index of a new standard, by the names of its dimensions;
/// `None` if the policy has no such scope.
pub(in crate::domain) fn translate_scope(
    scope: &Scope,
    policy: usize,
    old: &Standard,
    new: &Standard,
) -> Option<Arc<Scope>> {
    let AlertRule::Indicator(rule) = &new.policies[policy].rule else { return None };
    let name = |standard: &Standard, place: usize| standard.schema.dimensions[place].clone();
    let known: Vec<(String, Box<str>)> = old.scopes[scope.kind]
        .iter()
        .map(|place| name(old, *place))
        .zip(scope.values.iter().cloned())
        .collect();
    let kind = rule.scopes.iter().copied().find(|kind| {
        let dimensions = &new.scopes[*kind];
        dimensions.len() == known.len()
            && dimensions
                .iter()
                .all(|place| known.iter().any(|(known_name, _)| *known_name == name(new, *place)))
    })?;
    let value = |place: &usize| {
        known
            .iter()
            .find(|(known_name, _)| *known_name == name(new, *place))
            .map(|(_, value)| value.clone())
    };
    Some(Arc::new(Scope { kind, values: new.scopes[kind].iter().filter_map(value).collect() }))
}
