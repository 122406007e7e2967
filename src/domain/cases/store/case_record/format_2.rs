//! Records as formats 1 and 2 wrote them down: with room for one amount a case, and for no owner, appointment or hold.

use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::overflow::CaseOverflow;
use crate::domain::events::event::{
    self, CustomerKey, EventDetail, EventId, EventType, PackedMillis, PackedTimestamp, Symbol,
};
use crate::domain::time::timestamp::Timestamp;
use serde::Deserialize;
use std::num::{NonZeroU8, NonZeroU64};

const INLINE_OBSERVATIONS: usize = 4;

mod says {
    pub(super) const CUSTOMER: u8 = 1;
    pub(super) const TOPIC: u8 = 2;
    pub(super) const DUE: u8 = 4;
    pub(super) const WAIT: u8 = 8;
    pub(super) const TALK: u8 = 16;
    pub(super) const WRAPUP: u8 = 32;
    pub(super) const ANSWER: u8 = 64;
    pub(super) const LABEL: u8 = 128;
}

/// A record as it was written down once.
#[derive(Debug, Deserialize)]
pub struct Format2Record {
    #[serde(with = "event::hash")]
    key: u64,
    base: Timestamp,
    #[serde(with = "event::hash")]
    customer: u64,
    ids: [EventId; INLINE_OBSERVATIONS],
    offsets: [u32; INLINE_OBSERVATIONS],
    groups: [u32; INLINE_OBSERVATIONS],
    kinds: [EventType; INLINE_OBSERVATIONS],
    detail_bits: [u8; INLINE_OBSERVATIONS],
    due: u32,
    amount: u32,
    topic: u32,
    label: u32,
    /// The case's place among the spilled ones plus one; 0 while it is inline.
    overflow_place: u32,
    len: u8,
    /// What all of them say; it is told by each of them as well.
    #[expect(dead_code, reason = "it lies between others that are read")]
    used: u8,
    open: bool,
}

impl Format2Record {
    /// The same case as it is kept now; none if nobody can have written this.
    #[must_use]
    pub fn upgrade(&self, spill: &mut CaseOverflow) -> Option<super::CaseRecord> {
        let mut record = super::CaseRecord::new(self.key, self.base);
        if let Some(place) = self.overflow_place.checked_sub(1) {
            (record.is_overflowed, record.values[0]) = (true, place);
        }
        for place in 0..usize::from(self.len) {
            // What lies in the spill is not in the record as well.
            if place == INLINE_OBSERVATIONS || self.overflow_place != 0 {
                return None;
            }
            record.merge(&self.decode_observation(place), spill, |one, other| one.cmp(&other));
        }
        record.open = self.open;
        Some(record)
    }

    fn decode_observation(&self, place: usize) -> Observation {
        let says = |bit: u8| self.detail_bits[place] & bit != 0;
        let amount =
            |bit: u8| if says(bit) { PackedMillis::new(i64::from(self.amount)) } else { None };
        let detail = EventDetail {
            customer: if says(says::CUSTOMER) {
                NonZeroU64::new(self.customer).map(CustomerKey)
            } else {
                None
            },
            due: if says(says::DUE) {
                PackedTimestamp::new(self.base.plus_millis(i64::from(self.due)))
            } else {
                None
            },
            wait: amount(says::WAIT),
            talk: amount(says::TALK),
            wrapup: amount(says::WRAPUP),
            topic: if says(says::TOPIC) { Symbol::from_number(self.topic) } else { None },
            label: if says(says::LABEL) { Symbol::from_number(self.label) } else { None },
            answer: if says(says::ANSWER) { NonZeroU8::new(self.amount as u8) } else { None },
            ..EventDetail::default()
        };
        let time = self.base.plus_millis(i64::from(self.offsets[place]));
        Observation {
            time,
            sequence: 0,
            kind: self.kinds[place],
            id: self.ids[place],
            group: self.groups[place],
            detail,
        }
    }
}
