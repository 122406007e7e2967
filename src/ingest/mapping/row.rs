//! One row under a mapping: its values and times worked out, conditions judged, templates filled.
//!
//! A value that cannot be worked out is kept as an error and told only where it is used: garbage in a cell that no
//! event of the row needs harms nobody.

use crate::domain::time::timestamp::{HOUR, Timestamp, truncate_for_message};
use crate::ingest::mapping::{
    DefinitionRule, GroupAggregate, Mapping, MappingName, NumberComparison, RowCondition,
    TemplatePart, TextTemplate, TimeRule, TimeSource, ValueRule, ValueSource,
};
use csv::StringRecord;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::{Span, ToSpan, Zoned};
use std::borrow::Cow;

/// How far back a time may lie before it is taken for one of the next day.
const NEXT_DAY_AFTER_MS: i64 = 12 * HOUR;

/// Rows of one group; a row without `group_by` is a group of its own.
pub(super) type GroupRows = Vec<(u64, StringRecord)>;

/// What a name stands for in a row.
#[derive(Clone, Debug)]
pub(super) enum DefinedValue<'r> {
    Missing,
    Text(Cow<'r, str>),
    Time(Zoned),
}

/// A row with everything that is defined for it.
pub(super) struct MappedRow<'r> {
    mapping: &'r Mapping,
    /// Where the mapping's columns stand in the file.
    column_positions: &'r [usize],
    record: &'r StringRecord,
    rows: &'r GroupRows,
    values: Vec<Result<DefinedValue<'r>, String>>,
}

