//! Change of the standard of a running engine.

use super::commands::{EngineUnavailable, StandardChange};
use super::{Engine, new_epoch};
use crate::clock::{EngineClock, measure_time};
use crate::domain::standard::Standard;
use crate::journal::JournalRecord;
use std::sync::Arc;
use std::time::Duration;

impl Engine {
    /// Switches to another standard and starts a new epoch. Does nothing if the files of the
    /// standard are equal.
    pub(super) fn change_standard(
        &mut self,
        standard: &Arc<Standard>,
    ) -> Result<StandardChange, EngineUnavailable> {
        if standard.files == self.state.standard.files {
            return Ok(StandardChange {
                cases: self.state.monitor.case_count(),
                forgotten: 0,
                unknown_events: 0,
                took: Duration::ZERO,
            });
        }
        let (changed, took) = measure_time(|| self.replace_standard(standard));
        let (forgotten, unknown_events) = changed.map_err(EngineUnavailable::JournalUnwritable)?;
        self.schema.send_replace(Arc::new(standard.schema.clone()));
        self.publish_alerts();
        let mut published_board = self.state.first_published_board();
        published_board.clock_offset_ms = self.ticker.as_ref().map_or(0, EngineClock::offset_ms);
        self.published_boards.send_replace(Arc::new(published_board));
        Ok(StandardChange {
            cases: self.state.monitor.case_count(),
            forgotten,
            unknown_events,
            took,
        })
    }

    /// Records a standard in the journal and applies it. Returns the forgotten cases and the
    /// unknown events.
    pub(super) fn replace_standard(
        &mut self,
        standard: &Arc<Standard>,
    ) -> Result<(u64, u64), Arc<str>> {
        let epoch = new_epoch();
        if let Some(maintenance) = &mut self.maintenance {
            maintenance.acknowledgements.write_records(&[JournalRecord::Standard {
                epoch: epoch.to_string(),
                files: standard.files.to_vec(),
            }])?;
            self.state.sequence = maintenance.acknowledgements.last_sequence();
        }
        Ok(self.state.change_standard(standard.clone(), epoch))
    }
}
