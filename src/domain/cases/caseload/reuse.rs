//! Subjects that are used again: where the events of a subject are split into cases.
//!
//! A subject's contact or ticket ends with its last event, or when its state expires. An arrival
//! later than `reuse_after` after that end begins a new case. An earlier one is the next leg of the
//! contact. An open case is never split, and orders are never split: an export repeats `opened`.
//!
//! The split is a function of the times of all events of the subject. An event that comes late may
//! therefore join or split the cases around it. Then these cases are counted again as a whole.
//! [`Caseload::is_usual`] tells the many events for which nothing can change.

use crate::domain::cases::case_names::CaseName;
use crate::domain::cases::caseload::Caseload;
use crate::domain::cases::context::DerivationContext;
use crate::domain::cases::derive_facts;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::reused_subjects::{ObservationPlace, SubjectCase, index_at};
use crate::domain::cases::store::case_record::{
    AllObservations, HistoryPart, MergeResult, OBSERVATIONS_PER_CASE_MAX,
};
use crate::domain::events::event::{Event, EventId, EventVerb, LifeCycle};
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::standard::EventSchema;
use crate::domain::time::timestamp::Timestamp;

/// Returns the families whose subjects may be used again, as a bit set: contacts, tickets of a
/// service hall and the survey answers about them.
pub(in crate::domain::cases) fn reusable_families(schema: &EventSchema) -> u64 {
    schema
        .families_with_life_cycle()
        .enumerate()
        .filter(|(_, (_, life_cycle))| {
            matches!(life_cycle, LifeCycle::Contact | LifeCycle::HallTicket | LifeCycle::Survey)
        })
        .fold(0, |families, (place, _)| families | 1 << place)
}

/// Returns true if an event of this type begins a contact or a ticket.
fn is_arrival(verb: EventVerb) -> bool {
    matches!(verb, EventVerb::Offered | EventVerb::Joined)
}

/// A case of a subject with all its observations.
struct SubjectHistory {
    case: SubjectCase,
    observations: Vec<Observation>,
}

fn event_ids(histories: &[SubjectHistory]) -> impl Iterator<Item = EventId> {
    histories.iter().flat_map(|history| &history.observations).map(|one| one.id)
}

impl Caseload {
    /// Returns the slot of the case that an event belongs to, unless the event begins another.
    #[inline]
    pub(super) fn find_or_add_case(&mut self, event: &Event, group: u32) -> u32 {
        let key = if self.reusable_families & 1 << event.kind.family.0 == 0 {
            event.case.0
        } else {
            self.reused.case_key_at(event.case.0, || {
                ObservationPlace::from(&Observation::new(event, group))
            })
        };
        self.cases.find_or_add(key, event.time)
    }

    /// Returns the time after the end of a case from which an arrival begins a new one.
    fn reuse_after_ms(&self, source: u8) -> i64 {
        let declared = usize::from(source).checked_sub(1);
        declared
            .and_then(|place| self.standard.sources.get(place)?.reuse_after_ms)
            .unwrap_or(self.standard.reuse_after_ms)
    }

    /// Returns true if an event of the case in `slot` can neither split the case nor change another
    /// of its subject.
    ///
    /// An event of an order or agent that replaces one of a contact is the exception; see
    /// [`Caseload::split_again`].
    #[inline]
    pub(super) fn is_usual(&self, slot: u32, event: &Event) -> bool {
        let cases = self.reused.cases_of(event.case.0);
        if self.reusable_families & 1 << event.kind.family.0 == 0 {
            return cases.is_empty() || !self.reused.is_known(event.case.0, event.id);
        }
        let record = self.cases.record(slot);
        let Some((first, last)) = record.time_range(&self.cases.overflow) else { return true };
        if event.time >= last && !is_arrival(event.kind.verb) && cases.is_empty() {
            return true;
        }
        self.is_usual_in(cases, slot, event, (first, last))
    }

