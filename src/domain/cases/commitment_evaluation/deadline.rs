//! Deadlines: where a rule puts them, given when the clock started and when it stood.

use crate::domain::cases::context::NamedTimes;
use crate::domain::standard::{DeadlineRule, Standard, WarningTime};
use crate::domain::time::calendar::{end_of_day, is_before_time_of_day};
use crate::domain::time::timestamp::Timestamp;
use jiff::tz::TimeZone;

/// A stretch in which a clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PauseSpan {
    /// Its beginning.
    pub(super) begin: Timestamp,
    /// Its end; `None` while it lasts.
    pub(super) end: Option<Timestamp>,
}

/// Where a clock leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeadlineClock {
    /// To this deadline, unless it is stopped before.
    EndsAt(Timestamp),
    /// Nowhere: it has stood since then.
    StoppedSince(Timestamp),
    /// Nowhere: its calendar does not open in any time to come.
    Never,
}

impl DeadlineClock {
    /// The deadline, if there is one.
    #[must_use]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            DeadlineClock::EndsAt(deadline) => Some(*deadline),
            DeadlineClock::StoppedSince(_) | DeadlineClock::Never => None,
        }
    }
}

/// A deadline rule with what it needs of the case.
#[derive(Clone, Copy)]
pub(super) struct CaseDeadlineRule<'a> {
    kind: DeadlineKind,
    standard: &'a Standard,
    /// The zone of the case.
    zone: &'a TimeZone,
}

#[derive(Clone, Copy)]
enum DeadlineKind {
    /// An amount of time in milliseconds.
    Amount(i64, Option<usize>),
    /// A moment that somebody named.
    NamedTime(Timestamp),
    /// A moment that follows from when the clock started.
    DerivedTime(DeadlineRule),
}

impl<'a> CaseDeadlineRule<'a> {
    /// The rule for a case; `None` if it needs a time that nobody has named.
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

    /// Where the clock leads that started at `from` and stands in `stretches`, when `percent` of the time allowed is asked for.
    #[inline]
    pub(super) fn deadline_clock(
        &self,
        from: Timestamp,
        stretches: &[PauseSpan],
        percent: i64,
    ) -> DeadlineClock {
        let moment = match self.kind {
            // A deadline of millions of years is as far away when it is held within what can be counted.
            DeadlineKind::Amount(millis, calendar) => {
                return self.run_open_time(
                    from,
                    millis.saturating_mul(percent) / 100,
                    calendar,
                    stretches,
                );
            }
            DeadlineKind::NamedTime(moment) => Some(moment),
            DeadlineKind::DerivedTime(deadline) => self.derived_time(from, deadline),
        };
        let Some(moment) = moment else { return DeadlineClock::Never };
        // A moment moves by as much as the clock stands before it.
        let mut moment = from.plus_millis(moment.millis_since(from).saturating_mul(percent) / 100);
        for stretch in stretches {
            if stretch.begin >= moment {
                break;
            }
            match stretch.end {
                Some(end) => moment = moment.plus_millis(end.millis_since(stretch.begin)),
                None => return DeadlineClock::StoppedSince(stretch.begin),
            }
        }
        DeadlineClock::EndsAt(moment)
    }

    /// Lets so many milliseconds of open time pass.
    #[inline]
    fn run_open_time(
        &self,
        from: Timestamp,
        millis: i64,
        calendar: Option<usize>,
        stretches: &[PauseSpan],
    ) -> DeadlineClock {
        let (mut at, mut left) = (from, millis);
        for stretch in stretches {
            let open = self.elapsed_open_ms(at, stretch.begin, calendar);
            if open >= left {
                break;
            }
            left -= open;
            match stretch.end {
                Some(end) => at = end,
                None => return DeadlineClock::StoppedSince(stretch.begin),
            }
        }
        self.add_open_ms(at, left, calendar).map_or(DeadlineClock::Never, DeadlineClock::EndsAt)
    }
}

impl CaseDeadlineRule<'_> {
    /// The open time between two moments without `pauses`, in milliseconds.
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

    /// When a warning comes.
    pub(super) fn warning_time(
        &self,
        at: WarningTime,
        from: Timestamp,
        stretches: &[PauseSpan],
        clock: &DeadlineClock,
    ) -> Option<Timestamp> {
        match at {
            WarningTime::Percent(percent) => {
                self.deadline_clock(from, stretches, percent).deadline()
            }
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

    /// The moment that follows from when the clock started; `None` if a calendar never gets there.
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
