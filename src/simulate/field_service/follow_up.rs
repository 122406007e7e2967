//! What follows the end of the work: the call-back, the survey, and the orders that come back.

use super::order_script::{MORNING_MS, OrderScript};
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::simulate::day;
use crate::simulate::rng::SimulationRng;
use crate::simulate::simulated_event::SimulatedValue;
use crate::simulate::survey;

/// The share of the orders whose customer is called back; of the others nobody knows whether they are content.
const CALLED_BACK_SHARE: f64 = 0.985;
/// Of the customers whose complaint was settled and who are not content, the share that goes to the regulator.
const REGULATOR_SHARE: f64 = 0.1;

impl OrderScript {
    /// Writes what follows the end of the work.
    pub(super) fn add_follow_up(&mut self, chance: &mut SimulationRng) {
        let content =
            chance.random_bool(self.family.content_probability[usize::from(!self.is_on_time)]);
        let confirmed = self.add_call_back(self.resolved, content, chance);
        if self.family.is_surveyed && chance.random_bool(survey::RESPONSE_SHARE) {
            let data = survey::random_answer(if content { 0.95 } else { 0.15 }, chance);
            let time = self.resolved.plus_millis(chance.random_range(10 * MINUTE, 12 * HOUR));
            self.add_survey(
                day::defer_to_morning(time, chance.random_range(0, MORNING_MS)),
                data.to_vec(),
            );
        }
        if self.family.has_first_reply && !content && chance.random_bool(REGULATOR_SHARE) {
            let time = confirmed.plus_millis(chance.random_range(HOUR, 20 * HOUR));
            self.add_event(time, "escalated", vec![("level", SimulatedValue::Text("regulator"))]);
        }
        if chance.random_bool(self.family.reopened_probability[usize::from(!content)]) {
            let reopened = day::defer_to_morning(
                confirmed.plus_millis(chance.log_normal_ms(6 * HOUR, 1.0)),
                chance.random_range(0, MORNING_MS),
            );
            self.add_event(
                reopened,
                "reopened",
                vec![("reason", SimulatedValue::Text(self.family.reopened_reason))],
            );
            let again = day::defer_to_morning(
                reopened.plus_millis(chance.log_normal_ms(4 * HOUR, 0.7)),
                chance.random_range(0, MORNING_MS),
            );
            self.add_event(again, "resolved", vec![("owner", self.owner_value())]);
            self.add_call_back(again, true, chance);
        }
    }

    /// Calls the customer back, if nobody forgets it; when that is or should have been.
    fn add_call_back(
        &mut self,
        done: Timestamp,
        content: bool,
        chance: &mut SimulationRng,
    ) -> Timestamp {
        let time = day::defer_to_morning(
            done.plus_millis(chance.log_normal_ms(2 * HOUR, 0.8)),
            chance.random_range(0, MORNING_MS),
        );
        if chance.random_bool(CALLED_BACK_SHARE) {
            self.add_event(time, "confirmed", vec![("satisfied", SimulatedValue::Flag(content))]);
        }
        time
    }
}