    /// Returns the same as [`Caseload::is_usual`] for an arrival, a late event, or an event of a
    /// subject that was used again.
    #[inline(never)]
    fn is_usual_in(
        &self,
        cases: &[SubjectCase],
        slot: u32,
        event: &Event,
        (first, last): (Timestamp, Timestamp),
    ) -> bool {
        let reuse_after = self.reuse_after_ms(event.source);
        // An arrival at the time of the last event may come before it.
        if event.time < last || (event.time == last && is_arrival(event.kind.verb)) {
            return cases.is_empty() && last.millis_since(first.min(event.time)) <= reuse_after;
        }
        let is_latest_case =
            cases.last().is_none_or(|case| case.key == self.cases.record(slot).key());
        if !is_latest_case || self.reused.is_known(event.case.0, event.id) {
            return false;
        }
        !is_arrival(event.kind.verb)
            || self
                .last_event_time(&self.observations(slot))
                .is_none_or(|last| event.time.millis_since(last) <= reuse_after)
    }

    /// Returns the observations of the case in a slot, in order.
    pub(in crate::domain) fn observations(&self, slot: u32) -> Vec<Observation> {
        self.cases.record(slot).read_observations(
            HistoryPart::All,
            &self.cases.overflow,
            AllObservations,
        )
    }

    fn is_reusable(&self, observation: &Observation) -> bool {
        self.reusable_families & 1 << observation.kind.family.0 != 0
    }

    /// Returns true for an event of the contact or ticket itself. A survey answer is none, and does
    /// not prolong the contact.
    fn is_of_contact(&self, observation: &Observation) -> bool {
        self.is_reusable(observation)
            && self.standard.schema.life_cycle(observation.kind.family) != LifeCycle::Survey
    }

    fn last_event_time(&self, observations: &[Observation]) -> Option<Timestamp> {
        observations.iter().rfind(|one| self.is_of_contact(one)).map(|last| last.time)
    }

    /// Returns the remembered cases of a subject.
    fn cases_of_subject(&self, subject: u64) -> Vec<SubjectCase> {
        let cases = self.reused.cases_of(subject);
        if !cases.is_empty() {
            return cases.to_vec();
        }
        let first_of = |slot| self.observations(slot).first().map(ObservationPlace::from);
        let first = self.cases.find(subject).and_then(first_of);
        first.map(|first| SubjectCase { key: subject, first }).into_iter().collect()
    }

    /// Returns the observations of a case; empty if it is not remembered.
    fn observations_of(&self, case: &SubjectCase) -> Vec<Observation> {
        self.cases.find(case.key).map(|slot| self.observations(slot)).unwrap_or_default()
    }

    /// Merges an event that may split or join cases of its subject.
    #[cold]
    pub(super) fn merge_into_subject(&mut self, event: &Event, group: u32) -> MergeResult {
        let observation = Observation::new(event, group);
        let cases = self.cases_of_subject(event.case.0);
        let may_be_known = cases.len() < 2 || self.reused.is_known(event.case.0, event.id);
        let searched = if may_be_known { &cases[..] } else { &[] };
        let known = searched.iter().enumerate().find_map(|(place, case)| {
            let known = self.observations_of(case).into_iter().find(|one| one.id == event.id)?;
            Some((place, known))
        });
        // Events of orders and agents belong to the first case.
        let place = if self.is_reusable(&observation) {
            index_at(&cases, &ObservationPlace::from(&observation))
        } else {
            0
        };
        let reuse_after = self.reuse_after_ms(event.source);
        let (range, merged) = match known {
            None => {
                if let Some(merged) = self.merge_latest(&cases, &observation, reuse_after) {
                    return merged;
                }
                ((place, place + 1), MergeResult::New)
            }
            Some((known_place, known)) => {
                let is_duplicate = known == observation
                    || !observation.takes_precedence_over(&known, |one, other| {
                        self.groups.compare_attributes(one, other)
                    });
                if is_duplicate {
                    return MergeResult::Duplicate;
                }
                // Without its first observation, a case may join the one before.
                let first = place.min(known_place).saturating_sub(1);
                ((first, place.max(known_place) + 1), MergeResult::Replaced)
            }
        };
        let (end, parts) = self.split_cases(&cases, range, &observation, reuse_after);
        if parts.iter().any(|part| part.len() > OBSERVATIONS_PER_CASE_MAX) {
            return MergeResult::Full;
        }
        self.replace_cases(event.case.0, &cases, (range.0, end), parts);
        merged
    }

