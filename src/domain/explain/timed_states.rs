//! States that a share or a mean of a level counts with their time inside the window.

use crate::domain::cases::changes::CaseState;
use crate::domain::facts::catalog::{Fact, FactKind, FactKinds};
use crate::domain::standard::Formula;
use crate::domain::time::timestamp::Timestamp;

/// Kinds of facts about a state.
#[derive(Debug)]
struct TimedState {
    /// Kind of facts that measure the whole duration of the state when it ends.
    duration: FactKind,
    /// Kind of the current state.
    state: FactKind,
    /// The one of these two kinds that the formula names.
    counted_as: FactKind,
}

/// Timed states of the explained formula. Empty if it has none.
#[derive(Debug)]
pub(super) struct TimedStates {
    /// States whose ends are facts.
    states: Vec<TimedState>,
    /// True if the formula is the mean of a level.
    is_mean: bool,
    /// End of the window.
    end: Timestamp,
}

impl TimedStates {
    /// Returns the timed states of a formula for a window that covers the time until `end`.
    pub(super) fn new(formula: &Formula, kinds: &FactKinds, end: Timestamp) -> TimedStates {
        let is_timed = formula.timed_states().next().is_some();
        let tallies = formula.fact_tallies().filter(|_| is_timed);
        let states = tallies.flat_map(|tally| {
            let durations = kinds.iter().filter_map(|duration| {
                let state = kinds.measured_state(duration)?;
                let is_named = tally.kind == duration || tally.kind == state;
                is_named.then_some(TimedState { duration, state, counted_as: tally.kind })
            });
            durations.collect::<Vec<_>>()
        });
        let is_mean = matches!(formula, Formula::MeanLevel { .. });
        TimedStates { states: states.collect(), is_mean, end }
    }

    /// Returns true if the formula is the mean of a level. Its states are then those of
    /// [`crate::domain::cases::state_timeline`], except for those of agents.
    pub(super) fn is_mean(&self) -> bool {
        self.is_mean
    }

    /// Returns the fact of a state with its time inside a window from `begin` on, and the kind under
    /// which the formula counts it. Returns `None` if the state ended before `begin`, or for other
    /// facts.
    pub(super) fn clip_fact(&self, fact: &Fact, begin: Timestamp) -> Option<(FactKind, Fact)> {
        let is_about = |state: &&TimedState| [state.duration, state.state].contains(&fact.kind);
        let state = self.states.iter().find(is_about)?;
        if fact.kind == state.state {
            let value = self.end.millis_since(fact.time.max(begin));
            // A mean lists its states at their ends, so that each lies in the window.
            let time = if self.is_mean { self.end } else { fact.time };
            return Some((state.counted_as, Fact { value, time, ..*fact }));
        }
        // The window `all` has no begin.
        let inside = fact.time.0.saturating_sub(begin.0);
        let clipped = Fact { value: fact.value.min(inside), ..*fact };
        (inside >= 0).then_some((state.counted_as, clipped))
    }

    /// Returns a state that lasted from `start` to `end`, or still lasts, as a fact at its end or at
    /// the end of the window, with its time inside a window from `begin` on. Returns `None` if it
    /// ended before `begin`.
    pub(super) fn clip_state(
        &self,
        state: CaseState,
        (start, end): (Timestamp, Option<Timestamp>),
        begin: Timestamp,
    ) -> Option<Fact> {
        let end = end.unwrap_or(self.end);
        let value = end.millis_since(start.max(begin));
        (value > 0).then_some(Fact { kind: state.kind, label: None, time: end, value })
    }
}
