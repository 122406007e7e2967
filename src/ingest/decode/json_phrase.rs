//! JSON phrases. A phrase is the text that a producer writes between two values of an event, such
//! as `,"subject":"`, together with the kind of value that follows it.

use super::fields::{DataField, DecodedFields};
use super::json_full::CloudEventAttributes;
use super::quote_scan::QuoteScan;
use std::borrow::Cow;

/// Text between two values, and what follows it.
#[derive(Debug)]
pub(super) struct JsonPhrase {
    text: Box<str>,
    /// The first bytes of the text as a number, and a mask of the bytes in use. Phrases are short
    /// and many, so one comparison of numbers decides most of them.
    head: u128,
    mask: u128,
    pub(super) step: PhraseEnd,
    /// Indexes of the phrases seen next.
    pub(super) next_phrases: Vec<usize>,
}

/// State after a phrase.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhraseEnd {
    pub(super) next_value: NextValue,
    /// True if the next value is within `data`.
    pub(super) in_data: bool,
}

/// Value after a phrase.
#[derive(Clone, Copy, Debug)]
pub(super) enum NextValue {
    /// String value of a member of the event.
    Member(EventMember),
    /// String value of a field of `data`; `None` for an unknown field.
    Text(Option<DataField>),
    /// Other value of a field of `data`: a number, `true`, `false` or `null`.
    Unquoted(Option<DataField>),
    /// No value: the event ends.
    End,
}

/// Member of an event other than `data`.
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
    /// Number of bytes in the head.
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

    /// Returns the length in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns true if `text` begins with the phrase.
    #[inline]
    pub(super) fn is_prefix_of(&self, text: &[u8]) -> bool {
        let begins = match text.split_first_chunk::<{ Self::HEAD_BYTES }>() {
            Some((head, rest)) => {
                u128::from_le_bytes(*head) & self.mask == self.head
                    && self
                        .text
                        .as_bytes()
                        .get(Self::HEAD_BYTES..)
                        .is_none_or(|tail| rest.starts_with(tail))
            }
            None => text.starts_with(self.text.as_bytes()),
        };
        // Before a number, a following quote or space would belong to a longer, different phrase.
        begins
            && !(matches!(self.step.next_value, NextValue::Unquoted(_))
                && matches!(text.get(self.text.len()), Some(b'"' | b' ')))
    }
}

impl EventMember {
    /// Returns the member with this name, or `None` for one that needs the full parser.
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

    /// Returns the place for the member's value, or `None` if the value is not used.
    pub(super) fn attribute_slot<'s, 'a>(
        self,
        attributes: &'s mut CloudEventAttributes<'a>,
    ) -> Option<&'s mut Option<Cow<'a, str>>> {
        Some(match self {
            EventMember::Specversion => &mut attributes.specversion,
            EventMember::Id => &mut attributes.id,
            EventMember::Source => &mut attributes.source,
            EventMember::Kind => &mut attributes.kind,
            EventMember::Time => &mut attributes.time,
            EventMember::Subject => &mut attributes.subject,
            EventMember::Sequence => &mut attributes.sequence,
            EventMember::Other => return None,
        })
    }
}

/// Parses the phrase at `at`, which is the start of the event or the end of a value. `in_data` is
/// true if that value was within `data`. Returns the state after the phrase and the phrase's end,
/// or `None` if the full parser is needed.
pub(super) fn parse_phrase(
    text: &str,
    at: usize,
    in_data: bool,
    quotes: &QuoteScan,
    fields: &DecodedFields<'_, '_>,
) -> Option<(PhraseEnd, usize)> {
    let mut cursor = PhraseParser { text, position: at, quotes };
    let step = if at == 0 {
        cursor.parse_first(fields)?
    } else {
        cursor.parse_following(in_data, fields)?
    };
    Some((step, cursor.position))
}

struct PhraseParser<'a, 'q> {
    text: &'a str,
    position: usize,
    quotes: &'q QuoteScan,
}

impl<'a> PhraseParser<'a, '_> {
    /// Parses from the start of the event to its first value.
    fn parse_first(&mut self, fields: &DecodedFields<'_, '_>) -> Option<PhraseEnd> {
        self.expect_byte(b'{')?;
        self.parse_member_start(false, fields)
    }

    /// Parses from the end of a value to the next one. `in_data` is true if the value was within
    /// `data`.
    fn parse_following(
        &mut self,
        in_data: bool,
        fields: &DecodedFields<'_, '_>,
    ) -> Option<PhraseEnd> {
        if self.has_next_member()? {
            self.parse_member_start(in_data, fields)
        } else if in_data && self.has_next_member()? {
            self.parse_member_start(false, fields)
        } else {
            Some(PhraseEnd { next_value: NextValue::End, in_data: false })
        }
    }

    /// Parses from the start of a member to its value, or to the first value within it.
    fn parse_member_start(
        &mut self,
        mut in_data: bool,
        fields: &DecodedFields<'_, '_>,
    ) -> Option<PhraseEnd> {
        let mut key = self.parse_key()?;
        if !in_data && key == "data" {
            self.expect_byte(b'{')?;
            in_data = true;
            key = self.parse_key()?;
        }
        let is_string = self.peek_byte()? == b'"';
        let next_value = match (in_data, is_string) {
            (true, true) => NextValue::Text(fields.find_field(key)),
            (true, false) => NextValue::Unquoted(fields.find_field(key)),
            (false, true) => NextValue::Member(EventMember::from_name(key)?),
            (false, false) => return None,
        };
        self.position += usize::from(is_string);
        Some(PhraseEnd { next_value, in_data })
    }

    fn parse_key(&mut self) -> Option<&'a str> {
        self.expect_byte(b'"')?;
        let end = self.quotes.next_quote(self.position)?;
        let key = &self.text[self.position..end];
        self.position = end + 1;
        self.expect_byte(b':')?;
        Some(key)
    }

    /// Consumes a comma or a closing brace. Returns true if another member follows, false if the
    /// object is closed.
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

    /// Returns the next byte after spaces.
    fn peek_byte(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.position) == Some(&b' ') {
            self.position += 1;
        }
        bytes.get(self.position).copied()
    }
}
