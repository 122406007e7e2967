//! Bounds of the current windows in every time zone at the engine's current time.

use super::time_zones::TimeZones;
use super::timestamp::Timestamp;
use super::window::{LANES_PER_BANK, LaneCounts, MAX_WINDOWS, Window};

/// Bounds of a standard's windows at the current time. Unused lanes start at the end of time.
#[derive(Debug)]
pub struct WindowBounds {
    windows: Vec<Window>,
    zones: TimeZones,
    /// First millisecond covered, by zone and window.
    starts: Vec<[Timestamp; MAX_WINDOWS]>,
    /// First millisecond after each calendar window, by zone and window. The end of time for other
    /// windows.
    ends: Vec<[Timestamp; MAX_WINDOWS]>,
    /// Earliest end of any calendar window.
    next_end: Timestamp,
    /// Zone and window of each calendar window that lies within no other window of its zone.
    outermost_windows: Vec<(usize, usize)>,
    /// Latest start and latest end of the outermost windows. Most event times lie in all of them.
    outermost_bounds: (Timestamp, Timestamp),
}

impl WindowBounds {
    /// Creates the bounds before any time is reached.
    #[must_use]
    pub fn new(windows: &[Window], zones: &TimeZones) -> WindowBounds {
        let period = |window: &Window| {
            if let Window::Calendar(period) = window { Some(*period) } else { None }
        };
        let within = |inner: &Window, outer: &Window| {
            period(inner).zip(period(outer)).is_some_and(|(inner, outer)| inner.lies_within(outer))
        };
        let outermost = |window: &Window| {
            period(window).is_some() && !windows.iter().any(|other| within(window, other))
        };
        let lanes: Vec<usize> = windows
            .iter()
            .enumerate()
            .filter(|(_, window)| outermost(window))
            .map(|(lane, _)| lane)
            .collect();
        let zone_count = zones.all().len();
        let unreached = vec![[Timestamp(i64::MAX); MAX_WINDOWS]; zone_count];
        WindowBounds {
            windows: windows.to_vec(),
            zones: zones.clone(),
            starts: unreached.clone(),
            ends: unreached,
            next_end: Timestamp(i64::MIN),
            outermost_bounds: (Timestamp(i64::MIN), Timestamp(i64::MIN)),
            outermost_windows: (0..zone_count)
                .flat_map(|zone| lanes.iter().map(move |lane| (zone, *lane)))
                .collect(),
        }
    }

    /// Advances to `now`. Returns the zone and window of each calendar window that restarts.
    pub fn advance_to(&mut self, now: Timestamp) -> Vec<(usize, usize)> {
        for (lane, window) in self
            .windows
            .iter()
            .enumerate()
            .filter(|(_, window)| !matches!(window, Window::Calendar(_)))
        {
            // Rolling windows and `all` are the same in every zone.
            let begin = window.start_time(now, self.zones.get(0));
            self.starts.iter_mut().for_each(|starts| starts[lane] = begin);
        }
        let mut restarted = Vec::new();
        if now < self.next_end {
            return restarted;
        }
        self.next_end = Timestamp(i64::MAX);
        for (zone, zone_rules) in self.zones.all().iter().enumerate() {
            for (lane, window) in self.windows.iter().enumerate() {
                let Window::Calendar(period) = window else { continue };
                if now >= self.ends[zone][lane] || self.starts[zone][lane] > now {
                    (self.starts[zone][lane], self.ends[zone][lane]) =
                        period.bounds_around(now, zone_rules);
                    restarted.push((zone, lane));
                }
                self.next_end = self.next_end.min(self.ends[zone][lane]);
            }
        }
        let begin =
            self.outermost_windows.iter().map(|&(zone, lane)| self.starts[zone][lane]).max();
        let end = self.outermost_windows.iter().map(|&(zone, lane)| self.ends[zone][lane]).max();
        self.outermost_bounds =
            (begin.unwrap_or(Timestamp(i64::MIN)), end.unwrap_or(Timestamp(i64::MIN)));
        restarted
    }

    /// Returns the first millisecond of each window in a time zone.
    #[must_use]
    pub fn window_starts(&self, zone: usize) -> &[Timestamp; MAX_WINDOWS] {
        &self.starts[zone]
    }

    /// Returns the start of the pane that contains `time`, or `None` if no window of the zone covers
    /// it.
    ///
    /// Each window covers either both or none of two times with the same pane start, now and in
    /// future. `time` must not be after the current time.
    #[must_use]
    pub fn pane_start(&self, time: Timestamp, zone: usize) -> Option<Timestamp> {
        let covering = self.windows.iter().zip(&self.starts[zone]);
        let covering = covering.filter(|(_, start)| **start <= time);
        let pane = |(window, start): (&Window, &Timestamp)| match window {
            Window::Rolling(length) => {
                let step = Window::rolling_step_ms(*length);
                Timestamp(time.0.div_euclid(step) * step)
            }
            Window::Calendar(_) | Window::All => *start,
        };
        covering.map(pane).max()
    }

