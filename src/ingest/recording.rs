//! Recordings: events from files or standard input. They are opened, decompressed and decoded into
//! batches.

mod parallel_decode;

use super::decode::{EVENT_BYTES_MAX, EventDecoder, EventRejection, too_long_reason};
use super::json_values::{self, JsonValue, JsonValueReader};
use super::line_blocks::{LineBlock, LineBlockReader};
use super::mapping::{Mapping, RowOutcome};
use super::queue_log::{self, LineOutcome, QueueLogReader, QueueLogSettings};
use super::text_encoding::{self, RestoredInput, TextInput};
use crate::domain::events::batch::Batch;
use crate::domain::time::timestamp::Timestamp;
use crate::ingest::decode::raw_event::RawEvent;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Format of a recording.
#[derive(Debug)]
pub enum RecordingFormat {
    /// CloudEvents: one JSON object per line, or a JSON document with lists of them.
    CloudEvents,
    /// Asterisk `queue_log`.
    QueueLog(Arc<QueueLogSettings>),
    /// Export (CSV, TSV, JSON), read by a mapping file.
    Mapping(Box<Mapping>),
}

/// Item read from a recording.
#[derive(Debug)]
pub enum RecordingItem {
    /// Decoded events.
    Batch(Batch),
    /// A rejected line.
    Rejected {
        /// Line number, counted from 1.
        line: u64,
        /// Reason of the rejection.
        rejection: EventRejection,
    },
    /// A line that is left out by design and is no error.
    LeftOut {
        /// Reason, for counting.
        reason: String,
    },
    /// A line that was read, but not as it stands.
    Noted {
        /// What was done, for counting.
        note: String,
    },
}

/// Events per batch: enough to prefetch, few enough to stay in the CPU cache.
const BATCH_EVENTS: usize = 2_048;

/// Opens a recording; `-` is standard input. gzip and zstd are recognized by their first bytes and
/// decompressed. `watch` wraps the stream before decompression.
///
/// # Errors
/// Returns the error of opening the file. A directory is an error, too.
pub fn open_recording(
    path: &Path,
    watch: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>,
) -> io::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return decompress_input(watch(Box::new(io::stdin())));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "this is a directory; pass the files in it",
        ));
    }
    decompress_input(watch(Box::new(file)))
}

fn decompress_input(input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let (magic, whole) = text_encoding::peek_start(input, 4)?;
    let gzip = magic.starts_with(&[0x1f, 0x8b]);
    let zstd = magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    Ok(match (gzip, zstd) {
        (true, _) => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        (_, true) => Box::new(zstd::stream::read::Decoder::new(whole)?),
        _ => Box::new(whole),
    })
}

/// Number of bytes in which the first valid line of a queue log is looked for.
const FIRST_LINE_BYTES_MAX: u64 = 64 << 10;

/// Returns the time of the first line of a queue log, and the whole input. Rotated files are one
/// log, in the order of these times.
///
/// # Errors
/// Returns the read error.
pub fn peek_log_start(
    input: Box<dyn Read + Send>,
    settings: &QueueLogSettings,
) -> io::Result<(Option<Timestamp>, Box<dyn Read + Send>)> {
    let (start, input) = text_encoding::peek_start(input, FIRST_LINE_BYTES_MAX)?;
    // The text may end within a line, but the first valid line is looked for.
    let time = queue_log::first_line_time(&String::from_utf8_lossy(&start), settings);
    Ok((time, Box::new(input)))
}

/// Reads a recording to its end and passes its items to `emit` in order. With other decoders
/// several threads decode, with the same result. A queue log goes on where `log` ended.
///
/// # Errors
/// Returns the read error, or an error if the file does not match its mapping.
pub fn read_recording(
    input: impl Read + Send,
    format: &RecordingFormat,
    (decoder, others): (&mut EventDecoder, &mut [EventDecoder]),
    log: &mut QueueLogReader,
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    match format {
        _ if others.is_empty() => read_sequentially(input, format, (decoder, log), emit),
        RecordingFormat::CloudEvents => {
            let (start, text) = peek_text(input)?;
            if json_values::spans_lines(&start) {
                return parallel_decode::decode_on_other_thread(text, format, (decoder, log), emit);
            }
            let lines = LineBlockReader::new(text, EVENT_BYTES_MAX);
            parallel_decode::read_in_parallel(lines, decoder, others, emit)
        }
        _ => parallel_decode::decode_on_other_thread(input, format, (decoder, log), emit),
    }
}

/// Returns the start of a text, and the whole text as UTF-8.
fn peek_text<R: Read>(input: R) -> io::Result<(Vec<u8>, RestoredInput<TextInput<R>>)> {
    text_encoding::peek_start(TextInput::new(input, None)?, json_values::START_BYTES)
}

/// Reads a recording to its end on the current thread.
fn read_sequentially(
    input: impl Read,
    format: &RecordingFormat,
    (decoder, log): (&mut EventDecoder, &mut QueueLogReader),
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    match format {
        RecordingFormat::CloudEvents => read_cloud_events(input, decoder, emit),
        RecordingFormat::QueueLog(_) => read_queue_log(input, log, decoder, emit),
        RecordingFormat::Mapping(mapping) => read_mapped_rows(input, mapping, decoder, emit),
    }
}

