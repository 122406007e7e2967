//! The last rejected events, to be read by whoever looks for the fault. Nothing personal is kept: an event's name and the
//! reason, never its data.

use crate::clock::WallClock;
use crate::domain::time::timestamp::Timestamp;
use crate::ingest::decode::json_depth::is_too_deep;
use serde::Serialize;
use sonic_rs::JsonValueTrait;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many rejected events are remembered; an older one makes room for the next.
pub const REJECTED_EVENTS_MAX: usize = 1_000;

/// The longest name or reason that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// A rejected event, as far as it could be read.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RejectedEvent {
    /// When it came.
    pub at: Timestamp,
    /// Its `source`.
    pub source: Option<String>,
    /// Its `id`.
    pub id: Option<String>,
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What is wrong with it.
    pub error: String,
}

impl RejectedEvent {
    /// A rejection of `json` for this reason.
    #[must_use]
    pub fn new(json: &[u8], id: Option<String>, error: String) -> RejectedEvent {
        // Whoever sends something else than UTF-8 is to be found as well; the parser is shown texts only.
        let json = String::from_utf8_lossy(json);
        let json = if is_too_deep(json.as_bytes()) { "" } else { &*json };
        RejectedEvent {
            at: WallClock::Wall.now(),
            source: text_attribute(json, "source"),
            id: id.map(truncate_text).or_else(|| text_attribute(json, "id")),
            kind: text_attribute(json, "type"),
            error: truncate_text(error),
        }
    }
}

/// Remembers the last rejected events.
#[derive(Debug, Default)]
pub struct RejectedEvents(Mutex<RejectedEventLog>);

#[derive(Debug, Default)]
struct RejectedEventLog {
    total: u64,
    latest: VecDeque<RejectedEvent>,
}

impl RejectedEvents {
    /// Remembers these, of `total` that were rejected.
    pub fn record_rejected(&self, rejected: impl IntoIterator<Item = RejectedEvent>, total: u64) {
        let mut memory = self.lock();
        memory.total += total;
        for one in rejected {
            if memory.latest.len() == REJECTED_EVENTS_MAX {
                memory.latest.pop_front();
            }
            memory.latest.push_back(one);
        }
    }

    /// How many were rejected since the start, and the last of them, the newest first.
    #[must_use]
    pub fn newest_first(&self) -> (u64, Vec<RejectedEvent>) {
        let memory = self.lock();
        (memory.total, memory.latest.iter().rev().cloned().collect())
    }

    /// What was added before a panic is as good as ever.
    fn lock(&self) -> MutexGuard<'_, RejectedEventLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text attribute of an event that may be no event at all.
fn text_attribute(json: &str, name: &str) -> Option<String> {
    let value = sonic_rs::get(json, [name]).ok()?;
    value.as_str().map(|text| truncate_text(text.to_owned()))
}

fn truncate_text(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX - '…'.len_utf8())
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_source_of_event_that_is_not_utf8() {
        let (before, within) = (
            b"{\"caf\xe9\":1,\"source\":\"/desk\",\"id\":\"7\"}",
            b"{\"source\":\"caf\xe9\",\"id\":\"7\",\"\xff",
        );
        for (json, source) in [(&before[..], "/desk"), (&within[..], "caf\u{fffd}")] {
            let rejected = RejectedEvent::new(json, None, "it is not UTF-8".to_owned());
            assert_eq!(
                (rejected.source.as_deref(), rejected.id.as_deref()),
                (Some(source), Some("7")),
                "{json:?}"
            );
        }
    }

    /// Wherever a byte is spoilt or the text ends, there is a rejection to read.
    #[test]
    fn records_rejection_for_any_bytes() {
        let whole = r#"{"id":"\u5408 7","source":"/前台","type":"call.offered","data":{"center":["北",1.5e3,null,true]}}"#.as_bytes();
        for at in 0..whole.len() {
            for spoilt in [0x00, b'"', b'\\', b'{', 0x80, 0xC3, 0xED, 0xFF] {
                let mut bytes = whole.to_vec();
                bytes[at] = spoilt;
                for json in [&bytes, &bytes[..=at], &bytes[at..]] {
                    let rejected = RejectedEvent::new(json, None, "why".to_owned());
                    assert_eq!(rejected.error, "why");
                }
            }
        }
    }
}
