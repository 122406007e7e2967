//! Open cases with a promise to keep, those with the least time left first.

use super::Name;
use super::history::Speaker;
use crate::domain::event::Family;
use crate::domain::fact::Facts;
use crate::domain::fact::clock::{Course, Told};
use crate::domain::standard::Standard;
use crate::domain::time::Timestamp;
use std::sync::Arc;

/// In how much danger a promise is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Risk {
    /// Its deadline has passed.
    Overdue,
    /// Its deadline is near.
    DueSoon,
    /// It runs, and the deadline is not near.
    Running,
    /// Its clock stands.
    Stopped,
}

impl Risk {
    /// Every risk.
    pub const ALL: [Risk; 4] = [Risk::Overdue, Risk::DueSoon, Risk::Running, Risk::Stopped];

    /// Its public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Risk::Overdue => "overdue",
            Risk::DueSoon => "due_soon",
            Risk::Running => "running",
            Risk::Stopped => "stopped",
        }
    }

    fn of(course: Course) -> Option<Risk> {
        match course {
            Course::Overdue => Some(Risk::Overdue),
            Course::DueSoon => Some(Risk::DueSoon),
            Course::Running => Some(Risk::Running),
            Course::Stopped(_) => Some(Risk::Stopped),
            _ => None,
        }
    }
}

/// Which open cases are wanted.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted {
    /// In which danger.
    pub risks: Vec<Risk>,
    /// Of this family.
    pub family: Option<Family>,
    /// With this commitment: its place in the standard.
    pub commitment: Option<usize>,
    /// With these attributes: for each dimension named, the values that fit.
    pub fixed: Vec<(usize, Vec<String>)>,
    /// The most cases in the list.
    pub limit: usize,
}

/// Open cases.
#[derive(Debug)]
pub struct Open {
    /// The standard they are judged by.
    pub standard: Arc<Standard>,
    /// The time reached.
    pub as_of: Option<Timestamp>,
    /// How many fit.
    pub count: usize,
    /// Those with the least time left.
    pub cases: Vec<Case>,
}

/// A promise on an open case.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// What the case is called.
    pub name: Option<Name>,
    /// The commitment: its place in the standard.
    pub commitment: usize,
    /// In which danger it is.
    pub risk: Risk,
    /// When the clock started.
    pub since: Timestamp,
    /// Since when the clock stands, if it does.
    pub stands: Option<Timestamp>,
    /// The deadline; `None` while the clock stands.
    pub deadline: Option<Timestamp>,
    /// How many milliseconds are left until the deadline, negative once it has passed; of a clock that stands, how many there
    /// would be if it went on now.
    pub left_ms: Option<i64>,
    /// The share of the time allowed that is gone.
    pub used: Option<f64>,
    /// The dimensions with the values of the case.
    pub attributes: Vec<(String, String)>,
    /// The warnings that were given.
    pub warned: Vec<String>,
}

/// Gathers open cases, never many more than are wanted.
pub(in crate::domain) struct Gatherer<'a> {
    wanted: &'a Wanted,
    now: Timestamp,
    count: usize,
    /// With their ranks and keys.
    cases: Vec<(i64, u64, Case)>,
}

impl<'a> Gatherer<'a> {
    pub(in crate::domain) fn new(wanted: &'a Wanted, now: Timestamp) -> Gatherer<'a> {
        Gatherer { wanted, now, count: 0, cases: Vec::new() }
    }

    /// Takes the promises of a case that fit.
    pub(in crate::domain) fn take(&mut self, slot: u32, key: u64, facts: &Facts, speaker: &Speaker<'_>) {
        for told in facts.clocks.iter().flatten() {
            let Some(risk) = Risk::of(told.course).filter(|risk| self.wanted.risks.contains(risk)) else { continue };
            let commitment = &speaker.standard.commitments[told.commitment];
            let fits = self.wanted.commitment.is_none_or(|wanted| wanted == told.commitment)
                && self.wanted.family.is_none_or(|wanted| wanted == commitment.family)
                && speaker.groups.get(facts.group).attributes.fulfil(&self.wanted.fixed);
            if !fits {
                continue;
            }
            self.count += 1;
            let case = self.case(told, risk, facts, slot, speaker);
            self.cases.push((case.left_ms.unwrap_or(i64::MAX), key, case));
            if self.cases.len() >= 2 * self.wanted.limit.max(1) {
                self.cut();
            }
        }
    }

    fn case(&self, told: &Told, risk: Risk, facts: &Facts, slot: u32, speaker: &Speaker<'_>) -> Case {
        let stands = if let Course::Stopped(since) = told.course { Some(since) } else { None };
        let allowed = told.allowed_ms.filter(|allowed| *allowed > 0);
        let left_ms = match told.deadline {
            Some(deadline) => Some(deadline.since(self.now)),
            None => told.allowed_ms.map(|allowed| allowed - told.used_ms),
        };
        Case {
            name: Name::of(speaker.names, slot),
            commitment: told.commitment,
            risk,
            since: told.from,
            stands,
            deadline: told.deadline,
            left_ms,
            used: allowed.map(|allowed| told.used_ms as f64 / allowed as f64),
            attributes: speaker.attributes(facts.group),
            warned: told.warned.iter().filter_map(|word| speaker.warning(*word)).collect(),
        }
    }

    fn cut(&mut self) {
        self.cases.sort_by(|(left, key, _), (other_left, other_key, _)| (left, key).cmp(&(other_left, other_key)));
        self.cases.truncate(self.wanted.limit);
    }

    /// How many fit, and those with the least time left; of those with the same, by name.
    pub(in crate::domain) fn finish(mut self) -> (usize, Vec<Case>) {
        self.cut();
        self.cases.sort_by(|(left, _, one), (other_left, _, other)| {
            (left, &one.name, one.commitment).cmp(&(other_left, &other.name, other.commitment))
        });
        (self.count, self.cases.into_iter().map(|(_, _, case)| case).collect())
    }
}
