//! What happens to an order from its assignment until the work is done: visits, pauses, replies, other owners, higher levels.

use super::order_families::OrderPause;
use super::order_script::{MORNING_MS, OrderScript};
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::simulate::day;
use crate::simulate::rng::SimulationRng;
use crate::simulate::simulated_event::SimulatedValue;

/// The share of the orders that rest for a while: of those done in time, and of the late ones, which are often late for that.
const PAUSED_SHARE: [f64; 2] = [0.10, 0.35];
/// The share of the appointments at which the customer is not there.
const MISSED_SHARE: f64 = 0.06;
/// The share of the visits that begin by the time the customer was told, where the order is done in time.
const PUNCTUAL_SHARE: f64 = 0.94;
/// Appointments are made for whole and half hours.
const APPOINTMENT_STEP_MS: i64 = 30 * MINUTE;
/// The share of the orders that another team takes over: of those done in time, and of the late ones.
const REASSIGNED_SHARE: [f64; 2] = [0.06, 0.22];
/// The share of the orders that turn out to be worse than reported.
const RECLASSIFIED_SHARE: f64 = 0.03;
/// The share of the late orders, and of the others, that a manager takes care of.
const MANAGER_SHARE: [f64; 2] = [0.01, 0.4];
/// The share of the late complaints that the regulator hears of.
const REGULATOR_SHARE: f64 = 0.15;
/// The share of the complaints answered before they are settled.
const REPLIED_SHARE: f64 = 0.985;
/// The share of the late orders that say whose fault it was.
const LIABLE_NAMED_SHARE: f64 = 0.7;
/// Whose fault it is that an order is late that was never paused for another's.
const LIABLE_PARTIES: [(&str, f64); 3] =
    [("us", 0.8), ("third_party", 0.1), ("force_majeure", 0.1)];

impl OrderScript {
    /// The time that the customer of the visit at [`Story::began`] was told, in the future when it was.
    pub(super) fn choose_appointment(&self, chance: &mut SimulationRng) -> Timestamp {
        let come = round_down_to_half_hour(self.work_began.plus_millis(APPOINTMENT_STEP_MS));
        let told = match self.is_on_time {
            true if chance.random_bool(PUNCTUAL_SHARE) => come,
            true => round_down_to_half_hour(
                self.work_began.plus_millis(-chance.random_range(10 * MINUTE, 60 * MINUTE)),
            ),
            false => {
                round_down_to_half_hour(self.due.plus_millis(-chance.random_range(HOUR, 3 * HOUR)))
            }
        };
        if told > self.assigned { told } else { come }
    }

    /// Writes what happens until the work is done.
    pub(super) fn add_work(&mut self, chance: &mut SimulationRng) {
        let late = usize::from(!self.is_on_time);
        self.add_event(self.assigned, "assigned", vec![("owner", self.owner_value())]);
        if !self.add_missed_appointment(chance) && chance.random_bool(PAUSED_SHARE[late]) {
            self.add_family_pause(chance);
        }
        if self.family.has_visits {
            self.add_event(self.work_began, "arrived", Vec::new());
        }
        if self.family.has_first_reply && chance.random_bool(REPLIED_SHARE) {
            let reply = day::defer_to_morning(
                self.assigned.plus_millis(chance.log_normal_ms(100 * MINUTE, 0.9)),
                chance.random_range(0, MORNING_MS),
            );
            let latest =
                self.assigned.plus_millis(self.resolved.millis_since(self.assigned) * 9 / 10);
            self.add_event(reply.min(latest), "replied", Vec::new());
        }
        self.add_reassignment(late, chance);
        self.add_escalations(late, chance);
        let mut data = vec![("owner", self.owner_value())];
        if !self.is_on_time && chance.random_bool(LIABLE_NAMED_SHARE) {
            let place = chance.choose_weighted(&LIABLE_PARTIES.map(|liable| liable.1));
            data.push((
                "liable",
                SimulatedValue::Text(
                    self.pause.map_or(LIABLE_PARTIES[place].0, |pause| pause.liable),
                ),
            ));
        }
        self.add_event(self.resolved, "resolved", data);
    }

    /// The time between the assignment and the last visit.
    fn time_to_last_visit(&self) -> i64 {
        self.work_began.millis_since(self.assigned)
    }

