//! What lies on disk: batches, records of the journal, and the core's memory.

use super::{built_in_standard, check_reason};
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::RetentionHorizon;
use firstline::domain::time::timestamp::HOUR;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::journal::batch_codec;
use firstline::journal::{BatchCodec, JournalRecord, SequenceNumber};
use std::sync::Arc;

/// A packed batch: how many events, how many bytes unpacked (0 if it is not compressed), and the columns.
pub(crate) fn packed(bytes: &[u8]) {
    match BatchCodec::from_bytes(bytes).decode_batch() {
        Err(damage) => check_reason(&damage.to_string()),
        Ok(batch) => {
            // An event takes twenty bytes and more.
            assert!(
                batch.events.len() <= batch_codec::COLUMN_BYTES_MAX.max(bytes.len()) / 20,
                "{} events of {} bytes",
                batch.events.len(),
                bytes.len()
            );
            let again = BatchCodec::encode_batch(&batch).decode_batch().expect("it was packed");
            assert_eq!(again, batch, "packed again it is another");
        }
    }
}

/// A record of the journal, first as it is: a fuzzer that sees comparisons finds the right checksum in a minute, and nothing else may be
/// taken. Then as its kind and version, and behind them its payload; the checksum is put there, or mutations would never get past it.
pub(crate) fn record(bytes: &[u8]) {
    const RECORD_SEQUENCE: SequenceNumber = SequenceNumber(7);
    let checksum = |head: &[u8], payload: &[u8]| {
        let mut sum = crc32fast::Hasher::new();
        [&RECORD_SEQUENCE.0.to_le_bytes(), head, payload].iter().for_each(|part| sum.update(part));
        sum.finalize().to_le_bytes()
    };
    let is_sealed = bytes.get(2..6).is_some_and(|sum| sum == checksum(&bytes[..2], &bytes[6..]));
    assert!(
        is_sealed || JournalRecord::from_bytes("f", RECORD_SEQUENCE, bytes).is_err(),
        "a record without its checksum is taken"
    );
    let Some((head, payload)) = bytes.split_at_checked(2) else { return };
    let sealed = [head, &checksum(head, payload), payload].concat();
    assert!(
        JournalRecord::from_bytes("f", RECORD_SEQUENCE.next(), &sealed).is_err(),
        "a record of another place is taken"
    );
    match JournalRecord::from_bytes("f", RECORD_SEQUENCE, &sealed) {
        Err(error) => check_reason(&error.to_string()),
        Ok(record) => {
            let again =
                JournalRecord::from_bytes("f", RECORD_SEQUENCE, &record.to_bytes(RECORD_SEQUENCE))
                    .expect("it was written");
            assert_eq!(again, record, "written again it is another");
            if let JournalRecord::Batch(batch) = record {
                packed(batch.as_bytes());
            }
        }
    }
}

/// The core's memory, as in a snapshot.
pub(crate) fn memory(bytes: &[u8]) {
    let horizon = Some(RetentionHorizon::default());
    let remember = |bytes: &[u8]| {
        Monitor::from_snapshot(
            built_in_standard().clone(),
            horizon,
            &mut postcard::Deserializer::from_bytes(bytes),
        )
    };
    match remember(bytes) {
        Err(error) => check_reason(&error.to_string()),
        Ok(mut monitor) => {
            let written = encode_monitor(&monitor);
            let again = remember(&written).expect("what was written down is remembered");
            assert!(encode_monitor(&again) == written, "written again it is another");
            assert_eq!(
                monitor.compute_board().readings,
                again.compute_board().readings,
                "the board is another"
            );
            let now = monitor.now().unwrap_or_default();
            monitor.apply_batch(&decode_batch(&[EVENT]));
            monitor.tick(now.plus_millis(HOUR));
            let _ = monitor.compute_board();
            encode_monitor(&monitor);
        }
    }
}

fn encode_monitor(monitor: &Monitor) -> Vec<u8> {
    postcard::to_stdvec(&monitor.to_snapshot()).expect("a memory can be written")
}

const EVENT: &[u8] = br#"{"specversion":"1.0","id":"9","source":"/acd","type":"call.answered","time":"2026-03-01T08:00:07Z","subject":"call-1","data":{"center":"hefei","queue":"broadband"}}"#;

fn decode_batch(events: &[&[u8]]) -> Batch {
    let mut decoder =
        EventDecoder::new(Arc::new(built_in_standard().schema.clone()), HashKeys::default())
            .with_case_names(true);
    // The corpus has events that are rejected as well.
    events.iter().for_each(|event| _ = decoder.decode_json(event));
    decoder.take_batch()
}

/// Packed batches of these events, compressed and not, to begin from.
pub(crate) fn packed_seeds(events: &[&[u8]]) -> Vec<Vec<u8>> {
    [events, &events[..1], &[]]
        .iter()
        .flat_map(|events| {
            let packed = BatchCodec::encode_batch(&decode_batch(events)).as_bytes().to_vec();
            let (head, body) = packed.split_at(8);
            let plain = zstd::bulk::decompress(body, batch_codec::COLUMN_BYTES_MAX)
                .ok()
                .map(|columns| [&head[..4], &[0; 4], &columns[..]].concat());
            plain.into_iter().chain([packed.clone()])
        })
        .collect()
}

/// Memories of cores that were told these events, to begin from.
pub(crate) fn memory_seeds(events: &[&[u8]]) -> Vec<Vec<u8>> {
    let told = |events: &[&[u8]], hours: i64| {
        let mut monitor =
            Monitor::new(built_in_standard().clone(), Some(RetentionHorizon::default()));
        monitor.apply_batch(&decode_batch(events));
        let now = monitor.now().unwrap_or_default();
        monitor.tick(now.plus_millis(hours * HOUR));
        encode_monitor(&monitor)
    };
    vec![told(&[], 0), told(&events[..1], 0), told(events, 0), told(events, 30)]
}
