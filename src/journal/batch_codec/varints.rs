//! Variable-length numbers and length-prefixed texts, the elements of the columns.
//!
//! A number takes seven bits per byte, the lowest first (LEB128). Signed numbers are
//! zigzag-encoded, so that numbers near 0 are short.

use crate::journal::error::Damage;

pub(super) fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn write_signed_varint(out: &mut Vec<u8>, number: i64) {
    write_varint(out, ((number << 1) ^ (number >> 63)) as u64);
}

pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// The bytes that are not yet read.
pub(super) struct ByteReader<'a>(pub(super) &'a [u8]);

impl<'a> ByteReader<'a> {
    /// Reads `count` bytes.
    pub(super) fn read_bytes(&mut self, count: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("the batch ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn read_varint(&mut self) -> Result<u64, Damage> {
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = &self.0[place + 1..];
                return Ok(number);
            }
        }
        Err("a number in the batch has no end".into())
    }

    pub(super) fn read_signed_varint(&mut self) -> Result<i64, Damage> {
        let folded = self.read_varint()?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    pub(super) fn read_varint_u32(&mut self) -> Result<u32, Damage> {
        u32::try_from(self.read_varint()?).map_err(|_| "a number in the batch is too large".into())
    }

    /// Reads the number of elements that take at least `each` bytes. A count above the remaining
    /// space is damage, found before any memory is allocated.
    pub(super) fn read_count(&mut self, each: usize) -> Result<usize, Damage> {
        let count = self.read_varint()?;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.0.len() / each)
            .ok_or_else(|| "the batch states more elements than it has bytes".into())
    }

    pub(super) fn read_text(&mut self) -> Result<&'a str, Damage> {
        let length = self.read_count(1)?;
        std::str::from_utf8(self.read_bytes(length)?)
            .map_err(|_| "a text in the batch is not UTF-8".into())
    }

    /// Reads a column of eight-byte numbers.
    pub(super) fn read_u64_column(
        &mut self,
        count: usize,
    ) -> Result<impl Iterator<Item = u64> + use<'a>, Damage> {
        let column = self.read_bytes(
            count.checked_mul(8).ok_or("the batch states more elements than it has bytes")?,
        )?;
        Ok(column.as_chunks().0.iter().map(|eight| u64::from_le_bytes(*eight)))
    }

    pub(super) fn read_u32(&mut self) -> Result<u32, Damage> {
        let four = self.read_bytes(4)?;
        Ok(four.try_into().map_or(0, u32::from_le_bytes))
    }

    pub(super) fn read_u64(&mut self) -> Result<u64, Damage> {
        let eight = self.read_bytes(8)?;
        Ok(eight.try_into().map_or(0, u64::from_le_bytes))
    }
}
