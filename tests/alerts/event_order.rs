//! Property test: between two evaluations, order, duplicates and batching of events do not matter.

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

/// A monitor with an alert evaluator and no service around them.
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
        events.iter().for_each(|event| {
            self.decoder.decode_json(event.as_bytes()).expect("the event is valid");
        });
        self.monitor.apply_batch(&self.decoder.take_batch());
    }

    fn evaluate_alerts(&mut self, now: Timestamp) {
        self.monitor.tick(now);
        self.monitor.evaluate_alerts(&mut self.alerts);
    }
}

/// Returns an event of one of 20 cases, up to 10 s before `now` or up to 3 minutes late.
fn random_event(number: usize, now: Timestamp, rng: &mut ChaCha8Rng) -> String {
    let subject = rng.random_range(0..20);
    let kinds: &[&str] = if subject < 14 {
        &["call.offered", "call.answered", "call.abandoned"]
    } else {
        &["repair.opened", "repair.assigned", "repair.resolved"]
    };
    let late = if rng.random_ratio(1, 6) { rng.random_range(0..3 * MINUTE) } else { 0 };
    let time = now.plus_millis(-rng.random_range(0..EVALUATION_INTERVAL_MS) - late);
    let due = START.plus_millis(rng.random_range(0..90) * MINUTE);
    let center = ["hefei", "wuhu"][subject % 2];
    let data = json!({ "center": center, "due": due.to_string() });
    let kind = kinds[rng.random_range(0..kinds.len())];
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
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut ordered, mut shuffled) =
            (AlertingCore::new(&standard), AlertingCore::new(&standard));
        let (mut now, mut number) = (START, 0);
        for _ in 0..60 {
            now = now.plus_millis(EVALUATION_INTERVAL_MS * rng.random_range(1..6));
            let count = rng.random_range(0..12);
            let mut events: Vec<String> =
                (0..count).map(|offset| random_event(number + offset, now, &mut rng)).collect();
            number += count;
            ordered.apply_events(&events);
            if let Some(duplicate) = events.first().cloned() {
                events.push(duplicate);
            }
            events.shuffle(&mut rng);
            events.iter().for_each(|event| shuffled.apply_events(std::slice::from_ref(event)));
            ordered.evaluate_alerts(now);
            shuffled.evaluate_alerts(now);
            assert_eq!(
                format!("{:#?}", ordered.alerts),
                format!("{:#?}", shuffled.alerts),
                "seed {seed} at {now}"
            );
        }
        let incidents = ordered.alerts.incident_log().incidents();
        fired += incidents.count();
        // Two incidents about the same subject must not overlap.
        let mut all: Vec<_> = ordered.alerts.incident_log().incidents().collect();
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
