//! Reader for Asterisk's `queue_log`. Each line has the form
//! `unixtime|callid|queue|agent|VERB|data...`.
//!
//! A call may enter several queues, or one queue several times. Each stay in a queue is its own
//! case: `callid`, `callid/2`, `callid/3` and so on, counted by ENTERQUEUE lines.
//!
//! Event ids are built from the content of a line and the stay number. The same log therefore
//! always produces the same events, also if one [`QueueLogReader`] reads it in growing pieces.
//!
//! The seconds in a call id are the time of channel creation, before any voice menu. The arrival
//! time is therefore the time of the ENTERQUEUE line.
//!
//! If the beginning of a call is missing from the log, its events start with its first line.

use crate::domain::time::timestamp::{SECOND, Timestamp, truncate_for_message};
use crate::ingest::decode::raw_event::{RawEvent, Scalar};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Maximum number of calls whose stays are tracked. Beyond it the oldest call is dropped. If that
/// call enters another queue later, its stays are counted from 1 again.
const CALLS_TRACKED_MAX: usize = 100_000;

/// Verbs that end a stay in a queue.
const END_VERBS: [&str; 11] = [
    "COMPLETEAGENT",
    "COMPLETECALLER",
    "ABANDON",
    "EXITWITHTIMEOUT",
    "EXITEMPTY",
    "EXITWITHKEY",
    "WITHDRAW",
    "SYSCOMPAT",
    "BLINDTRANSFER",
    "ATTENDEDTRANSFER",
    "TRANSFER",
];

/// Result of reading a valid line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineOutcome {
    /// The line produced this many events.
    Emitted(usize),
    /// The line produced no event, for this reason.
    LeftOut(&'static str),
}

/// Turns the lines of a `queue_log` into events.
#[derive(Debug)]
pub struct QueueLogReader {
    source: String,
    calls: BTreeMap<String, CallStays>,
    /// Call ids of `calls`, oldest first.
    call_order: VecDeque<String>,
    /// Stays without an end so far. Beyond [`CALLS_TRACKED_MAX`] the smallest name is dropped.
    open_stays: BTreeSet<String>,
}

/// Stays of one call so far.
#[derive(Default, Debug)]
struct CallStays {
    /// Number of queues the call has entered.
    entered_count: u32,
    /// Newest stay in each queue. A line about the first queue may be written after the call
    /// entered the second one.
    newest_by_queue: BTreeMap<String, u32>,
}

/// A line split into its fields. The data fields are not parsed yet.
struct QueueLogLine<'l> {
    time: Timestamp,
    sequence: u32,
    call: &'l str,
    queue: Option<&'l str>,
    agent: Option<&'l str>,
    verb: &'l str,
    data: Vec<&'l str>,
}

type LineFields<'l> = Vec<(Cow<'l, str>, Scalar<'l>)>;

impl Default for QueueLogReader {
    fn default() -> Self {
        QueueLogReader::new("/asterisk")
    }
}

impl QueueLogReader {
    /// Returns a reader for the beginning of a log. Each Asterisk server needs its own `source`,
    /// because call ids are unique only within one server.
    #[must_use]
    pub fn new(source: impl Into<String>) -> QueueLogReader {
        QueueLogReader {
            source: source.into(),
            calls: BTreeMap::new(),
            call_order: VecDeque::new(),
            open_stays: BTreeSet::new(),
        }
    }

