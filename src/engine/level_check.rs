//! Level checks between two boards: a level change is published at once instead of with the next
//! board.
//!
//! A level check computes the readings that can have a level and compares them with the last board.
//! Without a level change no board is published.
//!
//! # Limits
//! Checks run at most every [`LEVEL_CHECK_INTERVAL`]. A check needs a reason: new batches, a passed
//! deadline, or a level that may change by time alone (see
//! [`crate::domain::board::next_level_change`]). After a check or board the engine pauses for
//! [`PAUSE_FACTOR`] times its duration. Checks therefore use less than a tenth of the engine's
//! time, however large the board. A check of 50 ms runs twice a second.

use crate::clock::{EngineClock, measure_time};
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::time::timestamp::Timestamp;
use crate::engine::Engine;
use crate::telemetry::Metric;
use std::time::Duration;
use tokio::time::Instant;

/// Minimum interval between level checks.
pub const LEVEL_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// Pause after a check or board, as a multiple of its duration.
pub const PAUSE_FACTOR: u32 = 10;

/// Result of a level check.
#[derive(Default)]
pub(super) struct LevelCheck {
    /// Duration of the check.
    pub(super) duration: Duration,
    /// True if a level changed and a board was published.
    pub(super) published: bool,
}

/// Returns the pause after a check or board that took `took`.
pub(super) fn pause_after(took: Duration) -> Duration {
    LEVEL_CHECK_INTERVAL.max(took * PAUSE_FACTOR)
}

impl Engine {
    /// Publishes a board early if a level has changed since the last one.
    pub(super) fn check_levels(&mut self) -> LevelCheck {
        let Some(now) = self.ticker.as_mut().map(EngineClock::now) else {
            return LevelCheck::default();
        };
        let is_time = self.next_level_change_at.is_some_and(|moment| moment <= now);
        if !self.has_new_batches && !is_time && !self.state.monitor.has_timer_due_by(now) {
            return LevelCheck::default();
        }
        self.state.monitor.tick(now);
        let begun = Instant::now();
        let levels = self.state.monitor.compute_levels();
        let level_changed =
            self.published_boards.borrow().has_level_change(&levels, self.state.has_totals_window);
        if level_changed {
            let (published_board, _) = self.next_board(Some(now));
            self.send_board(published_board, Some(now));
        } else {
            (self.has_new_batches, self.next_level_change_at) =
                (false, levels.next_level_change_at());
        }
        LevelCheck { duration: begun.elapsed(), published: level_changed }
    }

    /// Computes the next board. Returns it with the time taken by the runtime's clock, which is
    /// paused in simulations, so the speed of the machine does not affect them.
    pub(super) fn next_board(&mut self, now: Option<Timestamp>) -> (PublishedBoard, Duration) {
        if let Some(now) = now {
            self.state.monitor.tick(now);
        }
        self.has_new_batches = false;
        let begun = Instant::now();
        let (mut published_board, took) = measure_time(|| {
            self.published_boards
                .borrow()
                .next_revision(self.state.board(), self.state.has_totals_window)
        });
        Metric::BoardSeconds.record_duration(took);
        self.next_level_change_at = published_board.board.next_level_change_at();
        published_board.clock_offset_ms = self.ticker.as_ref().map_or(0, EngineClock::offset_ms);
        (published_board, begun.elapsed())
    }
}
