//! Request bodies of the simulated senders.
//!
//! Each event has a unique id, so the first event identifies its body in the journal.

use firstline::domain::events::batch::Batch;
use firstline::domain::standard::{EventSchema, Standard};
use firstline::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

const KEYS: HashKeys = HashKeys { seed: 7, customer: [7; 16] };

/// Maximum age of valid events in ms. It stays well within the horizon whatever the clock does.
const LATENESS_MAX_MS: i64 = 90 * MINUTE;

/// Events of one request. They are applied together or not at all.
#[derive(Clone, Debug)]
pub(crate) struct EventBody {
    lines: Vec<String>,
    /// Board time when the body was created.
    pub(crate) made_at: Timestamp,
    /// Number of events accepted when the body is first applied.
    pub(crate) new_event_count: u64,
    /// Indexes of events beyond the horizon or ahead of every clock. They are always refused.
    pub(crate) refused: Vec<usize>,
}

impl EventBody {
    /// Creates body `number` at board time `now`.
    pub(crate) fn new(number: usize, now: Timestamp, rng: &mut ChaCha8Rng) -> EventBody {
        let mut body =
            EventBody { lines: Vec::new(), made_at: now, new_event_count: 0, refused: Vec::new() };
        for index in 0..rng.random_range(1..7) {
            if index > 0 && rng.random_ratio(1, 10) {
                body.refused.push(body.lines.len());
                let offset = if rng.random() { -5 * 24 * HOUR } else { 8 * HOUR };
                body.lines.push(event_line(number, index, now.plus_millis(offset), rng));
            } else {
                body.new_event_count += 1;
                body.lines.push(event_line(
                    number,
                    index,
                    now.plus_millis(-rng.random_range(0..LATENESS_MAX_MS)),
                    rng,
                ));
            }
        }
        if rng.random_ratio(1, 5) {
            // Repeats an event within the body. A refused event is refused both times.
            let repeated = rng.random_range(0..body.lines.len());
            if body.refused.contains(&repeated) {
                body.refused.push(body.lines.len());
            }
            body.lines.push(body.lines[repeated].clone());
        }
        body
    }

    pub(crate) fn event_count(&self) -> usize {
        self.lines.len()
    }

    /// Decodes the events with `schema`.
    pub(crate) fn decode_events(&self, schema: &Arc<EventSchema>) -> Batch {
        let mut decoder = EventDecoder::new(schema.clone(), KEYS);
        for line in &self.lines {
            decoder.decode_json(line.as_bytes()).expect("a good event");
        }
        decoder.take_batch()
    }

    /// Identity of the first event. It is unique to the body and the same under every standard.
    pub(crate) fn first_identity(&self, standard: &Standard) -> u64 {
        self.decode_events(&Arc::new(standard.schema.clone())).events[0].id.0
    }
}

/// Returns an event as JSON. Its subject is one of twelve cases.
fn event_line(body: usize, index: usize, time: Timestamp, rng: &mut ChaCha8Rng) -> String {
    const KINDS: [&str; 6] = [
        "call.offered",
        "call.answered",
        "call.abandoned",
        "call.ended",
        "repair.opened",
        "repair.resolved",
    ];
    let kind = KINDS[rng.random_range(0..KINDS.len())];
    let subject = rng.random_range(0..12);
    let center = ["hefei", "wuhu"][subject % 2];
    let queue = ["broadband", "business", "mobile"][rng.random_range(0..3)];
    format!(
        r#"{{"specversion":"1.0","id":"{body}/{index}","source":"/simulation","type":"{kind}","subject":"{subject}","time":"{time}","data":{{"center":"{center}","queue":"{queue}"}}}}"#
    )
}
