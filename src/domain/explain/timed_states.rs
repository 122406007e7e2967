//! States that a share counts with their time inside the window.

use crate::domain::facts::catalog::{Fact, FactKind, FactKinds};
use crate::domain::standard::Formula;
use crate::domain::time::timestamp::Timestamp;

/// Timed states of the explained formula. Empty if it has none.
#[derive(Debug)]
pub(super) struct TimedStates {
    /// Kinds of facts that measure a state, each with the kind of the current state.
    kinds: Vec<(FactKind, FactKind)>,
    /// End of the window.
    end: Timestamp,
}

impl TimedStates {
    /// Returns the timed states of a formula for a window that covers the time until `end`.
    pub(super) fn new(formula: &Formula, kinds: &FactKinds, end: Timestamp) -> TimedStates {
        let is_timed = formula.timed_states().next().is_some();
        let tallies = formula.fact_tallies().filter(|_| is_timed);
        let with_state =
            tallies.filter_map(|tally| Some((tally.kind, kinds.measured_state(tally.kind)?)));
        TimedStates { kinds: with_state.collect(), end }
    }

    /// Returns the fact of a state with its time inside a window from `begin` on, and the kind under
    /// which the formula counts it. Returns `None` if the state ended before `begin`, or for other
    /// facts.
    pub(super) fn clip_fact(&self, fact: &Fact, begin: Timestamp) -> Option<(FactKind, Fact)> {
        let (kind, state) =
            *self.kinds.iter().find(|kinds| kinds.0 == fact.kind || kinds.1 == fact.kind)?;
        if fact.kind == state {
            let value = self.end.millis_since(fact.time.max(begin));
            return Some((kind, Fact { value, ..*fact }));
        }
        // The window `all` has no begin.
        let inside = fact.time.0.saturating_sub(begin.0);
        (inside >= 0).then(|| (kind, Fact { value: fact.value.min(inside), ..*fact }))
    }
}
