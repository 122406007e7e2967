//! JSON frames of the live board. Clients with the same request share the same bytes.

use crate::domain::board::board_json::{ReadingJson, ReadingKeyJson};
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::board::reading::ReadingKey;
use crate::domain::time::timestamp::Timestamp;
use crate::publish::reading_filter::ReadingFilter;
use axum::body::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Maximum number of cached frames per board. Further frames are encoded on every request.
const CACHED_FRAMES_MAX: usize = 64;

/// Key of a cached frame: filter and known revision, or `None` for the whole board.
type FrameKey = (Arc<ReadingFilter>, Option<u64>);

/// Cache of the requested frames of the newest board.
#[derive(Debug, Default)]
pub struct FrameCache(Mutex<CachedFrames>);

#[derive(Debug, Default)]
struct CachedFrames {
    board: Option<Arc<PublishedBoard>>,
    frames: BTreeMap<FrameKey, Arc<OnceCell<EncodedFrame>>>,
}

/// A frame encoded once for all its receivers.
#[derive(Clone, Debug, Default)]
pub struct EncodedFrame {
    /// The WebSocket message of a server: frame header and text.
    message: Bytes,
    /// Length of the header in bytes.
    header: usize,
    /// The lines of a server-sent event before the text.
    event_prefix: Bytes,
}

impl EncodedFrame {
    /// Encodes a text for both transports. `id` is the position at which a client can resume.
    #[must_use]
    pub fn new(text: &str, id: &str) -> EncodedFrame {
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let length = header.len(text.len() as u64);
        let mut message = Vec::with_capacity(length + text.len());
        // Writing to memory cannot fail.
        let _ = header.format(text.len() as u64, &mut message);
        message.extend_from_slice(text.as_bytes());
        EncodedFrame {
            message: message.into(),
            header: length,
            event_prefix: format!("id: {id}\ndata: ").into(),
        }
    }

    /// Returns the WebSocket message including its header.
    #[must_use]
    pub fn websocket_message(&self) -> &[u8] {
        &self.message
    }

    /// Returns the parts of a server-sent event. The text is not copied.
    #[must_use]
    pub fn event_parts(&self) -> [Bytes; 3] {
        [self.event_prefix.clone(), self.message.slice(self.header..), Bytes::from_static(b"\n\n")]
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BoardFrame<'a> {
    Board {
        #[serde(flatten)]
        head: BoardFrameHead<'a>,
        readings: Vec<ReadingJson<'a>>,
    },
    Delta {
        #[serde(flatten)]
        head: BoardFrameHead<'a>,
        from: u64,
        readings: Vec<ReadingJson<'a>>,
        gone: Vec<ReadingKeyJson<'a>>,
    },
    Beat {
        #[serde(flatten)]
        head: BoardFrameHead<'a>,
    },
}

/// Fields of every frame.
#[derive(Serialize)]
struct BoardFrameHead<'a> {
    epoch: &'a str,
    revision: u64,
    as_of: Option<Timestamp>,
    /// Seconds by which the wall clock is ahead of `as_of`; present only while a clock step is
    /// unconfirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_off: Option<f64>,
    /// Calendars without further holidays; present only if there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calendars_ended: Vec<EndedCalendarJson<'a>>,
}

/// Calendar whose holidays have ended.
#[derive(Serialize)]
struct EndedCalendarJson<'a> {
    calendar: &'a str,
    /// Last day of the last year with holidays.
    last_day: String,
}

impl FrameCache {
    /// Returns the frame of a request: the board, the changes since a revision, or a heartbeat.
    pub async fn get_or_encode(
        self: Arc<Self>,
        published: Arc<PublishedBoard>,
        filter: Arc<ReadingFilter>,
        since: Option<u64>,
    ) -> EncodedFrame {
        let cell = self.frame_cell(&published, &filter, since);
        // Encoding a large board takes many milliseconds and must not block other connections.
        let encode = move || {
            let id = format!("{}/{}", published.epoch, published.board.revision);
            EncodedFrame::new(&write_frame(&published, &filter, since), &id)
        };
        cell.get_or_init(|| async { tokio::task::spawn_blocking(encode).await.unwrap_or_default() })
            .await
            .clone()
    }

    fn frame_cell(
        &self,
        published: &Arc<PublishedBoard>,
        filter: &Arc<ReadingFilter>,
        since: Option<u64>,
    ) -> Arc<OnceCell<EncodedFrame>> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !cached.board.as_ref().is_some_and(|board| Arc::ptr_eq(board, published)) {
            *cached = CachedFrames { board: Some(published.clone()), frames: BTreeMap::new() };
        }
        let request = (filter.clone(), since);
        match cached.frames.get(&request) {
            Some(cell) => cell.clone(),
            None => {
                let cell = Arc::default();
                if cached.frames.len() < CACHED_FRAMES_MAX {
                    cached.frames.insert(request, Arc::clone(&cell));
                }
                cell
            }
        }
    }
}

