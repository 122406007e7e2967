//! Merging an observation into the record of its case: inline where it fits, else in the spill.

use super::{INLINE, Merged, OBSERVATIONS, Part, Reader, Record, says};
use crate::domain::case::observation::Observation;
use crate::domain::case::spill::{Spill, Spilled};
use crate::domain::event::{Detail, EventId, EventType};

impl Record {
    /// Merges an observation behind those that are counted, if it is new and fits there; true if it was. What is counted stays the
    /// first part of the history, and can still be read apart from the rest.
    #[inline]
    pub fn append(&mut self, new: &Observation) -> bool {
        !self.is_spilled && !self.ids[..usize::from(self.len)].contains(&new.id) && self.push(new, usize::from(self.counted))
    }

    /// Merges an observation wherever it belongs; the case must be settled, and is to be settled again. `attributes` compares two
    /// groups by their texts.
    pub fn merge(&mut self, new: &Observation, spill: &mut Spill, attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering) -> Merged {
        let known = match self.spill() {
            None => self.ids[..usize::from(self.len)].contains(&new.id),
            Some(place) => spill.get(place).iter().any(|known| known.id == new.id),
        };
        if known {
            return self.meet(new, spill, attributes);
        }
        if !self.is_spilled && self.push(new, 0) {
            return Merged::New;
        }
        let list = self.spilled(spill);
        if list.len() >= OBSERVATIONS {
            return Merged::Full;
        }
        let place = list.partition_point(|known| known.read().order(new).is_lt());
        list.insert(place, Spilled::from(*new));
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
        let known = self.read(Part::All, spill, Find(new.id));
        if known.is_none_or(|known| known == *new || !new.holds_against(&known, attributes)) {
            return Merged::Duplicate;
        }
        let list = self.spilled(spill);
        list.retain(|known| known.id != new.id);
        let place = list.partition_point(|known| known.read().order(new).is_lt());
        list.insert(place, Spilled::from(*new));
        Merged::Replaced
    }

    /// Puts an observation into the inline form, if it fits, and none of the `first` ones comes after it.
    fn push(&mut self, new: &Observation, first: usize) -> bool {
        let len = usize::from(self.len);
        if len == INLINE || new.sequence != 0 {
            return false;
        }
        if len == 0 {
            self.base = new.time;
        }
        if new.time < self.base {
            return first == 0 && self.begin_with(new);
        }
        let Ok(offset) = u32::try_from(new.time.0 - self.base.0) else { return false };
        let order = (offset, new.kind, new.id);
        if first > 0 && order < self.order(first - 1) {
            return false;
        }
        let said = if new.detail.is_empty() { Some(0) } else { self.keep(&new.detail) };
        let Some(said) = said else { return false };
        let mut place = len;
        while place > 0 && order < self.order(place - 1) {
            self.ids[place] = self.ids[place - 1];
            self.offsets[place - 1] = self.offset(place - 1);
            self.groups[place] = self.groups[place - 1];
            self.kinds[place] = self.kinds[place - 1];
            self.said[place] = self.said[place - 1];
            place -= 1;
        }
        self.ids[place] = new.id;
        if place > 0 {
            self.offsets[place - 1] = offset;
        }
        self.groups[place] = new.group;
        self.kinds[place] = new.kind;
        self.said[place] = said;
        self.len += 1;
        true
    }

    /// Where an inline observation comes among the others.
    fn order(&self, place: usize) -> (u32, EventType, EventId) {
        (self.offset(place), self.kinds[place], self.ids[place])
    }

    /// What the inline observations say, in all.
    fn used(&self) -> u16 {
        self.said[..usize::from(self.len)].iter().fold(0, |used, said| used | said)
    }

    /// Keeps what an observation says beyond time, type and group: a bit each; none if it does not fit. A value is kept once for the
    /// whole case, so it fits if nothing else is kept at its place.
    fn keep(&mut self, detail: &Detail) -> Option<u16> {
        let Detail { customer, due, appointment, wait, talk, hold, wrapup, topic, owner, word, liable, answer, agent_state } = detail;
        if agent_state.is_some() {
            return None;
        }
        let used = self.used();
        let (mut said, mut values) = (0, self.values);
        let mut keep = |bit: u16, value: u32| {
            let place = says::place(bit);
            let fits = (used | said) & says::PLACES[place] == 0 || values[place] == value;
            values[place] = value;
            said |= bit;
            fits.then_some(())
        };
        for (bit, word) in [(says::TOPIC, topic), (says::WORD, word), (says::OWNER, owner), (says::LIABLE, liable)] {
            if let Some(word) = word {
                keep(bit, word.number())?;
            }
        }
        for (bit, moment) in [(says::DUE, due), (says::APPOINTMENT, appointment)] {
            if let Some(moment) = moment {
                keep(bit, u32::try_from(moment.get().0.saturating_sub(self.base.0)).ok()?)?;
            }
        }
        for (bit, amount) in [(says::WAIT, wait), (says::TALK, talk), (says::HOLD, hold), (says::WRAPUP, wrapup)] {
            if let Some(amount) = amount {
                keep(bit, u32::try_from(amount.get()).ok()?)?;
            }
        }
        if let Some(answer) = answer {
            said |= u16::from(answer.get()) << says::ANSWER;
            if said >> says::ANSWER != u16::from(answer.get()) {
                return None;
            }
        }
        if let Some(customer) = customer {
            if used & says::CUSTOMER != 0 && self.customer != customer.0.get() {
                return None;
            }
            said |= says::CUSTOMER;
            self.customer = customer.0.get();
        }
        self.values = values;
        Some(said)
    }

    /// Puts an observation before all others, if they still fit.
    #[cold]
    fn begin_with(&mut self, new: &Observation) -> bool {
        let mut record = Record { open: self.open, ..Record::new(self.key, new.time) };
        let fits = record.push(new, 0) && (0..usize::from(self.len)).all(|place| record.push(&self.inline(place), 0));
        if fits {
            *self = record;
        }
        fits
    }

    /// The case's list in the spill; moves the inline observations there first.
    fn spilled<'s>(&mut self, spill: &'s mut Spill) -> &'s mut Vec<Spilled> {
        if !self.is_spilled {
            let list = (0..usize::from(self.len)).map(|place| Spilled::from(self.inline(place))).collect();
            self.values[0] = spill.take_in(list);
            self.is_spilled = true;
            (self.len, self.counted) = (0, 0);
        }
        spill.list(self.values[0])
    }
}
