//! How many requests one address may make: a bucket of tokens each, filled steadily and emptied by requests.
//!
//! A bucket holds five seconds' worth, because walls that come back after a break come all at once. An address of IPv6 is
//! known by its first 64 bits, for whoever has one has all the others below it.
//!
//! # Limits
//! [`ADDRESSES`] addresses are remembered. A bucket that is full again is forgotten when room is needed; if all of them are
//! in use, newcomers share one bucket.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many addresses are remembered.
pub const ADDRESSES_MAX: usize = 65_536;
/// For how long a bucket is filled.
pub const BURST: Duration = Duration::from_secs(5);

/// Counts the requests of each address.
#[derive(Debug)]
pub struct RateLimit {
    /// How much time a request takes from its bucket; none if nothing is counted.
    request_cost: Option<Duration>,
    buckets: Mutex<BTreeMap<IpAddr, Instant>>,
}

impl RateLimit {
    /// So many requests a second for each address; 0 for any number.
    #[must_use]
    pub fn new(per_second: u32) -> RateLimit {
        let each = (per_second > 0).then(|| Duration::from_secs(1) / per_second);
        RateLimit { request_cost: each, buckets: Mutex::default() }
    }

    /// Takes a request into account.
    ///
    /// # Errors
    /// How long to wait before the next, if there were too many.
    pub fn try_acquire(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(each) = self.request_cost else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = rate_limit_key(from);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&address) {
            buckets.retain(|_, full| *full > now);
            if buckets.len() >= ADDRESSES_MAX {
                address = Ipv6Addr::UNSPECIFIED.into();
            }
        }
        // A bucket is kept as the time at which it will be full again.
        let full = buckets.entry(address).or_insert(now);
        let after = (*full).max(now) + each;
        match after.checked_duration_since(now + BURST) {
            Some(wait) if wait > Duration::ZERO => Err(wait),
            _ => {
                *full = after;
                Ok(())
            }
        }
    }
}

/// What an address counts as.
fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn allows_burst_then_refills_at_constant_rate() {
        let (rate, now) = (RateLimit::new(2), Instant::now());
        for _ in 0..10 {
            assert_eq!(rate.try_acquire(CLIENT, now), Ok(()));
        }
        assert_eq!(rate.try_acquire(CLIENT, now), Err(Duration::from_millis(500)));
        assert_eq!(
            rate.try_acquire(CLIENT, now),
            Err(Duration::from_millis(500)),
            "a refused request costs nothing"
        );
        assert_eq!(
            rate.try_acquire("192.0.2.2".parse().expect("an address"), now),
            Ok(()),
            "everybody has an own one"
        );
        let later = now + Duration::from_millis(500);
        assert_eq!(rate.try_acquire(CLIENT, later), Ok(()));
        assert!(rate.try_acquire(CLIENT, later).is_err());
        let unlimited = RateLimit::new(0);
        assert!((0..10_000).all(|_| unlimited.try_acquire(CLIENT, now).is_ok()));
    }

    #[test]
    fn ipv6_network_and_overflow_addresses_share_a_bucket() {
        let (rate, now) = (RateLimit::new(1), Instant::now());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        for host in 1..=5 {
            assert_eq!(rate.try_acquire(address(&format!("2001:db8::{host}")), now), Ok(()));
        }
        assert!(rate.try_acquire(address("2001:db8::6"), now).is_err());
        assert!(rate.try_acquire(address("2001:db8:0:1::6"), now).is_ok());
        let rate = RateLimit::new(1);
        for host in 0..ADDRESSES_MAX as u32 {
            assert_eq!(rate.try_acquire(IpAddr::V4(host.into()), now), Ok(()));
        }
        let strangers = |count: u32, now| {
            (0..count)
                .filter(|host| {
                    rate.try_acquire(IpAddr::V4((0x2000_0000 + host).into()), now).is_ok()
                })
                .count()
        };
        assert_eq!(strangers(100, now), 5);
        assert_eq!(strangers(100, now + Duration::from_secs(60)), 100, "full buckets made room");
    }
}
