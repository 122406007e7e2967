//! Reads JSON objects as the rows of a table. A column is a key, or a path into nested objects and
//! lists, as in `caller.name` or `legs.0.agent`.

use super::row_cells::{self, RowCells, TableColumns, TableRow};
use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::decode::json_depth;
use crate::ingest::json_values::JsonValueReader;
use crate::ingest::mapping::Mapping;
use encoding_rs::Encoding;
use sonic_rs::{JsonContainerTrait, JsonType, JsonValueTrait, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// Maximum number of unused keys that are remembered.
const UNUSED_KEYS_MAX: usize = 100;

/// Objects of a JSON file.
pub(super) struct JsonTable<R> {
    values: JsonValueReader<R>,
    encoding: &'static Encoding,
    /// Columns that a row had, by index.
    found: BTreeSet<usize>,
    unused: BTreeSet<String>,
    /// True once a row was read.
    has_rows: bool,
}

impl<R: Read> JsonTable<R> {
    /// Returns the objects of `text`, which was in `encoding`. `by_line` is true if each line is an
    /// object.
    pub(super) fn new(
        text: R,
        encoding: &'static Encoding,
        mapping: &Mapping,
        by_line: bool,
    ) -> JsonTable<R> {
        JsonTable {
            values: JsonValueReader::new(text, mapping.rows.clone(), by_line),
            encoding,
            found: BTreeSet::new(),
            unused: BTreeSet::new(),
            has_rows: false,
        }
    }

    /// Returns the next row, or `None` at the end.
    pub(super) fn next_row(&mut self, columns: &[String]) -> io::Result<Option<TableRow>> {
        let Some(value) = self.values.next_value()? else { return Ok(None) };
        let line = value.line;
        let row = value.text.and_then(parse_object);
        let cells = row.and_then(|row| {
            for (key, _) in row.as_object().into_iter().flatten() {
                if self.unused.len() < UNUSED_KEYS_MAX && !is_used(key, columns) {
                    self.unused.insert(key.to_owned());
                }
            }
            object_cells(&row, columns, self.encoding)
        });
        self.has_rows |= cells.is_ok();
        self.found.extend(cells.iter().flat_map(RowCells::present_columns));
        Ok(Some(TableRow { line, cells, is_short: false }))
    }

    /// Returns the columns of the rows so far.
    pub(super) fn columns(&self, columns: &[String]) -> TableColumns {
        let is_absent =
            |(index, _): &(usize, &String)| self.has_rows && !self.found.contains(index);
        let absent = columns.iter().enumerate().filter(is_absent).map(|(_, name)| name.clone());
        TableColumns { unused: self.unused.iter().cloned().collect(), absent: absent.collect() }
    }
}

/// Returns true if a column is this key or begins with it.
fn is_used(key: &str, columns: &[String]) -> bool {
    let is_path = |column: &String| {
        column.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    columns.iter().any(is_path)
}

fn parse_object(bytes: &[u8]) -> Result<Value, String> {
    if json_depth::is_too_deep(bytes) {
        return Err(json_depth::TOO_DEEP_REASON.to_owned());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| format!("the row is {}", row_cells::not_utf8_reason(bytes)))?;
    // Numbers keep their digits.
    let mut deserializer = sonic_rs::Deserializer::from_str(text).use_rawnumber();
    let row: Result<Value, sonic_rs::Error> = deserializer.deserialize();
    let row = row.and_then(|row| deserializer.end().map(|()| row)).map_err(|error| {
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default();
        format!("not JSON: {}", truncate_for_message(message))
    })?;
    if row.is_object() { Ok(row) } else { Err("not a JSON object".to_owned()) }
}

/// Returns the cells of the columns in an object. At least one must be there.
fn object_cells(
    row: &Value,
    columns: &[String],
    encoding: &'static Encoding,
) -> Result<RowCells, String> {
    let mut cells = RowCells::with_capacity(columns.len());
    let mut is_empty = true;
    for column in columns {
        let value = find_value(row, column).filter(|value| !value.is_null());
        is_empty &= value.is_none();
        let text = value.map(|value| scalar_text(value, column)).transpose()?;
        if let Some(text) = &text {
            row_cells::check_text(text.as_bytes(), column, encoding, Vec::new)?;
        }
        cells.push(text.as_deref());
    }
    if is_empty && !columns.is_empty() { Err(no_column_reason(row)) } else { Ok(cells) }
}

/// Returns the value at a path. A key that contains the dots itself comes first.
fn find_value<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(list) = value.as_array() {
        let (index, rest) = path.split_once('.').map_or((path, None), |(i, rest)| (i, Some(rest)));
        let element = list.get(index.parse::<usize>().ok()?)?;
        return rest.map_or(Some(element), |rest| find_value(element, rest));
    }
    let object = value.as_object()?;
    if let Some(found) = object.get(&path) {
        return Some(found);
    }
    let dots: Vec<usize> = path.match_indices('.').map(|(at, _)| at).collect();
    dots.iter().rev().find_map(|at| find_value(object.get(&&path[..*at])?, &path[at + 1..]))
}

fn scalar_text<'v>(value: &'v Value, column: &str) -> Result<Cow<'v, str>, String> {
    match value.get_type() {
        JsonType::String => Ok(Cow::Borrowed(value.as_str().unwrap_or_default())),
        JsonType::Boolean => Ok(Cow::Borrowed(if value.is_true() { "true" } else { "false" })),
        JsonType::Object => {
            Err(format!("`{column}` is an object; name what is in it, as in `{column}.name`"))
        }
        JsonType::Array => {
            Err(format!("`{column}` is a list; name an element, as in `{column}.0`"))
        }
        JsonType::Number | JsonType::Null => Ok(Cow::Owned(match value.as_raw_number() {
            Some(number) => number.as_str().to_owned(),
            None => value.to_string(),
        })),
    }
}

/// Returns the reason for an object without any column of the mapping, with its lists as a hint.
fn no_column_reason(row: &Value) -> String {
    let mut keys = Vec::new();
    let mut lists = Vec::new();
    let holds_objects = |value: &Value| {
        value.as_array().and_then(|list| list.first()).is_some_and(JsonValueTrait::is_object)
    };
    for (key, value) in row.as_object().into_iter().flatten() {
        keys.push(key.to_owned());
        if holds_objects(value) {
            lists.push(key.to_owned());
        }
        for (inner, value) in value.as_object().into_iter().flatten() {
            if holds_objects(value) {
                lists.push(format!("{key}.{inner}"));
            }
        }
    }
    let hint = lists.first().map_or(String::new(), |list| {
        let list = truncate_for_message(list);
        format!("; write `rows = \"{list}\"` in the mapping if the rows are there")
    });
    let keys = truncate_for_message(&keys.join(", "));
    format!("the object has no column of the mapping (found: {keys}){hint}")
}
