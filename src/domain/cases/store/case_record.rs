//! A case in one record of two cache lines, the same form open or closed: up to four observations inline, any number spilled.
//!
//! The inline form is an encoding, not a summary: every observation is read back exactly as it was merged. What does not
//! fit (a fifth observation, two different due times, an offset of more than 49 days ...) moves the case to the spill, so
//! nothing above this file knows that there are two forms. The usual call fits with all that is said of it: topic, wait, talk, hold,
//! wrap-up, whether it was resolved, and the customer's answer.

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

/// How many values a record has room for.
const VALUE_SLOTS: usize = 6;

/// What an inline observation says beyond time, type and group: a bit each, and its answer above them.
mod says {
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
    /// By how many bits an answer, from 1 to 5, is shifted; 0 is none.
    pub(in crate::domain) const ANSWER: u32 = 11;

    /// For each place among the values what is kept there. Calls and orders share places: hardly a case says what both do.
    pub(in crate::domain) const PLACES: [u16; super::VALUE_SLOTS] =
        [TOPIC, LABEL, DUE | WAIT, APPOINTMENT | TALK, OWNER | HOLD, LIABLE | WRAPUP];

    /// Where a value is kept.
    pub(in crate::domain) const fn value_place(bit: u16) -> usize {
        let mut place = 0;
        while PLACES[place] & bit == 0 {
            place += 1;
        }
        place
    }
}

/// The merged history of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub struct CaseRecord {
    #[serde(with = "event::hash")]
    key: u64,
    base: Timestamp,
    #[serde(with = "event::hash")]
    customer: u64,
    ids: [EventId; INLINE_OBSERVATIONS],
    /// How long after `base` they happened, in milliseconds; the first happened then.
    offsets: [u32; INLINE_OBSERVATIONS - 1],
    groups: [u32; INLINE_OBSERVATIONS],
    kinds: [EventType; INLINE_OBSERVATIONS],
    detail_bits: [u16; INLINE_OBSERVATIONS],
    /// What they say, each value once for the whole case. Times are kept as offsets. The first is the place among the spilled ones
    /// of a case that lies there.
    values: [u32; VALUE_SLOTS],
    is_overflowed: bool,
    len: u8,
    /// Whether the case is open, as it was last told.
    open: bool,
    /// How many of the observations are counted: the first ones. Those of spilled cases all are.
    #[serde(skip)]
    counted: u8,
}

/// Which observations of a case are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HistoryPart {
    /// All of them.
    All,
    /// Those that are counted: what the sums know of the case.
    Counted,
}

/// What became of an observation offered to a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MergeResult {
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
pub const OBSERVATIONS_PER_CASE_MAX: usize = 16_384;

