//! The short way for plain events: JSON without escapes, as almost every producer writes it.
//!
//! Where no backslash and no control character occurs, every quote is the border of a string. And a producer writes the same
//! between two values time and again, such as `,"subject":"`: such a *phrase* is taken apart once, and known when it comes again
//! behind the phrase that it followed before. So most of an event is compared and not read. Whatever is out of the ordinary (an
//! escape, a long number, a nested value, a mistake) gives `None` and goes to the full parser, which also does the explaining; a
//! test holds both ways to the same result.

use super::fields::Fields;
use super::json::Said;
use super::phrase::{Phrase, Step, To, take_apart};
use super::quotes::Quotes;
use crate::ingest::raw::Scalar;
use std::borrow::Cow;

/// The most phrases remembered; beyond it the memory begins anew.
const PHRASES: usize = 512;
/// The most that are remembered to follow one; the last of them gives way.
const FOLLOWERS: usize = 16;
/// The longest phrase remembered, in bytes.
const LONGEST: usize = 128;
/// The longest number read here, in bytes: every number of so many digits is a float.
const DIGITS: usize = 15;

/// Reads plain events, of which it remembers how their producers write.
#[derive(Debug)]
pub(super) struct Plain {
    quotes: Quotes,
    /// What was met; at [`BEGINNING`] what stands before every first phrase.
    phrases: Vec<Phrase>,
}

const BEGINNING: usize = 0;

impl Plain {
    pub(super) fn new() -> Plain {
        let beginning = Phrase::new("", Step { to: To::End, inside: false });
        Plain { quotes: Quotes::default(), phrases: vec![beginning] }
    }

    /// Reads an event; what its `data` says goes into `fields`, which are spoilt if the result is `None`. Their schema must be the
    /// same each time.
    pub(super) fn read<'a>(&mut self, text: &'a str, fields: &mut Fields<'a, '_>) -> Option<Said<'a>> {
        if self.phrases.len() >= PHRASES {
            *self = Plain::new();
        }
        if !self.quotes.find(text.as_bytes()) {
            return None;
        }
        let mut said = Said::default();
        let (mut at, mut inside, mut phrase) = (0, false, Some(BEGINNING));
        loop {
            let taken_apart;
            let step = match phrase.and_then(|before| self.follow(&text.as_bytes()[at..], before)) {
                Some(place) => {
                    phrase = Some(place);
                    let known = &self.phrases[place];
                    at += known.len();
                    &known.step
                }
                None => {
                    let (step, end) = take_apart(text, at, inside, &self.quotes, fields)?;
                    phrase = phrase.and_then(|before| self.learn(&text[at..end], step, before));
                    (taken_apart, at) = (step, end);
                    &taken_apart
                }
            };
            inside = step.inside;
            let string = |quotes: &Quotes| quotes.next(at).map(|end| (&text[at..end], end + 1));
            at = match step.to {
                To::End => return (at == text.len()).then_some(said),
                To::Member(member) => {
                    let (string, end) = string(&self.quotes)?;
                    if let Some(place) = member.place(&mut said) {
                        *place = Some(Cow::Borrowed(string));
                    }
                    end
                }
                To::Text(field) => {
                    let (string, end) = string(&self.quotes)?;
                    if let Some(field) = field {
                        fields.set(field, Scalar::Text(Cow::Borrowed(string)));
                    }
                    end
                }
                To::Bare(field) => {
                    let (value, length) = bare(&text[at..])?;
                    if let (Some(field), Some(value)) = (field, value) {
                        fields.set(field, value);
                    }
                    at + length
                }
            };
        }
    }

    /// Which of the phrases known to follow the one at `before` the text begins with.
    #[inline]
    fn follow(&self, text: &[u8], before: usize) -> Option<usize> {
        self.phrases[before].followers.iter().copied().find(|place| self.phrases[*place].begins(text))
    }

    /// Remembers a phrase behind the one at `before`; its place, if there is room.
    fn learn(&mut self, text: &str, step: Step, before: usize) -> Option<usize> {
        let place = self.phrases.len();
        if place >= PHRASES || text.len() > LONGEST {
            return None;
        }
        self.phrases.push(Phrase::new(text, step));
        let followers = &mut self.phrases[before].followers;
        followers.truncate(FOLLOWERS - 1);
        followers.push(place);
        Some(place)
    }
}

/// The number, true, false or null that a text begins with, and its length.
fn bare(text: &str) -> Option<(Option<Scalar<'static>>, usize)> {
    let end = text.bytes().position(|byte| matches!(byte, b',' | b'}' | b' '))?;
    let value = match &text[..end] {
        "null" => None,
        "true" => Some(Scalar::Bool(true)),
        "false" => Some(Scalar::Bool(false)),
        text => Some(Scalar::Number(number(text)?)),
    };
    Some((value, end))
}

