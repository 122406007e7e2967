//! An event as its source reported it. Every reader in this folder produces [`RawEvent`]s for
//! [`EventDecoder::decode_raw_event`](super::EventDecoder::decode_raw_event).

use crate::domain::time::timestamp::Timestamp;
use std::borrow::Cow;

/// A CloudEvent that borrows from its input.
#[derive(Clone, Debug)]
pub struct RawEvent<'a> {
    /// CloudEvents `id`; identifies the event together with `source`.
    pub id: Cow<'a, str>,
    /// CloudEvents `source`.
    pub source: Cow<'a, str>,
    /// CloudEvents `type`, as in `call.offered`.
    pub kind: Cow<'a, str>,
    /// Time of occurrence.
    pub time: Timestamp,
    /// CloudEvents `subject`: the case within its source.
    pub subject: Cow<'a, str>,
    /// CloudEvents extension `sequence`; 0 if the source has none.
    pub sequence: u32,
    /// Fields of `data`, named as in the event reference.
    pub data: Vec<(Cow<'a, str>, Scalar<'a>)>,
}

/// Value of a field of `data`.
#[derive(Clone, PartialEq, Debug)]
pub enum Scalar<'a> {
    /// A JSON string.
    Text(Cow<'a, str>),
    /// A JSON number.
    Number(f64),
    /// JSON `true` or `false`.
    Bool(bool),
}

impl<'a> Scalar<'a> {
    /// Returns the value as text.
    #[must_use]
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Scalar::Text(text) => text,
            Scalar::Number(number) => Cow::Owned(number.to_string()),
            Scalar::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        }
    }
}
