//! Rate limit per address: a token bucket, refilled at a constant rate and drained by requests.
//!
//! A bucket holds the requests of five seconds, because all displays reconnect at once after an
//! outage. IPv6 addresses are limited by their first 64 bits, because one network holds all
//! addresses below.
//!
//! # Limits
//! At most [`ADDRESSES_MAX`] addresses are tracked. Full buckets are dropped when room is needed.
//! If all buckets are in use, further addresses share one.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Maximum number of tracked addresses.
pub const ADDRESSES_MAX: usize = 65_536;
/// Capacity of a bucket, as the time to fill it.
pub const BURST: Duration = Duration::from_secs(5);

/// Limits the requests of each address.
#[derive(Debug)]
pub struct RateLimit {
    /// Refill time of one request; `None` without a limit.
    request_cost: Option<Duration>,
    buckets: Mutex<BTreeMap<IpAddr, Instant>>,
}

impl RateLimit {
    /// Allows `per_second` requests per address; 0 disables the limit.
    #[must_use]
    pub fn new(per_second: u32) -> RateLimit {
        let request_cost = (per_second > 0).then(|| Duration::from_secs(1) / per_second);
        RateLimit { request_cost, buckets: Mutex::default() }
    }

    /// Counts a request. A refused request costs nothing.
    ///
    /// # Errors
    /// Returns the time to wait if the limit is exceeded.
    pub fn try_acquire(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(request_cost) = self.request_cost else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = rate_limit_key(from);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&address) {
            buckets.retain(|_, full| *full > now);
            if buckets.len() >= ADDRESSES_MAX {
                address = Ipv6Addr::UNSPECIFIED.into();
            }
        }
        // A bucket is stored as the time at which it will be full again.
        let full = buckets.entry(address).or_insert(now);
        let after = (*full).max(now) + request_cost;
        match after.checked_duration_since(now + BURST) {
            Some(wait) if wait > Duration::ZERO => Err(wait),
            _ => {
                *full = after;
                Ok(())
            }
        }
    }
}

/// Returns the address whose bucket applies.
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
            rate.try_acquire("192.0.2.2".parse().expect("valid address"), now),
            Ok(()),
            "each address has its own bucket"
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
        let address = |text: &str| text.parse::<IpAddr>().expect("valid address");
        for host in 1..=5 {
            assert_eq!(rate.try_acquire(address(&format!("2001:db8::{host}")), now), Ok(()));
        }
        assert!(rate.try_acquire(address("2001:db8::6"), now).is_err());
        assert!(rate.try_acquire(address("2001:db8:0:1::6"), now).is_ok());
        let rate = RateLimit::new(1);
        for host in 0..ADDRESSES_MAX as u32 {
            assert_eq!(rate.try_acquire(IpAddr::V4(host.into()), now), Ok(()));
        }
        let allowed_count = |count: u32, now| {
            (0..count)
                .filter(|host| {
                    rate.try_acquire(IpAddr::V4((0x2000_0000 + host).into()), now).is_ok()
                })
                .count()
        };
        assert_eq!(allowed_count(100, now), 5);
        assert_eq!(
            allowed_count(100, now + Duration::from_secs(60)),
            100,
            "full buckets made room"
        );
    }
}
