//! Input from sources: events, request bodies, logs and exports.

use super::{built_in_standard, check_message, check_problems, check_reason};
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use firstline::access::grant::AllowedSources;
use firstline::clock::WallClock;
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::RetentionHorizon;
use firstline::domain::time::timestamp::Timestamp;
use firstline::engine::{Engine, EngineSettings};
use firstline::ingest::decode::{EventDecoder, EventRejection, HashKeys};
use firstline::ingest::http_intake::delivery::IntakeAnswer;
use firstline::ingest::http_intake::{HttpIntake, IntakeFailure};
use firstline::ingest::mapping::Mapping;
use firstline::ingest::queue_log::QueueLogReader;
use firstline::ingest::recording::{self, RecordingFormat, RecordingItem};
use firstline::journal::EncodedBatch;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const KEYS: HashKeys = HashKeys { seed: 7, customer: [9; 16] };

fn new_decoder() -> EventDecoder {
    EventDecoder::new(Arc::new(built_in_standard().schema.clone()), KEYS).with_case_names(true)
}

/// Decodes an event as JSON and applies it.
pub(crate) fn event(bytes: &[u8]) {
    let decoded = || {
        let mut decoder = new_decoder();
        (decoder.decode_json(bytes), decoder.take_batch())
    };
    let (result, batch) = decoded();
    assert_eq!(
        (&result, &batch),
        (&decoded().0, &decoded().1),
        "decoding again gives another event"
    );
    match result {
        Err(rejection) => {
            check_rejection(&rejection);
            assert!(batch.events.is_empty(), "a rejected event is in the batch");
        }
        Ok(()) => {
            assert_eq!(batch.events.len(), 1);
            check_batch(&batch, bytes.len());
            let mut monitor =
                Monitor::new(built_in_standard().clone(), Some(RetentionHorizon::default()));
            let [first, second] = [(); 2].map(|()| monitor.apply_batch(&batch));
            assert_eq!(first.accepted + first.refused.len() as u64, 1);
            assert_eq!(
                second.duplicates, first.accepted,
                "an accepted event is a duplicate the second time"
            );
            let _ = monitor.compute_board();
        }
    }
}

fn check_rejection(rejection: &EventRejection) {
    check_reason(&rejection.reason);
    assert!(
        rejection.id.as_ref().is_none_or(|id| id.len() <= 400),
        "an id of {:?} bytes",
        rejection.id.as_ref().map(String::len)
    );
}

/// Asserts that a batch survives encoding and that its encoded size is bounded.
fn check_batch(batch: &Batch, read: usize) {
    let packed = EncodedBatch::encode_batch(batch);
    assert_eq!(
        &packed.decode_batch().expect("an encoded batch can be decoded"),
        batch,
        "a round trip changes the batch"
    );
    assert!(packed.encoded_bytes() <= 300 + 8 * read, "{} bytes of {read}", packed.encoded_bytes());
}

/// An engine and its HTTP intake without a server.
struct IntakeService {
    runtime: tokio::runtime::Runtime,
    intake: HttpIntake,
}

fn intake_service() -> &'static IntakeService {
    static SERVICE: OnceLock<IntakeService> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let settings = EngineSettings {
            standard: built_in_standard().clone(),
            // The board is not used.
            publish_every: Duration::from_secs(3_600),
            queue_batches: 64,
            journal: None,
        };
        let (engine, ends) = Engine::new(settings);
        engine.spawn_thread().expect("a thread");
        // The clock is stopped at 2026-03-01T02:00:00Z, just after the events of the corpus.
        let clock = WallClock::Scaled {
            origin: Timestamp(1_772_330_400_000),
            since: Timestamp(0),
            speed: 0.0,
        };
        runtime.block_on(ends.handle.start_clock(clock)).expect("the engine starts");
        IntakeService {
            runtime,
            intake: HttpIntake::new(ends.handle, KEYS, 1 << 20, Arc::default()),
        }
    })
}

