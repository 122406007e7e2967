//! A steady clock: what time it is when the machine's clock has been set.
//!
//! The core never goes back, and a jump ahead empties its windows, so a step of the machine's clock is not followed at
//! once. Time goes on by the machine's running time instead, until one of these happens:
//!
//! - the clock is where it was expected again: the step was a mistake, and nobody has noticed;
//! - events arrive whose times agree with the new clock (a machine that woke up from sleep): it is believed at once;
//! - the new clock has been keeping its word for [`HOLD`]: it is believed.
//!
//! A clock that is believed and lies ahead is followed. One that lies behind is waited for: time stands still until it has
//! caught up, because what was counted by then has been counted. All the while [`Steady::off`] says how far the machine's
//! clock is away, which the board, the log and the metrics pass on.

use crate::domain::time::timestamp::Timestamp;
use std::time::Duration;

/// A difference that clocks have without being set, in milliseconds: followed at once, but never back.
pub const TOLERANCE_MS: i64 = 5_000;
/// For how long a step is doubted.
pub const HOLD: Duration = Duration::from_secs(300);
/// How far an event's time may be from a clock that it speaks for, in milliseconds.
const CONFIRMATION_WITHIN_MS: i64 = 60_000;

/// A clock that doubts steps.
#[derive(Clone, Debug, Default)]
pub struct MonotonicClock {
    /// What it showed last, and the running time then.
    last: Option<(Timestamp, Duration)>,
    /// The machine's clock then.
    wall: Timestamp,
    step: ClockStep,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum ClockStep {
    /// The machine's clock goes as expected.
    #[default]
    None,
    /// It made a step when the running time was this.
    Unconfirmed(Duration),
    /// It made a step, and others agree with it.
    Confirmed,
    /// It lies behind and is waited for.
    CatchingUp,
}

impl MonotonicClock {
    /// A clock that has shown `reached` before, in another run.
    #[must_use]
    pub fn resume_from(reached: Timestamp) -> MonotonicClock {
        MonotonicClock {
            last: Some((reached, Duration::ZERO)),
            wall: reached,
            step: ClockStep::CatchingUp,
        }
    }

    /// The time, when the machine's clock shows `wall` and has been running for `running`. Never earlier than before.
    pub fn advance_to(&mut self, wall: Timestamp, running: Duration) -> Timestamp {
        self.wall = wall;
        let Some((shown, then)) = self.last else {
            self.last = Some((wall, running));
            return wall;
        };
        let expected =
            shown.plus_millis(i64::try_from(running.saturating_sub(then).as_millis()).unwrap_or(0));
        let believed = match self.step {
            ClockStep::CatchingUp | ClockStep::Confirmed => true,
            _ if wall.millis_since(expected).abs() <= TOLERANCE_MS => true,
            ClockStep::Unconfirmed(since) => running.saturating_sub(since) >= HOLD,
            ClockStep::None => false,
        };
        self.step = match self.step {
            ClockStep::None | ClockStep::Unconfirmed(_) if !believed => match self.step {
                ClockStep::None => ClockStep::Unconfirmed(running),
                doubt => doubt,
            },
            _ if shown.millis_since(wall) > TOLERANCE_MS => ClockStep::CatchingUp,
            _ => ClockStep::None,
        };
        let now = if believed { wall.max(shown) } else { expected };
        self.last = Some((now, running));
        now
    }

    /// An event arrived that happened at `time`, by the clock of its source.
    pub fn observe_event_time(&mut self, time: Timestamp) {
        if matches!(self.step, ClockStep::Unconfirmed(_))
            && time.millis_since(self.wall).abs() <= CONFIRMATION_WITHIN_MS
        {
            self.step = ClockStep::Confirmed;
        }
    }

