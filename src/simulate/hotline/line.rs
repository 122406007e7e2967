//! The line of a hotline: the calls that are not over, and the order in which they are served.
//!
//! It is bounded by the hotline: callers who find the queue full are refused, and everybody leaves it after a while.

use std::collections::{BTreeMap, VecDeque};

use super::Wish;
use crate::domain::time::Timestamp;
use crate::simulate::report::About;

/// A call that is not over.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// What its events say.
    pub(super) about: About,
    /// Who called about what.
    pub(super) wish: Wish,
    /// How far it has come.
    pub(super) state: State,
    /// How it will leave the queue, if nobody answers it before.
    pub(super) exit: Exit,
    /// When it came.
    pub(super) offered: Timestamp,
    /// Whether the conversation solves the problem.
    pub(super) resolved: bool,
}

/// How far a call has come, and who has it.
#[derive(Clone, Copy)]
pub(super) enum State {
    Refused,
    Waiting,
    Ringing(usize),
    Talking(usize),
}

/// How a call leaves the queue without an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// The caller hangs up.
    Abandon,
    /// The caller presses the key for a call-back.
    Key,
    /// The time allowed in the queue is at an end.
    Timeout,
}

/// The calls of a hotline.
#[derive(Default)]
pub(super) struct Line {
    calls: BTreeMap<u64, Call>,
    /// Vip callers and the others, each in the order of their coming.
    waiting: [VecDeque<u64>; 2],
    made: u64,
}

impl Line {
    /// Takes a call in; one that is not refused waits. Gives its number.
    pub(super) fn enter(&mut self, call: Call) -> u64 {
        self.made += 1;
        if let State::Waiting = call.state {
            self.waiting[lane(&call)].push_back(self.made);
        }
        self.calls.insert(self.made, call);
        self.made
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    /// The queue of the next call.
    pub(super) fn first(&self) -> Option<usize> {
        let [vip, others] = &self.waiting;
        let number = vip.front().or_else(|| others.front())?;
        Some(self.calls.get(number)?.wish.queue)
    }

    /// The next call, which rings at `agent` from now on.
    pub(super) fn next(&mut self, agent: usize) -> Option<u64> {
        let [vip, others] = &mut self.waiting;
        let number = vip.pop_front().or_else(|| others.pop_front())?;
        self.calls.get_mut(&number)?.state = State::Ringing(agent);
        Some(number)
    }

    /// A call that is not over.
    pub(super) fn get(&self, number: u64) -> Option<&Call> {
        self.calls.get(&number)
    }

    /// A call that is not over, to be changed in anything but its place in the line.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Call> {
        self.calls.get_mut(&number)
    }

    /// The call is over, from wherever it was.
    pub(super) fn remove(&mut self, number: u64) -> Option<Call> {
        let call = self.calls.remove(&number)?;
        if let State::Waiting = call.state {
            self.waiting[lane(&call)].retain(|&other| other != number);
        }
        Some(call)
    }
}

fn lane(call: &Call) -> usize {
    usize::from(call.wish.customer.tier() != "vip")
}