    /// Reads the next line and passes its events to `emit`. `line_number` orders the events of one
    /// second. It must continue over all pieces of a log.
    ///
    /// # Errors
    /// Returns the reason if the line cannot be parsed. No event was emitted then.
    pub fn read_line(
        &mut self,
        line_number: u64,
        line: &str,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(LineOutcome::LeftOut("empty line"));
        }
        let line = QueueLogLine::parse(line_number, line)?;
        if END_VERBS.contains(&line.verb)
            && let Ok(subject) = self.case_subject(&line)
        {
            let subject = subject.into_owned();
            self.open_stays.remove(&subject);
        }
        match line.verb {
            "ENTERQUEUE" => {
                let caller = line.data.get(1).copied().filter(|caller| is_caller_known(caller));
                let fields =
                    caller.map(|caller| text_field("customer", caller)).into_iter().collect();
                self.enter_queue(&line)?;
                let subject = self.case_subject(&line)?.into_owned();
                self.open_stays.insert(subject);
                if self.open_stays.len() > CALLS_TRACKED_MAX {
                    self.open_stays.pop_first();
                }
                self.emit_call_event(&line, "call.offered", fields, emit)
            }
            "CONNECT" => {
                let wait = line.parse_seconds(0, "holdtime")?;
                self.emit_call_event(
                    &line,
                    "call.answered",
                    number_field("wait_seconds", wait),
                    emit,
                )
            }
            "COMPLETEAGENT" | "COMPLETECALLER" => {
                let talk = line.parse_seconds(1, "calltime")?;
                self.emit_call_event(&line, "call.ended", number_field("talk_seconds", talk), emit)
            }
            "ABANDON" => {
                let wait = line.parse_seconds(2, "waittime")?;
                self.emit_call_event(
                    &line,
                    "call.abandoned",
                    number_field("wait_seconds", wait),
                    emit,
                )
            }
            "EXITWITHTIMEOUT" => self.emit_overflowed(&line, "timeout", 2, emit),
            "EXITEMPTY" => self.emit_overflowed(&line, "empty", 2, emit),
            "EXITWITHKEY" => self.emit_overflowed(&line, "key", 3, emit),
            "WITHDRAW" => self.emit_overflowed(&line, "withdrawn", 2, emit),
            // SYSCOMPAT carries no wait time.
            "SYSCOMPAT" => self.emit_overflowed(&line, "incompatible", usize::MAX, emit),
            "BLINDTRANSFER" => self.emit_transferred(&line, 0, emit),
            "TRANSFER" => self.emit_transferred(&line, 0, emit),
            "ATTENDEDTRANSFER" => self.emit_transferred(&line, 1, emit),
            "ADDMEMBER" if line.data.first() == Some(&"PAUSED") => {
                self.emit_agent_changed(&line, "pause", emit)
            }
            "ADDMEMBER" | "UNPAUSE" | "AGENTLOGIN" | "AGENTCALLBACKLOGIN" => {
                self.emit_agent_changed(&line, "ready", emit)
            }
            "PAUSE" => self.emit_agent_changed(&line, "pause", emit),
            "REMOVEMEMBER" | "AGENTLOGOFF" | "AGENTCALLBACKLOGOFF" => {
                self.emit_agent_changed(&line, "offline", emit)
            }
            "QUEUESTART" => Ok(self.lose_open_calls(&line, emit)),
            verb => Ok(LineOutcome::LeftOut(left_out_reason(verb))),
        }
    }

    /// Reports all open calls as lost. Asterisk restarted and logs no end for them.
    fn lose_open_calls(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> LineOutcome {
        let lost = std::mem::take(&mut self.open_stays);
        for subject in &lost {
            self.emit_event(line, Cow::Borrowed(subject), "call.lost", 0, LineFields::new(), emit);
        }
        if lost.is_empty() {
            LineOutcome::LeftOut(left_out_reason(line.verb))
        } else {
            LineOutcome::Emitted(lost.len())
        }
    }

    /// Starts another stay of a call.
    fn enter_queue(&mut self, line: &QueueLogLine<'_>) -> Result<(), String> {
        let call = line.call_id()?;
        if !self.calls.contains_key(call) {
            self.calls.insert(call.to_owned(), CallStays::default());
            self.call_order.push_back(call.to_owned());
            if self.call_order.len() > CALLS_TRACKED_MAX
                && let Some(oldest) = self.call_order.pop_front()
            {
                self.calls.remove(&oldest);
            }
        }
        if let Some(stays) = self.calls.get_mut(call) {
            stays.entered_count += 1;
            stays
                .newest_by_queue
                .insert(line.queue.unwrap_or_default().to_owned(), stays.entered_count);
        }
        Ok(())
    }

    /// Returns the case of a line: the call's newest stay in the line's queue, otherwise its newest
    /// stay.
    fn case_subject<'l>(&self, line: &QueueLogLine<'l>) -> Result<Cow<'l, str>, String> {
        let call = line.call_id()?;
        let stays = self.calls.get(call);
        let stay = stays.map_or(1, |stays| {
            stays
                .newest_by_queue
                .get(line.queue.unwrap_or_default())
                .copied()
                .unwrap_or(stays.entered_count)
        });
        Ok(if stay <= 1 { Cow::Borrowed(call) } else { Cow::Owned(format!("{call}/{stay}")) })
    }

    fn emit_call_event<'l>(
        &self,
        line: &QueueLogLine<'l>,
        kind: &str,
        fields: LineFields<'l>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        self.emit_event(line, self.case_subject(line)?, kind, 0, fields, emit);
        Ok(LineOutcome::Emitted(1))
    }

    fn emit_overflowed(
        &self,
        line: &QueueLogLine<'_>,
        reason: &str,
        wait: usize,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let mut fields = number_field("wait_seconds", line.parse_seconds(wait, "waittime")?);
        fields.push(text_field("reason", reason));
        self.emit_event(line, self.case_subject(line)?, "call.overflowed", 0, fields, emit);
        Ok(LineOutcome::Emitted(1))
    }

    /// Emits the transfer and the end of the stay. The agent's part of the call is over.
    fn emit_transferred(
        &self,
        line: &QueueLogLine<'_>,
        to: usize,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let (subject, talk) = (self.case_subject(line)?, line.parse_seconds(3, "calltime")?);
        let to = line.data.get(to).filter(|to| !to.is_empty()).map(|to| text_field("to", to));
        self.emit_event(
            line,
            subject.clone(),
            "call.transferred",
            0,
            to.into_iter().collect(),
            emit,
        );
        self.emit_event(line, subject, "call.ended", 1, number_field("talk_seconds", talk), emit);
        Ok(LineOutcome::Emitted(2))
    }

    fn emit_agent_changed(
        &self,
        line: &QueueLogLine<'_>,
        state: &str,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let agent = line.agent.ok_or_else(|| format!("{} names no agent", line.verb))?;
        let mut fields = vec![text_field("state", state)];
        if let (true, Some(reason)) =
            (line.verb == "PAUSE", line.data.first().filter(|reason| !reason.is_empty()))
        {
            fields.push(text_field("reason", reason));
        }
        self.emit_event(line, Cow::Borrowed(agent), "agent.changed", 0, fields, emit);
        Ok(LineOutcome::Emitted(1))
    }

    fn emit_event<'l>(
        &self,
        line: &QueueLogLine<'l>,
        subject: Cow<'l, str>,
        kind: &str,
        nth: u32,
        mut data: LineFields<'l>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) {
        data.extend(line.queue.map(|queue| text_field("queue", queue)));
        data.extend(line.agent.map(|agent| text_field("agent", agent)));
        // Lines of one agent in the same second differ only by queue.
        let (queue, seconds) = (line.queue.unwrap_or("NONE"), line.time.0.div_euclid(SECOND));
        emit(RawEvent {
            id: Cow::Owned(format!("{subject}/{queue}/{}/{seconds}/{nth}", line.verb)),
            source: Cow::Borrowed(&self.source),
            kind: Cow::Borrowed(kind),
            time: line.time,
            subject,
            sequence: line.sequence.saturating_add(nth),
            data,
        });
    }
}

