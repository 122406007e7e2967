//! Calls that a reader of queue logs keeps in mind, and who talks with whom.

use super::QueueLogReader;
use super::line::QueueLogLine;

/// Maximum number of calls that are tracked. Beyond it the oldest call is dropped. If that call has
/// another line later, the line counts as the first one of the call.
pub(super) const CALLS_TRACKED_MAX: usize = 100_000;

/// State of a call.
#[derive(Default, Debug)]
pub(super) struct TrackedCall {
    /// Queue of the newest stay.
    pub(super) queue: String,
    /// Agent in conversation, with the queue of that stay.
    pub(super) conversation: Option<(String, String)>,
    pub(super) repetitions: EventRepetitions,
}

/// Counts similar events of one second, to tell their ids apart.
#[derive(Default, Debug)]
pub(super) struct EventRepetitions {
    /// Seconds since 1970 of the newest event.
    second: i64,
    /// Key and queue of the events of that second.
    events_of_second: Vec<(String, String)>,
}

impl QueueLogReader {
    /// Returns the state of a call, and tracks the call if it is new.
    pub(super) fn track_call(&mut self, call: &str) -> &mut TrackedCall {
        if !self.calls.contains_key(call) {
            self.call_order.push_back(call.to_owned());
            if self.call_order.len() > CALLS_TRACKED_MAX
                && let Some(oldest) = self.call_order.pop_front()
            {
                self.end_conversation(&oldest);
                self.calls.remove(&oldest);
            }
        }
        self.calls.entry(call.to_owned()).or_default()
    }

    pub(super) fn start_conversation(&mut self, line: &QueueLogLine<'_>, call: &str) {
        self.end_conversation(call);
        let conversation = (line.queue_name(), line.agent.unwrap_or_default().to_owned());
        self.conversations.insert(conversation.clone(), call.to_owned());
        if let Some(agent) = line.agent {
            self.agents.start_conversation(agent, &conversation.0, call);
        }
        let tracked = self.track_call(call);
        tracked.queue = conversation.0.clone();
        tracked.conversation = Some(conversation);
        self.open_calls.insert(call.to_owned());
    }

    pub(super) fn end_conversation(&mut self, call: &str) {
        let conversation = self.calls.get_mut(call).and_then(|known| known.conversation.take());
        let Some(conversation) = conversation else { return };
        if !conversation.1.is_empty() {
            self.agents.end_conversation(&conversation.1, call);
        }
        if self.conversations.get(&conversation).is_some_and(|known| known == call) {
            self.conversations.remove(&conversation);
        }
    }

    /// Returns true if a call that arrived `seconds` before the line has no earlier line, because
    /// the log begins later.
    pub(super) fn began_before_log(
        &self,
        line: &QueueLogLine<'_>,
        call: &str,
        seconds: f64,
    ) -> bool {
        !self.calls.contains_key(call)
            && self.log_start.is_some_and(|start| line.earlier(seconds).time < start)
    }
}

impl EventRepetitions {
    /// Returns how many events with this key and queue there were in the same second before, and
    /// counts this one.
    pub(super) fn count(&mut self, second: i64, key: &str, queue: &str) -> usize {
        if self.second != second {
            self.second = second;
            self.events_of_second.clear();
        }
        let same = |event: &&(String, String)| event.0 == key && event.1 == queue;
        let repetitions = self.events_of_second.iter().filter(same).count();
        self.events_of_second.push((key.to_owned(), queue.to_owned()));
        repetitions
    }
}
