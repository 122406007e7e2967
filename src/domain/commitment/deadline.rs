//! Deadlines: where a rule puts them, given when the clock started and when it stood.

use crate::domain::calendar::{end_of_day, is_before};
use crate::domain::context::Named;
use crate::domain::standard::{Deadline, Standard, WarnAt};
use crate::domain::time::Timestamp;
use jiff::tz::TimeZone;

/// A stretch in which a clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stretch {
    /// Its beginning.
    pub(super) begin: Timestamp,
    /// Its end; `None` while it lasts.
    pub(super) end: Option<Timestamp>,
}

/// Where a clock leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clock {
    /// To this deadline, unless it is stopped before.
    Ends(Timestamp),
    /// Nowhere: it has stood since then.
    Stands(Timestamp),
    /// Nowhere: its calendar does not open in any time to come.
    Never,
}

impl Clock {
    /// The deadline, if there is one.
    #[must_use]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            Clock::Ends(deadline) => Some(*deadline),
            Clock::Stands(_) | Clock::Never => None,
        }
    }
}

/// A deadline rule with what it needs of the case.
#[derive(Clone, Copy)]
pub(super) struct Rule<'a> {
    kind: Kind,
    standard: &'a Standard,
    /// The zone of the case.
    zone: &'a TimeZone,
}

#[derive(Clone, Copy)]
enum Kind {
    /// An amount of time in milliseconds.
    Amount(i64, Option<usize>),
    /// A moment that somebody named.
    Named(Timestamp),
    /// A moment that follows from when the clock started.
    Moment(Deadline),
}

impl<'a> Rule<'a> {
    /// The rule for a case; `None` if it needs a time that nobody has named.
    #[inline]
    pub(super) fn new(deadline: Deadline, named: &Named, standard: &'a Standard, zone: &'a TimeZone) -> Option<Rule<'a>> {
        let kind = match deadline {
            Deadline::Within(millis, calendar) => Kind::Amount(millis, calendar),
            Deadline::Due => Kind::Named(named.due?.get()),
            Deadline::Appointment => Kind::Named(named.appointment?.get()),
            moment => Kind::Moment(moment),
        };
        Some(Rule { kind, standard, zone })
    }

    /// Where the clock leads that started at `from` and stands in `stretches`, when `percent` of the time allowed is asked for.
    #[inline]
    pub(super) fn clock(&self, from: Timestamp, stretches: &[Stretch], percent: i64) -> Clock {
        let moment = match self.kind {
            // A deadline of millions of years is as far away when it is held within what can be counted.
            Kind::Amount(millis, calendar) => return self.run(from, millis.saturating_mul(percent) / 100, calendar, stretches),
            Kind::Named(moment) => Some(moment),
            Kind::Moment(deadline) => self.moment(from, deadline),
        };
        let Some(moment) = moment else { return Clock::Never };
        // A moment moves by as much as the clock stands before it.
        let mut moment = from.plus(moment.since(from).saturating_mul(percent) / 100);
        for stretch in stretches {
            if stretch.begin >= moment {
                break;
            }
            match stretch.end {
                Some(end) => moment = moment.plus(end.since(stretch.begin)),
                None => return Clock::Stands(stretch.begin),
            }
        }
        Clock::Ends(moment)
    }

    /// Lets so many milliseconds of open time pass.
    #[inline]
    fn run(&self, from: Timestamp, millis: i64, calendar: Option<usize>, stretches: &[Stretch]) -> Clock {
        let (mut at, mut left) = (from, millis);
        for stretch in stretches {
            let open = self.between(at, stretch.begin, calendar);
            if open >= left {
                break;
            }
            left -= open;
            match stretch.end {
                Some(end) => at = end,
                None => return Clock::Stands(stretch.begin),
            }
        }
        self.add(at, left, calendar).map_or(Clock::Never, Clock::Ends)
    }
}

impl Rule<'_> {
    /// The open time between two moments without `pauses`, in milliseconds.
    pub(super) fn open_time(&self, from: Timestamp, until: Timestamp, pauses: &[Stretch]) -> i64 {
        let calendar = if let Kind::Amount(_, calendar) = self.kind { calendar } else { None };
        let paused: i64 = pauses.iter().map(|pause| self.between(pause.begin, pause.end.unwrap_or(until), calendar)).sum();
        self.between(from, until, calendar) - paused
    }

    /// When a warning comes.
    pub(super) fn warning(&self, at: WarnAt, from: Timestamp, stretches: &[Stretch], clock: &Clock) -> Option<Timestamp> {
        match at {
            WarnAt::Percent(percent) => self.clock(from, stretches, percent).deadline(),
            WarnAt::Before(millis) => clock.deadline().map(|deadline| deadline.plus(-millis).max(from)),
        }
    }

    #[inline]
    fn between(&self, from: Timestamp, until: Timestamp, calendar: Option<usize>) -> i64 {
        match calendar {
            Some(calendar) => self.standard.calendars[calendar].between(from, until, self.zone),
            None => until.since(from),
        }
    }

    #[inline]
    fn add(&self, from: Timestamp, millis: i64, calendar: Option<usize>) -> Option<Timestamp> {
        match calendar {
            Some(calendar) => self.standard.calendars[calendar].add(from, millis, self.zone),
            None => Some(from.plus(millis)),
        }
    }

    /// The moment that follows from when the clock started; `None` if a calendar never gets there.
    fn moment(&self, from: Timestamp, deadline: Deadline) -> Option<Timestamp> {
        let calendars = &self.standard.calendars;
        match deadline {
            Deadline::Days(days, calendar) => calendars[calendar].add_days(from, days, self.zone),
            Deadline::FullDays(days, calendar) => calendars[calendar].end_of_full_day(from, days, self.zone),
            Deadline::CutOff(time, otherwise) => {
                let before = is_before(from, time, self.zone);
                Some(if before { end_of_day(from, self.zone) } else { from.plus(otherwise) })
            }
            Deadline::Within(..) | Deadline::Due | Deadline::Appointment => None,
        }
    }
}
