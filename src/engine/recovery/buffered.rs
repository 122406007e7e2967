//! Bytes for postcard out of a stream, through a buffer of its own.
//!
//! postcard asks for single bytes, hundreds of millions of times in a large snapshot. A slice of all of it would be as fast to
//! read, but hold the whole snapshot, unpacked, in memory beside the core that is made from it.

use postcard::de_flavors::Flavor;
use postcard::{Error, Result};
use std::io::Read;

/// How much is read at once, in bytes.
const BUFFER: usize = 1 << 18;
/// The longest text there can be, a file of a standard, in bytes. A longer one is damage.
const LONGEST_TEXT: usize = 16 << 20;

/// A stream and what was read of it ahead.
pub(super) struct Buffered<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The next byte in the buffer.
    next: usize,
}

impl<R: Read> Buffered<R> {
    pub(super) fn new(reader: R) -> Buffered<R> {
        Buffered { reader, buffer: Vec::with_capacity(BUFFER), next: 0 }
    }

    /// Makes so many bytes lie in the buffer.
    #[cold]
    fn fill(&mut self, count: usize) -> Result<()> {
        if count > LONGEST_TEXT {
            return Err(Error::DeserializeUnexpectedEnd);
        }
        self.buffer.drain(..self.next);
        self.next = 0;
        let more = count.max(BUFFER) - self.buffer.len();
        if let Err(error) = self.reader.by_ref().take(more as u64).read_to_end(&mut self.buffer) {
            // postcard's error has no room for it.
            tracing::error!("a snapshot cannot be read: {error}");
        }
        if self.buffer.len() < count { Err(Error::DeserializeUnexpectedEnd) } else { Ok(()) }
    }
}

impl<'de, R: Read + 'de> Flavor<'de> for Buffered<R> {
    type Remainder = ();
    type Source = R;

    #[inline]
    fn pop(&mut self) -> Result<u8> {
        if self.next == self.buffer.len() {
            self.fill(1)?;
        }
        let byte = self.buffer[self.next];
        self.next += 1;
        Ok(byte)
    }

    /// Nothing can be borrowed for longer than it lies in the buffer; what is read here owns its texts.
    fn try_take_n(&mut self, _: usize) -> Result<&'de [u8]> {
        Err(Error::WontImplement)
    }

    #[inline]
    fn try_take_n_temp<'a>(&'a mut self, count: usize) -> Result<&'a [u8]>
    where
        'de: 'a,
    {
        if self.buffer.len() - self.next < count {
            self.fill(count)?;
        }
        let taken = &self.buffer[self.next..self.next + count];
        self.next += count;
        Ok(taken)
    }

    fn finalize(self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postcard::Deserializer;
    use serde::Deserialize;

    #[test]
    fn what_does_not_fit_the_buffer_is_read_as_well() {
        let said = (7_u8, "x".repeat(BUFFER * 3), vec![1_u64 << 40; BUFFER], "y".repeat(5), 0.5);
        let bytes = postcard::to_stdvec(&said).expect("bytes");
        let read = |bytes: &[u8]| <(u8, String, Vec<u64>, String, f64)>::deserialize(&mut Deserializer::from_flavor(Buffered::new(bytes)));
        assert_eq!(read(&bytes), Ok(said));
        assert_eq!(read(&bytes[..bytes.len() - 1]), Err(Error::DeserializeUnexpectedEnd), "a byte is missing");
        let length = [&[7][..], &postcard::to_stdvec(&(LONGEST_TEXT + 1)).expect("bytes")].concat();
        assert_eq!(read(&length), Err(Error::DeserializeUnexpectedEnd), "a text that nobody wrote");
    }
}
