//! Recordings decoded by several threads at once.
//!
//! Of CloudEvents whoever is free takes the next block of lines, and gives what it decodes to under the number of the block; it is
//! taken in the order of the numbers, whoever was faster. The thread that takes decodes as well when it would have to wait. Of
//! other formats a line means nothing without those before it: one thread decodes all, beside the one that takes.

use crate::ingest::decode::EventDecoder;
use crate::ingest::line_blocks::{LineBlock, LineBlockReader};
use crate::ingest::recording::{
    RecordingFormat, RecordingItem, decode_line_block, read_sequentially,
};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// How many decoded blocks, or batches of other formats, wait to be taken.
const DECODED_BLOCKS_MAX: usize = 8;

/// The blocks of a recording, for whoever comes.
struct BlockQueue<R> {
    lines: LineBlockReader<R>,
    next: u64,
    /// Whether there are no more, or none that can be read.
    ended: bool,
}

impl<R: Read> BlockQueue<R> {
    /// The next block with its number; `spent` is one whose lines nobody needs any more.
    fn next_block(&mut self, spent: LineBlock) -> Option<io::Result<(u64, LineBlock)>> {
        if self.ended {
            return None;
        }
        let block = self.lines.next_block(spent).transpose();
        self.ended = !matches!(block, Some(Ok(_)));
        self.next += 1;
        block.map(|block| block.map(|block| (self.next - 1, block)))
    }
}

/// What a block came to, under its number.
type DecodedBlock = io::Result<(u64, Vec<RecordingItem>)>;

/// Reads CloudEvents to their end with all decoders; `take` gets what they give, in order.
///
/// # Errors
/// What reading gave.
pub(super) fn read_in_parallel(
    lines: LineBlockReader<impl Read + Send>,
    own: &mut EventDecoder,
    others: &mut [EventDecoder],
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let blocks = Mutex::new(BlockQueue { lines, next: 0, ended: false });
    let next = |spent| blocks.lock().unwrap_or_else(PoisonError::into_inner).next_block(spent);
    std::thread::scope(|scope| {
        let (give, decoded) = sync_channel::<DecodedBlock>(DECODED_BLOCKS_MAX);
        for decoder in others {
            let give = give.clone();
            scope.spawn(move || decode_blocks(decoder, next, &give));
        }
        drop(give);
        let (mut ready, mut turn, mut spent) = (BTreeMap::new(), 0, LineBlock::default());
        loop {
            while let Some(items) = ready.remove(&turn) {
                Vec::into_iter(items).for_each(&mut *take);
                turn += 1;
            }
            let (number, items) = if let Ok(done) = decoded.try_recv() {
                done?
            } else if let Some(block) = next(std::mem::take(&mut spent)) {
                let (number, block) = block?;
                (number, decode_items(block, own, &mut spent))
            } else if let Ok(done) = decoded.recv() {
                done?
            } else {
                // The others have ended, or panicked.
                return Ok(());
            };
            ready.insert(number, items);
        }
    })
}

/// Decodes blocks until there are no more.
fn decode_blocks(
    decoder: &mut EventDecoder,
    next: impl Fn(LineBlock) -> Option<io::Result<(u64, LineBlock)>>,
    give: &SyncSender<DecodedBlock>,
) {
    let mut spent = LineBlock::default();
    while let Some(block) = next(std::mem::take(&mut spent)) {
        let decoded =
            block.map(|(number, block)| (number, decode_items(block, decoder, &mut spent)));
        // Whoever takes has seen an error.
        if give.send(decoded).is_err() {
            return;
        }
    }
}

/// What a block comes to; then it is spent.
fn decode_items(
    block: LineBlock,
    decoder: &mut EventDecoder,
    spent: &mut LineBlock,
) -> Vec<RecordingItem> {
    let mut items = Vec::new();
    decode_line_block(&block, decoder, &mut |item| items.push(item));
    *spent = block;
    items
}

/// Reads a recording of any format to its end on a thread of its own.
///
/// # Errors
/// What reading gave, or that the file does not fit its mapping.
pub(super) fn decode_on_other_thread(
    input: impl Read + Send,
    format: &RecordingFormat,
    decoder: &mut EventDecoder,
    take: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    std::thread::scope(|scope| {
        let (give, items) = sync_channel(DECODED_BLOCKS_MAX);
        // Whoever takes does so to the end.
        let reader = scope.spawn(move || {
            read_sequentially(input, format, decoder, &mut |item| _ = give.send(item))
        });
        items.into_iter().for_each(&mut *take);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::event::EventId;
    use crate::domain::standard::EventSchema;
    use crate::ingest::decode::HashKeys;
    use crate::ingest::recording;
    use std::fmt::Write;
    use std::sync::Arc;

    /// A dozen blocks and more, with a line in each hundred that is rejected.
    fn sample_recording() -> String {
        let mut text = String::new();
        for number in 0..60_000 {
            let _ = match number % 100 {
                99 => writeln!(text, "{{\"id\":"),
                _ => writeln!(
                    text,
                    r#"{{"specversion":"1.0","id":"{number}","source":"/s","type":"call.offered","time":"2026-03-01T08:00:00Z","subject":"{number}","data":{{"queue":"q{}"}}}}"#,
                    number % 7
                ),
            };
        }
        text
    }

    /// The events and the lines of what is rejected, as they come, with so many helpers.
    fn read_with_helpers(text: &str, helpers: usize) -> (Vec<EventId>, Vec<u64>) {
        let schema = Arc::new(EventSchema::new(vec!["queue".to_owned()], &[]));
        let mut decoders: Vec<EventDecoder> =
            (0..=helpers).map(|_| EventDecoder::new(schema.clone(), HashKeys::default())).collect();
        let (own, others) = decoders.split_first_mut().expect("at least one");
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        let read = recording::read_recording(
            text.as_bytes(),
            &RecordingFormat::CloudEvents,
            (own, others),
            &mut |item| match item {
                RecordingItem::Batch(batch) => {
                    events.extend(batch.events.iter().map(|event| event.id))
                }
                RecordingItem::Rejected { line, .. } => rejected.push(line),
                RecordingItem::LeftOut { reason } => panic!("{reason}"),
            },
        );
        read.expect("memory can be read");
        (events, rejected)
    }

    #[test]
    fn parallel_decoding_keeps_events_and_their_order() {
        let text = sample_recording();
        let alone = read_with_helpers(&text, 0);
        assert_eq!((alone.0.len(), alone.1.len()), (59_400, 600));
        for helpers in [1, 2, 5] {
            assert!(read_with_helpers(&text, helpers) == alone, "with {helpers} helpers");
        }
    }

    /// Gives something and then breaks.
    struct FailingReader(u32);

    impl Read for FailingReader {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            buffer.fill(b'\n');
            Ok(buffer.len())
        }
    }

    #[test]
    fn reports_read_error_from_any_thread() {
        let schema = Arc::new(EventSchema::new(Vec::new(), &[]));
        let mut decoders = [(); 4].map(|()| EventDecoder::new(schema.clone(), HashKeys::default()));
        let (own, others) = decoders.split_first_mut().expect("there are four");
        for blocks in [0, 1, 9] {
            let read = recording::read_recording(
                FailingReader(blocks),
                &RecordingFormat::CloudEvents,
                (own, others),
                &mut |_| {},
            );
            assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
        }
    }
}
