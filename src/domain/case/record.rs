//! A case in one record of two cache lines, the same form open or closed: up to four observations inline, any number spilled.
//!
//! The inline form is an encoding, not a summary: every observation is read back exactly as it was merged. What does not
//! fit (a fifth observation, two different due times, an offset of more than 49 days ...) moves the case to the spill, so
//! nothing above this file knows that there are two forms.

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

    /// Remembers whether the case is open.
    pub fn set_open(&mut self, open: bool) {
        self.open = open;
    }

    /// Whether nothing has been merged yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0 && self.spill == 0
    }

    /// Calls `read` with the observations in their order.
    #[inline]
    pub fn read<R>(&self, spill: &Spill, read: impl Reader<R>) -> R {
        match self.spill.checked_sub(1) {
            Some(place) => read.read(spill.get(place).iter().copied()),
            None => read.read((0..usize::from(self.len)).map(|place| self.inline(place))),
        }
    }

    /// What the observations say together.
    #[inline]
    pub fn said(&self, spill: &Spill, context: &Context<'_>, groups: &mut Groups) -> Said {
        let mut said = Said::default();
        if let Some(place) = self.spill.checked_sub(1) {
            spill.get(place).iter().for_each(|one| said.hear(one, context, groups));
            return said;
        }
        for place in 0..usize::from(self.len) {
            said.belong(self.kinds[place].family, self.groups[place], context, groups);
            said.last = Timestamp(self.base.0 + i64::from(self.offsets[place]));
        }
        // What several of them say is the same.
        if self.used != 0 {
            said.learn(&self.detail(self.used));
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

    /// Merges an observation. `attributes` compares two groups by their texts.
    pub fn merge(&mut self, new: &Observation, spill: &mut Spill, attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering) -> Merged {
        let known = match self.spill {
            0 => self.ids[..usize::from(self.len)].contains(&new.id),
            place => spill.get(place - 1).iter().any(|known| known.id == new.id),
        };
        if known {
            return self.meet(new, spill, attributes);
        }
        if self.spill == 0 && self.push(new) {
            return Merged::New;
        }
        let list = self.spilled(spill);
        if list.len() >= OBSERVATIONS {
            return Merged::Full;
        }
        let place = list.partition_point(|known| known.order(new).is_lt());
        list.insert(place, *new);
        Merged::New
    }

    /// Takes an observation whose id is known: the same again, or another content under the same id.
    #[cold]
    fn meet(&mut self, new: &Observation, spill: &mut Spill, attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering) -> Merged {
        struct Find(EventId);
        impl Reader<Option<Observation>> for Find {
            fn read(self, mut observations: impl Iterator<Item = Observation> + Clone) -> Option<Observation> {
                observations.find(|known| known.id == self.0)
            }
        }
        let known = self.read(spill, Find(new.id));
        if known.is_none_or(|known| known == *new || !new.holds_against(&known, attributes)) {
            return Merged::Duplicate;
        }
        let list = self.spilled(spill);
        list.retain(|known| known.id != new.id);
        let place = list.partition_point(|known| known.order(new).is_lt());
        list.insert(place, *new);
        Merged::Replaced
    }

    /// Puts an observation into the inline form, if it fits.
    fn push(&mut self, new: &Observation) -> bool {
        let len = usize::from(self.len);
        if len == INLINE || new.sequence != 0 {
            return false;
        }
        if new.time < self.base && !self.rebase(new.time) {
            return false;
        }
        let Ok(offset) = u32::try_from(new.time.0 - self.base.0) else { return false };
        let said = if new.detail.is_empty() { Some(0) } else { self.keep(&new.detail) };
        let Some(said) = said else { return false };
        let mut place = len;
        let order = (offset, new.kind, new.id);
        while place > 0 && order < (self.offsets[place - 1], self.kinds[place - 1], self.ids[place - 1]) {
            self.ids[place] = self.ids[place - 1];
            self.offsets[place] = self.offsets[place - 1];
            self.groups[place] = self.groups[place - 1];
            self.kinds[place] = self.kinds[place - 1];
            self.said[place] = self.said[place - 1];
            place -= 1;
        }
        self.ids[place] = new.id;
        self.offsets[place] = offset;
        self.groups[place] = new.group;
        self.kinds[place] = new.kind;
        self.said[place] = said;
        self.len += 1;
        true
    }

    /// Keeps what an observation says beyond time, type and group: a bit each; none if it does not fit. A value is kept once for the
    /// whole case, so it fits if no other observation has said another.
    fn keep(&mut self, detail: &Detail) -> Option<u8> {
        let rare = [detail.owner, detail.liable].iter().any(Option::is_some)
            || detail.appointment.is_some()
            || detail.hold.is_some()
            || detail.agent_state.is_some();
        if rare {
            return None;
        }
        let (mut said, mut fits) = (0, true);
        let used = self.used;
        let mut keep = |bits: u8, bit: u8, agrees: bool| {
            said |= bit;
            fits &= used & bits == 0 || agrees;
        };
        if let Some(customer) = detail.customer {
            keep(says::CUSTOMER, says::CUSTOMER, self.customer == customer.0.get());
        }
        if let Some(topic) = detail.topic {
            keep(says::TOPIC, says::TOPIC, self.topic == topic.number());
        }
        if let Some(word) = detail.word {
            keep(says::WORD, says::WORD, self.word == word.number());
        }
        let mut due_offset = self.due;
        if let Some(due) = detail.due {
            due_offset = u32::try_from(due.get().0.saturating_sub(self.base.0)).ok()?;
            keep(says::DUE, says::DUE, self.due == due_offset);
        }
        let mut amount = None;
        for (bit, value) in [
            (says::WAIT, detail.wait.map(Millis::get)),
            (says::TALK, detail.talk.map(Millis::get)),
            (says::WRAPUP, detail.wrapup.map(Millis::get)),
            (says::ANSWER, detail.answer.map(|answer| i64::from(answer.get()))),
        ] {
            let Some(value) = value else { continue };
            let value = u32::try_from(value).ok()?;
            if amount.replace(value).is_some() {
                return None;
            }
            keep(says::AMOUNT, bit, self.amount == value);
        }
        if !fits {
            return None;
        }
        self.customer = detail.customer.map_or(self.customer, |customer| customer.0.get());
        self.topic = detail.topic.map_or(self.topic, Word::number);
        self.word = detail.word.map_or(self.word, Word::number);
        self.due = due_offset;
        self.amount = amount.unwrap_or(self.amount);
        self.used |= said;
        Some(said)
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

    /// Moves the base back to an earlier time, if all offsets still fit.
    fn rebase(&mut self, base: Timestamp) -> bool {
        let Ok(shift) = u32::try_from(self.base.0 - base.0) else { return false };
        let len = usize::from(self.len);
        let mut moved = self.offsets;
        for offset in &mut moved[..len] {
            let Some(sum) = offset.checked_add(shift) else { return false };
            *offset = sum;
        }
        if self.used & says::DUE != 0 {
            let Some(due) = self.due.checked_add(shift) else { return false };
            self.due = due;
        }
        self.offsets = moved;
        self.base = base;
        true
    }

    /// The case's list in the spill; moves the inline observations there first.
    fn spilled<'s>(&mut self, spill: &'s mut Spill) -> &'s mut Vec<Observation> {
        if self.spill == 0 {
            let list: Vec<Observation> = (0..usize::from(self.len)).map(|place| self.inline(place)).collect();
            self.spill = spill.take_in(list) + 1;
            self.len = 0;
        }
        spill.list(self.spill - 1)
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
        self.len = 0;
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn merged(observations: &[Observation]) -> Vec<Observation> {
        let (mut record, mut spill) = (Record::new(1, observations[0].time), Spill::default());
        for one in observations {
            record.merge(one, &mut spill, |a, b| a.cmp(&b));
        }
        record.read(&spill, All)
    }

    fn observation() -> impl Strategy<Value = Observation> {
        let verbs = [Verb::Opened, Verb::Resolved, Verb::Reopened, Verb::Cancelled];
        let hour = 3_600_000_i64;
        let times = prop_oneof![0..5_i64, (0..5_i64).prop_map(move |n| n * 1_000 * hour)];
        let due = prop_oneof![Just(None), (0..3_i64).prop_map(move |n| Some(Timestamp(n * hour)))];
        let amount = prop_oneof![Just(None), (0..3_i64).prop_map(Some), Just(Some(Millis::LONGEST))];
        (
            times,
            0..2_u32,
            0..4_usize,
            0..6_u64,
            0..3_u32,
            due,
            amount.clone(),
            amount,
            (prop_oneof![Just(None), (1..3_u64).prop_map(Some)], 0..3_u8),
        )
            .prop_map(move |(time, sequence, verb, id, group, due, wait_ms, talk_ms, (customer, word))| Observation {
                time: Timestamp(time),
                sequence: sequence / 2 * sequence,
                kind: EventType { family: Family::FIRST_ORDER, verb: verbs[verb] },
                id: EventId(id),
                group,
                detail: Detail {
                    due: due.and_then(Moment::new),
                    wait: wait_ms.and_then(Millis::new),
                    talk: talk_ms.and_then(Millis::new),
                    customer: customer.and_then(NonZeroU64::new).map(Customer),
                    word: (word > 0).then(|| Word::of(&word.to_string())),
                    liable: (word > 1).then(|| Word::of("customer")),
                    ..Detail::default()
                },
            })
    }

    proptest! {
        /// The record against a plain sorted list: what is merged is read back, in order, each id once.
        #[test]
        fn a_record_is_the_sorted_set_of_its_observations(observations in prop::collection::vec(observation(), 1..9)) {
            let mut expected: Vec<Observation> = Vec::new();
            for one in &observations {
                match expected.iter().position(|known| known.id == one.id) {
                    Some(place) if one.holds_against(&expected[place], |a, b| a.cmp(&b)) => expected[place] = *one,
                    Some(_) => {}
                    None => expected.push(*one),
                }
            }
            expected.sort_by(Observation::order);
            prop_assert_eq!(merged(&observations), expected);
        }
    }

    #[test]
    fn a_record_stays_small() {
        assert_eq!(size_of::<Record>(), 128);
    }
}
