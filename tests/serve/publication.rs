//! Tests of board publication: at every interval, and at once when a level changes. The engine runs
//! without HTTP, by a simulated clock that only the test advances.

use firstline::clock::WallClock;
use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::board::reading::{Level, Reading, ReadingKey};
use firstline::domain::events::batch::Batch;
use firstline::domain::time::timestamp::Timestamp;
use firstline::domain::time::window::Window;
use firstline::engine::commands::{EngineHandle, PendingAcknowledgement};
use firstline::engine::level_check::LEVEL_CHECK_INTERVAL;
use firstline::engine::{Engine, EngineEndpoints, EngineSettings};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::standard_file::{BUILT_IN, parse_standard};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const START: i64 = 1_790_000_000_000;
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// Engine on the runtime of the test, with its endpoints.
struct EngineService {
    handle: EngineHandle,
    published_boards: watch::Receiver<Arc<PublishedBoard>>,
    /// Time of the engine's clock, in milliseconds since the Unix epoch.
    clock: Arc<AtomicI64>,
    /// Start of the test by the clock of the runtime.
    started_at: Instant,
}

impl EngineService {
    /// Starts an engine and waits for its first regular board.
    async fn start(publish_every: Duration) -> EngineService {
        let (mut service, engine) = EngineService::new_unstarted(publish_every);
        tokio::spawn(engine.run());
        service
            .handle
            .start_clock(WallClock::Simulated(service.clock.clone()))
            .await
            .expect("the service is running");
        service.published_boards.mark_unchanged();
        service.wait_for_board(publish_every).await;
        service
    }

    /// Returns an engine that does not run yet.
    fn new_unstarted(publish_every: Duration) -> (EngineService, Engine) {
        let standard =
            Arc::new(parse_standard("built-in", BUILT_IN).expect("the standard is valid"));
        let (engine, EngineEndpoints { handle, published_boards, .. }) =
            Engine::new(EngineSettings {
                standard,
                publish_every,
                queue_batches: 256,
                journal: None,
            });
        (
            EngineService {
                handle,
                published_boards,
                clock: Arc::new(AtomicI64::new(START)),
                started_at: Instant::now(),
            },
            engine,
        )
    }

    fn decode_batch(&self, events: &[Value]) -> Batch {
        let mut decoder =
            EventDecoder::new(self.handle.schema(), HashKeys { seed: 1, customer: [1; 16] });
        events.iter().for_each(|event| {
            decoder.decode_json(event.to_string().as_bytes()).expect("the event is valid");
        });
        decoder.take_batch()
    }

    fn offer_batch(&self, batch: Batch) -> PendingAcknowledgement {
        self.handle.try_submit(batch, self.handle.schema()).expect("the queue has space")
    }

    async fn apply_events(&self, events: &[Value]) {
        let applied = self
            .offer_batch(self.decode_batch(events))
            .wait()
            .await
            .expect("the engine acknowledges the batch");
        assert_eq!(applied.accepted, events.len() as u64);
    }

    /// Returns the time until the next board by the clock of the runtime.
    ///
    /// The clock of the engine follows that clock meanwhile.
    async fn wait_for_board(&mut self, publish_every: Duration) -> Duration {
        let begun = Instant::now();
        let follow = async {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.clock
                    .store(START + self.started_at.elapsed().as_millis() as i64, Ordering::Relaxed);
            }
        };
        tokio::select! {
            changed = self.published_boards.changed() => changed.expect("the service is running"),
            () = follow => {}
            () = tokio::time::sleep(publish_every * 2) => panic!("no board in {publish_every:?}"),
        }
        self.published_boards.mark_unchanged();
        begun.elapsed()
    }

    /// Returns the reading of the widest scope, for a window or for the current state.
    fn find_reading(&self, indicator: &str, window: Option<Window>) -> Option<Reading> {
        let board = self.published_boards.borrow().board.clone();
        let indicator_index =
            board.standard.indicators.iter().position(|candidate| candidate.name == indicator);
        let window_index = window.and_then(|window| {
            board.standard.windows.iter().position(|candidate| *candidate == window)
        });
        let matches = |key: &ReadingKey| {
            Some(key.indicator) == indicator_index
                && key.window == window_index
                && key.scope.values.is_empty()
        };
        board.readings.iter().find(|reading| matches(&reading.key)).cloned()
    }

    fn repairs_overdue(&self) -> Option<f64> {
        self.find_reading("repairs_overdue", None).and_then(|reading| reading.value)
    }

    /// Returns the time until a board shows this level, by the clock of the runtime.
    async fn wait_for_level(
        &mut self,
        publish_every: Duration,
        indicator: &str,
        window: Option<Window>,
        level: Level,
    ) -> Duration {
        let mut waited = Duration::ZERO;
        while self.find_reading(indicator, window).map(|reading| reading.level) != Some(level) {
            waited += self.wait_for_board(publish_every).await;
        }
        waited
    }
}

