//! The core as a whole: events and ticks in, a board out.
//!
//! It has two halves, and data flows one way between them: the [`Caseload`] merges events into cases and tells what that changes,
//! the [`Cells`] add it up for every window. A board is read from the cells. Whoever looks at no board in between, as a replay, lets
//! the core merge, and settle at the end.

mod adopt;
mod explain;
mod memory;
pub mod translate;
mod trend;
mod watch;

use super::board::Board;
pub use super::caseload::{Applied, Caseload, Refusal};
pub use super::cells::Cells;
pub use super::changes::Changes;
use super::event::Batch;
use super::reading;
use super::standard::{Horizon, Standard};
use super::time::Timestamp;
pub use adopt::Adopted;
use std::sync::Arc;

/// The core.
#[derive(Debug)]
pub struct Monitor {
    caseload: Caseload,
    cells: Cells,
}

impl Monitor {
    /// A core that has seen nothing. Without a horizon it remembers every case.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<Horizon>) -> Monitor {
        Monitor { caseload: Caseload::new(standard.clone(), horizon), cells: Cells::new(standard) }
    }

    /// Its halves, to be kept on two threads: what [`Caseload::changes`] gives after each step goes to [`Cells::take`], in order.
    #[must_use]
    pub fn apart(self) -> (Caseload, Cells) {
        (self.caseload, self.cells)
    }

    /// The core of these halves, once the cells have taken all that changed.
    #[must_use]
    pub fn whole(caseload: Caseload, cells: Cells) -> Monitor {
        Monitor { caseload, cells }
    }

    /// Learns from a clock that it is `now`. The core never goes back: an earlier time than it has reached changes nothing.
    pub fn tick(&mut self, now: Timestamp) {
        self.caseload.tick(now);
        self.add_up();
        self.settle();
    }

    /// Takes a batch of events.
    pub fn apply(&mut self, batch: &Batch) -> Applied {
        let applied = self.merge(batch);
        self.settle();
        applied
    }

    /// As [`Monitor::apply`], but counts what the events change only when the core is asked to settle: nobody may look before. However
    /// many events of a case come until then, they are counted together.
    pub fn merge(&mut self, batch: &Batch) -> Applied {
        let applied = self.caseload.merge(batch);
        self.add_up();
        applied
    }

    /// Counts what all events that were merged change.
    pub fn settle(&mut self) {
        while self.caseload.settle_some() {
            self.add_up();
        }
    }

    /// Lets the cells take what has changed.
    fn add_up(&mut self) {
        let changes = self.caseload.changes();
        self.cells.take(changes);
        changes.clear();
    }

    /// The readings as they are now.
    #[must_use]
    pub fn board(&self) -> Board {
        reading::board(&self.known(), &reading::Wanted::everything())
    }

    /// The readings that may have a level now, and those that they are made of.
    #[must_use]
    pub fn levels(&self) -> Board {
        let mut wanted = reading::Wanted::nothing(&self.caseload.standard);
        let indicators = self.caseload.standard.indicators.iter().enumerate();
        for (number, _) in indicators.filter(|(_, indicator)| indicator.targets.iter().any(|dated| dated.target.is_some())) {
            (0..self.caseload.standard.scopes.len()).for_each(|scope| wanted.want(number, scope, &self.caseload.standard));
        }
        reading::board(&self.known(), &wanted)
    }

    fn known(&self) -> reading::State<'_> {
        let Caseload { standard, now, heard, silence, .. } = &self.caseload;
        reading::State {
            standard,
            cells: &self.cells,
            now: *now,
            stale: standard.stale_after_ms.zip(*heard).is_some_and(|(after, heard)| now.since(heard) > after),
            silent: silence.silent(&standard.sources, *now),
        }
    }

    /// Whether some case asked to be judged again by then: its deadline may have passed.
    #[must_use]
    pub fn rings_by(&self, now: Timestamp) -> bool {
        self.caseload.timers.ring_by(now)
    }

    /// How many cases were forgotten and stay only as sums.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.caseload.cases.forgotten()
    }

    /// How many cases are remembered.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.caseload.cases.count()
    }

    /// What the clock showed last; `None` if there was none.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.caseload.clock
    }

    /// The time reached; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.caseload.now()
    }
}
