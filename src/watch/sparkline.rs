//! Trend of a value since the program started, in a bounded number of samples.

/// Number of samples at which each pair is merged into its mean.
const SAMPLES_MAX: usize = 16;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Downsampled history of a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Sparkline {
    samples: Vec<f64>,
    /// Number of values averaged into a sample.
    step: u32,
    sum: f64,
    count: u32,
}

impl Default for Sparkline {
    fn default() -> Sparkline {
        Sparkline { samples: Vec::new(), step: 1, sum: 0.0, count: 0 }
    }
}

impl Sparkline {
    /// Adds the next value. Values arrive at about equal intervals.
    pub fn push(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
        if self.count < self.step {
            return;
        }
        self.samples.push(self.sum / f64::from(self.count));
        (self.sum, self.count) = (0.0, 0);
        if self.samples.len() == SAMPLES_MAX {
            self.samples = self
                .samples
                .chunks(2)
                .map(|pair| pair.iter().sum::<f64>() / pair.len() as f64)
                .collect();
            self.step = self.step.saturating_mul(2);
        }
    }

    /// Returns one bar per sample, scaled between the lowest and the highest one.
    ///
    /// A constant value gives bars of medium height.
    #[must_use]
    pub fn bars(&self) -> String {
        let (low, high) = self
            .samples
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
        let bar = |value: &f64| match high - low {
            range if range > 0.0 => {
                BARS[((value - low) / range * (BARS.len() - 1) as f64).round() as usize]
            }
            _ => BARS[3],
        };
        self.samples.iter().map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparkline_stays_short_and_keeps_its_shape() {
        let mut trend = Sparkline::default();
        (0..8).for_each(|value| trend.push(f64::from(value)));
        assert_eq!(trend.bars(), "▁▂▃▄▅▆▇█");
        (8..100_000).for_each(|value| trend.push(f64::from(value)));
        let bars = trend.bars();
        assert!(
            (8..16).contains(&bars.chars().count()) && bars.starts_with('▁') && bars.ends_with('█'),
            "{bars}"
        );
        let mut flat = Sparkline::default();
        (0..3).for_each(|_| flat.push(0.5));
        assert_eq!(flat.bars(), "▄▄▄");
    }
}
