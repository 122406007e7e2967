//! The usual event of an agent: the next one. An agent is one case for as long as somebody may correct it, with hundreds of events,
//! and what happened before the state that lasted until now means the same with another event as without.

use super::count_difference::FactConsumers;
use crate::domain::cases::caseload::{Caseload, expired_before};
use crate::domain::cases::context::DerivationContext;
use crate::domain::cases::derive_facts;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::{MergeResult, OBSERVATIONS_PER_CASE_MAX};
use crate::domain::events::event::CaseFamily;
use crate::domain::standard::Standard;

/// Whether what an agent's events mean depends on nothing but those next to them: no promise looks at the whole.
/// `promised` are the families of whose cases something is promised, a bit each.
pub(super) fn has_local_agent_facts(
    standard: &Standard,
    concerns: &[FactConsumers],
    promised: u64,
) -> bool {
    let mut own = standard
        .kinds
        .iter()
        .zip(concerns)
        .filter(|(kind, _)| standard.kinds.family(*kind) == CaseFamily::AGENT);
    promised & (1 << CaseFamily::AGENT.0) == 0
        && own.all(|(_, concerns)| !concerns.contacts && !concerns.orders)
}

impl Caseload {
    /// Merges an observation that goes on with a long history of an agent, and counts what that changes; `None` if it does
    /// anything else, of which the whole history must be asked.
    pub(super) fn append_agent_observation(
        &mut self,
        slot: u32,
        observation: &Observation,
    ) -> Option<MergeResult> {
        let Caseload {
            standard,
            used_kinds: wanted,
            expiry,
            committed_families: promised,
            now,
            cases,
            groups,
            before,
            after,
            agents_are_local,
            ..
        } = self;
        if !*agents_are_local || observation.kind.family != CaseFamily::AGENT {
            return None;
        }
        let context = DerivationContext {
            standard,
            used_kinds: wanted,
            expiry,
            committed_families: *promised,
            now: *now,
            expired_before: expired_before(*now),
        };
        let (history, digest) =
            cases.overflow.history_with_digest(cases.record(slot).overflow_place())?;
        let last = history.last()?;
        let goes_on = last.to_observation().compare_order(observation).is_lt()
            && history.len() < OBSERVATIONS_PER_CASE_MAX
            && !digest.contains_id(observation.id);
        let said = digest.summary;
        if !goes_on || said.families != 1 << CaseFamily::AGENT.0 {
            return None;
        }
        let mut more = said;
        more.add_observation(observation, &context, groups);
        if !more.has_same_dimensions(&said) {
            return None;
        }
        // Back to where the state began.
        let state = last.state?;
        let ended = history.iter().rposition(|one| one.state != Some(state));
        let begin = match ended {
            Some(place) => history[place].state.map(|_| place + 1)?,
            None => 0,
        };
        derive_facts::derive_latest_agent_facts(&history[begin..], &said, &context, before);
        let (record, spill) = cases.record_and_overflow_mut(slot);
        spill.append_observation(record.overflow_place(), observation, more);
        let (history, _) = spill.history_with_digest(record.overflow_place())?;
        derive_facts::derive_latest_agent_facts(&history[begin..], &more, &context, after);
        self.count_case_difference(slot, false);
        Some(MergeResult::New)
    }
}
