//! Fast path for regular events: JSON without escapes, as almost every producer writes it.
//!
//! Without backslashes and control characters, every quote delimits a string. A producer also
//! repeats the text between two values, such as `,"subject":"`. Such a phrase is parsed once and
//! then recognized after the phrase that it followed before. Most of an event is thus compared
//! instead of parsed.
//!
//! Everything irregular returns `None` and goes to the full parser: an escape, a long number, a
//! nested value or an error. The full parser also produces the error texts. A property test checks
//! that both parsers agree.

use super::fields::DecodedFields;
use super::json_full::CloudEventAttributes;
use super::json_phrase::{JsonPhrase, NextValue, PhraseEnd, parse_phrase};
use super::quote_scan::QuoteScan;
use super::raw_event::Scalar;
use std::borrow::Cow;

/// Maximum number of remembered phrases. All are dropped when it is reached.
const PHRASES_MAX: usize = 512;
/// Maximum number of remembered followers per phrase. A further one replaces the last.
const NEXT_PHRASES_MAX: usize = 16;
/// Maximum length of a remembered phrase, in bytes.
const PHRASE_BYTES_MAX: usize = 128;
/// Maximum length of a number on the fast path, in bytes. A float represents that many digits
/// exactly.
const NUMBER_BYTES_MAX: usize = 15;

/// Reads regular events and remembers the phrases of their producers.
#[derive(Debug)]
pub(super) struct FastJsonReader {
    quotes: QuoteScan,
    /// Remembered phrases. The entry at [`START_PHRASE`] precedes every first phrase.
    phrases: Vec<JsonPhrase>,
}

const START_PHRASE: usize = 0;

impl FastJsonReader {
    pub(super) fn new() -> FastJsonReader {
        let start = JsonPhrase::new("", PhraseEnd { next_value: NextValue::End, in_data: false });
        FastJsonReader { quotes: QuoteScan::default(), phrases: vec![start] }
    }

    /// Reads an event. The values of its `data` go into `fields`, whose schema must be the same in
    /// every call. If the result is `None`, the content of `fields` is undefined.
    pub(super) fn read_event<'a>(
        &mut self,
        text: &'a str,
        fields: &mut DecodedFields<'a, '_>,
    ) -> Option<CloudEventAttributes<'a>> {
        if self.phrases.len() >= PHRASES_MAX {
            *self = FastJsonReader::new();
        }
        if !self.quotes.scan_text(text.as_bytes()) {
            return None;
        }
        let mut attributes = CloudEventAttributes::default();
        let (mut at, mut in_data, mut phrase) = (0, false, Some(START_PHRASE));
        loop {
            let parsed;
            let step = match phrase
                .and_then(|before| self.find_next_phrase(&text.as_bytes()[at..], before))
            {
                Some(index) => {
                    phrase = Some(index);
                    let known = &self.phrases[index];
                    at += known.len();
                    &known.step
                }
                None => {
                    let (step, end) = parse_phrase(text, at, in_data, &self.quotes, fields)?;
                    phrase = phrase
                        .and_then(|before| self.remember_phrase(&text[at..end], step, before));
                    (parsed, at) = (step, end);
                    &parsed
                }
            };
            in_data = step.in_data;
            let string =
                |quotes: &QuoteScan| quotes.next_quote(at).map(|end| (&text[at..end], end + 1));
            at = match step.next_value {
                NextValue::End => return (at == text.len()).then_some(attributes),
                NextValue::Member(member) => {
                    let (string, end) = string(&self.quotes)?;
                    if let Some(slot) = member.attribute_slot(&mut attributes) {
                        *slot = Some(Cow::Borrowed(string));
                    }
                    end
                }
                NextValue::Text(field) => {
                    let (string, end) = string(&self.quotes)?;
                    if let Some(field) = field {
                        fields.set_json_field(field, Scalar::Text(Cow::Borrowed(string)));
                    }
                    end
                }
                NextValue::Unquoted(field) => {
                    let (value, length) = parse_unquoted(&text[at..])?;
                    if let (Some(field), Some(value)) = (field, value) {
                        fields.set_json_field(field, value);
                    }
                    at + length
                }
            };
        }
    }

    /// Returns the index of the known follower of `before` with which the text begins.
    #[inline]
    fn find_next_phrase(&self, text: &[u8], before: usize) -> Option<usize> {
        self.phrases[before]
            .next_phrases
            .iter()
            .copied()
            .find(|index| self.phrases[*index].is_prefix_of(text))
    }

    /// Remembers a phrase as a follower of `before`. Returns its index, or `None` if there is no
    /// room.
    fn remember_phrase(&mut self, text: &str, step: PhraseEnd, before: usize) -> Option<usize> {
        let index = self.phrases.len();
        if index >= PHRASES_MAX || text.len() > PHRASE_BYTES_MAX {
            return None;
        }
        self.phrases.push(JsonPhrase::new(text, step));
        let followers = &mut self.phrases[before].next_phrases;
        followers.truncate(NEXT_PHRASES_MAX - 1);
        followers.push(index);
        Some(index)
    }
}

