//! Events over HTTP: a body, read in bounded pieces, becomes batches for the engine and an answer for the sender.
//!
//! A JSON body is taken as a whole or not at all. Lines (NDJSON) are taken piece by piece as they come, so a body may break
//! off after some of it was taken; sending it again is safe, for what was taken then counts as duplicates.
//!
//! The engine being busy is told to the sender before anything is taken. Later pieces of the same body wait, and so does
//! the sender, through TCP.

pub mod delivery;
pub mod media;
mod pace;
pub mod unpack;

use self::delivery::{Delivery, Taken};
use self::media::{Form, Media};
use self::pace::Chunks;
use self::unpack::Unpacker;
use super::depth;
use super::rejected::Memory;
use super::wire::{Decoder, Keys, LONGEST_EVENT};
use crate::access::grant::Sources;
use crate::domain::event::CaseKey;
use crate::engine::feed::{Feed, Refused};
use crate::engine::status::Status;
use axum::body::Body;
use axum::http::HeaderMap;
use bytes::BytesMut;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many bodies are read at the same time. One more is told to come back; so memory is bounded.
const UPLOADS: usize = 64;
/// How many packed bytes are unpacked at a time: a thousand times as many may come out.
const SLICE_BYTES: usize = 4 << 10;
/// How many decoders are kept for the next bodies.
const DECODERS: usize = 8;
/// How many events are sent to the engine at once.
const PIECE_EVENTS: usize = 1_024;
/// How many bytes of lines are kept at most before they are sent, however few events they are.
const PIECE_BYTES: usize = 1 << 20;

/// Everything that taking events needs.
#[derive(Debug)]
pub struct Intake {
    feed: Feed,
    keys: Keys,
    body_bytes: usize,
    rejected: Arc<Memory>,
    uploads: Semaphore,
    /// Decoders that know already how producers write and what their events belong to.
    decoders: Mutex<Vec<Decoder>>,
}

/// Why a body was not taken, or not all of it.
#[derive(Debug)]
pub struct Failure {
    /// What kind of failure it is.
    pub cause: Cause,
    /// What was wrong, for the sender.
    pub detail: String,
    /// What had been taken before.
    pub taken: Taken,
}

/// Kinds of failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The body cannot be read.
    Unreadable,
    /// The sender fell silent, or is too slow.
    Silent,
    /// The body is too long.
    TooLarge,
    /// Nobody reads this kind of body.
    Media,
    /// There is more to do than can be done.
    Overloaded,
    /// The service is starting or stopping, or its journal cannot be written.
    Unavailable,
}

impl Failure {
    fn new(cause: Cause, detail: impl Into<String>) -> Failure {
        Failure { cause, detail: detail.into(), taken: Taken::default() }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        let cause = match refused {
            Refused::Full => Cause::Overloaded,
            Refused::Stopping | Refused::Unwritten(_) => Cause::Unavailable,
        };
        Failure::new(cause, refused.to_string())
    }
}

impl Intake {
    /// What takes events and feeds them to an engine.
    #[must_use]
    pub fn new(feed: Feed, keys: Keys, body_bytes: usize, rejected: Arc<Memory>) -> Intake {
        Intake { feed, keys, body_bytes, rejected, uploads: Semaphore::new(UPLOADS), decoders: Mutex::default() }
    }

    /// What identifies the case of a source with this subject.
    #[must_use]
    pub fn case(&self, source: &str, subject: &str) -> CaseKey {
        self.keys.case(source, subject)
    }

    /// The way into the engine, for questions.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// A decoder for a body, whose sources are these.
    fn decoder(&self, sources: Arc<Sources>) -> Decoder {
        let schema = self.feed.schema();
        let mut kept = self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of another standard are of no use any more.
        kept.retain(|decoder| Arc::ptr_eq(decoder.schema(), &schema));
        let known = kept.pop();
        drop(kept);
        known.unwrap_or_else(|| Decoder::new(schema, self.keys).keeping_names(true)).only(sources)
    }

    /// Keeps a decoder for the next body, if all its events were taken.
    fn keep(&self, decoder: Decoder) {
        let mut kept = self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < DECODERS && decoder.is_empty() && decoder.is_light() {
            kept.push(decoder);
        }
    }

    /// Takes the events of a body. One of another source than these is rejected.
    ///
    /// # Errors
    /// If the body cannot be read or taken to its end.
    pub async fn take(&self, headers: &HeaderMap, body: Body, sources: &Arc<Sources>) -> Result<Taken, Failure> {
        let status = self.feed.status();
        if status != Status::Ready {
            return Err(Failure::new(Cause::Unavailable, status.to_string()));
        }
        let media = Media::of(headers)?;
        let Ok(_permit) = self.uploads.try_acquire() else {
            return Err(Failure::new(Cause::Overloaded, format!("{UPLOADS} bodies are being read already")));
        };
        let mut delivery = Delivery::new(self, sources.clone());
        let read = match media.form {
            Form::Lines => self.take_lines(&media, body, &mut delivery).await,
            Form::Json | Form::Binary => self.take_whole(&media, headers, body, &mut delivery).await,
        };
        // What waits in the engine has been taken, whatever happened to the rest.
        let settled = delivery.settle().await;
        let taken = delivery.finish();
        match read.and(settled) {
            Ok(()) => Ok(taken),
            Err(failure) => Err(Failure { taken, ..failure }),
        }
    }

