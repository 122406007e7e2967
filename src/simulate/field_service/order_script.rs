//! The life of one order, written when it is reported.
//!
//! First it is decided whether the promise is kept, broken by hours, or the order forgotten for days; the times follow.
//! People hurry as a due time comes near, so work that would end after it often ends just before. What happens until the
//! work is done stands in [`super::work`], what follows it in [`super::follow_up`].

use super::order_families::{KIND_SHARES, OrderFamily, OrderKind, OrderPause, VISIT_MEDIAN_MS};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use crate::simulate::center::SimulatedCenter;
use crate::simulate::customer::SimulatedCustomer;
use crate::simulate::day::{self, DAY};
use crate::simulate::rng::SimulationRng;
use crate::simulate::simulated_event::{SimulatedCase, SimulatedValue};

/// What an event says beyond what all events of its case say.
pub(super) type EventData = Vec<(&'static str, SimulatedValue)>;
/// A moment of the life: when, what (as in the event's type), and its own data.
pub(super) type ScriptedEvent = (Timestamp, (&'static str, &'static str), EventData);

/// How far the work left over from the night reaches into the next day.
pub(super) const MORNING_MS: i64 = 3 * HOUR;
/// The share of the orders from outside the towns.
const COUNTRY_SHARE: f64 = 0.3;
const CANCELLED_SHARE: f64 = 0.015;
/// Of the broken promises, the share forgotten for days.
const FORGOTTEN_SHARE: f64 = 0.12;
/// The teams of a center that work on the orders of a family.
const TEAM_COUNT: i64 = 12;

/// An order whose life is being written.
pub(super) struct OrderScript {
    pub(super) family: &'static OrderFamily,
    /// What it is about, and how urgent that is.
    pub(super) kind: &'static OrderKind,
    pub(super) grade: usize,
    pub(super) opened: Timestamp,
    pub(super) due: Timestamp,
    pub(super) assigned: Timestamp,
    /// Whether the work is done by the due time, and when it is.
    pub(super) is_on_time: bool,
    pub(super) resolved: Timestamp,
    /// When somebody is at the customer's for the last time, or the desk begins to work.
    pub(super) work_began: Timestamp,
    /// When the customer was told that somebody would come.
    pub(super) appointment: Option<Timestamp>,
    /// Who is responsible: a team of the family.
    pub(super) team: i64,
    /// The last pause.
    pub(super) pause: Option<OrderPause>,
    events: Vec<ScriptedEvent>,
}

/// Writes the life of an order of `family` reported at `opened`, in order of time.
pub(super) fn write_script(
    opened: Timestamp,
    family: &'static OrderFamily,
    center: &SimulatedCenter,
    chance: &mut SimulationRng,
) -> (SimulatedCase, Vec<ScriptedEvent>) {
    let customer = SimulatedCustomer::random_customer(center, chance);
    let kind = &family.kinds[chance.choose_weighted(&KIND_SHARES)];
    let grade = chance.choose_weighted(&family.grades.each_ref().map(|grade| grade.share));
    let country = chance.random_bool(COUNTRY_SHARE);
    let about = SimulatedCase {
        channel: Some(chance.choose_one(&["phone", "phone", "app", "hall"])),
        product: Some(kind.product),
        topic: Some(kind.name),
        customer: Some(customer),
        ..SimulatedCase::new(center)
    };
    let due = opened.plus_millis(family.grades[grade].due_within_ms[usize::from(country)]);
    let assigned =
        opened.plus_millis(chance.log_normal_ms(10 * MINUTE, 0.7).clamp(20 * SECOND, 40 * MINUTE));
    let cancelled = chance.random_bool(CANCELLED_SHARE);
    let kept = chance.random_bool(center.on_time_probability);
    let done = resolution_time(kept, opened, due, family.median_work_ms, chance);
    let began = done.plus_millis(
        -chance.log_normal_ms(VISIT_MEDIAN_MS, 0.5).min(done.millis_since(assigned) * 3 / 5),
    );
    let team = chance.random_range(1, TEAM_COUNT + 1);
    let (appointment, pause, moments) = (None, None, Vec::with_capacity(10));
    let mut story = OrderScript {
        family,
        kind,
        grade,
        opened,
        due,
        assigned,
        is_on_time: kept,
        resolved: done,
        work_began: began,
        appointment,
        team,
        pause,
        events: moments,
    };
    // An urgent order is not put off until the customer has time.
    if family.has_visits
        && due.millis_since(opened) > 4 * HOUR
        && chance.random_bool(family.appointment_share)
    {
        story.appointment = Some(story.choose_appointment(chance));
    }
    if cancelled {
        let time = assigned
            .plus_millis(chance.log_normal_ms(2 * HOUR, 0.8).min(due.millis_since(opened) / 2));
        story.add_event(assigned, "assigned", vec![("owner", story.owner_value())]);
        story.add_event(
            time,
            "cancelled",
            vec![("reason", SimulatedValue::Text("customer_request"))],
        );
    } else {
        story.add_work(chance);
        story.add_follow_up(chance);
    }
    // Last, because only now is it known which appointment was the first.
    story.add_opened(if country { "country" } else { "town" });
    (about, story.into_events())
}

/// When the order is resolved.
fn resolution_time(
    kept: bool,
    opened: Timestamp,
    due: Timestamp,
    median: i64,
    chance: &mut SimulationRng,
) -> Timestamp {
    let promise = due.millis_since(opened);
    if !kept {
        let late = if chance.random_bool(FORGOTTEN_SHARE) {
            chance.random_range(4 * DAY, 25 * DAY)
        } else {
            chance.log_normal_ms(150 * MINUTE, 1.0)
        };
        return day::defer_to_morning(due.plus_millis(late), chance.random_range(0, MORNING_MS));
    }
    let work = chance.log_normal_ms(median.min(promise * 2 / 5), 0.65).max(45 * MINUTE);
    let by_day =
        day::defer_to_morning(opened.plus_millis(work), chance.random_range(0, MORNING_MS));
    // The urgent ones are worked on by night as well.
    let done = if promise <= 4 * HOUR { opened.plus_millis(work) } else { by_day };
    if done < due { done } else { due.plus_millis(-chance.random_range(2 * MINUTE, 90 * MINUTE)) }
}

impl OrderScript {
    pub(super) fn add_event(&mut self, time: Timestamp, what: &'static str, data: EventData) {
        self.events.push((time, (self.family.name, what), data));
    }

    /// What somebody outside says of the order.
    pub(super) fn add_survey(&mut self, time: Timestamp, data: EventData) {
        self.events.push((time, ("survey", "rated"), data));
    }

    /// Who is responsible, as events say it.
    pub(super) fn owner_value(&self) -> SimulatedValue {
        SimulatedValue::NumberedName(self.family.team, self.team as u64)
    }

    /// Makes another team responsible.
    pub(super) fn reassign_team(&mut self, chance: &mut SimulationRng) {
        self.team = (self.team - 1 + chance.random_range(1, TEAM_COUNT)) % TEAM_COUNT + 1;
    }

    fn add_opened(&mut self, area: &'static str) {
        let mut data = vec![("kind", SimulatedValue::Text(self.kind.name))];
        data.extend(self.kind.class.map(|class| ("class", SimulatedValue::Text(class))));
        data.extend([
            ("grade", SimulatedValue::Number(self.grade as i64 + 1)),
            ("area", SimulatedValue::Text(area)),
            ("due", SimulatedValue::Time(self.due)),
        ]);
        data.extend(self.appointment.map(|time| ("appointment", SimulatedValue::Time(time))));
        self.events.insert(0, (self.opened, (self.family.name, "opened"), data));
    }

    /// The moments in their order, no two at once.
    fn into_events(mut self) -> Vec<ScriptedEvent> {
        // The sort is stable, so what was written first stays first.
        self.events.sort_by_key(|moment| moment.0);
        let mut last = Timestamp(i64::MIN);
        for (time, ..) in &mut self.events {
            *time = (*time).max(last.plus_millis(1));
            last = *time;
        }
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::center::build_center;
    use crate::simulate::field_service::order_families::ORDER_FAMILIES;
    use std::collections::BTreeSet;

    /// Whether `what` can befall an order in this state: open, paused, closed; and the state then.
    fn next_state(state: &'static str, what: &str) -> Option<&'static str> {
        Some(match (state, what) {
            ("new", "opened") | ("paused", "resumed") | ("closed", "reopened") => "open",
            ("open", "assigned" | "arrived" | "replied") | ("paused", "assigned" | "replied") => {
                state
            }
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
    fn every_order_script_is_a_valid_sequence() {
        let mut chance = SimulationRng::new(4, 4);
        let mut seen = BTreeSet::new();
        for number in 0..40_000 {
            let family = &ORDER_FAMILIES[number % ORDER_FAMILIES.len()];
            let opened = Timestamp(1_773_072_000_000).plus_millis(number as i64 * 7 * MINUTE);
            let (_, moments) =
                write_script(opened, family, &build_center(number % 3, 1.0), &mut chance);
            let words = || moments.iter().map(|moment| moment.1.1).collect::<Vec<_>>();
            let mut state = "new";
            let mut last = opened.plus_millis(-1);
            for (time, (_, what), data) in &moments {
                assert!(last < *time, "{:?}", words());
                last = *time;
                state = next_state(state, what)
                    .unwrap_or_else(|| panic!("{what} when {state}: {:?}", words()));
                seen.insert((family.name, *what));
                for (name, value) in
                    data.iter().filter(|(name, _)| ["appointment", "due"].contains(name))
                {
                    let SimulatedValue::Time(named) = value else { panic!("{name} is no time") };
                    assert!(named >= time, "{name} lies in the past: {:?}", words());
                }
            }
        }
        for family in ["repair", "install", "complaint", "move", "parts"] {
            for what in [
                "opened",
                "assigned",
                "paused",
                "resumed",
                "resolved",
                "confirmed",
                "reopened",
                "escalated",
                "cancelled",
            ] {
                assert!(seen.contains(&(family, what)), "no {family} is ever {what}");
            }
        }
        assert!(seen.contains(&("complaint", "replied")) && seen.contains(&("repair", "arrived")));
        assert!(!seen.contains(&("complaint", "arrived")) && !seen.contains(&("parts", "rated")));
    }
}
