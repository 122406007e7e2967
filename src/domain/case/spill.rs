//! The histories that do not fit into a record, and what is known of the long ones.

use super::Said;
use super::observation::Observation;
use crate::domain::bounds::Bounds;
use crate::domain::event::{AgentState, Detail, EventId, EventType};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An observation as it is kept here. Most are of agents, who say nothing but what they do now: those need no room for the rest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Observation", into = "Observation")]
pub struct Spilled {
    time: Timestamp,
    /// Which event it was.
    pub(super) id: EventId,
    group: u32,
    sequence: u32,
    kind: EventType,
    /// An agent's new state.
    pub state: Option<AgentState>,
    /// What else it said, if it did.
    more: Option<Box<Detail>>,
}

impl From<Observation> for Spilled {
    fn from(observation: Observation) -> Spilled {
        let Observation { time, sequence, kind, id, group, detail } = observation;
        let rest = Detail { agent_state: None, ..detail };
        let more = if rest.is_empty() { None } else { Some(Box::new(rest)) };
        Spilled { time, id, group, sequence, kind, state: detail.agent_state, more }
    }
}

impl From<Spilled> for Observation {
    fn from(spilled: Spilled) -> Observation {
        spilled.read()
    }
}

impl Spilled {
    /// The observation as it was merged.
    #[inline]
    #[must_use]
    pub fn read(&self) -> Observation {
        let Spilled { time, id, group, sequence, kind, state, ref more } = *self;
        let rest = more.as_deref().copied().unwrap_or_default();
        Observation { time, sequence, kind, id, group, detail: Detail { agent_state: state, ..rest } }
    }
}

/// The histories that do not fit into a record.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Spill {
    lists: Vec<Vec<Spilled>>,
    free: Vec<u32>,
    /// By list, what is known of it without looking at all of it; nothing of those that were read.
    #[serde(skip)]
    digests: Vec<Option<Box<Digest>>>,
}

/// What is known of a long history, so that another observation at its end costs no look at all of it.
#[derive(Clone, Debug)]
pub struct Digest {
    /// What the observations say together.
    pub said: Said,
    ids: Vec<EventId>,
}

impl Digest {
    /// Whether there is an observation with this id.
    #[must_use]
    pub fn knows(&self, id: EventId) -> bool {
        // Without an early end, so that several are compared at once.
        self.ids.iter().fold(false, |known, own| known | (*own == id))
    }
}

impl Spill {
    /// The history of a case that has one here, with what is known of it as a whole.
    #[must_use]
    pub fn long(&self, place: Option<u32>) -> Option<(&[Spilled], &Digest)> {
        let place = place? as usize;
        Some((self.lists.get(place)?, self.digests.get(place)?.as_deref()?))
    }

    /// Reads from the end of a case's history, if it is here, for the memory's sake alone.
    #[must_use]
    pub fn touch(&self, place: Option<u32>) -> u64 {
        let Some(place) = place.map(|place| place as usize) else { return 0 };
        let last = self.lists[place].last().map_or(0, |last| last.id.0);
        last ^ self.digests.get(place).and_then(Option::as_ref).and_then(|digest| digest.ids.last()).map_or(0, |id| id.0)
    }

    /// Remembers what the observations of a case say together, if its history is here.
    pub fn digest(&mut self, place: Option<u32>, said: Said) {
        let Some(place) = place.map(|place| place as usize) else { return };
        if self.digests.len() <= place {
            self.digests.resize(place + 1, None);
        }
        let ids = self.lists[place].iter().map(|one| one.id).collect();
        self.digests[place] = Some(Box::new(Digest { said, ids }));
    }

    /// Adds an observation of which [`Spill::long`] has shown that it is new and comes last; `said` is what is said with it.
    pub fn append(&mut self, place: Option<u32>, new: &Observation, said: Said) {
        let Some(place) = place.map(|place| place as usize) else { return };
        self.lists[place].push(Spilled::from(*new));
        if let Some(Some(digest)) = self.digests.get_mut(place) {
            digest.said = said;
            digest.ids.push(new.id);
        }
    }

    /// The history at a place.
    pub(super) fn get(&self, place: u32) -> &[Spilled] {
        &self.lists[place as usize]
    }

    /// Takes a history in; its place.
    pub(super) fn take_in(&mut self, list: Vec<Spilled>) -> u32 {
        match self.free.pop() {
            Some(place) => {
                *self.list(place) = list;
                place
            }
            None => {
                self.lists.push(list);
                self.lists.len() as u32 - 1
            }
        }
    }

    /// Forgets the history at a place, which will be used again.
    pub(super) fn give_up(&mut self, place: u32) {
        *self.list(place) = Vec::new();
        self.free.push(place);
    }

    /// The history at a place, to change: then what was known of it holds no longer.
    pub(super) fn list(&mut self, place: u32) -> &mut Vec<Spilled> {
        if let Some(digest) = self.digests.get_mut(place as usize) {
            *digest = None;
        }
        &mut self.lists[place as usize]
    }

    /// Whether histories that were read speak only of what there is, in order, and each belongs to one case: `places` are
    /// those that the cases name.
    #[must_use]
    pub fn is_sound(&self, places: impl Iterator<Item = u32>, bounds: &Bounds) -> bool {
        let mut used = vec![false; self.lists.len()];
        let mut once = |place: u32| used.get_mut(place as usize).is_some_and(|used| !std::mem::replace(used, true));
        let in_order = |list: &Vec<Spilled>| list.is_sorted_by(|one, other| one.read().order(&other.read()).is_lt());
        places.into_iter().all(|place| once(place) && !self.lists[place as usize].is_empty())
            && self.free.iter().all(|place| once(*place) && self.lists[*place as usize].is_empty())
            && self.lists.iter().all(|list| in_order(list) && list.iter().all(|one| one.read().is_sound(bounds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_agent_does_takes_little_room() {
        assert_eq!((size_of::<Spilled>(), size_of::<Observation>()), (40, 96));
    }
}
