//! Subjects that were used again, and the cases that each of them names.
//!
//! A subject usually names one case, whose key is the key of the subject. Sources with few numbers
//! use them again: ticket A001 of a hall is another customer's every morning. Such a subject has
//! several cases, each with a key of its own. Only these subjects are listed here.

use super::observation::ObservationPlace;
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::events::event::{self, EventId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A case of a subject that was used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectCase {
    /// Key of the case.
    #[serde(with = "event::hash")]
    pub key: u64,
    /// Its first observation.
    pub first: ObservationPlace,
}

impl SubjectCase {
    /// Returns the case of a subject that begins at `first`, with a key of its own.
    #[must_use]
    pub fn new(subject: u64, first: ObservationPlace) -> SubjectCase {
        let ObservationPlace { time, sequence, kind, id } = first;
        let mut bytes = [0; 22];
        bytes[..8].copy_from_slice(&time.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&sequence.to_le_bytes());
        bytes[12..14].copy_from_slice(&[kind.family.0, kind.verb as u8]);
        bytes[14..].copy_from_slice(&id.0.to_le_bytes());
        SubjectCase { key: xxh3_64_with_seed(&bytes, subject), first }
    }
}

/// Remembered cases of one subject.
#[derive(Debug, Default)]
struct SubjectCases {
    /// The cases in the order of time.
    cases: Vec<SubjectCase>,
    /// Ids of all their observations.
    ids: BTreeSet<EventId>,
}

/// Subjects that were used again, with their remembered cases.
#[derive(Debug, Default)]
pub struct ReusedSubjects {
    subjects: BTreeMap<u64, SubjectCases>,
    /// Subject of each of these cases.
    subject_of_case: BTreeMap<u64, u64>,
    /// Number of changes of the lists. Slots looked up before a change may be outdated.
    changes: u64,
    /// Number of cases begun because a subject was used again.
    begun: u64,
}

impl ReusedSubjects {
    /// Returns the remembered cases of a subject that was used again; empty for any other.
    #[must_use]
    pub fn cases_of(&self, subject: u64) -> &[SubjectCase] {
        if self.subjects.is_empty() {
            return &[];
        }
        self.subjects.get(&subject).map_or(&[], |known| known.cases.as_slice())
    }

    /// Returns true if a case of a subject that was used again has an observation with this id.
    #[must_use]
    pub fn is_known(&self, subject: u64, id: EventId) -> bool {
        self.subjects.get(&subject).is_some_and(|known| known.ids.contains(&id))
    }

    /// Records the id of an observation that was added to a case, if its subject was used again.
    pub fn record_id(&mut self, subject: u64, id: EventId) {
        if !self.subjects.is_empty()
            && let Some(known) = self.subjects.get_mut(&subject)
        {
            known.ids.insert(id);
        }
    }

    /// Returns the subject of a case.
    #[must_use]
    pub fn subject_of(&self, key: u64) -> u64 {
        self.subject_of_case.get(&key).copied().unwrap_or(key)
    }

    /// Returns the cases of the subject of a case; empty if this is the only one.
    #[must_use]
    pub fn cases_beside(&self, key: u64) -> &[SubjectCase] {
        self.subject_of_case.get(&key).map_or(&[], |subject| self.cases_of(*subject))
    }

    /// Returns the key of the case that an event at `place` belongs to, unless it begins another.
    #[inline]
    #[must_use]
    pub fn case_key_at(&self, subject: u64, place: impl FnOnce() -> ObservationPlace) -> u64 {
        let cases = self.cases_of(subject);
        if cases.is_empty() { subject } else { cases[index_at(cases, &place())].key }
    }

    /// Returns the number of changes so far.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Returns the number of cases begun so far because a subject was used again.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Replaces the cases of a subject from `first` to before `end` by `new`. `ids` are those of
    /// their observations.
    pub fn replace_cases(
        &mut self,
        subject: u64,
        (first, end): (usize, usize),
        new: Vec<SubjectCase>,
        ids: impl Iterator<Item = EventId>,
    ) {
        self.changes += 1;
        self.begun += new.len().saturating_sub((end - first).max(1)) as u64;
        let mut known = self.subjects.remove(&subject).unwrap_or_default();
        let keys: Vec<u64> = new.iter().map(|case| case.key).collect();
        let range = first.min(known.cases.len())..end.min(known.cases.len());
        for gone in known.cases.splice(range, new) {
            self.subject_of_case.remove(&gone.key);
        }
        if known.cases.iter().any(|case| case.key != subject) {
            self.subject_of_case.extend(keys.into_iter().map(|key| (key, subject)));
            known.ids.extend(ids);
            self.subjects.insert(subject, known);
        } else {
            self.subject_of_case.remove(&subject);
        }
    }

    /// Removes a forgotten case from the list of its subject. `ids` are those of its observations.
    pub fn forget_case(&mut self, key: u64, ids: impl Iterator<Item = EventId>) {
        let Some(subject) = self.subject_of_case.remove(&key) else { return };
        self.changes += 1;
        let Some(known) = self.subjects.get_mut(&subject) else { return };
        known.cases.retain(|case| case.key != key);
        for id in ids {
            known.ids.remove(&id);
        }
        if known.cases.iter().all(|case| case.key == subject) {
            self.subject_of_case.remove(&subject);
            self.subjects.remove(&subject);
        }
    }

    /// Returns the lists for a snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(u64, &[SubjectCase])> {
        let lists = self.subjects.iter();
        lists.map(|(subject, known)| (*subject, known.cases.as_slice())).collect()
    }

    /// Restores the lists of a snapshot.
    ///
    /// # Errors
    /// Returns a message if a list is not in order or has a case that is not remembered.
    pub fn restore(
        lists: Vec<(u64, Vec<SubjectCase>)>,
        remembered: &CaseTable,
    ) -> Result<ReusedSubjects, &'static str> {
        let mut restored = ReusedSubjects::default();
        for (subject, cases) in lists {
            let mut known = SubjectCases::default();
            let is_valid = cases.iter().any(|case| case.key != subject)
                && cases.is_sorted_by(|one, other| one.first < other.first)
                && cases.iter().all(|case| {
                    let slot = remembered.find(case.key);
                    let all = slot.into_iter().flat_map(|slot| remembered.observations(slot));
                    known.ids.extend(all.map(|one| one.id));
                    slot.is_some() && restored.subject_of_case.insert(case.key, subject).is_none()
                });
            known.cases = cases;
            if !is_valid || restored.subjects.insert(subject, known).is_some() {
                return Err("snapshot has an invalid list of cases with the same subject");
            }
        }
        Ok(restored)
    }
}

/// Returns the index of the last case that begins at or before `place`; 0 if all begin later.
#[must_use]
pub fn index_at(cases: &[SubjectCase], place: &ObservationPlace) -> usize {
    cases.partition_point(|case| case.first <= *place).saturating_sub(1)
}
