//! A snapshot as its decoder takes it: unpacked on a thread beside it, portion by portion.
//!
//! To read, check and unpack takes about half as long as to decode and to build what is not written down, and on a machine with two
//! processors a start does both at once. A byte is a look into a portion: postcard's own reader of streams asks its stream
//! for every single one, which takes several times as long.
//!
//! # Limits
//! [`AHEAD`] portions of [`PORTION`] bytes wait at most. A text of a snapshot has at most [`LONGEST_TEXT`] bytes; a longer one is
//! damage, and takes no memory.

use postcard::de_flavors::Flavor;
use postcard::{Deserializer, Error, Result};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// How much is unpacked at once: what the fast memory of a processor has room for.
const PORTION_BYTES: u64 = 1 << 18;
/// How many portions are unpacked before the decoder has asked for them.
const PORTIONS_AHEAD: usize = 16;
/// The longest text of a snapshot, a file of a standard, in bytes.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// The portions, as a source of the decoder; what remains of it is why it broke off, if it did.
pub(super) struct SnapshotDecompressor {
    portions: Receiver<io::Result<Vec<u8>>>,
    portion: Vec<u8>,
    /// How much of the portion is taken.
    position: usize,
    /// A text that lies in more than one portion.
    spanning_text: Vec<u8>,
    error: Option<io::Error>,
}

/// Gives `decode` what `packed` unpacks to, and unpacks it at the same time.
///
/// # Errors
/// If there is no thread to be had. What is wrong with the bytes is what remains of the decoder.
pub(super) fn decompress_and_decode<R>(
    mut packed: impl Read + Send,
    decode: impl FnOnce(Deserializer<'_, SnapshotDecompressor>) -> R,
) -> io::Result<R> {
    let (sender, portions) = sync_channel(PORTIONS_AHEAD);
    let work = move || {
        loop {
            let mut portion = Vec::with_capacity(PORTION_BYTES as usize);
            let read = packed.by_ref().take(PORTION_BYTES).read_to_end(&mut portion);
            let last = !matches!(read, Ok(1..));
            // A decoder that has seen enough asks for no more.
            if sender.send(read.map(|_| portion)).is_err() || last {
                return;
            }
        }
    };
    thread::scope(|scope| {
        thread::Builder::new().name("unpack".to_owned()).spawn_scoped(scope, work)?;
        let unpacked = SnapshotDecompressor {
            portions,
            portion: Vec::new(),
            position: 0,
            spanning_text: Vec::new(),
            error: None,
        };
        Ok(decode(Deserializer::from_flavor(unpacked)))
    })
}

impl SnapshotDecompressor {
    /// Goes on to the next portion.
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

    /// Puts together so many bytes that lie in more than one portion.
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

    /// A portion goes when it is taken, so nothing is ever borrowed of it for long.
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

    /// A stream that gives so many bytes at a time, and breaks off with an error.
    struct FaultyStream<'b> {
        bytes: &'b [u8],
        chunk_bytes: usize,
        ends_with_error: bool,
    }

    impl Read for FaultyStream<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() && self.ends_with_error {
                return Err(io::Error::other("piece 3 is missing"));
            }
            let end = self.chunk_bytes.min(out.len());
            self.bytes.read(&mut out[..end])
        }
    }

    type SampleSnapshot = (Vec<(u64, String)>, u8);

    fn sample_snapshot() -> SampleSnapshot {
        // Texts that lie across portions, and one that is longer than a portion.
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
            let told = SampleSnapshot::deserialize(&mut decoder);
            (told, decoder.finalize().expect("it cannot fail").map(|error| error.to_string()))
        });
        decoded.expect("a thread")
    }

    #[test]
    fn decodes_values_across_portion_boundaries() {
        let bytes = postcard::to_stdvec(&sample_snapshot()).expect("written");
        assert!(bytes.len() as u64 > 20 * PORTION_BYTES, "many portions");
        for at_once in [1_021, usize::MAX] {
            assert_eq!(
                decode_stream(FaultyStream {
                    bytes: &bytes,
                    chunk_bytes: at_once,
                    ends_with_error: false
                }),
                (Ok(sample_snapshot()), None)
            );
        }
    }

    #[test]
    fn reports_truncated_and_failed_streams() {
        let bytes = postcard::to_stdvec(&sample_snapshot()).expect("written");
        for length in
            [0, 1, 100_000, PORTION_BYTES as usize, 2 * PORTION_BYTES as usize + 1, bytes.len() - 1]
        {
            let cut = |broken| {
                decode_stream(FaultyStream {
                    bytes: &bytes[..length],
                    chunk_bytes: usize::MAX,
                    ends_with_error: broken,
                })
            };
            assert_eq!(cut(false), (Err(Error::DeserializeUnexpectedEnd), None), "after {length}");
            assert_eq!(
                cut(true),
                (Err(Error::DeserializeUnexpectedEnd), Some("piece 3 is missing".to_owned())),
                "after {length}"
            );
        }
    }

    #[test]
    fn decoder_may_stop_before_end_of_stream() {
        let bytes = postcard::to_stdvec(&sample_snapshot()).expect("written");
        let first = decompress_and_decode(&bytes[..], |mut decoder| u64::deserialize(&mut decoder));
        assert_eq!(first.expect("a thread"), Ok(60));
    }

    #[test]
    fn rejects_oversized_text_without_allocating() {
        let bytes = postcard::to_stdvec(&(TEXT_BYTES_MAX as u64 + 1)).expect("written");
        let (told, _) =
            decompress_and_decode(io::Cursor::new(bytes).chain(io::repeat(b'a')), |mut decoder| {
                (String::deserialize(&mut decoder), decoder.finalize().expect("it cannot fail"))
            })
            .expect("a thread");
        assert_eq!(told, Err(Error::DeserializeUnexpectedEnd));
    }
}
