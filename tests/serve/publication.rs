//! When boards are published: with every interval, however full the queue is, and at once when a level turns. The engine alone,
//! by a clock that stands until the test moves it.

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

/// An engine at work on the runtime of the test, and what is held of it.
struct EngineService {
    feed: EngineHandle,
    boards: watch::Receiver<Arc<PublishedBoard>>,
    /// The service's clock, in milliseconds.
    clock: Arc<AtomicI64>,
    /// When the test began, by the runtime's clock.
    started_at: Instant,
}

impl EngineService {
    /// A service that has just published a board.
    async fn start(publish_every: Duration) -> EngineService {
        let (mut service, engine) = EngineService::new_unstarted(publish_every);
        tokio::spawn(engine.run());
        service
            .feed
            .start_clock(WallClock::Simulated(service.clock.clone()))
            .await
            .expect("a service");
        service.boards.mark_unchanged();
        service.wait_for_board(publish_every).await;
        service
    }

    /// A service that does nothing yet.
    fn new_unstarted(publish_every: Duration) -> (EngineService, Engine) {
        let standard = Arc::new(parse_standard("built-in", BUILT_IN).expect("a good standard"));
        let (engine, EngineEndpoints { handle: feed, published_boards: editions, .. }) =
            Engine::new(EngineSettings {
                standard,
                publish_every,
                queue_batches: 256,
                journal: None,
            });
        (
            EngineService {
                feed,
                boards: editions,
                clock: Arc::new(AtomicI64::new(START)),
                started_at: Instant::now(),
            },
            engine,
        )
    }

    fn decode_batch(&self, events: &[Value]) -> Batch {
        let mut decoder =
            EventDecoder::new(self.feed.schema(), HashKeys { seed: 1, customer: [1; 16] });
        events.iter().for_each(|event| {
            decoder.decode_json(event.to_string().as_bytes()).expect("a good event")
        });
        decoder.take_batch()
    }

    fn offer_batch(&self, batch: Batch) -> PendingAcknowledgement {
        self.feed.try_submit(batch, self.feed.schema()).expect("room")
    }

    async fn apply_events(&self, events: &[Value]) {
        let applied = self.offer_batch(self.decode_batch(events)).wait().await.expect("an answer");
        assert_eq!(applied.accepted, events.len() as u64);
    }

    /// After how long the next board was published, by the runtime's clock, which the service's own follows.
    async fn wait_for_board(&mut self, most: Duration) -> Duration {
        let begun = Instant::now();
        let follow = async {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.clock
                    .store(START + self.started_at.elapsed().as_millis() as i64, Ordering::Relaxed);
            }
        };
        tokio::select! {
            changed = self.boards.changed() => changed.expect("a service"),
            () = follow => {}
            () = tokio::time::sleep(most * 2) => panic!("no board in {most:?}"),
        }
        self.boards.mark_unchanged();
        begun.elapsed()
    }

    /// The reading of everything in a window.
    fn find_reading(&self, indicator: &str, window: Option<Window>) -> Option<Reading> {
        let board = self.boards.borrow().board.clone();
        let place = board.standard.indicators.iter().position(|other| other.name == indicator);
        let lane = window
            .and_then(|window| board.standard.windows.iter().position(|other| *other == window));
        let wanted = |key: &ReadingKey| {
            Some(key.indicator) == place && key.window == lane && key.scope.values.is_empty()
        };
        board.readings.iter().find(|reading| wanted(&reading.key)).cloned()
    }

    fn repairs_overdue(&self) -> Option<f64> {
        self.find_reading("repairs_overdue", None).and_then(|reading| reading.value)
    }

    /// After how long, by the runtime's clock, a level was published.
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

/// An event so many milliseconds after the start.
fn event_at(id: &str, kind: &str, subject: &str, at: i64, data: &Value) -> Value {
    let time = Timestamp(START + at).to_string();
    json!({ "specversion": "1.0", "id": id, "source": "/test", "type": kind, "time": time, "subject": subject, "data": data })
}

/// A repair that is due so many milliseconds after the start.
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
    // The interval begins anew.
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
    // The level of the open repairs' age and such turns first.
    service.apply_events(&[repair_event("r-1", reached.as_millis() as i64 + 2_350)]).await;
    let mut waited = Duration::ZERO;
    while service.repairs_overdue() != Some(1.0) {
        waited += service.wait_for_board(PUBLISH_EVERY).await;
    }
    let late = waited.checked_sub(Duration::from_millis(2_350)).expect("not before the deadline");
    assert!(
        late <= LEVEL_CHECK_INTERVAL + Duration::from_millis(10),
        "{late:?} after the deadline"
    );
}

