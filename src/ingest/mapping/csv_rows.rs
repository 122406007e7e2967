//! Cuts a CSV file into rows in bounded memory: a quote that nobody closes takes the rows behind it along, but neither the
//! rest of the file nor all memory, and it is told with the line in which it stands.
//!
//! `csv`'s own reader has no such limit, so its core is used, which leaves the memory to its caller.

use crate::ingest::decode::EVENT_BYTES_MAX;
use csv::ByteRecord;
use csv_core::ReadRecordResult;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

/// The longest row that is read, in bytes.
const ROW_BYTES_MAX: usize = EVENT_BYTES_MAX;

/// A file of which some rows were read.
pub(super) struct CsvRowReader<R> {
    input: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    parser: csv_core::Reader,
    /// The line of the next byte, from 1.
    line: u64,
    /// Memory for a row: its cells one behind the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// A row, or why there is none, and the line in which it begins.
pub(super) struct CsvRow {
    pub(super) line: u64,
    pub(super) record: Result<ByteRecord, String>,
}

impl<R: Read> CsvRowReader<R> {
    /// Reads `input` from its beginning; what some editors put there is passed over.
    pub(super) fn new(
        mut input: R,
        delimiter: u8,
        quote: Option<u8>,
    ) -> io::Result<CsvRowReader<R>> {
        let parser = csv_core::ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quote.is_some())
            .quote(quote.unwrap_or(b'"'))
            .build();
        let mut head = Vec::new();
        input.by_ref().take(3).read_to_end(&mut head)?;
        if head == b"\xef\xbb\xbf" {
            head.clear();
        }
        Ok(CsvRowReader {
            input: BufReader::new(Cursor::new(head).chain(input)),
            parser,
            line: 1,
            text: Vec::new(),
            ends: Vec::new(),
        })
    }

    /// The next row that is not blank; none at the end.
    pub(super) fn next_row(&mut self) -> io::Result<Option<CsvRow>> {
        if !self.skip_blank_lines()? {
            return Ok(None);
        }
        let (line, mut read, mut length, mut cells) = (self.line, 0, 0, 0);
        loop {
            let waiting = fill_buffer(&mut self.input)?;
            let at_end = waiting.is_empty();
            // A line feed ends every row but one in which a quote is open.
            let waiting = if at_end {
                &b"\n"[..]
            } else {
                &waiting[..waiting.len().min(ROW_BYTES_MAX - read)]
            };
            // Neither the cells nor their ends can be more than the bytes they are read from.
            self.text.resize(length + waiting.len() + 1, 0);
            self.ends.resize(cells + waiting.len() + 1, 0);
            let (result, taken, written, ended) =
                self.parser.read_record(waiting, &mut self.text[length..], &mut self.ends[cells..]);
            (read, length, cells) = (read + taken, length + written, cells + ended);
            let at_line_end = waiting[..taken].ends_with(b"\n");
            if !at_end {
                self.consume_bytes(taken);
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

    fn unclosed_quote_reason(&self, what: &str) -> String {
        format!(
            "the row that begins here cannot be read: {what}; all before line {} is passed over; a quote may be missing its other \
             half, or quotes may mean nothing in this file: then write `quote = \"\"` in the mapping",
            self.line
        )
    }

    /// Passes over the ends of blank lines; whether anything is behind them.
    fn skip_blank_lines(&mut self) -> io::Result<bool> {
        loop {
            let waiting = fill_buffer(&mut self.input)?;
            if waiting.is_empty() {
                return Ok(false);
            }
            match waiting.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) {
                Some(0) => return Ok(true),
                blank => {
                    let blank = blank.unwrap_or(waiting.len());
                    self.consume_bytes(blank);
                }
            }
        }
    }

    /// Passes over the rest of the line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let waiting = fill_buffer(&mut self.input)?;
            match memchr::memchr(b'\n', waiting) {
                Some(end) => {
                    self.consume_bytes(end + 1);
                    return Ok(());
                }
                None if waiting.is_empty() => return Ok(()),
                None => {
                    let all = waiting.len();
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

/// The bytes that can be looked at, more than none but at the end.
fn fill_buffer(input: &mut impl BufRead) -> io::Result<&[u8]> {
    // A signal is no reason to give up; the loop is without a borrow, hence the second look.
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

    /// Every row as its line, then its cells or why there are none.
    fn read_rows(text: &[u8], quote: Option<u8>) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut scan = CsvRowReader::new(text, b',', quote).expect("memory can be read");
        let cells = |row: ByteRecord| {
            row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
        };
        std::iter::from_fn(|| scan.next_row().expect("memory can be read"))
            .map(|next| (next.line, next.record.map(cells)))
            .collect()
    }

    fn expected_row(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, String>) {
        (line, Ok(cells.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn row_carries_line_number_of_its_start() {
        let text = b"\xef\xbb\xbf\r\n\r\na,b\r\n\"1\r\n2\",\"\"\"\"\n\n3,\r4,x";
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
                "longer than {ROW_BYTES_MAX} bytes; all before line {third} is passed over"
            )),
            "{reason}"
        );
        // The row had five bytes before the filler, which has eleven a line.
        assert_eq!(third as usize, 3 + (ROW_BYTES_MAX - 5).div_ceil(11));
        assert_eq!(rows.len(), 2 + 2 * ROW_BYTES_MAX / 11 + 3 - third as usize);
        assert!(
            rows[2..]
                .iter()
                .all(|(_, row)| row.as_ref().is_ok_and(|cells| cells == &["12345678", "0"]))
        );
    }
}
