//! The rows of a file, whatever its form: a delimited table, or JSON objects.

use super::csv_table::CsvTable;
use super::json_table::JsonTable;
use super::row_cells::{self, TableColumns, TableRow};
use crate::ingest::json_values;
use crate::ingest::mapping::Mapping;
use crate::ingest::text_encoding::{RestoredInput, TextInput, likely_encoding, peek_start};
use encoding_rs::UTF_8;
use std::io::{self, Read};

/// The rows of a file.
pub(super) enum Table<R> {
    Csv(Box<CsvTable<RestoredInput<TextInput<R>>>>),
    Json(Box<JsonTable<RestoredInput<TextInput<R>>>>),
    Empty,
}

impl<R: Read> Table<R> {
    /// Opens a file.
    ///
    /// # Errors
    /// Fails if the file cannot be read or lacks a column of the mapping.
    pub(super) fn open(input: R, mapping: &Mapping) -> io::Result<Table<R>> {
        let text = TextInput::new(input, mapping.encoding)?;
        let encoding = text.encoding();
        let (start, text) = peek_start(text, json_values::START_BYTES)?;
        let refuse =
            |problem: &str| Err(io::Error::new(io::ErrorKind::InvalidData, problem.to_owned()));
        if start.trim_ascii_start().is_empty() && (start.len() as u64) < json_values::START_BYTES {
            return Ok(Table::Empty);
        }
        if start.starts_with(b"PK\x03\x04") {
            return refuse("this is a workbook of Excel or a ZIP file; save the sheet as CSV");
        }
        // Zeros elsewhere than in the first line are damage to a row, not another encoding.
        let first_line = start.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        if encoding == UTF_8 && first_line.contains(&0) && is_likely_utf16(first_line) {
            return refuse(&format!("the file is {}", row_cells::not_utf8_reason(first_line)));
        }
        if json_values::is_json(&start) {
            let by_line = mapping.rows.is_empty() && !json_values::spans_lines(&start);
            return Ok(Table::Json(Box::new(JsonTable::new(text, encoding, mapping, by_line))));
        }
        if !mapping.rows.is_empty() {
            return refuse("the mapping has `rows`, which is for JSON, but the file is not JSON");
        }
        Ok(CsvTable::open(text, encoding, mapping)?
            .map_or(Table::Empty, |table| Table::Csv(Box::new(table))))
    }

    /// Returns the lines of the rows before the header.
    pub(super) fn lines_before_header(&self) -> &[u64] {
        match self {
            Table::Csv(table) => table.lines_before_header(),
            Table::Json(_) | Table::Empty => &[],
        }
    }

    /// Returns the next row, or `None` at the end.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or if nothing is where `rows` points.
    pub(super) fn next_row(&mut self, columns: &[String]) -> io::Result<Option<TableRow>> {
        match self {
            Table::Csv(table) => table.next_row(columns),
            Table::Json(table) => table.next_row(columns),
            Table::Empty => Ok(None),
        }
    }

    /// Returns the columns of the rows so far.
    pub(super) fn columns(&self, columns: &[String]) -> TableColumns {
        match self {
            Table::Csv(table) => {
                TableColumns { unused: table.unused_columns(columns), absent: Vec::new() }
            }
            Table::Json(table) => table.columns(columns),
            Table::Empty => TableColumns::default(),
        }
    }
}

fn is_likely_utf16(text: &[u8]) -> bool {
    likely_encoding(text).starts_with("utf-16")
}
