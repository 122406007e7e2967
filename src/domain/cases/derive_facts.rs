//! Derivation of facts from the merged history of a call, ticket, order or agent.
//!
//! [`derive_case_facts`] is a pure function of a case's observations and of the time reached. Late
//! events, duplicates, corrections and replay therefore need no special handling.

use super::commitment_evaluation;
use super::context::DerivationContext;
use super::groups::{CaseGroups, ScopeReach};
use super::holders::{add_held_facts, hold_periods};
use super::observation::Observation;
use crate::domain::cases::life_cycle::fact_writer::FactWriter;
use crate::domain::cases::life_cycle::{agent, contact, hall_ticket, order};
use crate::domain::cases::store::case_record::{CaseRecord, HistoryPart, ObservationReader};
use crate::domain::cases::store::case_summary::CaseSummary;
use crate::domain::cases::store::overflow::{CaseOverflow, OverflowObservation};
use crate::domain::events::event::{CaseFamily, LifeCycle};
use crate::domain::facts::catalog::{CaseFacts, Fact, place};

/// Derives the facts of a case, or of the counted part of it. Returns the summary of that part.
#[inline]
pub fn derive_case_facts(
    (record, part): (&CaseRecord, HistoryPart),
    overflow: &CaseOverflow,
    context: &DerivationContext<'_>,
    groups: &mut CaseGroups,
    out: &mut CaseFacts,
) -> CaseSummary {
    out.clear();
    if record.is_empty(part) {
        return CaseSummary::default();
    }
    let summary = record.summarize(part, overflow, context, groups);
    summary.copy_into(out);
    record.read_observations(
        part,
        overflow,
        FactDerivation { context, groups, summary: &summary, out },
    );
    summary
}

/// Derives the facts of a case that has these observations, in order.
pub fn derive_facts_of(
    observations: &[Observation],
    context: &DerivationContext<'_>,
    groups: &mut CaseGroups,
    out: &mut CaseFacts,
) {
    let mut summary = CaseSummary::default();
    observations.iter().for_each(|one| summary.add_observation(one, context, groups));
    summary.copy_into(out);
    let derivation = FactDerivation { context, groups, summary: &summary, out };
    derivation.read(observations.iter().copied());
}

/// Derives the facts of an agent from its latest observations only.
///
/// The first observation in `last` must start a state. `summary` covers all observations.
pub fn derive_latest_agent_facts(
    last: &[OverflowObservation],
    summary: &CaseSummary,
    context: &DerivationContext<'_>,
    out: &mut CaseFacts,
) {
    out.clear();
    summary.copy_into(out);
    let first = context.standard.kinds.first_kind(CaseFamily::AGENT);
    agent::derive_facts(
        last.iter().map(OverflowObservation::to_observation),
        &mut FactWriter::new(context, first, out),
    );
}

struct FactDerivation<'a> {
    context: &'a DerivationContext<'a>,
    groups: &'a mut CaseGroups,
    summary: &'a CaseSummary,
    out: &'a mut CaseFacts,
}

impl ObservationReader<()> for FactDerivation<'_> {
    #[inline]
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) {
        let FactDerivation { context, groups, summary, out } = self;
        let contact_families = summary.families & context.legs.contact_families;
        for family in families_of(contact_families) {
            let first = context.standard.kinds.first_kind(family);
            let case_group = out.group;
            let mut writer = FactWriter::new(context, first, out);
            // Most cases have one family, which saves the filter.
            let group = if summary.families.is_power_of_two() {
                contact::derive_facts(observations.clone(), case_group, groups, &mut writer)
            } else {
                let of_family = observations.clone().filter(|one| one.kind.family == family);
                contact::derive_facts(of_family, case_group, groups, &mut writer)
            };
            if let Some(group) = group {
                out.group = group;
                out.contact_fact_count = out.all.len();
            }
        }
        out.contact_group = if out.contact_fact_count == 0 {
            out.group
        } else {
            groups.with_reach(out.group, ScopeReach::ContactScopes, context.standard)
        };
        for family in families_of(summary.families & !contact_families) {
            let first = context.standard.kinds.first_kind(family);
            if context.held_families >> family.0 & 1 == 1 {
                let of_family = observations.clone().filter(|one| one.kind.family == family);
                add_holders(family, of_family, context, groups, out);
            }
            let mut writer = FactWriter::new(context, first, out);
            if context.standard.schema.life_cycle(family) == LifeCycle::Series {
                // A value holds until another one replaces it.
                writer.keep_open();
            } else if summary.families.is_power_of_two() {
                derive_family_facts(family, observations.clone(), &mut writer);
            } else {
                derive_family_facts(
                    family,
                    observations.clone().filter(|one| one.kind.family == family),
                    &mut writer,
                );
            }
        }
        if summary.families & context.committed_families == 0 {
            return;
        }
        // Commitments come last, since the life cycle decides if the case is open.
        let first_group = groups.get(summary.first_group.unwrap_or(out.group));
        commitment_evaluation::evaluate_commitments(
            context,
            &commitment_evaluation::CommitmentInput {
                current_group: groups.get(out.group),
                first_group,
                named_times: summary.named_times,
                groups,
            },
            out,
        );
    }
}

/// Adds the holders of an order, and the facts about the time for which they held it.
fn add_holders(
    family: CaseFamily,
    observations: impl Iterator<Item = Observation>,
    context: &DerivationContext<'_>,
    groups: &mut CaseGroups,
    out: &mut CaseFacts,
) {
    out.holds = hold_periods(observations, out.group, groups, context.standard);
    let first = context.standard.kinds.first_kind(family);
    let held = first.offset_by(place::order::HELD);
    add_held_facts(first, context.used_kinds[usize::from(held.0)], out);
}

/// Iterates over the families in a bit set.
fn families_of(mut families: u64) -> impl Iterator<Item = CaseFamily> {
    std::iter::from_fn(move || {
        let family = (families != 0).then(|| CaseFamily(families.trailing_zeros() as u8))?;
        families &= families - 1;
        Some(family)
    })
}

/// Derives the facts from the observations of a case that are not about a contact.
#[inline]
fn derive_family_facts(
    family: CaseFamily,
    observations: impl Iterator<Item = Observation> + Clone,
    writer: &mut FactWriter<'_, '_>,
) {
    match family {
        CaseFamily::QUEUE => hall_ticket::derive_facts(observations, writer),
        CaseFamily::SURVEY => {
            for rated in observations {
                let answer = rated.detail.answer;
                writer.add_labeled_fact(
                    0,
                    rated.time,
                    answer.map_or(Fact::UNKNOWN, |answer| i64::from(answer.get())),
                    rated.detail.label,
                );
            }
        }
        CaseFamily::AGENT => agent::derive_facts(observations, writer),
        _ => order::derive_facts(observations, writer),
    }
}