impl<'l> QueueLogLine<'l> {
    fn parse(line_number: u64, line: &'l str) -> Result<QueueLogLine<'l>, String> {
        let mut fields = line.split('|');
        let mut next = || fields.next().map(str::trim);
        let (Some(time), Some(call), Some(queue), Some(agent), Some(verb)) =
            (next(), next(), next(), next(), next())
        else {
            return Err(format!(
                "`{}` is not `unixtime|callid|queue|agent|VERB|...`",
                truncate_for_message(line)
            ));
        };
        if verb.is_empty() {
            return Err("the verb is missing".to_owned());
        }
        let named = |name: &'l str| (!matches!(name, "" | "NONE")).then_some(name);
        Ok(QueueLogLine {
            time: parse_time(time)?,
            // Two sequence numbers per line, because a transfer emits two events.
            sequence: u32::try_from(line_number.saturating_mul(2)).unwrap_or(u32::MAX),
            call,
            queue: named(queue),
            agent: named(agent),
            verb,
            data: fields.map(str::trim).collect(),
        })
    }

    fn call_id(&self) -> Result<&'l str, String> {
        match self.call {
            "" | "NONE" => Err(format!("{} names no call", self.verb)),
            call => Ok(call),
        }
    }

    /// Returns a field of whole seconds. Old versions of Asterisk leave some fields out.
    fn parse_seconds(&self, index: usize, name: &str) -> Result<Option<f64>, String> {
        match self.data.get(index) {
            None | Some(&"") => Ok(None),
            Some(field) => match field.parse::<u32>() {
                Ok(seconds) => Ok(Some(f64::from(seconds))),
                Err(_) => Err(format!(
                    "{}: the {name} `{}` is not a number of seconds",
                    self.verb,
                    truncate_for_message(field)
                )),
            },
        }
    }
}

