//! Differences of facts: what the caseload hands to the cells.

use super::fact::Fact;
use super::group::Group;
use super::time::Timestamp;

/// What has changed since the cells last heard.
#[derive(Debug)]
pub struct Changes {
    /// The time reached.
    pub(super) now: Timestamp,
    /// The groups that are new, in the order of their numbers.
    pub(super) groups: Vec<Group>,
    /// Cases that belong to a group now, and those that no longer do.
    pub(super) seen: Vec<Seen>,
    /// Facts that hold now, and those that no longer do, in the order in which that was found.
    pub(super) counted: Vec<Counted>,
}

/// A case of some families that counts in a group so many times more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) group: u32,
    /// A bit each.
    pub(super) families: u64,
    pub(super) times: i64,
}

/// A fact that counts in a group so many times more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) fact: Fact,
    pub(super) group: u32,
    pub(super) times: i32,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes { now: Timestamp(i64::MIN), groups: Vec::new(), seen: Vec::new(), counted: Vec::new() }
    }
}

impl Changes {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.groups.clear();
        self.seen.clear();
        self.counted.clear();
    }
}
