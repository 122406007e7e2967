//! What a look at an indicator's readings shows: too low, too high, or its error budget used up too fast.
//!
//! A **burn rate** is the share of bad cases divided by the share that the target allows: at 1 the budget is used up just when
//! its time is over. It is read over several windows at once: the longest shows that it matters, the shortest that it still
//! goes on. Cases, and not hours, use up a budget; hours matter only where a rule says which share of a whole month's budget may go
//! in an hour, and there those of the rule's calendar count.

use super::incident::{Figures, Incident, Subject};
use super::machine::{Patience, Seen};
use crate::domain::board::{Board, Key, MadeOf, Reading, State as Trust};
use crate::domain::scope::Scope;
use crate::domain::standard::alert::{Figure, Measure, Pace, Policy, Rule};
use crate::domain::standard::{Better, Formula, Indicator, Standard, Target};
use crate::domain::time::Timestamp;
use crate::domain::window::Window;
use std::sync::Arc;

/// What is seen of a policy in one scope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Look {
    /// What it means.
    pub seen: Seen,
    /// The value, if there is one.
    pub value: Option<f64>,
    /// The threshold at which it fires.
    threshold: f64,
    better: Better,
}

/// A threshold at which it fires, and one at which it ends.
#[derive(Clone, Copy)]
struct Thresholds {
    better: Better,
    fire: f64,
    clear: f64,
}

/// How long what a rule says must last.
pub(super) fn patience(rule: &Figure) -> Patience {
    Patience { for_ms: rule.for_ms, keep_firing_ms: rule.keep_firing_ms, no_data: rule.no_data }
}

/// What is seen of a rule in each of its scopes, in the order of the board.
pub(super) fn looks(rule: &Figure, board: &Board, now: Timestamp) -> Vec<(Arc<Scope>, Look)> {
    let standard = &*board.standard;
    let indicator = &standard.indicators[rule.indicator];
    let first = match &rule.measure {
        Measure::Value { window, .. } => *window,
        Measure::Burn { windows, .. } => windows.first().copied(),
    };
    let begin = board.readings.partition_point(|reading| reading.key.indicator < rule.indicator);
    let own = board.readings[begin..].iter().take_while(|reading| reading.key.indicator == rule.indicator);
    let own = own.filter(|reading| reading.key.window == first && rule.scopes.contains(&reading.key.scope.kind));
    let look = |reading: &Reading| {
        let look = match &rule.measure {
            Measure::Value { .. } => {
                let thresholds = thresholds(rule, indicator, now)?;
                compare(reading.value, is_silent(reading, indicator), count(reading), rule, thresholds)
            }
            Measure::Burn { windows, .. } => burn(reading, windows, rule, board, now)?,
        };
        Some((reading.key.scope.clone(), look))
    };
    own.filter_map(look).collect()
}

/// The thresholds in force; none without a target to compare with.
fn thresholds(rule: &Figure, indicator: &Indicator, now: Timestamp) -> Option<Thresholds> {
    let Measure::Value { fire, clear, .. } = &rule.measure else { return None };
    let target = indicator.target_at(Some(now));
    let (better, value, warning) = match (fire, target) {
        (Some(limit), _) => (limit.better, limit.value, None),
        (None, Some(Target { better, value, warning })) => (better, value, warning),
        (None, None) => return None,
    };
    Some(Thresholds { better, fire: value, clear: clear.or(warning).unwrap_or(value) })
}

/// Whether a reading says nothing. That nothing is the oldest which stands is a good thing.
fn is_silent(reading: &Reading, indicator: &Indicator) -> bool {
    let nothing = reading.value.is_none() && !matches!(indicator.formula, Formula::Oldest { .. });
    nothing || matches!(reading.state, Trust::Stale | Trust::NoPopulation)
}

fn count(reading: &Reading) -> Option<u64> {
    reading.made_of.of().map(i64::unsigned_abs)
}

fn compare(value: Option<f64>, silent: bool, count: Option<u64>, rule: &Figure, thresholds: Thresholds) -> Look {
    let Thresholds { better, fire, clear } = thresholds;
    let seen = match value {
        _ if silent => Seen::Silent,
        _ if count.is_some_and(|count| count < rule.min_count) => Seen::Few,
        None => Seen::Good,
        Some(value) if !better.reaches(value, fire) => Seen::Bad,
        Some(value) if better.reaches(value, clear) => Seen::Good,
        Some(_) => Seen::Between,
    };
    Look { seen, value: value.filter(|_| !silent), threshold: fire, better }
}

