//! Board: all readings at one revision.

use crate::domain::standard::Standard;
use crate::domain::standard::scope::Scope;
use crate::domain::time::series_period::SeriesPeriod;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::sync::Arc;

/// All readings at one revision, ordered by indicator, scope and window.
#[derive(Clone, Debug)]
pub struct Board {
    /// Standard of the readings.
    pub standard: Arc<Standard>,
    /// Revision, which rises with every change of the board. 0 for a replay.
    pub revision: u64,
    /// Current time, `None` before the first event or tick.
    pub as_of: Option<Timestamp>,
    /// Readings in key order.
    pub readings: Vec<Reading>,
    /// Distributions over the window `all` for each duration indicator and scope, in key order.
    /// Empty without the window `all`.
    pub distributions: Vec<DurationDistribution>,
}

/// Distribution of durations over the window `all`, for cumulative histogram counters.
#[derive(Clone, PartialEq, Debug)]
pub struct DurationDistribution {
    /// Key of the duration's reading over the window `all`.
    pub key: ReadingKey,
    /// Number of durations at most as long as each of the indicator's bucket bounds. See
    /// [`crate::domain::cells::bucket_bounds`]. All durations in the bound's histogram bucket are
    /// included, so a duration may exceed the bound by up to 1/64.
    pub at_most: Vec<i64>,
    /// Number of durations.
    pub of: i64,
    /// Sum of the durations in milliseconds.
    pub sum_ms: i64,
}

/// Identity of a reading. Keys sort in the order of readings on a board.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReadingKey {
    /// Indicator, as an index into the standard's indicators.
    pub indicator: usize,
    /// Scope of the cases.
    pub scope: Arc<Scope>,
    /// Window, as an index into the standard's windows. `None` for readings of the current state.
    pub window: Option<usize>,
}

/// Value of an indicator in one scope and window, with the data needed to judge it.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// Identity of the reading.
    pub key: ReadingKey,
    /// Value in the indicator's unit, `None` if there was nothing to measure or is no data.
    pub value: Option<f64>,
    /// Numbers from which the value was computed.
    pub components: ReadingComponents,
    /// What is known about the value. The first state decides how it is shown.
    pub states: ReadingStates,
    /// Time from which a partial window is known. `None` unless the reading is partial.
    pub since: Option<Timestamp>,
    /// Level of the value relative to the target.
    pub level: Level,
    /// Value of the target in force, `None` without a target.
    pub target: Option<f64>,
}

/// Numbers from which a value was computed.
#[derive(Clone, PartialEq, Debug)]
pub enum ReadingComponents {
    /// Numerator and denominator of a ratio.
    Ratio {
        /// Numerator.
        good: i64,
        /// Denominator.
        of: i64,
    },
    /// Statistics of durations in seconds.
    Duration(DurationStatistics),
    /// Number of facts, which is the value itself.
    Count,
    /// Sum of shares of misses, which is the value itself.
    MissCount {
        /// Number of shares.
        of: i64,
    },
    /// Number of active facts, which is the value itself.
    Level,
    /// Time in the states inside the window, and length of the window so far, in seconds.
    MeanLevel {
        /// Time in the states.
        time: f64,
        /// Length of the window so far.
        elapsed: f64,
    },
    /// Age of the oldest active fact.
    Oldest {
        /// Start of the oldest active fact, `None` if none is active.
        since: Option<Timestamp>,
    },
    /// Mean of weighted answers.
    Score {
        /// Number of answers.
        of: i64,
    },
    /// Two sums of durations in seconds.
    Share {
        /// Numerator.
        part: f64,
        /// Denominator.
        whole: f64,
        /// Number of durations in the denominator.
        of: i64,
    },
    /// Number of facts and of users.
    Rate {
        /// Number of facts.
        count: i64,
        /// Number of users, `None` if the standard does not declare it.
        population: Option<u64>,
    },
    /// Values of the two operands.
    Difference {
        /// Value of the first indicator.
        first: Option<f64>,
        /// Value of the subtracted indicator.
        second: Option<f64>,
    },
    /// Value of an outside series, which is the value itself.
    Benchmark {
        /// Period of the value; `None` without one.
        period: Option<SeriesPeriod>,
    },
    /// Number of facts and the value of an outside series.
    BenchmarkRatio {
        /// Number of facts.
        good: i64,
        /// Value of the series; `None` without one.
        of: Option<f64>,
        /// Period of that value.
        period: Option<SeriesPeriod>,
    },
    /// Parts of a weighted score.
    Weighted {
        /// The parts, in the order of the standard.
        parts: Vec<PartReading>,
    },
    /// Inputs of an estimated wait.
    EstimatedWait {
        /// Number waiting now.
        waiting: i64,
        /// Mean handling time in seconds, `None` if nothing was handled.
        handling: Option<f64>,
        /// Number of handling durations.
        of: i64,
        /// Number of agents at work now.
        agents: i64,
    },
}

