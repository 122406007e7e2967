//! Applies a mapping to a file: rows, groups, events. Every row emits events, is left out with a
//! reason, or is rejected with its line and a reason. A row is rejected as a whole.

use super::csv_rows::{CsvRow, CsvRowReader};
use super::row::{GroupRows, MappedRow, parse_number};
use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::decode::raw_event::{RawEvent, Scalar};
use crate::ingest::decode::{parse_clock_duration, parse_flag_word};
use crate::ingest::mapping::{
    ColumnChange, EventRule, MappedField, MappedFieldKind, Mapping, RowSelection, ValueSet,
};
use csv::StringRecord;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Row counts of a file.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RowCounts {
    /// Number of rows, without the header.
    pub rows: u64,
    /// Number of rows that were not UTF-8. Invalid bytes were replaced by `U+FFFD`.
    pub not_utf8: u64,
}

/// Receivers of the results of a file.
struct MappingOutput<'o> {
    emit: &'o mut dyn FnMut(u64, RawEvent<'_>),
    reject: &'o mut dyn FnMut(u64, String),
    left_out: &'o mut dyn FnMut(&str),
}

impl Mapping {
    /// Reads a file. `emit` receives each event with its line, and `reject` each rejected line with
    /// the reason. `left_out` receives the reason of each row left out by design. For a group
    /// without events it is called once.
    ///
    /// # Errors
    /// Fails if the file cannot be read or lacks a column of the mapping.
    pub fn read_rows(
        &self,
        input: impl Read,
        emit: &mut dyn FnMut(u64, RawEvent<'_>),
        reject: &mut dyn FnMut(u64, String),
        left_out: &mut dyn FnMut(&str),
    ) -> io::Result<RowCounts> {
        let mut output = MappingOutput { emit, reject, left_out };
        let mut reader = CsvRowReader::new(input, self.delimiter, self.quote)?;
        let mut counts = RowCounts::default();
        let header = match &self.header {
            Some(columns) => columns.clone(),
            None => match reader.next_row()? {
                None => return Ok(counts),
                Some(row) if is_separator_line(&row) => match reader.next_row()? {
                    None => return Ok(counts),
                    Some(row) => read_header(row)?,
                },
                Some(row) => read_header(row)?,
            },
        };
        let positions = self.column_positions(&header)?;
        let mut groups: Vec<GroupRows> = Vec::new();
        let mut group_indexes: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(CsvRow { line, record }) = reader.next_row()? {
            counts.rows += 1;
            let bytes = match record {
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
            // Some programs end each row with a separator.
            let has_only_blank_cells_more =
                record.len() > header.len() && record.iter().skip(header.len()).all(str::is_empty);
            if record.len() != header.len() && !has_only_blank_cells_more {
                (output.reject)(
                    line,
                    format!("the row has {} columns, the header {}", record.len(), header.len()),
                );
                continue;
            }
            let row = vec![(line, record)];
            if self.is_left_out(&positions, &row, &mut output) {
                continue;
            }
            match self.group_by {
                None => self.emit_group(&positions, &row, &mut output),
                Some(column) => {
                    let key = row[0].1.get(positions[column]).unwrap_or("").trim();
                    if self.missing.iter().any(|missing| missing == key) {
                        (output.reject)(
                            line,
                            format!(
                                "`{}`, which identifies the group, is missing",
                                self.columns[column]
                            ),
                        );
                        continue;
                    }
                    let index = *group_indexes.entry(key.to_owned()).or_insert(groups.len());
                    match groups.get_mut(index) {
                        Some(group) => group.extend(row),
                        None => groups.push(row),
                    }
                }
            }
        }
        for group in groups {
            let group = self.sort_rows(&positions, group, &mut output);
            self.emit_group(&positions, &group, &mut output);
        }
        Ok(counts)
    }

    /// Returns the position of each column of the mapping in the file.
    fn column_positions(&self, header: &[String]) -> io::Result<Vec<usize>> {
        let mut problems = Vec::new();
        let mut positions = Vec::new();
        for column in &self.columns {
            let mut matches = header
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == column)
                .map(|(position, _)| position);
            match (matches.next(), matches.next()) {
                (Some(position), None) => positions.push(position),
                (Some(_), Some(_)) => problems.push(format!("`{column}` occurs twice")),
                (None, _) => problems.push(format!("`{column}` is missing")),
            }
        }
        if problems.is_empty() {
            return Ok(positions);
        }
        let header = truncate_for_message(&header.join(", "));
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "the columns do not match the mapping: {} (found: {header})",
                problems.join(", ")
            ),
        ))
    }

    /// Returns true if the row was left out or rejected before it joins a group.
    fn is_left_out(
        &self,
        positions: &[usize],
        row: &GroupRows,
        output: &mut MappingOutput<'_>,
    ) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let values = MappedRow::new(self, positions, row, 0);
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

    /// Returns the rows of a group in the order of their times. Rows with the same time stay in
    /// file order.
    fn sort_rows(
        &self,
        positions: &[usize],
        rows: GroupRows,
        output: &mut MappingOutput<'_>,
    ) -> GroupRows {
        let Some(time) = self.sort_by else { return rows };
        let times: Vec<_> = (0..rows.len())
            .map(|index| MappedRow::new(self, positions, &rows, index).event_time(time))
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

    /// Emits all events of a group.
    fn emit_group(&self, positions: &[usize], rows: &GroupRows, output: &mut MappingOutput<'_>) {
        // `ids` counts the default ids of the group. `sequence` orders events of the same time.
        let (mut ids, mut sequence) = (BTreeMap::new(), 0);
        let mut previous: Option<MappedRow<'_>> = None;
        let mut rejected = false;
        for index in 0..rows.len() {
            let (line, row) = (rows[index].0, MappedRow::new(self, positions, rows, index));
            let events: Result<Vec<_>, String> = self
                .events
                .iter()
                .filter_map(|rule| {
                    match rule_applies(rule, &row, previous.as_ref(), index, rows.len()) {
                        Ok(false) => None,
                        Ok(true) => Some(self.build_event(rule, &row)),
                        Err(reason) => Some(Err(reason)),
                    }
                })
                .collect();
            match events {
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
            previous = Some(row);
        }
        if sequence == 0 && !rejected && !rows.is_empty() {
            (output.left_out)("no event of the mapping applies");
        }
    }

    /// Builds the event of a rule. The flag is true if the rule has its own id.
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

/// Returns true for the line `sep=;` before the header, which tells Excel the separator.
fn is_separator_line(row: &CsvRow) -> bool {
    row.record.as_ref().is_ok_and(|cells| cells.len() <= 2 && cells[0].starts_with(b"sep="))
}

/// Returns the column names in the first row of a file.
fn read_header(CsvRow { line, record }: CsvRow) -> io::Result<Vec<String>> {
    let row = record.map_err(|reason| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {reason}"))
    })?;
    Ok(row.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect())
}

fn parse_scalar(kind: MappedFieldKind, text: Cow<'_, str>) -> Result<Scalar<'_>, String> {
    match kind {
        MappedFieldKind::Text => Ok(Scalar::Text(text)),
        MappedFieldKind::Number => {
            parse_clock_duration(&text).map_or_else(|| parse_number(&text), Ok).map(Scalar::Number)
        }
        MappedFieldKind::Bool => parse_flag_word(&text)
            .map(Scalar::Bool)
            .ok_or_else(|| format!("`{}` is neither true nor false", truncate_for_message(&text))),
    }
}

fn rule_applies(
    rule: &EventRule,
    row: &MappedRow<'_>,
    previous: Option<&MappedRow<'_>>,
    index: usize,
    rows: usize,
) -> Result<bool, String> {
    let is_selected = match rule.rows {
        RowSelection::Row => true,
        RowSelection::First => index == 0,
        RowSelection::Last => index + 1 == rows,
    };
    if !is_selected {
        return Ok(false);
    }
    if let Some(change) = &rule.change {
        // The first row has no predecessor; `each = "first"` selects it.
        let Some(previous) = previous else { return Ok(false) };
        if !has_changed(change, row, previous)? {
            return Ok(false);
        }
    }
    rule.when.as_ref().map_or(Ok(true), |condition| row.condition_holds(condition))
}

fn has_changed(
    change: &ColumnChange,
    row: &MappedRow<'_>,
    previous: &MappedRow<'_>,
) -> Result<bool, String> {
    let (from, to) = (previous.raw_text(change.name)?, row.raw_text(change.name)?);
    Ok(from != to && change.from.contains(&from) && change.to.contains(&to))
}

impl ValueSet {
    fn contains(&self, value: &str) -> bool {
        match self {
            ValueSet::Anything => true,
            ValueSet::In(values) => values.iter().any(|known| known == value),
            ValueSet::NotIn(values) => !values.iter().any(|known| known == value),
        }
    }
}
