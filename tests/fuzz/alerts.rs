//! The memory of alerts, which lies behind the core's own in a snapshot.

use super::check_reason;
use firstline::domain::alert::ledger::Answer;
use firstline::domain::alert::{Alerts, EVERY_MS};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::{HOUR, Timestamp};
use firstline::ingest::wire::{Decoder, Keys};
use firstline::publish::alert::{Links, pending, written as told};
use std::sync::{Arc, OnceLock};

/// 2026-03-02 at noon in Shanghai, in milliseconds: `service` is open.
const NOON: Timestamp = Timestamp(1_772_424_000_000);

/// A standard with every kind of policy.
fn policies() -> &'static Arc<Standard> {
    static STANDARD: OnceLock<Arc<Standard>> = OnceLock::new();
    STANDARD.get_or_init(|| {
        let read = firstline::standard::read("alerts.toml", include_str!("../standards/alerts.toml"));
        Arc::new(read.unwrap_or_else(|problems| panic!("{problems:#?}")))
    })
}

/// A memory of alerts. One that is accepted is written down as it was read, told, and goes on being looked at.
pub(crate) fn alerts(bytes: &[u8]) {
    let remember = |bytes: &[u8]| Alerts::remember(policies(), &mut postcard::Deserializer::from_bytes(bytes));
    match remember(bytes) {
        Err(error) => check_reason(&error.to_string()),
        Ok(mut alerts) => {
            let written = written(&alerts);
            let again = remember(&written).expect("what was written down is remembered");
            assert!(self::written(&again) == written, "written again it is another");
            let view = alerts.view(policies());
            view.ledger.all().for_each(|incident| _ = told(incident, &Links::default()).to_string());
            view.pending.iter().for_each(|one| _ = pending(one).to_string());
            let mut core = Core::new();
            core.alerts = alerts;
            core.tell(&[("call.abandoned", "hefei", 3), ("repair.opened", "hefei", 1)]);
            core.look(2);
            core.tell(&[("call.answered", "hefei", 30), ("repair.resolved", "hefei", 1)]);
            core.look(40);
            alerts = core.alerts;
            alerts.adopt(policies(), super::built_in());
            self::written(&alerts);
        }
    }
}

/// Memories of a few events, to begin from: of what waits, fires, is over, is answered for and is closed.
pub(crate) fn alert_seeds() -> Vec<Vec<u8>> {
    let mut core = Core::new();
    let mut seeds = vec![written(&core.alerts)];
    core.tell(&[("call.abandoned", "hefei", 5), ("call.answered", "wuhu", 9), ("call.offered", "wuhu", 4), ("repair.opened", "hefei", 2)]);
    core.look(1);
    seeds.push(written(&core.alerts));
    core.look(20);
    core.answer(false);
    seeds.push(written(&core.alerts));
    core.tell(&[("call.answered", "hefei", 90), ("call.answered", "wuhu", 9), ("repair.resolved", "hefei", 2)]);
    core.look(60);
    seeds.push(written(&core.alerts));
    core.answer(true);
    seeds.push(written(&core.alerts));
    seeds
}

fn written(alerts: &Alerts) -> Vec<u8> {
    postcard::to_stdvec(&alerts.memory()).expect("a memory can be written")
}

/// A core with its alerts.
struct Core {
    monitor: Monitor,
    alerts: Alerts,
    decoder: Decoder,
    now: Timestamp,
    said: usize,
}

impl Core {
    fn new() -> Core {
        let decoder = Decoder::new(Arc::new(policies().schema.clone()), Keys::default()).keeping_names(true);
        Core { monitor: Monitor::new(policies().clone(), None), alerts: Alerts::default(), decoder, now: NOON, said: 0 }
    }

    /// So many cases of a center say this now; the deadline of an order is half an hour after noon.
    fn tell(&mut self, what: &[(&str, &str, usize)]) {
        let due = NOON.plus(HOUR / 2);
        for (kind, center, many) in what {
            for case in 0..*many {
                let (said, now) = (self.said, self.now);
                // Orders go on, calls are others each time.
                let subject = if kind.starts_with("repair") { case } else { said };
                let event = format!(
                    r#"{{"specversion":"1.0","id":"{said}","source":"/desk","subject":"{center}-{subject}","type":"{kind}","time":"{now}",
                    "data":{{"center":"{center}","due":"{due}"}}}}"#
                );
                self.decoder.json(event.as_bytes()).expect("a good event");
                self.said += 1;
            }
        }
        self.monitor.apply(&self.decoder.take());
    }

    /// So many looks pass.
    fn look(&mut self, many: i64) {
        for _ in 0..many {
            self.now = self.now.plus(EVERY_MS);
            self.monitor.tick(self.now);
            self.monitor.watch(&mut self.alerts);
        }
    }

    /// Somebody answers for every second incident, as far as that can be.
    fn answer(&mut self, closes: bool) {
        let ids: Vec<u64> = self.alerts.ledger().all().map(|incident| incident.id).step_by(2).collect();
        for id in ids {
            let answer = Answer { id, closes, owner: "Li".to_owned(), note: "two more agents".to_owned() };
            let _ = self.alerts.answer(&answer, self.now);
        }
    }
}
