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

mod alerts;
pub mod clock;
mod durable;
pub mod feed;
pub mod glance;
mod keeper;
mod kept;
mod readable;
pub mod recovery;
mod settings;
pub mod state;
pub mod status;
pub mod steady;
pub mod urgency;

use self::clock::{Clock, Ticker, timed};
pub use self::durable::Acknowledge;
use self::durable::Durable;
use self::feed::{Arrival, Command, Feed, Refused, TookOver};
use self::glance::{EVERY, Glanced, pause};
use self::keeper::Keeper;
use self::kept::Kept;
use self::readable::Readable;
use self::recovery::{Sources, recover};
pub use self::settings::{Keeping, Settings};
use self::state::State;
use self::status::Status;
use crate::domain::alert::View;
use crate::domain::event::Batch;
use crate::domain::monitor::Applied;
use crate::domain::standard::{Schema, Standard};
use crate::domain::time::Timestamp;
use crate::edition::Edition;
use crate::journal::{Journal, Record, Sequence, Snapshots};
use crate::telemetry::Metric;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// How many events are written and applied together at most: so many are applied in a few milliseconds.
const GROUP_EVENTS: usize = 8_192;

/// The loop and what it owns.
#[derive(Debug)]
pub struct Engine {
    state: State,
    /// None until a [`Command::Start`]: while history is fed, the core must not learn how late it is already.
    ticker: Option<Ticker>,
    keeping: Option<Keeping>,
    kept: Option<Kept>,
    publish_every: Duration,
    /// Whether batches came since a board was last made.
    stirred: bool,
    /// When time alone may turn a level of that board.
    may_turn_at: Option<Timestamp>,
    /// The newest time of an event, for the metrics.
    newest: Option<Timestamp>,
    commands: mpsc::Receiver<Command>,
    editions: watch::Sender<Arc<Edition>>,
    alerts: watch::Sender<Arc<View>>,
    status: watch::Sender<Status>,
    /// How events are understood: what the sources decode by.
    schema: watch::Sender<Arc<Schema>>,
}

/// What the rest of the service holds of an engine.
#[derive(Debug)]
pub struct Ends {
    /// Where batches go in.
    pub feed: Feed,
    /// Where boards come out; it closes when the engine has ended. Before the engine is ready its board is empty.
    pub editions: watch::Receiver<Arc<Edition>>,
    /// Where alerts come out, whenever a look was taken; it closes with the boards.
    pub alerts: watch::Receiver<Arc<View>>,
}

impl Engine {
    /// An engine whose clock stands still until it is told to start.
    #[must_use]
    pub fn new(settings: Settings) -> (Engine, Ends) {
        let Settings { standard, publish_every, queue_batches, journal } = settings;
        let schema = Arc::new(standard.schema.clone());
        let state = State::new(standard, epoch());
        let (sender, commands) = mpsc::channel(queue_batches);
        let (editions, edition) = watch::channel(Arc::new(state.edition()));
        let (alerts, alert) = watch::channel(Arc::default());
        let (status, reached) = watch::channel(Status::Starting);
        let (schema, in_force) = watch::channel(schema);
        let feed = Feed::new(sender, reached, in_force, journal.is_some());
        let engine = Engine {
            state,
            ticker: None,
            keeping: journal,
            kept: None,
            publish_every,
            stirred: false,
            may_turn_at: None,
            newest: None,
            commands,
            editions,
            alerts,
            status,
            schema,
        };
        (engine, Ends { feed, editions: edition, alerts: alert })
    }

    /// Sets the engine to work on a thread of its own, because it keeps a processor busy; it has a runtime of its own there,
    /// so that nothing else can keep it from the time. It recovers what it has in its journal, and ends when every feed is
    /// dropped; the receiver hears how it ended.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(self) -> std::io::Result<oneshot::Receiver<Result<(), recovery::Error>>> {
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
    pub async fn run(mut self) -> Result<(), recovery::Error> {
        if let Some(keeping) = self.keeping.clone() {
            match self.recover(&keeping) {
                Err(recovery::Error::Stopped) => return Ok(()),
                recovered => recovered?,
            }
        }
        let mut publish = tokio::time::interval(self.publish_every);
        publish.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut glance = tokio::time::interval(EVERY);
        loop {
            // The board comes first: however much there is to do, the wall is told.
            tokio::select! {
                biased;
                _ = publish.tick() => glance.reset_after(pause(self.publish())),
                _ = glance.tick() => {
                    let Glanced { took, published } = self.glance();
                    glance.reset_after(pause(took));
                    if published {
                        publish.reset();
                    }
                }
                command = self.commands.recv() => match command {
                    Some(command) => {
                        self.work(command);
                        // The runtime looks at its clock only when it is let: without this a full queue would keep boards back.
                        tokio::task::yield_now().await;
                    }
                    None => break,
                },
            }
        }
        self.finish()
    }

