//! Opening hours in local time, as whole days and milliseconds without a time zone.
//!
//! Each date is resolved once, when the plan is built. A resolved date includes the night shift
//! that continues from the day before. Lookups then multiply whole weeks and correct only special
//! dates.

use crate::domain::time::calendar::{DAY, OpeningInterval};
use crate::domain::time::timestamp::MINUTE;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Opening hours of every date. Day numbers count from 1970-01-01.
#[derive(Clone, Debug)]
pub(super) struct WeekPlan {
    week: [DayPlan; 7],
    /// Open milliseconds of an ordinary week.
    week_open_ms: i64,
    /// Dates that differ from their weekday, by day number.
    special_dates: BTreeMap<i64, DayPlan>,
}

/// Opening hours of one date.
#[derive(Clone, PartialEq, Eq, Debug)]
struct DayPlan {
    /// Open intervals in milliseconds after midnight, ascending and disjoint.
    spans: Vec<(i64, i64)>,
    /// Open milliseconds of the date.
    open_ms: i64,
    /// Start of the date's own hours in milliseconds after midnight. `None` if it has none: the
    /// tail of a night shift makes no working day.
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
        // A night shift also changes the following date.
        let changed = special.keys().flat_map(|day| [*day, *day + 1]);
        let usual: [DayPlan; 7] =
            std::array::from_fn(|weekday| DayPlan::new(&week[(weekday + 6) % 7], &week[weekday]));
        let plans = changed.map(|day| (day, DayPlan::new(hours(day - 1), hours(day))));
        // Most holidays change nothing on the next day, and many fall on a closed weekday.
        let special = plans.filter(|(day, plan)| *plan != usual[weekday_index(*day)]).collect();
        let week = usual;
        let week_open = week.iter().map(|day| day.open_ms).sum();
        WeekPlan { week, week_open_ms: week_open, special_dates: special }
    }

    /// Returns true if opening hours begin on `day`.
    pub(super) fn is_workday(&self, day: i64) -> bool {
        self.opening_time(day).is_some()
    }

    /// Returns the start of the day's own hours in milliseconds after midnight, or `None` if it has
    /// none.
    pub(super) fn opening_time(&self, day: i64) -> Option<i64> {
        self.day_plan(day).opening
    }

    /// Returns true if `local` is open.
    pub(super) fn is_open(&self, local: i64) -> bool {
        let time = local.rem_euclid(DAY);
        self.day_plan(local.div_euclid(DAY))
            .spans
            .iter()
            .any(|(from, until)| (*from..*until).contains(&time))
    }

    /// Returns the open milliseconds in `from..until`. `until` must not be before `from`.
    pub(super) fn open_millis_between(&self, from: i64, until: i64) -> i64 {
        let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
        let before =
            |day: i64, local: i64| self.day_plan(day).open_millis_before(local - day * DAY);
        self.open_millis_of_days(first, last) + before(last, until) - before(first, from)
    }

    /// Returns the earliest local time up to `until` at which `millis` open milliseconds have
    /// passed since `from`. `millis` must be at least 1. The cost grows with the number of days
    /// between.
    ///
    /// # Errors
    /// Returns the open milliseconds still missing at `until` if they do not suffice.
    pub(super) fn time_after_open_millis(
        &self,
        from: i64,
        until: i64,
        millis: i64,
    ) -> Result<i64, i64> {
        let first = from.div_euclid(DAY);
        let passed = self.day_plan(first).open_millis_before(from - first * DAY);
        // `remaining` counts from the midnight before `from`.
        let mut remaining = millis.saturating_add(passed);
        for number in first..=until.div_euclid(DAY) {
            let (day, midnight) = (self.day_plan(number), number * DAY);
            if let Some(time) = day
                .time_after_open_millis(remaining)
                .map(|time| midnight + time)
                .filter(|time| *time <= until)
            {
                return Ok(time);
            }
            remaining -= day.open_millis_before(until - midnight);
        }
        Err(remaining)
    }

    /// Returns the open milliseconds of the days `first..last`.
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
    /// Resolves a day from the hours of the day before and its own hours.
    fn new(before: &[OpeningInterval], current: &[OpeningInterval]) -> DayPlan {
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
        let heads: Vec<(i64, i64)> = current.iter().map(whole).filter_map(within).collect();
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

    /// Returns the open milliseconds before `time`, and those of the whole day if it lies beyond
    /// the day.
    fn open_millis_before(&self, time: i64) -> i64 {
        self.spans.iter().map(|(from, until)| (time.min(*until) - from).max(0)).sum()
    }

    /// Returns the time of day at which `millis` open milliseconds have passed, or `None` if the
    /// day has fewer.
    fn time_after_open_millis(&self, millis: i64) -> Option<i64> {
        let mut remaining = millis;
        for (from, until) in &self.spans {
            if remaining <= until - from {
                return Some(from + remaining);
            }
            remaining -= until - from;
        }
        None
    }
}

/// Returns the number of days since 1970-01-01.
pub(super) fn day_number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// Returns 0 for Monday. 1970-01-01 was a Thursday.
fn weekday_index(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}
