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
    /// Seconds since 1970 of the newest line.
    second: i64,
    /// Verb and queue of the lines of that second, to tell repeated ones apart.
    lines_of_second: Vec<(String, String)>,
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
        let tracked = self.track_call(call);
        tracked.queue = conversation.0.clone();
        tracked.conversation = Some(conversation);
        self.open_calls.insert(call.to_owned());
    }

    pub(super) fn end_conversation(&mut self, call: &str) {
        let conversation = self.calls.get_mut(call).and_then(|known| known.conversation.take());
        if let Some(conversation) = conversation
            && self.conversations.get(&conversation).is_some_and(|known| known == call)
        {
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

impl TrackedCall {
    /// Returns how many events of this type and queue the call had in the same second before, and
    /// counts this one.
    pub(super) fn count_repetitions(&mut self, second: i64, kind: &str, queue: &str) -> usize {
        if self.second != second {
            self.second = second;
            self.lines_of_second.clear();
        }
        let same = |line: &&(String, String)| line.0 == kind && line.1 == queue;
        let repetitions = self.lines_of_second.iter().filter(same).count();
        self.lines_of_second.push((kind.to_owned(), queue.to_owned()));
        repetitions
    }
}
