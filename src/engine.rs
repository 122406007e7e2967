//! The engine: the single loop that owns the core. It receives batches, writes them to the journal,
//! applies them, acknowledges them and publishes boards.
//!
//! **Journal, then core, then acknowledgement.** Waiting batches are written as a group with one
//! sync to disk (`engine/acknowledgement.rs`). Only then are they applied and acknowledged. The
//! clock time is written with them, so the journal alone determines the board. After a crash
//! [`recovery`] restores the same board from the newest snapshot (`engine/snapshotter.rs`) and the
//! journal records after it.
//!
//! Every batch and every board advances the core's time. Ticks between batches need not be written,
//! because an earlier tick before a later one changes nothing.
//!
//! A board is published every `publish_every`, and at once when the level of a reading changes: see
//! [`level_check`].
//!
//! The rest of the service sends commands through a bounded channel ([`commands::EngineHandle`]). A
//! full channel means overload, which callers report to the sender instead of queueing. The engine
//! stops when all handles are dropped and the channel is empty. It then publishes a last board,
//! closes the board and alert channels, and writes a last snapshot.

mod acknowledgement;
mod alert_evaluation;
mod batch_translation;
pub mod commands;
mod journal_maintenance;
pub mod level_check;
pub mod readiness;
pub mod recovery;
mod settings;
mod snapshotter;
mod standard_change;
pub mod state;
pub mod thread_priority;

pub use self::acknowledgement::AcknowledgementLevel;
use self::acknowledgement::Acknowledgements;
use self::batch_translation::BatchTranslation;
use self::commands::{EngineCommand, EngineHandle, EngineUnavailable, SubmittedBatch};
use self::journal_maintenance::JournalMaintenance;
use self::level_check::{LEVEL_CHECK_INTERVAL, LevelCheck, pause_after};
use self::readiness::Readiness;
use self::recovery::{RecoverySources, recover_state};
pub use self::settings::{EngineSettings, RetentionSettings};
use self::snapshotter::Snapshotter;
use self::state::EngineState;
use super::clock::{EngineClock, WallClock, measure_time};
use super::journal::{Journal, JournalRecord, SequenceNumber, SnapshotStore};
use super::telemetry::Metric;
use crate::domain::alerts::evaluation::AlertOverview;
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::events::batch::Batch;
use crate::domain::monitor::ApplyResult;
use crate::domain::standard::EventSchema;
use crate::domain::time::timestamp::Timestamp;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// Maximum number of events written and applied as a group. Applying a group takes a few
/// milliseconds.
const GROUP_EVENTS_MAX: usize = 8_192;

/// The engine loop and its state.
#[derive(Debug)]
pub struct Engine {
    state: EngineState,
    /// `None` until [`EngineCommand::StartClock`]: history must not be compared with the wall
    /// clock.
    ticker: Option<EngineClock>,
    retention_settings: Option<RetentionSettings>,
    maintenance: Option<JournalMaintenance>,
    publish_every: Duration,
    /// True if batches were applied since the last board or level check.
    has_new_batches: bool,
    /// Earliest time at which time alone may change a level.
    next_level_change_at: Option<Timestamp>,
    /// Newest event time, for the metrics.
    newest_event_time: Option<Timestamp>,
    commands: mpsc::Receiver<EngineCommand>,
    published_boards: watch::Sender<Arc<PublishedBoard>>,
    alerts: watch::Sender<Arc<AlertOverview>>,
    readiness: watch::Sender<Readiness>,
    /// Schema of the current standard, for the decoders.
    schema: watch::Sender<Arc<EventSchema>>,
}

/// Channels between the engine and the rest of the service.
#[derive(Debug)]
pub struct EngineEndpoints {
    /// Sends commands to the engine.
    pub handle: EngineHandle,
    /// Receives published boards. Empty until the engine is ready; closed when it has stopped.
    pub published_boards: watch::Receiver<Arc<PublishedBoard>>,
    /// Receives the alerts after each evaluation; closed with the boards.
    pub alerts: watch::Receiver<Arc<AlertOverview>>,
}

