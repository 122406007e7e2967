//! Frames: what a client of the live board is sent, as JSON. Clients that ask for the same share the same bytes.

use super::filter::Filter;
use crate::domain::board::{Key, Written, WrittenKey};
use crate::domain::time::Timestamp;
use crate::edition::Edition;
use axum::body::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// How many different frames are kept of one edition; whoever asks for another one gets it made anew.
const KEPT: usize = 64;

/// Which frame of an edition: for which readings, since which revision (`None`: the whole board).
type Request = (Arc<Filter>, Option<u64>);

/// The frames of the newest edition that were asked for.
#[derive(Debug, Default)]
pub struct Frames(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    edition: Option<Arc<Edition>>,
    written: BTreeMap<Request, Arc<OnceCell<Sent>>>,
}

/// A frame that is written, once for all who are sent it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// A message as servers send it over a WebSocket: a header, then the text.
    message: Bytes,
    /// How long the header is.
    header: usize,
    /// What an event of a stream says before the text.
    event: Bytes,
}

impl Sent {
    /// A frame of this text, written for every way that it may go; `id` is where a client that has it stands.
    #[must_use]
    pub fn new(text: &str, id: &str) -> Sent {
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let length = header.len(text.len() as u64);
        let mut message = Vec::with_capacity(length + text.len());
        // Memory takes whatever is written.
        let _ = header.format(text.len() as u64, &mut message);
        message.extend_from_slice(text.as_bytes());
        Sent { message: message.into(), header: length, event: format!("id: {id}\ndata: ").into() }
    }

    /// The whole message of a WebSocket, header and all.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The parts of an event of a stream. The text is not copied.
    #[must_use]
    pub fn event(&self) -> [Bytes; 3] {
        [self.event.clone(), self.message.slice(self.header..), Bytes::from_static(b"\n\n")]
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame<'a> {
    Board {
        #[serde(flatten)]
        head: Head<'a>,
        readings: Vec<Written<'a>>,
    },
    Delta {
        #[serde(flatten)]
        head: Head<'a>,
        from: u64,
        readings: Vec<Written<'a>>,
        gone: Vec<WrittenKey<'a>>,
    },
    Beat {
        #[serde(flatten)]
        head: Head<'a>,
    },
}

/// What every frame says.
#[derive(Serialize)]
struct Head<'a> {
    epoch: &'a str,
    revision: u64,
    as_of: Option<Timestamp>,
    /// How many seconds the machine's clock is ahead of `as_of`; only there while it is doubted.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_off: Option<f64>,
}

impl Frames {
    /// A frame: the board, or what changed since a revision, or that nothing did.
    pub async fn frame(self: Arc<Self>, edition: Arc<Edition>, filter: Arc<Filter>, since: Option<u64>) -> Sent {
        let cell = self.cell(&edition, &filter, since);
        // A large board takes many milliseconds, which other connections should not have to wait; those who want the same do.
        let make = move || {
            let id = format!("{}/{}", edition.epoch, edition.board.revision);
            Sent::new(&write(&edition, &filter, since), &id)
        };
        cell.get_or_init(|| async { tokio::task::spawn_blocking(make).await.unwrap_or_default() }).await.clone()
    }

    fn cell(&self, edition: &Arc<Edition>, filter: &Arc<Filter>, since: Option<u64>) -> Arc<OnceCell<Sent>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.edition.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, edition)) {
            *kept = Kept { edition: Some(edition.clone()), written: BTreeMap::new() };
        }
        let request = (filter.clone(), since);
        match kept.written.get(&request) {
            Some(cell) => cell.clone(),
            None => {
                let cell = Arc::default();
                if kept.written.len() < KEPT {
                    kept.written.insert(request, Arc::clone(&cell));
                }
                cell
            }
        }
    }
}

/// Writes a frame. A revision that the edition does not reach back to gets the whole board.
#[must_use]
pub fn write(edition: &Edition, filter: &Filter, since: Option<u64>) -> String {
    let board = &*edition.board;
    let revision = board.revision;
    let clock_off = (edition.clock_off_ms != 0).then_some(edition.clock_off_ms as f64 / 1_000.0);
    let head = Head { epoch: &edition.epoch, revision, as_of: board.as_of, clock_off };
    let wanted = |key: &Key| filter.fits(key, board);
    let frame = match since.filter(|since| edition.reaches_back_to(*since)) {
        None => {
            let readings = board.readings.iter().filter(|reading| wanted(&reading.key)).map(|reading| board.written(reading)).collect();
            Frame::Board { head, readings }
        }
        Some(same) if same == revision => Frame::Beat { head },
        Some(from) => {
            let readings =
                edition.changed_since(from).filter(|reading| wanted(&reading.key)).map(|reading| board.written(reading)).collect();
            let gone = edition.gone_since(from).filter(|key| wanted(key)).map(|key| board.written_key(key)).collect();
            Frame::Delta { head, from, readings, gone }
        }
    };
    // Only a map with keys that are no texts could fail, and there is none.
    serde_json::to_string(&frame).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::grant::View;
    use crate::domain::monitor::Monitor;
    use crate::publish::filter::Wanted;
    use crate::standard::{BUILT_IN, read};

    #[tokio::test]
    async fn so_many_frames_are_kept_at_most_and_only_of_the_newest_edition() {
        let standard = Arc::new(read("s.toml", BUILT_IN).expect("a good standard"));
        let board = Monitor::new(standard.clone(), None).board();
        let filter = Arc::new(Filter::new(&Wanted::default(), &Arc::<View>::default(), &standard).expect("a filter"));
        let mut edition = Arc::new(Edition::first("e".into(), standard, board, false, 1));
        let frames = Arc::new(Frames::default());
        let kept = |frames: &Frames| frames.0.lock().expect("no panic").written.len();
        for _ in 0..3 {
            // Each asks from where it stopped.
            for since in 0..2 * KEPT as u64 {
                frames.clone().frame(edition.clone(), filter.clone(), Some(since)).await;
            }
            assert_eq!(kept(&frames), KEPT);
            let old = Arc::downgrade(&edition);
            edition = Arc::new(edition.next((*edition.board).clone(), false));
            frames.clone().frame(edition.clone(), filter.clone(), None).await;
            assert!(kept(&frames) == 1 && old.upgrade().is_none(), "what was of the old one is gone");
        }
    }

    #[test]
    fn a_frame_is_the_same_text_whatever_way_it_goes() {
        // RFC 6455, 5.2: a length of 7 bits, of 16, of 64.
        for (length, header) in [(125, vec![0x81, 125]), (126, vec![0x81, 126, 0, 126]), (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])]
        {
            let text = "x".repeat(length);
            let sent = Sent::new(&text, "e/1");
            assert_eq!(sent.message(), [&header[..], text.as_bytes()].concat());
            assert_eq!(sent.event().concat(), format!("id: e/1\ndata: {text}\n\n").as_bytes());
        }
    }
}
