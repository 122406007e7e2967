//! What is heard of alerts, over all lives of a service: each fires once and ends once, and nothing that was told is forgotten.

use firstline::domain::alert::View;
use firstline::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// All that was ever told.
#[derive(Default)]
pub(crate) struct Bell {
    /// By their ids.
    heard: BTreeMap<u64, Heard>,
}

/// When an alert fired and ended, and the numbers of both.
type Heard = (Timestamp, Option<Timestamp>, (u64, Option<u64>));

impl Bell {
    /// Hears what is told now.
    pub(crate) fn hear(&mut self, view: &View) {
        let now: BTreeMap<u64, Heard> =
            view.ledger.all().map(|incident| (incident.id, (incident.fired_at, incident.ended_at, incident.told))).collect();
        for (id, (fired_at, ended_at, told)) in &self.heard {
            let (fired_now, ended_now, told_now) = now.get(id).unwrap_or_else(|| panic!("alert {id:016x} is forgotten"));
            assert_eq!((fired_at, told.0), (fired_now, told_now.0), "alert {id:016x} fired twice");
            assert!(ended_at.is_none() || (ended_at, told.1) == (ended_now, told_now.1), "alert {id:016x} ended twice");
        }
        let numbers: Vec<u64> = now.values().flat_map(|(_, _, (fired, ended))| std::iter::once(*fired).chain(*ended)).collect();
        let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
        assert!(distinct.len() == numbers.len() && numbers.len() as u64 == view.ledger.told(), "numbers are told twice, or not at all");
        let firing: Vec<_> = view.ledger.all().filter(|incident| incident.ended_at.is_none()).map(|incident| &incident.subject).collect();
        assert_eq!(firing.iter().collect::<BTreeSet<_>>().len(), firing.len(), "two alerts fire about the same: {firing:#?}");
        self.heard = now;
    }

    /// How many fired.
    pub(crate) fn fired(&self) -> usize {
        self.heard.len()
    }
}
