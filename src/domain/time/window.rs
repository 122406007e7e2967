//! Windows: the time range that a reading covers.
//!
//! A rolling window begins at a multiple of its step, so that it gains and loses whole panes. The
//! last five minutes are rounded out to ten seconds. A calendar window is the current interval,
//! day, week or month in the time zone of the case. The counts of all windows lie side by side in
//! *lanes*, eight to a *bank*.

use super::period::Period;
use super::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Number of windows whose counts share one [`LaneCounts`].
pub const LANES_PER_BANK: usize = 8;

/// Maximum number of banks. A standard uses one bank for up to eight windows, otherwise two.
pub const MAX_BANKS: usize = 2;

/// Maximum number of windows of a standard.
pub const MAX_WINDOWS: usize = LANES_PER_BANK * MAX_BANKS;

/// Number of low bits that remain in a 32-bit count when its high part is carried.
const CARRY_BITS: u32 = 30;

/// Counts for the windows of one bank, in half a cache line.
///
/// A count that may exceed 32 bits has a second `LaneCounts` with its high part. From time to time
/// [`LaneCounts::take_carry`] moves the excess there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(align(32))]
pub struct LaneCounts(pub [i32; LANES_PER_BANK]);

impl LaneCounts {
    /// Number of additions of 1 or -1 after which a count without excess needs a carry.
    pub const ADDITIONS_BEFORE_CARRY: u64 = 1 << (CARRY_BITS - 1);

    /// Adds another bank of counts lane by lane. The caller carries often enough that no sum
    /// exceeds 32 bits.
    #[inline]
    pub fn add_counts(&mut self, more: &LaneCounts) {
        for (sum, count) in self.0.iter_mut().zip(&more.0) {
            *sum = sum.wrapping_add(*count);
        }
    }

    /// Adds the counts to 64-bit sums lane by lane.
    #[inline]
    pub fn add_to_sums(&self, sums: &mut [i64; LANES_PER_BANK]) {
        let wide = self.0.map(i64::from);
        *sums = std::array::from_fn(|lane| sums[lane] + wide[lane]);
    }

    /// Adds the counts of a high part to 64-bit sums lane by lane.
    pub fn add_high_to_sums(&self, sums: &mut [i64; LANES_PER_BANK]) {
        sums.iter_mut().zip(&self.0).for_each(|(sum, high)| *sum += i64::from(*high) << CARRY_BITS);
    }

    /// Reduces each count to its low bits and returns the excess for the high part. Returns `None`
    /// if no count has any.
    pub fn take_carry(&mut self) -> Option<LaneCounts> {
        let carry = LaneCounts(self.0.map(|count| count >> CARRY_BITS));
        self.0 = self.0.map(|count| count & ((1 << CARRY_BITS) - 1));
        (carry != LaneCounts::default()).then_some(carry)
    }

    /// Adds any number to one count. Returns the excess for its high part, which is mostly 0.
    pub fn add_to_lane(&mut self, lane: usize, more: i64) -> i32 {
        let sum = i64::from(self.0[lane]) + more;
        if sum.unsigned_abs() <= 1 << CARRY_BITS {
            self.0[lane] = sum as i32;
            return 0;
        }
        self.0[lane] = (sum & ((1 << CARRY_BITS) - 1)) as i32;
        (sum >> CARRY_BITS) as i32
    }

    /// Returns the negated counts.
    #[must_use]
    pub fn negated(self) -> LaneCounts {
        LaneCounts(self.0.map(|count| -count))
    }
}

/// Time range that a reading covers, up to the engine's current time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Window {
    /// Rolling window of this many milliseconds.
    Rolling(i64),
    /// Current calendar period.
    Calendar(Period),
    /// All time, used by replays and counters.
    All,
}

impl Window {
    /// Window name of readings of the current state, such as the number waiting.
    pub const NOW: &'static str = "now";
    /// Longest rolling window in milliseconds: one week.
    pub const MAX_ROLLING_MS: i64 = 7 * 24 * HOUR;
    /// Smallest step of any window in milliseconds. Calendar windows begin on whole minutes.
    pub const MIN_STEP_MS: i64 = 10 * SECOND;

    /// Returns the step of a rolling window of this length. Both are in milliseconds.
    #[must_use]
    pub fn rolling_step_ms(length: i64) -> i64 {
        if length <= 10 * MINUTE {
            Window::MIN_STEP_MS
        } else if length <= 2 * HOUR {
            MINUTE
        } else {
            15 * MINUTE
        }
    }

