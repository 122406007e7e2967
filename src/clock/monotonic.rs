//! Monotonic engine time derived from the wall clock.
//!
//! The core never goes back in time, and a jump ahead empties its windows. A clock step is
//! therefore not applied at once. Time continues by the machine's uptime until one of these
//! happens:
//!
//! - The wall clock returns to the expected time. The step is ignored.
//! - Events arrive whose times agree with the new wall clock, such as after a suspend. The step is
//!   applied at once.
//! - The step has persisted for [`HOLD`]. It is applied.
//!
//! After a forward step the engine time jumps to the wall clock. After a backward step it stops
//! until the wall clock has caught up, because the time up to then has been counted. Meanwhile
//! [`MonotonicClock::offset_ms`] returns the difference, which the board, the log and the metrics
//! report.

use crate::domain::time::timestamp::Timestamp;
use std::time::Duration;

/// Maximum clock drift in milliseconds that is followed at once, but never backward.
pub const TOLERANCE_MS: i64 = 5_000;
/// Time after which an unconfirmed clock step is applied.
pub const HOLD: Duration = Duration::from_secs(300);
/// Maximum distance in ms between an event's time and the wall clock for the event to confirm a
/// clock step.
const CONFIRMATION_WITHIN_MS: i64 = 60_000;

/// Clock that applies steps of the wall clock only after confirmation.
#[derive(Clone, Debug, Default)]
pub struct MonotonicClock {
    /// Last time shown, and the uptime then.
    last: Option<(Timestamp, Duration)>,
    /// Wall clock then.
    wall: Timestamp,
    step: ClockStep,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum ClockStep {
    /// The wall clock is as expected.
    #[default]
    None,
    /// The wall clock made a step at this uptime.
    Unconfirmed(Duration),
    /// Events confirmed the step.
    Confirmed,
    /// The wall clock is behind; time stops until it has caught up.
    CatchingUp,
}

impl MonotonicClock {
    /// Returns a clock that continues from the time `reached` in an earlier run.
    #[must_use]
    pub fn resume_from(reached: Timestamp) -> MonotonicClock {
        MonotonicClock {
            last: Some((reached, Duration::ZERO)),
            wall: reached,
            step: ClockStep::CatchingUp,
        }
    }

    /// Returns the time for a wall clock of `wall` at an uptime of `running`. It never goes back.
    pub fn advance_to(&mut self, wall: Timestamp, running: Duration) -> Timestamp {
        self.wall = wall;
        let Some((shown, then)) = self.last else {
            self.last = Some((wall, running));
            return wall;
        };
        let expected =
            shown.plus_millis(i64::try_from(running.saturating_sub(then).as_millis()).unwrap_or(0));
        let accepted = match self.step {
            ClockStep::CatchingUp | ClockStep::Confirmed => true,
            _ if wall.millis_since(expected).abs() <= TOLERANCE_MS => true,
            ClockStep::Unconfirmed(since) => running.saturating_sub(since) >= HOLD,
            ClockStep::None => false,
        };
        self.step = match self.step {
            ClockStep::None | ClockStep::Unconfirmed(_) if !accepted => match self.step {
                ClockStep::None => ClockStep::Unconfirmed(running),
                unconfirmed => unconfirmed,
            },
            _ if shown.millis_since(wall) > TOLERANCE_MS => ClockStep::CatchingUp,
            _ => ClockStep::None,
        };
        let now = if accepted { wall.max(shown) } else { expected };
        self.last = Some((now, running));
        now
    }

    /// Confirms a pending step if the event's time agrees with the wall clock.
    pub fn observe_event_time(&mut self, time: Timestamp) {
        if matches!(self.step, ClockStep::Unconfirmed(_))
            && time.millis_since(self.wall).abs() <= CONFIRMATION_WITHIN_MS
        {
            self.step = ClockStep::Confirmed;
        }
    }

    /// Returns how far the wall clock is ahead of this clock, in milliseconds; 0 if no step is
    /// pending.
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

