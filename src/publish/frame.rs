//! Frames: what a client of the live board is sent, as JSON. Clients that ask for the same share the same text.

use super::filter::Filter;
use crate::domain::board::{Key, Written, WrittenKey};
use crate::domain::time::Timestamp;
use crate::edition::Edition;
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How many different texts are kept of one edition; whoever asks for another one gets it made anew.
const KEPT: usize = 64;

/// Which frame of an edition: for which readings, since which revision (`None`: the whole board).
type Request = (Filter, Option<u64>);

/// The frames of the newest edition that were asked for.
#[derive(Debug, Default)]
pub struct Frames(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    edition: Option<Arc<Edition>>,
    texts: BTreeMap<Request, Arc<OnceLock<Utf8Bytes>>>,
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
    /// The text of a frame: the board, or what changed since a revision, or that nothing did.
    pub async fn text(self: Arc<Self>, edition: Arc<Edition>, filter: Arc<Filter>, since: Option<u64>) -> Utf8Bytes {
        let cell = self.cell(&edition, &filter, since);
        if let Some(text) = cell.get() {
            return text.clone();
        }
        // A large board takes many milliseconds, which other connections should not have to wait.
        let make = move || cell.get_or_init(|| write(&edition, &filter, since).into()).clone();
        tokio::task::spawn_blocking(make).await.unwrap_or_default()
    }

    fn cell(&self, edition: &Arc<Edition>, filter: &Filter, since: Option<u64>) -> Arc<OnceLock<Utf8Bytes>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.edition.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, edition)) {
            *kept = Kept { edition: Some(edition.clone()), texts: BTreeMap::new() };
        }
        let request = (filter.clone(), since);
        match kept.texts.get(&request) {
            Some(cell) => cell.clone(),
            None => {
                let cell = Arc::default();
                if kept.texts.len() < KEPT {
                    kept.texts.insert(request, Arc::clone(&cell));
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
