//! Who may what. One value decides it: [`Access`] takes what a request shows and what its route needs, and gives a [`Grant`]
//! or says why not. Pure; who asks, and over what, is the business of `crate::http`.
//!
//! **Without tokens** the address that the service listens on decides. On loopback everything is open, for only the machine
//! itself can connect; a reverse proxy on it opens the service to whoever reaches the proxy. Beyond loopback the service
//! refuses to start, unless it is told to be open. In either case only programs on the machine itself are administrators.
//!
//! **With tokens** everything needs one but the pages themselves and the signs of life. A token's grant is limited twice: an ingest
//! token to some sources, a read token to a [`View`] of the board.
//!
//! # Limits
//! At most [`TOKENS`] tokens, because each request is compared with all of them.

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

/// The most tokens there can be.
pub const TOKENS_MAX: usize = 1_000;

/// What a route needs of whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoutePermission {
    /// To send events.
    Ingest,
    /// To see the board, or a part of it.
    Read,
    /// The same over a lasting connection, where a ticket does instead of a token.
    Live,
    /// To see which events were rejected: an ingest token sees those of its sources.
    Rejected,
    /// To change how the service works.
    Admin,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestPeer {
    /// Where the connection comes from.
    pub address: IpAddr,
    /// Whether somebody else stands behind it, as a proxy or a browser's page says.
    pub is_forwarded: bool,
}

impl RequestPeer {
    /// Whether it is a program on this machine that asks for itself.
    fn is_local(self) -> bool {
        self.address.to_canonical().is_loopback() && !self.is_forwarded
    }
}

/// A token, as the configuration has it: never the token itself, only its digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessToken {
    /// What it is called; may stand in the log.
    pub name: String,
    /// The digest of the token.
    pub digest: TokenDigest,
    /// What it is for.
    pub role: TokenRole,
    /// The sources whose events it may send.
    pub sources: AllowedSources,
    /// What of the board it may see.
    pub view: GrantedView,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
}

/// Who may what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccessControl {
    /// The tokens; without any the service is open, or closed to all.
    pub tokens: Vec<AccessToken>,
    /// Whether it is meant to be open without tokens.
    pub open: bool,
    /// The origins whose pages may connect, beside the service's own.
    pub origins: Vec<String>,
}

/// The service would be open to strangers, and nobody said that it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0} can be reached from other machines, and there is no token: anybody could read and send events; make a token with \
     `firstline token new`, listen on 127.0.0.1, or say `open = true` under `[access]` (`--open`) if this is what you want"
)]
pub struct ExposedListenerError(SocketAddr);

impl AccessControl {
    /// The same for a service that listens there. Without tokens it is open on loopback, and beyond it if the configuration
    /// or, with `open`, the command line says so.
    ///
    /// # Errors
    /// If it would be open to other machines by mistake.
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

    /// Decides on a request that shows a token or none.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn authorize(
        &self,
        shown: Option<&TokenSecret>,
        peer: RequestPeer,
        need: RoutePermission,
        now: Timestamp,
    ) -> Result<AccessGrant, AccessRefusal> {
        self.authorize_digest(shown.map(TokenSecret::digest), peer, need, now)
    }

    /// Decides on the digest of a token: for those who hold a grant of it already.
    ///
    /// # Errors
    /// Why it is refused, as on the first request.
    pub fn authorize_digest(
        &self,
        shown: Option<TokenDigest>,
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
        let shown = shown.ok_or(AccessRefusal::MissingToken)?;
        let token = self.find_token(&shown).ok_or(AccessRefusal::UnknownToken)?;
        if token.expires.is_some_and(|expires| expires <= now) {
            return Err(AccessRefusal::ExpiredToken);
        }
        if !token.role.has_permission(need) {
            return Err(AccessRefusal::MissingPermission(need));
        }
        Ok(AccessGrant::from_token(token))
    }

    /// The token with this digest. All are looked at, whichever it is, so that time does not tell how near a guess came.
    fn find_token(&self, shown: &TokenDigest) -> Option<&AccessToken> {
        let same = |token: &&AccessToken| bool::from(token.digest.0.ct_eq(&shown.0));
        self.tokens.iter().filter(same).fold(None, |found, token| found.or(Some(token)))
    }
}

#[cfg(test)]
mod tests;
