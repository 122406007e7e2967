//! Alert state in a snapshot, stored after the state of the monitor.

use super::check_reason;
use firstline::domain::alerts::evaluation::{AlertEvaluator, EVALUATION_INTERVAL_MS};
use firstline::domain::alerts::incident_log::IncidentUpdate;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::notify::alert_json::{ServiceLinks, alert_json, pending_json};
use std::sync::{Arc, OnceLock};

/// 2026-03-02 at noon in Shanghai. The calendar `service` is open then.
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

/// Deserializes alert state. A valid state survives a round trip, can be reported as JSON and
/// evaluated further.
pub(crate) fn alerts(bytes: &[u8]) {
    let deserialize = |bytes: &[u8]| {
        AlertEvaluator::from_snapshot(
            standard_with_policies(),
            &mut postcard::Deserializer::from_bytes(bytes),
        )
    };
    match deserialize(bytes) {
        Err(error) => check_reason(&error.to_string()),
        Ok(mut alerts) => {
            let written = encode_alerts(&alerts);
            let again = deserialize(&written).expect("an encoded state can be decoded");
            assert!(encode_alerts(&again) == written, "another round trip changes the state");
            let view = alerts.overview(standard_with_policies());
            view.incident_log.incidents().for_each(|incident| {
                _ = alert_json(incident, &ServiceLinks::default()).to_string();
            });
            view.pending.iter().for_each(|pending| _ = pending_json(pending).to_string());
            let mut alerting = AlertingCore::new();
            alerting.alerts = alerts;
            alerting.apply_events(&[("call.abandoned", "hefei", 3), ("repair.opened", "hefei", 1)]);
            alerting.evaluate_alerts(2);
            alerting
                .apply_events(&[("call.answered", "hefei", 30), ("repair.resolved", "hefei", 1)]);
            alerting.evaluate_alerts(40);
            alerts = alerting.alerts;
            alerts.change_standard(standard_with_policies(), super::built_in_standard());
            encode_alerts(&alerts);
        }
    }
}

/// Returns initial states with pending, firing, ended, acknowledged and closed alerts.
pub(crate) fn alert_seeds() -> Vec<Vec<u8>> {
    let mut alerting = AlertingCore::new();
    let mut seeds = vec![encode_alerts(&alerting.alerts)];
    alerting.apply_events(&[
        ("call.abandoned", "hefei", 5),
        ("call.answered", "wuhu", 9),
        ("call.offered", "wuhu", 4),
        ("repair.opened", "hefei", 2),
    ]);
    alerting.evaluate_alerts(1);
    seeds.push(encode_alerts(&alerting.alerts));
    alerting.evaluate_alerts(20);
    alerting.acknowledge_incidents(false);
    seeds.push(encode_alerts(&alerting.alerts));
    alerting.apply_events(&[
        ("call.answered", "hefei", 90),
        ("call.answered", "wuhu", 9),
        ("repair.resolved", "hefei", 2),
    ]);
    alerting.evaluate_alerts(60);
    seeds.push(encode_alerts(&alerting.alerts));
    alerting.acknowledge_incidents(true);
    seeds.push(encode_alerts(&alerting.alerts));
    seeds
}

fn encode_alerts(alerts: &AlertEvaluator) -> Vec<u8> {
    postcard::to_stdvec(&alerts.to_snapshot()).expect("alert state can be serialized")
}

/// A monitor with its alerts.
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

    /// Applies events given as type, center and number of cases. Orders are due half an hour after
    /// noon.
    fn apply_events(&mut self, events: &[(&str, &str, usize)]) {
        let due = NOON.plus_millis(HOUR / 2);
        for (kind, center, count) in events {
            for case in 0..*count {
                let (number, now) = (self.event_count, self.now);
                // Orders keep their subjects. Every call event belongs to a new call.
                let subject = if kind.starts_with("repair") { case } else { number };
                let event = format!(
                    r#"{{"specversion":"1.0","id":"{number}","source":"/desk","subject":"{center}-{subject}","type":"{kind}","time":"{now}",
                    "data":{{"center":"{center}","due":"{due}"}}}}"#
                );
                self.decoder.decode_json(event.as_bytes()).expect("the event is valid");
                self.event_count += 1;
            }
        }
        self.monitor.apply_batch(&self.decoder.take_batch());
    }

    /// Evaluates the alerts `count` times at the usual interval.
    fn evaluate_alerts(&mut self, count: i64) {
        for _ in 0..count {
            self.now = self.now.plus_millis(EVALUATION_INTERVAL_MS);
            self.monitor.tick(self.now);
            self.monitor.evaluate_alerts(&mut self.alerts);
        }
    }

    /// Acknowledges or closes every second incident. Rejected updates are ignored.
    fn acknowledge_incidents(&mut self, closes: bool) {
        let ids: Vec<u64> =
            self.alerts.incident_log().incidents().map(|incident| incident.id).step_by(2).collect();
        for id in ids {
            let update = IncidentUpdate {
                id,
                closes,
                owner: "Li".to_owned(),
                note: "two more agents".to_owned(),
            };
            let _ = self.alerts.update_incident(&update, self.now);
        }
    }
}
