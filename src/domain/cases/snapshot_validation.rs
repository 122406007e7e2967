//! Bounds: what the parts of a memory that was read may speak of. What was written down may come back damaged; held within
//! these bounds it may be wrong, but it cannot make the core fail or take more memory than there is.

use crate::domain::events::event::{CaseFamily, EventType, EventVerb};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;

/// What there is, and what time it is.
#[derive(Debug)]
pub struct SnapshotBounds {
    now: Timestamp,
    groups: usize,
    /// For each family its verbs, a bit each.
    verbs: Vec<u32>,
}

impl SnapshotBounds {
    /// The bounds of a core with this standard and so many groups that has reached `now`.
    #[must_use]
    pub fn new(standard: &Standard, groups: usize, now: Timestamp) -> SnapshotBounds {
        let families = (0..standard.schema.families.len()).map(|family| CaseFamily(family as u8));
        let bits = |family| {
            EventVerb::family_verbs(family)
                .iter()
                .fold(0, |bits, (_, verb)| bits | 1 << *verb as u32)
        };
        SnapshotBounds { now, groups, verbs: families.map(bits).collect() }
    }

    /// Whether this is a time that an event may have, and no time to come: the core has reached those of all it was told.
    #[must_use]
    pub fn has_happened(&self, time: Timestamp) -> bool {
        time <= self.now && time.check_range().is_some()
    }

    /// Whether there is such a group.
    #[must_use]
    pub fn has_group(&self, group: u32) -> bool {
        (group as usize) < self.groups
    }

    /// Whether the standard knows this type of event.
    #[must_use]
    pub fn has_type(&self, kind: EventType) -> bool {
        self.verbs
            .get(usize::from(kind.family.0))
            .is_some_and(|verbs| verbs >> kind.verb as u32 & 1 == 1)
    }
}
