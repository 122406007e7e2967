//! Lines of a stream in blocks: bounded memory, numbered, and a line too long to be an event is skipped, not swallowed.

use std::io::{self, Read};
use std::ops::Range;

/// Complete lines that were read together.
#[derive(Debug, Default)]
pub struct LineBlock {
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// How long the line behind them was, if it was too long; it is counted as a line and was skipped.
    pub long_line_bytes: Option<u64>,
    buffer: Vec<u8>,
    /// Where the lines lie in the buffer, each with its line feed but for the last of the stream.
    lines: Range<usize>,
}

/// Reads a stream in blocks of whole lines, each in memory of its own.
#[derive(Debug)]
pub struct LineBlockReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer was read and not given yet.
    unread: Range<usize>,
    next_line: u64,
    /// Whether what stands before the first line was looked at.
    start_checked: bool,
    line_bytes_max: usize,
}

/// How much is read at a time: about two thousand events, and what is decoded next should still be in the cache.
const READ_BYTES: usize = 512 * 1024;

impl<R: Read> LineBlockReader<R> {
    /// Reads `input`; a line of more than `longest` bytes is skipped.
    #[must_use]
    pub fn new(input: R, longest: usize) -> LineBlockReader<R> {
        LineBlockReader {
            input,
            buffer: Vec::new(),
            unread: 0..0,
            next_line: 1,
            start_checked: false,
            line_bytes_max: longest,
        }
    }

    /// The next lines; `None` at the end. They take the memory of `spent`, whose lines nobody needs any more.
    ///
    /// # Errors
    /// What reading the stream gave.
    pub fn next_block(&mut self, spent: LineBlock) -> io::Result<Option<LineBlock>> {
        let spare = spent.buffer;
        loop {
            let read = self.fill_buffer()?;
            // What some editors put before the first line, once, is no part of it.
            if !self.start_checked && self.unread.len() >= 3 {
                self.start_checked = true;
                if self.buffer[self.unread.clone()].starts_with(b"\xef\xbb\xbf") {
                    self.unread.start += 3;
                }
            }
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
                (self.unread.start, self.start_checked) = (end, true);
                return Ok(Some(self.take_block(unread.start..end, None, spare)));
            }
            if unread.len() > self.line_bytes_max {
                let length = self.skip_line()?;
                return Ok(Some(self.take_block(0..0, Some(length), spare)));
            }
        }
    }

    /// Moves what is unread to the front and reads more behind it; how much that was.
    fn fill_buffer(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let (begin, full) = (self.unread.end, self.unread.end + READ_BYTES);
        if self.buffer.len() < full {
            self.buffer.resize(full, 0);
        }
        // A pipe or a packed file gives little at a time.
        while self.unread.end < full {
            match self.input.read(&mut self.buffer[self.unread.end..full]) {
                Ok(0) => break,
                Ok(many) => self.unread.end += many,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.unread.end - begin)
    }

    /// Skips to the end of the line; how many bytes it had.
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

    /// Gives lines of the buffer away with it; what is unread goes on in `spare`.
    fn take_block(
        &mut self,
        lines: Range<usize>,
        too_long: Option<u64>,
        mut spare: Vec<u8>,
    ) -> LineBlock {
        let first = self.next_line;
        let bytes = &self.buffer[lines.clone()];
        let feeds = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let open = u64::from(bytes.last().is_some_and(|last| *last != b'\n'));
        self.next_line += feeds + open + u64::from(too_long.is_some());
        let unread = &self.buffer[self.unread.clone()];
        if spare.len() < unread.len() {
            spare.resize(unread.len(), 0);
        }
        spare[..unread.len()].copy_from_slice(unread);
        self.unread = 0..unread.len();
        LineBlock {
            first_line: first,
            long_line_bytes: too_long,
            buffer: std::mem::replace(&mut self.buffer, spare),
            lines,
        }
    }
}

impl LineBlock {
    /// The lines with their numbers, without line ends; blank lines are left out.
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

    /// Gives one byte at a time, as a slow pipe does.
    struct SlowReader<'a>(&'a [u8], usize);
    impl Read for SlowReader<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let many = self.1.min(self.0.len()).min(buffer.len());
            buffer[..many].copy_from_slice(&self.0[..many]);
            self.0 = &self.0[many..];
            Ok(many)
        }
    }

    fn read_all(text: &[u8], step: usize) -> (Vec<(u64, String)>, Vec<u64>) {
        let mut lines = LineBlockReader::new(SlowReader(text, step), 20);
        let (mut read, mut long) = (Vec::new(), Vec::new());
        let mut spent = LineBlock::default();
        while let Some(block) = lines.next_block(spent).expect("memory can be read") {
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
    fn strips_byte_order_mark_from_first_line() {
        assert_eq!(read_all(b"\xef\xbb\xbf{}\n", 1).0, [(1, "{}".to_owned())]);
        for step in [1, 1_000] {
            assert_eq!(
                read_all(b"\xef\xbb\xbf\xef\xbb\xbf{}", step).0,
                [(1, "\u{feff}{}".to_owned())],
                "step {step}"
            );
        }
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
