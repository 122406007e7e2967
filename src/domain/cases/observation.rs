//! Observation: an event as its case remembers it, and the order of a case's observations.

use super::snapshot_validation::SnapshotBounds;
use crate::domain::events::event::{Event, EventDetail, EventId, EventType};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Event merged into a case.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// Time of the event.
    pub time: Timestamp,
    /// CloudEvents `sequence` if the source numbers its events. Orders observations of the same
    /// time.
    pub sequence: u32,
    /// Event type.
    pub kind: EventType,
    /// Identity of the event.
    pub id: EventId,
    /// Number of the group of its attributes.
    pub group: u32,
    /// Further data of the event.
    pub detail: EventDetail,
}

/// Place of an observation in the order of its case: by time, then sequence, then event type (starts
/// before ends), then id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ObservationPlace {
    /// Time of the event.
    pub time: Timestamp,
    /// As in [`Observation::sequence`].
    pub sequence: u32,
    /// Event type.
    pub kind: EventType,
    /// Identity of the event.
    pub id: EventId,
}

impl Observation {
    /// Returns the observation of `event`, whose attributes form the group `group`.
    #[must_use]
    pub fn new(event: &Event, group: u32) -> Observation {
        let Event { time, sequence, kind, id, detail, .. } = *event;
        Observation { time, sequence, kind, id, group, detail }
    }

    /// Returns true if an observation from a snapshot is within the bounds.
    #[must_use]
    pub fn is_valid(&self, bounds: &SnapshotBounds) -> bool {
        let named_times = [self.detail.due, self.detail.appointment].into_iter().flatten();
        bounds.has_happened(self.time)
            && bounds.has_type(self.kind)
            && bounds.has_group(self.group)
            && named_times
                .into_iter()
                .all(|time| time.readable().is_none_or(|time| time.check_range().is_some()))
    }

    /// Returns the place of the observation. It does not depend on the order of arrival.
    #[must_use]
    pub fn place(&self) -> ObservationPlace {
        let Observation { time, sequence, kind, id, .. } = *self;
        ObservationPlace { time, sequence, kind, id }
    }

    /// Compares the places of two observations.
    #[must_use]
    pub fn compare_order(&self, other: &Observation) -> Ordering {
        self.place().cmp(&other.place())
    }

    /// Returns true if this content replaces `other`, which was sent under the same id.
    ///
    /// The smaller content by time, type and data wins. `attributes` compares groups by their
    /// texts, since their numbers depend on the order of arrival.
    #[must_use]
    pub fn takes_precedence_over(
        &self,
        other: &Observation,
        attributes: impl FnOnce(u32, u32) -> Ordering,
    ) -> bool {
        let order = self.compare_order(other).then_with(|| self.detail.cmp(&other.detail));
        order.then_with(|| attributes(self.group, other.group)) == Ordering::Less
    }
}