/// A call waits, nothing happens and no deadline passes: its wait is near its limit after a minute, and beyond it after two.
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
        let late = waited.checked_sub(crossed).expect("not before");
        assert!(
            late <= LEVEL_CHECK_INTERVAL + Duration::from_millis(10),
            "{level:?} {late:?} after it was crossed"
        );
    }
}

/// Bad minutes leave their window between two boards.
#[tokio::test(start_paused = true)]
async fn level_change_by_moving_window_is_published_at_once() {
    const LONG_INTERVAL: Duration = Duration::from_secs(3);
    let window = Some(Window::Rolling(300_000));
    let mut service = EngineService::start(LONG_INTERVAL).await;
    let lost = |number: usize| {
        let call = format!("c-{number}");
        // The ten seconds of the end go out of the five minutes ten seconds after the start.
        [("call.offered", -298_000), ("call.abandoned", -297_500)]
            .map(|(kind, at)| event_at(&format!("{call}-{kind}"), kind, &call, at, &json!({})))
    };
    service.apply_events(&(0..50).flat_map(lost).collect::<Vec<_>>()).await;
    service.wait_for_level(LONG_INTERVAL, "answer_rate", window, Level::Breached).await;
    service.wait_for_level(LONG_INTERVAL, "answer_rate", window, Level::None).await;
    let late =
        service.started_at.elapsed().checked_sub(Duration::from_secs(10)).expect("not before");
    assert!(late <= LEVEL_CHECK_INTERVAL + Duration::from_millis(10), "{late:?} after it moved");
}

#[tokio::test(start_paused = true)]
async fn level_changes_publish_at_most_ten_times_a_second() {
    let mut service = EngineService::start(PUBLISH_EVERY).await;
    let begun = Instant::now();
    for turn in 0..20 {
        let subject = format!("r-{turn}");
        // Once more an hour later than before, so the level turns with every event: overdue, and done.
        let resolved =
            event_at(&format!("{subject}-2"), "repair.resolved", &subject, 0, &json!({}));
        service.apply_events(&[repair_event(&subject, -500)]).await;
        service.wait_for_board(PUBLISH_EVERY).await;
        service.apply_events(&[resolved]).await;
        service.wait_for_board(PUBLISH_EVERY).await;
    }
    let took = begun.elapsed();
    assert!(
        (Duration::from_millis(3_800)..=Duration::from_millis(4_000)).contains(&took),
        "40 boards in {took:?}"
    );
}

/// The runtime looks at its clock only when the engine lets it: a queue that is never empty must not keep boards back.
#[tokio::test(start_paused = true)]
async fn boards_are_published_while_queue_is_full() {
    /// Fewer than a task of the runtime may do before it is made to rest, and each as large as one step of the engine's work.
    const BATCH_COUNT: usize = 64;
    const EVENTS_PER_BATCH: usize = 8_192;
    let (mut service, engine) = EngineService::new_unstarted(PUBLISH_EVERY);
    let one = service.decode_batch(&[event_at("c-1", "call.offered", "c-1", 0, &json!({}))]);
    let many = Batch { events: vec![one.events[0]; EVENTS_PER_BATCH], ..one };
    let run = tokio::spawn(engine.run());
    service.feed.start_clock(WallClock::Simulated(service.clock.clone())).await.expect("a service");
    let mut answers: Vec<PendingAcknowledgement> =
        (0..BATCH_COUNT).map(|_| service.offer_batch(many.clone())).collect();
    let last = answers.pop().expect("many");
    let mut boards = 0;
    let count = async {
        loop {
            // A second passes with every turn of the engine.
            tokio::time::advance(PUBLISH_EVERY).await;
            boards += usize::from(service.boards.has_changed().expect("a service"));
            service.boards.mark_unchanged();
        }
    };
    tokio::select! {
        biased;
        applied = last.wait() => assert_eq!(applied.expect("an answer").duplicates, EVENTS_PER_BATCH as u64),
        () = count => {}
    }
    assert!(boards > BATCH_COUNT / 4, "{boards} boards while {BATCH_COUNT} batches waited");
    drop(service);
    run.await.expect("no panic").expect("no error");
}
