//! Demand beyond the clock: the slow drift of a day that is busier or quieter than planned, and outages.
//!
//! The outages of a center come from a stream of their own, so that its hotline and its field service, which never talk
//! to each other here, suffer the same ones at the same time. Time must be asked for in order.

use super::center::Center;
use super::chance::Chance;
use super::day::DAY;
use crate::domain::time::{MINUTE, Timestamp};

/// Broadband contacts during an outage, as a multiple of the usual.
pub(super) const OUTAGE: f64 = 3.0;
/// The drift stays within this share above and below the plan.
pub(super) const DRIFT: f64 = 0.25;

/// How far the demand on one part of a center is from the plan.
pub(super) struct Demand {
    drift: Chance,
    /// The drift is a line from the first of these to the second, which lies at `drift_until`.
    drift_values: (f64, f64),
    drift_until: Timestamp,
    outages: Chance,
    outage: (Timestamp, Timestamp),
}

/// How often the drift takes a new direction.
const DRIFT_STEP: i64 = 10 * MINUTE;
/// The mean time between outages of a center.
const OUTAGE_GAP: f64 = 2.5 * DAY as f64;

impl Demand {
    /// The demand from `start` on, with a drift of its own by the stream `number`.
    pub(super) fn new(seed: u64, center: &Center, number: u64, start: Timestamp) -> Demand {
        let (drift, outages) = (Chance::new(seed, number), Chance::new(seed, center.place * 8));
        let mut demand = Demand { drift, drift_values: (0.0, 0.0), drift_until: start, outages, outage: (start, start) };
        demand.next_outage();
        demand
    }

    /// The demand at `time` as a multiple of the plan, outages left out.
    pub(super) fn drift(&mut self, time: Timestamp) -> f64 {
        while self.drift_until <= time {
            let next = (0.8 * self.drift_values.1 + 0.045 * self.drift.normal()).clamp(-DRIFT, DRIFT);
            self.drift_values = (self.drift_values.1, next);
            self.drift_until = self.drift_until.plus(DRIFT_STEP);
        }
        let left = self.drift_until.since(time) as f64 / DRIFT_STEP as f64;
        1.0 + self.drift_values.0 * left + self.drift_values.1 * (1.0 - left)
    }

    /// Whether an outage is on at `time`.
    pub(super) fn is_outage(&mut self, time: Timestamp) -> bool {
        while self.outage.1 <= time {
            self.next_outage();
        }
        self.outage.0 <= time
    }

    fn next_outage(&mut self) {
        let begin = self.outage.1.plus(self.outages.gap(OUTAGE_GAP));
        self.outage = (begin, begin.plus(self.outages.between(30 * MINUTE, 60 * MINUTE)));
    }
}
