//! Times at which the current states of a case began and ended, for the time-weighted means of
//! levels.
//!
//! A mean over a window is the time in the states inside the window, divided by its length. It
//! averages what the level showed: a state counts from the event that showed it to the event or
//! deadline that ended it, in the group that the case had then. So each part of the history up to an
//! event is evaluated at the time of the event, and at each deadline until the next event.
//!
//! Agents are the exception. Their past states are facts with durations, such as
//! `agent.ready_time`.

use super::changes::{CaseState, CaseStateChange};
use super::context::DerivationContext;
use super::derive_facts::derive_facts_of;
use super::groups::CaseGroups;
use super::observation::Observation;
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::standard::{Formula, Standard};
use crate::domain::time::timestamp::Timestamp;
use std::collections::VecDeque;

/// States whose times a standard needs.
#[derive(Clone, Debug)]
pub struct TimedKinds {
    /// True for each kind of current state with a mean.
    kinds: Vec<bool>,
    /// Families of these kinds, as a bit set.
    families: u64,
}

/// History of a case at one time.
#[derive(Clone, Default, Debug)]
pub struct StateTimeline {
    /// Observations in order; empty if the case has no state with a mean.
    pub observations: Vec<Observation>,
    /// Time reached.
    pub now: Timestamp,
    /// Time before which states have expired.
    pub expired_before: Timestamp,
}

impl TimedKinds {
    /// Returns the states of which an indicator is the mean.
    #[must_use]
    pub fn new(standard: &Standard) -> TimedKinds {
        let mut timed = TimedKinds { kinds: vec![false; standard.kinds.count()], families: 0 };
        for indicator in &standard.indicators {
            let Formula::MeanLevel { of } = &indicator.formula else { continue };
            for kind in of.iter().map(|tally| tally.kind) {
                let family = standard.kinds.family(kind);
                if family != CaseFamily::AGENT {
                    timed.kinds[usize::from(kind.0)] = true;
                    timed.families |= 1 << family.0;
                }
            }
        }
        timed
    }

    /// Returns true if a case with these families, a bit set, may have such a state.
    #[inline]
    #[must_use]
    pub fn include_family(&self, families: u64) -> bool {
        self.families & families != 0
    }
}

impl StateTimeline {
    /// Returns the number of leading observations after which two timelines have the same states:
    /// both have these observations, later ones follow, and whether a state had expired by then is
    /// decided.
    #[must_use]
    pub fn shared_len(
        &self,
        other: &StateTimeline,
        timed: &TimedKinds,
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) -> usize {
        let pairs = self.observations.iter().zip(&other.observations);
        let same = pairs.take_while(|(one, another)| one == another).count();
        let next = |timeline: &StateTimeline| timeline.observations.get(same).map(|one| one.time);
        let before =
            |time: Timestamp| self.observations[..same].partition_point(|one| one.time < time);
        let shared = next(self).into_iter().chain(next(other)).min().map_or(same, before);
        let decided = self.expired_before.min(other.expired_before);
        let Some(last) = shared.checked_sub(1).map(|last| self.observations[last]) else {
            return 0;
        };
        if last.time < decided {
            return shared;
        }
        let mut states = |expired_before: Timestamp| {
            let context = DerivationContext { now: last.time, expired_before, ..*context };
            timed.derive_states(&self.observations[..shared], &context, groups).0
        };
        let is_decided = states(decided) == states(last.time.plus_millis(1));
        if is_decided { shared } else { before(decided) }
    }

