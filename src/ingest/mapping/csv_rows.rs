//! Splits a CSV file into rows in bounded memory.
//!
//! A quote that is never closed swallows the rows after it up to the maximum row length, not the
//! rest of the file. The row is rejected with the line in which it begins.
//!
//! The reader of the `csv` crate has no such limit. This module uses `csv_core`, which leaves the
//! buffers to its caller.

use crate::ingest::decode::EVENT_BYTES_MAX;
use csv::ByteRecord;
use csv_core::ReadRecordResult;
use std::io::{self, BufRead, BufReader, Read};

/// Maximum length of a row, in bytes.
const ROW_BYTES_MAX: usize = EVENT_BYTES_MAX;

/// Reads a file row by row.
pub(super) struct CsvRowReader<R> {
    input: BufReader<R>,
    parser: csv_core::Reader,
    /// Line of the next byte, counted from 1.
    line: u64,
    /// Buffers of a row: its cells in one piece, and the end of each cell.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// A row, or the reason why it cannot be read, with the line in which it begins.
pub(super) struct CsvRow {
    pub(super) line: u64,
    pub(super) record: Result<ByteRecord, String>,
}

impl<R: Read> CsvRowReader<R> {
    pub(super) fn new(input: R, delimiter: u8, quote: Option<u8>) -> CsvRowReader<R> {
        CsvRowReader {
            input: BufReader::new(input),
            parser: build_parser(delimiter, quote),
            line: 1,
            text: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Changes the separator of the rows that follow.
    pub(super) fn set_delimiter(&mut self, delimiter: u8, quote: Option<u8>) {
        self.parser = build_parser(delimiter, quote);
    }

    /// Returns the next row that is not blank, or `None` at the end.
    pub(super) fn next_row(&mut self) -> io::Result<Option<CsvRow>> {
        if !self.skip_blank_lines()? {
            return Ok(None);
        }
        let (line, mut read, mut length, mut cells) = (self.line, 0, 0, 0);
        loop {
            let available = fill_buffer(&mut self.input)?;
            let at_end = available.is_empty();
            // A line feed at the end of the file completes a last row without one.
            let available = if at_end {
                &b"\n"[..]
            } else {
                &available[..available.len().min(ROW_BYTES_MAX - read)]
            };
            // A row has at most as many cell bytes, and as many cells, as bytes were read.
            self.text.resize(length + available.len() + 1, 0);
            self.ends.resize(cells + available.len() + 1, 0);
            let (result, consumed, written, ended) = self.parser.read_record(
                available,
                &mut self.text[length..],
                &mut self.ends[cells..],
            );
            (read, length, cells) = (read + consumed, length + written, cells + ended);
            let at_line_end = available[..consumed].ends_with(b"\n");
            if !at_end {
                self.consume_bytes(consumed);
            }
            if matches!(result, ReadRecordResult::Record) {
                return Ok(Some(CsvRow { line, record: Ok(self.build_record(cells)) }));
            }
            if at_end {
                self.parser.reset();
                return Ok(Some(CsvRow {
                    line,
                    record: Err(self.unclosed_quote_reason("the file ends within it")),
                }));
            }
            if read == ROW_BYTES_MAX {
                self.parser.reset();
                if !at_line_end {
                    self.skip_line()?;
                }
                return Ok(Some(CsvRow {
                    line,
                    record: Err(self.unclosed_quote_reason(&format!(
                        "it is longer than {ROW_BYTES_MAX} bytes"
                    ))),
                }));
            }
        }
    }

    fn build_record(&self, cells: usize) -> ByteRecord {
        let mut row =
            ByteRecord::with_capacity(self.ends[..cells].last().copied().unwrap_or(0), cells);
        let mut begin = 0;
        for end in &self.ends[..cells] {
            row.push_field(&self.text[begin..*end]);
            begin = *end;
        }
        row
    }

    fn unclosed_quote_reason(&self, problem: &str) -> String {
        format!(
            "the row that begins here cannot be read: {problem}; all before line {} is skipped; \
             close the quote, or write `quote = \"\"` in the mapping if quotes have no meaning in \
             this file",
            self.line
        )
    }

    /// Skips the line ends of blank lines. Returns false at the end of the file.
    fn skip_blank_lines(&mut self) -> io::Result<bool> {
        loop {
            let available = fill_buffer(&mut self.input)?;
            if available.is_empty() {
                return Ok(false);
            }
            match available.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) {
                Some(0) => return Ok(true),
                blank => {
                    let blank = blank.unwrap_or(available.len());
                    self.consume_bytes(blank);
                }
            }
        }
    }

    /// Skips the rest of the line.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let available = fill_buffer(&mut self.input)?;
            match memchr::memchr(b'\n', available) {
                Some(end) => {
                    self.consume_bytes(end + 1);
                    return Ok(());
                }
                None if available.is_empty() => return Ok(()),
                None => {
                    let all = available.len();
                    self.consume_bytes(all);
                }
            }
        }
    }

