//! Error budget of a ratio: the misses that its target still allows in the current calendar period.

use crate::domain::standard::{Target, TargetDirection};
use serde::Serialize;

/// Error budget of a ratio, and the cases needed to recover it.
///
/// A *miss* is a case that worsens the ratio. A *good* case improves it. If the ratio should be
/// low, a good case counts only in the denominator, such as a call that is not abandoned.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct ErrorBudget {
    /// Number of consecutive misses that the target allows right now. Negative if the budget is
    /// exceeded by that many misses. `None` if no number of misses breaches the target.
    pub left: Option<i64>,
    /// Number of consecutive good cases that recover the target, 0 if it is met. `None` if no
    /// number does, as after one miss with a target of 100 %.
    pub recover: Option<i64>,
    /// Forecast number of cases at the end of the window: `of` x window length / elapsed time. It
    /// ignores busy hours. `None` before any time has elapsed.
    pub expected: Option<i64>,
    /// Ratio that the expected remaining cases must reach to meet the target at the end of the
    /// window. Above 1, or below 0 if the ratio should be low, the target cannot be met at this
    /// pace. `None` if no more cases are expected.
    pub needed: Option<f64>,
}

/// Limit beyond which a number of cases is reported as `None`.
const MAX_COUNTABLE_CASES: f64 = 1e9;

/// Returns the budget of `good` / `of` for a target after `gone_ms` of a window of `length_ms`.
/// Returns `None` if the numerator is not part of the denominator, or the target is not within
/// 0..1.
#[must_use]
pub fn error_budget(
    good: i64,
    of: i64,
    target: Target,
    gone_ms: i64,
    length_ms: i64,
) -> Option<ErrorBudget> {
    let share = target.value;
    if of < 0 || !(0..=of).contains(&good) || !(0.0..=1.0).contains(&share) {
        return None;
    }
    let (numerator, cases) = (good as f64, of as f64);
    let higher = target.better == TargetDirection::Higher;
    // Without cases the target counts as met. Otherwise the rule is that of reading levels.
    let holds = |good: i64, of: i64| of <= 0 || target.is_reached(good as f64 / of as f64);
    // Cases to add to the denominator alone, or to both, until the ratio equals `share`.
    let added_to_denominator = |share: f64| numerator / share - cases;
    let added_to_both = |share: f64| (share * cases - numerator) / (1.0 - share);
    let tolerates = |misses: i64| {
        if higher { holds(good, of + misses) } else { holds(good + misses, of + misses) }
    };
    let repairs =
        |more: i64| if higher { holds(good + more, of + more) } else { holds(good, of + more) };
    let left =
        floor_if_countable(if higher { added_to_denominator(share) } else { added_to_both(share) })
            .map(|guess| most_tolerated_misses(guess, -of, tolerates));
    let recover = match holds(good, of) {
        true => Some(0),
        false => floor_if_countable(if higher {
            added_to_both(share)
        } else {
            added_to_denominator(share)
        })
        .map(|guess| fewest_repairing_cases(guess, repairs)),
    };
    let expected =
        (gone_ms > 0).then(|| ((cases * length_ms as f64 / gone_ms as f64).round() as i64).max(of));
    let needed = expected.filter(|expected| *expected > of).map(|expected| {
        let needed = (share * expected as f64 - numerator) / (expected - of) as f64;
        // A ratio beyond the range on the good side is always reached.
        super::reading::round_four_decimals(if higher { needed.max(0.0) } else { needed.min(1.0) })
    });
    Some(ErrorBudget { left, recover, expected, needed })
}

/// Rounds down. Returns `None` beyond [`MAX_COUNTABLE_CASES`].
fn floor_if_countable(value: f64) -> Option<i64> {
    (value.abs() < MAX_COUNTABLE_CASES).then(|| value.floor() as i64)
}

/// Returns the largest tolerated number of misses near `guess`, which rounding may have put off by
/// one.
fn most_tolerated_misses(guess: i64, least: i64, tolerates: impl Fn(i64) -> bool) -> i64 {
    let mut most = guess.max(least) + 1;
    while most > least && !tolerates(most) {
        most -= 1;
    }
    most
}

