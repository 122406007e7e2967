//! Steps after the work on an order: call-back, survey, escalation and reopening.

use super::order_script::{MORNING_MS, OrderScript};
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::simulate::day;
use crate::simulate::rng::SimulationRng;
use crate::simulate::simulated_event::SimulatedValue;
use crate::simulate::survey;

/// Share of the orders with a call-back. The satisfaction of the other customers stays unknown.
const CALLED_BACK_SHARE: f64 = 0.985;
/// Share of the dissatisfied customers with a settled complaint who turn to the regulator.
const REGULATOR_SHARE: f64 = 0.1;

impl OrderScript {
    /// Adds the events after the end of the work.
    pub(super) fn add_follow_up(&mut self, rng: &mut SimulationRng) {
        let satisfied =
            rng.random_bool(self.family.content_probability[usize::from(!self.is_on_time)]);
        let confirmed = self.add_call_back(self.resolved, satisfied, rng);
        if self.family.is_surveyed && rng.random_bool(survey::RESPONSE_SHARE) {
            let data = survey::random_answer(if satisfied { 0.95 } else { 0.15 }, rng);
            let time = self.resolved.plus_millis(rng.random_range(10 * MINUTE, 12 * HOUR));
            self.add_survey(
                day::defer_to_morning(time, rng.random_range(0, MORNING_MS)),
                data.to_vec(),
            );
        }
        if self.family.has_first_reply && !satisfied && rng.random_bool(REGULATOR_SHARE) {
            let time = confirmed.plus_millis(rng.random_range(HOUR, 20 * HOUR));
            self.add_event(time, "escalated", vec![("level", SimulatedValue::Text("regulator"))]);
        }
        if rng.random_bool(self.family.reopened_probability[usize::from(!satisfied)]) {
            let reopened = day::defer_to_morning(
                confirmed.plus_millis(rng.log_normal_ms(6 * HOUR, 1.0)),
                rng.random_range(0, MORNING_MS),
            );
            self.add_event(
                reopened,
                "reopened",
                vec![("reason", SimulatedValue::Text(self.family.reopened_reason))],
            );
            let resolved_again = day::defer_to_morning(
                reopened.plus_millis(rng.log_normal_ms(4 * HOUR, 0.7)),
                rng.random_range(0, MORNING_MS),
            );
            self.add_event(resolved_again, "resolved", vec![("owner", self.owner_value())]);
            self.add_call_back(resolved_again, true, rng);
        }
    }

    /// Adds the call-back unless it is forgotten. Returns its planned time.
    fn add_call_back(
        &mut self,
        resolved: Timestamp,
        satisfied: bool,
        rng: &mut SimulationRng,
    ) -> Timestamp {
        let time = day::defer_to_morning(
            resolved.plus_millis(rng.log_normal_ms(2 * HOUR, 0.8)),
            rng.random_range(0, MORNING_MS),
        );
        if rng.random_bool(CALLED_BACK_SHARE) {
            self.add_event(time, "confirmed", vec![("satisfied", SimulatedValue::Flag(satisfied))]);
        }
        time
    }
}
