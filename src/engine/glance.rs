//! Glances between two boards: a level that turns is published at once and not with the next board.
//!
//! To glance is to read what may have a level, and to compare it with the last board. If none has turned no board is made: those
//! who follow hear of every `publish_every`, and of turns.
//!
//! # Limits
//! The engine glances at most every [`EVERY`], only if batches came, a deadline may have passed or time alone may have turned a
//! level since the last board (see [`crate::domain::board::turn`]), and pauses for [`PAUSE`] times as long as the last look took.
//! So glancing takes less than a tenth of its time, however large the board: one that takes 50 ms is glanced at twice a second.
//! Where nothing happens and nobody waits, it glances every ten seconds.

use super::Engine;
use super::clock::{Ticker, timed};
use crate::domain::time::Timestamp;
use crate::edition::Edition;
use crate::telemetry::Metric;
use std::time::Duration;
use tokio::time::Instant;

/// How often the levels are glanced at between two boards, at most.
pub const EVERY: Duration = Duration::from_millis(100);
/// For how many times as long as the last board or glance took there is no other glance.
pub const PAUSE: u32 = 10;

/// What came of a glance.
#[derive(Default)]
pub(super) struct Glanced {
    /// How long it took.
    pub(super) took: Duration,
    /// Whether a level had turned.
    pub(super) published: bool,
}

/// How long no glance is taken after a board or glance that took so long.
pub(super) fn pause(took: Duration) -> Duration {
    EVERY.max(took * PAUSE)
}

impl Engine {
    /// Publishes a board before its time if some level has turned since the last one.
    pub(super) fn glance(&mut self) -> Glanced {
        let Some(now) = self.ticker.as_mut().map(Ticker::now) else { return Glanced::default() };
        let is_time = self.may_turn_at.is_some_and(|moment| moment <= now);
        if !self.stirred && !is_time && !self.state.monitor.rings_by(now) {
            return Glanced::default();
        }
        self.state.monitor.tick(now);
        let begun = Instant::now();
        let levels = self.state.monitor.levels();
        let turned = self.editions.borrow().turns(&levels, self.state.hidden);
        if turned {
            let (edition, _) = self.next(Some(now));
            self.send(edition, Some(now));
        } else {
            (self.stirred, self.may_turn_at) = (false, levels.may_turn_at());
        }
        Glanced { took: begun.elapsed(), published: turned }
    }

    /// The edition after the last one, and how long it took to make it. That is measured by the runtime's clock, which stands
    /// still in simulations: there it must not matter how fast the machine is.
    pub(super) fn next(&mut self, now: Option<Timestamp>) -> (Edition, Duration) {
        if let Some(now) = now {
            self.state.monitor.tick(now);
        }
        self.stirred = false;
        let begun = Instant::now();
        let (mut edition, took) = timed(|| self.editions.borrow().next(self.state.board(), self.state.hidden));
        Metric::BoardSeconds.record(took);
        self.may_turn_at = edition.board.may_turn_at();
        edition.clock_off_ms = self.ticker.as_ref().map_or(0, Ticker::off);
        (edition, begun.elapsed())
    }
}
