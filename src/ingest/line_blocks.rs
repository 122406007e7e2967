//! Reads a stream in blocks of whole, numbered lines in bounded memory.
//!
//! A line that exceeds the limit is skipped without being held in memory.

use std::io::{self, Read};
use std::ops::Range;

/// Complete lines that were read together.
#[derive(Debug, Default)]
pub struct LineBlock {
    /// Number of the first line, counted from 1.
    pub first_line: u64,
    /// Length in bytes of an overlong line after these lines. The line is counted but skipped.
    pub long_line_bytes: Option<u64>,
    buffer: Vec<u8>,
    /// Range of the lines in the buffer. Each ends with a line feed, except the last of the stream.
    lines: Range<usize>,
}

/// Reads a stream in blocks of whole lines, each in memory of its own.
#[derive(Debug)]
pub struct LineBlockReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// Range of the buffer that was read but not returned yet.
    unread: Range<usize>,
    next_line: u64,
    line_bytes_max: usize,
}

/// Bytes per read: about two thousand events, few enough to stay in the CPU cache for decoding.
const READ_BYTES: usize = 512 * 1024;

impl<R: Read> LineBlockReader<R> {
    /// Returns a reader of `input` that skips lines of more than `line_bytes_max` bytes.
    #[must_use]
    pub fn new(input: R, line_bytes_max: usize) -> LineBlockReader<R> {
        LineBlockReader { input, buffer: Vec::new(), unread: 0..0, next_line: 1, line_bytes_max }
    }

    /// Returns the next lines, or `None` at the end. The memory of the finished block `spent` is
    /// reused.
    ///
    /// # Errors
    /// Returns the error of the underlying stream.
    pub fn next_block(&mut self, spent: LineBlock) -> io::Result<Option<LineBlock>> {
        let spare = spent.buffer;
        loop {
            let read = self.fill_buffer()?;
            let unread = self.unread.clone();
            if read == 0 {
                self.unread = unread.end..unread.end;
                return Ok(if unread.is_empty() {
                    None
                } else {
                    Some(self.take_block(unread, None, spare))
                });
            }
            if let Some(end) = memchr::memrchr(b'\n', &self.buffer[unread.clone()]) {
                let end = unread.start + end + 1;
                self.unread.start = end;
                return Ok(Some(self.take_block(unread.start..end, None, spare)));
            }
            if unread.len() > self.line_bytes_max {
                let length = self.skip_line()?;
                return Ok(Some(self.take_block(0..0, Some(length), spare)));
            }
        }
    }

    /// Moves unread bytes to the front and reads more after them. Returns the number of new bytes.
    fn fill_buffer(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let (begin, full) = (self.unread.end, self.unread.end + READ_BYTES);
        if self.buffer.len() < full {
            self.buffer.resize(full, 0);
        }
        // A pipe or a compressed file returns few bytes per read.
        while self.unread.end < full {
            match self.input.read(&mut self.buffer[self.unread.end..full]) {
                Ok(0) => break,
                Ok(count) => self.unread.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.unread.end - begin)
    }

    /// Skips to the end of the line. Returns the length of the line in bytes.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.unread.clone()]) {
                self.unread.start += end + 1;
                return Ok(skipped + end as u64);
            }
            skipped += self.unread.len() as u64;
            self.unread = 0..0;
            if self.fill_buffer()? == 0 {
                return Ok(skipped);
            }
        }
    }

    /// Returns the block with the current buffer. Unread bytes continue in `spare`.
    fn take_block(
        &mut self,
        lines: Range<usize>,
        long_line_bytes: Option<u64>,
        mut spare: Vec<u8>,
    ) -> LineBlock {
        let first_line = self.next_line;
        let bytes = &self.buffer[lines.clone()];
        let line_feeds = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let unterminated = u64::from(bytes.last().is_some_and(|last| *last != b'\n'));
        self.next_line += line_feeds + unterminated + u64::from(long_line_bytes.is_some());
        let unread = &self.buffer[self.unread.clone()];
        if spare.len() < unread.len() {
            spare.resize(unread.len(), 0);
        }
        spare[..unread.len()].copy_from_slice(unread);
        self.unread = 0..unread.len();
        LineBlock {
            first_line,
            long_line_bytes,
            buffer: std::mem::replace(&mut self.buffer, spare),
            lines,
        }
    }
}

impl LineBlock {
    /// Returns the lines with their numbers, without line ends. Blank lines are left out.
    pub fn numbered_lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let bytes = &self.buffer[self.lines.clone()];
        let ends = memchr::memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len()));
        let mut begin = 0;
        let lines = ends.map(move |end| {
            let line = &bytes[begin.min(end)..end];
            begin = end + 1;
            line.trim_ascii()
        });
        (self.first_line..).zip(lines).filter(|(_, line)| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::slow_reader::SlowReader;

    fn read_all(text: &[u8], step: usize) -> (Vec<(u64, String)>, Vec<u64>) {
        let mut lines = LineBlockReader::new(SlowReader::new(text, step), 20);
        let (mut read, mut long) = (Vec::new(), Vec::new());
        let mut spent = LineBlock::default();
        while let Some(block) = lines.next_block(spent).expect("reading from memory succeeds") {
            read.extend(
                block
                    .numbered_lines()
                    .map(|(number, line)| (number, String::from_utf8_lossy(line).into_owned())),
            );
            long.extend(block.long_line_bytes.map(|_| block.first_line));
            spent = block;
        }
        (read, long)
    }

    #[test]
    fn line_numbers_do_not_depend_on_read_sizes() {
        let text = b"one\r\n\n three \nfour";
        for step in [1, 3, 1_000] {
            let (lines, long) = read_all(text, step);
            assert_eq!(
                lines,
                [(1, "one".to_owned()), (3, "three".to_owned()), (4, "four".to_owned())],
                "step {step}"
            );
            assert!(long.is_empty());
        }
    }

    #[test]
    fn skips_overlong_line_and_reads_next() {
        let text = format!("a\n{}\nb\n", "x".repeat(3 * READ_BYTES));
        let (lines, long) = read_all(text.as_bytes(), 1_000_000);
        assert_eq!(lines, [(1, "a".to_owned()), (3, "b".to_owned())]);
        assert_eq!(long, [2]);
    }
}
