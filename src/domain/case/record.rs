//! A case in one record of two cache lines, the same form open or closed: up to four observations inline, any number spilled.
//!
//! The inline form is an encoding, not a summary: every observation is read back exactly as it was merged. What does not
//! fit (a fifth observation, two different due times, an offset of more than 49 days ...) moves the case to the spill, so
//! nothing above this file knows that there are two forms.

mod merge;

use super::observation::Observation;
use super::spill::Spill;
use super::{Context, Said};
use crate::domain::bounds::Bounds;
use crate::domain::event::{self, Customer, Detail, EventId, EventType, Family, Millis, Moment, Verb, Word};
use crate::domain::group::Groups;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU8, NonZeroU64};

const INLINE: usize = 4;

/// What an inline observation says beyond time, type and group: a bit each.
mod says {
    pub(super) const CUSTOMER: u8 = 1;
    pub(super) const TOPIC: u8 = 2;
    pub(super) const DUE: u8 = 4;
    pub(super) const WAIT: u8 = 8;
    pub(super) const TALK: u8 = 16;
    pub(super) const WRAPUP: u8 = 32;
    pub(super) const ANSWER: u8 = 64;
    pub(super) const WORD: u8 = 128;
    pub(super) const AMOUNT: u8 = WAIT | TALK | WRAPUP | ANSWER;
}

/// The merged history of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub struct Record {
    #[serde(with = "event::hash")]
    key: u64,
    base: Timestamp,
    #[serde(with = "event::hash")]
    customer: u64,
    ids: [EventId; INLINE],
    offsets: [u32; INLINE],
    groups: [u32; INLINE],
    kinds: [EventType; INLINE],
    said: [u8; INLINE],
    due: u32,
    amount: u32,
    topic: u32,
    word: u32,
    /// The case's place among the spilled ones plus one; 0 while it is inline.
    spill: u32,
    len: u8,
    used: u8,
    /// Whether the case is open, as it was last told.
    open: bool,
    /// How many of the observations are counted: the first ones. Those of spilled cases all are.
    #[serde(skip)]
    counted: u8,
}

/// Which observations of a case are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All of them.
    All,
    /// Those that are counted: what the sums know of the case.
    Counted,
}

/// What became of an observation offered to a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Merged {
    /// It is part of the history now.
    New,
    /// The case knew it.
    Duplicate,
    /// The case knew the id with another content, and this one holds.
    Replaced,
    /// The case has as many observations as a case may have.
    Full,
}

/// The most observations a case remembers; further ones are rejected. What an agent did is one case for as long as somebody
/// may correct it, so it takes more.
pub const OBSERVATIONS: usize = 16_384;

impl Record {
    /// A case without observations.
    #[must_use]
    pub fn new(key: u64, base: Timestamp) -> Record {
        let nothing = EventType { family: Family::CALL, verb: Verb::Offered };
        Record {
            key,
            base,
            customer: 0,
            ids: [EventId(0); INLINE],
            offsets: [0; INLINE],
            groups: [0; INLINE],
            kinds: [nothing; INLINE],
            said: [0; INLINE],
            due: 0,
            amount: 0,
            topic: 0,
            word: 0,
            spill: 0,
            len: 0,
            used: 0,
            open: false,
            counted: 0,
        }
    }

    /// The hash of source and subject.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Reads from both ends of the record, for the memory's sake alone.
    #[must_use]
    pub fn touch(&self) -> u64 {
        self.ids[0].0 ^ u64::from(self.len) ^ self.key
    }

    /// Whether the case is open, as it was last told.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Remembers that all observations are counted, and whether they say that the case is open.
    pub fn settle(&mut self, open: bool) {
        self.open = open;
        self.counted = self.len;
    }

