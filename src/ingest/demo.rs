//! Demo source: the simulated service organization as an event source.
//!
//! It first sends the history of about the last two days as fast as it can, so that the board is
//! not empty. Then it continues at the clock's pace or at a multiple of it.

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

/// Length of the history in ms: the longest window of the built-in standard plus one day. The
/// extra day provides open orders and repeat callers.
const HISTORY_LENGTH_MS: i64 = 50 * HOUR;
/// Maximum number of events per batch.
const BATCH_EVENTS: usize = 4_096;
/// Minimum and maximum pause between two batches.
const SLEEP_RANGE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Number of simulated centers. With [`SIMULATION_RATE`] it models a small operator, whose
/// centers all fit on one wallboard.
const CENTER_COUNT: u32 = 5;
/// Load as a multiple of a mid-size operator.
const SIMULATION_RATE: f64 = 0.3;

/// Sends simulated events to the engine.
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
    /// Returns a demo source that runs at `speed` times real time until `stop` is cancelled.
    #[must_use]
    pub fn new(
        feed: EngineHandle,
        keys: HashKeys,
        rejected_events: Arc<RejectedEvents>,
        speed: f64,
        stop: CancellationToken,
    ) -> DemoSource {
        let start = WallClock::Wall.now();
        let settings = SimulationSettings {
            seed: 1,
            start: start.plus_millis(-HISTORY_LENGTH_MS),
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
            rejected_events,
            json: Vec::new(),
            start,
            speed,
            stop,
        }
    }

    /// Sends events until `stop` is cancelled or the engine stops.
    pub async fn run(mut self) {
        let runtime = tokio::runtime::Handle::current();
        let history = tokio::task::spawn_blocking(move || {
            let result = runtime.block_on(self.send_history());
            result.map(|()| self)
        });
        match history.await {
            Ok(Ok(demo)) => demo.run_at_clock_speed().await,
            Ok(Err(
                EngineUnavailable::QueueFull
                | EngineUnavailable::Stopping
                | EngineUnavailable::JournalUnwritable(_),
            )) => {}
            Err(error) => {
                tracing::error!(%error, "sending the demo history failed; the demo sends no events");
            }
        }
    }

    async fn send_history(&mut self) -> Result<(), EngineUnavailable> {
        let mut last = None;
        loop {
            let batch = self.decode_due_events(self.start);
            if batch.events.is_empty() || self.stop.is_cancelled() {
                break;
            }
            // The engine counts accepted and rejected events, so the answer is not read here.
            last = Some(self.feed.submit_batch(batch, self.decoder.schema().clone()).await?);
        }
        // The clock starts only after the engine applied the history; otherwise it would jump.
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
        tracing::info!(
            speed = self.speed,
            "demo history sent; the demo continues at the pace of the clock"
        );
        loop {
            let batch = self.decode_due_events(clock.now());
            let batch_full = batch.events.len() == BATCH_EVENTS;
            if !batch.events.is_empty()
                && self.feed.submit_batch(batch, self.decoder.schema().clone()).await.is_err()
            {
                return;
            }
            let Some(next) = self.events.peek().map(|event| event.time) else { return };
            let pause = if batch_full {
                Duration::ZERO
            } else {
                clock.duration_until(next).clamp(SLEEP_RANGE.0, SLEEP_RANGE.1)
            };
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Returns the next events up to `now`, at most [`BATCH_EVENTS`].
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
