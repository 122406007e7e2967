//! Lines about agents: memberships, pauses, rings and after-call work.

use super::agents::AgentTracker;
use super::line::QueueLogLine;
use super::{LineOutcome, QueueLogReader, number_field, text_field};
use crate::domain::events::event::AgentState;
use crate::ingest::decode::raw_event::RawEvent;

/// Sequence number of a state within its line, after the end of after-call work at the same time.
const STATE_SEQUENCE: u32 = 1;

impl QueueLogReader {
    /// Reads a line about the memberships or pauses of an agent.
    pub(super) fn read_agent_line(
        &mut self,
        line: &QueueLogLine<'_>,
    ) -> Result<LineOutcome, String> {
        let agent = line.agent.ok_or_else(|| format!("{} names no agent", line.verb))?;
        let agents = &mut self.agents;
        match line.verb {
            "ADDMEMBER" => {
                agents.add_member(agent, line.queue, line.data.first() == Some(&"PAUSED"));
            }
            "REMOVEMEMBER" => agents.remove_member(agent, line.queue, line.time),
            "AGENTLOGIN" | "AGENTCALLBACKLOGIN" => agents.set_logged_in(agent, true),
            "AGENTLOGOFF" | "AGENTCALLBACKLOGOFF" => agents.set_logged_in(agent, false),
            // Asterisk also writes PAUSE for each queue, but not every program does.
            "PAUSEALL" | "UNPAUSEALL" => agents.set_paused(agent, None, line.verb == "PAUSEALL"),
            _ => agents.set_paused(agent, line.queue, line.verb == "PAUSE"),
        }
        Ok(LineOutcome::Emitted(0))
    }

    /// Reads the start of after-call work, as XiVO writes it.
    pub(super) fn read_wrapup(&mut self, line: &QueueLogLine<'_>) -> Result<LineOutcome, String> {
        let agent = line.agent.ok_or_else(|| format!("{} names no agent", line.verb))?;
        let seconds = line.parse_seconds(0, "wrapup time")?;
        if let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) {
            confirm_member(&mut self.agents, line, None);
            self.agents.start_wrapup(agent, line.earlier(-seconds).time);
        }
        Ok(LineOutcome::Emitted(0))
    }

    /// Reads a ring that the agent did not answer.
    pub(super) fn read_missed_ring(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let call = line.call_id()?;
        let seconds = parse_ring_seconds(line);
        let fields = number_field("wait_seconds", seconds);
        self.emit_call_event(line, call, "call.ring_missed", fields, emit);
        Ok(LineOutcome::Emitted(1))
    }

    /// Records what a line about a call or an attempt shows about its agent.
    pub(super) fn record_agent_of_call(&mut self, line: &QueueLogLine<'_>) {
        let seconds_before = match line.verb {
            "CONNECT" => line.parse_seconds(2, "ringtime").ok().flatten(),
            "RINGNOANSWER" | "RINGCANCELED" => parse_ring_seconds(line),
            "COMPLETEAGENT" | "COMPLETECALLER" | "BLINDTRANSFER" | "TRANSFER"
            | "ATTENDEDTRANSFER" | "AGENTDUMP" => None,
            _ => return,
        };
        confirm_member(&mut self.agents, line, seconds_before);
    }

    /// Emits the ends of after-call work before the line.
    pub(super) fn end_wrapups(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) {
        while let Some(end) = self.agents.end_next_wrapup(line.time) {
            let line = QueueLogLine {
                time: end,
                call: "NONE",
                queue: None,
                agent: None,
                verb: "WRAPUPEND",
                data: Vec::new(),
                sequence: line.sequence,
            };
            self.report_agents(&line, 0, emit);
        }
    }

    /// Emits the changed states of the agents that a line is about. Returns their number.
    pub(super) fn report_changed_agents(
        &mut self,
        line: &QueueLogLine<'_>,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> usize {
        self.report_agents(line, STATE_SEQUENCE, emit)
    }

    fn report_agents(
        &mut self,
        line: &QueueLogLine<'_>,
        nth: u32,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> usize {
        let mut emitted = 0;
        for agent in self.agents.take_touched() {
            let Some(state) = self.agents.report_state(&agent) else { continue };
            let mut fields = vec![text_field("state", state.name())];
            let reason = line.data.first().filter(|reason| !reason.is_empty());
            if let ("PAUSE" | "PAUSEALL", AgentState::Pause, Some(reason)) =
                (line.verb, state, reason)
            {
                fields.push(text_field("reason", reason));
            }
            let of_agent = QueueLogLine { agent: Some(&agent), ..line.clone() };
            self.emit_event(&of_agent, &agent, "agent.changed", nth, fields, emit);
            emitted += 1;
        }
        emitted
    }
}

/// Returns how long an agent's phone rang. Asterisk writes milliseconds in these lines.
fn parse_ring_seconds(line: &QueueLogLine<'_>) -> Option<f64> {
    line.parse_seconds(0, "ringtime").ok().flatten().map(|millis| millis / 1_000.0)
}

fn confirm_member(agents: &mut AgentTracker, line: &QueueLogLine<'_>, seconds_before: Option<f64>) {
    if let (Some(agent), Some(queue)) = (line.agent, line.queue) {
        let began = seconds_before.map(|seconds| line.earlier(seconds).time);
        agents.confirm_member(agent, queue, began);
    }
}
