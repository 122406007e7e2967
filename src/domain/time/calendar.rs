//! Working calendars: opening hours of a service organization, and deadlines counted in open time.
//!
//! A moment is open if the local clock shows an open time then. Daylight saving changes follow from
//! that. A day of 23 hours with opening hours 00:00-24:00 is open for 23 hours. A repeated hour
//! counts twice, and a skipped hour does not count.
//!
//! Between two changes of the UTC offset, local time is UTC plus a constant. There
//! the `week_plan` module adds up whole weeks and special days in plain integers.
//!
//! Opening hours belong to the day on which they begin. A night shift 22:00-06:00 that begins on
//! the day before a holiday runs to its end. One that begins on the holiday is not worked.

use self::local_time::{
    clamp_timestamp, first_moment_showing, local_millis, offset_until_change, to_jiff_timestamp,
};
use self::week_plan::WeekPlan;
use super::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Milliseconds in a day of 24 hours.
const DAY: i64 = 24 * HOUR;

/// Search limit for deadlines in days: ten years. Later deadlines count as never reached.
const SEARCH_LIMIT_DAYS: i64 = 3_653;

/// Opening hours in minutes after midnight of the day on which they begin. Values above 1440 extend
/// into the next day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OpeningInterval {
    /// The first open minute.
    pub from: u16,
    /// The minute of closing.
    pub until: u16,
}

/// Working calendar of a service organization: weekly opening hours and special dates.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Name, as in `field`.
    pub name: String,
    /// Time zone of the opening hours. `None` uses the time zone of the case's center, which
    /// callers pass.
    pub time_zone: Option<TimeZone>,
    /// Last day of the last year with holidays. `None` if the calendar has none, or if some repeat
    /// without end.
    pub last_day: Option<Date>,
    plan: WeekPlan,
}

impl Calendar {
    /// Creates a calendar from the opening hours of each weekday, Monday first, and of special
    /// dates.
    ///
    /// An empty list in `special` marks a holiday. Overlapping hours count once. Of hours longer
    /// than a day only the first 24 hours count.
    #[must_use]
    pub fn new(
        name: String,
        time_zone: Option<TimeZone>,
        week: &[Vec<OpeningInterval>; 7],
        special: &BTreeMap<Date, Vec<OpeningInterval>>,
    ) -> Calendar {
        Calendar { name, time_zone, last_day: None, plan: WeekPlan::new(week, special) }
    }

    /// Returns the calendar with this last day of its holidays.
    #[must_use]
    pub fn with_last_day(self, last_day: Option<Date>) -> Calendar {
        Calendar { last_day, ..self }
    }

    /// Returns the time at which the holidays end: midnight after the last day. `None` if they do
    /// not end. `zone` is used if the calendar has no time zone of its own.
    #[must_use]
    pub fn end_time(&self, zone: &TimeZone) -> Option<Timestamp> {
        let end = week_plan::day_number(self.last_day?) + 1;
        first_moment_showing(end * DAY, self.effective_zone(zone))
    }

    /// Returns the calendar's own time zone, or `otherwise` if it has none.
    #[must_use]
    pub fn effective_zone<'a>(&'a self, otherwise: &'a TimeZone) -> &'a TimeZone {
        self.time_zone.as_ref().unwrap_or(otherwise)
    }

