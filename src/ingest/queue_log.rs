//! Reader for Asterisk's `queue_log`. Each line has the form
//! `unixtime|callid|queue|agent|VERB|data...`.
//!
//! A call may enter several queues, or one queue several times. All its lines have the call id as
//! their subject, so that they form one contact. Each stay in a queue is a leg of it.
//!
//! Event ids are built from the content of a line. The same log therefore always produces the same
//! events, also if one [`QueueLogReader`] reads it in growing pieces.
//!
//! The seconds in a call id are the time of channel creation, before any voice menu. The arrival
//! time is therefore the time of the ENTERQUEUE line.
//!
//! If a call began before the first line of the log, its arrival and answer are reconstructed from
//! the wait and talk times in its first line. A later call without an ENTERQUEUE line, such as an
//! outbound call, has no arrival.
//!
//! Asterisk logs no caller whom a queue did not take. Panels write such callers with verbs of their
//! own, such as FULL. They arrive and leave in that second. [`QueueLogSettings`] has the verbs.
//!
//! Lines also tell the memberships and pauses of agents. The state of an agent is derived from all of
//! them, see `agents.rs`.
//!
//! An agent who consults another queue before an attended transfer enters it with a call of his own.
//! Asterisk writes the transfer under the id of that call. The consultation is then reported as part
//! of the customer's call (`call.merged`), and the transfer under the customer's call id.

mod agent_lines;
mod agents;
mod left_out;
mod line;
mod settings;
mod table_rows;
mod tracked_calls;

pub use self::settings::QueueLogSettings;

use self::agents::AgentTracker;
use self::line::QueueLogLine;
use self::table_rows::TableColumns;
use self::tracked_calls::{CALLS_TRACKED_MAX, TrackedCall};
use crate::domain::time::timestamp::{SECOND, Timestamp};
use crate::ingest::decode::raw_event::{RawEvent, Scalar};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Result of reading a valid line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LineOutcome {
    /// The line produced this many events.
    Emitted(usize),
    /// The line was left out, for this reason. It may still have shown the state of its agent.
    LeftOut(Cow<'static, str>),
}

impl LineOutcome {
    fn left_out(reason: &'static str) -> LineOutcome {
        LineOutcome::LeftOut(Cow::Borrowed(reason))
    }
}

/// Turns the lines of a `queue_log` into events.
#[derive(Debug)]
pub struct QueueLogReader {
    settings: Arc<QueueLogSettings>,
    /// Columns of the newest header row, if the log is an exported table.
    columns: Option<TableColumns>,
    calls: BTreeMap<String, TrackedCall>,
    /// Call ids of `calls`, oldest first.
    call_order: VecDeque<String>,
    /// Calls without an end so far. Beyond [`CALLS_TRACKED_MAX`] the smallest id is dropped.
    open_calls: BTreeSet<String>,
    /// Call in conversation by queue and agent.
    conversations: BTreeMap<(String, String), String>,
    agents: AgentTracker,
    /// Time of the first line of the log; `None` before it.
    log_start: Option<Timestamp>,
    /// Number of lines read so far.
    line_count: u64,
    unsupported_verbs: BTreeSet<String>,
}

/// Returns the time of the first valid line of a text; `None` if it has none.
#[must_use]
pub fn first_line_time(text: &str, settings: &QueueLogSettings) -> Option<Timestamp> {
    let mut columns = None;
    text.lines().find_map(|line| {
        if let Some(header) = TableColumns::parse_header(line) {
            columns = Some(header);
            return None;
        }
        let line = line_of_row(line, columns.as_ref(), settings);
        QueueLogLine::parse(0, &line, settings.zone.as_ref()).ok().map(|line| line.time)
    })
}

/// Returns a row of a table as a line, and any other line as it is.
fn line_of_row<'l>(
    line: &'l str,
    columns: Option<&TableColumns>,
    settings: &QueueLogSettings,
) -> Cow<'l, str> {
    let begins_with_time = || {
        line.split_once('|')
            .is_some_and(|(time, _)| line::parse_time(time, settings.zone.as_ref()).is_ok())
    };
    match columns {
        Some(columns) if !begins_with_time() => columns.row_to_line(line).into(),
        _ => line.into(),
    }
}

type LineFields<'l> = Vec<(Cow<'l, str>, Scalar<'l>)>;

