//! What sources say: events, bodies, logs, exports.

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
use firstline::ingest::recording::{self, RecordingFormat, RecordingItem};
use firstline::journal::BatchCodec;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const KEYS: HashKeys = HashKeys { seed: 7, customer: [9; 16] };

fn new_decoder() -> EventDecoder {
    EventDecoder::new(Arc::new(built_in_standard().schema.clone()), KEYS).with_case_names(true)
}

/// An event of the contract, as JSON.
pub(crate) fn event(bytes: &[u8]) {
    let decoded = || {
        let mut decoder = new_decoder();
        (decoder.decode_json(bytes), decoder.take_batch())
    };
    let (said, batch) = decoded();
    assert_eq!((&said, &batch), (&decoded().0, &decoded().1), "decoded again it is another");
    match said {
        Err(rejection) => {
            check_rejection(&rejection);
            assert!(batch.events.is_empty(), "a rejected event is in the batch");
        }
        Ok(()) => {
            assert_eq!(batch.events.len(), 1);
            check_batch(&batch, bytes.len());
            // The core takes whatever was decoded, and says what became of it.
            let mut monitor =
                Monitor::new(built_in_standard().clone(), Some(RetentionHorizon::default()));
            let [once, twice] = [(); 2].map(|()| monitor.apply_batch(&batch));
            assert_eq!(once.accepted + once.refused.len() as u64, 1);
            assert_eq!(twice.duplicates, once.accepted, "an event that was taken is known");
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

/// What is written down is what was decoded, and not much more.
fn check_batch(batch: &Batch, read: usize) {
    let packed = BatchCodec::encode_batch(batch);
    assert_eq!(&packed.decode_batch().expect("it was packed"), batch, "unpacked it is another");
    assert!(packed.encoded_bytes() <= 300 + 8 * read, "{} bytes of {read}", packed.encoded_bytes());
}

/// A service without a server.
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
            // Nobody looks at the board.
            publish_every: Duration::from_secs(3_600),
            queue_batches: 64,
            journal: None,
        };
        let (engine, ends) = Engine::new(settings);
        engine.spawn_thread().expect("a thread");
        // A clock that stands still at 2026-03-01T02:00:00Z, when the events of the corpus have just happened.
        let clock = WallClock::Scaled {
            origin: Timestamp(1_772_330_400_000),
            since: Timestamp(0),
            speed: 0.0,
        };
        runtime.block_on(ends.handle.start_clock(clock)).expect("it starts");
        IntakeService {
            runtime,
            intake: HttpIntake::new(ends.handle, KEYS, 1 << 20, Arc::default()),
        }
    })
}

/// A body sent to `/v1/events`; its first byte says of what form it is and how it is packed.
pub(crate) fn body(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let (form, coding) = (kind % 3, kind / 3 % 3);
    let mut headers = HeaderMap::new();
    let media = ["application/cloudevents-batch+json", "application/x-ndjson", "application/json"]
        [usize::from(form)];
    headers.insert(CONTENT_TYPE, media.parse().expect("a header"));
    headers.insert(
        CONTENT_ENCODING,
        ["identity", "gzip", "zstd"][usize::from(coding)].parse().expect("a header"),
    );
    if form == 2 {
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
    let pieces: Vec<Bytes> = body.chunks(7).map(Bytes::copy_from_slice).collect();
    let pieces = submit_body(
        &headers,
        Body::from_stream(futures_util::stream::iter(
            pieces.into_iter().map(Ok::<_, std::io::Error>),
        )),
    );
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(
                event_total(&whole),
                event_total(&pieces),
                "in pieces it has another number of events"
            );
            assert_eq!(
                rejection_reasons(&whole),
                rejection_reasons(&pieces),
                "in pieces other events are rejected"
            );
            whole.rejected.iter().for_each(|refusal| check_reason(&refusal.error));
            if (form, coding) == (1, 0) {
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
        // One that is both broken and too long is refused for what is seen first.
        (Err(whole), Err(pieces)) => {
            [whole, pieces].iter().for_each(|failure| check_reason(&failure.detail))
        }
        // A zstd frame that is empty and says otherwise is noticed by its decoder only if it comes at once; nothing is lost.
        (Err(_), Ok(_)) | (Ok(_), Err(_)) if coding == 2 => {}
        (whole, pieces) => panic!("at once {whole:?}, in pieces {pieces:?}"),
    }
}

fn submit_body(headers: &HeaderMap, body: Body) -> Result<IntakeAnswer, IntakeFailure> {
    let IntakeService { runtime, intake } = intake_service();
    runtime.block_on(intake.receive_body(headers, body, &Arc::new(AllowedSources::default())))
}

fn rejection_reasons(taken: &IntakeAnswer) -> Vec<(u64, &str)> {
    taken.rejected.iter().map(|refusal| (refusal.index, &*refusal.error)).collect()
}

fn event_total(taken: &IntakeAnswer) -> u64 {
    taken.accepted + taken.duplicates + taken.rejected_total
}

/// A `queue_log`.
pub(crate) fn queue_log(bytes: &[u8]) {
    let read = read_recording(&RecordingFormat::QueueLog, bytes, 0);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines =
        text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert!(
        read.outcome_count() >= lines,
        "{lines} lines, but only {} said something",
        read.outcome_count()
    );
    // A transfer says two things, and a restart loses calls that were said before.
    assert!(
        read.outcome_count() <= 3 * lines,
        "{lines} lines said {} things",
        read.outcome_count()
    );
}

/// A mapping, and behind a line `---` the rows that are read with it.
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
            )
        }
    }
}