    /// Returns true if the calendar is open at `at`.
    #[must_use]
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        self.plan.is_open(local_millis(at, self.effective_zone(zone)))
    }

    /// Returns true if opening hours begin on `date`.
    #[must_use]
    pub fn is_workday(&self, date: Date) -> bool {
        self.plan.is_workday(week_plan::day_number(date))
    }

    /// Returns the open milliseconds in `from..until`. Returns 0 if `until` is not after `from`.
    #[must_use]
    pub fn open_millis_between(&self, from: Timestamp, until: Timestamp, zone: &TimeZone) -> i64 {
        let zone = self.effective_zone(zone);
        let (mut at, until, mut open) = (clamp_timestamp(from), clamp_timestamp(until), 0);
        while at < until {
            let (offset, end) = offset_until_change(at, zone);
            let end = end.min(until);
            open +=
                self.plan.open_millis_between(at.plus_millis(offset).0, end.plus_millis(offset).0);
            at = end;
        }
        open
    }

    /// Returns the earliest time at which `millis` open milliseconds have passed since `from`.
    ///
    /// Returns `from` if `millis` is not positive. If open time ends exactly then, returns the
    /// closing time and not the next opening. Returns `None` if the result is more than ten years
    /// away.
    #[must_use]
    pub fn add_open_millis(
        &self,
        from: Timestamp,
        millis: i64,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let zone = self.effective_zone(zone);
        let (mut at, mut remaining) = (clamp_timestamp(from), millis);
        let limit = at.plus_millis(SEARCH_LIMIT_DAYS * DAY);
        while remaining > 0 {
            if at >= limit {
                return None;
            }
            let (offset, end) = offset_until_change(at, zone);
            let end = end.min(limit);
            match self.plan.time_after_open_millis(
                at.plus_millis(offset).0,
                end.plus_millis(offset).0,
                remaining,
            ) {
                Ok(time) => return Some(Timestamp(time).plus_millis(-offset)),
                Err(rest) => (at, remaining) = (end, rest),
            }
        }
        Some(at)
    }

    /// Returns the same local time `days` working days after `from`.
    ///
    /// A working day is a day on which opening hours begin. The time of day does not matter, so a
    /// report after closing counts from its own day. A report on a non-working day counts from the
    /// opening of the next working day. If the clocks skip the resulting local time, returns the
    /// moment of the skip. If they repeat it, returns the first occurrence. Returns `None` beyond
    /// ten years.
    #[must_use]
    pub fn add_working_days(
        &self,
        from: Timestamp,
        days: u32,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let zone = self.effective_zone(zone);
        let now = local_millis(from, zone);
        let (today, time) = (now.div_euclid(DAY), now.rem_euclid(DAY));
        match (self.plan.opening_time(today), days) {
            (Some(_), 0) => Some(from),
            (Some(_), _) => {
                first_moment_showing(self.nth_workday_after(today, days)? * DAY + time, zone)
            }
            (None, _) => {
                let first = self.nth_workday_after(today, 1)?;
                let opening = self.plan.opening_time(first)?;
                first_moment_showing(self.nth_workday_after(first, days)? * DAY + opening, zone)
            }
        }
    }

    /// Returns the end (24:00 local) of the last of `days` full working days after the day of
    /// `from`.
    ///
    /// With 0 days that is the end of the day of `from`. Returns `None` beyond ten years.
    #[must_use]
    pub fn add_full_working_days(
        &self,
        from: Timestamp,
        days: u32,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let zone = self.effective_zone(zone);
        let today = local_millis(from, zone).div_euclid(DAY);
        let end = first_moment_showing((self.nth_workday_after(today, days)? + 1) * DAY, zone)?;
        Some(end.max(from))
    }

    /// Returns `at` on the day of `from` if that is a working day and the local time is before
    /// `before`, otherwise `next_at` on the next working day.
    ///
    /// If the clocks skip the resulting local time, returns the moment of the skip. If they repeat
    /// it, returns the first occurrence. Returns `None` beyond ten years.
    #[must_use]
    pub fn time_of_day_deadline(
        &self,
        from: Timestamp,
        (before, at): (Time, Time),
        next_at: Time,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let zone = self.effective_zone(zone);
        let now = local_millis(from, zone);
        let today = now.div_euclid(DAY);
        let is_same_day =
            self.plan.is_workday(today) && now.rem_euclid(DAY) < millis_of_day(before);
        let (day, time) =
            if is_same_day { (today, at) } else { (self.nth_workday_after(today, 1)?, next_at) };
        first_moment_showing(day * DAY + millis_of_day(time), zone)
    }

    /// Returns the `count`th working day after `day`, or `day` itself if `count` is 0.
    fn nth_workday_after(&self, day: i64, count: u32) -> Option<i64> {
        let Some(earlier_days) = count.checked_sub(1) else { return Some(day) };
        let mut workdays =
            (day + 1..=day + SEARCH_LIMIT_DAYS).filter(|day| self.plan.is_workday(*day));
        workdays.nth(usize::try_from(earlier_days).ok()?)
    }
}

/// Returns the end (24:00 local) of the day of `from`.
#[must_use]
pub fn end_of_day(from: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = local_millis(from, zone).div_euclid(DAY);
    first_moment_showing((today + 1) * DAY, zone).map_or(from, |end| end.max(from))
}

/// Returns `at` on the day of `from` if the local time is before `before`, otherwise `next_at` on the
/// next day. As [`Calendar::time_of_day_deadline`] without a calendar.
#[must_use]
pub fn time_of_day_deadline(
    from: Timestamp,
    (before, at): (Time, Time),
    next_at: Time,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let now = local_millis(from, zone);
    let today = now.div_euclid(DAY);
    let (day, time) = if now.rem_euclid(DAY) < millis_of_day(before) {
        (today, at)
    } else {
        (today + 1, next_at)
    };
    first_moment_showing(day * DAY + millis_of_day(time), zone)
}

/// Returns the milliseconds from midnight to a time of day.
fn millis_of_day(time: Time) -> i64 {
    i64::from(time.hour()) * HOUR
        + i64::from(time.minute()) * MINUTE
        + i64::from(time.second()) * SECOND
        + i64::from(time.millisecond())
}

/// Returns true if the local time of day of `from` is before `time`, as in "reported before 16:00".
#[must_use]
pub fn is_before_time_of_day(from: Timestamp, time: Time, zone: &TimeZone) -> bool {
    zone.to_datetime(to_jiff_timestamp(from)).time() < time
}

mod local_time;
#[cfg(test)]
mod tests;
mod week_plan;
