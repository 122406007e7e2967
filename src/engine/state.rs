//! The state of the engine: the core, the standard it goes by, and where in the journal it stands.
//!
//! It changes in five ways, [`State::tick`], [`State::apply`], [`State::look`], [`State::answer`] and [`State::adopt`], for the living
//! engine as for recovery and the keeper of snapshots, who take them from the journal: so they cannot come to different boards.

use crate::domain::alerts::evaluation::AlertEvaluator;
use crate::domain::alerts::incident_log::{IncidentUpdate, IncidentUpdateError};
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::board::reading::Board;
use crate::domain::events::batch::Batch;
use crate::domain::monitor::{ApplyResult, Monitor, StandardChangeOutcome};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{MAX_WINDOWS, Window};
use crate::journal::SequenceNumber;
use serde::Deserializer;
use std::sync::Arc;

/// How many revisions are skipped after a crash. Boards may have been published since the journal last heard of one; this
/// many take nineteen days at ten a second.
const SKIPPED_REVISIONS: u64 = 1 << 24;

/// How many times as many at most are skipped where chance decides: a thousand such runs stay within the whole numbers that
/// programs of readers can tell apart, those up to 2^53.
const RANDOM_SKIPS_MAX: u64 = 1 << 18;

/// What the engine knows.
#[derive(Debug)]
pub struct EngineState {
    /// The core.
    pub monitor: Monitor,
    /// What the core has seen that somebody must be told of.
    pub alerts: AlertEvaluator,
    /// The standard as it was declared; that of the core may have one window more.
    pub standard: Arc<Standard>,
    /// Whether the core's last window is there for the totals only.
    pub has_totals_window: bool,
    /// The name of the epoch.
    pub epoch: Arc<str>,
    /// The revision of the board published last, as far as the journal tells.
    pub revision: u64,
    /// Whether the service stopped in good order then, so that no other was published after it.
    pub stopped_cleanly: bool,
    /// The last record that is part of this state.
    pub sequence: SequenceNumber,
    /// How many events came that no snapshot has: what was read behind the newest is not done with a start.
    pub events_since_snapshot: u64,
}

impl EngineState {
    /// Nothing has happened yet under this standard.
    #[must_use]
    pub fn new(standard: Arc<Standard>, epoch: Arc<str>) -> EngineState {
        let (with, hidden) = with_totals_window(&standard);
        let horizon = with.horizon;
        let monitor = Monitor::new(with, Some(horizon));
        let at = SequenceNumber::default();
        EngineState {
            monitor,
            alerts: AlertEvaluator::default(),
            standard,
            has_totals_window: hidden,
            epoch,
            revision: 0,
            stopped_cleanly: true,
            sequence: at,
            events_since_snapshot: 0,
        }
    }

    /// Puts the memory of alerts under the same standard in place of these.
    ///
    /// # Errors
    /// Those of the deserializer, or if it is no such memory.
    pub fn restore_alerts<'de, D: Deserializer<'de>>(&mut self, memory: D) -> Result<(), D::Error> {
        self.alerts = AlertEvaluator::from_snapshot(&self.standard, memory)?;
        Ok(())
    }

    /// Puts the memory of a core with the same standard in place of this one's, written in this format of the journal.
    ///
    /// # Errors
    /// Those of the deserializer, or if it is no such memory.
    pub fn restore_monitor<'de, D: Deserializer<'de>>(
        &mut self,
        format: u64,
        memory: D,
    ) -> Result<(), D::Error> {
        let (standard, _) = with_totals_window(&self.standard);
        let horizon = Some(standard.horizon);
        self.monitor = match format {
            ..3 => Monitor::from_earlier_snapshot(standard, horizon, memory)?,
            _ => Monitor::from_snapshot(standard, horizon, memory)?,
        };
        Ok(())
    }

    /// The clock shows `now`, and this revision was published last.
    pub fn tick(&mut self, now: Timestamp, revision: u64) {
        self.monitor.tick(now);
        (self.revision, self.stopped_cleanly) = (revision, false);
    }

    /// The clock shows `now`, and a look is taken for alerts.
    pub fn evaluate_alerts(&mut self, now: Timestamp, revision: u64) {
        self.tick(now, revision);
        self.monitor.evaluate_alerts(&mut self.alerts);
    }

    /// Takes what somebody says of an alert.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn update_incident(
        &mut self,
        answer: &IncidentUpdate,
        now: Timestamp,
    ) -> Result<(), IncidentUpdateError> {
        self.alerts.update_incident(answer, now)
    }

    /// Takes events that are decoded by the schema of the standard in force.
    pub fn apply_batch(&mut self, batch: &Batch) -> ApplyResult {
        self.events_since_snapshot += batch.events.len() as u64;
        self.monitor.apply_batch(batch)
    }

    /// Makes ready for another run: after a crash boards get revisions that nobody can have seen yet.
    pub fn skip_revisions(&mut self) {
        if !self.stopped_cleanly {
            self.revision += SKIPPED_REVISIONS;
        }
    }

    /// Makes ready for a run that the journal hears nothing of as it begins: a run after this one that finds no more in the
    /// journal must not come to the same revisions. `random` decides how far they go up; the new revision.
    pub fn skip_random_revisions(&mut self, random: u64) -> u64 {
        self.revision += SKIPPED_REVISIONS * (2 + random % RANDOM_SKIPS_MAX);
        self.revision
    }

    /// Goes by another standard from now on, in an epoch of its own. How many cases had been forgotten, and how many
    /// remembered events the standard does not know.
    pub fn change_standard(&mut self, standard: Arc<Standard>, epoch: Arc<str>) -> (u64, u64) {
        let (with, hidden) = with_totals_window(&standard);
        let horizon = with.horizon;
        let StandardChangeOutcome {
            monitor,
            forgotten_cases: forgotten,
            left_out_events: left_out,
        } = self.monitor.change_standard(with, Some(horizon));
        self.alerts.change_standard(&self.standard, &standard);
        (self.monitor, self.standard, self.has_totals_window) = (monitor, standard, hidden);
        // Boards of the new epoch are published before the journal hears of one.
        (self.epoch, self.revision, self.stopped_cleanly) = (epoch, 0, false);
        (forgotten, left_out)
    }

    /// The board as it is now.
    #[must_use]
    pub fn board(&self) -> Board {
        self.monitor.compute_board()
    }

    /// The first edition of a run. If the last one stopped in good order, it is the very edition that was published last, and
    /// whoever saw that can go on from there.
    #[must_use]
    pub fn first_published_board(&self) -> PublishedBoard {
        PublishedBoard::first_of_run(
            self.epoch.clone(),
            self.standard.clone(),
            self.board(),
            self.has_totals_window,
            self.revision.max(1),
        )
    }
}

/// The standard with the window `all` added for the totals, and whether it was: not if it has it, or has no room for it.
fn with_totals_window(standard: &Arc<Standard>) -> (Arc<Standard>, bool) {
    if standard.windows.contains(&Window::All) || standard.windows.len() >= MAX_WINDOWS {
        return (standard.clone(), false);
    }
    let mut with = Standard::clone(standard);
    with.windows.push(Window::All);
    (Arc::new(with), true)
}
