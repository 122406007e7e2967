//! What follows the end of the work: the call-back, the survey, and the orders that come back.

use super::super::chance::Chance;
use super::super::day;
use super::super::report::Value;
use super::super::survey;
use super::life::{MORNING, Story};
use crate::domain::time::{HOUR, MINUTE, Timestamp};

/// The share of the orders whose customer is called back; of the others nobody knows whether they are content.
const CALLED_BACK: f64 = 0.985;
/// Of the customers whose complaint was settled and who are not content, the share that goes to the regulator.
const TO_REGULATOR: f64 = 0.1;

impl Story {
    /// Writes what follows the end of the work.
    pub(super) fn finish(&mut self, chance: &mut Chance) {
        let content = chance.yes(self.family.content[usize::from(!self.kept)]);
        let confirmed = self.call_back(self.done, content, chance);
        if self.family.surveyed && chance.yes(survey::RESPONSE) {
            let data = survey::answer(if content { 0.95 } else { 0.15 }, chance);
            let time = self.done.plus(chance.between(10 * MINUTE, 12 * HOUR));
            self.add_survey(day::by_day(time, chance.between(0, MORNING)), data.to_vec());
        }
        if self.family.replies && !content && chance.yes(TO_REGULATOR) {
            let time = confirmed.plus(chance.between(HOUR, 20 * HOUR));
            self.add(time, "escalated", vec![("level", Value::Word("regulator"))]);
        }
        if chance.yes(self.family.reopened[usize::from(!content)]) {
            let reopened = day::by_day(confirmed.plus(chance.duration(6 * HOUR, 1.0)), chance.between(0, MORNING));
            self.add(reopened, "reopened", vec![("reason", Value::Word(self.family.reopened_for))]);
            let again = day::by_day(reopened.plus(chance.duration(4 * HOUR, 0.7)), chance.between(0, MORNING));
            self.add(again, "resolved", vec![("owner", self.owner())]);
            self.call_back(again, true, chance);
        }
    }

    /// Calls the customer back, if nobody forgets it; when that is or should have been.
    fn call_back(&mut self, done: Timestamp, content: bool, chance: &mut Chance) -> Timestamp {
        let time = day::by_day(done.plus(chance.duration(2 * HOUR, 0.8)), chance.between(0, MORNING));
        if chance.yes(CALLED_BACK) {
            self.add(time, "confirmed", vec![("satisfied", Value::Flag(content))]);
        }
        time
    }
}
