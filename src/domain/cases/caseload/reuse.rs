//! Subjects that are used again: where the events of a subject are split into cases.
//!
//! A subject's contact or ticket ends with its last event, or when its state expires. An arrival
//! later than `reuse_after` after that end begins a new case. An earlier one is the next leg of the
//! contact. An open case is never split, and orders are never split: an export repeats `opened`.
//!
//! The split is a function of the times of all events of the subject. An event that comes late may
//! therefore join or split the cases around it. Then these cases are counted again as a whole.
//! Most events cannot change the split; [`Caseload::keeps_split`] finds them.

use crate::domain::cases::case_names::CaseName;
use crate::domain::cases::caseload::Caseload;
use crate::domain::cases::context::DerivationContext;
use crate::domain::cases::derive_facts;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::reused_subjects::{SubjectCase, index_at};
use crate::domain::cases::store::case_record::{MergeResult, OBSERVATIONS_PER_CASE_MAX};
use crate::domain::events::event::{CaseFamily, Event, EventId, EventVerb, LifeCycle};
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::time::timestamp::Timestamp;

/// Life cycles whose subjects may be used again. Survey answers are about a contact or ticket.
pub(super) const REUSABLE: [LifeCycle; 3] =
    [LifeCycle::Contact, LifeCycle::HallTicket, LifeCycle::Survey];

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
        let key = if self.is_reusable(event.kind.family) {
            self.reused.case_key_at(event.case.0, || Observation::new(event, group).place())
        } else {
            event.case.0
        };
        self.cases.find_or_add(key, event.time)
    }

    /// Merges an event into the case in `slot`, or into another case of its subject.
    #[inline]
    pub(super) fn merge_event(&mut self, slot: u32, event: &Event, group: u32) -> MergeResult {
        let merged = if self.keeps_split(slot, event) {
            let merged = self.merge_observation(slot, &Observation::new(event, group));
            if merged == MergeResult::Replaced {
                self.split_again(event, group);
            }
            merged
        } else {
            self.merge_into_subject(event, group)
        };
        self.reused.record_id(event.case.0, event.id);
        merged
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
    fn keeps_split(&self, slot: u32, event: &Event) -> bool {
        let cases = self.reused.cases_of(event.case.0);
        if !self.is_reusable(event.kind.family) {
            return cases.is_empty() || !self.reused.is_known(event.case.0, event.id);
        }
        let record = self.cases.record(slot);
        let Some((first, last)) = record.time_range(&self.cases.overflow) else { return true };
        if event.time >= last && !is_arrival(event.kind.verb) && cases.is_empty() {
            return true;
        }
        self.keeps_split_of_subject(cases, slot, event, (first, last))
    }

    /// Returns the same as [`Caseload::keeps_split`] for an arrival, a late event, or an event of a
    /// subject that was used again.
    #[inline(never)]
    fn keeps_split_of_subject(
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
                .last_event_time(&self.cases.observations(slot))
                .is_none_or(|last| event.time.millis_since(last) <= reuse_after)
    }

    fn is_reusable(&self, family: CaseFamily) -> bool {
        self.reusable_families & 1 << family.0 != 0
    }

    /// Returns true for an event of the contact or ticket itself. A survey answer is none, and does
    /// not prolong the contact.
    fn is_of_contact(&self, observation: &Observation) -> bool {
        self.is_reusable(observation.kind.family)
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
        let first_of = |slot| self.cases.observations(slot).first().map(Observation::place);
        let first = self.cases.find(subject).and_then(first_of);
        first.map(|first| SubjectCase { key: subject, first }).into_iter().collect()
    }

    /// Returns the observations of a case; empty if it is not remembered.
    fn observations_of(&self, case: &SubjectCase) -> Vec<Observation> {
        let slot = self.cases.find(case.key);
        slot.map(|slot| self.cases.observations(slot)).unwrap_or_default()
    }

    /// Merges an event that may split or join cases of its subject.
    #[cold]
    fn merge_into_subject(&mut self, event: &Event, group: u32) -> MergeResult {
        let observation = Observation::new(event, group);
        let cases = self.cases_of_subject(event.case.0);
        let may_be_known = cases.len() < 2 || self.reused.is_known(event.case.0, event.id);
        let searched = if may_be_known { &cases[..] } else { &[] };
        let known = searched.iter().enumerate().find_map(|(place, case)| {
            let known = self.observations_of(case).into_iter().find(|one| one.id == event.id)?;
            Some((place, known))
        });
        // Events of orders and agents belong to the first case.
        let place = if self.is_reusable(observation.kind.family) {
            index_at(&cases, &observation.place())
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
        let latest = self.cases.observations(slot);
        let is_latest = latest.last().is_some_and(|last| last.compare_order(new).is_lt());
        let stays = is_latest
            && self.is_reusable(new.kind.family)
            && !self.begins_case(&latest, new, reuse_after);
        stays.then(|| self.merge_observation(slot, new))
    }

    /// Splits the cases of a subject again after an event replaced another.
    #[cold]
    fn split_again(&mut self, event: &Event, group: u32) {
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
            observations.iter().partition(|one| self.is_reusable(one.kind.family));
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
        let times = times.chain(facts.placed.iter().map(|placed| placed.fact.time));
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
        let name = name.as_ref().map(|name| (&*name.source, &*name.subject));
        changed.into_iter().for_each(|history| self.import_case(history, name));
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
            let begin = observations.iter().find(|one| self.is_reusable(one.kind.family));
            let first = begin.or(observations.first())?.place();
            let case = if place == 0 && keeps_subject_key {
                SubjectCase { key: subject, first }
            } else {
                SubjectCase::new(subject, first)
            };
            Some(SubjectHistory { case, observations })
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
        let source = name.map_or(0, |(source, _)| self.standard.schema.source_number(source));
        let reuse_after = self.reuse_after_ms(source);
        let parts = self.split_observations(observations, reuse_after);
        let histories = self.name_cases(subject, keeps_subject_key, parts);
        let cases = histories.iter().map(|history| history.case).collect();
        self.reused.replace_cases(subject, (0, 0), cases, event_ids(&histories));
        histories.iter().for_each(|history| self.import_case(history, name));
    }

    /// Adds a case with its full history and its name, unless it is past the horizon.
    fn import_case(
        &mut self,
        SubjectHistory { case, observations }: &SubjectHistory,
        name: Option<(&str, &str)>,
    ) {
        let slot = self.cases.find_or_add(case.key, case.first.time);
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
        let is_forgotten = self.forget_if_due(slot);
        if let Some(name) = name.filter(|_| !is_forgotten) {
            self.case_names.record_case_name(slot, name);
        }
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
