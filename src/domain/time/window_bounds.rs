//! The current windows: where each begins in every time zone when the core has reached a certain time, and until when the
//! calendar ones last.

use super::time_zones::TimeZones;
use super::timestamp::Timestamp;
use super::window::{LANES_PER_BANK, LaneCounts, MAX_WINDOWS, Window};

/// The windows of a standard at the time reached. Windows that there are not begin after all time.
#[derive(Debug)]
pub struct WindowBounds {
    windows: Vec<Window>,
    zones: TimeZones,
    /// By zone and window, the first millisecond covered.
    starts: Vec<[Timestamp; MAX_WINDOWS]>,
    /// By zone and window, the first millisecond after a calendar window; of others the end of time.
    ends: Vec<[Timestamp; MAX_WINDOWS]>,
    /// When the first of the calendar windows ends.
    next_end: Timestamp,
    /// The zones and windows of the calendar windows that do not lie within another of their zone.
    outermost_windows: Vec<(usize, usize)>,
    /// The latest beginning of those, and their latest end: most of what happens lies in all of them.
    outermost_bounds: (Timestamp, Timestamp),
}

impl WindowBounds {
    /// No time is reached yet.
    #[must_use]
    pub fn new(windows: &[Window], zones: &TimeZones) -> WindowBounds {
        let period = |window: &Window| {
            if let Window::Calendar(period) = window { Some(*period) } else { None }
        };
        let within = |one: &Window, other: &Window| {
            period(one).zip(period(other)).is_some_and(|(one, other)| one.lies_within(other))
        };
        let longest = |window: &Window| {
            period(window).is_some() && !windows.iter().any(|other| within(window, other))
        };
        let lanes: Vec<usize> = windows
            .iter()
            .enumerate()
            .filter(|(_, window)| longest(window))
            .map(|(lane, _)| lane)
            .collect();
        let many = zones.all().len();
        let never = vec![[Timestamp(i64::MAX); MAX_WINDOWS]; many];
        WindowBounds {
            windows: windows.to_vec(),
            zones: zones.clone(),
            starts: never.clone(),
            ends: never,
            next_end: Timestamp(i64::MIN),
            outermost_bounds: (Timestamp(i64::MIN), Timestamp(i64::MIN)),
            outermost_windows: (0..many)
                .flat_map(|zone| lanes.iter().map(move |lane| (zone, *lane)))
                .collect(),
        }
    }

    /// Moves on to `now`; the zones and windows of the calendar windows that begin anew.
    pub fn advance_to(&mut self, now: Timestamp) -> Vec<(usize, usize)> {
        for (lane, window) in self
            .windows
            .iter()
            .enumerate()
            .filter(|(_, window)| !matches!(window, Window::Calendar(_)))
        {
            // These are the same in every zone.
            let begin = window.start_time(now, self.zones.get(0));
            self.starts.iter_mut().for_each(|begins| begins[lane] = begin);
        }
        let mut anew = Vec::new();
        if now < self.next_end {
            return anew;
        }
        self.next_end = Timestamp(i64::MAX);
        for (zone, place) in self.zones.all().iter().enumerate() {
            for (lane, window) in self.windows.iter().enumerate() {
                let Window::Calendar(period) = window else { continue };
                if now >= self.ends[zone][lane] || self.starts[zone][lane] > now {
                    (self.starts[zone][lane], self.ends[zone][lane]) =
                        period.bounds_around(now, place);
                    anew.push((zone, lane));
                }
                self.next_end = self.next_end.min(self.ends[zone][lane]);
            }
        }
        let begin =
            self.outermost_windows.iter().map(|&(zone, lane)| self.starts[zone][lane]).max();
        let end = self.outermost_windows.iter().map(|&(zone, lane)| self.ends[zone][lane]).max();
        self.outermost_bounds =
            (begin.unwrap_or(Timestamp(i64::MIN)), end.unwrap_or(Timestamp(i64::MIN)));
        anew
    }

    /// The first millisecond of each window in a time zone.
    #[must_use]
    pub fn window_starts(&self, zone: usize) -> &[Timestamp; MAX_WINDOWS] {
        &self.starts[zone]
    }

    /// Which windows of a time zone a moment lies in: 1 for each that it does.
    #[inline]
    #[must_use]
    pub fn window_mask<const BANKS: usize>(
        &self,
        time: Timestamp,
        zone: usize,
    ) -> [LaneCounts; BANKS] {
        let begins = &self.starts[zone];
        std::array::from_fn(|bank| {
            LaneCounts(std::array::from_fn(|lane| {
                i32::from(time >= begins[bank * LANES_PER_BANK + lane])
            }))
        })
    }

    /// The first millisecond that some calendar window covers, of whatever zone; the end of time if there is none.
    #[must_use]
    pub fn earliest_start(&self) -> Timestamp {
        self.outermost_windows
            .iter()
            .map(|&(zone, lane)| self.starts[zone][lane])
            .min()
            .unwrap_or(Timestamp(i64::MAX))
    }

    /// When the last of the calendar windows that cover `time` ends, of whatever zone; the beginning of time if there is none.
    /// It is a function of `time` alone, which must not lie ahead of the time reached.
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
        Timestamp::parse(text).expect("a good time")
    }

    fn parse_windows(names: &[&str]) -> Vec<Window> {
        names.iter().map(|name| Window::parse(name).expect("a window")).collect()
    }

    fn two_zones() -> TimeZones {
        let zone = |name: &str| TimeZone::get(name).expect("a bundled zone");
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
        // The week of the 30th of March goes on in April, the month of March ends later in London.
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
