//! Indicators: figures computed from facts, each with a formula and targets.

pub use super::indicator_coverage::IndicatorCoverage;
use super::label::IndicatorLabel;
use super::target::DatedTargets;
use super::weighted::WeightedFormula;
use crate::domain::events::event::{Attributes, Symbol};
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::LocalizedTitle;

/// Indicator computed from facts.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Public name, as in `answer_rate`.
    pub name: String,
    /// Display title.
    pub title: LocalizedTitle,
    /// Formula of the value.
    pub formula: Formula,
    /// Targets by version, newest first. The last ones apply from the beginning of time.
    pub targets: Vec<DatedTargets>,
    /// Sample count below which a reading is a small sample.
    pub small_sample: u64,
    /// Bit mask of the case families that it covers.
    pub families: u64,
    /// Labels in the order of [`super::label::INDICATOR_LABELS`].
    pub labels: Vec<IndicatorLabel>,
    /// Where and over which windows the indicator has readings.
    pub coverage: IndicatorCoverage,
}

/// Formula of an indicator.
#[derive(Clone, Debug)]
pub enum Formula {
    /// Share of `good` in `of`.
    Ratio {
        /// Numerator, the sum of these tallies.
        good: Vec<FactTally>,
        /// Denominator, the sum of these tallies.
        of: Vec<FactTally>,
        /// Repeat window in ms of a first contact resolution that counts contacts at once. Its
        /// readings are provisional. `None` for all other ratios.
        matures_ms: Option<i64>,
    },
    /// Mean, percentiles and maximum of fact durations.
    Duration {
        /// Facts whose durations are used.
        of: Vec<FactTally>,
    },
    /// Number of facts in a window.
    Count {
        /// Facts to count.
        of: Vec<FactTally>,
    },
    /// Sum of shares of misses in a window, in misses.
    MissCount {
        /// Facts `missed_share`.
        of: Vec<FactTally>,
    },
    /// Number of current-state facts that are active now (a gauge).
    Level {
        /// Current-state facts to count.
        of: Vec<FactTally>,
    },
    /// Time-weighted mean of a level in a window: the time in the states inside the window, divided
    /// by the length of the window so far.
    MeanLevel {
        /// Current-state facts to count.
        of: Vec<FactTally>,
    },
    /// Age of the oldest current-state fact that is active now.
    Oldest {
        /// Current-state facts to compare.
        of: Vec<FactTally>,
    },
    /// Mean weight of the answers.
    Score {
        /// Facts with the answers.
        of: Vec<FactTally>,
        /// Weights of the answers 1, 2, 3 and so on.
        weights: Vec<f64>,
        /// Meaning of the weights.
        scheme: ScoreScheme,
    },
    /// Share of one sum of durations in another, such as occupancy.
    Share {
        /// Durations in the numerator.
        part: Vec<FactTally>,
        /// Durations in the denominator, including those in the numerator.
        whole: Vec<FactTally>,
        /// Current states that the durations of `part` and of `whole` measure. The share then sums
        /// the time in these states inside the window. `None` if a duration has a limit or does not
        /// measure a state. Durations then count as a whole when they end.
        states: Option<[Vec<FactTally>; 2]>,
    },
    /// Number of facts per `per` users.
    Rate {
        /// Facts to count.
        of: Vec<FactTally>,
        /// Rate base, one of the numbers in [`RATE_BASES`].
        per: u64,
        /// Population, as an index into [`super::Standard::populations`].
        population: usize,
    },
    /// Value of one indicator minus that of another, in the same scope and window.
    Difference {
        /// Index of the first indicator.
        first: usize,
        /// Index of the indicator that is subtracted.
        second: usize,
        /// Unit of both indicators.
        unit: &'static str,
        /// True if both indicators measure the current state.
        now: bool,
    },
    /// Value of an outside series for the period of a window.
    Benchmark {
        /// Index of the series in [`super::Standard::benchmarks`].
        series: usize,
        /// Unit of the series.
        unit: &'static str,
    },
    /// Number of facts in a window, divided by the value of an outside series.
    BenchmarkRatio {
        /// Facts to count.
        good: Vec<FactTally>,
        /// Index of the series in [`super::Standard::benchmarks`].
        series: usize,
    },
    /// Points of several indicators for reaching their targets, as one score from 0 to 100.
    Weighted(WeightedFormula),
    /// Estimated wait of one more customer: (number waiting + 1) x mean handling time / number of
    /// agents.
    ///
    /// It assumes that every agent handles one customer after the other at the window's pace, and
    /// that nobody abandons.
    EstimatedWait {
        /// Current-state facts of waiting customers.
        waiting: Vec<FactTally>,
        /// Handling durations.
        handling: Vec<FactTally>,
        /// Current-state facts of agents at work.
        agents: Vec<FactTally>,
        /// Window of the mean, as an index into [`super::Standard::windows`].
        window: usize,
    },
}

