//! The short way for plain events: JSON without escapes, as almost every producer writes it.
//!
//! Where no backslash and no control character occurs, every quote is the border of a string, and all quotes are
//! found in one go. Whatever is out of the ordinary (an escape, a fraction, a nested value, a mistake)
//! gives `None` and goes to the full parser, which also does the explaining. Decoding takes half the time this way; a
//! test holds both ways to the same result.

use super::fields::Fields;
use super::json::Said;
use crate::ingest::raw::Scalar;
use std::borrow::Cow;

/// Reads a plain event; what its `data` says goes into `fields`, which are spoilt if the result is `None`. `quotes` is
/// memory to use.
pub(super) fn read<'a>(text: &'a str, quotes: &mut Vec<usize>, fields: &mut Fields<'a, '_>) -> Option<Said<'a>> {
    let quotes = find_quotes(text.as_bytes(), quotes)?;
    let mut cursor = Cursor { text, at: 0, quotes: quotes.iter() };
    let mut said = Said::default();
    cursor.take(b'{')?;
    loop {
        let key = cursor.key()?;
        let place = match key {
            "specversion" => &mut said.specversion,
            "id" => &mut said.id,
            "source" => &mut said.source,
            "type" => &mut said.kind,
            "time" => &mut said.time,
            "subject" => &mut said.subject,
            "sequence" => &mut said.sequence,
            "data" => {
                cursor.data(fields)?;
                if cursor.next()? { continue } else { break }
            }
            "data_base64" => return None,
            _ => &mut None,
        };
        *place = Some(Cow::Borrowed(cursor.string()?));
        if !cursor.next()? {
            break;
        }
    }
    (cursor.at == text.len()).then_some(said)
}

/// Writes down in `quotes` where the quotes are; `None` if there is a backslash or a control character. Eight bytes are looked at in
/// one word, and the quotes of eight words gathered in one mask: a search from quote to quote takes three times as long.
fn find_quotes<'q>(text: &[u8], quotes: &'q mut Vec<usize>) -> Option<&'q [usize]> {
    let mut odd = 0;
    let mut count = 0;
    if quotes.len() < text.len() {
        quotes.resize(text.len(), 0);
    }
    let mut look = |begin: usize, chunk: &[u8; 64]| {
        let mut found = 0;
        for (place, word) in chunk.as_chunks::<8>().0.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let control = !(((word & LOW) + 0x6060_6060_6060_6060) | word) & !LOW;
            odd |= control | zeros(word ^ 0x5c5c_5c5c_5c5c_5c5c);
            // The product brings the eight highest bits together in its highest byte.
            let bits = (zeros(word ^ 0x2222_2222_2222_2222) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            found |= bits << (8 * place);
        }
        while found != 0 {
            quotes[count] = begin + found.trailing_zeros() as usize;
            count += 1;
            found &= found - 1;
        }
    };
    let (chunks, rest) = text.as_chunks::<64>();
    for (place, chunk) in chunks.iter().enumerate() {
        look(place * 64, chunk);
    }
    let mut last = [b' '; 64];
    last[..rest.len()].copy_from_slice(rest);
    look(chunks.len() * 64, &last);
    (odd == 0).then_some(&quotes[..count])
}

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The highest bit of every byte that is zero; exact, other than the well-known shorter formula.
fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

struct Cursor<'a, 'q> {
    text: &'a str,
    at: usize,
    /// Where the quotes are that were not reached yet.
    quotes: std::slice::Iter<'q, usize>,
}

impl<'a> Cursor<'a, '_> {
    /// The byte that comes next, spaces skipped.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let (_, end) = (self.quotes.next()?, *self.quotes.next()?);
        let string = &self.text[self.at..end];
        self.at = end + 1;
        Some(string)
    }

    fn key(&mut self) -> Option<&'a str> {
        let key = self.string()?;
        self.take(b':')?;
        Some(key)
    }

    /// Whether another member follows; if not, the object is closed.
    fn next(&mut self) -> Option<bool> {
        let more = match self.peek()? {
            b',' => true,
            b'}' => false,
            _ => return None,
        };
        self.at += 1;
        Some(more)
    }

    fn data(&mut self, fields: &mut Fields<'a, '_>) -> Option<()> {
        self.take(b'{')?;
        loop {
            let key = self.key()?;
            let value = self.scalar()?;
            if let (Some(field), Some(value)) = (fields.find(key), value) {
                fields.set(field, value);
            }
            if !self.next()? {
                return Some(());
            }
        }
    }

    /// A string, a whole number, true, false or null.
    fn scalar(&mut self) -> Option<Option<Scalar<'a>>> {
        if self.peek()? == b'"' {
            return Some(Some(Scalar::Text(Cow::Borrowed(self.string()?))));
        }
        let rest = &self.text[self.at..];
        let end = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b' '))?;
        self.at += end;
        Some(match &rest[..end] {
            "null" => None,
            "true" => Some(Scalar::Bool(true)),
            "false" => Some(Scalar::Bool(false)),
            number => Some(Scalar::Number(whole(number)?)),
        })
    }
}

