//! Grants: what somebody was let in for, and how far; and refusals, with what to do about them.

use super::token::TokenDigest;
use crate::access::{AccessToken, RoutePermission};
use crate::domain::time::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenRole {
    /// Sending events.
    Ingest,
    /// Seeing the board.
    Read,
    /// Everything.
    Admin,
}

impl TokenRole {
    /// Each with its name in the configuration.
    pub const ALL: [(&str, TokenRole); 3] =
        [("ingest", TokenRole::Ingest), ("read", TokenRole::Read), ("admin", TokenRole::Admin)];

    /// Whether it does for a route that needs this.
    #[must_use]
    pub fn has_permission(self, need: RoutePermission) -> bool {
        match need {
            RoutePermission::Ingest | RoutePermission::Rejected => self != TokenRole::Read,
            RoutePermission::Read | RoutePermission::Live => self != TokenRole::Ingest,
            RoutePermission::Admin => self == TokenRole::Admin,
        }
    }
}

/// The sources whose events may be sent; empty means any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowedSources(pub Vec<String>);

impl AllowedSources {
    /// Whether events of this source may be sent: it is one of them, or lies below one, as `/acd/hefei` does below `/acd`.
    #[must_use]
    pub fn allows_source(&self, source: &str) -> bool {
        let below = |own: &String| {
            source
                .strip_prefix(&**own)
                .is_some_and(|rest| rest.is_empty() || own.ends_with('/') || rest.starts_with('/'))
        };
        self.0.is_empty() || self.0.iter().any(below)
    }
}

/// What of the board may be seen: for some dimensions the values that a scope or a case must have. A scope without such a
/// dimension, as the one of everything, lies outside. Without any dimension everything may be seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct GrantedView(pub BTreeMap<String, BTreeSet<String>>);

impl GrantedView {
    /// Whether nothing is hidden.
    #[must_use]
    pub fn is_unrestricted(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what has these values of dimensions, a scope or a case, may be seen.
    pub fn is_visible<'v, V: Iterator<Item = (&'v str, &'v str)>>(
        &self,
        values: impl Fn() -> V,
    ) -> bool {
        let has = |dimension: &str, seen: &BTreeSet<String>| {
            values().any(|(name, value)| name == dimension && seen.contains(value))
        };
        self.0.iter().all(|(dimension, seen)| has(dimension, seen))
    }
}

/// What somebody was let in for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessGrant {
    /// The token, if it was one; who holds the grant for long asks again with it.
    pub token: Option<TokenDigest>,
    /// The sources whose events may be sent.
    pub sources: Arc<AllowedSources>,
    /// What of the board may be seen.
    pub view: Arc<GrantedView>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl AccessGrant {
    /// All that there is.
    pub(super) fn unrestricted() -> AccessGrant {
        AccessGrant { token: None, sources: Arc::default(), view: Arc::default(), expires: None }
    }

    /// What a token gives.
    pub(super) fn from_token(token: &AccessToken) -> AccessGrant {
        let (sources, view) = (Arc::new(token.sources.clone()), Arc::new(token.view.clone()));
        AccessGrant { token: Some(token.digest), sources, view, expires: token.expires }
    }
}

/// Why somebody was not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessRefusal {
    /// No token was shown.
    MissingToken,
    /// What was shown is no token, or no longer one.
    UnknownToken,
    /// The token's time is over.
    ExpiredToken,
    /// The ticket is no longer valid, or never was.
    InvalidTicket,
    /// The token is for something else.
    MissingPermission(RoutePermission),
    /// Without tokens only programs on this machine are administrators.
    NotLocal,
    /// There are no tokens, and nobody said that the service is open.
    Closed,
    /// A page from elsewhere asks.
    ForbiddenOrigin,
}

impl AccessRefusal {
    /// Whether another token, or any, could help: then it is unauthorized (401) and else forbidden (403).
    #[must_use]
    pub fn is_unauthorized(self) -> bool {
        matches!(
            self,
            AccessRefusal::MissingToken
                | AccessRefusal::UnknownToken
                | AccessRefusal::ExpiredToken
                | AccessRefusal::InvalidTicket
        )
    }

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AccessRefusal::MissingToken => "missing",
            AccessRefusal::UnknownToken => "unknown",
            AccessRefusal::ExpiredToken => "expired",
            AccessRefusal::InvalidTicket => "ticket",
            AccessRefusal::MissingPermission(_) => "lacks",
            AccessRefusal::NotLocal => "not_here",
            AccessRefusal::Closed => "closed",
            AccessRefusal::ForbiddenOrigin => "origin",
        }
    }

    /// What is wrong and what to do, for whoever asked.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            AccessRefusal::MissingToken => {
                "this needs a token; send it as `Authorization: Bearer fl_...`"
            }
            AccessRefusal::UnknownToken => {
                "this token is not known here, or no longer; whoever runs the service makes another with `firstline token new`"
            }
            AccessRefusal::ExpiredToken => {
                "this token has expired; whoever runs the service makes another with `firstline token new`"
            }
            AccessRefusal::InvalidTicket => {
                "this ticket was used, or is too old; each connection needs a new one from `POST /v1/ticket`"
            }
            AccessRefusal::MissingPermission(RoutePermission::Ingest) => {
                "this token may not send events; it takes one with `may = \"ingest\"`"
            }
            AccessRefusal::MissingPermission(RoutePermission::Read | RoutePermission::Live) => {
                "this token may not see the board; it takes one with `may = \"read\"`"
            }
            AccessRefusal::MissingPermission(RoutePermission::Rejected) => {
                "this token may not see rejected events; it takes one with `may = \"admin\"`, or that of their sender"
            }
            AccessRefusal::MissingPermission(_) => {
                "this token may not do this; it takes one with `may = \"admin\"`"
            }
            AccessRefusal::NotLocal => {
                "without tokens only programs on the machine itself may do this, as `curl -X POST http://127.0.0.1:8080/v1/reload` does there"
            }
            AccessRefusal::Closed => {
                "the service has no tokens and is not declared open; whoever runs it makes one with `firstline token new`"
            }
            AccessRefusal::ForbiddenOrigin => {
                "pages from this origin may not connect; whoever runs the service can add it to `origins` under `[access]`"
            }
        }
    }
}
