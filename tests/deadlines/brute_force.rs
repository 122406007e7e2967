//! Clocks computed by walking every minute. Slow on purpose. Shares no code with the engine.
//!
//! - The clock counts the minutes in which the calendar is open and no excused pause lasts.
//! - An amount of time ends when so many minutes are counted.
//! - A deadline at a fixed time moves by one open minute for each open minute of an excused pause
//!   that began before it, and never lies within such a pause.
//! - A warning comes at the first moment at which its share is used or its rest is left.

use super::plan::{DeadlinePlan, Pause, PlannedCalendar, PlannedCommitment, Rule, Warning};
use super::zones::{FIRST_MINUTE, MINUTE_COUNT, with_local_minutes};

const MS: i64 = 60_000;

/// What is compared. Times are milliseconds since 1970.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ExpectedClock {
    pub(crate) deadline: Option<i64>,
    pub(crate) state: String,
    pub(crate) allowed_ms: Option<i64>,
    pub(crate) used_ms: i64,
    pub(crate) net_ms: i64,
    pub(crate) is_counting: bool,
    /// Labels of the warnings given, sorted.
    pub(crate) warned: Vec<String>,
}

/// Returns the clock of each commitment.
pub(crate) fn expected_clocks(plan: &DeadlinePlan) -> Vec<Option<ExpectedClock>> {
    with_local_minutes(plan.calendar.zone, |local| {
        let days = OpenDays::new(&plan.calendar);
        let open: Vec<bool> = local.iter().map(|minute| days.is_open(*minute)).collect();
        let always = vec![true; MINUTE_COUNT];
        let walk = |commitment: &PlannedCommitment| {
            let open = if commitment.uses_calendar { &open } else { &always };
            Some(Walker::new(plan, local, &days, open).clock(commitment))
        };
        plan.commitments.iter().map(walk).collect()
    })
}

/// Hours of each local day that the tables touch. The first is the day before the tables start.
struct OpenDays {
    days: Vec<Vec<(i64, i64)>>,
}

impl OpenDays {
    fn new(calendar: &PlannedCalendar) -> OpenDays {
        let hours = |day: i64| {
            let special = calendar.workdays.iter().find(|(date, _)| *date == day);
            match special {
                Some((_, hours)) => hours.clone(),
                None if calendar.holidays.contains(&day) => Vec::new(),
                // 2026-02-20 was a Friday.
                None => calendar.week[(day + 4).rem_euclid(7) as usize].clone(),
            }
        };
        OpenDays { days: (-2..MINUTE_COUNT as i64 / 1_440 + 2).map(hours).collect() }
    }

    fn hours(&self, day: i64) -> &[(i64, i64)] {
        &self.days[(day + 2) as usize]
    }

    /// Returns true if the calendar is open in a local minute.
    fn is_open(&self, local: i64) -> bool {
        let minute = local - FIRST_MINUTE;
        let (day, time) = (minute.div_euclid(1_440), minute.rem_euclid(1_440));
        let within = |day: i64, time: i64| {
            self.hours(day).iter().any(|(from, until)| (*from..*until).contains(&time))
        };
        within(day, time) || within(day - 1, time + 1_440)
    }
}

struct Walker<'a> {
    plan: &'a DeadlinePlan,
    local: &'a [i64],
    days: &'a OpenDays,
    open: &'a [bool],
    /// Pauses that the clock sees, up to the resolution.
    pauses: Vec<Pause>,
    /// Those that stop the clock.
    excused: Vec<Pause>,
}

