//! Power loss tests: acknowledged records survive exactly once and in order. Unacknowledged appends
//! survive completely or not at all.

use super::disk::SimulatedDisk;
use super::{numbered_record, read_all_records};
use firstline::journal::{
    FileStorage, Journal, JournalError, JournalRecord, JournalSettings, SequenceNumber,
    SnapshotStore,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{Read, Write};
use std::sync::Arc;

/// Segments so small that some crashes happen while a segment is created.
const SMALL_SEGMENTS: JournalSettings =
    JournalSettings { segment_bytes: 30_000, keys_fingerprint: 7 };

/// Records that the journal must contain after a crash.
#[derive(Default)]
struct ExpectedRecords {
    acknowledged: Vec<JournalRecord>,
    /// Groups whose append failed since the last success. One of them may follow the acknowledged
    /// records after a power loss.
    failed: Vec<Vec<JournalRecord>>,
}

impl ExpectedRecords {
    /// Checks the records that were found, and expects them from now on.
    fn compare_with(&mut self, found: Vec<(SequenceNumber, JournalRecord)>, seed: u64) {
        assert!(
            found.iter().enumerate().all(|(place, (at, _))| at.0 == place as u64 + 1),
            "seed {seed}: the sequence numbers have a gap"
        );
        let found: Vec<JournalRecord> = found.into_iter().map(|(_, record)| record).collect();
        let (known, more) = found.split_at_checked(self.acknowledged.len()).unwrap_or_else(|| {
            panic!(
                "seed {seed}: {} records were acknowledged, but {} were found",
                self.acknowledged.len(),
                found.len()
            )
        });
        assert!(known == self.acknowledged, "seed {seed}: an acknowledged record has changed");
        assert!(
            more.is_empty() || self.failed.iter().any(|group| group == more),
            "seed {seed}: {} unexpected records",
            more.len()
        );
        (self.acknowledged, self.failed) = (found, Vec::new());
    }
}

/// Runs one journal through six power losses.
fn run_crash_history(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let disk = SimulatedDisk::new(rng.random());
    let mut expected = ExpectedRecords::default();
    let mut number = 0;
    for _ in 0..6 {
        disk.lose_power_after(rng.random_range(1..400));
        if rng.random() {
            disk.inject_faults(Some(rng.random_range(5..200)), Some(rng.random_range(3..40)));
        }
        // Any start may fail for lack of space or power, even the first.
        if let Ok(mut journal) = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS) {
            for _ in 0..60 {
                let group: Vec<JournalRecord> = (0..rng.random_range(1..5_u64))
                    .map(|place| numbered_record(number + place))
                    .collect();
                number += 5;
                match journal.append_records(&group) {
                    Ok(last) => {
                        expected.acknowledged.extend(group);
                        expected.failed.clear();
                        assert_eq!(last.0, expected.acknowledged.len() as u64, "seed {seed}");
                    }
                    Err(JournalError::DiskFull { .. } | JournalError::Io { .. }) => {
                        expected.failed.push(group);
                    }
                    Err(error) => panic!("seed {seed}: {error}"),
                }
                assert_eq!(
                    journal.last_sequence().0,
                    expected.acknowledged.len() as u64,
                    "seed {seed}"
                );
            }
            if !disk.is_powered_off() {
                let found = read_all_records(&journal);
                assert_eq!(
                    found.len(),
                    expected.acknowledged.len(),
                    "seed {seed}: failed appends must not be read"
                );
            }
        }
        disk.power_cycle();
        let journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        expected.compare_with(read_all_records(&journal), seed);
    }
}

/// Returns the seeds to run: those of `FIRSTLINE_SEEDS=FROM..UNTIL`, by default `0..60`.
fn seed_range() -> std::ops::Range<u64> {
    let range = std::env::var("FIRSTLINE_SEEDS").ok();
    let range = range
        .as_deref()
        .and_then(|range| range.split_once(".."))
        .map(|(from, until)| (from.parse(), until.parse()));
    if let Some((Ok(from), Ok(until))) = range { from..until } else { 0..60 }
}

#[test]
fn acknowledged_records_survive_power_loss() {
    seed_range().for_each(run_crash_history);
}

