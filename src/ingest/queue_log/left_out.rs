//! Lines that produce no event of a tracked call: refused callers, and verbs that are left out.

use super::line::QueueLogLine;
use super::settings::CustomVerb;
use super::{LineFields, LineOutcome, QueueLogReader, number_field};
use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::decode::raw_event::{RawEvent, Scalar};

/// Maximum number of unsupported verbs that are named. The lines of further ones are counted
/// together.
pub(super) const UNSUPPORTED_VERBS_MAX: usize = 20;

impl QueueLogReader {
    /// Reads a line about a caller whom the queue did not take.
    pub(super) fn read_refusal(
        &mut self,
        line: &QueueLogLine<'_>,
        custom: &CustomVerb,
        emit: &mut dyn FnMut(RawEvent<'_>),
    ) -> Result<LineOutcome, String> {
        let call = line.call_id()?;
        self.track_call(call).queue = line.queue_name();
        self.emit_event(line, call, "call.offered", 0, LineFields::new(), emit);
        let mut fields = number_field("wait_seconds", Some(0.0));
        let reason = custom.reason.clone();
        fields.extend(reason.map(|reason| ("reason".into(), Scalar::Text(reason.into()))));
        // The arrival has the id of the line.
        let exit = QueueLogLine { verb: "EXIT", ..line.clone() };
        self.emit_call_event(&exit, call, custom.exit_type, fields, emit);
        Ok(LineOutcome::Emitted(2))
    }

    /// Returns why a line with this verb produces no event.
    pub(super) fn leave_out(&mut self, verb: &str) -> LineOutcome {
        LineOutcome::left_out(match verb {
            "RINGCANCELED" => "RINGCANCELED: a ring that was ended for the agent",
            "RINGINUSE" => "RINGINUSE: a setting of a member",
            "AGENTDUMP" => {
                "AGENTDUMP: the agent hung up during the announcement, the caller waits on"
            }
            "CONFIGRELOAD" => "CONFIGRELOAD: not about a call",
            "PENALTY" | "MEMBERPENALTY" => "PENALTY: a setting of a member",
            "DID" | "INFO" => "DID, INFO: not counted by firstline",
            verb if self.unsupported_verbs.contains(verb)
                || self.unsupported_verbs.len() < UNSUPPORTED_VERBS_MAX =>
            {
                let name = truncate_for_message(verb);
                self.unsupported_verbs.insert(verb.to_owned());
                return LineOutcome::LeftOut(format!("{name}: not supported by firstline").into());
            }
            _ => "further verbs: not supported by firstline",
        })
    }
}
