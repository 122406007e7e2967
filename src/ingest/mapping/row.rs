//! Evaluation of one row: values, times, conditions and templates.
//!
//! A definition that cannot be evaluated is stored as an error and reported only where it is used.
//! An invalid cell that no event of the row needs therefore does no harm.

use super::row_cells::RowCells;
use super::time_format::{LocalTime, ReadTime, parse_time};
use crate::domain::time::timestamp::{HOUR, SECOND, Timestamp, truncate_for_message};
use crate::ingest::mapping::{
    DefinitionRule, GroupAggregate, Mapping, MappingName, NumberComparison, RowCondition,
    TemplatePart, TextTemplate, TimeRule, TimeSource, ValueRule, ValueSource,
};
use jiff::{Span, ToSpan, Zoned};
use std::borrow::Cow;

/// A time that is earlier than its predecessor by more than this many ms belongs to the next day.
const NEXT_DAY_AFTER_MS: i64 = 12 * HOUR;

/// Rows of one group with their lines. Without `group_by` each row is a group of its own.
pub(super) type GroupRows = Vec<(u64, RowCells)>;

/// Evaluated value or time of a row.
#[derive(Clone, Debug)]
pub(super) enum DefinedValue<'r> {
    Missing,
    Text(Cow<'r, str>),
    Time(ReadTime),
}

/// A row with its evaluated definitions.
pub(super) struct MappedRow<'r> {
    mapping: &'r Mapping,
    cells: &'r RowCells,
    rows: &'r GroupRows,
    values: Vec<Result<DefinedValue<'r>, String>>,
}

