//! Events over HTTP: a body, read in bounded pieces, becomes batches for the engine and an answer for the sender.
//!
//! A JSON body is taken as a whole or not at all. Lines (NDJSON) are taken piece by piece as they come, so a body may break
//! off after some of it was taken; sending it again is safe, for what was taken then counts as duplicates.
//!
//! The engine being busy is told to the sender before anything is taken. Later pieces of the same body wait, and so does
//! the sender, through TCP.

mod body_timeout;
pub mod content_type;
pub mod decompress;
pub mod delivery;

use self::body_timeout::BodyChunks;
use self::content_type::{BodyForm, ContentType};
use self::decompress::BodyDecompressor;
use self::delivery::{BodyDelivery, IntakeAnswer};
use super::decode::{EVENT_BYTES_MAX, EventDecoder, HashKeys};
use super::rejected_events::RejectedEvents;
use crate::access::grant::AllowedSources;
use crate::domain::events::event::CaseKey;
use crate::engine::commands::{EngineHandle, EngineUnavailable};
use crate::engine::readiness::Readiness;
use crate::ingest::decode::json_depth;
use axum::body::Body;
use axum::http::HeaderMap;
use bytes::BytesMut;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many bodies are read at the same time. One more is told to come back; so memory is bounded.
const CONCURRENT_BODIES_MAX: usize = 64;
/// How many packed bytes are unpacked at a time: a thousand times as many may come out.
const SLICE_BYTES: usize = 4 << 10;
/// How many decoders are kept for the next bodies.
const IDLE_DECODERS_MAX: usize = 8;
/// How many events are sent to the engine at once.
const PIECE_EVENTS: usize = 1_024;
/// How many bytes of lines are kept at most before they are sent, however few events they are.
const PIECE_BYTES: usize = 1 << 20;

/// Everything that taking events needs.
#[derive(Debug)]
pub struct HttpIntake {
    feed: EngineHandle,
    keys: HashKeys,
    body_bytes: usize,
    rejected_events: Arc<RejectedEvents>,
    uploads: Semaphore,
    /// Decoders that know already how producers write and what their events belong to.
    decoders: Mutex<Vec<EventDecoder>>,
}

/// Why a body was not taken, or not all of it.
#[derive(Debug)]
pub struct IntakeFailure {
    /// What kind of failure it is.
    pub kind: IntakeFailureKind,
    /// What was wrong, for the sender.
    pub detail: String,
    /// What had been taken before.
    pub answer: IntakeAnswer,
}

/// Kinds of failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntakeFailureKind {
    /// The body cannot be read.
    Unreadable,
    /// The sender fell silent, or is too slow.
    Timeout,
    /// The body is too long.
    TooLarge,
    /// Nobody reads this kind of body.
    UnsupportedMedia,
    /// There is more to do than can be done.
    Overloaded,
    /// The service is starting or stopping, or its journal cannot be written.
    Unavailable,
}

impl IntakeFailure {
    fn new(cause: IntakeFailureKind, detail: impl Into<String>) -> IntakeFailure {
        IntakeFailure { kind: cause, detail: detail.into(), answer: IntakeAnswer::default() }
    }
}

impl From<EngineUnavailable> for IntakeFailure {
    fn from(refused: EngineUnavailable) -> IntakeFailure {
        let cause = match refused {
            EngineUnavailable::QueueFull => IntakeFailureKind::Overloaded,
            EngineUnavailable::Stopping | EngineUnavailable::JournalUnwritable(_) => {
                IntakeFailureKind::Unavailable
            }
        };
        IntakeFailure::new(cause, refused.to_string())
    }
}

impl HttpIntake {
    /// What takes events and feeds them to an engine.
    #[must_use]
    pub fn new(
        feed: EngineHandle,
        keys: HashKeys,
        body_bytes: usize,
        rejected: Arc<RejectedEvents>,
    ) -> HttpIntake {
        HttpIntake {
            feed,
            keys,
            body_bytes,
            rejected_events: rejected,
            uploads: Semaphore::new(CONCURRENT_BODIES_MAX),
            decoders: Mutex::default(),
        }
    }

    /// What identifies the case of a source with this subject.
    #[must_use]
    pub fn case_key(&self, source: &str, subject: &str) -> CaseKey {
        self.keys.case_key(source, subject)
    }

    /// The way into the engine, for questions.
    #[must_use]
    pub fn feed(&self) -> &EngineHandle {
        &self.feed
    }

    /// A decoder for a body, whose sources are these.
    fn take_decoder(&self, sources: Arc<AllowedSources>) -> EventDecoder {
        let schema = self.feed.schema();
        let mut kept = self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of another standard are of no use any more.
        kept.retain(|decoder| Arc::ptr_eq(decoder.schema(), &schema));
        let known = kept.pop();
        drop(kept);
        known
            .unwrap_or_else(|| EventDecoder::new(schema, self.keys).with_case_names(true))
            .with_sources(sources)
    }

    /// Keeps a decoder for the next body, if all its events were taken.
    fn return_decoder(&self, decoder: EventDecoder) {
        let mut kept = self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < IDLE_DECODERS_MAX && decoder.is_empty() && decoder.is_reusable() {
            kept.push(decoder);
        }
    }

