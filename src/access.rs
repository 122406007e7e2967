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
pub mod rate;
pub mod ticket;
pub mod token;

use self::grant::{Grant, May, Refusal, Sources, View};
use self::token::{Digest, Secret};
use crate::domain::time::Timestamp;
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq;

/// The most tokens there can be.
pub const TOKENS: usize = 1_000;

/// What a route needs of whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
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
pub struct Peer {
    /// Where the connection comes from.
    pub address: IpAddr,
    /// Whether somebody else stands behind it, as a proxy or a browser's page says.
    pub passed_on: bool,
}

impl Peer {
    /// Whether it is a program on this machine that asks for itself.
    fn is_this_machine(self) -> bool {
        self.address.to_canonical().is_loopback() && !self.passed_on
    }
}

/// A token, as the configuration has it: never the token itself, only its digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is called; may stand in the log.
    pub name: String,
    /// The digest of the token.
    pub digest: Digest,
    /// What it is for.
    pub may: May,
    /// The sources whose events it may send.
    pub sources: Sources,
    /// What of the board it may see.
    pub view: View,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
}

/// Who may what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// The tokens; without any the service is open, or closed to all.
    pub tokens: Vec<Token>,
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
pub struct Exposed(SocketAddr);

impl Access {
    /// The same for a service that listens there. Without tokens it is open on loopback, and beyond it if the configuration
    /// or, with `open`, the command line says so.
    ///
    /// # Errors
    /// If it would be open to other machines by mistake.
    pub fn listening_on(mut self, address: SocketAddr, open: bool) -> Result<Access, Exposed> {
        self.open |= open || address.ip().to_canonical().is_loopback();
        if self.tokens.is_empty() && !self.open { Err(Exposed(address)) } else { Ok(self) }
    }

    /// Decides on a request that shows a token or none.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn decide(&self, shown: Option<&Secret>, peer: Peer, need: Need, now: Timestamp) -> Result<Grant, Refusal> {
        self.decide_on(shown.map(Secret::digest), peer, need, now)
    }

    /// Decides on the digest of a token: for those who hold a grant of it already.
    ///
    /// # Errors
    /// Why it is refused, as on the first request.
    pub fn decide_on(&self, shown: Option<Digest>, peer: Peer, need: Need, now: Timestamp) -> Result<Grant, Refusal> {
        if self.tokens.is_empty() {
            return match need {
                _ if !self.open => Err(Refusal::Closed),
                Need::Admin if !peer.is_this_machine() => Err(Refusal::NotHere),
                _ => Ok(Grant::everything()),
            };
        }
        let shown = shown.ok_or(Refusal::Missing)?;
        let token = self.find(&shown).ok_or(Refusal::Unknown)?;
        if token.expires.is_some_and(|expires| expires <= now) {
            return Err(Refusal::Expired);
        }
        if !token.may.does(need) {
            return Err(Refusal::Lacks(need));
        }
        Ok(Grant::of(token))
    }

    /// The token with this digest. All are looked at, whichever it is, so that time does not tell how near a guess came.
    fn find(&self, shown: &Digest) -> Option<&Token> {
        let same = |token: &&Token| bool::from(token.digest.0.ct_eq(&shown.0));
        self.tokens.iter().filter(same).fold(None, |found, token| found.or(Some(token)))
    }
}

#[cfg(test)]
mod tests;
