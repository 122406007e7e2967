//! Fast path for the usual event of an agent: one that follows the latest observation.
//!
//! An agent is a single case with hundreds of events within the retention period. A new event
//! changes only the facts since the start of the latest state, so that the rest need not be derived
//! again.

use super::count_difference::FactConsumers;
use crate::domain::cases::caseload::Caseload;
use crate::domain::cases::derive_facts;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::{MergeResult, OBSERVATIONS_PER_CASE_MAX};
use crate::domain::events::event::CaseFamily;
use crate::domain::standard::Standard;

/// Returns true if an agent's facts depend only on adjacent observations.
///
/// Commitments, contacts and alerts on agents need the whole history. `committed_families` is a bit
/// set.
pub(super) fn has_local_agent_facts(
    standard: &Standard,
    consumers: &[FactConsumers],
    committed_families: u64,
) -> bool {
    let mut agent_kinds = standard
        .kinds
        .iter()
        .zip(consumers)
        .filter(|(kind, _)| standard.kinds.family(*kind) == CaseFamily::AGENT);
    committed_families & (1 << CaseFamily::AGENT.0) == 0
        && agent_kinds.all(|(_, consumers)| !consumers.contacts && !consumers.orders)
}

impl Caseload {
    /// Appends an observation to a long agent history and counts the difference.
    ///
    /// Returns `None` without a change if the whole history must be evaluated.
    pub(super) fn append_agent_observation(
        &mut self,
        slot: u32,
        observation: &Observation,
    ) -> Option<MergeResult> {
        let Caseload {
            standard,
            derivation,
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
        let context = derivation.context(standard, *now);
        let (history, digest) =
            cases.overflow.history_with_digest(cases.record(slot).overflow_place())?;
        let last = history.last()?;
        let is_next = last.to_observation().compare_order(observation).is_lt()
            && history.len() < OBSERVATIONS_PER_CASE_MAX
            && !digest.contains_id(observation.id);
        let summary = digest.summary;
        if !is_next || summary.families != 1 << CaseFamily::AGENT.0 {
            return None;
        }
        let mut new_summary = summary;
        new_summary.add_observation(observation, &context, groups);
        if !new_summary.has_same_dimensions(&summary) {
            return None;
        }
        // The facts of the latest state depend on the first observation of that state.
        let state = last.state?;
        let ended = history.iter().rposition(|one| one.state != Some(state));
        let begin = match ended {
            Some(place) => history[place].state.map(|_| place + 1)?,
            None => 0,
        };
        derive_facts::derive_latest_agent_facts(&history[begin..], &summary, &context, before);
        let (record, overflow) = cases.record_and_overflow_mut(slot);
        overflow.append_observation(record.overflow_place(), observation, new_summary);
        let (history, _) = overflow.history_with_digest(record.overflow_place())?;
        derive_facts::derive_latest_agent_facts(&history[begin..], &new_summary, &context, after);
        self.count_case_difference(slot, false);
        Some(MergeResult::New)
    }
}
