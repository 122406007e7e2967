//! `holidays_file` of a calendar: adds the days of an iCalendar file.

use crate::domain::time::calendar::OpeningInterval;
use crate::standard_file::calendar_files::CalendarFiles;
use crate::standard_file::calendar_table::SpecialDates;
use crate::standard_file::calendar_table::day_lists::make_up_day_hours;
use crate::standard_file::calendar_table::holiday_extent::HolidayExtent;
use crate::standard_file::calendar_table::icalendar::{CalendarDays, CalendarFile, EventChoice};
use crate::standard_file::calendar_table::opening_hours::WeekdayHours;
use crate::toml_document::TomlTable;
use jiff::tz::TimeZone;
use std::path::Path;

/// What a calendar took from its file.
pub(super) struct HolidaysFile {
    /// Path as the standard names it.
    pub(super) name: String,
    /// Until when the file has holidays.
    pub(super) extent: HolidayExtent,
    /// Number of events that are not cancelled.
    pub(super) event_count: usize,
    /// Number of these events that are not used.
    pub(super) omitted_count: usize,
}

/// Adds the days of the iCalendar file, whose path is relative to the folder of the standard. `zone`
/// converts times in UTC if the file names no time zone. Returns `None` without a valid file.
pub(super) fn read_holidays_file(
    table: &TomlTable<'_>,
    week: &WeekdayHours,
    zone: &TimeZone,
    files: &CalendarFiles,
    special: &mut SpecialDates,
) -> Option<HolidaysFile> {
    let choice = EventChoice::read(table);
    let Some(value) = table.value("holidays_file") else {
        if table.value("holidays_where").is_some() {
            let problem = "`holidays_where` chooses events of `holidays_file`; add it";
            table.report_problem("holidays_where", problem);
        }
        return None;
    };
    let name = value.require_string()?;
    let path = Path::new(table.file_name()).parent().unwrap_or(Path::new("")).join(name);
    let text = match files.read(&path) {
        Ok(text) => text,
        Err(error) => {
            value.report_problem(format!("`{}` cannot be read: {error}", path.display()));
            return None;
        }
    };
    let parsed = CalendarFile::parse(text.as_bytes()).map_err(|problem| vec![problem]);
    let days = parsed.and_then(|file| {
        if let Some(value) = table.value("holidays_where") {
            file.report_unused_texts(&choice, &value);
        }
        file.days(&choice, zone)
    });
    match days {
        Ok(days) => {
            add_days(&days, week, special);
            Some(HolidaysFile {
                name: name.to_owned(),
                extent: days.extent,
                event_count: days.event_count,
                omitted_count: days.omitted_count,
            })
        }
        Err(problems) => {
            for (line, problem) in problems {
                value.report_problem(format!("`{}`, line {line}: {problem}", path.display()));
            }
            None
        }
    }
}

/// Adds the days of a file. Make-up workdays override holidays. Closed hours apply to the hours
/// that result.
fn add_days(days: &CalendarDays, week: &WeekdayHours, special: &mut SpecialDates) {
    special.extend(days.holidays.iter().map(|date| (*date, Vec::new())));
    special.extend(days.workdays.iter().map(|date| (*date, make_up_day_hours(*date, week))));
    for (date, closed) in &days.closed_hours {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        let hours = special.entry(*date).or_insert_with(|| week[weekday].clone());
        *hours = subtract_hours(hours, *closed);
    }
}

/// Returns the opening hours of a day without closed hours of the same day. Hours that would begin
/// at midnight or later are dropped, as for holidays: a night shift belongs to the day on which it
/// begins.
fn subtract_hours(hours: &[OpeningInterval], closed: OpeningInterval) -> Vec<OpeningInterval> {
    let parts = hours.iter().flat_map(|open| {
        let before = OpeningInterval { from: open.from, until: open.until.min(closed.from) };
        let after = OpeningInterval { from: open.from.max(closed.until), until: open.until };
        [before, after]
    });
    parts.filter(|part| part.from < part.until && part.from < 1_440).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(from: u16, until: u16) -> OpeningInterval {
        OpeningInterval { from: from * 60, until: until * 60 }
    }

    #[test]
    fn closed_hours_shorten_split_or_end_opening_hours() {
        let office = [interval(8, 12), interval(13, 18)];
        for (closed, expected) in [
            (interval(14, 24), vec![interval(8, 12), interval(13, 14)]),
            (interval(0, 10), vec![interval(10, 12), interval(13, 18)]),
            (interval(9, 10), vec![interval(8, 9), interval(10, 12), interval(13, 18)]),
            (interval(0, 24), vec![]),
            (interval(19, 20), office.to_vec()),
        ] {
            assert_eq!(subtract_hours(&office, closed), expected, "{closed:?}");
        }
        let night = [interval(22, 30)];
        assert_eq!(subtract_hours(&night, interval(14, 24)), []);
        assert_eq!(subtract_hours(&night, interval(0, 23)), [interval(23, 30)]);
    }
}