    /// Returns 1 in the lane of each window of the zone that has begun by `time`, otherwise 0.
    #[inline]
    #[must_use]
    pub fn window_mask<const BANKS: usize>(
        &self,
        time: Timestamp,
        zone: usize,
    ) -> [LaneCounts; BANKS] {
        let starts = &self.starts[zone];
        std::array::from_fn(|bank| {
            LaneCounts(std::array::from_fn(|lane| {
                i32::from(time >= starts[bank * LANES_PER_BANK + lane])
            }))
        })
    }

    /// Returns the earliest start of any calendar window in any zone. Returns the end of time
    /// without calendar windows.
    #[must_use]
    pub fn earliest_start(&self) -> Timestamp {
        self.outermost_windows
            .iter()
            .map(|&(zone, lane)| self.starts[zone][lane])
            .min()
            .unwrap_or(Timestamp(i64::MAX))
    }

    /// Returns the latest end of the calendar windows, in any zone, that cover `time`. Returns the
    /// beginning of time without calendar windows.
    ///
    /// The result depends on `time` alone. `time` must not be after the current time.
    #[must_use]
    pub fn last_window_end(&self, time: Timestamp) -> Timestamp {
        if time >= self.outermost_bounds.0 {
            return self.outermost_bounds.1;
        }
        let end = |&(zone, lane): &(usize, usize)| match self.windows[lane] {
            Window::Calendar(period) if time < self.starts[zone][lane] => {
                period.bounds_around(time, self.zones.get(zone)).1
            }
            _ => self.ends[zone][lane],
        };
        self.outermost_windows.iter().map(end).max().unwrap_or(Timestamp(i64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::{HOUR, MINUTE};
    use jiff::tz::TimeZone;

    fn parse_time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("valid RFC 3339 time")
    }

    fn parse_windows(names: &[&str]) -> Vec<Window> {
        names.iter().map(|name| Window::parse(name).expect("known window name")).collect()
    }

    fn two_zones() -> TimeZones {
        let zone = |name: &str| TimeZone::get(name).expect("bundled time zone");
        TimeZones::new(zone("Asia/Shanghai"))
            .with_dimension_zones(0, [("london".to_owned(), zone("Europe/London"))])
    }

    #[test]
    fn only_windows_of_the_zone_at_midnight_restart() {
        let mut current = WindowBounds::new(&parse_windows(&["5m", "today", "all"]), &two_zones());
        assert_eq!(current.advance_to(parse_time("2026-03-01T23:00:00+08:00")), [(0, 1), (1, 1)]);
        assert_eq!(current.advance_to(parse_time("2026-03-01T23:59:59.999+08:00")), []);
        assert_eq!(current.advance_to(parse_time("2026-03-02T00:00:00+08:00")), [(0, 1)]);
        assert_eq!(current.window_starts(0)[1], parse_time("2026-03-02T00:00:00+08:00"));
        assert_eq!(current.window_starts(1)[1], parse_time("2026-03-01T00:00:00Z"));
        let [mask] = current.window_mask::<1>(parse_time("2026-03-01T12:00:00Z"), 1);
        assert_eq!(mask.0, [0, 1, 1, 0, 0, 0, 0, 0]);
        let [mask] = current.window_mask::<1>(parse_time("2026-03-01T12:00:00Z"), 0);
        assert_eq!(mask.0, [0, 0, 1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn second_bank_holds_windows_from_the_ninth_on() {
        let names = ["1m", "2m", "3m", "4m", "5m", "6m", "7m", "8m", "9m", "today"];
        let mut current = WindowBounds::new(&parse_windows(&names), &two_zones());
        current.advance_to(parse_time("2026-03-01T12:00:00+08:00"));
        let [first, second] = current.window_mask::<2>(parse_time("2026-03-01T11:51:30+08:00"), 0);
        assert_eq!((first.0, second.0), ([0; 8], [1, 1, 0, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn last_window_end_does_not_depend_on_time_reached() {
        // The week of 30 March continues in April, and March ends later in London.
        let march = parse_time("2026-03-31T12:00:00Z");
        for (names, closes) in [
            (&["5m", "all"][..], None),
            (&["interval15"], Some("2026-03-31T12:15:00Z")),
            (&["interval15", "interval30"], Some("2026-03-31T12:30:00Z")),
            (&["today", "interval15"], Some("2026-04-01T00:00:00+01:00")),
            (&["today", "month"], Some("2026-04-01T00:00:00+01:00")),
            (&["week", "month"], Some("2026-04-06T00:00:00+01:00")),
        ] {
            let closes = closes.map_or(Timestamp(i64::MIN), parse_time);
            for later in [0, MINUTE, 2 * HOUR, 24 * HOUR, 40 * 24 * HOUR] {
                let mut current = WindowBounds::new(&parse_windows(names), &two_zones());
                current.advance_to(march.plus_millis(later));
                assert_eq!(current.last_window_end(march), closes, "{names:?} {later} ms later");
                assert_eq!(
                    march >= current.earliest_start(),
                    march.plus_millis(later) < closes,
                    "{names:?} {later} ms later"
                );
            }
        }
    }
}