/// Parses the number, `true`, `false` or `null` at the start of a text. Returns the value and its
/// length in bytes.
fn parse_unquoted(text: &str) -> Option<(Option<Scalar<'static>>, usize)> {
    let end = text.bytes().position(|byte| matches!(byte, b',' | b'}' | b' '))?;
    let value = match &text[..end] {
        "null" => None,
        "true" => Some(Scalar::Bool(true)),
        "false" => Some(Scalar::Bool(false)),
        text => Some(Scalar::Number(parse_number(text)?)),
    };
    Some((value, end))
}

/// Parses a number of few digits without sign, exponent and leading zeros. The digits and the power
/// of ten are exact floats, so the quotient is the nearest float, as in the full parser.
fn parse_number(text: &str) -> Option<f64> {
    let (whole, decimals) =
        text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let valid = digits(whole)
        && decimals.is_none_or(digits)
        && (whole.len() == 1 || !whole.starts_with('0'));
    if !valid || text.len() > NUMBER_BYTES_MAX {
        return None;
    }
    let decimals = decimals.unwrap_or_default();
    let digits = whole.bytes().chain(decimals.bytes());
    let number = digits.fold(0.0, |number, byte| number * 10.0 + f64::from(byte - b'0'));
    Some(number / decimals.bytes().fold(1.0, |power, _| power * 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::standard::EventSchema;
    use crate::ingest::decode::json_full;
    use crate::ingest::decode::{EventDecoder, HashKeys};
    use proptest::prelude::*;
    use std::sync::Arc;

    const SAMPLE_EVENT: &str = concat!(
        r#"{"specversion":"1.0","id":"8f3-17","source":"/acd/合肥","type":"call.ended", "#,
        r#""time":"2026-03-01T08:00:07.250+08:00","subject":"c-1","data":{"center":"hefei","#,
        r#""queue" : "宽带","tier":null,"talk_seconds":41.25,"vip":true,"agent":"a113"},"#,
        r#""extra":"x"}"#
    );

    /// Texts inserted into events by the mutations.
    const SNIPPETS: [&str; 20] = [
        "",
        "\"",
        "}",
        "{",
        ",",
        ":",
        " ",
        "0",
        "-1.5",
        ".",
        "7",
        "0.1",
        "\\u5408",
        "\\",
        "[1]",
        "\t",
        "null",
        "1e3",
        "\"data\":{}",
        "01",
    ];

    fn sample_schema() -> EventSchema {
        EventSchema::new(
            ["center", "queue", "tier", "vip"].map(String::from).to_vec(),
            &[],
            &["repair".to_owned()],
            Vec::new(),
        )
    }

    /// Reads an event with the fast path and with the full parser.
    fn read_both_ways(reader: &mut FastJsonReader, text: &str) -> (Option<String>, Option<String>) {
        let (schema, keys) = (sample_schema(), HashKeys::default());
        let describe = |attributes: CloudEventAttributes<'_>,
                        fields: &mut DecodedFields<'_, '_>| {
            let attributes = [
                attributes.specversion,
                attributes.id,
                attributes.source,
                attributes.kind,
                attributes.time,
                attributes.subject,
                attributes.sequence,
            ];
            let detail = fields.take_detail(crate::domain::events::event::EventVerb::Ended);
            format!("{attributes:?} {:?} {detail:?}", fields.attributes)
        };
        let (mut fast_fields, mut full_fields) =
            (DecodedFields::new(&schema, &keys, false), DecodedFields::new(&schema, &keys, false));
        let fast = reader
            .read_event(text, &mut fast_fields)
            .map(|attributes| describe(attributes, &mut fast_fields));
        let full = json_full::read_full_json(text, &mut full_fields)
            .ok()
            .map(|attributes| describe(attributes, &mut full_fields));
        (fast, full)
    }

    #[test]
    fn fast_reader_accepts_plain_event() {
        let (fast, full) = read_both_ways(&mut FastJsonReader::new(), SAMPLE_EVENT);
        assert!(fast.is_some());
        assert_eq!(fast, full);
        let mut decoder = EventDecoder::new(Arc::new(sample_schema()), HashKeys::default());
        assert_eq!(decoder.decode_json(SAMPLE_EVENT.as_bytes()), Ok(()));
    }

    #[test]
    fn remembered_phrases_are_bounded_and_reset() {
        let mut reader = FastJsonReader::new();
        for number in 0..2_000 {
            let event = SAMPLE_EVENT.replace("agent", &format!("agent{number}"));
            assert!(read_both_ways(&mut reader, &event).0.is_some());
            assert!(
                reader.phrases.len() <= PHRASES_MAX
                    && reader
                        .phrases
                        .iter()
                        .all(|phrase| phrase.next_phrases.len() <= NEXT_PHRASES_MAX)
            );
        }
        let fields: String = (0..2_000).map(|number| format!(",\"k{number}\":1")).collect();
        let (fast, full) =
            read_both_ways(&mut reader, &SAMPLE_EVENT.replace(",\"vip\":true", &fields));
        assert!(fast.is_some());
        assert_eq!((fast, reader.phrases.len()), (full, PHRASES_MAX));
    }

    proptest! {
        /// The parsed number is the same float as from the standard library.
        #[test]
        fn parsed_numbers_match_standard_library(text in "(0|[1-9][0-9]{0,9})(\\.[0-9]{1,6})?") {
            let parsed = parse_number(&text).map(f64::to_bits);
            let expected = (text.len() <= NUMBER_BYTES_MAX)
                .then(|| text.parse::<f64>().expect("the pattern is a number").to_bits());
            prop_assert_eq!(parsed, expected);
        }

        /// If the fast path accepts an event, the full parser reads the same, regardless of the
        /// events before. Mutations cover irregular events.
        #[test]
        fn fast_reader_agrees_with_full_parser(
            events in prop::collection::vec(
                prop::collection::vec(
                    (0..400_usize, prop::sample::select(SNIPPETS.to_vec()), 0..4_usize),
                    0..4,
                ),
                1..6,
            ),
        ) {
            let mut reader = FastJsonReader::new();
            for cuts in events {
                let mut text = SAMPLE_EVENT.to_owned();
                for (at, insert, remove) in cuts {
                    let boundary = |mut at: usize| {
                        while !text.is_char_boundary(at) {
                            at += 1;
                        }
                        at
                    };
                    let begin = boundary(at % (text.len() + 1));
                    let end = boundary((begin + remove).min(text.len()));
                    text.replace_range(begin..end, insert);
                }
                let (fast, full) = read_both_ways(&mut reader, &text);
                let unaffected = read_both_ways(&mut FastJsonReader::new(), &text).0;
                prop_assert_eq!(&fast, &unaffected, "{}", text);
                if fast.is_some() {
                    prop_assert_eq!(fast, full, "{}", text);
                }
            }
        }
    }
}