/// Stops a journal whose second sync may fail. Returns true if the stop succeeded.
///
/// The operating system shows unsynced data as written until the power is lost.
fn stop_with_failed_sync(seed: u64) -> bool {
    let disk = SimulatedDisk::new(seed);
    let mut expected = ExpectedRecords::default();
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
        .expect("a journal is created on an empty disk");
    let write = |journal: &mut Journal, expected: &mut ExpectedRecords, new: JournalRecord| {
        journal.append_records(std::slice::from_ref(&new)).expect("the disk has no faults");
        expected.acknowledged.push(new);
    };
    (1..20).for_each(|number| write(&mut journal, &mut expected, numbered_record(number)));
    disk.inject_faults(None, Some(2));
    let stop = JournalRecord::Stop { revision: 1 };
    match journal.append_records(std::slice::from_ref(&stop)) {
        Ok(_) => expected.acknowledged.push(stop),
        Err(_) => expected.failed.push(vec![stop]),
    }
    let stopped = expected.failed.is_empty() && journal.close_cleanly().is_ok();
    disk.end_process();
    let closed = || {
        disk.list_files().expect("the directory is readable").iter().any(|name| name == "closed")
    };
    assert_eq!(closed(), stopped, "seed {seed}");
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert!(!closed(), "seed {seed}: an open journal is marked as closed");
    expected.compare_with(read_all_records(&journal), seed);
    (20..20 + seed % 4)
        .for_each(|number| write(&mut journal, &mut expected, numbered_record(number)));
    drop(journal);
    disk.power_cycle();
    let journal = Journal::open(Arc::new(disk), SMALL_SEGMENTS)
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    expected.compare_with(read_all_records(&journal), seed);
    stopped
}

#[test]
fn unsynced_stop_does_not_count_as_clean_shutdown() {
    let stopped = (0..200).filter(|seed| stop_with_failed_sync(*seed)).count();
    assert!((1..199).contains(&stopped), "some stops must succeed and some fail: {stopped}");
}

#[test]
fn full_disk_is_reported_and_journal_resumes_with_space() {
    let disk = SimulatedDisk::new(1);
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
        .expect("a journal is created on an empty disk");
    journal.append_records(&[numbered_record(1)]).expect("the disk has space");
    disk.inject_faults(Some(1), None);
    for number in 2..6 {
        assert!(
            matches!(
                journal.append_records(&[numbered_record(number)]),
                Err(JournalError::DiskFull { .. })
            ),
            "the disk is full"
        );
    }
    assert_eq!(read_all_records(&journal), [(SequenceNumber(1), numbered_record(1))]);
    disk.inject_faults(None, None);
    assert_eq!(
        journal.append_records(&[numbered_record(6)]).expect("the disk has space again"),
        SequenceNumber(2)
    );
    assert_eq!(
        read_all_records(&journal),
        [(SequenceNumber(1), numbered_record(1)), (SequenceNumber(2), numbered_record(6))]
    );
    drop(journal);
    let journal = Journal::open(Arc::new(disk), SMALL_SEGMENTS).expect("the closed journal opens");
    assert_eq!(
        read_all_records(&journal),
        [(SequenceNumber(1), numbered_record(1)), (SequenceNumber(2), numbered_record(6))]
    );
}

#[test]
fn snapshot_is_complete_or_absent_after_power_loss() {
    let state: Vec<u8> = (0..200_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let mut finished = 0;
    for changes in 1..80 {
        let disk = SimulatedDisk::new(changes);
        disk.lose_power_after(changes);
        let snapshots = SnapshotStore::new(Arc::new(disk.clone()));
        let written = snapshots.create_snapshot(SequenceNumber(5)).and_then(|mut writer| {
            writer.write_all(&state).map_err(|error| JournalError::from_io("snapshot", error))?;
            writer.finish()
        });
        disk.power_cycle();
        let listed = snapshots.list_snapshots().expect("the disk has power again");
        assert!(
            written.is_err() || listed == [SequenceNumber(5)],
            "{changes} changes: a finished snapshot is missing"
        );
        for at in listed {
            let mut found = Vec::new();
            snapshots
                .open_snapshot(at)
                .unwrap_or_else(|error| panic!("{changes}: {error}"))
                .read_to_end(&mut found)
                .expect("the data is intact");
            assert!(found == state, "{changes} changes");
            finished += 1;
        }
    }
    assert!(
        (1..79).contains(&finished),
        "the power must be lost both before and after the end: {finished}"
    );
}
