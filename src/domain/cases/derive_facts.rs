//! Cases: the merged history of a call, a ticket, an order or an agent, and what it means.
//!
//! [`facts`] is a pure function of a case's observations and of the time reached. Everything else follows from it: late and
//! repeated events, corrections and replay have no code of their own.

use super::commitment_evaluation;
use super::context::DerivationContext;
use super::groups::CaseGroups;
use super::observation::Observation;
use crate::domain::cases::life_cycle::fact_writer::FactWriter;
use crate::domain::cases::life_cycle::{agent, call, hall_ticket, order};
use crate::domain::cases::store::case_record::{CaseRecord, HistoryPart, ObservationReader};
use crate::domain::cases::store::case_summary::CaseSummary;
use crate::domain::cases::store::overflow::{CaseOverflow, OverflowObservation};
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::{CaseFacts, Fact};

/// Tells all that a case means, or what the counted part of it does; what the observations say together.
#[inline]
pub fn derive_case_facts(
    (record, part): (&CaseRecord, HistoryPart),
    spill: &CaseOverflow,
    context: &DerivationContext<'_>,
    groups: &mut CaseGroups,
    out: &mut CaseFacts,
) -> CaseSummary {
    out.clear();
    if record.is_empty(part) {
        return CaseSummary::default();
    }
    let said = record.summarize(part, spill, context, groups);
    said.copy_into(out);
    record.read_observations(part, spill, FactDerivation { context, groups, summary: &said, out });
    said
}

/// As [`facts`] of an agent, but without what the observations mean that come before these last ones, of which the first begins a
/// state. `said` is what all of them say together.
pub fn derive_latest_agent_facts(
    last: &[OverflowObservation],
    said: &CaseSummary,
    context: &DerivationContext<'_>,
    out: &mut CaseFacts,
) {
    out.clear();
    said.copy_into(out);
    let first = context.standard.kinds.first_kind(CaseFamily::AGENT);
    agent::derive_facts(
        last.iter().map(OverflowObservation::to_observation),
        &mut FactWriter::new(context, first, out),
    );
}

struct FactDerivation<'a> {
    context: &'a DerivationContext<'a>,
    groups: &'a CaseGroups,
    summary: &'a CaseSummary,
    out: &'a mut CaseFacts,
}

impl ObservationReader<()> for FactDerivation<'_> {
    #[inline]
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) {
        let FactDerivation { context, groups, summary: said, out } = self;
        let mut families = said.families;
        while families != 0 {
            let family = CaseFamily(families.trailing_zeros() as u8);
            families &= families - 1;
            let first = context.standard.kinds.first_kind(family);
            let mut teller = FactWriter::new(context, first, out);
            // Most cases are of one family.
            if said.families.is_power_of_two() {
                derive_family_facts(family, observations.clone(), &mut teller);
            } else {
                derive_family_facts(
                    family,
                    observations.clone().filter(|one| one.kind.family == family),
                    &mut teller,
                );
            }
        }
        if said.families & context.committed_families == 0 {
            return;
        }
        // Only now is it known whether the case is open.
        let first = groups.get(said.first_group.unwrap_or(out.group));
        commitment_evaluation::evaluate_commitments(
            context,
            &commitment_evaluation::CommitmentInput {
                current_group: groups.get(out.group),
                first_group: first,
                named_times: said.named_times,
            },
            out,
        );
    }
}

/// Tells what a family's observations of a case mean.
#[inline]
fn derive_family_facts(
    family: CaseFamily,
    observations: impl Iterator<Item = Observation> + Clone,
    teller: &mut FactWriter<'_, '_>,
) {
    match family {
        CaseFamily::CALL => call::derive_facts(observations, teller),
        CaseFamily::QUEUE => hall_ticket::derive_facts(observations, teller),
        CaseFamily::SURVEY => {
            for rated in observations {
                teller.add_fact(
                    0,
                    rated.time,
                    rated.detail.answer.map_or(Fact::UNKNOWN, |answer| i64::from(answer.get())),
                );
            }
        }
        CaseFamily::AGENT => agent::derive_facts(observations, teller),
        _ => order::derive_facts(observations, teller),
    }
}
