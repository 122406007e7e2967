//! Recorded events from files and standard input: opened, decompressed, and read by their format into batches.

mod together;

use super::lines::{Block, Lines};
use super::mapping::Mapping;
use super::queue_log::{LineOutcome, QueueLog};
use super::raw::RawEvent;
use super::wire::{Decoder, LONGEST_EVENT, Rejection};
use crate::domain::event::Batch;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How the bytes of a recording are understood.
#[derive(Debug)]
pub enum Format {
    /// CloudEvents, one JSON object a line.
    CloudEvents,
    /// An Asterisk `queue_log`.
    QueueLog,
    /// An export, by a mapping file.
    Mapping(Box<Mapping>),
}

/// What a recording gives.
#[derive(Debug)]
pub enum Item {
    /// Some events.
    Batch(Batch),
    /// A line that was not taken.
    Rejected {
        /// Its number, from 1.
        line: u64,
        /// Why.
        rejection: Rejection,
    },
    /// A line that is not an event, by design.
    LeftOut {
        /// Why.
        reason: String,
    },
}

/// How many events make a batch: enough to look ahead in, and few enough to stay in the cache.
const BATCH: usize = 2_048;

/// Opens a recording; `-` is standard input. What begins like gzip or zstd is decompressed; `watch` sees the bytes before.
///
/// # Errors
/// What opening the file gave; a directory is an error too.
pub fn open(path: &Path, watch: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return decompressed(watch(Box::new(io::stdin())));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory; name the files in it"));
    }
    decompressed(watch(Box::new(file)))
}

fn decompressed(mut input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
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
pub fn read(
    input: impl Read + Send,
    format: &Format,
    (decoder, others): (&mut Decoder, &mut [Decoder]),
    take: &mut dyn FnMut(Item),
) -> io::Result<()> {
    match format {
        _ if others.is_empty() => alone(input, format, decoder, take),
        Format::CloudEvents => together::read(Lines::new(input, LONGEST_EVENT), decoder, others, take),
        _ => together::beside(input, format, decoder, take),
    }
}

/// Reads a recording to its end on this thread.
fn alone(input: impl Read, format: &Format, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) -> io::Result<()> {
    match format {
        Format::CloudEvents => cloud_events(input, decoder, take),
        Format::QueueLog => queue_log(input, decoder, take),
        Format::Mapping(mapping) => mapped(input, mapping, decoder, take),
    }
}

fn cloud_events(input: impl Read, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) -> io::Result<()> {
    let mut lines = Lines::new(input, LONGEST_EVENT);
    let mut spent = Block::default();
    while let Some(block) = lines.block(spent)? {
        decode_block(&block, decoder, take);
        spent = block;
    }
    Ok(())
}

/// Decodes the lines of a block into one batch.
fn decode_block(block: &Block, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) {
    for (line, bytes) in block.lines() {
        if let Err(rejection) = decoder.json(bytes) {
            take(Item::Rejected { line, rejection });
        }
    }
    too_long(block.first, block.too_long, take);
    finish(decoder, take);
}

/// Gives the events that are no batch yet.
fn finish(decoder: &mut Decoder, take: &mut dyn FnMut(Item)) {
    if !decoder.is_empty() {
        take(Item::Batch(decoder.take()));
    }
}

fn too_long(line: u64, length: Option<u64>, take: &mut dyn FnMut(Item)) {
    if let Some(length) = length {
        let reason = format!("longer than {LONGEST_EVENT} bytes: {length} bytes");
        take(Item::Rejected { line, rejection: Rejection { id: None, reason } });
    }
}

fn queue_log(input: impl Read, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) -> io::Result<()> {
    let mut lines = Lines::new(input, LONGEST_EVENT);
    let mut log = QueueLog::default();
    let mut spent = Block::default();
    while let Some(block) = lines.block(spent)? {
        for (line, bytes) in block.lines() {
            let text = String::from_utf8_lossy(bytes);
            let outcome = log.line(line, &text, &mut |raw: RawEvent<'_>| decode(&raw, line, decoder, take));
            match outcome {
                Ok(LineOutcome::Emitted(_)) => {}
                Ok(LineOutcome::LeftOut(reason)) => take(Item::LeftOut { reason: reason.to_owned() }),
                Err(reason) => take(Item::Rejected { line, rejection: Rejection { id: None, reason } }),
            }
        }
        too_long(block.first, block.too_long, take);
        spent = block;
    }
    finish(decoder, take);
    Ok(())
}

fn mapped(input: impl Read, mapping: &Mapping, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) -> io::Result<()> {
    // Three closures write to one taker, none while another runs.
    let taken = std::cell::RefCell::new(take);
    let counts = mapping.read(
        input,
        &mut |line, raw| decode(&raw, line, decoder, &mut **taken.borrow_mut()),
        &mut |line, reason| taken.borrow_mut()(Item::Rejected { line, rejection: Rejection { id: None, reason } }),
        &mut |reason| taken.borrow_mut()(Item::LeftOut { reason: reason.to_owned() }),
    )?;
    finish(decoder, &mut **taken.borrow_mut());
    for _ in 0..counts.not_utf8 {
        taken.borrow_mut()(Item::LeftOut { reason: "bytes that are not UTF-8 were replaced in a row (the row was taken)".to_owned() });
    }
    Ok(())
}

fn decode(raw: &RawEvent<'_>, line: u64, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) {
    if let Err(rejection) = decoder.event(raw) {
        take(Item::Rejected { line, rejection });
    } else if decoder.len() == BATCH {
        take(Item::Batch(decoder.take()));
    }
}
