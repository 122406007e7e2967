//! A demonstration: the simulated service organisation as a source. It first tells what happened in the last two days, as fast
//! as it can, so that the board is not empty; then it goes on at the clock's pace, or at a multiple of it.

use super::decode::{EventDecoder, HashKeys};
use super::rejected_events::{RejectedEvent, RejectedEvents};
use crate::clock::WallClock;
use crate::domain::events::batch::Batch;
use crate::domain::time::timestamp::{HOUR, Timestamp};
use crate::engine::commands::{EngineHandle, EngineUnavailable};
use crate::simulate::{Simulation, SimulationSettings};
use crate::telemetry::Metric;
use std::iter::Peekable;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far back the history goes: the longest window of the built-in standard, and a day before it, so that orders are on
/// their way and callers call again.
const HISTORY_LENGTH_MS: i64 = 50 * HOUR;
/// How many events are sent at once.
const BATCH_EVENTS: usize = 4_096;
/// The shortest and the longest sleep: short ones are not worth waking for.
const SLEEP_RANGE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// What is simulated: a few centers of a small operator, so that a wall shows them all.
const CENTER_COUNT: u32 = 5;
const SIMULATION_RATE: f64 = 0.3;

/// The source.
pub struct DemoSource {
    feed: EngineHandle,
    keys: HashKeys,
    decoder: EventDecoder,
    events: Peekable<Simulation>,
    rejected_events: Arc<RejectedEvents>,
    json: Vec<u8>,
    start: Timestamp,
    speed: f64,
    stop: CancellationToken,
}

impl DemoSource {
    /// A demonstration that runs `speed` times faster than life until `stop`.
    #[must_use]
    pub fn new(
        feed: EngineHandle,
        keys: HashKeys,
        rejected: Arc<RejectedEvents>,
        speed: f64,
        stop: CancellationToken,
    ) -> DemoSource {
        let begin = WallClock::Wall.now();
        let settings = SimulationSettings {
            seed: 1,
            start: begin.plus_millis(-HISTORY_LENGTH_MS),
            centers: CENTER_COUNT,
            rate: SIMULATION_RATE,
        };
        let events = Simulation::new(&settings).peekable();
        let decoder = EventDecoder::new(feed.schema(), keys).with_case_names(true);
        DemoSource {
            feed,
            keys,
            decoder,
            events,
            rejected_events: rejected,
            json: Vec::new(),
            start: begin,
            speed,
            stop,
        }
    }

    /// Feeds the engine until it is stopped, or the engine has ended.
    pub async fn run(mut self) {
        let runtime = tokio::runtime::Handle::current();
        let history = tokio::task::spawn_blocking(move || {
            let told = runtime.block_on(self.send_history());
            told.map(|()| self)
        });
        match history.await {
            Ok(Ok(demo)) => demo.run_at_clock_speed().await,
            Ok(Err(
                EngineUnavailable::QueueFull
                | EngineUnavailable::Stopping
                | EngineUnavailable::JournalUnwritable(_),
            )) => {}
            Err(error) => tracing::error!(%error, "the demonstration's history has failed"),
        }
    }

    async fn send_history(&mut self) -> Result<(), EngineUnavailable> {
        let mut last = None;
        loop {
            let batch = self.decode_due_events(self.start);
            if batch.events.is_empty() || self.stop.is_cancelled() {
                break;
            }
            // What becomes of it the engine counts.
            last = Some(self.feed.submit_batch(batch, self.decoder.schema().clone()).await?);
        }
        // Time goes on when the engine has heard it all; else it would begin with a jump.
        if let Some(last) = last {
            last.wait().await?;
        }
        Ok(())
    }

    async fn run_at_clock_speed(mut self) {
        let clock = WallClock::with_speed(self.start, self.speed);
        if self.feed.start_clock(clock.clone()).await.is_err() {
            return;
        }
        tracing::info!(speed = self.speed, "the demonstration has told its history and goes on");
        loop {
            let batch = self.decode_due_events(clock.now());
            let whole = batch.events.len() == BATCH_EVENTS;
            if !batch.events.is_empty()
                && self.feed.submit_batch(batch, self.decoder.schema().clone()).await.is_err()
            {
                return;
            }
            let Some(next) = self.events.peek().map(|event| event.time) else { return };
            let pause = if whole {
                Duration::ZERO
            } else {
                clock.duration_until(next).clamp(SLEEP_RANGE.0, SLEEP_RANGE.1)
            };
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// The events that happen until `now`, or the first of them.
    fn decode_due_events(&mut self, now: Timestamp) -> Batch {
        let schema = self.feed.schema();
        if !Arc::ptr_eq(&schema, self.decoder.schema()) {
            self.decoder = EventDecoder::new(schema, self.keys);
        }
        while self.decoder.len() < BATCH_EVENTS {
            let Some(event) = self.events.next_if(|event| event.time <= now) else { break };
            self.json.clear();
            event.write_json(&mut self.json);
            if let Err(rejection) = self.decoder.decode_json(&self.json) {
                Metric::EventsReceived.add_labeled("outcome", "rejected", 1);
                Metric::EventsRejected.add_labeled("reason", "unreadable", 1);
                self.rejected_events.record_rejected(
                    [RejectedEvent::new(&self.json, rejection.id, rejection.reason)],
                    1,
                );
            }
        }
        self.decoder.take_batch()
    }
}
