//! A hotline: calls come, wait in one line (vip first) for a finite team, are answered or lost, and end.
//!
//! Nothing is drawn from a table of outcomes: that a call is abandoned follows from its caller's patience, the callers
//! before it and the agents on duty. Those whose problem was not solved call again about the same topic, so the load of
//! a badly run center feeds itself. At most [`REMEMBERED_MAX`] are going to call again; those beyond it never do.

mod duty;
mod line;
mod staff;

use self::line::{Call, Exit, Line, State};
use self::staff::Staff;
use super::Part;
use super::agenda::Agenda;
use super::center::Center;
use super::chance::Chance;
use super::customer::Customer;
use super::day::{self, CALLS};
use super::demand::{DRIFT, Demand, OUTAGE};
use super::report::{About, Reports, SimulatedEvent, Value};
use super::survey;
use crate::domain::time::{HOUR, MINUTE, SECOND, Timestamp};

/// A hotline of one center.
pub(super) struct Hotline {
    center: Center,
    chance: Chance,
    demand: Demand,
    agenda: Agenda<Step>,
    reports: Reports,
    staff: Staff,
    line: Line,
    remembered: usize,
}

/// What a customer calls about.
#[derive(Clone, Copy)]
struct Wish {
    customer: Customer,
    queue: usize,
    topic: &'static str,
}

enum Step {
    Arrival,
    Again(Wish),
    /// The caller's patience, or the time allowed in the queue, is at an end.
    Leave(u64),
    Answer(u64),
    Transfer(u64),
    End(u64),
    Free(usize),
    Rating(u64, About, f64),
    Roster,
    /// An agent comes, for so many milliseconds.
    SignOn(usize, i64),
    ShiftOver(usize, u64),
    BreakDue(usize, u32),
    BreakOver(usize),
}

/// A queue: its name, its share of the calls, the median of its talk times, its topics.
struct Queue(&'static str, f64, i64, [&'static str; 4]);

const QUEUES: [Queue; 4] = [
    Queue("broadband", 0.34, 150 * SECOND, ["no_connection", "slow_connection", "router", "install_progress"]),
    Queue("mobile", 0.28, 118 * SECOND, ["plan_change", "signal", "sim_card", "roaming"]),
    Queue("billing", 0.26, 126 * SECOND, ["bill_query", "disputed_charge", "refund", "package"]),
    Queue("complaints", 0.12, 205 * SECOND, ["service_attitude", "network_quality", "wrong_charge", "delay"]),
];
const BROADBAND: usize = 0;
const BILLING: usize = 2;
/// Calls an hour at the busiest hour of an average center, those who call again included.
const CALLS_PEAK: f64 = 6_000.0;
/// The share of the calls whose callers have not called about it before.
const FIRST: f64 = 0.725;
/// The share of the answered callers who call again: of those whose problem was solved, and of the others; and the median and
/// spread of the time until then.
const AGAIN: [f64; 2] = [0.04, 0.85];
const AGAIN_AFTER: i64 = 3 * HOUR;
const AGAIN_SIGMA: f64 = 1.2;
/// The spread of talk times.
const TALK_SIGMA: f64 = 0.6;
/// What a call costs an agent on average: ring, talk and wrap-up.
const HANDLING: f64 = 188.0 * SECOND as f64;
/// Spare agents, as a multiple of the square root of the load.
const SPARE: f64 = 0.45;
/// After so long in the queue a caller gets an announcement and is let go.
const TIMEOUT: i64 = 180 * SECOND;
/// The share of the callers who press the key for a call-back when it is offered, and when that is.
const KEY: f64 = 0.15;
const KEY_OFFERED: i64 = 45 * SECOND;
/// The share of the callers who were not answered and call again; of those who wait for the call-back only few do.
const LOST_AGAIN: f64 = 0.5;
const KEY_AGAIN: f64 = 0.1;
/// How long before the start people have called who may call again after it.
const BEFORE: i64 = 48 * HOUR;
/// The most callers of whom it is known that they will call again.
const REMEMBERED_MAX: usize = 100_000;

impl Hotline {
    /// The hotline of `center` from `start` on.
    pub(super) fn new(seed: u64, run: u32, center: Center, start: Timestamp) -> Hotline {
        let stream = center.place * 8;
        let mut agenda = Agenda::new();
        agenda.plan(start, Step::Roster);
        agenda.plan(start.plus(SECOND), Step::Arrival);
        let peak = center.people_for(CALLS_PEAK * center.size * HANDLING / HOUR as f64, SPARE);
        let mut hotline = Hotline {
            chance: Chance::new(seed, stream + 1),
            demand: Demand::new(seed, &center, stream + 2, start),
            reports: Reports::new("acd", run),
            // Most agents rest while the others work, so that nobody comes twice a day.
            staff: Staff::new(peak * 5 / 2),
            line: Line::default(),
            remembered: 0,
            center,
            agenda,
        };
        hotline.recall(start);
        hotline
    }

