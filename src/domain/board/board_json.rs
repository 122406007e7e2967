//! JSON form of readings and their keys, with the names from their board.

use super::confidence_interval;
use super::error_budget::{self, ErrorBudget};
use super::reading::{Board, PartReading, Reading, ReadingComponents, ReadingKey, ReadingState};
use serde::ser::{Serialize, SerializeMap, Serializer};

impl Board {
    /// Returns the JSON form of a key.
    #[must_use]
    pub fn key_json<'b>(&'b self, key: &'b ReadingKey) -> ReadingKeyJson<'b> {
        ReadingKeyJson { board: self, key }
    }

    /// Returns the JSON form of a reading.
    #[must_use]
    pub fn reading_json<'b>(&'b self, reading: &'b Reading) -> ReadingJson<'b> {
        ReadingJson { board: self, reading }
    }
}

/// Returns the error budget of a ratio in the current calendar period. Returns `None` without a
/// target or for other windows. A scope with several time zones uses the standard's default zone.
fn error_budget_of(board: &Board, key: &ReadingKey, good: i64, of: i64) -> Option<ErrorBudget> {
    let indicator = &board.standard.indicators[key.indicator];
    let target = board.standard.target_in_scope(indicator, &key.scope, board.as_of)?;
    let (window, now) = (board.standard.windows[key.window?], board.as_of?);
    let zone =
        board.standard.zones.scope_zone(&board.standard.scopes[key.scope.kind], &key.scope.values);
    let end = window.end_time(now, zone)?;
    let begin = window.start_time(now, zone);
    error_budget::error_budget(good, of, target, now.millis_since(begin), end.millis_since(begin))
}

/// JSON form of a reading: `{"indicator":..,"scope":{..},"window":..,"value":..,...}`.
#[derive(Clone, Copy, Debug)]
pub struct ReadingJson<'b> {
    board: &'b Board,
    reading: &'b Reading,
}

/// JSON form of a key: `{"indicator":..,"scope":{..},"window":..}`.
#[derive(Clone, Copy, Debug)]
pub struct ReadingKeyJson<'b> {
    board: &'b Board,
    key: &'b ReadingKey,
}

struct ReadingScopeJson<'b>(&'b Board, &'b ReadingKey);

impl Serialize for ReadingScopeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.scope_values(self.1))
    }
}

impl ReadingKeyJson<'_> {
    fn write_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("indicator", &self.board.standard.indicators[self.key.indicator].name)?;
        map.serialize_entry("scope", &ReadingScopeJson(self.board, self.key))?;
        map.serialize_entry("window", &self.board.window_name(self.key))
    }
}

impl Serialize for ReadingKeyJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write_entries(&mut map)?;
        map.end()
    }
}

/// Part of a weighted score as JSON.
#[derive(serde::Serialize)]
struct WeightedPartJson<'p> {
    indicator: &'p str,
    value: Option<f64>,
    points: Option<f64>,
    weight: f64,
    state: &'static str,
}

impl Serialize for ReadingJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ReadingJson { board, reading } = self;
        let mut map = serializer.serialize_map(None)?;
        board.key_json(&reading.key).write_entries(&mut map)?;
        map.serialize_entry("value", &reading.value)?;
        match &*reading.displayed_components() {
            ReadingComponents::Ratio { good, of } => {
                map.serialize_entry("good", good)?;
                map.serialize_entry("of", of)?;
                map.serialize_entry("interval", &confidence_interval::wilson_interval(*good, *of))?;
                let budget = error_budget_of(board, &reading.key, *good, *of)
                    .filter(|_| !reading.states.contains(ReadingState::NoData));
                if let Some(budget) = budget {
                    map.serialize_entry("budget", &budget)?;
                }
            }
            ReadingComponents::Duration(durations) => {
                let if_any = |value: f64| (durations.of > 0).then_some(value);
                map.serialize_entry("mean", &if_any(durations.mean))?;
                map.serialize_entry("p50", &if_any(durations.p50))?;
                map.serialize_entry("p80", &if_any(durations.p80))?;
                map.serialize_entry("p90", &if_any(durations.p90))?;
                map.serialize_entry("p95", &if_any(durations.p95))?;
                map.serialize_entry("p99", &if_any(durations.p99))?;
                map.serialize_entry("max", &if_any(durations.max))?;
                if durations.max_approximate {
                    map.serialize_entry("max_approximate", &true)?;
                }
                map.serialize_entry("of", &durations.of)?;
            }
            ReadingComponents::Count | ReadingComponents::Level => {}
            ReadingComponents::MeanLevel { time, elapsed } => {
                map.serialize_entry("time_seconds", time)?;
                map.serialize_entry("elapsed_seconds", elapsed)?;
            }
            ReadingComponents::Oldest { since } => map.serialize_entry("since", since)?,
            ReadingComponents::Score { of } | ReadingComponents::MissCount { of } => {
                map.serialize_entry("of", of)?;
            }
            ReadingComponents::Share { part, whole, of } => {
                map.serialize_entry("part_seconds", part)?;
                map.serialize_entry("whole_seconds", whole)?;
                map.serialize_entry("of", of)?;
            }
            ReadingComponents::Rate { count, population } => {
                map.serialize_entry("count", count)?;
                map.serialize_entry("population", population)?;
            }
            ReadingComponents::Difference { first, second } => {
                map.serialize_entry("first", first)?;
                map.serialize_entry("second", second)?;
            }
            ReadingComponents::Benchmark { period } => {
                map.serialize_entry("period", &period.map(|period| period.to_string()))?;
            }
            ReadingComponents::BenchmarkRatio { good, of, period } => {
                map.serialize_entry("count", good)?;
                map.serialize_entry("benchmark", of)?;
                map.serialize_entry("period", &period.map(|period| period.to_string()))?;
            }
            ReadingComponents::Weighted { parts } => {
                let name = |part: &PartReading| &board.standard.indicators[part.indicator].name;
                let missing = parts.iter().filter(|part| part.points.is_none()).map(name);
                let parts: Vec<WeightedPartJson> = parts
                    .iter()
                    .map(|part| WeightedPartJson {
                        indicator: name(part),
                        value: part.value,
                        points: part.points,
                        weight: part.weight,
                        state: part.state.name(),
                    })
                    .collect();
                map.serialize_entry("parts", &parts)?;
                map.serialize_entry("missing", &missing.collect::<Vec<_>>())?;
            }
            ReadingComponents::EstimatedWait { waiting, handling, of, agents } => {
                map.serialize_entry("waiting", waiting)?;
                map.serialize_entry("handling_seconds", handling)?;
                map.serialize_entry("of", of)?;
                map.serialize_entry("agents", agents)?;
            }
        }
        let ReadingKey { indicator, scope, .. } = &reading.key;
        if let Some(unit) = board.standard.counted_unit(*indicator, scope.kind) {
            map.serialize_entry("counts", unit.name())?;
        }
        map.serialize_entry("state", reading.state().name())?;
        map.serialize_entry("states", &reading.states)?;
        if let Some(since) = &reading.since {
            map.serialize_entry("since", since)?;
        }
        map.serialize_entry("level", reading.level.name())?;
        map.serialize_entry("target", &reading.target)?;
        map.end()
    }
}