/// The slowest of the burn rates of all windows; none without a target that allows misses.
fn burn(longest: &Reading, windows: &[usize], rule: &Figure, board: &Board, now: Timestamp) -> Option<Look> {
    let indicator = &board.standard.indicators[rule.indicator];
    let target = indicator.target_at(Some(now))?;
    let allowed = if target.better == Better::Higher { 1.0 - target.value } else { target.value };
    let times = times(rule, &longest.key.scope, &board.standard, now)?;
    let rate = |window: &usize| {
        let key = Key { window: Some(*window), ..longest.key.clone() };
        let place = board.readings.binary_search_by(|reading| reading.key.cmp(&key)).ok()?;
        let reading = &board.readings[place];
        let MadeOf::Ratio { good, of } = reading.made_of else { return None };
        let bad = if target.better == Better::Higher { of - good } else { good };
        (!is_silent(reading, indicator) && of > 0 && allowed > 0.0).then(|| bad as f64 / of as f64 / allowed)
    };
    let rates: Option<Vec<f64>> = windows.iter().map(rate).collect();
    let slowest = rates.map(|rates| rates.into_iter().fold(f64::INFINITY, f64::min));
    let thresholds = Thresholds { better: Better::Lower, fire: times, clear: times };
    let look = compare(slowest, slowest.is_none(), count(longest), rule, thresholds);
    // Outside its hours nothing counts.
    let Measure::Burn { calendar: Some(calendar), .. } = rule.measure else { return Some(look) };
    let zone = zone(&longest.key.scope, &board.standard);
    let open = board.standard.calendars[calendar].is_open(now, zone);
    Some(Look { seen: if open { look.seen } else { Seen::Few }, ..look })
}

fn zone<'s>(scope: &Scope, standard: &'s Standard) -> &'s jiff::tz::TimeZone {
    standard.zones.of_scope(&standard.scopes[scope.kind], &scope.values)
}

/// From how many times the even pace on a rule fires.
fn times(rule: &Figure, scope: &Scope, standard: &Standard, now: Timestamp) -> Option<f64> {
    let Measure::Burn { windows, pace, calendar } = &rule.measure else { return None };
    match *pace {
        Pace::Times(times) => Some(times),
        Pace::Share { share, of } => {
            let zone = zone(scope, standard);
            let (begin, end) = of.around(now, zone);
            let open = match calendar {
                Some(calendar) => standard.calendars[*calendar].between(begin, end, zone),
                None => end.since(begin),
            };
            let Window::Rolling(length) = standard.windows[*windows.first()?] else { return None };
            (open > 0).then(|| share * open as f64 / length as f64)
        }
    }
}

/// What a policy is about in a scope.
pub(super) fn subject(policy: &Policy, scope: &Scope, standard: &Standard) -> Subject {
    let dimensions = standard.scopes[scope.kind].iter().map(|place| standard.schema.dimensions[*place].clone());
    let scope = dimensions.zip(scope.values.iter().map(|value| value.to_string())).collect();
    Subject { policy: policy.name.clone(), scope, case: None, grade: None }
}

/// The incident of a rule that fires in a scope.
pub(super) fn incident(policy: &Policy, rule: &Figure, scope: &Scope, look: &Look, now: Timestamp, standard: &Standard) -> Incident {
    let indicator = &standard.indicators[rule.indicator];
    let name = |place: &usize| standard.windows[*place].to_string();
    let (unit, window) = match &rule.measure {
        Measure::Value { window, .. } => (indicator.unit(), window.as_ref().map(name)),
        Measure::Burn { windows, .. } => ("times", Some(windows.iter().map(name).collect::<Vec<_>>().join(", "))),
    };
    let (target, higher_is_better) = (look.threshold, look.better == Better::Higher);
    let mut figures = Figures { unit: unit.to_owned(), target, higher_is_better, fired: None, last: None, worst: None };
    figures.note(look.value);
    figures.fired = figures.last;
    let subject = subject(policy, scope, standard);
    Incident { window, figures: Some(figures), ..super::incident(policy, subject, &indicator.name, now) }
}

/// The scope as the policy at a place of a new standard watches it, by the names of its dimensions; none if it does not.
pub(super) fn translate(scope: &Scope, policy: usize, old: &Standard, new: &Standard) -> Option<Arc<Scope>> {
    let Rule::Figure(rule) = &new.policies[policy].rule else { return None };
    let name = |standard: &Standard, place: usize| standard.schema.dimensions[place].clone();
    let known: Vec<(String, Box<str>)> =
        old.scopes[scope.kind].iter().map(|place| name(old, *place)).zip(scope.values.iter().cloned()).collect();
    let kind = rule.scopes.iter().copied().find(|kind| {
        let dimensions = &new.scopes[*kind];
        dimensions.len() == known.len() && dimensions.iter().all(|place| known.iter().any(|(one, _)| *one == name(new, *place)))
    })?;
    let value = |place: &usize| known.iter().find(|(one, _)| *one == name(new, *place)).map(|(_, value)| value.clone());
    Some(Arc::new(Scope { kind, values: new.scopes[kind].iter().filter_map(value).collect() }))
}