    /// Remembers those who called before the start, so that the first day is as busy as any other.
    fn recall(&mut self, start: Timestamp) {
        let again = AGAIN[0] * self.center.resolution + AGAIN[1] * (1.0 - self.center.resolution);
        let peak = CALLS_PEAK * again * self.center.size;
        let mut time = start.plus(-BEFORE);
        while time < start && self.remembered < REMEMBERED_MAX {
            if self.chance.yes(day::height(&CALLS, time)) {
                let queue = self.chance.weighted(&QUEUES.map(|queue| queue.1));
                let wish = self.any_wish(queue);
                let again = time.plus(self.chance.duration(AGAIN_AFTER, AGAIN_SIGMA));
                if day::by_day(again, 0) >= start {
                    self.remember(again.max(start), wish);
                }
            }
            time = time.plus(self.chance.gap(HOUR as f64 / peak));
        }
    }

    fn any_wish(&mut self, queue: usize) -> Wish {
        let topic = self.chance.one_of(&QUEUES[queue].3);
        Wish { customer: Customer::any(&self.center, &mut self.chance), queue, topic }
    }

    fn arrival(&mut self, now: Timestamp) {
        let per_hour = CALLS_PEAK * FIRST * self.center.size;
        let weights = self.weights(now);
        let factor = day::height(&CALLS, now) * day::weekday(now) * self.demand.drift(now) * weights.iter().sum::<f64>();
        // Thinning: calls come at the highest rate there can be, and as many are dropped as the hour demands.
        let most = 1.06 * (1.0 + DRIFT) * (1.0 + QUEUES[BROADBAND].1 * (OUTAGE - 1.0) + QUEUES[BILLING].1 * 0.4);
        if self.chance.yes(factor / most) {
            let queue = self.chance.weighted(&weights);
            let wish = self.any_wish(queue);
            self.offer(now, wish);
        }
        let gap = self.chance.gap(HOUR as f64 / (per_hour * most));
        self.agenda.plan(now.plus(gap), Step::Arrival);
    }

    /// The queues' shares of the calls, which add up to more than 1 when more than usual call.
    fn weights(&mut self, now: Timestamp) -> [f64; 4] {
        let mut weights = QUEUES.map(|queue| queue.1);
        if self.demand.is_outage(now) {
            weights[BROADBAND] *= OUTAGE;
        }
        if day::is_billing(now) {
            weights[BILLING] *= 1.4;
        }
        weights
    }

    fn offer(&mut self, now: Timestamp, wish: Wish) {
        let channel = if self.chance.yes(0.88) { "phone" } else { "app" };
        let about = About {
            queue: Some(QUEUES[wish.queue].0),
            channel: Some(channel),
            topic: Some(wish.topic),
            customer: Some(wish.customer),
            ..About::new(&self.center)
        };
        // Most callers wait for some minutes; a shape below 1 gives those who hang up at the first announcement.
        let patience = self.chance.patience(200 * SECOND, 0.85).max(800);
        let is_full = self.line.waiting() > self.staff.serving() / 2 + 12;
        let key = KEY_OFFERED + self.chance.between(0, 10 * SECOND);
        let (exit, leaves) = if patience > key && self.chance.yes(KEY) {
            (Exit::Key, key)
        } else if patience > TIMEOUT {
            (Exit::Timeout, TIMEOUT)
        } else {
            (Exit::Abandon, patience)
        };
        let (state, leaves) = match is_full {
            true => (State::Refused, self.chance.between(300, 1_500)),
            false => (State::Waiting, leaves),
        };
        let number = self.line.enter(Call { about, wish, state, exit, offered: now, resolved: false });
        self.say(now, "offered", number, about, &[]);
        self.agenda.plan(now.plus(leaves), Step::Leave(number));
        self.serve(now);
    }

    /// Brings those who wait and those who are free together.
    fn serve(&mut self, now: Timestamp) {
        while let Some(queue) = self.line.first()
            && let Some(agent) = self.staff.engage(queue)
        {
            let Some(number) = self.line.next(agent) else { return };
            let ring = self.chance.between(1_200, 4_500);
            self.agenda.plan(now.plus(ring), Step::Answer(number));
        }
    }

    fn leave(&mut self, now: Timestamp, number: u64) {
        let Some(call) = self.line.get(number) else { return };
        let (what, reason) = match (call.state, call.exit) {
            (State::Talking(_), _) | (State::Ringing(_), Exit::Key | Exit::Timeout) => return,
            (State::Refused, _) => ("overflowed", Some("full")),
            (State::Waiting, Exit::Timeout) => ("overflowed", Some("timeout")),
            (State::Waiting, Exit::Key) => ("overflowed", Some("key")),
            (State::Waiting | State::Ringing(_), Exit::Abandon) => ("abandoned", None),
        };
        let Call { about, wish, state, .. } = *call;
        self.line.remove(number);
        let data = reason.map(|reason| ("reason", Value::Word(reason)));
        self.say(now, what, number, about, data.as_slice());
        if self.chance.yes(if reason == Some("key") { KEY_AGAIN } else { LOST_AGAIN }) {
            let after = self.chance.duration(7 * MINUTE, 1.0);
            self.remember(now.plus(after), wish);
        }
        if let State::Ringing(agent) = state {
            self.free(now, agent);
        }
    }

