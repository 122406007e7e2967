//! Steps of an order from its assignment to the end of the work: visits, pauses, replies,
//! reassignments and escalations.

use super::order_families::OrderPause;
use super::order_script::{MORNING_MS, OrderScript};
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::simulate::day;
use crate::simulate::rng::SimulationRng;
use crate::simulate::simulated_event::SimulatedValue;

/// Shares of the orders that are paused: of those done on time, and of the late ones. A pause is
/// often the cause of the delay.
const PAUSED_SHARE: [f64; 2] = [0.10, 0.35];
/// Share of the appointments at which the customer is absent.
const MISSED_SHARE: f64 = 0.06;
/// Share of the visits that begin by the appointed time, among orders done on time.
const PUNCTUAL_SHARE: f64 = 0.94;
/// Appointments are on whole and half hours.
const APPOINTMENT_STEP_MS: i64 = 30 * MINUTE;
/// Shares of the orders that another team takes over: of those done on time, and of the late ones.
const REASSIGNED_SHARE: [f64; 2] = [0.06, 0.22];
/// Share of the orders that are reclassified as more severe than reported.
const RECLASSIFIED_SHARE: f64 = 0.03;
/// Shares of the orders escalated to a manager: of those done on time, and of the late ones.
const MANAGER_SHARE: [f64; 2] = [0.01, 0.4];
/// Share of the late complaints that reach the regulator.
const REGULATOR_SHARE: f64 = 0.15;
/// Share of the complaints with a reply before they are settled.
const REPLIED_SHARE: f64 = 0.985;
/// Share of the late orders that name the liable party.
const LIABLE_NAMED_SHARE: f64 = 0.7;
/// Liable parties of late orders without a pause, with their shares.
const LIABLE_PARTIES: [(&str, f64); 3] =
    [("us", 0.8), ("third_party", 0.1), ("force_majeure", 0.1)];

impl OrderScript {
    /// Returns the appointed time of the visit at [`OrderScript::work_began`]. It is after the
    /// assignment, because appointments are made in advance.
    pub(super) fn choose_appointment(&self, rng: &mut SimulationRng) -> Timestamp {
        let punctual = round_down_to_half_hour(self.work_began.plus_millis(APPOINTMENT_STEP_MS));
        let appointment = match self.is_on_time {
            true if rng.random_bool(PUNCTUAL_SHARE) => punctual,
            true => round_down_to_half_hour(
                self.work_began.plus_millis(-rng.random_range(10 * MINUTE, 60 * MINUTE)),
            ),
            false => {
                round_down_to_half_hour(self.due.plus_millis(-rng.random_range(HOUR, 3 * HOUR)))
            }
        };
        if appointment > self.assigned { appointment } else { punctual }
    }

    /// Adds the events until the end of the work.
    pub(super) fn add_work(&mut self, rng: &mut SimulationRng) {
        let late = usize::from(!self.is_on_time);
        self.add_event(self.assigned, "assigned", vec![("owner", self.owner_value())]);
        if !self.add_missed_appointment(rng) && rng.random_bool(PAUSED_SHARE[late]) {
            self.add_family_pause(rng);
        }
        if self.family.has_visits {
            self.add_event(self.work_began, "arrived", Vec::new());
        }
        if self.family.has_first_reply && rng.random_bool(REPLIED_SHARE) {
            let reply = day::defer_to_morning(
                self.assigned.plus_millis(rng.log_normal_ms(100 * MINUTE, 0.9)),
                rng.random_range(0, MORNING_MS),
            );
            let latest =
                self.assigned.plus_millis(self.resolved.millis_since(self.assigned) * 9 / 10);
            self.add_event(reply.min(latest), "replied", Vec::new());
        }
        self.add_reassignment(late, rng);
        self.add_escalations(late, rng);
        let mut data = vec![("owner", self.owner_value())];
        if !self.is_on_time && rng.random_bool(LIABLE_NAMED_SHARE) {
            let index = rng.choose_weighted(&LIABLE_PARTIES.map(|liable| liable.1));
            data.push((
                "liable",
                SimulatedValue::Text(
                    self.pause.map_or(LIABLE_PARTIES[index].0, |pause| pause.liable),
                ),
            ));
        }
        self.add_event(self.resolved, "resolved", data);
    }

