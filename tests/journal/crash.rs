//! Whenever the power goes: what was acknowledged is there, in order and once; of what was not, all or nothing.

use super::disk::SimulatedDisk;
use super::{all, record};
use firstline::journal::{Disk, Error, Journal, Record, Sequence, Settings, Snapshots};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{Read, Write};
use std::sync::Arc;

/// Segments so small that crashes meet their beginnings.
const SMALL: Settings = Settings { segment_bytes: 30_000, keys: 7 };

/// What should be there.
#[derive(Default)]
struct Expected {
    acknowledged: Vec<Record>,
    /// The groups that failed since: one of them may be found at the end after a loss of power.
    failed: Vec<Vec<Record>>,
}

impl Expected {
    /// Compares, and goes on from what is there.
    fn meet(&mut self, found: Vec<(Sequence, Record)>, seed: u64) {
        assert!(found.iter().enumerate().all(|(place, (at, _))| at.0 == place as u64 + 1), "seed {seed}: the sequences have a gap");
        let found: Vec<Record> = found.into_iter().map(|(_, record)| record).collect();
        let (known, more) = found
            .split_at_checked(self.acknowledged.len())
            .unwrap_or_else(|| panic!("seed {seed}: {} records were acknowledged and {} are there", self.acknowledged.len(), found.len()));
        assert!(known == self.acknowledged, "seed {seed}: an acknowledged record has changed");
        assert!(more.is_empty() || self.failed.iter().any(|group| group == more), "seed {seed}: {} records nobody wrote", more.len());
        (self.acknowledged, self.failed) = (found, Vec::new());
    }
}

/// A life of several crashes.
fn live(seed: u64) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let disk = SimulatedDisk::new(chance.random());
    let mut expected = Expected::default();
    let mut number = 0;
    for _ in 0..6 {
        disk.power_for(chance.random_range(1..400));
        if chance.random() {
            disk.fail(Some(chance.random_range(5..200)), Some(chance.random_range(3..40)));
        }
        // The first start of all may fail for want of room or power, as may any other.
        if let Ok(mut journal) = Journal::open(Arc::new(disk.clone()), SMALL) {
            for _ in 0..60 {
                let group: Vec<Record> = (0..chance.random_range(1..5_u64)).map(|place| record(number + place)).collect();
                number += 5;
                match journal.append(&group) {
                    Ok(last) => {
                        expected.acknowledged.extend(group);
                        expected.failed.clear();
                        assert_eq!(last.0, expected.acknowledged.len() as u64, "seed {seed}");
                    }
                    Err(Error::Full { .. } | Error::Io { .. }) => expected.failed.push(group),
                    Err(error) => panic!("seed {seed}: {error}"),
                }
                assert_eq!(journal.last().0, expected.acknowledged.len() as u64, "seed {seed}");
            }
            if !disk.is_off() {
                let found = all(&journal);
                assert_eq!(found.len(), expected.acknowledged.len(), "seed {seed}: what failed is not to be read");
            }
        }
        disk.restart();
        let journal = Journal::open(Arc::new(disk.clone()), SMALL).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        expected.meet(all(&journal), seed);
    }
}

/// `FIRSTLINE_SEEDS=FROM..UNTIL` looks at other lives than the usual ones.
fn seeds() -> std::ops::Range<u64> {
    let given = std::env::var("FIRSTLINE_SEEDS").ok();
    let given = given.as_deref().and_then(|given| given.split_once("..")).map(|(from, until)| (from.parse(), until.parse()));
    if let Some((Ok(from), Ok(until))) = given { from..until } else { 0..60 }
}

#[test]
fn what_was_acknowledged_outlives_every_loss_of_power() {
    seeds().for_each(live);
}

/// A stop whose last sync fails is shown by the system as if it had not failed, until the power goes.
fn stop_unsynced(seed: u64) -> bool {
    let disk = SimulatedDisk::new(seed);
    let mut expected = Expected::default();
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL).expect("an empty disk");
    let write = |journal: &mut Journal, expected: &mut Expected, new: Record| {
        journal.append(std::slice::from_ref(&new)).expect("the disk is well");
        expected.acknowledged.push(new);
    };
    (1..20).for_each(|number| write(&mut journal, &mut expected, record(number)));
    disk.fail(None, Some(2));
    let stop = Record::Stop { revision: 1 };
    match journal.append(std::slice::from_ref(&stop)) {
        Ok(_) => expected.acknowledged.push(stop),
        Err(_) => expected.failed.push(vec![stop]),
    }
    let stopped = expected.failed.is_empty() && journal.close().is_ok();
    disk.end_process();
    let closed = || disk.list().expect("the names").iter().any(|name| name == "closed");
    assert_eq!(closed(), stopped, "seed {seed}");
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert!(!closed(), "seed {seed}: it is open");
    expected.meet(all(&journal), seed);
    (20..20 + seed % 4).for_each(|number| write(&mut journal, &mut expected, record(number)));
    drop(journal);
    disk.restart();
    let journal = Journal::open(Arc::new(disk), SMALL).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    expected.meet(all(&journal), seed);
    stopped
}

#[test]
fn a_stop_that_did_not_reach_the_disk_is_not_built_on() {
    let stopped = (0..200).filter(|seed| stop_unsynced(*seed)).count();
    assert!((1..199).contains(&stopped), "some stops must reach the disk, and some not: {stopped}");
}

#[test]
fn a_full_disk_is_said_and_the_journal_goes_on_when_there_is_room() {
    let disk = SimulatedDisk::new(1);
    let mut journal = Journal::open(Arc::new(disk.clone()), SMALL).expect("an empty disk");
    journal.append(&[record(1)]).expect("there is room");
    disk.fail(Some(1), None);
    for number in 2..6 {
        assert!(matches!(journal.append(&[record(number)]), Err(Error::Full { .. })), "no room");
    }
    assert_eq!(all(&journal), [(Sequence(1), record(1))]);
    disk.fail(None, None);
    assert_eq!(journal.append(&[record(6)]).expect("there is room again"), Sequence(2));
    assert_eq!(all(&journal), [(Sequence(1), record(1)), (Sequence(2), record(6))]);
    drop(journal);
    let journal = Journal::open(Arc::new(disk), SMALL).expect("it was closed");
    assert_eq!(all(&journal), [(Sequence(1), record(1)), (Sequence(2), record(6))]);
}

#[test]
fn a_snapshot_is_there_as_a_whole_or_not_at_all() {
    let state: Vec<u8> = (0..200_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut finished = 0;
    for changes in 1..80 {
        let disk = SimulatedDisk::new(changes);
        disk.power_for(changes);
        let snapshots = Snapshots::new(Arc::new(disk.clone()));
        let written = snapshots.create(Sequence(5)).and_then(|mut writer| {
            writer.write_all(&state).map_err(|error| Error::io("snapshot", error))?;
            writer.finish()
        });
        disk.restart();
        let listed = snapshots.list().expect("the disk is back");
        assert!(written.is_err() || listed == [Sequence(5)], "{changes} changes: a finished snapshot is gone");
        for at in listed {
            let mut found = Vec::new();
            snapshots.open(at).unwrap_or_else(|error| panic!("{changes}: {error}")).read_to_end(&mut found).expect("it is whole");
            assert!(found == state, "{changes} changes");
            finished += 1;
        }
    }
    assert!((1..79).contains(&finished), "the power must go before and after: {finished}");
}
