//! Recorded events from files and standard input: opened, decompressed, and read by their format into batches.

mod parallel_decode;

use super::decode::{EVENT_BYTES_MAX, EventDecoder, EventRejection};
use super::line_blocks::{LineBlock, LineBlockReader};
use super::mapping::Mapping;
use super::queue_log::{LineOutcome, QueueLogReader};
use crate::domain::events::batch::Batch;
use crate::ingest::decode::raw_event::RawEvent;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How the bytes of a recording are understood.
#[derive(Debug)]
pub enum RecordingFormat {
    /// CloudEvents, one JSON object a line.
    CloudEvents,
    /// An Asterisk `queue_log`.
    QueueLog,
    /// An export, by a mapping file.
    Mapping(Box<Mapping>),
}

/// What a recording gives.
#[derive(Debug)]
pub enum RecordingItem {
    /// Some events.
    Batch(Batch),
    /// A line that was not taken.
    Rejected {
        /// Its number, from 1.
        line: u64,
        /// Why.
        rejection: EventRejection,
    },
    /// A line that is not an event, by design.
    LeftOut {
        /// Why.
        reason: String,
    },
}

/// How many events make a batch: enough to look ahead in, and few enough to stay in the cache.
const BATCH_EVENTS: usize = 2_048;

/// Opens a recording; `-` is standard input. What begins like gzip or zstd is decompressed; `watch` sees the bytes before.
///
/// # Errors
/// What opening the file gave; a directory is an error too.
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
            "it is a directory; name the files in it",
        ));
    }
    decompress_input(watch(Box::new(file)))
}

fn decompress_input(mut input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::new();
    input.by_ref().take(4).read_to_end(&mut magic)?;
    let gzip = magic.starts_with(&[0x1f, 0x8b]);
    let zstd = magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let whole = io::Cursor::new(magic).chain(input);
    Ok(match (gzip, zstd) {
        (true, _) => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        (_, true) => Box::new(zstd::stream::read::Decoder::new(whole)?),
        _ => Box::new(whole),
    })
}

/// Reads a recording to its end; `take` gets what it gives, in order. With `others` several threads decode, see `file/together.rs`; it
/// comes to the same.
///
/// # Errors
/// What reading gave, or that the file does not fit its mapping.
pub fn read_recording(
    input: impl Read + Send,
    format: &RecordingFormat,
    (decoder, others): (&mut EventDecoder, &mut [EventDecoder]),
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    match format {
        _ if others.is_empty() => read_sequentially(input, format, decoder, take),
        RecordingFormat::CloudEvents => parallel_decode::read_in_parallel(
            LineBlockReader::new(input, EVENT_BYTES_MAX),
            decoder,
            others,
            take,
        ),
        _ => parallel_decode::decode_on_other_thread(input, format, decoder, take),
    }
}

/// Reads a recording to its end on this thread.
fn read_sequentially(
    input: impl Read,
    format: &RecordingFormat,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    match format {
        RecordingFormat::CloudEvents => read_cloud_events(input, decoder, take),
        RecordingFormat::QueueLog => read_queue_log(input, decoder, take),
        RecordingFormat::Mapping(mapping) => read_mapped_rows(input, mapping, decoder, take),
    }
}

fn read_cloud_events(
    input: impl Read,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let mut lines = LineBlockReader::new(input, EVENT_BYTES_MAX);
    let mut spent = LineBlock::default();
    while let Some(block) = lines.next_block(spent)? {
        decode_line_block(&block, decoder, take);
        spent = block;
    }
    Ok(())
}

/// Decodes the lines of a block into one batch.
fn decode_line_block(
    block: &LineBlock,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) {
    for (line, bytes) in block.numbered_lines() {
        if let Err(rejection) = decoder.decode_json(bytes) {
            take(RecordingItem::Rejected { line, rejection });
        }
    }
    reject_long_line(block.first_line, block.long_line_bytes, take);
    flush_batch(decoder, take);
}

/// Gives the events that are no batch yet.
fn flush_batch(decoder: &mut EventDecoder, take: &mut dyn FnMut(RecordingItem)) {
    if !decoder.is_empty() {
        take(RecordingItem::Batch(decoder.take_batch()));
    }
}

fn reject_long_line(line: u64, length: Option<u64>, take: &mut dyn FnMut(RecordingItem)) {
    if let Some(length) = length {
        let reason = format!("longer than {EVENT_BYTES_MAX} bytes: {length} bytes");
        take(RecordingItem::Rejected { line, rejection: EventRejection { id: None, reason } });
    }
}

fn read_queue_log(
    input: impl Read,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let mut lines = LineBlockReader::new(input, EVENT_BYTES_MAX);
    let mut log = QueueLogReader::default();
    let mut spent = LineBlock::default();
    while let Some(block) = lines.next_block(spent)? {
        for (line, bytes) in block.numbered_lines() {
            let text = String::from_utf8_lossy(bytes);
            let outcome = log.read_line(line, &text, &mut |raw: RawEvent<'_>| {
                decode_raw_event(&raw, line, decoder, take)
            });
            match outcome {
                Ok(LineOutcome::Emitted(_)) => {}
                Ok(LineOutcome::LeftOut(reason)) => {
                    take(RecordingItem::LeftOut { reason: reason.to_owned() })
                }
                Err(reason) => take(RecordingItem::Rejected {
                    line,
                    rejection: EventRejection { id: None, reason },
                }),
            }
        }
        reject_long_line(block.first_line, block.long_line_bytes, take);
        spent = block;
    }
    flush_batch(decoder, take);
    Ok(())
}

fn read_mapped_rows(
    input: impl Read,
    mapping: &Mapping,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    // Three closures write to one taker, none while another runs.
    let taken = std::cell::RefCell::new(take);
    let counts = mapping.read_rows(
        input,
        &mut |line, raw| decode_raw_event(&raw, line, decoder, &mut **taken.borrow_mut()),
        &mut |line, reason| {
            taken.borrow_mut()(RecordingItem::Rejected {
                line,
                rejection: EventRejection { id: None, reason },
            })
        },
        &mut |reason| taken.borrow_mut()(RecordingItem::LeftOut { reason: reason.to_owned() }),
    )?;
    flush_batch(decoder, &mut **taken.borrow_mut());
    for _ in 0..counts.not_utf8 {
        taken.borrow_mut()(RecordingItem::LeftOut {
            reason: "bytes that are not UTF-8 were replaced in a row (the row was taken)"
                .to_owned(),
        });
    }
    Ok(())
}

fn decode_raw_event(
    raw: &RawEvent<'_>,
    line: u64,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) {
    if let Err(rejection) = decoder.decode_raw_event(raw) {
        take(RecordingItem::Rejected { line, rejection });
    } else if decoder.len() == BATCH_EVENTS {
        take(RecordingItem::Batch(decoder.take_batch()));
    }
}
