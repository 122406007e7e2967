//! The ledger: every incident, from its firing until long after somebody has closed it.
//!
//! It is bounded. What fires is never let go of; of what is over the newest [`ENDED`] are kept, and what was closed more than
//! [`KEPT_MS`] ago goes. Where there are too many, those closed go first and then the oldest shortfalls that nobody ever
//! answered for; these are counted.

use super::incident::{Figures, Incident, Standing, Word, identity};
use crate::domain::time::{HOUR, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many incidents that are over are kept.
pub const ENDED: usize = 10_000;
/// How long an incident is kept that is over and closed, in milliseconds: 90 days.
pub const KEPT_MS: i64 = 90 * 24 * HOUR;
/// The longest owner and note, in bytes.
pub const TEXT_BYTES: usize = 2_000;

/// What somebody says of an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The incident's name.
    pub id: u64,
    /// Whether it is done with, and not only taken care of.
    pub closes: bool,
    /// Who says so.
    pub owner: String,
    /// What was or will be done.
    pub note: String,
}

/// Why an answer was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswered {
    /// There is no such incident.
    #[error("there is no alert of this id, or it was closed long ago")]
    Unknown,
    /// It fires.
    #[error("this alert still fires; it can be acknowledged now, and closed when it is over")]
    Firing,
    /// It is done with.
    #[error("this alert is closed already")]
    Closed,
    /// Who says so, or what, is missing or too long.
    #[error("`owner` and `note` are texts of 1 to {TEXT_BYTES} bytes")]
    Empty,
}

/// All incidents.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// How many firings and ends were ever told.
    told: u64,
    /// By their names; shared with those who show them.
    incidents: BTreeMap<u64, Arc<Incident>>,
    /// How many shortfalls were let go of though nobody had closed them.
    dropped: u64,
}

/// What is written down of a ledger.
#[derive(Serialize, Deserialize)]
struct Written {
    told: u64,
    incidents: Vec<Incident>,
    dropped: u64,
}

impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let incidents = self.incidents.values().map(|incident| Incident::clone(incident)).collect();
        Written { told: self.told, incidents, dropped: self.dropped }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { told, incidents, dropped } = Written::deserialize(deserializer)?;
        let incidents = incidents.into_iter().map(|incident| (incident.id, Arc::new(incident))).collect();
        Ok(Ledger { told, incidents, dropped })
    }
}

impl Ledger {
    /// Notes that something fires; its name. Of two that begin at once about the same, the second is the first.
    pub(super) fn fire(&mut self, mut incident: Incident) -> u64 {
        self.told += 1;
        incident.id = identity(&incident.subject, incident.fired_at);
        incident.told = (self.told, None);
        let id = incident.id;
        self.incidents.insert(id, Arc::new(incident));
        id
    }

    /// Notes a value of what fires.
    pub(super) fn note(&mut self, id: u64, value: Option<f64>) {
        if let Some(incident) = self.incidents.get_mut(&id)
            && incident.figures.as_ref().is_some_and(|figures| figures.last != value)
            && let Some(figures) = &mut Arc::make_mut(incident).figures
        {
            Figures::note(figures, value);
        }
    }

    /// Notes that something is over.
    pub(super) fn end(&mut self, id: u64, now: Timestamp) {
        if let Some(incident) = self.incidents.get_mut(&id).filter(|incident| incident.ended_at.is_none()) {
            self.told += 1;
            let incident = Arc::make_mut(incident);
            (incident.ended_at, incident.told.1) = (Some(now), Some(self.told));
        }
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// Why it was not taken; nothing is changed then.
    pub(super) fn answer(&mut self, answer: &Answer, now: Timestamp) -> Result<(), Unanswered> {
        self.check(answer)?;
        let incident = self.incidents.get_mut(&answer.id).ok_or(Unanswered::Unknown)?;
        let word = Some(Word { owner: answer.owner.clone(), note: answer.note.clone(), at: now });
        let incident = Arc::make_mut(incident);
        if answer.closes {
            incident.closed = word;
        } else {
            incident.acknowledged = word;
        }
        Ok(())
    }

    /// Whether an answer can be taken.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self, answer: &Answer) -> Result<(), Unanswered> {
        if [&answer.owner, &answer.note].iter().any(|text| text.trim().is_empty() || text.len() > TEXT_BYTES) {
            return Err(Unanswered::Empty);
        }
        let incident = self.get(answer.id).ok_or(Unanswered::Unknown)?;
        match (incident.standing(), answer.closes, &incident.closed) {
            (Standing::Active, true, _) => Err(Unanswered::Firing),
            (_, _, Some(_)) => Err(Unanswered::Closed),
            _ => Ok(()),
        }
    }

