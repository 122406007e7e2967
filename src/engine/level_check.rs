//! Glances between two boards: a level that turns is published at once and not with the next board.
//!
//! To glance is to read what may have a level, and to compare it with the last board. If none has turned no board is made: those
//! who follow hear of every `publish_every`, and of turns.
//!
//! # Limits
//! The engine glances at most every [`EVERY`], only if batches came, a deadline may have passed or time alone may have turned a
//! level since the last board (see [`crate::domain::board::next_level_change`]), and pauses for [`PAUSE`] times as long as the last look took.
//! So glancing takes less than a tenth of its time, however large the board: one that takes 50 ms is glanced at twice a second.
//! Where nothing happens and nobody waits, it glances every ten seconds.

use crate::clock::{EngineClock, measure_time};
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::time::timestamp::Timestamp;
use crate::engine::Engine;
use crate::telemetry::Metric;
use std::time::Duration;
use tokio::time::Instant;

/// How often the levels are glanced at between two boards, at most.
pub const LEVEL_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// For how many times as long as the last board or glance took there is no other glance.
pub const PAUSE_FACTOR: u32 = 10;

/// What came of a glance.
#[derive(Default)]
pub(super) struct LevelCheck {
    /// How long it took.
    pub(super) duration: Duration,
    /// Whether a level had turned.
    pub(super) published: bool,
}

/// How long no glance is taken after a board or glance that took so long.
pub(super) fn pause_after(took: Duration) -> Duration {
    LEVEL_CHECK_INTERVAL.max(took * PAUSE_FACTOR)
}

impl Engine {
    /// Publishes a board before its time if some level has turned since the last one.
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
        let turned =
            self.published_boards.borrow().has_level_change(&levels, self.state.has_totals_window);
        if turned {
            let (edition, _) = self.next_board(Some(now));
            self.send_board(edition, Some(now));
        } else {
            (self.has_new_batches, self.next_level_change_at) =
                (false, levels.next_level_change_at());
        }
        LevelCheck { duration: begun.elapsed(), published: turned }
    }

    /// The edition after the last one, and how long it took to make it. That is measured by the runtime's clock, which stands
    /// still in simulations: there it must not matter how fast the machine is.
    pub(super) fn next_board(&mut self, now: Option<Timestamp>) -> (PublishedBoard, Duration) {
        if let Some(now) = now {
            self.state.monitor.tick(now);
        }
        self.has_new_batches = false;
        let begun = Instant::now();
        let (mut edition, took) = measure_time(|| {
            self.published_boards
                .borrow()
                .next_revision(self.state.board(), self.state.has_totals_window)
        });
        Metric::BoardSeconds.record_duration(took);
        self.next_level_change_at = edition.board.next_level_change_at();
        edition.clock_offset_ms = self.ticker.as_ref().map_or(0, EngineClock::offset_ms);
        (edition, begun.elapsed())
    }
}
