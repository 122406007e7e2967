//! Lines of a stream in blocks: bounded memory, numbered, and a line too long to be an event is skipped, not swallowed.

use std::io::{self, Read};
use std::ops::Range;

/// Complete lines that were read together.
#[derive(Debug, Default)]
pub struct Block {
    /// The number of the first line, from 1.
    pub first: u64,
    /// How long the line behind them was, if it was too long; it is counted as a line and was skipped.
    pub too_long: Option<u64>,
    buffer: Vec<u8>,
    /// Where the lines lie in the buffer, each with its line feed but for the last of the stream.
    lines: Range<usize>,
}

/// Reads a stream in blocks of whole lines, each in memory of its own.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer was read and not given yet.
    unread: Range<usize>,
    next: u64,
    /// Whether what stands before the first line was looked at.
    begun: bool,
    longest: usize,
}

/// How much is read at a time: about two thousand events, and what is decoded next should still be in the cache.
const STEP: usize = 512 * 1024;

impl<R: Read> Lines<R> {
    /// Reads `input`; a line of more than `longest` bytes is skipped.
    #[must_use]
    pub fn new(input: R, longest: usize) -> Lines<R> {
        Lines { input, buffer: Vec::new(), unread: 0..0, next: 1, begun: false, longest }
    }

    /// The next lines; `None` at the end. They take the memory of `spent`, whose lines nobody needs any more.
    ///
    /// # Errors
    /// What reading the stream gave.
    pub fn block(&mut self, spent: Block) -> io::Result<Option<Block>> {
        let spare = spent.buffer;
        loop {
            let read = self.fill()?;
            // What some editors put before the first line, once, is no part of it.
            if !self.begun && self.unread.len() >= 3 {
                self.begun = true;
                if self.buffer[self.unread.clone()].starts_with(b"\xef\xbb\xbf") {
                    self.unread.start += 3;
                }
            }
            let unread = self.unread.clone();
            if read == 0 {
                self.unread = unread.end..unread.end;
                return Ok(if unread.is_empty() { None } else { Some(self.give(unread, None, spare)) });
            }
            if let Some(end) = memchr::memrchr(b'\n', &self.buffer[unread.clone()]) {
                let end = unread.start + end + 1;
                (self.unread.start, self.begun) = (end, true);
                return Ok(Some(self.give(unread.start..end, None, spare)));
            }
            if unread.len() > self.longest {
                let length = self.skip()?;
                return Ok(Some(self.give(0..0, Some(length), spare)));
            }
        }
    }

    /// Moves what is unread to the front and reads more behind it; how much that was.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let (begin, full) = (self.unread.end, self.unread.end + STEP);
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
    fn skip(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.unread.clone()]) {
                self.unread.start += end + 1;
                return Ok(skipped + end as u64);
            }
            skipped += self.unread.len() as u64;
            self.unread = 0..0;
            if self.fill()? == 0 {
                return Ok(skipped);
            }
        }
    }

    /// Gives lines of the buffer away with it; what is unread goes on in `spare`.
    fn give(&mut self, lines: Range<usize>, too_long: Option<u64>, mut spare: Vec<u8>) -> Block {
        let first = self.next;
        let bytes = &self.buffer[lines.clone()];
        let feeds = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let open = u64::from(bytes.last().is_some_and(|last| *last != b'\n'));
        self.next += feeds + open + u64::from(too_long.is_some());
        let unread = &self.buffer[self.unread.clone()];
        if spare.len() < unread.len() {
            spare.resize(unread.len(), 0);
        }
        spare[..unread.len()].copy_from_slice(unread);
        self.unread = 0..unread.len();
        Block { first, too_long, buffer: std::mem::replace(&mut self.buffer, spare), lines }
    }
}

impl Block {
    /// The lines with their numbers, without line ends; blank lines are left out.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let bytes = &self.buffer[self.lines.clone()];
        let ends = memchr::memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len()));
        let mut begin = 0;
        let lines = ends.map(move |end| {
            let line = &bytes[begin.min(end)..end];
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
        let mut spent = Block::default();
        while let Some(block) = lines.block(spent).expect("memory can be read") {
            read.extend(block.lines().map(|(number, line)| (number, String::from_utf8_lossy(line).into_owned())));
            long.extend(block.too_long.map(|_| block.first));
            spent = block;
        }
        (read, long)
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(all(b"\xef\xbb\xbf{}\n", 1).0, [(1, "{}".to_owned())]);
        for step in [1, 1_000] {
            assert_eq!(all(b"\xef\xbb\xbf\xef\xbb\xbf{}", step).0, [(1, "\u{feff}{}".to_owned())], "step {step}");
        }
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
