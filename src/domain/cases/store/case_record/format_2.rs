//! Case records of the snapshot formats 1 and 2: one amount per case, without owner, appointment or
//! hold.

use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::overflow::CaseOverflow;
use crate::domain::events::event::{
    self, CustomerKey, EventDetail, EventId, EventType, PackedMillis, PackedTimestamp, Symbol,
};
use crate::domain::time::timestamp::Timestamp;
use serde::Deserialize;
use std::num::{NonZeroU8, NonZeroU64};

const INLINE_OBSERVATIONS: usize = 4;

mod detail_bit {
    pub(super) const CUSTOMER: u8 = 1;
    pub(super) const TOPIC: u8 = 2;
    pub(super) const DUE: u8 = 4;
    pub(super) const WAIT: u8 = 8;
    pub(super) const TALK: u8 = 16;
    pub(super) const WRAPUP: u8 = 32;
    pub(super) const ANSWER: u8 = 64;
    pub(super) const LABEL: u8 = 128;
}

/// Record in the snapshot formats 1 and 2.
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
    /// Index in the overflow plus one; 0 while the case is inline.
    overflow_place: u32,
    len: u8,
    /// Union of the detail bits of all observations.
    #[expect(dead_code, reason = "the field only marks its position in the format")]
    used: u8,
    open: bool,
}

impl Format2Record {
    /// Converts the record to the current form; `None` if its length is invalid for the format.
    #[must_use]
    pub fn upgrade(&self, overflow: &mut CaseOverflow) -> Option<super::CaseRecord> {
        let mut record = super::CaseRecord::new(self.key, self.base);
        if let Some(place) = self.overflow_place.checked_sub(1) {
            (record.is_overflowed, record.values[0]) = (true, place);
        }
        for place in 0..usize::from(self.len) {
            // A case in the overflow has no inline observations.
            if place == INLINE_OBSERVATIONS || self.overflow_place != 0 {
                return None;
            }
            record.merge(&self.decode_observation(place), overflow, |one, other| one.cmp(&other));
        }
        record.open = self.open;
        Some(record)
    }

    fn decode_observation(&self, place: usize) -> Observation {
        let has = |bit: u8| self.detail_bits[place] & bit != 0;
        let amount =
            |bit: u8| if has(bit) { PackedMillis::new(i64::from(self.amount)) } else { None };
        let detail = EventDetail {
            customer: if has(detail_bit::CUSTOMER) {
                NonZeroU64::new(self.customer).map(CustomerKey)
            } else {
                None
            },
            due: if has(detail_bit::DUE) {
                PackedTimestamp::new(self.base.plus_millis(i64::from(self.due)))
            } else {
                None
            },
            wait: amount(detail_bit::WAIT),
            talk: amount(detail_bit::TALK),
            wrapup: amount(detail_bit::WRAPUP),
            topic: if has(detail_bit::TOPIC) { Symbol::from_number(self.topic) } else { None },
            label: if has(detail_bit::LABEL) { Symbol::from_number(self.label) } else { None },
            answer: if has(detail_bit::ANSWER) { NonZeroU8::new(self.amount as u8) } else { None },
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