/// Submits a body as for `/v1/events`. The first byte selects the content type and the content
/// encoding.
pub(crate) fn body(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let (format, encoding) = (kind % 3, kind / 3 % 3);
    let mut headers = HeaderMap::new();
    let media = ["application/cloudevents-batch+json", "application/x-ndjson", "application/json"]
        [usize::from(format)];
    headers.insert(CONTENT_TYPE, media.parse().expect("a header"));
    headers.insert(
        CONTENT_ENCODING,
        ["identity", "gzip", "zstd"][usize::from(encoding)].parse().expect("a header"),
    );
    if format == 2 {
        let attributes = [
            ("ce-id", "1"),
            ("ce-source", "/%E5"),
            ("ce-subject", "1"),
            ("ce-type", "call.offered"),
        ];
        for (name, value) in attributes
            .into_iter()
            .chain([("ce-specversion", "1.0"), ("ce-time", "2026-03-01T08:00:00Z")])
        {
            headers.insert(name, value.parse().expect("a header"));
        }
    }
    let whole = submit_body(&headers, Body::from(body.to_vec()));
    let chunked: Vec<Bytes> = body.chunks(7).map(Bytes::copy_from_slice).collect();
    let chunked = submit_body(
        &headers,
        Body::from_stream(futures_util::stream::iter(
            chunked.into_iter().map(Ok::<_, std::io::Error>),
        )),
    );
    match (whole, chunked) {
        (Ok(whole), Ok(chunked)) => {
            assert_eq!(
                event_total(&whole),
                event_total(&chunked),
                "reading in chunks gives another number of events"
            );
            assert_eq!(
                rejection_reasons(&whole),
                rejection_reasons(&chunked),
                "reading in chunks rejects other events"
            );
            whole.rejected.iter().for_each(|rejection| check_reason(&rejection.error));
            if (format, encoding) == (1, 0) {
                let lines = body
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.trim_ascii().is_empty())
                    .count();
                assert_eq!(
                    event_total(&whole),
                    lines as u64,
                    "every line is accepted, a duplicate or rejected"
                );
            }
        }
        // A body that is both invalid and too long is refused for the first of them found.
        (Err(whole), Err(chunked)) => {
            [whole, chunked].iter().for_each(|failure| check_reason(&failure.detail));
        }
        // The zstd decoder detects an empty frame with a wrong content size only if it arrives as
        // one chunk. No event is lost.
        (Err(_), Ok(_)) | (Ok(_), Err(_)) if encoding == 2 => {}
        (whole, chunked) => panic!("whole: {whole:?}, in chunks: {chunked:?}"),
    }
}

fn submit_body(headers: &HeaderMap, body: Body) -> Result<IntakeAnswer, IntakeFailure> {
    let IntakeService { runtime, intake } = intake_service();
    runtime.block_on(intake.receive_body(headers, body, &Arc::new(AllowedSources::default())))
}

fn rejection_reasons(answer: &IntakeAnswer) -> Vec<(u64, &str)> {
    answer.rejected.iter().map(|rejection| (rejection.index, &*rejection.error)).collect()
}

fn event_total(answer: &IntakeAnswer) -> u64 {
    answer.accepted + answer.duplicates + answer.rejected_total
}