impl<'r> MappedRow<'r> {
    /// Evaluates row `index` of a group.
    pub(super) fn new(mapping: &'r Mapping, rows: &'r GroupRows, index: usize) -> MappedRow<'r> {
        let values = Vec::with_capacity(mapping.definitions.len());
        let mut row = MappedRow { mapping, cells: &rows[index].1, rows, values };
        for definition in &mapping.definitions {
            let value = match &definition.rule {
                DefinitionRule::Value(rule) => row.evaluate_value(rule),
                DefinitionRule::Time(rule) => row.evaluate_time(rule),
            };
            row.values.push(value.map_err(|reason| format!("`{}`: {reason}", definition.name)));
        }
        row
    }

    /// Returns the cell of a column, `None` if it is absent or counts as missing.
    fn present_cell(&self, column: usize) -> Option<&'r str> {
        self.cells.get(column).filter(|text| !self.is_missing(text))
    }

    fn is_missing(&self, text: &str) -> bool {
        self.mapping.missing.iter().any(|missing| missing == text)
    }

    fn evaluate_value(&self, rule: &'r ValueRule) -> Result<DefinedValue<'r>, String> {
        let present = |text: &str| {
            !self.is_missing(text) && !rule.missing.iter().any(|missing| missing == text)
        };
        let text = match &rule.source {
            ValueSource::Column(column, aggregate) => {
                self.aggregate_column(*column, *aggregate, &present)?
            }
            ValueSource::Text(template) => self.fill_template(template)?.map(Cow::Owned),
            ValueSource::Time(time, format) => match self.values[*time].clone()? {
                DefinedValue::Time(read) => Some(Cow::Owned(
                    jiff::fmt::strtime::format(format, &read.time)
                        .map_err(|error| error.to_string())?,
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
            Some(mapped) => Ok(DefinedValue::Text(Cow::Borrowed(mapped))),
            None => Ok(DefinedValue::Text(text)),
        }
    }

    fn aggregate_column(
        &self,
        column: usize,
        aggregate: GroupAggregate,
        present: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Cow<'r, str>>, String> {
        let present_cell = |cells: &'r RowCells| cells.get(column).filter(|text| present(text));
        let all = || self.rows.iter().filter_map(|(_, cells)| present_cell(cells));
        Ok(match aggregate {
            GroupAggregate::Row => present_cell(self.cells).map(Cow::Borrowed),
            GroupAggregate::First => {
                self.rows.first().and_then(|(_, cells)| present_cell(cells)).map(Cow::Borrowed)
            }
            GroupAggregate::Last => {
                self.rows.last().and_then(|(_, cells)| present_cell(cells)).map(Cow::Borrowed)
            }
            GroupAggregate::Count => Some(Cow::Owned(all().count().to_string())),
            GroupAggregate::Max | GroupAggregate::Min => {
                let mut best: Option<(f64, &str)> = None;
                for text in all() {
                    let number = self.mapping.decimal.parse_number(text)?;
                    if best.is_none_or(|(best_number, _)| {
                        if aggregate == GroupAggregate::Max {
                            number > best_number
                        } else {
                            number < best_number
                        }
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
        for alternative in &rule.alternatives {
            if let DefinedValue::Time(time) = self.values[*alternative].clone()? {
                return Ok(DefinedValue::Time(time));
            }
        }
        Ok(DefinedValue::Missing)
    }

    fn evaluate_own_time(&self, rule: &TimeRule) -> Result<Option<ReadTime>, String> {
        if let Some(condition) = &rule.when
            && !self.condition_holds(condition)?
        {
            return Ok(None);
        }
        let read = match rule.source {
            TimeSource::Time(time) => match self.values[time].clone()? {
                DefinedValue::Time(time) => Some(time),
                _ => None,
            },
            TimeSource::Column { column, date } => {
                let text = self.present_cell(column).map(Cow::Borrowed);
                let text = match date {
                    None => text,
                    Some(date) => self
                        .present_cell(date)
                        .zip(text)
                        .map(|(date, text)| Cow::Owned(format!("{date} {text}"))),
                };
                let Some(text) = text else { return Ok(None) };
                let Mapping { formats, zone, decimal, .. } = self.mapping;
                let formats = if rule.formats.is_empty() { formats } else { &rule.formats };
                Some(parse_time(&text, formats, zone, *decimal)?)
            }
        };
        let Some(ReadTime { mut time, local }) = read else { return Ok(None) };
        if let Some((name, unit)) = rule.plus {
            // A missing duration makes the time missing.
            let Some(text) = self.text_value(name)? else { return Ok(None) };
            let millis = match self.mapping.decimal.parse_clock_duration(&text) {
                Some(seconds) => seconds * SECOND as f64,
                None => self.mapping.decimal.parse_number(&text)? * unit as f64,
            };
            // The cast saturates for huge numbers. Such a span or sum is rejected below.
            let span = Span::new().try_milliseconds(millis.round() as i64);
            time = span.and_then(|span| time.checked_add(span)).map_err(|_| {
                format!("`{}` is too long to be added", truncate_for_message(&text))
            })?;
        }
        if let Some(previous) = self.previous_step_time(rule.after)?
            && previous.timestamp().as_millisecond() - time.timestamp().as_millisecond()
                > NEXT_DAY_AFTER_MS
        {
            time = time.checked_add(1.day()).map_err(|error| error.to_string())?;
        }
        Ok(Some(ReadTime { time, local }))
    }

    /// Returns the time of the step `after`. If it is missing, returns the time before that, and so
    /// on.
    fn previous_step_time(&self, mut after: Option<usize>) -> Result<Option<&Zoned>, String> {
        // The chain ends, because each step was defined before the steps that name it.
        while let Some(index) = after {
            if let DefinedValue::Time(time) = self.values[index].as_ref().map_err(Clone::clone)? {
                return Ok(Some(&time.time));
            }
            after = match &self.mapping.definitions[index].rule {
                DefinitionRule::Time(rule) => rule.after,
                DefinitionRule::Value(_) => None,
            };
        }
        Ok(None)
    }

    /// Returns the text of a name, or `None` if it is missing.
    pub(super) fn text_value(&self, name: MappingName) -> Result<Option<Cow<'r, str>>, String> {
        match name {
            MappingName::Column(column) => Ok(self.present_cell(column).map(Cow::Borrowed)),
            MappingName::Defined(index) => Ok(match self.values[index].clone()? {
                DefinedValue::Missing => None,
                DefinedValue::Text(text) => Some(text),
                DefinedValue::Time(time) => Some(Cow::Owned(to_timestamp(&time.time)?.to_string())),
            }),
        }
    }

    /// Same as [`MappedRow::text_value`], but returns the cell's text if it is missing. Conditions
    /// can thus test for a marker such as `?`.
    pub(super) fn raw_text(&self, name: MappingName) -> Result<Cow<'r, str>, String> {
        match name {
            MappingName::Column(column) => {
                Ok(Cow::Borrowed(self.cells.get(column).unwrap_or_default()))
            }
            MappingName::Defined(_) => Ok(self.text_value(name)?.unwrap_or_default()),
        }
    }

    /// Returns the time of an event, and how often it occurs as a local time.
    pub(super) fn event_time(&self, index: usize) -> Result<(Timestamp, LocalTime), String> {
        match self.values[index].as_ref().map_err(Clone::clone)? {
            DefinedValue::Time(read) => Ok((to_timestamp(&read.time)?, read.local)),
            _ => Err(format!(
                "the time `{}` is missing; give it an `or`, or limit the event with `when`",
                self.mapping.definitions[index].name
            )),
        }
    }

    /// Returns the filled template, or `None` if one of its names is missing.
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
            RowCondition::In(name, values) => {
                let text = self.raw_text(*name)?;
                values.iter().any(|value| *value == text)
            }
            RowCondition::Present(name) => self.text_value(*name)?.is_some(),
            RowCondition::Compare(name, comparison, limit) => match self.text_value(*name)? {
                None => false,
                Some(text) => {
                    let number = self.mapping.decimal.parse_number(&text)?;
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
    time.check_range().ok_or_else(|| format!("`{time}` is outside the years 1900 to 2199"))
}
