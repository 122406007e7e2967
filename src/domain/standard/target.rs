//! Targets by version of the standard, scope and date.

use crate::domain::time::timestamp::Timestamp;
use jiff::civil::Date;

/// Targets of one version of the standard.
#[derive(Clone, PartialEq, Debug)]
pub struct DatedTargets {
    /// Start of validity.
    pub since: Timestamp,
    /// Targets in the order of precedence: the most dimensions first, then the latest date.
    pub entries: Vec<ScopedTarget>,
}

/// Target of the scopes with matching values, from a date on.
#[derive(Clone, PartialEq, Debug)]
pub struct ScopedTarget {
    /// Matching values for each dimension with a condition, in the order of the dimensions. A scope
    /// matches if it has one of the values of each. Empty matches all scopes.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// First day in force, in the standard's default zone. `None` applies as long as its version.
    pub from: Option<TargetStart>,
    /// The target.
    pub target: Target,
}

/// First day of a target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TargetStart {
    /// Start of the day.
    pub since: Timestamp,
    /// The day.
    pub day: Date,
}

/// Target of an indicator's value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target {
    /// Good side of the threshold.
    pub better: TargetDirection,
    /// Target value: a ratio, seconds, a count or a score.
    pub value: f64,
    /// Warning threshold.
    pub warning: Option<f64>,
}

/// Good side of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetDirection {
    /// Values at or above the target are good.
    Higher,
    /// Values at or below the target are good.
    Lower,
}

impl DatedTargets {
    /// Sorts the targets by precedence.
    #[must_use]
    pub fn new(since: Timestamp, mut entries: Vec<ScopedTarget>) -> DatedTargets {
        entries.sort_by(|left, right| {
            (right.conditions.len(), right.from).cmp(&(left.conditions.len(), left.from))
        });
        DatedTargets { since, entries }
    }

    /// Returns the good side, which all targets share. Returns `None` without targets.
    #[must_use]
    pub fn direction(&self) -> Option<TargetDirection> {
        self.entries.first().map(|entry| entry.target.better)
    }

    /// Returns the target in force at `at` in the scope with these values of these dimensions.
    ///
    /// Of the matching targets whose date has come, the one with the most dimensions applies, then
    /// the one with the latest date.
    #[must_use]
    pub fn target_at(
        &self,
        dimensions: &[usize],
        values: &[Box<str>],
        at: Timestamp,
    ) -> Option<&ScopedTarget> {
        self.entries.iter().find(|entry| {
            entry.from.is_none_or(|from| from.since <= at)
                && entry.matches_scope(dimensions, values)
        })
    }
}

impl ScopedTarget {
    /// Returns true if the scope with these values of these dimensions meets the conditions.
    #[must_use]
    pub fn matches_scope(&self, dimensions: &[usize], values: &[Box<str>]) -> bool {
        self.conditions.iter().all(|(dimension, accepted)| {
            dimensions.iter().zip(values).any(|(known, value)| {
                known == dimension && accepted.iter().any(|accepted| **accepted == **value)
            })
        })
    }
}

impl Target {
    /// Returns true if `value` meets the target.
    #[must_use]
    pub fn is_reached(&self, value: f64) -> bool {
        self.better.reaches_threshold(value, self.value)
    }

    /// Returns the share of bad cases that the target of a ratio allows.
    #[must_use]
    pub fn allowed_misses(&self) -> f64 {
        match self.better {
            TargetDirection::Higher => 1.0 - self.value,
            TargetDirection::Lower => self.value,
        }
    }
}

impl TargetDirection {
    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TargetDirection::Higher => "higher",
            TargetDirection::Lower => "lower",
        }
    }

    /// Returns true if `value` is on the good side of `threshold` or equal to it.
    #[must_use]
    pub fn reaches_threshold(self, value: f64, threshold: f64) -> bool {
        match self {
            TargetDirection::Higher => value >= threshold,
            TargetDirection::Lower => value <= threshold,
        }
    }
}
