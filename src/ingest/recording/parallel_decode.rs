//! Decodes recordings on several threads.
//!
//! CloudEvents lines are independent, so each idle thread takes the next numbered block of lines
//! and decodes it. The calling thread emits the items in block order. It decodes blocks itself
//! when it would otherwise wait.
//!
//! In other formats a line depends on the lines before it. There one thread decodes everything
//! while the calling thread emits.

use crate::ingest::decode::EventDecoder;
use crate::ingest::line_blocks::{LineBlock, LineBlockReader};
use crate::ingest::queue_log::QueueLogReader;
use crate::ingest::recording::{
    RecordingFormat, RecordingItem, decode_line_block, read_sequentially,
};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Maximum number of decoded blocks, or of items of other formats, that wait to be emitted.
const DECODED_BLOCKS_MAX: usize = 8;

/// Blocks of a recording that are not decoded yet, shared by all threads.
struct BlockQueue<R> {
    lines: LineBlockReader<R>,
    next: u64,
    /// True after the last block or a read error.
    ended: bool,
}

impl<R: Read> BlockQueue<R> {
    /// Returns the next block with its number, or `None` at the end. The memory of the finished
    /// block `spent` is reused.
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

/// Items of a block with the number of the block.
type DecodedBlock = io::Result<(u64, Vec<RecordingItem>)>;

/// Reads CloudEvents to their end with all decoders and passes the items to `emit` in order.
///
/// # Errors
/// Returns the read error.
pub(super) fn read_in_parallel(
    lines: LineBlockReader<impl Read + Send>,
    own: &mut EventDecoder,
    others: &mut [EventDecoder],
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    let blocks = Mutex::new(BlockQueue { lines, next: 0, ended: false });
    let next = |spent| blocks.lock().unwrap_or_else(PoisonError::into_inner).next_block(spent);
    std::thread::scope(|scope| {
        let (sender, decoded) = sync_channel::<DecodedBlock>(DECODED_BLOCKS_MAX);
        for decoder in others {
            let sender = sender.clone();
            scope.spawn(move || decode_blocks(decoder, next, &sender));
        }
        drop(sender);
        let (mut ready, mut next_number, mut spent) = (BTreeMap::new(), 0, LineBlock::default());
        loop {
            while let Some(items) = ready.remove(&next_number) {
                Vec::into_iter(items).for_each(&mut *emit);
                next_number += 1;
            }
            let (number, items) = if let Ok(done) = decoded.try_recv() {
                done?
            } else if let Some(block) = next(std::mem::take(&mut spent)) {
                let (number, block) = block?;
                (number, decode_items(block, own, &mut spent))
            } else if let Ok(done) = decoded.recv() {
                done?
            } else {
                // The other threads have ended, or panicked.
                return Ok(());
            };
            ready.insert(number, items);
        }
    })
}

/// Decodes blocks and sends their items until no block is left.
fn decode_blocks(
    decoder: &mut EventDecoder,
    next: impl Fn(LineBlock) -> Option<io::Result<(u64, LineBlock)>>,
    sender: &SyncSender<DecodedBlock>,
) {
    let mut spent = LineBlock::default();
    while let Some(block) = next(std::mem::take(&mut spent)) {
        let decoded =
            block.map(|(number, block)| (number, decode_items(block, decoder, &mut spent)));
        // The receiver is gone only after it received an error.
        if sender.send(decoded).is_err() {
            return;
        }
    }
}

/// Decodes a block. Its memory moves to `spent`.
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

/// Reads a recording of any format to its end on another thread.
///
/// # Errors
/// Returns the read error, or an error if the file does not match its mapping.
pub(super) fn decode_on_other_thread(
    input: impl Read + Send,
    format: &RecordingFormat,
    (decoder, log): (&mut EventDecoder, &mut QueueLogReader),
    emit: &mut dyn FnMut(RecordingItem),
) -> io::Result<()> {
    std::thread::scope(|scope| {
        let (sender, items) = sync_channel(DECODED_BLOCKS_MAX);
        // The receiver reads all items, so sending does not fail.
        let reader = scope.spawn(move || {
            read_sequentially(input, format, (decoder, log), &mut |item| _ = sender.send(item))
        });
        items.into_iter().for_each(&mut *emit);
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

    /// Returns more than a dozen blocks. Each hundred lines contain one that is rejected.
    fn sample_recording() -> String {
        let mut text = String::new();
        for number in 0..60_000 {
            let _ = match number % 100 {
                99 => writeln!(text, "{{\"id\":"),
                _ => writeln!(
                    text,
                    concat!(
                        r#"{{"specversion":"1.0","id":"{number}","source":"/s","#,
                        r#""type":"call.offered","time":"2026-03-01T08:00:00Z","#,
                        r#""subject":"{number}","data":{{"queue":"q{queue}"}}}}"#
                    ),
                    number = number,
                    queue = number % 7
                ),
            };
        }
        text
    }

    /// Returns the events and the numbers of rejected lines in order of emission.
    fn read_with_helpers(text: &str, helpers: usize) -> (Vec<EventId>, Vec<u64>) {
        let schema = Arc::new(EventSchema::new(vec!["queue".to_owned()], &[], &[], Vec::new()));
        let mut decoders: Vec<EventDecoder> =
            (0..=helpers).map(|_| EventDecoder::new(schema.clone(), HashKeys::default())).collect();
        let (own, others) = decoders.split_first_mut().expect("one decoder per thread");
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        let read = recording::read_recording(
            text.as_bytes(),
            &RecordingFormat::CloudEvents,
            (own, others),
            &mut QueueLogReader::default(),
            &mut |item| match item {
                RecordingItem::Batch(batch) => {
                    events.extend(batch.events.iter().map(|event| event.id));
                }
                RecordingItem::Rejected { line, .. } => rejected.push(line),
                RecordingItem::LeftOut { reason } | RecordingItem::Noted { note: reason } => {
                    panic!("{reason}")
                }
            },
        );
        read.expect("reading from memory succeeds");
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

    /// Returns full buffers, then fails.
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
        let schema = Arc::new(EventSchema::new(Vec::new(), &[], &[], Vec::new()));
        let mut decoders = [(); 4].map(|()| EventDecoder::new(schema.clone(), HashKeys::default()));
        let (own, others) = decoders.split_first_mut().expect("there are four");
        for blocks in [0, 1, 9] {
            let read = recording::read_recording(
                FailingReader(blocks),
                &RecordingFormat::CloudEvents,
                (own, others),
                &mut QueueLogReader::default(),
                &mut |_| {},
            );
            assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
        }
    }
}
