//! A recording of CloudEvents read by several decoders at once: one thread reads and unpacks blocks of lines and deals them out in
//! turn, and what becomes of them is taken in the same turn. So the order is that of the recording, whoever is faster.

use super::{Item, decode_block};
use crate::ingest::lines::{Block, Lines};
use crate::ingest::wire::Decoder;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

/// How many blocks wait for each decoder, and how many decoded ones for whoever takes them: about half a megabyte each.
const WAITING: usize = 4;

/// Reads a recording to its end; `take` gets what it gives, in order.
///
/// # Errors
/// What reading gave.
pub(super) fn read(mut lines: Lines<impl Read + Send>, decoders: &mut [Decoder], take: &mut dyn FnMut(Item)) -> io::Result<()> {
    std::thread::scope(|scope| {
        let (spend, spent) = channel();
        let (mut hands, mut decoded) = (Vec::new(), Vec::new());
        for decoder in decoders {
            let (hand, blocks) = sync_channel::<Block>(WAITING);
            let (give, items) = sync_channel::<Vec<Item>>(WAITING);
            let spend = spend.clone();
            scope.spawn(move || decode(decoder, &blocks, &give, &spend));
            hands.push(hand);
            decoded.push(items);
        }
        let reader = scope.spawn(move || deal(&mut lines, &hands, &spent));
        // Whose turn it is has nothing more: then nobody has.
        for items in decoded.iter().cycle() {
            let Ok(items) = items.recv() else { break };
            items.into_iter().for_each(&mut *take);
        }
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Deals blocks out, in the memory of those that are decoded.
fn deal(lines: &mut Lines<impl Read>, hands: &[SyncSender<Block>], spent: &Receiver<Block>) -> io::Result<()> {
    for hand in hands.iter().cycle() {
        match lines.block(spent.try_recv().unwrap_or_default())? {
            // A decoder that has panicked takes nothing; the end of its thread tells.
            Some(block) => _ = hand.send(block),
            None => break,
        }
    }
    Ok(())
}

/// Decodes the blocks dealt to one decoder.
fn decode(decoder: &mut Decoder, blocks: &Receiver<Block>, give: &SyncSender<Vec<Item>>, spend: &std::sync::mpsc::Sender<Block>) {
    for block in blocks {
        let mut items = Vec::new();
        decode_block(&block, decoder, &mut |item| items.push(item));
        // Whoever does not listen any more has panicked, or needs no more memory.
        _ = give.send(items);
        _ = spend.send(block);
    }
}
