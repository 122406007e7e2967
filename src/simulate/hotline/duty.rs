//! Duty: how many agents work when, and what each does between two calls.
//!
//! The plan knows the hour and the day, not the drift nor the outages; that is where waiting comes from.
//!
//! What is said of an agent from coming to going is one case, a duty: the history of an agent who comes again every day would
//! have no end, and whoever keeps it would have to read more of it with each word.

use super::super::day::{self, AGENTS};
use super::super::report::{About, Value};
use super::staff::{Turn, team};
use super::{BILLING, CALLS_PEAK, HANDLING, Hotline, QUEUES, SPARE, Step};
use crate::domain::time::{HOUR, MINUTE, SECOND, Timestamp};

/// The share of agents on a break.
const ON_BREAK: f64 = 0.09;
/// How often the number of agents on duty is set anew.
const ROSTER: i64 = 30 * MINUTE;
/// The shortest and the longest shift; an agent who is not needed goes sooner.
const SHIFT: (i64, i64) = (7 * HOUR + 30 * MINUTE, 8 * HOUR + 30 * MINUTE);

impl Hotline {
    /// Sets the number of agents on duty by the load expected in a while, since agents need some minutes to come.
    pub(super) fn roster(&mut self, now: Timestamp, at_once: bool) {
        let ahead = now.plus(20 * MINUTE);
        let billing = if day::is_billing(now) { 1.0 + QUEUES[BILLING].1 * 0.4 } else { 1.0 };
        let height = day::height(&AGENTS, now).max(day::height(&AGENTS, ahead));
        let calls = CALLS_PEAK * self.center.size * height * day::weekday(ahead) * billing;
        let needed = self.center.people_for(calls * HANDLING / HOUR as f64, SPARE) as f64 / (1.0 - ON_BREAK);
        let needed = needed.round() as usize;
        while self.staff.serving() < needed {
            if at_once {
                // Those who are there at the start have come at different times before.
                let shift = self.chance.between(MINUTE, SHIFT.1);
                self.call_in(now, SECOND, shift);
            } else {
                let shift = self.chance.between(SHIFT.0, SHIFT.1);
                self.call_in(now, 12 * MINUTE, shift);
            }
        }
        while self.staff.serving() > needed
            && let Some((agent, turn)) = self.staff.send_home()
        {
            self.take_turn(now, agent, turn);
        }
        let rest = ROSTER - day::clock(now) % ROSTER;
        self.agenda.plan(now.plus(rest), Step::Roster);
    }

    /// Calls an agent in, who comes within so long for a shift.
    fn call_in(&mut self, now: Timestamp, within: i64, shift: i64) {
        let agent = self.staff.call_in();
        let after = self.chance.between(1, within);
        self.agenda.plan(now.plus(after), Step::SignOn(agent, shift));
    }

    pub(super) fn sign_on(&mut self, now: Timestamp, agent: usize, shift: i64) {
        match self.staff.begin(agent) {
            Some(stretch) => {
                let duty = self.staff.begin_duty(agent);
                self.agenda.plan(now.plus(shift), Step::ShiftOver(agent, duty));
                self.ready(now, agent, stretch);
            }
            // Told to stay at home before it came: nobody has seen it, so there is nothing to say.
            None => _ = self.staff.finish(agent),
        }
    }

    /// The agent has worked long enough; another comes instead.
    pub(super) fn shift_over(&mut self, now: Timestamp, agent: usize, duty: u64) {
        if let Some(turn) = self.staff.shift_over(agent, duty) {
            self.take_turn(now, agent, turn);
            let shift = self.chance.between(SHIFT.0, SHIFT.1);
            self.call_in(now, 2 * MINUTE, shift);
        }
    }

    pub(super) fn break_over(&mut self, now: Timestamp, agent: usize) {
        match self.staff.begin(agent) {
            Some(stretch) => self.ready(now, agent, stretch),
            None => self.free(now, agent),
        }
    }

    fn ready(&mut self, now: Timestamp, agent: usize, stretch: u32) {
        let after = self.chance.between(80 * MINUTE, 140 * MINUTE);
        self.agenda.plan(now.plus(after), Step::BreakDue(agent, stretch));
        self.free(now, agent);
    }

    pub(super) fn break_due(&mut self, now: Timestamp, agent: usize, stretch: u32) {
        let turn = self.staff.break_due(agent, stretch);
        self.take_turn(now, agent, turn);
    }

    /// The agent has finished a call or comes to the phones.
    pub(super) fn free(&mut self, now: Timestamp, agent: usize) {
        let turn = self.staff.finish(agent);
        self.take_turn(now, agent, turn);
    }

    fn take_turn(&mut self, now: Timestamp, agent: usize, turn: Turn) {
        match turn {
            Turn::Ready => {
                self.say_agent(now, agent, "ready");
                self.serve(now);
            }
            Turn::Pause => {
                self.say_agent(now, agent, "pause");
                let pause = self.chance.between(8 * MINUTE, 15 * MINUTE);
                self.agenda.plan(now.plus(pause), Step::BreakOver(agent));
            }
            Turn::Home => self.say_agent(now, agent, "offline"),
            Turn::Stay => {}
        }
    }

    /// Says what an agent does from now on, unless it was said before: an agent whose caller hung up is still ready.
    pub(super) fn say_agent(&mut self, now: Timestamp, agent: usize, state: &'static str) {
        let Some(duty) = self.staff.show(agent, state) else { return };
        let about = About { queue: Some(QUEUES[team(agent)].0), ..About::new(&self.center) };
        let data = [self.agent(agent), ("state", Value::Word(state))];
        self.reports.say(now, ("agent", "changed"), ("duty", duty), about, &data);
    }
}
