//! Exponential backoff with jitter for reconnecting.
//!
//! The limits are those of the wallboard page (`dashboards/wallboard/live.js`). Each pause is
//! multiplied by a random factor from 0.5 to 1, so that clients do not reconnect to a restarted
//! service at the same time.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Minimum pause.
pub const PAUSE_MIN: Duration = Duration::from_millis(500);
/// Maximum pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Maximum number of doublings. It prevents an overflow.
const DOUBLINGS_MAX: u32 = 10;

/// Schedule of pauses between attempts.
#[derive(Clone, Debug)]
pub struct Backoff {
    rng: ChaCha8Rng,
    failures: u32,
}

impl Backoff {
    /// Creates a schedule. The same seed gives the same pauses.
    #[must_use]
    pub fn new(seed: u64) -> Backoff {
        Backoff { rng: ChaCha8Rng::seed_from_u64(seed), failures: 0 }
    }

    /// Returns the pause after one more failure, between [`PAUSE_MIN`] and [`PAUSE_MAX`].
    pub fn next_pause(&mut self) -> Duration {
        let full_pause = PAUSE_MAX.min(PAUSE_MIN * 2_u32.pow(self.failures));
        self.failures = DOUBLINGS_MAX.min(self.failures + 1);
        PAUSE_MIN.max(full_pause.mul_f64(self.rng.random_range(0.5..=1.0)))
    }

    /// Resets the pause to its minimum after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_maximum_with_jitter() {
        let full_pause =
            [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000].map(Duration::from_millis);
        for seed in 0..100 {
            let mut backoff = Backoff::new(seed);
            for (failures, full_pause) in full_pause.into_iter().enumerate() {
                let pause = backoff.next_pause();
                assert!(
                    PAUSE_MIN.max(full_pause / 2) <= pause && pause <= full_pause,
                    "seed {seed}, failure {failures}: {pause:?}"
                );
            }
            backoff.reset();
            assert_eq!(backoff.next_pause(), PAUSE_MIN, "seed {seed}: reset");
        }
        let pauses = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..100).map(|_| backoff.next_pause()).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1), pauses(1));
        assert!(
            (2..100).all(|seed| pauses(1) != pauses(seed)),
            "clients with different seeds reconnect at different times"
        );
    }

    #[test]
    fn many_failures_stay_at_maximum_pause() {
        let mut backoff = Backoff::new(1);
        assert!((0..10_000).map(|_| backoff.next_pause()).max() <= Some(PAUSE_MAX));
    }
}
