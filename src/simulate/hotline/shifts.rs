//! Duty: how many agents work when, and what each does between two calls.
//!
//! The plan knows the hour and the day, not the drift nor the outages; that is where waiting comes from.
//!
//! What is said of an agent from coming to going is one case, a duty: the history of an agent who comes again every day would
//! have no end, and whoever keeps it would have to read more of it with each word.

use super::agents::{NextActivity, team_queue};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use crate::simulate::day::{self, AGENT_CURVE};
use crate::simulate::hotline::{
    BILLING, CALLS_PER_HOUR_PEAK, HANDLING_MEAN_MS, Hotline, HotlineStep, QUEUES,
    SPARE_AGENTS_FACTOR,
};
use crate::simulate::simulated_event::{SimulatedCase, SimulatedValue};

/// The share of agents on a break.
const ON_BREAK_SHARE: f64 = 0.09;
/// How often the number of agents on duty is set anew.
const ROSTER_INTERVAL_MS: i64 = 30 * MINUTE;
/// The shortest and the longest shift; an agent who is not needed goes sooner.
const SHIFT_RANGE_MS: (i64, i64) = (7 * HOUR + 30 * MINUTE, 8 * HOUR + 30 * MINUTE);

impl Hotline {
    /// Sets the number of agents on duty by the load expected in a while, since agents need some minutes to come.
    pub(super) fn update_roster(&mut self, now: Timestamp, at_once: bool) {
        let ahead = now.plus_millis(20 * MINUTE);
        let billing = if day::is_billing_day(now) { 1.0 + QUEUES[BILLING].1 * 0.4 } else { 1.0 };
        let height =
            day::curve_height(&AGENT_CURVE, now).max(day::curve_height(&AGENT_CURVE, ahead));
        let calls =
            CALLS_PER_HOUR_PEAK * self.center.size * height * day::weekday_factor(ahead) * billing;
        let needed =
            self.center.people_needed(calls * HANDLING_MEAN_MS / HOUR as f64, SPARE_AGENTS_FACTOR)
                as f64
                / (1.0 - ON_BREAK_SHARE);
        let needed = needed.round() as usize;
        while self.roster.serving_count() < needed {
            if at_once {
                // Those who are there at the start have come at different times before.
                let shift = self.rng.random_range(MINUTE, SHIFT_RANGE_MS.1);
                self.call_in_agent(now, SECOND, shift);
            } else {
                let shift = self.rng.random_range(SHIFT_RANGE_MS.0, SHIFT_RANGE_MS.1);
                self.call_in_agent(now, 12 * MINUTE, shift);
            }
        }
        while self.roster.serving_count() > needed
            && let Some((agent, turn)) = self.roster.send_home()
        {
            self.apply_activity(now, agent, turn);
        }
        let rest = ROSTER_INTERVAL_MS - day::millis_since_midnight(now) % ROSTER_INTERVAL_MS;
        self.queue.plan_step(now.plus_millis(rest), HotlineStep::UpdateRoster);
    }

    /// Calls an agent in, who comes within so long for a shift.
    fn call_in_agent(&mut self, now: Timestamp, within: i64, shift: i64) {
        let agent = self.roster.call_in_agent();
        let after = self.rng.random_range(1, within);
        self.queue.plan_step(now.plus_millis(after), HotlineStep::SignOn(agent, shift));
    }

    pub(super) fn sign_on_agent(&mut self, now: Timestamp, agent: usize, shift: i64) {
        match self.roster.begin_work_period(agent) {
            Some(stretch) => {
                let duty = self.roster.begin_shift(agent);
                self.queue.plan_step(now.plus_millis(shift), HotlineStep::ShiftEnd(agent, duty));
                self.begin_work_period(now, agent, stretch);
            }
            // Told to stay at home before it came: nobody has seen it, so there is nothing to say.
            None => _ = self.roster.finish_activity(agent),
        }
    }

    /// The agent has worked long enough; another comes instead.
    pub(super) fn end_shift(&mut self, now: Timestamp, agent: usize, duty: u64) {
        if let Some(turn) = self.roster.end_shift(agent, duty) {
            self.apply_activity(now, agent, turn);
            let shift = self.rng.random_range(SHIFT_RANGE_MS.0, SHIFT_RANGE_MS.1);
            self.call_in_agent(now, 2 * MINUTE, shift);
        }
    }

    pub(super) fn end_break(&mut self, now: Timestamp, agent: usize) {
        match self.roster.begin_work_period(agent) {
            Some(stretch) => self.begin_work_period(now, agent, stretch),
            None => self.finish_activity(now, agent),
        }
    }

    fn begin_work_period(&mut self, now: Timestamp, agent: usize, stretch: u32) {
        let after = self.rng.random_range(80 * MINUTE, 140 * MINUTE);
        self.queue.plan_step(now.plus_millis(after), HotlineStep::BreakDue(agent, stretch));
        self.finish_activity(now, agent);
    }

    pub(super) fn request_break(&mut self, now: Timestamp, agent: usize, stretch: u32) {
        let turn = self.roster.request_break(agent, stretch);
        self.apply_activity(now, agent, turn);
    }

    /// The agent has finished a call or comes to the phones.
    pub(super) fn finish_activity(&mut self, now: Timestamp, agent: usize) {
        let turn = self.roster.finish_activity(agent);
        self.apply_activity(now, agent, turn);
    }

    fn apply_activity(&mut self, now: Timestamp, agent: usize, turn: NextActivity) {
        match turn {
            NextActivity::Ready => {
                self.report_agent_state(now, agent, "ready");
                self.connect_waiting_calls(now);
            }
            NextActivity::Pause => {
                self.report_agent_state(now, agent, "pause");
                let pause = self.rng.random_range(8 * MINUTE, 15 * MINUTE);
                self.queue.plan_step(now.plus_millis(pause), HotlineStep::BreakEnd(agent));
            }
            NextActivity::Home => self.report_agent_state(now, agent, "offline"),
            NextActivity::Stay => {}
        }
    }

    /// Says what an agent does from now on, unless it was said before: an agent whose caller hung up is still ready.
    pub(super) fn report_agent_state(&mut self, now: Timestamp, agent: usize, state: &'static str) {
        let Some(duty) = self.roster.record_state(agent, state) else { return };
        let about = SimulatedCase {
            queue: Some(QUEUES[team_queue(agent)].0),
            ..SimulatedCase::new(&self.center)
        };
        let data = [self.agent_field(agent), ("state", SimulatedValue::Text(state))];
        self.reporter.report_event(now, ("agent", "changed"), ("duty", duty), about, &data);
    }
}
