//! The memory of alerts, which lies behind the core's own in a snapshot.

use super::check_reason;
use firstline::domain::alerts::evaluation::{AlertEvaluator, EVALUATION_INTERVAL_MS};
use firstline::domain::alerts::incident_log::IncidentUpdate;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::notify::alert_json::{ServiceLinks, alert_json as told, pending_json};
use std::sync::{Arc, OnceLock};

/// 2026-03-02 at noon in Shanghai, in milliseconds: `service` is open.
const NOON: Timestamp = Timestamp(1_772_424_000_000);

/// A standard with every kind of policy.
fn standard_with_policies() -> &'static Arc<Standard> {
    static STANDARD: OnceLock<Arc<Standard>> = OnceLock::new();
    STANDARD.get_or_init(|| {
        let read = firstline::standard_file::parse_standard(
            "alerts.toml",
            include_str!("../standards/alerts.toml"),
        );
        Arc::new(read.unwrap_or_else(|problems| panic!("{problems:#?}")))
    })
}

/// A memory of alerts. One that is accepted is written down as it was read, told, and goes on being looked at.
pub(crate) fn alerts(bytes: &[u8]) {
    let remember = |bytes: &[u8]| {
        AlertEvaluator::from_snapshot(
            standard_with_policies(),
            &mut postcard::Deserializer::from_bytes(bytes),
        )
    };
    match remember(bytes) {
        Err(error) => check_reason(&error.to_string()),
        Ok(mut alerts) => {
            let written = encode_alerts(&alerts);
            let again = remember(&written).expect("what was written down is remembered");
            assert!(encode_alerts(&again) == written, "written again it is another");
            let view = alerts.overview(standard_with_policies());
            view.incident_log
                .incidents()
                .for_each(|incident| _ = told(incident, &ServiceLinks::default()).to_string());
            view.pending.iter().for_each(|one| _ = pending_json(one).to_string());
            let mut core = AlertingCore::new();
            core.alerts = alerts;
            core.apply_events(&[("call.abandoned", "hefei", 3), ("repair.opened", "hefei", 1)]);
            core.evaluate_alerts(2);
            core.apply_events(&[("call.answered", "hefei", 30), ("repair.resolved", "hefei", 1)]);
            core.evaluate_alerts(40);
            alerts = core.alerts;
            alerts.change_standard(standard_with_policies(), super::built_in_standard());
            encode_alerts(&alerts);
        }
    }
}

/// Memories of a few events, to begin from: of what waits, fires, is over, is answered for and is closed.
pub(crate) fn alert_seeds() -> Vec<Vec<u8>> {
    let mut core = AlertingCore::new();
    let mut seeds = vec![encode_alerts(&core.alerts)];
    core.apply_events(&[
        ("call.abandoned", "hefei", 5),
        ("call.answered", "wuhu", 9),
        ("call.offered", "wuhu", 4),
        ("repair.opened", "hefei", 2),
    ]);
    core.evaluate_alerts(1);
    seeds.push(encode_alerts(&core.alerts));
    core.evaluate_alerts(20);
    core.acknowledge_incidents(false);
    seeds.push(encode_alerts(&core.alerts));
    core.apply_events(&[
        ("call.answered", "hefei", 90),
        ("call.answered", "wuhu", 9),
        ("repair.resolved", "hefei", 2),
    ]);
    core.evaluate_alerts(60);
    seeds.push(encode_alerts(&core.alerts));
    core.acknowledge_incidents(true);
    seeds.push(encode_alerts(&core.alerts));
    seeds
}

fn encode_alerts(alerts: &AlertEvaluator) -> Vec<u8> {
    postcard::to_stdvec(&alerts.to_snapshot()).expect("a memory can be written")
}

/// A core with its alerts.
struct AlertingCore {
    monitor: Monitor,
    alerts: AlertEvaluator,
    decoder: EventDecoder,
    now: Timestamp,
    event_count: usize,
}

impl AlertingCore {
    fn new() -> AlertingCore {
        let decoder = EventDecoder::new(
            Arc::new(standard_with_policies().schema.clone()),
            HashKeys::default(),
        )
        .with_case_names(true);
        AlertingCore {
            monitor: Monitor::new(standard_with_policies().clone(), None),
            alerts: AlertEvaluator::default(),
            decoder,
            now: NOON,
            event_count: 0,
        }
    }

    /// So many cases of a center say this now; the deadline of an order is half an hour after noon.
    fn apply_events(&mut self, what: &[(&str, &str, usize)]) {
        let due = NOON.plus_millis(HOUR / 2);
        for (kind, center, many) in what {
            for case in 0..*many {
                let (said, now) = (self.event_count, self.now);
                // Orders go on, calls are others each time.
                let subject = if kind.starts_with("repair") { case } else { said };
                let event = format!(
                    r#"{{"specversion":"1.0","id":"{said}","source":"/desk","subject":"{center}-{subject}","type":"{kind}","time":"{now}",
                    "data":{{"center":"{center}","due":"{due}"}}}}"#
                );
                self.decoder.decode_json(event.as_bytes()).expect("a good event");
                self.event_count += 1;
            }
        }
        self.monitor.apply_batch(&self.decoder.take_batch());
    }

    /// So many looks pass.
    fn evaluate_alerts(&mut self, many: i64) {
        for _ in 0..many {
            self.now = self.now.plus_millis(EVALUATION_INTERVAL_MS);
            self.monitor.tick(self.now);
            self.monitor.evaluate_alerts(&mut self.alerts);
        }
    }

    /// Somebody answers for every second incident, as far as that can be.
    fn acknowledge_incidents(&mut self, closes: bool) {
        let ids: Vec<u64> =
            self.alerts.incident_log().incidents().map(|incident| incident.id).step_by(2).collect();
        for id in ids {
            let answer = IncidentUpdate {
                id,
                closes,
                owner: "Li".to_owned(),
                note: "two more agents".to_owned(),
            };
            let _ = self.alerts.update_incident(&answer, self.now);
        }
    }
}