/// Returns the smallest number of good cases near `guess` that recovers the target.
fn fewest_repairing_cases(guess: i64, repairs: impl Fn(i64) -> bool) -> i64 {
    let mut fewest = (guess - 1).max(0);
    while !repairs(fewest) {
        fewest += 1;
    }
    fewest
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn left_and_recover(
        good: i64,
        of: i64,
        better: TargetDirection,
        value: f64,
    ) -> (Option<i64>, Option<i64>) {
        let budget =
            error_budget(good, of, Target { better, value, warning: None }, HOUR, 24 * HOUR)
                .expect("valid ratio and target");
        (budget.left, budget.recover)
    }

    #[test]
    fn left_and_recover_match_counting_case_by_case() {
        for better in [TargetDirection::Higher, TargetDirection::Lower] {
            for value in [0.05, 0.3, 0.5, 0.85, 0.95, 0.999] {
                let target = Target { better, value, warning: None };
                let met =
                    |good: i64, of: i64| of == 0 || target.is_reached(good as f64 / of as f64);
                for (good, cases) in
                    (0..=40).flat_map(|cases| (0..=cases).map(move |good| (good, cases)))
                {
                    let missed = |times: i64| {
                        if better == TargetDirection::Higher {
                            (good, cases + times)
                        } else {
                            (good + times, cases + times)
                        }
                    };
                    let helped = |times: i64| {
                        if better == TargetDirection::Higher {
                            (good + times, cases + times)
                        } else {
                            (good, cases + times)
                        }
                    };
                    let (left, recover) = left_and_recover(good, cases, better, value);
                    let (left, recover) =
                        (left.expect("finite budget"), recover.expect("recoverable target"));
                    let (at, beyond) = (missed(left), missed(left + 1));
                    assert!(met(at.0, at.1), "{better:?} {value} {good}/{cases} left {left}");
                    assert!(
                        !met(beyond.0, beyond.1),
                        "{better:?} {value} {good}/{cases} left {left}"
                    );
                    let (at, before) = (helped(recover), helped(recover - 1));
                    assert!(met(at.0, at.1), "{better:?} {value} {good}/{cases} recover {recover}");
                    assert!(
                        recover == 0 || !met(before.0, before.1),
                        "{better:?} {value} {good}/{cases} recover {recover}"
                    );
                }
            }
        }
    }

    #[test]
    fn targets_of_0_and_100_percent_are_handled() {
        assert_eq!(left_and_recover(9, 10, TargetDirection::Higher, 1.0), (Some(-1), None));
        assert_eq!(left_and_recover(10, 10, TargetDirection::Higher, 1.0), (Some(0), Some(0)));
        assert_eq!(left_and_recover(3, 10, TargetDirection::Higher, 0.0), (None, Some(0)));
        assert_eq!(left_and_recover(1, 10, TargetDirection::Lower, 0.0), (Some(-1), None));
        assert_eq!(left_and_recover(1, 10, TargetDirection::Lower, 1.0), (None, Some(0)));
        for (good, value) in [(3, 0.5), (1, 1.5), (1, -0.5)] {
            assert_eq!(
                error_budget(
                    good,
                    2,
                    Target { better: TargetDirection::Higher, value, warning: None },
                    HOUR,
                    HOUR
                ),
                None
            );
        }
    }

    #[test]
    fn forecast_gives_the_ratio_needed_from_now_on() {
        let at = |good, of, better, value, gone| {
            error_budget(good, of, Target { better, value, warning: None }, gone, 24 * HOUR)
                .expect("valid ratio and target")
        };
        // With 80 of 100 good by noon, 200 are expected and 170 must be good: 90 of the 100 to
        // come.
        let noon = at(80, 100, TargetDirection::Higher, 0.85, 12 * HOUR);
        assert_eq!((noon.expected, noon.needed), (Some(200), Some(0.9)));
        // With 6 of 100 abandoned by noon and 10 of 200 allowed, 4 of the 100 to come may be
        // abandoned.
        assert_eq!(at(6, 100, TargetDirection::Lower, 0.05, 12 * HOUR).needed, Some(0.04));
        // With 50 of 150 good by 18:00, more than all of the 50 to come must be good.
        assert_eq!(at(50, 150, TargetDirection::Higher, 0.85, 18 * HOUR).needed, Some(2.4));
        assert_eq!(at(30, 150, TargetDirection::Lower, 0.05, 18 * HOUR).needed, Some(-0.4));
        assert_eq!(
            (
                at(1, 1, TargetDirection::Higher, 0.5, 0).expected,
                at(0, 0, TargetDirection::Higher, 0.5, HOUR).needed
            ),
            (None, None)
        );
        assert_eq!(
            at(10, 10, TargetDirection::Higher, 0.5, 24 * HOUR).needed,
            None,
            "no more cases are expected"
        );
    }
}
