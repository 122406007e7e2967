//! The histories that do not fit into a record, and what is known of the long ones.

use crate::domain::cases::observation::Observation;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::cases::store::case_summary::CaseSummary;
use crate::domain::events::event::{AgentState, EventDetail, EventId, EventType};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// An observation as it is kept here. Most are of agents, who say nothing but what they do now: those need no room for the rest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Observation", into = "Observation")]
pub struct OverflowObservation {
    time: Timestamp,
    /// Which event it was.
    pub(in crate::domain) id: EventId,
    group: u32,
    sequence: u32,
    kind: EventType,
    /// An agent's new state.
    pub state: Option<AgentState>,
    /// What else it said, if it did.
    other_detail: Option<Box<EventDetail>>,
}

impl From<Observation> for OverflowObservation {
    fn from(observation: Observation) -> OverflowObservation {
        let Observation { time, sequence, kind, id, group, detail } = observation;
        let rest = EventDetail { agent_state: None, ..detail };
        let more = if rest.is_empty() { None } else { Some(Box::new(rest)) };
        OverflowObservation {
            time,
            id,
            group,
            sequence,
            kind,
            state: detail.agent_state,
            other_detail: more,
        }
    }
}

impl From<OverflowObservation> for Observation {
    fn from(spilled: OverflowObservation) -> Observation {
        spilled.to_observation()
    }
}

impl OverflowObservation {
    /// The observation as it was merged.
    #[inline]
    #[must_use]
    pub fn to_observation(&self) -> Observation {
        let OverflowObservation { time, id, group, sequence, kind, state, other_detail: ref more } =
            *self;
        let rest = more.as_deref().copied().unwrap_or_default();
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

/// The histories that do not fit into a record.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct CaseOverflow {
    histories: Vec<Vec<OverflowObservation>>,
    free: Vec<u32>,
    /// By list, what is known of it without looking at all of it; nothing of those that were read.
    #[serde(skip)]
    digests: Vec<Option<Box<HistoryDigest>>>,
}

/// What is known of a long history, so that another observation at its end costs no look at all of it.
#[derive(Clone, Debug)]
pub struct HistoryDigest {
    /// What the observations say together.
    pub summary: CaseSummary,
    ids: Vec<EventId>,
}

impl HistoryDigest {
    /// Whether there is an observation with this id.
    #[must_use]
    pub fn contains_id(&self, id: EventId) -> bool {
        // Without an early end, so that several are compared at once.
        self.ids.iter().fold(false, |known, own| known | (*own == id))
    }
}

impl CaseOverflow {
    /// The history of a case that has one here, with what is known of it as a whole.
    #[must_use]
    pub fn history_with_digest(
        &self,
        place: Option<u32>,
    ) -> Option<(&[OverflowObservation], &HistoryDigest)> {
        let place = place? as usize;
        Some((self.histories.get(place)?, self.digests.get(place)?.as_deref()?))
    }

    /// Reads from the end of a case's history, if it is here, for the memory's sake alone.
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

    /// Remembers what the observations of a case say together, if its history is here.
    pub fn set_digest(&mut self, place: Option<u32>, said: CaseSummary) {
        let Some(place) = place.map(|place| place as usize) else { return };
        if self.digests.len() <= place {
            self.digests.resize(place + 1, None);
        }
        let ids = self.histories[place].iter().map(|one| one.id).collect();
        self.digests[place] = Some(Box::new(HistoryDigest { summary: said, ids }));
    }

    /// Adds an observation of which [`Spill::long`] has shown that it is new and comes last; `said` is what is said with it.
    pub fn append_observation(&mut self, place: Option<u32>, new: &Observation, said: CaseSummary) {
        let Some(place) = place.map(|place| place as usize) else { return };
        self.histories[place].push(OverflowObservation::from(*new));
        if let Some(Some(digest)) = self.digests.get_mut(place) {
            digest.summary = said;
            digest.ids.push(new.id);
        }
    }

    /// The history at a place.
    pub(in crate::domain) fn history(&self, place: u32) -> &[OverflowObservation] {
        &self.histories[place as usize]
    }

    /// Takes a history in; its place.
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

    /// Forgets the history at a place, which will be used again.
    pub(in crate::domain) fn remove_history(&mut self, place: u32) {
        *self.history_mut(place) = Vec::new();
        self.free.push(place);
    }

    /// The history at a place, to change: then what was known of it holds no longer.
    pub(in crate::domain) fn history_mut(&mut self, place: u32) -> &mut Vec<OverflowObservation> {
        if let Some(digest) = self.digests.get_mut(place as usize) {
            *digest = None;
        }
        &mut self.histories[place as usize]
    }

    /// Whether histories that were read speak only of what there is, in order, and each belongs to one case: `places` are
    /// those that the cases name.
    #[must_use]
    pub fn is_valid(&self, places: impl Iterator<Item = u32>, bounds: &SnapshotBounds) -> bool {
        let mut used = vec![false; self.histories.len()];
        let mut once = |place: u32| {
            used.get_mut(place as usize).is_some_and(|used| !std::mem::replace(used, true))
        };
        let in_order = |list: &Vec<OverflowObservation>| {
            list.is_sorted_by(|one, other| {
                one.to_observation().compare_order(&other.to_observation()).is_lt()
            })
        };
        places.into_iter().all(|place| once(place) && !self.histories[place as usize].is_empty())
            && self
                .free
                .iter()
                .all(|place| once(*place) && self.histories[*place as usize].is_empty())
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
