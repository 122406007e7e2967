//! Local time and working calendars, computed minute by minute. Slow on purpose and independent of
//! the engine.

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Time zone of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum CaseZone {
    Shanghai,
    Berlin,
}

/// Minutes of a UTC day by calendar, zone and day since 1970. True if the minute is open.
type OpenMinutes = BTreeMap<(OracleCalendar, CaseZone, i64), Rc<Vec<bool>>>;

thread_local! {
    static TIME_ZONES: [TimeZone; 2] = ["Asia/Shanghai", "Europe/Berlin"].map(|name| TimeZone::get(name).expect("a bundled zone"));
    static OPEN_MINUTES: RefCell<OpenMinutes> = RefCell::default();
}

/// Converts milliseconds since 1970 to local time.
pub(crate) fn local_time(at: i64, zone: CaseZone) -> DateTime {
    TIME_ZONES.with(|zones| {
        jiff::Timestamp::from_millisecond(at)
            .expect("a time")
            .to_zoned(zones[zone as usize].clone())
            .datetime()
    })
}

/// Returns the first instant at which the local clock shows or has skipped `local`, in milliseconds
/// since 1970. Searches minute by minute.
pub(crate) fn first_instant_at(local: DateTime, zone: CaseZone) -> i64 {
    let minute = local.with().second(0).subsec_nanosecond(0).build().expect("a whole minute");
    let earliest = match zone {
        CaseZone::Shanghai => 9 * HOUR,
        CaseZone::Berlin => 3 * HOUR,
    };
    let mut at =
        minute.to_zoned(TimeZone::UTC).expect("a time").timestamp().as_millisecond() - earliest;
    while local_time(at, zone) < minute {
        at += MINUTE;
    }
    let skipped = local_time(at, zone) > minute;
    let rest: SignedDuration = local.duration_since(minute);
    if skipped { at } else { at + i64::try_from(rest.as_millis()).expect("less than a minute") }
}

/// Returns the first instant of a date.
pub(crate) fn first_instant_of(date: Date, zone: CaseZone) -> i64 {
    first_instant_at(date.at(0, 0, 0, 0), zone)
}

/// The calendars of the standard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum OracleCalendar {
    Field,
    Night,
}

impl OracleCalendar {
    /// Returns the zone of the calendar for a case in `zone`.
    fn calendar_zone(self, zone: CaseZone) -> CaseZone {
        match self {
            OracleCalendar::Field => zone,
            OracleCalendar::Night => CaseZone::Berlin,
        }
    }

    /// Returns the opening hours that begin on a date, in minutes after midnight.
    fn opening_hours(self, day: Date) -> &'static [(i64, i64)] {
        const MONDAY: &[(i64, i64)] = &[(8 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)];
        let holidays = [date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3), date(2026, 3, 30)];
        match (self, day.weekday()) {
            (OracleCalendar::Night, _) if day == date(2026, 10, 24) => &[],
            (OracleCalendar::Night, _) => &[(22 * 60, 30 * 60)],
            (OracleCalendar::Field, _) if holidays.contains(&day) => &[],
            (OracleCalendar::Field, _) if day == date(2026, 10, 4) => MONDAY,
            (OracleCalendar::Field, Weekday::Sunday) => &[],
            (OracleCalendar::Field, Weekday::Saturday) => &[(9 * 60, 12 * 60)],
            (OracleCalendar::Field, _) => MONDAY,
        }
    }

    fn is_open(self, at: i64, zone: CaseZone) -> bool {
        let shown = local_time(at, zone);
        let minute = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
        let within = |day: Date, minute: i64| {
            self.opening_hours(day).iter().any(|(from, until)| (*from..*until).contains(&minute))
        };
        within(shown.date(), minute)
            || within(shown.date().yesterday().expect("a day before"), minute + 24 * 60)
    }

    /// Returns the minutes of a UTC day. True if the minute is open.
    fn open_minutes(self, day: i64, zone: CaseZone) -> Rc<Vec<bool>> {
        let known = OPEN_MINUTES.with_borrow(|open| open.get(&(self, zone, day)).cloned());
        known.unwrap_or_else(|| {
            let minutes: Rc<Vec<bool>> = Rc::new(
                (0..24 * 60)
                    .map(|minute| {
                        self.is_open(day * DAY + minute * MINUTE, self.calendar_zone(zone))
                    })
                    .collect(),
            );
            OPEN_MINUTES.with_borrow_mut(|open| open.insert((self, zone, day), minutes.clone()));
            minutes
        })
    }

    /// Calls `visit` with each open span of at most a minute after `from` until it returns a value.
    ///
    /// # Panics
    ///
    /// If `visit` returns nothing for a thousand days.
    fn walk_open_time<R>(
        self,
        from: i64,
        zone: CaseZone,
        mut visit: impl FnMut(i64, i64) -> Option<R>,
    ) -> R {
        for day in from.div_euclid(DAY)..from.div_euclid(DAY) + 1_000 {
            for (minute, _) in
                self.open_minutes(day, zone).iter().enumerate().filter(|(_, open)| **open)
            {
                let begin = day * DAY + minute as i64 * MINUTE;
                if begin + MINUTE > from
                    && let Some(found) = visit(begin.max(from), begin + MINUTE)
                {
                    return found;
                }
            }
        }
        panic!("no result within a thousand days");
    }

    /// Returns the open milliseconds between two instants.
    pub(crate) fn open_millis_between(self, from: i64, until: i64, zone: CaseZone) -> i64 {
        let mut open = 0;
        self.walk_open_time(from, zone, |begin, end| {
            open += (end.min(until) - begin).max(0);
            (end >= until).then_some(())
        });
        open
    }

    /// Returns the instant at which `millis` of open time have passed since `from`.
    pub(crate) fn after_open_millis(self, from: i64, millis: i64, zone: CaseZone) -> i64 {
        let mut left = millis;
        if left == 0 {
            return from;
        }
        self.walk_open_time(from, zone, |begin, end| {
            if left <= end - begin {
                return Some(begin + left);
            }
            left -= end - begin;
            None
        })
    }

    pub(crate) fn is_workday(self, day: Date) -> bool {
        !self.opening_hours(day).is_empty()
    }

    fn workday_after(self, day: Date, count: u32) -> Date {
        let (mut day, mut left) = (day, count);
        while left > 0 {
            day = day.tomorrow().expect("a day after");
            left -= u32::from(self.is_workday(day));
        }
        day
    }

    /// Returns the same time of day `days` working days later. A start on a day off counts as the
    /// opening of the next working day.
    pub(crate) fn after_workdays(self, from: i64, days: u32, zone: CaseZone) -> i64 {
        let zone = self.calendar_zone(zone);
        let mut start = local_time(from, zone);
        if !self.is_workday(start.date()) {
            let day = self.workday_after(start.date(), 1);
            start = day.at(0, 0, 0, 0) + self.opening_hours(day)[0].0.minutes();
        }
        first_instant_at(self.workday_after(start.date(), days).to_datetime(start.time()), zone)
    }

    /// Returns the end of the last of `days` full working days after the day of `from`.
    pub(crate) fn end_of_full_workdays(self, from: i64, days: u32, zone: CaseZone) -> i64 {
        let zone = self.calendar_zone(zone);
        let last = self.workday_after(local_time(from, zone).date(), days);
        first_instant_of(last.tomorrow().expect("a day after"), zone)
    }
}
