//! Clocks. This is the only place in the service that reads the system time.

pub mod monotonic;

use self::monotonic::MonotonicClock;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Source of the wall clock time.
#[derive(Clone, Debug)]
pub enum WallClock {
    /// System clock.
    Wall,
    /// Simulated system clock, in milliseconds of Unix time. It may be set at will.
    Simulated(Arc<AtomicI64>),
    /// Clock of a demonstration, which runs faster or slower than the system clock.
    Scaled {
        /// Its time at `since`.
        origin: Timestamp,
        /// System time at which it was started.
        since: Timestamp,
        /// Its seconds per second of the system clock.
        speed: f64,
    },
}

impl WallClock {
    /// Returns a clock that shows `origin` now and runs at `speed`. At speed 1 it is the system
    /// clock.
    #[must_use]
    pub fn with_speed(origin: Timestamp, speed: f64) -> WallClock {
        if speed == 1.0 {
            WallClock::Wall
        } else {
            WallClock::Scaled { origin, since: WallClock::Wall.now(), speed }
        }
    }

    /// Returns its current time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the only read of the system time; everywhere else time is data"
    )]
    pub fn now(&self) -> Timestamp {
        let wall = Timestamp(jiff::Timestamp::now().as_millisecond());
        match self {
            WallClock::Wall => wall,
            WallClock::Simulated(time) => Timestamp(time.load(Ordering::Relaxed)),
            WallClock::Scaled { origin, since, speed } => {
                origin.plus_millis((wall.millis_since(*since) as f64 * speed) as i64)
            }
        }
    }

    /// Returns the duration until it shows `time`; zero if that has passed. A scaled clock returns
    /// at most one hour.
    #[must_use]
    pub fn duration_until(&self, time: Timestamp) -> Duration {
        let millis = u64::try_from(time.millis_since(self.now())).unwrap_or(0);
        match self {
            WallClock::Wall | WallClock::Simulated(_) => Duration::from_millis(millis),
            WallClock::Scaled { speed, .. } => {
                Duration::from_secs_f64((millis as f64 / 1_000.0 / speed).min(3_600.0))
            }
        }
    }
}

/// Clock of the engine: monotonic for the system clock, unchanged for a demonstration.
#[derive(Debug)]
pub struct EngineClock {
    clock: WallClock,
    monotonic: MonotonicClock,
    /// Uses the runtime's clock, which a simulation can pause.
    started_at: tokio::time::Instant,
}

impl EngineClock {
    /// Returns a clock that continues from the time `reached` in an earlier run.
    #[must_use]
    pub fn new(clock: WallClock, reached: Option<Timestamp>) -> EngineClock {
        EngineClock {
            clock,
            monotonic: reached.map_or_else(MonotonicClock::default, MonotonicClock::resume_from),
            started_at: tokio::time::Instant::now(),
        }
    }

    /// Returns the current time. It never goes back.
    pub fn now(&mut self) -> Timestamp {
        match self.clock {
            WallClock::Wall | WallClock::Simulated(_) => {
                self.monotonic.advance_to(self.clock.now(), self.started_at.elapsed())
            }
            WallClock::Scaled { .. } => self.clock.now(),
        }
    }

    /// Reports the time of an arriving event, by the clock of its source, as possible evidence of a
    /// clock step.
    pub fn observe_event_time(&mut self, time: Timestamp) {
        self.monotonic.observe_event_time(time);
    }

    /// Returns how far the system clock is ahead of this clock, in milliseconds; 0 if no step is
    /// pending.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.monotonic.offset_ms()
    }
}

/// Runs `work` and returns its result and duration.
#[expect(
    clippy::disallowed_methods,
    reason = "durations are metrics of the service and never inputs of the core"
)]
pub fn measure_time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}
