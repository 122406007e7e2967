//! The engine: the one loop that owns the core. It receives batches, applies them, answers, and publishes a board.
//!
//! **There is no journal yet.** In this version events live in memory alone: a restart begins with an empty board, and
//! "accepted" means counted, not kept. A later version writes a batch down before it is applied and answered.
//!
//! Everything around the engine talks to it through a bounded channel ([`Feed`]). A full channel is an overload, which its
//! users pass on to the sender instead of queueing. The engine ends when every feed is dropped and the channel is empty: it
//! publishes a last board, and those who follow the editions see their channel close.

pub mod clock;
pub mod feed;

use self::clock::{Clock, timed};
use self::feed::{Command, Feed, TookOver};
use crate::domain::event::Batch;
use crate::domain::monitor::translate::Translation;
use crate::domain::monitor::{Adopted, Applied, Monitor, Refusal};
use crate::domain::standard::{Schema, Standard};
use crate::domain::time::Timestamp;
use crate::domain::window::{WINDOWS, Window};
use crate::edition::Edition;
use crate::telemetry::Metric;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is promised and measured.
    pub standard: Arc<Standard>,
    /// How often a board is published.
    pub publish_every: Duration,
    /// How many commands may wait. One more is refused: see [`Feed::offer`].
    pub queue_batches: usize,
}

/// The loop and what it owns.
#[derive(Debug)]
pub struct Engine {
    monitor: Monitor,
    /// Whether the standard's last window is there for the totals only.
    hidden: bool,
    /// None until a [`Command::Start`]: while history is fed, the core must not learn how late it is already.
    clock: Option<Clock>,
    publish_every: Duration,
    /// The newest time of an event, for the metrics.
    newest: Option<Timestamp>,
    commands: mpsc::Receiver<Command>,
    editions: watch::Sender<Arc<Edition>>,
    ready: watch::Sender<bool>,
    /// How events are understood: what the sources decode by.
    schema: watch::Sender<Arc<Schema>>,
}

/// What the rest of the service holds of an engine.
#[derive(Debug)]
pub struct Ends {
    /// Where batches go in.
    pub feed: Feed,
    /// Where boards come out; it closes when the engine has ended.
    pub editions: watch::Receiver<Arc<Edition>>,
}

impl Engine {
    /// An engine whose clock stands still until it is told to start.
    #[must_use]
    pub fn new(settings: &Settings) -> (Engine, Ends) {
        let (standard, hidden) = with_totals(&settings.standard);
        let horizon = standard.horizon;
        let monitor = Monitor::new(standard, Some(horizon));
        let (sender, commands) = mpsc::channel(settings.queue_batches);
        let first = Edition::first(epoch(), settings.standard.clone(), monitor.board(), hidden);
        let (editions, edition) = watch::channel(Arc::new(first));
        let (ready, is_ready) = watch::channel(false);
        let (schema, in_force) = watch::channel(Arc::new(settings.standard.schema.clone()));
        let publish_every = settings.publish_every;
        let engine = Engine { monitor, hidden, clock: None, publish_every, newest: None, commands, editions, ready, schema };
        (engine, Ends { feed: Feed::new(sender, is_ready, in_force), editions: edition })
    }

    /// Sets the engine to work on a thread of its own, because it keeps a processor busy; it has a runtime of its own there,
    /// so that nothing else can keep it from the time. It ends when every feed is dropped, and says so then.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(self) -> std::io::Result<oneshot::Receiver<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (ended, end) = oneshot::channel();
        std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            runtime.block_on(self.run());
            let _ = ended.send(());
        })?;
        Ok(end)
    }

    async fn run(mut self) {
        let mut publish = tokio::time::interval(self.publish_every);
        publish.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The board comes first: however much there is to do, the wall is told.
            tokio::select! {
                biased;
                _ = publish.tick() => self.publish(),
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
            }
        }
        self.publish();
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Apply { batch, schema, answer } => {
                let (applied, took) = timed(|| self.apply(&batch, &schema));
                Metric::ApplySeconds.record(took);
                self.note(&batch, &applied);
                // Whoever sent it may have gone; it is counted all the same.
                let _ = answer.send(applied);
            }
            // Whoever asked may have gone: then nobody hears the answer.
            Command::Explain { asked, answer } => _ = answer.send(self.monitor.explain(&asked)),
            Command::Case { case, subject, answer } => _ = answer.send(self.monitor.histories(case, &subject)),
            Command::Cases { wanted, answer } => _ = answer.send(self.monitor.open_cases(&wanted)),
            Command::Adopt { standard, answer } => {
                let _ = answer.send(self.adopt(&standard));
            }
            Command::Start(clock) => {
                self.clock = Some(clock);
                self.monitor.tick(clock.now());
                self.ready.send_replace(true);
                self.publish();
            }
        }
    }

    /// Applies a batch; one that was decoded before the standard changed is translated first.
    fn apply(&mut self, batch: &Batch, schema: &Arc<Schema>) -> Applied {
        let in_force = self.schema.borrow().clone();
        if Arc::ptr_eq(&in_force, schema) {
            return self.monitor.apply(batch);
        }
        let (known, places) = Translation::new(schema, &in_force).batch(batch);
        let mut applied = self.monitor.apply(&known);
        for (place, _) in &mut applied.refused {
            *place = places[*place];
        }
        let unknown = (0..batch.events.len()).filter(|place| places.binary_search(place).is_err());
        applied.refused.extend(unknown.map(|place| (place, Refusal::Unknown)));
        applied
    }

    /// Goes by another standard from now on. The board begins anew, in an epoch of its own.
    fn adopt(&mut self, standard: &Arc<Standard>) -> TookOver {
        let ((forgotten, left_out), took) = timed(|| {
            let (with, hidden) = with_totals(standard);
            let horizon = with.horizon;
            let Adopted { monitor, forgotten, left_out } = self.monitor.adopt(with, Some(horizon));
            (self.monitor, self.hidden) = (monitor, hidden);
            (forgotten, left_out)
        });
        self.schema.send_replace(Arc::new(standard.schema.clone()));
        let edition = Edition::first(epoch(), standard.clone(), self.monitor.board(), self.hidden);
        self.editions.send_replace(Arc::new(edition));
        TookOver { cases: self.monitor.cases(), forgotten, left_out, took }
    }

    /// Counts what became of a batch.
    fn note(&mut self, batch: &Batch, applied: &Applied) {
        Metric::EventsReceived.count("outcome", "accepted", applied.accepted);
        Metric::EventsReceived.count("outcome", "duplicate", applied.duplicates);
        Metric::EventsReceived.count("outcome", "rejected", applied.refused.len() as u64);
        let newest = batch.events.iter().map(|event| event.time).max();
        if let Some(newest) = newest.filter(|newest| applied.accepted > 0 && self.newest < Some(*newest)) {
            self.newest = Some(newest);
            Metric::LastEvent.set(newest.0 as f64 / 1_000.0);
        }
    }

    fn publish(&mut self) {
        if let Some(clock) = self.clock {
            self.monitor.tick(clock.now());
        }
        let (edition, took) = timed(|| self.editions.borrow().next(self.monitor.board(), self.hidden));
        Metric::BoardSeconds.record(took);
        Metric::BatchesQueued.set(self.commands.len() as f64);
        Metric::Cases.set(self.monitor.cases() as f64);
        self.editions.send_replace(Arc::new(edition));
    }
}

/// A name for an epoch that no other has.
fn epoch() -> Arc<str> {
    format!("{:016x}", random()).into()
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

/// A number nobody can foretell, from the randomness the system gives every process for its hash tables.
#[must_use]
pub fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
