//! Applies a mapping to a file: rows, groups, events. Every row emits events, is left out with a
//! reason, or is rejected with its line and a reason. A row is rejected as a whole.

use super::row::{GroupRows, MappedRow};
use super::row_cells::{TableColumns, TableRow};
use super::table::Table;
use super::time_format::LocalTime;
use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::decode::parse_flag_word;
use crate::ingest::decode::raw_event::{RawEvent, Scalar};
use crate::ingest::mapping::{
    ColumnChange, EventRule, MappedField, MappedFieldKind, Mapping, RowNote, RowOutcome,
    RowSelection, ValueSet,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Row counts of a file.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RowCounts {
    /// Number of rows, without the header.
    pub rows: u64,
}

/// Receiver of the results of a file.
type Output<'o> = &'o mut dyn FnMut(RowOutcome<'_>);

/// An event with what is not part of it.
struct BuiltEvent<'r> {
    event: RawEvent<'r>,
    /// True if the rule has its own id.
    has_id: bool,
    local: LocalTime,
}

impl Mapping {
    /// Reads a file and passes what becomes of its rows to `output`.
    ///
    /// # Errors
    /// Fails if the file cannot be read or lacks a column of the mapping.
    pub fn read_rows(
        &self,
        input: impl Read,
        output: &mut dyn FnMut(RowOutcome<'_>),
    ) -> io::Result<RowCounts> {
        self.read_first_rows(input, u64::MAX, output).map(|(counts, _)| counts)
    }

    /// Reads up to `rows_max` rows, as if the file had no more. Returns their number and the columns
    /// of the file.
    pub(super) fn read_first_rows(
        &self,
        input: impl Read,
        rows_max: u64,
        output: Output<'_>,
    ) -> io::Result<(RowCounts, TableColumns)> {
        let mut table = Table::open(input, self)?;
        for line in table.lines_before_header() {
            output(RowOutcome::LeftOut { line: *line, reason: "row before the header" });
        }
        let mut counts = RowCounts::default();
        let mut groups: Vec<GroupRows> = Vec::new();
        let mut group_indexes: BTreeMap<String, usize> = BTreeMap::new();
        while counts.rows < rows_max
            && let Some(TableRow { line, cells, is_short }) = table.next_row(&self.columns)?
        {
            counts.rows += 1;
            let cells = match cells {
                Ok(cells) => cells,
                Err(reason) => {
                    output(RowOutcome::Rejected { line, reason });
                    continue;
                }
            };
            if is_short {
                output(RowOutcome::Noted { line, note: RowNote::ShortRow });
            }
            let row = vec![(line, cells)];
            if self.is_left_out(&row, output) {
                continue;
            }
            match self.group_by {
                None => self.emit_group(&row, output),
                Some(column) => {
                    let key = row[0].1.get(column);
                    let Some(key) = key.filter(|key| !self.missing.iter().any(|text| text == key))
                    else {
                        let name = &self.columns[column];
                        let reason = format!("`{name}`, which identifies the group, is missing");
                        output(RowOutcome::Rejected { line, reason });
                        continue;
                    };
                    let index = *group_indexes.entry(key.to_owned()).or_insert(groups.len());
                    match groups.get_mut(index) {
                        Some(group) => group.extend(row),
                        None => groups.push(row),
                    }
                }
            }
        }
        for group in groups {
            let group = self.sort_rows(group, output);
            self.emit_group(&group, output);
        }
        let columns = table.columns(&self.columns);
        for column in &columns.absent {
            let note = RowNote::AbsentColumn(column.clone());
            output(RowOutcome::Noted { line: 0, note });
        }
        Ok((counts, columns))
    }

    /// Returns true if the row was left out or rejected before it joins a group.
    fn is_left_out(&self, row: &GroupRows, output: Output<'_>) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let line = row[0].0;
        let values = MappedRow::new(self, row, 0);
        for (condition, reason) in &self.exclude {
            match values.condition_holds(condition) {
                Ok(false) => {}
                Ok(true) => {
                    output(RowOutcome::LeftOut { line, reason });
                    return true;
                }
                Err(reason) => {
                    output(RowOutcome::Rejected { line, reason });
                    return true;
                }
            }
        }
        false
    }

    /// Returns the rows of a group in the order of their times. Rows with the same time stay in
    /// file order.
    fn sort_rows(&self, rows: GroupRows, output: Output<'_>) -> GroupRows {
        let Some(time) = self.sort_by else { return rows };
        let times: Vec<_> = (0..rows.len())
            .map(|index| MappedRow::new(self, &rows, index).event_time(time))
            .collect();
        let mut timed = Vec::with_capacity(rows.len());
        for (row, time) in rows.into_iter().zip(times) {
            match time {
                Ok((time, _)) => timed.push((time, row)),
                Err(reason) => output(RowOutcome::Rejected { line: row.0, reason }),
            }
        }
        timed.sort_by_key(|(time, _)| *time);
        timed.into_iter().map(|(_, row)| row).collect()
    }

    /// Emits all events of a group.
    fn emit_group(&self, rows: &GroupRows, output: Output<'_>) {
        // `ids` counts the default ids of the group. `sequence` orders events of the same time.
        let (mut ids, mut sequence) = (BTreeMap::new(), 0);
        let mut previous: Option<MappedRow<'_>> = None;
        let mut rejected = false;
        for index in 0..rows.len() {
            let (line, row) = (rows[index].0, MappedRow::new(self, rows, index));
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
                    output(RowOutcome::Rejected { line, reason });
                }
                Ok(events) => {
                    for BuiltEvent { mut event, has_id, local } in events {
                        sequence += 1;
                        event.sequence = sequence;
                        if !has_id {
                            let count = ids.entry(event.id.to_string()).or_insert(0_u32);
                            *count += 1;
                            if *count > 1 {
                                event.id = Cow::Owned(format!("{}/{count}", event.id));
                            }
                        }
                        output(RowOutcome::Event { line, event });
                        if let Some(note) = local_time_note(local) {
                            output(RowOutcome::Noted { line, note });
                        }
                    }
                }
            }
            previous = Some(row);
        }
        if sequence == 0 && !rejected && !rows.is_empty() {
            let reason = "no event of the mapping applies";
            output(RowOutcome::LeftOut { line: rows[0].0, reason });
        }
    }

    /// Builds the event of a rule.
    fn build_event<'r>(
        &'r self,
        rule: &'r EventRule,
        row: &MappedRow<'r>,
    ) -> Result<BuiltEvent<'r>, String> {
        let subject = row.fill_template(&rule.subject)?.filter(|subject| !subject.is_empty());
        let subject =
            subject.ok_or_else(|| format!("the subject of `{}` is missing", rule.kind))?;
        let (time, local) = row.event_time(rule.time)?;
        let id = match &rule.id {
            Some(id) => row
                .fill_template(id)?
                .ok_or_else(|| format!("the id of `{}` is missing", rule.kind))?,
            None if rule.is_id_timed => format!("{subject}/{}/{time}", rule.kind),
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
                self.parse_scalar(*kind, text).map_err(|reason| format!("`{name}`: {reason}"))?;
            data.push((Cow::Borrowed(name.as_str()), value));
        }
        let event = RawEvent {
            id: Cow::Owned(id),
            source: Cow::Borrowed(&self.source),
            kind: Cow::Borrowed(&rule.kind),
            time,
            subject: Cow::Owned(subject),
            sequence: 0,
            data,
        };
        Ok(BuiltEvent { event, has_id: rule.id.is_some(), local })
    }

    fn parse_scalar<'t>(
        &self,
        kind: MappedFieldKind,
        text: Cow<'t, str>,
    ) -> Result<Scalar<'t>, String> {
        match kind {
            MappedFieldKind::Text => Ok(Scalar::Text(text)),
            MappedFieldKind::Number => {
                let clock = self.decimal.parse_clock_duration(&text);
                let number = clock.map_or_else(|| self.decimal.parse_number(&text), Ok);
                number.map(Scalar::Number)
            }
            MappedFieldKind::Bool => parse_flag_word(&text).map(Scalar::Bool).ok_or_else(|| {
                format!("`{}` is neither true nor false", truncate_for_message(&text))
            }),
        }
    }
}

fn local_time_note(local: LocalTime) -> Option<RowNote> {
    match local {
        LocalTime::Once => None,
        LocalTime::Skipped(time) => Some(RowNote::SkippedTime(time)),
        LocalTime::Repeated(time) => Some(RowNote::RepeatedTime(time)),
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
