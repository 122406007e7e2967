//! What senders send: bodies of events, each event with an id of its own, so that one look at a body tells whether it was taken.

use firstline::domain::events::batch::Batch;
use firstline::domain::standard::{EventSchema, Standard};
use firstline::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

const KEYS: HashKeys = HashKeys { seed: 7, customer: [7; 16] };

/// How far back good events lie at most: with all that the clock does in a history that is well within the horizon.
const LATENESS_MAX_MS: i64 = 90 * MINUTE;

/// Events that are sent together, and taken together or not at all.
#[derive(Clone, Debug)]
pub(crate) struct EventBody {
    lines: Vec<String>,
    /// What the board showed when it was made.
    pub(crate) made_at: Timestamp,
    /// How many of its events are new when it is taken for the first time.
    pub(crate) new_event_count: u64,
    /// The places of the events that are beyond the horizon or ahead of every clock: they are refused whenever they are sent.
    pub(crate) refused: Vec<usize>,
}

impl EventBody {
    /// The body of this number, made when the board showed this time.
    pub(crate) fn new(number: usize, now: Timestamp, chance: &mut ChaCha8Rng) -> EventBody {
        let mut body =
            EventBody { lines: Vec::new(), made_at: now, new_event_count: 0, refused: Vec::new() };
        for place in 0..chance.random_range(1..7) {
            if place > 0 && chance.random_ratio(1, 10) {
                body.refused.push(body.lines.len());
                let off = if chance.random() { -5 * 24 * HOUR } else { 8 * HOUR };
                body.lines.push(event_line(number, place, now.plus_millis(off), chance));
            } else {
                body.new_event_count += 1;
                body.lines.push(event_line(
                    number,
                    place,
                    now.plus_millis(-chance.random_range(0..LATENESS_MAX_MS)),
                    chance,
                ));
            }
        }
        if chance.random_ratio(1, 5) {
            // Said twice in the same breath; what is refused is refused twice.
            let twice = chance.random_range(0..body.lines.len());
            if body.refused.contains(&twice) {
                body.refused.push(body.lines.len());
            }
            body.lines.push(body.lines[twice].clone());
        }
        body
    }

    /// How many events it has.
    pub(crate) fn event_count(&self) -> usize {
        self.lines.len()
    }

    /// Its events as this schema understands them.
    pub(crate) fn decode_events(&self, schema: &Arc<EventSchema>) -> Batch {
        let mut decoder = EventDecoder::new(schema.clone(), KEYS);
        for line in &self.lines {
            decoder.decode_json(line.as_bytes()).expect("a good event");
        }
        decoder.take_batch()
    }

    /// The identity of its first event, which no other body has, in a journal of any standard.
    pub(crate) fn first_identity(&self, standard: &Standard) -> u64 {
        self.decode_events(&Arc::new(standard.schema.clone())).events[0].id.0
    }
}

/// An event of one of a few cases.
fn event_line(body: usize, place: usize, time: Timestamp, chance: &mut ChaCha8Rng) -> String {
    const KINDS: [&str; 6] = [
        "call.offered",
        "call.answered",
        "call.abandoned",
        "call.ended",
        "repair.opened",
        "repair.resolved",
    ];
    let kind = KINDS[chance.random_range(0..KINDS.len())];
    let subject = chance.random_range(0..12);
    let center = ["hefei", "wuhu"][subject % 2];
    let queue = ["broadband", "business", "mobile"][chance.random_range(0..3)];
    format!(
        r#"{{"specversion":"1.0","id":"{body}/{place}","source":"/simulation","type":"{kind}","subject":"{subject}","time":"{time}","data":{{"center":"{center}","queue":"{queue}"}}}}"#
    )
}
