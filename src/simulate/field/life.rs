//! The life of one order, written when it is reported.
//!
//! First it is decided whether the promise is kept, broken by hours, or the order forgotten for days; the times follow.
//! People hurry as a due time comes near, so work that would end after it often ends just before.

use super::super::center::Center;
use super::super::chance::Chance;
use super::super::customer::Customer;
use super::super::day::{self, DAY};
use super::super::report::{About, Value};
use super::super::survey;
use super::family::{Family, VISIT};
use crate::domain::time::{HOUR, MINUTE, SECOND, Timestamp};

/// A moment of the life: when, what (as in the event's type), and its own data.
pub(super) type Moment = (Timestamp, (&'static str, &'static str), Vec<(&'static str, Value)>);

/// Why work rests, and who is liable for it.
const PAUSES: [(&str, &str); 4] =
    [("customer_absent", "customer"), ("no_resource", "operator"), ("third_party", "third_party"), ("force_majeure", "none")];
const PAUSED: f64 = 0.12;
/// How far the work left over from the night reaches into the next day.
const MORNING: i64 = 3 * HOUR;
const CANCELLED: f64 = 0.015;
/// Of the broken promises, the share forgotten for days.
const FORGOTTEN: f64 = 0.12;

/// Writes the life of an order of `family` reported at `opened`, in order of time.
pub(super) fn write(opened: Timestamp, family: &'static Family, center: &Center, chance: &mut Chance) -> (About, Vec<Moment>) {
    let customer = Customer::any(center, chance);
    let place = chance.weighted(&[0.45, 0.25, 0.2, 0.1]);
    let grade = &family.grades[chance.weighted(&family.grades.each_ref().map(|grade| grade.share))];
    let due = opened.plus(grade.promise);
    let about = About {
        channel: Some(chance.one_of(&["phone", "phone", "app", "hall"])),
        product: Some(family.products[place]),
        topic: Some(family.kinds[place]),
        customer: Some(customer),
        ..About::new(center)
    };
    let mut story = Story { family, moments: Vec::with_capacity(8) };
    let area = if grade.name == "rural" { "rural" } else { "urban" };
    let class = if customer.tier() == "vip" { "priority" } else { "ordinary" };
    let words = [("kind", family.kinds[place]), ("class", class), ("grade", grade.name), ("area", area)];
    let mut data: Vec<_> = words.into_iter().map(|(name, word)| (name, Value::Word(word))).collect();
    data.push(("due", Value::Time(due)));
    if family.visits && chance.yes(0.4) {
        data.push(("appointment", Value::Time(due.plus(-chance.between(HOUR, 3 * HOUR)))));
    }
    story.add(opened, "opened", data);

    let assigned = opened.plus(chance.duration(10 * MINUTE, 0.7).clamp(20 * SECOND, 40 * MINUTE));
    let owner = Value::Named("team-", chance.between(1, 13) as u64);
    story.add(assigned, "assigned", vec![("owner", owner)]);
    if chance.yes(CANCELLED) {
        let time = assigned.plus(chance.duration(2 * HOUR, 0.8).min(grade.promise / 2));
        story.add(time, "cancelled", vec![("reason", Value::Word("customer_request"))]);
        return (about, story.moments);
    }
    let kept = chance.yes(center.timeliness);
    let done = done(kept, opened, due, family.median, chance);
    story.work(assigned, done, chance);
    if !kept && chance.yes(0.4) || chance.yes(0.01) {
        // Overdue orders go to the next level soon after their due time, the few others soon after the report.
        let time = if kept { assigned } else { due }.plus(chance.between(5 * MINUTE, 50 * MINUTE));
        if time < done {
            story.add(time, "escalated", vec![("level", Value::Number(2)), ("owner", Value::Word("duty_manager"))]);
        }
    }
    story.finish(kept, done, chance);
    // The sort is stable, so what was written first stays first.
    story.moments.sort_by_key(|moment| moment.0);
    (about, story.moments)
}

/// When the order is resolved.
fn done(kept: bool, opened: Timestamp, due: Timestamp, median: i64, chance: &mut Chance) -> Timestamp {
    let promise = due.since(opened);
    if !kept {
        let late = if chance.yes(FORGOTTEN) { chance.between(4 * DAY, 25 * DAY) } else { chance.duration(150 * MINUTE, 1.0) };
        return day::by_day(due.plus(late), chance.between(0, MORNING));
    }
    let work = chance.duration(median.min(promise * 2 / 5), 0.65).max(45 * MINUTE);
    let by_day = day::by_day(opened.plus(work), chance.between(0, MORNING));
    // The urgent ones are worked on by night as well.
    let done = if promise <= 4 * HOUR { opened.plus(work) } else { by_day };
    if done < due { done } else { due.plus(-chance.between(2 * MINUTE, 90 * MINUTE)) }
}

struct Story {
    family: &'static Family,
    moments: Vec<Moment>,
}

impl Story {
    fn add(&mut self, time: Timestamp, what: &'static str, data: Vec<(&'static str, Value)>) {
        self.moments.push((time, (self.family.name, what), data));
    }

    /// What happens between the assignment and the end of the work.
    fn work(&mut self, assigned: Timestamp, done: Timestamp, chance: &mut Chance) {
        let whole = done.since(assigned);
        let visit = chance.duration(VISIT, 0.5).min(whole * 3 / 5);
        let travel = whole - visit;
        if chance.yes(PAUSED) && travel > HOUR {
            let (reason, liable) = PAUSES[chance.weighted(&[0.5, 0.25, 0.18, 0.07])];
            let reasons = vec![("reason", Value::Word(reason)), ("liable", Value::Word(liable))];
            let paused = assigned.plus(chance.between(travel / 10, travel / 2));
            self.add(paused, "paused", reasons);
            let resumed = assigned.plus(chance.between(travel * 6 / 10, travel * 9 / 10));
            self.add(resumed, "resumed", Vec::new());
        }
        if self.family.visits {
            self.add(done.plus(-visit), "arrived", Vec::new());
        }
    }

    /// The end of the work, the call-back, and what may follow.
    fn finish(&mut self, kept: bool, done: Timestamp, chance: &mut Chance) {
        self.add(done, "resolved", Vec::new());
        let satisfied = chance.yes(if kept { 0.94 } else { 0.6 });
        let confirmed = self.confirm(done, satisfied, chance);
        if chance.yes(survey::RESPONSE) {
            let data = survey::answer(if satisfied { 0.95 } else { 0.15 }, chance);
            let time = done.plus(chance.between(10 * MINUTE, 12 * HOUR));
            self.moments.push((day::by_day(time, chance.between(0, MORNING)), ("survey", "rated"), data.to_vec()));
        }
        if chance.yes(if satisfied { 0.018 } else { 0.2 }) {
            let reopened = day::by_day(confirmed.plus(chance.duration(6 * HOUR, 1.0)), chance.between(0, MORNING));
            self.add(reopened, "reopened", vec![("reason", Value::Word("fault_again"))]);
            let again = day::by_day(reopened.plus(chance.duration(4 * HOUR, 0.7)), chance.between(0, MORNING));
            self.add(again, "resolved", Vec::new());
            self.confirm(again, true, chance);
        }
    }

    fn confirm(&mut self, done: Timestamp, satisfied: bool, chance: &mut Chance) -> Timestamp {
        let confirmed = day::by_day(done.plus(chance.duration(2 * HOUR, 0.8)), chance.between(0, MORNING));
        self.add(confirmed, "confirmed", vec![("satisfied", Value::Flag(satisfied))]);
        confirmed
    }
}
