//! Working calendars: when a service organisation is open, and deadlines that count only that.
//!
//! A moment is open if the local clock shows an open time then, and nothing else counts. So a day of 23 hours with opening
//! hours 00:00-24:00 is open for 23 hours, an hour that the clocks repeat is open twice, and one that they skip is not there.
//! The work is done where it is simple: between two changes of the clocks local time is time plus a constant, and there the
//! `plan` adds up whole weeks and special days in plain numbers.
//!
//! Opening hours belong to the day on which they begin: a night shift 22:00-06:00 of the day before a holiday is worked to
//! its end, and one of the holiday itself is not.

use self::local_time::{
    clamp_timestamp, first_moment_showing, local_millis, offset_until_change, to_jiff_timestamp,
};
use self::week_plan::WeekPlan;
use super::timestamp::{HOUR, Timestamp};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Milliseconds in a day of 24 hours.
const DAY: i64 = 24 * HOUR;

/// How far ahead a calendar looks, in days: ten years. What takes longer never comes.
const SEARCH_LIMIT_DAYS: i64 = 3_653;

/// Opening hours in minutes after the midnight with which their day begins; beyond 1440 they go on into the next day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OpeningInterval {
    /// The first open minute.
    pub from: u16,
    /// The minute of closing.
    pub until: u16,
}

/// When a service organisation is open.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its name, as in `field`.
    pub name: String,
    /// The zone of its clocks; without one they are those of the case's center, which every question brings along.
    pub time_zone: Option<TimeZone>,
    plan: WeekPlan,
}

impl Calendar {
    /// A calendar from the opening hours of each weekday, Monday first, and those of the dates that have their own: none for
    /// a holiday. Hours that overlap are open once; of hours longer than a day the first 24 hours count.
    #[must_use]
    pub fn new(
        name: String,
        time_zone: Option<TimeZone>,
        week: &[Vec<OpeningInterval>; 7],
        special: &BTreeMap<Date, Vec<OpeningInterval>>,
    ) -> Calendar {
        Calendar { name, time_zone, plan: WeekPlan::new(week, special) }
    }

    /// The zone of its clocks: its own, or else the given one.
    #[must_use]
    pub fn effective_zone<'a>(&'a self, otherwise: &'a TimeZone) -> &'a TimeZone {
        self.time_zone.as_ref().unwrap_or(otherwise)
    }

    /// Whether it is open at a moment.
    #[must_use]
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        self.plan.is_open(local_millis(at, self.effective_zone(zone)))
    }

    /// Whether opening hours begin on a date.
    #[must_use]
    pub fn is_workday(&self, date: Date) -> bool {
        self.plan.is_workday(week_plan::day_number(date))
    }

    /// The open milliseconds from `from` on and before `until`.
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

    /// The earliest moment at which so many open milliseconds have passed since `from`: `from` itself for none, and the
    /// closing rather than the next opening. `None` if that is more than ten years away.
    #[must_use]
    pub fn add_open_millis(
        &self,
        from: Timestamp,
        millis: i64,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let zone = self.effective_zone(zone);
        let (mut at, mut left) = (clamp_timestamp(from), millis);
        let limit = at.plus_millis(SEARCH_LIMIT_DAYS * DAY);
        while left > 0 {
            if at >= limit {
                return None;
            }
            let (offset, end) = offset_until_change(at, zone);
            let end = end.min(limit);
            match self.plan.time_after_open_millis(
                at.plus_millis(offset).0,
                end.plus_millis(offset).0,
                left,
            ) {
                Ok(time) => return Some(Timestamp(time).plus_millis(-offset)),
                Err(rest) => (at, left) = (end, rest),
            }
        }
        Some(at)
    }

    /// The same local time so many working days later. A day is a working day if opening hours begin on it; the time of day
    /// does not matter, so a report after closing counts from its own day. What comes in on any other day counts from the
    /// opening of the next working day. Where the clocks skip that time it is the moment of the skip, where they repeat it
    /// the first. `None` if that is more than ten years away.
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

    /// The end (24:00 local) of the last of so many full working days after the day of `from`: the end of that day itself for
    /// none. `None` if that is more than ten years away.
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

    /// The last of so many working days after a day; for none that day itself.
    fn nth_workday_after(&self, day: i64, count: u32) -> Option<i64> {
        let Some(others) = count.checked_sub(1) else { return Some(day) };
        let mut workdays =
            (day + 1..=day + SEARCH_LIMIT_DAYS).filter(|day| self.plan.is_workday(*day));
        workdays.nth(usize::try_from(others).ok()?)
    }
}

/// The end (24:00 local) of the day of `from`.
#[must_use]
pub fn end_of_day(from: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = local_millis(from, zone).div_euclid(DAY);
    first_moment_showing((today + 1) * DAY, zone).map_or(from, |end| end.max(from))
}

/// Whether the local clock shows an earlier time of day than `time`: "reported before 16:00".
#[must_use]
pub fn is_before_time_of_day(from: Timestamp, time: Time, zone: &TimeZone) -> bool {
    zone.to_datetime(to_jiff_timestamp(from)).time() < time
}

mod local_time;
#[cfg(test)]
mod tests;
mod week_plan;