/// Rows of an export, read row by row and in groups.
pub(crate) fn rows(bytes: &[u8]) {
    for head in ["", "group_by = 'no'\nsort_by = 'opened'"] {
        let mapping = Mapping::parse("m.toml", &format!("{head}\n{EXPORT_MAPPING}"))
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        let read = read_recording(
            &RecordingFormat::Mapping(Box::new(mapping)),
            bytes,
            EXPORT_MAPPING.len(),
        );
        let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
        assert!(
            read.outcome_count() <= 2 * lines,
            "{lines} lines said {} things",
            read.outcome_count()
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

/// What a recording gave.
#[derive(PartialEq, Debug)]
struct RecordingOutcome {
    batches: Vec<Batch>,
    rejected: Vec<(u64, EventRejection)>,
    left_out: Vec<String>,
    /// Why it could not be read to its end.
    failed: Option<String>,
}

impl RecordingOutcome {
    fn outcome_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.events.len()).sum::<usize>()
            + self.rejected.len()
            + self.left_out.len()
    }
}

/// Reads a recording at once, by dribs and drabs, and on several threads, by a mapping of so many bytes.
fn read_recording(format: &RecordingFormat, bytes: &[u8], mapping: usize) -> RecordingOutcome {
    let read = |step, others| {
        let mut others: Vec<_> = (0..others).map(|_| new_decoder()).collect();
        let mut read = RecordingOutcome {
            batches: Vec::new(),
            rejected: Vec::new(),
            left_out: Vec::new(),
            failed: None,
        };
        let ended = recording::read_recording(
            SlowReader { bytes, step },
            format,
            (&mut new_decoder(), &mut others),
            &mut |item| match item {
                RecordingItem::Batch(batch) => read.batches.push(batch),
                RecordingItem::Rejected { line, rejection } => {
                    read.rejected.push((line, rejection))
                }
                RecordingItem::LeftOut { reason } => read.left_out.push(reason),
            },
        );
        read.failed = ended.err().map(|error| error.to_string());
        read
    };
    let whole = read(usize::MAX, 0);
    assert_eq!(whole, read(5, 0), "read in pieces it is another");
    assert_eq!(whole, read(usize::MAX, 2), "read on several threads it is another");
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    for (line, rejection) in &whole.rejected {
        check_message(&rejection.reason, 2 * mapping);
        assert!((1..=lines).contains(line), "a rejection in line {line} of {lines}");
    }
    // The columns that are missing, and the reasons and formats that the mapping gives.
    whole
        .failed
        .iter()
        .chain(&whole.left_out)
        .for_each(|reason| check_message(reason, 2 * mapping));
    whole.batches.iter().for_each(|batch| check_batch(batch, batch.events.len() * bytes.len()));
    whole
}

/// Gives a few bytes at a time, as a slow pipe does.
struct SlowReader<'a> {
    bytes: &'a [u8],
    step: usize,
}

impl Read for SlowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let many = self.step.min(self.bytes.len()).min(buffer.len());
        let (now, later) = self.bytes.split_at(many);
        buffer[..many].copy_from_slice(now);
        self.bytes = later;
        Ok(many)
    }
}
