//! Applies a mapping to a file: rows, groups, events. Every row says events, is left out with a reason, or is rejected
//! with its line and a reason; a row is rejected as a whole.

use super::csv_rows::{CsvRow, CsvRowReader};
use super::row::{GroupRows, MappedRow, parse_number};
use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::decode::raw_event::{RawEvent, Scalar};
use crate::ingest::mapping::{
    ColumnChange, EventRule, MappedField, MappedFieldKind, Mapping, RowSelection, ValueSet,
};
use csv::{ByteRecord, StringRecord};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// What a file held.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RowCounts {
    /// Rows, without the header.
    pub rows: u64,
    /// Rows that were not UTF-8: what could not be read became `U+FFFD`.
    pub not_utf8: u64,
}

/// Where a file's rows go.
struct MappingOutput<'o> {
    emit: &'o mut dyn FnMut(u64, RawEvent<'_>),
    reject: &'o mut dyn FnMut(u64, String),
    left_out: &'o mut dyn FnMut(&str),
}

impl Mapping {
    /// Reads a file: `emit` gets the events with their lines, `reject` the lines that could not be read with the reason,
    /// `left_out` the reason of every row that says nothing on purpose (of a group that says nothing, once).
    ///
    /// # Errors
    /// The file cannot be read, or lacks a column of the mapping.
    pub fn read_rows(
        &self,
        input: impl Read,
        emit: &mut dyn FnMut(u64, RawEvent<'_>),
        reject: &mut dyn FnMut(u64, String),
        left_out: &mut dyn FnMut(&str),
    ) -> io::Result<RowCounts> {
        let mut output = MappingOutput { emit, reject, left_out };
        let mut scan = CsvRowReader::new(input, self.delimiter, self.quote)?;
        let mut counts = RowCounts::default();
        let header = match &self.header {
            Some(columns) => columns.clone(),
            None => match scan.next_row()? {
                None => return Ok(counts),
                Some(CsvRow { line, record: row }) => read_header(line, row)?,
            },
        };
        let bound = self.column_positions(&header)?;
        let mut groups: Vec<GroupRows> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(CsvRow { line, record: row }) = scan.next_row()? {
            counts.rows += 1;
            let bytes = match row {
                Ok(bytes) => bytes,
                Err(reason) => {
                    (output.reject)(line, reason);
                    continue;
                }
            };
            let record = StringRecord::from_byte_record(bytes).unwrap_or_else(|error| {
                counts.not_utf8 += 1;
                StringRecord::from_byte_record_lossy(error.into_byte_record())
            });
            if record.len() != header.len() {
                (output.reject)(
                    line,
                    format!("the row has {} columns, the header {}", record.len(), header.len()),
                );
                continue;
            }
            let row = vec![(line, record)];
            if self.is_left_out(&bound, &row, &mut output) {
                continue;
            }
            match self.group_by {
                None => self.emit_group(&bound, &row, &mut output),
                Some(column) => {
                    let key = row[0].1.get(bound[column]).unwrap_or("").trim();
                    if self.missing.iter().any(|missing| missing == key) {
                        (output.reject)(
                            line,
                            format!(
                                "`{}`, which tells the groups apart, is missing",
                                self.columns[column]
                            ),
                        );
                        continue;
                    }
                    let place = *places.entry(key.to_owned()).or_insert(groups.len());
                    match groups.get_mut(place) {
                        Some(group) => group.extend(row),
                        None => groups.push(row),
                    }
                }
            }
        }
        for group in groups {
            let group = self.sort_rows(&bound, group, &mut output);
            self.emit_group(&bound, &group, &mut output);
        }
        Ok(counts)
    }

    /// Where the mapping's columns stand.
    fn column_positions(&self, header: &[String]) -> io::Result<Vec<usize>> {
        let mut wrong = Vec::new();
        let mut bound = Vec::new();
        for column in &self.columns {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == column)
                .map(|(place, _)| place);
            match (places.next(), places.next()) {
                (Some(place), None) => bound.push(place),
                (Some(_), Some(_)) => wrong.push(format!("`{column}` stands there twice")),
                (None, _) => wrong.push(format!("`{column}` is missing")),
            }
        }
        if wrong.is_empty() {
            return Ok(bound);
        }
        let header = truncate_for_message(&header.join(", "));
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the columns do not fit the mapping: {} (found: {header})", wrong.join(", ")),
        ))
    }

    /// Whether the row was left out or rejected before its group is looked at.
    fn is_left_out(
        &self,
        bound: &[usize],
        row: &GroupRows,
        output: &mut MappingOutput<'_>,
    ) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let values = MappedRow::new(self, bound, row, 0);
        for (condition, reason) in &self.exclude {
            match values.condition_holds(condition) {
                Ok(false) => {}
                Ok(true) => {
                    (output.left_out)(reason);
                    return true;
                }
                Err(reason) => {
                    (output.reject)(row[0].0, reason);
                    return true;
                }
            }
        }
        false
    }

    /// The rows of a group in the order of their times; rows of the same time stay in the order of the file.
    fn sort_rows(
        &self,
        bound: &[usize],
        rows: GroupRows,
        output: &mut MappingOutput<'_>,
    ) -> GroupRows {
        let Some(time) = self.sort_by else { return rows };
        let times: Vec<_> = (0..rows.len())
            .map(|index| MappedRow::new(self, bound, &rows, index).event_time(time))
            .collect();
        let mut timed = Vec::with_capacity(rows.len());
        for (row, time) in rows.into_iter().zip(times) {
            match time {
                Ok(time) => timed.push((time, row)),
                Err(reason) => (output.reject)(row.0, reason),
            }
        }
        timed.sort_by_key(|(time, _)| *time);
        timed.into_iter().map(|(_, row)| row).collect()
    }

    /// All events of a group.
    fn emit_group(&self, bound: &[usize], rows: &GroupRows, output: &mut MappingOutput<'_>) {
        // Default ids said so far, with how often; order within the group for events of the same time.
        let (mut ids, mut sequence) = (BTreeMap::new(), 0);
        let mut before: Option<MappedRow<'_>> = None;
        let mut rejected = false;
        for index in 0..rows.len() {
            let (line, row) = (rows[index].0, MappedRow::new(self, bound, rows, index));
            let said: Result<Vec<_>, String> = self
                .events
                .iter()
                .filter_map(|rule| {
                    match rule_applies(rule, &row, before.as_ref(), index, rows.len()) {
                        Ok(false) => None,
                        Ok(true) => Some(self.build_event(rule, &row)),
                        Err(reason) => Some(Err(reason)),
                    }
                })
                .collect();
            match said {
                Err(reason) => {
                    rejected = true;
                    (output.reject)(line, reason);
                }
                Ok(events) => {
                    for (mut event, has_id) in events {
                        sequence += 1;
                        event.sequence = sequence;
                        if !has_id {
                            let count = ids.entry(event.id.to_string()).or_insert(0_u32);
                            *count += 1;
                            if *count > 1 {
                                event.id = Cow::Owned(format!("{}/{count}", event.id));
                            }
                        }
                        (output.emit)(line, event);
                    }
                }
            }
            before = Some(row);
        }
        if sequence == 0 && !rejected && !rows.is_empty() {
            (output.left_out)("no event of the mapping applies");
        }
    }

    /// The event of a rule, and whether the rule says its id.
    fn build_event<'r>(
        &'r self,
        rule: &'r EventRule,
        row: &MappedRow<'r>,
    ) -> Result<(RawEvent<'r>, bool), String> {
        let subject = row.fill_template(&rule.subject)?.filter(|subject| !subject.is_empty());
        let subject =
            subject.ok_or_else(|| format!("the subject of `{}` is missing", rule.kind))?;
        let id = match &rule.id {
            Some(id) => row
                .fill_template(id)?
                .ok_or_else(|| format!("the id of `{}` is missing", rule.kind))?,
            None => format!("{subject}/{}", rule.kind),
        };
        let mut data = Vec::with_capacity(rule.data.len());
        for (name, kind, field) in &rule.data {
            let text = match field {
                MappedField::Name(name) => row.text_value(*name)?,
                MappedField::Text(template) => row.fill_template(template)?.map(Cow::Owned),
            };
            let Some(text) = text else { continue };
            let value =
                parse_scalar(*kind, text).map_err(|reason| format!("`{name}`: {reason}"))?;
            data.push((Cow::Borrowed(name.as_str()), value));
        }
        let event = RawEvent {
            id: Cow::Owned(id),
            source: Cow::Borrowed(&self.source),
            kind: Cow::Borrowed(&rule.kind),
            time: row.event_time(rule.time)?,
            subject: Cow::Owned(subject),
            sequence: 0,
            data,
        };
        Ok((event, rule.id.is_some()))
    }
}

