//! The short way for plain events: JSON without escapes, as almost every producer writes it.
//!
//! Where no backslash and no control character occurs, every quote is the border of a string. And a producer writes the same
//! between two values time and again, such as `,"subject":"`: such a *phrase* is taken apart once, and known when it comes again
//! behind the phrase that it followed before. So most of an event is compared and not read. Whatever is out of the ordinary (an
//! escape, a long number, a nested value, a mistake) gives `None` and goes to the full parser, which also does the explaining; a
//! test holds both ways to the same result.

use super::fields::DecodedFields;
use super::json_full::CloudEventAttributes;
use super::json_phrase::{JsonPhrase, NextValue, PhraseEnd, parse_phrase};
use super::quote_scan::QuoteScan;
use super::raw_event::Scalar;
use std::borrow::Cow;

/// The most phrases remembered; beyond it the memory begins anew.
const PHRASES_MAX: usize = 512;
/// The most that are remembered to follow one; the last of them gives way.
const NEXT_PHRASES_MAX: usize = 16;
/// The longest phrase remembered, in bytes.
const PHRASE_BYTES_MAX: usize = 128;
/// The longest number read here, in bytes: every number of so many digits is a float.
const NUMBER_BYTES_MAX: usize = 15;

/// Reads plain events, of which it remembers how their producers write.
#[derive(Debug)]
pub(super) struct FastJsonReader {
    quotes: QuoteScan,
    /// What was met; at [`BEGINNING`] what stands before every first phrase.
    phrases: Vec<JsonPhrase>,
}

const START_PHRASE: usize = 0;

impl FastJsonReader {
    pub(super) fn new() -> FastJsonReader {
        let beginning =
            JsonPhrase::new("", PhraseEnd { next_value: NextValue::End, in_data: false });
        FastJsonReader { quotes: QuoteScan::default(), phrases: vec![beginning] }
    }

    /// Reads an event; what its `data` says goes into `fields`, which are spoilt if the result is `None`. Their schema must be the
    /// same each time.
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
        let mut said = CloudEventAttributes::default();
        let (mut at, mut inside, mut phrase) = (0, false, Some(START_PHRASE));
        loop {
            let taken_apart;
            let step = match phrase
                .and_then(|before| self.find_next_phrase(&text.as_bytes()[at..], before))
            {
                Some(place) => {
                    phrase = Some(place);
                    let known = &self.phrases[place];
                    at += known.len();
                    &known.step
                }
                None => {
                    let (step, end) = parse_phrase(text, at, inside, &self.quotes, fields)?;
                    phrase = phrase
                        .and_then(|before| self.remember_phrase(&text[at..end], step, before));
                    (taken_apart, at) = (step, end);
                    &taken_apart
                }
            };
            inside = step.in_data;
            let string =
                |quotes: &QuoteScan| quotes.next_quote(at).map(|end| (&text[at..end], end + 1));
            at = match step.next_value {
                NextValue::End => return (at == text.len()).then_some(said),
                NextValue::Member(member) => {
                    let (string, end) = string(&self.quotes)?;
                    if let Some(place) = member.attribute_slot(&mut said) {
                        *place = Some(Cow::Borrowed(string));
                    }
                    end
                }
                NextValue::Text(field) => {
                    let (string, end) = string(&self.quotes)?;
                    if let Some(field) = field {
                        fields.set_field(field, Scalar::Text(Cow::Borrowed(string)));
                    }
                    end
                }
                NextValue::Unquoted(field) => {
                    let (value, length) = parse_unquoted(&text[at..])?;
                    if let (Some(field), Some(value)) = (field, value) {
                        fields.set_field(field, value);
                    }
                    at + length
                }
            };
        }
    }

    /// Which of the phrases known to follow the one at `before` the text begins with.
    #[inline]
    fn find_next_phrase(&self, text: &[u8], before: usize) -> Option<usize> {
        self.phrases[before]
            .next_phrases
            .iter()
            .copied()
            .find(|place| self.phrases[*place].is_prefix_of(text))
    }

    /// Remembers a phrase behind the one at `before`; its place, if there is room.
    fn remember_phrase(&mut self, text: &str, step: PhraseEnd, before: usize) -> Option<usize> {
        let place = self.phrases.len();
        if place >= PHRASES_MAX || text.len() > PHRASE_BYTES_MAX {
            return None;
        }
        self.phrases.push(JsonPhrase::new(text, step));
        let followers = &mut self.phrases[before].next_phrases;
        followers.truncate(NEXT_PHRASES_MAX - 1);
        followers.push(place);
        Some(place)
    }
}

/// The number, true, false or null that a text begins with, and its length.
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

