//! Reports: what a part of the simulation says happened, as events in the form of the contract.
//!
//! Every text written here is one of our own plain words, so nothing needs escaping. The ids carry the run (seed and
//! start), because a service that is fed by two runs must not take the second one's events for repeats of the first's.

use std::collections::VecDeque;
use std::io::Write;

use super::center::SimulatedCenter;
use super::customer::SimulatedCustomer;
use super::day;
use crate::domain::time::timestamp::Timestamp;

/// One event of a simulated organisation.
#[derive(Clone)]
pub struct SimulatedEvent {
    /// When it happens.
    pub time: Timestamp,
    run: u32,
    number: u64,
    system: &'static str,
    kind: (&'static str, &'static str),
    subject: (&'static str, u64),
    case: SimulatedCase,
    data: Vec<(&'static str, SimulatedValue)>,
}

/// What all events of a case say in their data.
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

/// A value in an event's own data.
#[derive(Clone, Copy)]
pub(super) enum SimulatedValue {
    Text(&'static str),
    Flag(bool),
    Number(i64),
    /// Milliseconds, written as seconds.
    Seconds(i64),
    Time(Timestamp),
    /// A name made of a word and a number.
    NumberedName(&'static str, u64),
    /// An agent of the center at the first place, by its own number.
    Agent(u64, u64),
}

impl SimulatedCase {
    /// About nothing but `center`.
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

/// Events of one source that nobody has taken yet.
pub(super) struct EventReporter {
    system: &'static str,
    run: u32,
    events_made: u64,
    pending: VecDeque<SimulatedEvent>,
}

impl EventReporter {
    /// The reports of the `system` (as in the source `/system/city`) in the given run.
    pub(super) fn new(system: &'static str, run: u32) -> EventReporter {
        EventReporter { system, run, events_made: 0, pending: VecDeque::new() }
    }

    /// Says that `kind` (family and what happened) befell the case `subject`.
    pub(super) fn report_event(
        &mut self,
        time: Timestamp,
        kind: (&'static str, &'static str),
        subject: (&'static str, u64),
        about: SimulatedCase,
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
            case: about,
            data,
        });
    }

    /// Takes the earliest event.
    pub(super) fn take_event(&mut self) -> Option<SimulatedEvent> {
        self.pending.pop_front()
    }
}

impl SimulatedEvent {
    /// Appends the event as one CloudEvents JSON object on one line, without a line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let (family, what) = self.kind;
        let (case, number) = self.subject;
        let center = self.case.center;
        write_text(
            out,
            format_args!(
                r#"{{"specversion":"1.0","id":"{:08x}-{}","source":"/{}/{center}""#,
                self.run, self.number, self.system
            ),
        );
        write_text(out, format_args!(r#","type":"{family}.{what}","time":""#));
        write_time(out, self.time);
        write_text(
            out,
            format_args!(
                r#"","subject":"{case}-{:08x}-{number}","data":{{"center":"{center}""#,
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
        let words = [
            ("queue", queue),
            ("region", Some(region)),
            ("channel", channel),
            ("tier", tier),
            ("product", product),
            ("topic", topic),
        ];
        for (name, word) in words {
            if let Some(word) = word {
                write_text(out, format_args!(r#","{name}":"{word}""#));
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
            SimulatedValue::Text(word) => write_text(out, format_args!(r#""{word}""#)),
            SimulatedValue::Flag(flag) => write_text(out, format_args!("{flag}")),
            SimulatedValue::Number(number) => write_text(out, format_args!("{number}")),
            SimulatedValue::Seconds(millis) => {
                write_text(out, format_args!("{}.{:03}", millis / 1_000, millis % 1_000))
            }
            SimulatedValue::Time(time) => {
                out.push(b'"');
                write_time(out, time);
                out.push(b'"');
            }
            SimulatedValue::NumberedName(word, number) => {
                write_text(out, format_args!(r#""{word}{number}""#))
            }
            SimulatedValue::Agent(center, number) => {
                write_text(out, format_args!(r#""a{:02}{number:04}""#, center + 1))
            }
        }
    }
}

/// Wall time with milliseconds and the offset.
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
    // Writing to a vector does not fail.
    let _ = out.write_fmt(text);
}