/// Reads an Asterisk `queue_log`.
pub(crate) fn queue_log(bytes: &[u8]) {
    let outcome = read_recording(&RecordingFormat::QueueLog(Arc::default()), bytes, 0);
    if [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(*mark)) {
        // In UTF-16 a line feed has two bytes.
        return;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines =
        text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert!(
        outcome.outcome_count() >= lines,
        "{lines} lines have only {} outcomes",
        outcome.outcome_count()
    );
    // A transfer has two outcomes, and a restart loses earlier calls.
    assert!(
        outcome.outcome_count() <= 3 * lines,
        "{lines} lines have {} outcomes",
        outcome.outcome_count()
    );
}

/// Parses a mapping. The rows after a line `---` are read with it.
pub(crate) fn mapping(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (text, rows) =
        text.split_once("\n---\n").unwrap_or((&text, "no,opened,state\n1,2026-03-01 08:00,new\n"));
    match Mapping::parse("m.toml", text) {
        Err(problems) => check_problems(&problems, text),
        Ok(mapping) => {
            _ = read_recording(
                &RecordingFormat::Mapping(Box::new(mapping)),
                rows.as_bytes(),
                text.len(),
            );
        }
    }
}

/// Reads the rows of an export, one by one and in groups.
pub(crate) fn rows(bytes: &[u8]) {
    for head in ["", "group_by = 'no'\nsort_by = 'opened'"] {
        let mapping = Mapping::parse("m.toml", &format!("{head}\n{EXPORT_MAPPING}"))
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        let outcome = read_recording(
            &RecordingFormat::Mapping(Box::new(mapping)),
            bytes,
            EXPORT_MAPPING.len(),
        );
        // A row may have two events and three notes. In JSON each word is a value that is rejected.
        let ends_row = |byte: &&u8| !byte.is_ascii_alphanumeric();
        let rows = bytes.iter().filter(ends_row).count() + 2;
        assert!(
            outcome.outcome_count() <= 5 * rows,
            "{rows} rows have {} outcomes",
            outcome.outcome_count()
        );
    }
}

const EXPORT_MAPPING: &str = r#"
source = "/crm"
time_zone = "Europe/Berlin"
formats = ["%d.%m.%Y %H:%M", "%s"]
subject = "{no}"
data = { queue = "queue", customer = "customer" }
[time.opened]
column = "opened"
[time.done]
time = "opened"
plus = "seconds"
after = "opened"
[[event]]
type = "call.offered"
time = "opened"
[[event]]
type = "call.ended"
time = "done"
when = { seconds = { above = 0 } }
data = { hold_seconds = "seconds", resolved = "resolved" }
"#;

/// Result of reading a recording.
#[derive(PartialEq, Debug)]
struct RecordingOutcome {
    batches: Vec<Batch>,
    rejected: Vec<(u64, EventRejection)>,
    left_out: Vec<String>,
    /// Error that ended the reading early.
    failed: Option<String>,
}

impl RecordingOutcome {
    fn outcome_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.events.len()).sum::<usize>()
            + self.rejected.len()
            + self.left_out.len()
    }
}

/// Reads a recording at once, in small chunks, and on several threads. `mapping_bytes` is the size
/// of the mapping.
fn read_recording(
    format: &RecordingFormat,
    bytes: &[u8],
    mapping_bytes: usize,
) -> RecordingOutcome {
    let read = |step, helper_count| {
        let mut helpers: Vec<_> = (0..helper_count).map(|_| new_decoder()).collect();
        let mut outcome = RecordingOutcome {
            batches: Vec::new(),
            rejected: Vec::new(),
            left_out: Vec::new(),
            failed: None,
        };
        let ended = recording::read_recording(
            SlowReader { bytes, step },
            format,
            (&mut new_decoder(), &mut helpers),
            &mut QueueLogReader::default(),
            &mut |item| match item {
                RecordingItem::Batch(batch) => outcome.batches.push(batch),
                RecordingItem::Rejected { line, rejection } => {
                    outcome.rejected.push((line, rejection));
                }
                RecordingItem::LeftOut { reason } | RecordingItem::Noted { note: reason } => {
                    outcome.left_out.push(reason);
                }
            },
        );
        outcome.failed = ended.err().map(|error| error.to_string());
        outcome
    };
    let whole = read(usize::MAX, 0);
    assert_eq!(whole, read(5, 0), "reading in chunks gives another result");
    assert_eq!(whole, read(usize::MAX, 2), "reading on several threads gives another result");
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    for (line, rejection) in &whole.rejected {
        check_message(&rejection.reason, 2 * mapping_bytes);
        assert!((1..=lines).contains(line), "a rejection in line {line} of {lines}");
    }
    // Messages may repeat column names, reasons and formats of the mapping.
    whole
        .failed
        .iter()
        .chain(&whole.left_out)
        .for_each(|reason| check_message(reason, 2 * mapping_bytes));
    whole.batches.iter().for_each(|batch| check_batch(batch, batch.events.len() * bytes.len()));
    whole
}

/// Returns at most `step` bytes per read, as a slow pipe does.
struct SlowReader<'a> {
    bytes: &'a [u8],
    step: usize,
}

impl Read for SlowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.step.min(self.bytes.len()).min(buffer.len());
        let (chunk, rest) = self.bytes.split_at(count);
        buffer[..count].copy_from_slice(chunk);
        self.bytes = rest;
        Ok(count)
    }
}
