//! The machine the service runs on: its disk, which fails, and its clock, which is set, drifts and stands.

use super::disk::SimulatedDisk;
use firstline::clock::WallClock;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use firstline::journal::FileStorage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// When every history begins.
const START: Timestamp = Timestamp(1_790_000_000_000);
/// How far the clock may be set back or ahead in a history, all in all: nothing sent again is then beyond the horizon.
const CLOCK_OFFSET_RANGE_MS: (i64, i64) = (-40 * MINUTE, 3 * HOUR);

pub(crate) struct SimulatedMachine {
    pub(crate) disk: SimulatedDisk,
    /// Whether the disk was told to fail.
    pub(crate) has_faulty_disk: bool,
    clock: Arc<AtomicI64>,
    elapsed_ms: i64,
    clock_offset_ms: i64,
    /// How many thousandths the clock is too fast; one that stands is 1000 too slow.
    drift_thousandths: i64,
}

impl SimulatedMachine {
    pub(crate) fn new(seed: u64) -> SimulatedMachine {
        let clock = Arc::new(AtomicI64::new(START.0));
        SimulatedMachine {
            disk: SimulatedDisk::new(seed),
            has_faulty_disk: false,
            clock,
            elapsed_ms: 0,
            clock_offset_ms: 0,
            drift_thousandths: 0,
        }
    }

    pub(crate) fn clock(&self) -> WallClock {
        WallClock::Simulated(self.clock.clone())
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::Relaxed))
    }

    /// Lets time pass on the machine's clock alone.
    pub(crate) fn pass_time(&mut self, by: Duration) {
        let by = by.as_millis() as i64;
        self.elapsed_ms += by;
        self.clock_offset_ms = (self.clock_offset_ms + by * self.drift_thousandths / 1_000)
            .clamp(CLOCK_OFFSET_RANGE_MS.0, CLOCK_OFFSET_RANGE_MS.1);
        self.clock.store(START.0 + self.elapsed_ms + self.clock_offset_ms, Ordering::Relaxed);
    }

    /// Somebody sets the clock so that it shows this time, if it shows an earlier one.
    pub(crate) fn set_clock_to(&mut self, time: Timestamp) {
        self.clock_offset_ms += time.0.saturating_sub(self.time().0).max(0);
        self.pass_time(Duration::ZERO);
    }

    /// Somebody sets the clock, or it begins to drift or to stand, or to go as it should.
    pub(crate) fn disturb_clock(&mut self, chance: &mut ChaCha8Rng) {
        match chance.random_range(0..4) {
            0 => self.drift_thousandths = [-1_000, -20, 20, 1_000][chance.random_range(0..4)],
            1 => (self.clock_offset_ms, self.drift_thousandths) = (0, 0),
            _ => {
                self.clock_offset_ms += chance.random_range(2..100)
                    * [-3 * SECOND, -20 * SECOND, 2 * SECOND, 30 * SECOND]
                        [chance.random_range(0..4)];
            }
        }
    }

    /// The disk will run full now and then, fail to sync, or freeze after so many changes.
    pub(crate) fn disturb_disk(&mut self, chance: &mut ChaCha8Rng) {
        self.has_faulty_disk = true;
        match chance.random_range(0..3) {
            0 => self.disk.inject_faults(Some(chance.random_range(1..20)), None),
            1 => self
                .disk
                .inject_faults(Some(chance.random_range(2..200)), Some(chance.random_range(1..20))),
            _ => self.disk.lose_power_after(chance.random_range(1..150)),
        }
    }

    /// The disk has no room for anything.
    pub(crate) fn fill_disk(&mut self) {
        self.has_faulty_disk = true;
        self.disk.inject_faults(Some(1), None);
    }

    /// There is room again. A disk without power stays without.
    pub(crate) fn repair_disk(&mut self) {
        self.disk.inject_faults(None, None);
        self.has_faulty_disk = self.disk.will_lose_power();
    }

    /// The process is no more, in whatever way, and perhaps the power was gone too.
    pub(crate) fn end_process(&mut self, chance: &mut ChaCha8Rng) {
        if chance.random() {
            self.disk.power_cycle();
        } else {
            self.disk.end_process();
        }
        self.has_faulty_disk = false;
        self.pass_time(Duration::from_secs(chance.random_range(0..60)));
    }

    /// Something hits the newest snapshot.
    pub(crate) fn damage_newest_snapshot(&mut self, chance: &mut ChaCha8Rng) {
        let names = self.disk.list_files().expect("the names");
        let Some(name) = names
            .into_iter()
            .filter(|name| name.starts_with("snapshot-") && !name.ends_with(".new"))
            .max()
        else {
            return;
        };
        let mut bytes = self.disk.read_file(&name);
        match chance.random_range(0..3) {
            0 => bytes.truncate(chance.random_range(0..bytes.len())),
            1 => bytes.fill(0),
            _ => {
                for _ in 0..200 {
                    let at = chance.random_range(0..bytes.len());
                    bytes[at] ^= 1 << chance.random_range(0..8);
                }
            }
        }
        self.disk.write_file(&name, bytes);
    }
}