/// Meaning of the weights of a score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScoreScheme {
    /// Weights that the standard chooses.
    Weighted,
    /// Net Promoter Score: 100 for promoters, -100 for detractors, 0 for all others. The mean is
    /// the share of promoters minus the share of detractors, from -100 to 100 points.
    ///
    /// Source: F. F. Reichheld, "The One Number You Need to Grow", Harvard Business Review 81 (12),
    /// 2003. Promoters answer 9 or 10 on a scale from 0 to 10, detractors 0 to 6.
    NetPromoter,
}

/// Numbers of users that a rate may use as its base, each with its unit.
pub const RATE_BASES: [(u64, &str); 5] = [
    (100, "per_100"),
    (1_000, "per_1000"),
    (10_000, "per_10000"),
    (100_000, "per_100000"),
    (1_000_000, "per_1000000"),
];

/// Selection of one kind of fact by value, label and case attributes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FactTally {
    /// Kind of the counted facts.
    pub kind: FactKind,
    /// Accepted values, both ends included. `None` accepts any value, including unknown ones.
    pub values: Option<(i64, i64)>,
    /// Accepted labels. Empty accepts any label.
    pub labels: Vec<Symbol>,
    /// Matching values for each dimension with a condition.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// Calendar in whose open hours the facts happened, as an index into
    /// [`super::Standard::calendars`]. `None` accepts any time.
    pub calendar: Option<usize>,
}

impl Indicator {
    /// Iterates over the facts that the indicator uses.
    pub fn fact_tallies(&self) -> impl Iterator<Item = &FactTally> {
        self.formula.fact_tallies()
    }

    /// Returns the unit of the value, as in Prometheus names.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        self.formula.unit()
    }
}

impl Formula {
    /// Iterates over the facts that the formula uses.
    pub fn fact_tallies(&self) -> impl Iterator<Item = &FactTally> {
        self.operands().into_iter().flatten()
    }

    /// Returns the operands of the formula, each a list of facts. A difference and a weighted score
    /// have none of their own.
    #[must_use]
    pub fn operands(&self) -> Vec<&[FactTally]> {
        match self {
            Formula::Ratio { good, of, .. } => vec![good, of],
            Formula::Duration { of }
            | Formula::Count { of }
            | Formula::MissCount { of }
            | Formula::Level { of }
            | Formula::MeanLevel { of }
            | Formula::Oldest { of }
            | Formula::Score { of, .. }
            | Formula::Rate { of, .. } => vec![of],
            Formula::BenchmarkRatio { good, .. } => vec![good],
            Formula::Share { part, whole, .. } => vec![part, whole],
            Formula::EstimatedWait { waiting, handling, agents, .. } => {
                vec![waiting, handling, agents]
            }
            Formula::Difference { .. } | Formula::Weighted(_) | Formula::Benchmark { .. } => {
                Vec::new()
            }
        }
    }

