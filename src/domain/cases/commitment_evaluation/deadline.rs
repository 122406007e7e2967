//! Computation of deadlines from a deadline rule, the start of the clock and its pauses.

use crate::domain::cases::context::NamedTimes;
use crate::domain::standard::{DeadlineRule, Standard, WarningTime};
use crate::domain::time::calendar::{end_of_day, is_before_time_of_day};
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
#[derive(Clone, Copy)]
pub(super) struct CaseDeadlineRule<'a> {
    kind: DeadlineKind,
    standard: &'a Standard,
    /// Time zone of the case.
    zone: &'a TimeZone,
}

#[derive(Clone, Copy)]
enum DeadlineKind {
    /// Amount of time in milliseconds, measured on a calendar if one is given.
    Amount(i64, Option<usize>),
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
            DeadlineRule::Within(millis, calendar) => DeadlineKind::Amount(millis, calendar),
            DeadlineRule::Due => DeadlineKind::NamedTime(named.due?.get()),
            DeadlineRule::Appointment => DeadlineKind::NamedTime(named.appointment?.get()),
            moment => DeadlineKind::DerivedTime(moment),
        };
        Some(CaseDeadlineRule { kind, standard, zone })
    }

    /// Runs the clock from `from` through `percent` of the allowed time, stopping at `pauses`.
    #[inline]
    pub(super) fn deadline_clock(
        &self,
        from: Timestamp,
        pauses: &[PauseSpan],
        percent: i64,
    ) -> DeadlineClock {
        let moment = match self.kind {
            // Saturation is harmless: it only affects deadlines millions of years ahead.
            DeadlineKind::Amount(millis, calendar) => {
                return self.run_open_time(
                    from,
                    millis.saturating_mul(percent) / 100,
                    calendar,
                    pauses,
                );
            }
            DeadlineKind::NamedTime(moment) => Some(moment),
            DeadlineKind::DerivedTime(deadline) => self.derived_time(from, deadline),
        };
        let Some(moment) = moment else { return DeadlineClock::Never };
        // Each pause before the deadline moves it back by the length of the pause.
        let mut moment = from.plus_millis(moment.millis_since(from).saturating_mul(percent) / 100);
        for pause in pauses {
            if pause.begin >= moment {
                break;
            }
            match pause.end {
                Some(end) => moment = moment.plus_millis(end.millis_since(pause.begin)),
                None => return DeadlineClock::StoppedSince(pause.begin),
            }
        }
        DeadlineClock::EndsAt(moment)
    }

    /// Runs the clock through `millis` milliseconds of open time.
    #[inline]
    fn run_open_time(
        &self,
        from: Timestamp,
        millis: i64,
        calendar: Option<usize>,
        pauses: &[PauseSpan],
    ) -> DeadlineClock {
        let (mut at, mut left) = (from, millis);
        for pause in pauses {
            let open = self.elapsed_open_ms(at, pause.begin, calendar);
            if open >= left {
                break;
            }
            left -= open;
            match pause.end {
                Some(end) => at = end,
                None => return DeadlineClock::StoppedSince(pause.begin),
            }
        }
        self.add_open_ms(at, left, calendar).map_or(DeadlineClock::Never, DeadlineClock::EndsAt)
    }
}

impl CaseDeadlineRule<'_> {
    /// Returns the open time between two times without `pauses`, in milliseconds.
    pub(super) fn open_time_ms(
        &self,
        from: Timestamp,
        until: Timestamp,
        pauses: &[PauseSpan],
    ) -> i64 {
        let calendar =
            if let DeadlineKind::Amount(_, calendar) = self.kind { calendar } else { None };
        let paused: i64 = pauses
            .iter()
            .map(|pause| self.elapsed_open_ms(pause.begin, pause.end.unwrap_or(until), calendar))
            .sum();
        self.elapsed_open_ms(from, until, calendar) - paused
    }

    /// Returns the time of a warning; `None` if it never comes or the clock is stopped before.
    pub(super) fn warning_time(
        &self,
        at: WarningTime,
        from: Timestamp,
        pauses: &[PauseSpan],
        clock: &DeadlineClock,
    ) -> Option<Timestamp> {
        match at {
            WarningTime::Percent(percent) => self.deadline_clock(from, pauses, percent).deadline(),
            WarningTime::Before(millis) => {
                clock.deadline().map(|deadline| deadline.plus_millis(-millis).max(from))
            }
        }
    }

    #[inline]
    fn elapsed_open_ms(&self, from: Timestamp, until: Timestamp, calendar: Option<usize>) -> i64 {
        match calendar {
            Some(calendar) => {
                self.standard.calendars[calendar].open_millis_between(from, until, self.zone)
            }
            None => until.millis_since(from),
        }
    }

    #[inline]
    fn add_open_ms(
        &self,
        from: Timestamp,
        millis: i64,
        calendar: Option<usize>,
    ) -> Option<Timestamp> {
        match calendar {
            Some(calendar) => {
                self.standard.calendars[calendar].add_open_millis(from, millis, self.zone)
            }
            None => Some(from.plus_millis(millis)),
        }
    }

    /// Returns the time that follows from the start of the clock; `None` if the calendar ends
    /// before.
    fn derived_time(&self, from: Timestamp, deadline: DeadlineRule) -> Option<Timestamp> {
        let calendars = &self.standard.calendars;
        match deadline {
            DeadlineRule::WorkingDays(days, calendar) => {
                calendars[calendar].add_working_days(from, days, self.zone)
            }
            DeadlineRule::FullWorkingDays(days, calendar) => {
                calendars[calendar].add_full_working_days(from, days, self.zone)
            }
            DeadlineRule::CutOff(time, otherwise) => {
                let before = is_before_time_of_day(from, time, self.zone);
                Some(if before { end_of_day(from, self.zone) } else { from.plus_millis(otherwise) })
            }
            DeadlineRule::Within(..) | DeadlineRule::Due | DeadlineRule::Appointment => None,
        }
    }
}
