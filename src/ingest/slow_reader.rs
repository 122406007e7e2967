//! Input for tests that arrives in small pieces.

use std::io::{self, Read};

/// Returns at most a few bytes per read, like a slow pipe, so that lines and characters are split.
pub(super) struct SlowReader<'a> {
    rest: &'a [u8],
    /// Maximum number of bytes per read.
    step: usize,
}

impl<'a> SlowReader<'a> {
    pub(super) fn new(bytes: &'a [u8], step: usize) -> SlowReader<'a> {
        SlowReader { rest: bytes, step }
    }
}

impl Read for SlowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.step.min(self.rest.len()).min(buffer.len());
        let (read, rest) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(read);
        self.rest = rest;
        Ok(count)
    }
}
