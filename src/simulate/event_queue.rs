//! Event queue of one part of the simulation.
//!
//! Steps of the same ms happen in the order in which they were planned, so the order is
//! deterministic.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::domain::time::timestamp::Timestamp;

/// Planned steps, earliest first.
pub(super) struct EventQueue<S> {
    steps: BinaryHeap<PlannedStep<S>>,
    planned_count: u64,
}

struct PlannedStep<S> {
    time: Timestamp,
    sequence: u64,
    step: S,
}

impl<S> EventQueue<S> {
    /// Returns an empty queue.
    pub(super) fn new() -> EventQueue<S> {
        EventQueue { steps: BinaryHeap::new(), planned_count: 0 }
    }

    /// Plans `step` at `time`.
    pub(super) fn plan_step(&mut self, time: Timestamp, step: S) {
        self.planned_count += 1;
        self.steps.push(PlannedStep { time, sequence: self.planned_count, step });
    }

    /// Takes the earliest step, or returns `None`.
    pub(super) fn next_step(&mut self) -> Option<(Timestamp, S)> {
        self.steps.pop().map(|planned| (planned.time, planned.step))
    }

    /// Returns the number of planned steps.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }
}

impl<S> Ord for PlannedStep<S> {
    /// Reversed, because the heap returns the greatest entry first.
    fn cmp(&self, other: &PlannedStep<S>) -> Ordering {
        (other.time, other.sequence).cmp(&(self.time, self.sequence))
    }
}

impl<S> PartialOrd for PlannedStep<S> {
    fn partial_cmp(&self, other: &PlannedStep<S>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> PartialEq for PlannedStep<S> {
    fn eq(&self, other: &PlannedStep<S>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<S> Eq for PlannedStep<S> {}
