//! The ledger: every incident, from its firing until long after somebody has closed it.
//!
//! It is bounded. What fires is never let go of; of what is over the newest [`ENDED`] are kept, and what was closed more than
//! [`KEPT_MS`] ago goes. Where there are too many, those closed go first and then the oldest shortfalls that nobody ever
//! answered for; these are counted.

use super::incident::{Incident, IncidentFigures, IncidentStatus, OwnerNote, incident_id};
use crate::domain::time::timestamp::{HOUR, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many incidents that are over are kept.
pub const ENDED_INCIDENTS_MAX: usize = 10_000;
/// How long an incident is kept that is over and closed, in milliseconds: 90 days.
pub const CLOSED_RETENTION_MS: i64 = 90 * 24 * HOUR;
/// The longest owner and note, in bytes.
pub const TEXT_BYTES: usize = 2_000;

/// What somebody says of an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IncidentUpdate {
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
pub enum IncidentUpdateError {
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
    InvalidText,
}

/// All incidents.
#[derive(Clone, Debug, Default)]
pub struct IncidentLog {
    /// How many firings and ends were ever told.
    last_sequence: u64,
    /// By their names; shared with those who show them.
    incidents: BTreeMap<u64, Arc<Incident>>,
    /// How many shortfalls were let go of though nobody had closed them.
    dropped_follow_ups: u64,
}

/// What is written down of a ledger.
#[derive(Serialize, Deserialize)]
struct IncidentLogSnapshot {
    last_sequence: u64,
    incidents: Vec<Incident>,
    dropped_follow_ups: u64,
}

impl Serialize for IncidentLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let incidents = self.incidents.values().map(|incident| Incident::clone(incident)).collect();
        IncidentLogSnapshot {
            last_sequence: self.last_sequence,
            incidents,
            dropped_follow_ups: self.dropped_follow_ups,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IncidentLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let IncidentLogSnapshot { last_sequence: told, incidents, dropped_follow_ups: dropped } =
            IncidentLogSnapshot::deserialize(deserializer)?;
        let incidents =
            incidents.into_iter().map(|incident| (incident.id, Arc::new(incident))).collect();
        Ok(IncidentLog { last_sequence: told, incidents, dropped_follow_ups: dropped })
    }
}

impl IncidentLog {
    /// Notes that something fires; its name. Of two that begin at once about the same, the second is the first.
    pub(in crate::domain) fn record_firing(&mut self, mut incident: Incident) -> u64 {
        self.last_sequence += 1;
        incident.id = incident_id(&incident.subject, incident.fired_at);
        incident.sequence_numbers = (self.last_sequence, None);
        let id = incident.id;
        self.incidents.insert(id, Arc::new(incident));
        id
    }

    /// Notes a value of what fires.
    pub(in crate::domain) fn record_value(&mut self, id: u64, value: Option<f64>) {
        if let Some(incident) = self.incidents.get_mut(&id)
            && incident.figures.as_ref().is_some_and(|figures| figures.last != value)
            && let Some(figures) = &mut Arc::make_mut(incident).figures
        {
            IncidentFigures::record_value(figures, value);
        }
    }

