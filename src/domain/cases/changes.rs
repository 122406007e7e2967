//! Differences of facts: what the caseload hands to the cells.

use super::groups::CaseGroup;
use crate::domain::facts::catalog::Fact;
use crate::domain::time::timestamp::Timestamp;

/// What has changed since the cells last heard.
#[derive(Debug)]
pub struct CaseChanges {
    /// The time reached.
    pub(in crate::domain) now: Timestamp,
    /// The groups that are new, in the order of their numbers.
    pub(in crate::domain) groups: Vec<CaseGroup>,
    /// Cases that belong to a group now, and those that no longer do.
    pub(in crate::domain) case_counts: Vec<Seen>,
    /// Facts that hold now, and those that no longer do, in the order in which that was found.
    pub(in crate::domain) fact_counts: Vec<Counted>,
}

/// A case of some families that counts in a group so many times more.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Seen {
    pub(in crate::domain) group: u32,
    /// A bit each.
    pub(in crate::domain) families: u64,
    pub(in crate::domain) times: i64,
}

/// A fact that counts in a group so many times more.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Counted {
    pub(in crate::domain) fact: Fact,
    pub(in crate::domain) group: u32,
    pub(in crate::domain) times: i32,
}

impl Default for CaseChanges {
    fn default() -> CaseChanges {
        CaseChanges {
            now: Timestamp(i64::MIN),
            groups: Vec::new(),
            case_counts: Vec::new(),
            fact_counts: Vec::new(),
        }
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
