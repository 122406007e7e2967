//! Phrases: what a producer writes between two values of an event, such as `,"subject":"`, and where it leads.

use super::fields::{Field, Fields};
use super::json::Said;
use super::quotes::Quotes;
use std::borrow::Cow;

/// What stands between two values.
#[derive(Debug)]
pub(super) struct Phrase {
    text: Box<str>,
    /// The first bytes of the text as a number, and a mask of those that there are: compared in one go, because phrases are short
    /// and many.
    head: u128,
    mask: u128,
    pub(super) step: Step,
    /// The places of the phrases that have come next.
    pub(super) followers: Vec<usize>,
}

/// Where a phrase leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) to: To,
    /// Whether that is within `data`.
    pub(super) inside: bool,
}

/// What comes behind a phrase.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    /// The text of a member of the event.
    Member(Member),
    /// The text of a field of `data`; `None` for one that is not understood.
    Text(Option<Field>),
    /// Another value of a field of `data`: a number, true, false or null.
    Bare(Option<Field>),
    /// Nothing.
    End,
}

/// A member of an event beside `data`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Member {
    Specversion,
    Id,
    Source,
    Kind,
    Time,
    Subject,
    Sequence,
    Other,
}

impl Phrase {
    /// How many bytes the head has.
    const HEAD: usize = size_of::<u128>();

    pub(super) fn new(text: &str, step: Step) -> Phrase {
        let length = text.len().min(Self::HEAD);
        let (mut head, mut mask) = ([0; Self::HEAD], [0; Self::HEAD]);
        head[..length].copy_from_slice(&text.as_bytes()[..length]);
        mask[..length].fill(u8::MAX);
        Phrase { text: text.into(), head: u128::from_le_bytes(head), mask: u128::from_le_bytes(mask), step, followers: Vec::new() }
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether a text begins with the phrase.
    #[inline]
    pub(super) fn begins(&self, text: &[u8]) -> bool {
        let begins = match text.split_first_chunk::<{ Self::HEAD }>() {
            Some((head, rest)) => {
                u128::from_le_bytes(*head) & self.mask == self.head
                    && self.text.as_bytes().get(Self::HEAD..).is_none_or(|behind| rest.starts_with(behind))
            }
            None => text.starts_with(self.text.as_bytes()),
        };
        // Behind a phrase that leads to a number a string is another phrase, longer by its quote, and a space belongs to it.
        begins && !(matches!(self.step.to, To::Bare(_)) && matches!(text.get(self.text.len()), Some(b'"' | b' ')))
    }
}

impl Member {
    /// The member with this name; none for one that the full parser must see.
    fn find(name: &str) -> Option<Member> {
        Some(match name {
            "specversion" => Member::Specversion,
            "id" => Member::Id,
            "source" => Member::Source,
            "type" => Member::Kind,
            "time" => Member::Time,
            "subject" => Member::Subject,
            "sequence" => Member::Sequence,
            "data_base64" => return None,
            _ => Member::Other,
        })
    }

    /// Where what it says is kept.
    pub(super) fn place<'s, 'a>(self, said: &'s mut Said<'a>) -> Option<&'s mut Option<Cow<'a, str>>> {
        Some(match self {
            Member::Specversion => &mut said.specversion,
            Member::Id => &mut said.id,
            Member::Source => &mut said.source,
            Member::Kind => &mut said.kind,
            Member::Time => &mut said.time,
            Member::Subject => &mut said.subject,
            Member::Sequence => &mut said.sequence,
            Member::Other => return None,
        })
    }
}

/// Takes apart the phrase of an event that begins at a place, which is that of the event or lies behind a value; `inside` says whether
/// that was within `data`. Gives where it leads and ends.
pub(super) fn take_apart(text: &str, at: usize, inside: bool, quotes: &Quotes, fields: &Fields<'_, '_>) -> Option<(Step, usize)> {
    let mut cursor = Cursor { text, at, quotes };
    let step = if at == 0 { cursor.begin(fields)? } else { cursor.go_on(inside, fields)? };
    Some((step, cursor.at))
}

struct Cursor<'a, 'q> {
    text: &'a str,
    at: usize,
    quotes: &'q Quotes,
}

impl<'a> Cursor<'a, '_> {
    /// From the beginning of an event to its first value.
    fn begin(&mut self, fields: &Fields<'_, '_>) -> Option<Step> {
        self.take(b'{')?;
        self.value(false, fields)
    }

    /// From the end of a value to the next; `inside` says whether it was within `data`.
    fn go_on(&mut self, inside: bool, fields: &Fields<'_, '_>) -> Option<Step> {
        if self.more()? {
            self.value(inside, fields)
        } else if inside && self.more()? {
            self.value(false, fields)
        } else {
            Some(Step { to: To::End, inside: false })
        }
    }

    /// From the beginning of a member to its value, or the first within it.
    fn value(&mut self, mut inside: bool, fields: &Fields<'_, '_>) -> Option<Step> {
        let mut key = self.key()?;
        if !inside && key == "data" {
            self.take(b'{')?;
            inside = true;
            key = self.key()?;
        }
        let string = self.peek()? == b'"';
        let to = match (inside, string) {
            (true, true) => To::Text(fields.find(key)),
            (true, false) => To::Bare(fields.find(key)),
            (false, true) => To::Member(Member::find(key)?),
            (false, false) => return None,
        };
        self.at += usize::from(string);
        Some(Step { to, inside })
    }

    fn key(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let end = self.quotes.next(self.at)?;
        let key = &self.text[self.at..end];
        self.at = end + 1;
        self.take(b':')?;
        Some(key)
    }

    /// Whether another member follows; if not, the object is closed.
    fn more(&mut self) -> Option<bool> {
        let more = match self.peek()? {
            b',' => true,
            b'}' => false,
            _ => return None,
        };
        self.at += 1;
        Some(more)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The byte that comes next, spaces skipped.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }
}