impl Default for QueueLogReader {
    fn default() -> Self {
        QueueLogReader::new(Arc::default())
    }
}

impl QueueLogReader {
    /// Returns a reader for the beginning of a log.
    #[must_use]
    pub fn new(settings: Arc<QueueLogSettings>) -> QueueLogReader {
        QueueLogReader {
            settings,
            columns: None,
            calls: BTreeMap::new(),
            call_order: VecDeque::new(),
            open_calls: BTreeSet::new(),
            conversations: BTreeMap::new(),
            agents: AgentTracker::default(),
            log_start: None,
            line_count: 0,
            unsupported_verbs: BTreeSet::new(),
        }
    }

    /// Reads the next line of the log and passes its events to `emit`. The pieces of a log, such as
    /// rotated files, are read one after the other.
    ///
    /// # Errors
    /// Returns the reason if the line cannot be parsed. No event was emitted then.
    pub fn read_line(
        &mut self,
        line: &str,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(LineOutcome::left_out("empty line"));
        }
        if let Some(columns) = TableColumns::parse_header(line) {
            self.columns = Some(columns);
            return Ok(LineOutcome::left_out("header row"));
        }
        // Numbers order the events of one second.
        self.line_count += 1;
        let settings = self.settings.clone();
        let line = line_of_row(line, self.columns.as_ref(), &settings);
        let mut line = QueueLogLine::parse(self.line_count, &line, settings.zone.as_ref())?;
        line.agent = line.agent.map(|agent| settings.member_name(agent));
        self.log_start.get_or_insert(line.time);
        self.end_wrapups(&line, emit);
        let outcome = self.read_verb(&line, emit)?;
        self.record_agent_of_call(&line);
        let states = self.report_changed_agents(&line, emit);
        Ok(match outcome {
            LineOutcome::Emitted(0) if states == 0 => {
                let reason = format!("{}: the state of the agent stays the same", line.verb);
                LineOutcome::LeftOut(reason.into())
            }
            LineOutcome::Emitted(events) => LineOutcome::Emitted(events + states),
            left_out @ LineOutcome::LeftOut(_) => left_out,
        })
    }

    /// Reads a line by its verb. Changed states of agents are not emitted yet.
    fn read_verb(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        match line.verb {
            "ENTERQUEUE" => self.read_arrival(line, emit),
            "CONNECT" => self.read_answer(line, emit),
            "COMPLETEAGENT" | "COMPLETECALLER" => self.read_end(line, emit),
            "ABANDON" => {
                let wait = line.parse_seconds(2, "waittime")?;
                self.read_exit(line, "call.abandoned", wait, None, emit)
            }
            "EXITWITHTIMEOUT" => self.read_overflow(line, "timeout", 2, emit),
            "EXITEMPTY" => self.read_overflow(line, "empty", 2, emit),
            "EXITWITHKEY" => self.read_overflow(line, "key", 3, emit),
            "WITHDRAW" => self.read_overflow(line, "withdrawn", 2, emit),
            // SYSCOMPAT carries no wait time.
            "SYSCOMPAT" => self.read_overflow(line, "incompatible", usize::MAX, emit),
            "BLINDTRANSFER" | "TRANSFER" => self.read_transfer(line, 0, emit),
            "ATTENDEDTRANSFER" => self.read_transfer(line, 1, emit),
            "ADDMEMBER"
            | "REMOVEMEMBER"
            | "PAUSE"
            | "PAUSEALL"
            | "UNPAUSE"
            | "UNPAUSEALL"
            | "AGENTLOGIN"
            | "AGENTLOGOFF"
            | "AGENTCALLBACKLOGIN"
            | "AGENTCALLBACKLOGOFF" => self.read_agent_line(line),
            "RINGNOANSWER" => self.read_missed_ring(line, emit),
            "WRAPUPSTART" => self.read_wrapup(line),
            "QUEUESTART" => Ok(self.lose_open_calls(line, emit)),
            verb => match self.settings.verbs.get(verb).cloned() {
                Some(custom) => self.read_refusal(line, &custom, emit),
                None => Ok(self.leave_out(verb)),
            },
        }
    }

    fn read_arrival(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let caller = line.data.get(1).copied().filter(|caller| is_caller_known(caller));
        let fields = caller.map(|caller| text_field("customer", caller)).into_iter().collect();
        let call = line.call_id()?;
        self.track_call(call).queue = line.queue_name();
        self.open_calls.insert(call.to_owned());
        if self.open_calls.len() > CALLS_TRACKED_MAX {
            self.open_calls.pop_first();
        }
        self.emit_call_event(line, call, "call.offered", fields, emit);
        Ok(LineOutcome::Emitted(1))
    }

    fn read_answer(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let (call, wait) = (line.call_id()?, line.parse_seconds(0, "holdtime")?);
        let mut emitted = 1;
        if let Some(wait) = wait
            && self.began_before_log(line, call, wait)
        {
            self.emit_reconstructed_arrival(line, call, wait, emit);
            emitted += 1;
        }
        self.start_conversation(line, call);
        let fields = number_field("wait_seconds", wait);
        self.emit_call_event(line, call, "call.answered", fields, emit);
        Ok(LineOutcome::Emitted(emitted))
    }

    fn read_end(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let call = line.call_id()?;
        let (wait, talk) = (line.parse_seconds(0, "holdtime")?, line.parse_seconds(1, "calltime")?);
        let mut emitted = 1;
        match (self.calls.get(call), wait, talk) {
            (Some(known), ..)
                if known.queue != line.queue_name() && known.conversation.is_none() =>
            {
                return Ok(LineOutcome::left_out(
                    "COMPLETE of a stay that was transferred: the call is in another queue",
                ));
            }
            (None, Some(wait), Some(talk)) if self.began_before_log(line, call, wait + talk) => {
                self.emit_reconstructed_arrival(line, call, wait + talk, emit);
                let answered = QueueLogLine { verb: "CONNECT", ..line.earlier(talk) };
                let is_state_known = line.agent.is_some_and(|agent| self.agents.is_reported(agent));
                self.start_conversation(&answered, call);
                let fields = number_field("wait_seconds", Some(wait));
                self.emit_event(&answered, call, "call.answered", 1, fields, emit);
                emitted += 2;
                if !is_state_known {
                    emitted += self.report_changed_agents(&answered, emit);
                }
            }
            _ => {}
        }
        self.end_conversation(call);
        self.open_calls.remove(call);
        let fields = number_field("talk_seconds", talk);
        self.emit_event(line, call, "call.ended", 2, fields, emit);
        Ok(LineOutcome::Emitted(emitted))
    }

    fn read_overflow(
        &mut self,
        line: &QueueLogLine<'_>,
        reason: &str,
        wait: usize,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let wait = line.parse_seconds(wait, "waittime")?;
        self.read_exit(line, "call.overflowed", wait, Some(reason), emit)
    }

    /// Reads a line about a call that left its queue without an answer.
    fn read_exit(
        &mut self,
        line: &QueueLogLine<'_>,
        kind: &str,
        wait: Option<f64>,
        reason: Option<&str>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let call = line.call_id()?;
        let mut emitted = 1;
        if let Some(wait) = wait
            && self.began_before_log(line, call, wait)
        {
            self.emit_reconstructed_arrival(line, call, wait, emit);
            emitted += 1;
        }
        self.open_calls.remove(call);
        let mut fields = number_field("wait_seconds", wait);
        fields.extend(reason.map(|reason| text_field("reason", reason)));
        self.emit_call_event(line, call, kind, fields, emit);
        Ok(LineOutcome::Emitted(emitted))
    }

    /// Reads a transfer. The agent's part of the call is over.
    fn read_transfer(
        &mut self,
        line: &QueueLogLine<'_>,
        to: usize,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let consultation = line.call_id()?;
        // An attended transfer by link names the second channel before the times.
        let talk = if line.data.first() == Some(&"LINK") { 4 } else { 3 };
        let talk = line.parse_seconds(talk, "calltime")?;
        let in_conversation = (line.queue_name(), line.agent.unwrap_or_default().to_owned());
        let customer_call = self
            .conversations
            .get(&in_conversation)
            .filter(|call| *call != consultation && self.is_consultation(line, consultation))
            .cloned();
        let mut emitted = 1;
        if let Some(call) = &customer_call {
            self.open_calls.remove(consultation);
            let part_of = vec![text_field("into", call)];
            self.emit_call_event(line, consultation, "call.merged", part_of, emit);
            emitted += 1;
        }
        let call = customer_call.as_deref().unwrap_or(consultation);
        let to = line.data.get(to).filter(|to| !to.is_empty()).map(|to| text_field("to", to));
        let fields = to.into_iter().chain(number_field("talk_seconds", talk)).collect();
        self.end_conversation(call);
        self.open_calls.remove(call);
        self.emit_call_event(line, call, "call.transferred", fields, emit);
        Ok(LineOutcome::Emitted(emitted))
    }

    /// Returns true if `call` is the agent's own call to another queue, and not the customer's call
    /// in the queue of the line.
    fn is_consultation(&self, line: &QueueLogLine<'_>, call: &str) -> bool {
        line.data.first() == Some(&"APP")
            && self.calls.get(call).is_none_or(|known| {
                known.queue != line.queue_name() && known.conversation.is_none()
            })
    }

    /// Reports all open calls as lost. Asterisk restarted and logs no end for them.
    fn lose_open_calls(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> LineOutcome {
        self.conversations.clear();
        self.agents.restart();
        let lost = std::mem::take(&mut self.open_calls);
        for call in &lost {
            self.emit_event(line, call, "call.lost", 0, LineFields::new(), emit);
        }
        if lost.is_empty() {
            LineOutcome::left_out("QUEUESTART: Asterisk started and no call was open")
        } else {
            LineOutcome::Emitted(lost.len())
        }
    }

    /// Emits the arrival of a call whose ENTERQUEUE line is missing, `seconds` before the line.
    fn emit_reconstructed_arrival(
        &mut self,
        line: &QueueLogLine<'_>,
        call: &str,
        seconds: f64,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) {
        self.track_call(call).queue = line.queue_name();
        let arrival = QueueLogLine { verb: "ENTERQUEUE", agent: None, ..line.earlier(seconds) };
        self.emit_event(&arrival, call, "call.offered", 0, LineFields::new(), emit);
    }

    fn emit_call_event<'l>(
        &mut self,
        line: &QueueLogLine<'l>,
        call: &str,
        kind: &str,
        fields: LineFields<'l>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) {
        self.emit_event(line, call, kind, 1, fields, emit);
    }

    fn emit_event<'l>(
        &mut self,
        line: &QueueLogLine<'l>,
        subject: &str,
        kind: &str,
        nth: u32,
        mut data: LineFields<'l>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) {
        data.extend(line.queue.map(|queue| text_field("queue", queue)));
        data.extend(line.agent.map(|agent| text_field("agent", agent)));
        // Lines of one agent in the same second differ only by queue.
        let (queue, second) = (line.queue.unwrap_or("NONE"), line.time.0.div_euclid(SECOND));
        let mut id = format!("{subject}/{queue}/{}/{second}", line.verb);
        let repetitions = match (self.agents.get_mut(subject), self.calls.get_mut(subject)) {
            (Some(agent), _) if kind.starts_with("agent.") => {
                agent.repetitions.count(second, line.verb, queue)
            }
            (_, Some(call)) => call.repetitions.count(second, kind, queue),
            _ => 0,
        };
        if repetitions > 0 {
            id = format!("{id}/{repetitions}");
        }
        emit(RawEvent {
            id: Cow::Owned(id),
            source: Cow::Borrowed(&self.settings.source),
            kind: Cow::Borrowed(kind),
            time: line.time,
            subject: Cow::Borrowed(subject),
            sequence: line.sequence.saturating_add(nth),
            data,
        });
    }
}

/// Returns true if the caller id identifies the caller.
fn is_caller_known(caller: &str) -> bool {
    !["", "none", "anonymous", "unknown", "<unknown>", "unavailable", "restricted", "private", "s"]
        .iter()
        .any(|placeholder| caller.eq_ignore_ascii_case(placeholder))
}

fn text_field<'l>(name: &'static str, value: &'l str) -> (Cow<'l, str>, Scalar<'l>) {
    (Cow::Borrowed(name), Scalar::Text(Cow::Borrowed(value)))
}

fn number_field<'l>(name: &'static str, value: Option<f64>) -> LineFields<'l> {
    value.map(|value| (Cow::Borrowed(name), Scalar::Number(value))).into_iter().collect()
}

#[cfg(test)]
mod tests;
