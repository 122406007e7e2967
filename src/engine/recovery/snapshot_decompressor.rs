//! Decompresses a snapshot on a separate thread and passes it to the decoder in portions.
//!
//! Reading, verifying and decompressing take about half as long as decoding and rebuilding, so two
//! processors work at the same time. Reading a byte is an index into the current portion.
//! postcard's own reader calls its stream for every byte, which is several times slower.
//!
//! # Limits
//! At most [`PORTIONS_AHEAD`] portions of [`PORTION_BYTES`] wait for the decoder. A text has at
//! most [`TEXT_BYTES_MAX`] bytes. A longer one is treated as damage and not allocated.

use postcard::de_flavors::Flavor;
use postcard::{Deserializer, Error, Result};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Size of a portion in bytes, chosen to fit the processor cache.
const PORTION_BYTES: u64 = 1 << 18;
/// Maximum number of portions decompressed ahead of the decoder.
const PORTIONS_AHEAD: usize = 16;
/// Maximum length of a text, such as a file of a standard, in bytes.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// Decoder input made of portions. [`Flavor::finalize`] returns the read error that ended the
/// input, if any.
pub(super) struct SnapshotDecompressor {
    portions: Receiver<io::Result<Vec<u8>>>,
    portion: Vec<u8>,
    /// Number of consumed bytes of the portion.
    position: usize,
    /// Buffer for a text that spans portions.
    spanning_text: Vec<u8>,
    error: Option<io::Error>,
}