/// Returns an event `at` milliseconds after [`START`].
fn event_at(id: &str, kind: &str, subject: &str, at: i64, data: &Value) -> Value {
    let time = Timestamp(START + at).to_string();
    json!({ "specversion": "1.0", "id": id, "source": "/test", "type": kind, "time": time, "subject": subject, "data": data })
}

/// Returns a repair that is due `due` milliseconds after [`START`].
fn repair_event(subject: &str, due: i64) -> Value {
    event_at(
        subject,
        "repair.opened",
        subject,
        -1_000,
        &json!({ "due": Timestamp(START + due).to_string() }),
    )
}

#[tokio::test(start_paused = true)]
async fn level_change_by_event_is_published_at_once() {
    let mut service = EngineService::start(PUBLISH_EVERY).await;
    service.apply_events(&[repair_event("r-1", -500)]).await;
    let after = service.wait_for_board(PUBLISH_EVERY).await;
    assert!(after <= LEVEL_CHECK_INTERVAL, "{after:?}");
    assert_eq!(service.repairs_overdue(), Some(1.0));
    // The early board restarts the interval.
    assert_eq!(service.wait_for_board(PUBLISH_EVERY).await, PUBLISH_EVERY);
}

#[tokio::test(start_paused = true)]
async fn value_without_level_change_waits_for_interval() {
    let mut service = EngineService::start(PUBLISH_EVERY).await;
    // Agents have no target.
    let agent = json!({ "agent": "a-1", "state": "ready" });
    service.apply_events(&[event_at("a-1", "agent.changed", "a-1", 0, &agent)]).await;
    assert_eq!(service.wait_for_board(PUBLISH_EVERY).await, PUBLISH_EVERY);
}

#[tokio::test(start_paused = true)]
async fn passed_deadline_is_published_at_once() {
    let mut service = EngineService::start(PUBLISH_EVERY).await;
    let reached = service.started_at.elapsed();
    // Other levels, for example that of the age of open repairs, change earlier.
    service.apply_events(&[repair_event("r-1", reached.as_millis() as i64 + 2_350)]).await;
    let mut waited = Duration::ZERO;
    while service.repairs_overdue() != Some(1.0) {
        waited += service.wait_for_board(PUBLISH_EVERY).await;
    }
    let late = waited
        .checked_sub(Duration::from_millis(2_350))
        .expect("the board is not before the deadline");
    assert!(
        late <= LEVEL_CHECK_INTERVAL + Duration::from_millis(10),
        "{late:?} after the deadline"
    );
}

/// A waiting call reaches the warning after one minute and the target after two. No event arrives
/// and no deadline passes meanwhile.
#[tokio::test(start_paused = true)]
async fn wait_crossing_limit_is_published_at_once() {
    let mut service = EngineService::start(PUBLISH_EVERY).await;
    let reached = service.started_at.elapsed().as_millis() as i64;
    service
        .apply_events(&[event_at(
            "c-1",
            "call.offered",
            "c-1",
            reached + 2_350 - 60_000,
            &json!({}),
        )])
        .await;
    let mut waited = Duration::ZERO;
    for (level, crossed) in [
        (Level::Warning, Duration::from_millis(2_350)),
        (Level::Breached, Duration::from_millis(62_350)),
    ] {
        waited += service.wait_for_level(PUBLISH_EVERY, "longest_wait_now", None, level).await;
        let late = waited.checked_sub(crossed).expect("the board is not early");
        assert!(
            late <= LEVEL_CHECK_INTERVAL + Duration::from_millis(10),
            "{level:?} {late:?} after it was crossed"
        );
    }
}