    /// Merges an observation that is later than all others of its subject and does not begin a new
    /// case. Returns `None` for any other observation.
    fn merge_latest(
        &mut self,
        cases: &[SubjectCase],
        new: &Observation,
        reuse_after: i64,
    ) -> Option<MergeResult> {
        let slot = self.cases.find(cases.last()?.key)?;
        let latest = self.observations(slot);
        let is_latest = latest.last().is_some_and(|last| last.compare_order(new).is_lt());
        let stays =
            is_latest && self.is_reusable(new) && !self.begins_case(&latest, new, reuse_after);
        stays.then(|| self.merge_observation(slot, new))
    }

    /// Splits the cases of a subject again after an event replaced another.
    #[cold]
    pub(super) fn split_again(&mut self, event: &Event, group: u32) {
        let cases = self.cases_of_subject(event.case.0);
        let (observation, reuse_after) =
            (Observation::new(event, group), self.reuse_after_ms(event.source));
        let (end, parts) = self.split_cases(&cases, (0, cases.len()), &observation, reuse_after);
        self.replace_cases(event.case.0, &cases, (0, end), parts);
    }

    /// Splits the observations of the cases in a range, together with a new one. Returns the parts
    /// and the end of the range, which grows until the case after it is surely apart.
    fn split_cases(
        &mut self,
        cases: &[SubjectCase],
        (first, end): (usize, usize),
        new: &Observation,
        reuse_after: i64,
    ) -> (usize, Vec<Vec<Observation>>) {
        let mut end = end.min(cases.len());
        let of_cases = |caseload: &Caseload, cases: &[SubjectCase]| -> Vec<Observation> {
            cases.iter().flat_map(|case| caseload.observations_of(case)).collect()
        };
        let mut all = of_cases(self, &cases[first..end]);
        all.retain(|known| known.id != new.id);
        all.push(*new);
        loop {
            all.sort_by(Observation::compare_order);
            let parts = self.split_observations(&all, reuse_after);
            let Some(next) = cases.get(end) else { return (end, parts) };
            let following = self.observations_of(next);
            let last = parts.last().map_or(&[][..], Vec::as_slice);
            if following.first().is_some_and(|next| self.begins_case(last, next, reuse_after)) {
                return (end, parts);
            }
            all.extend(following);
            end += 1;
        }
    }

    /// Splits the sorted observations of a subject into cases. Those of orders stay in the first.
    fn split_observations(
        &mut self,
        observations: &[Observation],
        reuse_after: i64,
    ) -> Vec<Vec<Observation>> {
        let (reusable, others): (Vec<Observation>, Vec<Observation>) =
            observations.iter().partition(|one| self.is_reusable(one));
        let mut parts: Vec<Vec<Observation>> = vec![Vec::new()];
        for one in reusable {
            let last = parts.last().map_or(&[][..], Vec::as_slice);
            if self.begins_case(last, &one, reuse_after) {
                parts.push(Vec::new());
            }
            parts.last_mut().expect("there is a first part").push(one);
        }
        if !others.is_empty() {
            parts[0].extend(others);
            parts[0].sort_by(Observation::compare_order);
        }
        parts
    }

    /// Returns true if an observation begins a new case after a case with these observations.
    fn begins_case(
        &mut self,
        before: &[Observation],
        next: &Observation,
        reuse_after: i64,
    ) -> bool {
        let Some(last) = self.last_event_time(before).filter(|_| is_arrival(next.kind.verb)) else {
            return false;
        };
        if next.time.millis_since(last) <= reuse_after {
            return false;
        }
        let contact: Vec<Observation> =
            before.iter().filter(|one| self.is_of_contact(one)).copied().collect();
        let mut facts = CaseFacts::default();
        let all_kinds = vec![true; self.derivation.used_kinds.len()];
        let context = DerivationContext {
            used_kinds: &all_kinds,
            committed_families: 0,
            ..self.derivation.context(&self.standard, next.time)
        };
        derive_facts::derive_facts_of(&contact, &context, &mut self.groups, &mut facts);
        // A state that expired is a fact at the time of its expiry.
        let times = facts.all.iter().map(|fact| fact.time);
        let times = times.chain(facts.legs.iter().map(|leg| leg.fact.time));
        let end = times.max().map_or(last, |time| time.max(last));
        !facts.open && next.time.millis_since(end) > reuse_after
    }