    /// Parses a window name: `5m`, `24h`, `7d`, `interval15`, `interval30`, `today`, `week`,
    /// `month` or `all`. Returns `None` for an unknown name or a length outside one minute to one
    /// week.
    #[must_use]
    pub fn parse(name: &str) -> Option<Window> {
        if name == "all" {
            return Some(Window::All);
        }
        if let Some((_, period)) = Period::WINDOW_NAMES.iter().find(|(known, _)| *known == name) {
            return Some(Window::Calendar(*period));
        }
        let split = name.len().checked_sub(1).filter(|at| name.is_char_boundary(*at))?;
        let unit = match &name[split..] {
            "m" => MINUTE,
            "h" => HOUR,
            "d" => 24 * HOUR,
            _ => return None,
        };
        let number: i64 = name[..split].parse().ok()?;
        let length = number.checked_mul(unit)?;
        ((MINUTE..=Window::MAX_ROLLING_MS).contains(&length)
            && name.starts_with(|c: char| c.is_ascii_digit()))
        .then_some(Window::Rolling(length))
    }

    /// Returns the first millisecond that the window covers at `now`.
    #[must_use]
    pub fn start_time(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Window::Rolling(length) => {
                let step = Window::rolling_step_ms(length);
                Timestamp((now.0.saturating_sub(length)).div_euclid(step) * step)
            }
            Window::Calendar(period) => period.bounds_around(now, zone).0,
            Window::All => Timestamp(i64::MIN),
        }
    }

    /// Returns the first millisecond after the calendar window that contains `now`. Returns `None`
    /// for rolling windows and `all`.
    #[must_use]
    pub fn end_time(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Window::Calendar(period) => Some(period.bounds_around(now, zone).1),
            Window::Rolling(_) | Window::All => None,
        }
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Window::Calendar(period) => f.write_str(
                Period::WINDOW_NAMES
                    .iter()
                    .find(|(_, known)| known == period)
                    .map_or("", |(name, _)| name),
            ),
            Window::All => f.write_str("all"),
            Window::Rolling(length) if length % (24 * HOUR) == 0 && *length > 24 * HOUR => {
                write!(f, "{}d", length / (24 * HOUR))
            }
            Window::Rolling(length) if length % HOUR == 0 => write!(f, "{}h", length / HOUR),
            Window::Rolling(length) => write!(f, "{}m", length / MINUTE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("valid RFC 3339 time")
    }

    #[test]
    fn window_names_round_trip() {
        for (name, window) in [
            ("5m", Window::Rolling(300_000)),
            ("24h", Window::Rolling(86_400_000)),
            ("7d", Window::Rolling(604_800_000)),
            ("today", Window::Calendar(Period::Day)),
            ("interval15", Window::Calendar(Period::QuarterHour)),
            ("interval30", Window::Calendar(Period::HalfHour)),
            ("week", Window::Calendar(Period::Week)),
            ("month", Window::Calendar(Period::Month)),
            ("all", Window::All),
        ] {
            assert_eq!(Window::parse(name), Some(window));
            assert_eq!(window.to_string(), name);
        }
        for name in [
            "",
            "m",
            "5",
            "0m",
            "-5m",
            "5s",
            "999999999999999999h",
            "8d",
            "分",
            "interval",
            "interval60",
            "Today",
        ] {
            assert_eq!(Window::parse(name), None, "{name}");
        }
    }

    #[test]
    fn only_calendar_windows_have_an_end() {
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled time zone");
        let now = parse_time("2026-03-31T17:30:00Z");
        let month = Window::Calendar(Period::Month);
        assert_eq!(month.start_time(now, &zone), parse_time("2026-04-01T00:00:00+08:00"));
        assert_eq!(month.end_time(now, &zone), Some(parse_time("2026-05-01T00:00:00+08:00")));
        assert_eq!(
            (Window::Rolling(MINUTE).end_time(now, &zone), Window::All.end_time(now, &zone)),
            (None, None)
        );
    }

    #[test]
    fn rolling_window_moves_in_steps_and_covers_its_length() {
        let begin = Window::Rolling(5 * MINUTE)
            .start_time(parse_time("2026-03-01T08:10:07Z"), &TimeZone::UTC);
        assert_eq!(begin, parse_time("2026-03-01T08:05:00Z"));
    }
}
