//! Events of the simulation and their JSON form.
//!
//! All texts are constants of this module tree without special characters, so nothing is escaped.
//! Ids contain the run (seed and start). A service that receives two runs thus does not take events
//! of the second for duplicates.

use std::collections::VecDeque;
use std::io::Write;

use super::center::SimulatedCenter;
use super::customer::SimulatedCustomer;
use super::day;
use crate::domain::time::timestamp::Timestamp;

/// One event of a simulated organization.
#[derive(Clone)]
pub struct SimulatedEvent {
    /// Time of the event.
    pub time: Timestamp,
    run: u32,
    number: u64,
    system: &'static str,
    kind: (&'static str, &'static str),
    subject: (&'static str, u64),
    case: SimulatedCase,
    data: Vec<(&'static str, SimulatedValue)>,
}

/// Data that all events of a case have in common.
#[derive(Clone, Copy)]
pub(super) struct SimulatedCase {
    pub(super) center: &'static str,
    pub(super) region: &'static str,
    pub(super) queue: Option<&'static str>,
    pub(super) channel: Option<&'static str>,
    pub(super) product: Option<&'static str>,
    pub(super) topic: Option<&'static str>,
    pub(super) customer: Option<SimulatedCustomer>,
}

/// Value of a field in an event's own data.
#[derive(Clone, Copy)]
pub(super) enum SimulatedValue {
    Text(&'static str),
    Flag(bool),
    Number(i64),
    /// Milliseconds, written as seconds.
    Seconds(i64),
    Time(Timestamp),
    /// Name made of a prefix and a number.
    NumberedName(&'static str, u64),
    /// Agent of a center: index of the center, number of the agent.
    Agent(u64, u64),
}

impl SimulatedCase {
    /// Returns the data of a case with no more than the center.
    pub(super) fn new(center: &SimulatedCenter) -> SimulatedCase {
        SimulatedCase {
            center: center.city,
            region: center.region,
            queue: None,
            channel: None,
            product: None,
            topic: None,
            customer: None,
        }
    }
}

/// Events of one source that have not been taken yet.
pub(super) struct EventReporter {
    system: &'static str,
    run: u32,
    events_made: u64,
    pending: VecDeque<SimulatedEvent>,
}

impl EventReporter {
    /// Returns a reporter for `system`, as in the source `/system/city`.
    pub(super) fn new(system: &'static str, run: u32) -> EventReporter {
        EventReporter { system, run, events_made: 0, pending: VecDeque::new() }
    }

    /// Adds an event of type `kind` (family and verb) about the case `subject`.
    pub(super) fn report_event(
        &mut self,
        time: Timestamp,
        kind: (&'static str, &'static str),
        subject: (&'static str, u64),
        case: SimulatedCase,
        data: &[(&'static str, SimulatedValue)],
    ) {
        self.events_made += 1;
        let (run, number, system, data) = (self.run, self.events_made, self.system, data.to_vec());
        self.pending.push_back(SimulatedEvent {
            time,
            run,
            number,
            system,
            kind,
            subject,
            case,
            data,
        });
    }

    /// Takes the earliest event, or returns `None`.
    pub(super) fn take_event(&mut self) -> Option<SimulatedEvent> {
        self.pending.pop_front()
    }
}

impl SimulatedEvent {
    /// Appends the event as one CloudEvents JSON object on one line, without a line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let (family, verb) = self.kind;
        let (subject, number) = self.subject;
        let center = self.case.center;
        write_text(
            out,
            format_args!(
                r#"{{"specversion":"1.0","id":"{:08x}-{}","source":"/{}/{center}""#,
                self.run, self.number, self.system
            ),
        );
        write_text(out, format_args!(r#","type":"{family}.{verb}","time":""#));
        write_time(out, self.time);
        write_text(
            out,
            format_args!(
                r#"","subject":"{subject}-{:08x}-{number}","data":{{"center":"{center}""#,
                self.run
            ),
        );
        self.write_case_fields(out);
        for (name, value) in &self.data {
            write_text(out, format_args!(r#","{name}":"#));
            value.write_json(out);
        }
        out.extend_from_slice(b"}}");
    }

    fn write_case_fields(&self, out: &mut Vec<u8>) {
        let SimulatedCase { center: _, region, queue, channel, product, topic, customer } =
            self.case;
        let tier = customer.map(SimulatedCustomer::tier);
        let fields = [
            ("queue", queue),
            ("region", Some(region)),
            ("channel", channel),
            ("tier", tier),
            ("product", product),
            ("topic", topic),
        ];
        for (name, text) in fields {
            if let Some(text) = text {
                write_text(out, format_args!(r#","{name}":"{text}""#));
            }
        }
        if let Some((prefix, digits)) = customer.map(SimulatedCustomer::phone_number) {
            write_text(out, format_args!(r#","customer":"{prefix}{digits:08}""#));
        }
    }
}

impl SimulatedValue {
    fn write_json(self, out: &mut Vec<u8>) {
        match self {
            SimulatedValue::Text(text) => write_text(out, format_args!(r#""{text}""#)),
            SimulatedValue::Flag(flag) => write_text(out, format_args!("{flag}")),
            SimulatedValue::Number(number) => write_text(out, format_args!("{number}")),
            SimulatedValue::Seconds(millis) => {
                write_text(out, format_args!("{}.{:03}", millis / 1_000, millis % 1_000));
            }
            SimulatedValue::Time(time) => {
                out.push(b'"');
                write_time(out, time);
                out.push(b'"');
            }
            SimulatedValue::NumberedName(prefix, number) => {
                write_text(out, format_args!(r#""{prefix}{number}""#));
            }
            SimulatedValue::Agent(center, number) => {
                write_text(out, format_args!(r#""a{:02}{number:04}""#, center + 1));
            }
        }
    }
}

/// Writes local time with ms and offset.
fn write_time(out: &mut Vec<u8>, time: Timestamp) {
    let at = day::to_local_time(time);
    let (date, millis) = (at.date(), time.0.rem_euclid(1_000));
    write_text(
        out,
        format_args!(
            "{date}T{:02}:{:02}:{:02}.{millis:03}+08:00",
            at.hour(),
            at.minute(),
            at.second()
        ),
    );
}

fn write_text(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector never fails.
    let _ = out.write_fmt(text);
}
