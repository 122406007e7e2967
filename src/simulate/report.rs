//! Reports: what a part of the simulation says happened, as events in the form of the contract.
//!
//! Every text written here is one of our own plain words, so nothing needs escaping. The ids carry the run (seed and
//! start), because a service that is fed by two runs must not take the second one's events for repeats of the first's.

use std::collections::VecDeque;
use std::io::Write;

use super::center::Center;
use super::customer::Customer;
use super::day;
use crate::domain::time::Timestamp;

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
    about: About,
    data: Vec<(&'static str, Value)>,
}

/// What all events of a case say in their data.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) center: &'static str,
    pub(super) region: &'static str,
    pub(super) queue: Option<&'static str>,
    pub(super) channel: Option<&'static str>,
    pub(super) product: Option<&'static str>,
    pub(super) topic: Option<&'static str>,
    pub(super) customer: Option<Customer>,
}

/// A value in an event's own data.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Word(&'static str),
    Flag(bool),
    Number(i64),
    /// Milliseconds, written as seconds.
    Seconds(i64),
    Time(Timestamp),
    /// A name made of a word and a number.
    Named(&'static str, u64),
    /// An agent of the center at the first place, by its own number.
    Agent(u64, u64),
}

impl About {
    /// About nothing but `center`.
    pub(super) fn new(center: &Center) -> About {
        About { center: center.city, region: center.region, queue: None, channel: None, product: None, topic: None, customer: None }
    }
}

/// Events of one source that nobody has taken yet.
pub(super) struct Reports {
    system: &'static str,
    run: u32,
    made: u64,
    ready: VecDeque<SimulatedEvent>,
}

impl Reports {
    /// The reports of the `system` (as in the source `/system/city`) in the given run.
    pub(super) fn new(system: &'static str, run: u32) -> Reports {
        Reports { system, run, made: 0, ready: VecDeque::new() }
    }

    /// Says that `kind` (family and what happened) befell the case `subject`.
    pub(super) fn say(
        &mut self,
        time: Timestamp,
        kind: (&'static str, &'static str),
        subject: (&'static str, u64),
        about: About,
        data: &[(&'static str, Value)],
    ) {
        self.made += 1;
        let (run, number, system, data) = (self.run, self.made, self.system, data.to_vec());
        self.ready.push_back(SimulatedEvent { time, run, number, system, kind, subject, about, data });
    }

    /// Takes the earliest event.
    pub(super) fn take(&mut self) -> Option<SimulatedEvent> {
        self.ready.pop_front()
    }
}

impl SimulatedEvent {
    /// Appends the event as one CloudEvents JSON object on one line, without a line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let (family, what) = self.kind;
        let (case, number) = self.subject;
        let center = self.about.center;
        write_text(
            out,
            format_args!(r#"{{"specversion":"1.0","id":"{:08x}-{}","source":"/{}/{center}""#, self.run, self.number, self.system),
        );
        write_text(out, format_args!(r#","type":"{family}.{what}","time":""#));
        write_time(out, self.time);
        write_text(out, format_args!(r#"","subject":"{case}-{:08x}-{number}","data":{{"center":"{center}""#, self.run));
        self.write_about(out);
        for (name, value) in &self.data {
            write_text(out, format_args!(r#","{name}":"#));
            value.write(out);
        }
        out.extend_from_slice(b"}}");
    }

    fn write_about(&self, out: &mut Vec<u8>) {
        let About { center: _, region, queue, channel, product, topic, customer } = self.about;
        let tier = customer.map(Customer::tier);
        let words =
            [("queue", queue), ("region", Some(region)), ("channel", channel), ("tier", tier), ("product", product), ("topic", topic)];
        for (name, word) in words {
            if let Some(word) = word {
                write_text(out, format_args!(r#","{name}":"{word}""#));
            }
        }
        if let Some((prefix, digits)) = customer.map(Customer::phone) {
            write_text(out, format_args!(r#","customer":"{prefix}{digits:08}""#));
        }
    }
}

impl Value {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Value::Word(word) => write_text(out, format_args!(r#""{word}""#)),
            Value::Flag(flag) => write_text(out, format_args!("{flag}")),
            Value::Number(number) => write_text(out, format_args!("{number}")),
            Value::Seconds(millis) => write_text(out, format_args!("{}.{:03}", millis / 1_000, millis % 1_000)),
            Value::Time(time) => {
                out.push(b'"');
                write_time(out, time);
                out.push(b'"');
            }
            Value::Named(word, number) => write_text(out, format_args!(r#""{word}{number}""#)),
            Value::Agent(center, number) => write_text(out, format_args!(r#""a{:02}{number:04}""#, center + 1)),
        }
    }
}

/// Wall time with milliseconds and the offset.
fn write_time(out: &mut Vec<u8>, time: Timestamp) {
    let at = day::local(time);
    let (date, millis) = (at.date(), time.0.rem_euclid(1_000));
    write_text(out, format_args!("{date}T{:02}:{:02}:{:02}.{millis:03}+08:00", at.hour(), at.minute(), at.second()));
}

fn write_text(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector does not fail.
    let _ = out.write_fmt(text);
}
