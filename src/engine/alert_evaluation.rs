//! The engine's part in alerts: a look when one is due, and what people say of what fired; each written down first.

use super::commands::{EngineUnavailable, IncidentUpdateFailure};
use crate::clock::{EngineClock, measure_time};
use crate::domain::alerts::incident_log::IncidentUpdate;
use crate::domain::time::timestamp::Timestamp;
use crate::engine::Engine;
use crate::journal::JournalRecord;
use crate::telemetry::Metric;
use std::sync::Arc;

impl Engine {
    /// Takes a look for alerts if one is due, once the journal has it: what rings now rings again when the journal is read. While
    /// that cannot be written, nothing new rings.
    pub(super) fn evaluate_alerts(&mut self, now: Timestamp) {
        if !self.state.alerts.is_due(now, &self.state.standard) {
            return;
        }
        let revision = self.published_boards.borrow().board.revision;
        if let Some(kept) = &mut self.maintenance {
            if kept
                .acknowledgements
                .write_records(&[JournalRecord::AlertEvaluation { now, revision }])
                .is_err()
            {
                return;
            }
            self.state.sequence = kept.acknowledgements.last_sequence();
        }
        let ((), took) = measure_time(|| self.state.evaluate_alerts(now, revision));
        Metric::AlertSeconds.record_duration(took);
        self.publish_alerts();
    }

    /// Tells what fires, and what is over.
    pub(super) fn publish_alerts(&self) {
        let view = self.state.alerts.overview(&self.state.standard);
        Metric::AlertsFiring.set(
            view.incident_log.incidents().filter(|incident| incident.ended_at.is_none()).count()
                as f64,
        );
        Metric::AlertsPending.set(view.pending.len() as f64);
        Metric::AlertsOverflow.set(view.overflow as f64);
        self.alerts.send_replace(Arc::new(view));
    }

    /// Takes what somebody says of an alert, once the journal has it.
    pub(super) fn update_incident(
        &mut self,
        answer: &IncidentUpdate,
    ) -> Result<(), IncidentUpdateFailure> {
        self.state.alerts.incident_log().check_update(answer)?;
        let now = self
            .ticker
            .as_mut()
            .map(EngineClock::now)
            .or(self.state.monitor.now())
            .unwrap_or_default();
        if let Some(kept) = &mut self.maintenance {
            kept.acknowledgements
                .write_records(&[JournalRecord::IncidentUpdate { now, answer: answer.clone() }])
                .map_err(EngineUnavailable::JournalUnwritable)?;
            self.state.sequence = kept.acknowledgements.last_sequence();
        }
        self.state.update_incident(answer, now)?;
        self.publish_alerts();
        Ok(())
    }
}