/// Abandoned calls leave the window between two regular boards.
#[tokio::test(start_paused = true)]
async fn level_change_by_moving_window_is_published_at_once() {
    const LONG_INTERVAL: Duration = Duration::from_secs(3);
    let window = Some(Window::Rolling(300_000));
    let mut service = EngineService::start(LONG_INTERVAL).await;
    let lost = |number: usize| {
        let call = format!("c-{number}");
        // The bucket of these events leaves the 5-minute window 10 s after the start.
        [("call.offered", -298_000), ("call.abandoned", -297_500)]
            .map(|(kind, at)| event_at(&format!("{call}-{kind}"), kind, &call, at, &json!({})))
    };
    service.apply_events(&(0..50).flat_map(lost).collect::<Vec<_>>()).await;
    service.wait_for_level(LONG_INTERVAL, "answer_rate", window, Level::Breached).await;
    service.wait_for_level(LONG_INTERVAL, "answer_rate", window, Level::None).await;
    let late = service
        .started_at
        .elapsed()
        .checked_sub(Duration::from_secs(10))
        .expect("the board is not early");
    assert!(late <= LEVEL_CHECK_INTERVAL + Duration::from_millis(10), "{late:?} after it moved");
}

#[tokio::test(start_paused = true)]
async fn level_changes_publish_at_most_ten_times_a_second() {
    let mut service = EngineService::start(PUBLISH_EVERY).await;
    let begun = Instant::now();
    for turn in 0..20 {
        let subject = format!("r-{turn}");
        // The repair is overdue at once and resolved later, so both events change the level.
        let resolved =
            event_at(&format!("{subject}-2"), "repair.resolved", &subject, 0, &json!({}));
        service.apply_events(&[repair_event(&subject, -500)]).await;
        service.wait_for_board(PUBLISH_EVERY).await;
        service.apply_events(&[resolved]).await;
        service.wait_for_board(PUBLISH_EVERY).await;
    }
    let elapsed = begun.elapsed();
    assert!(
        (Duration::from_millis(3_800)..=Duration::from_millis(4_000)).contains(&elapsed),
        "40 boards in {elapsed:?}"
    );
}

/// The runtime checks timers only when the engine yields. A full queue must not delay boards.
#[tokio::test(start_paused = true)]
async fn boards_are_published_while_queue_is_full() {
    /// Below the cooperative budget of a tokio task, so the budget does not force a yield. Each
    /// batch is as large as one work step of the engine.
    const BATCH_COUNT: usize = 64;
    const EVENTS_PER_BATCH: usize = 8_192;
    let (mut service, engine) = EngineService::new_unstarted(PUBLISH_EVERY);
    let single = service.decode_batch(&[event_at("c-1", "call.offered", "c-1", 0, &json!({}))]);
    let batch = Batch { events: vec![single.events[0]; EVENTS_PER_BATCH], ..single };
    let run = tokio::spawn(engine.run());
    service
        .handle
        .start_clock(WallClock::Simulated(service.clock.clone()))
        .await
        .expect("the service is running");
    let mut answers: Vec<PendingAcknowledgement> =
        (0..BATCH_COUNT).map(|_| service.offer_batch(batch.clone())).collect();
    let last = answers.pop().expect("there is more than one batch");
    let mut boards = 0;
    let count = async {
        loop {
            // A second passes with every work step of the engine.
            tokio::time::advance(PUBLISH_EVERY).await;
            boards += usize::from(
                service.published_boards.has_changed().expect("the service is running"),
            );
            service.published_boards.mark_unchanged();
        }
    };
    tokio::select! {
        biased;
        applied = last.wait() => assert_eq!(applied.expect("the engine acknowledges the batch").duplicates, EVENTS_PER_BATCH as u64),
        () = count => {}
    }
    assert!(boards > BATCH_COUNT / 4, "{boards} boards while {BATCH_COUNT} batches waited");
    drop(service);
    run.await.expect("no thread panicked").expect("the service stops without an error");
}
