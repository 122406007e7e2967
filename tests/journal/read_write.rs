//! Tests of writing, reading, pruning and snapshots on a healthy disk.

use super::disk::SimulatedDisk;
use super::{numbered_record, read_all_records};
use firstline::domain::time::timestamp::Timestamp;
use firstline::journal::{
    FileStorage, Journal, JournalError, JournalRecord, JournalSettings, PruneSummary,
    RetentionLimits, SequenceNumber, SnapshotStore,
};
use std::io::{Read, Write};
use std::sync::Arc;

const SMALL_SEGMENTS: JournalSettings =
    JournalSettings { segment_bytes: 20_000, keys_fingerprint: 7 };

fn filled_journal(disk: &SimulatedDisk, records: u64) -> Journal {
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS)
        .expect("a journal is created on an empty disk");
    for number in 1..=records {
        assert_eq!(
            journal.append_records(&[numbered_record(number)]).expect("the disk has no faults"),
            SequenceNumber(number)
        );
    }
    journal
}

#[test]
fn records_are_read_across_segments_and_after_reopening() {
    let disk = SimulatedDisk::new(1);
    let journal = filled_journal(&disk, 100);
    let check = |journal: &Journal| {
        assert!(
            disk.list_files().expect("the directory is readable").len() > 5,
            "several segments"
        );
        for after in [0, 1, 17, 50, 99, 100, 200] {
            let read: Vec<_> = journal
                .new_reader()
                .records_after(SequenceNumber(after))
                .map(|read| read.expect("the data is intact"))
                .collect();
            let expected: Vec<_> = (after + 1..=100)
                .map(|number| (SequenceNumber(number), numbered_record(number)))
                .collect();
            assert_eq!(read, expected, "after {after}");
        }
    };
    check(&journal);
    drop(journal);
    let mut journal =
        Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS).expect("the closed journal opens");
    assert_eq!(journal.last_sequence(), SequenceNumber(100));
    check(&journal);
    assert_eq!(
        journal
            .append_records(&[numbered_record(101), numbered_record(102)])
            .expect("the disk has no faults"),
        SequenceNumber(102)
    );
    assert_eq!(journal.append_records(&[]).expect("an empty append succeeds"), SequenceNumber(102));
    assert_eq!(read_all_records(&journal).len(), 102);
}

#[test]
fn reader_thread_follows_concurrent_writes() {
    let disk = SimulatedDisk::new(1);
    let mut journal = filled_journal(&disk, 10);
    let reader = journal.new_reader();
    let (sender, receiver) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut after = SequenceNumber(0);
        // The writer sends each sequence number after the append, so the reader must find it.
        for last in receiver {
            for read in reader.records_after(after) {
                let (at, found) = read.expect("the data is intact");
                assert_eq!((at, found), (after.next(), numbered_record(after.0 + 1)));
                after = at;
            }
            assert!(after >= last);
        }
        after
    });
    for number in 11..=200 {
        sender
            .send(
                journal.append_records(&[numbered_record(number)]).expect("the disk has no faults"),
            )
            .expect("the snapshot exists");
    }
    drop(sender);
    assert_eq!(reading.join().expect("the reader thread ends"), SequenceNumber(200));
}