    /// Returns the starts and ends of states after the first `known` observations, sorted. The next
    /// observation must be later than these.
    #[must_use]
    pub fn changes_after(
        &self,
        known: usize,
        timed: &TimedKinds,
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) -> Vec<CaseStateChange> {
        let mut changes = Vec::new();
        let mut states = Vec::new();
        let mut end = self.end_of_moment(known.saturating_sub(1));
        while let Some(last) = end.checked_sub(1).and_then(|last| self.observations.get(last)) {
            let next = self.observations.get(end).map(|one| one.time);
            let mut evaluated = Some(last.time);
            while let Some(time) = evaluated {
                let expired_before = match next {
                    Some(_) => time.plus_millis(1),
                    None => self.expired_before.min(time.plus_millis(1)),
                };
                let context = DerivationContext { now: time, expired_before, ..*context };
                let (reached, facts) =
                    timed.derive_states(&self.observations[..end], &context, groups);
                if end > known || time > last.time {
                    push_changes(&states, &reached, time, &mut changes);
                }
                states = reached;
                evaluated = self.next_evaluation(&facts, time, next);
            }
            if next.is_none() {
                break;
            }
            end = self.end_of_moment(end);
        }
        changes.sort_unstable();
        changes
    }

    /// Returns the number of observations up to the last one with the time of the observation at
    /// `place`.
    fn end_of_moment(&self, place: usize) -> usize {
        let rest = self.observations.get(place..).unwrap_or_default();
        place + rest.iter().take_while(|one| one.time == rest[0].time).count()
    }

    /// Returns the first time after `time`, and before the `next` observation, at which the facts
    /// change without an event.
    fn next_evaluation(
        &self,
        facts: &CaseFacts,
        time: Timestamp,
        next: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let expires = facts.expires_at.filter(|expires| match next {
            Some(next) => *expires < next,
            None => *expires < self.expired_before,
        });
        let deadline = facts.next_evaluation.filter(|deadline| match next {
            Some(next) => *deadline < next,
            None => *deadline <= self.now,
        });
        expires.into_iter().chain(deadline).filter(|at| *at > time).min()
    }
}

impl TimedKinds {
    /// Derives the states with a mean of a case that has these observations, sorted, and its facts.
    fn derive_states(
        &self,
        observations: &[Observation],
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) -> (Vec<CaseState>, CaseFacts) {
        let mut facts = CaseFacts::default();
        derive_facts_of(observations, context, groups, &mut facts);
        let own = facts.by_group().into_iter();
        let own = own.flat_map(|(group, facts)| facts.iter().map(move |fact| (group, fact.kind)));
        let placed = facts.placed.iter().map(|placed| (placed.group, placed.fact.kind));
        let timed = own.chain(placed).filter(|(_, kind)| self.kinds[usize::from(kind.0)]);
        let mut states: Vec<CaseState> =
            timed.map(|(group, kind)| CaseState { group, kind }).collect();
        states.sort_unstable();
        (states, facts)
    }
}

/// Adds the differences between sorted states before and at a time.
fn push_changes(
    before: &[CaseState],
    at: &[CaseState],
    time: Timestamp,
    changes: &mut Vec<CaseStateChange>,
) {
    let starts_of = |state: &CaseState, states: &[CaseState]| {
        let from = states.partition_point(|other| other < state);
        states[from..].iter().take_while(|other| *other == state).count() as i64
    };
    let mut all: Vec<CaseState> = before.iter().chain(at).copied().collect();
    all.sort_unstable();
    all.dedup();
    for state in all {
        let starts = starts_of(&state, at) - starts_of(&state, before);
        if starts != 0 {
            changes.push(CaseStateChange { state, time, starts });
        }
    }
}

/// Pairs sorted starts and ends of a case's states. Returns each state with its start and end; an
/// active state has no end.
#[must_use]
pub fn periods(changes: &[CaseStateChange]) -> Vec<(CaseState, Timestamp, Option<Timestamp>)> {
    let mut periods = Vec::new();
    for of_state in changes.chunk_by(|one, next| one.state == next.state) {
        let mut open: VecDeque<Timestamp> = VecDeque::new();
        for CaseStateChange { state, time, starts } in of_state {
            for _ in 0..*starts {
                open.push_back(*time);
            }
            for _ in *starts..0 {
                let start = open.pop_front();
                periods.extend(start.map(|start| (*state, start, Some(*time))));
            }
        }
        periods.extend(open.into_iter().map(|start| (of_state[0].state, start, None)));
    }
    periods
}
