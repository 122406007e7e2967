//! Until when a calendar has holidays.

use jiff::civil::Date;

/// Extent of the holidays of a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct HolidayExtent {
    /// Latest first day of a holiday. Holidays over the end of a year belong to the earlier one.
    latest: Option<Date>,
    /// True if some holiday repeats without end.
    is_endless: bool,
}

impl HolidayExtent {
    /// Adds the first day of a holiday.
    pub(super) fn add_day(&mut self, first: Date) {
        self.latest = self.latest.max(Some(first));
    }

    /// Adds a holiday that repeats without end.
    pub(super) fn set_endless(&mut self) {
        self.is_endless = true;
    }

    /// Adds the holidays of another extent.
    pub(super) fn extend(&mut self, other: HolidayExtent) {
        self.latest = self.latest.max(other.latest);
        self.is_endless |= other.is_endless;
    }

    /// Returns the last day of the last year with holidays. Returns `None` without holidays, and if
    /// some repeat without end.
    pub(super) fn last_day(self) -> Option<Date> {
        self.latest.filter(|_| !self.is_endless).map(Date::last_of_year)
    }
}
