//! What a look at an indicator's readings shows: too low, too high, or its error budget used up too fast.
//!
//! A **burn rate** is the share of bad cases divided by the share that the target allows: at 1 the budget is used up just when
//! its time is over. It is read over several windows at once: the longest shows that it matters, the shortest that it still
//! goes on. Cases, and not hours, use up a budget; hours matter only where a rule says which share of a whole month's budget may go
//! in an hour, and there those of the rule's calendar count.

use super::incident::{AlertSubject, Incident, IncidentFigures};
use super::state_machine::{AlertTiming, Condition};
use crate::domain::board::reading::{
    Board, Reading, ReadingComponents, ReadingKey, ReadingState as Trust,
};
use crate::domain::standard::alert_policy::{
    AlertMeasure, AlertPolicy, AlertRule, BurnRateThreshold, IndicatorRule,
};
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{Formula, Indicator, Standard, Target, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use std::sync::Arc;

/// What is seen of a policy in one scope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct IndicatorEvaluation {
    /// What it means.
    pub condition: Condition,
    /// The value, if there is one.
    pub value: Option<f64>,
    /// The threshold at which it fires.
    threshold: f64,
    better: TargetDirection,
}

/// A threshold at which it fires, and one at which it ends.
#[derive(Clone, Copy)]
struct AlertThresholds {
    better: TargetDirection,
    fire: f64,
    clear: f64,
}

/// How long what a rule says must last.
pub(in crate::domain) fn alert_timing(rule: &IndicatorRule) -> AlertTiming {
    AlertTiming { for_ms: rule.for_ms, keep_firing_ms: rule.keep_firing_ms, no_data: rule.no_data }
}

/// What is seen of a rule in each of its scopes, in the order of the board.
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
    let own = board.readings[begin..]
        .iter()
        .take_while(|reading| reading.key.indicator == rule.indicator);
    let own = own.filter(|reading| {
        reading.key.window == first && rule.scopes.contains(&reading.key.scope.kind)
    });
    let look = |reading: &Reading| {
        let look = match &rule.measure {
            AlertMeasure::Value { .. } => {
                let thresholds = thresholds_in_force(rule, indicator, now)?;
                compare_with_thresholds(
                    reading.value,
                    has_no_data(reading, indicator),
                    sample_count(reading),
                    rule,
                    thresholds,
                )
            }
            AlertMeasure::BurnRate { windows, .. } => {
                evaluate_burn_rate(reading, windows, rule, board, now)?
            }
        };
        Some((reading.key.scope.clone(), look))
    };
    own.filter_map(look).collect()
}

/// The thresholds in force; none without a target to compare with.
fn thresholds_in_force(
    rule: &IndicatorRule,
    indicator: &Indicator,
    now: Timestamp,
) -> Option<AlertThresholds> {
    let AlertMeasure::Value { fire, clear, .. } = &rule.measure else { return None };
    let target = indicator.target_at(Some(now));
    let (better, value, warning) = match (fire, target) {
        (Some(limit), _) => (limit.better, limit.value, None),
        (None, Some(Target { better, value, warning })) => (better, value, warning),
        (None, None) => return None,
    };
    Some(AlertThresholds { better, fire: value, clear: clear.or(warning).unwrap_or(value) })
}

/// Whether a reading says nothing. That nothing is the oldest which stands is a good thing.
fn has_no_data(reading: &Reading, indicator: &Indicator) -> bool {
    let nothing = reading.value.is_none() && !matches!(indicator.formula, Formula::Oldest { .. });
    nothing || matches!(reading.state, Trust::Stale | Trust::NoPopulation)
}

fn sample_count(reading: &Reading) -> Option<u64> {
    reading.components.sample_count().map(i64::unsigned_abs)
}

fn compare_with_thresholds(
    value: Option<f64>,
    silent: bool,
    count: Option<u64>,
    rule: &IndicatorRule,
    thresholds: AlertThresholds,
) -> IndicatorEvaluation {
    let AlertThresholds { better, fire, clear } = thresholds;
    let seen = match value {
        _ if silent => Condition::MissingData,
        _ if count.is_some_and(|count| count < rule.min_count) => Condition::InsufficientSamples,
        None => Condition::Cleared,
        Some(value) if !better.reaches_threshold(value, fire) => Condition::Breached,
        Some(value) if better.reaches_threshold(value, clear) => Condition::Cleared,
        Some(_) => Condition::Indeterminate,
    };
    IndicatorEvaluation {
        condition: seen,
        value: value.filter(|_| !silent),
        threshold: fire,
        better,
    }
}

/// The slowest of the burn rates of all windows; none without a target that allows misses.
fn evaluate_burn_rate(
    longest: &Reading,
    windows: &[usize],
    rule: &IndicatorRule,
    board: &Board,
    now: Timestamp,
) -> Option<IndicatorEvaluation> {
    let indicator = &board.standard.indicators[rule.indicator];
    let target = indicator.target_at(Some(now))?;
    let allowed =
        if target.better == TargetDirection::Higher { 1.0 - target.value } else { target.value };
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
    let slowest = rates.map(|rates| rates.into_iter().fold(f64::INFINITY, f64::min));
    let thresholds = AlertThresholds { better: TargetDirection::Lower, fire: times, clear: times };
    let look = compare_with_thresholds(
        slowest,
        slowest.is_none(),
        sample_count(longest),
        rule,
        thresholds,
    );
    // Outside its hours nothing counts.
    let AlertMeasure::BurnRate { calendar: Some(calendar), .. } = rule.measure else {
        return Some(look);
    };
    let zone = scope_time_zone(&longest.key.scope, &board.standard);
    let open = board.standard.calendars[calendar].is_open(now, zone);
    Some(IndicatorEvaluation {
        condition: if open { look.condition } else { Condition::InsufficientSamples },
        ..look
    })
}

fn scope_time_zone<'s>(scope: &Scope, standard: &'s Standard) -> &'s jiff::tz::TimeZone {
    standard.zones.scope_zone(&standard.scopes[scope.kind], &scope.values)
}

/// From how many times the even pace on a rule fires.
fn burn_rate_threshold(
    rule: &IndicatorRule,
    scope: &Scope,
    standard: &Standard,
    now: Timestamp,
) -> Option<f64> {
    let AlertMeasure::BurnRate { windows, threshold: pace, calendar } = &rule.measure else {
        return None;
    };
    match *pace {
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

/// What a policy is about in a scope.
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

/// The incident of a rule that fires in a scope.
pub(in crate::domain) fn indicator_incident(
    policy: &AlertPolicy,
    rule: &IndicatorRule,
    scope: &Scope,
    look: &IndicatorEvaluation,
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
    let (target, higher_is_better) = (look.threshold, look.better == TargetDirection::Higher);
    let mut figures = IncidentFigures {
        unit: unit.to_owned(),
        target,
        higher_is_better,
        at_firing: None,
        last: None,
        worst: None,
    };
    figures.record_value(look.value);
    figures.at_firing = figures.last;
    let subject = scope_subject(policy, scope, standard);
    Incident {
        window,
        figures: Some(figures),
        ..super::incident::new_incident(policy, subject, &indicator.name, now)
    }
}

/// The scope as the policy at a place of a new standard watches it, by the names of its dimensions; none if it does not.
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
            && dimensions.iter().all(|place| known.iter().any(|(one, _)| *one == name(new, *place)))
    })?;
    let value = |place: &usize| {
        known.iter().find(|(one, _)| *one == name(new, *place)).map(|(_, value)| value.clone())
    };
    Some(Arc::new(Scope { kind, values: new.scopes[kind].iter().filter_map(value).collect() }))
}
