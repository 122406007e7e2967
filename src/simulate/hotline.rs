//! Simulated hotline: calls arrive, wait in one queue (VIP first) for a limited team, are answered
//! or lost, and end.
//!
//! Outcomes are not drawn from a table. An abandoned call, for example, follows from the caller's
//! patience, the calls before it and the agents on duty. Customers with an unsolved problem call
//! again about the same topic, so a badly run center increases its own load. At most
//! [`REPEAT_CALLERS_MAX`] repeat calls are planned at a time; further customers do not call again.

mod agents;
mod call_queue;
mod shifts;

use self::agents::AgentRoster;
use self::call_queue::{CallQueue, HotlineCall, HotlineCallState, QueueExit};
use super::center::SimulatedCenter;
use super::customer::SimulatedCustomer;
use super::day::{self, CALL_CURVE};
use super::demand::{DRIFT_MAX, DemandModel, OUTAGE_FACTOR};
use super::event_queue::EventQueue;
use super::rng::SimulationRng;
use super::simulated_event::{EventReporter, SimulatedCase, SimulatedEvent, SimulatedValue};
use super::survey;
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use crate::simulate::SimulationPart;

/// Hotline of one center.
pub(super) struct Hotline {
    center: SimulatedCenter,
    rng: SimulationRng,
    demand: DemandModel,
    queue: EventQueue<HotlineStep>,
    reporter: EventReporter,
    roster: AgentRoster,
    call_queue: CallQueue,
    repeat_callers: usize,
}

/// Customer of a call, with queue and topic.
#[derive(Clone, Copy)]
struct CallReason {
    customer: SimulatedCustomer,
    queue: usize,
    topic: &'static str,
}

enum HotlineStep {
    Arrival,
    RepeatCall(CallReason),
    /// The caller's patience or the maximum time in the queue is over.
    Leave(u64),
    Answer(u64),
    Transfer(u64),
    End(u64),
    Free(usize),
    SurveyAnswer(u64, SimulatedCase, f64),
    UpdateRoster,
    /// An agent arrives for a shift of this length in ms.
    SignOn(usize, i64),
    ShiftEnd(usize, u64),
    BreakDue(usize, u32),
    BreakEnd(usize),
}

/// A queue: name, share of the calls, median talk time in ms, topics.
struct HotlineQueue(&'static str, f64, i64, [&'static str; 4]);

const QUEUES: [HotlineQueue; 4] = [
    HotlineQueue(
        "broadband",
        0.34,
        150 * SECOND,
        ["no_connection", "slow_connection", "router", "install_progress"],
    ),
    HotlineQueue("mobile", 0.28, 118 * SECOND, ["plan_change", "signal", "sim_card", "roaming"]),
    HotlineQueue(
        "billing",
        0.26,
        126 * SECOND,
        ["bill_query", "disputed_charge", "refund", "package"],
    ),
    HotlineQueue(
        "complaints",
        0.12,
        205 * SECOND,
        ["service_attitude", "network_quality", "wrong_charge", "delay"],
    ),
];
const BROADBAND: usize = 0;
const BILLING: usize = 2;
/// Calls per hour in the busiest hour of an average center, including repeat calls.
const CALLS_PER_HOUR_PEAK: f64 = 6_000.0;
/// Share of first calls, whose callers have not called about the topic before.
const FIRST_CALL_SHARE: f64 = 0.725;
/// Share of the answered callers who call again, after a solved and after an unsolved problem.
/// Median and spread of the time until then follow.
const REPEAT_CALL_SHARE: [f64; 2] = [0.04, 0.85];
const REPEAT_CALL_MEDIAN_MS: i64 = 3 * HOUR;
const REPEAT_CALL_SIGMA: f64 = 1.2;
/// Spread of talk times.
const TALK_SIGMA: f64 = 0.6;
/// Mean time in ms that a call occupies an agent: ringing, talk and after-call work.
const HANDLING_MEAN_MS: f64 = 188.0 * SECOND as f64;
/// Spare agents, as a multiple of the square root of the load.
const SPARE_AGENTS_FACTOR: f64 = 0.45;
/// Maximum time in the queue in ms. Callers then hear an announcement and are disconnected.
const QUEUE_TIMEOUT_MS: i64 = 180 * SECOND;
/// Share of the callers who choose a call-back when it is offered, and the time of the offer in ms.
const CALLBACK_KEY_SHARE: f64 = 0.15;
const CALLBACK_OFFERED_MS: i64 = 45 * SECOND;
/// Share of the unanswered callers who call again. Few of those with a call-back do.
const LOST_REPEAT_SHARE: f64 = 0.5;
const CALLBACK_REPEAT_SHARE: f64 = 0.1;
/// Period before the start, in ms, whose callers may call again after the start.
const HISTORY_BEFORE_START_MS: i64 = 48 * HOUR;
/// Maximum number of planned repeat calls.
const REPEAT_CALLERS_MAX: usize = 100_000;

