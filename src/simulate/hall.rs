//! A business hall: visitors take a ticket, wait (vip first), are called to one of a few counters and served.
//!
//! As many counters are open as an average hour needs, so the queue builds up at noon and in billing days. Some visitors
//! are gone when they are called; the counter waits a minute for them. After closing time those inside are served.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Part;
use super::agenda::Agenda;
use super::center::Center;
use super::chance::Chance;
use super::customer::Customer;
use super::day::{self, VISITS};
use super::demand::{DRIFT, Demand};
use super::report::{About, Reports, SimulatedEvent, Value};
use super::survey;
use crate::domain::time::{HOUR, MINUTE, SECOND, Timestamp};

/// The hall of one center.
pub(super) struct Hall {
    center: Center,
    chance: Chance,
    demand: Demand,
    agenda: Agenda<Step>,
    reports: Reports,
    /// Those who wait, by ticket. Bounded by the visitors' patience.
    tickets: BTreeMap<u64, About>,
    /// Their tickets: vip, others.
    waiting: [VecDeque<u64>; 2],
    busy: BTreeSet<u64>,
    made: u64,
}

enum Step {
    Arrival,
    /// A ticket has been taken: whoever is next is called, if a counter is free.
    Call,
    Impatient(u64),
    NoShow(u64, u64, About),
    Served(u64, u64, About),
    Rating(u64, About, f64),
}

const OPEN: i64 = 8 * HOUR + 30 * MINUTE;
const CLOSE: i64 = 18 * HOUR;
/// Visitors in the busiest hour of an average hall, billing days left out.
const VISITS_PEAK: f64 = 150.0;
/// The height of the curve the open counters are meant for.
const VISITS_USUAL: f64 = 0.86;
/// Visitors in billing days, as a multiple; and counters, of which there are not as many more.
const BILLING: f64 = 1.45;
const BILLING_COUNTERS: f64 = 1.4;
/// The median of a service, its spread, and what a visitor costs a counter on average.
const SERVICE: i64 = 300 * SECOND;
const SERVICE_SIGMA: f64 = 0.46;
const HANDLING: f64 = 330.0 * SECOND as f64;
/// Spare counters, as a multiple of the square root of the load.
const SPARE: f64 = 0.5;
const NO_SHOW: f64 = 0.03;
const TOPICS: [&str; 4] = ["payment", "plan_change", "new_contract", "sim_card"];

impl Hall {
    /// The hall of `center` from `start` on.
    pub(super) fn new(seed: u64, run: u32, center: Center, start: Timestamp) -> Hall {
        let stream = center.place * 8;
        let mut agenda = Agenda::new();
        agenda.plan(start.plus(2 * SECOND), Step::Arrival);
        Hall {
            chance: Chance::new(seed, stream + 3),
            demand: Demand::new(seed, &center, stream + 4, start),
            reports: Reports::new("hall", run),
            tickets: BTreeMap::new(),
            waiting: [VecDeque::new(), VecDeque::new()],
            busy: BTreeSet::new(),
            made: 0,
            center,
            agenda,
        }
    }

    fn arrival(&mut self, now: Timestamp) {
        if !(OPEN..CLOSE).contains(&day::clock(now)) {
            let door = self.chance.between(SECOND, 2 * MINUTE);
            self.agenda.plan(day::next_at(now.plus(1), OPEN).plus(door), Step::Arrival);
            return;
        }
        let billing = if day::is_billing(now) { BILLING } else { 1.0 };
        let factor = day::height(&VISITS, now) * self.demand.drift(now) * billing;
        let most = BILLING * (1.0 + DRIFT);
        if self.chance.yes(factor / most) {
            self.join(now);
        }
        let gap = self.chance.gap(HOUR as f64 / (VISITS_PEAK * self.center.size * most));
        self.agenda.plan(now.plus(gap), Step::Arrival);
    }