fn read_cloud_events(
    input: impl Read,
    decoder: &mut EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let (start, text) = peek_text(input)?;
    if json_values::spans_lines(&start) {
        return read_json_document(text, decoder, emit);
    }
    let mut lines = LineBlockReader::new(text, EVENT_BYTES_MAX);
    let mut spent = LineBlock::default();
    while let Some(block) = lines.next_block(spent)? {
        decode_line_block(&block, decoder, emit);
        spent = block;
    }
    Ok(())
}

/// Reads the events of a JSON document, which may be printed over several lines.
fn read_json_document(
    text: impl Read,
    decoder: &mut EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let mut values = JsonValueReader::new(text, Vec::new(), false);
    while let Some(JsonValue { line, text }) = values.next_value()? {
        let decoded = text
            .map_err(|reason| EventRejection { id: None, reason })
            .and_then(|text| decoder.decode_json(text));
        report_decoded(decoded, line, decoder, emit);
        flush_full_batch(decoder, emit);
    }
    flush_batch(decoder, emit);
    Ok(())
}

/// Decodes the lines of a block into one batch.
fn decode_line_block(
    block: &LineBlock,
    decoder: &mut EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) {
    for (line, bytes) in block.numbered_lines() {
        let decoded = decoder.decode_json(bytes);
        report_decoded(decoded, line, decoder, emit);
    }
    reject_long_line(block.first_line, block.long_line_bytes, emit);
    flush_batch(decoder, emit);
}

/// Emits the batch if it is full.
fn flush_full_batch(decoder: &mut EventDecoder, emit: &mut dyn FnMut(RecordingItem)) {
    if decoder.len() == BATCH_EVENTS {
        emit(RecordingItem::Batch(decoder.take_batch()));
    }
}

/// Emits the events that are not in a batch yet.
fn flush_batch(decoder: &mut EventDecoder, emit: &mut dyn FnMut(RecordingItem)) {
    if !decoder.is_empty() {
        emit(RecordingItem::Batch(decoder.take_batch()));
    }
}

fn reject_long_line(line: u64, length: Option<u64>, emit: &mut dyn FnMut(RecordingItem)) {
    if let Some(length) = length {
        let reason = too_long_reason(length);
        emit(RecordingItem::Rejected { line, rejection: EventRejection { id: None, reason } });
    }
}

fn read_queue_log(
    input: impl Read,
    log: &mut QueueLogReader,
    decoder: &mut EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let mut lines = LineBlockReader::new(TextInput::new(input, None)?, EVENT_BYTES_MAX);
    let mut spent = LineBlock::default();
    while let Some(block) = lines.next_block(spent)? {
        for (line, bytes) in block.numbered_lines() {
            let Ok(text) = std::str::from_utf8(bytes) else {
                let label = text_encoding::likely_encoding(bytes);
                let reason = format!("not UTF-8; it looks like {label}, convert the log to UTF-8");
                let rejection = EventRejection { id: None, reason };
                emit(RecordingItem::Rejected { line, rejection });
                continue;
            };
            let outcome = log.read_line(text, &mut |raw: RawEvent<'_>| {
                decode_raw_event(&raw, line, decoder, emit);
            });
            match outcome {
                Ok(LineOutcome::Emitted(_)) => {}
                Ok(LineOutcome::LeftOut(reason)) => {
                    emit(RecordingItem::LeftOut { reason: reason.into_owned() });
                }
                Err(reason) => emit(RecordingItem::Rejected {
                    line,
                    rejection: EventRejection { id: None, reason },
                }),
            }
        }
        reject_long_line(block.first_line, block.long_line_bytes, emit);
        spent = block;
    }
    flush_batch(decoder, emit);
    Ok(())
}

fn read_mapped_rows(
    input: impl Read,
    mapping: &Mapping,
    decoder: &mut EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    mapping.read_rows(input, &mut |outcome| match outcome {
        RowOutcome::Event { line, event } => decode_raw_event(&event, line, decoder, emit),
        RowOutcome::Rejected { line, reason } => {
            emit(RecordingItem::Rejected { line, rejection: EventRejection { id: None, reason } });
        }
        RowOutcome::LeftOut { reason, .. } => {
            emit(RecordingItem::LeftOut { reason: reason.to_owned() });
        }
        RowOutcome::Noted { note, .. } => emit(RecordingItem::Noted { note: note.summary() }),
    })?;
    flush_batch(decoder, emit);
    Ok(())
}

fn decode_raw_event(
    raw: &RawEvent<'_>,
    line: u64,
    decoder: &mut EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) {
    let decoded = decoder.decode_raw_event(raw);
    report_decoded(decoded, line, decoder, emit);
    flush_full_batch(decoder, emit);
}

/// Reports the rejection of an event, or the fields that it was taken without.
fn report_decoded(
    decoded: Result<(), EventRejection>,
    line: u64,
    decoder: &EventDecoder,
    emit: &mut dyn FnMut(RecordingItem),
) {
    match decoded {
        Ok(()) => {
            for dropped in decoder.dropped_fields() {
                let reason =
                    format!("the field `{}` of an event: {}", dropped.field, dropped.warning);
                emit(RecordingItem::LeftOut { reason });
            }
        }
        Err(rejection) => emit(RecordingItem::Rejected { line, rejection }),
    }
}
