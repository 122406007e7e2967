//! What a target still allows in the current day, week or month: the error budget of a ratio.

use crate::domain::standard::{Target, TargetDirection};
use serde::Serialize;

/// What is left of a target, and what it takes to repair it.
///
/// A *good* case is one that helps: of an indicator that should be low one that counts in the denominator alone, as a call
/// that is not abandoned. A *miss* is one that hurts.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct ErrorBudget {
    /// How many misses in a row the target would bear right now. Below zero, so many misses were too many: without them it
    /// would be met. None if no number of misses breaks it.
    pub left: Option<i64>,
    /// How many good cases in a row would repair it; 0 if it is met. None if no number does: after one miss, a target of all is
    /// lost.
    pub recover: Option<i64>,
    /// How many cases there will be at the end of the window if they go on coming as they did: `of` x length of the window /
    /// time gone. A forecast that knows nothing of busy hours. None before any time is gone.
    pub expected: Option<i64>,
    /// What ratio the cases still expected must show for the target to be met at the end. Above 1 no good cases can do it any
    /// more, and below 0 of an indicator that should be low; then the target is lost at this pace. None if none is expected.
    pub needed: Option<f64>,
}

/// More cases than this are none that anyone could wait for.
const MAX_COUNTABLE_CASES: f64 = 1e9;

/// The budget of `good` / `of` against a target, when so many milliseconds of the window are gone. None if the numerator is
/// no part of the denominator, or the target no share.
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
    // Without cases nothing is broken. The rule is the one by which the level of a reading is judged.
    let holds = |good: i64, of: i64| of <= 0 || target.is_reached(good as f64 / of as f64);
    let thin = |share: f64| numerator / share - cases;
    let thick = |share: f64| (share * cases - numerator) / (1.0 - share);
    let bears = |misses: i64| {
        if higher { holds(good, of + misses) } else { holds(good + misses, of + misses) }
    };
    let repairs =
        |more: i64| if higher { holds(good + more, of + more) } else { holds(good, of + more) };
    let left = floor_if_countable(if higher { thin(share) } else { thick(share) })
        .map(|guess| most_tolerated_misses(guess, -of, bears));
    let recover = match holds(good, of) {
        true => Some(0),
        false => floor_if_countable(if higher { thick(share) } else { thin(share) })
            .map(|guess| fewest_repairing_cases(guess, repairs)),
    };
    let expected =
        (gone_ms > 0).then(|| ((cases * length_ms as f64 / gone_ms as f64).round() as i64).max(of));
    let needed = expected.filter(|expected| *expected > of).map(|expected| {
        let needed = (share * expected as f64 - numerator) / (expected - of) as f64;
        // On the easy side anything will do.
        super::reading::round_four_decimals(if higher { needed.max(0.0) } else { needed.min(1.0) })
    });
    Some(ErrorBudget { left, recover, expected, needed })
}

/// The whole number at or below; none if it is beyond all counting.
fn floor_if_countable(value: f64) -> Option<i64> {
    (value.abs() < MAX_COUNTABLE_CASES).then(|| value.floor() as i64)
}

/// The most misses that are borne, near `guess`, which rounding may have put one off.
fn most_tolerated_misses(guess: i64, least: i64, bears: impl Fn(i64) -> bool) -> i64 {
    let mut most = guess.max(least) + 1;
    while most > least && !bears(most) {
        most -= 1;
    }
    most
}

/// The fewest good cases that repair, near `guess`.
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
                .expect("a budget");
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
                    let (left, recover) = (left.expect("a limit"), recover.expect("a remedy"));
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
                .expect("a budget")
        };
        // 80 of 100 by noon: 200 are expected, of which 170 must be good: 90 of the 100 to come.
        let noon = at(80, 100, TargetDirection::Higher, 0.85, 12 * HOUR);
        assert_eq!((noon.expected, noon.needed), (Some(200), Some(0.9)));
        // Six abandoned of 100 by noon, 10 of 200 allowed: 4 of the 100 to come.
        assert_eq!(at(6, 100, TargetDirection::Lower, 0.05, 12 * HOUR).needed, Some(0.04));
        // By 18:00, 50 of 150: of the 50 to come more than all must be good.
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
            "nobody is expected any more"
        );
    }
}
