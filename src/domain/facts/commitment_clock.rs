//! Report of a commitment's clock on one case: start, deadline, stops and state.

use super::fact_kind::FactKind;
use crate::domain::events::event::Symbol;
use crate::domain::time::timestamp::Timestamp;

/// Period in which the clock of an order may be stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockStop {
    /// Start of the period.
    pub begin: Timestamp,
    /// End of the period; `None` while it lasts.
    pub end: Option<Timestamp>,
    /// Reason for the stop.
    pub reason: StopReason,
    /// Number of facts derived before the end of a closed period.
    ///
    /// Facts before this number belong to the time before the reopening, even at the same instant.
    pub facts_before: usize,
}

/// Reason why work on an order stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// The order was paused.
    Paused {
        /// Reason of the pause, if the event names one.
        reason: Option<Symbol>,
        /// Party liable for the pause, if the event names one.
        liable: Option<Symbol>,
    },
    /// The order was resolved and later reopened.
    Closed,
}

/// Effect of a pause on a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PauseEffect {
    /// The clock stops and the deadline moves.
    Excused,
    /// The clock runs on; the net time excludes the pause.
    Counted,
    /// The pause has no effect.
    Ignored,
}

/// One clock of a commitment on a case.
#[derive(Clone, PartialEq, Debug)]
pub struct ClockReport {
    /// Index of the commitment in the standard.
    pub commitment: usize,
    /// Start of the clock.
    pub from: Timestamp,
    /// Time at which the commitment was fulfilled; `None` if it was not.
    pub until: Option<Timestamp>,
    /// Deadline; `None` while the clock is stopped.
    pub deadline: Option<Timestamp>,
    /// State of the clock.
    pub state: ClockState,
    /// Allowed open time in milliseconds; `None` if the calendar never opens again.
    pub allowed_ms: Option<i64>,
    /// Open time used so far, in milliseconds.
    pub used_ms: i64,
    /// True while `used_ms` grows: the clock runs and its calendar is open.
    pub is_counting: bool,
    /// Elapsed milliseconds from the start until the commitment was fulfilled or excused, else
    /// until now.
    pub gross_ms: i64,
    /// The same time in milliseconds, without pauses and closed hours.
    pub net_ms: i64,
    /// Periods in which the order was paused or closed, with their effect under the standard.
    pub stops: Vec<(ClockStop, PauseEffect)>,
    /// Labels of the warnings that were given.
    pub warnings: Vec<Symbol>,
    /// Fields `due` or `appointment` whose last value could not be read.
    pub unreadable: Vec<&'static str>,
}

/// State of a commitment's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockState {
    /// The commitment was met in time.
    Kept,
    /// The deadline passed. `until` holds the time of a late fulfillment.
    Missed,
    /// A fact of this kind cancelled the commitment first.
    Void(FactKind),
    /// The delay is excused because of the liable party.
    Excused(Option<Symbol>),
    /// The case was closed unfulfilled before the deadline.
    Over,
    /// The clock runs and the deadline is not yet close.
    Running,
    /// The clock runs and the deadline is close.
    DueSoon,
    /// The deadline has passed and the case is still open.
    Overdue,
    /// The clock has been stopped since this time.
    Stopped(Timestamp),
}

impl ClockState {
    /// Returns true while the commitment can still be fulfilled.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(
            self,
            ClockState::Running
                | ClockState::DueSoon
                | ClockState::Overdue
                | ClockState::Stopped(_)
        )
    }

    /// Returns the name of the state in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ClockState::Kept => "kept",
            ClockState::Missed => "missed",
            ClockState::Void(_) => "void",
            ClockState::Excused(_) => "excused",
            ClockState::Over => "over",
            ClockState::Running => "running",
            ClockState::DueSoon => "due_soon",
            ClockState::Overdue => "overdue",
            ClockState::Stopped(_) => "stopped",
        }
    }
}