/// Part of a weighted score.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PartReading {
    /// Index of the indicator.
    pub indicator: usize,
    /// Value of the indicator; `None` without one.
    pub value: Option<f64>,
    /// Points from 0 to 1 for reaching the target; `None` without a value or target.
    pub points: Option<f64>,
    /// Weight of the part.
    pub weight: f64,
    /// First of the states of the indicator's reading.
    pub state: ReadingState,
}

impl ReadingComponents {
    /// Returns the components of a reading without data: its kind with all numbers empty.
    fn without_data(&self) -> ReadingComponents {
        match self {
            ReadingComponents::Ratio { .. } => ReadingComponents::Ratio { good: 0, of: 0 },
            ReadingComponents::Duration(_) => {
                ReadingComponents::Duration(DurationStatistics::default())
            }
            ReadingComponents::Count => ReadingComponents::Count,
            ReadingComponents::MissCount { .. } => ReadingComponents::MissCount { of: 0 },
            ReadingComponents::Level => ReadingComponents::Level,
            ReadingComponents::MeanLevel { .. } => {
                ReadingComponents::MeanLevel { time: 0.0, elapsed: 0.0 }
            }
            ReadingComponents::Oldest { .. } => ReadingComponents::Oldest { since: None },
            ReadingComponents::Score { .. } => ReadingComponents::Score { of: 0 },
            ReadingComponents::Share { .. } => {
                ReadingComponents::Share { part: 0.0, whole: 0.0, of: 0 }
            }
            ReadingComponents::Rate { population, .. } => {
                ReadingComponents::Rate { count: 0, population: *population }
            }
            ReadingComponents::Difference { .. } => {
                ReadingComponents::Difference { first: None, second: None }
            }
            ReadingComponents::Benchmark { .. } => ReadingComponents::Benchmark { period: None },
            ReadingComponents::BenchmarkRatio { .. } => {
                ReadingComponents::BenchmarkRatio { good: 0, of: None, period: None }
            }
            ReadingComponents::Weighted { parts } => {
                let without_data =
                    |part: &PartReading| PartReading { value: None, points: None, ..*part };
                ReadingComponents::Weighted { parts: parts.iter().map(without_data).collect() }
            }
            ReadingComponents::EstimatedWait { .. } => {
                ReadingComponents::EstimatedWait { waiting: 0, handling: None, of: 0, agents: 0 }
            }
        }
    }

    /// Returns true if a missing part of the window can only raise the value.
    #[must_use]
    pub fn can_only_grow(&self) -> bool {
        matches!(
            self,
            ReadingComponents::Count
                | ReadingComponents::MissCount { .. }
                | ReadingComponents::Rate { .. }
                | ReadingComponents::BenchmarkRatio { .. }
        )
    }

    /// Returns the sample size of the value. Returns `None` for values that cannot be a small
    /// sample.
    #[must_use]
    pub fn sample_count(&self) -> Option<i64> {
        match self {
            ReadingComponents::Duration(durations) => Some(durations.of),
            ReadingComponents::Ratio { of, .. }
            | ReadingComponents::Score { of }
            | ReadingComponents::Share { of, .. }
            | ReadingComponents::EstimatedWait { of, .. } => Some(*of),
            ReadingComponents::Count
            | ReadingComponents::MissCount { .. }
            | ReadingComponents::Level
            | ReadingComponents::MeanLevel { .. }
            | ReadingComponents::Oldest { .. }
            | ReadingComponents::Rate { .. }
            | ReadingComponents::Difference { .. }
            | ReadingComponents::Benchmark { .. }
            | ReadingComponents::BenchmarkRatio { .. }
            | ReadingComponents::Weighted { .. } => None,
        }
    }
}

/// Statistics of durations in seconds. Percentiles are nearest-rank, within 0.8 %. Mean and count
/// are exact. The maximum is exact unless `max_approximate`: then it is an upper bound, at most 1/64
/// too large.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[expect(missing_docs, reason = "the names are the statistics")]
pub struct DurationStatistics {
    pub of: i64,
    pub mean: f64,
    pub p50: f64,
    pub p80: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
    pub max_approximate: bool,
}

/// What is known about a reading. The order is that in which states take precedence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReadingState {
    /// No event was received of any family of one of its operands.
    NoData,
    /// A source that it needs, or every source, has been silent for too long.
    Stale,
    /// The window is known only in part.
    Partial,
    /// There is a count, but the standard does not declare the number of users.
    NoPopulation,
    /// There was nothing to measure.
    NoTraffic,
    /// Too few cases for conclusions.
    SmallSample,
    /// Later events may still change it.
    Provisional,
    /// Reliable.
    Ok,
}

/// Set of the states of a reading. The empty set means [`ReadingState::Ok`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadingStates(u8);

