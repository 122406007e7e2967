//! The core: applies events and ticks and computes boards.
//!
//! It has two halves with data flowing one way. The [`Caseload`] merges events into cases and
//! determines which facts change. The [`CellTable`] adds the changes up for every window, and
//! boards are read from it. A caller that reads no board in between, such as a replay, merges
//! batches and settles once at the end.

mod answers;
mod change_standard;
mod core_snapshot;
mod evaluate_alerts;
mod maxima;
mod trends;
mod upgrade_snapshot;

pub use self::change_standard::StandardChangeOutcome;
use super::standard::{RetentionHorizon, Standard};
use crate::domain::board::compute;
use crate::domain::board::reading::Board;
pub use crate::domain::cases::caseload::{ApplyResult, Caseload, EventRefusal};
pub use crate::domain::cases::changes::CaseChanges;
pub use crate::domain::cells::cell_table::CellTable;
use crate::domain::events::batch::Batch;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// The core.
#[derive(Debug)]
pub struct Monitor {
    caseload: Caseload,
    cells: CellTable,
}

impl Monitor {
    /// Returns a core without events. Without a horizon it remembers every case.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<RetentionHorizon>) -> Monitor {
        Monitor {
            caseload: Caseload::new(standard.clone(), horizon),
            cells: CellTable::new(standard),
        }
    }

    /// Splits the core for use on two threads. [`Caseload::pending_changes`] after each step must
    /// go to [`CellTable::apply_changes`], in order.
    #[must_use]
    pub fn into_parts(self) -> (Caseload, CellTable) {
        (self.caseload, self.cells)
    }

    /// Joins the halves again, after the cells have received all changes.
    #[must_use]
    pub fn from_parts(caseload: Caseload, cells: CellTable) -> Monitor {
        Monitor { caseload, cells }
    }

    /// Advances the clock to `now`. Time never goes back: an earlier time changes nothing.
    pub fn tick(&mut self, now: Timestamp) {
        self.caseload.tick(now);
        self.update_cells();
        self.settle();
    }

    /// Applies a batch of events.
    pub fn apply_batch(&mut self, batch: &Batch) -> ApplyResult {
        let applied = self.merge_batch(batch);
        self.settle();
        applied
    }

    /// Merges a batch like [`Monitor::apply_batch`], but counts its changes only in
    /// [`Monitor::settle`]. The board is not current until then. All events of a case merged in
    /// between are counted together.
    pub fn merge_batch(&mut self, batch: &Batch) -> ApplyResult {
        let applied = self.caseload.merge_batch(batch);
        self.update_cells();
        applied
    }

    /// Counts the changes of all merged events.
    pub fn settle(&mut self) {
        while self.caseload.settle_some_cases() {
            self.update_cells();
        }
    }

    /// Applies pending changes of the cases to the cells.
    fn update_cells(&mut self) {
        let changes = self.caseload.pending_changes();
        self.cells.apply_changes(changes);
        changes.clear();
    }

    /// Returns the board at the current time. First reads maxima again from the remembered cases
    /// where necessary.
    #[must_use]
    pub fn compute_board(&mut self) -> Board {
        self.reread_maxima();
        compute::compute_board(&self.reading_inputs(), &compute::ReadingSelection::select_all())
    }

    /// Returns a board with only the readings that can have a level and their inputs.
    #[must_use]
    pub fn compute_levels(&self) -> Board {
        let mut selection = compute::ReadingSelection::select_none(&self.caseload.standard);
        let indicators = self.caseload.standard.indicators.iter().enumerate();
        for (number, _) in indicators.filter(|(_, indicator)| indicator.has_target()) {
            (0..self.caseload.standard.scopes.len()).for_each(|scope| {
                selection.select_indicator(number, scope, &self.caseload.standard);
            });
        }
        compute::compute_board(&self.reading_inputs(), &selection)
    }

    fn reading_inputs(&self) -> compute::BoardInput<'_> {
        let Caseload {
            standard,
            now,
            last_received,
            silent_sources,
            coverage,
            current,
            benchmarks,
            ..
        } = &self.caseload;
        compute::BoardInput {
            standard,
            cells: &self.cells,
            now: *now,
            stale: standard
                .stale_after_ms
                .zip(*last_received)
                .is_some_and(|(after, last)| now.millis_since(last) > after),
            silent_sources: silent_sources.silent_sources(standard, *now),
            coverage,
            bounds: current,
            benchmarks,
        }
    }

    /// Returns true if a case has a timer due by `now`, so a deadline may have passed.
    #[must_use]
    pub fn has_timer_due_by(&self, now: Timestamp) -> bool {
        self.caseload.timers.is_any_due(now)
    }

    /// Returns how many cases were forgotten and remain only in sums.
    #[must_use]
    pub fn forgotten_cases(&self) -> u64 {
        self.caseload.cases.forgotten_count()
    }

    /// Returns how many cases are remembered.
    #[must_use]
    pub fn case_count(&self) -> usize {
        self.caseload.cases.count()
    }

    /// Returns the time of the last tick; `None` before the first.
    #[must_use]
    pub fn clock_time(&self) -> Option<Timestamp> {
        self.caseload.clock
    }

    /// Returns the current engine time; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.caseload.now()
    }
}
