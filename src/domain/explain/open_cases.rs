//! Open cases with a promise to keep, those with the least time left first.

use super::case_history::CaseDescriber;

use crate::domain::cases::case_names::CaseName;
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::facts::commitment_clock::{ClockReport, ClockState};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// In how much danger a promise is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DeadlineRisk {
    /// Its deadline has passed.
    Overdue,
    /// Its deadline is near.
    DueSoon,
    /// It runs, and the deadline is not near.
    Running,
    /// Its clock stands.
    Stopped,
}

impl DeadlineRisk {
    /// Every risk.
    pub const ALL: [DeadlineRisk; 4] = [
        DeadlineRisk::Overdue,
        DeadlineRisk::DueSoon,
        DeadlineRisk::Running,
        DeadlineRisk::Stopped,
    ];

    /// Its public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DeadlineRisk::Overdue => "overdue",
            DeadlineRisk::DueSoon => "due_soon",
            DeadlineRisk::Running => "running",
            DeadlineRisk::Stopped => "stopped",
        }
    }

    fn from_clock_state(course: ClockState) -> Option<DeadlineRisk> {
        match course {
            ClockState::Overdue => Some(DeadlineRisk::Overdue),
            ClockState::DueSoon => Some(DeadlineRisk::DueSoon),
            ClockState::Running => Some(DeadlineRisk::Running),
            ClockState::Stopped(_) => Some(DeadlineRisk::Stopped),
            _ => None,
        }
    }
}

/// Which open cases are wanted.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenCaseQuery {
    /// In which danger.
    pub risks: Vec<DeadlineRisk>,
    /// Of this family.
    pub family: Option<CaseFamily>,
    /// With this commitment: its place in the standard.
    pub commitment: Option<usize>,
    /// With these attributes: for each dimension named, the values that fit.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// The most cases in the list.
    pub limit: usize,
}

/// Open cases.
#[derive(Debug)]
pub struct OpenCases {
    /// The standard they are judged by.
    pub standard: Arc<Standard>,
    /// The time reached.
    pub as_of: Option<Timestamp>,
    /// How many fit.
    pub count: usize,
    /// Those with the least time left.
    pub cases: Vec<OpenCase>,
}

/// A promise on an open case.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenCase {
    /// What the case is called.
    pub name: Option<CaseName>,
    /// The commitment: its place in the standard.
    pub commitment: usize,
    /// In which danger it is.
    pub risk: DeadlineRisk,
    /// When the clock started.
    pub started_at: Timestamp,
    /// Since when the clock stands, if it does.
    pub stopped_since: Option<Timestamp>,
    /// The deadline; `None` while the clock stands.
    pub deadline: Option<Timestamp>,
    /// How many milliseconds are left until the deadline, negative once it has passed; of a clock that stands, how many there
    /// would be if it went on now.
    pub left_ms: Option<i64>,
    /// The share of the time allowed that is gone.
    pub used_share: Option<f64>,
    /// The dimensions with the values of the case.
    pub attributes: Vec<(String, String)>,
    /// The warnings that were given.
    pub warnings: Vec<String>,
}

/// Gathers open cases, never many more than are wanted.
pub(in crate::domain) struct OpenCaseCollector<'a> {
    query: &'a OpenCaseQuery,
    now: Timestamp,
    count: usize,
    /// With their ranks and keys.
    cases: Vec<(i64, u64, OpenCase)>,
}

impl<'a> OpenCaseCollector<'a> {
    pub(in crate::domain) fn new(
        wanted: &'a OpenCaseQuery,
        now: Timestamp,
    ) -> OpenCaseCollector<'a> {
        OpenCaseCollector { query: wanted, now, count: 0, cases: Vec::new() }
    }

    /// Takes the promises of a case that fit.
    pub(in crate::domain) fn add_case(
        &mut self,
        slot: u32,
        key: u64,
        facts: &CaseFacts,
        speaker: &CaseDescriber<'_>,
    ) {
        for told in facts.clock_reports.iter().flatten() {
            let Some(risk) = DeadlineRisk::from_clock_state(told.state)
                .filter(|risk| self.query.risks.contains(risk))
            else {
                continue;
            };
            let commitment = &speaker.standard.commitments[told.commitment];
            let fits = self.query.commitment.is_none_or(|wanted| wanted == told.commitment)
                && self.query.family.is_none_or(|wanted| wanted == commitment.family)
                && speaker
                    .groups
                    .get(facts.group)
                    .attributes
                    .fulfill_conditions(&self.query.conditions);
            if !fits {
                continue;
            }
            self.count += 1;
            let case = self.describe_case(told, risk, facts, slot, speaker);
            self.cases.push((case.left_ms.unwrap_or(i64::MAX), key, case));
            if self.cases.len() >= 2 * self.query.limit.max(1) {
                self.trim_to_limit();
            }
        }
    }

    fn describe_case(
        &self,
        told: &ClockReport,
        risk: DeadlineRisk,
        facts: &CaseFacts,
        slot: u32,
        speaker: &CaseDescriber<'_>,
    ) -> OpenCase {
        let stands = if let ClockState::Stopped(since) = told.state { Some(since) } else { None };
        let allowed = told.allowed_ms.filter(|allowed| *allowed > 0);
        let left_ms = match told.deadline {
            Some(deadline) => Some(deadline.millis_since(self.now)),
            None => told.allowed_ms.map(|allowed| allowed - told.used_ms),
        };
        OpenCase {
            name: CaseName::from_names(speaker.names, slot),
            commitment: told.commitment,
            risk,
            started_at: told.from,
            stopped_since: stands,
            deadline: told.deadline,
            left_ms,
            used_share: allowed.map(|allowed| told.used_ms as f64 / allowed as f64),
            attributes: speaker.dimension_values(facts.group),
            warnings: told.warnings.iter().filter_map(|word| speaker.warning_text(*word)).collect(),
        }
    }

    fn trim_to_limit(&mut self) {
        self.cases.sort_by(|(left, key, _), (other_left, other_key, _)| {
            (left, key).cmp(&(other_left, other_key))
        });
        self.cases.truncate(self.query.limit);
    }

    /// How many fit, and those with the least time left; of those with the same, by name.
    pub(in crate::domain) fn finish(mut self) -> (usize, Vec<OpenCase>) {
        self.trim_to_limit();
        self.cases.sort_by(|(left, _, one), (other_left, _, other)| {
            (left, &one.name, one.commitment).cmp(&(other_left, &other.name, other.commitment))
        });
        (self.count, self.cases.into_iter().map(|(_, _, case)| case).collect())
    }
}
