//! Scales of survey scores, and their conversion to five answers.

use std::fmt;
use std::num::NonZeroU8;

/// Scale of survey scores.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ScoreScale {
    /// Worst score.
    pub from: f64,
    /// Best score.
    pub to: f64,
}

impl ScoreScale {
    /// Scale of a standard that declares none.
    pub const DEFAULT: ScoreScale = ScoreScale { from: 1.0, to: 5.0 };

    /// Number of answers to which scores are converted.
    pub const ANSWERS: u8 = 5;

    /// Converts a score to an answer from 1 (worst) to 5 (best), so that surveys with different
    /// scales add up. Returns `None` if the score is not on the scale.
    ///
    /// On a scale from 0 or 1 to 10, the scores 9 and 10 are answer 5, and 7 and 8 are answer 4.
    #[must_use]
    pub fn answer(self, score: f64) -> Option<NonZeroU8> {
        let fits = self.from < self.to && (self.from..=self.to).contains(&score);
        let steps = f64::from(Self::ANSWERS - 1);
        let place = (score - self.from) / (self.to - self.from) * steps;
        fits.then(|| NonZeroU8::MIN.saturating_add(place.round() as u8))
    }
}

impl fmt::Display for ScoreScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_become_five_answers() {
        let answers = |from: f64, to: f64, scores: &[f64]| {
            let scale = ScoreScale { from, to };
            scores.iter().map(|score| scale.answer(*score).map(NonZeroU8::get)).collect::<Vec<_>>()
        };
        let whole: Vec<f64> = (0..=10).map(f64::from).collect();
        assert_eq!(
            answers(0.0, 10.0, &whole),
            [1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5].map(Some),
            "promoters are answer 5, detractors are answers 1 to 3"
        );
        assert_eq!(answers(1.0, 10.0, &whole[1..]), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5].map(Some));
        assert_eq!(answers(1.0, 5.0, &whole[1..=5]), [1, 2, 3, 4, 5].map(Some));
        assert_eq!(answers(-2.0, 2.0, &[-2.0, -1.0, 0.0, 1.0, 2.0]), [1, 2, 3, 4, 5].map(Some));
        assert_eq!(answers(0.0, 1.0, &[0.0, 1.0]), [1, 5].map(Some));
        for outside in [-0.1, 10.1, f64::NAN, f64::INFINITY] {
            assert_eq!(answers(0.0, 10.0, &[outside]), [None], "{outside}");
        }
        assert_eq!(answers(1.0, 1.0, &[1.0]), [None]);
    }
}
