//! Recordings decoded by several threads at once.
//!
//! Of CloudEvents whoever is free takes the next block of lines, and gives what it decodes to under the number of the block; it is
//! taken in the order of the numbers, whoever was faster. The thread that takes decodes as well when it would have to wait. Of
//! other formats a line means nothing without those before it: one thread decodes all, beside the one that takes.

use super::{Format, Item, alone, decode_block};
use crate::ingest::lines::{Block, Lines};
use crate::ingest::wire::Decoder;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// How many decoded blocks, or batches of other formats, wait to be taken.
const WAITING: usize = 8;

/// The blocks of a recording, for whoever comes.
struct Blocks<R> {
    lines: Lines<R>,
    next: u64,
    /// Whether there are no more, or none that can be read.
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// The next block with its number; `spent` is one whose lines nobody needs any more.
    fn next(&mut self, spent: Block) -> Option<io::Result<(u64, Block)>> {
        if self.ended {
            return None;
        }
        let block = self.lines.block(spent).transpose();
        self.ended = !matches!(block, Some(Ok(_)));
        self.next += 1;
        block.map(|block| block.map(|block| (self.next - 1, block)))
    }
}

/// What a block came to, under its number.
type Decoded = io::Result<(u64, Vec<Item>)>;

/// Reads CloudEvents to their end with all decoders; `take` gets what they give, in order.
///
/// # Errors
/// What reading gave.
pub(super) fn read(
    lines: Lines<impl Read + Send>,
    own: &mut Decoder,
    others: &mut [Decoder],
    take: &mut dyn FnMut(Item),
) -> io::Result<()> {
    let blocks = Mutex::new(Blocks { lines, next: 0, ended: false });
    let next = |spent| blocks.lock().unwrap_or_else(PoisonError::into_inner).next(spent);
    std::thread::scope(|scope| {
        let (give, decoded) = sync_channel::<Decoded>(WAITING);
        for decoder in others {
            let give = give.clone();
            scope.spawn(move || help(decoder, next, &give));
        }
        drop(give);
        let (mut ready, mut turn, mut spent) = (BTreeMap::new(), 0, Block::default());
        loop {
            while let Some(items) = ready.remove(&turn) {
                Vec::into_iter(items).for_each(&mut *take);
                turn += 1;
            }
            let (number, items) = if let Ok(done) = decoded.try_recv() {
                done?
            } else if let Some(block) = next(std::mem::take(&mut spent)) {
                let (number, block) = block?;
                (number, decode(block, own, &mut spent))
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
fn help(decoder: &mut Decoder, next: impl Fn(Block) -> Option<io::Result<(u64, Block)>>, give: &SyncSender<Decoded>) {
    let mut spent = Block::default();
    while let Some(block) = next(std::mem::take(&mut spent)) {
        let decoded = block.map(|(number, block)| (number, decode(block, decoder, &mut spent)));
        // Whoever takes has seen an error.
        if give.send(decoded).is_err() {
            return;
        }
    }
}

/// What a block comes to; then it is spent.
fn decode(block: Block, decoder: &mut Decoder, spent: &mut Block) -> Vec<Item> {
    let mut items = Vec::new();
    decode_block(&block, decoder, &mut |item| items.push(item));
    *spent = block;
    items
}

/// Reads a recording of any format to its end on a thread of its own.
///
/// # Errors
/// What reading gave, or that the file does not fit its mapping.
pub(super) fn beside(input: impl Read + Send, format: &Format, decoder: &mut Decoder, take: &mut dyn FnMut(Item)) -> io::Result<()> {
    std::thread::scope(|scope| {
        let (give, items) = sync_channel(WAITING);
        // Whoever takes does so to the end.
        let reader = scope.spawn(move || alone(input, format, decoder, &mut |item| _ = give.send(item)));
        items.into_iter().for_each(&mut *take);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventId;
    use crate::domain::standard::Schema;
    use crate::ingest::file;
    use crate::ingest::wire::Keys;
    use std::fmt::Write;
    use std::sync::Arc;

    /// A dozen blocks and more, with a line in each hundred that is rejected.
    fn text() -> String {
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
    fn read(text: &str, helpers: usize) -> (Vec<EventId>, Vec<u64>) {
        let schema = Arc::new(Schema::new(vec!["queue".to_owned()], &[]));
        let mut decoders: Vec<Decoder> = (0..=helpers).map(|_| Decoder::new(schema.clone(), Keys::default())).collect();
        let (own, others) = decoders.split_first_mut().expect("at least one");
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        let read = file::read(text.as_bytes(), &Format::CloudEvents, (own, others), &mut |item| match item {
            Item::Batch(batch) => events.extend(batch.events.iter().map(|event| event.id)),
            Item::Rejected { line, .. } => rejected.push(line),
            Item::LeftOut { reason } => panic!("{reason}"),
        });
        read.expect("memory can be read");
        (events, rejected)
    }

    #[test]
    fn several_threads_give_what_one_gives_in_the_same_order() {
        let text = text();
        let alone = read(&text, 0);
        assert_eq!((alone.0.len(), alone.1.len()), (59_400, 600));
        for helpers in [1, 2, 5] {
            assert!(read(&text, helpers) == alone, "with {helpers} helpers");
        }
    }

    /// Gives something and then breaks.
    struct Broken(u32);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            buffer.fill(b'\n');
            Ok(buffer.len())
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_whoever_read_it() {
        let schema = Arc::new(Schema::new(Vec::new(), &[]));
        let mut decoders = [(); 4].map(|()| Decoder::new(schema.clone(), Keys::default()));
        let (own, others) = decoders.split_first_mut().expect("there are four");
        for blocks in [0, 1, 9] {
            let read = file::read(Broken(blocks), &Format::CloudEvents, (own, others), &mut |_| {});
            assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
        }
    }
}
