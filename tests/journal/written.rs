//! Writing, reading and pruning without any trouble.

use super::disk::SimulatedDisk;
use super::{all, record};
use firstline::domain::time::Timestamp;
use firstline::journal::{Disk, Error, Journal, Pruned, Record, Retention, Sequence, Settings, Snapshots};
use std::io::{Read, Write};
use std::sync::Arc;

const SMALL: Settings = Settings { segment_bytes: 20_000, keys: 7 };

fn filled(disk: &SimulatedDisk, records: u64) -> Journal {
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL).expect("an empty disk");
    for number in 1..=records {
        assert_eq!(journal.append(&[record(number)]).expect("no trouble"), Sequence(number));
    }
    journal
}

#[test]
fn what_was_written_is_read_from_any_place_through_all_segments_and_after_reopening() {
    let disk = SimulatedDisk::new(1);
    let journal = filled(&disk, 100);
    let check = |journal: &Journal| {
        assert!(disk.list().expect("names").len() > 5, "several segments");
        for after in [0, 1, 17, 50, 99, 100, 200] {
            let read: Vec<_> = journal.reader().after(Sequence(after)).map(|read| read.expect("it is whole")).collect();
            let expected: Vec<_> = (after + 1..=100).map(|number| (Sequence(number), record(number))).collect();
            assert_eq!(read, expected, "after {after}");
        }
    };
    check(&journal);
    drop(journal);
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL).expect("it was closed");
    assert_eq!(journal.last(), Sequence(100));
    check(&journal);
    assert_eq!(journal.append(&[record(101), record(102)]).expect("no trouble"), Sequence(102));
    assert_eq!(journal.append(&[]).expect("nothing to do"), Sequence(102));
    assert_eq!(all(&journal).len(), 102);
}

#[test]
fn it_is_read_on_another_thread_while_it_is_written() {
    let disk = SimulatedDisk::new(1);
    let mut journal = filled(&disk, 10);
    let reader = journal.reader();
    let (said, hear) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut after = Sequence(0);
        // The writer says when it has written: the reader must find at least that.
        for last in hear {
            for read in reader.after(after) {
                let (at, found) = read.expect("it is whole");
                assert_eq!((at, found), (after.next(), record(after.0 + 1)));
                after = at;
            }
            assert!(after >= last);
        }
        after
    });
    for number in 11..=200 {
        said.send(journal.append(&[record(number)]).expect("no trouble")).expect("it is there");
    }
    drop(said);
    assert_eq!(reading.join().expect("it read all"), Sequence(200));
}

#[test]
fn whole_segments_go_when_they_are_too_old_or_too_many_and_never_what_is_needed() {
    let disk = SimulatedDisk::new(1);
    let mut journal = filled(&disk, 100);
    let now = Timestamp(100_000);
    let prune = |journal: &mut Journal, needed, keep| journal.prune(Sequence(needed), keep, now).expect("no trouble");
    let old = |age_ms| Retention { age_ms: Some(age_ms), bytes: None };
    assert_eq!(prune(&mut journal, 100, Retention::default()), Pruned { segments: 0, bytes: 0, first: Sequence(1) });
    assert_eq!(prune(&mut journal, 1, old(0)).segments, 0, "all of it is needed");
    let before = disk.list().expect("names").len();
    let gone = prune(&mut journal, 100, old(50_000));
    assert!(gone.segments > 0 && gone.first.0 > 1 && gone.first.0 <= 50, "{gone:?}");
    assert_eq!(disk.list().expect("names").len(), before - gone.segments);
    let left = all(&journal);
    assert_eq!(left.first().map(|(at, _)| *at), Some(gone.first));
    assert_eq!(left.len() as u64, 101 - gone.first.0);
    let asked = journal.reader().after(Sequence(0)).next().expect("an answer");
    assert!(matches!(asked, Err(Error::Damaged { sequence: Some(Sequence(1)), .. })), "{asked:?}");
    // What was found out before a restart is found out after it.
    drop(journal);
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL).expect("it was closed");
    assert_eq!(prune(&mut journal, 100, old(50_000)).segments, 0);
    let few = Retention { age_ms: None, bytes: Some(1) };
    let needed = gone.first.0 + 30;
    let gone = prune(&mut journal, needed, few);
    assert!(gone.segments > 0 && gone.first.0 <= needed, "{gone:?}");
    let gone = prune(&mut journal, 101, few);
    assert!(gone.segments > 0);
    assert_eq!(disk.list().expect("names").len(), 1, "the newest is never removed");
    assert_eq!(journal.append(&[record(101)]).expect("no trouble"), Sequence(101));
}

#[test]
fn another_s_keys_are_refused() {
    let disk = SimulatedDisk::new(1);
    drop(filled(&disk, 3));
    let other = Settings { keys: 8, ..SMALL };
    assert!(matches!(Journal::open(Arc::new(disk), other), Err(Error::OtherKeys { .. })));
}

#[test]
fn a_large_standard_and_an_empty_batch_are_records_like_others() {
    let disk = SimulatedDisk::new(1);
    let mut journal = Journal::open(Arc::new(disk), SMALL).expect("an empty disk");
    let standard = Record::Standard { epoch: "e".into(), files: vec![("a.toml".into(), "# 长\n".repeat(500_000)); 2] };
    journal.append(&[standard.clone(), record(0), standard.clone()]).expect("no trouble");
    assert_eq!(all(&journal), [(Sequence(1), standard.clone()), (Sequence(2), record(0)), (Sequence(3), standard)]);
}

#[test]
fn snapshots_are_listed_read_replaced_and_removed() {
    let snapshots = Snapshots::new(Arc::new(SimulatedDisk::new(1)));
    let write = |at, state: &[u8]| {
        let mut writer = snapshots.create(Sequence(at)).expect("no trouble");
        writer.write_all(state).expect("no trouble");
        writer.finish().expect("no trouble")
    };
    let large: Vec<u8> = (0..900_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    assert!(write(3, &large) > 2 << 20, "several pieces");
    write(12, b"small");
    write(7, b"");
    write(7, b"again");
    drop(snapshots.create(Sequence(20)).expect("no trouble"));
    assert_eq!(snapshots.list().expect("names"), [Sequence(12), Sequence(7), Sequence(3)]);
    let read = |at| {
        let mut state = Vec::new();
        snapshots.open(Sequence(at)).expect("it is there").read_to_end(&mut state).expect("it is whole");
        state
    };
    assert!(read(3) == large);
    assert_eq!((read(12), read(7)), (b"small".to_vec(), b"again".to_vec()));
    snapshots.remove(Sequence(12)).expect("no trouble");
    assert_eq!(snapshots.list().expect("names"), [Sequence(7), Sequence(3)]);
    assert!(matches!(snapshots.open(Sequence(12)), Err(Error::Io { .. })));
}