    /// The technician stands before a closed door, and comes again at another time; false if the customer is there.
    fn add_missed_appointment(&mut self, chance: &mut SimulationRng) -> bool {
        if self.appointment.is_none() || !chance.random_bool(MISSED_SHARE) {
            return false;
        }
        let first = day::defer_to_morning(
            self.assigned
                .plus_millis(self.time_to_last_visit() * chance.random_range(10, 40) / 100),
            chance.random_range(0, MORNING_MS),
        );
        let paused = first.plus_millis(chance.random_range(10 * MINUTE, 20 * MINUTE));
        let resumed = paused
            .plus_millis(self.work_began.millis_since(paused) * chance.random_range(50, 90) / 100);
        let again = self.appointment.filter(|time| *time > resumed);
        let Some(again) = again
            .filter(|_| first > self.assigned && self.work_began.millis_since(paused) > 2 * HOUR)
        else {
            return false;
        };
        self.appointment = Some(round_down_to_half_hour(first.plus_millis(APPOINTMENT_STEP_MS)));
        self.add_event(first, "arrived", Vec::new());
        self.add_pause(
            paused,
            resumed,
            OrderPause { reason: "missed_appointment", liable: "customer" },
            vec![("appointment", SimulatedValue::Time(again))],
        );
        true
    }

    /// Work rests for one of the family's reasons.
    fn add_family_pause(&mut self, chance: &mut SimulationRng) {
        let travel = self.time_to_last_visit();
        if travel <= HOUR {
            return;
        }
        let place = chance
            .choose_weighted(&self.family.pauses.iter().map(|pause| pause.1).collect::<Vec<_>>());
        let paused = self.assigned.plus_millis(chance.random_range(travel / 10, travel / 2));
        let resumed =
            self.assigned.plus_millis(chance.random_range(travel * 6 / 10, travel * 9 / 10));
        self.add_pause(paused, resumed, self.family.pauses[place].0, Vec::new());
    }

    fn add_pause(
        &mut self,
        paused: Timestamp,
        resumed: Timestamp,
        pause: OrderPause,
        then: super::order_script::EventData,
    ) {
        self.pause = Some(pause);
        self.add_event(
            paused,
            "paused",
            vec![
                ("reason", SimulatedValue::Text(pause.reason)),
                ("liable", SimulatedValue::Text(pause.liable)),
            ],
        );
        self.add_event(resumed, "resumed", then);
    }

    /// Now and then the order goes to another team, or turns out to be worse than reported.
    fn add_reassignment(&mut self, late: usize, chance: &mut SimulationRng) {
        let handed_on = chance.random_bool(REASSIGNED_SHARE[late]);
        let raised = chance.random_bool(RECLASSIFIED_SHARE);
        let travel = self.time_to_last_visit();
        let time = self.assigned.plus_millis(chance.random_range(travel * 2 / 10, travel * 8 / 10));
        let mut data = Vec::new();
        if handed_on {
            self.reassign_team(chance);
        }
        match self.kind.class {
            Some("slow" | "noise") if raised => {
                data.push(("class", SimulatedValue::Text("outage")))
            }
            Some("billing" | "network" | "service" | "attitude") if raised && self.grade > 0 => {
                data.push(("grade", SimulatedValue::Number(self.grade as i64)));
            }
            _ => {}
        }
        if handed_on || !data.is_empty() {
            data.insert(0, ("owner", self.owner_value()));
            self.add_event(time, "assigned", data);
        }
    }

    /// Overdue orders go to the next level soon after their due time, the few others soon after the report.
    fn add_escalations(&mut self, late: usize, chance: &mut SimulationRng) {
        let from = if self.is_on_time { self.assigned } else { self.due };
        let manager = from.plus_millis(chance.random_range(5 * MINUTE, 50 * MINUTE));
        if chance.random_bool(MANAGER_SHARE[late]) && manager < self.resolved {
            self.add_event(manager, "escalated", vec![("level", SimulatedValue::Text("manager"))]);
        }
        let regulator = self.due.plus_millis(chance.random_range(2 * HOUR, 30 * HOUR));
        if self.family.has_first_reply
            && chance.random_bool(REGULATOR_SHARE)
            && regulator < self.resolved
        {
            self.add_event(
                regulator,
                "escalated",
                vec![("level", SimulatedValue::Text("regulator"))],
            );
        }
    }
}

/// The last whole or half hour before `time`, or `time` itself.
fn round_down_to_half_hour(time: Timestamp) -> Timestamp {
    Timestamp(time.0.div_euclid(APPOINTMENT_STEP_MS) * APPOINTMENT_STEP_MS)
}
