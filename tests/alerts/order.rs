//! Between two looks it does not matter in which order events come, how often, or in how many batches.

use firstline::domain::alert::{Alerts, EVERY_MS};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::{MINUTE, Timestamp};
use firstline::ingest::wire::{Decoder, Keys};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::sync::Arc;

const START: Timestamp = Timestamp(1_790_000_000_000);
const HISTORIES: u64 = 40;

/// A core and its alerts.
struct Core {
    decoder: Decoder,
    monitor: Monitor,
    alerts: Alerts,
}

impl Core {
    fn new(standard: &Arc<Standard>) -> Core {
        let decoder = Decoder::new(Arc::new(standard.schema.clone()), Keys::default()).keeping_names(true);
        Core { decoder, monitor: Monitor::new(standard.clone(), None), alerts: Alerts::default() }
    }

    fn take(&mut self, events: &[String]) {
        events.iter().for_each(|event| self.decoder.json(event.as_bytes()).expect("a good event"));
        self.monitor.apply(&self.decoder.take());
    }

    fn look(&mut self, now: Timestamp) {
        self.monitor.tick(now);
        self.monitor.watch(&mut self.alerts);
    }
}

/// An event of one of a few cases, within ten seconds before `now` or some minutes late.
fn event(number: usize, now: Timestamp, chance: &mut ChaCha8Rng) -> String {
    let subject = chance.random_range(0..20);
    let kinds: &[&str] = if subject < 14 {
        &["call.offered", "call.answered", "call.abandoned"]
    } else {
        &["repair.opened", "repair.assigned", "repair.resolved"]
    };
    let late = if chance.random_ratio(1, 6) { chance.random_range(0..3 * MINUTE) } else { 0 };
    let time = now.plus(-chance.random_range(0..EVERY_MS) - late);
    let due = START.plus(chance.random_range(0..90) * MINUTE);
    let center = ["hefei", "wuhu"][subject % 2];
    let data = json!({ "center": center, "due": due.to_string() });
    let kind = kinds[chance.random_range(0..kinds.len())];
    json!({
        "specversion": "1.0", "id": format!("{number}"), "source": "/test", "type": kind, "subject": format!("{subject}"),
        "time": time.to_string(), "data": data,
    })
    .to_string()
}

#[test]
fn the_order_within_a_tick_does_not_matter() {
    let text = include_str!("../standards/alerts.toml");
    let standard = Arc::new(firstline::standard::read("alerts.toml", text).unwrap_or_else(|problems| panic!("{problems:#?}")));
    let mut fired = 0;
    for seed in 0..HISTORIES {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let (mut one, mut other) = (Core::new(&standard), Core::new(&standard));
        let (mut now, mut number) = (START, 0);
        for _ in 0..60 {
            now = now.plus(EVERY_MS * chance.random_range(1..6));
            let many = chance.random_range(0..12);
            let mut events: Vec<String> = (0..many).map(|place| event(number + place, now, &mut chance)).collect();
            number += many;
            one.take(&events);
            if let Some(twice) = events.first().cloned() {
                events.push(twice);
            }
            events.shuffle(&mut chance);
            events.iter().for_each(|event| other.take(std::slice::from_ref(event)));
            one.look(now);
            other.look(now);
            assert_eq!(format!("{:#?}", one.alerts), format!("{:#?}", other.alerts), "seed {seed} at {now}");
        }
        let incidents = one.alerts.ledger().all();
        fired += incidents.count();
        // Each fires once and ends once, and two about the same never overlap.
        let mut all: Vec<_> = one.alerts.ledger().all().collect();
        all.sort_by_key(|incident| (incident.subject.clone(), incident.fired_at));
        for pair in all.windows(2).filter(|pair| pair[0].subject == pair[1].subject) {
            assert!(pair[0].ended_at.is_some_and(|ended| ended <= pair[1].fired_at), "seed {seed}: {pair:#?}");
        }
    }
    assert!(fired > 500, "only {fired} alerts fired");
}
