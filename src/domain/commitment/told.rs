//! A clock of a commitment as it is told to people: where it started, where it leads, what stopped it, how it ended.
//!
//! Nothing is decided here. What became of the clock is read off the facts that its judging has just told, which takes a
//! [`Context`](super::Context) in which every fact is wanted.

use super::deadline::{Clock, Rule, Stretch};
use super::{Promise, place};
use crate::domain::fact::clock::{Course, PauseDoes, Stop, Told, Why};
use crate::domain::fact::{Fact, Facts};
use crate::domain::standard::Reopening;
use crate::domain::time::Timestamp;

impl Promise<'_> {
    /// Tells of the clock whose facts stand in `facts` from the place `own` on.
    #[cold]
    pub(super) fn explain(&self, facts: &mut Facts, own: usize, rule: &Rule<'_>, stretches: &[Stretch], clock: &Clock) {
        let said = |place: u16| facts.all[own..].iter().find(|fact| fact.kind == self.commitment.facts.plus(place));
        let course = self.course(facts, said);
        let end = match course {
            Course::Void(_) | Course::Excused(_) if self.until.is_none() => said(place::EXCUSED).map(|fact| fact.time),
            _ => self.until,
        };
        let end = end.unwrap_or(self.context.now).max(self.from);
        // Without the stretch that lasts there is a deadline, to say how much time is allowed.
        let closed: Vec<Stretch> = stretches.iter().filter(|stretch| stretch.end.is_some()).copied().collect();
        let full = rule.clock(self.from, &closed, 100).deadline();
        let paused = self.stretches_that(facts, |does| does != PauseDoes::Ignored);
        let told = Told {
            commitment: self.context.standard.commitments.iter().position(|one| one.facts == self.commitment.facts).unwrap_or(usize::MAX),
            from: self.from,
            until: self.until,
            deadline: clock.deadline(),
            course,
            allowed_ms: full.map(|full| rule.open_time(self.from, full, &cut(&closed, full))),
            used_ms: rule.open_time(self.from, end, &cut(stretches, end)),
            gross_ms: end.since(self.from),
            net_ms: rule.open_time(self.from, end, &cut(&paused, end)),
            stops: self.stops(facts, end),
            warned: facts.all[own..]
                .iter()
                .filter(|fact| fact.kind == self.commitment.facts.plus(place::WARNED))
                .filter_map(|fact| fact.word)
                .collect(),
        };
        facts.clocks.get_or_insert_default().push(told);
    }

    fn course<'f>(&self, facts: &'f Facts, said: impl Fn(u16) -> Option<&'f Fact>) -> Course {
        if said(place::KEPT).is_some() {
            return Course::Kept;
        }
        if let Some(excused) = said(place::EXCUSED) {
            let void = facts.all.iter().find(|fact| self.terms.void.contains(&fact.kind) && fact.time == excused.time);
            return void.map_or(Course::Excused(excused.word), |void| Course::Void(void.kind));
        }
        match (said(place::RUNNING), said(place::STOPPED)) {
            (Some(_), Some(stopped)) => Course::Stopped(stopped.time),
            (Some(_), None) if said(place::OVERDUE).is_some() => Course::Overdue,
            (Some(_), None) if said(place::DUE_SOON).is_some() => Course::DueSoon,
            (Some(_), None) => Course::Running,
            (None, _) if said(place::MISSED).is_some() => Course::Missed,
            (None, _) => Course::Over,
        }
    }

    /// What stopped the order between the start of the clock and `end`.
    fn stops(&self, facts: &Facts, end: Timestamp) -> Vec<(Stop, PauseDoes)> {
        let resumes = self.terms.reopening == Reopening::Resumes;
        let meanwhile = facts.stops.iter().filter(|stop| stop.begin < end && stop.end.is_none_or(|end| end > self.from));
        let meanwhile = meanwhile.filter(|stop| resumes || stop.why != Why::Closed);
        let does = |why: Why| match why {
            Why::Closed => PauseDoes::Excused,
            Why::Paused { reason, liable } => self.pause(reason, liable),
        };
        meanwhile.map(|stop| (*stop, does(stop.why))).collect()
    }
}

/// The stretches as far as they lie before `end`.
fn cut(stretches: &[Stretch], end: Timestamp) -> Vec<Stretch> {
    let before = stretches.iter().filter(|stretch| stretch.begin < end);
    before.map(|stretch| Stretch { begin: stretch.begin, end: stretch.end.map(|own| own.min(end)) }).collect()
}
