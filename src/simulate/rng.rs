//! Seeded random numbers for one part of the simulation.
//!
//! Each part has its own stream, so that a change in a service hall does not affect any hotline.
//! Durations are rounded to whole ms when drawn. The last bit of `exp` and `powf` differs between
//! machines, and rounding keeps such differences from spreading.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

/// Random stream.
pub(super) struct SimulationRng {
    rng: ChaCha8Rng,
}

impl SimulationRng {
    /// Returns stream `number` of `seed`. Streams of one seed do not overlap.
    pub(super) fn new(seed: u64, number: u64) -> SimulationRng {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        SimulationRng { rng }
    }

    /// Returns a number in `0.0..1.0`.
    pub(super) fn random_unit(&mut self) -> f64 {
        self.rng.random()
    }

    /// Returns true with `probability`.
    pub(super) fn random_bool(&mut self, probability: f64) -> bool {
        self.random_unit() < probability
    }

    /// Returns a whole number in `low..high`, or `low` if the range is empty.
    pub(super) fn random_range(&mut self, low: i64, high: i64) -> i64 {
        if low < high { self.rng.random_range(low..high) } else { low }
    }

    /// Returns one of `choices` with equal probability.
    pub(super) fn choose_one<T: Copy>(&mut self, choices: &[T; 4]) -> T {
        choices[self.rng.random_range(0..choices.len() as u32) as usize]
    }

    /// Returns an index into `weights` with a probability proportional to the weight.
    pub(super) fn choose_weighted(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.random_unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Returns a number from the standard normal distribution.
    pub(super) fn random_normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    /// Returns exponentially distributed ms with this mean: the gap between independent arrivals.
    pub(super) fn exponential_ms(&mut self, mean: f64) -> i64 {
        let draw: f64 = Exp1.sample(&mut self.rng);
        round_to_millis(mean * draw)
    }

    /// Returns log-normally distributed ms with this median: talk, work and travel times.
    pub(super) fn log_normal_ms(&mut self, median: i64, sigma: f64) -> i64 {
        round_to_millis(median as f64 * (sigma * self.random_normal()).exp())
    }

    /// Returns Weibull-distributed ms: patience. With a `shape` below 1 many callers abandon at
    /// once and some never do.
    pub(super) fn weibull_ms(&mut self, scale: i64, shape: f64) -> i64 {
        let draw: f64 = Exp1.sample(&mut self.rng);
        round_to_millis(scale as f64 * draw.powf(1.0 / shape))
    }
}

/// Rounds to whole ms, at least 1, so that an effect is later than its cause.
fn round_to_millis(millis: f64) -> i64 {
    (millis.round() as i64).max(1)
}
