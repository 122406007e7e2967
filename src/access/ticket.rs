//! Tickets: a browser cannot send a token with a WebSocket, and in an address a token would be written into logs. So its page
//! fetches a ticket with the token and shows that: it opens one connection, soon.
//!
//! # Limits
//! At most [`OUTSTANDING`] tickets wait for their use; one more is refused until the oldest ones have expired.

use super::token::{TokenDigest, TokenSecret};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a ticket can be used.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);
/// How many tickets can wait for their use.
pub const TICKETS_MAX: usize = 4_096;

/// The tickets that were not used yet.
#[derive(Debug, Default)]
pub struct TicketStore(Mutex<BTreeMap<TokenDigest, PendingTicket>>);

#[derive(Clone, Copy, Debug)]
struct PendingTicket {
    /// The token it was given for; none if none was needed.
    token: Option<TokenDigest>,
    expires: Instant,
}

impl TicketStore {
    /// A ticket for the holder of a token; none if too many are out or there is no randomness.
    pub fn issue_ticket(&self, token: Option<TokenDigest>, now: Instant) -> Option<TokenSecret> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= TICKETS_MAX {
            tickets.retain(|_, ticket| ticket.expires > now);
        }
        let ticket = TokenSecret::new_random().ok().filter(|_| tickets.len() < TICKETS_MAX)?;
        tickets.insert(ticket.digest(), PendingTicket { token, expires: now + TICKET_LIFETIME });
        Some(ticket)
    }

    /// The token for which a ticket was given, if it can still be used; it cannot from then on.
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
        let ticket = tickets.issue_ticket(token, now).expect("a ticket");
        assert_eq!(tickets.redeem_ticket(&TokenSecret::from("another"), now), None);
        assert_eq!(
            tickets.redeem_ticket(&ticket, now + TICKET_LIFETIME - Duration::from_millis(1)),
            Some(token)
        );
        assert_eq!(tickets.redeem_ticket(&ticket, now), None, "used");
        let old = tickets.issue_ticket(None, now).expect("a ticket");
        assert_eq!(tickets.redeem_ticket(&old, now + TICKET_LIFETIME), None, "expired");
    }

    #[test]
    fn redeemed_tickets_free_their_slots() {
        let (tickets, now) = (TicketStore::default(), Instant::now());
        for _ in 0..TICKETS_MAX * 2 {
            let ticket = tickets.issue_ticket(None, now).expect("a ticket");
            assert_eq!(tickets.redeem_ticket(&ticket, now), Some(None));
        }
        assert!(tickets.0.lock().expect("no panic").is_empty());
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
            "the old ones made room"
        );
    }
}
