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
const PORTION: u64 = 1 << 18;
/// How many portions are unpacked before the decoder has asked for them.
const AHEAD: usize = 16;
/// The longest text of a snapshot, a file of a standard, in bytes.
const LONGEST_TEXT: usize = 16 << 20;

/// The portions, as a source of the decoder; what remains of it is why it broke off, if it did.
pub(super) struct Unpacked {
    portions: Receiver<io::Result<Vec<u8>>>,
    portion: Vec<u8>,
    /// How much of the portion is taken.
    taken: usize,
    /// A text that lies in more than one portion.
    seam: Vec<u8>,
    broken: Option<io::Error>,
}

/// Gives `decode` what `packed` unpacks to, and unpacks it at the same time.
///
/// # Errors
/// If there is no thread to be had. What is wrong with the bytes is what remains of the decoder.
pub(super) fn unpack<R>(mut packed: impl Read + Send, decode: impl FnOnce(Deserializer<'_, Unpacked>) -> R) -> io::Result<R> {
    let (sender, portions) = sync_channel(AHEAD);
    let work = move || {
        loop {
            let mut portion = Vec::with_capacity(PORTION as usize);
            let read = packed.by_ref().take(PORTION).read_to_end(&mut portion);
            let last = !matches!(read, Ok(1..));
            // A decoder that has seen enough asks for no more.
            if sender.send(read.map(|_| portion)).is_err() || last {
                return;
            }
        }
    };
    thread::scope(|scope| {
        thread::Builder::new().name("unpack".to_owned()).spawn_scoped(scope, work)?;
        let unpacked = Unpacked { portions, portion: Vec::new(), taken: 0, seam: Vec::new(), broken: None };
        Ok(decode(Deserializer::from_flavor(unpacked)))
    })
}

impl Unpacked {
    /// Goes on to the next portion.
    #[cold]
    fn fetch(&mut self) -> Result<()> {
        match self.portions.recv() {
            Ok(Ok(portion)) if !portion.is_empty() => {
                (self.portion, self.taken) = (portion, 0);
                return Ok(());
            }
            Ok(Err(error)) => self.broken = Some(error),
            Ok(Ok(_)) | Err(_) => {}
        }
        Err(Error::DeserializeUnexpectedEnd)
    }

    #[cold]
    fn pop_next(&mut self) -> Result<u8> {
        self.fetch()?;
        self.taken = 1;
        self.portion.first().copied().ok_or(Error::DeserializeUnexpectedEnd)
    }

    /// Puts together so many bytes that lie in more than one portion.
    #[cold]
    fn join(&mut self, count: usize) -> Result<()> {
        if count > LONGEST_TEXT {
            return Err(Error::DeserializeUnexpectedEnd);
        }
        self.seam.clear();
        while self.seam.len() < count {
            if self.taken == self.portion.len() {
                self.fetch()?;
            }
            let end = self.portion.len().min(self.taken + count - self.seam.len());
            self.seam.extend_from_slice(&self.portion[self.taken..end]);
            self.taken = end;
        }
        Ok(())
    }
}

impl<'de> Flavor<'de> for Unpacked {
    type Remainder = Option<io::Error>;
    type Source = ();

    #[inline]
    fn pop(&mut self) -> Result<u8> {
        match self.portion.get(self.taken) {
            Some(byte) => {
                self.taken += 1;
                Ok(*byte)
            }
            None => self.pop_next(),
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
        if count <= self.portion.len() - self.taken {
            self.taken += count;
            return Ok(&self.portion[self.taken - count..self.taken]);
        }
        self.join(count)?;
        Ok(&self.seam)
    }

    fn finalize(self) -> Result<Option<io::Error>> {
        Ok(self.broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// A stream that gives so many bytes at a time, and breaks off with an error.
    struct Stream<'b> {
        bytes: &'b [u8],
        at_once: usize,
        broken: bool,
    }

    impl Read for Stream<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() && self.broken {
                return Err(io::Error::other("piece 3 is missing"));
            }
            let end = self.at_once.min(out.len());
            self.bytes.read(&mut out[..end])
        }
    }

    type Told = (Vec<(u64, String)>, u8);

    fn told() -> Told {
        // Texts that lie across portions, and one that is longer than a portion.
        let lengths = [0, 1, 7, 300, 70_000, 3 * PORTION as usize].into_iter().cycle();
        (lengths.take(60).enumerate().map(|(number, length)| (number as u64 * 1_000_003, "ab".repeat(length / 2))).collect(), 7)
    }

    fn read(stream: Stream<'_>) -> (Result<Told>, Option<String>) {
        let decoded = unpack(stream, |mut decoder| {
            let told = Told::deserialize(&mut decoder);
            (told, decoder.finalize().expect("it cannot fail").map(|error| error.to_string()))
        });
        decoded.expect("a thread")
    }

    #[test]
    fn what_was_written_is_decoded_wherever_portions_end() {
        let bytes = postcard::to_stdvec(&told()).expect("written");
        assert!(bytes.len() as u64 > 20 * PORTION, "many portions");
        for at_once in [1_021, usize::MAX] {
            assert_eq!(read(Stream { bytes: &bytes, at_once, broken: false }), (Ok(told()), None));
        }
    }

    #[test]
    fn a_stream_that_ends_or_breaks_is_told() {
        let bytes = postcard::to_stdvec(&told()).expect("written");
        for length in [0, 1, 100_000, PORTION as usize, 2 * PORTION as usize + 1, bytes.len() - 1] {
            let cut = |broken| read(Stream { bytes: &bytes[..length], at_once: usize::MAX, broken });
            assert_eq!(cut(false), (Err(Error::DeserializeUnexpectedEnd), None), "after {length}");
            assert_eq!(cut(true), (Err(Error::DeserializeUnexpectedEnd), Some("piece 3 is missing".to_owned())), "after {length}");
        }
    }

    #[test]
    fn a_decoder_that_has_seen_enough_need_not_read_on() {
        let bytes = postcard::to_stdvec(&told()).expect("written");
        let first = unpack(&bytes[..], |mut decoder| u64::deserialize(&mut decoder));
        assert_eq!(first.expect("a thread"), Ok(60));
    }

    #[test]
    fn a_text_longer_than_any_takes_no_memory() {
        let bytes = postcard::to_stdvec(&(LONGEST_TEXT as u64 + 1)).expect("written");
        let (told, _) = unpack(io::Cursor::new(bytes).chain(io::repeat(b'a')), |mut decoder| {
            (String::deserialize(&mut decoder), decoder.finalize().expect("it cannot fail"))
        })
        .expect("a thread");
        assert_eq!(told, Err(Error::DeserializeUnexpectedEnd));
    }
}
