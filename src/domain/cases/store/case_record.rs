//! Record of a case: two cache lines with up to four observations inline, or a reference to the
//! overflow.
//!
//! The inline form is lossless: every observation is read back exactly as it was merged. A history
//! that does not fit moves to the overflow. Examples are a fifth observation, two different due
//! times or an offset of more than 49 days. Code outside this module does not depend on the form.
//!
//! A usual call fits inline with topic, wait, talk, hold, wrap-up, resolution and survey answer.

pub mod format_2;
mod merge;

use super::overflow::{CaseOverflow, OverflowObservation};
use crate::domain::cases::context::DerivationContext;
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::cases::store::case_summary::CaseSummary;
use crate::domain::events::event::{
    self, CaseFamily, CustomerKey, EventDetail, EventId, EventType, EventVerb, PackedMillis,
    PackedTimestamp, Symbol,
};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU8, NonZeroU64};

const INLINE_OBSERVATIONS: usize = 4;

/// Number of values that a record can hold.
const VALUE_SLOTS: usize = 6;

/// Bits for the data that an inline observation carries. The survey answer lies above them.
mod detail_bit {
    pub(in crate::domain) const CUSTOMER: u16 = 1;
    pub(in crate::domain) const TOPIC: u16 = 1 << 1;
    pub(in crate::domain) const LABEL: u16 = 1 << 2;
    pub(in crate::domain) const DUE: u16 = 1 << 3;
    pub(in crate::domain) const WAIT: u16 = 1 << 4;
    pub(in crate::domain) const APPOINTMENT: u16 = 1 << 5;
    pub(in crate::domain) const TALK: u16 = 1 << 6;
    pub(in crate::domain) const OWNER: u16 = 1 << 7;
    pub(in crate::domain) const HOLD: u16 = 1 << 8;
    pub(in crate::domain) const LIABLE: u16 = 1 << 9;
    pub(in crate::domain) const WRAPUP: u16 = 1 << 10;
    /// Bit offset of a survey answer from 1 to 5; 0 means no answer.
    pub(in crate::domain) const ANSWER: u32 = 11;
    /// Largest survey answer that fits.
    pub(in crate::domain) const ANSWER_MAX: u16 = 7;
    pub(in crate::domain) const LEG: u16 = 1 << 14;

    /// Kinds of values that share each slot. Calls and orders share slots, since hardly any case
    /// has values of both. Legs are named by sources that report times and not durations.
    pub(in crate::domain) const PLACES: [u16; super::VALUE_SLOTS] =
        [TOPIC, LABEL, DUE | WAIT, APPOINTMENT | TALK | LEG, OWNER | HOLD, LIABLE | WRAPUP];

    /// Returns the slot of a kind of value.
    pub(in crate::domain) const fn value_place(bit: u16) -> usize {
        let mut place = 0;
        while PLACES[place] & bit == 0 {
            place += 1;
        }
        place
    }
}

/// Merged history of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub struct CaseRecord {
    #[serde(with = "event::hash")]
    key: u64,
    base: Timestamp,
    #[serde(with = "event::hash")]
    customer: u64,
    ids: [EventId; INLINE_OBSERVATIONS],
    /// Milliseconds after `base` of all but the first observation, which happened at `base`.
    offsets: [u32; INLINE_OBSERVATIONS - 1],
    groups: [u32; INLINE_OBSERVATIONS],
    kinds: [EventType; INLINE_OBSERVATIONS],
    detail_bits: [u16; INLINE_OBSERVATIONS],
    /// Values of the observations, each once per case. Times are offsets from `base`.
    ///
    /// If the history is in the overflow, the first value is its index there.
    values: [u32; VALUE_SLOTS],
    is_overflowed: bool,
    len: u8,
    /// True if the case was open at its last settlement.
    open: bool,
    /// Number of counted observations, which come first. In the overflow, all are counted.
    #[serde(skip)]
    counted: u8,
}

/// Part of a case's history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HistoryPart {
    /// All observations.
    All,
    /// Counted observations, which the sums include.
    Counted,
}

/// Result of merging an observation into a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MergeResult {
    /// The observation was added.
    New,
    /// The same observation was merged before.
    Duplicate,
    /// The id was known with other content, which the new content replaces.
    Replaced,
    /// The case has the maximum number of observations.
    Full,
}

/// Maximum number of observations per case. Further ones are refused.
///
/// An agent is a single case over the whole retention period and needs the most.
pub const OBSERVATIONS_PER_CASE_MAX: usize = 16_384;

