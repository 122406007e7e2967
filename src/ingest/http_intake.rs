//! HTTP intake of events. A body is read in bounded parts, decoded into batches and answered with
//! the result of its events.
//!
//! A JSON document is decoded only after it has arrived completely. Lines (NDJSON) are submitted
//! part by part while they arrive, so a body may fail after some of its events were accepted.
//! Sending it again is safe, because accepted events then count as duplicates.
//!
//! If the engine's queue is full, the first part of a body is rejected before anything is
//! accepted. Later parts wait for room. TCP flow control then slows down the sender.

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

/// Maximum number of bodies read at the same time. Further requests are rejected as overloaded,
/// which bounds memory.
const CONCURRENT_BODIES_MAX: usize = 64;
/// Compressed bytes per decompression step. One step may produce a thousand times as many bytes.
const SLICE_BYTES: usize = 4 << 10;
/// Maximum number of idle decoders kept for later bodies.
const IDLE_DECODERS_MAX: usize = 8;
/// Number of events after which a part of a body is sent to the engine.
const PIECE_EVENTS: usize = 1_024;
/// Number of bytes of lines after which a part of a body is sent to the engine.
const PIECE_BYTES: usize = 1 << 20;

/// Receives event bodies over HTTP and submits their events to the engine.
#[derive(Debug)]
pub struct HttpIntake {
    feed: EngineHandle,
    keys: HashKeys,
    body_bytes: usize,
    rejected_events: Arc<RejectedEvents>,
    uploads: Semaphore,
    /// Idle decoders. Their caches already hold the phrases and attributes of earlier bodies.
    decoders: Mutex<Vec<EventDecoder>>,
}

/// Failure to read a body or to submit all of its events.
#[derive(Debug)]
pub struct IntakeFailure {
    /// Kind of failure; determines the HTTP status.
    pub kind: IntakeFailureKind,
    /// Problem and remedy, for the sender.
    pub detail: String,
    /// Result of the events before the failure.
    pub answer: IntakeAnswer,
}

/// Kinds of intake failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntakeFailureKind {
    /// The body cannot be read.
    Unreadable,
    /// The sender sent nothing or too little for too long.
    Timeout,
    /// The body is too long.
    TooLarge,
    /// The content type or the content encoding is not supported.
    UnsupportedMedia,
    /// The engine's queue is full, or too many bodies are being read.
    Overloaded,
    /// The service is starting or stopping, or its journal cannot be written.
    Unavailable,
}

impl IntakeFailure {
    fn new(kind: IntakeFailureKind, detail: impl Into<String>) -> IntakeFailure {
        IntakeFailure { kind, detail: detail.into(), answer: IntakeAnswer::default() }
    }
}

impl From<EngineUnavailable> for IntakeFailure {
    fn from(unavailable: EngineUnavailable) -> IntakeFailure {
        let kind = match unavailable {
            EngineUnavailable::QueueFull => IntakeFailureKind::Overloaded,
            EngineUnavailable::Stopping | EngineUnavailable::JournalUnwritable(_) => {
                IntakeFailureKind::Unavailable
            }
        };
        IntakeFailure::new(kind, unavailable.to_string())
    }
}

impl HttpIntake {
    /// Returns an intake that submits events to the engine behind `feed`. A decompressed body may
    /// have at most `body_bytes` bytes.
    #[must_use]
    pub fn new(
        feed: EngineHandle,
        keys: HashKeys,
        body_bytes: usize,
        rejected_events: Arc<RejectedEvents>,
    ) -> HttpIntake {
        HttpIntake {
            feed,
            keys,
            body_bytes,
            rejected_events,
            uploads: Semaphore::new(CONCURRENT_BODIES_MAX),
            decoders: Mutex::default(),
        }
    }

    /// Returns the key of the case with this source and subject.
    #[must_use]
    pub fn case_key(&self, source: &str, subject: &str) -> CaseKey {
        self.keys.case_key(source, subject)
    }

    /// Returns the engine handle, for queries.
    #[must_use]
    pub fn feed(&self) -> &EngineHandle {
        &self.feed
    }

