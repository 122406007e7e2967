//! Bytes that change and files that are cut: the answer is what was written, or an error that names the file; never anything else.

use super::disk::SimulatedDisk;
use super::record;
use firstline::journal::{Disk, Error, Journal, Record, Sequence, Settings, Snapshots};
use std::io::{Read, Write};
use std::sync::Arc;

const SMALL: Settings = Settings { segment_bytes: 20_000, keys: 7 };
const RECORDS: u64 = 30;
/// How many records the last append has.
const LAST: u64 = 3;

fn open(disk: &SimulatedDisk) -> Result<Journal, Error> {
    Journal::open(Arc::new(disk.clone()), SMALL)
}

/// What is found: the records, or the file that is said to be damaged.
fn found(disk: &SimulatedDisk) -> Result<Vec<(Sequence, Record)>, Error> {
    open(disk)?.reader().after(Sequence(0)).collect()
}

fn written() -> Vec<(Sequence, Record)> {
    (1..=RECORDS).map(|number| (Sequence(number), record(number))).collect()
}

/// A journal of several segments, and the disk as it is while the last one is open.
fn journal() -> (SimulatedDisk, Journal) {
    let disk = SimulatedDisk::new(1);
    let mut journal = open(&disk).expect("an empty disk");
    for number in 1..=RECORDS - LAST {
        journal.append(&[record(number)]).expect("no trouble");
    }
    let group: Vec<Record> = (RECORDS - LAST + 1..=RECORDS).map(record).collect();
    journal.append(&group).expect("no trouble");
    assert!(disk.list().expect("names").len() > 2, "several segments");
    (disk, journal)
}

/// Bytes all over a file: many of its head, and one of every so many behind.
fn places(length: usize) -> impl Iterator<Item = usize> {
    (0..length.min(400)).step_by(5).chain((400..length).step_by(3_001))
}

/// Every way to damage a file that is tried.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let flips = places(bytes.len()).map(|at| {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        (format!("byte {at} changed"), flipped)
    });
    let cuts = places(bytes.len()).step_by(5).map(|at| (format!("cut at {at}"), bytes[..at].to_vec()));
    let zeros = (0..bytes.len()).step_by(4_096).map(|at| {
        let mut zeroed = bytes.to_vec();
        let end = bytes.len().min(at + 4_096);
        zeroed[at..end].fill(0);
        (format!("zeros from {at}"), zeroed)
    });
    flips.chain(cuts).chain(zeros)
}

/// Tries every damage to every segment. `last_may_go`: damage to the newest may look like a crash during the last append.
fn try_all(disk: &SimulatedDisk, last_may_go: bool) {
    let names: Vec<String> = disk.list().expect("names");
    let newest = names.last().expect("a segment").clone();
    let (mut told, mut whole, mut shorter) = (0, 0, 0);
    for name in &names {
        for (how, bytes) in damaged(&disk.bytes_of(name)) {
            let copy = disk.copy(1);
            copy.put(name, bytes);
            match found(&copy) {
                Ok(records) if records == written() => whole += 1,
                Ok(records) => {
                    assert!(last_may_go && *name == newest, "{name}, {how}: {} records without a word", records.len());
                    assert_eq!(records, written()[..(RECORDS - LAST) as usize], "{name}, {how}");
                    shorter += 1;
                }
                Err(Error::Damaged { file, .. } | Error::Newer { file, .. }) => {
                    assert_eq!(&file, name, "{how}");
                    told += 1;
                }
                Err(error) => panic!("{name}, {how}: {error}"),
            }
        }
    }
    eprintln!("damage told {told} times, of no matter {whole} times, taken for a crash {shorter} times");
    assert!(told > 100, "the damage must meet something: {told}");
}

#[test]
fn damage_to_a_journal_that_was_closed_is_told() {
    let (disk, journal) = journal();
    drop(journal);
    try_all(&disk, false);
}

#[test]
fn damage_to_a_journal_that_was_not_closed_costs_at_most_the_last_append() {
    let (disk, journal) = journal();
    let killed = disk.copy(1);
    drop(journal);
    try_all(&killed, true);
}

#[test]
fn a_segment_that_is_gone_is_told() {
    let (disk, journal) = journal();
    drop(journal);
    let names = disk.list().expect("names");
    let copy = disk.copy(1);
    copy.remove(&names[1]).expect("removed");
    match found(&copy) {
        Err(Error::Damaged { file, sequence: Some(_), .. }) => assert_eq!(file, names[0]),
        other => panic!("{:?}", other.map(|records| records.len())),
    }
}

#[test]
fn damage_to_a_snapshot_is_told() {
    let disk = SimulatedDisk::new(1);
    let state: Vec<u8> = (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let snapshots = Snapshots::new(Arc::new(disk.clone()));
    let mut writer = snapshots.create(Sequence(9)).expect("no trouble");
    writer.write_all(&state).expect("no trouble");
    writer.finish().expect("no trouble");
    let name = disk.list().expect("names").remove(0);
    let mut told = 0;
    for (how, bytes) in damaged(&disk.bytes_of(&name)) {
        let copy = disk.copy(1);
        copy.put(&name, bytes);
        let mut found = Vec::new();
        let read = Snapshots::new(Arc::new(copy))
            .open(Sequence(9))
            .and_then(|mut reader| reader.read_to_end(&mut found).map_err(|error| Error::io(&name, error)));
        match read {
            Ok(_) => assert!(found == state, "{how}: another state"),
            Err(Error::Damaged { file, .. } | Error::Newer { file, .. }) => {
                assert_eq!(file, name, "{how}");
                told += 1;
            }
            Err(error) => panic!("{how}: {error}"),
        }
    }
    assert!(told > 50, "the damage must meet something: {told}");
}
