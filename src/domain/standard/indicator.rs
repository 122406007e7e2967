//! Indicators: definitions over facts, each with its formula and its target.

use super::label::IndicatorLabel;
use crate::domain::events::event::{Attributes, Symbol};
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::LocalizedTitle;
use crate::domain::time::timestamp::Timestamp;

/// A definition over facts.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Its public name, as in `answer_rate`.
    pub name: String,
    /// What people call it.
    pub title: LocalizedTitle,
    /// What is computed.
    pub formula: Formula,
    /// What is aimed at since when, the newest first; the last holds from the beginning of time.
    pub targets: Vec<DatedTarget>,
    /// Below this many cases a reading is a small sample.
    pub small_sample: u64,
    /// The families it speaks of, a bit each.
    pub families: u64,
    /// By what it is put together with others, in the order of [`super::label::LABELS`].
    pub labels: Vec<IndicatorLabel>,
}

/// What an indicator computes.
#[derive(Clone, Debug)]
pub enum Formula {
    /// The share of `good` in `of`.
    Ratio {
        /// The numerator: the sum of these tallies.
        good: Vec<FactTally>,
        /// The denominator: the sum of these tallies.
        of: Vec<FactTally>,
        /// The repeat window of a one-shot indicator that does not wait until it has passed: its readings are provisional.
        matures_ms: Option<i64>,
    },
    /// Mean, percentiles and maximum of the facts' durations.
    Duration {
        /// The facts whose durations are taken.
        of: Vec<FactTally>,
    },
    /// How many stand now.
    Level {
        /// The standing facts that are counted.
        of: Vec<FactTally>,
    },
    /// How old the oldest standing fact is now.
    Oldest {
        /// The standing facts that are looked at.
        of: Vec<FactTally>,
    },
    /// The mean weight of the answers.
    Score {
        /// The facts whose answers are taken.
        of: Vec<FactTally>,
        /// What the answers 1, 2, 3 ... count.
        weights: Vec<f64>,
    },
    /// The share of one sum of durations in another, as occupancy is. A duration counts when it ends.
    Share {
        /// The durations of the numerator.
        part: Vec<FactTally>,
        /// The durations of the denominator, those of the numerator among them.
        whole: Vec<FactTally>,
    },
    /// How many facts there were for each so many users.
    Rate {
        /// The facts that are counted.
        of: Vec<FactTally>,
        /// For each how many users: a number of [`PER`].
        per: u64,
        /// Whose: a place in [`super::Standard::populations`].
        population: usize,
    },
    /// The value of one indicator less that of another in the same scope and window.
    Difference {
        /// The place of the one.
        first: usize,
        /// The place of the other.
        second: usize,
        /// The unit of both.
        unit: &'static str,
        /// Whether both are about now.
        now: bool,
    },
    /// How long one more would wait: (how many wait + 1) x mean handling time / how many agents there are. It supposes that
    /// every agent takes one after the other at the pace of the window, and that nobody gives up.
    EstimatedWait {
        /// The standing facts of those who wait.
        waiting: Vec<FactTally>,
        /// The durations of handling.
        handling: Vec<FactTally>,
        /// The standing facts of the agents at work.
        agents: Vec<FactTally>,
        /// Over which window the mean is taken: a place in [`super::Standard::windows`].
        window: usize,
    },
}

/// For each how many users a rate may be told, with the unit.
pub const RATE_BASES: [(u64, &str); 5] = [
    (100, "per_100"),
    (1_000, "per_1000"),
    (10_000, "per_10000"),
    (100_000, "per_100000"),
    (1_000_000, "per_1000000"),
];

/// One kind of fact, counted if its value and its case's attributes fit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FactTally {
    /// The kind of fact.
    pub kind: FactKind,
    /// Its value must lie in this range, both ends included; `None` takes any value, also an unknown one.
    pub values: Option<(i64, i64)>,
    /// Its word must be one of these; empty takes any fact.
    pub labels: Vec<Symbol>,
    /// For each dimension named, the attributes that fit.
    pub conditions: Vec<(usize, Vec<String>)>,
}

