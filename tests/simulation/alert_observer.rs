//! Observes the alerts of a service across restarts.
//!
//! Each alert fires once and ends once, and no reported alert disappears.

use firstline::domain::alerts::evaluation::AlertOverview;
use firstline::domain::time::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Alerts as observed last.
#[derive(Default)]
pub(crate) struct AlertObserver {
    /// Keyed by incident id.
    observed: BTreeMap<u64, ObservedAlert>,
}

/// The times at which an alert fired and ended, and the sequence numbers of both messages.
type ObservedAlert = (Timestamp, Option<Timestamp>, (u64, Option<u64>));

impl AlertObserver {
    /// Compares the current alerts with those observed before.
    ///
    /// # Panics
    /// Panics if an alert disappeared, fired or ended twice, if sequence numbers repeat or have
    /// gaps, or if two active alerts have the same subject.
    pub(crate) fn observe_alerts(&mut self, view: &AlertOverview) {
        let now: BTreeMap<u64, ObservedAlert> = view
            .incident_log
            .incidents()
            .map(|incident| {
                (incident.id, (incident.fired_at, incident.ended_at, incident.sequence_numbers))
            })
            .collect();
        for (id, (fired_at, ended_at, sequences)) in &self.observed {
            let (fired_now, ended_now, sequences_now) =
                now.get(id).unwrap_or_else(|| panic!("alert {id:016x} disappeared"));
            assert_eq!(
                (fired_at, sequences.0),
                (fired_now, sequences_now.0),
                "alert {id:016x} fired twice"
            );
            assert!(
                ended_at.is_none() || (ended_at, sequences.1) == (ended_now, sequences_now.1),
                "alert {id:016x} ended twice"
            );
        }
        let sequence_numbers: Vec<u64> = now
            .values()
            .flat_map(|(_, _, (fired, ended))| std::iter::once(*fired).chain(*ended))
            .collect();
        let distinct: BTreeSet<u64> = sequence_numbers.iter().copied().collect();
        assert!(
            distinct.len() == sequence_numbers.len()
                && sequence_numbers.len() as u64 == view.incident_log.last_sequence(),
            "sequence numbers repeat or have gaps"
        );
        let firing: Vec<_> = view
            .incident_log
            .incidents()
            .filter(|incident| incident.ended_at.is_none())
            .map(|incident| &incident.subject)
            .collect();
        assert_eq!(
            firing.iter().collect::<BTreeSet<_>>().len(),
            firing.len(),
            "two active alerts have the same subject: {firing:#?}"
        );
        self.observed = now;
    }

    /// Number of alerts that fired.
    pub(crate) fn fired_count(&self) -> usize {
        self.observed.len()
    }
}
