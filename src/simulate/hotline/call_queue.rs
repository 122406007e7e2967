//! Calls of a hotline that have not ended, and the order in which they are answered.
//!
//! The queue is bounded: calls that arrive when it is full are refused, and every caller leaves it
//! after a while.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::time::timestamp::Timestamp;
use crate::simulate::hotline::CallReason;
use crate::simulate::simulated_event::SimulatedCase;

/// A call that has not ended.
#[derive(Clone, Copy)]
pub(super) struct HotlineCall {
    /// Common data of the call's events.
    pub(super) case: SimulatedCase,
    /// Customer and topic.
    pub(super) reason: CallReason,
    /// Progress of the call.
    pub(super) state: HotlineCallState,
    /// Exit from the queue if the call is not answered before.
    pub(super) queue_exit: QueueExit,
    /// Time of arrival.
    pub(super) offered: Timestamp,
    /// True if the conversation solves the problem.
    pub(super) resolved: bool,
}

/// Progress of a call, with its agent.
#[derive(Clone, Copy)]
pub(super) enum HotlineCallState {
    Refused,
    Waiting,
    Ringing(usize),
    Talking(usize),
}

/// Exit from the queue without an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueExit {
    /// The caller hangs up.
    Abandon,
    /// The caller presses the key for a call-back.
    CallbackKey,
    /// The maximum time in the queue is over.
    Timeout,
}

/// Calls of a hotline that have not ended.
#[derive(Default)]
pub(super) struct CallQueue {
    calls: BTreeMap<u64, HotlineCall>,
    /// Waiting VIP callers and other callers, each in order of arrival.
    waiting: [VecDeque<u64>; 2],
    calls_made: u64,
}

impl CallQueue {
    /// Adds a call and returns its number. It waits unless it is refused.
    pub(super) fn add_call(&mut self, call: HotlineCall) -> u64 {
        self.calls_made += 1;
        if let HotlineCallState::Waiting = call.state {
            self.waiting[priority_lane(&call)].push_back(self.calls_made);
        }
        self.calls.insert(self.calls_made, call);
        self.calls_made
    }

    /// Returns the number of waiting calls.
    pub(super) fn waiting_count(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    /// Returns the queue of the next call, or `None` if no call waits.
    pub(super) fn first_queue(&self) -> Option<usize> {
        let [vip, others] = &self.waiting;
        let number = vip.front().or_else(|| others.front())?;
        Some(self.calls.get(number)?.reason.queue)
    }

    /// Takes the next call, which is ringing at `agent` from now on. Returns `None` if no call
    /// waits.
    pub(super) fn take_next(&mut self, agent: usize) -> Option<u64> {
        let [vip, others] = &mut self.waiting;
        let number = vip.pop_front().or_else(|| others.pop_front())?;
        self.calls.get_mut(&number)?.state = HotlineCallState::Ringing(agent);
        Some(number)
    }

    /// Returns a call that has not ended.
    pub(super) fn get(&self, number: u64) -> Option<&HotlineCall> {
        self.calls.get(&number)
    }

    /// Returns a call that has not ended, mutably. Its position in the queue must not change.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut HotlineCall> {
        self.calls.get_mut(&number)
    }

    /// Removes a call in any state.
    pub(super) fn remove_call(&mut self, number: u64) -> Option<HotlineCall> {
        let call = self.calls.remove(&number)?;
        if let HotlineCallState::Waiting = call.state {
            self.waiting[priority_lane(&call)].retain(|&other| other != number);
        }
        Some(call)
    }
}

fn priority_lane(call: &HotlineCall) -> usize {
    usize::from(call.reason.customer.tier() != "vip")
}
