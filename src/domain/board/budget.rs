//! What a target still allows in the current day, week or month: the error budget of a ratio.

use crate::domain::standard::{Better, Target};
use serde::Serialize;

/// What is left of a target, and what it takes to repair it.
///
/// A *good* case is one that helps: of an indicator that should be low one that counts in the denominator alone, as a call
/// that is not abandoned. A *miss* is one that hurts.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Budget {
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
const COUNTABLE: f64 = 1e9;

/// The budget of `good` / `of` against a target, when so many milliseconds of the window are gone. None if the numerator is
/// no part of the denominator, or the target no share.
#[must_use]
pub fn budget(good: i64, of: i64, target: Target, gone_ms: i64, length_ms: i64) -> Option<Budget> {
    let share = target.value;
    if of < 0 || !(0..=of).contains(&good) || !(0.0..=1.0).contains(&share) {
        return None;
    }
    let (numerator, cases) = (good as f64, of as f64);
    let higher = target.better == Better::Higher;
    // Without cases nothing is broken. The rule is the one by which the level of a reading is judged.
    let holds = |good: i64, of: i64| of <= 0 || target.is_reached(good as f64 / of as f64);
    let thin = |share: f64| numerator / share - cases;
    let thick = |share: f64| (share * cases - numerator) / (1.0 - share);
    let bears = |misses: i64| if higher { holds(good, of + misses) } else { holds(good + misses, of + misses) };
    let repairs = |more: i64| if higher { holds(good + more, of + more) } else { holds(good, of + more) };
    let left = near(if higher { thin(share) } else { thick(share) }).map(|guess| most(guess, -of, bears));
    let recover = match holds(good, of) {
        true => Some(0),
        false => near(if higher { thick(share) } else { thin(share) }).map(|guess| fewest(guess, repairs)),
    };
    let expected = (gone_ms > 0).then(|| ((cases * length_ms as f64 / gone_ms as f64).round() as i64).max(of));
    let needed = expected.filter(|expected| *expected > of).map(|expected| {
        let needed = (share * expected as f64 - numerator) / (expected - of) as f64;
        // On the easy side anything will do.
        super::rounded(if higher { needed.max(0.0) } else { needed.min(1.0) })
    });
    Some(Budget { left, recover, expected, needed })
}

/// The whole number at or below; none if it is beyond all counting.
fn near(value: f64) -> Option<i64> {
    (value.abs() < COUNTABLE).then(|| value.floor() as i64)
}

/// The most misses that are borne, near `guess`, which rounding may have put one off.
fn most(guess: i64, least: i64, bears: impl Fn(i64) -> bool) -> i64 {
    let mut most = guess.max(least) + 1;
    while most > least && !bears(most) {
        most -= 1;
    }
    most
}

/// The fewest good cases that repair, near `guess`.
fn fewest(guess: i64, repairs: impl Fn(i64) -> bool) -> i64 {
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

    fn of(good: i64, of: i64, better: Better, value: f64) -> (Option<i64>, Option<i64>) {
        let budget = budget(good, of, Target { better, value, warning: None }, HOUR, 24 * HOUR).expect("a budget");
        (budget.left, budget.recover)
    }

    #[test]
    fn what_is_left_and_what_repairs_is_what_counting_on_would_show() {
        for better in [Better::Higher, Better::Lower] {
            for value in [0.05, 0.3, 0.5, 0.85, 0.95, 0.999] {
                let target = Target { better, value, warning: None };
                let met = |good: i64, of: i64| of == 0 || target.is_reached(good as f64 / of as f64);
                for (good, cases) in (0..=40).flat_map(|cases| (0..=cases).map(move |good| (good, cases))) {
                    let missed = |times: i64| if better == Better::Higher { (good, cases + times) } else { (good + times, cases + times) };
                    let helped = |times: i64| if better == Better::Higher { (good + times, cases + times) } else { (good, cases + times) };
                    let (left, recover) = of(good, cases, better, value);
                    let (left, recover) = (left.expect("a limit"), recover.expect("a remedy"));
                    let (at, beyond) = (missed(left), missed(left + 1));
                    assert!(met(at.0, at.1), "{better:?} {value} {good}/{cases} left {left}");
                    assert!(!met(beyond.0, beyond.1), "{better:?} {value} {good}/{cases} left {left}");
                    let (at, before) = (helped(recover), helped(recover - 1));
                    assert!(met(at.0, at.1), "{better:?} {value} {good}/{cases} recover {recover}");
                    assert!(recover == 0 || !met(before.0, before.1), "{better:?} {value} {good}/{cases} recover {recover}");
                }
            }
        }
    }

    #[test]
    fn targets_of_all_and_of_none_are_lost_at_once_or_never() {
        assert_eq!(of(9, 10, Better::Higher, 1.0), (Some(-1), None));
        assert_eq!(of(10, 10, Better::Higher, 1.0), (Some(0), Some(0)));
        assert_eq!(of(3, 10, Better::Higher, 0.0), (None, Some(0)));
        assert_eq!(of(1, 10, Better::Lower, 0.0), (Some(-1), None));
        assert_eq!(of(1, 10, Better::Lower, 1.0), (None, Some(0)));
        for (good, value) in [(3, 0.5), (1, 1.5), (1, -0.5)] {
            assert_eq!(budget(good, 2, Target { better: Better::Higher, value, warning: None }, HOUR, HOUR), None);
        }
    }

    #[test]
    fn the_pace_so_far_says_what_is_needed_from_here_on() {
        let at =
            |good, of, better, value, gone| budget(good, of, Target { better, value, warning: None }, gone, 24 * HOUR).expect("a budget");
        // 80 of 100 by noon: 200 are expected, of which 170 must be good: 90 of the 100 to come.
        let noon = at(80, 100, Better::Higher, 0.85, 12 * HOUR);
        assert_eq!((noon.expected, noon.needed), (Some(200), Some(0.9)));
        // Six abandoned of 100 by noon, 10 of 200 allowed: 4 of the 100 to come.
        assert_eq!(at(6, 100, Better::Lower, 0.05, 12 * HOUR).needed, Some(0.04));
        // By 18:00, 50 of 150: of the 50 to come more than all must be good.
        assert_eq!(at(50, 150, Better::Higher, 0.85, 18 * HOUR).needed, Some(2.4));
        assert_eq!(at(30, 150, Better::Lower, 0.05, 18 * HOUR).needed, Some(-0.4));
        assert_eq!((at(1, 1, Better::Higher, 0.5, 0).expected, at(0, 0, Better::Higher, 0.5, HOUR).needed), (None, None));
        assert_eq!(at(10, 10, Better::Higher, 0.5, 24 * HOUR).needed, None, "nobody is expected any more");
    }
}
