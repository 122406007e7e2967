//! The usual event of an agent: the next one. An agent is one case for as long as somebody may correct it, with hundreds of events,
//! and what happened before the state that lasted until now means the same with another event as without.

use super::settle::Concerns;
use super::{Caseload, swept};
use crate::domain::case;
use crate::domain::case::observation::Observation;
use crate::domain::case::record::{Merged, OBSERVATIONS};
use crate::domain::context::Context;
use crate::domain::event::Family;
use crate::domain::standard::Standard;

/// Whether what an agent's events mean depends on nothing but those next to them: no promise looks at the whole.
/// `promised` are the families of whose cases something is promised, a bit each.
pub(super) fn is_local(standard: &Standard, concerns: &[Concerns], promised: u64) -> bool {
    let mut own = standard.kinds.all().zip(concerns).filter(|(kind, _)| standard.kinds.family(*kind) == Family::AGENT);
    promised & (1 << Family::AGENT.0) == 0 && own.all(|(_, concerns)| !concerns.contacts && !concerns.orders)
}

impl Caseload {
    /// Merges an observation that goes on with a long history of an agent, and counts what that changes; `None` if it does
    /// anything else, of which the whole history must be asked.
    pub(super) fn go_on(&mut self, slot: u32, observation: &Observation) -> Option<Merged> {
        let Caseload { standard, wanted, expiry, promised, now, cases, groups, before, after, agents_are_local, .. } = self;
        if !*agents_are_local || observation.kind.family != Family::AGENT {
            return None;
        }
        let context = Context { standard, wanted, expiry, promised: *promised, now: *now, swept: swept(*now) };
        let (history, digest) = cases.spill.long(cases.record(slot).spill())?;
        let last = history.last()?;
        let goes_on = last.read().order(observation).is_lt() && history.len() < OBSERVATIONS && !digest.knows(observation.id);
        let said = digest.said;
        if !goes_on || said.families != 1 << Family::AGENT.0 {
            return None;
        }
        let mut more = said;
        more.hear(observation, &context, groups);
        if !more.is_same_place(&said) {
            return None;
        }
        // Back to where the state began.
        let state = last.state?;
        let ended = history.iter().rposition(|one| one.state != Some(state));
        let begin = match ended {
            Some(place) => history[place].state.map(|_| place + 1)?,
            None => 0,
        };
        case::last_facts(&history[begin..], &said, &context, before);
        let (record, spill) = cases.merging(slot);
        spill.append(record.spill(), observation, more);
        let (history, _) = spill.long(record.spill())?;
        case::last_facts(&history[begin..], &more, &context, after);
        self.settle(slot, false);
        Some(Merged::New)
    }
}
