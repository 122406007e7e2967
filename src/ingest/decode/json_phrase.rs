//! Phrases: what a producer writes between two values of an event, such as `,"subject":"`, and where it leads.

use super::fields::{DataField, DecodedFields};
use super::json_full::CloudEventAttributes;
use super::quote_scan::QuoteScan;
use std::borrow::Cow;

/// What stands between two values.
#[derive(Debug)]
pub(super) struct JsonPhrase {
    text: Box<str>,
    /// The first bytes of the text as a number, and a mask of those that there are: compared in one go, because phrases are short
    /// and many.
    head: u128,
    mask: u128,
    pub(super) step: PhraseEnd,
    /// The places of the phrases that have come next.
    pub(super) next_phrases: Vec<usize>,
}

/// Where a phrase leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhraseEnd {
    pub(super) next_value: NextValue,
    /// Whether that is within `data`.
    pub(super) in_data: bool,
}

/// What comes behind a phrase.
#[derive(Clone, Copy, Debug)]
pub(super) enum NextValue {
    /// The text of a member of the event.
    Member(EventMember),
    /// The text of a field of `data`; `None` for one that is not understood.
    Text(Option<DataField>),
    /// Another value of a field of `data`: a number, true, false or null.
    Unquoted(Option<DataField>),
    /// Nothing.
    End,
}

/// A member of an event beside `data`.
#[derive(Clone, Copy, Debug)]
pub(super) enum EventMember {
    Specversion,
    Id,
    Source,
    Kind,
    Time,
    Subject,
    Sequence,
    Other,
}

impl JsonPhrase {
    /// How many bytes the head has.
    const HEAD_BYTES: usize = size_of::<u128>();

    pub(super) fn new(text: &str, step: PhraseEnd) -> JsonPhrase {
        let length = text.len().min(Self::HEAD_BYTES);
        let (mut head, mut mask) = ([0; Self::HEAD_BYTES], [0; Self::HEAD_BYTES]);
        head[..length].copy_from_slice(&text.as_bytes()[..length]);
        mask[..length].fill(u8::MAX);
        JsonPhrase {
            text: text.into(),
            head: u128::from_le_bytes(head),
            mask: u128::from_le_bytes(mask),
            step,
            next_phrases: Vec::new(),
        }
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether a text begins with the phrase.
    #[inline]
    pub(super) fn is_prefix_of(&self, text: &[u8]) -> bool {
        let begins = match text.split_first_chunk::<{ Self::HEAD_BYTES }>() {
            Some((head, rest)) => {
                u128::from_le_bytes(*head) & self.mask == self.head
                    && self
                        .text
                        .as_bytes()
                        .get(Self::HEAD_BYTES..)
                        .is_none_or(|behind| rest.starts_with(behind))
            }
            None => text.starts_with(self.text.as_bytes()),
        };
        // Behind a phrase that leads to a number a string is another phrase, longer by its quote, and a space belongs to it.
        begins
            && !(matches!(self.step.next_value, NextValue::Unquoted(_))
                && matches!(text.get(self.text.len()), Some(b'"' | b' ')))
    }
}

impl EventMember {
    /// The member with this name; none for one that the full parser must see.
    fn from_name(name: &str) -> Option<EventMember> {
        Some(match name {
            "specversion" => EventMember::Specversion,
            "id" => EventMember::Id,
            "source" => EventMember::Source,
            "type" => EventMember::Kind,
            "time" => EventMember::Time,
            "subject" => EventMember::Subject,
            "sequence" => EventMember::Sequence,
            "data_base64" => return None,
            _ => EventMember::Other,
        })
    }

    /// Where what it says is kept.
    pub(super) fn attribute_slot<'s, 'a>(
        self,
        said: &'s mut CloudEventAttributes<'a>,
    ) -> Option<&'s mut Option<Cow<'a, str>>> {
        Some(match self {
            EventMember::Specversion => &mut said.specversion,
            EventMember::Id => &mut said.id,
            EventMember::Source => &mut said.source,
            EventMember::Kind => &mut said.kind,
            EventMember::Time => &mut said.time,
            EventMember::Subject => &mut said.subject,
            EventMember::Sequence => &mut said.sequence,
            EventMember::Other => return None,
        })
    }
}

/// Takes apart the phrase of an event that begins at a place, which is that of the event or lies behind a value; `inside` says whether
/// that was within `data`. Gives where it leads and ends.
pub(super) fn parse_phrase(
    text: &str,
    at: usize,
    inside: bool,
    quotes: &QuoteScan,
    fields: &DecodedFields<'_, '_>,
) -> Option<(PhraseEnd, usize)> {
    let mut cursor = PhraseParser { text, position: at, quotes };
    let step = if at == 0 {
        cursor.parse_first(fields)?
    } else {
        cursor.parse_following(inside, fields)?
    };
    Some((step, cursor.position))
}

struct PhraseParser<'a, 'q> {
    text: &'a str,
    position: usize,
    quotes: &'q QuoteScan,
}

impl<'a> PhraseParser<'a, '_> {
    /// From the beginning of an event to its first value.
    fn parse_first(&mut self, fields: &DecodedFields<'_, '_>) -> Option<PhraseEnd> {
        self.expect_byte(b'{')?;
        self.parse_member_start(false, fields)
    }

    /// From the end of a value to the next; `inside` says whether it was within `data`.
    fn parse_following(
        &mut self,
        inside: bool,
        fields: &DecodedFields<'_, '_>,
    ) -> Option<PhraseEnd> {
        if self.has_next_member()? {
            self.parse_member_start(inside, fields)
        } else if inside && self.has_next_member()? {
            self.parse_member_start(false, fields)
        } else {
            Some(PhraseEnd { next_value: NextValue::End, in_data: false })
        }
    }

    /// From the beginning of a member to its value, or the first within it.
    fn parse_member_start(
        &mut self,
        mut inside: bool,
        fields: &DecodedFields<'_, '_>,
    ) -> Option<PhraseEnd> {
        let mut key = self.parse_key()?;
        if !inside && key == "data" {
            self.expect_byte(b'{')?;
            inside = true;
            key = self.parse_key()?;
        }
        let string = self.peek_byte()? == b'"';
        let to = match (inside, string) {
            (true, true) => NextValue::Text(fields.find_field(key)),
            (true, false) => NextValue::Unquoted(fields.find_field(key)),
            (false, true) => NextValue::Member(EventMember::from_name(key)?),
            (false, false) => return None,
        };
        self.position += usize::from(string);
        Some(PhraseEnd { next_value: to, in_data: inside })
    }

    fn parse_key(&mut self) -> Option<&'a str> {
        self.expect_byte(b'"')?;
        let end = self.quotes.next_quote(self.position)?;
        let key = &self.text[self.position..end];
        self.position = end + 1;
        self.expect_byte(b':')?;
        Some(key)
    }

    /// Whether another member follows; if not, the object is closed.
    fn has_next_member(&mut self) -> Option<bool> {
        let more = match self.peek_byte()? {
            b',' => true,
            b'}' => false,
            _ => return None,
        };
        self.position += 1;
        Some(more)
    }

    fn expect_byte(&mut self, byte: u8) -> Option<()> {
        (self.peek_byte()? == byte).then(|| self.position += 1)
    }

    /// The byte that comes next, spaces skipped.
    fn peek_byte(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.position) == Some(&b' ') {
            self.position += 1;
        }
        bytes.get(self.position).copied()
    }
}
