//! A batch as it is written down: its fields side by side, column by column, which zstd packs small and fast.
//!
//! The layout is `packed/columns.rs`: writing and reading are the same list of columns in the same order. Reading is total:
//! any bytes give the batch that was packed or a [`Damage`], and never more memory than in proportion to their length, up to
//! [`LONGEST`] of it.

mod columns;
mod varints;

use super::error::Damage;
use crate::domain::events::batch::Batch;
use std::cell::RefCell;
use std::sync::Arc;
use zstd::bulk::{Compressor, Decompressor};

/// How hard zstd tries: 1 is its fast mode, and most of what can be gained here.
const COMPRESSION_LEVEL: i32 = 1;
/// The most bytes that are compressed; more are kept as they are, so that a small text never unpacks to a large memory.
pub const COLUMN_BYTES_MAX: usize = 64 << 20;
/// The number of events and the length of the columns, four bytes each; the latter is 0 for columns that are not compressed.
const HEADER_BYTES: usize = 8;

// Made once for each thread: that takes as long as their work on a small batch.
thread_local! {
    /// None if there was no memory for it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(COMPRESSION_LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// A batch as it is written. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct BatchCodec(Arc<[u8]>);

impl BatchCodec {
    /// Packs a batch.
    #[must_use]
    pub fn encode_batch(batch: &Batch) -> BatchCodec {
        let columns = columns::write_columns(batch);
        let events = (batch.events.len() as u32).to_le_bytes();
        // It fails for lack of memory alone.
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
        BatchCodec(bytes.into())
    }

    /// The batch.
    ///
    /// # Errors
    /// What is wrong with the bytes, if they are not those of a packed batch.
    pub fn decode_batch(&self) -> Result<Batch, Damage> {
        let (head, body) =
            self.0.split_at_checked(HEADER_BYTES).ok_or("a batch without its head")?;
        let length = u32_at(head, 4) as usize;
        let batch = match length {
            0 => columns::read_columns(body)?,
            1..=COLUMN_BYTES_MAX => {
                let columns = decompress_columns(body, length)?;
                if columns.len() != length {
                    return Err("a batch unpacks to another length than it says".into());
                }
                columns::read_columns(&columns)?
            }
            _ => {
                return Err(Damage(format!(
                    "a batch says it unpacks to {length} bytes, more than {COLUMN_BYTES_MAX}"
                )));
            }
        };
        if batch.events.len() as u64 != self.event_count() {
            return Err("a batch has another number of events than it says".into());
        }
        Ok(batch)
    }

    /// How many events it has, as it says.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        u64::from(u32_at(&self.0, 0))
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.0.len()
    }

    /// The bytes themselves.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What was read; [`Packed::unpack`] tells whether it is sound.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> BatchCodec {
        BatchCodec(bytes.into())
    }
}

impl std::fmt::Debug for BatchCodec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} events, {} bytes)", self.event_count(), self.encoded_bytes())
    }
}

/// What was compressed, if it is no longer than `length`.
fn decompress_columns(body: &[u8], length: usize) -> Result<Vec<u8>, Damage> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor =
            decompressor.as_mut().ok_or("a batch cannot be unpacked for lack of memory")?;
        decompressor
            .decompress(body, length)
            .map_err(|error| Damage(format!("a batch does not unpack: {error}")))
    })
}

/// Four bytes at a place; 0 if they are not there.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests;