/// The names of the columns that a file's first row says.
fn read_header(line: u64, row: Result<ByteRecord, String>) -> io::Result<Vec<String>> {
    let row = row.map_err(|reason| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {reason}"))
    })?;
    Ok(row.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect())
}

fn parse_scalar(kind: MappedFieldKind, text: Cow<'_, str>) -> Result<Scalar<'_>, String> {
    match kind {
        MappedFieldKind::Text => Ok(Scalar::Text(text)),
        MappedFieldKind::Number => parse_number(&text).map(Scalar::Number),
        MappedFieldKind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Scalar::Bool(true)),
            "false" | "no" | "0" => Ok(Scalar::Bool(false)),
            _ => Err(format!("`{}` is neither true nor false", truncate_for_message(&text))),
        },
    }
}

fn rule_applies(
    rule: &EventRule,
    row: &MappedRow<'_>,
    before: Option<&MappedRow<'_>>,
    index: usize,
    rows: usize,
) -> Result<bool, String> {
    let each = match rule.rows {
        RowSelection::Row => true,
        RowSelection::First => index == 0,
        RowSelection::Last => index + 1 == rows,
    };
    if !each {
        return Ok(false);
    }
    if let Some(change) = &rule.change {
        // A first row has changed from nothing: `each = "first"` is for that.
        let Some(before) = before else { return Ok(false) };
        if !has_changed(change, row, before)? {
            return Ok(false);
        }
    }
    rule.when.as_ref().map_or(Ok(true), |condition| row.condition_holds(condition))
}

fn has_changed(
    change: &ColumnChange,
    row: &MappedRow<'_>,
    before: &MappedRow<'_>,
) -> Result<bool, String> {
    let (from, to) = (before.raw_text(change.name)?, row.raw_text(change.name)?);
    Ok(from != to && change.from.contains(&from) && change.to.contains(&to))
}

impl ValueSet {
    fn contains(&self, word: &str) -> bool {
        match self {
            ValueSet::Anything => true,
            ValueSet::In(words) => words.iter().any(|known| known == word),
            ValueSet::NotIn(words) => !words.iter().any(|known| known == word),
        }
    }
}
