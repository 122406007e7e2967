//! Earliest time at which a level may change without an event or a deadline.
//!
//! An age crosses its target or warning as time passes. A window moves on after at most
//! [`Window::MIN_STEP_MS`]. First contacts that mature are covered by the next board.

use super::reading::{Board, ReadingComponents};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;

impl Board {
    /// Returns the earliest time of a possible level change. Returns `None` before the first event
    /// or tick.
    #[must_use]
    pub fn next_level_change_at(&self) -> Option<Timestamp> {
        let now = self.as_of?;
        let crossed = self.readings.iter().filter_map(|reading| {
            let ReadingComponents::Oldest { since: Some(since) } = reading.components else {
                return None;
            };
            let indicator = &self.standard.indicators[reading.key.indicator];
            let target = self.standard.target_in_scope(indicator, &reading.key.scope, Some(now))?;
            let limits = [Some(target.value), target.warning].into_iter().flatten();
            // At the limit itself the level is unchanged.
            limits
                .map(|limit| since.plus_millis((limit * 1_000.0) as i64 + 1))
                .filter(|moment| *moment > now)
                .min()
        });
        let moved = Timestamp(
            now.0
                .div_euclid(Window::MIN_STEP_MS)
                .saturating_add(1)
                .saturating_mul(Window::MIN_STEP_MS),
        );
        Some(crossed.fold(moved, Timestamp::min))
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::board::reading::{Board, ReadingComponents};
    use crate::domain::monitor::Monitor;
    use crate::domain::time::timestamp::Timestamp;
    use crate::standard_file::{BUILT_IN, parse_standard};
    use std::sync::Arc;

    /// Builds a board at `now` with a call that waits since `since`, both in milliseconds.
    fn board_with_oldest(now: i64, since: Option<i64>) -> Board {
        let standard =
            Arc::new(parse_standard("s.toml", BUILT_IN).expect("built-in standard is valid"));
        let mut board = Monitor::new(standard, None).compute_board();
        let place = board
            .standard
            .indicators
            .iter()
            .position(|indicator| indicator.name == "longest_wait_now");
        let reading = board
            .readings
            .iter_mut()
            .find(|reading| Some(reading.key.indicator) == place)
            .expect("board has a reading of `longest_wait_now`");
        reading.components = ReadingComponents::Oldest { since: since.map(Timestamp) };
        board.as_of = Some(Timestamp(now));
        board
    }

    #[test]
    fn next_level_change_follows_window_steps_and_age_limits() {
        let at = |now, since| {
            board_with_oldest(now, since).next_level_change_at().map(|moment| moment.0)
        };
        assert_eq!(
            (at(0, None), at(9_999, None), at(10_000, None), at(-1, None)),
            (Some(10_000), Some(10_000), Some(20_000), Some(0))
        );
        // The warning is at 60 s and the target at 120 s.
        for (now, since, expected) in [
            (100_000, 37_000, 110_000),
            (100_000, 42_500, 102_501),
            (102_500, 42_500, 102_501),
            (102_501, 42_500, 110_000),
            (100_000, -15_000, 105_001),
            (100_000, -900_000, 110_000),
        ] {
            assert_eq!(at(now, Some(since)), Some(expected), "{now}, since {since}");
        }
        assert_eq!(
            Board { as_of: None, ..board_with_oldest(0, None) }.next_level_change_at(),
            None
        );
    }
}
