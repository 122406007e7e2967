//! Unpacks a body step by step, and stops where more comes out than may.

use super::media::Coding;
use super::{Cause, Failure};
use bytes::BytesMut;
use flate2::write::MultiGzDecoder;
use std::io::Write;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// The largest window a zstd body may need: 8 MiB, which every level up to 19 keeps to.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body on its way out of its packing.
pub struct Unpacker {
    packing: Packing,
    limit: usize,
    room: usize,
}

enum Packing {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd {
        decoder: Decoder<'static>,
        /// Whether a frame has been begun and not ended.
        within: bool,
    },
}

impl Unpacker {
    /// Unpacks at most `limit` bytes.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new(coding: Coding, limit: usize) -> Result<Unpacker, Failure> {
        let packing = match coding {
            Coding::Plain => Packing::Plain,
            Coding::Gzip => Packing::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Coding::Zstd => {
                let mut decoder = Decoder::new().map_err(|error| unreadable("zstd", &error))?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(|error| unreadable("zstd", &error))?;
                Packing::Zstd { decoder, within: false }
            }
        };
        Ok(Unpacker { packing, limit, room: limit })
    }

    /// Adds to `out` what `packed` holds.
    ///
    /// # Errors
    /// If it is broken, or too much.
    pub fn unpack(&mut self, packed: &[u8], out: &mut BytesMut) -> Result<(), Failure> {
        match &mut self.packing {
            Packing::Plain => add(&mut self.room, self.limit, packed, out),
            Packing::Gzip(decoder) => {
                decoder.write_all(packed).map_err(|error| unreadable("gzip", &error))?;
                add(&mut self.room, self.limit, decoder.get_ref(), out)?;
                decoder.get_mut().clear();
                Ok(())
            }
            Packing::Zstd { decoder, within } => {
                let mut input = InBuffer::around(packed);
                let mut buffer = vec![0; 64 << 10];
                loop {
                    let mut output = OutBuffer::around(&mut buffer[..]);
                    *within = decoder.run(&mut input, &mut output).map_err(|error| unreadable("zstd", &error))? != 0;
                    let length = output.pos();
                    add(&mut self.room, self.limit, &buffer[..length], out)?;
                    if input.pos() == packed.len() && length < buffer.len() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Adds to `out` what is left when the body has come to its end.
    ///
    /// # Errors
    /// If it ends too early.
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<(), Failure> {
        match &mut self.packing {
            Packing::Gzip(decoder) => {
                decoder.try_finish().map_err(|error| unreadable("gzip", &error))?;
                add(&mut self.room, self.limit, decoder.get_ref(), out)
            }
            Packing::Zstd { within: true, .. } => Err(Failure::new(Cause::Unreadable, "the zstd body breaks off")),
            Packing::Plain | Packing::Zstd { .. } => Ok(()),
        }
    }
}

fn add(room: &mut usize, limit: usize, bytes: &[u8], out: &mut BytesMut) -> Result<(), Failure> {
    match room.checked_sub(bytes.len()) {
        Some(left) => *room = left,
        None => {
            let what = format!("the body is longer than {limit} bytes (unpacked); send it in parts, or raise `limits.body_mb`");
            return Err(Failure::new(Cause::TooLarge, what));
        }
    }
    out.extend_from_slice(bytes);
    Ok(())
}

fn unreadable(coding: &str, error: &std::io::Error) -> Failure {
    Failure::new(Cause::Unreadable, format!("the body is not {coding}: {error}"))
}
