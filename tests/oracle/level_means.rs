//! Time-weighted means of levels. A case is looked at as it was at each instant at which an event or
//! the passing of time changed it, and the time until the next instant is added to its states.

use super::board::{ExpectedReading, ReadingKey, ScopeReach, counted_facts, scopes_of};
use super::case_facts::{CaseMeaning, ExpiryCheck, OracleFact, StateSpan, from_events_at, zone_of};
use super::event::OracleEvent;
use super::indicators::{OracleFormula, OracleIndicator};
use std::collections::{BTreeMap, BTreeSet};

/// A case as its events up to `from` show it, which holds until `until`.
#[derive(Debug)]
pub(crate) struct CasePeriod {
    from: i64,
    until: i64,
    meaning: CaseMeaning,
}

/// Start of each window in each zone.
pub(crate) type WindowBegins<'w> = &'w [Vec<(&'static str, i64)>; 2];

/// Returns the periods of a case up to `now`. The last one includes the current millisecond.
pub(crate) fn case_periods(events: &[(&OracleEvent, u64)], now: i64) -> Vec<CasePeriod> {
    let times: BTreeSet<i64> = events.iter().map(|(event, _)| event.time).collect();
    let mut periods = Vec::new();
    for time in &times {
        let known: Vec<(&OracleEvent, u64)> =
            events.iter().filter(|(event, _)| event.time <= *time).copied().collect();
        let next = times.range(time + 1..).next().copied();
        // A state expires at its time if a later event shows that, else when the engine checks it.
        let check = ExpiryCheck::AtTime { now: next.map_or(now, |_| i64::MAX) };
        let meaning_at = |instant: i64| from_events_at(&known, instant, check);
        let last = next.unwrap_or(now + 1);
        let mut instants: BTreeSet<i64> = BTreeSet::from([*time]);
        instants.extend(meaning_at(*time).critical_times);
        let instants: Vec<i64> = instants.range(*time..last).copied().collect();
        for (place, from) in instants.iter().enumerate() {
            let until = instants.get(place + 1).copied().unwrap_or(last);
            periods.push(CasePeriod { from: *from, until, meaning: meaning_at(*from) });
        }
    }
    periods
}

/// Adds the states of a case to the means of levels. `begins` has the window starts by zone.
pub(crate) fn add_level_means(
    (case, periods): (&CaseMeaning, &[CasePeriod]),
    (begins, now): (WindowBegins<'_>, i64),
    (indicators, known_since): (&[OracleIndicator], &[Option<i64>]),
    readings: &mut BTreeMap<ReadingKey, ExpectedReading>,
) {
    for (number, indicator) in indicators.iter().enumerate() {
        let OracleFormula::MeanLevel(picks) = &indicator.formula else { continue };
        let Some(since) = known_since[number] else { continue };
        let mut add = |zone: usize, scope: &str, from: i64, until: i64| {
            for (window, begin) in &begins[zone] {
                let inside = until - from.max(*begin);
                if inside > 0 {
                    let key = (number, scope.to_owned(), *window);
                    let reading = readings.entry(key).or_default();
                    reading.times[1] += inside;
                    reading.level_mean += inside as f64 / (now + 1 - since.max(*begin)) as f64;
                }
            }
        };
        for CasePeriod { from, until, meaning } in periods {
            for (fact, attributes, reach) in counted_facts(meaning) {
                let is_state = fact.name.0 != "agent";
                let picked = picks.iter().filter(|pick| {
                    is_state && pick.fact_name() == fact.name && pick.matches_fact(fact, attributes)
                });
                for _ in picked {
                    let zone = zone_of(attributes) as usize;
                    scopes_of(attributes, reach)
                        .iter()
                        .for_each(|scope| add(zone, scope, *from, *until));
                }
            }
        }
        // The states of agents count where the agent counts now.
        for StateSpan { name, from, until } in &case.state_spans {
            let state = (name.0, name.1.trim_end_matches("_time"));
            let fact =
                OracleFact { name: state, time: *from, value: None, label: None, event_index: 0 };
            let picked = picks.iter().filter(|pick| {
                pick.fact_name() == state && pick.matches_fact(&fact, &case.attributes)
            });
            for _ in picked {
                let zone = zone_of(&case.attributes) as usize;
                scopes_of(&case.attributes, ScopeReach::All)
                    .iter()
                    .for_each(|scope| add(zone, scope, *from, until.unwrap_or(now + 1)));
            }
        }
    }
}
