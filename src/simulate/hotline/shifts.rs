//! Shifts of the agents: how many agents work at a time, and their breaks.
//!
//! The roster plan knows the hour and the day but neither the drift nor outages. Waiting times
//! result from this difference.
//!
//! The events of an agent between sign-on and sign-off form one case, a shift. A case per agent
//! would grow without end, and each further event would have to be applied to all of it.

use super::agents::{NextActivity, team_queue};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use crate::simulate::day::{self, AGENT_CURVE};
use crate::simulate::hotline::{
    BILLING, CALLS_PER_HOUR_PEAK, HANDLING_MEAN_MS, Hotline, HotlineStep, QUEUES,
    SPARE_AGENTS_FACTOR,
};
use crate::simulate::simulated_event::{SimulatedCase, SimulatedValue};

/// Share of the agents on a break.
const ON_BREAK_SHARE: f64 = 0.09;
/// Interval between roster updates in ms.
const ROSTER_INTERVAL_MS: i64 = 30 * MINUTE;
/// Minimum and maximum length of a shift in ms. An agent who is not needed leaves earlier.
const SHIFT_RANGE_MS: (i64, i64) = (7 * HOUR + 30 * MINUTE, 8 * HOUR + 30 * MINUTE);

impl Hotline {
    /// Adjusts the number of agents on duty to the load expected in 20 minutes, because agents need
    /// some minutes to arrive.
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
                // Agents present at the start began their shifts at different times.
                let shift_length = self.rng.random_range(MINUTE, SHIFT_RANGE_MS.1);
                self.call_in_agent(now, SECOND, shift_length);
            } else {
                let shift_length = self.rng.random_range(SHIFT_RANGE_MS.0, SHIFT_RANGE_MS.1);
                self.call_in_agent(now, 12 * MINUTE, shift_length);
            }
        }
        while self.roster.serving_count() > needed
            && let Some((agent, activity)) = self.roster.send_home()
        {
            self.apply_activity(now, agent, activity);
        }
        let rest = ROSTER_INTERVAL_MS - day::millis_since_midnight(now) % ROSTER_INTERVAL_MS;
        self.queue.plan_step(now.plus_millis(rest), HotlineStep::UpdateRoster);
    }

    /// Calls in an agent, who arrives within `within` ms for a shift of `shift_length` ms.
    fn call_in_agent(&mut self, now: Timestamp, within: i64, shift_length: i64) {
        let agent = self.roster.call_in_agent();
        let after = self.rng.random_range(1, within);
        self.queue.plan_step(now.plus_millis(after), HotlineStep::SignOn(agent, shift_length));
    }

    pub(super) fn sign_on_agent(&mut self, now: Timestamp, agent: usize, shift_length: i64) {
        match self.roster.begin_work_period(agent) {
            Some(work_period) => {
                let shift = self.roster.begin_shift(agent);
                self.queue
                    .plan_step(now.plus_millis(shift_length), HotlineStep::ShiftEnd(agent, shift));
                self.begin_work_period(now, agent, work_period);
            }
            // The agent was sent home before arriving and has never been reported.
            None => _ = self.roster.finish_activity(agent),
        }
    }

    /// Ends a shift that has lasted long enough, and calls in another agent.
    pub(super) fn end_shift(&mut self, now: Timestamp, agent: usize, shift: u64) {
        if let Some(activity) = self.roster.end_shift(agent, shift) {
            self.apply_activity(now, agent, activity);
            let shift_length = self.rng.random_range(SHIFT_RANGE_MS.0, SHIFT_RANGE_MS.1);
            self.call_in_agent(now, 2 * MINUTE, shift_length);
        }
    }

    pub(super) fn end_break(&mut self, now: Timestamp, agent: usize) {
        match self.roster.begin_work_period(agent) {
            Some(work_period) => self.begin_work_period(now, agent, work_period),
            None => self.finish_activity(now, agent),
        }
    }

    fn begin_work_period(&mut self, now: Timestamp, agent: usize, work_period: u32) {
        let after = self.rng.random_range(80 * MINUTE, 140 * MINUTE);
        self.queue.plan_step(now.plus_millis(after), HotlineStep::BreakDue(agent, work_period));
        self.finish_activity(now, agent);
    }

    pub(super) fn request_break(&mut self, now: Timestamp, agent: usize, work_period: u32) {
        let activity = self.roster.request_break(agent, work_period);
        self.apply_activity(now, agent, activity);
    }

    /// Ends the current activity of an agent: a call, a break or the way to work.
    pub(super) fn finish_activity(&mut self, now: Timestamp, agent: usize) {
        let activity = self.roster.finish_activity(agent);
        self.apply_activity(now, agent, activity);
    }

    fn apply_activity(&mut self, now: Timestamp, agent: usize, activity: NextActivity) {
        match activity {
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

    /// Reports the state of an agent unless it was reported already. An agent whose caller hung up
    /// is still ready.
    pub(super) fn report_agent_state(&mut self, now: Timestamp, agent: usize, state: &'static str) {
        let Some(shift) = self.roster.record_state(agent, state) else { return };
        let case = SimulatedCase {
            queue: Some(QUEUES[team_queue(agent)].0),
            ..SimulatedCase::new(&self.center)
        };
        let data = [self.agent_field(agent), ("state", SimulatedValue::Text(state))];
        self.reporter.report_event(now, ("agent", "changed"), ("duty", shift), case, &data);
    }
}
