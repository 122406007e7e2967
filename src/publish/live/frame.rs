//! Frames: what a client of the live board is sent, as JSON. Clients that ask for the same share the same bytes.

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

/// How many different frames are kept of one edition; whoever asks for another one gets it made anew.
const CACHED_FRAMES_MAX: usize = 64;

/// Which frame of an edition: for which readings, since which revision (`None`: the whole board).
type FrameKey = (Arc<ReadingFilter>, Option<u64>);

/// The frames of the newest edition that were asked for.
#[derive(Debug, Default)]
pub struct FrameCache(Mutex<CachedFrames>);

#[derive(Debug, Default)]
struct CachedFrames {
    board: Option<Arc<PublishedBoard>>,
    frames: BTreeMap<FrameKey, Arc<OnceCell<EncodedFrame>>>,
}

/// A frame that is written, once for all who are sent it.
#[derive(Clone, Debug, Default)]
pub struct EncodedFrame {
    /// A message as servers send it over a WebSocket: a header, then the text.
    message: Bytes,
    /// How long the header is.
    header: usize,
    /// What an event of a stream says before the text.
    event_prefix: Bytes,
}

impl EncodedFrame {
    /// A frame of this text, written for every way that it may go; `id` is where a client that has it stands.
    #[must_use]
    pub fn new(text: &str, id: &str) -> EncodedFrame {
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let length = header.len(text.len() as u64);
        let mut message = Vec::with_capacity(length + text.len());
        // Memory takes whatever is written.
        let _ = header.format(text.len() as u64, &mut message);
        message.extend_from_slice(text.as_bytes());
        EncodedFrame {
            message: message.into(),
            header: length,
            event_prefix: format!("id: {id}\ndata: ").into(),
        }
    }

    /// The whole message of a WebSocket, header and all.
    #[must_use]
    pub fn websocket_message(&self) -> &[u8] {
        &self.message
    }

    /// The parts of an event of a stream. The text is not copied.
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

/// What every frame says.
#[derive(Serialize)]
struct BoardFrameHead<'a> {
    epoch: &'a str,
    revision: u64,
    as_of: Option<Timestamp>,
    /// How many seconds the machine's clock is ahead of `as_of`; only there while it is doubted.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_off: Option<f64>,
}

impl FrameCache {
    /// A frame: the board, or what changed since a revision, or that nothing did.
    pub async fn get_or_encode(
        self: Arc<Self>,
        edition: Arc<PublishedBoard>,
        filter: Arc<ReadingFilter>,
        since: Option<u64>,
    ) -> EncodedFrame {
        let cell = self.frame_cell(&edition, &filter, since);
        // A large board takes many milliseconds, which other connections should not have to wait; those who want the same do.
        let make = move || {
            let id = format!("{}/{}", edition.epoch, edition.board.revision);
            EncodedFrame::new(&write_frame(&edition, &filter, since), &id)
        };
        cell.get_or_init(|| async { tokio::task::spawn_blocking(make).await.unwrap_or_default() })
            .await
            .clone()
    }

    fn frame_cell(
        &self,
        edition: &Arc<PublishedBoard>,
        filter: &Arc<ReadingFilter>,
        since: Option<u64>,
    ) -> Arc<OnceCell<EncodedFrame>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.board.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, edition)) {
            *kept = CachedFrames { board: Some(edition.clone()), frames: BTreeMap::new() };
        }
        let request = (filter.clone(), since);
        match kept.frames.get(&request) {
            Some(cell) => cell.clone(),
            None => {
                let cell = Arc::default();
                if kept.frames.len() < CACHED_FRAMES_MAX {
                    kept.frames.insert(request, Arc::clone(&cell));
                }
                cell
            }
        }
    }
}

/// Writes a frame. A revision that the edition does not reach back to gets the whole board.
#[must_use]
pub fn write_frame(edition: &PublishedBoard, filter: &ReadingFilter, since: Option<u64>) -> String {
    let board = &*edition.board;
    let revision = board.revision;
    let clock_off =
        (edition.clock_offset_ms != 0).then_some(edition.clock_offset_ms as f64 / 1_000.0);
    let head = BoardFrameHead { epoch: &edition.epoch, revision, as_of: board.as_of, clock_off };
    let wanted = |key: &ReadingKey| filter.matches_key(key, board);
    let frame = match since.filter(|since| edition.can_list_changes_since(*since)) {
        None => {
            let readings = board
                .readings
                .iter()
                .filter(|reading| wanted(&reading.key))
                .map(|reading| board.reading_json(reading))
                .collect();
            BoardFrame::Board { head, readings }
        }
        Some(same) if same == revision => BoardFrame::Beat { head },
        Some(from) => {
            let readings = edition
                .changed_since(from)
                .filter(|reading| wanted(&reading.key))
                .map(|reading| board.reading_json(reading))
                .collect();
            let gone = edition
                .removed_since(from)
                .filter(|key| wanted(key))
                .map(|key| board.key_json(key))
                .collect();
            BoardFrame::Delta { head, from, readings, gone }
        }
    };
    // Only a map with keys that are no texts could fail, and there is none.
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
        let standard = Arc::new(parse_standard("s.toml", BUILT_IN).expect("a good standard"));
        let board = Monitor::new(standard.clone(), None).compute_board();
        let filter = Arc::new(
            ReadingFilter::new(
                &FilterRequest::default(),
                &Arc::<GrantedView>::default(),
                &standard,
            )
            .expect("a filter"),
        );
        let mut edition =
            Arc::new(PublishedBoard::first_of_run("e".into(), standard, board, false, 1));
        let frames = Arc::new(FrameCache::default());
        let kept = |frames: &FrameCache| frames.0.lock().expect("no panic").frames.len();
        for _ in 0..3 {
            // Each asks from where it stopped.
            for since in 0..2 * CACHED_FRAMES_MAX as u64 {
                frames.clone().get_or_encode(edition.clone(), filter.clone(), Some(since)).await;
            }
            assert_eq!(kept(&frames), CACHED_FRAMES_MAX);
            let old = Arc::downgrade(&edition);
            edition = Arc::new(edition.next_revision((*edition.board).clone(), false));
            frames.clone().get_or_encode(edition.clone(), filter.clone(), None).await;
            assert!(
                kept(&frames) == 1 && old.upgrade().is_none(),
                "what was of the old one is gone"
            );
        }
    }

    #[test]
    fn frame_text_is_identical_over_both_transports() {
        // RFC 6455, 5.2: a length of 7 bits, of 16, of 64.
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
