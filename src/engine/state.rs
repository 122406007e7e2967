//! State of the engine: the core, the alerts, the current standard and the journal position.
//!
//! The engine, recovery and the snapshotter change it by the same five methods:
//! [`EngineState::tick`], [`EngineState::apply_batch`], [`EngineState::evaluate_alerts`],
//! [`EngineState::update_incident`] and [`EngineState::change_standard`]. They therefore always
//! reach the same board.

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

/// Revisions skipped after a crash. Boards may have been published after the last revision in the
/// journal. This number lasts nineteen days at ten boards a second.
const SKIPPED_REVISIONS: u64 = 1 << 24;

/// Maximum factor for random skips. After a thousand such runs revisions are still exact in clients
/// that use double-precision numbers (up to 2^53).
const RANDOM_SKIPS_MAX: u64 = 1 << 18;

/// State of the engine.
#[derive(Debug)]
pub struct EngineState {
    /// Core.
    pub monitor: Monitor,
    /// Alerts and incidents.
    pub alerts: AlertEvaluator,
    /// Declared standard. The core's standard may have one window more.
    pub standard: Arc<Standard>,
    /// True if the core's last window exists only for the totals.
    pub has_totals_window: bool,
    /// Name of the epoch.
    pub epoch: Arc<str>,
    /// Last published revision according to the journal.
    pub revision: u64,
    /// True after a graceful stop at `revision`: no later board was published.
    pub stopped_cleanly: bool,
    /// Last journal record included in this state.
    pub sequence: SequenceNumber,
    /// Events not covered by a snapshot. After a start this includes the replayed events.
    pub events_since_snapshot: u64,
}

impl EngineState {
    /// Returns the initial state under a standard.
    #[must_use]
    pub fn new(standard: Arc<Standard>, epoch: Arc<str>) -> EngineState {
        let (with, has_totals_window) = with_totals_window(&standard);
        let horizon = with.horizon;
        let monitor = Monitor::new(with, Some(horizon));
        let at = SequenceNumber::default();
        EngineState {
            monitor,
            alerts: AlertEvaluator::default(),
            standard,
            has_totals_window,
            epoch,
            revision: 0,
            stopped_cleanly: true,
            sequence: at,
            events_since_snapshot: 0,
        }
    }

    /// Replaces the alerts by a snapshot taken under the same standard.
    ///
    /// # Errors
    /// Returns an error if decoding fails or the snapshot does not fit the standard.
    pub fn restore_alerts<'de, D: Deserializer<'de>>(
        &mut self,
        snapshot: D,
    ) -> Result<(), D::Error> {
        self.alerts = AlertEvaluator::from_snapshot(&self.standard, snapshot)?;
        Ok(())
    }

    /// Replaces the core by a snapshot taken under the same standard, in a format version of the
    /// journal.
    ///
    /// # Errors
    /// Returns an error if decoding fails or the snapshot does not fit the standard.
    pub fn restore_monitor<'de, D: Deserializer<'de>>(
        &mut self,
        format: u64,
        snapshot: D,
    ) -> Result<(), D::Error> {
        let (standard, _) = with_totals_window(&self.standard);
        let horizon = Some(standard.horizon);
        self.monitor = match format {
            ..6 => Monitor::from_earlier_snapshot(format, standard, horizon, snapshot)?,
            _ => Monitor::from_snapshot(standard, horizon, snapshot)?,
        };
        Ok(())
    }

    /// Advances the clock to `now` and records the last published revision.
    pub fn tick(&mut self, now: Timestamp, revision: u64) {
        self.monitor.tick(now);
        (self.revision, self.stopped_cleanly) = (revision, false);
    }

    /// Advances the clock to `now` and evaluates all alert policies.
    pub fn evaluate_alerts(&mut self, now: Timestamp, revision: u64) {
        self.tick(now, revision);
        self.monitor.evaluate_alerts(&mut self.alerts);
    }

    /// Applies an update to an incident.
    ///
    /// # Errors
    /// Returns an error if the update is invalid for the incident.
    pub fn update_incident(
        &mut self,
        update: &IncidentUpdate,
        now: Timestamp,
    ) -> Result<(), IncidentUpdateError> {
        self.alerts.update_incident(update, now)
    }

    /// Applies a batch decoded with the schema of the current standard.
    pub fn apply_batch(&mut self, batch: &Batch) -> ApplyResult {
        self.events_since_snapshot += batch.events.len() as u64;
        self.monitor.apply_batch(batch)
    }

    /// Prepares the next run. After a crash it skips revisions that clients may have seen.
    pub fn skip_revisions(&mut self) {
        if !self.stopped_cleanly {
            self.revision += SKIPPED_REVISIONS;
        }
    }

    /// Prepares a run whose start cannot be recorded and returns its first revision. The random
    /// skip keeps a later run, which finds no trace of this one, from reusing its revisions.
    pub fn skip_random_revisions(&mut self, random: u64) -> u64 {
        self.revision += SKIPPED_REVISIONS * (2 + random % RANDOM_SKIPS_MAX);
        self.revision
    }

    /// Switches to another standard and epoch. Returns the number of forgotten cases and of
    /// remembered events that the standard does not know.
    pub fn change_standard(&mut self, standard: Arc<Standard>, epoch: Arc<str>) -> (u64, u64) {
        let (with, has_totals_window) = with_totals_window(&standard);
        let horizon = with.horizon;
        let StandardChangeOutcome { monitor, forgotten_cases, left_out_events } =
            self.monitor.change_standard(with, Some(horizon));
        self.alerts.change_standard(&self.standard, &standard);
        (self.monitor, self.standard, self.has_totals_window) =
            (monitor, standard, has_totals_window);
        // The journal records ticks of the new epoch only after its first boards.
        (self.epoch, self.revision, self.stopped_cleanly) = (epoch, 0, false);
        (forgotten_cases, left_out_events)
    }

    /// Returns the board at the current time.
    #[must_use]
    pub fn board(&mut self) -> Board {
        self.monitor.compute_board()
    }

    /// Returns the first board of a run. After a graceful stop it equals the last published board,
    /// so clients continue without a full transfer.
    #[must_use]
    pub fn first_published_board(&mut self) -> PublishedBoard {
        let board = self.board();
        PublishedBoard::first_of_run(
            self.epoch.clone(),
            self.standard.clone(),
            board,
            self.has_totals_window,
            self.revision.max(1),
        )
    }
}

/// Adds the window `all` for the totals. Returns true with it if the window was added. It is not
/// added if the standard has it or has no room for it.
fn with_totals_window(standard: &Arc<Standard>) -> (Arc<Standard>, bool) {
    if standard.windows.contains(&Window::All) || standard.windows.len() >= MAX_WINDOWS {
        return (standard.clone(), false);
    }
    let mut with = Standard::clone(standard);
    with.windows.push(Window::All);
    (Arc::new(with), true)
}
