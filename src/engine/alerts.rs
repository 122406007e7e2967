//! The engine's part in alerts: a look when one is due, and what people say of what fired; each written down first.

use super::Engine;
use super::clock::{Ticker, timed};
use super::feed::{Refused, Unheard};
use crate::domain::alert::ledger::Answer;
use crate::domain::time::Timestamp;
use crate::journal::Record;
use crate::telemetry::Metric;
use std::sync::Arc;

impl Engine {
    /// Takes a look for alerts if one is due, once the journal has it: what rings now rings again when the journal is read. While
    /// that cannot be written, nothing new rings.
    pub(super) fn look(&mut self, now: Timestamp) {
        if !self.state.alerts.is_due(now, &self.state.standard) {
            return;
        }
        let revision = self.editions.borrow().board.revision;
        if let Some(kept) = &mut self.kept {
            if kept.durable.write(&[Record::Look { now, revision }]).is_err() {
                return;
            }
            self.state.at = kept.durable.last();
        }
        let ((), took) = timed(|| self.state.look(now, revision));
        Metric::AlertSeconds.record(took);
        self.tell_alerts();
    }

    /// Tells what fires, and what is over.
    pub(super) fn tell_alerts(&self) {
        let view = self.state.alerts.view(&self.state.standard);
        Metric::AlertsFiring.set(view.ledger.all().filter(|incident| incident.ended_at.is_none()).count() as f64);
        Metric::AlertsPending.set(view.pending.len() as f64);
        Metric::AlertsOverflow.set(view.overflow as f64);
        self.alerts.send_replace(Arc::new(view));
    }

    /// Takes what somebody says of an alert, once the journal has it.
    pub(super) fn answer(&mut self, answer: &Answer) -> Result<(), Unheard> {
        self.state.alerts.ledger().check(answer)?;
        let now = self.ticker.as_mut().map(Ticker::now).or(self.state.monitor.now()).unwrap_or_default();
        if let Some(kept) = &mut self.kept {
            kept.durable.write(&[Record::Answer { now, answer: answer.clone() }]).map_err(Refused::Unwritten)?;
            self.state.at = kept.durable.last();
        }
        self.state.answer(answer, now)?;
        self.tell_alerts();
        Ok(())
    }
}
