//! Windows and calendars of the standard that a value names.

use crate::domain::standard::Standard;
use crate::domain::time::window::Window;
use crate::toml_document::TomlValue;

/// Reads the name of a window of the standard, as in `"1h"`. Returns its index, or `None` if there is
/// no such window.
pub(super) fn find_window(value: &TomlValue<'_>, standard: &Standard) -> Option<usize> {
    let name = value.require_string()?;
    let place = Window::parse(name)
        .and_then(|window| standard.windows.iter().position(|known| *known == window));
    if place.is_none() {
        let known: Vec<String> = standard.windows.iter().map(Window::to_string).collect();
        value.report_problem(format!(
            "`{name}` is not a window of the standard; `windows` has: {}",
            known.join(", ")
        ));
    }
    place
}

/// Reads the name of a calendar, as in `"busy_hour"`. Returns its index, or `None` if there is no
/// such calendar.
pub(super) fn find_calendar(value: &TomlValue<'_>, standard: &Standard) -> Option<usize> {
    let name = value.require_string()?;
    let place = standard.calendars.iter().position(|calendar| calendar.name == name);
    if place.is_none() {
        value.report_problem(format!(
            "there is no calendar `{name}`; declare it: `[calendar.{name}]`"
        ));
    }
    place
}
