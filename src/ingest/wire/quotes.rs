//! Where the quotes of a text are, found sixteen bytes at a time.

use wide::u8x16;

/// A bit for each byte of a text: whether it is a quote.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    words: Vec<u64>,
}

impl Quotes {
    /// Looks through a text; false if a backslash or a control character occurs in it, so that a quote need not be the border of
    /// a string.
    pub(super) fn find(&mut self, text: &[u8]) -> bool {
        self.words.clear();
        let mut odd = u8x16::splat(0);
        let (chunks, rest) = text.as_chunks::<64>();
        self.words.extend(chunks.iter().map(|chunk| look(chunk, &mut odd)));
        let mut last = [b' '; 64];
        last[..rest.len()].copy_from_slice(rest);
        self.words.push(look(&last, &mut odd));
        odd.to_bitmask() == 0
    }

    /// The first quote at `at` or behind it.
    #[inline]
    pub(super) fn next(&self, at: usize) -> Option<usize> {
        let word = at / 64;
        let found = self.words.get(word)? & (u64::MAX << (at % 64));
        if found != 0 {
            return Some(word * 64 + found.trailing_zeros() as usize);
        }
        let behind = self.words[word + 1..].iter().position(|found| *found != 0)? + word + 1;
        Some(behind * 64 + self.words[behind].trailing_zeros() as usize)
    }
}

/// The quotes of 64 bytes; marks in `odd` that there is a backslash or a control character.
#[inline]
fn look(chunk: &[u8; 64], odd: &mut u8x16) -> u64 {
    let mut quotes = 0;
    for (place, bytes) in chunk.as_chunks::<16>().0.iter().enumerate() {
        let bytes = u8x16::new(*bytes);
        let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        *odd |= control | bytes.simd_eq(u8x16::splat(b'\\'));
        quotes |= u64::from(bytes.simd_eq(u8x16::splat(b'"')).to_bitmask()) << (16 * place);
    }
    quotes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quotes_are_found_and_odd_bytes_noticed(text in prop::collection::vec(prop_oneof![8 => Just(b'"'), 8 => Just(b'#'), 8 => Just(b'!'), 1 => any::<u8>()], 0..300)) {
            let mut quotes = Quotes::default();
            let plain = quotes.find(&text);
            prop_assert_eq!(plain, !text.iter().any(|byte| *byte < b' ' || *byte == b'\\'));
            let mut next = None;
            for at in (0..text.len()).rev() {
                next = if text[at] == b'"' { Some(at) } else { next };
                prop_assert_eq!(quotes.next(at), next);
            }
            prop_assert_eq!(quotes.next(text.len()), None);
        }
    }
}
