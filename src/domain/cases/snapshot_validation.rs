//! Validation of snapshots against the standard and the time reached.
//!
//! A snapshot may be damaged. Values within these bounds may be wrong, but they can neither make
//! the engine fail nor exhaust its memory.

use crate::domain::events::event::{EventType, EventVerb};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;

/// Bounds for the values in a snapshot.
#[derive(Debug)]
pub struct SnapshotBounds {
    now: Timestamp,
    groups: usize,
    /// Event verbs of each family, as a bit set.
    verbs: Vec<u32>,
}

impl SnapshotBounds {
    /// Returns the bounds for a standard, a number of groups and the time reached.
    #[must_use]
    pub fn new(standard: &Standard, groups: usize, now: Timestamp) -> SnapshotBounds {
        let bits = |life_cycle| {
            EventVerb::of_life_cycle(life_cycle)
                .iter()
                .fold(0, |bits, (_, verb)| bits | 1 << *verb as u32)
        };
        let families = standard.schema.families_with_life_cycle();
        SnapshotBounds {
            now,
            groups,
            verbs: families.map(|(_, life_cycle)| bits(life_cycle)).collect(),
        }
    }

    /// Returns true if an event may have this time and the time is not in the future.
    #[must_use]
    pub fn has_happened(&self, time: Timestamp) -> bool {
        time <= self.now && time.check_range().is_some()
    }

    /// Returns true if the group exists.
    #[must_use]
    pub fn has_group(&self, group: u32) -> bool {
        (group as usize) < self.groups
    }

    /// Returns true if the standard contains this event type.
    #[must_use]
    pub fn has_type(&self, kind: EventType) -> bool {
        self.verbs
            .get(usize::from(kind.family.0))
            .is_some_and(|verbs| verbs >> kind.verb as u32 & 1 == 1)
    }
}
