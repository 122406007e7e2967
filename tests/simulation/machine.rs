//! Simulated machine: a disk that fails, and a clock that is set, drifts and stops.

use super::disk::SimulatedDisk;
use firstline::clock::WallClock;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use firstline::journal::FileStorage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Start time of every history.
const START: Timestamp = Timestamp(1_790_000_000_000);
/// Range of the total clock offset in ms. Within it, no retried event is beyond the horizon.
const CLOCK_OFFSET_RANGE_MS: (i64, i64) = (-40 * MINUTE, 3 * HOUR);

pub(crate) struct SimulatedMachine {
    pub(crate) disk: SimulatedDisk,
    /// True while faults are injected into the disk.
    pub(crate) has_faulty_disk: bool,
    clock: Arc<AtomicI64>,
    elapsed_ms: i64,
    clock_offset_ms: i64,
    /// Drift of the clock in thousandths. A stopped clock drifts by -1000.
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

    /// Advances the clock of the machine only.
    pub(crate) fn pass_time(&mut self, by: Duration) {
        let by = by.as_millis() as i64;
        self.elapsed_ms += by;
        self.clock_offset_ms = (self.clock_offset_ms + by * self.drift_thousandths / 1_000)
            .clamp(CLOCK_OFFSET_RANGE_MS.0, CLOCK_OFFSET_RANGE_MS.1);
        self.clock.store(START.0 + self.elapsed_ms + self.clock_offset_ms, Ordering::Relaxed);
    }

    /// Sets the clock forward to `time`. Does nothing if it shows a later time.
    pub(crate) fn set_clock_to(&mut self, time: Timestamp) {
        self.clock_offset_ms += time.0.saturating_sub(self.time().0).max(0);
        self.pass_time(Duration::ZERO);
    }

    /// Sets the clock, makes it drift or stop, or corrects it.
    pub(crate) fn disturb_clock(&mut self, rng: &mut ChaCha8Rng) {
        match rng.random_range(0..4) {
            0 => self.drift_thousandths = [-1_000, -20, 20, 1_000][rng.random_range(0..4)],
            1 => (self.clock_offset_ms, self.drift_thousandths) = (0, 0),
            _ => {
                self.clock_offset_ms += rng.random_range(2..100)
                    * [-3 * SECOND, -20 * SECOND, 2 * SECOND, 30 * SECOND][rng.random_range(0..4)];
            }
        }
    }

    /// Injects disk faults: a full disk, failing syncs, or a power loss after some changes.
    pub(crate) fn disturb_disk(&mut self, rng: &mut ChaCha8Rng) {
        self.has_faulty_disk = true;
        match rng.random_range(0..3) {
            0 => self.disk.inject_faults(Some(rng.random_range(1..20)), None),
            1 => self
                .disk
                .inject_faults(Some(rng.random_range(2..200)), Some(rng.random_range(1..20))),
            _ => self.disk.lose_power_after(rng.random_range(1..150)),
        }
    }

    /// Makes every write fail because the disk is full.
    pub(crate) fn fill_disk(&mut self) {
        self.has_faulty_disk = true;
        self.disk.inject_faults(Some(1), None);
    }

    /// Removes all faults except a power loss.
    pub(crate) fn repair_disk(&mut self) {
        self.disk.inject_faults(None, None);
        self.has_faulty_disk = self.disk.will_lose_power();
    }

    /// Ends the process, possibly by a power loss, and lets up to a minute pass.
    pub(crate) fn end_process(&mut self, rng: &mut ChaCha8Rng) {
        if rng.random() {
            self.disk.power_cycle();
        } else {
            self.disk.end_process();
        }
        self.has_faulty_disk = false;
        self.pass_time(Duration::from_secs(rng.random_range(0..60)));
    }

    /// Truncates, zeroes or corrupts the newest snapshot. Does nothing if none exists.
    pub(crate) fn damage_newest_snapshot(&mut self, rng: &mut ChaCha8Rng) {
        let names = self.disk.list_files().expect("the disk lists its files");
        let Some(name) = names
            .into_iter()
            .filter(|name| name.starts_with("snapshot-") && !name.ends_with(".new"))
            .max()
        else {
            return;
        };
        let mut bytes = self.disk.read_file(&name);
        match rng.random_range(0..3) {
            0 => bytes.truncate(rng.random_range(0..bytes.len())),
            1 => bytes.fill(0),
            _ => {
                for _ in 0..200 {
                    let at = rng.random_range(0..bytes.len());
                    bytes[at] ^= 1 << rng.random_range(0..8);
                }
            }
        }
        self.disk.write_file(&name, bytes);
    }
}
