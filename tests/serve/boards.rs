//! When boards are published: with every interval, however full the queue is, and at once when a level turns. The engine alone,
//! by a clock that stands until the test moves it.

use firstline::domain::board::{Key, Level, Reading};
use firstline::domain::event::Batch;
use firstline::domain::time::Timestamp;
use firstline::domain::window::Window;
use firstline::edition::Edition;
use firstline::engine::clock::Clock;
use firstline::engine::feed::{Answer, Feed};
use firstline::engine::glance::EVERY;
use firstline::engine::{Ends, Engine, Settings};
use firstline::ingest::wire::{Decoder, Keys};
use firstline::standard::{BUILT_IN, read};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const START: i64 = 1_790_000_000_000;
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// An engine at work on the runtime of the test, and what is held of it.
struct Service {
    feed: Feed,
    editions: watch::Receiver<Arc<Edition>>,
    /// The service's clock, in milliseconds.
    clock: Arc<AtomicI64>,
    /// When the test began, by the runtime's clock.
    begun: Instant,
}

impl Service {
    /// A service that has just published a board.
    async fn start(publish_every: Duration) -> Service {
        let (mut service, engine) = Service::idle(publish_every);
        tokio::spawn(engine.run());
        service.feed.start(Clock::Told(service.clock.clone())).await.expect("a service");
        service.editions.mark_unchanged();
        service.after(publish_every).await;
        service
    }

    /// A service that does nothing yet.
    fn idle(publish_every: Duration) -> (Service, Engine) {
        let standard = Arc::new(read("built-in", BUILT_IN).expect("a good standard"));
        let (engine, Ends { feed, editions, .. }) = Engine::new(Settings { standard, publish_every, queue_batches: 256, journal: None });
        (Service { feed, editions, clock: Arc::new(AtomicI64::new(START)), begun: Instant::now() }, engine)
    }

    fn batch(&self, events: &[Value]) -> Batch {
        let mut decoder = Decoder::new(self.feed.schema(), Keys { seed: 1, customer: [1; 16] });
        events.iter().for_each(|event| decoder.json(event.to_string().as_bytes()).expect("a good event"));
        decoder.take()
    }

    fn offer(&self, batch: Batch) -> Answer {
        self.feed.offer(batch, self.feed.schema()).expect("room")
    }

    async fn take(&self, events: &[Value]) {
        let applied = self.offer(self.batch(events)).wait().await.expect("an answer");
        assert_eq!(applied.accepted, events.len() as u64);
    }

    /// After how long the next board was published, by the runtime's clock, which the service's own follows.
    async fn after(&mut self, most: Duration) -> Duration {
        let begun = Instant::now();
        let follow = async {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.clock.store(START + self.begun.elapsed().as_millis() as i64, Ordering::Relaxed);
            }
        };
        tokio::select! {
            changed = self.editions.changed() => changed.expect("a service"),
            () = follow => {}
            () = tokio::time::sleep(most * 2) => panic!("no board in {most:?}"),
        }
        self.editions.mark_unchanged();
        begun.elapsed()
    }

    /// The reading of everything in a window.
    fn reading(&self, indicator: &str, window: Option<Window>) -> Option<Reading> {
        let board = self.editions.borrow().board.clone();
        let place = board.standard.indicators.iter().position(|other| other.name == indicator);
        let lane = window.and_then(|window| board.standard.windows.iter().position(|other| *other == window));
        let wanted = |key: &Key| Some(key.indicator) == place && key.window == lane && key.scope.values.is_empty();
        board.readings.iter().find(|reading| wanted(&reading.key)).cloned()
    }

    fn overdue(&self) -> Option<f64> {
        self.reading("repairs_overdue", None).and_then(|reading| reading.value)
    }

    /// After how long, by the runtime's clock, a level was published.
    async fn until(&mut self, publish_every: Duration, indicator: &str, window: Option<Window>, level: Level) -> Duration {
        let mut waited = Duration::ZERO;
        while self.reading(indicator, window).map(|reading| reading.level) != Some(level) {
            waited += self.after(publish_every).await;
        }
        waited
    }
}

/// An event so many milliseconds after the start.
fn event(id: &str, kind: &str, subject: &str, at: i64, data: &Value) -> Value {
    let time = Timestamp(START + at).to_string();
    json!({ "specversion": "1.0", "id": id, "source": "/test", "type": kind, "time": time, "subject": subject, "data": data })
}

/// A repair that is due so many milliseconds after the start.
fn repair(subject: &str, due: i64) -> Value {
    event(subject, "repair.opened", subject, -1_000, &json!({ "due": Timestamp(START + due).to_string() }))
}

