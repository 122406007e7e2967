//! One event as its source said it: what every source in this folder produces and [`super::Decoder`] takes.

use crate::domain::time::timestamp::Timestamp;
use std::borrow::Cow;

/// A CloudEvent, borrowed from the bytes it was read from.
#[derive(Clone, Debug)]
pub struct RawEvent<'a> {
    /// The CloudEvents `id`: with `source` it identifies the event.
    pub id: Cow<'a, str>,
    /// The CloudEvents `source`.
    pub source: Cow<'a, str>,
    /// The CloudEvents `type`, as in `call.offered`.
    pub kind: Cow<'a, str>,
    /// When it happened.
    pub time: Timestamp,
    /// The case within its source.
    pub subject: Cow<'a, str>,
    /// The CloudEvents `sequence` extension; 0 where the source has none.
    pub sequence: u32,
    /// The fields of `data`, named as in the contract.
    pub data: Vec<(Cow<'a, str>, Scalar<'a>)>,
}

/// A value of a field of `data`.
#[derive(Clone, PartialEq, Debug)]
pub enum Scalar<'a> {
    /// A JSON string.
    Text(Cow<'a, str>),
    /// A JSON number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
}