    /// Returns the indicators from whose values the formula is computed, as indexes into the
    /// standard's indicators. They are declared above it.
    #[must_use]
    pub fn operand_indicators(&self) -> Vec<usize> {
        match self {
            Formula::Difference { first, second, .. } => vec![*first, *second],
            Formula::Weighted(WeightedFormula { parts, .. }) => {
                parts.iter().map(|part| part.indicator).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Iterates over the lists of current states whose time inside a window the formula sums.
    pub fn timed_states(&self) -> impl Iterator<Item = &Vec<FactTally>> {
        let lists = match self {
            Formula::Share { states: Some(states), .. } => states.as_slice(),
            Formula::MeanLevel { of } => std::slice::from_ref(of),
            _ => &[],
        };
        lists.iter()
    }

    /// Returns the unit of the value, as in Prometheus names.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Formula::Ratio { .. } | Formula::Share { .. } | Formula::BenchmarkRatio { .. } => {
                "ratio"
            }
            Formula::Duration { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. } => {
                "seconds"
            }
            Formula::Count { .. }
            | Formula::MissCount { .. }
            | Formula::Level { .. }
            | Formula::MeanLevel { .. } => "count",
            Formula::Score { scheme: ScoreScheme::Weighted, .. } => "score",
            Formula::Score { scheme: ScoreScheme::NetPromoter, .. } | Formula::Weighted(_) => {
                "points"
            }
            Formula::Rate { per, .. } => RATE_BASES
                .iter()
                .find(|(number, _)| number == per)
                .map_or("per_user", |(_, unit)| unit),
            Formula::Difference { unit, .. } | Formula::Benchmark { unit, .. } => unit,
        }
    }

    /// Returns true if the value measures the current state and has no window.
    #[must_use]
    pub fn is_current_state(&self) -> bool {
        match self {
            Formula::Level { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. } => true,
            Formula::Difference { now, .. } => *now,
            Formula::Weighted(formula) => formula.is_current_state,
            _ => false,
        }
    }

    /// Returns the public name of the formula.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Formula::Ratio { .. } | Formula::BenchmarkRatio { .. } => "ratio",
            Formula::Benchmark { .. } => "benchmark",
            Formula::Duration { .. } => "duration",
            Formula::Count { .. } | Formula::MissCount { .. } => "count",
            Formula::Level { .. } => "level",
            Formula::MeanLevel { .. } => "mean_level",
            Formula::Oldest { .. } => "age",
            Formula::Score { scheme: ScoreScheme::Weighted, .. } => "score",
            Formula::Score { scheme: ScoreScheme::NetPromoter, .. } => "nps",
            Formula::Share { .. } => "share",
            Formula::Rate { .. } => "rate",
            Formula::Difference { .. } => "difference",
            Formula::Weighted(_) => "weighted",
            Formula::EstimatedWait { .. } => "estimated_wait",
        }
    }
}

impl FactTally {
    /// Returns the selection of all facts of a kind.
    #[must_use]
    pub fn of_kind(kind: FactKind) -> FactTally {
        FactTally { kind, values: None, labels: Vec::new(), conditions: Vec::new(), calendar: None }
    }

    /// Returns true if cases with these attributes meet the tally's conditions.
    #[must_use]
    pub fn fits_attributes(&self, attributes: &Attributes) -> bool {
        attributes.fulfill_conditions(&self.conditions)
    }
}

/// Returns for each weighted answer the tallies that count it.
#[must_use]
pub fn answer_tallies(of: &[FactTally], weights: usize) -> Vec<Vec<FactTally>> {
    let exactly = |answer: usize| {
        move |tally: &FactTally| FactTally {
            values: Some((answer as i64, answer as i64)),
            ..tally.clone()
        }
    };
    (1..=weights).map(|answer| of.iter().map(exactly(answer)).collect()).collect()
}