#[test]
fn prunes_old_segments_but_retains_needed_ones() {
    let disk = SimulatedDisk::new(1);
    let mut journal = filled_journal(&disk, 100);
    let now = Timestamp(100_000);
    let prune = |journal: &mut Journal, needed, keep| {
        journal.prune_segments(SequenceNumber(needed), keep, now).expect("the disk has no faults")
    };
    let old = |age_ms| RetentionLimits { age_ms: Some(age_ms), bytes: None };
    assert_eq!(
        prune(&mut journal, 100, RetentionLimits::default()),
        PruneSummary { segments: 0, bytes: 0, first: SequenceNumber(1) }
    );
    assert_eq!(prune(&mut journal, 1, old(0)).segments, 0, "all records are needed");
    let before = disk.list_files().expect("the directory is readable").len();
    let pruned = prune(&mut journal, 100, old(50_000));
    assert!(pruned.segments > 0 && pruned.first.0 > 1 && pruned.first.0 <= 50, "{pruned:?}");
    assert_eq!(
        disk.list_files().expect("the directory is readable").len(),
        before - pruned.segments
    );
    let records = read_all_records(&journal);
    assert_eq!(records.first().map(|(at, _)| *at), Some(pruned.first));
    assert_eq!(records.len() as u64, 101 - pruned.first.0);
    let first_read = journal
        .new_reader()
        .records_after(SequenceNumber(0))
        .next()
        .expect("the reader returns a result");
    assert!(
        matches!(first_read, Err(JournalError::Damaged { sequence: Some(SequenceNumber(1)), .. })),
        "{first_read:?}"
    );
    // Pruning after a restart must know the ages of the segments.
    drop(journal);
    let mut journal =
        Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS).expect("the closed journal opens");
    assert_eq!(prune(&mut journal, 100, old(50_000)).segments, 0);
    let one_byte = RetentionLimits { age_ms: None, bytes: Some(1) };
    let needed = pruned.first.0 + 30;
    let pruned = prune(&mut journal, needed, one_byte);
    assert!(pruned.segments > 0 && pruned.first.0 <= needed, "{pruned:?}");
    let pruned = prune(&mut journal, 101, one_byte);
    assert!(pruned.segments > 0);
    assert_eq!(
        disk.list_files().expect("the directory is readable").len(),
        1,
        "the newest segment is never removed"
    );
    assert_eq!(
        journal.append_records(&[numbered_record(101)]).expect("the disk has no faults"),
        SequenceNumber(101)
    );
}

#[test]
fn rejects_foreign_identity_keys() {
    let disk = SimulatedDisk::new(1);
    drop(filled_journal(&disk, 3));
    let other = JournalSettings { keys_fingerprint: 8, ..SMALL_SEGMENTS };
    assert!(matches!(Journal::open(Arc::new(disk), other), Err(JournalError::OtherKeys { .. })));
}

#[test]
fn stores_large_standard_and_empty_batch() {
    let disk = SimulatedDisk::new(1);
    let mut journal = Journal::open(Arc::new(disk), SMALL_SEGMENTS)
        .expect("a journal is created on an empty disk");
    let standard = JournalRecord::Standard {
        epoch: "e".into(),
        files: vec![("a.toml".into(), "# 长\n".repeat(500_000)); 2],
    };
    journal
        .append_records(&[standard.clone(), numbered_record(0), standard.clone()])
        .expect("the disk has no faults");
    assert_eq!(
        read_all_records(&journal),
        [
            (SequenceNumber(1), standard.clone()),
            (SequenceNumber(2), numbered_record(0)),
            (SequenceNumber(3), standard)
        ]
    );
}

#[test]
fn snapshots_can_be_listed_read_replaced_and_removed() {
    let snapshots = SnapshotStore::new(Arc::new(SimulatedDisk::new(1)));
    let write = |at, state: &[u8]| {
        let mut writer =
            snapshots.create_snapshot(SequenceNumber(at)).expect("the disk has no faults");
        writer.write_all(state).expect("the disk has no faults");
        writer.finish().expect("the disk has no faults")
    };
    let large: Vec<u8> = (0..900_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    assert!(write(3, &large) > 2 << 20, "the snapshot has several blocks");
    write(12, b"small");
    write(7, b"");
    write(7, b"again");
    drop(snapshots.create_snapshot(SequenceNumber(20)).expect("the disk has no faults"));
    assert_eq!(
        snapshots.list_snapshots().expect("the directory is readable"),
        [SequenceNumber(12), SequenceNumber(7), SequenceNumber(3)]
    );
    let read = |at| {
        let mut state = Vec::new();
        snapshots
            .open_snapshot(SequenceNumber(at))
            .expect("the snapshot exists")
            .read_to_end(&mut state)
            .expect("the data is intact");
        state
    };
    assert!(read(3) == large);
    assert_eq!((read(12), read(7)), (b"small".to_vec(), b"again".to_vec()));
    snapshots.remove_snapshot(SequenceNumber(12)).expect("the disk has no faults");
    assert_eq!(
        snapshots.list_snapshots().expect("the directory is readable"),
        [SequenceNumber(7), SequenceNumber(3)]
    );
    assert!(matches!(snapshots.open_snapshot(SequenceNumber(12)), Err(JournalError::Io { .. })));
}
