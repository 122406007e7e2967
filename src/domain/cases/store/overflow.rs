//! Overflow: histories that do not fit into a record, and digests of the long ones.

use crate::domain::cases::observation::Observation;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::cases::store::case_summary::CaseSummary;
use crate::domain::events::event::{AgentState, EventDetail, EventId, EventType};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Observation in the overflow. Most come from agents and carry only a state, without an
/// allocation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Observation", into = "Observation")]
pub struct OverflowObservation {
    time: Timestamp,
    /// Identity of the event.
    pub(in crate::domain) id: EventId,
    group: u32,
    sequence: u32,
    kind: EventType,
    /// New state of an agent.
    pub state: Option<AgentState>,
    /// Further data of the event; `None` if it has none.
    other_detail: Option<Box<EventDetail>>,
}

impl From<Observation> for OverflowObservation {
    fn from(observation: Observation) -> OverflowObservation {
        let Observation { time, sequence, kind, id, group, detail } = observation;
        let rest = EventDetail { agent_state: None, ..detail };
        let other_detail = if rest.is_empty() { None } else { Some(Box::new(rest)) };
        OverflowObservation {
            time,
            id,
            group,
            sequence,
            kind,
            state: detail.agent_state,
            other_detail,
        }
    }
}

impl From<OverflowObservation> for Observation {
    fn from(observation: OverflowObservation) -> Observation {
        observation.to_observation()
    }
}

impl OverflowObservation {
    /// Returns the observation as it was merged.
    #[inline]
    #[must_use]
    pub fn to_observation(&self) -> Observation {
        let OverflowObservation { time, id, group, sequence, kind, state, ref other_detail } =
            *self;
        let rest = other_detail.as_deref().copied().unwrap_or_default();
        Observation {
            time,
            sequence,
            kind,
            id,
            group,
            detail: EventDetail { agent_state: state, ..rest },
        }
    }
}

/// Histories that do not fit into a record.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct CaseOverflow {
    histories: Vec<Vec<OverflowObservation>>,
    free: Vec<u32>,
    /// Digest per history; `None` until one is computed, as after a restart.
    #[serde(skip)]
    digests: Vec<Option<Box<HistoryDigest>>>,
}

/// Digest of a long history, which saves a scan when an observation is appended.
#[derive(Clone, Debug)]
pub struct HistoryDigest {
    /// Summary of all observations.
    pub summary: CaseSummary,
    ids: Vec<EventId>,
}

impl HistoryDigest {
    /// Returns true if the history has an observation with this id.
    #[must_use]
    pub fn contains_id(&self, id: EventId) -> bool {
        // No early exit, so that the compiler can vectorize the comparison.
        self.ids.iter().fold(false, |found, known| found | (*known == id))
    }
}

impl CaseOverflow {
    /// Returns an overflow with these histories, some of which are free.
    #[must_use]
    pub fn from_parts(histories: Vec<Vec<OverflowObservation>>, free: Vec<u32>) -> CaseOverflow {
        CaseOverflow { histories, free, digests: Vec::new() }
    }

    /// Returns the history at an index with its digest; `None` if either is missing.
    #[must_use]
    pub fn history_with_digest(
        &self,
        place: Option<u32>,
    ) -> Option<(&[OverflowObservation], &HistoryDigest)> {
        let place = place? as usize;
        Some((self.histories.get(place)?, self.digests.get(place)?.as_deref()?))
    }

    /// Reads from the end of a case's history to prefetch it. Returns 0 without an index.
    #[must_use]
    pub fn prefetch(&self, place: Option<u32>) -> u64 {
        let Some(place) = place.map(|place| place as usize) else { return 0 };
        let last = self.histories[place].last().map_or(0, |last| last.id.0);
        last ^ self
            .digests
            .get(place)
            .and_then(Option::as_ref)
            .and_then(|digest| digest.ids.last())
            .map_or(0, |id| id.0)
    }

    /// Computes and stores the digest of a history with its summary. Does nothing without an index.
    pub fn set_digest(&mut self, place: Option<u32>, summary: CaseSummary) {
        let Some(place) = place.map(|place| place as usize) else { return };
        if self.digests.len() <= place {
            self.digests.resize(place + 1, None);
        }
        let ids = self.histories[place].iter().map(|one| one.id).collect();
        self.digests[place] = Some(Box::new(HistoryDigest { summary, ids }));
    }

    /// Appends an observation that is new and comes last. `summary` includes it.
    ///
    /// [`CaseOverflow::history_with_digest`] gives the caller the data to check both conditions.
    pub fn append_observation(
        &mut self,
        place: Option<u32>,
        new: &Observation,
        summary: CaseSummary,
    ) {
        let Some(place) = place.map(|place| place as usize) else { return };
        self.histories[place].push(OverflowObservation::from(*new));
        if let Some(Some(digest)) = self.digests.get_mut(place) {
            digest.summary = summary;
            digest.ids.push(new.id);
        }
    }

    /// Returns the history at an index.
    pub(in crate::domain) fn history(&self, place: u32) -> &[OverflowObservation] {
        &self.histories[place as usize]
    }

    /// Stores a history and returns its index.
    pub(in crate::domain) fn insert_history(&mut self, list: Vec<OverflowObservation>) -> u32 {
        match self.free.pop() {
            Some(place) => {
                *self.history_mut(place) = list;
                place
            }
            None => {
                self.histories.push(list);
                self.histories.len() as u32 - 1
            }
        }
    }

    /// Removes the history at an index and frees the index.
    pub(in crate::domain) fn remove_history(&mut self, place: u32) {
        *self.history_mut(place) = Vec::new();
        self.free.push(place);
    }

    /// Returns the history at an index for modification, and drops its digest.
    pub(in crate::domain) fn history_mut(&mut self, place: u32) -> &mut Vec<OverflowObservation> {
        if let Some(digest) = self.digests.get_mut(place as usize) {
            *digest = None;
        }
        &mut self.histories[place as usize]
    }

    /// Returns true if histories from a snapshot are within the bounds and in order.
    ///
    /// `places` are the indexes that the cases refer to. Each history must belong to exactly one
    /// case.
    #[must_use]
    pub fn is_valid(&self, places: impl Iterator<Item = u32>, bounds: &SnapshotBounds) -> bool {
        let mut used = vec![false; self.histories.len()];
        let mut is_first_use = |place: u32| {
            used.get_mut(place as usize).is_some_and(|used| !std::mem::replace(used, true))
        };
        let in_order = |list: &Vec<OverflowObservation>| {
            list.is_sorted_by(|one, other| {
                one.to_observation().compare_order(&other.to_observation()).is_lt()
            })
        };
        places
            .into_iter()
            .all(|place| is_first_use(place) && !self.histories[place as usize].is_empty())
            && self
                .free
                .iter()
                .all(|place| is_first_use(*place) && self.histories[*place as usize].is_empty())
            && self.histories.iter().all(|list| {
                in_order(list) && list.iter().all(|one| one.to_observation().is_valid(bounds))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_observation_takes_40_bytes() {
        assert_eq!((size_of::<OverflowObservation>(), size_of::<Observation>()), (40, 96));
    }
}
