//! Opening hours on local clocks: whole numbers of days and milliseconds, and no zone.
//!
//! Each date is worked out once, when the plan is made: what of the evening before goes on into it, and what begins on it.
//! After that a date stands for itself, weeks are multiplied, and only dates that differ from their week are looked up.

use super::super::time::MINUTE;
use super::{DAY, Span};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Opening hours of every date. Days are counted from 1970-01-01.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    week: [Day; 7],
    /// The open milliseconds of a week.
    week_open: i64,
    /// The dates that differ from their weekday.
    special: BTreeMap<i64, Day>,
}

/// One date.
#[derive(Clone, Debug)]
struct Day {
    /// When it is open, in milliseconds after its midnight: in order and apart from each other.
    spans: Vec<(i64, i64)>,
    /// The open milliseconds.
    open: i64,
    /// When its own hours begin, if it has any: the tail of a night shift makes no working day.
    opening: Option<i64>,
}

impl Plan {
    pub(super) fn new(week: &[Vec<Span>; 7], special: &BTreeMap<Date, Vec<Span>>) -> Plan {
        let special: BTreeMap<i64, &[Span]> = special.iter().map(|(date, spans)| (number(*date), spans.as_slice())).collect();
        let hours = |day: i64| special.get(&day).copied().unwrap_or(&week[weekday(day)]);
        // A special date also changes the date behind it, into which its night shift would go.
        let touched = special.keys().flat_map(|day| [*day, *day + 1]);
        let special = touched.map(|day| (day, Day::new(hours(day - 1), hours(day)))).collect();
        let week = std::array::from_fn(|weekday| Day::new(&week[(weekday + 6) % 7], &week[weekday]));
        let week_open = week.iter().map(|day| day.open).sum();
        Plan { week, week_open, special }
    }

    /// Whether hours begin on a day.
    pub(super) fn works(&self, day: i64) -> bool {
        self.opening(day).is_some()
    }

    /// When the hours of a day begin, in milliseconds after its midnight.
    pub(super) fn opening(&self, day: i64) -> Option<i64> {
        self.day(day).opening
    }

    /// Whether it is open at a local time.
    pub(super) fn is_open(&self, local: i64) -> bool {
        let time = local.rem_euclid(DAY);
        self.day(local.div_euclid(DAY)).spans.iter().any(|(from, until)| (*from..*until).contains(&time))
    }

    /// The open milliseconds from one local time to another that is not earlier.
    pub(super) fn between(&self, from: i64, until: i64) -> i64 {
        let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
        let before = |day: i64, local: i64| self.day(day).before(local - day * DAY);
        self.whole_days(first, last) + before(last, until) - before(first, from)
    }

    /// The earliest local time, not after `until`, at which so many open milliseconds have passed since `from`, at least
    /// one; or how many are still missing at `until`. It walks from day to day, so that a deadline costs what it is away.
    pub(super) fn advance(&self, from: i64, until: i64, millis: i64) -> Result<i64, i64> {
        let first = from.div_euclid(DAY);
        let passed = self.day(first).before(from - first * DAY);
        // Counted from the midnight before `from`.
        let mut left = millis.saturating_add(passed);
        for number in first..=until.div_euclid(DAY) {
            let (day, midnight) = (self.day(number), number * DAY);
            if let Some(time) = day.reach(left).map(|time| midnight + time).filter(|time| *time <= until) {
                return Ok(time);
            }
            left -= day.before(until - midnight);
        }
        Err(left)
    }

    /// The open milliseconds of the days from `first` on and before `last`.
    fn whole_days(&self, first: i64, last: i64) -> i64 {
        let weeks = (last - first) / 7;
        let usual: i64 = (first + weeks * 7..last).map(|day| self.usual(day).open).sum();
        let special: i64 = self.special.range(first..last).map(|(day, special)| special.open - self.usual(*day).open).sum();
        weeks * self.week_open + usual + special
    }

    fn day(&self, day: i64) -> &Day {
        self.special.get(&day).unwrap_or_else(|| self.usual(day))
    }

    fn usual(&self, day: i64) -> &Day {
        &self.week[weekday(day)]
    }
}

impl Day {
    /// A day from the hours of the day before and its own.
    fn new(before: &[Span], own: &[Span]) -> Day {
        let whole = |span: &Span| (i64::from(span.from) * MINUTE, i64::from(span.until.min(span.from.saturating_add(1_440))) * MINUTE);
        let within = |(from, until): (i64, i64)| Some((from.max(0), until.min(DAY))).filter(|(from, until)| from < until);
        let tails = before.iter().map(whole).map(|(from, until)| (from - DAY, until - DAY)).filter_map(within);
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
        Day { open: spans.iter().map(|(from, until)| until - from).sum(), spans, opening }
    }

    /// The open milliseconds before a time of day; all of them if it lies beyond the day.
    fn before(&self, time: i64) -> i64 {
        self.spans.iter().map(|(from, until)| (time.min(*until) - from).max(0)).sum()
    }

    /// The time of day before which so many milliseconds are open, if there are so many.
    fn reach(&self, millis: i64) -> Option<i64> {
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
pub(super) fn number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// 0 is Monday; 1970-01-01 was a Thursday.
fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}
