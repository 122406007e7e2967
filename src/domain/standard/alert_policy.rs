//! Alert policies: when somebody must be told, and who.

use super::indicator::TargetDirection;
use crate::domain::events::event::Symbol;
use crate::domain::standard::LocalizedTitle;
use crate::domain::time::timestamp::HOUR;
use serde::{Deserialize, Serialize};

/// When to tell whom.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertPolicy {
    /// Its name, as in `answer_rate_low`.
    pub name: String,
    /// What people call it.
    pub title: LocalizedTitle,
    /// What it looks at.
    pub rule: AlertRule,
    /// How urgent it is; a grade of a rule on orders has its own.
    pub severity: Severity,
    /// Who is told; everybody if it names nobody.
    pub receiver: Option<String>,
    /// What to do about it: a text, or an address.
    pub runbook: Option<String>,
    /// Whether what fired stays on the list of shortfalls until somebody closes it.
    pub follow_up: bool,
}

/// What a policy looks at.
#[derive(Clone, PartialEq, Debug)]
pub enum AlertRule {
    /// A figure that is too low or too high.
    Indicator(IndicatorRule),
    /// Orders whose promise is in danger.
    Orders(OrderRule),
}

/// A rule on an indicator's readings.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorRule {
    /// Which indicator: its place in the standard.
    pub indicator: usize,
    /// Which scopes: their places in [`super::Standard::scopes`].
    pub scopes: Vec<usize>,
    /// What of the readings is compared with what.
    pub measure: AlertMeasure,
    /// How long it must be bad before it fires, in milliseconds.
    pub for_ms: i64,
    /// How long it must be good again before it ends, in milliseconds.
    pub keep_firing_ms: i64,
    /// Readings of fewer cases change nothing.
    pub min_count: u64,
    /// What silence means.
    pub no_data: NoDataAction,
}

/// What of an indicator's readings is compared with what.
#[derive(Clone, PartialEq, Debug)]
pub enum AlertMeasure {
    /// The value itself.
    Value {
        /// Over which window: its place in the standard; `None` for readings about now.
        window: Option<usize>,
        /// Beyond this it is bad; without it beyond the target in force.
        fire: Option<AlertThreshold>,
        /// From here on it is good again; without it from the target's warning, or where it is no longer bad.
        clear: Option<f64>,
    },
    /// How fast the error budget of the target is used up, in all windows at once.
    BurnRate {
        /// The windows: their places in the standard, the longest first.
        windows: Vec<usize>,
        /// From how many times the even pace on.
        threshold: BurnRateThreshold,
        /// Whose hours count; none for all.
        calendar: Option<usize>,
    },
}

/// A threshold that a policy names itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AlertThreshold {
    /// Which side is good.
    pub better: TargetDirection,
    /// The last value that is not bad.
    pub value: f64,
}

/// From how many times the even pace on a budget is used up too fast.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum BurnRateThreshold {
    /// So many times.
    Times(f64),
    /// So that the longest window, at this pace, uses up this share of what a whole calendar window allows.
    BudgetShare {
        /// The share, between 0 and 1.
        share: f64,
        /// The calendar window.
        period: crate::domain::time::period::Period,
    },
}

/// What it means that there is nothing to measure, or that the sources are silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NoDataAction {
    /// Nothing: all stays as it is.
    #[default]
    Hold,
    /// After so many milliseconds it is over.
    ClearAfter(i64),
    /// After so many milliseconds it fires.
    FireAfter(i64),
}

/// A rule on orders with a promise to keep.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderRule {
    /// Which promise: the commitment's place in the standard.
    pub commitment: usize,
    /// For each dimension named, the values that an order must have.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// By how much time is left.
    pub grades: Vec<OrderRuleGrade>,
}

impl OrderRule {
    /// The most grades there can be.
    pub const MAX_GRADES: usize = 20;
}

/// How near a deadline is, and who is told then.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderRuleGrade {
    /// How it is written, as in `4h`, `80%` or `overdue`.
    pub text: String,
    /// The warning of the commitment that begins it; `None` for an order that is overdue.
    pub warning: Option<Symbol>,
    /// How urgent it is.
    pub severity: Severity,
    /// Who is told; everybody if it names nobody.
    pub receiver: Option<String>,
}

/// How urgent something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Severity {
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Critical,
}

impl Severity {
    /// Each with its public name.
    pub const ALL: [(&str, Severity); 2] =
        [("warning", Severity::Warning), ("critical", Severity::Critical)];

    /// Its public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

impl AlertPolicy {
    /// The most a standard may have.
    pub const MAX_POLICIES: usize = 200;
    /// The longest `for`, `keep_firing` and silence, in milliseconds.
    pub const MAX_DURATION_MS: i64 = 30 * 24 * HOUR;
}