    /// Takes the events of a body. One of another source than these is rejected.
    ///
    /// # Errors
    /// If the body cannot be read or taken to its end.
    pub async fn receive_body(
        &self,
        headers: &HeaderMap,
        body: Body,
        sources: &Arc<AllowedSources>,
    ) -> Result<IntakeAnswer, IntakeFailure> {
        let status = self.feed.readiness();
        if status != Readiness::Ready {
            return Err(IntakeFailure::new(IntakeFailureKind::Unavailable, status.to_string()));
        }
        let media = ContentType::from_headers(headers)?;
        let Ok(_permit) = self.uploads.try_acquire() else {
            return Err(IntakeFailure::new(
                IntakeFailureKind::Overloaded,
                format!("{CONCURRENT_BODIES_MAX} bodies are being read already"),
            ));
        };
        let mut delivery = BodyDelivery::new(self, sources.clone());
        let read = match media.form {
            BodyForm::Lines => self.receive_lines(&media, body, &mut delivery).await,
            BodyForm::Json | BodyForm::Binary => {
                self.receive_document(&media, headers, body, &mut delivery).await
            }
        };
        // What waits in the engine has been taken, whatever happened to the rest.
        let settled = delivery.wait_for_pending().await;
        let taken = delivery.into_answer();
        match read.and(settled) {
            Ok(()) => Ok(taken),
            Err(failure) => Err(IntakeFailure { answer: taken, ..failure }),
        }
    }

    /// Lines: each is an event, told by its place; empty ones are passed over.
    async fn receive_lines(
        &self,
        media: &ContentType,
        body: Body,
        delivery: &mut BodyDelivery<'_>,
    ) -> Result<(), IntakeFailure> {
        let mut unpacker = BodyDecompressor::new(media.encoding, self.body_bytes)?;
        let mut chunks = BodyChunks::new(body);
        // What was read and not sent; the line that has not ended yet begins at `begin`.
        let (mut text, mut begin) = (BytesMut::new(), 0);
        let mut number = 0;
        // The rest of a line that was rejected for its length.
        let mut skipping = false;
        while let Some(chunk) = chunks.next_chunk().await? {
            for slice in chunk.chunks(SLICE_BYTES) {
                // What was there before has no end of a line in it.
                let mut from = text.len();
                unpacker.decompress(slice, &mut text)?;
                while let Some(length) = memchr::memchr(b'\n', &text[from..]) {
                    if !std::mem::take(&mut skipping) {
                        receive_line(delivery, number, &text, begin..from + length);
                    }
                    number += 1;
                    (begin, from) = (from + length + 1, from + length + 1);
                    if delivery.len() >= PIECE_EVENTS || begin >= PIECE_BYTES {
                        delivery.send_batch(text.split_to(begin).freeze()).await?;
                        (begin, from) = (0, 0);
                    }
                }
                if text.len() - begin > EVENT_BYTES_MAX && !skipping {
                    receive_line(delivery, number, &text, begin..text.len());
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
                receive_line(delivery, number, &text, begin..end);
            }
            (number, end) = (number + 1, end + 1);
        }
        delivery.send_batch(text.freeze()).await
    }

    /// A JSON document: an event, or a list of them.
    async fn receive_document(
        &self,
        media: &ContentType,
        headers: &HeaderMap,
        body: Body,
        delivery: &mut BodyDelivery<'_>,
    ) -> Result<(), IntakeFailure> {
        let mut unpacker = BodyDecompressor::new(media.encoding, self.body_bytes)?;
        let mut chunks = BodyChunks::new(body);
        let mut text = BytesMut::new();
        while let Some(chunk) = chunks.next_chunk().await? {
            for slice in chunk.chunks(SLICE_BYTES) {
                unpacker.decompress(slice, &mut text)?;
            }
            tokio::task::yield_now().await;
        }
        unpacker.finish(&mut text)?;
        if json_depth::is_too_deep(&text) {
            return Err(IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                format!("the body is {}", json_depth::TOO_DEEP_REASON),
            ));
        }
        if media.form == BodyForm::Binary {
            let event = content_type::binary_mode_to_json(headers, &text)?;
            delivery.add_event(0, &event, 0..event.len());
            return delivery.send_batch(event.into()).await;
        }
        // The parser passes over texts that nobody asks for without a look at their bytes, but hands them out as text.
        let text = std::str::from_utf8(&text).map_err(|error| {
            IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                format!("the body is not UTF-8 from byte {} on", error.valid_up_to() + 1),
            )
        })?;
        if let Err(error) = sonic_rs::from_str::<sonic_rs::LazyValue<'_>>(text) {
            let what = error.to_string().lines().next().unwrap_or_default().to_owned();
            return Err(IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                format!("the body is not JSON: {what}"),
            ));
        }
        let mut events = BytesMut::new();
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'{') => {
                events.extend_from_slice(text.as_bytes());
                delivery.add_event(0, &events, 0..events.len());
            }
            Some(b'[') => {
                for (number, event) in sonic_rs::to_array_iter(text).enumerate() {
                    let event = event.map_err(|error| {
                        IntakeFailure::new(
                            IntakeFailureKind::Unreadable,
                            format!("the body is not JSON: {error}"),
                        )
                    })?;
                    let begin = events.len();
                    events.extend_from_slice(event.as_raw_str().as_bytes());
                    delivery.add_event(number as u64, &events, begin..events.len());
                    if number % PIECE_EVENTS == PIECE_EVENTS - 1 {
                        tokio::task::yield_now().await;
                    }
                }
            }
            _ => {
                return Err(IntakeFailure::new(
                    IntakeFailureKind::Unreadable,
                    "the body is neither an event (`{...}`) nor a list of events (`[...]`)",
                ));
            }
        }
        delivery.send_batch(events.freeze()).await
    }
}

fn receive_line(delivery: &mut BodyDelivery<'_>, number: u64, text: &[u8], at: Range<usize>) {
    if at.len() > EVENT_BYTES_MAX {
        delivery.reject_event(
            number,
            &[],
            None,
            format!("the line is longer than {EVENT_BYTES_MAX} bytes"),
        );
    } else if !text[at.clone()].trim_ascii().is_empty() {
        delivery.add_event(number, text, at);
    }
}
