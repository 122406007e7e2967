//! Open cases with a commitment, sorted by the time left until the deadline.

use super::case_history::CaseDescriber;

use crate::domain::cases::case_names::CaseName;
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::facts::commitment_clock::{ClockReport, ClockState};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// Risk of missing the deadline of a commitment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DeadlineRisk {
    /// The deadline has passed.
    Overdue,
    /// The deadline is near.
    DueSoon,
    /// The clock is running and the deadline is not near.
    Running,
    /// The clock is paused.
    Stopped,
}

impl DeadlineRisk {
    /// All risks, highest first.
    pub const ALL: [DeadlineRisk; 4] = [
        DeadlineRisk::Overdue,
        DeadlineRisk::DueSoon,
        DeadlineRisk::Running,
        DeadlineRisk::Stopped,
    ];

    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DeadlineRisk::Overdue => "overdue",
            DeadlineRisk::DueSoon => "due_soon",
            DeadlineRisk::Running => "running",
            DeadlineRisk::Stopped => "stopped",
        }
    }

    fn from_clock_state(state: ClockState) -> Option<DeadlineRisk> {
        match state {
            ClockState::Overdue => Some(DeadlineRisk::Overdue),
            ClockState::DueSoon => Some(DeadlineRisk::DueSoon),
            ClockState::Running => Some(DeadlineRisk::Running),
            ClockState::Stopped(_) => Some(DeadlineRisk::Stopped),
            _ => None,
        }
    }
}

/// Filter for open cases.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenCaseQuery {
    /// Accepted risks.
    pub risks: Vec<DeadlineRisk>,
    /// Case family; `None` accepts all.
    pub family: Option<CaseFamily>,
    /// Index of the commitment in the standard; `None` accepts all.
    pub commitment: Option<usize>,
    /// Accepted values per dimension.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// Maximum length of the list.
    pub limit: usize,
}

/// Result of an open case query.
#[derive(Debug)]
pub struct OpenCases {
    /// Standard that evaluated the commitments.
    pub standard: Arc<Standard>,
    /// Current engine time; `None` before the first event or tick.
    pub as_of: Option<Timestamp>,
    /// Number of matching commitments.
    pub count: usize,
    /// Matching commitments with the least time left.
    pub cases: Vec<OpenCase>,
}

/// A commitment of an open case.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenCase {
    /// Source and subject of the case, if known.
    pub name: Option<CaseName>,
    /// Index of the commitment in the standard.
    pub commitment: usize,
    /// Risk of missing the deadline.
    pub risk: DeadlineRisk,
    /// Start of the clock.
    pub started_at: Timestamp,
    /// Start of the pause, if the clock is paused.
    pub stopped_since: Option<Timestamp>,
    /// Deadline; `None` while the clock is paused.
    pub deadline: Option<Timestamp>,
    /// Open milliseconds of the rule's calendar that are left, negative after the deadline. `None`
    /// if the calendar never opens again.
    pub left_ms: Option<i64>,
    /// True while the time left decreases: the clock runs and its calendar is open.
    pub is_counting: bool,
    /// Used share of the allowed time; `None` if no time is allowed.
    pub used_share: Option<f64>,
    /// Dimensions of the case with their values.
    pub attributes: Vec<(String, String)>,
    /// Warnings that were reached.
    pub warnings: Vec<String>,
    /// Fields `due` or `appointment` whose last value could not be read. Another deadline applies.
    pub unreadable: Vec<&'static str>,
}

/// Collects open cases; holds at most twice the limit.
pub(in crate::domain) struct OpenCaseCollector<'a> {
    query: &'a OpenCaseQuery,
    count: usize,
    /// Cases with time left and case key.
    cases: Vec<(i64, u64, OpenCase)>,
}

impl<'a> OpenCaseCollector<'a> {
    pub(in crate::domain) fn new(query: &'a OpenCaseQuery) -> OpenCaseCollector<'a> {
        OpenCaseCollector { query, count: 0, cases: Vec::new() }
    }

    /// Adds the commitments of a case that match the query.
    pub(in crate::domain) fn add_case(
        &mut self,
        slot: u32,
        key: u64,
        facts: &CaseFacts,
        describer: &CaseDescriber<'_>,
    ) {
        for report in facts.clock_reports.iter().flatten() {
            let Some(risk) = DeadlineRisk::from_clock_state(report.state)
                .filter(|risk| self.query.risks.contains(risk))
            else {
                continue;
            };
            let commitment = &describer.standard.commitments[report.commitment];
            let matches =
                self.query.commitment.is_none_or(|commitment| commitment == report.commitment)
                    && self.query.family.is_none_or(|family| family == commitment.family)
                    && describer
                        .groups
                        .get(facts.group)
                        .attributes
                        .fulfill_conditions(&self.query.conditions);
            if !matches {
                continue;
            }
            self.count += 1;
            let case = self.describe_case(report, risk, facts, slot, describer);
            self.cases.push((case.left_ms.unwrap_or(i64::MAX), key, case));
            if self.cases.len() >= 2 * self.query.limit.max(1) {
                self.trim_to_limit();
            }
        }
    }

    fn describe_case(
        &self,
        report: &ClockReport,
        risk: DeadlineRisk,
        facts: &CaseFacts,
        slot: u32,
        describer: &CaseDescriber<'_>,
    ) -> OpenCase {
        let stopped_since =
            if let ClockState::Stopped(since) = report.state { Some(since) } else { None };
        let allowed = report.allowed_ms.filter(|allowed| *allowed > 0);
        OpenCase {
            name: CaseName::from_names(describer.names, slot),
            commitment: report.commitment,
            risk,
            started_at: report.from,
            stopped_since,
            deadline: report.deadline,
            left_ms: report.allowed_ms.map(|allowed| allowed - report.used_ms),
            is_counting: report.is_counting,
            used_share: allowed.map(|allowed| report.used_ms as f64 / allowed as f64),
            attributes: describer.dimension_values(facts.group),
            warnings: report
                .warnings
                .iter()
                .filter_map(|label| describer.warning_text(*label))
                .collect(),
            unreadable: report.unreadable.clone(),
        }
    }

    fn trim_to_limit(&mut self) {
        self.cases.sort_by(|(left, key, _), (other_left, other_key, _)| {
            (left, key).cmp(&(other_left, other_key))
        });
        self.cases.truncate(self.query.limit);
    }

    /// Returns the number of matches and those with the least time left. Ties are sorted by name.
    pub(in crate::domain) fn finish(mut self) -> (usize, Vec<OpenCase>) {
        self.trim_to_limit();
        self.cases.sort_by(|(left, _, case), (other_left, _, other)| {
            (left, &case.name, case.commitment).cmp(&(other_left, &other.name, other.commitment))
        });
        (self.count, self.cases.into_iter().map(|(_, _, case)| case).collect())
    }
}
