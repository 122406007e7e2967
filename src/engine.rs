//! The engine: the one loop that owns the core. It receives batches, writes them down, applies them, answers, and publishes
//! a board.
//!
//! **Journal, then core, then answer.** Batches that wait are written together, with one trip to the disk (`engine/durable.rs`), and
//! only then applied and acknowledged. What the clock shows is written with them, so the journal alone says what the board
//! is. After a crash [`recovery`] comes to the same board, from the newest snapshot (`engine/keeper.rs`) and the journal after it.
//!
//! Time passes for the core with every batch and with every board. Ticks between batches need not be written: a core that
//! has heard of a time is the same as one that has also heard of an earlier one.
//!
//! A board is published with every `publish_every`, and at once when the level of some reading turns: see [`glance`].
//!
//! Everything around the engine talks to it through a bounded channel ([`Feed`]). A full channel is an overload, which its
//! users pass on to the sender instead of queueing. The engine ends when every feed is dropped and the channel is empty: it
//! publishes a last board, those who follow the editions see their channel close, and it writes a last snapshot.

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
pub mod state;
pub mod thread_priority;

pub use self::acknowledgement::AcknowledgementLevel;
use self::acknowledgement::Acknowledgements;
use self::batch_translation::BatchTranslation;
use self::commands::{
    EngineCommand, EngineHandle, EngineUnavailable, StandardChange, SubmittedBatch,
};
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
use crate::domain::standard::{EventSchema, Standard};
use crate::domain::time::timestamp::Timestamp;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// How many events are written and applied together at most: so many are applied in a few milliseconds.
const GROUP_EVENTS_MAX: usize = 8_192;

/// The loop and what it owns.
#[derive(Debug)]
pub struct Engine {
    state: EngineState,
    /// None until a [`Command::Start`]: while history is fed, the core must not learn how late it is already.
    ticker: Option<EngineClock>,
    retention_settings: Option<RetentionSettings>,
    maintenance: Option<JournalMaintenance>,
    publish_every: Duration,
    /// Whether batches came since a board was last made.
    has_new_batches: bool,
    /// When time alone may turn a level of that board.
    next_level_change_at: Option<Timestamp>,
    /// The newest time of an event, for the metrics.
    newest_event_time: Option<Timestamp>,
    commands: mpsc::Receiver<EngineCommand>,
    published_boards: watch::Sender<Arc<PublishedBoard>>,
    alerts: watch::Sender<Arc<AlertOverview>>,
    readiness: watch::Sender<Readiness>,
    /// How events are understood: what the sources decode by.
    schema: watch::Sender<Arc<EventSchema>>,
}

/// What the rest of the service holds of an engine.
#[derive(Debug)]
pub struct EngineEndpoints {
    /// Where batches go in.
    pub handle: EngineHandle,
    /// Where boards come out; it closes when the engine has ended. Before the engine is ready its board is empty.
    pub published_boards: watch::Receiver<Arc<PublishedBoard>>,
    /// Where alerts come out, whenever a look was taken; it closes with the boards.
    pub alerts: watch::Receiver<Arc<AlertOverview>>,
}

