//! Computation of deadlines from a deadline rule, the start of the clock and its pauses.

use crate::domain::cases::context::NamedTimes;
use crate::domain::standard::{DeadlineRule, Standard};
use crate::domain::time::calendar::{end_of_day, is_before_time_of_day, time_of_day_deadline};
use crate::domain::time::timestamp::Timestamp;
use jiff::tz::TimeZone;

/// Period in which a clock is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PauseSpan {
    /// Start of the period.
    pub(super) begin: Timestamp,
    /// End of the period; `None` while it lasts.
    pub(super) end: Option<Timestamp>,
}

/// Outcome of running a clock from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeadlineClock {
    /// The clock reaches the deadline at this time, unless it is stopped before.
    EndsAt(Timestamp),
    /// The clock has been stopped since this time, so that there is no deadline.
    StoppedSince(Timestamp),
    /// The calendar never opens again, so that there is no deadline.
    Never,
}

impl DeadlineClock {
    /// Returns the deadline; `None` if the clock is stopped or the calendar never opens again.
    #[must_use]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            DeadlineClock::EndsAt(deadline) => Some(*deadline),
            DeadlineClock::StoppedSince(_) | DeadlineClock::Never => None,
        }
    }
}

/// Deadline rule with the data of the case that it needs.
///
/// The clock counts the open time of the rule's calendar. Without a calendar it counts all hours.
#[derive(Clone, Copy)]
pub(super) struct CaseDeadlineRule<'a> {
    kind: DeadlineKind,
    /// Index of the calendar; `None` counts all hours.
    calendar: Option<usize>,
    standard: &'a Standard,
    /// Time zone of the case.
    zone: &'a TimeZone,
}

#[derive(Clone, Copy)]
enum DeadlineKind {
    /// Amount of open time in milliseconds.
    Amount(i64),
    /// Time named by an event.
    NamedTime(Timestamp),
    /// Time that follows from the start of the clock.
    DerivedTime(DeadlineRule),
}

