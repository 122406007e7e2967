//! Demand beyond the clock: the slow drift of a day that is busier or quieter than planned, and outages.
//!
//! The outages of a center come from a stream of their own, so that its hotline and its field service, which never talk
//! to each other here, suffer the same ones at the same time. Time must be asked for in order.

use super::center::SimulatedCenter;
use super::day::DAY;
use super::rng::SimulationRng;
use crate::domain::time::timestamp::{MINUTE, Timestamp};

/// Broadband contacts during an outage, as a multiple of the usual.
pub(super) const OUTAGE_FACTOR: f64 = 3.0;
/// The drift stays within this share above and below the plan.
pub(super) const DRIFT_MAX: f64 = 0.25;

/// How far the demand on one part of a center is from the plan.
pub(super) struct DemandModel {
    drift_rng: SimulationRng,
    /// The drift is a line from the first of these to the second, which lies at `drift_until`.
    drift_values: (f64, f64),
    drift_until: Timestamp,
    outage_rng: SimulationRng,
    outage: (Timestamp, Timestamp),
}

/// How often the drift takes a new direction.
const DRIFT_STEP_MS: i64 = 10 * MINUTE;
/// The mean time between outages of a center.
const OUTAGE_GAP_MS: f64 = 2.5 * DAY as f64;

impl DemandModel {
    /// The demand from `start` on, with a drift of its own by the stream `number`.
    pub(super) fn new(
        seed: u64,
        center: &SimulatedCenter,
        number: u64,
        start: Timestamp,
    ) -> DemandModel {
        let (drift, outages) =
            (SimulationRng::new(seed, number), SimulationRng::new(seed, center.index * 8));
        let mut demand = DemandModel {
            drift_rng: drift,
            drift_values: (0.0, 0.0),
            drift_until: start,
            outage_rng: outages,
            outage: (start, start),
        };
        demand.draw_next_outage();
        demand
    }

    /// The demand at `time` as a multiple of the plan, outages left out.
    pub(super) fn drift_factor(&mut self, time: Timestamp) -> f64 {
        while self.drift_until <= time {
            let next = (0.8 * self.drift_values.1 + 0.045 * self.drift_rng.random_normal())
                .clamp(-DRIFT_MAX, DRIFT_MAX);
            self.drift_values = (self.drift_values.1, next);
            self.drift_until = self.drift_until.plus_millis(DRIFT_STEP_MS);
        }
        let left = self.drift_until.millis_since(time) as f64 / DRIFT_STEP_MS as f64;
        1.0 + self.drift_values.0 * left + self.drift_values.1 * (1.0 - left)
    }

    /// Whether an outage is on at `time`.
    pub(super) fn has_outage(&mut self, time: Timestamp) -> bool {
        while self.outage.1 <= time {
            self.draw_next_outage();
        }
        self.outage.0 <= time
    }

    fn draw_next_outage(&mut self) {
        let begin = self.outage.1.plus_millis(self.outage_rng.exponential_ms(OUTAGE_GAP_MS));
        self.outage =
            (begin, begin.plus_millis(self.outage_rng.random_range(30 * MINUTE, 60 * MINUTE)));
    }
}
