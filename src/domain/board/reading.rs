//! The board: all readings at one revision, and how they are written for people's programs.

use crate::domain::standard::Standard;
use crate::domain::standard::scope::Scope;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use std::sync::Arc;

/// All readings at one revision, in the order of indicators, scopes and windows.
#[derive(Clone, Debug)]
pub struct Board {
    /// The standard that the readings go by.
    pub standard: Arc<Standard>,
    /// Goes up with every change of the board; 0 for a replay.
    pub revision: u64,
    /// The time reached; `None` before the first event or tick.
    pub as_of: Option<Timestamp>,
    /// The readings.
    pub readings: Vec<Reading>,
    /// For each indicator of durations and each scope how all durations are spread that there ever were, in the order of the
    /// keys; none without the window `all`.
    pub distributions: Vec<DurationDistribution>,
}

/// How durations are spread over the window `all`, to be counted on by whoever reads counters.
#[derive(Clone, PartialEq, Debug)]
pub struct DurationDistribution {
    /// The duration's reading over the window `all`.
    pub key: ReadingKey,
    /// For each of the indicator's edges (see [`crate::domain::cells::bucket_bounds`]) how many durations are not longer. A duration counts
    /// as not longer if it falls into the same bucket as the edge: it may be longer by up to 1/64.
    pub at_most: Vec<i64>,
    /// How many durations there are.
    pub of: i64,
    /// Their sum in milliseconds.
    pub sum_ms: i64,
}

/// What identifies a reading; keys order readings as they stand on a board.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReadingKey {
    /// The indicator: its place in the standard.
    pub indicator: usize,
    /// The group of cases.
    pub scope: Arc<Scope>,
    /// The window: its place in the standard; `None` for readings about now.
    pub window: Option<usize>,
}

/// A value with all that is needed to trust it.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// What was read.
    pub key: ReadingKey,
    /// The value in the indicator's unit; `None` if nothing was there to measure.
    pub value: Option<f64>,
    /// What the value is made of.
    pub components: ReadingComponents,
    /// Whether it can be trusted.
    pub state: ReadingState,
    /// How it stands to the target.
    pub level: Level,
    /// The value aimed at by the target in force; `None` without one.
    pub target: Option<f64>,
}

/// What a value is made of.
#[derive(Clone, PartialEq, Debug)]
pub enum ReadingComponents {
    /// A ratio's numerator and denominator.
    Ratio {
        /// The numerator.
        good: i64,
        /// The denominator.
        of: i64,
    },
    /// Durations in seconds.
    Duration(DurationStatistics),
    /// A count of what stands now.
    Level,
    /// Since when the oldest stands.
    Oldest {
        /// Since when; `None` if none stands.
        since: Option<Timestamp>,
    },
    /// A mean of answers.
    Score {
        /// How many answers.
        of: i64,
    },
    /// Two sums of durations, in seconds.
    Share {
        /// The numerator.
        part: f64,
        /// The denominator.
        whole: f64,
        /// How many durations the denominator is made of.
        of: i64,
    },
    /// A count and those it is told of.
    Rate {
        /// How many facts.
        count: i64,
        /// How many users there are; `None` if nobody said.
        population: Option<u64>,
    },
    /// The values of two other indicators.
    Difference {
        /// That of the one.
        first: Option<f64>,
        /// That of the other.
        second: Option<f64>,
    },
    /// What a waiting time is estimated from.
    EstimatedWait {
        /// How many wait now.
        waiting: i64,
        /// How long one takes on the average, in seconds; `None` if none was handled.
        handling: Option<f64>,
        /// How many were handled.
        of: i64,
        /// How many agents are at work now.
        agents: i64,
    },
}

impl ReadingComponents {
    /// How many cases the value is made of, if it is made of cases that can be too few.
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

/// How durations are spread, in seconds. Percentiles are nearest-rank, within 0.8 %; mean and count are exact.
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

/// Whether a reading can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadingState {
    /// It can.
    Ok,
    /// There was nothing to measure.
    NoTraffic,
    /// There was too little to draw conclusions from.
    SmallSample,
    /// A source that it needs, or every source, has been silent for too long.
    Stale,
    /// It may still change by what happens from now on.
    Provisional,
    /// There is something to measure, but nobody said how many users it is to be told of.
    NoPopulation,
}

/// How a value stands to its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// The target is met.
    Met,
    /// It is met, but barely.
    Warning,
    /// It is not met.
    Breached,
    /// There is no target, or too little to judge by.
    None,
}

impl ReadingState {
    /// Its public name.
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
    /// Its public name.
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
    /// The name of the window of a key.
    #[must_use]
    pub fn window_name(&self, key: &ReadingKey) -> String {
        key.window
            .map_or(Window::NOW.to_owned(), |window| self.standard.windows[window].to_string())
    }

    /// The dimensions and values of a key's scope.
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

/// Four decimals: a hundredth of a point is more than anyone can see.
pub(in crate::domain) fn round_four_decimals(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