/// A whole number that a float holds exactly, written without leading zeros.
fn whole(text: &str) -> Option<f64> {
    let digits = !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (text.len() == 1 || !text.starts_with('0')))
        .then(|| text.bytes().fold(0.0, |number, byte| number * 10.0 + f64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Keys, json};
    use super::*;
    use crate::domain::standard::Schema;
    use proptest::prelude::*;
    use std::sync::Arc;

    const EVENT: &str = r#"{"specversion":"1.0","id":"8f3-17","source":"/acd/合肥","type":"call.ended", "time":"2026-03-01T08:00:07.250+08:00","subject":"c-1","data":{"center":"hefei","queue" : "宽带","tier":null,"talk_seconds":41,"vip":true,"agent":"a113"},"extra":"x"}"#;

    fn schema() -> Schema {
        Schema::new(["center", "queue", "tier", "vip"].map(String::from).to_vec(), &["repair".to_owned()])
    }

    /// What the short way and the full parser make of an event.
    fn both(text: &str) -> (Option<String>, Option<String>) {
        let (schema, keys) = (schema(), Keys::default());
        let tell = |said: Said<'_>, fields: &mut Fields<'_, '_>| {
            let said = [said.specversion, said.id, said.source, said.kind, said.time, said.subject, said.sequence];
            let detail = fields.finish(crate::domain::event::Verb::Ended);
            format!("{said:?} {:?} {detail:?}", fields.attributes)
        };
        let (mut short, mut full) = (Fields::new(&schema, &keys, false), Fields::new(&schema, &keys, false));
        let short = read(text, &mut Vec::new(), &mut short).map(|said| tell(said, &mut short));
        let full = json::read(text, &mut full).ok().map(|said| tell(said, &mut full));
        (short, full)
    }

    #[test]
    fn a_plain_event_goes_the_short_way() {
        let (short, full) = both(EVENT);
        assert!(short.is_some());
        assert_eq!(short, full);
        let mut decoder = Decoder::new(Arc::new(schema()), Keys::default());
        assert_eq!(decoder.json(EVENT.as_bytes()), Ok(()));
    }

    proptest! {
        #[test]
        fn quotes_are_found_and_odd_bytes_noticed(text in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'#'), Just(b'!'), any::<u8>()], 0..200)) {
            let mut quotes = Vec::new();
            let found = find_quotes(&text, &mut quotes).map(<[usize]>::to_vec);
            let expected: Vec<usize> = text.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at).collect();
            let plain = !text.iter().any(|byte| *byte < b' ' || *byte == b'\\');
            prop_assert_eq!(found, plain.then_some(expected));
        }

        /// Whatever the short way accepts, the full parser reads the same; mutated events keep both honest.
        #[test]
        fn both_ways_agree(cuts in prop::collection::vec((0..400_usize, prop::sample::select(vec!["", "\"", "}", "{", ",", ":", " ", "0", "-1.5", "\\u5408", "\\", "[1]", "\t", "null", "1e3", "\"data\":{}", "01"]), 0..4_usize), 0..4)) {
            let mut text = EVENT.to_owned();
            for (at, insert, remove) in cuts {
                let boundary = |mut at: usize| { while !text.is_char_boundary(at) { at += 1; } at };
                let begin = boundary(at % (text.len() + 1));
                let end = boundary((begin + remove).min(text.len()));
                text.replace_range(begin..end, insert);
            }
            let (short, full) = both(&text);
            if short.is_some() {
                prop_assert_eq!(short, full, "{}", text);
            }
        }
    }
}
