//! Tests of damaged files: a read returns the written records, or an error that names the file.

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
/// Number of records in the last append.
const LAST_APPEND_RECORDS: u64 = 3;

fn open_journal(disk: &SimulatedDisk) -> Result<Journal, JournalError> {
    Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
}

/// Reads all records.
///
/// # Errors
///
/// If a file is damaged.
fn read_records(
    disk: &SimulatedDisk,
) -> Result<Vec<(SequenceNumber, JournalRecord)>, JournalError> {
    open_journal(disk)?.new_reader().records_after(SequenceNumber(0)).collect()
}

fn expected_records() -> Vec<(SequenceNumber, JournalRecord)> {
    (1..=RECORD_COUNT).map(|number| (SequenceNumber(number), numbered_record(number))).collect()
}

/// Returns a journal of several segments and its disk. The journal is still open.
fn build_journal() -> (SimulatedDisk, Journal) {
    let disk = SimulatedDisk::new(1);
    let mut journal = open_journal(&disk).expect("a journal is created on an empty disk");
    for number in 1..=RECORD_COUNT - LAST_APPEND_RECORDS {
        journal.append_records(&[numbered_record(number)]).expect("the write succeeds");
    }
    let group: Vec<JournalRecord> =
        (RECORD_COUNT - LAST_APPEND_RECORDS + 1..=RECORD_COUNT).map(numbered_record).collect();
    journal.append_records(&group).expect("the write succeeds");
    assert!(disk.list_files().expect("the directory is readable").len() > 2, "several segments");
    (disk, journal)
}

/// Returns offsets to damage: dense in the first 400 bytes, sparse after them.
fn sampled_offsets(length: usize) -> impl Iterator<Item = usize> {
    (0..length.min(400)).step_by(5).chain((400..length).step_by(3_001))
}

/// Returns damaged copies of a file with a description: changed bytes, cuts and zeroed pages.
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

/// Tries every damage on every segment.
///
/// With `last_append_may_be_lost`, damage to the newest segment may look like a crash during the
/// last append.
fn check_all_damage(disk: &SimulatedDisk, last_append_may_be_lost: bool) {
    let names: Vec<String> = disk.list_files().expect("the directory is readable");
    let newest = names.last().expect("the journal has a segment").clone();
    let (mut detected, mut unharmed, mut truncated) = (0, 0, 0);
    for name in &names {
        for (how, bytes) in damaged_variants(&disk.read_file(name)) {
            let copy = disk.copy_with_seed(1);
            copy.write_file(name, bytes);
            match read_records(&copy) {
                Ok(records) if records == expected_records() => unharmed += 1,
                Ok(records) => {
                    assert!(
                        last_append_may_be_lost && *name == newest,
                        "{name}, {how}: {} records without an error",
                        records.len()
                    );
                    assert_eq!(
                        records,
                        expected_records()[..(RECORD_COUNT - LAST_APPEND_RECORDS) as usize],
                        "{name}, {how}"
                    );
                    truncated += 1;
                }
                Err(
                    JournalError::Damaged { file, .. } | JournalError::NewerFormat { file, .. },
                ) => {
                    assert_eq!(&file, name, "{how}");
                    detected += 1;
                }
                Err(error) => panic!("{name}, {how}: {error}"),
            }
        }
    }
    eprintln!(
        "damage detected {detected} times, harmless {unharmed} times, taken for a crash {truncated} times"
    );
    assert!(detected > 100, "too little damage was detected: {detected}");
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
    let names = disk.list_files().expect("the directory is readable");
    let copy = disk.copy_with_seed(1);
    copy.remove_file(&names[1]).expect("the file is removed");
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
    let mut writer = snapshots.create_snapshot(SequenceNumber(9)).expect("the write succeeds");
    writer.write_all(&state).expect("the write succeeds");
    writer.finish().expect("the write succeeds");
    let name = disk.list_files().expect("the directory is readable").remove(0);
    let mut detected = 0;
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
            Ok(_) => assert!(found == state, "{how}: the state differs"),
            Err(JournalError::Damaged { file, .. } | JournalError::NewerFormat { file, .. }) => {
                assert_eq!(file, name, "{how}");
                detected += 1;
            }
            Err(error) => panic!("{how}: {error}"),
        }
    }
    assert!(detected > 50, "too little damage was detected: {detected}");
}