impl CaseRecord {
    /// Returns a case without observations.
    #[must_use]
    pub fn new(key: u64, base: Timestamp) -> CaseRecord {
        let unused = EventType { family: CaseFamily::CALL, verb: EventVerb::Offered };
        CaseRecord {
            key,
            base,
            customer: 0,
            ids: [EventId(0); INLINE_OBSERVATIONS],
            offsets: [0; INLINE_OBSERVATIONS - 1],
            groups: [0; INLINE_OBSERVATIONS],
            kinds: [unused; INLINE_OBSERVATIONS],
            detail_bits: [0; INLINE_OBSERVATIONS],
            values: [0; VALUE_SLOTS],
            is_overflowed: false,
            len: 0,
            open: false,
            counted: 0,
        }
    }

    /// Returns the key: the hash of source and subject.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Reads from both cache lines of the record to prefetch them.
    #[must_use]
    pub fn prefetch(&self) -> u64 {
        self.ids[0].0 ^ u64::from(self.len) ^ self.key
    }

    /// Returns true if the case was open at its last settlement.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Marks all observations as counted, and the case as open or closed.
    pub fn mark_settled(&mut self, open: bool) {
        self.open = open;
        self.counted = self.len;
    }

    /// Returns true if all observations are counted.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.counted == self.len
    }

    /// Returns the number of inline observations in a part.
    fn inline_len(&self, part: HistoryPart) -> usize {
        usize::from(if part == HistoryPart::Counted { self.counted } else { self.len })
    }

    /// Returns true if a part has no observations.
    #[must_use]
    pub fn is_empty(&self, part: HistoryPart) -> bool {
        self.inline_len(part) == 0 && !self.is_overflowed
    }

    /// Passes the observations of a part to `read`, in order.
    #[inline]
    pub fn read_observations<R>(
        &self,
        part: HistoryPart,
        overflow: &CaseOverflow,
        read: impl ObservationReader<R>,
    ) -> R {
        match self.overflow_place() {
            Some(place) => {
                read.read(overflow.history(place).iter().map(OverflowObservation::to_observation))
            }
            None => {
                read.read((0..self.inline_len(part)).map(|place| self.inline_observation(place)))
            }
        }
    }

    /// Returns the summary of the observations in a part.
    #[inline]
    pub fn summarize(
        &self,
        part: HistoryPart,
        overflow: &CaseOverflow,
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) -> CaseSummary {
        let mut summary = CaseSummary::default();
        if let Some(place) = self.overflow_place() {
            overflow
                .history(place)
                .iter()
                .for_each(|one| summary.add_observation(&one.to_observation(), context, groups));
            return summary;
        }
        let mut used = 0;
        for place in 0..self.inline_len(part) {
            summary.add_group(self.kinds[place], self.groups[place], context, groups);
            summary.last_observed = self.observation_time(place);
            used |= self.detail_bits[place];
        }
        // Inline observations share their values, so that one pass over all bits suffices.
        if used != 0 {
            summary.add_detail(&self.decode_detail(used));
        }
        summary
    }

    // Callers use few of the fields; inlining lets the compiler drop the decoding of the others.
    #[inline(always)]
    fn inline_observation(&self, place: usize) -> Observation {
        Observation {
            time: self.observation_time(place),
            sequence: 0,
            kind: self.kinds[place],
            id: self.ids[place],
            group: self.groups[place],
            detail: self.decode_detail(self.detail_bits[place]),
        }
    }

    #[inline]
    fn observation_time(&self, place: usize) -> Timestamp {
        Timestamp(self.base.0 + i64::from(self.offset_ms(place)))
    }

    #[inline]
    fn offset_ms(&self, place: usize) -> u32 {
        if place == 0 { 0 } else { self.offsets[place - 1] }
    }

    #[inline(always)]
    fn decode_detail(&self, detail_bits: u16) -> EventDetail {
        let value = |bit: u16| {
            if detail_bits & bit != 0 {
                Some(self.values[detail_bit::value_place(bit)])
            } else {
                None
            }
        };
        let symbol = |bit: u16| value(bit).and_then(Symbol::from_number);
        let moment = |bit: u16| {
            value(bit)
                .and_then(|offset| PackedTimestamp::new(Timestamp(self.base.0 + i64::from(offset))))
        };
        let amount = |bit: u16| value(bit).and_then(|millis| PackedMillis::new(i64::from(millis)));
        EventDetail {
            customer: if detail_bits & detail_bit::CUSTOMER != 0 {
                NonZeroU64::new(self.customer).map(CustomerKey)
            } else {
                None
            },
            due: moment(detail_bit::DUE),
            appointment: moment(detail_bit::APPOINTMENT),
            wait: amount(detail_bit::WAIT),
            talk: amount(detail_bit::TALK),
            hold: amount(detail_bit::HOLD),
            wrapup: amount(detail_bit::WRAPUP),
            topic: symbol(detail_bit::TOPIC),
            owner: symbol(detail_bit::OWNER),
            label: symbol(detail_bit::LABEL),
            liable: symbol(detail_bit::LIABLE),
            leg: symbol(detail_bit::LEG),
            answer: NonZeroU8::new(
                (detail_bits >> detail_bit::ANSWER & detail_bit::ANSWER_MAX) as u8,
            ),
            agent_state: None,
        }
    }

    /// Returns the times of the first and the last observation; `None` without observations.
    #[inline]
    #[must_use]
    pub fn time_range(&self, overflow: &CaseOverflow) -> Option<(Timestamp, Timestamp)> {
        match self.overflow_place() {
            None => {
                let last = usize::from(self.len).checked_sub(1)?;
                Some((self.base, self.observation_time(last)))
            }
            Some(place) => {
                let (first, last) =
                    overflow.history(place).first().zip(overflow.history(place).last())?;
                Some((first.to_observation().time, last.to_observation().time))
            }
        }
    }

    /// Returns true if an observation has this id.
    #[must_use]
    pub fn contains_id(&self, overflow: &CaseOverflow, id: EventId) -> bool {
        match self.overflow_place() {
            None => self.ids[..usize::from(self.len)].contains(&id),
            Some(place) => overflow.history(place).iter().any(|known| known.id == id),
        }
    }

    /// Removes an agent's observations before `cutoff`, except those of the state at that time.
    ///
    /// Returns the removed observations in order.
    pub fn trim_before(
        &mut self,
        overflow: &mut CaseOverflow,
        cutoff: Timestamp,
    ) -> Vec<OverflowObservation> {
        let Some(place) = self.overflow_place() else { return Vec::new() };
        let list = overflow.history_mut(place);
        let mut removed =
            list.partition_point(|one| one.to_observation().time < cutoff).saturating_sub(1);
        while removed > 0 && list[removed - 1].state == list[removed].state {
            removed -= 1;
        }
        list.drain(..removed).collect()
    }

    /// Restores observations that [`CaseRecord::trim_before`] removed.
    pub fn restore_trimmed(
        &mut self,
        overflow: &mut CaseOverflow,
        trimmed: Vec<OverflowObservation>,
    ) {
        if let Some(place) = self.overflow_place() {
            overflow.history_mut(place).splice(..0, trimmed);
        }
    }

    /// Returns the number of observations.
    #[must_use]
    pub fn len(&self, overflow: &CaseOverflow) -> usize {
        self.overflow_place().map_or(usize::from(self.len), |place| overflow.history(place).len())
    }

    /// Returns true if a record from a snapshot is within the bounds and in order.
    ///
    /// [`CaseOverflow::is_valid`] checks the history of an overflowed case.
    #[must_use]
    pub fn is_valid(&self, bounds: &SnapshotBounds) -> bool {
        let len = usize::from(self.len);
        if len > INLINE_OBSERVATIONS || (len > 0 && self.is_overflowed) {
            return false;
        }
        let offsets = (0..len).map(|place| self.offset_ms(place));
        let named_times = [detail_bit::DUE, detail_bit::APPOINTMENT].map(|bit| {
            if self.is_overflowed { 0 } else { self.values[detail_bit::value_place(bit)] }
        });
        let has_happened =
            |place| bounds.has_happened(self.base.plus_millis(i64::from(self.offset_ms(place))));
        (0..len).all(|place| {
            has_happened(place)
                && bounds.has_type(self.kinds[place])
                && bounds.has_group(self.groups[place])
        }) && self.base.check_range().is_some()
            && named_times
                .into_iter()
                .all(|offset| self.base.plus_millis(i64::from(offset)).check_range().is_some())
            && offsets.is_sorted()
    }

    /// Returns the case's index in the overflow; `None` while it is inline.
    #[must_use]
    pub fn overflow_place(&self) -> Option<u32> {
        self.is_overflowed.then_some(self.values[0])
    }

    /// Releases the case's history in the overflow and empties the record.
    pub fn release_overflow(&mut self, overflow: &mut CaseOverflow) {
        if let Some(place) = self.overflow_place() {
            overflow.remove_history(place);
        }
        self.is_overflowed = false;
        (self.len, self.counted) = (0, 0);
    }
}

/// Reader of a case's observations in order, independent of the form of the record.
pub trait ObservationReader<R> {
    /// Reads the observations.
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) -> R;
}

/// Reader that collects all observations of a case in order.
#[derive(Clone, Copy, Debug)]
pub struct AllObservations;

impl ObservationReader<Vec<Observation>> for AllObservations {
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) -> Vec<Observation> {
        observations.collect()
    }
}

#[cfg(test)]
mod tests;