    /// Whether all observations are counted.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.counted == self.len
    }

    /// How many inline observations belong to a part.
    fn inlined(&self, part: Part) -> usize {
        usize::from(if part == Part::Counted { self.counted } else { self.len })
    }

    /// Whether there are no observations in a part.
    #[must_use]
    pub fn is_empty(&self, part: Part) -> bool {
        self.inlined(part) == 0 && self.spill == 0
    }

    /// Calls `read` with the observations of a part in their order.
    #[inline]
    pub fn read<R>(&self, part: Part, spill: &Spill, read: impl Reader<R>) -> R {
        match self.spill.checked_sub(1) {
            Some(place) => read.read(spill.get(place).iter().copied()),
            None => read.read((0..self.inlined(part)).map(|place| self.inline(place))),
        }
    }

    /// What the observations of a part say together.
    #[inline]
    pub fn said(&self, part: Part, spill: &Spill, context: &Context<'_>, groups: &mut Groups) -> Said {
        let mut said = Said::default();
        if let Some(place) = self.spill.checked_sub(1) {
            spill.get(place).iter().for_each(|one| said.hear(one, context, groups));
            return said;
        }
        let mut used = 0;
        for place in 0..self.inlined(part) {
            said.belong(self.kinds[place].family, self.groups[place], context, groups);
            said.last = Timestamp(self.base.0 + i64::from(self.offsets[place]));
            used |= self.said[place];
        }
        // What several of them say is the same.
        if used != 0 {
            said.learn(&self.detail(used));
        }
        said
    }

    // Always: nearly nothing of an observation is needed, and what is not, need not be put together.
    #[inline(always)]
    fn inline(&self, place: usize) -> Observation {
        Observation {
            time: Timestamp(self.base.0 + i64::from(self.offsets[place])),
            sequence: 0,
            kind: self.kinds[place],
            id: self.ids[place],
            group: self.groups[place],
            detail: self.detail(self.said[place]),
        }
    }

    #[inline(always)]
    fn detail(&self, said: u8) -> Detail {
        let says = |bit: u8| said & bit != 0;
        let amount = |bit: u8| if says(bit) { Millis::new(i64::from(self.amount)) } else { None };
        Detail {
            customer: if says(says::CUSTOMER) { NonZeroU64::new(self.customer).map(Customer) } else { None },
            due: if says(says::DUE) { Moment::new(Timestamp(self.base.0 + i64::from(self.due))) } else { None },
            wait: amount(says::WAIT),
            talk: amount(says::TALK),
            wrapup: amount(says::WRAPUP),
            topic: if says(says::TOPIC) { Word::from_number(self.topic) } else { None },
            word: if says(says::WORD) { Word::from_number(self.word) } else { None },
            answer: if says(says::ANSWER) { NonZeroU8::new(self.amount as u8) } else { None },
            ..Detail::default()
        }
    }

    /// Takes out the observations of an agent before `cutoff` that nothing can correct any more: all but those of the state that
    /// lasted then. Gives them back, in their order.
    pub fn trim(&mut self, spill: &mut Spill, cutoff: Timestamp) -> Vec<Observation> {
        let Some(place) = self.spill.checked_sub(1) else { return Vec::new() };
        let list = spill.list(place);
        let mut keep = list.partition_point(|one| one.time < cutoff).saturating_sub(1);
        while keep > 0 && list[keep - 1].detail.agent_state == list[keep].detail.agent_state {
            keep -= 1;
        }
        list.drain(..keep).collect()
    }

    /// Puts observations back that [`Record::trim`] took out.
    pub fn untrim(&mut self, spill: &mut Spill, trimmed: Vec<Observation>) {
        if let Some(place) = self.spill.checked_sub(1) {
            spill.list(place).splice(..0, trimmed);
        }
    }

    /// How many observations there are.
    #[must_use]
    pub fn len(&self, spill: &Spill) -> usize {
        self.spill.checked_sub(1).map_or(usize::from(self.len), |place| spill.get(place).len())
    }

    /// Whether a record that was read speaks only of what there is, and of what has happened, in order. What it says in the
    /// spill is no matter of its own: see [`Spill::is_sound`].
    #[must_use]
    pub fn is_sound(&self, bounds: &Bounds) -> bool {
        let len = usize::from(self.len);
        if len > INLINE || (len > 0 && self.spill != 0) {
            return false;
        }
        (0..len).all(|place| {
            bounds.has_happened(self.base.plus(i64::from(self.offsets[place])))
                && bounds.has_type(self.kinds[place])
                && bounds.has_group(self.groups[place])
        }) && self.base.checked().is_some()
            && self.base.plus(i64::from(self.due)).checked().is_some()
            && self.offsets[..len].is_sorted()
    }

    /// The case's place in the spill; none while it is inline.
    #[must_use]
    pub fn spill(&self) -> Option<u32> {
        self.spill.checked_sub(1)
    }

    /// Gives up the case's place in the spill.
    pub fn release(&mut self, spill: &mut Spill) {
        if let Some(place) = self.spill.checked_sub(1) {
            spill.give_up(place);
        }
        self.spill = 0;
        (self.len, self.counted) = (0, 0);
    }
}

/// Something that reads a case's observations in their order, whichever form the case has.
pub trait Reader<R> {
    /// Reads them.
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) -> R;
}

/// Reads all observations of a case, in their order.
#[derive(Clone, Copy, Debug)]
pub struct All;

impl Reader<Vec<Observation>> for All {
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) -> Vec<Observation> {
        observations.collect()
    }
}

#[cfg(test)]
mod tests;
