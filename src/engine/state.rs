//! The state of the engine: the core, the standard it goes by, and where in the journal it stands.
//!
//! It changes in five ways, [`State::tick`], [`State::apply`], [`State::look`], [`State::answer`] and [`State::adopt`], for the living
//! engine as for recovery and the keeper of snapshots, who take them from the journal: so they cannot come to different boards.

use crate::domain::alert::Alerts;
use crate::domain::alert::ledger::{Answer, Unanswered};
use crate::domain::board::Board;
use crate::domain::event::Batch;
use crate::domain::monitor::{Adopted, Applied, Monitor};
use crate::domain::standard::Standard;
use crate::domain::time::Timestamp;
use crate::domain::window::{WINDOWS, Window};
use crate::edition::Edition;
use crate::journal::Sequence;
use serde::Deserializer;
use std::sync::Arc;

/// How many revisions are skipped after a crash. Boards may have been published since the journal last heard of one; this
/// many take nineteen days at ten a second.
const SKIPPED: u64 = 1 << 24;

/// How many times as many at most are skipped where chance decides: a thousand such runs stay within the whole numbers that
/// programs of readers can tell apart, those up to 2^53.
const LEAPS: u64 = 1 << 18;

/// What the engine knows.
#[derive(Debug)]
pub struct State {
    /// The core.
    pub monitor: Monitor,
    /// What the core has seen that somebody must be told of.
    pub alerts: Alerts,
    /// The standard as it was declared; that of the core may have one window more.
    pub standard: Arc<Standard>,
    /// Whether the core's last window is there for the totals only.
    pub hidden: bool,
    /// The name of the epoch.
    pub epoch: Arc<str>,
    /// The revision of the board published last, as far as the journal tells.
    pub revision: u64,
    /// Whether the service stopped in good order then, so that no other was published after it.
    pub stopped: bool,
    /// The last record that is part of this state.
    pub at: Sequence,
    /// How many events came that no snapshot has: what was read behind the newest is not done with a start.
    pub unsaved: u64,
}

impl State {
    /// Nothing has happened yet under this standard.
    #[must_use]
    pub fn new(standard: Arc<Standard>, epoch: Arc<str>) -> State {
        let (with, hidden) = with_totals(&standard);
        let horizon = with.horizon;
        let monitor = Monitor::new(with, Some(horizon));
        let at = Sequence::default();
        State { monitor, alerts: Alerts::default(), standard, hidden, epoch, revision: 0, stopped: true, at, unsaved: 0 }
    }

    /// Puts the memory of alerts under the same standard in place of these.
    ///
    /// # Errors
    /// Those of the deserializer, or if it is no such memory.
    pub fn remember_alerts<'de, D: Deserializer<'de>>(&mut self, memory: D) -> Result<(), D::Error> {
        self.alerts = Alerts::remember(&self.standard, memory)?;
        Ok(())
    }

    /// Puts the memory of a core with the same standard in place of this one's, written in this format of the journal.
    ///
    /// # Errors
    /// Those of the deserializer, or if it is no such memory.
    pub fn remember<'de, D: Deserializer<'de>>(&mut self, format: u64, memory: D) -> Result<(), D::Error> {
        let (standard, _) = with_totals(&self.standard);
        let horizon = Some(standard.horizon);
        self.monitor = match format {
            ..3 => Monitor::remember_earlier(standard, horizon, memory)?,
            _ => Monitor::remember(standard, horizon, memory)?,
        };
        Ok(())
    }

    /// The clock shows `now`, and this revision was published last.
    pub fn tick(&mut self, now: Timestamp, revision: u64) {
        self.monitor.tick(now);
        (self.revision, self.stopped) = (revision, false);
    }

    /// The clock shows `now`, and a look is taken for alerts.
    pub fn look(&mut self, now: Timestamp, revision: u64) {
        self.tick(now, revision);
        self.monitor.watch(&mut self.alerts);
    }

    /// Takes what somebody says of an alert.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn answer(&mut self, answer: &Answer, now: Timestamp) -> Result<(), Unanswered> {
        self.alerts.answer(answer, now)
    }

    /// Takes events that are decoded by the schema of the standard in force.
    pub fn apply(&mut self, batch: &Batch) -> Applied {
        self.unsaved += batch.events.len() as u64;
        self.monitor.apply(batch)
    }

    /// Makes ready for another run: after a crash boards get revisions that nobody can have seen yet.
    pub fn resume(&mut self) {
        if !self.stopped {
            self.revision += SKIPPED;
        }
    }

    /// Makes ready for a run that the journal hears nothing of as it begins: a run after this one that finds no more in the
    /// journal must not come to the same revisions. `random` decides how far they go up; the new revision.
    pub fn leap(&mut self, random: u64) -> u64 {
        self.revision += SKIPPED * (2 + random % LEAPS);
        self.revision
    }

    /// Goes by another standard from now on, in an epoch of its own. How many cases had been forgotten, and how many
    /// remembered events the standard does not know.
    pub fn adopt(&mut self, standard: Arc<Standard>, epoch: Arc<str>) -> (u64, u64) {
        let (with, hidden) = with_totals(&standard);
        let horizon = with.horizon;
        let Adopted { monitor, forgotten, left_out } = self.monitor.adopt(with, Some(horizon));
        self.alerts.adopt(&self.standard, &standard);
        (self.monitor, self.standard, self.hidden) = (monitor, standard, hidden);
        // Boards of the new epoch are published before the journal hears of one.
        (self.epoch, self.revision, self.stopped) = (epoch, 0, false);
        (forgotten, left_out)
    }

    /// The board as it is now.
    #[must_use]
    pub fn board(&self) -> Board {
        self.monitor.board()
    }

    /// The first edition of a run. If the last one stopped in good order, it is the very edition that was published last, and
    /// whoever saw that can go on from there.
    #[must_use]
    pub fn edition(&self) -> Edition {
        Edition::first(self.epoch.clone(), self.standard.clone(), self.board(), self.hidden, self.revision.max(1))
    }
}

/// The standard with the window `all` added for the totals, and whether it was: not if it has it, or has no room for it.
fn with_totals(standard: &Arc<Standard>) -> (Arc<Standard>, bool) {
    if standard.windows.contains(&Window::All) || standard.windows.len() >= WINDOWS {
        return (standard.clone(), false);
    }
    let mut with = Standard::clone(standard);
    with.windows.push(Window::All);
    (Arc::new(with), true)
}
