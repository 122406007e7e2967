//! Positions of the quotes in a text, found 16 bytes at a time.

use wide::u8x16;

/// Bit set of the quotes in a text, one bit per byte.
#[derive(Debug, Default)]
pub(super) struct QuoteScan {
    quote_bits: Vec<u64>,
}

impl QuoteScan {
    /// Scans a text. Returns false if it contains a backslash or a control character, because a
    /// quote need not delimit a string then.
    pub(super) fn scan_text(&mut self, text: &[u8]) -> bool {
        self.quote_bits.clear();
        let mut irregular = u8x16::splat(0);
        let (chunks, rest) = text.as_chunks::<64>();
        self.quote_bits.extend(chunks.iter().map(|chunk| scan_chunk(chunk, &mut irregular)));
        let mut last = [b' '; 64];
        last[..rest.len()].copy_from_slice(rest);
        self.quote_bits.push(scan_chunk(&last, &mut irregular));
        irregular.to_bitmask() == 0
    }

    /// Returns the position of the first quote at or after `at`, or `None`.
    #[inline]
    pub(super) fn next_quote(&self, at: usize) -> Option<usize> {
        let word = at / 64;
        let found = self.quote_bits.get(word)? & (u64::MAX << (at % 64));
        if found != 0 {
            return Some(word * 64 + found.trailing_zeros() as usize);
        }
        let next_word =
            self.quote_bits[word + 1..].iter().position(|found| *found != 0)? + word + 1;
        Some(next_word * 64 + self.quote_bits[next_word].trailing_zeros() as usize)
    }
}

/// Returns the quotes of 64 bytes. Marks backslashes and control characters in `irregular`.
#[inline]
fn scan_chunk(chunk: &[u8; 64], irregular: &mut u8x16) -> u64 {
    let mut quotes = 0;
    for (index, bytes) in chunk.as_chunks::<16>().0.iter().enumerate() {
        let bytes = u8x16::new(*bytes);
        let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        *irregular |= control | bytes.simd_eq(u8x16::splat(b'\\'));
        quotes |= u64::from(bytes.simd_eq(u8x16::splat(b'"')).to_bitmask()) << (16 * index);
    }
    quotes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_quotes_and_detects_escapes(
            text in prop::collection::vec(
                prop_oneof![8 => Just(b'"'), 8 => Just(b'#'), 8 => Just(b'!'), 1 => any::<u8>()],
                0..300,
            ),
        ) {
            let mut quotes = QuoteScan::default();
            let regular = quotes.scan_text(&text);
            prop_assert_eq!(regular, !text.iter().any(|byte| *byte < b' ' || *byte == b'\\'));
            let mut next = None;
            for at in (0..text.len()).rev() {
                next = if text[at] == b'"' { Some(at) } else { next };
                prop_assert_eq!(quotes.next_quote(at), next);
            }
            prop_assert_eq!(quotes.next_quote(text.len()), None);
        }
    }
}
