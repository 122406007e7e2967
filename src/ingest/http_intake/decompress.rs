//! Unpacks a body step by step, and stops where more comes out than may.

use super::content_type::ContentEncoding;
use crate::ingest::http_intake::{IntakeFailure, IntakeFailureKind};
use bytes::BytesMut;
use flate2::write::MultiGzDecoder;
use std::io::Write;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// The largest window a zstd body may need: 8 MiB, which every level up to 19 keeps to.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body on its way out of its packing.
pub struct BodyDecompressor {
    compression: CompressionState,
    limit: usize,
    bytes_left: usize,
}

enum CompressionState {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd {
        decoder: Decoder<'static>,
        /// Whether a frame has been begun and not ended.
        frame_open: bool,
    },
}

impl BodyDecompressor {
    /// Unpacks at most `limit` bytes.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new(coding: ContentEncoding, limit: usize) -> Result<BodyDecompressor, IntakeFailure> {
        let packing = match coding {
            ContentEncoding::Plain => CompressionState::Plain,
            ContentEncoding::Gzip => {
                CompressionState::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            }
            ContentEncoding::Zstd => {
                let mut decoder =
                    Decoder::new().map_err(|error| unreadable_body("zstd", &error))?;
                decoder
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))
                    .map_err(|error| unreadable_body("zstd", &error))?;
                CompressionState::Zstd { decoder, frame_open: false }
            }
        };
        Ok(BodyDecompressor { compression: packing, limit, bytes_left: limit })
    }

    /// Adds to `out` what `packed` holds.
    ///
    /// # Errors
    /// If it is broken, or too much.
    pub fn decompress(&mut self, packed: &[u8], out: &mut BytesMut) -> Result<(), IntakeFailure> {
        match &mut self.compression {
            CompressionState::Plain => {
                append_within_limit(&mut self.bytes_left, self.limit, packed, out)
            }
            CompressionState::Gzip(decoder) => {
                decoder.write_all(packed).map_err(|error| unreadable_body("gzip", &error))?;
                append_within_limit(&mut self.bytes_left, self.limit, decoder.get_ref(), out)?;
                decoder.get_mut().clear();
                Ok(())
            }
            CompressionState::Zstd { decoder, frame_open: within } => {
                let mut input = InBuffer::around(packed);
                let mut buffer = vec![0; 64 << 10];
                loop {
                    let mut output = OutBuffer::around(&mut buffer[..]);
                    *within = decoder
                        .run(&mut input, &mut output)
                        .map_err(|error| unreadable_body("zstd", &error))?
                        != 0;
                    let length = output.pos();
                    append_within_limit(&mut self.bytes_left, self.limit, &buffer[..length], out)?;
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
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<(), IntakeFailure> {
        match &mut self.compression {
            CompressionState::Gzip(decoder) => {
                decoder.try_finish().map_err(|error| unreadable_body("gzip", &error))?;
                append_within_limit(&mut self.bytes_left, self.limit, decoder.get_ref(), out)
            }
            CompressionState::Zstd { frame_open: true, .. } => {
                Err(IntakeFailure::new(IntakeFailureKind::Unreadable, "the zstd body breaks off"))
            }
            CompressionState::Plain | CompressionState::Zstd { .. } => Ok(()),
        }
    }
}

fn append_within_limit(
    room: &mut usize,
    limit: usize,
    bytes: &[u8],
    out: &mut BytesMut,
) -> Result<(), IntakeFailure> {
    match room.checked_sub(bytes.len()) {
        Some(left) => *room = left,
        None => {
            let what = format!(
                "the body is longer than {limit} bytes (unpacked); send it in parts, or raise `limits.body_mb`"
            );
            return Err(IntakeFailure::new(IntakeFailureKind::TooLarge, what));
        }
    }
    out.extend_from_slice(bytes);
    Ok(())
}

fn unreadable_body(coding: &str, error: &std::io::Error) -> IntakeFailure {
    IntakeFailure::new(IntakeFailureKind::Unreadable, format!("the body is not {coding}: {error}"))
}