/// What a version of the standard aims at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DatedTarget {
    /// From when on it is in force.
    pub since: Timestamp,
    /// The target; none if this version has none.
    pub target: Option<Target>,
}

/// What is promised of an indicator's value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target {
    /// Which side of the threshold is good.
    pub better: TargetDirection,
    /// The promised value: a ratio, seconds, a count or a score.
    pub value: f64,
    /// From here on the target is in danger.
    pub warning: Option<f64>,
}

/// Which values of an indicator are the good ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetDirection {
    /// At least the target.
    Higher,
    /// At most the target.
    Lower,
}

impl Indicator {
    /// The target in force at a time; that of the beginning of time if none is known.
    #[must_use]
    pub fn target_at(&self, at: Option<Timestamp>) -> Option<Target> {
        let at = at.unwrap_or(Timestamp(i64::MIN));
        self.targets.iter().find(|dated| dated.since <= at)?.target
    }

    /// The facts that the indicator is made of.
    pub fn fact_tallies(&self) -> impl Iterator<Item = &FactTally> {
        self.formula.fact_tallies()
    }

    /// The unit of its value, as in Prometheus names.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        self.formula.unit()
    }
}

impl Formula {
    /// The facts that it is made of.
    pub fn fact_tallies(&self) -> impl Iterator<Item = &FactTally> {
        let lists: [&[FactTally]; 3] = match self {
            Formula::Ratio { good, of, .. } => [good, of, &[]],
            Formula::Duration { of }
            | Formula::Level { of }
            | Formula::Oldest { of }
            | Formula::Score { of, .. } => [of, &[], &[]],
            Formula::Share { part, whole } => [part, whole, &[]],
            Formula::Rate { of, .. } => [of, &[], &[]],
            Formula::Difference { .. } => [&[]; 3],
            Formula::EstimatedWait { waiting, handling, agents, .. } => [waiting, handling, agents],
        };
        lists.into_iter().flatten()
    }

    /// The unit of its value, as in Prometheus names.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Formula::Ratio { .. } | Formula::Share { .. } => "ratio",
            Formula::Duration { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. } => {
                "seconds"
            }
            Formula::Level { .. } => "count",
            Formula::Score { .. } => "score",
            Formula::Rate { per, .. } => RATE_BASES
                .iter()
                .find(|(number, _)| number == per)
                .map_or("per_user", |(_, unit)| unit),
            Formula::Difference { unit, .. } => unit,
        }
    }

    /// Whether its value is about now and about no window.
    #[must_use]
    pub fn is_current_state(&self) -> bool {
        match self {
            Formula::Level { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. } => true,
            Formula::Difference { now, .. } => *now,
            _ => false,
        }
    }

    /// What it is called for other programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Formula::Ratio { .. } => "ratio",
            Formula::Duration { .. } => "duration",
            Formula::Level { .. } => "level",
            Formula::Oldest { .. } => "age",
            Formula::Score { .. } => "score",
            Formula::Share { .. } => "share",
            Formula::Rate { .. } => "rate",
            Formula::Difference { .. } => "difference",
            Formula::EstimatedWait { .. } => "estimated_wait",
        }
    }
}

impl FactTally {
    /// Returns true if cases with these attributes meet the tally's conditions.
    #[must_use]
    pub fn fits_attributes(&self, attributes: &Attributes) -> bool {
        attributes.fulfill_conditions(&self.conditions)
    }
}

/// For each weight's answer the tallies that count it.
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

impl Target {
    /// Whether a value meets the target.
    #[must_use]
    pub fn is_reached(&self, value: f64) -> bool {
        self.better.reaches_threshold(value, self.value)
    }
}

impl TargetDirection {
    /// Its public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TargetDirection::Higher => "higher",
            TargetDirection::Lower => "lower",
        }
    }

    /// Whether a value lies on the good side of a threshold, or on it.
    #[must_use]
    pub fn reaches_threshold(self, value: f64, threshold: f64) -> bool {
        match self {
            TargetDirection::Higher => value >= threshold,
            TargetDirection::Lower => value <= threshold,
        }
    }
}