    /// Advances a clock second by second with the wall clock off by `off` ms. Returns the last time
    /// and the offset.
    fn run_clock(
        clock: &mut MonotonicClock,
        seconds: std::ops::Range<u64>,
        off: i64,
    ) -> (Timestamp, i64) {
        let mut last = NOON;
        for second in seconds {
            let now = clock.advance_to(
                NOON.plus_millis(second as i64 * 1_000 + off),
                Duration::from_secs(second),
            );
            assert!(now >= last || last == NOON, "time went back");
            last = now;
        }
        (last, clock.offset_ms())
    }

    #[test]
    fn follows_clock_drift_within_tolerance() {
        let mut clock = MonotonicClock::default();
        assert_eq!(run_clock(&mut clock, 0..10, 0), (NOON.plus_millis(9_000), 0));
        assert_eq!(run_clock(&mut clock, 10..20, 2_000), (NOON.plus_millis(21_000), 0));
        // Two seconds back: time stops until the wall clock has caught up.
        assert_eq!(run_clock(&mut clock, 20..21, 0), (NOON.plus_millis(21_000), 0));
        assert_eq!(run_clock(&mut clock, 21..30, 0), (NOON.plus_millis(29_000), 0));
    }

    #[test]
    fn ignores_clock_step_that_is_reverted() {
        for off in [24 * HOUR, -24 * HOUR, 10_000, -10_000] {
            let mut clock = MonotonicClock::default();
            run_clock(&mut clock, 0..10, 0);
            let (now, offset) = run_clock(&mut clock, 10..200, off);
            assert_eq!((now, offset), (NOON.plus_millis(199_000), off), "time ignores the step");
            assert_eq!(run_clock(&mut clock, 200..210, 0), (NOON.plus_millis(209_000), 0));
        }
    }

    #[test]
    fn follows_clock_step_after_hold() {
        let mut clock = MonotonicClock::default();
        run_clock(&mut clock, 0..10, 0);
        assert_eq!(run_clock(&mut clock, 10..310, HOUR), (NOON.plus_millis(309_000), HOUR));
        assert_eq!(run_clock(&mut clock, 310..311, HOUR), (NOON.plus_millis(310_000 + HOUR), 0));
    }

    #[test]
    fn stands_still_until_backward_step_is_caught_up() {
        let mut clock = MonotonicClock::default();
        run_clock(&mut clock, 0..10, 0);
        run_clock(&mut clock, 10..310, -10 * MINUTE);
        let stopped_at = NOON.plus_millis(309_000);
        assert_eq!(
            run_clock(&mut clock, 310..320, -10 * MINUTE),
            (stopped_at, 319_000 - 10 * MINUTE - 309_000)
        );
        assert_eq!(
            run_clock(&mut clock, 909..920, -10 * MINUTE),
            (NOON.plus_millis(919_000 - 10 * MINUTE), 0)
        );
    }

    #[test]
    fn events_confirm_clock_step() {
        let mut clock = MonotonicClock::default();
        run_clock(&mut clock, 0..10, 0);
        assert_eq!(run_clock(&mut clock, 10..11, 2 * HOUR).1, 2 * HOUR);
        clock.observe_event_time(NOON.plus_millis(10_000));
        assert_eq!(
            run_clock(&mut clock, 11..12, 2 * HOUR).1,
            2 * HOUR,
            "an event of the old time confirms nothing"
        );
        clock.observe_event_time(NOON.plus_millis(2 * HOUR));
        assert_eq!(
            run_clock(&mut clock, 12..13, 2 * HOUR),
            (NOON.plus_millis(12_000 + 2 * HOUR), 0)
        );
    }

    #[test]
    fn restart_does_not_move_time_back() {
        let mut clock = MonotonicClock::resume_from(NOON.plus_millis(HOUR));
        assert_eq!(run_clock(&mut clock, 0..10, 0), (NOON.plus_millis(HOUR), 9_000 - HOUR));
        assert_eq!(
            run_clock(&mut MonotonicClock::resume_from(NOON.plus_millis(-HOUR)), 0..10, 0),
            (NOON.plus_millis(9_000), 0)
        );
    }
}
