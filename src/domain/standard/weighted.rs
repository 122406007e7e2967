//! Weighted scores: each part earns points for reaching its target, and the score is their weighted
//! mean.
//!
//! Service organisations combine indicators into one score this way, as in a balanced scorecard.

use super::target::{Target, TargetDirection};

/// Parts of a weighted score.
#[derive(Clone, Debug)]
pub struct WeightedFormula {
    /// The parts, in the order of the standard.
    pub parts: Vec<WeightedPart>,
    /// Weight of parts with a value below which the score has no value.
    pub min_weight: f64,
    /// True if all parts measure the current state.
    pub is_current_state: bool,
}

/// Part of a weighted score.
#[derive(Clone, Copy, Debug)]
pub struct WeightedPart {
    /// Index of the indicator.
    pub indicator: usize,
    /// Weight, above 0.
    pub weight: f64,
}

/// Returns the points of a value, from 0 to 1: its share of a lower limit, or the share that an
/// upper limit has of it. A reached target gives 1. A target of 0 or less gives 1 or 0.
#[must_use]
pub fn part_points(value: f64, target: Target) -> f64 {
    if target.is_reached(value) {
        return 1.0;
    }
    if target.value <= 0.0 {
        return 0.0;
    }
    let share = match target.better {
        TargetDirection::Higher => value / target.value,
        TargetDirection::Lower => target.value / value,
    };
    share.clamp(0.0, 1.0)
}

/// Returns the score from 0 to 100: 100 × sum(weight × points) / sum(weight) over the parts with
/// points. Returns `None` if the weight of these parts is below the minimum.
#[must_use]
pub fn weighted_score(
    formula: &WeightedFormula,
    points: impl Iterator<Item = Option<f64>>,
) -> Option<f64> {
    let parts = formula.parts.iter().zip(points);
    let with_points = parts.filter_map(|(part, points)| Some((part.weight, points?)));
    let (weight, sum) = with_points
        .fold((0.0, 0.0), |(weight, sum), (more, points)| (weight + more, sum + more * points));
    (weight > 0.0 && weight >= formula.min_weight).then(|| 100.0 * sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(better: TargetDirection, target: f64, value: f64) -> f64 {
        part_points(value, Target { better, value: target, warning: None })
    }

    #[test]
    fn points_are_share_of_target() {
        use TargetDirection::{Higher, Lower};
        for (better, target, value, expected) in [
            (Higher, 0.95, 0.90, 0.9474),
            (Higher, 0.95, 0.97, 1.0),
            (Higher, 0.95, 0.0, 0.0),
            (Higher, 0.0, 0.0, 1.0),
            (Higher, 0.0, -1.0, 0.0),
            (Higher, 30.0, -5.0, 0.0),
            (Higher, -10.0, -20.0, 0.0),
            (Lower, 20.0, 25.0, 0.8),
            (Lower, 20.0, 0.0, 1.0),
            (Lower, 0.0, 0.0, 1.0),
            (Lower, 0.0, 3.0, 0.0),
        ] {
            let got = points(better, target, value);
            assert!((got - expected).abs() < 5e-5, "{value} of {target}: {got}");
        }
    }

    #[test]
    fn score_leaves_out_parts_without_value() {
        let part = |weight: f64| WeightedPart { indicator: 0, weight };
        let parts = vec![part(3.0), part(1.0), part(1.0)];
        let formula = WeightedFormula { parts, min_weight: 2.5, is_current_state: false };
        let score = |points: [Option<f64>; 3]| weighted_score(&formula, points.into_iter());
        let example = score([Some(0.90 / 0.95), Some(0.8), None]).expect("4 of 5 of the weight");
        assert!((example - 91.05).abs() < 0.005, "{example}");
        assert_eq!(score([None, Some(1.0), Some(1.0)]), None);
        assert_eq!(score([None, None, None]), None);
        assert_eq!(score([Some(1.0), None, None]), Some(100.0));
    }
}
