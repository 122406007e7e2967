//! Tickets: a browser cannot send a token with a WebSocket, and in an address a token would be written into logs. So its page
//! fetches a ticket with the token and shows that: it opens one connection, soon.
//!
//! # Limits
//! At most [`OUTSTANDING`] tickets wait for their use; one more is refused until the oldest ones have expired.

use super::token::{Digest, Secret};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a ticket can be used.
pub const LIFE: Duration = Duration::from_secs(30);
/// How many tickets can wait for their use.
pub const OUTSTANDING: usize = 4_096;

/// The tickets that were not used yet.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<BTreeMap<Digest, Ticket>>);

#[derive(Clone, Copy, Debug)]
struct Ticket {
    /// The token it was given for; none if none was needed.
    token: Option<Digest>,
    ends: Instant,
}

impl Tickets {
    /// A ticket for the holder of a token; none if too many are out or there is no randomness.
    pub fn issue(&self, token: Option<Digest>, now: Instant) -> Option<Secret> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= OUTSTANDING {
            tickets.retain(|_, ticket| ticket.ends > now);
        }
        let ticket = Secret::random().ok().filter(|_| tickets.len() < OUTSTANDING)?;
        tickets.insert(ticket.digest(), Ticket { token, ends: now + LIFE });
        Some(ticket)
    }

    /// The token for which a ticket was given, if it can still be used; it cannot from then on.
    pub fn redeem(&self, shown: &Secret, now: Instant) -> Option<Option<Digest>> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.remove(&shown.digest()).filter(|ticket| ticket.ends > now).map(|ticket| ticket.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_used_once_and_soon() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let token = Some(Secret::from("t").digest());
        let ticket = tickets.issue(token, now).expect("a ticket");
        assert_eq!(tickets.redeem(&Secret::from("another"), now), None);
        assert_eq!(tickets.redeem(&ticket, now + LIFE - Duration::from_millis(1)), Some(token));
        assert_eq!(tickets.redeem(&ticket, now), None, "used");
        let old = tickets.issue(None, now).expect("a ticket");
        assert_eq!(tickets.redeem(&old, now + LIFE), None, "expired");
    }

    #[test]
    fn those_that_were_used_take_no_room() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        for _ in 0..OUTSTANDING * 2 {
            let ticket = tickets.issue(None, now).expect("a ticket");
            assert_eq!(tickets.redeem(&ticket, now), Some(None));
        }
        assert!(tickets.0.lock().expect("no panic").is_empty());
    }

    #[test]
    fn only_so_many_are_out() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        for _ in 0..OUTSTANDING {
            assert!(tickets.issue(None, now).is_some());
        }
        assert!(tickets.issue(None, now + LIFE / 2).is_none());
        assert!(tickets.issue(None, now + LIFE).is_some(), "the old ones made room");
    }
}
