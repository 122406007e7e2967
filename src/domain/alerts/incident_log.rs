//! Incident log: all incidents, from firing until their retention ends.
//!
//! Firing incidents are never removed. Of ended incidents the newest [`ENDED_INCIDENTS_MAX`] are
//! retained. Closed incidents are removed after [`CLOSED_RETENTION_MS`]. Above the limit closed
//! incidents are removed first, then the oldest open follow-ups. The log counts the removed
//! follow-ups.

use super::incident::{Incident, IncidentFigures, IncidentStatus, OwnerNote, incident_id};
use crate::domain::time::timestamp::{HOUR, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Maximum number of ended incidents.
pub const ENDED_INCIDENTS_MAX: usize = 10_000;
/// Retention of closed incidents, in milliseconds: 90 days.
pub const CLOSED_RETENTION_MS: i64 = 90 * 24 * HOUR;
/// Maximum length of an owner or a note, in bytes.
pub const TEXT_BYTES: usize = 2_000;

/// An acknowledgement or a closing note for an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IncidentUpdate {
    /// Id of the incident.
    pub id: u64,
    /// True to close the incident, false to acknowledge it.
    pub closes: bool,
    /// Person or team responsible.
    pub owner: String,
    /// Action taken or planned.
    pub note: String,
}

/// Reasons to reject an [`IncidentUpdate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IncidentUpdateError {
    /// No incident has this id.
    #[error("no alert has this id, or it is no longer retained")]
    Unknown,
    /// A firing incident cannot be closed.
    #[error("this alert is still firing; acknowledge it now and close it after it has ended")]
    Firing,
    /// The incident is closed.
    #[error("this alert is already closed")]
    Closed,
    /// Owner or note is empty or too long.
    #[error("`owner` and `note` must be texts of 1 to {TEXT_BYTES} bytes")]
    InvalidText,
}

/// All retained incidents.
#[derive(Clone, Debug, Default)]
pub struct IncidentLog {
    /// Sequence number of the last firing or end.
    last_sequence: u64,
    /// Incidents by id, shared with the publishers.
    incidents: BTreeMap<u64, Arc<Incident>>,
    /// Number of open follow-ups removed because of the limit.
    dropped_follow_ups: u64,
}

/// Serialized form of [`IncidentLog`].
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
        let IncidentLogSnapshot { last_sequence, incidents, dropped_follow_ups } =
            IncidentLogSnapshot::deserialize(deserializer)?;
        let incidents =
            incidents.into_iter().map(|incident| (incident.id, Arc::new(incident))).collect();
        Ok(IncidentLog { last_sequence, incidents, dropped_follow_ups })
    }
}

impl IncidentLog {
    /// Records a firing and returns the id of the incident. A second firing of the same subject at
    /// the same time replaces the first.
    pub(in crate::domain) fn record_firing(&mut self, mut incident: Incident) -> u64 {
        self.last_sequence += 1;
        incident.id = incident_id(&incident.subject, incident.fired_at);
        incident.sequence_numbers = (self.last_sequence, None);
        let id = incident.id;
        self.incidents.insert(id, Arc::new(incident));
        id
    }

    /// Records a value of a firing incident.
    pub(in crate::domain) fn record_value(&mut self, id: u64, value: Option<f64>) {
        if let Some(incident) = self.incidents.get_mut(&id)
            && incident.figures.as_ref().is_some_and(|figures| figures.last != value)
            && let Some(figures) = &mut Arc::make_mut(incident).figures
        {
            IncidentFigures::record_value(figures, value);
        }
    }

    /// Records the end of an incident. A second end changes nothing.
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

    /// Applies an update.
    ///
    /// # Errors
    /// Returns an error as [`IncidentLog::check_update`] does. Nothing changes then.
    pub(in crate::domain) fn apply_update(
        &mut self,
        update: &IncidentUpdate,
        now: Timestamp,
    ) -> Result<(), IncidentUpdateError> {
        self.check_update(update)?;
        let incident = self.incidents.get_mut(&update.id).ok_or(IncidentUpdateError::Unknown)?;
        let note =
            Some(OwnerNote { owner: update.owner.clone(), note: update.note.clone(), at: now });
        let incident = Arc::make_mut(incident);
        if update.closes {
            incident.closed = note;
        } else {
            incident.acknowledged = note;
        }
        Ok(())
    }

