//! Lines of a stream in blocks: bounded memory, numbered, and a line too long to be an event is skipped, not swallowed.

use std::io::{self, Read};

/// Complete lines that were read together.
#[derive(Debug)]
pub struct Block {
    /// The number of the first line, from 1.
    pub first: u64,
    /// The lines, each with its line feed but for the last of the stream.
    pub bytes: Vec<u8>,
    /// How long the line behind them was, if it was too long; it is counted as a line and was skipped.
    pub too_long: Option<u64>,
}

/// Reads a stream in blocks of whole lines.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    rest: Vec<u8>,
    next: u64,
    longest: usize,
}

/// How much is read at a time.
const STEP: usize = 256 * 1024;

impl<R: Read> Lines<R> {
    /// Reads `input`; a line of more than `longest` bytes is skipped.
    #[must_use]
    pub fn new(input: R, longest: usize) -> Lines<R> {
        Lines { input, rest: Vec::new(), next: 1, longest }
    }

    /// The next lines; `None` at the end.
    ///
    /// # Errors
    /// What reading the stream gave.
    pub fn block(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            bytes.reserve(STEP);
            let read = self.input.by_ref().take(STEP as u64).read_to_end(&mut bytes)?;
            // What some editors put before the first line is no part of it.
            if self.next == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            if read == 0 {
                return Ok((!bytes.is_empty()).then(|| self.number(bytes, None)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
                return Ok(Some(self.number(bytes, None)));
            }
            if bytes.len() > self.longest {
                let length = bytes.len() as u64 + self.skip()?;
                return Ok(Some(self.number(Vec::new(), Some(length))));
            }
        }
    }

    /// Skips to the end of the line; how many bytes that were.
    fn skip(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let mut bytes = Vec::with_capacity(STEP);
            let read = self.input.by_ref().take(STEP as u64).read_to_end(&mut bytes)?;
            if let Some(end) = memchr::memchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
                return Ok(skipped + end as u64);
            }
            if read == 0 {
                return Ok(skipped);
            }
            skipped += read as u64;
        }
    }

    fn number(&mut self, bytes: Vec<u8>, too_long: Option<u64>) -> Block {
        let first = self.next;
        let feeds = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let open = u64::from(bytes.last().is_some_and(|last| *last != b'\n'));
        self.next += feeds + open + u64::from(too_long.is_some());
        Block { first, bytes, too_long }
    }
}

impl Block {
    /// The lines with their numbers, without line ends; blank lines are left out.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = memchr::memchr_iter(b'\n', &self.bytes).chain(std::iter::once(self.bytes.len()));
        let mut begin = 0;
        let lines = ends.map(move |end| {
            let line = &self.bytes[begin.min(end)..end];
            begin = end + 1;
            line.trim_ascii()
        });
        (self.first..).zip(lines).filter(|(_, line)| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe does.
    struct Drop<'a>(&'a [u8], usize);
    impl Read for Drop<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let many = self.1.min(self.0.len()).min(buffer.len());
            buffer[..many].copy_from_slice(&self.0[..many]);
            self.0 = &self.0[many..];
            Ok(many)
        }
    }

    fn all(text: &[u8], step: usize) -> (Vec<(u64, String)>, Vec<u64>) {
        let mut lines = Lines::new(Drop(text, step), 20);
        let (mut read, mut long) = (Vec::new(), Vec::new());
        while let Some(block) = lines.block().expect("memory can be read") {
            read.extend(block.lines().map(|(number, line)| (number, String::from_utf8_lossy(line).into_owned())));
            long.extend(block.too_long.map(|_| block.first));
        }
        (read, long)
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(all(b"\xef\xbb\xbf{}\n", 1).0, [(1, "{}".to_owned())]);
    }

    #[test]
    fn lines_keep_their_numbers_however_the_bytes_arrive() {
        let text = b"one\r\n\n three \nfour";
        for step in [1, 3, 1_000] {
            let (lines, long) = all(text, step);
            assert_eq!(lines, [(1, "one".to_owned()), (3, "three".to_owned()), (4, "four".to_owned())], "step {step}");
            assert!(long.is_empty());
        }
    }

    #[test]
    fn a_line_too_long_is_skipped_and_the_next_one_read() {
        let text = format!("a\n{}\nb\n", "x".repeat(3 * STEP));
        let (lines, long) = all(text.as_bytes(), 1_000_000);
        assert_eq!(lines, [(1, "a".to_owned()), (3, "b".to_owned())]);
        assert_eq!(long, [2]);
    }
}