    /// How far the machine's clock is ahead of this one, in milliseconds; 0 if it is not doubted.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        match (self.step, self.last) {
            (ClockStep::None, _) | (_, None) => 0,
            (_, Some((shown, _))) => self.wall.millis_since(shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::{HOUR, MINUTE};

    const NOON: Timestamp = Timestamp(1_800_000_000_000);

    /// What a clock shows while the machine's clock is `off` by this from second to second; the last one's doubt too.
    fn run_clock(
        steady: &mut MonotonicClock,
        seconds: std::ops::Range<u64>,
        off: i64,
    ) -> (Timestamp, i64) {
        let mut last = NOON;
        for second in seconds {
            let now = steady.advance_to(
                NOON.plus_millis(second as i64 * 1_000 + off),
                Duration::from_secs(second),
            );
            assert!(now >= last || last == NOON, "time went back");
            last = now;
        }
        (last, steady.offset_ms())
    }

    #[test]
    fn follows_clock_drift_within_tolerance() {
        let mut steady = MonotonicClock::default();
        assert_eq!(run_clock(&mut steady, 0..10, 0), (NOON.plus_millis(9_000), 0));
        assert_eq!(run_clock(&mut steady, 10..20, 2_000), (NOON.plus_millis(21_000), 0));
        // Back by two seconds: it stands still until that is made up for.
        assert_eq!(run_clock(&mut steady, 20..21, 0), (NOON.plus_millis(21_000), 0));
        assert_eq!(run_clock(&mut steady, 21..30, 0), (NOON.plus_millis(29_000), 0));
    }

    #[test]
    fn ignores_clock_step_that_is_reverted() {
        for off in [24 * HOUR, -24 * HOUR, 10_000, -10_000] {
            let mut steady = MonotonicClock::default();
            run_clock(&mut steady, 0..10, 0);
            let (now, doubted) = run_clock(&mut steady, 10..200, off);
            assert_eq!(
                (now, doubted),
                (NOON.plus_millis(199_000), off),
                "time goes on as if nothing had happened"
            );
            assert_eq!(run_clock(&mut steady, 200..210, 0), (NOON.plus_millis(209_000), 0));
        }
    }

    #[test]
    fn follows_clock_step_after_hold() {
        let mut steady = MonotonicClock::default();
        run_clock(&mut steady, 0..10, 0);
        assert_eq!(run_clock(&mut steady, 10..310, HOUR), (NOON.plus_millis(309_000), HOUR));
        assert_eq!(run_clock(&mut steady, 310..311, HOUR), (NOON.plus_millis(310_000 + HOUR), 0));
    }

    #[test]
    fn stands_still_until_backward_step_is_caught_up() {
        let mut steady = MonotonicClock::default();
        run_clock(&mut steady, 0..10, 0);
        run_clock(&mut steady, 10..310, -10 * MINUTE);
        let still = NOON.plus_millis(309_000);
        assert_eq!(
            run_clock(&mut steady, 310..320, -10 * MINUTE),
            (still, 319_000 - 10 * MINUTE - 309_000)
        );
        assert_eq!(
            run_clock(&mut steady, 909..920, -10 * MINUTE),
            (NOON.plus_millis(919_000 - 10 * MINUTE), 0)
        );
    }

    #[test]
    fn events_confirm_clock_step() {
        let mut steady = MonotonicClock::default();
        run_clock(&mut steady, 0..10, 0);
        assert_eq!(run_clock(&mut steady, 10..11, 2 * HOUR).1, 2 * HOUR);
        steady.observe_event_time(NOON.plus_millis(10_000));
        assert_eq!(
            run_clock(&mut steady, 11..12, 2 * HOUR).1,
            2 * HOUR,
            "an event of the old time says nothing"
        );
        steady.observe_event_time(NOON.plus_millis(2 * HOUR));
        assert_eq!(
            run_clock(&mut steady, 12..13, 2 * HOUR),
            (NOON.plus_millis(12_000 + 2 * HOUR), 0)
        );
    }

    #[test]
    fn restart_does_not_move_time_back() {
        let mut steady = MonotonicClock::resume_from(NOON.plus_millis(HOUR));
        assert_eq!(run_clock(&mut steady, 0..10, 0), (NOON.plus_millis(HOUR), 9_000 - HOUR));
        assert_eq!(
            run_clock(&mut MonotonicClock::resume_from(NOON.plus_millis(-HOUR)), 0..10, 0),
            (NOON.plus_millis(9_000), 0)
        );
    }
}
