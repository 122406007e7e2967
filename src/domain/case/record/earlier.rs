//! Records as formats 1 and 2 wrote them down: with room for one amount a case, and for no owner, appointment or hold.

use super::super::spill::Spill;
use crate::domain::case::observation::Observation;
use crate::domain::event::{self, Customer, Detail, EventId, EventType, Millis, Moment, Word};
use crate::domain::time::Timestamp;
use serde::Deserialize;
use std::num::{NonZeroU8, NonZeroU64};

const INLINE: usize = 4;

mod says {
    pub(super) const CUSTOMER: u8 = 1;
    pub(super) const TOPIC: u8 = 2;
    pub(super) const DUE: u8 = 4;
    pub(super) const WAIT: u8 = 8;
    pub(super) const TALK: u8 = 16;
    pub(super) const WRAPUP: u8 = 32;
    pub(super) const ANSWER: u8 = 64;
    pub(super) const WORD: u8 = 128;
}

/// A record as it was written down once.
#[derive(Debug, Deserialize)]
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
    /// What all of them say; it is told by each of them as well.
    #[expect(dead_code, reason = "it lies between others that are read")]
    used: u8,
    open: bool,
}

impl Record {
    /// The same case as it is kept now; none if nobody can have written this.
    #[must_use]
    pub fn renewed(&self, spill: &mut Spill) -> Option<super::Record> {
        let mut record = super::Record::new(self.key, self.base);
        if let Some(place) = self.spill.checked_sub(1) {
            (record.is_spilled, record.values[0]) = (true, place);
        }
        for place in 0..usize::from(self.len) {
            // What lies in the spill is not in the record as well.
            if place == INLINE || self.spill != 0 {
                return None;
            }
            record.merge(&self.observation(place), spill, |one, other| one.cmp(&other));
        }
        record.open = self.open;
        Some(record)
    }

    fn observation(&self, place: usize) -> Observation {
        let says = |bit: u8| self.said[place] & bit != 0;
        let amount = |bit: u8| if says(bit) { Millis::new(i64::from(self.amount)) } else { None };
        let detail = Detail {
            customer: if says(says::CUSTOMER) { NonZeroU64::new(self.customer).map(Customer) } else { None },
            due: if says(says::DUE) { Moment::new(self.base.plus(i64::from(self.due))) } else { None },
            wait: amount(says::WAIT),
            talk: amount(says::TALK),
            wrapup: amount(says::WRAPUP),
            topic: if says(says::TOPIC) { Word::from_number(self.topic) } else { None },
            word: if says(says::WORD) { Word::from_number(self.word) } else { None },
            answer: if says(says::ANSWER) { NonZeroU8::new(self.amount as u8) } else { None },
            ..Detail::default()
        };
        let time = self.base.plus(i64::from(self.offsets[place]));
        Observation { time, sequence: 0, kind: self.kinds[place], id: self.ids[place], group: self.groups[place], detail }
    }
}
