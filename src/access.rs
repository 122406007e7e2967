//! Access control: decides from a request's token and its route's permission whether to grant
//! access. Pure; `crate::http` extracts both from the request.
//!
//! **Without tokens** the listen address decides. On loopback everything is open, because only the
//! machine itself can connect. A reverse proxy on the machine opens the service to everybody who
//! reaches the proxy. Beyond loopback the service refuses to start unless it is configured as open.
//! In both cases only programs on the machine itself have the admin permission.
//!
//! **With tokens** every route needs one, except static pages and health checks. A token can be
//! restricted further: an ingest token to some sources, a read token to a [`GrantedView`] of the
//! board.
//!
//! # Limits
//! At most [`TOKENS_MAX`] tokens, because each request is compared with all of them.

pub mod grant;
pub mod origin;
pub mod rate_limit;
pub mod ticket;
pub mod token;

use self::grant::{AccessGrant, AccessRefusal, AllowedSources, GrantedView, TokenRole};
use self::token::{TokenDigest, TokenSecret};
use crate::domain::time::timestamp::Timestamp;
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq;

/// Maximum number of tokens.
pub const TOKENS_MAX: usize = 1_000;

/// Permission that a route requires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoutePermission {
    /// Send events.
    Ingest,
    /// Read the board or a part of it.
    Read,
    /// Read over a live connection, which also accepts a ticket instead of a token.
    Live,
    /// Read rejected events. An ingest token sees those of its own sources.
    Rejected,
    /// Administer the service.
    Admin,
}

/// Peer of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestPeer {
    /// Address of the connection.
    pub address: IpAddr,
    /// True if a proxy or a browser page forwards the request for somebody else.
    pub is_forwarded: bool,
}

impl RequestPeer {
    /// Returns true if the request comes directly from a program on this machine.
    fn is_local(self) -> bool {
        self.address.to_canonical().is_loopback() && !self.is_forwarded
    }
}

/// A configured token. It holds the digest, never the token itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessToken {
    /// Name of the token, which may appear in logs.
    pub name: String,
    /// Digest of the token.
    pub digest: TokenDigest,
    /// Role of the token.
    pub role: TokenRole,
    /// Sources whose events it may send.
    pub sources: AllowedSources,
    /// Part of the board it may read.
    pub view: GrantedView,
    /// Time from which it is refused; `None` never.
    pub expires: Option<Timestamp>,
}

/// Access rules of the service.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccessControl {
    /// Tokens. Without any the service is open or closed to all.
    pub tokens: Vec<AccessToken>,
    /// True if the service is open without tokens.
    pub open: bool,
    /// Origins whose pages may connect, besides the service's own.
    pub origins: Vec<String>,
}

/// Error: the service would be open to other machines without being configured as open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0} is reachable from other machines and no token is configured, so anybody could read and \
     send events; create a token with `firstline token new`, listen on 127.0.0.1, or set \
     `open = true` under `[access]` (`--open`) to accept this"
)]
pub struct ExposedListenerError(SocketAddr);

impl AccessControl {
    /// Returns the rules for a service that listens on `address`. Without tokens it is open on
    /// loopback, and elsewhere if the configuration or, with `open`, the command line allows it.
    ///
    /// # Errors
    /// Returns an error if it would be open to other machines by mistake.
    pub fn for_listener(
        mut self,
        address: SocketAddr,
        open: bool,
    ) -> Result<AccessControl, ExposedListenerError> {
        self.open |= open || address.ip().to_canonical().is_loopback();
        if self.tokens.is_empty() && !self.open {
            Err(ExposedListenerError(address))
        } else {
            Ok(self)
        }
    }

    /// Authorizes a request with the token it carries, if any.
    ///
    /// # Errors
    /// Returns the reason if access is refused.
    pub fn authorize(
        &self,
        presented: Option<&TokenSecret>,
        peer: RequestPeer,
        need: RoutePermission,
        now: Timestamp,
    ) -> Result<AccessGrant, AccessRefusal> {
        self.authorize_digest(presented.map(TokenSecret::digest), peer, need, now)
    }

    /// Authorizes by the digest of a token, to check an existing grant again.
    ///
    /// # Errors
    /// Returns the reason if access is refused, as for the first request.
    pub fn authorize_digest(
        &self,
        presented: Option<TokenDigest>,
        peer: RequestPeer,
        need: RoutePermission,
        now: Timestamp,
    ) -> Result<AccessGrant, AccessRefusal> {
        if self.tokens.is_empty() {
            return match need {
                _ if !self.open => Err(AccessRefusal::Closed),
                RoutePermission::Admin if !peer.is_local() => Err(AccessRefusal::NotLocal),
                _ => Ok(AccessGrant::unrestricted()),
            };
        }
        let presented = presented.ok_or(AccessRefusal::MissingToken)?;
        let token = self.find_token(&presented).ok_or(AccessRefusal::UnknownToken)?;
        if token.expires.is_some_and(|expires| expires <= now) {
            return Err(AccessRefusal::ExpiredToken);
        }
        if !token.role.has_permission(need) {
            return Err(AccessRefusal::MissingPermission(need));
        }
        Ok(AccessGrant::from_token(token))
    }

    /// Returns the token with a digest. It compares all tokens, so that the time taken reveals
    /// nothing.
    fn find_token(&self, presented: &TokenDigest) -> Option<&AccessToken> {
        let same = |token: &&AccessToken| bool::from(token.digest.0.ct_eq(&presented.0));
        self.tokens.iter().filter(same).fold(None, |found, token| found.or(Some(token)))
    }
}

#[cfg(test)]
mod tests;
