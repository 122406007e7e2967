//! A line of a queue log, split into its fields.

use crate::domain::time::timestamp::{SECOND, Timestamp, truncate_for_message};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Number of sequence numbers per line: a line may report an arrival, an answer and an end.
const SEQUENCES_PER_LINE: u64 = 3;

/// A line split into its fields. The data fields are not parsed yet.
#[derive(Clone)]
pub(super) struct QueueLogLine<'l> {
    pub(super) time: Timestamp,
    pub(super) sequence: u32,
    pub(super) call: &'l str,
    pub(super) queue: Option<&'l str>,
    pub(super) agent: Option<&'l str>,
    pub(super) verb: &'l str,
    pub(super) data: Vec<&'l str>,
}

impl<'l> QueueLogLine<'l> {
    /// Parses a line. `zone` is the zone of times without an offset.
    pub(super) fn parse(
        line_number: u64,
        line: &'l str,
        zone: Option<&TimeZone>,
    ) -> Result<QueueLogLine<'l>, String> {
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
            time: parse_time(time, zone)?,
            sequence: u32::try_from(line_number.saturating_mul(SEQUENCES_PER_LINE))
                .unwrap_or(u32::MAX),
            call,
            queue: named(queue),
            agent: named(agent),
            verb,
            data: fields.map(str::trim).collect(),
        })
    }

    /// Returns the name of the queue; empty if the line names none.
    pub(super) fn queue_name(&self) -> String {
        self.queue.unwrap_or_default().to_owned()
    }

    /// Returns the line with a time that is `seconds` earlier.
    pub(super) fn earlier(&self, seconds: f64) -> QueueLogLine<'l> {
        let millis = (seconds * SECOND as f64) as i64;
        QueueLogLine { time: self.time.plus_millis(-millis), ..self.clone() }
    }

    pub(super) fn call_id(&self) -> Result<&'l str, String> {
        match self.call {
            "" | "NONE" => Err(format!("{} names no call", self.verb)),
            call => Ok(call),
        }
    }

    /// Returns a field of whole seconds. Old versions of Asterisk leave some fields out.
    pub(super) fn parse_seconds(&self, index: usize, name: &str) -> Result<Option<f64>, String> {
        match self.data.get(index) {
            None | Some(&"") => Ok(None),
            Some(field) => match field.parse::<u32>() {
                Ok(seconds) => Ok(Some(f64::from(seconds))),
                // The clock was set back. The times of the lines tell the duration.
                Err(_) if field.parse::<i64>().is_ok_and(|seconds| seconds < 0) => Ok(None),
                Err(_) => Err(format!(
                    "{}: the {name} `{}` is not a number of seconds",
                    self.verb,
                    truncate_for_message(field)
                )),
            },
        }
    }
}

/// Parses whole seconds since 1970, or a local time as databases export it. The realtime engine
/// writes a fraction, which is cut to milliseconds.
pub(super) fn parse_time(text: &str, zone: Option<&TimeZone>) -> Result<Timestamp, String> {
    if let Ok(local) = text.parse::<DateTime>() {
        let zone = zone.ok_or_else(|| {
            format!("`{}` is a local time; set `--zone`", truncate_for_message(text))
        })?;
        // The first of two equal times at the end of daylight saving time.
        let time = zone.to_timestamp(local).ok();
        return time
            .and_then(|time| Timestamp(time.as_millisecond()).check_range())
            .ok_or_else(|| format!("`{}` is out of range", truncate_for_message(text)));
    }
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
