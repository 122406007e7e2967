//! Subjects that were used again, and the cases that each of them names.
//!
//! A subject usually names one case, whose key is the key of the subject. Sources with few numbers
//! use them again: ticket A001 of a hall is another customer's every morning. Such a subject has
//! several cases, each with a key of its own. Only these subjects are listed here.

use super::observation::Observation;
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::events::event::{self, EventId, EventType};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Place of an observation in the order of its subject's observations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ObservationPlace {
    time: Timestamp,
    sequence: u32,
    kind: EventType,
    id: EventId,
}

impl From<&Observation> for ObservationPlace {
    fn from(observation: &Observation) -> ObservationPlace {
        let Observation { time, sequence, kind, id, .. } = *observation;
        ObservationPlace { time, sequence, kind, id }
    }
}

impl ObservationPlace {
    /// Returns the time of the observation.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Returns the key of the case of a subject that begins here.
    #[must_use]
    pub fn case_key(&self, subject: u64) -> u64 {
        let verb = self.kind.verb as u8;
        let mut bytes = [0; 22];
        bytes[..8].copy_from_slice(&self.time.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[12..14].copy_from_slice(&[self.kind.family.0, verb]);
        bytes[14..].copy_from_slice(&self.id.0.to_le_bytes());
        xxh3_64_with_seed(&bytes, subject)
    }
}

/// A case of a subject that was used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectCase {
    /// Key of the case.
    #[serde(with = "event::hash")]
    pub key: u64,
    /// Its first observation.
    pub first: ObservationPlace,
}

/// Subjects that were used again, with their remembered cases in the order of time.
#[derive(Debug, Default)]
pub struct ReusedSubjects {
    cases: BTreeMap<u64, Vec<SubjectCase>>,
    /// Subject of each of these cases.
    subjects: BTreeMap<u64, u64>,
    /// Number of changes of the lists. Slots looked up before a change may be outdated.
    changes: u64,
    /// Number of cases begun because a subject was used again.
    begun: u64,
}

impl ReusedSubjects {
    /// Returns the remembered cases of a subject that was used again; empty for any other.
    #[must_use]
    pub fn cases_of(&self, subject: u64) -> &[SubjectCase] {
        if self.cases.is_empty() {
            return &[];
        }
        self.cases.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// Returns the subject of a case.
    #[must_use]
    pub fn subject_of(&self, key: u64) -> u64 {
        self.subjects.get(&key).copied().unwrap_or(key)
    }

    /// Returns the cases of the subject of a case; empty if this is the only one.
    #[must_use]
    pub fn cases_beside(&self, key: u64) -> &[SubjectCase] {
        self.subjects.get(&key).map_or(&[], |subject| self.cases_of(*subject))
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

    /// Replaces the cases of a subject from `first` to before `end` by `new`.
    pub fn replace_cases(
        &mut self,
        subject: u64,
        (first, end): (usize, usize),
        new: Vec<SubjectCase>,
    ) {
        self.changes += 1;
        self.begun += new.len().saturating_sub((end - first).max(1)) as u64;
        let mut cases = self.cases.remove(&subject).unwrap_or_default();
        for gone in cases.splice(first.min(cases.len())..end.min(cases.len()), new) {
            self.subjects.remove(&gone.key);
        }
        if cases.iter().any(|case| case.key != subject) {
            self.subjects.extend(cases.iter().map(|case| (case.key, subject)));
            self.cases.insert(subject, cases);
        } else {
            self.subjects.remove(&subject);
        }
    }

    /// Removes a forgotten case from the list of its subject, if it is in one.
    pub fn forget_case(&mut self, key: u64) {
        let Some(subject) = self.subjects.remove(&key) else { return };
        self.changes += 1;
        let Some(cases) = self.cases.get_mut(&subject) else { return };
        cases.retain(|case| case.key != key);
        if cases.iter().all(|case| case.key == subject) {
            self.subjects.remove(&subject);
            self.cases.remove(&subject);
        }
    }

    /// Returns the lists for a snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(u64, &[SubjectCase])> {
        self.cases.iter().map(|(subject, cases)| (*subject, cases.as_slice())).collect()
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
            if cases.iter().all(|case| case.key == subject)
                || !cases.is_sorted_by(|one, other| one.first < other.first)
                || cases.iter().any(|case| {
                    remembered.find(case.key).is_none()
                        || restored.subjects.insert(case.key, subject).is_some()
                })
                || restored.cases.insert(subject, cases).is_some()
            {
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
