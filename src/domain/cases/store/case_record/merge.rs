//! Merging of an observation into the record of its case, inline if it fits, else in the overflow.

use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::{
    CaseRecord, HistoryPart, INLINE_OBSERVATIONS, MergeResult, OBSERVATIONS_PER_CASE_MAX,
    ObservationReader, detail_bit,
};
use crate::domain::cases::store::overflow::{CaseOverflow, OverflowObservation};
use crate::domain::events::event::{EventDetail, EventId, EventType};

impl CaseRecord {
    /// Appends an observation after the counted ones, if it is new and fits inline.
    ///
    /// Returns true if it was added. The counted observations stay a prefix of the history.
    #[inline]
    pub fn try_append(&mut self, new: &Observation) -> bool {
        !self.is_overflowed
            && !self.ids[..usize::from(self.len)].contains(&new.id)
            && self.push_inline(new, usize::from(self.counted))
    }

    /// Merges an observation at any position.
    ///
    /// The case must be settled before and has to be settled again. `attributes` compares two
    /// groups by their texts.
    pub fn merge(
        &mut self,
        new: &Observation,
        overflow: &mut CaseOverflow,
        attributes: impl FnOnce(u32, u32) -> std::cmp::Ordering,
    ) -> MergeResult {
        if self.contains_id(overflow, new.id) {
            return self.merge_known_id(new, overflow, attributes);
        }
        if !self.is_overflowed && self.push_inline(new, 0) {
            return MergeResult::New;
        }
        let list = self.move_to_overflow(overflow);
        if list.len() >= OBSERVATIONS_PER_CASE_MAX {
            return MergeResult::Full;
        }
        let place = list.partition_point(|known| known.to_observation().compare_order(new).is_lt());
        list.insert(place, OverflowObservation::from(*new));
        MergeResult::New
    }

    /// Merges an observation with a known id: a duplicate, or other content under the same id.
    #[cold]
    fn merge_known_id(
        &mut self,
        new: &Observation,
        overflow: &mut CaseOverflow,
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
        let known = self.read_observations(HistoryPart::All, overflow, FindObservation(new.id));
        if known.is_none_or(|known| known == *new || !new.takes_precedence_over(&known, attributes))
        {
            return MergeResult::Duplicate;
        }
        let list = self.move_to_overflow(overflow);
        list.retain(|known| known.id != new.id);
        let place = list.partition_point(|known| known.to_observation().compare_order(new).is_lt());
        list.insert(place, OverflowObservation::from(*new));
        MergeResult::Replaced
    }

    /// Inserts an observation inline. Returns false if it does not fit or precedes one of the
    /// `first`.
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
        let detail_bits =
            if new.detail.is_empty() { Some(0) } else { self.encode_detail(&new.detail) };
        let Some(detail_bits) = detail_bits else { return false };
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
        self.detail_bits[place] = detail_bits;
        self.len += 1;
        true
    }

    /// Returns the sort key of an inline observation.
    fn inline_order(&self, place: usize) -> (u32, EventType, EventId) {
        (self.offset_ms(place), self.kinds[place], self.ids[place])
    }

    /// Returns the union of the detail bits of all inline observations.
    fn used_bits(&self) -> u16 {
        self.detail_bits[..usize::from(self.len)].iter().fold(0, |used, bits| used | bits)
    }

    /// Stores the data of an observation. Returns its detail bits; `None` if the data does not fit.
    ///
    /// A value is stored once per case. It fits if its slot is free or holds the same value.
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
            label,
            liable,
            leg,
            answer,
            agent_state,
        } = detail;
        if agent_state.is_some() {
            return None;
        }
        let used = self.used_bits();
        let (mut detail_bits, mut values) = (0, self.values);
        let mut store_value = |bit: u16, value: u32| {
            let place = detail_bit::value_place(bit);
            let fits =
                (used | detail_bits) & detail_bit::PLACES[place] == 0 || values[place] == value;
            values[place] = value;
            detail_bits |= bit;
            fits.then_some(())
        };
        for (bit, symbol) in [
            (detail_bit::TOPIC, topic),
            (detail_bit::LABEL, label),
            (detail_bit::OWNER, owner),
            (detail_bit::LIABLE, liable),
            (detail_bit::LEG, leg),
        ] {
            if let Some(symbol) = symbol {
                store_value(bit, symbol.to_number())?;
            }
        }
        for (bit, moment) in [(detail_bit::DUE, due), (detail_bit::APPOINTMENT, appointment)] {
            if let Some(moment) = moment {
                store_value(bit, u32::try_from(moment.get().0.saturating_sub(self.base.0)).ok()?)?;
            }
        }
        for (bit, amount) in [
            (detail_bit::WAIT, wait),
            (detail_bit::TALK, talk),
            (detail_bit::HOLD, hold),
            (detail_bit::WRAPUP, wrapup),
        ] {
            if let Some(amount) = amount {
                store_value(bit, u32::try_from(amount.get()).ok()?)?;
            }
        }
        if let Some(answer) = answer {
            if u16::from(answer.get()) > detail_bit::ANSWER_MAX {
                return None;
            }
            detail_bits |= u16::from(answer.get()) << detail_bit::ANSWER;
        }
        if let Some(customer) = customer {
            if used & detail_bit::CUSTOMER != 0 && self.customer != customer.0.get() {
                return None;
            }
            detail_bits |= detail_bit::CUSTOMER;
            self.customer = customer.0.get();
        }
        self.values = values;
        Some(detail_bits)
    }

    /// Inserts an observation before all others. Returns false if they no longer fit inline.
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

    /// Returns the case's history in the overflow, after moving the inline observations there.
    fn move_to_overflow<'s>(
        &mut self,
        overflow: &'s mut CaseOverflow,
    ) -> &'s mut Vec<OverflowObservation> {
        if !self.is_overflowed {
            let list = (0..usize::from(self.len))
                .map(|place| OverflowObservation::from(self.inline_observation(place)))
                .collect();
            self.values[0] = overflow.insert_history(list);
            self.is_overflowed = true;
            (self.len, self.counted) = (0, 0);
        }
        overflow.history_mut(self.values[0])
    }
}
