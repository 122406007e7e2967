//! The last rejected events, to be read by whoever looks for the fault. Nothing personal is kept: an event's name and the
//! reason, never its data.

use super::depth::too_deep;
use crate::domain::time::Timestamp;
use crate::engine::clock::Clock;
use serde::Serialize;
use sonic_rs::JsonValueTrait;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many rejected events are remembered; an older one makes room for the next.
pub const REMEMBERED: usize = 1_000;

/// The longest name or reason that is kept, in bytes.
const TEXT_BYTES: usize = 200;

/// A rejected event, as far as it could be read.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Rejected {
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

impl Rejected {
    /// A rejection of `json` for this reason.
    #[must_use]
    pub fn new(json: &[u8], id: Option<String>, error: String) -> Rejected {
        // Whoever sends something else than UTF-8 is to be found as well; the parser is shown texts only.
        let json = String::from_utf8_lossy(json);
        let json = if too_deep(json.as_bytes()) { "" } else { &*json };
        Rejected {
            at: Clock::Wall.now(),
            source: text_of(json, "source"),
            id: id.map(cut).or_else(|| text_of(json, "id")),
            kind: text_of(json, "type"),
            error: cut(error),
        }
    }
}

/// Remembers the last rejected events.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    total: u64,
    last: VecDeque<Rejected>,
}

impl Memory {
    /// Remembers these, of `total` that were rejected.
    pub fn add(&self, rejected: impl IntoIterator<Item = Rejected>, total: u64) {
        let mut memory = self.lock();
        memory.total += total;
        for one in rejected {
            if memory.last.len() == REMEMBERED {
                memory.last.pop_front();
            }
            memory.last.push_back(one);
        }
    }

    /// How many were rejected since the start, and the last of them, the newest first.
    #[must_use]
    pub fn read(&self) -> (u64, Vec<Rejected>) {
        let memory = self.lock();
        (memory.total, memory.last.iter().rev().cloned().collect())
    }

    /// What was added before a panic is as good as ever.
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text attribute of an event that may be no event at all.
fn text_of(json: &str, name: &str) -> Option<String> {
    let value = sonic_rs::get(json, [name]).ok()?;
    value.as_str().map(|text| cut(text.to_owned()))
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        let end = (0..=TEXT_BYTES - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_something_else_than_utf_8_is_named_all_the_same() {
        let (before, within) = (b"{\"caf\xe9\":1,\"source\":\"/desk\",\"id\":\"7\"}", b"{\"source\":\"caf\xe9\",\"id\":\"7\",\"\xff");
        for (json, source) in [(&before[..], "/desk"), (&within[..], "caf\u{fffd}")] {
            let rejected = Rejected::new(json, None, "it is not UTF-8".to_owned());
            assert_eq!((rejected.source.as_deref(), rejected.id.as_deref()), (Some(source), Some("7")), "{json:?}");
        }
    }

    /// Wherever a byte is spoilt or the text ends, there is a rejection to read.
    #[test]
    fn no_bytes_are_beyond_it() {
        let whole = r#"{"id":"\u5408 7","source":"/前台","type":"call.offered","data":{"center":["北",1.5e3,null,true]}}"#.as_bytes();
        for at in 0..whole.len() {
            for spoilt in [0x00, b'"', b'\\', b'{', 0x80, 0xC3, 0xED, 0xFF] {
                let mut bytes = whole.to_vec();
                bytes[at] = spoilt;
                for json in [&bytes, &bytes[..=at], &bytes[at..]] {
                    let rejected = Rejected::new(json, None, "why".to_owned());
                    assert_eq!(rejected.error, "why");
                }
            }
        }
    }
}
