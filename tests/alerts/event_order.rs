//! Between two looks it does not matter in which order events come, how often, or in how many batches.

use firstline::domain::alerts::evaluation::{AlertEvaluator, EVALUATION_INTERVAL_MS};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::{MINUTE, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::sync::Arc;

const START: Timestamp = Timestamp(1_790_000_000_000);
const HISTORY_COUNT: u64 = 40;

/// A core and its alerts.
struct AlertingCore {
    decoder: EventDecoder,
    monitor: Monitor,
    alerts: AlertEvaluator,
}

impl AlertingCore {
    fn new(standard: &Arc<Standard>) -> AlertingCore {
        let decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default())
            .with_case_names(true);
        AlertingCore {
            decoder,
            monitor: Monitor::new(standard.clone(), None),
            alerts: AlertEvaluator::default(),
        }
    }

    fn apply_events(&mut self, events: &[String]) {
        events
            .iter()
            .for_each(|event| self.decoder.decode_json(event.as_bytes()).expect("a good event"));
        self.monitor.apply_batch(&self.decoder.take_batch());
    }

    fn evaluate_alerts(&mut self, now: Timestamp) {
        self.monitor.tick(now);
        self.monitor.evaluate_alerts(&mut self.alerts);
    }
}

/// An event of one of a few cases, within ten seconds before `now` or some minutes late.
fn random_event(number: usize, now: Timestamp, chance: &mut ChaCha8Rng) -> String {
    let subject = chance.random_range(0..20);
    let kinds: &[&str] = if subject < 14 {
        &["call.offered", "call.answered", "call.abandoned"]
    } else {
        &["repair.opened", "repair.assigned", "repair.resolved"]
    };
    let late = if chance.random_ratio(1, 6) { chance.random_range(0..3 * MINUTE) } else { 0 };
    let time = now.plus_millis(-chance.random_range(0..EVALUATION_INTERVAL_MS) - late);
    let due = START.plus_millis(chance.random_range(0..90) * MINUTE);
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
fn event_order_within_tick_does_not_affect_alerts() {
    let text = include_str!("../standards/alerts.toml");
    let standard = Arc::new(
        firstline::standard_file::parse_standard("alerts.toml", text)
            .unwrap_or_else(|problems| panic!("{problems:#?}")),
    );
    let mut fired = 0;
    for seed in 0..HISTORY_COUNT {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let (mut one, mut other) = (AlertingCore::new(&standard), AlertingCore::new(&standard));
        let (mut now, mut number) = (START, 0);
        for _ in 0..60 {
            now = now.plus_millis(EVALUATION_INTERVAL_MS * chance.random_range(1..6));
            let many = chance.random_range(0..12);
            let mut events: Vec<String> =
                (0..many).map(|place| random_event(number + place, now, &mut chance)).collect();
            number += many;
            one.apply_events(&events);
            if let Some(twice) = events.first().cloned() {
                events.push(twice);
            }
            events.shuffle(&mut chance);
            events.iter().for_each(|event| other.apply_events(std::slice::from_ref(event)));
            one.evaluate_alerts(now);
            other.evaluate_alerts(now);
            assert_eq!(
                format!("{:#?}", one.alerts),
                format!("{:#?}", other.alerts),
                "seed {seed} at {now}"
            );
        }
        let incidents = one.alerts.incident_log().incidents();
        fired += incidents.count();
        // Each fires once and ends once, and two about the same never overlap.
        let mut all: Vec<_> = one.alerts.incident_log().incidents().collect();
        all.sort_by_key(|incident| (incident.subject.clone(), incident.fired_at));
        for pair in all.windows(2).filter(|pair| pair[0].subject == pair[1].subject) {
            assert!(
                pair[0].ended_at.is_some_and(|ended| ended <= pair[1].fired_at),
                "seed {seed}: {pair:#?}"
            );
        }
    }
    assert!(fired > 500, "only {fired} alerts fired");
}
