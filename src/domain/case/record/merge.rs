//! Merging an observation into the record of its case: inline where it fits, else in the spill.

use super::{INLINE, Merged, OBSERVATIONS, Part, Reader, Record, says};
use crate::domain::case::observation::Observation;
use crate::domain::case::spill::Spill;
use crate::domain::event::{Detail, EventId, Millis, Word};
use crate::domain::time::Timestamp;

impl Record {
    /// Merges an observation behind those that are counted, if it is new and fits there; true if it was. What is counted stays the
    /// first part of the history, and can still be read apart from the rest.
    #[inline]
    pub fn append(&mut self, new: &Observation) -> bool {
        self.spill == 0 && !self.ids[..usize::from(self.len)].contains(&new.id) && self.push(new, usize::from(self.counted))
    }

    /// Merges an observation wherever it belongs; the case must be settled, and is to be settled again. `attributes` compares two
    /// groups by their texts.
    pub fn merge(&mut self, new: &Observation, spill: &mut Spill, attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering) -> Merged {
        let known = match self.spill {
            0 => self.ids[..usize::from(self.len)].contains(&new.id),
            place => spill.get(place - 1).iter().any(|known| known.id == new.id),
        };
        if known {
            return self.meet(new, spill, attributes);
        }
        if self.spill == 0 && self.push(new, 0) {
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
        let known = self.read(Part::All, spill, Find(new.id));
        if known.is_none_or(|known| known == *new || !new.holds_against(&known, attributes)) {
            return Merged::Duplicate;
        }
        let list = self.spilled(spill);
        list.retain(|known| known.id != new.id);
        let place = list.partition_point(|known| known.order(new).is_lt());
        list.insert(place, *new);
        Merged::Replaced
    }

    /// Puts an observation into the inline form, if it fits, and none of the `first` ones comes after it.
    fn push(&mut self, new: &Observation, first: usize) -> bool {
        let len = usize::from(self.len);
        if len == INLINE || new.sequence != 0 {
            return false;
        }
        if new.time < self.base && (first > 0 || !self.rebase(new.time)) {
            return false;
        }
        let Ok(offset) = u32::try_from(new.time.0 - self.base.0) else { return false };
        let order = (offset, new.kind, new.id);
        if first > 0 && order < (self.offsets[first - 1], self.kinds[first - 1], self.ids[first - 1]) {
            return false;
        }
        let said = if new.detail.is_empty() { Some(0) } else { self.keep(&new.detail) };
        let Some(said) = said else { return false };
        let mut place = len;
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
            (self.len, self.counted) = (0, 0);
        }
        spill.list(self.spill - 1)
    }
}