impl<'a> Walker<'a> {
    fn new(
        plan: &'a DeadlinePlan,
        local: &'a [i64],
        days: &'a OpenDays,
        open: &'a [bool],
    ) -> Walker<'a> {
        let seen = plan.pauses.iter();
        let pauses: Vec<Pause> =
            seen.map(|pause| Pause { end: pause.end.or(plan.resolved), ..*pause }).collect();
        let excused = pauses.iter().filter(|pause| pause.is_excused).copied().collect();
        Walker { plan, local, days, open, pauses, excused }
    }

    fn is_open(&self, minute: i64) -> bool {
        self.open[minute as usize]
    }

    /// Returns the minute at which an excused pause began that never ends, if it lasts at `minute`.
    fn stopped_since(&self, minute: i64) -> Option<i64> {
        let last = self.excused.last()?;
        (last.end.is_none() && last.begin <= minute).then_some(last.begin)
    }

    /// Returns true if a minute counts: the calendar is open and no pause of the list lasts.
    fn counts(&self, minute: i64, pauses: &[Pause]) -> bool {
        let lasts =
            |pause: &Pause| pause.begin <= minute && pause.end.is_none_or(|end| minute < end);
        self.is_open(minute) && !pauses.iter().any(lasts)
    }

    /// Returns the minutes from `from` to `until` that count.
    fn count(&self, from: i64, until: i64, pauses: &[Pause]) -> i64 {
        (from..until).filter(|minute| self.counts(*minute, pauses)).count() as i64
    }

    /// Returns the moment at which so many milliseconds are counted; an error with the start of the
    /// pause if the clock is stopped before.
    fn moment_after(&self, from: i64, millis: i64) -> Result<i64, i64> {
        let mut left = millis;
        if left <= 0 {
            return Ok(from * MS);
        }
        for minute in from.. {
            if let Some(since) = self.stopped_since(minute) {
                return Err(since);
            }
            if self.counts(minute, &self.excused) {
                if left <= MS {
                    return Ok(minute * MS + left);
                }
                left -= MS;
            }
        }
        unreachable!("the calendar opens within the table")
    }

    /// Returns the first minute whose local clock shows this day and time or later.
    fn first_showing(&self, day: i64, time: i64) -> i64 {
        let wanted = FIRST_MINUTE + day * 1_440 + time;
        self.local.iter().position(|local| *local >= wanted).expect("a minute of the table") as i64
    }

    fn nth_workday_after(&self, day: i64, count: u32) -> i64 {
        let (mut day, mut left) = (day, count);
        while left > 0 {
            day += 1;
            left -= u32::from(!self.days.hours(day).is_empty());
        }
        day
    }

    /// Returns the minute that a rule names; `None` for an amount of time.
    fn fixed_minute(&self, rule: Rule) -> Option<i64> {
        let opened = self.plan.opened;
        let shown = self.local[opened as usize] - FIRST_MINUTE;
        let (day, time) = (shown.div_euclid(1_440), shown.rem_euclid(1_440));
        let minute = match rule {
            Rule::Within(_) => return None,
            Rule::Due => self.plan.due,
            Rule::Appointment => self.plan.appointment,
            Rule::Before(before, _) if time < before => self.first_showing(day + 1, 0),
            Rule::Before(_, otherwise) => opened + otherwise,
            Rule::FullDays(count) => self.first_showing(self.nth_workday_after(day, count) + 1, 0),
            Rule::WorkingDays(count) if !self.days.hours(day).is_empty() => {
                self.first_showing(self.nth_workday_after(day, count), time)
            }
            Rule::WorkingDays(count) => {
                let first = self.nth_workday_after(day, 1);
                let opening =
                    self.days.hours(first).iter().map(|(from, _)| *from).min().unwrap_or(0);
                self.first_showing(self.nth_workday_after(first, count), opening)
            }
        };
        Some(minute)
    }

    /// Moves a deadline by the pauses that begin before it.
    fn moved(&self, fixed: i64) -> Result<i64, i64> {
        let mut deadline = fixed;
        for pause in &self.excused {
            if pause.begin >= deadline {
                break;
            }
            let end = pause.end.ok_or(pause.begin)?;
            for minute in pause.begin..end {
                if self.is_open(minute) {
                    while !self.is_open(deadline) {
                        deadline += 1;
                    }
                    deadline += 1;
                }
            }
            deadline = deadline.max(end);
        }
        Ok(deadline * MS)
    }

    fn clock(&self, commitment: &PlannedCommitment) -> ExpectedClock {
        let DeadlinePlan { opened, now, resolved, .. } = *self.plan;
        let (allowed, ends) = match (commitment.rule, self.fixed_minute(commitment.rule)) {
            (_, Some(fixed)) => (self.count(opened, fixed, &[]) * MS, self.moved(fixed)),
            (Rule::Within(minutes), None) => {
                (minutes * MS, self.moment_after(opened, minutes * MS))
            }
            _ => unreachable!("other rules name a time"),
        };
        let before = |left: i64| match (commitment.counts_wall_time, ends) {
            (true, Ok(deadline)) => Some((deadline - left).max(opened * MS)),
            (true, Err(_)) => None,
            (false, _) => self.moment_after(opened, allowed - left).ok(),
        };
        let end = resolved.unwrap_or(now);
        let is_given = |at: i64| at <= now * MS && resolved.is_none_or(|end| at < end * MS);
        let mut warned: Vec<String> = commitment
            .warnings
            .iter()
            .filter(|warning| {
                let at = match warning {
                    Warning::Percent(percent) => {
                        self.moment_after(opened, allowed * percent / 100).ok()
                    }
                    Warning::Minutes(minutes) => before(minutes * MS),
                };
                at.is_some_and(is_given)
            })
            .map(|warning| warning.label())
            .collect();
        warned.sort();
        let soon = commitment.due_soon.and_then(|minutes| before(minutes * MS));
        let state = match (ends, resolved) {
            (Ok(deadline), Some(end)) if end * MS > deadline => "missed".to_owned(),
            (_, Some(_)) => "kept".to_owned(),
            (Err(since), None) => format!("stopped since {}", FIRST_MINUTE + since),
            (Ok(deadline), None) if deadline <= now * MS => "overdue".to_owned(),
            (Ok(_), None) if soon.is_some_and(|soon| soon <= now * MS) => "due_soon".to_owned(),
            (Ok(_), None) => "running".to_owned(),
        };
        let runs = resolved.is_none() && ends.is_ok();
        ExpectedClock {
            deadline: ends.ok().map(|deadline| FIRST_MINUTE * MS + deadline),
            state,
            allowed_ms: Some(allowed),
            used_ms: self.count(opened, end, &self.excused) * MS,
            net_ms: self.count(opened, end, &self.pauses) * MS,
            is_counting: runs && self.is_open(now),
            warned,
        }
    }
}