    fn answer(&mut self, now: Timestamp, number: u64) {
        let Some(call) = self.line.get_mut(number) else { return };
        let State::Ringing(agent) = call.state else { return };
        call.state = State::Talking(agent);
        call.resolved = self.chance.yes(self.center.resolution);
        let (about, queue) = (call.about, call.wish.queue);
        let name = self.agent(agent);
        self.say(now, "answered", number, about, &[name]);
        self.say_agent(now, agent, "talking");
        let talk = self.chance.duration(QUEUES[queue].2, TALK_SIGMA).clamp(8 * SECOND, 45 * MINUTE);
        let step = if self.chance.yes(0.02) { Step::Transfer(number) } else { Step::End(number) };
        self.agenda.plan(now.plus(talk), step);
    }

    /// The agent passes the call on and stays with it until the expert has done, so it is still busy.
    fn transfer(&mut self, now: Timestamp, number: u64) {
        let Some(call) = self.line.get(number) else { return };
        let to = if call.wish.queue == BROADBAND { "network_experts" } else { "second_line" };
        self.say(now, "transferred", number, call.about, &[("to", Value::Word(to))]);
        let talk = self.chance.duration(100 * SECOND, TALK_SIGMA);
        self.agenda.plan(now.plus(talk), Step::End(number));
    }

    fn end(&mut self, now: Timestamp, number: u64) {
        let Some(Call { about, wish, state: State::Talking(agent), resolved, offered, .. }) = self.line.remove(number) else { return };
        let hold = if self.chance.yes(0.15) { self.chance.duration(25 * SECOND, 0.7) } else { 0 };
        let wrapup = self.chance.duration(16 * SECOND, 0.6).max(2 * SECOND);
        let times = [("hold_seconds", Value::Seconds(hold)), ("wrapup_seconds", Value::Seconds(wrapup))];
        let data = [self.agent(agent), ("resolved", Value::Flag(resolved)), times[0], times[1]];
        self.say(now, "ended", number, about, &data);
        self.say_agent(now, agent, "wrapup");
        self.agenda.plan(now.plus(wrapup), Step::Free(agent));
        if self.chance.yes(survey::RESPONSE) {
            // Long calls and waits tire the customer, whatever came of them.
            let tired = if now.since(offered) > 8 * MINUTE { 0.15 } else { 0.0 };
            let mood = if resolved { 1.0 - tired } else { 0.25 - tired };
            let after = self.chance.between(5 * SECOND, 90 * SECOND);
            self.agenda.plan(now.plus(after), Step::Rating(number, about, mood));
        }
        if self.chance.yes(AGAIN[usize::from(!resolved)]) {
            let after = self.chance.duration(AGAIN_AFTER, AGAIN_SIGMA);
            self.remember(now.plus(after), wish);
        }
    }

    fn remember(&mut self, time: Timestamp, wish: Wish) {
        if self.remembered < REMEMBERED_MAX {
            self.remembered += 1;
            // People do not all call as the morning begins, or every morning would be a surge.
            let time = day::by_day(time, self.chance.between(0, 11 * HOUR));
            self.agenda.plan(time, Step::Again(wish));
        }
    }

    fn agent(&self, agent: usize) -> (&'static str, Value) {
        ("agent", Value::Agent(self.center.place, agent as u64))
    }

    fn say(&mut self, now: Timestamp, what: &'static str, number: u64, about: About, data: &[(&'static str, Value)]) {
        self.reports.say(now, ("call", what), ("call", number), about, data);
    }
}

impl Part for Hotline {
    fn take(&mut self) -> Option<SimulatedEvent> {
        self.reports.take()
    }

    fn advance(&mut self) -> bool {
        let Some((now, step)) = self.agenda.next() else { return false };
        match step {
            Step::Arrival => self.arrival(now),
            Step::Again(wish) => {
                self.remembered -= 1;
                self.offer(now, wish);
            }
            Step::Leave(number) => self.leave(now, number),
            Step::Answer(number) => self.answer(now, number),
            Step::Transfer(number) => self.transfer(now, number),
            Step::End(number) => self.end(now, number),
            Step::Free(agent) => self.free(now, agent),
            Step::Rating(number, about, mood) => {
                let data = survey::answer(mood, &mut self.chance);
                self.reports.say(now, ("survey", "rated"), ("call", number), about, &data);
            }
            Step::Roster => self.roster(now, self.staff.serving() == 0),
            Step::SignOn(agent, shift) => self.sign_on(now, agent, shift),
            Step::ShiftOver(agent, duty) => self.shift_over(now, agent, duty),
            Step::BreakDue(agent, stretch) => self.break_due(now, agent, stretch),
            Step::BreakOver(agent) => self.break_over(now, agent),
        }
        true
    }
}