impl Engine {
    /// Returns an engine whose clock starts with [`commands::EngineHandle::start_clock`].
    #[must_use]
    pub fn new(settings: EngineSettings) -> (Engine, EngineEndpoints) {
        let EngineSettings { standard, publish_every, queue_batches, journal } = settings;
        let schema = Arc::new(standard.schema.clone());
        let mut state = EngineState::new(standard, new_epoch());
        let (sender, commands) = mpsc::channel(queue_batches);
        let (published_boards, board_receiver) =
            watch::channel(Arc::new(state.first_published_board()));
        let (alerts, alert_receiver) = watch::channel(Arc::default());
        let (readiness, readiness_receiver) = watch::channel(Readiness::Starting);
        let (schema, schema_receiver) = watch::channel(schema);
        let handle =
            EngineHandle::new(sender, readiness_receiver, schema_receiver, journal.is_some());
        let engine = Engine {
            state,
            ticker: None,
            retention_settings: journal,
            maintenance: None,
            publish_every,
            has_new_batches: false,
            next_level_change_at: None,
            newest_event_time: None,
            commands,
            published_boards,
            alerts,
            readiness,
            schema,
        };
        let endpoints =
            EngineEndpoints { handle, published_boards: board_receiver, alerts: alert_receiver };
        (engine, endpoints)
    }

