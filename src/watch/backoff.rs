//! When a lost connection is tried again: soon, then about twice as late each time, and never when everybody else does.
//!
//! The figures are those of the wallboard's page (`dashboards/wallboard/live.js`). A pause is cut by chance to between a half and
//! the whole of itself, so that the clients of a service that comes back do not all stand at its door at once.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The shortest pause.
pub const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(10);
/// After so many doublings the pause is the longest in any case.
const DOUBLINGS_MAX: u32 = 10;

/// The pauses between attempts.
#[derive(Clone, Debug)]
pub struct Backoff {
    rng: ChaCha8Rng,
    failures: u32,
}

impl Backoff {
    /// A schedule; the same seed gives the same pauses.
    #[must_use]
    pub fn new(seed: u64) -> Backoff {
        Backoff { rng: ChaCha8Rng::seed_from_u64(seed), failures: 0 }
    }

    /// How long to wait after one more failure.
    pub fn next_pause(&mut self) -> Duration {
        let whole = PAUSE_MAX.min(PAUSE_MIN * 2_u32.pow(self.failures));
        self.failures = DOUBLINGS_MAX.min(self.failures + 1);
        PAUSE_MIN.max(whole.mul_f64(self.rng.random_range(0.5..=1.0)))
    }

    /// Begins anew: the connection did what it is for.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_maximum_with_jitter() {
        let whole =
            [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000].map(Duration::from_millis);
        for seed in 0..100 {
            let mut retry = Backoff::new(seed);
            for (failures, whole) in whole.into_iter().enumerate() {
                let pause = retry.next_pause();
                assert!(
                    PAUSE_MIN.max(whole / 2) <= pause && pause <= whole,
                    "seed {seed}, failure {failures}: {pause:?}"
                );
            }
            retry.reset();
            assert_eq!(retry.next_pause(), PAUSE_MIN, "seed {seed}: it begins anew");
        }
        let pauses = |seed| {
            let mut retry = Backoff::new(seed);
            (0..100).map(|_| retry.next_pause()).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1), pauses(1));
        assert!((2..100).all(|seed| pauses(1) != pauses(seed)), "two clients come back apart");
    }

    #[test]
    fn many_failures_stay_at_maximum_pause() {
        let mut retry = Backoff::new(1);
        assert!((0..10_000).map(|_| retry.next_pause()).max() <= Some(PAUSE_MAX));
    }
}