impl Hotline {
    /// Returns the hotline of `center` from `start` on.
    pub(super) fn new(seed: u64, run: u32, center: SimulatedCenter, start: Timestamp) -> Hotline {
        let stream = center.index * 8;
        let mut queue = EventQueue::new();
        queue.plan_step(start, HotlineStep::UpdateRoster);
        queue.plan_step(start.plus_millis(SECOND), HotlineStep::Arrival);
        let peak = center.people_needed(
            CALLS_PER_HOUR_PEAK * center.size * HANDLING_MEAN_MS / HOUR as f64,
            SPARE_AGENTS_FACTOR,
        );
        let mut hotline = Hotline {
            rng: SimulationRng::new(seed, stream + 1),
            demand: DemandModel::new(seed, &center, stream + 2, start),
            reporter: EventReporter::new("acd", run),
            // The roster has 2.5 times the peak staff, so that no agent works twice a day.
            roster: AgentRoster::new(peak * 5 / 2),
            call_queue: CallQueue::default(),
            repeat_callers: 0,
            center,
            queue,
        };
        hotline.plan_earlier_callers(start);
        hotline
    }

    /// Plans repeat calls of customers who called before the start, so that the first day is as
    /// busy as any other.
    fn plan_earlier_callers(&mut self, start: Timestamp) {
        let repeat_share = REPEAT_CALL_SHARE[0] * self.center.resolution_probability
            + REPEAT_CALL_SHARE[1] * (1.0 - self.center.resolution_probability);
        let peak = CALLS_PER_HOUR_PEAK * repeat_share * self.center.size;
        let mut time = start.plus_millis(-HISTORY_BEFORE_START_MS);
        while time < start && self.repeat_callers < REPEAT_CALLERS_MAX {
            if self.rng.random_bool(day::curve_height(&CALL_CURVE, time)) {
                let queue = self.rng.choose_weighted(&QUEUES.map(|queue| queue.1));
                let reason = self.random_call_reason(queue);
                let again = time
                    .plus_millis(self.rng.log_normal_ms(REPEAT_CALL_MEDIAN_MS, REPEAT_CALL_SIGMA));
                if day::defer_to_morning(again, 0) >= start {
                    self.plan_repeat_call(again.max(start), reason);
                }
            }
            time = time.plus_millis(self.rng.exponential_ms(HOUR as f64 / peak));
        }
    }

    fn random_call_reason(&mut self, queue: usize) -> CallReason {
        let topic = self.rng.choose_one(&QUEUES[queue].3);
        CallReason {
            customer: SimulatedCustomer::random_customer(&self.center, &mut self.rng),
            queue,
            topic,
        }
    }

    fn simulate_arrival(&mut self, now: Timestamp) {
        let per_hour = CALLS_PER_HOUR_PEAK * FIRST_CALL_SHARE * self.center.size;
        let weights = self.queue_weights(now);
        let factor = day::curve_height(&CALL_CURVE, now)
            * day::weekday_factor(now)
            * self.demand.drift_factor(now)
            * weights.iter().sum::<f64>();
        // Thinning: arrivals are generated at the maximum rate and dropped to match the hour.
        let max_factor = 1.06
            * (1.0 + DRIFT_MAX)
            * (1.0 + QUEUES[BROADBAND].1 * (OUTAGE_FACTOR - 1.0) + QUEUES[BILLING].1 * 0.4);
        if self.rng.random_bool(factor / max_factor) {
            let queue = self.rng.choose_weighted(&weights);
            let reason = self.random_call_reason(queue);
            self.offer_call(now, reason);
        }
        let gap = self.rng.exponential_ms(HOUR as f64 / (per_hour * max_factor));
        self.queue.plan_step(now.plus_millis(gap), HotlineStep::Arrival);
    }

    /// Returns the weight of each queue. The sum exceeds 1 when there are more calls than usual.
    fn queue_weights(&mut self, now: Timestamp) -> [f64; 4] {
        let mut weights = QUEUES.map(|queue| queue.1);
        if self.demand.has_outage(now) {
            weights[BROADBAND] *= OUTAGE_FACTOR;
        }
        if day::is_billing_day(now) {
            weights[BILLING] *= 1.4;
        }
        weights
    }

