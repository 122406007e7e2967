//! Board: all readings at one revision.

use crate::domain::standard::Standard;
use crate::domain::standard::scope::Scope;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
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
    /// Value in the indicator's unit, `None` if there was nothing to measure.
    pub value: Option<f64>,
    /// Numbers from which the value was computed.
    pub components: ReadingComponents,
    /// Reliability of the value.
    pub state: ReadingState,
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
    /// Number of active facts, which is the value itself.
    Level,
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

impl ReadingComponents {
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
            ReadingComponents::Level
            | ReadingComponents::Oldest { .. }
            | ReadingComponents::Rate { .. }
            | ReadingComponents::Difference { .. } => None,
        }
    }
}

/// Statistics of durations in seconds. Percentiles are nearest-rank, within 0.8 %. Mean and count
/// are exact.
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
}

/// Reliability of a reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadingState {
    /// Reliable.
    Ok,
    /// There was nothing to measure.
    NoTraffic,
    /// Too few cases for conclusions.
    SmallSample,
    /// A source that it needs, or every source, has been silent for too long.
    Stale,
    /// Later events may still change it.
    Provisional,
    /// There is a count, but the standard does not declare the number of users.
    NoPopulation,
}

/// Level of a value relative to its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// The target is met.
    Met,
    /// The target is met, but the warning threshold is passed.
    Warning,
    /// The target is missed.
    Breached,
    /// There is no target, or the sample is too small.
    None,
}

impl ReadingState {
    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ReadingState::Ok => "ok",
            ReadingState::NoTraffic => "no_traffic",
            ReadingState::SmallSample => "small_sample",
            ReadingState::Stale => "stale",
            ReadingState::Provisional => "provisional",
            ReadingState::NoPopulation => "no_population",
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
