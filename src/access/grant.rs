//! Grants and refusals: the extent of granted access, and the reason and remedy for refused access.

use super::token::TokenDigest;
use crate::access::{AccessToken, RoutePermission};
use crate::domain::time::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Role of a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenRole {
    /// May send events.
    Ingest,
    /// May read the board.
    Read,
    /// May do everything.
    Admin,
}

impl TokenRole {
    /// All roles with their names in the configuration.
    pub const ALL: [(&str, TokenRole); 3] =
        [("ingest", TokenRole::Ingest), ("read", TokenRole::Read), ("admin", TokenRole::Admin)];

    /// Returns true if the role includes a permission.
    #[must_use]
    pub fn has_permission(self, need: RoutePermission) -> bool {
        match need {
            RoutePermission::Ingest | RoutePermission::Rejected => self != TokenRole::Read,
            RoutePermission::Read | RoutePermission::Live => self != TokenRole::Ingest,
            RoutePermission::Admin => self == TokenRole::Admin,
        }
    }
}

/// Sources whose events may be sent; empty allows all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowedSources(pub Vec<String>);

impl AllowedSources {
    /// Returns true if `source` is one of the allowed sources or lies below one, as `/acd/hefei`
    /// lies below `/acd`.
    #[must_use]
    pub fn allows_source(&self, source: &str) -> bool {
        let is_below = |allowed: &String| {
            source.strip_prefix(&**allowed).is_some_and(|rest| {
                rest.is_empty() || allowed.ends_with('/') || rest.starts_with('/')
            })
        };
        self.0.is_empty() || self.0.iter().any(is_below)
    }
}

/// Visible part of the board: the values that a scope or a case must have for some dimensions. A
/// scope without such a dimension, like the total, is hidden. Without dimensions everything is
/// visible.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct GrantedView(pub BTreeMap<String, BTreeSet<String>>);

impl GrantedView {
    /// Returns true if everything is visible.
    #[must_use]
    pub fn is_unrestricted(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true if a scope or a case with these dimension values is visible.
    pub fn is_visible<'v, V: Iterator<Item = (&'v str, &'v str)>>(
        &self,
        values: impl Fn() -> V,
    ) -> bool {
        let has = |dimension: &str, visible: &BTreeSet<String>| {
            values().any(|(name, value)| name == dimension && visible.contains(value))
        };
        self.0.iter().all(|(dimension, visible)| has(dimension, visible))
    }
}

/// Granted access.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessGrant {
    /// Digest of the token, with which live connections check the grant again; `None` without a
    /// token.
    pub token: Option<TokenDigest>,
    /// Sources whose events may be sent.
    pub sources: Arc<AllowedSources>,
    /// Visible part of the board.
    pub view: Arc<GrantedView>,
    /// Time at which the grant ends; `None` never.
    pub expires: Option<Timestamp>,
}

impl AccessGrant {
    /// Returns a grant for everything.
    pub(super) fn unrestricted() -> AccessGrant {
        AccessGrant { token: None, sources: Arc::default(), view: Arc::default(), expires: None }
    }

    /// Returns the grant of a token.
    pub(super) fn from_token(token: &AccessToken) -> AccessGrant {
        let (sources, view) = (Arc::new(token.sources.clone()), Arc::new(token.view.clone()));
        AccessGrant { token: Some(token.digest), sources, view, expires: token.expires }
    }
}

/// Reasons for refused access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessRefusal {
    /// The request has no token.
    MissingToken,
    /// The token is not or no longer configured.
    UnknownToken,
    /// The token has expired.
    ExpiredToken,
    /// The ticket was used, has expired, or never existed.
    InvalidTicket,
    /// The token does not have this permission.
    MissingPermission(RoutePermission),
    /// Without tokens only programs on this machine have the admin permission.
    NotLocal,
    /// The service has no tokens and is not configured as open.
    Closed,
    /// The request comes from a page of another origin.
    ForbiddenOrigin,
}

impl AccessRefusal {
    /// Returns true if another token could help: 401 Unauthorized instead of 403 Forbidden.
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

    /// Returns the name in metrics.
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

    /// Returns the reason and the remedy for the sender of the request.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            AccessRefusal::MissingToken => {
                "this needs a token; send it as `Authorization: Bearer fl_...`"
            }
            AccessRefusal::UnknownToken => {
                "this token is not known here, or no longer; ask the operator of the service for \
                 another one (`firstline token new`)"
            }
            AccessRefusal::ExpiredToken => {
                "this token has expired; ask the operator of the service for another one \
                 (`firstline token new`)"
            }
            AccessRefusal::InvalidTicket => {
                "this ticket was used, or is too old; fetch a new one from `POST /v1/ticket` for \
                 each connection"
            }
            AccessRefusal::MissingPermission(RoutePermission::Ingest) => {
                "this token may not send events; use one with `may = \"ingest\"`"
            }
            AccessRefusal::MissingPermission(RoutePermission::Read | RoutePermission::Live) => {
                "this token may not see the board; use one with `may = \"read\"`"
            }
            AccessRefusal::MissingPermission(RoutePermission::Rejected) => {
                "this token may not see rejected events; use one with `may = \"admin\"`, or that \
                 of their sender"
            }
            AccessRefusal::MissingPermission(_) => {
                "this token may not do this; use one with `may = \"admin\"`"
            }
            AccessRefusal::NotLocal => {
                "without tokens only programs on the machine itself may do this; run \
                 `curl -X POST http://127.0.0.1:8080/v1/reload` there"
            }
            AccessRefusal::Closed => {
                "the service has no tokens and is not declared open; ask its operator to create \
                 one with `firstline token new`"
            }
            AccessRefusal::ForbiddenOrigin => {
                "pages from this origin may not connect; ask the operator to add it to `origins` \
                 under `[access]`"
            }
        }
    }
}
