//! Script of one order, written when the order is opened.
//!
//! First the result is drawn: done on time, late by hours, or forgotten for days. The times follow
//! from it. Teams hurry when a due time is near, so work that would end after it often ends just
//! before. Module [`super::work`] adds the events until the end of the work, and
//! [`super::follow_up`] those after it.

use super::order_families::{KIND_SHARES, OrderFamily, OrderKind, OrderPause, VISIT_MEDIAN_MS};
use crate::domain::time::timestamp::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use crate::simulate::center::SimulatedCenter;
use crate::simulate::customer::SimulatedCustomer;
use crate::simulate::day;
use crate::simulate::rng::SimulationRng;
use crate::simulate::simulated_event::{SimulatedCase, SimulatedValue};

/// Data of an event in addition to the common data of its case.
pub(super) type EventData = Vec<(&'static str, SimulatedValue)>;
/// An event of the script: time, type (family and verb) and own data.
pub(super) type ScriptedEvent = (Timestamp, (&'static str, &'static str), EventData);

/// Period in ms over which work deferred at night is spread in the morning.
pub(super) const MORNING_MS: i64 = 3 * HOUR;
/// Share of the orders from outside the towns.
const COUNTRY_SHARE: f64 = 0.3;
const CANCELLED_SHARE: f64 = 0.015;
/// Share of the late orders that are forgotten for days.
const FORGOTTEN_SHARE: f64 = 0.12;
/// Number of teams of a center per order family.
const TEAM_COUNT: i64 = 12;

/// Script under construction.
pub(super) struct OrderScript {
    pub(super) family: &'static OrderFamily,
    /// Kind of the order. `grade` is its urgency, from 0.
    pub(super) kind: &'static OrderKind,
    pub(super) grade: usize,
    pub(super) opened: Timestamp,
    pub(super) due: Timestamp,
    pub(super) assigned: Timestamp,
    /// True if the order is resolved by its due time.
    pub(super) is_on_time: bool,
    pub(super) resolved: Timestamp,
    /// Start of the last visit, or of the work at the desk.
    pub(super) work_began: Timestamp,
    /// Appointed time of the first visit.
    pub(super) appointment: Option<Timestamp>,
    /// Number of the responsible team, from 1.
    pub(super) team: i64,
    /// Last pause.
    pub(super) pause: Option<OrderPause>,
    events: Vec<ScriptedEvent>,
}

/// Returns the common data and the events, in order of time, of an order reported at `opened`.
pub(super) fn write_script(
    opened: Timestamp,
    family: &'static OrderFamily,
    center: &SimulatedCenter,
    rng: &mut SimulationRng,
) -> (SimulatedCase, Vec<ScriptedEvent>) {
    let customer = SimulatedCustomer::random_customer(center, rng);
    let kind = &family.kinds[rng.choose_weighted(&KIND_SHARES)];
    let grade = rng.choose_weighted(&family.grades.each_ref().map(|grade| grade.share));
    let is_country = rng.random_bool(COUNTRY_SHARE);
    let case = SimulatedCase {
        channel: Some(rng.choose_one(&["phone", "phone", "app", "hall"])),
        product: Some(kind.product),
        topic: Some(kind.name),
        customer: Some(customer),
        ..SimulatedCase::new(center)
    };
    let due = opened.plus_millis(family.grades[grade].due_within_ms[usize::from(is_country)]);
    let assigned =
        opened.plus_millis(rng.log_normal_ms(10 * MINUTE, 0.7).clamp(20 * SECOND, 40 * MINUTE));
    let cancelled = rng.random_bool(CANCELLED_SHARE);
    let is_on_time = rng.random_bool(center.on_time_probability);
    let resolved = resolution_time(is_on_time, opened, due, family.median_work_ms, rng);
    let work_began = resolved.plus_millis(
        -rng.log_normal_ms(VISIT_MEDIAN_MS, 0.5).min(resolved.millis_since(assigned) * 3 / 5),
    );
    let team = rng.random_range(1, TEAM_COUNT + 1);
    let (appointment, pause, events) = (None, None, Vec::with_capacity(10));
    let mut script = OrderScript {
        family,
        kind,
        grade,
        opened,
        due,
        assigned,
        is_on_time,
        resolved,
        work_began,
        appointment,
        team,
        pause,
        events,
    };
    // An urgent order is worked on at once, not by appointment.
    if family.has_visits
        && due.millis_since(opened) > 4 * HOUR
        && rng.random_bool(family.appointment_share)
    {
        script.appointment = Some(script.choose_appointment(rng));
    }
    if cancelled {
        let time = assigned
            .plus_millis(rng.log_normal_ms(2 * HOUR, 0.8).min(due.millis_since(opened) / 2));
        script.add_event(assigned, "assigned", vec![("owner", script.owner_value())]);
        script.add_event(
            time,
            "cancelled",
            vec![("reason", SimulatedValue::Text("customer_request"))],
        );
    } else {
        script.add_work(rng);
        script.add_follow_up(rng);
    }
    // The opening is added last, because only now the first appointment is known.
    script.add_opened(if is_country { "country" } else { "town" });
    (case, script.into_events())
}

/// Returns the time at which the order is resolved.
fn resolution_time(
    is_on_time: bool,
    opened: Timestamp,
    due: Timestamp,
    median: i64,
    rng: &mut SimulationRng,
) -> Timestamp {
    let time_limit = due.millis_since(opened);
    if !is_on_time {
        let delay = if rng.random_bool(FORGOTTEN_SHARE) {
            rng.random_range(4 * DAY, 25 * DAY)
        } else {
            rng.log_normal_ms(150 * MINUTE, 1.0)
        };
        return day::defer_to_morning(due.plus_millis(delay), rng.random_range(0, MORNING_MS));
    }
    let work = rng.log_normal_ms(median.min(time_limit * 2 / 5), 0.65).max(45 * MINUTE);
    let by_day = day::defer_to_morning(opened.plus_millis(work), rng.random_range(0, MORNING_MS));
    // Urgent orders are worked on at night, too.
    let resolved = if time_limit <= 4 * HOUR { opened.plus_millis(work) } else { by_day };
    if resolved < due {
        resolved
    } else {
        due.plus_millis(-rng.random_range(2 * MINUTE, 90 * MINUTE))
    }
}

impl OrderScript {
    pub(super) fn add_event(&mut self, time: Timestamp, verb: &'static str, data: EventData) {
        self.events.push((time, (self.family.name, verb), data));
    }

    /// Adds an answer to a customer survey.
    pub(super) fn add_survey(&mut self, time: Timestamp, data: EventData) {
        self.events.push((time, ("survey", "rated"), data));
    }

    /// Returns the responsible team as the value of `owner`.
    pub(super) fn owner_value(&self) -> SimulatedValue {
        SimulatedValue::NumberedName(self.family.team, self.team as u64)
    }

    /// Assigns the order to another team.
    pub(super) fn reassign_team(&mut self, rng: &mut SimulationRng) {
        self.team = (self.team - 1 + rng.random_range(1, TEAM_COUNT)) % TEAM_COUNT + 1;
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

    /// Returns the events in order of time, at least 1 ms apart.
    fn into_events(mut self) -> Vec<ScriptedEvent> {
        // The sort is stable, so events of the same time stay in the order of their addition.
        self.events.sort_by_key(|event| event.0);
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

    /// Returns the state of an order after the event `verb`, or `None` if the event is invalid in
    /// this state.
    fn next_state(state: &'static str, verb: &str) -> Option<&'static str> {
        Some(match (state, verb) {
            ("new", "opened") | ("paused", "resumed") | ("closed", "reopened") => "open",
            ("open", "assigned" | "arrived" | "replied") | ("paused", "assigned" | "replied") => {
                state
            }
            ("open", "paused") => "paused",
            ("open", "resolved") => "closed",
            ("open" | "paused", "cancelled") => "over",
            ("closed", "confirmed" | "rated") | (_, "escalated") => state,
            // A survey may be answered after the order was reopened.
            ("open", "rated") => state,
            _ => return None,
        })
    }

    #[test]
    fn every_order_script_is_a_valid_sequence() {
        let mut rng = SimulationRng::new(4, 4);
        let mut seen = BTreeSet::new();
        for number in 0..40_000 {
            let family = &ORDER_FAMILIES[number % ORDER_FAMILIES.len()];
            let opened = Timestamp(1_773_072_000_000).plus_millis(number as i64 * 7 * MINUTE);
            let (_, events) =
                write_script(opened, family, &build_center(number % 3, 1.0), &mut rng);
            let verbs = || events.iter().map(|event| event.1.1).collect::<Vec<_>>();
            let mut state = "new";
            let mut last = opened.plus_millis(-1);
            for (time, (_, verb), data) in &events {
                assert!(last < *time, "{:?}", verbs());
                last = *time;
                state = next_state(state, verb)
                    .unwrap_or_else(|| panic!("{verb} when {state}: {:?}", verbs()));
                seen.insert((family.name, *verb));
                for (name, value) in
                    data.iter().filter(|(name, _)| ["appointment", "due"].contains(name))
                {
                    let SimulatedValue::Time(promised) = value else { panic!("{name} is no time") };
                    assert!(promised >= time, "{name} is in the past: {:?}", verbs());
                }
            }
        }
        for family in ["repair", "install", "complaint", "move", "parts"] {
            for verb in [
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
                assert!(seen.contains(&(family, verb)), "no {family} is ever {verb}");
            }
        }
        assert!(seen.contains(&("complaint", "replied")) && seen.contains(&("repair", "arrived")));
        assert!(!seen.contains(&("complaint", "arrived")) && !seen.contains(&("parts", "rated")));
    }
}
