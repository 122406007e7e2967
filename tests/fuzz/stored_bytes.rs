//! Data on disk: batches, journal records and the state of the monitor.

use super::{built_in_standard, check_reason};
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::RetentionHorizon;
use firstline::domain::time::timestamp::HOUR;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::journal::batch_codec;
use firstline::journal::{EncodedBatch, JournalRecord, SequenceNumber};
use std::sync::Arc;

/// Decodes a packed batch. It consists of the number of events, the uncompressed size (0 without
/// compression) and the columns.
pub(crate) fn packed(bytes: &[u8]) {
    match EncodedBatch::from_bytes(bytes).decode_batch() {
        Err(damage) => check_reason(&damage.to_string()),
        Ok(batch) => {
            // An event has at least twenty bytes.
            assert!(
                batch.events.len() <= batch_codec::COLUMN_BYTES_MAX.max(bytes.len()) / 20,
                "{} events of {} bytes",
                batch.events.len(),
                bytes.len()
            );
            let again = EncodedBatch::encode_batch(&batch)
                .decode_batch()
                .expect("an encoded batch can be decoded");
            assert_eq!(again, batch, "a round trip changes the batch");
        }
    }
}

/// Decodes a journal record, first with the checksum in the input, which must be verified. Then
/// decodes the input with a valid checksum, because mutations would hardly ever pass the check.
pub(crate) fn record(bytes: &[u8]) {
    const RECORD_SEQUENCE: SequenceNumber = SequenceNumber(7);
    let checksum = |head: &[u8], payload: &[u8]| {
        let mut sum = crc32fast::Hasher::new();
        [&RECORD_SEQUENCE.0.to_le_bytes(), head, payload].iter().for_each(|part| sum.update(part));
        sum.finalize().to_le_bytes()
    };
    let has_valid_checksum =
        bytes.get(2..6).is_some_and(|sum| sum == checksum(&bytes[..2], &bytes[6..]));
    assert!(
        has_valid_checksum || JournalRecord::from_bytes("f", RECORD_SEQUENCE, bytes).is_err(),
        "a record with a wrong checksum is accepted"
    );
    let Some((head, payload)) = bytes.split_at_checked(2) else { return };
    let checksummed = [head, &checksum(head, payload), payload].concat();
    assert!(
        JournalRecord::from_bytes("f", RECORD_SEQUENCE.next(), &checksummed).is_err(),
        "a record of another sequence is accepted"
    );
    match JournalRecord::from_bytes("f", RECORD_SEQUENCE, &checksummed) {
        Err(error) => check_reason(&error.to_string()),
        Ok(record) => {
            let again =
                JournalRecord::from_bytes("f", RECORD_SEQUENCE, &record.to_bytes(RECORD_SEQUENCE))
                    .expect("an encoded record can be decoded");
            assert_eq!(again, record, "a round trip changes the record");
            if let JournalRecord::Batch(batch) = record {
                packed(batch.as_bytes());
            }
        }
    }
}

/// Deserializes the state of a monitor, as from a snapshot.
pub(crate) fn memory(bytes: &[u8]) {
    let horizon = Some(RetentionHorizon::default());
    let deserialize = |bytes: &[u8]| {
        Monitor::from_snapshot(
            built_in_standard().clone(),
            horizon,
            &mut postcard::Deserializer::from_bytes(bytes),
        )
    };
    match deserialize(bytes) {
        Err(error) => check_reason(&error.to_string()),
        Ok(mut monitor) => {
            let written = encode_monitor(&monitor);
            let mut again = deserialize(&written).expect("an encoded state can be decoded");
            assert!(encode_monitor(&again) == written, "another round trip changes the state");
            assert_eq!(
                monitor.compute_board().readings,
                again.compute_board().readings,
                "a round trip changes the board"
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
    postcard::to_stdvec(&monitor.to_snapshot()).expect("a state can be serialized")
}

const EVENT: &[u8] = br#"{"specversion":"1.0","id":"9","source":"/acd","type":"call.answered","time":"2026-03-01T08:00:07Z","subject":"call-1","data":{"center":"hefei","queue":"broadband"}}"#;

fn decode_batch(events: &[&[u8]]) -> Batch {
    let mut decoder =
        EventDecoder::new(Arc::new(built_in_standard().schema.clone()), HashKeys::default())
            .with_case_names(true);
    // The corpus includes events that are rejected.
    events.iter().for_each(|event| _ = decoder.decode_json(event));
    decoder.take_batch()
}

/// Returns packed batches of these events, with and without compression, as seeds.
pub(crate) fn packed_seeds(events: &[&[u8]]) -> Vec<Vec<u8>> {
    [events, &events[..1], &[]]
        .iter()
        .flat_map(|events| {
            let packed = EncodedBatch::encode_batch(&decode_batch(events)).as_bytes().to_vec();
            let (head, body) = packed.split_at(8);
            let plain = zstd::bulk::decompress(body, batch_codec::COLUMN_BYTES_MAX)
                .ok()
                .map(|columns| [&head[..4], &[0; 4], &columns[..]].concat());
            plain.into_iter().chain([packed.clone()])
        })
        .collect()
}

/// Returns states of monitors that received these events, as seeds.
pub(crate) fn memory_seeds(events: &[&[u8]]) -> Vec<Vec<u8>> {
    let state_after = |events: &[&[u8]], hours: i64| {
        let mut monitor =
            Monitor::new(built_in_standard().clone(), Some(RetentionHorizon::default()));
        monitor.apply_batch(&decode_batch(events));
        let now = monitor.now().unwrap_or_default();
        monitor.tick(now.plus_millis(hours * HOUR));
        encode_monitor(&monitor)
    };
    vec![
        state_after(&[], 0),
        state_after(&events[..1], 0),
        state_after(events, 0),
        state_after(events, 30),
    ]
}
