//! Encoding of event batches for the journal: column by column, then compressed with zstd.
//!
//! `batch_codec/columns.rs` defines the layout. Writer and reader list the same columns in the
//! same order. Decoding accepts any bytes and returns the encoded batch or a [`Damage`]. Its memory
//! use is proportional to the input and bounded by [`COLUMN_BYTES_MAX`].

mod columns;
mod varints;

use super::error::Damage;
use crate::domain::events::batch::Batch;
use std::cell::RefCell;
use std::sync::Arc;
use zstd::bulk::{Compressor, Decompressor};

/// Compression level of zstd. Level 1 is its fast mode and reaches most of the possible gain.
const COMPRESSION_LEVEL: i32 = 1;
/// Maximum size of compressed columns, in bytes. Larger columns are stored uncompressed, so that no
/// small input decompresses to a large memory.
pub const COLUMN_BYTES_MAX: usize = 64 << 20;
/// Size of the header: the number of events and the length of the decompressed columns, four bytes
/// each. The length is 0 for uncompressed columns.
const HEADER_BYTES: usize = 8;

// Created once per thread, because creation takes as long as compressing a small batch.
thread_local! {
    /// `None` if memory for it was exhausted.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> =
        RefCell::new(Compressor::new(COMPRESSION_LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> =
        RefCell::new(Decompressor::new().ok());
}

/// An encoded batch. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedBatch(Arc<[u8]>);

impl EncodedBatch {
    /// Encodes a batch.
    #[must_use]
    pub fn encode_batch(batch: &Batch) -> EncodedBatch {
        let columns = columns::write_columns(batch);
        let events = (batch.events.len() as u32).to_le_bytes();
        // Compression fails only for lack of memory. The columns are then stored uncompressed.
        let compress = || {
            COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(&columns).ok())
        };
        let compressed = if columns.len() <= COLUMN_BYTES_MAX { compress() } else { None };
        let (length, body) = match compressed {
            Some(body) if body.len() < columns.len() => (columns.len() as u32, body),
            _ => (0, columns),
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
        bytes.extend_from_slice(&events);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&body);
        EncodedBatch(bytes.into())
    }

    /// Decodes the batch.
    ///
    /// # Errors
    /// Returns the damage if the bytes are not an encoded batch.
    pub fn decode_batch(&self) -> Result<Batch, Damage> {
        let (head, body) =
            self.0.split_at_checked(HEADER_BYTES).ok_or("the batch header is missing")?;
        let length = u32_at(head, 4) as usize;
        let batch = match length {
            0 => columns::read_columns(body)?,
            1..=COLUMN_BYTES_MAX => {
                let columns = decompress_columns(body, length)?;
                if columns.len() != length {
                    return Err("the batch does not have the length that its header states".into());
                }
                columns::read_columns(&columns)?
            }
            _ => {
                return Err(Damage(format!(
                    "the batch header states {length} bytes, above the limit of {COLUMN_BYTES_MAX}"
                )));
            }
        };
        if batch.events.len() as u64 != self.event_count() {
            return Err(
                "the batch does not have the number of events that its header states".into()
            );
        }
        Ok(batch)
    }

    /// Returns the number of events that the header states.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        u64::from(u32_at(&self.0, 0))
    }

    /// Returns the encoded size in bytes.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.0.len()
    }

    /// Returns the encoded bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Wraps encoded bytes without checking them. [`EncodedBatch::decode_batch`] checks them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> EncodedBatch {
        EncodedBatch(bytes.into())
    }
}

impl std::fmt::Debug for EncodedBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncodedBatch({} events, {} bytes)", self.event_count(), self.encoded_bytes())
    }
}

/// Decompresses columns of at most `length` bytes.
fn decompress_columns(body: &[u8], length: usize) -> Result<Vec<u8>, Damage> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor =
            decompressor.as_mut().ok_or("not enough memory to decompress the batch")?;
        decompressor
            .decompress(body, length)
            .map_err(|error| Damage(format!("the batch cannot be decompressed: {error}")))
    })
}

/// Returns the little-endian number at an offset; 0 if the bytes are too short.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests;