    /// Returns the time in ms between the assignment and the last visit.
    fn time_to_last_visit(&self) -> i64 {
        self.work_began.millis_since(self.assigned)
    }

    /// Adds a visit at which the customer is absent, and the new appointment. Returns false if the
    /// customer is present.
    fn add_missed_appointment(&mut self, rng: &mut SimulationRng) -> bool {
        if self.appointment.is_none() || !rng.random_bool(MISSED_SHARE) {
            return false;
        }
        let first = day::defer_to_morning(
            self.assigned.plus_millis(self.time_to_last_visit() * rng.random_range(10, 40) / 100),
            rng.random_range(0, MORNING_MS),
        );
        let paused = first.plus_millis(rng.random_range(10 * MINUTE, 20 * MINUTE));
        let resumed = paused
            .plus_millis(self.work_began.millis_since(paused) * rng.random_range(50, 90) / 100);
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

    /// Adds a pause for one of the family's reasons.
    fn add_family_pause(&mut self, rng: &mut SimulationRng) {
        let travel = self.time_to_last_visit();
        if travel <= HOUR {
            return;
        }
        let index = rng
            .choose_weighted(&self.family.pauses.iter().map(|pause| pause.1).collect::<Vec<_>>());
        let paused = self.assigned.plus_millis(rng.random_range(travel / 10, travel / 2));
        let resumed = self.assigned.plus_millis(rng.random_range(travel * 6 / 10, travel * 9 / 10));
        self.add_pause(paused, resumed, self.family.pauses[index].0, Vec::new());
    }

    fn add_pause(
        &mut self,
        paused: Timestamp,
        resumed: Timestamp,
        pause: OrderPause,
        resumed_data: super::order_script::EventData,
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
        self.add_event(resumed, "resumed", resumed_data);
    }

    /// Occasionally assigns the order to another team or reclassifies it as more severe.
    fn add_reassignment(&mut self, late: usize, rng: &mut SimulationRng) {
        let reassigned = rng.random_bool(REASSIGNED_SHARE[late]);
        let reclassified = rng.random_bool(RECLASSIFIED_SHARE);
        let travel = self.time_to_last_visit();
        let time = self.assigned.plus_millis(rng.random_range(travel * 2 / 10, travel * 8 / 10));
        let mut data = Vec::new();
        if reassigned {
            self.reassign_team(rng);
        }
        match self.kind.class {
            Some("slow" | "noise") if reclassified => {
                data.push(("class", SimulatedValue::Text("outage")));
            }
            Some("billing" | "network" | "service" | "attitude")
                if reclassified && self.grade > 0 =>
            {
                data.push(("grade", SimulatedValue::Number(self.grade as i64)));
            }
            _ => {}
        }
        if reassigned || !data.is_empty() {
            data.insert(0, ("owner", self.owner_value()));
            self.add_event(time, "assigned", data);
        }
    }

    /// Adds escalations. Late orders are escalated soon after their due time, others soon after the
    /// assignment.
    fn add_escalations(&mut self, late: usize, rng: &mut SimulationRng) {
        let start = if self.is_on_time { self.assigned } else { self.due };
        let manager = start.plus_millis(rng.random_range(5 * MINUTE, 50 * MINUTE));
        if rng.random_bool(MANAGER_SHARE[late]) && manager < self.resolved {
            self.add_event(manager, "escalated", vec![("level", SimulatedValue::Text("manager"))]);
        }
        let regulator = self.due.plus_millis(rng.random_range(2 * HOUR, 30 * HOUR));
        if self.family.has_first_reply
            && rng.random_bool(REGULATOR_SHARE)
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

/// Rounds down to a whole or half hour.
fn round_down_to_half_hour(time: Timestamp) -> Timestamp {
    Timestamp(time.0.div_euclid(APPOINTMENT_STEP_MS) * APPOINTMENT_STEP_MS)
}
