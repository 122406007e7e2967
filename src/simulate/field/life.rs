//! The life of one order, written when it is reported.
//!
//! First it is decided whether the promise is kept, broken by hours, or the order forgotten for days; the times follow.
//! People hurry as a due time comes near, so work that would end after it often ends just before. What happens until the
//! work is done stands in [`super::work`], what follows it in [`super::aftermath`].

use super::super::center::Center;
use super::super::chance::Chance;
use super::super::customer::Customer;
use super::super::day::{self, DAY};
use super::super::report::{About, Value};
use super::family::{Family, KINDS, Kind, Pause, VISIT};
use crate::domain::time::{HOUR, MINUTE, SECOND, Timestamp};

/// What an event says beyond what all events of its case say.
pub(super) type Data = Vec<(&'static str, Value)>;
/// A moment of the life: when, what (as in the event's type), and its own data.
pub(super) type Moment = (Timestamp, (&'static str, &'static str), Data);

/// How far the work left over from the night reaches into the next day.
pub(super) const MORNING: i64 = 3 * HOUR;
/// The share of the orders from outside the towns.
const COUNTRY: f64 = 0.3;
const CANCELLED: f64 = 0.015;
/// Of the broken promises, the share forgotten for days.
const FORGOTTEN: f64 = 0.12;
/// The teams of a center that work on the orders of a family.
const TEAMS: i64 = 12;

/// An order whose life is being written.
pub(super) struct Story {
    pub(super) family: &'static Family,
    /// What it is about, and how urgent that is.
    pub(super) kind: &'static Kind,
    pub(super) grade: usize,
    pub(super) opened: Timestamp,
    pub(super) due: Timestamp,
    pub(super) assigned: Timestamp,
    /// Whether the work is done by the due time, and when it is.
    pub(super) kept: bool,
    pub(super) done: Timestamp,
    /// When somebody is at the customer's for the last time, or the desk begins to work.
    pub(super) began: Timestamp,
    /// When the customer was told that somebody would come.
    pub(super) appointment: Option<Timestamp>,
    /// Who is responsible: a team of the family.
    pub(super) team: i64,
    /// The last pause.
    pub(super) pause: Option<Pause>,
    moments: Vec<Moment>,
}

/// Writes the life of an order of `family` reported at `opened`, in order of time.
pub(super) fn write(opened: Timestamp, family: &'static Family, center: &Center, chance: &mut Chance) -> (About, Vec<Moment>) {
    let customer = Customer::any(center, chance);
    let kind = &family.kinds[chance.weighted(&KINDS)];
    let grade = chance.weighted(&family.grades.each_ref().map(|grade| grade.share));
    let country = chance.yes(COUNTRY);
    let about = About {
        channel: Some(chance.one_of(&["phone", "phone", "app", "hall"])),
        product: Some(kind.product),
        topic: Some(kind.name),
        customer: Some(customer),
        ..About::new(center)
    };
    let due = opened.plus(family.grades[grade].promise[usize::from(country)]);
    let assigned = opened.plus(chance.duration(10 * MINUTE, 0.7).clamp(20 * SECOND, 40 * MINUTE));
    let cancelled = chance.yes(CANCELLED);
    let kept = chance.yes(center.timeliness);
    let done = done(kept, opened, due, family.median, chance);
    let began = done.plus(-chance.duration(VISIT, 0.5).min(done.since(assigned) * 3 / 5));
    let team = chance.between(1, TEAMS + 1);
    let (appointment, pause, moments) = (None, None, Vec::with_capacity(10));
    let mut story = Story { family, kind, grade, opened, due, assigned, kept, done, began, appointment, team, pause, moments };
    // An urgent order is not put off until the customer has time.
    if family.visits && due.since(opened) > 4 * HOUR && chance.yes(family.appointments) {
        story.appointment = Some(story.appointment(chance));
    }
    if cancelled {
        let time = assigned.plus(chance.duration(2 * HOUR, 0.8).min(due.since(opened) / 2));
        story.add(assigned, "assigned", vec![("owner", story.owner())]);
        story.add(time, "cancelled", vec![("reason", Value::Word("customer_request"))]);
    } else {
        story.work(chance);
        story.finish(chance);
    }
    // Last, because only now is it known which appointment was the first.
    story.open(if country { "country" } else { "town" });
    (about, story.told())
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

impl Story {
    pub(super) fn add(&mut self, time: Timestamp, what: &'static str, data: Data) {
        self.moments.push((time, (self.family.name, what), data));
    }

    /// What somebody outside says of the order.
    pub(super) fn add_survey(&mut self, time: Timestamp, data: Data) {
        self.moments.push((time, ("survey", "rated"), data));
    }

    /// Who is responsible, as events say it.
    pub(super) fn owner(&self) -> Value {
        Value::Named(self.family.team, self.team as u64)
    }

    /// Makes another team responsible.
    pub(super) fn hand_on(&mut self, chance: &mut Chance) {
        self.team = (self.team - 1 + chance.between(1, TEAMS)) % TEAMS + 1;
    }

    fn open(&mut self, area: &'static str) {
        let mut data = vec![("kind", Value::Word(self.kind.name))];
        data.extend(self.kind.class.map(|class| ("class", Value::Word(class))));
        data.extend([("grade", Value::Number(self.grade as i64 + 1)), ("area", Value::Word(area)), ("due", Value::Time(self.due))]);
        data.extend(self.appointment.map(|time| ("appointment", Value::Time(time))));
        self.moments.insert(0, (self.opened, (self.family.name, "opened"), data));
    }

    /// The moments in their order, no two at once.
    fn told(mut self) -> Vec<Moment> {
        // The sort is stable, so what was written first stays first.
        self.moments.sort_by_key(|moment| moment.0);
        let mut last = Timestamp(i64::MIN);
        for (time, ..) in &mut self.moments {
            *time = (*time).max(last.plus(1));
            last = *time;
        }
        self.moments
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::center::center;
    use super::super::family::FAMILIES;
    use super::*;
    use std::collections::BTreeSet;

    /// Whether `what` can befall an order in this state: open, paused, closed; and the state then.
    fn next(state: &'static str, what: &str) -> Option<&'static str> {
        Some(match (state, what) {
            ("new", "opened") | ("paused", "resumed") | ("closed", "reopened") => "open",
            ("open", "assigned" | "arrived" | "replied") | ("paused", "assigned" | "replied") => state,
            ("open", "paused") => "paused",
            ("open", "resolved") => "closed",
            ("open" | "paused", "cancelled") => "over",
            ("closed", "confirmed" | "rated") | (_, "escalated") => state,
            // A survey may come after the customer has found it broken again.
            ("open", "rated") => state,
            _ => return None,
        })
    }

    #[test]
    fn every_life_makes_sense() {
        let mut chance = Chance::new(4, 4);
        let mut seen = BTreeSet::new();
        for number in 0..40_000 {
            let family = &FAMILIES[number % FAMILIES.len()];
            let opened = Timestamp(1_773_072_000_000).plus(number as i64 * 7 * MINUTE);
            let (_, moments) = write(opened, family, &center(number % 3, 1.0), &mut chance);
            let words = || moments.iter().map(|moment| moment.1.1).collect::<Vec<_>>();
            let mut state = "new";
            let mut last = opened.plus(-1);
            for (time, (_, what), data) in &moments {
                assert!(last < *time, "{:?}", words());
                last = *time;
                state = next(state, what).unwrap_or_else(|| panic!("{what} when {state}: {:?}", words()));
                seen.insert((family.name, *what));
                for (name, value) in data.iter().filter(|(name, _)| ["appointment", "due"].contains(name)) {
                    let Value::Time(named) = value else { panic!("{name} is no time") };
                    assert!(named >= time, "{name} lies in the past: {:?}", words());
                }
            }
        }
        for family in ["repair", "install", "complaint", "move", "parts"] {
            for what in ["opened", "assigned", "paused", "resumed", "resolved", "confirmed", "reopened", "escalated", "cancelled"] {
                assert!(seen.contains(&(family, what)), "no {family} is ever {what}");
            }
        }
        assert!(seen.contains(&("complaint", "replied")) && seen.contains(&("repair", "arrived")));
        assert!(!seen.contains(&("complaint", "arrived")) && !seen.contains(&("parts", "rated")));
    }
}
