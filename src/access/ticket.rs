//! Tickets for live connections. A browser cannot send a token with a WebSocket, and a token in a
//! URL would end up in logs. The page therefore exchanges its token for a ticket, which opens one
//! connection within [`TICKET_LIFETIME`].
//!
//! # Limits
//! At most [`TICKETS_MAX`] tickets are outstanding. Further requests are refused until tickets are
//! used or expire.

use super::token::{TokenDigest, TokenSecret};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Lifetime of a ticket.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);
/// Maximum number of outstanding tickets.
pub const TICKETS_MAX: usize = 4_096;

/// Outstanding tickets.
#[derive(Debug, Default)]
pub struct TicketStore(Mutex<BTreeMap<TokenDigest, PendingTicket>>);

#[derive(Clone, Copy, Debug)]
struct PendingTicket {
    /// Digest of the token it was issued for; `None` without a token.
    token: Option<TokenDigest>,
    expires: Instant,
}

impl TicketStore {
    /// Issues a ticket for a token. Returns `None` if too many are outstanding or the operating
    /// system has no randomness.
    pub fn issue_ticket(&self, token: Option<TokenDigest>, now: Instant) -> Option<TokenSecret> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= TICKETS_MAX {
            tickets.retain(|_, ticket| ticket.expires > now);
        }
        let ticket = TokenSecret::new_random().ok().filter(|_| tickets.len() < TICKETS_MAX)?;
        tickets.insert(ticket.digest(), PendingTicket { token, expires: now + TICKET_LIFETIME });
        Some(ticket)
    }

    /// Redeems a ticket and returns the token it was issued for. Returns `None` if it is unknown,
    /// used or expired.
    pub fn redeem_ticket(&self, shown: &TokenSecret, now: Instant) -> Option<Option<TokenDigest>> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets
            .remove(&shown.digest())
            .filter(|ticket| ticket.expires > now)
            .map(|ticket| ticket.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticket_is_valid_once_and_until_expiry() {
        let (tickets, now) = (TicketStore::default(), Instant::now());
        let token = Some(TokenSecret::from("t").digest());
        let ticket = tickets.issue_ticket(token, now).expect("ticket is issued");
        assert_eq!(tickets.redeem_ticket(&TokenSecret::from("another"), now), None);
        assert_eq!(
            tickets.redeem_ticket(&ticket, now + TICKET_LIFETIME - Duration::from_millis(1)),
            Some(token)
        );
        assert_eq!(tickets.redeem_ticket(&ticket, now), None, "used");
        let old = tickets.issue_ticket(None, now).expect("ticket is issued");
        assert_eq!(tickets.redeem_ticket(&old, now + TICKET_LIFETIME), None, "expired");
    }

    #[test]
    fn redeemed_tickets_free_their_slots() {
        let (tickets, now) = (TicketStore::default(), Instant::now());
        for _ in 0..TICKETS_MAX * 2 {
            let ticket = tickets.issue_ticket(None, now).expect("ticket is issued");
            assert_eq!(tickets.redeem_ticket(&ticket, now), Some(None));
        }
        assert!(tickets.0.lock().expect("lock is not poisoned").is_empty());
    }

    #[test]
    fn refuses_tickets_beyond_limit_until_expiry() {
        let (tickets, now) = (TicketStore::default(), Instant::now());
        for _ in 0..TICKETS_MAX {
            assert!(tickets.issue_ticket(None, now).is_some());
        }
        assert!(tickets.issue_ticket(None, now + TICKET_LIFETIME / 2).is_none());
        assert!(
            tickets.issue_ticket(None, now + TICKET_LIFETIME).is_some(),
            "expired tickets free their slots"
        );
    }
}
