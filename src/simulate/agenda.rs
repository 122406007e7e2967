//! The agenda: what is going to happen next in one part of the simulation.
//!
//! Steps of the same millisecond happen in the order in which they were planned, so the order never depends on chance.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::domain::time::Timestamp;

/// Steps to come, the earliest first.
pub(super) struct Agenda<S> {
    steps: BinaryHeap<Planned<S>>,
    planned: u64,
}

struct Planned<S> {
    time: Timestamp,
    place: u64,
    step: S,
}

impl<S> Agenda<S> {
    /// An agenda without steps.
    pub(super) fn new() -> Agenda<S> {
        Agenda { steps: BinaryHeap::new(), planned: 0 }
    }

    /// Plans `step` for `time`.
    pub(super) fn plan(&mut self, time: Timestamp, step: S) {
        self.planned += 1;
        self.steps.push(Planned { time, place: self.planned, step });
    }

    /// Takes the earliest step.
    pub(super) fn next(&mut self) -> Option<(Timestamp, S)> {
        self.steps.pop().map(|planned| (planned.time, planned.step))
    }

    /// How many steps are to come.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }
}

impl<S> Ord for Planned<S> {
    /// Turned round, because the heap gives the greatest first.
    fn cmp(&self, other: &Planned<S>) -> Ordering {
        (other.time, other.place).cmp(&(self.time, self.place))
    }
}

impl<S> PartialOrd for Planned<S> {
    fn partial_cmp(&self, other: &Planned<S>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> PartialEq for Planned<S> {
    fn eq(&self, other: &Planned<S>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<S> Eq for Planned<S> {}
