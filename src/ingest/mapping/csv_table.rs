//! Reads a delimited file as a table: lines before the header, the header, and the cells of the
//! mapping's columns in each row.

use super::csv_rows::{CsvRow, CsvRowReader};
use super::row_cells::{self, RowCells, TableRow};
use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::mapping::Mapping;
use csv::ByteRecord;
use encoding_rs::Encoding;
use std::io::{self, Read};

/// Maximum number of rows in which the header is searched for.
const HEADER_ROWS_MAX: usize = 100;

/// A delimited file after its header.
pub(super) struct CsvTable<R> {
    reader: CsvRowReader<R>,
    /// A row that was read before it was needed.
    pending: Option<CsvRow>,
    encoding: &'static Encoding,
    header: Vec<String>,
    /// Position of each column of the mapping.
    positions: Vec<usize>,
    /// Lines of the rows before the header.
    lines_before_header: Vec<u64>,
}

impl<R: Read> CsvTable<R> {
    /// Finds the header of a file, which was in `encoding`. Returns `None` if the file is empty.
    ///
    /// # Errors
    /// Fails if the file cannot be read or lacks a column of the mapping.
    pub(super) fn open(
        text: R,
        encoding: &'static Encoding,
        mapping: &Mapping,
    ) -> io::Result<Option<CsvTable<R>>> {
        let mut reader = CsvRowReader::new(text, mapping.delimiter, mapping.quote);
        for _ in 0..mapping.skip_lines {
            reader.skip_line()?;
        }
        let mut first = reader.next_row()?;
        if let Some(delimiter) = first.as_ref().and_then(declared_delimiter) {
            reader.set_delimiter(delimiter.unwrap_or(mapping.delimiter), mapping.quote);
            first = reader.next_row()?;
        }
        let mut table = CsvTable {
            reader,
            pending: None,
            encoding,
            header: Vec::new(),
            positions: Vec::new(),
            lines_before_header: Vec::new(),
        };
        match (&mapping.header, first) {
            (Some(columns), first) => {
                table.header.clone_from(columns);
                table.positions = find_columns(&mapping.columns, columns).map_err(invalid_data)?;
                table.pending = first;
            }
            (None, None) => return Ok(None),
            (None, Some(first)) => table.find_header(mapping, first)?,
        }
        Ok(Some(table))
    }

    /// Reads up to the first row that has each column of the mapping exactly once.
    fn find_header(&mut self, mapping: &Mapping, first: CsvRow) -> io::Result<()> {
        // The row that comes closest, for the message: the number of its columns, and the problem.
        let mut closest: Option<(usize, String)> = None;
        let mut row = Some(first);
        while let Some(CsvRow { line, record }) = row {
            let record = match record {
                Ok(record) => record,
                Err(reason) => return Err(invalid_data(format!("line {line}: {reason}"))),
            };
            let names: Vec<String> =
                record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
            match find_columns(&mapping.columns, &names) {
                Ok(positions) => {
                    (self.header, self.positions) = (names, positions);
                    return Ok(());
                }
                Err(problem) => {
                    let is_known = |column: &&String| names.contains(column);
                    let known = mapping.columns.iter().filter(is_known).count();
                    if closest.as_ref().is_none_or(|(most, _)| known > *most) {
                        let hint = header_hint(&record, mapping.delimiter);
                        closest = Some((known, format!("{problem}{hint}")));
                    }
                }
            }
            self.lines_before_header.push(line);
            let is_searched = self.lines_before_header.len() < HEADER_ROWS_MAX;
            row = if is_searched { self.reader.next_row()? } else { None };
        }
        Err(invalid_data(closest.map_or_else(String::new, |(_, problem)| problem)))
    }

    /// Returns the lines of the rows before the header.
    pub(super) fn lines_before_header(&self) -> &[u64] {
        &self.lines_before_header
    }

    /// Returns the columns of the file that are not among those of the mapping.
    pub(super) fn unused_columns(&self, columns: &[String]) -> Vec<String> {
        let is_unused = |name: &&String| !name.is_empty() && !columns.contains(name);
        self.header.iter().filter(is_unused).cloned().collect()
    }

    /// Returns the next row, or `None` at the end.
    pub(super) fn next_row(&mut self, columns: &[String]) -> io::Result<Option<TableRow>> {
        let next = match self.pending.take() {
            None => self.reader.next_row()?,
            pending => pending,
        };
        let Some(CsvRow { line, record }) = next else { return Ok(None) };
        let is_short = record.as_ref().is_ok_and(|record| record.len() < self.header.len());
        let cells = record.and_then(|record| self.row_cells(&record, columns));
        Ok(Some(TableRow { line, cells, is_short }))
    }

    fn row_cells(&self, record: &ByteRecord, columns: &[String]) -> Result<RowCells, String> {
        // Some programs end each row with a separator.
        let is_blank = |cell: &[u8]| cell.is_empty();
        if record.len() > self.header.len() && !record.iter().skip(self.header.len()).all(is_blank)
        {
            return Err(format!(
                "the row has {} columns, the header {}",
                record.len(),
                self.header.len()
            ));
        }
        let mut cells = RowCells::with_capacity(columns.len());
        for (column, position) in columns.iter().zip(&self.positions) {
            let cell = record.get(*position).map(|cell| {
                row_cells::check_text(cell, column, self.encoding, || record.as_slice().to_vec())
            });
            cells.push(cell.transpose()?);
        }
        Ok(cells)
    }
}

/// Returns the separator that the line `sep=;` before the header declares for Excel. The inner
/// value is `None` if it is the separator in use, which splits the line.
fn declared_delimiter(row: &CsvRow) -> Option<Option<u8>> {
    let record = row.record.as_ref().ok().filter(|record| record.len() <= 2)?;
    match record.get(0)?.strip_prefix(b"sep=")? {
        [delimiter] => Some(Some(*delimiter)),
        _ => Some(None),
    }
}

/// Returns the position of each column of the mapping in the header.
fn find_columns(columns: &[String], header: &[String]) -> Result<Vec<usize>, String> {
    let mut problems = Vec::new();
    let mut positions = Vec::new();
    for column in columns {
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
    Err(format!("the columns do not match the mapping: {} (found: {header})", problems.join(", ")))
}

/// Returns a remedy for a header that is not UTF-8 or is not split.
fn header_hint(record: &ByteRecord, delimiter: u8) -> String {
    let bytes = record.as_slice();
    if std::str::from_utf8(bytes).is_err() {
        return format!("; the header is {}", row_cells::not_utf8_reason(bytes));
    }
    let others = [(b';', ";"), (b'\t', "\\t"), (b',', ","), (b'|', "|")];
    let other = others.iter().find(|(byte, _)| *byte != delimiter && bytes.contains(byte));
    match other.filter(|_| record.len() == 1) {
        Some((_, name)) => format!("; write `delimiter = \"{name}\"` if that separates the cells"),
        None => String::new(),
    }
}

fn invalid_data(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