    /// Lets go of what nobody needs any more.
    pub(super) fn tidy(&mut self, now: Timestamp) {
        let over = |incident: &Incident| match (&incident.closed, incident.ended_at) {
            (Some(word), Some(_)) => Some(word.at),
            (None, ended_at) if incident.standing() == Standing::Closed => ended_at,
            _ => None,
        };
        self.incidents.retain(|_, incident| over(incident).is_none_or(|at| now.since(at) <= KEPT_MS));
        let ended = self.incidents.values().filter(|incident| incident.ended_at.is_some());
        let mut ended: Vec<(bool, Option<Timestamp>, u64)> =
            ended.map(|incident| (incident.standing() == Standing::Open, incident.ended_at, incident.id)).collect();
        if ended.len() > ENDED {
            ended.sort_unstable();
            for (open, _, id) in ended.drain(..ended.len() - ENDED) {
                self.dropped += u64::from(open);
                self.incidents.remove(&id);
            }
        }
    }

    /// The incident of this name.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Incident> {
        self.incidents.get(&id).map(|incident| &**incident)
    }

    /// All incidents, in no order that means anything.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.incidents.values()
    }

    /// How many firings and ends were ever told.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told
    }

    /// How many shortfalls were let go of though nobody had closed them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::incident::Subject;
    use crate::domain::standard::Title;
    use crate::domain::standard::alert::Severity;

    fn incident(number: u64, fired_at: Timestamp) -> Incident {
        Incident {
            id: 0,
            subject: Subject { policy: format!("p{number}"), scope: Vec::new(), case: None, grade: None },
            title: Title::default(),
            about: "answer_rate".to_owned(),
            window: None,
            case: None,
            attributes: Vec::new(),
            severity: Severity::Warning,
            to: None,
            runbook: None,
            figures: None,
            deadline: None,
            fired_at,
            ended_at: None,
            told: (0, None),
            acknowledged: None,
            closed: None,
            follow_up: true,
        }
    }

    fn answer(id: u64, closes: bool) -> Answer {
        Answer { id, closes, owner: "Li".to_owned(), note: "done".to_owned() }
    }

    #[test]
    fn an_incident_is_answered_once_it_is_time() {
        let mut ledger = Ledger::default();
        let id = ledger.fire(incident(1, Timestamp(0)));
        assert_eq!(ledger.answer(&answer(id, true), Timestamp(1)), Err(Unanswered::Firing));
        assert_eq!(ledger.answer(&answer(id, false), Timestamp(1)), Ok(()));
        ledger.end(id, Timestamp(2));
        ledger.end(id, Timestamp(3));
        assert_eq!(ledger.get(id).map(|incident| (incident.ended_at, incident.told)), Some((Some(Timestamp(2)), (1, Some(2)))));
        assert_eq!(ledger.get(id).map(Incident::standing), Some(Standing::Open));
        assert_eq!(ledger.answer(&answer(id, true), Timestamp(4)), Ok(()));
        assert_eq!(ledger.answer(&answer(id, true), Timestamp(5)), Err(Unanswered::Closed));
        assert_eq!(ledger.answer(&answer(id + 1, true), Timestamp(5)), Err(Unanswered::Unknown));
        assert_eq!(ledger.answer(&Answer { owner: "x".repeat(TEXT_BYTES + 1), ..answer(id, true) }, Timestamp(5)), Err(Unanswered::Empty));
    }

    #[test]
    fn what_is_closed_goes_first_and_what_fires_never() {
        let mut ledger = Ledger::default();
        let ids: Vec<u64> = (0..ENDED as u64 + 10).map(|number| ledger.fire(incident(number, Timestamp(0)))).collect();
        ledger.tidy(Timestamp(1));
        assert_eq!(ledger.all().count(), ENDED + 10, "all of them fire");
        ids[1..].iter().for_each(|id| ledger.end(*id, Timestamp(1)));
        ledger.answer(&answer(ids[7], true), Timestamp(1)).expect("it is over");
        ledger.tidy(Timestamp(2));
        assert_eq!((ledger.all().count(), ledger.dropped()), (ENDED + 1, 8), "one that was closed, and eight that nobody closed");
        assert!(ledger.get(ids[0]).is_some() && ledger.get(ids[7]).is_none());
        let closed = ledger.all().find(|incident| incident.ended_at.is_some()).map(|incident| incident.id).expect("one that is over");
        ledger.answer(&answer(closed, true), Timestamp(2)).expect("it is over");
        ledger.tidy(Timestamp(2 + KEPT_MS));
        assert!(ledger.get(closed).is_some());
        ledger.tidy(Timestamp(3 + KEPT_MS));
        assert!(ledger.get(closed).is_none());
    }
}
