//! Grants: what somebody was let in for, and how far; and refusals, with what to do about them.

use super::token::Digest;
use super::{Need, Token};
use crate::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum May {
    /// Sending events.
    Ingest,
    /// Seeing the board.
    Read,
    /// Everything.
    Admin,
}

impl May {
    /// Each with its name in the configuration.
    pub const ALL: [(&str, May); 3] = [("ingest", May::Ingest), ("read", May::Read), ("admin", May::Admin)];

    /// Whether it does for a route that needs this.
    #[must_use]
    pub fn does(self, need: Need) -> bool {
        match need {
            Need::Ingest | Need::Rejected => self != May::Read,
            Need::Read | Need::Live => self != May::Ingest,
            Need::Admin => self == May::Admin,
        }
    }
}

/// The sources whose events may be sent; empty means any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources(pub Vec<String>);

impl Sources {
    /// Whether events of this source may be sent: it is one of them, or lies below one, as `/acd/hefei` does below `/acd`.
    #[must_use]
    pub fn allow(&self, source: &str) -> bool {
        let below =
            |own: &String| source.strip_prefix(&**own).is_some_and(|rest| rest.is_empty() || own.ends_with('/') || rest.starts_with('/'));
        self.0.is_empty() || self.0.iter().any(below)
    }
}

/// What of the board may be seen: for some dimensions the values that a scope or a case must have. A scope without such a
/// dimension, as the one of everything, lies outside. Without any dimension everything may be seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct View(pub BTreeMap<String, BTreeSet<String>>);

impl View {
    /// Whether nothing is hidden.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what has these values of dimensions, a scope or a case, may be seen.
    pub fn shows<'v, V: Iterator<Item = (&'v str, &'v str)>>(&self, values: impl Fn() -> V) -> bool {
        let has = |dimension: &str, seen: &BTreeSet<String>| values().any(|(name, value)| name == dimension && seen.contains(value));
        self.0.iter().all(|(dimension, seen)| has(dimension, seen))
    }
}

/// What somebody was let in for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The token, if it was one; who holds the grant for long asks again with it.
    pub token: Option<Digest>,
    /// The sources whose events may be sent.
    pub sources: Arc<Sources>,
    /// What of the board may be seen.
    pub view: Arc<View>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl Grant {
    /// All that there is.
    pub(super) fn everything() -> Grant {
        Grant { token: None, sources: Arc::default(), view: Arc::default(), expires: None }
    }

    /// What a token gives.
    pub(super) fn of(token: &Token) -> Grant {
        let (sources, view) = (Arc::new(token.sources.clone()), Arc::new(token.view.clone()));
        Grant { token: Some(token.digest), sources, view, expires: token.expires }
    }
}

/// Why somebody was not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No token was shown.
    Missing,
    /// What was shown is no token, or no longer one.
    Unknown,
    /// The token's time is over.
    Expired,
    /// The ticket is no longer valid, or never was.
    Ticket,
    /// The token is for something else.
    Lacks(Need),
    /// Without tokens only programs on this machine are administrators.
    NotHere,
    /// There are no tokens, and nobody said that the service is open.
    Closed,
    /// A page from elsewhere asks.
    Origin,
}

impl Refusal {
    /// Whether another token, or any, could help: then it is unauthorized (401) and else forbidden (403).
    #[must_use]
    pub fn is_unauthorized(self) -> bool {
        matches!(self, Refusal::Missing | Refusal::Unknown | Refusal::Expired | Refusal::Ticket)
    }

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Missing => "missing",
            Refusal::Unknown => "unknown",
            Refusal::Expired => "expired",
            Refusal::Ticket => "ticket",
            Refusal::Lacks(_) => "lacks",
            Refusal::NotHere => "not_here",
            Refusal::Closed => "closed",
            Refusal::Origin => "origin",
        }
    }

    /// What is wrong and what to do, for whoever asked.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::Missing => "this needs a token; send it as `Authorization: Bearer fl_...`",
            Refusal::Unknown => {
                "this token is not known here, or no longer; whoever runs the service makes another with `firstline token new`"
            }
            Refusal::Expired => "this token has expired; whoever runs the service makes another with `firstline token new`",
            Refusal::Ticket => "this ticket was used, or is too old; each connection needs a new one from `POST /v1/ticket`",
            Refusal::Lacks(Need::Ingest) => "this token may not send events; it takes one with `may = \"ingest\"`",
            Refusal::Lacks(Need::Read | Need::Live) => "this token may not see the board; it takes one with `may = \"read\"`",
            Refusal::Lacks(Need::Rejected) => {
                "this token may not see rejected events; it takes one with `may = \"admin\"`, or that of their sender"
            }
            Refusal::Lacks(_) => "this token may not do this; it takes one with `may = \"admin\"`",
            Refusal::NotHere => {
                "without tokens only programs on the machine itself may do this, as `curl -X POST http://127.0.0.1:8080/v1/reload` does there"
            }
            Refusal::Closed => "the service has no tokens and is not declared open; whoever runs it makes one with `firstline token new`",
            Refusal::Origin => "pages from this origin may not connect; whoever runs the service can add it to `origins` under `[access]`",
        }
    }
}