    /// Replaces the cases of a subject in a range by cases with these observations.
    fn replace_cases(
        &mut self,
        subject: u64,
        cases: &[SubjectCase],
        range: (usize, usize),
        parts: Vec<Vec<Observation>>,
    ) {
        let replaced = &cases[range.0..range.1];
        let keeps_subject_key =
            range.0 == 0 && cases.first().is_none_or(|case| case.key == subject);
        let histories = self.name_cases(subject, keeps_subject_key, parts);
        let name = replaced
            .iter()
            .filter_map(|case| self.cases.find(case.key))
            .find_map(|slot| CaseName::from_names(&self.case_names, slot));
        let is_unchanged = |caseload: &Caseload, history: &SubjectHistory| {
            caseload.observations_of(&history.case) == history.observations
        };
        let changed: Vec<&SubjectHistory> =
            histories.iter().filter(|history| !is_unchanged(self, history)).collect();
        for case in replaced {
            let stays = histories.iter().any(|history| history.case.key == case.key)
                && changed.iter().all(|history| history.case.key != case.key);
            if let Some(slot) = self.cases.find(case.key).filter(|_| !stays) {
                self.remove_case(slot);
            }
        }
        let new = histories.iter().map(|history| history.case).collect();
        self.reused.replace_cases(subject, range, new, event_ids(&histories));
        for SubjectHistory { case, observations } in changed {
            if let Some((slot, name)) = self.import_case(case.key, observations).zip(name.as_ref())
            {
                self.case_names.record_case_name(slot, (&name.source, &name.subject));
            }
        }
    }

    /// Gives the parts of a subject's history the keys of their cases. The first case has the key
    /// of the subject unless that case is forgotten.
    fn name_cases(
        &self,
        subject: u64,
        keeps_subject_key: bool,
        parts: Vec<Vec<Observation>>,
    ) -> Vec<SubjectHistory> {
        let histories = parts.into_iter().enumerate().filter_map(|(place, observations)| {
            let begin = observations.iter().find(|one| self.is_reusable(one));
            let first = ObservationPlace::from(begin.or(observations.first())?);
            let is_first = place == 0 && keeps_subject_key;
            let key = if is_first { subject } else { first.case_key(subject) };
            Some(SubjectHistory { case: SubjectCase { key, first }, observations })
        });
        histories.collect()
    }

    /// Adds all cases of a subject with their full histories, and records their name.
    pub(in crate::domain) fn import_subject(
        &mut self,
        (subject, keeps_subject_key): (u64, bool),
        observations: &[Observation],
        name: Option<(&str, &str)>,
    ) {
        let declared = &self.standard.schema.sources;
        let source = name.and_then(|(source, _)| declared.iter().position(|one| one == source));
        let reuse_after = self.reuse_after_ms(source.map_or(0, |place| place as u8 + 1));
        let parts = self.split_observations(observations, reuse_after);
        let histories = self.name_cases(subject, keeps_subject_key, parts);
        let cases = histories.iter().map(|history| history.case).collect();
        self.reused.replace_cases(subject, (0, 0), cases, event_ids(&histories));
        for SubjectHistory { case, observations } in &histories {
            if let Some((slot, name)) = self.import_case(case.key, observations).zip(name) {
                self.case_names.record_case_name(slot, name);
            }
        }
    }

    /// Adds a case with its full history and returns its slot; `None` if it is empty or past the
    /// horizon.
    fn import_case(&mut self, key: u64, observations: &[Observation]) -> Option<u32> {
        let first = observations.first()?;
        let slot = self.cases.find_or_add(key, first.time);
        let groups = &self.groups;
        for observation in observations {
            let (record, overflow) = self.cases.record_and_overflow_mut(slot);
            // Each observation was merged before, so none is rejected or a duplicate.
            record
                .merge(observation, overflow, |left, right| groups.compare_attributes(left, right));
        }
        self.before.clear();
        self.derive_facts(slot, false);
        self.count_case_difference(slot, false);
        (!self.forget_if_due(slot)).then_some(slot)
    }

    /// Retracts all facts of a case and removes it.
    fn remove_case(&mut self, slot: u32) {
        self.settle_case(slot);
        self.derive_facts(slot, true);
        self.after.clear();
        self.count_case_difference(slot, false);
        self.cases.remove_case(slot);
        self.case_names.forget_case(slot);
    }
}
