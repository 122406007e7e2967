//! Streaming decompression of a body with a limit on the decompressed size.

use super::content_type::ContentEncoding;
use crate::ingest::http_intake::{IntakeFailure, IntakeFailureKind};
use bytes::BytesMut;
use flate2::write::MultiGzDecoder;
use std::io::Write;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// Largest zstd window accepted, as a power of two: 8 MiB. Levels up to 19 do not exceed it.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Decompresses one body.
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
        /// True inside a frame.
        frame_open: bool,
    },
}

impl BodyDecompressor {
    /// Returns a decompressor for at most `limit` decompressed bytes.
    ///
    /// # Errors
    /// Fails if the zstd decoder cannot be allocated.
    pub fn new(encoding: ContentEncoding, limit: usize) -> Result<BodyDecompressor, IntakeFailure> {
        let compression = match encoding {
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
        Ok(BodyDecompressor { compression, limit, bytes_left: limit })
    }

    /// Decompresses `compressed` and appends the result to `out`.
    ///
    /// # Errors
    /// Fails if the data is corrupt or exceeds the limit.
    pub fn decompress(
        &mut self,
        compressed: &[u8],
        out: &mut BytesMut,
    ) -> Result<(), IntakeFailure> {
        match &mut self.compression {
            CompressionState::Plain => {
                append_within_limit(&mut self.bytes_left, self.limit, compressed, out)
            }
            CompressionState::Gzip(decoder) => {
                decoder.write_all(compressed).map_err(|error| unreadable_body("gzip", &error))?;
                append_within_limit(&mut self.bytes_left, self.limit, decoder.get_ref(), out)?;
                decoder.get_mut().clear();
                Ok(())
            }
            CompressionState::Zstd { decoder, frame_open } => {
                let mut input = InBuffer::around(compressed);
                let mut buffer = vec![0; 64 << 10];
                loop {
                    let mut output = OutBuffer::around(&mut buffer[..]);
                    *frame_open = decoder
                        .run(&mut input, &mut output)
                        .map_err(|error| unreadable_body("zstd", &error))?
                        != 0;
                    let length = output.pos();
                    append_within_limit(&mut self.bytes_left, self.limit, &buffer[..length], out)?;
                    if input.pos() == compressed.len() && length < buffer.len() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Appends the remaining bytes to `out` at the end of the body.
    ///
    /// # Errors
    /// Fails if the compressed data is incomplete, corrupt or exceeds the limit.
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<(), IntakeFailure> {
        match &mut self.compression {
            CompressionState::Gzip(decoder) => {
                decoder.try_finish().map_err(|error| unreadable_body("gzip", &error))?;
                append_within_limit(&mut self.bytes_left, self.limit, decoder.get_ref(), out)
            }
            CompressionState::Zstd { frame_open: true, .. } => Err(IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                "the zstd body is incomplete",
            )),
            CompressionState::Plain | CompressionState::Zstd { .. } => Ok(()),
        }
    }
}

fn append_within_limit(
    bytes_left: &mut usize,
    limit: usize,
    bytes: &[u8],
    out: &mut BytesMut,
) -> Result<(), IntakeFailure> {
    match bytes_left.checked_sub(bytes.len()) {
        Some(left) => *bytes_left = left,
        None => {
            let detail = format!(
                "the body is longer than {limit} bytes (decompressed); send it in parts, or raise \
                 `limits.body_mb`"
            );
            return Err(IntakeFailure::new(IntakeFailureKind::TooLarge, detail));
        }
    }
    out.extend_from_slice(bytes);
    Ok(())
}

fn unreadable_body(encoding: &str, error: &std::io::Error) -> IntakeFailure {
    IntakeFailure::new(
        IntakeFailureKind::Unreadable,
        format!("the body is not {encoding}: {error}"),
    )
}
