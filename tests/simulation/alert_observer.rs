//! What is heard of alerts, over all lives of a service: each fires once and ends once, and nothing that was told is forgotten.

use firstline::domain::alerts::evaluation::AlertOverview;
use firstline::domain::time::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// All that was ever told.
#[derive(Default)]
pub(crate) struct AlertObserver {
    /// By their ids.
    observed: BTreeMap<u64, ObservedAlert>,
}

/// When an alert fired and ended, and the numbers of both.
type ObservedAlert = (Timestamp, Option<Timestamp>, (u64, Option<u64>));

impl AlertObserver {
    /// Hears what is told now.
    pub(crate) fn observe_alerts(&mut self, view: &AlertOverview) {
        let now: BTreeMap<u64, ObservedAlert> = view
            .incident_log
            .incidents()
            .map(|incident| {
                (incident.id, (incident.fired_at, incident.ended_at, incident.sequence_numbers))
            })
            .collect();
        for (id, (fired_at, ended_at, told)) in &self.observed {
            let (fired_now, ended_now, told_now) =
                now.get(id).unwrap_or_else(|| panic!("alert {id:016x} is forgotten"));
            assert_eq!((fired_at, told.0), (fired_now, told_now.0), "alert {id:016x} fired twice");
            assert!(
                ended_at.is_none() || (ended_at, told.1) == (ended_now, told_now.1),
                "alert {id:016x} ended twice"
            );
        }
        let numbers: Vec<u64> = now
            .values()
            .flat_map(|(_, _, (fired, ended))| std::iter::once(*fired).chain(*ended))
            .collect();
        let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
        assert!(
            distinct.len() == numbers.len()
                && numbers.len() as u64 == view.incident_log.last_sequence(),
            "numbers are told twice, or not at all"
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
            "two alerts fire about the same: {firing:#?}"
        );
        self.observed = now;
    }

    /// How many fired.
    pub(crate) fn fired_count(&self) -> usize {
        self.observed.len()
    }
}