    /// Checks an update without applying it.
    ///
    /// # Errors
    /// Returns an error if a text is empty or too long, no incident has the id, the update closes a
    /// firing incident, or the incident is closed.
    pub fn check_update(&self, update: &IncidentUpdate) -> Result<(), IncidentUpdateError> {
        if [&update.owner, &update.note]
            .iter()
            .any(|text| text.trim().is_empty() || text.len() > TEXT_BYTES)
        {
            return Err(IncidentUpdateError::InvalidText);
        }
        let incident = self.get(update.id).ok_or(IncidentUpdateError::Unknown)?;
        match (incident.status(), update.closes, &incident.closed) {
            (IncidentStatus::Active, true, _) => Err(IncidentUpdateError::Firing),
            (_, _, Some(_)) => Err(IncidentUpdateError::Closed),
            _ => Ok(()),
        }
    }

    /// Removes incidents past their retention and above the limit.
    pub(in crate::domain) fn enforce_retention(&mut self, now: Timestamp) {
        let closed_at = |incident: &Incident| match (&incident.closed, incident.ended_at) {
            (Some(note), Some(_)) => Some(note.at),
            (None, ended_at) if incident.status() == IncidentStatus::Closed => ended_at,
            _ => None,
        };
        self.incidents.retain(|_, incident| {
            closed_at(incident).is_none_or(|at| now.millis_since(at) <= CLOSED_RETENTION_MS)
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

    /// Returns the incident with this id, if retained.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Incident> {
        self.incidents.get(&id).map(|incident| &**incident)
    }

    /// Iterates over all incidents in no particular order.
    pub fn incidents(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.incidents.values()
    }

    /// Returns the sequence number of the last firing or end, 0 before the first.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Returns how many open follow-ups were removed because of the limit.
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
        let mut incident_log = IncidentLog::default();
        let id = incident_log.record_firing(sample_incident(1, Timestamp(0)));
        assert_eq!(
            incident_log.apply_update(&sample_update(id, true), Timestamp(1)),
            Err(IncidentUpdateError::Firing)
        );
        assert_eq!(incident_log.apply_update(&sample_update(id, false), Timestamp(1)), Ok(()));
        incident_log.record_end(id, Timestamp(2));
        incident_log.record_end(id, Timestamp(3));
        assert_eq!(
            incident_log.get(id).map(|incident| (incident.ended_at, incident.sequence_numbers)),
            Some((Some(Timestamp(2)), (1, Some(2))))
        );
        assert_eq!(incident_log.get(id).map(Incident::status), Some(IncidentStatus::Open));
        assert_eq!(incident_log.apply_update(&sample_update(id, true), Timestamp(4)), Ok(()));
        assert_eq!(
            incident_log.apply_update(&sample_update(id, true), Timestamp(5)),
            Err(IncidentUpdateError::Closed)
        );
        assert_eq!(
            incident_log.apply_update(&sample_update(id + 1, true), Timestamp(5)),
            Err(IncidentUpdateError::Unknown)
        );
        assert_eq!(
            incident_log.apply_update(
                &IncidentUpdate { owner: "x".repeat(TEXT_BYTES + 1), ..sample_update(id, true) },
                Timestamp(5)
            ),
            Err(IncidentUpdateError::InvalidText)
        );
    }

    #[test]
    fn retention_drops_closed_first_and_never_firing() {
        let mut incident_log = IncidentLog::default();
        let ids: Vec<u64> = (0..ENDED_INCIDENTS_MAX as u64 + 10)
            .map(|number| incident_log.record_firing(sample_incident(number, Timestamp(0))))
            .collect();
        incident_log.enforce_retention(Timestamp(1));
        assert_eq!(
            incident_log.incidents().count(),
            ENDED_INCIDENTS_MAX + 10,
            "all of them are firing"
        );
        ids[1..].iter().for_each(|id| incident_log.record_end(*id, Timestamp(1)));
        incident_log
            .apply_update(&sample_update(ids[7], true), Timestamp(1))
            .expect("the incident has ended");
        incident_log.enforce_retention(Timestamp(2));
        assert_eq!(
            (incident_log.incidents().count(), incident_log.dropped_follow_ups()),
            (ENDED_INCIDENTS_MAX + 1, 8),
            "one closed incident and eight open follow-ups removed"
        );
        assert!(incident_log.get(ids[0]).is_some() && incident_log.get(ids[7]).is_none());
        let closed = incident_log
            .incidents()
            .find(|incident| incident.ended_at.is_some())
            .map(|incident| incident.id)
            .expect("one incident has ended");
        incident_log
            .apply_update(&sample_update(closed, true), Timestamp(2))
            .expect("the incident has ended");
        incident_log.enforce_retention(Timestamp(2 + CLOSED_RETENTION_MS));
        assert!(incident_log.get(closed).is_some());
        incident_log.enforce_retention(Timestamp(3 + CLOSED_RETENTION_MS));
        assert!(incident_log.get(closed).is_none());
    }
}
