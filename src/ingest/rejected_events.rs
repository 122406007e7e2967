//! List of the latest rejected events, for troubleshooting, and of those accepted without one of
//! their fields. It holds an event's identity and the reason, never its data, so it contains no
//! personal data.

use crate::clock::WallClock;
use crate::domain::time::timestamp::Timestamp;
use crate::ingest::decode::DroppedField;
use crate::ingest::decode::json_depth::is_too_deep;
use serde::Serialize;
use sonic_rs::JsonValueTrait;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of rejected events held; the oldest is dropped first.
pub const REJECTED_EVENTS_MAX: usize = 1_000;

/// Maximum length of an attribute or a reason, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// A rejected event with the attributes that could be read.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RejectedEvent {
    /// Time of receipt.
    pub at: Timestamp,
    /// CloudEvents `source`.
    pub source: Option<String>,
    /// CloudEvents `id`.
    pub id: Option<String>,
    /// CloudEvents `type`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Reason of the rejection, or the field that the event was accepted without.
    pub error: String,
    /// True if the event was accepted without a field.
    pub accepted: bool,
}

impl RejectedEvent {
    /// Returns a rejection of the event `json` for the reason `error`. Without `id` the id is read
    /// from `json`.
    #[must_use]
    pub fn new(json: &[u8], id: Option<String>, error: String) -> RejectedEvent {
        // The parser takes only UTF-8, but the source of other input must be visible, too.
        let json = String::from_utf8_lossy(json);
        let json = if is_too_deep(json.as_bytes()) { "" } else { &*json };
        RejectedEvent {
            at: WallClock::Wall.now(),
            source: text_attribute(json, "source"),
            id: id.map(truncate_text).or_else(|| text_attribute(json, "id")),
            kind: text_attribute(json, "type"),
            error: truncate_text(error),
            accepted: false,
        }
    }

    /// Returns an entry for the event `json` that was accepted without a field.
    #[must_use]
    pub fn accepted_without(json: &[u8], dropped: &DroppedField) -> RejectedEvent {
        let error = format!("accepted without `{}`: {}", dropped.field, dropped.warning);
        RejectedEvent { accepted: true, ..RejectedEvent::new(json, None, error) }
    }
}

/// Bounded list of the latest rejected events.
#[derive(Debug, Default)]
pub struct RejectedEvents(Mutex<RejectedEventLog>);

#[derive(Debug, Default)]
struct RejectedEventLog {
    total: u64,
    latest: VecDeque<RejectedEvent>,
}

impl RejectedEvents {
    /// Adds `rejected` to the list and `total` to the count.
    pub fn record_rejected(&self, rejected: impl IntoIterator<Item = RejectedEvent>, total: u64) {
        let mut log = self.lock();
        log.total += total;
        for event in rejected {
            if log.latest.len() == REJECTED_EVENTS_MAX {
                log.latest.pop_front();
            }
            log.latest.push_back(event);
        }
    }

    /// Returns the number of rejected events since the start, and the latest ones, newest first.
    #[must_use]
    pub fn newest_first(&self) -> (u64, Vec<RejectedEvent>) {
        let log = self.lock();
        (log.total, log.latest.iter().rev().cloned().collect())
    }

    /// Locks the list. A panic cannot leave it inconsistent, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, RejectedEventLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a text attribute of `json`, or `None` if there is none or `json` is invalid.
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

    /// Corrupts and truncates an event at each byte.
    #[test]
    fn records_rejection_for_any_bytes() {
        let whole = concat!(
            r#"{"id":"\u5408 7","source":"/前台","type":"call.offered","#,
            r#""data":{"center":["北",1.5e3,null,true]}}"#
        )
        .as_bytes();
        for at in 0..whole.len() {
            for corrupt in [0x00, b'"', b'\\', b'{', 0x80, 0xC3, 0xED, 0xFF] {
                let mut bytes = whole.to_vec();
                bytes[at] = corrupt;
                for json in [&bytes, &bytes[..=at], &bytes[at..]] {
                    let rejected = RejectedEvent::new(json, None, "why".to_owned());
                    assert_eq!(rejected.error, "why");
                }
            }
        }
    }
}
