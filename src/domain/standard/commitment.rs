//! Commitments: promises about the cases of a family, each with a clock and a deadline.

use super::Standard;
use crate::domain::events::event::{Attributes, CaseFamily, Symbol};

use crate::domain::facts::catalog::{FactKind, place};
use crate::domain::facts::commitment_clock::PauseEffect;
use crate::domain::time::timestamp::Timestamp;

/// Commitment (SLA) with a due time on the cases of one family.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// Name, as in `repair`.
    pub name: String,
    /// Family of its cases.
    pub family: CaseFamily,
    /// Fact that starts the clock.
    pub from: FactKind,
    /// Fact that fulfills the commitment.
    pub until: FactKind,
    /// True if every `from` that follows an `until` starts a clock of its own.
    pub recurs: bool,
    /// Unit for which a miss counts. `None` counts it for the case.
    pub holder: Option<MissHolder>,
    /// Terms by version, newest first. The last ones apply from the beginning of time. A version
    /// without this commitment has terms without choices.
    pub terms: Vec<CommitmentTerms>,
    /// First of the fact kinds that it derives.
    pub first_fact: FactKind,
}

/// Unit for which the misses of a commitment count: one of those that held the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MissHolder {
    /// Dimension that names the unit.
    pub dimension: usize,
    /// Which of the units that held the order.
    pub rule: HolderRule,
}

/// Choice among the units that held an order between the start of a clock and its deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HolderRule {
    /// The first unit.
    First,
    /// The last unit, also after the deadline.
    Last,
    /// The unit at the deadline.
    AtDeadline,
    /// The unit that held the order for the longest time of the clock. Of equal ones the first.
    Longest,
    /// Each unit by its share of the clock's time.
    Shares,
}

impl HolderRule {
    /// All rules with their names in a standard.
    pub const NAMES: [(&'static str, HolderRule); 5] = [
        ("first", HolderRule::First),
        ("last", HolderRule::Last),
        ("at_deadline", HolderRule::AtDeadline),
        ("longest", HolderRule::Longest),
        ("shares", HolderRule::Shares),
    ];
}

/// Terms of a commitment for cases whose clock starts while they are in force.
#[derive(Clone, Debug)]
pub struct CommitmentTerms {
    /// Start of validity.
    pub since: Timestamp,
    /// Deadlines in order of priority, at most 32. The first one that matches a case applies.
    pub choices: Vec<DeadlineChoice>,
    /// Facts that cancel the commitment if they come first.
    pub void: Vec<FactKind>,
    /// Parties that excuse a delay if the order's last liability label names one of them.
    pub excused_by: Vec<Symbol>,
    /// Effects of pauses on the clock. The first match applies. The clock runs on during unmatched
    /// pauses.
    pub pauses: Vec<PauseTerms>,
    /// Effect of a reopening on the clock.
    pub reopening: ReopeningEffect,
    /// True if the case's first attributes select the deadline, not its current ones.
    pub by_first_attributes: bool,
    /// Warnings before the deadline.
    pub warnings: Vec<CommitmentWarning>,
    /// Time in ms before the deadline from which a running commitment counts as due soon.
    pub due_soon_ms: Option<i64>,
    /// True if durations before the deadline, in `warnings` and `due_soon_ms`, count all hours
    /// instead of the open time of the rule's calendar.
    pub warns_in_wall_time: bool,
}

/// Deadline rule with the conditions for its cases.
#[derive(Clone, Debug)]
pub struct DeadlineChoice {
    /// Matching values for each dimension with a condition.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// Rule for the due time.
    pub deadline: DeadlineRule,
}

/// Rule that computes a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeadlineRule {
    /// This many milliseconds after the start. With a calendar index only open time counts.
    Within(i64, Option<usize>),
    /// The same time of day this many working days of a calendar later.
    WorkingDays(u32, usize),
    /// The end of this many full working days of a calendar after the day of the start.
    FullWorkingDays(u32, usize),
    /// The end of the day if the start is before this time of day, otherwise this many milliseconds
    /// later. A calendar index only affects pauses and warnings.
    CutOff(jiff::civil::Time, i64, Option<usize>),
    /// A time of day: `at` on the day of the start if that is a working day and the start is before
    /// `before`, otherwise `next_at` on the next working day. Without a calendar index every day is
    /// a working day. The clock counts the open time of the calendar.
    TimesOfDay {
        /// Last time of day, exclusive, for the same day.
        before: jiff::civil::Time,
        /// Deadline on the same day.
        at: jiff::civil::Time,
        /// Deadline on the next working day.
        next_at: jiff::civil::Time,
        /// Index of the calendar.
        calendar: Option<usize>,
    },
    /// The last reported `due` of the case. Cases without one do not match. A calendar index only
    /// affects pauses and warnings.
    Due(Option<usize>),
    /// The last reported `appointment` of the case. Cases without one do not match. A calendar
    /// index only affects pauses and warnings.
    Appointment(Option<usize>),
}

