//! What lies on disk: batches, records of the journal, and the core's memory.

use super::{built_in, check_reason};
use firstline::domain::event::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Horizon;
use firstline::domain::time::HOUR;
use firstline::ingest::wire::{Decoder, Keys};
use firstline::journal::{Packed, Record, Sequence, packed};
use std::sync::Arc;

/// A packed batch: how many events, how many bytes unpacked (0 if it is not compressed), and the columns.
pub(crate) fn packed(bytes: &[u8]) {
    match Packed::from_bytes(bytes).unpack() {
        Err(damage) => check_reason(&damage.to_string()),
        Ok(batch) => {
            // An event takes twenty bytes and more.
            assert!(batch.events.len() <= packed::LONGEST.max(bytes.len()) / 20, "{} events of {} bytes", batch.events.len(), bytes.len());
            let again = Packed::pack(&batch).unpack().expect("it was packed");
            assert_eq!(again, batch, "packed again it is another");
        }
    }
}

/// A record of the journal, first as it is: a fuzzer that sees comparisons finds the right checksum in a minute, and nothing else may be
/// taken. Then as its kind and version, and behind them its payload; the checksum is put there, or mutations would never get past it.
pub(crate) fn record(bytes: &[u8]) {
    const AT: Sequence = Sequence(7);
    let checksum = |head: &[u8], payload: &[u8]| {
        let mut sum = crc32fast::Hasher::new();
        [&AT.0.to_le_bytes(), head, payload].iter().for_each(|part| sum.update(part));
        sum.finalize().to_le_bytes()
    };
    let is_sealed = bytes.get(2..6).is_some_and(|sum| sum == checksum(&bytes[..2], &bytes[6..]));
    assert!(is_sealed || Record::read("f", AT, bytes).is_err(), "a record without its checksum is taken");
    let Some((head, payload)) = bytes.split_at_checked(2) else { return };
    let sealed = [head, &checksum(head, payload), payload].concat();
    assert!(Record::read("f", AT.next(), &sealed).is_err(), "a record of another place is taken");
    match Record::read("f", AT, &sealed) {
        Err(error) => check_reason(&error.to_string()),
        Ok(record) => {
            let again = Record::read("f", AT, &record.write(AT)).expect("it was written");
            assert_eq!(again, record, "written again it is another");
            if let Record::Batch(batch) = record {
                packed(batch.as_bytes());
            }
        }
    }
}

/// The core's memory, as in a snapshot.
pub(crate) fn memory(bytes: &[u8]) {
    let horizon = Some(Horizon::default());
    let remember = |bytes: &[u8]| Monitor::remember(built_in().clone(), horizon, &mut postcard::Deserializer::from_bytes(bytes));
    match remember(bytes) {
        Err(error) => check_reason(&error.to_string()),
        Ok(mut monitor) => {
            let written = written(&monitor);
            let again = remember(&written).expect("what was written down is remembered");
            assert!(self::written(&again) == written, "written again it is another");
            assert_eq!(monitor.board().readings, again.board().readings, "the board is another");
            let now = monitor.now().unwrap_or_default();
            monitor.apply(&batch(&[EVENT]));
            monitor.tick(now.plus(HOUR));
            let _ = monitor.board();
            self::written(&monitor);
        }
    }
}

fn written(monitor: &Monitor) -> Vec<u8> {
    postcard::to_stdvec(&monitor.memory()).expect("a memory can be written")
}

const EVENT: &[u8] = br#"{"specversion":"1.0","id":"9","source":"/acd","type":"call.answered","time":"2026-03-01T08:00:07Z","subject":"call-1","data":{"center":"hefei","queue":"broadband"}}"#;

fn batch(events: &[&[u8]]) -> Batch {
    let mut decoder = Decoder::new(Arc::new(built_in().schema.clone()), Keys::default()).keeping_names(true);
    // The corpus has events that are rejected as well.
    events.iter().for_each(|event| _ = decoder.json(event));
    decoder.take()
}

/// Packed batches of these events, compressed and not, to begin from.
pub(crate) fn packed_seeds(events: &[&[u8]]) -> Vec<Vec<u8>> {
    [events, &events[..1], &[]]
        .iter()
        .flat_map(|events| {
            let packed = Packed::pack(&batch(events)).as_bytes().to_vec();
            let (head, body) = packed.split_at(8);
            let plain = zstd::bulk::decompress(body, packed::LONGEST).ok().map(|columns| [&head[..4], &[0; 4], &columns[..]].concat());
            plain.into_iter().chain([packed.clone()])
        })
        .collect()
}

/// Memories of cores that were told these events, to begin from.
pub(crate) fn remembered_seeds(events: &[&[u8]]) -> Vec<Vec<u8>> {
    let told = |events: &[&[u8]], hours: i64| {
        let mut monitor = Monitor::new(built_in().clone(), Some(Horizon::default()));
        monitor.apply(&batch(events));
        let now = monitor.now().unwrap_or_default();
        monitor.tick(now.plus(hours * HOUR));
        written(&monitor)
    };
    vec![told(&[], 0), told(&events[..1], 0), told(events, 0), told(events, 30)]
}