impl<'a> CaseDeadlineRule<'a> {
    /// Returns the rule for a case; `None` if it needs a time that no event has named.
    #[inline]
    pub(super) fn new(
        deadline: DeadlineRule,
        named: &NamedTimes,
        standard: &'a Standard,
        zone: &'a TimeZone,
    ) -> Option<CaseDeadlineRule<'a>> {
        let kind = match deadline {
            DeadlineRule::Within(millis, _) => DeadlineKind::Amount(millis),
            DeadlineRule::Due(_) => DeadlineKind::NamedTime(named.due.time?.get()),
            DeadlineRule::Appointment(_) => DeadlineKind::NamedTime(named.appointment.time?.get()),
            moment => DeadlineKind::DerivedTime(moment),
        };
        Some(CaseDeadlineRule { kind, calendar: deadline.calendar(), standard, zone })
    }

    /// Runs the clock from `from` to its deadline, stopping at `pauses`.
    #[inline]
    pub(super) fn deadline_clock(&self, from: Timestamp, pauses: &[PauseSpan]) -> DeadlineClock {
        match self.kind {
            DeadlineKind::Amount(millis) => self.run_open_time(from, millis, pauses),
            DeadlineKind::NamedTime(_) | DeadlineKind::DerivedTime(_) => {
                self.move_fixed_time(from, pauses)
            }
        }
    }

    /// Moves a deadline that is a point in time by its pauses. Each pause that begins before the
    /// deadline moves it by the open time of the pause, and at least to the end of the pause.
    fn move_fixed_time(&self, from: Timestamp, pauses: &[PauseSpan]) -> DeadlineClock {
        let Some(mut deadline) = self.fixed_time(from) else { return DeadlineClock::Never };
        for pause in pauses {
            if pause.begin >= deadline {
                break;
            }
            let Some(end) = pause.end else {
                return DeadlineClock::StoppedSince(pause.begin);
            };
            let paused = self.elapsed_open_ms(pause.begin, end);
            match self.add_open_ms(deadline, paused) {
                Some(moved) => deadline = moved.max(end),
                None => return DeadlineClock::Never,
            }
        }
        DeadlineClock::EndsAt(deadline)
    }

    /// Runs the clock through `millis` milliseconds of open time.
    #[inline]
    fn run_open_time(&self, from: Timestamp, millis: i64, pauses: &[PauseSpan]) -> DeadlineClock {
        let (mut at, mut left) = (from, millis);
        for pause in pauses {
            let open = self.elapsed_open_ms(at, pause.begin);
            if open >= left {
                break;
            }
            left -= open;
            match pause.end {
                Some(end) => at = end,
                None => return DeadlineClock::StoppedSince(pause.begin),
            }
        }
        self.add_open_ms(at, left).map_or(DeadlineClock::Never, DeadlineClock::EndsAt)
    }

    /// Returns the open time from the start of the clock to its deadline, in milliseconds, if there
    /// is no pause; `None` if the calendar ends before.
    pub(super) fn allowed_ms(&self, from: Timestamp) -> Option<i64> {
        match self.kind {
            DeadlineKind::Amount(millis) => Some(millis),
            DeadlineKind::NamedTime(_) | DeadlineKind::DerivedTime(_) => {
                self.fixed_time(from).map(|deadline| self.elapsed_open_ms(from, deadline))
            }
        }
    }

    /// Returns the open time between two times without `pauses`, in milliseconds.
    pub(super) fn open_time_ms(
        &self,
        from: Timestamp,
        until: Timestamp,
        pauses: &[PauseSpan],
    ) -> i64 {
        let paused: i64 = pauses
            .iter()
            .map(|pause| self.elapsed_open_ms(pause.begin, pause.end.unwrap_or(until)))
            .sum();
        self.elapsed_open_ms(from, until) - paused
    }

    /// Returns the time at which `percent` of the allowed time is used; `None` if the clock is
    /// stopped before or never reaches it.
    pub(super) fn time_at_percent(
        &self,
        from: Timestamp,
        pauses: &[PauseSpan],
        percent: i64,
    ) -> Option<Timestamp> {
        // Saturation is harmless: it only affects deadlines millions of years ahead.
        let used = self.allowed_ms(from)?.saturating_mul(percent) / 100;
        self.run_open_time(from, used, pauses).deadline()
    }

    /// Returns the time from which at most `left` milliseconds of open time are left, but no time
    /// before the start of the clock; `None` if the clock is stopped before.
    pub(super) fn time_with_left(
        &self,
        from: Timestamp,
        pauses: &[PauseSpan],
        left: i64,
    ) -> Option<Timestamp> {
        let used = self.allowed_ms(from)?.saturating_sub(left);
        if used <= 0 {
            return Some(from);
        }
        self.run_open_time(from, used, pauses).deadline()
    }

    /// Returns true if the calendar of the rule is open at `at`.
    pub(super) fn is_open_at(&self, at: Timestamp) -> bool {
        let calendar = self.calendar.map(|calendar| &self.standard.calendars[calendar]);
        calendar.is_none_or(|calendar| calendar.is_open(at, self.zone))
    }

    #[inline]
    fn elapsed_open_ms(&self, from: Timestamp, until: Timestamp) -> i64 {
        match self.calendar {
            Some(calendar) => {
                self.standard.calendars[calendar].open_millis_between(from, until, self.zone)
            }
            None => until.millis_since(from),
        }
    }

    #[inline]
    fn add_open_ms(&self, from: Timestamp, millis: i64) -> Option<Timestamp> {
        match self.calendar {
            Some(calendar) => {
                self.standard.calendars[calendar].add_open_millis(from, millis, self.zone)
            }
            None => Some(from.plus_millis(millis)),
        }
    }

    /// Returns the point in time that a rule names without an amount; `None` if the calendar ends
    /// before.
    fn fixed_time(&self, from: Timestamp) -> Option<Timestamp> {
        let rule = match self.kind {
            DeadlineKind::NamedTime(time) => return Some(time),
            DeadlineKind::DerivedTime(rule) => rule,
            DeadlineKind::Amount(_) => return None,
        };
        let calendars = &self.standard.calendars;
        match rule {
            DeadlineRule::WorkingDays(days, calendar) => {
                calendars[calendar].add_working_days(from, days, self.zone)
            }
            DeadlineRule::FullWorkingDays(days, calendar) => {
                calendars[calendar].add_full_working_days(from, days, self.zone)
            }
            DeadlineRule::CutOff(time, otherwise, _) => {
                let before = is_before_time_of_day(from, time, self.zone);
                Some(if before { end_of_day(from, self.zone) } else { from.plus_millis(otherwise) })
            }
            DeadlineRule::TimesOfDay { before, at, next_at, calendar } => match calendar {
                Some(calendar) => {
                    calendars[calendar].time_of_day_deadline(from, (before, at), next_at, self.zone)
                }
                None => time_of_day_deadline(from, (before, at), next_at, self.zone),
            },
            DeadlineRule::Within(..) | DeadlineRule::Due(_) | DeadlineRule::Appointment(_) => None,
        }
    }
}
