//! Differences of facts: what the caseload hands to the cells.

use super::fact::Fact;
use super::group::CaseGroup;
use super::time::Timestamp;

/// What has changed since the cells last heard.
#[derive(Debug)]
pub struct CaseChanges {
    /// The time reached.
    pub(super) now: Timestamp,
    /// The groups that are new, in the order of their numbers.
    pub(super) groups: Vec<CaseGroup>,
    /// Cases that belong to a group now, and those that no longer do.
    pub(super) case_counts: Vec<Seen>,
    /// Facts that hold now, and those that no longer do, in the order in which that was found.
    pub(super) fact_counts: Vec<Counted>,
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

impl Default for CaseChanges {
    fn default() -> CaseChanges {
        CaseChanges { now: Timestamp(i64::MIN), groups: Vec::new(), case_counts: Vec::new(), fact_counts: Vec::new() }
    }
}

impl CaseChanges {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.groups.clear();
        self.case_counts.clear();
        self.fact_counts.clear();
    }
}