impl DeadlineRule {
    /// Returns the index of the calendar whose open time the clock counts. `None` counts all hours.
    #[must_use]
    pub fn calendar(self) -> Option<usize> {
        match self {
            DeadlineRule::WorkingDays(_, calendar) | DeadlineRule::FullWorkingDays(_, calendar) => {
                Some(calendar)
            }
            DeadlineRule::Within(_, calendar)
            | DeadlineRule::CutOff(_, _, calendar)
            | DeadlineRule::TimesOfDay { calendar, .. }
            | DeadlineRule::Due(calendar)
            | DeadlineRule::Appointment(calendar) => calendar,
        }
    }
}

/// Effect of matching pauses on a commitment's clock.
#[derive(Clone, Debug)]
pub struct PauseTerms {
    /// Matching reasons. Empty matches any reason.
    pub reasons: Vec<Symbol>,
    /// Matching liable parties. Empty matches any party.
    pub liable: Vec<Symbol>,
    /// Effect on the clock.
    pub effect: PauseEffect,
}

/// Effect of a reopening on a commitment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReopeningEffect {
    /// The first verdict is final.
    FirstVerdict,
    /// The clock continues from its value when the order was resolved.
    Resumes,
    /// The first verdict is final, and a new clock starts.
    Restarts,
}

/// Warning of a commitment before its deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitmentWarning {
    /// Label, as in `80%` or `2h`.
    pub label: Symbol,
    /// Time of the warning.
    pub at: WarningTime,
}

/// Time of a warning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WarningTime {
    /// This many percent of the allowed time have passed.
    Percent(i64),
    /// This many milliseconds before the deadline.
    Before(i64),
}

impl Commitment {
    /// Returns the index of the terms that apply to a clock started at `from`.
    #[must_use]
    pub fn terms_at(&self, from: Timestamp) -> usize {
        self.terms.iter().position(|terms| terms.since <= from).unwrap_or(self.terms.len() - 1)
    }
}

impl Standard {
    /// Returns true if facts of this kind count in groups of their own and not in that of their
    /// case: for units that held an order, or for agents who let it ring.
    #[must_use]
    pub fn counts_apart(&self, kind: FactKind) -> bool {
        let of_miss = self.commitments.iter().any(|commitment| {
            let Some(holder) = commitment.holder else { return false };
            let is = |place: u16| commitment.first_fact.offset_by(place) == kind;
            is(place::commitment::MISSED_SHARE)
                || (holder.rule != HolderRule::Shares
                    && (is(place::commitment::MISSED) || is(place::commitment::LATE)))
        });
        of_miss
            || self.kinds.order_place(kind) == Some(place::order::HELD)
            || self.kinds.contact_place(kind) == Some(place::contact::RING_MISSED)
    }
}

impl CommitmentTerms {
    /// Returns a bit mask of the choices that match these attributes.
    #[must_use]
    pub fn matching_choices(&self, attributes: &Attributes) -> u32 {
        let matching = self
            .choices
            .iter()
            .enumerate()
            .filter(|(_, choice)| attributes.fulfill_conditions(&choice.conditions));
        matching.fold(0, |bits, (place, _)| bits | 1 << place)
    }
}