    fn offer_call(&mut self, now: Timestamp, reason: CallReason) {
        let channel = if self.rng.random_bool(0.88) { "phone" } else { "app" };
        let case = SimulatedCase {
            queue: Some(QUEUES[reason.queue].0),
            channel: Some(channel),
            topic: Some(reason.topic),
            customer: Some(reason.customer),
            ..SimulatedCase::new(&self.center)
        };
        // Most callers wait for some minutes. With a shape below 1 some hang up at once.
        let patience = self.rng.weibull_ms(200 * SECOND, 0.85).max(800);
        let is_full = self.call_queue.waiting_count() > self.roster.serving_count() / 2 + 12;
        let key = CALLBACK_OFFERED_MS + self.rng.random_range(0, 10 * SECOND);
        let (queue_exit, time_in_queue) =
            if patience > key && self.rng.random_bool(CALLBACK_KEY_SHARE) {
                (QueueExit::CallbackKey, key)
            } else if patience > QUEUE_TIMEOUT_MS {
                (QueueExit::Timeout, QUEUE_TIMEOUT_MS)
            } else {
                (QueueExit::Abandon, patience)
            };
        let (state, time_in_queue) = match is_full {
            true => (HotlineCallState::Refused, self.rng.random_range(300, 1_500)),
            false => (HotlineCallState::Waiting, time_in_queue),
        };
        let number = self.call_queue.add_call(HotlineCall {
            case,
            reason,
            state,
            queue_exit,
            offered: now,
            resolved: false,
        });
        self.report_call(now, "offered", number, case, &[]);
        self.queue.plan_step(now.plus_millis(time_in_queue), HotlineStep::Leave(number));
        self.connect_waiting_calls(now);
    }

    /// Connects waiting calls with idle agents.
    fn connect_waiting_calls(&mut self, now: Timestamp) {
        while let Some(queue) = self.call_queue.first_queue()
            && let Some(agent) = self.roster.engage_agent(queue)
        {
            let Some(number) = self.call_queue.take_next(agent) else { return };
            let ring = self.rng.random_range(1_200, 4_500);
            self.queue.plan_step(now.plus_millis(ring), HotlineStep::Answer(number));
        }
    }

    fn leave_queue(&mut self, now: Timestamp, number: u64) {
        let Some(call) = self.call_queue.get(number) else { return };
        let (verb, exit_reason) = match (call.state, call.queue_exit) {
            (HotlineCallState::Talking(_), _)
            | (HotlineCallState::Ringing(_), QueueExit::CallbackKey | QueueExit::Timeout) => return,
            (HotlineCallState::Refused, _) => ("overflowed", Some("full")),
            (HotlineCallState::Waiting, QueueExit::Timeout) => ("overflowed", Some("timeout")),
            (HotlineCallState::Waiting, QueueExit::CallbackKey) => ("overflowed", Some("key")),
            (HotlineCallState::Waiting | HotlineCallState::Ringing(_), QueueExit::Abandon) => {
                ("abandoned", None)
            }
        };
        let HotlineCall { case, reason, state, .. } = *call;
        self.call_queue.remove_call(number);
        let data = exit_reason.map(|reason| ("reason", SimulatedValue::Text(reason)));
        self.report_call(now, verb, number, case, data.as_slice());
        if self.rng.random_bool(if exit_reason == Some("key") {
            CALLBACK_REPEAT_SHARE
        } else {
            LOST_REPEAT_SHARE
        }) {
            let after = self.rng.log_normal_ms(7 * MINUTE, 1.0);
            self.plan_repeat_call(now.plus_millis(after), reason);
        }
        if let HotlineCallState::Ringing(agent) = state {
            self.finish_activity(now, agent);
        }
    }

    fn answer_call(&mut self, now: Timestamp, number: u64) {
        let Some(call) = self.call_queue.get_mut(number) else { return };
        let HotlineCallState::Ringing(agent) = call.state else { return };
        call.state = HotlineCallState::Talking(agent);
        call.resolved = self.rng.random_bool(self.center.resolution_probability);
        let (case, queue) = (call.case, call.reason.queue);
        let agent_field = self.agent_field(agent);
        self.report_call(now, "answered", number, case, &[agent_field]);
        self.report_agent_state(now, agent, "talking");
        let talk =
            self.rng.log_normal_ms(QUEUES[queue].2, TALK_SIGMA).clamp(8 * SECOND, 45 * MINUTE);
        let step = if self.rng.random_bool(0.02) {
            HotlineStep::Transfer(number)
        } else {
            HotlineStep::End(number)
        };
        self.queue.plan_step(now.plus_millis(talk), step);
    }

    /// Transfers a call. The agent stays in the call until the expert has finished.
    fn transfer_call(&mut self, now: Timestamp, number: u64) {
        let Some(call) = self.call_queue.get(number) else { return };
        let to = if call.reason.queue == BROADBAND { "network_experts" } else { "second_line" };
        self.report_call(
            now,
            "transferred",
            number,
            call.case,
            &[("to", SimulatedValue::Text(to))],
        );
        let talk = self.rng.log_normal_ms(100 * SECOND, TALK_SIGMA);
        self.queue.plan_step(now.plus_millis(talk), HotlineStep::End(number));
    }

