//! The rows of a table: the cells that a mapping uses.

use crate::ingest::text_encoding::likely_encoding;
use encoding_rs::{Encoding, UTF_8};

/// A row with the line in which it begins.
pub(super) struct TableRow {
    pub(super) line: u64,
    /// Cells of the mapping's columns, or the reason why the row cannot be read.
    pub(super) cells: Result<RowCells, String>,
    /// True if cells are missing at its end.
    pub(super) is_short: bool,
}

/// Columns of a file, compared with those of the mapping.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TableColumns {
    /// Columns of the file that the mapping does not use.
    pub unused: Vec<String>,
    /// Columns of the mapping that no row has. A delimited file has them all.
    pub absent: Vec<String>,
}

/// Cells of a row, one per column of the mapping, without white space around them. A cell may be
/// absent: the row is short, or the object lacks the key.
#[derive(Clone, Debug)]
pub(super) struct RowCells {
    text: String,
    /// End of each cell in the text, and true if the cell is there.
    ends: Vec<(usize, bool)>,
}

impl RowCells {
    pub(super) fn with_capacity(columns: usize) -> RowCells {
        RowCells { text: String::new(), ends: Vec::with_capacity(columns) }
    }

    /// Adds the next cell, `None` if it is absent.
    pub(super) fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default().trim());
        self.ends.push((self.text.len(), cell.is_some()));
    }

    /// Returns the cell of a column, `None` if it is absent.
    pub(super) fn get(&self, column: usize) -> Option<&str> {
        let (end, is_present) = *self.ends.get(column)?;
        let begin = column.checked_sub(1).map_or(0, |previous| self.ends[previous].0);
        if is_present { self.text.get(begin..end) } else { None }
    }

    /// Returns the columns whose cells are there.
    pub(super) fn present_columns(&self) -> impl Iterator<Item = usize> {
        self.ends.iter().enumerate().filter(|(_, (_, present))| *present).map(|(column, _)| column)
    }
}

/// Returns the text of a cell. Refuses bytes that are no text in the encoding of the file, because
/// names that differ only in them would become one. `row` returns the bytes of the row.
///
/// # Errors
/// Returns the problem with the likely encoding.
pub(super) fn check_text<'c>(
    cell: &'c [u8],
    column: &str,
    encoding: &'static Encoding,
    row: impl FnOnce() -> Vec<u8>,
) -> Result<&'c str, String> {
    if cell.is_ascii() {
        return Ok(std::str::from_utf8(cell).unwrap_or_default());
    }
    let Ok(text) = std::str::from_utf8(cell) else {
        return Err(format!("`{column}` is {}", not_utf8_reason(&row())));
    };
    if !text.contains('\u{fffd}') {
        return Ok(text);
    }
    Err(if encoding == UTF_8 {
        format!(
            "`{column}` contains `\u{fffd}` (U+FFFD), which stands for a lost character; export the \
             file again without converting it"
        )
    } else {
        format!(
            "`{column}` has bytes that are no text in {}; check `encoding` in the mapping",
            encoding.name()
        )
    })
}

/// Returns the problem of bytes that are not UTF-8, with the likely encoding.
pub(super) fn not_utf8_reason(bytes: &[u8]) -> String {
    let label = likely_encoding(bytes);
    format!("not UTF-8; the text looks like {label}: write `encoding = \"{label}\"` in the mapping")
}