/// A number of few digits, without sign, exponent and leading zeros. A float holds the digits exactly, and the power of ten that they
/// are divided by: so the result is the float that lies nearest, as the full parser has it.
fn number(text: &str) -> Option<f64> {
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = digits(whole) && decimals.is_none_or(digits) && (whole.len() == 1 || !whole.starts_with('0'));
    if !sound || text.len() > DIGITS {
        return None;
    }
    let decimals = decimals.unwrap_or_default();
    let digits = whole.bytes().chain(decimals.bytes());
    let number = digits.fold(0.0, |number, byte| number * 10.0 + f64::from(byte - b'0'));
    Some(number / decimals.bytes().fold(1.0, |power, _| power * 10.0))
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Keys, json};
    use super::*;
    use crate::domain::standard::Schema;
    use proptest::prelude::*;
    use std::sync::Arc;

    const EVENT: &str = r#"{"specversion":"1.0","id":"8f3-17","source":"/acd/合肥","type":"call.ended", "time":"2026-03-01T08:00:07.250+08:00","subject":"c-1","data":{"center":"hefei","queue" : "宽带","tier":null,"talk_seconds":41.25,"vip":true,"agent":"a113"},"extra":"x"}"#;

    fn schema() -> Schema {
        Schema::new(["center", "queue", "tier", "vip"].map(String::from).to_vec(), &["repair".to_owned()])
    }

    /// What the short way and the full parser make of an event.
    fn both(plain: &mut Plain, text: &str) -> (Option<String>, Option<String>) {
        let (schema, keys) = (schema(), Keys::default());
        let tell = |said: Said<'_>, fields: &mut Fields<'_, '_>| {
            let said = [said.specversion, said.id, said.source, said.kind, said.time, said.subject, said.sequence];
            let detail = fields.finish(crate::domain::event::Verb::Ended);
            format!("{said:?} {:?} {detail:?}", fields.attributes)
        };
        let (mut short, mut full) = (Fields::new(&schema, &keys, false), Fields::new(&schema, &keys, false));
        let short = plain.read(text, &mut short).map(|said| tell(said, &mut short));
        let full = json::read(text, &mut full).ok().map(|said| tell(said, &mut full));
        (short, full)
    }

    #[test]
    fn a_plain_event_goes_the_short_way() {
        let (short, full) = both(&mut Plain::new(), EVENT);
        assert!(short.is_some());
        assert_eq!(short, full);
        let mut decoder = Decoder::new(Arc::new(schema()), Keys::default());
        assert_eq!(decoder.json(EVENT.as_bytes()), Ok(()));
    }

    #[test]
    fn the_memory_is_bounded_and_begins_anew() {
        let mut plain = Plain::new();
        for number in 0..2_000 {
            let odd = EVENT.replace("agent", &format!("agent{number}"));
            assert!(both(&mut plain, &odd).0.is_some());
            assert!(plain.phrases.len() <= PHRASES && plain.phrases.iter().all(|phrase| phrase.followers.len() <= FOLLOWERS));
        }
        let many: String = (0..2_000).map(|number| format!(",\"k{number}\":1")).collect();
        let (short, full) = both(&mut plain, &EVENT.replace(",\"vip\":true", &many));
        assert!(short.is_some());
        assert_eq!((short, plain.phrases.len()), (full, PHRASES));
    }

    proptest! {
        /// A number is the same float as the standard library makes of it.
        #[test]
        fn numbers_are_read_as_they_should_be(text in "(0|[1-9][0-9]{0,9})(\\.[0-9]{1,6})?") {
            let read = number(&text).map(f64::to_bits);
            let expected = (text.len() <= DIGITS).then(|| text.parse::<f64>().expect("a number").to_bits());
            prop_assert_eq!(read, expected);
        }

        /// Whatever the short way accepts, the full parser reads the same, and it accepts it whatever it has read before; mutated
        /// events keep all honest.
        #[test]
        fn both_ways_agree(events in prop::collection::vec(prop::collection::vec((0..400_usize, prop::sample::select(vec!["", "\"", "}", "{", ",", ":", " ", "0", "-1.5", ".", "7", "0.1", "\\u5408", "\\", "[1]", "\t", "null", "1e3", "\"data\":{}", "01"]), 0..4_usize), 0..4), 1..6)) {
            let mut plain = Plain::new();
            for cuts in events {
                let mut text = EVENT.to_owned();
                for (at, insert, remove) in cuts {
                    let boundary = |mut at: usize| { while !text.is_char_boundary(at) { at += 1; } at };
                    let begin = boundary(at % (text.len() + 1));
                    let end = boundary((begin + remove).min(text.len()));
                    text.replace_range(begin..end, insert);
                }
                let (short, full) = both(&mut plain, &text);
                prop_assert_eq!(&short, &both(&mut Plain::new(), &text).0, "{}", text);
                if short.is_some() {
                    prop_assert_eq!(short, full, "{}", text);
                }
            }
        }
    }
}
