//! A hotline: calls come, wait in one line (vip first) for a finite team, are answered or lost, and end.
//!
//! Nothing is drawn from a table of outcomes: that a call is abandoned follows from its caller's patience, the callers
//! before it and the agents on duty. Those whose problem was not solved call again about the same topic, so the load of
//! a badly run center feeds itself. At most [`REMEMBERED_MAX`] are going to call again; those beyond it never do.

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

/// A hotline of one center.
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

/// What a customer calls about.
#[derive(Clone, Copy)]
struct CallReason {
    customer: SimulatedCustomer,
    queue: usize,
    topic: &'static str,
}

enum HotlineStep {
    Arrival,
    RepeatCall(CallReason),
    /// The caller's patience, or the time allowed in the queue, is at an end.
    Leave(u64),
    Answer(u64),
    Transfer(u64),
    End(u64),
    Free(usize),
    SurveyAnswer(u64, SimulatedCase, f64),
    UpdateRoster,
    /// An agent comes, for so many milliseconds.
    SignOn(usize, i64),
    ShiftEnd(usize, u64),
    BreakDue(usize, u32),
    BreakEnd(usize),
}

/// A queue: its name, its share of the calls, the median of its talk times, its topics.
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
/// Calls an hour at the busiest hour of an average center, those who call again included.
const CALLS_PER_HOUR_PEAK: f64 = 6_000.0;
/// The share of the calls whose callers have not called about it before.
const FIRST_CALL_SHARE: f64 = 0.725;
/// The share of the answered callers who call again: of those whose problem was solved, and of the others; and the median and
/// spread of the time until then.
const REPEAT_CALL_SHARE: [f64; 2] = [0.04, 0.85];
const REPEAT_CALL_MEDIAN_MS: i64 = 3 * HOUR;
const REPEAT_CALL_SIGMA: f64 = 1.2;
/// The spread of talk times.
const TALK_SIGMA: f64 = 0.6;
/// What a call costs an agent on average: ring, talk and wrap-up.
const HANDLING_MEAN_MS: f64 = 188.0 * SECOND as f64;
/// Spare agents, as a multiple of the square root of the load.
const SPARE_AGENTS_FACTOR: f64 = 0.45;
/// After so long in the queue a caller gets an announcement and is let go.
const QUEUE_TIMEOUT_MS: i64 = 180 * SECOND;
/// The share of the callers who press the key for a call-back when it is offered, and when that is.
const CALLBACK_KEY_SHARE: f64 = 0.15;
const CALLBACK_OFFERED_MS: i64 = 45 * SECOND;
/// The share of the callers who were not answered and call again; of those who wait for the call-back only few do.
const LOST_REPEAT_SHARE: f64 = 0.5;
const CALLBACK_REPEAT_SHARE: f64 = 0.1;
/// How long before the start people have called who may call again after it.
const HISTORY_BEFORE_START_MS: i64 = 48 * HOUR;
/// The most callers of whom it is known that they will call again.
const REPEAT_CALLERS_MAX: usize = 100_000;

impl Hotline {
    /// The hotline of `center` from `start` on.
    pub(super) fn new(seed: u64, run: u32, center: SimulatedCenter, start: Timestamp) -> Hotline {
        let stream = center.index * 8;
        let mut agenda = EventQueue::new();
        agenda.plan_step(start, HotlineStep::UpdateRoster);
        agenda.plan_step(start.plus_millis(SECOND), HotlineStep::Arrival);
        let peak = center.people_needed(
            CALLS_PER_HOUR_PEAK * center.size * HANDLING_MEAN_MS / HOUR as f64,
            SPARE_AGENTS_FACTOR,
        );
        let mut hotline = Hotline {
            rng: SimulationRng::new(seed, stream + 1),
            demand: DemandModel::new(seed, &center, stream + 2, start),
            reporter: EventReporter::new("acd", run),
            // Most agents rest while the others work, so that nobody comes twice a day.
            roster: AgentRoster::new(peak * 5 / 2),
            call_queue: CallQueue::default(),
            repeat_callers: 0,
            center,
            queue: agenda,
        };
        hotline.plan_earlier_callers(start);
        hotline
    }

