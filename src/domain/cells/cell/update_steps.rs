//! Update steps: what the facts of a group's cases add to its cell.

use super::{CellPlan, SlotNumber};
use crate::domain::events::event::{Attributes, Symbol};
use crate::domain::facts::catalog::Fact;
use crate::domain::standard::FactTally;

/// Slots and duration sets that a fact of one kind may add to, each with its range of values.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct UpdateSteps {
    pub(super) counts: Vec<(SlotNumber, i64, i64)>,
    pub(super) durations: Vec<(u16, i64, i64)>,
    /// Steps for facts with a certain label. They are separate because few facts have one.
    pub(super) labeled_counts: Vec<(Symbol, SlotNumber, i64, i64)>,
    pub(super) labeled_durations: Vec<(Symbol, u16, i64, i64)>,
    /// Steps for facts in the open hours of a calendar. They are separate because few standards have
    /// any.
    pub(super) calendar_steps: Vec<CalendarStep>,
    /// Sets of states whose starts or ends these facts report.
    timed_states: Vec<u16>,
}

/// Step for facts in the open hours of a calendar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CalendarStep {
    /// Index of the calendar.
    calendar: usize,
    label: Option<Symbol>,
    low: i64,
    high: i64,
    pub(super) adds_to: StepSum,
}

/// Sum to which a step adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StepSum {
    /// Slot of a count.
    Count(SlotNumber),
    /// Duration set.
    Duration(u16),
}

/// Update steps for the facts of one group's cases.
#[derive(Debug, PartialEq)]
pub struct UpdateProgram {
    /// Steps by kind of fact.
    pub steps: Vec<UpdateSteps>,
    /// True for each current-state tally that matches these cases.
    gauges_matched: Vec<bool>,
}

impl UpdateSteps {
    /// Visits the duration sets to which a fact adds its value, each as often as it adds.
    #[inline]
    pub fn for_each_duration(
        &self,
        fact: &Fact,
        is_open: impl Fn(usize) -> bool,
        mut visit: impl FnMut(u16),
    ) {
        if fact.value == Fact::UNKNOWN {
            return;
        }
        let mut visit_step = |number: u16, low: i64, high: i64| {
            if low <= fact.value && fact.value <= high {
                visit(number);
            }
        };
        self.durations.iter().for_each(|&(number, low, high)| visit_step(number, low, high));
        if let Some(label) = fact.label {
            self.labeled_durations
                .iter()
                .filter(|step| step.0 == label)
                .for_each(|&(_, number, low, high)| visit_step(number, low, high));
        }
        for step in self.calendar_steps_of(fact, is_open) {
            if let StepSum::Duration(number) = step {
                visit(number);
            }
        }
    }

    /// Iterates over the sums to which a fact adds because a calendar is open.
    pub(super) fn calendar_steps_of(
        &self,
        fact: &Fact,
        is_open: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = StepSum> {
        let applies = move |step: &&CalendarStep| {
            step.label.is_none_or(|label| fact.label == Some(label))
                && (step.low..=step.high).contains(&fact.value)
                && is_open(step.calendar)
        };
        self.calendar_steps.iter().filter(applies).map(|step| step.adds_to)
    }

    /// Returns true if facts of this kind add to nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let UpdateSteps {
            counts,
            durations,
            labeled_counts,
            labeled_durations,
            calendar_steps,
            timed_states,
        } = self;
        counts.is_empty()
            && calendar_steps.is_empty()
            && durations.is_empty()
            && timed_states.is_empty()
            && labeled_counts.is_empty()
            && labeled_durations.is_empty()
    }

    /// Returns the sets of states whose starts or ends these facts report.
    #[must_use]
    pub fn timed_states(&self) -> &[u16] {
        &self.timed_states
    }
}

impl CellPlan {
    /// Returns the update steps for cases with these attributes.
    #[must_use]
    pub fn update_program(&self, attributes: &Attributes) -> UpdateProgram {
        let mut steps_of = vec![UpdateSteps::default(); self.fact_kind_count];
        let fits = |tally: &&FactTally| tally.fits_attributes(attributes);
        for (slot, tally) in (0..).zip(&self.slots).filter(|(_, tally)| fits(tally)) {
            let steps = &mut steps_of[usize::from(tally.kind.0)];
            if !push_calendar_steps(tally, StepSum::Count(slot), &mut steps.calendar_steps) {
                push_steps(tally, slot, &mut steps.counts, &mut steps.labeled_counts);
            }
        }
        for (number, of) in (0..).zip(&self.durations) {
            for tally in of.iter().filter(fits) {
                let steps = &mut steps_of[usize::from(tally.kind.0)];
                let sum = StepSum::Duration(number);
                if !push_calendar_steps(tally, sum, &mut steps.calendar_steps) {
                    push_steps(tally, number, &mut steps.durations, &mut steps.labeled_durations);
                }
            }
        }
        for (kind, measured) in self.measured_states.iter().enumerate() {
            let reports = |tally: &FactTally| {
                let is_kind = usize::from(tally.kind.0) == kind || Some(tally.kind) == *measured;
                is_kind && tally.fits_attributes(attributes)
            };
            steps_of[kind].timed_states = (0..)
                .zip(&self.timed_states)
                .flat_map(|(set, of)| of.iter().filter(|tally| reports(tally)).map(move |_| set))
                .collect();
        }
        UpdateProgram {
            steps: steps_of,
            gauges_matched: self
                .gauge_tallies
                .iter()
                .map(|tally| tally.fits_attributes(attributes))
                .collect(),
        }
    }
}

/// Adds the steps of a tally with a calendar. Returns false for a tally without one.
fn push_calendar_steps(tally: &FactTally, adds_to: StepSum, steps: &mut Vec<CalendarStep>) -> bool {
    let Some(calendar) = tally.calendar else { return false };
    let (low, high) = tally.values.unwrap_or((i64::MIN, i64::MAX));
    let step = |label| CalendarStep { calendar, label, low, high, adds_to };
    match tally.labels[..] {
        [] => steps.push(step(None)),
        ref labels => steps.extend(labels.iter().map(|label| step(Some(*label)))),
    }
    true
}

/// Adds the steps of a tally: one for each of its labels, or one for all facts.
fn push_steps(
    tally: &FactTally,
    number: u16,
    steps: &mut Vec<(u16, i64, i64)>,
    labeled_steps: &mut Vec<(Symbol, u16, i64, i64)>,
) {
    let (low, high) = tally.values.unwrap_or((i64::MIN, i64::MAX));
    match tally.labels[..] {
        [] => steps.push((number, low, high)),
        ref labels => {
            labeled_steps.extend(labels.iter().map(|label| (*label, number, low, high)));
        }
    }
}