/// Writes a frame as JSON. A revision older than the board's history gets the whole board.
#[must_use]
pub fn write_frame(
    published: &PublishedBoard,
    filter: &ReadingFilter,
    since: Option<u64>,
) -> String {
    let board = &*published.board;
    let revision = board.revision;
    let clock_off =
        (published.clock_offset_ms != 0).then_some(published.clock_offset_ms as f64 / 1_000.0);
    let ended = published.standard.ended_calendars(board.as_of).filter_map(|calendar| {
        let last_day = calendar.last_day?.to_string();
        Some(EndedCalendarJson { calendar: &calendar.name, last_day })
    });
    let head = BoardFrameHead {
        epoch: &published.epoch,
        revision,
        as_of: board.as_of,
        clock_off,
        calendars_ended: ended.collect(),
    };
    let matches = |key: &ReadingKey| filter.matches_key(key, board);
    let frame = match since.filter(|since| published.can_list_changes_since(*since)) {
        None => {
            let readings = board
                .readings
                .iter()
                .filter(|reading| matches(&reading.key))
                .map(|reading| board.reading_json(reading))
                .collect();
            BoardFrame::Board { head, readings }
        }
        Some(known) if known == revision => BoardFrame::Beat { head },
        Some(from) => {
            let readings = published
                .changed_since(from)
                .filter(|reading| matches(&reading.key))
                .map(|reading| board.reading_json(reading))
                .collect();
            let gone = published
                .removed_since(from)
                .filter(|key| matches(key))
                .map(|key| board.key_json(key))
                .collect();
            BoardFrame::Delta { head, from, readings, gone }
        }
    };
    // Serialization fails only for maps with non-text keys, and frames contain none.
    serde_json::to_string(&frame).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::grant::GrantedView;
    use crate::domain::monitor::Monitor;
    use crate::publish::reading_filter::FilterRequest;
    use crate::standard_file::{BUILT_IN, parse_standard};

    #[tokio::test]
    async fn caches_limited_frames_of_newest_board_only() {
        let standard = Arc::new(parse_standard("s.toml", BUILT_IN).expect("a valid standard"));
        let board = Monitor::new(standard.clone(), None).compute_board();
        let filter = Arc::new(
            ReadingFilter::new(
                &FilterRequest::default(),
                &Arc::<GrantedView>::default(),
                &standard,
            )
            .expect("a valid filter"),
        );
        let mut published =
            Arc::new(PublishedBoard::first_of_run("e".into(), standard, board, false, 1));
        let frames = Arc::new(FrameCache::default());
        let cached_frames =
            |frames: &FrameCache| frames.0.lock().expect("no test task panics").frames.len();
        for _ in 0..3 {
            // Each client requests the changes since a different revision.
            for since in 0..2 * CACHED_FRAMES_MAX as u64 {
                frames.clone().get_or_encode(published.clone(), filter.clone(), Some(since)).await;
            }
            assert_eq!(cached_frames(&frames), CACHED_FRAMES_MAX);
            let old = Arc::downgrade(&published);
            published = Arc::new(published.next_revision((*published.board).clone(), false));
            frames.clone().get_or_encode(published.clone(), filter.clone(), None).await;
            assert!(
                cached_frames(&frames) == 1 && old.upgrade().is_none(),
                "frames of the previous board are dropped"
            );
        }
    }

    #[test]
    fn frames_name_calendars_without_further_holidays() {
        let text = format!(
            "{BUILT_IN}\n[calendar.field]\nweek = {{ mon-fri = ['08:00-18:00'] }}\n\
             holidays = [2026-10-01]\n"
        );
        let standard = Arc::new(parse_standard("s.toml", &text).expect("a valid standard"));
        let filter = ReadingFilter::new(
            &FilterRequest::default(),
            &Arc::<GrantedView>::default(),
            &standard,
        )
        .expect("a valid filter");
        let mut board = Monitor::new(standard.clone(), None).compute_board();
        // The default zone of the standard is that of Shanghai.
        for (as_of, expected) in [
            (None, serde_json::Value::Null),
            (Some("2026-12-31T23:59:59+08:00"), serde_json::Value::Null),
            (
                Some("2027-01-01T00:00:00+08:00"),
                serde_json::json!([{ "calendar": "field", "last_day": "2026-12-31" }]),
            ),
        ] {
            board.as_of = as_of.map(|time| Timestamp::parse(time).expect("valid time"));
            let published =
                PublishedBoard::first_of_run("e".into(), standard.clone(), board.clone(), false, 1);
            for since in [None, Some(1)] {
                let frame: serde_json::Value =
                    serde_json::from_str(&write_frame(&published, &filter, since))
                        .expect("a frame");
                assert_eq!(frame["calendars_ended"], expected, "{as_of:?}");
            }
        }
    }

    #[test]
    fn frame_text_is_identical_over_both_transports() {
        // RFC 6455, section 5.2: payload lengths of 7, 16 and 64 bits.
        for (length, header) in [
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "x".repeat(length);
            let sent = EncodedFrame::new(&text, "e/1");
            assert_eq!(sent.websocket_message(), [&header[..], text.as_bytes()].concat());
            assert_eq!(
                sent.event_parts().concat(),
                format!("id: e/1\ndata: {text}\n\n").as_bytes()
            );
        }
    }
}