impl<'r> MappedRow<'r> {
    /// Works out row `index` of a group.
    pub(super) fn new(
        mapping: &'r Mapping,
        bound: &'r [usize],
        rows: &'r GroupRows,
        index: usize,
    ) -> MappedRow<'r> {
        let slots = Vec::with_capacity(mapping.definitions.len());
        let mut row = MappedRow {
            mapping,
            column_positions: bound,
            record: &rows[index].1,
            rows,
            values: slots,
        };
        for definition in &mapping.definitions {
            let slot = match &definition.rule {
                DefinitionRule::Value(rule) => row.evaluate_value(rule),
                DefinitionRule::Time(rule) => row.evaluate_time(rule),
            };
            row.values.push(slot.map_err(|reason| format!("`{}`: {reason}", definition.name)));
        }
        row
    }

    fn cell(&self, record: &'r StringRecord, column: usize) -> &'r str {
        record.get(self.column_positions[column]).unwrap_or("").trim()
    }

    fn is_missing(&self, text: &str) -> bool {
        self.mapping.missing.iter().any(|missing| missing == text)
    }

    fn evaluate_value(&self, rule: &'r ValueRule) -> Result<DefinedValue<'r>, String> {
        let present = |text: &str| {
            !self.is_missing(text) && !rule.missing.iter().any(|missing| missing == text)
        };
        let text = match &rule.source {
            ValueSource::Column(column, take) => self.aggregate_column(*column, *take, &present)?,
            ValueSource::Text(template) => self.fill_template(template)?.map(Cow::Owned),
            ValueSource::Time(time, format) => match self.values[*time].clone()? {
                DefinedValue::Time(time) => Some(Cow::Owned(
                    jiff::fmt::strtime::format(format, &time).map_err(|error| error.to_string())?,
                )),
                _ => None,
            },
            ValueSource::YesWhen(condition) => {
                Some(Cow::Borrowed(if self.condition_holds(condition)? { "yes" } else { "no" }))
            }
        };
        let Some(mut text) = text else {
            return Ok(rule
                .if_missing
                .as_deref()
                .map_or(DefinedValue::Missing, |text| DefinedValue::Text(Cow::Borrowed(text))));
        };
        if let Some((from, to)) = rule.slice {
            text = Cow::Owned(text.chars().skip(from).take(to - from).collect());
        }
        match rule.map.get(text.as_ref()).or(rule.otherwise.as_ref()) {
            Some(word) => Ok(DefinedValue::Text(Cow::Borrowed(word))),
            None => Ok(DefinedValue::Text(text)),
        }
    }

    fn aggregate_column(
        &self,
        column: usize,
        take: GroupAggregate,
        present: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Cow<'r, str>>, String> {
        let of = |record| Some(self.cell(record, column)).filter(|text| present(text));
        let all = || self.rows.iter().filter_map(|(_, record)| of(record));
        Ok(match take {
            GroupAggregate::Row => of(self.record).map(Cow::Borrowed),
            GroupAggregate::First => {
                self.rows.first().and_then(|(_, record)| of(record)).map(Cow::Borrowed)
            }
            GroupAggregate::Last => {
                self.rows.last().and_then(|(_, record)| of(record)).map(Cow::Borrowed)
            }
            GroupAggregate::Count => Some(Cow::Owned(all().count().to_string())),
            GroupAggregate::Max | GroupAggregate::Min => {
                let mut best: Option<(f64, &str)> = None;
                for text in all() {
                    let number = parse_number(text)?;
                    if best.is_none_or(|(known, _)| {
                        if take == GroupAggregate::Max { number > known } else { number < known }
                    }) {
                        best = Some((number, text));
                    }
                }
                best.map(|(_, text)| Cow::Borrowed(text))
            }
        })
    }

    fn evaluate_time(&self, rule: &TimeRule) -> Result<DefinedValue<'r>, String> {
        if let Some(time) = self.evaluate_own_time(rule)? {
            return Ok(DefinedValue::Time(time));
        }
        for other in &rule.alternatives {
            if let DefinedValue::Time(time) = self.values[*other].clone()? {
                return Ok(DefinedValue::Time(time));
            }
        }
        Ok(DefinedValue::Missing)
    }

    fn evaluate_own_time(&self, rule: &TimeRule) -> Result<Option<Zoned>, String> {
        if let Some(condition) = &rule.when
            && !self.condition_holds(condition)?
        {
            return Ok(None);
        }
        let time = match rule.source {
            TimeSource::Time(time) => match self.values[time].clone()? {
                DefinedValue::Time(time) => Some(time),
                _ => None,
            },
            TimeSource::Column { column, date } => {
                let (text, date) =
                    (self.cell(self.record, column), date.map(|date| self.cell(self.record, date)));
                if self.is_missing(text) || date.is_some_and(|date| self.is_missing(date)) {
                    return Ok(None);
                }
                let text =
                    date.map_or(Cow::Borrowed(text), |date| Cow::Owned(format!("{date} {text}")));
                Some(self.parse_time(
                    &text,
                    if rule.formats.is_empty() { &self.mapping.formats } else { &rule.formats },
                )?)
            }
        };
        let Some(mut time) = time else { return Ok(None) };
        if let Some((name, unit)) = rule.plus {
            // A duration that is not known makes a time that is not known.
            let Some(text) = self.text_value(name)? else { return Ok(None) };
            let millis = parse_number(&text)? * unit as f64;
            // The cast holds huge numbers at the ends of i64; such a span or time is refused below.
            let span = Span::new().try_milliseconds(millis.round() as i64);
            time = span.and_then(|span| time.checked_add(span)).map_err(|_| {
                format!("`{}` is too long a time to add", truncate_for_message(&text))
            })?;
        }
        if let Some(before) = self.previous_step_time(rule.after)?
            && before.timestamp().as_millisecond() - time.timestamp().as_millisecond()
                > NEXT_DAY_AFTER_MS
        {
            time = time.checked_add(1.day()).map_err(|error| error.to_string())?;
        }
        Ok(Some(time))
    }

    /// The time a step comes after; where it is missing, the one that step comes after, and so on.
    fn previous_step_time(&self, mut after: Option<usize>) -> Result<Option<&Zoned>, String> {
        // Each step was defined before the one that names it, so this ends.
        while let Some(place) = after {
            if let DefinedValue::Time(time) = self.values[place].as_ref().map_err(Clone::clone)? {
                return Ok(Some(time));
            }
            after = match &self.mapping.definitions[place].rule {
                DefinitionRule::Time(rule) => rule.after,
                DefinitionRule::Value(_) => None,
            };
        }
        Ok(None)
    }

    fn parse_time(&self, text: &str, formats: &[String]) -> Result<Zoned, String> {
        for format in formats {
            let Ok(parts) = BrokenDownTime::parse(format, text) else { continue };
            let read = match (parts.timestamp(), parts.offset()) {
                (Some(time), _) => Ok(time.to_zoned(self.mapping.zone.clone())),
                (None, Some(_)) => {
                    parts.to_timestamp().map(|time| time.to_zoned(self.mapping.zone.clone()))
                }
                // An hour that summer time skips or repeats is taken as iCalendar does: the later, and the first.
                (None, None) => {
                    parts.to_datetime().and_then(|time| self.mapping.zone.to_zoned(time))
                }
            };
            if let Ok(time) = read {
                return Ok(time);
            }
        }
        Err(format!(
            "`{}` is not a time in the format `{}`",
            truncate_for_message(text),
            formats.join("` or `")
        ))
    }

    /// The text a name stands for; `None` if it is missing.
    pub(super) fn text_value(&self, name: MappingName) -> Result<Option<Cow<'r, str>>, String> {
        match name {
            MappingName::Column(column) => Ok(Some(self.cell(self.record, column))
                .filter(|text| !self.is_missing(text))
                .map(Cow::Borrowed)),
            MappingName::Defined(place) => Ok(match self.values[place].clone()? {
                DefinedValue::Missing => None,
                DefinedValue::Text(text) => Some(text),
                DefinedValue::Time(time) => Some(Cow::Owned(to_timestamp(&time)?.to_string())),
            }),
        }
    }

    /// As [`Row::text`], but a missing cell is what stands in it, so that conditions may name a marker such as `?`.
    pub(super) fn raw_text(&self, name: MappingName) -> Result<Cow<'r, str>, String> {
        match name {
            MappingName::Column(column) => Ok(Cow::Borrowed(self.cell(self.record, column))),
            MappingName::Defined(_) => Ok(self.text_value(name)?.unwrap_or_default()),
        }
    }

    /// The time of an event.
    pub(super) fn event_time(&self, place: usize) -> Result<Timestamp, String> {
        match self.values[place].as_ref().map_err(Clone::clone)? {
            DefinedValue::Time(time) => to_timestamp(time),
            _ => Err(format!(
                "the time `{}` is missing; give it an `or`, or limit the event with `when`",
                self.mapping.definitions[place].name
            )),
        }
    }

    /// A filled template; `None` if one of its names is missing.
    pub(super) fn fill_template(&self, template: &TextTemplate) -> Result<Option<String>, String> {
        let mut filled = String::new();
        for part in &template.0 {
            match part {
                TemplatePart::Literal(text) => filled.push_str(text),
                TemplatePart::Name(name) => match self.text_value(*name)? {
                    Some(text) => filled.push_str(&text),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(filled))
    }

    pub(super) fn condition_holds(&self, condition: &RowCondition) -> Result<bool, String> {
        Ok(match condition {
            RowCondition::All(tests) => {
                for test in tests {
                    if !self.condition_holds(test)? {
                        return Ok(false);
                    }
                }
                true
            }
            RowCondition::Any(tests) => {
                for test in tests {
                    if self.condition_holds(test)? {
                        return Ok(true);
                    }
                }
                false
            }
            RowCondition::Not(test) => !self.condition_holds(test)?,
            RowCondition::In(name, words) => {
                let text = self.raw_text(*name)?;
                words.iter().any(|word| *word == text)
            }
            RowCondition::Present(name) => self.text_value(*name)?.is_some(),
            RowCondition::Compare(name, comparison, limit) => match self.text_value(*name)? {
                None => false,
                Some(text) => {
                    let number = parse_number(&text)?;
                    match comparison {
                        NumberComparison::Above => number > *limit,
                        NumberComparison::AtLeast => number >= *limit,
                        NumberComparison::Below => number < *limit,
                        NumberComparison::AtMost => number <= *limit,
                    }
                }
            },
        })
    }
}

fn to_timestamp(time: &Zoned) -> Result<Timestamp, String> {
    let time = Timestamp(time.timestamp().as_millisecond());
    time.check_range().ok_or_else(|| format!("`{time}` lies outside the years 1900 to 2199"))
}

/// A finite number.
pub(super) fn parse_number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("`{}` is not a number", truncate_for_message(text)))
}