/// Decompresses `compressed` on another thread while `decode` reads the result.
///
/// # Errors
/// Returns an error if the thread cannot be started. Read errors are returned by the decoder.
pub(super) fn decompress_and_decode<R>(
    mut compressed: impl Read + Send,
    decode: impl FnOnce(Deserializer<'_, SnapshotDecompressor>) -> R,
) -> io::Result<R> {
    let (sender, portions) = sync_channel(PORTIONS_AHEAD);
    let work = move || {
        loop {
            let mut portion = Vec::with_capacity(PORTION_BYTES as usize);
            let read = compressed.by_ref().take(PORTION_BYTES).read_to_end(&mut portion);
            let last = !matches!(read, Ok(1..));
            // The receiver is gone once the decoder has finished.
            if sender.send(read.map(|_| portion)).is_err() || last {
                return;
            }
        }
    };
    thread::scope(|scope| {
        thread::Builder::new().name("decompress".to_owned()).spawn_scoped(scope, work)?;
        let decompressor = SnapshotDecompressor {
            portions,
            portion: Vec::new(),
            position: 0,
            spanning_text: Vec::new(),
            error: None,
        };
        Ok(decode(Deserializer::from_flavor(decompressor)))
    })
}

impl SnapshotDecompressor {
    /// Receives the next portion.
    #[cold]
    fn receive_portion(&mut self) -> Result<()> {
        match self.portions.recv() {
            Ok(Ok(portion)) if !portion.is_empty() => {
                (self.portion, self.position) = (portion, 0);
                return Ok(());
            }
            Ok(Err(error)) => self.error = Some(error),
            Ok(Ok(_)) | Err(_) => {}
        }
        Err(Error::DeserializeUnexpectedEnd)
    }

    #[cold]
    fn pop_from_next_portion(&mut self) -> Result<u8> {
        self.receive_portion()?;
        self.position = 1;
        self.portion.first().copied().ok_or(Error::DeserializeUnexpectedEnd)
    }

    /// Collects `count` bytes that span portions.
    #[cold]
    fn join_portions(&mut self, count: usize) -> Result<()> {
        if count > TEXT_BYTES_MAX {
            return Err(Error::DeserializeUnexpectedEnd);
        }
        self.spanning_text.clear();
        while self.spanning_text.len() < count {
            if self.position == self.portion.len() {
                self.receive_portion()?;
            }
            let end = self.portion.len().min(self.position + count - self.spanning_text.len());
            self.spanning_text.extend_from_slice(&self.portion[self.position..end]);
            self.position = end;
        }
        Ok(())
    }
}

impl<'de> Flavor<'de> for SnapshotDecompressor {
    type Remainder = Option<io::Error>;
    type Source = ();

    #[inline]
    fn pop(&mut self) -> Result<u8> {
        match self.portion.get(self.position) {
            Some(byte) => {
                self.position += 1;
                Ok(*byte)
            }
            None => self.pop_from_next_portion(),
        }
    }

    /// Not supported, because portions do not outlive the call.
    fn try_take_n(&mut self, _: usize) -> Result<&'de [u8]> {
        Err(Error::WontImplement)
    }

    #[inline]
    fn try_take_n_temp<'a>(&'a mut self, count: usize) -> Result<&'a [u8]>
    where
        'de: 'a,
    {
        if count <= self.portion.len() - self.position {
            self.position += count;
            return Ok(&self.portion[self.position - count..self.position]);
        }
        self.join_portions(count)?;
        Ok(&self.spanning_text)
    }

    fn finalize(self) -> Result<Option<io::Error>> {
        Ok(self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// A stream that returns at most `chunk_bytes` per read and can end with an error.
    struct FaultyStream<'b> {
        bytes: &'b [u8],
        chunk_bytes: usize,
        ends_with_error: bool,
    }

    impl Read for FaultyStream<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() && self.ends_with_error {
                return Err(io::Error::other("part 3 is missing"));
            }
            let end = self.chunk_bytes.min(out.len());
            self.bytes.read(&mut out[..end])
        }
    }

    type SampleSnapshot = (Vec<(u64, String)>, u8);

    fn sample_snapshot() -> SampleSnapshot {
        // Texts that span portions, and one longer than a portion.
        let lengths = [0, 1, 7, 300, 70_000, 3 * PORTION_BYTES as usize].into_iter().cycle();
        (
            lengths
                .take(60)
                .enumerate()
                .map(|(number, length)| (number as u64 * 1_000_003, "ab".repeat(length / 2)))
                .collect(),
            7,
        )
    }

    fn decode_stream(stream: FaultyStream<'_>) -> (Result<SampleSnapshot>, Option<String>) {
        let decoded = decompress_and_decode(stream, |mut decoder| {
            let value = SampleSnapshot::deserialize(&mut decoder);
            (
                value,
                decoder.finalize().expect("finalize never fails").map(|error| error.to_string()),
            )
        });
        decoded.expect("thread starts")
    }

    #[test]
    fn decodes_values_across_portion_boundaries() {
        let bytes = postcard::to_stdvec(&sample_snapshot()).expect("snapshot encodes");
        assert!(bytes.len() as u64 > 20 * PORTION_BYTES, "many portions");
        for chunk_bytes in [1_021, usize::MAX] {
            assert_eq!(
                decode_stream(FaultyStream { bytes: &bytes, chunk_bytes, ends_with_error: false }),
                (Ok(sample_snapshot()), None)
            );
        }
    }

    #[test]
    fn reports_truncated_and_failed_streams() {
        let bytes = postcard::to_stdvec(&sample_snapshot()).expect("snapshot encodes");
        for length in
            [0, 1, 100_000, PORTION_BYTES as usize, 2 * PORTION_BYTES as usize + 1, bytes.len() - 1]
        {
            let cut = |with_error| {
                decode_stream(FaultyStream {
                    bytes: &bytes[..length],
                    chunk_bytes: usize::MAX,
                    ends_with_error: with_error,
                })
            };
            assert_eq!(cut(false), (Err(Error::DeserializeUnexpectedEnd), None), "after {length}");
            assert_eq!(
                cut(true),
                (Err(Error::DeserializeUnexpectedEnd), Some("part 3 is missing".to_owned())),
                "after {length}"
            );
        }
    }

    #[test]
    fn decoder_may_stop_before_end_of_stream() {
        let bytes = postcard::to_stdvec(&sample_snapshot()).expect("snapshot encodes");
        let first = decompress_and_decode(&bytes[..], |mut decoder| u64::deserialize(&mut decoder));
        assert_eq!(first.expect("thread starts"), Ok(60));
    }

    #[test]
    fn rejects_oversized_text_without_allocating() {
        let bytes = postcard::to_stdvec(&(TEXT_BYTES_MAX as u64 + 1)).expect("snapshot encodes");
        let (value, _) =
            decompress_and_decode(io::Cursor::new(bytes).chain(io::repeat(b'a')), |mut decoder| {
                (
                    String::deserialize(&mut decoder),
                    decoder.finalize().expect("finalize never fails"),
                )
            })
            .expect("thread starts");
        assert_eq!(value, Err(Error::DeserializeUnexpectedEnd));
    }
}
