//! The core as a whole: events and ticks in, a board out.
//!
//! It has two halves, and data flows one way between them: the [`Caseload`] merges events into cases and tells what that changes,
//! the [`Cells`] add it up for every window. A board is read from the cells. Whoever looks at no board in between, as a replay, lets
//! the core merge, and settle at the end.

mod answers;
mod change_standard;
mod core_snapshot;
mod evaluate_alerts;
mod trends;

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
    /// A core that has seen nothing. Without a horizon it remembers every case.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<RetentionHorizon>) -> Monitor {
        Monitor {
            caseload: Caseload::new(standard.clone(), horizon),
            cells: CellTable::new(standard),
        }
    }

    /// Its halves, to be kept on two threads: what [`Caseload::changes`] gives after each step goes to [`Cells::take`], in order.
    #[must_use]
    pub fn into_parts(self) -> (Caseload, CellTable) {
        (self.caseload, self.cells)
    }

    /// The core of these halves, once the cells have taken all that changed.
    #[must_use]
    pub fn from_parts(caseload: Caseload, cells: CellTable) -> Monitor {
        Monitor { caseload, cells }
    }

    /// Learns from a clock that it is `now`. The core never goes back: an earlier time than it has reached changes nothing.
    pub fn tick(&mut self, now: Timestamp) {
        self.caseload.tick(now);
        self.update_cells();
        self.settle();
    }

    /// Takes a batch of events.
    pub fn apply_batch(&mut self, batch: &Batch) -> ApplyResult {
        let applied = self.merge_batch(batch);
        self.settle();
        applied
    }

    /// As [`Monitor::apply`], but counts what the events change only when the core is asked to settle: nobody may look before. However
    /// many events of a case come until then, they are counted together.
    pub fn merge_batch(&mut self, batch: &Batch) -> ApplyResult {
        let applied = self.caseload.merge_batch(batch);
        self.update_cells();
        applied
    }

    /// Counts what all events that were merged change.
    pub fn settle(&mut self) {
        while self.caseload.settle_some_cases() {
            self.update_cells();
        }
    }

    /// Lets the cells take what has changed.
    fn update_cells(&mut self) {
        let changes = self.caseload.pending_changes();
        self.cells.apply_changes(changes);
        changes.clear();
    }

    /// The readings as they are now.
    #[must_use]
    pub fn compute_board(&self) -> Board {
        compute::compute_board(&self.reading_inputs(), &compute::ReadingSelection::select_all())
    }

    /// The readings that may have a level now, and those that they are made of.
    #[must_use]
    pub fn compute_levels(&self) -> Board {
        let mut wanted = compute::ReadingSelection::select_none(&self.caseload.standard);
        let indicators = self.caseload.standard.indicators.iter().enumerate();
        for (number, _) in indicators
            .filter(|(_, indicator)| indicator.targets.iter().any(|dated| dated.target.is_some()))
        {
            (0..self.caseload.standard.scopes.len())
                .for_each(|scope| wanted.select_indicator(number, scope, &self.caseload.standard));
        }
        compute::compute_board(&self.reading_inputs(), &wanted)
    }

    fn reading_inputs(&self) -> compute::BoardInput<'_> {
        let Caseload { standard, now, last_received: heard, silent_sources: silence, .. } =
            &self.caseload;
        compute::BoardInput {
            standard,
            cells: &self.cells,
            now: *now,
            stale: standard
                .stale_after_ms
                .zip(*heard)
                .is_some_and(|(after, heard)| now.millis_since(heard) > after),
            silent_sources: silence.silent_sources(&standard.sources, *now),
        }
    }

    /// Whether some case asked to be judged again by then: its deadline may have passed.
    #[must_use]
    pub fn has_timer_due_by(&self, now: Timestamp) -> bool {
        self.caseload.timers.is_any_due(now)
    }

    /// How many cases were forgotten and stay only as sums.
    #[must_use]
    pub fn forgotten_cases(&self) -> u64 {
        self.caseload.cases.forgotten_count()
    }

    /// How many cases are remembered.
    #[must_use]
    pub fn case_count(&self) -> usize {
        self.caseload.cases.count()
    }

    /// What the clock showed last; `None` if there was none.
    #[must_use]
    pub fn clock_time(&self) -> Option<Timestamp> {
        self.caseload.clock
    }

    /// The time reached; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.caseload.now()
    }
}