impl CaseRecord {
    /// A case without observations.
    #[must_use]
    pub fn new(key: u64, base: Timestamp) -> CaseRecord {
        let nothing = EventType { family: CaseFamily::CALL, verb: EventVerb::Offered };
        CaseRecord {
            key,
            base,
            customer: 0,
            ids: [EventId(0); INLINE_OBSERVATIONS],
            offsets: [0; INLINE_OBSERVATIONS - 1],
            groups: [0; INLINE_OBSERVATIONS],
            kinds: [nothing; INLINE_OBSERVATIONS],
            detail_bits: [0; INLINE_OBSERVATIONS],
            values: [0; VALUE_SLOTS],
            is_overflowed: false,
            len: 0,
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
    pub fn prefetch(&self) -> u64 {
        self.ids[0].0 ^ u64::from(self.len) ^ self.key
    }

    /// Whether the case is open, as it was last told.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Remembers that all observations are counted, and whether they say that the case is open.
    pub fn mark_settled(&mut self, open: bool) {
        self.open = open;
        self.counted = self.len;
    }

    /// Whether all observations are counted.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.counted == self.len
    }

    /// How many inline observations belong to a part.
    fn inline_len(&self, part: HistoryPart) -> usize {
        usize::from(if part == HistoryPart::Counted { self.counted } else { self.len })
    }

    /// Whether there are no observations in a part.
    #[must_use]
    pub fn is_empty(&self, part: HistoryPart) -> bool {
        self.inline_len(part) == 0 && !self.is_overflowed
    }

    /// Calls `read` with the observations of a part in their order.
    #[inline]
    pub fn read_observations<R>(
        &self,
        part: HistoryPart,
        spill: &CaseOverflow,
        read: impl ObservationReader<R>,
    ) -> R {
        match self.overflow_place() {
            Some(place) => {
                read.read(spill.history(place).iter().map(OverflowObservation::to_observation))
            }
            None => {
                read.read((0..self.inline_len(part)).map(|place| self.inline_observation(place)))
            }
        }
    }

    /// What the observations of a part say together.
    #[inline]
    pub fn summarize(
        &self,
        part: HistoryPart,
        spill: &CaseOverflow,
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) -> CaseSummary {
        let mut said = CaseSummary::default();
        if let Some(place) = self.overflow_place() {
            spill
                .history(place)
                .iter()
                .for_each(|one| said.add_observation(&one.to_observation(), context, groups));
            return said;
        }
        let mut used = 0;
        for place in 0..self.inline_len(part) {
            said.add_group(self.kinds[place].family, self.groups[place], context, groups);
            said.last_observed = self.observation_time(place);
            used |= self.detail_bits[place];
        }
        // What several of them say is the same.
        if used != 0 {
            said.add_detail(&self.decode_detail(used));
        }
        said
    }

    // Always: nearly nothing of an observation is needed, and what is not, need not be put together.
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
    fn decode_detail(&self, said: u16) -> EventDetail {
        let value = |bit: u16| {
            if said & bit != 0 { Some(self.values[says::value_place(bit)]) } else { None }
        };
        let word = |bit: u16| value(bit).and_then(Symbol::from_number);
        let moment = |bit: u16| {
            value(bit)
                .and_then(|offset| PackedTimestamp::new(Timestamp(self.base.0 + i64::from(offset))))
        };
        let amount = |bit: u16| value(bit).and_then(|millis| PackedMillis::new(i64::from(millis)));
        EventDetail {
            customer: if said & says::CUSTOMER != 0 {
                NonZeroU64::new(self.customer).map(CustomerKey)
            } else {
                None
            },
            due: moment(says::DUE),
            appointment: moment(says::APPOINTMENT),
            wait: amount(says::WAIT),
            talk: amount(says::TALK),
            hold: amount(says::HOLD),
            wrapup: amount(says::WRAPUP),
            topic: word(says::TOPIC),
            owner: word(says::OWNER),
            label: word(says::LABEL),
            liable: word(says::LIABLE),
            answer: NonZeroU8::new((said >> says::ANSWER) as u8),
            agent_state: None,
        }
    }

    /// Takes out the observations of an agent before `cutoff` that nothing can correct any more: all but those of the state that
    /// lasted then. Gives them back, in their order.
    pub fn trim_before(
        &mut self,
        spill: &mut CaseOverflow,
        cutoff: Timestamp,
    ) -> Vec<OverflowObservation> {
        let Some(place) = self.overflow_place() else { return Vec::new() };
        let list = spill.history_mut(place);
        let mut keep =
            list.partition_point(|one| one.to_observation().time < cutoff).saturating_sub(1);
        while keep > 0 && list[keep - 1].state == list[keep].state {
            keep -= 1;
        }
        list.drain(..keep).collect()
    }

    /// Puts observations back that [`Record::trim`] took out.
    pub fn restore_trimmed(&mut self, spill: &mut CaseOverflow, trimmed: Vec<OverflowObservation>) {
        if let Some(place) = self.overflow_place() {
            spill.history_mut(place).splice(..0, trimmed);
        }
    }

    /// How many observations there are.
    #[must_use]
    pub fn len(&self, spill: &CaseOverflow) -> usize {
        self.overflow_place().map_or(usize::from(self.len), |place| spill.history(place).len())
    }

    /// Whether a record that was read speaks only of what there is, and of what has happened, in order. What it says in the
    /// spill is no matter of its own: see [`Spill::is_sound`].
    #[must_use]
    pub fn is_valid(&self, bounds: &SnapshotBounds) -> bool {
        let len = usize::from(self.len);
        if len > INLINE_OBSERVATIONS || (len > 0 && self.is_overflowed) {
            return false;
        }
        let offsets = (0..len).map(|place| self.offset_ms(place));
        let moments = [says::DUE, says::APPOINTMENT]
            .map(|bit| if self.is_overflowed { 0 } else { self.values[says::value_place(bit)] });
        let has_happened =
            |place| bounds.has_happened(self.base.plus_millis(i64::from(self.offset_ms(place))));
        (0..len).all(|place| {
            has_happened(place)
                && bounds.has_type(self.kinds[place])
                && bounds.has_group(self.groups[place])
        }) && self.base.check_range().is_some()
            && moments
                .into_iter()
                .all(|offset| self.base.plus_millis(i64::from(offset)).check_range().is_some())
            && offsets.is_sorted()
    }

    /// The case's place in the spill; none while it is inline.
    #[must_use]
    pub fn overflow_place(&self) -> Option<u32> {
        self.is_overflowed.then_some(self.values[0])
    }

    /// Gives up the case's place in the spill.
    pub fn release_overflow(&mut self, spill: &mut CaseOverflow) {
        if let Some(place) = self.overflow_place() {
            spill.remove_history(place);
        }
        self.is_overflowed = false;
        (self.len, self.counted) = (0, 0);
    }
}

/// Something that reads a case's observations in their order, whichever form the case has.
pub trait ObservationReader<R> {
    /// Reads them.
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) -> R;
}

/// Reads all observations of a case, in their order.
#[derive(Clone, Copy, Debug)]
pub struct AllObservations;

impl ObservationReader<Vec<Observation>> for AllObservations {
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) -> Vec<Observation> {
        observations.collect()
    }
}

#[cfg(test)]
mod tests;
