//! One row under a mapping: its values and times worked out, conditions judged, templates filled.
//!
//! A value that cannot be worked out is kept as an error and told only where it is used: garbage in a cell that no
//! event of the row needs harms nobody.

use super::{Comparison, Condition, Content, Mapping, Name, Part, Take, Template, TimeFrom, TimeRule, ValueFrom, ValueRule};
use crate::domain::time::{HOUR, Timestamp, shorten};
use csv::StringRecord;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::{Span, ToSpan, Zoned};
use std::borrow::Cow;

/// How far back a time may lie before it is taken for one of the next day.
const ROLL_MS: i64 = 12 * HOUR;

/// Rows of one group; a row without `group_by` is a group of its own.
pub(super) type Rows = Vec<(u64, StringRecord)>;

/// What a name stands for in a row.
#[derive(Clone, Debug)]
pub(super) enum Slot<'r> {
    Missing,
    Text(Cow<'r, str>),
    Time(Zoned),
}

/// A row with everything that is defined for it.
pub(super) struct Row<'r> {
    mapping: &'r Mapping,
    /// Where the mapping's columns stand in the file.
    bound: &'r [usize],
    record: &'r StringRecord,
    rows: &'r Rows,
    slots: Vec<Result<Slot<'r>, String>>,
}

impl<'r> Row<'r> {
    /// Works out row `index` of a group.
    pub(super) fn new(mapping: &'r Mapping, bound: &'r [usize], rows: &'r Rows, index: usize) -> Row<'r> {
        let slots = Vec::with_capacity(mapping.definitions.len());
        let mut row = Row { mapping, bound, record: &rows[index].1, rows, slots };
        for definition in &mapping.definitions {
            let slot = match &definition.content {
                Content::Value(rule) => row.value(rule),
                Content::Time(rule) => row.time(rule),
            };
            row.slots.push(slot.map_err(|reason| format!("`{}`: {reason}", definition.name)));
        }
        row
    }

    fn cell(&self, record: &'r StringRecord, column: usize) -> &'r str {
        record.get(self.bound[column]).unwrap_or("").trim()
    }

    fn is_missing(&self, text: &str) -> bool {
        self.mapping.missing.iter().any(|missing| missing == text)
    }

    fn value(&self, rule: &'r ValueRule) -> Result<Slot<'r>, String> {
        let present = |text: &str| !self.is_missing(text) && !rule.missing.iter().any(|missing| missing == text);
        let text = match &rule.from {
            ValueFrom::Column(column, take) => self.take(*column, *take, &present)?,
            ValueFrom::Text(template) => self.fill(template)?.map(Cow::Owned),
            ValueFrom::Time(time, format) => match self.slots[*time].clone()? {
                Slot::Time(time) => Some(Cow::Owned(jiff::fmt::strtime::format(format, &time).map_err(|error| error.to_string())?)),
                _ => None,
            },
            ValueFrom::YesWhen(condition) => Some(Cow::Borrowed(if self.holds(condition)? { "yes" } else { "no" })),
        };
        let Some(mut text) = text else {
            return Ok(rule.if_missing.as_deref().map_or(Slot::Missing, |text| Slot::Text(Cow::Borrowed(text))));
        };
        if let Some((from, to)) = rule.slice {
            text = Cow::Owned(text.chars().skip(from).take(to - from).collect());
        }
        match rule.map.get(text.as_ref()).or(rule.otherwise.as_ref()) {
            Some(word) => Ok(Slot::Text(Cow::Borrowed(word))),
            None => Ok(Slot::Text(text)),
        }
    }

    fn take(&self, column: usize, take: Take, present: &dyn Fn(&str) -> bool) -> Result<Option<Cow<'r, str>>, String> {
        let of = |record| Some(self.cell(record, column)).filter(|text| present(text));
        let all = || self.rows.iter().filter_map(|(_, record)| of(record));
        Ok(match take {
            Take::Row => of(self.record).map(Cow::Borrowed),
            Take::First => self.rows.first().and_then(|(_, record)| of(record)).map(Cow::Borrowed),
            Take::Last => self.rows.last().and_then(|(_, record)| of(record)).map(Cow::Borrowed),
            Take::Count => Some(Cow::Owned(all().count().to_string())),
            Take::Max | Take::Min => {
                let mut best: Option<(f64, &str)> = None;
                for text in all() {
                    let number = number(text)?;
                    if best.is_none_or(|(known, _)| if take == Take::Max { number > known } else { number < known }) {
                        best = Some((number, text));
                    }
                }
                best.map(|(_, text)| Cow::Borrowed(text))
            }
        })
    }

    fn time(&self, rule: &TimeRule) -> Result<Slot<'r>, String> {
        if let Some(time) = self.own_time(rule)? {
            return Ok(Slot::Time(time));
        }
        for other in &rule.or {
            if let Slot::Time(time) = self.slots[*other].clone()? {
                return Ok(Slot::Time(time));
            }
        }
        Ok(Slot::Missing)
    }

    fn own_time(&self, rule: &TimeRule) -> Result<Option<Zoned>, String> {
        if let Some(condition) = &rule.when
            && !self.holds(condition)?
        {
            return Ok(None);
        }
        let time = match rule.from {
            TimeFrom::Time(time) => match self.slots[time].clone()? {
                Slot::Time(time) => Some(time),
                _ => None,
            },
            TimeFrom::Column { column, date } => {
                let (text, date) = (self.cell(self.record, column), date.map(|date| self.cell(self.record, date)));
                if self.is_missing(text) || date.is_some_and(|date| self.is_missing(date)) {
                    return Ok(None);
                }
                let text = date.map_or(Cow::Borrowed(text), |date| Cow::Owned(format!("{date} {text}")));
                Some(self.read_time(&text, if rule.formats.is_empty() { &self.mapping.formats } else { &rule.formats })?)
            }
        };
        let Some(mut time) = time else { return Ok(None) };
        if let Some((name, unit)) = rule.plus {
            // A duration that is not known makes a time that is not known.
            let Some(text) = self.text(name)? else { return Ok(None) };
            let millis = number(&text)? * unit as f64;
            // The cast holds huge numbers at the ends of i64; such a span or time is refused below.
            let span = Span::new().try_milliseconds(millis.round() as i64);
            time = span.and_then(|span| time.checked_add(span)).map_err(|_| format!("`{}` is too long a time to add", shorten(&text)))?;
        }
        if let Some(before) = self.latest(rule.after)?
            && before.timestamp().as_millisecond() - time.timestamp().as_millisecond() > ROLL_MS
        {
            time = time.checked_add(1.day()).map_err(|error| error.to_string())?;
        }
        Ok(Some(time))
    }

    /// The time a step comes after; where it is missing, the one that step comes after, and so on.
    fn latest(&self, mut after: Option<usize>) -> Result<Option<&Zoned>, String> {
        // Each step was defined before the one that names it, so this ends.
        while let Some(place) = after {
            if let Slot::Time(time) = self.slots[place].as_ref().map_err(Clone::clone)? {
                return Ok(Some(time));
            }
            after = match &self.mapping.definitions[place].content {
                Content::Time(rule) => rule.after,
                Content::Value(_) => None,
            };
        }
        Ok(None)
    }

    fn read_time(&self, text: &str, formats: &[String]) -> Result<Zoned, String> {
        for format in formats {
            let Ok(parts) = BrokenDownTime::parse(format, text) else { continue };
            let read = match (parts.timestamp(), parts.offset()) {
                (Some(time), _) => Ok(time.to_zoned(self.mapping.zone.clone())),
                (None, Some(_)) => parts.to_timestamp().map(|time| time.to_zoned(self.mapping.zone.clone())),
                // An hour that summer time skips or repeats is taken as iCalendar does: the later, and the first.
                (None, None) => parts.to_datetime().and_then(|time| self.mapping.zone.to_zoned(time)),
            };
            if let Ok(time) = read {
                return Ok(time);
            }
        }
        Err(format!("`{}` is not a time in the format `{}`", shorten(text), formats.join("` or `")))
    }

    /// The text a name stands for; `None` if it is missing.
    pub(super) fn text(&self, name: Name) -> Result<Option<Cow<'r, str>>, String> {
        match name {
            Name::Column(column) => Ok(Some(self.cell(self.record, column)).filter(|text| !self.is_missing(text)).map(Cow::Borrowed)),
            Name::Defined(place) => Ok(match self.slots[place].clone()? {
                Slot::Missing => None,
                Slot::Text(text) => Some(text),
                Slot::Time(time) => Some(Cow::Owned(timestamp(&time)?.to_string())),
            }),
        }
    }

