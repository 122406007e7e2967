//! Alert policies: conditions, severities and receivers.

use super::target::TargetDirection;
use crate::domain::events::event::Symbol;
use crate::domain::standard::LocalizedTitle;
use crate::domain::time::timestamp::HOUR;
use serde::{Deserialize, Serialize};

/// Alert policy: a condition and the receiver of its alerts.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertPolicy {
    /// Name, as in `answer_rate_low`.
    pub name: String,
    /// Display title.
    pub title: LocalizedTitle,
    /// Rule to evaluate.
    pub rule: AlertRule,
    /// Severity. Each grade of an order rule has its own.
    pub severity: Severity,
    /// Receiver of notifications. `None` notifies all receivers.
    pub receiver: Option<String>,
    /// Instructions for the alert, as a text or an address.
    pub runbook: Option<String>,
    /// True if fired alerts stay on the follow-up list until somebody closes them.
    pub follow_up: bool,
}

/// Condition type of an alert policy.
#[derive(Clone, PartialEq, Debug)]
pub enum AlertRule {
    /// An indicator value that is too low or too high.
    Indicator(IndicatorRule),
    /// Orders at risk of missing a commitment.
    Orders(OrderRule),
}

/// Alert rule on the readings of an indicator.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorRule {
    /// Indicator, as an index into [`super::Standard::indicators`].
    pub indicator: usize,
    /// Kinds of scopes, as indexes into [`super::Standard::scopes`].
    pub scopes: Vec<usize>,
    /// Measured quantity and its thresholds.
    pub measure: AlertMeasure,
    /// Time in ms for which the condition must be breached before the alert fires.
    pub for_ms: i64,
    /// Time in ms for which the condition must be cleared before the alert ends.
    pub keep_firing_ms: i64,
    /// Minimum sample count. Readings with fewer cases change nothing.
    pub min_count: u64,
    /// Action when there is no data.
    pub no_data: NoDataAction,
}

/// Quantity that an alert rule compares with its threshold.
#[derive(Clone, PartialEq, Debug)]
pub enum AlertMeasure {
    /// The reading's value.
    Value {
        /// Window, as an index into the standard's windows. `None` for readings of the current
        /// state.
        window: Option<usize>,
        /// Firing threshold. `None` uses the target in force.
        fire: Option<AlertThreshold>,
        /// Clearing threshold. `None` uses the target's warning, or else the firing threshold.
        clear: Option<f64>,
    },
    /// The burn rate of the error budget, in all windows at once.
    BurnRate {
        /// Windows as indexes into the standard's windows, longest first.
        windows: Vec<usize>,
        /// Burn rate from which the alert fires.
        threshold: BurnRateThreshold,
        /// Working calendar whose hours count. `None` counts all hours.
        calendar: Option<usize>,
    },
}

/// Threshold declared by a policy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AlertThreshold {
    /// Good side of the threshold.
    pub better: TargetDirection,
    /// Last value that does not breach the condition.
    pub value: f64,
}

/// Burn rate threshold. At a rate of 1, the whole period uses exactly its budget.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum BurnRateThreshold {
    /// This multiple of the even pace.
    Times(f64),
    /// The rate at which the longest window uses this share of a calendar window's budget.
    BudgetShare {
        /// Share between 0 and 1.
        share: f64,
        /// Calendar period of the budget.
        period: crate::domain::time::period::Period,
    },
}

/// Action when there is nothing to measure or the sources are silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NoDataAction {
    /// Keeps the current alert state.
    #[default]
    Hold,
    /// Ends the alert after this many milliseconds.
    ClearAfter(i64),
    /// Fires the alert after this many milliseconds.
    FireAfter(i64),
}

/// Alert rule on orders with a commitment.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderRule {
    /// Commitment, as an index into [`super::Standard::commitments`].
    pub commitment: usize,
    /// Required values for each dimension with a condition.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// Grades by time left.
    pub grades: Vec<OrderRuleGrade>,
}

impl OrderRule {
    /// Maximum number of grades.
    pub const MAX_GRADES: usize = 20;
}

/// Grade of an order rule: a distance to the deadline with its severity and receiver.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderRuleGrade {
    /// Text in the file, as in `4h`, `80%` or `overdue`.
    pub text: String,
    /// Commitment warning that begins the grade. `None` for overdue orders.
    pub warning: Option<Symbol>,
    /// Severity.
    pub severity: Severity,
    /// Receiver of notifications. `None` notifies all receivers.
    pub receiver: Option<String>,
}

/// Severity of an alert.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Severity {
    /// Needs attention.
    Warning,
    /// Needs immediate action.
    Critical,
}

impl Severity {
    /// All severities with their public names.
    pub const ALL: [(&str, Severity); 2] =
        [("warning", Severity::Warning), ("critical", Severity::Critical)];

    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

impl AlertPolicy {
    /// Maximum number of policies.
    pub const MAX_POLICIES: usize = 200;
    /// Longest `for`, `keep_firing` and no-data time, in milliseconds.
    pub const MAX_DURATION_MS: i64 = 30 * 24 * HOUR;
}