/// Parses whole seconds since 1970. The realtime engine writes a fraction, which is cut to
/// milliseconds.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let millis = match fraction {
        "" => Some(0),
        fraction if digits(fraction) => format!("{fraction:0<3}")[..3].parse::<i64>().ok(),
        _ => None,
    };
    let seconds =
        Some(seconds).filter(|text| digits(text)).and_then(|text| text.parse::<i64>().ok());
    let time = seconds
        .zip(millis)
        .and_then(|(seconds, millis)| seconds.checked_mul(SECOND)?.checked_add(millis));
    time.and_then(|time| Timestamp(time).check_range()).ok_or_else(|| {
        format!("`{}` is not a time in seconds since 1970", truncate_for_message(text))
    })
}

fn left_out_reason(verb: &str) -> &'static str {
    match verb {
        "RINGNOANSWER" => "RINGNOANSWER: an attempt at one agent",
        "RINGCANCELED" => "RINGCANCELED: an attempt at one agent",
        "AGENTDUMP" => "AGENTDUMP: the agent hung up during the announcement, the caller waits on",
        "PAUSEALL" => "PAUSEALL: also logged as one PAUSE per queue",
        "UNPAUSEALL" => "UNPAUSEALL: also logged as one UNPAUSE per queue",
        "QUEUESTART" => "QUEUESTART: Asterisk started and no call was open",
        "CONFIGRELOAD" => "CONFIGRELOAD: not about a call",
        "PENALTY" | "MEMBERPENALTY" => "PENALTY: not about a call",
        "DID" | "INFO" => "DID, INFO: not counted by firstline",
        _ => "verb not supported by firstline",
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
mod tests {
    use super::*;

    fn read_log(log: &mut QueueLogReader, lines: &str) -> Vec<String> {
        let mut output = Vec::new();
        for (index, line) in lines.lines().enumerate() {
            let outcome = log.read_line(index as u64 + 1, line, &mut |event| {
                let data: Vec<String> = event
                    .data
                    .iter()
                    .map(|(name, value)| match value {
                        Scalar::Text(text) => format!("{name}={text}"),
                        Scalar::Number(number) => format!("{name}={number}"),
                        Scalar::Bool(value) => format!("{name}={value}"),
                    })
                    .collect();
                output.push(format!(
                    "{} {} {} {}",
                    event.kind,
                    event.subject,
                    event.time.0 / SECOND,
                    data.join(" ")
                ));
            });
            match outcome {
                Ok(LineOutcome::Emitted(_)) => {}
                Ok(LineOutcome::LeftOut(reason)) => output.push(format!("- {reason}")),
                Err(reason) => output.push(format!("! {reason}")),
            }
        }
        output
    }

    #[test]
    fn each_queue_stay_is_its_own_case() {
        let output = read_log(
            &mut QueueLogReader::default(),
            "10|7.1|sales|NONE|ENTERQUEUE||555|1\n\
             12|7.1|sales|a1|CONNECT|2|8.1|1\n\
             30|7.1|sales|a1|BLINDTRANSFER|600|ctx|2|18|1\n\
             30|7.1|repair|NONE|ENTERQUEUE||anonymous|1\n\
             31|7.1|sales|a1|COMPLETEAGENT|2|18|1\n\
             50|7.1|repair|NONE|EXITWITHKEY|2|1|1|20\n\
             60|7.1|sales|NONE|ENTERQUEUE||555|1\n\
             61|7.1|sales|NONE|ABANDON|1|1|1",
        );
        assert_eq!(
            output,
            [
                "call.offered 7.1 10 customer=555 queue=sales",
                "call.answered 7.1 12 wait_seconds=2 queue=sales agent=a1",
                "call.transferred 7.1 30 to=600 queue=sales agent=a1",
                "call.ended 7.1 30 talk_seconds=18 queue=sales agent=a1",
                "call.offered 7.1/2 30 queue=repair",
                "call.ended 7.1 31 talk_seconds=18 queue=sales agent=a1",
                "call.overflowed 7.1/2 50 wait_seconds=20 reason=key queue=repair",
                "call.offered 7.1/3 60 customer=555 queue=sales",
                "call.abandoned 7.1/3 61 wait_seconds=1 queue=sales",
            ]
        );
    }

    #[test]
    fn reports_agent_states_and_leaves_out_other_verbs() {
        let output = read_log(
            &mut QueueLogReader::default(),
            "10|NONE|sales|a1|ADDMEMBER|\n\
             11|NONE|sales|a1|PAUSE|lunch\n\
             11|NONE|NONE|a1|PAUSEALL|lunch\n\
             12|NONE|NONE|a1|AGENTLOGOFF|SIP/1|9\n\
             13|NONE|NONE|NONE|QUEUESTART|\n\
             14|7.1|sales|a1|RINGNOANSWER|1000\n\
             15|x|y|z|NEWVERB\n\n\
             16|7.9|sales|NONE|SYSCOMPAT",
        );
        assert_eq!(
            output,
            [
                "agent.changed a1 10 state=ready queue=sales agent=a1",
                "agent.changed a1 11 state=pause reason=lunch queue=sales agent=a1",
                "- PAUSEALL: also logged as one PAUSE per queue",
                "agent.changed a1 12 state=offline agent=a1",
                "- QUEUESTART: Asterisk started and no call was open",
                "- RINGNOANSWER: an attempt at one agent",
                "- verb not supported by firstline",
                "- empty line",
                "call.overflowed 7.9 16 reason=incompatible queue=sales",
            ]
        );
    }

    #[test]
    fn rejects_malformed_lines_with_reason() {
        for line in [
            "x",
            "1|2|3|4",
            "1|2|3|4|",
            "1.2.3|c|q|a|CONNECT|1",
            "2014-01-01 10:00:00|c|q|a|CONNECT|1",
            "1|c|q|a|CONNECT|soon",
            "1|NONE|q|a|CONNECT|1",
            "-5|c|q|a|CONNECT|1",
            "99999999999999999999|c|q|a|CONNECT|1",
            "1.é|c|q|a|CONNECT|1",
            "1|NONE|q|NONE|PAUSE|",
        ] {
            let output = read_log(&mut QueueLogReader::default(), line);
            assert!(output.len() == 1 && output[0].starts_with("! "), "{line}: {output:?}");
        }
    }

    #[test]
    fn remembered_calls_are_bounded() {
        let mut log = QueueLogReader::default();
        for call in 0..CALLS_TRACKED_MAX + 10 {
            log.read_line(1, &format!("10|{call}|q|NONE|ENTERQUEUE||"), &mut |_| {}).unwrap();
        }
        assert_eq!((log.calls.len(), log.call_order.len()), (CALLS_TRACKED_MAX, CALLS_TRACKED_MAX));
    }

    #[test]
    fn restart_marks_open_calls_lost_once() {
        let output = read_log(
            &mut QueueLogReader::default(),
            "10|1.1|sales|NONE|ENTERQUEUE||139|1\n\
             11|1.2|sales|NONE|ENTERQUEUE||138|2\n\
             12|1.1|sales|a1|CONNECT|2|9|1\n\
             13|1.3|sales|NONE|ENTERQUEUE||137|2\n\
             14|1.3|sales|NONE|ABANDON|1|1|1\n\
             20|NONE|NONE|NONE|QUEUESTART|\n\
             21|NONE|NONE|NONE|QUEUESTART|",
        );
        let after: Vec<&str> = output[5..].iter().map(|line| line.trim_end()).collect();
        assert_eq!(
            after,
            [
                "call.lost 1.1 20",
                "call.lost 1.2 20",
                "- QUEUESTART: Asterisk started and no call was open"
            ]
        );
    }
}
