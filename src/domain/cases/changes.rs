//! Differences of facts that the caseload hands over to the cells.

use super::groups::CaseGroup;
use crate::domain::facts::catalog::{Fact, FactKind};
use crate::domain::time::timestamp::Timestamp;

/// Changes since the last handover to the cells.
#[derive(Debug)]
pub struct CaseChanges {
    /// Time reached.
    pub(in crate::domain) now: Timestamp,
    /// New groups, in the order of their numbers.
    pub(in crate::domain) groups: Vec<CaseGroup>,
    /// Changes of the number of cases per group.
    pub(in crate::domain) case_counts: Vec<Seen>,
    /// Added and retracted facts, in the order of detection.
    pub(in crate::domain) fact_counts: Vec<Counted>,
    /// Starts and ends of states for the means of levels.
    pub(in crate::domain) state_changes: Vec<CaseStateChange>,
    /// Facts with durations of cases that were forgotten, each with its group. They stay counted.
    pub(in crate::domain) forgotten_durations: Vec<(u32, Fact)>,
}

/// Change of the number of cases of some families in a group by `times`.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Seen {
    pub(in crate::domain) group: u32,
    /// Families as a bit set.
    pub(in crate::domain) families: u64,
    pub(in crate::domain) times: i64,
}

/// Change of the count of a fact in a group by `times`.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Counted {
    pub(in crate::domain) fact: Fact,
    pub(in crate::domain) group: u32,
    pub(in crate::domain) times: i32,
}

/// A current state of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CaseState {
    /// Group of cases in which the state counts.
    pub group: u32,
    /// Kind of current state.
    pub kind: FactKind,
}

/// Start or end of a state of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CaseStateChange {
    /// The state.
    pub state: CaseState,
    /// Time of the start or end.
    pub time: Timestamp,
    /// How often the state starts, negative for ends.
    pub starts: i64,
}

impl Default for CaseChanges {
    fn default() -> CaseChanges {
        CaseChanges {
            now: Timestamp(i64::MIN),
            groups: Vec::new(),
            case_counts: Vec::new(),
            fact_counts: Vec::new(),
            state_changes: Vec::new(),
            forgotten_durations: Vec::new(),
        }
    }
}

impl CaseChanges {
    /// Removes all changes but keeps the allocated memory.
    pub fn clear(&mut self) {
        self.groups.clear();
        self.case_counts.clear();
        self.fact_counts.clear();
        self.state_changes.clear();
        self.forgotten_durations.clear();
    }
}
