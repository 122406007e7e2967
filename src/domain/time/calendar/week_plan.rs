//! Opening hours on local clocks: whole numbers of days and milliseconds, and no zone.
//!
//! Each date is worked out once, when the plan is made: what of the evening before goes on into it, and what begins on it.
//! After that a date stands for itself, weeks are multiplied, and only dates that differ from their week are looked up.

use crate::domain::time::calendar::{DAY, OpeningInterval};
use crate::domain::time::timestamp::MINUTE;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Opening hours of every date. Days are counted from 1970-01-01.
#[derive(Clone, Debug)]
pub(super) struct WeekPlan {
    week: [DayPlan; 7],
    /// The open milliseconds of a week.
    week_open_ms: i64,
    /// The dates that differ from their weekday.
    special_dates: BTreeMap<i64, DayPlan>,
}

/// One date.
#[derive(Clone, Debug)]
struct DayPlan {
    /// When it is open, in milliseconds after its midnight: in order and apart from each other.
    spans: Vec<(i64, i64)>,
    /// The open milliseconds.
    open_ms: i64,
    /// When its own hours begin, if it has any: the tail of a night shift makes no working day.
    opening: Option<i64>,
}

impl WeekPlan {
    pub(super) fn new(
        week: &[Vec<OpeningInterval>; 7],
        special: &BTreeMap<Date, Vec<OpeningInterval>>,
    ) -> WeekPlan {
        let special: BTreeMap<i64, &[OpeningInterval]> =
            special.iter().map(|(date, spans)| (day_number(*date), spans.as_slice())).collect();
        let hours = |day: i64| special.get(&day).copied().unwrap_or(&week[weekday_index(day)]);
        // A special date also changes the date behind it, into which its night shift would go.
        let touched = special.keys().flat_map(|day| [*day, *day + 1]);
        let special = touched.map(|day| (day, DayPlan::new(hours(day - 1), hours(day)))).collect();
        let week =
            std::array::from_fn(|weekday| DayPlan::new(&week[(weekday + 6) % 7], &week[weekday]));
        let week_open = week.iter().map(|day| day.open_ms).sum();
        WeekPlan { week, week_open_ms: week_open, special_dates: special }
    }

    /// Whether hours begin on a day.
    pub(super) fn is_workday(&self, day: i64) -> bool {
        self.opening_time(day).is_some()
    }

    /// When the hours of a day begin, in milliseconds after its midnight.
    pub(super) fn opening_time(&self, day: i64) -> Option<i64> {
        self.day_plan(day).opening
    }

    /// Whether it is open at a local time.
    pub(super) fn is_open(&self, local: i64) -> bool {
        let time = local.rem_euclid(DAY);
        self.day_plan(local.div_euclid(DAY))
            .spans
            .iter()
            .any(|(from, until)| (*from..*until).contains(&time))
    }

    /// The open milliseconds from one local time to another that is not earlier.
    pub(super) fn open_millis_between(&self, from: i64, until: i64) -> i64 {
        let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
        let before =
            |day: i64, local: i64| self.day_plan(day).open_millis_before(local - day * DAY);
        self.open_millis_of_days(first, last) + before(last, until) - before(first, from)
    }

    /// The earliest local time, not after `until`, at which so many open milliseconds have passed since `from`, at least
    /// one; or how many are still missing at `until`. It walks from day to day, so that a deadline costs what it is away.
    pub(super) fn time_after_open_millis(
        &self,
        from: i64,
        until: i64,
        millis: i64,
    ) -> Result<i64, i64> {
        let first = from.div_euclid(DAY);
        let passed = self.day_plan(first).open_millis_before(from - first * DAY);
        // Counted from the midnight before `from`.
        let mut left = millis.saturating_add(passed);
        for number in first..=until.div_euclid(DAY) {
            let (day, midnight) = (self.day_plan(number), number * DAY);
            if let Some(time) = day
                .time_after_open_millis(left)
                .map(|time| midnight + time)
                .filter(|time| *time <= until)
            {
                return Ok(time);
            }
            left -= day.open_millis_before(until - midnight);
        }
        Err(left)
    }

    /// The open milliseconds of the days from `first` on and before `last`.
    fn open_millis_of_days(&self, first: i64, last: i64) -> i64 {
        let weeks = (last - first) / 7;
        let usual: i64 = (first + weeks * 7..last).map(|day| self.usual_day(day).open_ms).sum();
        let special: i64 = self
            .special_dates
            .range(first..last)
            .map(|(day, special)| special.open_ms - self.usual_day(*day).open_ms)
            .sum();
        weeks * self.week_open_ms + usual + special
    }

    fn day_plan(&self, day: i64) -> &DayPlan {
        self.special_dates.get(&day).unwrap_or_else(|| self.usual_day(day))
    }

    fn usual_day(&self, day: i64) -> &DayPlan {
        &self.week[weekday_index(day)]
    }
}

impl DayPlan {
    /// A day from the hours of the day before and its own.
    fn new(before: &[OpeningInterval], own: &[OpeningInterval]) -> DayPlan {
        let whole = |span: &OpeningInterval| {
            (
                i64::from(span.from) * MINUTE,
                i64::from(span.until.min(span.from.saturating_add(1_440))) * MINUTE,
            )
        };
        let within = |(from, until): (i64, i64)| {
            Some((from.max(0), until.min(DAY))).filter(|(from, until)| from < until)
        };
        let tails = before
            .iter()
            .map(whole)
            .map(|(from, until)| (from - DAY, until - DAY))
            .filter_map(within);
        let heads: Vec<(i64, i64)> = own.iter().map(whole).filter_map(within).collect();
        let opening = heads.iter().map(|(from, _)| *from).min();
        let mut all: Vec<(i64, i64)> = tails.chain(heads).collect();
        all.sort_unstable();
        let mut spans: Vec<(i64, i64)> = Vec::with_capacity(all.len());
        for (from, until) in all {
            match spans.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => spans.push((from, until)),
            }
        }
        DayPlan { open_ms: spans.iter().map(|(from, until)| until - from).sum(), spans, opening }
    }

    /// The open milliseconds before a time of day; all of them if it lies beyond the day.
    fn open_millis_before(&self, time: i64) -> i64 {
        self.spans.iter().map(|(from, until)| (time.min(*until) - from).max(0)).sum()
    }

    /// The time of day before which so many milliseconds are open, if there are so many.
    fn time_after_open_millis(&self, millis: i64) -> Option<i64> {
        let mut left = millis;
        for (from, until) in &self.spans {
            if left <= until - from {
                return Some(from + left);
            }
            left -= until - from;
        }
        None
    }
}

/// A date as the number of days since 1970-01-01.
pub(super) fn day_number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// 0 is Monday; 1970-01-01 was a Thursday.
fn weekday_index(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}
