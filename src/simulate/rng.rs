//! Chance: one seeded stream of draws for one part of the simulation.
//!
//! Each part has its own stream, so that a change in one hall leaves every hotline as it was. Durations are rounded to
//! whole milliseconds as they are drawn: the last bit of `exp` and `powf` differs between machines, and rounding at once
//! keeps such a difference from spreading.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

/// A stream of draws.
pub(super) struct SimulationRng {
    rng: ChaCha8Rng,
}

impl SimulationRng {
    /// The stream `number` of `seed`; streams of one seed do not overlap.
    pub(super) fn new(seed: u64, number: u64) -> SimulationRng {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        SimulationRng { rng }
    }

    /// A number from 0 up to but not including 1.
    pub(super) fn random_unit(&mut self) -> f64 {
        self.rng.random()
    }

    /// True with `probability`.
    pub(super) fn random_bool(&mut self, probability: f64) -> bool {
        self.random_unit() < probability
    }

    /// A whole number in `low..high`; `low` if there is none.
    pub(super) fn random_range(&mut self, low: i64, high: i64) -> i64 {
        if low < high { self.rng.random_range(low..high) } else { low }
    }

    /// One of `choices`.
    pub(super) fn choose_one<T: Copy>(&mut self, choices: &[T; 4]) -> T {
        choices[self.rng.random_range(0..choices.len() as u32) as usize]
    }

    /// The place of one of `weights`, each as likely as its share of their sum.
    pub(super) fn choose_weighted(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.random_unit() * weights.iter().sum::<f64>();
        for (place, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return place;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// A draw from the standard normal distribution.
    pub(super) fn random_normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    /// Milliseconds, exponentially distributed about `mean`: the gap between independent arrivals.
    pub(super) fn exponential_ms(&mut self, mean: f64) -> i64 {
        let draw: f64 = Exp1.sample(&mut self.rng);
        round_to_millis(mean * draw)
    }

    /// Milliseconds, log-normally distributed about `median`: talk, work and travel times.
    pub(super) fn log_normal_ms(&mut self, median: i64, sigma: f64) -> i64 {
        round_to_millis(median as f64 * (sigma * self.random_normal()).exp())
    }

    /// Milliseconds, Weibull-distributed: patience. A `shape` below 1 has many who give up at once and some who never do.
    pub(super) fn weibull_ms(&mut self, scale: i64, shape: f64) -> i64 {
        let draw: f64 = Exp1.sample(&mut self.rng);
        round_to_millis(scale as f64 * draw.powf(1.0 / shape))
    }
}

/// At least one millisecond, so that what follows is later than what it follows.
fn round_to_millis(millis: f64) -> i64 {
    (millis.round() as i64).max(1)
}
