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
pub const ADDRESSES: usize = 65_536;
/// For how long a bucket is filled.
pub const BURST: Duration = Duration::from_secs(5);

/// Counts the requests of each address.
#[derive(Debug)]
pub struct Rate {
    /// How much time a request takes from its bucket; none if nothing is counted.
    each: Option<Duration>,
    buckets: Mutex<BTreeMap<IpAddr, Instant>>,
}

impl Rate {
    /// So many requests a second for each address; 0 for any number.
    #[must_use]
    pub fn new(per_second: u32) -> Rate {
        let each = (per_second > 0).then(|| Duration::from_secs(1) / per_second);
        Rate { each, buckets: Mutex::default() }
    }

    /// Takes a request into account.
    ///
    /// # Errors
    /// How long to wait before the next, if there were too many.
    pub fn take(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(each) = self.each else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = network(from);
        if buckets.len() >= ADDRESSES && !buckets.contains_key(&address) {
            buckets.retain(|_, full| *full > now);
            if buckets.len() >= ADDRESSES {
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
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn a_bucket_empties_at_once_and_fills_steadily() {
        let (rate, now) = (Rate::new(2), Instant::now());
        for _ in 0..10 {
            assert_eq!(rate.take(ONE, now), Ok(()));
        }
        assert_eq!(rate.take(ONE, now), Err(Duration::from_millis(500)));
        assert_eq!(rate.take(ONE, now), Err(Duration::from_millis(500)), "a refused request costs nothing");
        assert_eq!(rate.take("192.0.2.2".parse().expect("an address"), now), Ok(()), "everybody has an own one");
        let later = now + Duration::from_millis(500);
        assert_eq!(rate.take(ONE, later), Ok(()));
        assert!(rate.take(ONE, later).is_err());
        let unlimited = Rate::new(0);
        assert!((0..10_000).all(|_| unlimited.take(ONE, now).is_ok()));
    }

    #[test]
    fn neighbours_share_a_bucket_and_so_do_newcomers_when_there_is_no_room() {
        let (rate, now) = (Rate::new(1), Instant::now());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        for host in 1..=5 {
            assert_eq!(rate.take(address(&format!("2001:db8::{host}")), now), Ok(()));
        }
        assert!(rate.take(address("2001:db8::6"), now).is_err());
        assert!(rate.take(address("2001:db8:0:1::6"), now).is_ok());
        let rate = Rate::new(1);
        for host in 0..ADDRESSES as u32 {
            assert_eq!(rate.take(IpAddr::V4(host.into()), now), Ok(()));
        }
        let strangers = |count: u32, now| (0..count).filter(|host| rate.take(IpAddr::V4((0x2000_0000 + host).into()), now).is_ok()).count();
        assert_eq!(strangers(100, now), 5);
        assert_eq!(strangers(100, now + Duration::from_secs(60)), 100, "full buckets made room");
    }
}