    /// Notes that something is over.
    pub(in crate::domain) fn record_end(&mut self, id: u64, now: Timestamp) {
        if let Some(incident) =
            self.incidents.get_mut(&id).filter(|incident| incident.ended_at.is_none())
        {
            self.last_sequence += 1;
            let incident = Arc::make_mut(incident);
            (incident.ended_at, incident.sequence_numbers.1) =
                (Some(now), Some(self.last_sequence));
        }
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// Why it was not taken; nothing is changed then.
    pub(in crate::domain) fn apply_update(
        &mut self,
        answer: &IncidentUpdate,
        now: Timestamp,
    ) -> Result<(), IncidentUpdateError> {
        self.check_update(answer)?;
        let incident = self.incidents.get_mut(&answer.id).ok_or(IncidentUpdateError::Unknown)?;
        let word =
            Some(OwnerNote { owner: answer.owner.clone(), note: answer.note.clone(), at: now });
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
    pub fn check_update(&self, answer: &IncidentUpdate) -> Result<(), IncidentUpdateError> {
        if [&answer.owner, &answer.note]
            .iter()
            .any(|text| text.trim().is_empty() || text.len() > TEXT_BYTES)
        {
            return Err(IncidentUpdateError::InvalidText);
        }
        let incident = self.get(answer.id).ok_or(IncidentUpdateError::Unknown)?;
        match (incident.status(), answer.closes, &incident.closed) {
            (IncidentStatus::Active, true, _) => Err(IncidentUpdateError::Firing),
            (_, _, Some(_)) => Err(IncidentUpdateError::Closed),
            _ => Ok(()),
        }
    }

    /// Lets go of what nobody needs any more.
    pub(in crate::domain) fn enforce_retention(&mut self, now: Timestamp) {
        let over = |incident: &Incident| match (&incident.closed, incident.ended_at) {
            (Some(word), Some(_)) => Some(word.at),
            (None, ended_at) if incident.status() == IncidentStatus::Closed => ended_at,
            _ => None,
        };
        self.incidents.retain(|_, incident| {
            over(incident).is_none_or(|at| now.millis_since(at) <= CLOSED_RETENTION_MS)
        });
        let ended = self.incidents.values().filter(|incident| incident.ended_at.is_some());
        let mut ended: Vec<(bool, Option<Timestamp>, u64)> = ended
            .map(|incident| {
                (incident.status() == IncidentStatus::Open, incident.ended_at, incident.id)
            })
            .collect();
        if ended.len() > ENDED_INCIDENTS_MAX {
            ended.sort_unstable();
            for (open, _, id) in ended.drain(..ended.len() - ENDED_INCIDENTS_MAX) {
                self.dropped_follow_ups += u64::from(open);
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
    pub fn incidents(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.incidents.values()
    }

    /// How many firings and ends were ever told.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// How many shortfalls were let go of though nobody had closed them.
    #[must_use]
    pub fn dropped_follow_ups(&self) -> u64 {
        self.dropped_follow_ups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alerts::incident::AlertSubject;
    use crate::domain::standard::LocalizedTitle;
    use crate::domain::standard::alert_policy::Severity;

    fn sample_incident(number: u64, fired_at: Timestamp) -> Incident {
        Incident {
            id: 0,
            subject: AlertSubject {
                policy: format!("p{number}"),
                scope: Vec::new(),
                case: None,
                grade: None,
            },
            title: LocalizedTitle::default(),
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
            sequence_numbers: (0, None),
            acknowledged: None,
            closed: None,
            follow_up: true,
        }
    }

    fn sample_update(id: u64, closes: bool) -> IncidentUpdate {
        IncidentUpdate { id, closes, owner: "Li".to_owned(), note: "done".to_owned() }
    }

    #[test]
    fn ended_incident_can_be_closed_once() {
        let mut ledger = IncidentLog::default();
        let id = ledger.record_firing(sample_incident(1, Timestamp(0)));
        assert_eq!(
            ledger.apply_update(&sample_update(id, true), Timestamp(1)),
            Err(IncidentUpdateError::Firing)
        );
        assert_eq!(ledger.apply_update(&sample_update(id, false), Timestamp(1)), Ok(()));
        ledger.record_end(id, Timestamp(2));
        ledger.record_end(id, Timestamp(3));
        assert_eq!(
            ledger.get(id).map(|incident| (incident.ended_at, incident.sequence_numbers)),
            Some((Some(Timestamp(2)), (1, Some(2))))
        );
        assert_eq!(ledger.get(id).map(Incident::status), Some(IncidentStatus::Open));
        assert_eq!(ledger.apply_update(&sample_update(id, true), Timestamp(4)), Ok(()));
        assert_eq!(
            ledger.apply_update(&sample_update(id, true), Timestamp(5)),
            Err(IncidentUpdateError::Closed)
        );
        assert_eq!(
            ledger.apply_update(&sample_update(id + 1, true), Timestamp(5)),
            Err(IncidentUpdateError::Unknown)
        );
        assert_eq!(
            ledger.apply_update(
                &IncidentUpdate { owner: "x".repeat(TEXT_BYTES + 1), ..sample_update(id, true) },
                Timestamp(5)
            ),
            Err(IncidentUpdateError::InvalidText)
        );
    }

    #[test]
    fn retention_drops_closed_first_and_never_firing() {
        let mut ledger = IncidentLog::default();
        let ids: Vec<u64> = (0..ENDED_INCIDENTS_MAX as u64 + 10)
            .map(|number| ledger.record_firing(sample_incident(number, Timestamp(0))))
            .collect();
        ledger.enforce_retention(Timestamp(1));
        assert_eq!(ledger.incidents().count(), ENDED_INCIDENTS_MAX + 10, "all of them fire");
        ids[1..].iter().for_each(|id| ledger.record_end(*id, Timestamp(1)));
        ledger.apply_update(&sample_update(ids[7], true), Timestamp(1)).expect("it is over");
        ledger.enforce_retention(Timestamp(2));
        assert_eq!(
            (ledger.incidents().count(), ledger.dropped_follow_ups()),
            (ENDED_INCIDENTS_MAX + 1, 8),
            "one that was closed, and eight that nobody closed"
        );
        assert!(ledger.get(ids[0]).is_some() && ledger.get(ids[7]).is_none());
        let closed = ledger
            .incidents()
            .find(|incident| incident.ended_at.is_some())
            .map(|incident| incident.id)
            .expect("one that is over");
        ledger.apply_update(&sample_update(closed, true), Timestamp(2)).expect("it is over");
        ledger.enforce_retention(Timestamp(2 + CLOSED_RETENTION_MS));
        assert!(ledger.get(closed).is_some());
        ledger.enforce_retention(Timestamp(3 + CLOSED_RETENTION_MS));
        assert!(ledger.get(closed).is_none());
    }
}
