//! The clock: the only place of the service that asks what time it is.

pub mod monotonic;

use self::monotonic::MonotonicClock;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Where the core's time comes from.
#[derive(Clone, Debug)]
pub enum WallClock {
    /// The machine's clock.
    Wall,
    /// For simulations: what stands here is taken for the machine's clock, in milliseconds of Unix time. It may be set at will.
    Simulated(Arc<AtomicI64>),
    /// A demonstration's clock, which runs faster than the machine's or slower.
    Scaled {
        /// What it showed when the machine's clock showed `since`.
        origin: Timestamp,
        /// When it was set going, by the machine's clock.
        since: Timestamp,
        /// How many of its seconds pass in one of the machine's.
        speed: f64,
    },
}

impl WallClock {
    /// A clock that shows `origin` now and runs at `speed`; at the usual speed it is the machine's.
    #[must_use]
    pub fn with_speed(origin: Timestamp, speed: f64) -> WallClock {
        if speed == 1.0 {
            WallClock::Wall
        } else {
            WallClock::Scaled { origin, since: WallClock::Wall.now(), speed }
        }
    }

    /// The time it shows.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the engine learns the time, which is data from here on"
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

    /// How long it takes until it shows `time`; nothing if it has passed.
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

/// The engine's clock: the machine's, steadied, or that of a demonstration.
#[derive(Debug)]
pub struct EngineClock {
    clock: WallClock,
    monotonic: MonotonicClock,
    /// The running time is the runtime's, which stands still between two steps of a simulation.
    started_at: tokio::time::Instant,
}

impl EngineClock {
    /// A clock that goes on from what another run had `reached`.
    #[must_use]
    pub fn new(clock: WallClock, reached: Option<Timestamp>) -> EngineClock {
        EngineClock {
            clock,
            monotonic: reached.map_or_else(MonotonicClock::default, MonotonicClock::resume_from),
            started_at: tokio::time::Instant::now(),
        }
    }

    /// The time. Never earlier than before.
    pub fn now(&mut self) -> Timestamp {
        match self.clock {
            WallClock::Wall | WallClock::Simulated(_) => {
                self.monotonic.advance_to(self.clock.now(), self.started_at.elapsed())
            }
            WallClock::Scaled { .. } => self.clock.now(),
        }
    }

    /// An event arrived that happened at `time`, by the clock of its source.
    pub fn observe_event_time(&mut self, time: Timestamp) {
        self.monotonic.observe_event_time(time);
    }

    /// How far the machine's clock is ahead of this one, in milliseconds; 0 if it is not doubted.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.monotonic.offset_ms()
    }
}

/// Calls `work` and says how long it took.
#[expect(
    clippy::disallowed_methods,
    reason = "how long the work takes is a figure about the service, never an input of the core"
)]
pub fn measure_time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}
