//! Simulated service hall: visitors take a ticket, wait (VIP first), are called to one of a few
//! counters and served.
//!
//! The number of open counters matches an average hour, so the queue grows at noon and on billing
//! days. Some visitors are gone when they are called; the counter waits about a minute for them.
//! Visitors inside at closing time are still served.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::center::SimulatedCenter;
use super::customer::SimulatedCustomer;
use super::day::{self, VISIT_CURVE};
use super::demand::{DRIFT_MAX, DemandModel};
use super::event_queue::EventQueue;
use super::rng::SimulationRng;
use super::simulated_event::{EventReporter, SimulatedCase, SimulatedEvent, SimulatedValue};
use super::survey;
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use crate::simulate::SimulationPart;

/// Service hall of one center.
pub(super) struct ServiceHall {
    center: SimulatedCenter,
    rng: SimulationRng,
    demand: DemandModel,
    queue: EventQueue<HallStep>,
    reporter: EventReporter,
    /// Waiting tickets. Bounded by the patience of the visitors.
    tickets: BTreeMap<u64, SimulatedCase>,
    /// Waiting VIP tickets and other tickets, in order of arrival.
    waiting: [VecDeque<u64>; 2],
    busy_counters: BTreeSet<u64>,
    tickets_made: u64,
}

enum HallStep {
    Arrival,
    /// A ticket was printed. The next visitor is called if a counter is free.
    Call,
    GiveUp(u64),
    NoShow(u64, u64, SimulatedCase),
    Served(u64, u64, SimulatedCase),
    Rating(u64, SimulatedCase, f64),
}

const OPENING_MS: i64 = 8 * HOUR + 30 * MINUTE;
const CLOSING_MS: i64 = 18 * HOUR;
/// Visitors in the busiest hour of an average service hall, except on billing days.
const VISITS_PEAK: f64 = 150.0;
/// Height of the visit curve for which the counters are planned.
const VISITS_USUAL: f64 = 0.86;
/// Visitors and counters on billing days, as multiples of other days. Counters grow less.
const BILLING_VISITS_FACTOR: f64 = 1.45;
const BILLING_COUNTERS_FACTOR: f64 = 1.4;
/// Median and spread of service times, and the mean time in ms that a visitor occupies a counter.
const SERVICE_MEDIAN_MS: i64 = 300 * SECOND;
const SERVICE_SIGMA: f64 = 0.46;
const HANDLING_MEAN_MS: f64 = 330.0 * SECOND as f64;
/// Spare counters as a multiple of the square root of the load.
const SPARE_COUNTERS_FACTOR: f64 = 0.5;
const NO_SHOW_SHARE: f64 = 0.03;
const TOPICS: [&str; 4] = ["payment", "plan_change", "new_contract", "sim_card"];

impl ServiceHall {
    /// Returns the service hall of `center` from `start` on.
    pub(super) fn new(
        seed: u64,
        run: u32,
        center: SimulatedCenter,
        start: Timestamp,
    ) -> ServiceHall {
        let stream = center.index * 8;
        let mut queue = EventQueue::new();
        queue.plan_step(start.plus_millis(2 * SECOND), HallStep::Arrival);
        ServiceHall {
            rng: SimulationRng::new(seed, stream + 3),
            demand: DemandModel::new(seed, &center, stream + 4, start),
            reporter: EventReporter::new("hall", run),
            tickets: BTreeMap::new(),
            waiting: [VecDeque::new(), VecDeque::new()],
            busy_counters: BTreeSet::new(),
            tickets_made: 0,
            center,
            queue,
        }
    }

    fn simulate_arrival(&mut self, now: Timestamp) {
        if !(OPENING_MS..CLOSING_MS).contains(&day::millis_since_midnight(now)) {
            let door = self.rng.random_range(SECOND, 2 * MINUTE);
            self.queue.plan_step(
                day::next_time_of_day(now.plus_millis(1), OPENING_MS).plus_millis(door),
                HallStep::Arrival,
            );
            return;
        }
        let billing = if day::is_billing_day(now) { BILLING_VISITS_FACTOR } else { 1.0 };
        let factor = day::curve_height(&VISIT_CURVE, now) * self.demand.drift_factor(now) * billing;
        let max_factor = BILLING_VISITS_FACTOR * (1.0 + DRIFT_MAX);
        if self.rng.random_bool(factor / max_factor) {
            self.issue_ticket(now);
        }
        let gap =
            self.rng.exponential_ms(HOUR as f64 / (VISITS_PEAK * self.center.size * max_factor));
        self.queue.plan_step(now.plus_millis(gap), HallStep::Arrival);
    }