    fn consume_bytes(&mut self, bytes: usize) {
        self.line += memchr::memchr_iter(b'\n', &self.input.buffer()[..bytes]).count() as u64;
        self.input.consume(bytes);
    }
}

fn build_parser(delimiter: u8, quote: Option<u8>) -> csv_core::Reader {
    csv_core::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quote.is_some())
        .quote(quote.unwrap_or(b'"'))
        .build()
}

/// Returns the buffered bytes, which are empty only at the end.
fn fill_buffer(input: &mut impl BufRead) -> io::Result<&[u8]> {
    // Interrupted reads are retried. The borrow checker does not allow returning from the loop.
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    input.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each row with its line, and its cells or the reason for the rejection.
    fn read_rows(text: &[u8], quote: Option<u8>) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut reader = CsvRowReader::new(text, b',', quote);
        let cells = |row: ByteRecord| {
            row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
        };
        std::iter::from_fn(|| reader.next_row().expect("reading from memory succeeds"))
            .map(|next| (next.line, next.record.map(cells)))
            .collect()
    }

    fn expected_row(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, String>) {
        (line, Ok(cells.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn row_carries_line_number_of_its_start() {
        let text = b"\r\n\r\na,b\r\n\"1\r\n2\",\"\"\"\"\n\n3,\r4,x";
        let expected = [
            expected_row(3, &["a", "b"]),
            expected_row(4, &["1\r\n2", "\""]),
            expected_row(7, &["3", ""]),
            expected_row(7, &["4", "x"]),
        ];
        assert_eq!(read_rows(text, Some(b'"')), expected);
        assert_eq!(read_rows(b"\"a,b\n", None), [expected_row(1, &["\"a", "b"])]);
    }

    #[test]
    fn rejects_unclosed_quote_with_its_line() {
        for text in ["a\n1,\"2\n3,4\n5,6", "a\n\"", "a\n1,\"2\n"] {
            let rows = read_rows(text.as_bytes(), Some(b'"'));
            let [_, (2, Err(reason))] = &rows[..] else { panic!("{rows:?}") };
            assert!(reason.contains("the file ends within it"), "{reason}");
        }
        assert_eq!(read_rows(b"\"a\"", Some(b'"')), [expected_row(1, &["a"])]);
    }

    #[test]
    fn unclosed_quote_consumes_at_most_one_maximum_row() {
        let filler = "12345678,0\n".repeat(2 * ROW_BYTES_MAX / 11);
        let rows = read_rows(format!("a\n1,\"2\n{filler}").as_bytes(), Some(b'"'));
        let (2, Err(reason)) = &rows[1] else { panic!("{:?}", rows[1]) };
        let (third, _) = rows[2];
        assert!(
            reason.contains(&format!(
                "longer than {ROW_BYTES_MAX} bytes; all before line {third} is skipped"
            )),
            "{reason}"
        );
        // The row has 5 bytes before the filler, whose lines have 11 bytes.
        assert_eq!(third as usize, 3 + (ROW_BYTES_MAX - 5).div_ceil(11));
        assert_eq!(rows.len(), 2 + 2 * ROW_BYTES_MAX / 11 + 3 - third as usize);
        assert!(
            rows[2..]
                .iter()
                .all(|(_, row)| row.as_ref().is_ok_and(|cells| cells == &["12345678", "0"]))
        );
    }
}
