//! Events of calls: from NDJSON, from short lines, and back.

use serde_json::{Map, Value, json};

/// Beginning of all histories written as short lines, in milliseconds since 1970
/// (2026-03-02T10:00:00+08:00).
pub(crate) const BEGIN: i64 = 1_772_416_800_000;

const SECOND: i64 = 1_000;

/// Type of an event, in alphabetical order: the first tie-break of equal times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum CallEventKind {
    Abandoned,
    Answered,
    CalledBack,
    Ended,
    Offered,
    Overflowed,
    Transferred,
}

const KIND_NAMES: [(CallEventKind, &str); 7] = [
    (CallEventKind::Abandoned, "abandoned"),
    (CallEventKind::Answered, "answered"),
    (CallEventKind::CalledBack, "called_back"),
    (CallEventKind::Ended, "ended"),
    (CallEventKind::Offered, "offered"),
    (CallEventKind::Overflowed, "overflowed"),
    (CallEventKind::Transferred, "transferred"),
];

impl CallEventKind {
    /// Returns the kind named `call.NAME`; `None` for other events.
    fn from_type(name: &str) -> Option<CallEventKind> {
        let name = name.strip_prefix("call.")?;
        KIND_NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// True for an offer, an answer and an exit.
    pub(crate) fn may_begin_leg(self) -> bool {
        use CallEventKind::{Abandoned, Answered, Offered, Overflowed};
        [Offered, Answered, Abandoned, Overflowed].contains(&self)
    }

    /// Returns the name after `call.`.
    fn name(self) -> &'static str {
        KIND_NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// Fields of an event that say something about contacts and legs.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct CallData {
    pub(crate) queue: Option<String>,
    pub(crate) center: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) leg: Option<String>,
    pub(crate) reason: Option<String>,
    /// `wait_seconds` in milliseconds.
    pub(crate) wait: Option<i64>,
    pub(crate) reached: Option<bool>,
}

/// Event of a call.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct CallEvent {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) kind: CallEventKind,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    pub(crate) sequence: u32,
    pub(crate) data: CallData,
    /// Last tie-break of equal times. Set by whoever derives the contacts: the engine orders ids
    /// by their hashes, the reference program by their texts.
    pub(crate) tie: u64,
    /// The event as CloudEvents JSON.
    pub(crate) json: String,
}

impl CallEvent {
    /// Returns an event of the source `/acd`.
    pub(crate) fn new(
        subject: &str,
        id: &str,
        kind: CallEventKind,
        time: i64,
        sequence: u32,
        data: CallData,
    ) -> CallEvent {
        let mut fields = Map::new();
        for (name, value) in [
            ("queue", &data.queue),
            ("center", &data.center),
            ("agent", &data.agent),
            ("leg", &data.leg),
            ("reason", &data.reason),
        ] {
            if let Some(text) = value {
                fields.insert(name.to_owned(), text.clone().into());
            }
        }
        if let Some(wait) = data.wait {
            fields.insert("wait_seconds".to_owned(), (wait / SECOND).into());
        }
        if let Some(reached) = data.reached {
            fields.insert("reached".to_owned(), reached.into());
        }
        let time_text = jiff::Timestamp::from_millisecond(time).expect("a time").to_string();
        let mut event = json!({
            "specversion": "1.0",
            "id": id,
            "source": "/acd",
            "type": format!("call.{}", kind.name()),
            "time": time_text,
            "subject": subject,
            "data": fields,
        });
        if sequence != 0 {
            event["sequence"] = sequence.to_string().into();
        }
        CallEvent {
            subject: subject.to_owned(),
            id: id.to_owned(),
            kind,
            time,
            sequence,
            data,
            tie: text_rank(id),
            json: event.to_string(),
        }
    }

    /// Reads a line of NDJSON. All events must be events of calls.
    pub(crate) fn from_json(line: &str) -> CallEvent {
        let event: Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |name: &str| event[name].as_str().expect("a text");
        let data_text = |name: &str| event["data"][name].as_str().map(str::to_owned);
        let seconds = event["data"]["wait_seconds"].as_f64();
        let time: jiff::Timestamp = text("time").parse().expect("a time");
        CallEvent {
            subject: text("subject").to_owned(),
            id: text("id").to_owned(),
            kind: CallEventKind::from_type(text("type")).expect("an event of a call"),
            time: time.as_millisecond(),
            sequence: event["sequence"].as_str().map_or(0, |text| text.parse().expect("a number")),
            data: CallData {
                queue: data_text("queue"),
                center: data_text("center"),
                agent: data_text("agent"),
                leg: data_text("leg"),
                reason: data_text("reason"),
                wait: seconds.map(|seconds| (seconds * SECOND as f64).round() as i64),
                reached: event["data"]["reached"].as_bool(),
            },
            tie: text_rank(text("id")),
            json: line.to_owned(),
        }
    }
}

/// Returns a number that orders texts of up to eight bytes like the texts themselves.
fn text_rank(text: &str) -> u64 {
    let mut bytes = [0; 8];
    assert!(text.len() <= bytes.len(), "the id {text} is too long");
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    u64::from_be_bytes(bytes)
}

/// Reads NDJSON.
pub(crate) fn events_from_ndjson(text: &str) -> Vec<CallEvent> {
    text.lines().filter(|line| !line.trim().is_empty()).map(CallEvent::from_json).collect()
}

/// Reads the events of the contact `c` from lines such as `60 overflowed reason=timeout`. The
/// number counts seconds from [`BEGIN`].
pub(crate) fn events_from_lines(text: &str) -> Vec<CallEvent> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .enumerate()
        .map(|(number, line)| {
            let mut words = line.split_whitespace();
            let time: i64 = words.next().and_then(|word| word.parse().ok()).expect("seconds");
            let name = words.next().expect("an event type");
            let kind = CallEventKind::from_type(&format!("call.{name}")).expect("an event type");
            let (mut data, mut sequence) = (CallData::default(), 0);
            for (field, value) in words.map(|word| word.split_once('=').expect("a field")) {
                let text = Some(value.to_owned());
                match field {
                    "queue" => data.queue = text,
                    "center" => data.center = text,
                    "agent" => data.agent = text,
                    "leg" => data.leg = text,
                    "reason" => data.reason = text,
                    "wait_seconds" => {
                        data.wait = Some(value.parse::<i64>().expect("seconds") * SECOND);
                    }
                    "reached" => data.reached = Some(value == "true"),
                    "sequence" => sequence = value.parse().expect("a number"),
                    _ => panic!("no such field: {field}"),
                }
            }
            let id = (number + 1).to_string();
            CallEvent::new("c", &id, kind, BEGIN + time * SECOND, sequence, data)
        })
        .collect()
}
