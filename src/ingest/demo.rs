//! A demonstration: the simulated service organisation as a source. It first tells what happened in the last two days, as fast
//! as it can, so that the board is not empty; then it goes on at the clock's pace, or at a multiple of it.

use super::rejected::{Memory, Rejected};
use super::wire::{Decoder, Keys};
use crate::domain::event::Batch;
use crate::domain::time::{HOUR, Timestamp};
use crate::engine::clock::Clock;
use crate::engine::feed::{Feed, Refused};
use crate::simulate::{Settings, Simulation};
use crate::telemetry::Metric;
use std::iter::Peekable;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far back the history goes: the longest window of the built-in standard, and a day before it, so that orders are on
/// their way and callers call again.
const HISTORY_MS: i64 = 50 * HOUR;
/// How many events are sent at once.
const BATCH_EVENTS: usize = 4_096;
/// The shortest and the longest sleep: short ones are not worth waking for.
const SLEEP: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// What is simulated: a few centers of a small operator, so that a wall shows them all.
const CENTERS: u32 = 5;
const RATE: f64 = 0.3;

/// The source.
pub struct Demo {
    feed: Feed,
    keys: Keys,
    decoder: Decoder,
    events: Peekable<Simulation>,
    rejected: Arc<Memory>,
    json: Vec<u8>,
    begin: Timestamp,
    speed: f64,
    stop: CancellationToken,
}

impl Demo {
    /// A demonstration that runs `speed` times faster than life until `stop`.
    #[must_use]
    pub fn new(feed: Feed, keys: Keys, rejected: Arc<Memory>, speed: f64, stop: CancellationToken) -> Demo {
        let begin = Clock::Wall.now();
        let settings = Settings { seed: 1, start: begin.plus(-HISTORY_MS), centers: CENTERS, rate: RATE };
        let events = Simulation::new(&settings).peekable();
        let decoder = Decoder::new(feed.schema(), keys).keeping_names(true);
        Demo { feed, keys, decoder, events, rejected, json: Vec::new(), begin, speed, stop }
    }

    /// Feeds the engine until it is stopped, or the engine has ended.
    pub async fn run(mut self) {
        let runtime = tokio::runtime::Handle::current();
        let history = tokio::task::spawn_blocking(move || {
            let told = runtime.block_on(self.tell_history());
            told.map(|()| self)
        });
        match history.await {
            Ok(Ok(demo)) => demo.go_on().await,
            Ok(Err(Refused::Full | Refused::Stopping | Refused::Unwritten(_))) => {}
            Err(error) => tracing::error!(%error, "the demonstration's history has failed"),
        }
    }

    async fn tell_history(&mut self) -> Result<(), Refused> {
        let mut last = None;
        loop {
            let batch = self.due(self.begin);
            if batch.events.is_empty() || self.stop.is_cancelled() {
                break;
            }
            // What becomes of it the engine counts.
            last = Some(self.feed.send(batch, self.decoder.schema().clone()).await?);
        }
        // Time goes on when the engine has heard it all; else it would begin with a jump.
        if let Some(last) = last {
            last.wait().await?;
        }
        Ok(())
    }

    async fn go_on(mut self) {
        let clock = Clock::at_speed(self.begin, self.speed);
        if self.feed.start(clock.clone()).await.is_err() {
            return;
        }
        tracing::info!(speed = self.speed, "the demonstration has told its history and goes on");
        loop {
            let batch = self.due(clock.now());
            let whole = batch.events.len() == BATCH_EVENTS;
            if !batch.events.is_empty() && self.feed.send(batch, self.decoder.schema().clone()).await.is_err() {
                return;
            }
            let Some(next) = self.events.peek().map(|event| event.time) else { return };
            let pause = if whole { Duration::ZERO } else { clock.until(next).clamp(SLEEP.0, SLEEP.1) };
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// The events that happen until `now`, or the first of them.
    fn due(&mut self, now: Timestamp) -> Batch {
        let schema = self.feed.schema();
        if !Arc::ptr_eq(&schema, self.decoder.schema()) {
            self.decoder = Decoder::new(schema, self.keys);
        }
        while self.decoder.len() < BATCH_EVENTS {
            let Some(event) = self.events.next_if(|event| event.time <= now) else { break };
            self.json.clear();
            event.write_json(&mut self.json);
            if let Err(rejection) = self.decoder.json(&self.json) {
                Metric::EventsReceived.count("outcome", "rejected", 1);
                Metric::EventsRejected.count("reason", "unreadable", 1);
                self.rejected.add([Rejected::new(&self.json, rejection.id, rejection.reason)], 1);
            }
        }
        self.decoder.take()
    }
}