    /// Remembers those who called before the start, so that the first day is as busy as any other.
    fn plan_earlier_callers(&mut self, start: Timestamp) {
        let again = REPEAT_CALL_SHARE[0] * self.center.resolution_probability
            + REPEAT_CALL_SHARE[1] * (1.0 - self.center.resolution_probability);
        let peak = CALLS_PER_HOUR_PEAK * again * self.center.size;
        let mut time = start.plus_millis(-HISTORY_BEFORE_START_MS);
        while time < start && self.repeat_callers < REPEAT_CALLERS_MAX {
            if self.rng.random_bool(day::curve_height(&CALL_CURVE, time)) {
                let queue = self.rng.choose_weighted(&QUEUES.map(|queue| queue.1));
                let wish = self.random_call_reason(queue);
                let again = time
                    .plus_millis(self.rng.log_normal_ms(REPEAT_CALL_MEDIAN_MS, REPEAT_CALL_SIGMA));
                if day::defer_to_morning(again, 0) >= start {
                    self.plan_repeat_call(again.max(start), wish);
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
        // Thinning: calls come at the highest rate there can be, and as many are dropped as the hour demands.
        let most = 1.06
            * (1.0 + DRIFT_MAX)
            * (1.0 + QUEUES[BROADBAND].1 * (OUTAGE_FACTOR - 1.0) + QUEUES[BILLING].1 * 0.4);
        if self.rng.random_bool(factor / most) {
            let queue = self.rng.choose_weighted(&weights);
            let wish = self.random_call_reason(queue);
            self.offer_call(now, wish);
        }
        let gap = self.rng.exponential_ms(HOUR as f64 / (per_hour * most));
        self.queue.plan_step(now.plus_millis(gap), HotlineStep::Arrival);
    }

    /// The queues' shares of the calls, which add up to more than 1 when more than usual call.
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

    fn offer_call(&mut self, now: Timestamp, wish: CallReason) {
        let channel = if self.rng.random_bool(0.88) { "phone" } else { "app" };
        let about = SimulatedCase {
            queue: Some(QUEUES[wish.queue].0),
            channel: Some(channel),
            topic: Some(wish.topic),
            customer: Some(wish.customer),
            ..SimulatedCase::new(&self.center)
        };
        // Most callers wait for some minutes; a shape below 1 gives those who hang up at the first announcement.
        let patience = self.rng.weibull_ms(200 * SECOND, 0.85).max(800);
        let is_full = self.call_queue.waiting_count() > self.roster.serving_count() / 2 + 12;
        let key = CALLBACK_OFFERED_MS + self.rng.random_range(0, 10 * SECOND);
        let (exit, leaves) = if patience > key && self.rng.random_bool(CALLBACK_KEY_SHARE) {
            (QueueExit::CallbackKey, key)
        } else if patience > QUEUE_TIMEOUT_MS {
            (QueueExit::Timeout, QUEUE_TIMEOUT_MS)
        } else {
            (QueueExit::Abandon, patience)
        };
        let (state, leaves) = match is_full {
            true => (HotlineCallState::Refused, self.rng.random_range(300, 1_500)),
            false => (HotlineCallState::Waiting, leaves),
        };
        let number = self.call_queue.add_call(HotlineCall {
            case: about,
            reason: wish,
            state,
            queue_exit: exit,
            offered: now,
            resolved: false,
        });
        self.report_call(now, "offered", number, about, &[]);
        self.queue.plan_step(now.plus_millis(leaves), HotlineStep::Leave(number));
        self.connect_waiting_calls(now);
    }

    /// Brings those who wait and those who are free together.
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
        let (what, reason) = match (call.state, call.queue_exit) {
            (HotlineCallState::Talking(_), _)
            | (HotlineCallState::Ringing(_), QueueExit::CallbackKey | QueueExit::Timeout) => return,
            (HotlineCallState::Refused, _) => ("overflowed", Some("full")),
            (HotlineCallState::Waiting, QueueExit::Timeout) => ("overflowed", Some("timeout")),
            (HotlineCallState::Waiting, QueueExit::CallbackKey) => ("overflowed", Some("key")),
            (HotlineCallState::Waiting | HotlineCallState::Ringing(_), QueueExit::Abandon) => {
                ("abandoned", None)
            }
        };
        let HotlineCall { case: about, reason: wish, state, .. } = *call;
        self.call_queue.remove_call(number);
        let data = reason.map(|reason| ("reason", SimulatedValue::Text(reason)));
        self.report_call(now, what, number, about, data.as_slice());
        if self.rng.random_bool(if reason == Some("key") {
            CALLBACK_REPEAT_SHARE
        } else {
            LOST_REPEAT_SHARE
        }) {
            let after = self.rng.log_normal_ms(7 * MINUTE, 1.0);
            self.plan_repeat_call(now.plus_millis(after), wish);
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
        let (about, queue) = (call.case, call.reason.queue);
        let name = self.agent_field(agent);
        self.report_call(now, "answered", number, about, &[name]);
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

    /// The agent passes the call on and stays with it until the expert has done, so it is still busy.
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
            case: about,
            reason: wish,
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
        self.report_call(now, "ended", number, about, &data);
        self.report_agent_state(now, agent, "wrapup");
        self.queue.plan_step(now.plus_millis(wrapup), HotlineStep::Free(agent));
        if self.rng.random_bool(survey::RESPONSE_SHARE) {
            // Long calls and waits tire the customer, whatever came of them.
            let tired = if now.millis_since(offered) > 8 * MINUTE { 0.15 } else { 0.0 };
            let mood = if resolved { 1.0 - tired } else { 0.25 - tired };
            let after = self.rng.random_range(5 * SECOND, 90 * SECOND);
            self.queue
                .plan_step(now.plus_millis(after), HotlineStep::SurveyAnswer(number, about, mood));
        }
        if self.rng.random_bool(REPEAT_CALL_SHARE[usize::from(!resolved)]) {
            let after = self.rng.log_normal_ms(REPEAT_CALL_MEDIAN_MS, REPEAT_CALL_SIGMA);
            self.plan_repeat_call(now.plus_millis(after), wish);
        }
    }

    fn plan_repeat_call(&mut self, time: Timestamp, wish: CallReason) {
        if self.repeat_callers < REPEAT_CALLERS_MAX {
            self.repeat_callers += 1;
            // People do not all call as the morning begins, or every morning would be a surge.
            let time = day::defer_to_morning(time, self.rng.random_range(0, 11 * HOUR));
            self.queue.plan_step(time, HotlineStep::RepeatCall(wish));
        }
    }

    fn agent_field(&self, agent: usize) -> (&'static str, SimulatedValue) {
        ("agent", SimulatedValue::Agent(self.center.index, agent as u64))
    }

    fn report_call(
        &mut self,
        now: Timestamp,
        what: &'static str,
        number: u64,
        about: SimulatedCase,
        data: &[(&'static str, SimulatedValue)],
    ) {
        self.reporter.report_event(now, ("call", what), ("call", number), about, data);
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
            HotlineStep::RepeatCall(wish) => {
                self.repeat_callers -= 1;
                self.offer_call(now, wish);
            }
            HotlineStep::Leave(number) => self.leave_queue(now, number),
            HotlineStep::Answer(number) => self.answer_call(now, number),
            HotlineStep::Transfer(number) => self.transfer_call(now, number),
            HotlineStep::End(number) => self.end_call(now, number),
            HotlineStep::Free(agent) => self.finish_activity(now, agent),
            HotlineStep::SurveyAnswer(number, about, mood) => {
                let data = survey::random_answer(mood, &mut self.rng);
                self.reporter.report_event(
                    now,
                    ("survey", "rated"),
                    ("call", number),
                    about,
                    &data,
                );
            }
            HotlineStep::UpdateRoster => self.update_roster(now, self.roster.serving_count() == 0),
            HotlineStep::SignOn(agent, shift) => self.sign_on_agent(now, agent, shift),
            HotlineStep::ShiftEnd(agent, duty) => self.end_shift(now, agent, duty),
            HotlineStep::BreakDue(agent, stretch) => self.request_break(now, agent, stretch),
            HotlineStep::BreakEnd(agent) => self.end_break(now, agent),
        }
        true
    }
}
