//! Merging an observation into the record of its case: inline where it fits, else in the spill.

use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::{
    CaseRecord, HistoryPart, INLINE_OBSERVATIONS, MergeResult, OBSERVATIONS_PER_CASE_MAX,
    ObservationReader, says,
};
use crate::domain::cases::store::overflow::{CaseOverflow, OverflowObservation};
use crate::domain::events::event::{EventDetail, EventId, EventType};

impl CaseRecord {
    /// Merges an observation behind those that are counted, if it is new and fits there; true if it was. What is counted stays the
    /// first part of the history, and can still be read apart from the rest.
    #[inline]
    pub fn try_append(&mut self, new: &Observation) -> bool {
        !self.is_overflowed
            && !self.ids[..usize::from(self.len)].contains(&new.id)
            && self.push_inline(new, usize::from(self.counted))
    }

    /// Merges an observation wherever it belongs; the case must be settled, and is to be settled again. `attributes` compares two
    /// groups by their texts.
    pub fn merge(
        &mut self,
        new: &Observation,
        spill: &mut CaseOverflow,
        attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering,
    ) -> MergeResult {
        let known = match self.overflow_place() {
            None => self.ids[..usize::from(self.len)].contains(&new.id),
            Some(place) => spill.history(place).iter().any(|known| known.id == new.id),
        };
        if known {
            return self.merge_known_id(new, spill, attributes);
        }
        if !self.is_overflowed && self.push_inline(new, 0) {
            return MergeResult::New;
        }
        let list = self.move_to_overflow(spill);
        if list.len() >= OBSERVATIONS_PER_CASE_MAX {
            return MergeResult::Full;
        }
        let place = list.partition_point(|known| known.to_observation().compare_order(new).is_lt());
        list.insert(place, OverflowObservation::from(*new));
        MergeResult::New
    }

    /// Takes an observation whose id is known: the same again, or another content under the same id.
    #[cold]
    fn merge_known_id(
        &mut self,
        new: &Observation,
        spill: &mut CaseOverflow,
        attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering,
    ) -> MergeResult {
        struct FindObservation(EventId);
        impl ObservationReader<Option<Observation>> for FindObservation {
            fn read(
                self,
                mut observations: impl Iterator<Item = Observation> + Clone,
            ) -> Option<Observation> {
                observations.find(|known| known.id == self.0)
            }
        }
        let known = self.read_observations(HistoryPart::All, spill, FindObservation(new.id));
        if known.is_none_or(|known| known == *new || !new.takes_precedence_over(&known, attributes))
        {
            return MergeResult::Duplicate;
        }
        let list = self.move_to_overflow(spill);
        list.retain(|known| known.id != new.id);
        let place = list.partition_point(|known| known.to_observation().compare_order(new).is_lt());
        list.insert(place, OverflowObservation::from(*new));
        MergeResult::Replaced
    }

    /// Puts an observation into the inline form, if it fits, and none of the `first` ones comes after it.
    fn push_inline(&mut self, new: &Observation, first: usize) -> bool {
        let len = usize::from(self.len);
        if len == INLINE_OBSERVATIONS || new.sequence != 0 {
            return false;
        }
        if len == 0 {
            self.base = new.time;
        }
        if new.time < self.base {
            return first == 0 && self.prepend_inline(new);
        }
        let Ok(offset) = u32::try_from(new.time.0 - self.base.0) else { return false };
        let order = (offset, new.kind, new.id);
        if first > 0 && order < self.inline_order(first - 1) {
            return false;
        }
        let said = if new.detail.is_empty() { Some(0) } else { self.encode_detail(&new.detail) };
        let Some(said) = said else { return false };
        let mut place = len;
        while place > 0 && order < self.inline_order(place - 1) {
            self.ids[place] = self.ids[place - 1];
            self.offsets[place - 1] = self.offset_ms(place - 1);
            self.groups[place] = self.groups[place - 1];
            self.kinds[place] = self.kinds[place - 1];
            self.detail_bits[place] = self.detail_bits[place - 1];
            place -= 1;
        }
        self.ids[place] = new.id;
        if place > 0 {
            self.offsets[place - 1] = offset;
        }
        self.groups[place] = new.group;
        self.kinds[place] = new.kind;
        self.detail_bits[place] = said;
        self.len += 1;
        true
    }

    /// Where an inline observation comes among the others.
    fn inline_order(&self, place: usize) -> (u32, EventType, EventId) {
        (self.offset_ms(place), self.kinds[place], self.ids[place])
    }

    /// What the inline observations say, in all.
    fn used_bits(&self) -> u16 {
        self.detail_bits[..usize::from(self.len)].iter().fold(0, |used, said| used | said)
    }

    /// Keeps what an observation says beyond time, type and group: a bit each; none if it does not fit. A value is kept once for the
    /// whole case, so it fits if nothing else is kept at its place.
    fn encode_detail(&mut self, detail: &EventDetail) -> Option<u16> {
        let EventDetail {
            customer,
            due,
            appointment,
            wait,
            talk,
            hold,
            wrapup,
            topic,
            owner,
            label: word,
            liable,
            answer,
            agent_state,
        } = detail;
        if agent_state.is_some() {
            return None;
        }
        let used = self.used_bits();
        let (mut said, mut values) = (0, self.values);
        let mut keep = |bit: u16, value: u32| {
            let place = says::value_place(bit);
            let fits = (used | said) & says::PLACES[place] == 0 || values[place] == value;
            values[place] = value;
            said |= bit;
            fits.then_some(())
        };
        for (bit, word) in [
            (says::TOPIC, topic),
            (says::LABEL, word),
            (says::OWNER, owner),
            (says::LIABLE, liable),
        ] {
            if let Some(word) = word {
                keep(bit, word.to_number())?;
            }
        }
        for (bit, moment) in [(says::DUE, due), (says::APPOINTMENT, appointment)] {
            if let Some(moment) = moment {
                keep(bit, u32::try_from(moment.get().0.saturating_sub(self.base.0)).ok()?)?;
            }
        }
        for (bit, amount) in
            [(says::WAIT, wait), (says::TALK, talk), (says::HOLD, hold), (says::WRAPUP, wrapup)]
        {
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
    fn prepend_inline(&mut self, new: &Observation) -> bool {
        let mut record = CaseRecord { open: self.open, ..CaseRecord::new(self.key, new.time) };
        let fits = record.push_inline(new, 0)
            && (0..usize::from(self.len))
                .all(|place| record.push_inline(&self.inline_observation(place), 0));
        if fits {
            *self = record;
        }
        fits
    }

    /// The case's list in the spill; moves the inline observations there first.
    fn move_to_overflow<'s>(
        &mut self,
        spill: &'s mut CaseOverflow,
    ) -> &'s mut Vec<OverflowObservation> {
        if !self.is_overflowed {
            let list = (0..usize::from(self.len))
                .map(|place| OverflowObservation::from(self.inline_observation(place)))
                .collect();
            self.values[0] = spill.insert_history(list);
            self.is_overflowed = true;
            (self.len, self.counted) = (0, 0);
        }
        spill.history_mut(self.values[0])
    }
}