/// A number of few digits, without sign, exponent and leading zeros. A float holds the digits exactly, and the power of ten that they
/// are divided by: so the result is the float that lies nearest, as the full parser has it.
fn parse_number(text: &str) -> Option<f64> {
    let (whole, decimals) =
        text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = digits(whole)
        && decimals.is_none_or(digits)
        && (whole.len() == 1 || !whole.starts_with('0'));
    if !sound || text.len() > NUMBER_BYTES_MAX {
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

    const SAMPLE_EVENT: &str = r#"{"specversion":"1.0","id":"8f3-17","source":"/acd/合肥","type":"call.ended", "time":"2026-03-01T08:00:07.250+08:00","subject":"c-1","data":{"center":"hefei","queue" : "宽带","tier":null,"talk_seconds":41.25,"vip":true,"agent":"a113"},"extra":"x"}"#;

    fn sample_schema() -> EventSchema {
        EventSchema::new(
            ["center", "queue", "tier", "vip"].map(String::from).to_vec(),
            &["repair".to_owned()],
        )
    }

    /// What the short way and the full parser make of an event.
    fn read_both_ways(plain: &mut FastJsonReader, text: &str) -> (Option<String>, Option<String>) {
        let (schema, keys) = (sample_schema(), HashKeys::default());
        let tell = |said: CloudEventAttributes<'_>, fields: &mut DecodedFields<'_, '_>| {
            let said = [
                said.specversion,
                said.id,
                said.source,
                said.kind,
                said.time,
                said.subject,
                said.sequence,
            ];
            let detail = fields.take_detail(crate::domain::events::event::EventVerb::Ended);
            format!("{said:?} {:?} {detail:?}", fields.attributes)
        };
        let (mut short, mut full) =
            (DecodedFields::new(&schema, &keys, false), DecodedFields::new(&schema, &keys, false));
        let short = plain.read_event(text, &mut short).map(|said| tell(said, &mut short));
        let full =
            json_full::read_full_json(text, &mut full).ok().map(|said| tell(said, &mut full));
        (short, full)
    }

    #[test]
    fn fast_reader_accepts_plain_event() {
        let (short, full) = read_both_ways(&mut FastJsonReader::new(), SAMPLE_EVENT);
        assert!(short.is_some());
        assert_eq!(short, full);
        let mut decoder = EventDecoder::new(Arc::new(sample_schema()), HashKeys::default());
        assert_eq!(decoder.decode_json(SAMPLE_EVENT.as_bytes()), Ok(()));
    }

    #[test]
    fn remembered_phrases_are_bounded_and_reset() {
        let mut plain = FastJsonReader::new();
        for number in 0..2_000 {
            let odd = SAMPLE_EVENT.replace("agent", &format!("agent{number}"));
            assert!(read_both_ways(&mut plain, &odd).0.is_some());
            assert!(
                plain.phrases.len() <= PHRASES_MAX
                    && plain
                        .phrases
                        .iter()
                        .all(|phrase| phrase.next_phrases.len() <= NEXT_PHRASES_MAX)
            );
        }
        let many: String = (0..2_000).map(|number| format!(",\"k{number}\":1")).collect();
        let (short, full) =
            read_both_ways(&mut plain, &SAMPLE_EVENT.replace(",\"vip\":true", &many));
        assert!(short.is_some());
        assert_eq!((short, plain.phrases.len()), (full, PHRASES_MAX));
    }

    proptest! {
        /// A number is the same float as the standard library makes of it.
        #[test]
        fn parsed_numbers_match_standard_library(text in "(0|[1-9][0-9]{0,9})(\\.[0-9]{1,6})?") {
            let read = parse_number(&text).map(f64::to_bits);
            let expected = (text.len() <= NUMBER_BYTES_MAX).then(|| text.parse::<f64>().expect("a number").to_bits());
            prop_assert_eq!(read, expected);
        }

        /// Whatever the short way accepts, the full parser reads the same, and it accepts it whatever it has read before; mutated
        /// events keep all honest.
        #[test]
        fn fast_reader_agrees_with_full_parser(events in prop::collection::vec(prop::collection::vec((0..400_usize, prop::sample::select(vec!["", "\"", "}", "{", ",", ":", " ", "0", "-1.5", ".", "7", "0.1", "\\u5408", "\\", "[1]", "\t", "null", "1e3", "\"data\":{}", "01"]), 0..4_usize), 0..4), 1..6)) {
            let mut plain = FastJsonReader::new();
            for cuts in events {
                let mut text = SAMPLE_EVENT.to_owned();
                for (at, insert, remove) in cuts {
                    let boundary = |mut at: usize| { while !text.is_char_boundary(at) { at += 1; } at };
                    let begin = boundary(at % (text.len() + 1));
                    let end = boundary((begin + remove).min(text.len()));
                    text.replace_range(begin..end, insert);
                }
                let (short, full) = read_both_ways(&mut plain, &text);
                prop_assert_eq!(&short, &read_both_ways(&mut FastJsonReader::new(), &text).0, "{}", text);
                if short.is_some() {
                    prop_assert_eq!(short, full, "{}", text);
                }
            }
        }
    }
}