    /// Lines: each is an event, told by its place; empty ones are passed over.
    async fn take_lines(&self, media: &Media, body: Body, delivery: &mut Delivery<'_>) -> Result<(), Failure> {
        let mut unpacker = Unpacker::new(media.coding, self.body_bytes)?;
        let mut chunks = Chunks::new(body);
        // What was read and not sent; the line that has not ended yet begins at `begin`.
        let (mut text, mut begin) = (BytesMut::new(), 0);
        let mut number = 0;
        // The rest of a line that was rejected for its length.
        let mut skipping = false;
        while let Some(chunk) = chunks.next().await? {
            for slice in chunk.chunks(SLICE_BYTES) {
                // What was there before has no end of a line in it.
                let mut from = text.len();
                unpacker.unpack(slice, &mut text)?;
                while let Some(length) = memchr::memchr(b'\n', &text[from..]) {
                    if !std::mem::take(&mut skipping) {
                        take_line(delivery, number, &text, begin..from + length);
                    }
                    number += 1;
                    (begin, from) = (from + length + 1, from + length + 1);
                    if delivery.len() >= PIECE_EVENTS || begin >= PIECE_BYTES {
                        delivery.send(text.split_to(begin).freeze()).await?;
                        (begin, from) = (0, 0);
                    }
                }
                if text.len() - begin > LONGEST_EVENT && !skipping {
                    take_line(delivery, number, &text, begin..text.len());
                    skipping = true;
                }
                if skipping {
                    text.truncate(begin);
                }
            }
            tokio::task::yield_now().await;
        }
        unpacker.finish(&mut text)?;
        let mut end = begin;
        for line in text[begin..].split(|byte| *byte == b'\n') {
            (begin, end) = (end, end + line.len());
            if !std::mem::take(&mut skipping) {
                take_line(delivery, number, &text, begin..end);
            }
            (number, end) = (number + 1, end + 1);
        }
        delivery.send(text.freeze()).await
    }

    /// A JSON document: an event, or a list of them.
    async fn take_whole(&self, media: &Media, headers: &HeaderMap, body: Body, delivery: &mut Delivery<'_>) -> Result<(), Failure> {
        let mut unpacker = Unpacker::new(media.coding, self.body_bytes)?;
        let mut chunks = Chunks::new(body);
        let mut text = BytesMut::new();
        while let Some(chunk) = chunks.next().await? {
            for slice in chunk.chunks(SLICE_BYTES) {
                unpacker.unpack(slice, &mut text)?;
            }
            tokio::task::yield_now().await;
        }
        unpacker.finish(&mut text)?;
        if depth::too_deep(&text) {
            return Err(Failure::new(Cause::Unreadable, format!("the body is {}", depth::REASON)));
        }
        if media.form == Form::Binary {
            let event = media::structured(headers, &text)?;
            delivery.add(0, &event, 0..event.len());
            return delivery.send(event.into()).await;
        }
        // The parser passes over texts that nobody asks for without a look at their bytes, but hands them out as text.
        let text = std::str::from_utf8(&text)
            .map_err(|error| Failure::new(Cause::Unreadable, format!("the body is not UTF-8 from byte {} on", error.valid_up_to() + 1)))?;
        if let Err(error) = sonic_rs::from_str::<sonic_rs::LazyValue<'_>>(text) {
            let what = error.to_string().lines().next().unwrap_or_default().to_owned();
            return Err(Failure::new(Cause::Unreadable, format!("the body is not JSON: {what}")));
        }
        let mut events = BytesMut::new();
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'{') => {
                events.extend_from_slice(text.as_bytes());
                delivery.add(0, &events, 0..events.len());
            }
            Some(b'[') => {
                for (number, event) in sonic_rs::to_array_iter(text).enumerate() {
                    let event = event.map_err(|error| Failure::new(Cause::Unreadable, format!("the body is not JSON: {error}")))?;
                    let begin = events.len();
                    events.extend_from_slice(event.as_raw_str().as_bytes());
                    delivery.add(number as u64, &events, begin..events.len());
                    if number % PIECE_EVENTS == PIECE_EVENTS - 1 {
                        tokio::task::yield_now().await;
                    }
                }
            }
            _ => return Err(Failure::new(Cause::Unreadable, "the body is neither an event (`{...}`) nor a list of events (`[...]`)")),
        }
        delivery.send(events.freeze()).await
    }
}

fn take_line(delivery: &mut Delivery<'_>, number: u64, text: &[u8], at: Range<usize>) {
    if at.len() > LONGEST_EVENT {
        delivery.reject(number, &[], None, format!("the line is longer than {LONGEST_EVENT} bytes"));
    } else if !text[at.clone()].trim_ascii().is_empty() {
        delivery.add(number, text, at);
    }
}
