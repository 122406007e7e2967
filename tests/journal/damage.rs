//! Bytes that change and files that are cut: the answer is what was written, or an error that names the file; never anything else.

use super::disk::SimulatedDisk;
use super::numbered_record;
use firstline::journal::{
    FileStorage, Journal, JournalError, JournalRecord, JournalSettings, SequenceNumber,
    SnapshotStore,
};
use std::io::{Read, Write};
use std::sync::Arc;

const SMALL_SEGMENTS: JournalSettings =
    JournalSettings { segment_bytes: 20_000, keys_fingerprint: 7 };
const RECORD_COUNT: u64 = 30;
/// How many records the last append has.
const LAST_APPEND_RECORDS: u64 = 3;

fn open_journal(disk: &SimulatedDisk) -> Result<Journal, JournalError> {
    Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
}

/// What is found: the records, or the file that is said to be damaged.
fn read_records(
    disk: &SimulatedDisk,
) -> Result<Vec<(SequenceNumber, JournalRecord)>, JournalError> {
    open_journal(disk)?.new_reader().records_after(SequenceNumber(0)).collect()
}

fn expected_records() -> Vec<(SequenceNumber, JournalRecord)> {
    (1..=RECORD_COUNT).map(|number| (SequenceNumber(number), numbered_record(number))).collect()
}

/// A journal of several segments, and the disk as it is while the last one is open.
fn build_journal() -> (SimulatedDisk, Journal) {
    let disk = SimulatedDisk::new(1);
    let mut journal = open_journal(&disk).expect("an empty disk");
    for number in 1..=RECORD_COUNT - LAST_APPEND_RECORDS {
        journal.append_records(&[numbered_record(number)]).expect("no trouble");
    }
    let group: Vec<JournalRecord> =
        (RECORD_COUNT - LAST_APPEND_RECORDS + 1..=RECORD_COUNT).map(numbered_record).collect();
    journal.append_records(&group).expect("no trouble");
    assert!(disk.list_files().expect("names").len() > 2, "several segments");
    (disk, journal)
}

/// Bytes all over a file: many of its head, and one of every so many behind.
fn sampled_offsets(length: usize) -> impl Iterator<Item = usize> {
    (0..length.min(400)).step_by(5).chain((400..length).step_by(3_001))
}

/// Every way to damage a file that is tried.
fn damaged_variants(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let flips = sampled_offsets(bytes.len()).map(|at| {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        (format!("byte {at} changed"), flipped)
    });
    let cuts = sampled_offsets(bytes.len())
        .step_by(5)
        .map(|at| (format!("cut at {at}"), bytes[..at].to_vec()));
    let zeros = (0..bytes.len()).step_by(4_096).map(|at| {
        let mut zeroed = bytes.to_vec();
        let end = bytes.len().min(at + 4_096);
        zeroed[at..end].fill(0);
        (format!("zeros from {at}"), zeroed)
    });
    flips.chain(cuts).chain(zeros)
}

/// Tries every damage to every segment. `last_may_go`: damage to the newest may look like a crash during the last append.
fn check_all_damage(disk: &SimulatedDisk, last_may_go: bool) {
    let names: Vec<String> = disk.list_files().expect("names");
    let newest = names.last().expect("a segment").clone();
    let (mut told, mut whole, mut shorter) = (0, 0, 0);
    for name in &names {
        for (how, bytes) in damaged_variants(&disk.read_file(name)) {
            let copy = disk.copy_with_seed(1);
            copy.write_file(name, bytes);
            match read_records(&copy) {
                Ok(records) if records == expected_records() => whole += 1,
                Ok(records) => {
                    assert!(
                        last_may_go && *name == newest,
                        "{name}, {how}: {} records without a word",
                        records.len()
                    );
                    assert_eq!(
                        records,
                        expected_records()[..(RECORD_COUNT - LAST_APPEND_RECORDS) as usize],
                        "{name}, {how}"
                    );
                    shorter += 1;
                }
                Err(
                    JournalError::Damaged { file, .. } | JournalError::NewerFormat { file, .. },
                ) => {
                    assert_eq!(&file, name, "{how}");
                    told += 1;
                }
                Err(error) => panic!("{name}, {how}: {error}"),
            }
        }
    }
    eprintln!(
        "damage told {told} times, of no matter {whole} times, taken for a crash {shorter} times"
    );
    assert!(told > 100, "the damage must meet something: {told}");
}

#[test]
fn detects_damage_in_closed_journal() {
    let (disk, journal) = build_journal();
    drop(journal);
    check_all_damage(&disk, false);
}

#[test]
fn damage_in_unclosed_journal_loses_at_most_last_append() {
    let (disk, journal) = build_journal();
    let killed = disk.copy_with_seed(1);
    drop(journal);
    check_all_damage(&killed, true);
}

#[test]
fn detects_missing_segment() {
    let (disk, journal) = build_journal();
    drop(journal);
    let names = disk.list_files().expect("names");
    let copy = disk.copy_with_seed(1);
    copy.remove_file(&names[1]).expect("removed");
    match read_records(&copy) {
        Err(JournalError::Damaged { file, sequence: Some(_), .. }) => assert_eq!(file, names[0]),
        other => panic!("{:?}", other.map(|records| records.len())),
    }
}

#[test]
fn detects_damaged_snapshot() {
    let disk = SimulatedDisk::new(1);
    let state: Vec<u8> = (0..20_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let snapshots = SnapshotStore::new(Arc::new(disk.clone()));
    let mut writer = snapshots.create_snapshot(SequenceNumber(9)).expect("no trouble");
    writer.write_all(&state).expect("no trouble");
    writer.finish().expect("no trouble");
    let name = disk.list_files().expect("names").remove(0);
    let mut told = 0;
    for (how, bytes) in damaged_variants(&disk.read_file(&name)) {
        let copy = disk.copy_with_seed(1);
        copy.write_file(&name, bytes);
        let mut found = Vec::new();
        let read = SnapshotStore::new(Arc::new(copy)).open_snapshot(SequenceNumber(9)).and_then(
            |mut reader| {
                reader.read_to_end(&mut found).map_err(|error| JournalError::from_io(&name, error))
            },
        );
        match read {
            Ok(_) => assert!(found == state, "{how}: another state"),
            Err(JournalError::Damaged { file, .. } | JournalError::NewerFormat { file, .. }) => {
                assert_eq!(file, name, "{how}");
                told += 1;
            }
            Err(error) => panic!("{how}: {error}"),
        }
    }
    assert!(told > 50, "the damage must meet something: {told}");
}
