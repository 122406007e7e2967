//! Deviation of demand from the plan: a slow drift over the day, and outages.
//!
//! Outages have a random stream per center. The hotline and the field service of a center are
//! independent, but thus see the same outages at the same times. Times must be queried in ascending
//! order.

use super::center::SimulatedCenter;
use super::rng::SimulationRng;
use crate::domain::time::timestamp::{DAY, MINUTE, Timestamp};

/// Broadband contacts during an outage, as a multiple of normal demand.
pub(super) const OUTAGE_FACTOR: f64 = 3.0;
/// Maximum drift above and below the plan, as a share of it.
pub(super) const DRIFT_MAX: f64 = 0.25;

/// Demand on one part of a center relative to the plan.
pub(super) struct DemandModel {
    drift_rng: SimulationRng,
    /// Drift at the start and the end of the current step. The step ends at `drift_until`.
    drift_values: (f64, f64),
    drift_until: Timestamp,
    outage_rng: SimulationRng,
    outage: (Timestamp, Timestamp),
}

/// Length of a drift step in ms.
const DRIFT_STEP_MS: i64 = 10 * MINUTE;
/// Mean time between outages of a center, in ms.
const OUTAGE_GAP_MS: f64 = 2.5 * DAY as f64;

impl DemandModel {
    /// Returns the demand from `start` on. Stream `number` determines the drift.
    pub(super) fn new(
        seed: u64,
        center: &SimulatedCenter,
        number: u64,
        start: Timestamp,
    ) -> DemandModel {
        let (drift_rng, outage_rng) =
            (SimulationRng::new(seed, number), SimulationRng::new(seed, center.index * 8));
        let mut demand = DemandModel {
            drift_rng,
            drift_values: (0.0, 0.0),
            drift_until: start,
            outage_rng,
            outage: (start, start),
        };
        demand.draw_next_outage();
        demand
    }

    /// Returns the demand at `time` as a multiple of the plan, without outages.
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

    /// Returns true if there is an outage at `time`.
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