#[tokio::test(start_paused = true)]
async fn a_level_that_an_event_turns_is_published_at_once() {
    let mut service = Service::start(PUBLISH_EVERY).await;
    service.take(&[repair("r-1", -500)]).await;
    let after = service.after(PUBLISH_EVERY).await;
    assert!(after <= EVERY, "{after:?}");
    assert_eq!(service.overdue(), Some(1.0));
    // The interval begins anew.
    assert_eq!(service.after(PUBLISH_EVERY).await, PUBLISH_EVERY);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_turns_no_level_waits_for_the_interval() {
    let mut service = Service::start(PUBLISH_EVERY).await;
    // Agents have no target.
    let agent = json!({ "agent": "a-1", "state": "ready" });
    service.take(&[event("a-1", "agent.changed", "a-1", 0, &agent)]).await;
    assert_eq!(service.after(PUBLISH_EVERY).await, PUBLISH_EVERY);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_is_published_at_once() {
    let mut service = Service::start(PUBLISH_EVERY).await;
    let reached = service.begun.elapsed();
    // The level of the open repairs' age and such turns first.
    service.take(&[repair("r-1", reached.as_millis() as i64 + 2_350)]).await;
    let mut waited = Duration::ZERO;
    while service.overdue() != Some(1.0) {
        waited += service.after(PUBLISH_EVERY).await;
    }
    let late = waited.checked_sub(Duration::from_millis(2_350)).expect("not before the deadline");
    assert!(late <= EVERY + Duration::from_millis(10), "{late:?} after the deadline");
}

/// A call waits, nothing happens and no deadline passes: its wait is near its limit after a minute, and beyond it after two.
#[tokio::test(start_paused = true)]
async fn an_age_that_crosses_a_limit_is_published_at_once() {
    let mut service = Service::start(PUBLISH_EVERY).await;
    let reached = service.begun.elapsed().as_millis() as i64;
    service.take(&[event("c-1", "call.offered", "c-1", reached + 2_350 - 60_000, &json!({}))]).await;
    let mut waited = Duration::ZERO;
    for (level, crossed) in [(Level::Warning, Duration::from_millis(2_350)), (Level::Breached, Duration::from_millis(62_350))] {
        waited += service.until(PUBLISH_EVERY, "longest_wait_now", None, level).await;
        let late = waited.checked_sub(crossed).expect("not before");
        assert!(late <= EVERY + Duration::from_millis(10), "{level:?} {late:?} after it was crossed");
    }
}

/// Bad minutes leave their window between two boards.
#[tokio::test(start_paused = true)]
async fn a_level_that_turns_as_its_window_moves_on_is_published_at_once() {
    const SELDOM: Duration = Duration::from_secs(3);
    let window = Some(Window::Rolling(300_000));
    let mut service = Service::start(SELDOM).await;
    let lost = |number: usize| {
        let call = format!("c-{number}");
        // The ten seconds of the end go out of the five minutes ten seconds after the start.
        [("call.offered", -298_000), ("call.abandoned", -297_500)]
            .map(|(kind, at)| event(&format!("{call}-{kind}"), kind, &call, at, &json!({})))
    };
    service.take(&(0..50).flat_map(lost).collect::<Vec<_>>()).await;
    service.until(SELDOM, "answer_rate", window, Level::Breached).await;
    service.until(SELDOM, "answer_rate", window, Level::None).await;
    let late = service.begun.elapsed().checked_sub(Duration::from_secs(10)).expect("not before");
    assert!(late <= EVERY + Duration::from_millis(10), "{late:?} after it moved");
}

#[tokio::test(start_paused = true)]
async fn levels_that_turn_all_the_time_are_published_ten_times_a_second() {
    let mut service = Service::start(PUBLISH_EVERY).await;
    let begun = Instant::now();
    for turn in 0..20 {
        let subject = format!("r-{turn}");
        // Once more an hour later than before, so the level turns with every event: overdue, and done.
        let resolved = event(&format!("{subject}-2"), "repair.resolved", &subject, 0, &json!({}));
        service.take(&[repair(&subject, -500)]).await;
        service.after(PUBLISH_EVERY).await;
        service.take(&[resolved]).await;
        service.after(PUBLISH_EVERY).await;
    }
    let took = begun.elapsed();
    assert!((Duration::from_millis(3_800)..=Duration::from_millis(4_000)).contains(&took), "40 boards in {took:?}");
}

/// The runtime looks at its clock only when the engine lets it: a queue that is never empty must not keep boards back.
#[tokio::test(start_paused = true)]
async fn boards_are_published_while_the_queue_is_full() {
    /// Fewer than a task of the runtime may do before it is made to rest, and each as large as one step of the engine's work.
    const BATCHES: usize = 64;
    const EVENTS: usize = 8_192;
    let (mut service, engine) = Service::idle(PUBLISH_EVERY);
    let one = service.batch(&[event("c-1", "call.offered", "c-1", 0, &json!({}))]);
    let many = Batch { events: vec![one.events[0]; EVENTS], ..one };
    let run = tokio::spawn(engine.run());
    service.feed.start(Clock::Told(service.clock.clone())).await.expect("a service");
    let mut answers: Vec<Answer> = (0..BATCHES).map(|_| service.offer(many.clone())).collect();
    let last = answers.pop().expect("many");
    let mut boards = 0;
    let count = async {
        loop {
            // A second passes with every turn of the engine.
            tokio::time::advance(PUBLISH_EVERY).await;
            boards += usize::from(service.editions.has_changed().expect("a service"));
            service.editions.mark_unchanged();
        }
    };
    tokio::select! {
        biased;
        applied = last.wait() => assert_eq!(applied.expect("an answer").duplicates, EVENTS as u64),
        () = count => {}
    }
    assert!(boards > BATCHES / 4, "{boards} boards while {BATCHES} batches waited");
    drop(service);
    run.await.expect("no panic").expect("no error");
}
