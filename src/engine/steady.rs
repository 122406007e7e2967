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

use crate::domain::time::Timestamp;
use std::time::Duration;

/// A difference that clocks have without being set, in milliseconds: followed at once, but never back.
pub const TOLERANCE_MS: i64 = 5_000;
/// For how long a step is doubted.
pub const HOLD: Duration = Duration::from_secs(300);
/// How far an event's time may be from a clock that it speaks for, in milliseconds.
const WITNESS_MS: i64 = 60_000;

/// A clock that doubts steps.
#[derive(Clone, Debug, Default)]
pub struct Steady {
    /// What it showed last, and the running time then.
    last: Option<(Timestamp, Duration)>,
    /// The machine's clock then.
    wall: Timestamp,
    doubt: Doubt,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum Doubt {
    /// The machine's clock goes as expected.
    #[default]
    None,
    /// It made a step when the running time was this.
    Since(Duration),
    /// It made a step, and others agree with it.
    Witnessed,
    /// It lies behind and is waited for.
    Waiting,
}

impl Steady {
    /// A clock that has shown `reached` before, in another run.
    #[must_use]
    pub fn after(reached: Timestamp) -> Steady {
        Steady { last: Some((reached, Duration::ZERO)), wall: reached, doubt: Doubt::Waiting }
    }

    /// The time, when the machine's clock shows `wall` and has been running for `running`. Never earlier than before.
    pub fn show(&mut self, wall: Timestamp, running: Duration) -> Timestamp {
        self.wall = wall;
        let Some((shown, then)) = self.last else {
            self.last = Some((wall, running));
            return wall;
        };
        let expected = shown.plus(i64::try_from(running.saturating_sub(then).as_millis()).unwrap_or(0));
        let believed = match self.doubt {
            Doubt::Waiting | Doubt::Witnessed => true,
            _ if wall.since(expected).abs() <= TOLERANCE_MS => true,
            Doubt::Since(since) => running.saturating_sub(since) >= HOLD,
            Doubt::None => false,
        };
        self.doubt = match self.doubt {
            Doubt::None | Doubt::Since(_) if !believed => match self.doubt {
                Doubt::None => Doubt::Since(running),
                doubt => doubt,
            },
            _ if shown.since(wall) > TOLERANCE_MS => Doubt::Waiting,
            _ => Doubt::None,
        };
        let now = if believed { wall.max(shown) } else { expected };
        self.last = Some((now, running));
        now
    }

    /// An event arrived that happened at `time`, by the clock of its source.
    pub fn hear(&mut self, time: Timestamp) {
        if matches!(self.doubt, Doubt::Since(_)) && time.since(self.wall).abs() <= WITNESS_MS {
            self.doubt = Doubt::Witnessed;
        }
    }

    /// How far the machine's clock is ahead of this one, in milliseconds; 0 if it is not doubted.
    #[must_use]
    pub fn off(&self) -> i64 {
        match (self.doubt, self.last) {
            (Doubt::None, _) | (_, None) => 0,
            (_, Some((shown, _))) => self.wall.since(shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR, MINUTE};

    const NOON: Timestamp = Timestamp(1_800_000_000_000);

    /// What a clock shows while the machine's clock is `off` by this from second to second; the last one's doubt too.
    fn shown(steady: &mut Steady, seconds: std::ops::Range<u64>, off: i64) -> (Timestamp, i64) {
        let mut last = NOON;
        for second in seconds {
            let now = steady.show(NOON.plus(second as i64 * 1_000 + off), Duration::from_secs(second));
            assert!(now >= last || last == NOON, "time went back");
            last = now;
        }
        (last, steady.off())
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        let mut steady = Steady::default();
        assert_eq!(shown(&mut steady, 0..10, 0), (NOON.plus(9_000), 0));
        assert_eq!(shown(&mut steady, 10..20, 2_000), (NOON.plus(21_000), 0));
        // Back by two seconds: it stands still until that is made up for.
        assert_eq!(shown(&mut steady, 20..21, 0), (NOON.plus(21_000), 0));
        assert_eq!(shown(&mut steady, 21..30, 0), (NOON.plus(29_000), 0));
    }

    #[test]
    fn a_step_that_is_taken_back_is_not_noticed() {
        for off in [24 * HOUR, -24 * HOUR, 10_000, -10_000] {
            let mut steady = Steady::default();
            shown(&mut steady, 0..10, 0);
            let (now, doubted) = shown(&mut steady, 10..200, off);
            assert_eq!((now, doubted), (NOON.plus(199_000), off), "time goes on as if nothing had happened");
            assert_eq!(shown(&mut steady, 200..210, 0), (NOON.plus(209_000), 0));
        }
    }

    #[test]
    fn a_step_that_lasts_is_believed() {
        let mut steady = Steady::default();
        shown(&mut steady, 0..10, 0);
        assert_eq!(shown(&mut steady, 10..310, HOUR), (NOON.plus(309_000), HOUR));
        assert_eq!(shown(&mut steady, 310..311, HOUR), (NOON.plus(310_000 + HOUR), 0));
    }

    #[test]
    fn a_clock_that_was_set_back_is_waited_for() {
        let mut steady = Steady::default();
        shown(&mut steady, 0..10, 0);
        shown(&mut steady, 10..310, -10 * MINUTE);
        let still = NOON.plus(309_000);
        assert_eq!(shown(&mut steady, 310..320, -10 * MINUTE), (still, 319_000 - 10 * MINUTE - 309_000));
        assert_eq!(shown(&mut steady, 909..920, -10 * MINUTE), (NOON.plus(919_000 - 10 * MINUTE), 0));
    }

    #[test]
    fn events_that_agree_with_a_step_are_believed() {
        let mut steady = Steady::default();
        shown(&mut steady, 0..10, 0);
        assert_eq!(shown(&mut steady, 10..11, 2 * HOUR).1, 2 * HOUR);
        steady.hear(NOON.plus(10_000));
        assert_eq!(shown(&mut steady, 11..12, 2 * HOUR).1, 2 * HOUR, "an event of the old time says nothing");
        steady.hear(NOON.plus(2 * HOUR));
        assert_eq!(shown(&mut steady, 12..13, 2 * HOUR), (NOON.plus(12_000 + 2 * HOUR), 0));
    }

    #[test]
    fn a_restart_does_not_go_back_either() {
        let mut steady = Steady::after(NOON.plus(HOUR));
        assert_eq!(shown(&mut steady, 0..10, 0), (NOON.plus(HOUR), 9_000 - HOUR));
        assert_eq!(shown(&mut Steady::after(NOON.plus(-HOUR)), 0..10, 0), (NOON.plus(9_000), 0));
    }
}