impl Engine {
    /// An engine whose clock stands still until it is told to start.
    #[must_use]
    pub fn new(settings: EngineSettings) -> (Engine, EngineEndpoints) {
        let EngineSettings { standard, publish_every, queue_batches, journal } = settings;
        let schema = Arc::new(standard.schema.clone());
        let state = EngineState::new(standard, new_epoch());
        let (sender, commands) = mpsc::channel(queue_batches);
        let (editions, edition) = watch::channel(Arc::new(state.first_published_board()));
        let (alerts, alert) = watch::channel(Arc::default());
        let (status, reached) = watch::channel(Readiness::Starting);
        let (schema, in_force) = watch::channel(schema);
        let feed = EngineHandle::new(sender, reached, in_force, journal.is_some());
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
            published_boards: editions,
            alerts,
            readiness: status,
            schema,
        };
        (engine, EngineEndpoints { handle: feed, published_boards: edition, alerts: alert })
    }

    /// Sets the engine to work on a thread of its own, because it keeps a processor busy; it has a runtime of its own there,
    /// so that nothing else can keep it from the time. It recovers what it has in its journal, and ends when every feed is
    /// dropped; the receiver hears how it ended.
    ///
    /// # Errors
    /// If there is no thread to be had.
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

    /// The engine's work on the runtime of the caller, for whom it is all he has to do, or who simulates: see [`Engine::start`].
    ///
    /// # Errors
    /// If its journal cannot be read, or the last word cannot be written.
    pub async fn run(mut self) -> Result<(), recovery::RecoveryError> {
        if let Some(keeping) = self.retention_settings.clone() {
            match self.recover_from_journal(&keeping) {
                Err(recovery::RecoveryError::Stopped) => return Ok(()),
                recovered => recovered?,
            }
        }
        let mut publish = tokio::time::interval(self.publish_every);
        publish.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut glance = tokio::time::interval(LEVEL_CHECK_INTERVAL);
        loop {
            // The board comes first: however much there is to do, the wall is told.
            tokio::select! {
                biased;
                _ = publish.tick() => glance.reset_after(pause_after(self.publish_board())),
                _ = glance.tick() => {
                    let LevelCheck { duration, published } = self.check_levels();
                    glance.reset_after(pause_after(duration));
                    if published {
                        publish.reset();
                    }
                }
                command = self.commands.recv() => match command {
                    Some(command) => {
                        self.run_command_group(command);
                        // The runtime looks at its clock only when it is let: without this a full queue would keep boards back.
                        tokio::task::yield_now().await;
                    }
                    None => break,
                },
            }
        }
        self.shut_down()
    }

    /// Comes back to where the journal ends, and goes on from there.
    fn recover_from_journal(
        &mut self,
        keeping: &RetentionSettings,
    ) -> Result<(), recovery::RecoveryError> {
        let journal = Journal::open(keeping.disk.clone(), keeping.journal)?;
        let sources = RecoverySources {
            journal: journal.new_reader(),
            snapshots: SnapshotStore::new(keeping.disk.clone()),
        };
        let last = journal.last_sequence();
        let (status, commands) = (&self.readiness, &self.commands);
        let mut told = 0;
        let mut progress = |reached: SequenceNumber| {
            let tenths = reached.0.saturating_mul(10) / last.0.max(1);
            if tenths > told {
                told = tenths;
                tracing::info!("the journal is read: {tenths}0 %");
            }
            status.send_replace(Readiness::Recovering { reached: reached.0, last: last.0 });
            // Nobody is there any more who could want the board.
            if commands.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (recovered, took) = measure_time(|| recover_state(&sources, last, &mut progress));
        Metric::RecoverySeconds.set(took.as_secs_f64());
        let recovered = recovered?;
        let durable = Acknowledgements::new(journal, keeping.acknowledge);
        let keeper = Snapshotter::start_thread(sources.clone())
            .map_err(|error| recovery::RecoveryError::Thread { error })?;
        self.maintenance = Some(JournalMaintenance::new(durable, sources, keeper));
        let declared = self.state.standard.clone();
        if let Some(state) = recovered {
            let cases = state.monitor.case_count();
            tracing::info!(
                records = last.0,
                cases,
                seconds = took.as_secs_f64(),
                "the board is what it was"
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

    /// Obeys a command, and with it the batches that wait behind it.
    fn run_command_group(&mut self, command: EngineCommand) {
        let mut group = Vec::new();
        let mut events = 0;
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                EngineCommand::Apply(arrival) => {
                    events += arrival.batch.events.len();
                    group.push(arrival);
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
            EngineCommand::Apply(arrival) => self.apply_batches(vec![arrival]),
            // Whoever asked may have gone: then nobody hears the answer.
            EngineCommand::Explain { request: asked, answer } => {
                _ = answer.send(self.state.monitor.explain_reading(&asked))
            }
            EngineCommand::CaseHistory { case, subject, answer } => {
                _ = answer.send(self.state.monitor.case_histories(case, &subject))
            }
            EngineCommand::OpenCases { request: wanted, answer } => {
                _ = answer.send(self.state.monitor.open_cases(&wanted))
            }
            EngineCommand::Trends { request: asked, answer } => {
                _ = answer.send(self.state.monitor.compute_trends(&asked))
            }
            EngineCommand::UpdateIncident { update: said, answer } => {
                _ = answer.send(self.update_incident(&said))
            }
            EngineCommand::ChangeStandard { standard, answer } => {
                _ = answer.send(self.change_standard(&standard))
            }
            EngineCommand::StartClock(clock) => self.start_clock(clock),
        }
    }

    /// From now on time is what this clock shows.
    fn start_clock(&mut self, clock: WallClock) {
        let mut ticker = EngineClock::new(clock, self.state.monitor.clock_time());
        let (now, mut revision) = (ticker.now(), self.state.revision.max(1));
        if let Some(kept) = &mut self.maintenance {
            // Before anything is published: a revision that somebody may have seen is never given to another board.
            match kept.acknowledgements.write_records(&[JournalRecord::Tick { now, revision }]) {
                Ok(()) => self.state.sequence = kept.acknowledgements.last_sequence(),
                Err(_) => {
                    (revision, kept.is_start_unrecorded) =
                        (self.state.skip_random_revisions(random_number()), true)
                }
            }
        }
        // The first edition after a stop in good order is the one published last, so it is made before the clock goes on.
        self.state.revision = revision;
        self.published_boards.send_replace(Arc::new(self.state.first_published_board()));
        self.state.tick(now, revision);
        self.ticker = Some(ticker);
        self.publish_alerts();
        self.readiness.send_replace(Readiness::Ready);
        self.publish_board();
    }

    /// Takes batches: journal, core, answers.
    fn apply_batches(&mut self, group: Vec<SubmittedBatch>) {
        if group.is_empty() {
            return;
        }
        let in_force = self.schema.borrow().clone();
        let group: Vec<BatchTranslation> =
            group.into_iter().map(|arrival| BatchTranslation::new(arrival, &in_force)).collect();
        let revision = self.published_boards.borrow().board.revision;
        let now = self.ticker.as_mut().map(EngineClock::now);
        if let Some(kept) = &mut self.maintenance {
            let tick = now.map(|now| JournalRecord::Tick { now, revision });
            let batches = group
                .iter()
                .filter_map(|readable| readable.encoded.clone())
                .map(JournalRecord::Batch);
            if let Err(reason) =
                kept.acknowledgements.append_acknowledged(tick.into_iter().chain(batches).collect())
            {
                group.into_iter().for_each(|readable| {
                    _ = readable
                        .answer
                        .send(Err(EngineUnavailable::JournalUnwritable(reason.clone())))
                });
                self.readiness.send_replace(Readiness::Failing(reason));
                return;
            }
            self.state.sequence = kept.acknowledgements.last_sequence();
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
            // Whoever sent it may have gone; it is counted all the same.
            let _ = answer.send(Ok(applied));
        }
    }

    /// Goes by another standard from now on. The board begins anew, in an epoch of its own; not if it is the same standard.
    fn change_standard(
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
        let (forgotten, left_out) = changed.map_err(EngineUnavailable::JournalUnwritable)?;
        self.schema.send_replace(Arc::new(standard.schema.clone()));
        self.publish_alerts();
        let mut edition = self.state.first_published_board();
        edition.clock_offset_ms = self.ticker.as_ref().map_or(0, EngineClock::offset_ms);
        self.published_boards.send_replace(Arc::new(edition));
        Ok(StandardChange {
            cases: self.state.monitor.case_count(),
            forgotten,
            unknown_events: left_out,
            took,
        })
    }

    /// Writes down that another standard is in force, and takes it.
    fn replace_standard(&mut self, standard: &Arc<Standard>) -> Result<(u64, u64), Arc<str>> {
        let epoch = new_epoch();
        if let Some(kept) = &mut self.maintenance {
            kept.acknowledgements.write_records(&[JournalRecord::Standard {
                epoch: epoch.to_string(),
                files: standard.files.to_vec(),
            }])?;
            self.state.sequence = kept.acknowledgements.last_sequence();
        }
        Ok(self.state.change_standard(standard.clone(), epoch))
    }

    /// Counts what became of a batch.
    fn record_batch_metrics(&mut self, batch: &Batch, applied: &ApplyResult) {
        Metric::EventsReceived.add_labeled("outcome", "accepted", applied.accepted);
        Metric::EventsReceived.add_labeled("outcome", "duplicate", applied.duplicates);
        Metric::EventsReceived.add_labeled("outcome", "rejected", applied.refused.len() as u64);
        applied.refused.iter().for_each(|(_, refusal)| {
            Metric::EventsRejected.add_labeled("reason", refusal.name(), 1)
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

    /// Publishes a board; how long it took to make it.
    fn publish_board(&mut self) -> Duration {
        let now = self.ticker.as_mut().map(EngineClock::now);
        if let Some(now) = now {
            self.evaluate_alerts(now);
        }
        let (edition, took) = self.next_board(now);
        self.send_board(edition, now);
        took
    }

    fn send_board(&mut self, edition: PublishedBoard, now: Option<Timestamp>) {
        Metric::BatchesQueued.set(self.commands.len() as f64);
        Metric::Cases.set(self.state.monitor.case_count() as f64);
        Metric::ClockOffset.set(edition.clock_offset_ms as f64 / 1_000.0);
        edition
            .board
            .as_of
            .into_iter()
            .for_each(|as_of| Metric::BoardTime.set(as_of.0 as f64 / 1_000.0));
        let revision = edition.board.revision;
        self.published_boards.send_replace(Arc::new(edition));
        if let Some(now) = now {
            self.maintain_journal(now, revision);
        }
    }

    /// Says the last word: to those who watch, and to the journal.
    fn shut_down(mut self) -> Result<(), recovery::RecoveryError> {
        self.publish_board();
        let revision = self.published_boards.borrow().board.revision;
        let Engine { state, maintenance: kept, published_boards: editions, alerts, .. } = self;
        // Those who watch need not wait for the disk.
        drop((editions, alerts));
        kept.map_or(Ok(()), |kept| kept.shut_down(state, revision))
    }
}

/// A name for an epoch that no other has.
fn new_epoch() -> Arc<str> {
    format!("{:016x}", random_number()).into()
}

/// A number nobody can foretell, from the randomness the system gives every process for its hash tables.
#[must_use]
pub fn random_number() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