    /// Comes back to where the journal ends, and goes on from there.
    fn recover(&mut self, keeping: &Keeping) -> Result<(), recovery::Error> {
        let journal = Journal::open(keeping.disk.clone(), keeping.journal)?;
        let sources = Sources { journal: journal.reader(), snapshots: Snapshots::new(keeping.disk.clone()) };
        let last = journal.last();
        let (status, commands) = (&self.status, &self.commands);
        let mut told = 0;
        let mut progress = |reached: Sequence| {
            let tenths = reached.0.saturating_mul(10) / last.0.max(1);
            if tenths > told {
                told = tenths;
                tracing::info!("the journal is read: {tenths}0 %");
            }
            status.send_replace(Status::Recovering { reached: reached.0, of: last.0 });
            // Nobody is there any more who could want the board.
            if commands.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (recovered, took) = timed(|| recover(&sources, last, &mut progress));
        Metric::RecoverySeconds.set(took.as_secs_f64());
        let recovered = recovered?;
        let durable = Durable::new(journal, keeping.acknowledge);
        let keeper = Keeper::start(sources.clone()).map_err(|error| recovery::Error::Thread { error })?;
        self.kept = Some(Kept::new(durable, sources, keeper));
        let declared = self.state.standard.clone();
        if let Some(state) = recovered {
            let cases = state.monitor.cases();
            tracing::info!(records = last.0, cases, seconds = took.as_secs_f64(), "the board is what it was");
            self.state = state;
            self.state.resume();
            if self.state.standard.files == declared.files {
                return Ok(());
            }
        }
        self.change(&declared).map_err(|reason| recovery::Error::Unwritten { reason })?;
        Ok(())
    }

    /// Obeys a command, and with it the batches that wait behind it.
    fn work(&mut self, command: Command) {
        let mut group = Vec::new();
        let mut events = 0;
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                Command::Apply(arrival) => {
                    events += arrival.batch.events.len();
                    group.push(arrival);
                }
                other => {
                    self.take(std::mem::take(&mut group));
                    self.obey(other);
                }
            }
            if events >= GROUP_EVENTS {
                break;
            }
            next = self.commands.try_recv().ok();
        }
        self.take(group);
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Apply(arrival) => self.take(vec![arrival]),
            // Whoever asked may have gone: then nobody hears the answer.
            Command::Explain { asked, answer } => _ = answer.send(self.state.monitor.explain(&asked)),
            Command::Case { case, subject, answer } => _ = answer.send(self.state.monitor.histories(case, &subject)),
            Command::Cases { wanted, answer } => _ = answer.send(self.state.monitor.open_cases(&wanted)),
            Command::Trends { asked, answer } => _ = answer.send(self.state.monitor.trends(&asked)),
            Command::Answer { said, answer } => _ = answer.send(self.answer(&said)),
            Command::Adopt { standard, answer } => _ = answer.send(self.adopt(&standard)),
            Command::Start(clock) => self.begin(clock),
        }
    }

    /// From now on time is what this clock shows.
    fn begin(&mut self, clock: Clock) {
        let mut ticker = Ticker::new(clock, self.state.monitor.clock());
        let (now, mut revision) = (ticker.now(), self.state.revision.max(1));
        if let Some(kept) = &mut self.kept {
            // Before anything is published: a revision that somebody may have seen is never given to another board.
            match kept.durable.write(&[Record::Tick { now, revision }]) {
                Ok(()) => self.state.at = kept.durable.last(),
                Err(_) => (revision, kept.unheard) = (self.state.leap(random()), true),
            }
        }
        // The first edition after a stop in good order is the one published last, so it is made before the clock goes on.
        self.state.revision = revision;
        self.editions.send_replace(Arc::new(self.state.edition()));
        self.state.tick(now, revision);
        self.ticker = Some(ticker);
        self.tell_alerts();
        self.status.send_replace(Status::Ready);
        self.publish();
    }

    /// Takes batches: journal, core, answers.
    fn take(&mut self, group: Vec<Arrival>) {
        if group.is_empty() {
            return;
        }
        let in_force = self.schema.borrow().clone();
        let group: Vec<Readable> = group.into_iter().map(|arrival| Readable::new(arrival, &in_force)).collect();
        let revision = self.editions.borrow().board.revision;
        let now = self.ticker.as_mut().map(Ticker::now);
        if let Some(kept) = &mut self.kept {
            let tick = now.map(|now| Record::Tick { now, revision });
            let batches = group.iter().filter_map(|readable| readable.packed.clone()).map(Record::Batch);
            if let Err(reason) = kept.durable.promise(tick.into_iter().chain(batches).collect()) {
                group.into_iter().for_each(|readable| _ = readable.answer.send(Err(Refused::Unwritten(reason.clone()))));
                self.status.send_replace(Status::Failing(reason));
                return;
            }
            self.state.at = kept.durable.last();
        }
        if let Some(now) = now {
            self.state.tick(now, revision);
        }
        self.stirred = true;
        for Readable { batch, unknown, answer, .. } in group {
            let (mut applied, took) = timed(|| self.state.apply(&batch));
            Metric::ApplySeconds.record(took);
            unknown.give_back(&mut applied);
            self.note(&batch, &applied);
            // Whoever sent it may have gone; it is counted all the same.
            let _ = answer.send(Ok(applied));
        }
    }

    /// Goes by another standard from now on. The board begins anew, in an epoch of its own; not if it is the same standard.
    fn adopt(&mut self, standard: &Arc<Standard>) -> Result<TookOver, Refused> {
        if standard.files == self.state.standard.files {
            return Ok(TookOver { cases: self.state.monitor.cases(), forgotten: 0, left_out: 0, took: Duration::ZERO });
        }
        let (changed, took) = timed(|| self.change(standard));
        let (forgotten, left_out) = changed.map_err(Refused::Unwritten)?;
        self.schema.send_replace(Arc::new(standard.schema.clone()));
        self.tell_alerts();
        let mut edition = self.state.edition();
        edition.clock_off_ms = self.ticker.as_ref().map_or(0, Ticker::off);
        self.editions.send_replace(Arc::new(edition));
        Ok(TookOver { cases: self.state.monitor.cases(), forgotten, left_out, took })
    }

    /// Writes down that another standard is in force, and takes it.
    fn change(&mut self, standard: &Arc<Standard>) -> Result<(u64, u64), Arc<str>> {
        let epoch = epoch();
        if let Some(kept) = &mut self.kept {
            kept.durable.write(&[Record::Standard { epoch: epoch.to_string(), files: standard.files.to_vec() }])?;
            self.state.at = kept.durable.last();
        }
        Ok(self.state.adopt(standard.clone(), epoch))
    }

    /// Counts what became of a batch.
    fn note(&mut self, batch: &Batch, applied: &Applied) {
        Metric::EventsReceived.count("outcome", "accepted", applied.accepted);
        Metric::EventsReceived.count("outcome", "duplicate", applied.duplicates);
        Metric::EventsReceived.count("outcome", "rejected", applied.refused.len() as u64);
        applied.refused.iter().for_each(|(_, refusal)| Metric::EventsRejected.count("reason", refusal.name(), 1));
        let newest = batch.events.iter().map(|event| event.time).max();
        if let Some((newest, ticker)) = newest.zip(self.ticker.as_mut()) {
            ticker.hear(newest);
        }
        if let Some(newest) = newest.filter(|newest| applied.accepted > 0 && self.newest < Some(*newest)) {
            self.newest = Some(newest);
            Metric::LastEvent.set(newest.0 as f64 / 1_000.0);
        }
    }

    /// Publishes a board; how long it took to make it.
    fn publish(&mut self) -> Duration {
        let now = self.ticker.as_mut().map(Ticker::now);
        if let Some(now) = now {
            self.look(now);
        }
        let (edition, took) = self.next(now);
        self.send(edition, now);
        took
    }

    fn send(&mut self, edition: Edition, now: Option<Timestamp>) {
        Metric::BatchesQueued.set(self.commands.len() as f64);
        Metric::Cases.set(self.state.monitor.cases() as f64);
        Metric::ClockOff.set(edition.clock_off_ms as f64 / 1_000.0);
        edition.board.as_of.into_iter().for_each(|as_of| Metric::BoardTime.set(as_of.0 as f64 / 1_000.0));
        let revision = edition.board.revision;
        self.editions.send_replace(Arc::new(edition));
        if let Some(now) = now {
            self.keep(now, revision);
        }
    }

    /// Says the last word: to those who watch, and to the journal.
    fn finish(mut self) -> Result<(), recovery::Error> {
        self.publish();
        let revision = self.editions.borrow().board.revision;
        let Engine { state, kept, editions, alerts, .. } = self;
        // Those who watch need not wait for the disk.
        drop((editions, alerts));
        kept.map_or(Ok(()), |kept| kept.stop(state, revision))
    }
}

/// A name for an epoch that no other has.
fn epoch() -> Arc<str> {
    format!("{:016x}", random()).into()
}

/// A number nobody can foretell, from the randomness the system gives every process for its hash tables.
#[must_use]
pub fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
