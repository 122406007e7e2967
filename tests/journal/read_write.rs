//! Writing, reading and pruning without any trouble.

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
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS).expect("an empty disk");
    for number in 1..=records {
        assert_eq!(
            journal.append_records(&[numbered_record(number)]).expect("no trouble"),
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
        assert!(disk.list_files().expect("names").len() > 5, "several segments");
        for after in [0, 1, 17, 50, 99, 100, 200] {
            let read: Vec<_> = journal
                .new_reader()
                .records_after(SequenceNumber(after))
                .map(|read| read.expect("it is whole"))
                .collect();
            let expected: Vec<_> = (after + 1..=100)
                .map(|number| (SequenceNumber(number), numbered_record(number)))
                .collect();
            assert_eq!(read, expected, "after {after}");
        }
    };
    check(&journal);
    drop(journal);
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS).expect("it was closed");
    assert_eq!(journal.last_sequence(), SequenceNumber(100));
    check(&journal);
    assert_eq!(
        journal.append_records(&[numbered_record(101), numbered_record(102)]).expect("no trouble"),
        SequenceNumber(102)
    );
    assert_eq!(journal.append_records(&[]).expect("nothing to do"), SequenceNumber(102));
    assert_eq!(read_all_records(&journal).len(), 102);
}

#[test]
fn reader_thread_follows_concurrent_writes() {
    let disk = SimulatedDisk::new(1);
    let mut journal = filled_journal(&disk, 10);
    let reader = journal.new_reader();
    let (said, hear) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut after = SequenceNumber(0);
        // The writer says when it has written: the reader must find at least that.
        for last in hear {
            for read in reader.records_after(after) {
                let (at, found) = read.expect("it is whole");
                assert_eq!((at, found), (after.next(), numbered_record(after.0 + 1)));
                after = at;
            }
            assert!(after >= last);
        }
        after
    });
    for number in 11..=200 {
        said.send(journal.append_records(&[numbered_record(number)]).expect("no trouble"))
            .expect("it is there");
    }
    drop(said);
    assert_eq!(reading.join().expect("it read all"), SequenceNumber(200));
}

#[test]
fn prunes_old_segments_but_retains_needed_ones() {
    let disk = SimulatedDisk::new(1);
    let mut journal = filled_journal(&disk, 100);
    let now = Timestamp(100_000);
    let prune = |journal: &mut Journal, needed, keep| {
        journal.prune_segments(SequenceNumber(needed), keep, now).expect("no trouble")
    };
    let old = |age_ms| RetentionLimits { age_ms: Some(age_ms), bytes: None };
    assert_eq!(
        prune(&mut journal, 100, RetentionLimits::default()),
        PruneSummary { segments: 0, bytes: 0, first: SequenceNumber(1) }
    );
    assert_eq!(prune(&mut journal, 1, old(0)).segments, 0, "all of it is needed");
    let before = disk.list_files().expect("names").len();
    let gone = prune(&mut journal, 100, old(50_000));
    assert!(gone.segments > 0 && gone.first.0 > 1 && gone.first.0 <= 50, "{gone:?}");
    assert_eq!(disk.list_files().expect("names").len(), before - gone.segments);
    let left = read_all_records(&journal);
    assert_eq!(left.first().map(|(at, _)| *at), Some(gone.first));
    assert_eq!(left.len() as u64, 101 - gone.first.0);
    let asked = journal.new_reader().records_after(SequenceNumber(0)).next().expect("an answer");
    assert!(
        matches!(asked, Err(JournalError::Damaged { sequence: Some(SequenceNumber(1)), .. })),
        "{asked:?}"
    );
    // What was found out before a restart is found out after it.
    drop(journal);
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL_SEGMENTS).expect("it was closed");
    assert_eq!(prune(&mut journal, 100, old(50_000)).segments, 0);
    let few = RetentionLimits { age_ms: None, bytes: Some(1) };
    let needed = gone.first.0 + 30;
    let gone = prune(&mut journal, needed, few);
    assert!(gone.segments > 0 && gone.first.0 <= needed, "{gone:?}");
    let gone = prune(&mut journal, 101, few);
    assert!(gone.segments > 0);
    assert_eq!(disk.list_files().expect("names").len(), 1, "the newest is never removed");
    assert_eq!(
        journal.append_records(&[numbered_record(101)]).expect("no trouble"),
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
    let mut journal = Journal::open(Arc::new(disk), SMALL_SEGMENTS).expect("an empty disk");
    let standard = JournalRecord::Standard {
        epoch: "e".into(),
        files: vec![("a.toml".into(), "# 长\n".repeat(500_000)); 2],
    };
    journal
        .append_records(&[standard.clone(), numbered_record(0), standard.clone()])
        .expect("no trouble");
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
        let mut writer = snapshots.create_snapshot(SequenceNumber(at)).expect("no trouble");
        writer.write_all(state).expect("no trouble");
        writer.finish().expect("no trouble")
    };
    let large: Vec<u8> = (0..900_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    assert!(write(3, &large) > 2 << 20, "several pieces");
    write(12, b"small");
    write(7, b"");
    write(7, b"again");
    drop(snapshots.create_snapshot(SequenceNumber(20)).expect("no trouble"));
    assert_eq!(
        snapshots.list_snapshots().expect("names"),
        [SequenceNumber(12), SequenceNumber(7), SequenceNumber(3)]
    );
    let read = |at| {
        let mut state = Vec::new();
        snapshots
            .open_snapshot(SequenceNumber(at))
            .expect("it is there")
            .read_to_end(&mut state)
            .expect("it is whole");
        state
    };
    assert!(read(3) == large);
    assert_eq!((read(12), read(7)), (b"small".to_vec(), b"again".to_vec()));
    snapshots.remove_snapshot(SequenceNumber(12)).expect("no trouble");
    assert_eq!(snapshots.list_snapshots().expect("names"), [SequenceNumber(7), SequenceNumber(3)]);
    assert!(matches!(snapshots.open_snapshot(SequenceNumber(12)), Err(JournalError::Io { .. })));
}