    /// Runs the engine on a thread of its own with its own runtime, because it keeps a processor
    /// busy and its timers must not be delayed by other tasks. It recovers from its journal first
    /// and stops when all handles are dropped. The receiver yields the result.
    ///
    /// # Errors
    /// Returns an error if the thread or its runtime cannot be created.
    pub fn spawn_thread(
        self,
    ) -> std::io::Result<oneshot::Receiver<Result<(), recovery::RecoveryError>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (ended, end) = oneshot::channel();
        std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let _ = ended.send(runtime.block_on(self.run()));
        })?;
        Ok(end)
    }

    /// Runs the engine on the caller's runtime, for simulations and programs without other tasks.
    /// See [`Engine::spawn_thread`].
    ///
    /// # Errors
    /// Returns an error if the journal cannot be read, or the final records cannot be written.
    pub async fn run(mut self) -> Result<(), recovery::RecoveryError> {
        if let Some(retention_settings) = self.retention_settings.clone() {
            match self.recover_from_journal(&retention_settings) {
                Err(recovery::RecoveryError::Stopped) => return Ok(()),
                recovered => recovered?,
            }
        }
        let mut publish = tokio::time::interval(self.publish_every);
        publish.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut level_check = tokio::time::interval(LEVEL_CHECK_INTERVAL);
        loop {
            // `biased` polls boards first, so that load cannot delay them.
            tokio::select! {
                biased;
                _ = publish.tick() => level_check.reset_after(pause_after(self.publish_board())),
                _ = level_check.tick() => {
                    let LevelCheck { duration, published } = self.check_levels();
                    level_check.reset_after(pause_after(duration));
                    if published {
                        publish.reset();
                    }
                }
                command = self.commands.recv() => match command {
                    Some(command) => {
                        self.run_command_group(command);
                        // The runtime polls its timers only when a task yields. Without this a full
                        // queue would delay the boards.
                        tokio::task::yield_now().await;
                    }
                    None => break,
                },
            }
        }
        self.shut_down()
    }

    /// Restores the state at the end of the journal.
    fn recover_from_journal(
        &mut self,
        retention_settings: &RetentionSettings,
    ) -> Result<(), recovery::RecoveryError> {
        let journal = Journal::open(retention_settings.disk.clone(), retention_settings.journal)?;
        let sources = RecoverySources {
            journal: journal.new_reader(),
            snapshots: SnapshotStore::new(retention_settings.disk.clone()),
        };
        let last = journal.last_sequence();
        let (readiness, commands) = (&self.readiness, &self.commands);
        let mut reported_tenths = 0;
        let mut progress = |reached: SequenceNumber| {
            let tenths = reached.0.saturating_mul(10) / last.0.max(1);
            if tenths > reported_tenths {
                reported_tenths = tenths;
                tracing::info!("journal replay is {tenths}0 % complete");
            }
            readiness.send_replace(Readiness::Recovering { reached: reached.0, last: last.0 });
            // All handles are dropped, so nobody needs the board.
            if commands.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (recovered, took) = measure_time(|| recover_state(&sources, last, &mut progress));
        Metric::RecoverySeconds.set(took.as_secs_f64());
        let recovered = recovered?;
        let acknowledgements = Acknowledgements::new(journal, retention_settings.acknowledge);
        let snapshotter = Snapshotter::start_thread(sources.clone())
            .map_err(|error| recovery::RecoveryError::Thread { error })?;
        self.maintenance = Some(JournalMaintenance::new(acknowledgements, sources, snapshotter));
        let declared = self.state.standard.clone();
        if let Some(state) = recovered {
            let cases = state.monitor.case_count();
            tracing::info!(
                records = last.0,
                cases,
                seconds = took.as_secs_f64(),
                "state recovered from the snapshot and the journal"
            );
            self.state = state;
            self.state.skip_revisions();
            if self.state.standard.files == declared.files {
                return Ok(());
            }
        }
        self.replace_standard(&declared)
            .map_err(|reason| recovery::RecoveryError::JournalUnwritable { reason })?;
        Ok(())
    }

    /// Executes a command and the batches queued behind it.
    fn run_command_group(&mut self, command: EngineCommand) {
        let mut group = Vec::new();
        let mut events = 0;
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                EngineCommand::Apply(submitted) => {
                    events += submitted.batch.events.len();
                    group.push(submitted);
                }
                other => {
                    self.apply_batches(std::mem::take(&mut group));
                    self.execute_command(other);
                }
            }
            if events >= GROUP_EVENTS_MAX {
                break;
            }
            next = self.commands.try_recv().ok();
        }
        self.apply_batches(group);
    }

    fn execute_command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::Apply(submitted) => self.apply_batches(vec![submitted]),
            // The caller may be gone, so failed sends of answers are ignored.
            EngineCommand::Explain { request, answer } => {
                _ = answer.send(self.state.monitor.explain_reading(&request));
            }
            EngineCommand::CaseHistory { case, subject, at, answer } => {
                _ = answer.send(self.state.monitor.case_histories(case, &subject, Some(at)));
            }
            EngineCommand::OpenCases { request, answer } => {
                _ = answer.send(self.state.monitor.open_cases(&request));
            }
            EngineCommand::Trends { request, answer } => {
                _ = answer.send(self.state.monitor.compute_trends(&request));
            }
            EngineCommand::UpdateIncident { update, answer } => {
                _ = answer.send(self.update_incident(&update));
            }
            EngineCommand::ChangeStandard { standard, answer } => {
                _ = answer.send(self.change_standard(&standard));
            }
            EngineCommand::StartClock(clock) => self.start_clock(clock),
        }
    }

    /// Starts the clock, publishes the first board of the run and reports readiness.
    fn start_clock(&mut self, clock: WallClock) {
        let mut ticker = EngineClock::new(clock, self.state.monitor.clock_time());
        let (now, mut revision) = (ticker.now(), self.state.revision.max(1));
        if let Some(maintenance) = &mut self.maintenance {
            // Recorded before publication, so that no later run reuses a revision a client may have
            // seen.
            match maintenance
                .acknowledgements
                .write_records(&[JournalRecord::Tick { now, revision }])
            {
                Ok(()) => self.state.sequence = maintenance.acknowledgements.last_sequence(),
                Err(_) => {
                    (revision, maintenance.is_start_unrecorded) =
                        (self.state.skip_random_revisions(random_number()), true);
                }
            }
        }
        // After a graceful stop the first board equals the last published one, so it is computed
        // before time advances.
        self.state.revision = revision;
        self.published_boards.send_replace(Arc::new(self.state.first_published_board()));
        self.state.tick(now, revision);
        self.ticker = Some(ticker);
        self.publish_alerts();
        self.readiness.send_replace(Readiness::Ready);
        self.publish_board();
    }

    /// Writes batches to the journal, applies them and acknowledges them.
    fn apply_batches(&mut self, group: Vec<SubmittedBatch>) {
        if group.is_empty() {
            return;
        }
        let schema = self.schema.borrow().clone();
        let group: Vec<BatchTranslation> =
            group.into_iter().map(|submitted| BatchTranslation::new(submitted, &schema)).collect();
        let revision = self.published_boards.borrow().board.revision;
        let now = self.ticker.as_mut().map(EngineClock::now);
        if let Some(maintenance) = &mut self.maintenance {
            let tick = now.map(|now| JournalRecord::Tick { now, revision });
            let batches = group
                .iter()
                .filter_map(|translated| translated.encoded.clone())
                .map(JournalRecord::Batch);
            if let Err(reason) = maintenance
                .acknowledgements
                .append_acknowledged(tick.into_iter().chain(batches).collect())
            {
                group.into_iter().for_each(|translated| {
                    _ = translated
                        .answer
                        .send(Err(EngineUnavailable::JournalUnwritable(reason.clone())));
                });
                self.readiness.send_replace(Readiness::Failing(reason));
                return;
            }
            self.state.sequence = maintenance.acknowledgements.last_sequence();
        }
        if let Some(now) = now {
            self.state.tick(now, revision);
        }
        self.has_new_batches = true;
        for BatchTranslation { batch, unknown, answer, .. } in group {
            let (mut applied, took) = measure_time(|| self.state.apply_batch(&batch));
            Metric::ApplySeconds.record_duration(took);
            unknown.report_refusals(&mut applied);
            self.record_batch_metrics(&batch, &applied);
            // The sender may be gone; the batch counts all the same.
            let _ = answer.send(Ok(applied));
        }
    }

    /// Updates the metrics after a batch.
    fn record_batch_metrics(&mut self, batch: &Batch, applied: &ApplyResult) {
        Metric::EventsReceived.add_labeled("outcome", "accepted", applied.accepted);
        Metric::EventsReceived.add_labeled("outcome", "duplicate", applied.duplicates);
        Metric::EventsReceived.add_labeled("outcome", "rejected", applied.refused.len() as u64);
        Metric::SubjectsReused.add(applied.subjects_reused);
        applied.refused.iter().for_each(|(_, refusal)| {
            Metric::EventsRejected.add_labeled("reason", refusal.name(), 1);
        });
        let newest = batch.events.iter().map(|event| event.time).max();
        if let Some((newest, ticker)) = newest.zip(self.ticker.as_mut()) {
            ticker.observe_event_time(newest);
        }
        if let Some(newest) =
            newest.filter(|newest| applied.accepted > 0 && self.newest_event_time < Some(*newest))
        {
            self.newest_event_time = Some(newest);
            Metric::LastEvent.set(newest.0 as f64 / 1_000.0);
        }
    }

    /// Evaluates alerts if due and publishes a board. Returns the time taken to compute the board.
    fn publish_board(&mut self) -> Duration {
        let now = self.ticker.as_mut().map(EngineClock::now);
        if let Some(now) = now {
            self.evaluate_alerts(now);
        }
        let (published_board, took) = self.next_board(now);
        self.send_board(published_board, now);
        took
    }

    fn send_board(&mut self, published_board: PublishedBoard, now: Option<Timestamp>) {
        Metric::BatchesQueued.set(self.commands.len() as f64);
        Metric::Cases.set(self.state.monitor.case_count() as f64);
        Metric::ClockOffset.set(published_board.clock_offset_ms as f64 / 1_000.0);
        published_board
            .board
            .as_of
            .into_iter()
            .for_each(|as_of| Metric::BoardTime.set(as_of.0 as f64 / 1_000.0));
        let revision = published_board.board.revision;
        self.published_boards.send_replace(Arc::new(published_board));
        if let Some(now) = now {
            self.maintain_journal(now, revision);
        }
    }

    /// Publishes the last board, then closes the journal.
    fn shut_down(mut self) -> Result<(), recovery::RecoveryError> {
        self.publish_board();
        let revision = self.published_boards.borrow().board.revision;
        let Engine { state, maintenance, published_boards, alerts, .. } = self;
        // Closed first, so that clients do not wait for the disk.
        drop((published_boards, alerts));
        maintenance.map_or(Ok(()), |maintenance| maintenance.shut_down(state, revision))
    }
}

/// Returns a random epoch name.
fn new_epoch() -> Arc<str> {
    format!("{:016x}", random_number()).into()
}

/// Returns an unpredictable number, from the random keys the standard library uses for hash maps.
#[must_use]
pub fn random_number() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
