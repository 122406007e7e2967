//! The line of a hotline: the calls that are not over, and the order in which they are served.
//!
//! It is bounded by the hotline: callers who find the queue full are refused, and everybody leaves it after a while.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::time::timestamp::Timestamp;
use crate::simulate::hotline::CallReason;
use crate::simulate::simulated_event::SimulatedCase;

/// A call that is not over.
#[derive(Clone, Copy)]
pub(super) struct HotlineCall {
    /// What its events say.
    pub(super) case: SimulatedCase,
    /// Who called about what.
    pub(super) reason: CallReason,
    /// How far it has come.
    pub(super) state: HotlineCallState,
    /// How it will leave the queue, if nobody answers it before.
    pub(super) queue_exit: QueueExit,
    /// When it came.
    pub(super) offered: Timestamp,
    /// Whether the conversation solves the problem.
    pub(super) resolved: bool,
}

/// How far a call has come, and who has it.
#[derive(Clone, Copy)]
pub(super) enum HotlineCallState {
    Refused,
    Waiting,
    Ringing(usize),
    Talking(usize),
}

/// How a call leaves the queue without an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueExit {
    /// The caller hangs up.
    Abandon,
    /// The caller presses the key for a call-back.
    CallbackKey,
    /// The time allowed in the queue is at an end.
    Timeout,
}

/// The calls of a hotline.
#[derive(Default)]
pub(super) struct CallQueue {
    calls: BTreeMap<u64, HotlineCall>,
    /// Vip callers and the others, each in the order of their coming.
    waiting: [VecDeque<u64>; 2],
    calls_made: u64,
}

impl CallQueue {
    /// Takes a call in; one that is not refused waits. Gives its number.
    pub(super) fn add_call(&mut self, call: HotlineCall) -> u64 {
        self.calls_made += 1;
        if let HotlineCallState::Waiting = call.state {
            self.waiting[priority_lane(&call)].push_back(self.calls_made);
        }
        self.calls.insert(self.calls_made, call);
        self.calls_made
    }

    /// How many wait.
    pub(super) fn waiting_count(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    /// The queue of the next call.
    pub(super) fn first_queue(&self) -> Option<usize> {
        let [vip, others] = &self.waiting;
        let number = vip.front().or_else(|| others.front())?;
        Some(self.calls.get(number)?.reason.queue)
    }

    /// The next call, which rings at `agent` from now on.
    pub(super) fn take_next(&mut self, agent: usize) -> Option<u64> {
        let [vip, others] = &mut self.waiting;
        let number = vip.pop_front().or_else(|| others.pop_front())?;
        self.calls.get_mut(&number)?.state = HotlineCallState::Ringing(agent);
        Some(number)
    }

    /// A call that is not over.
    pub(super) fn get(&self, number: u64) -> Option<&HotlineCall> {
        self.calls.get(&number)
    }

    /// A call that is not over, to be changed in anything but its place in the line.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut HotlineCall> {
        self.calls.get_mut(&number)
    }

    /// The call is over, from wherever it was.
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
