//! Open hours of a standard's calendars, and the ends of their holidays.

use super::Standard;
use crate::domain::time::calendar::Calendar;
use crate::domain::time::timestamp::Timestamp;

impl Standard {
    /// Returns true if a calendar, given by its index, is open at a time. `zone` is the number of the
    /// case's time zone, for a calendar without a zone of its own.
    #[must_use]
    pub fn is_calendar_open(&self, calendar: usize, at: Timestamp, zone: usize) -> bool {
        self.calendars[calendar].is_open(at, self.zones.get(zone))
    }

    /// Returns each calendar of the newest version whose holidays end, with that end.
    pub fn calendar_ends(&self) -> impl Iterator<Item = (&Calendar, Timestamp)> {
        let zone = self.zones.get(0);
        self.calendars.iter().filter_map(|calendar| Some((calendar, calendar.end_time(zone)?)))
    }

    /// Returns the calendars whose holidays have ended by `at`. They take later holidays for
    /// ordinary days.
    pub fn ended_calendars(&self, at: Option<Timestamp>) -> impl Iterator<Item = &Calendar> {
        let ended = self.calendar_ends().filter(move |(_, end)| at.is_some_and(|at| *end <= at));
        ended.map(|(calendar, _)| calendar)
    }
}