    /// Returns a decoder for a body that may carry events of `sources`.
    fn take_decoder(&self, sources: Arc<AllowedSources>) -> EventDecoder {
        let schema = self.feed.schema();
        let mut idle = self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        // A decoder of an older standard would resolve event types and fields by the old schema.
        idle.retain(|decoder| Arc::ptr_eq(decoder.schema(), &schema));
        let reused = idle.pop();
        drop(idle);
        reused
            .unwrap_or_else(|| EventDecoder::new(schema, self.keys).with_case_names(true))
            .with_sources(sources)
    }

    /// Returns a decoder to the idle ones, unless it still holds events or its cache is large.
    fn return_decoder(&self, decoder: EventDecoder) {
        let mut idle = self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_DECODERS_MAX && decoder.is_empty() && decoder.is_reusable() {
            idle.push(decoder);
        }
    }

    /// Receives a body and submits its events. Events of a source outside `sources` are rejected.
    ///
    /// # Errors
    /// Fails if the body cannot be read completely, or if the engine does not accept its events.
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
                format!("{CONCURRENT_BODIES_MAX} bodies are being read already; retry later"),
            ));
        };
        let mut delivery = BodyDelivery::new(self, sources.clone());
        let read = match media.form {
            BodyForm::Lines => self.receive_lines(&media, body, &mut delivery).await,
            BodyForm::Json | BodyForm::Binary => {
                self.receive_document(&media, headers, body, &mut delivery).await
            }
        };
        // Submitted events count even if the rest of the body failed.
        let pending_result = delivery.wait_for_pending().await;
        let answer = delivery.into_answer();
        match read.and(pending_result) {
            Ok(()) => Ok(answer),
            Err(failure) => Err(IntakeFailure { answer, ..failure }),
        }
    }

    /// Receives NDJSON. Each line is an event and is numbered from 0. Blank lines are skipped.
    async fn receive_lines(
        &self,
        media: &ContentType,
        body: Body,
        delivery: &mut BodyDelivery<'_>,
    ) -> Result<(), IntakeFailure> {
        let mut decompressor = BodyDecompressor::new(media.encoding, self.body_bytes)?;
        let mut chunks = BodyChunks::new(body);
        // `text` holds bytes that were read but not sent. The unfinished line starts at `begin`.
        let (mut text, mut begin) = (BytesMut::new(), 0);
        let mut number = 0;
        // True inside the rest of a line that was rejected for its length.
        let mut skipping = false;
        while let Some(chunk) = chunks.next_chunk().await? {
            for slice in chunk.chunks(SLICE_BYTES) {
                // The bytes before `from` were searched for a line feed already.
                let mut from = text.len();
                decompressor.decompress(slice, &mut text)?;
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
        decompressor.finish(&mut text)?;
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

    /// Receives a JSON document: one event or a list of events.
    async fn receive_document(
        &self,
        media: &ContentType,
        headers: &HeaderMap,
        body: Body,
        delivery: &mut BodyDelivery<'_>,
    ) -> Result<(), IntakeFailure> {
        let mut decompressor = BodyDecompressor::new(media.encoding, self.body_bytes)?;
        let mut chunks = BodyChunks::new(body);
        let mut text = BytesMut::new();
        while let Some(chunk) = chunks.next_chunk().await? {
            for slice in chunk.chunks(SLICE_BYTES) {
                decompressor.decompress(slice, &mut text)?;
            }
            tokio::task::yield_now().await;
        }
        decompressor.finish(&mut text)?;
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
        // The parser does not validate the UTF-8 of strings it skips but returns them as `str`.
        let text = std::str::from_utf8(&text).map_err(|error| {
            IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                format!("the body is not UTF-8 from byte {} on", error.valid_up_to() + 1),
            )
        })?;
        if let Err(error) = sonic_rs::from_str::<sonic_rs::LazyValue<'_>>(text) {
            let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
            return Err(IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                format!("the body is not JSON: {reason}"),
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
