//! The clock of a commitment on a case, as it is reported: where it started, where it leads, what stopped it, how it ended.

use super::fact_kind::FactKind;
use crate::domain::events::event::Symbol;
use crate::domain::time::timestamp::Timestamp;

/// A stretch of time in which an order was not worked on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockStop {
    /// Its beginning.
    pub begin: Timestamp,
    /// Its end; `None` while it lasts.
    pub end: Option<Timestamp>,
    /// Why.
    pub reason: StopReason,
    /// How many facts had been told when it ended, for a closed one: what was told before belongs to the time before, also if it
    /// happened at the very moment.
    pub told: usize,
}

/// Why an order was not worked on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// It was paused, for this reason and by the fault of this party.
    Paused {
        /// The reason.
        reason: Option<Symbol>,
        /// The party liable.
        liable: Option<Symbol>,
    },
    /// It was resolved, and reopened later.
    Closed,
}

/// What a pause does to a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PauseEffect {
    /// The clock stands: the deadline moves.
    Excused,
    /// The clock runs on; the net time leaves the pause out.
    Counted,
    /// It is as if nobody had paused.
    Ignored,
}

/// One clock of a commitment on a case.
#[derive(Clone, PartialEq, Debug)]
pub struct ClockReport {
    /// The commitment: its place in the standard.
    pub commitment: usize,
    /// When the clock started.
    pub from: Timestamp,
    /// When what was promised was done.
    pub until: Option<Timestamp>,
    /// The deadline; `None` while the clock stands.
    pub deadline: Option<Timestamp>,
    /// What became of it.
    pub state: ClockState,
    /// The open time that is allowed, in milliseconds; `None` if the calendar never opens again.
    pub allowed_ms: Option<i64>,
    /// How much of it has passed.
    pub used_ms: i64,
    /// From the start until it was done, excused, or now.
    pub gross_ms: i64,
    /// The same without pauses and closed hours.
    pub net_ms: i64,
    /// The stretches in which the order was paused or closed meanwhile, with what the standard makes of them.
    pub stops: Vec<(ClockStop, PauseEffect)>,
    /// The warnings that were given, as their words.
    pub warnings: Vec<Symbol>,
}

/// What became of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockState {
    /// The promise was kept.
    Kept,
    /// The deadline passed; `until` may tell when it was done after all.
    Missed,
    /// A fact that makes the promise void came first: one of this kind.
    Void(FactKind),
    /// It was late by this party's fault, which the standard excuses.
    Excused(Option<Symbol>),
    /// The case is closed without what was promised, and the deadline has not come yet.
    Over,
    /// It runs, and the deadline is not near.
    Running,
    /// It runs, and the deadline is near.
    DueSoon,
    /// The deadline has passed, and it can still be done late.
    Overdue,
    /// It has stood since then.
    Stopped(Timestamp),
}

impl ClockState {
    /// Whether the promise is still to be kept.
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

    /// Its public name.
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