    fn join(&mut self, now: Timestamp) {
        let customer = Customer::any(&self.center, &mut self.chance);
        let is_vip = customer.tier() == "vip";
        let about = About {
            queue: Some(if is_vip { "vip" } else { "business" }),
            channel: Some("hall"),
            topic: Some(self.chance.one_of(&TOPICS)),
            customer: Some(customer),
            ..About::new(&self.center)
        };
        self.made += 1;
        self.tickets.insert(self.made, about);
        self.waiting[usize::from(!is_vip)].push_back(self.made);
        self.say(now, "joined", self.made, about, &[]);
        let patience = self.chance.duration(35 * MINUTE, 0.6).max(MINUTE);
        self.agenda.plan(now.plus(patience), Step::Impatient(self.made));
        // Nobody is called before the ticket is printed.
        let print = self.chance.between(1_500, 4_000);
        self.agenda.plan(now.plus(print), Step::Call);
    }

    /// Calls visitors to the free counters.
    fn call(&mut self, now: Timestamp) {
        let billing = if day::is_billing(now) { BILLING_COUNTERS } else { 1.0 };
        let load = VISITS_PEAK * VISITS_USUAL * billing * self.center.size * HANDLING / HOUR as f64;
        let counters = self.center.people_for(load, SPARE) as u64;
        while let Some(counter) = (1..=counters).find(|counter| !self.busy.contains(counter)) {
            let [vip, others] = &mut self.waiting;
            let Some(number) = vip.pop_front().or_else(|| others.pop_front()) else { return };
            let Some(about) = self.tickets.remove(&number) else { continue };
            self.busy.insert(counter);
            self.say(now, "called", number, about, &[("counter", Value::Named("", counter))]);
            let (after, step) = if self.chance.yes(NO_SHOW) {
                (self.chance.between(45 * SECOND, 75 * SECOND), Step::NoShow(number, counter, about))
            } else {
                let walk = self.chance.between(8 * SECOND, 40 * SECOND);
                let service = self.chance.duration(SERVICE, SERVICE_SIGMA).clamp(40 * SECOND, 45 * MINUTE);
                (walk + service, Step::Served(number, counter, about))
            };
            self.agenda.plan(now.plus(after), step);
        }
    }

    fn impatient(&mut self, now: Timestamp, number: u64) {
        if let Some(about) = self.tickets.remove(&number) {
            for waiting in &mut self.waiting {
                waiting.retain(|&other| other != number);
            }
            self.say(now, "left", number, about, &[("reason", Value::Word("gave_up"))]);
        }
    }

    fn served(&mut self, now: Timestamp, number: u64, counter: u64, about: About) {
        let resolved = self.chance.yes(0.93);
        self.say(now, "served", number, about, &[("counter", Value::Named("", counter)), ("resolved", Value::Flag(resolved))]);
        if self.chance.yes(survey::RESPONSE) {
            let after = self.chance.between(3 * SECOND, 40 * SECOND);
            self.agenda.plan(now.plus(after), Step::Rating(number, about, if resolved { 0.94 } else { 0.3 }));
        }
        self.busy.remove(&counter);
        self.call(now);
    }

    fn say(&mut self, now: Timestamp, what: &'static str, number: u64, about: About, data: &[(&'static str, Value)]) {
        self.reports.say(now, ("queue", what), ("ticket", number), about, data);
    }
}

impl Part for Hall {
    fn take(&mut self) -> Option<SimulatedEvent> {
        self.reports.take()
    }

    fn advance(&mut self) -> bool {
        let Some((now, step)) = self.agenda.next() else { return false };
        match step {
            Step::Arrival => self.arrival(now),
            Step::Call => self.call(now),
            Step::Impatient(number) => self.impatient(now, number),
            Step::NoShow(number, counter, about) => {
                self.say(now, "left", number, about, &[("reason", Value::Word("no_show")), ("counter", Value::Named("", counter))]);
                self.busy.remove(&counter);
                self.call(now);
            }
            Step::Served(number, counter, about) => self.served(now, number, counter, about),
            Step::Rating(number, about, mood) => {
                let data = survey::answer(mood, &mut self.chance);
                self.reports.say(now, ("survey", "rated"), ("ticket", number), about, &data);
            }
        }
        true
    }
}
