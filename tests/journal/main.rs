//! Tests of the journal: crashes, full disks, damage, concurrent reads, pruning and older formats.

mod command_line;
mod crash;
mod damage;
mod data_directory;
#[path = "../disk/simulated_disk.rs"]
#[allow(dead_code, reason = "the simulation tests use the rest")]
mod disk;
mod older_formats;
mod read_write;

use firstline::domain::events::batch::Batch;
use firstline::domain::events::event::{
    CaseFamily, CaseKey, Event, EventDetail, EventId, EventType, EventVerb,
};
use firstline::domain::time::timestamp::Timestamp;
use firstline::journal::{EncodedBatch, Journal, JournalRecord, SequenceNumber};

/// Returns a record that is unique for its number. Most are batches of some kilobytes.
fn numbered_record(number: u64) -> JournalRecord {
    let now = Timestamp(number as i64 * 1_000);
    match number % 7 {
        0 | 3 => JournalRecord::Tick { now, revision: number },
        5 if number.is_multiple_of(2) => JournalRecord::Standard {
            epoch: format!("epoch {number}"),
            files: vec![("a".into(), "b = 1\n".repeat(9))],
        },
        6 if number.is_multiple_of(5) => JournalRecord::Stop { revision: number },
        _ => JournalRecord::Batch(EncodedBatch::encode_batch(&incompressible_batch(number))),
    }
}

/// Returns a batch with pseudo-random identities, which do not compress.
fn incompressible_batch(number: u64) -> Batch {
    let mix = |index: u64| {
        (number * 1_000 + index)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(23)
            .wrapping_mul(0xD6E8_FEB8_6659_FD93)
    };
    let events = (0..number * 37 % 300).map(|index| Event {
        case: CaseKey(mix(index * 2)),
        id: EventId(mix(index * 2 + 1)),
        time: Timestamp(number as i64 * 1_000 + index as i64),
        detail: EventDetail::default(),
        group: 0,
        sequence: 0,
        kind: EventType { family: CaseFamily::CALL, verb: EventVerb::Offered },
        source: 0,
    });
    let none = firstline::domain::events::event::Attributes::new(0, Vec::new().into());
    Batch { events: events.collect(), groups: vec![none], names: Default::default() }
}

/// Reads all records of a journal.
fn read_all_records(journal: &Journal) -> Vec<(SequenceNumber, JournalRecord)> {
    let reader = journal.new_reader();
    let before = SequenceNumber(reader.first_sequence().0 - 1);
    reader
        .records_after(before)
        .collect::<Result<Vec<_>, _>>()
        .unwrap_or_else(|error| panic!("{error}"))
}
