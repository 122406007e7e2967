//! Alerts in the engine: due evaluations and incident updates, each written to the journal first.

use super::commands::{EngineUnavailable, IncidentUpdateFailure};
use crate::clock::{EngineClock, measure_time};
use crate::domain::alerts::incident_log::IncidentUpdate;
use crate::domain::time::timestamp::Timestamp;
use crate::engine::Engine;
use crate::journal::JournalRecord;
use crate::telemetry::Metric;
use std::sync::Arc;

impl Engine {
    /// Evaluates alerts if due, after recording the evaluation in the journal. A replay therefore
    /// fires the same alerts. While the journal cannot be written, no evaluation runs.
    pub(super) fn evaluate_alerts(&mut self, now: Timestamp) {
        if !self.state.alerts.is_due(now, &self.state.standard) {
            return;
        }
        let revision = self.published_boards.borrow().board.revision;
        if let Some(maintenance) = &mut self.maintenance {
            if maintenance
                .acknowledgements
                .write_records(&[JournalRecord::AlertEvaluation { now, revision }])
                .is_err()
            {
                return;
            }
            self.state.sequence = maintenance.acknowledgements.last_sequence();
        }
        let ((), took) = measure_time(|| self.state.evaluate_alerts(now, revision));
        Metric::AlertSeconds.record_duration(took);
        self.publish_alerts();
    }

    /// Publishes the alerts and their metrics.
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

    /// Applies an incident update, after recording it in the journal.
    pub(super) fn update_incident(
        &mut self,
        update: &IncidentUpdate,
    ) -> Result<(), IncidentUpdateFailure> {
        self.state.alerts.incident_log().check_update(update)?;
        let now = self
            .ticker
            .as_mut()
            .map(EngineClock::now)
            .or(self.state.monitor.now())
            .unwrap_or_default();
        if let Some(maintenance) = &mut self.maintenance {
            maintenance
                .acknowledgements
                .write_records(&[JournalRecord::IncidentUpdate { now, answer: update.clone() }])
                .map_err(EngineUnavailable::JournalUnwritable)?;
            self.state.sequence = maintenance.acknowledgements.last_sequence();
        }
        self.state.update_incident(update, now)?;
        self.publish_alerts();
        Ok(())
    }
}