/// Level of a value relative to its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// The target is met.
    Met,
    /// The target is met, but the warning threshold is passed.
    Warning,
    /// The target is missed.
    Breached,
    /// There is no target, or the states of the reading permit no verdict.
    None,
}

impl ReadingState {
    /// All states in order of precedence.
    pub const ALL: [ReadingState; 8] = [
        ReadingState::NoData,
        ReadingState::Stale,
        ReadingState::Partial,
        ReadingState::NoPopulation,
        ReadingState::NoTraffic,
        ReadingState::SmallSample,
        ReadingState::Provisional,
        ReadingState::Ok,
    ];

    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ReadingState::NoData => "no_data",
            ReadingState::Stale => "stale",
            ReadingState::Partial => "partial",
            ReadingState::NoPopulation => "no_population",
            ReadingState::NoTraffic => "no_traffic",
            ReadingState::SmallSample => "small_sample",
            ReadingState::Provisional => "provisional",
            ReadingState::Ok => "ok",
        }
    }
}

impl ReadingStates {
    /// The state of a reliable reading.
    pub const OK: ReadingStates = ReadingStates(0);

    /// States in which a reading has no level.
    const WITHOUT_LEVEL: ReadingStates = ReadingStates(
        1 << ReadingState::NoData as u8
            | 1 << ReadingState::Stale as u8
            | 1 << ReadingState::NoPopulation as u8
            | 1 << ReadingState::NoTraffic as u8
            | 1 << ReadingState::SmallSample as u8,
    );

    /// Adds a state if `applies`. [`ReadingState::Ok`] adds nothing.
    #[must_use]
    pub fn with(self, state: ReadingState, applies: bool) -> ReadingStates {
        let bit = if applies && state != ReadingState::Ok { 1 << state as u8 } else { 0 };
        ReadingStates(self.0 | bit)
    }

    /// Returns the states of either set.
    #[must_use]
    pub fn union(self, other: ReadingStates) -> ReadingStates {
        ReadingStates(self.0 | other.0)
    }

    /// Returns true if the state applies. [`ReadingState::Ok`] applies if no other state does.
    #[must_use]
    pub fn contains(self, state: ReadingState) -> bool {
        match state {
            ReadingState::Ok => self.0 == 0,
            _ => self.0 & (1 << state as u8) != 0,
        }
    }

    /// Returns true if no verdict is possible: one of `no_data`, `stale`, `no_population`,
    /// `no_traffic` and `small_sample` applies.
    #[must_use]
    pub fn has_no_level(self) -> bool {
        self.0 & ReadingStates::WITHOUT_LEVEL.0 != 0
    }

    /// Iterates over the states in order of precedence. There is at least one.
    pub fn iter(self) -> impl Iterator<Item = ReadingState> {
        ReadingState::ALL.into_iter().filter(move |state| self.contains(*state))
    }

    /// Returns the first state that applies.
    #[must_use]
    pub fn first(self) -> ReadingState {
        // The lowest bit is the first state, and the empty set is `Ok`.
        ReadingState::ALL[(self.0.trailing_zeros() as usize).min(ReadingState::Ok as usize)]
    }
}

impl Serialize for ReadingStates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(ReadingState::name))
    }
}

impl std::fmt::Debug for ReadingStates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(ReadingState::name)).finish()
    }
}

impl Reading {
    /// Returns the first state that applies.
    #[must_use]
    pub fn state(&self) -> ReadingState {
        self.states.first()
    }

    /// Returns the components for display. They are empty without data, when the components hold
    /// at most the counts of one operand.
    #[must_use]
    pub fn displayed_components(&self) -> Cow<'_, ReadingComponents> {
        match self.states.contains(ReadingState::NoData) {
            true => Cow::Owned(self.components.without_data()),
            false => Cow::Borrowed(&self.components),
        }
    }
}

impl Level {
    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Met => "met",
            Level::Warning => "warning",
            Level::Breached => "breached",
            Level::None => "none",
        }
    }
}

impl Board {
    /// Returns the name of a key's window.
    #[must_use]
    pub fn window_name(&self, key: &ReadingKey) -> String {
        key.window
            .map_or(Window::NOW.to_owned(), |window| self.standard.windows[window].to_string())
    }

    /// Iterates over the dimensions and values of a key's scope.
    pub fn scope_values<'b>(
        &'b self,
        key: &'b ReadingKey,
    ) -> impl Iterator<Item = (&'b str, &'b str)> {
        let dimensions = &self.standard.scopes[key.scope.kind];
        dimensions.iter().zip(&key.scope.values).map(|(dimension, value)| {
            (self.standard.schema.dimensions[*dimension].as_str(), &**value)
        })
    }
}

/// Rounds to four decimals, a hundredth of a percentage point.
pub(in crate::domain) fn round_four_decimals(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