    fn end_call(&mut self, now: Timestamp, number: u64) {
        let Some(HotlineCall {
            case,
            reason,
            state: HotlineCallState::Talking(agent),
            resolved,
            offered,
            ..
        }) = self.call_queue.remove_call(number)
        else {
            return;
        };
        let hold =
            if self.rng.random_bool(0.15) { self.rng.log_normal_ms(25 * SECOND, 0.7) } else { 0 };
        let wrapup = self.rng.log_normal_ms(16 * SECOND, 0.6).max(2 * SECOND);
        let times = [
            ("hold_seconds", SimulatedValue::Seconds(hold)),
            ("wrapup_seconds", SimulatedValue::Seconds(wrapup)),
        ];
        let data = [
            self.agent_field(agent),
            ("resolved", SimulatedValue::Flag(resolved)),
            times[0],
            times[1],
        ];
        self.report_call(now, "ended", number, case, &data);
        self.report_agent_state(now, agent, "wrapup");
        self.queue.plan_step(now.plus_millis(wrapup), HotlineStep::Free(agent));
        if self.rng.random_bool(survey::RESPONSE_SHARE) {
            // Long calls and waits make customers less satisfied, regardless of the result.
            let fatigue = if now.millis_since(offered) > 8 * MINUTE { 0.15 } else { 0.0 };
            let mood = if resolved { 1.0 - fatigue } else { 0.25 - fatigue };
            let after = self.rng.random_range(5 * SECOND, 90 * SECOND);
            self.queue
                .plan_step(now.plus_millis(after), HotlineStep::SurveyAnswer(number, case, mood));
        }
        if self.rng.random_bool(REPEAT_CALL_SHARE[usize::from(!resolved)]) {
            let after = self.rng.log_normal_ms(REPEAT_CALL_MEDIAN_MS, REPEAT_CALL_SIGMA);
            self.plan_repeat_call(now.plus_millis(after), reason);
        }
    }

    fn plan_repeat_call(&mut self, time: Timestamp, reason: CallReason) {
        if self.repeat_callers < REPEAT_CALLERS_MAX {
            self.repeat_callers += 1;
            // Repeat calls are spread over the morning, so that no day starts with a surge.
            let time = day::defer_to_morning(time, self.rng.random_range(0, 11 * HOUR));
            self.queue.plan_step(time, HotlineStep::RepeatCall(reason));
        }
    }

    fn agent_field(&self, agent: usize) -> (&'static str, SimulatedValue) {
        ("agent", SimulatedValue::Agent(self.center.index, agent as u64))
    }

    fn report_call(
        &mut self,
        now: Timestamp,
        verb: &'static str,
        number: u64,
        case: SimulatedCase,
        data: &[(&'static str, SimulatedValue)],
    ) {
        self.reporter.report_event(now, ("call", verb), ("call", number), case, data);
    }
}

impl SimulationPart for Hotline {
    fn take_event(&mut self) -> Option<SimulatedEvent> {
        self.reporter.take_event()
    }

    fn advance_step(&mut self) -> bool {
        let Some((now, step)) = self.queue.next_step() else { return false };
        match step {
            HotlineStep::Arrival => self.simulate_arrival(now),
            HotlineStep::RepeatCall(reason) => {
                self.repeat_callers -= 1;
                self.offer_call(now, reason);
            }
            HotlineStep::Leave(number) => self.leave_queue(now, number),
            HotlineStep::Answer(number) => self.answer_call(now, number),
            HotlineStep::Transfer(number) => self.transfer_call(now, number),
            HotlineStep::End(number) => self.end_call(now, number),
            HotlineStep::Free(agent) => self.finish_activity(now, agent),
            HotlineStep::SurveyAnswer(number, case, mood) => {
                let data = survey::random_answer(mood, &mut self.rng);
                self.reporter.report_event(now, ("survey", "rated"), ("call", number), case, &data);
            }
            HotlineStep::UpdateRoster => self.update_roster(now, self.roster.serving_count() == 0),
            HotlineStep::SignOn(agent, shift_length) => {
                self.sign_on_agent(now, agent, shift_length);
            }
            HotlineStep::ShiftEnd(agent, shift) => self.end_shift(now, agent, shift),
            HotlineStep::BreakDue(agent, work_period) => {
                self.request_break(now, agent, work_period);
            }
            HotlineStep::BreakEnd(agent) => self.end_break(now, agent),
        }
        true
    }
}