    /// As [`Row::text`], but a missing cell is what stands in it, so that conditions may name a marker such as `?`.
    pub(super) fn written(&self, name: Name) -> Result<Cow<'r, str>, String> {
        match name {
            Name::Column(column) => Ok(Cow::Borrowed(self.cell(self.record, column))),
            Name::Defined(_) => Ok(self.text(name)?.unwrap_or_default()),
        }
    }

    /// The time of an event.
    pub(super) fn at(&self, place: usize) -> Result<Timestamp, String> {
        match self.slots[place].as_ref().map_err(Clone::clone)? {
            Slot::Time(time) => timestamp(time),
            _ => Err(format!(
                "the time `{}` is missing; give it an `or`, or limit the event with `when`",
                self.mapping.definitions[place].name
            )),
        }
    }

    /// A filled template; `None` if one of its names is missing.
    pub(super) fn fill(&self, template: &Template) -> Result<Option<String>, String> {
        let mut filled = String::new();
        for part in &template.0 {
            match part {
                Part::Literal(text) => filled.push_str(text),
                Part::Name(name) => match self.text(*name)? {
                    Some(text) => filled.push_str(&text),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(filled))
    }

    pub(super) fn holds(&self, condition: &Condition) -> Result<bool, String> {
        Ok(match condition {
            Condition::All(tests) => {
                for test in tests {
                    if !self.holds(test)? {
                        return Ok(false);
                    }
                }
                true
            }
            Condition::Any(tests) => {
                for test in tests {
                    if self.holds(test)? {
                        return Ok(true);
                    }
                }
                false
            }
            Condition::Not(test) => !self.holds(test)?,
            Condition::In(name, words) => {
                let text = self.written(*name)?;
                words.iter().any(|word| *word == text)
            }
            Condition::Present(name) => self.text(*name)?.is_some(),
            Condition::Compare(name, comparison, limit) => match self.text(*name)? {
                None => false,
                Some(text) => {
                    let number = number(&text)?;
                    match comparison {
                        Comparison::Above => number > *limit,
                        Comparison::AtLeast => number >= *limit,
                        Comparison::Below => number < *limit,
                        Comparison::AtMost => number <= *limit,
                    }
                }
            },
        })
    }
}

fn timestamp(time: &Zoned) -> Result<Timestamp, String> {
    let time = Timestamp(time.timestamp().as_millisecond());
    time.checked().ok_or_else(|| format!("`{time}` lies outside the years 1900 to 2199"))
}

/// A finite number.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("`{}` is not a number", shorten(text)))
}