    fn issue_ticket(&mut self, now: Timestamp) {
        let customer = SimulatedCustomer::random_customer(&self.center, &mut self.rng);
        let is_vip = customer.tier() == "vip";
        let case = SimulatedCase {
            queue: Some(if is_vip { "vip" } else { "business" }),
            channel: Some("hall"),
            topic: Some(self.rng.choose_one(&TOPICS)),
            customer: Some(customer),
            ..SimulatedCase::new(&self.center)
        };
        self.tickets_made += 1;
        self.tickets.insert(self.tickets_made, case);
        self.waiting[usize::from(!is_vip)].push_back(self.tickets_made);
        self.report_ticket(now, "joined", self.tickets_made, case, &[]);
        let patience = self.rng.log_normal_ms(35 * MINUTE, 0.6).max(MINUTE);
        self.queue.plan_step(now.plus_millis(patience), HallStep::GiveUp(self.tickets_made));
        // No visitor is called before the ticket is printed.
        let print = self.rng.random_range(1_500, 4_000);
        self.queue.plan_step(now.plus_millis(print), HallStep::Call);
    }

    /// Calls visitors to free counters.
    fn call_visitors(&mut self, now: Timestamp) {
        let billing = if day::is_billing_day(now) { BILLING_COUNTERS_FACTOR } else { 1.0 };
        let load = VISITS_PEAK * VISITS_USUAL * billing * self.center.size * HANDLING_MEAN_MS
            / HOUR as f64;
        let counters = self.center.people_needed(load, SPARE_COUNTERS_FACTOR) as u64;
        while let Some(counter) =
            (1..=counters).find(|counter| !self.busy_counters.contains(counter))
        {
            let [vip, others] = &mut self.waiting;
            let Some(number) = vip.pop_front().or_else(|| others.pop_front()) else { return };
            let Some(case) = self.tickets.remove(&number) else { continue };
            self.busy_counters.insert(counter);
            self.report_ticket(
                now,
                "called",
                number,
                case,
                &[("counter", SimulatedValue::NumberedName("", counter))],
            );
            let (after, step) = if self.rng.random_bool(NO_SHOW_SHARE) {
                (
                    self.rng.random_range(45 * SECOND, 75 * SECOND),
                    HallStep::NoShow(number, counter, case),
                )
            } else {
                let walk = self.rng.random_range(8 * SECOND, 40 * SECOND);
                let service = self
                    .rng
                    .log_normal_ms(SERVICE_MEDIAN_MS, SERVICE_SIGMA)
                    .clamp(40 * SECOND, 45 * MINUTE);
                (walk + service, HallStep::Served(number, counter, case))
            };
            self.queue.plan_step(now.plus_millis(after), step);
        }
    }

    fn abandon_ticket(&mut self, now: Timestamp, number: u64) {
        if let Some(case) = self.tickets.remove(&number) {
            for waiting in &mut self.waiting {
                waiting.retain(|&other| other != number);
            }
            self.report_ticket(
                now,
                "left",
                number,
                case,
                &[("reason", SimulatedValue::Text("gave_up"))],
            );
        }
    }

    fn finish_service(&mut self, now: Timestamp, number: u64, counter: u64, case: SimulatedCase) {
        let resolved = self.rng.random_bool(0.93);
        self.report_ticket(
            now,
            "served",
            number,
            case,
            &[
                ("counter", SimulatedValue::NumberedName("", counter)),
                ("resolved", SimulatedValue::Flag(resolved)),
            ],
        );
        if self.rng.random_bool(survey::RESPONSE_SHARE) {
            let after = self.rng.random_range(3 * SECOND, 40 * SECOND);
            self.queue.plan_step(
                now.plus_millis(after),
                HallStep::Rating(number, case, if resolved { 0.94 } else { 0.3 }),
            );
        }
        self.busy_counters.remove(&counter);
        self.call_visitors(now);
    }

    fn report_ticket(
        &mut self,
        now: Timestamp,
        verb: &'static str,
        number: u64,
        case: SimulatedCase,
        data: &[(&'static str, SimulatedValue)],
    ) {
        self.reporter.report_event(now, ("queue", verb), ("ticket", number), case, data);
    }
}

impl SimulationPart for ServiceHall {
    fn take_event(&mut self) -> Option<SimulatedEvent> {
        self.reporter.take_event()
    }

    fn advance_step(&mut self) -> bool {
        let Some((now, step)) = self.queue.next_step() else { return false };
        match step {
            HallStep::Arrival => self.simulate_arrival(now),
            HallStep::Call => self.call_visitors(now),
            HallStep::GiveUp(number) => self.abandon_ticket(now, number),
            HallStep::NoShow(number, counter, case) => {
                self.report_ticket(
                    now,
                    "left",
                    number,
                    case,
                    &[
                        ("reason", SimulatedValue::Text("no_show")),
                        ("counter", SimulatedValue::NumberedName("", counter)),
                    ],
                );
                self.busy_counters.remove(&counter);
                self.call_visitors(now);
            }
            HallStep::Served(number, counter, case) => {
                self.finish_service(now, number, counter, case);
            }
            HallStep::Rating(number, case, mood) => {
                let data = survey::random_answer(mood, &mut self.rng);
                self.reporter.report_event(
                    now,
                    ("survey", "rated"),
                    ("ticket", number),
                    case,
                    &data,
                );
            }
        }
        true
    }
}
