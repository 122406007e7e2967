//! One event as its case remembers it, and the order in which a case reads its observations.

use super::snapshot_validation::SnapshotBounds;
use crate::domain::events::event::{Event, EventDetail, EventId, EventType};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// An event that a case has merged.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// When it happened.
    pub time: Timestamp,
    /// Orders observations of the same time where the source numbers its events.
    pub sequence: u32,
    /// What happened.
    pub kind: EventType,
    /// Which event it was.
    pub id: EventId,
    /// Its attributes, as the core numbers groups.
    pub group: u32,
    /// What else it said.
    pub detail: EventDetail,
}

impl Observation {
    /// What a case remembers of `event`, whose attributes the core knows as `group`.
    #[must_use]
    pub fn new(event: &Event, group: u32) -> Observation {
        let Event { time, sequence, kind, id, detail, .. } = *event;
        Observation { time, sequence, kind, id, group, detail }
    }

    /// Whether an observation that was read speaks only of what there is.
    #[must_use]
    pub fn is_valid(&self, bounds: &SnapshotBounds) -> bool {
        let said = [self.detail.due, self.detail.appointment].into_iter().flatten();
        bounds.has_happened(self.time)
            && bounds.has_type(self.kind)
            && bounds.has_group(self.group)
            && said.into_iter().all(|moment| moment.get().check_range().is_some())
    }

    /// The order of observations in a case: by time, then as the source numbered them, then beginnings before ends, then by
    /// id. It does not depend on the order of arrival.
    #[must_use]
    pub fn compare_order(&self, other: &Observation) -> Ordering {
        self.sort_key().cmp(&other.sort_key())
    }

    fn sort_key(&self) -> (Timestamp, u32, EventType, EventId) {
        (self.time, self.sequence, self.kind, self.id)
    }

    /// Which of two contents sent under one id holds: the smaller by time, type and what they say. `attributes` compares
    /// their groups by text, because the numbers of groups depend on the order of arrival.
    #[must_use]
    pub fn takes_precedence_over(
        &self,
        other: &Observation,
        attributes: impl FnOnce(u32, u32) -> Ordering,
    ) -> bool {
        let order =
            self.sort_key().cmp(&other.sort_key()).then_with(|| self.detail.cmp(&other.detail));
        order.then_with(|| attributes(self.group, other.group)) == Ordering::Less
    }
}
