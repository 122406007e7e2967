//! Checks the keys that describe the file: its encoding, separators and header, its time zone and
//! formats.

use super::check_parts::{ok_or_report, to_owned_strings};
use super::numbers::DecimalSign;
use super::time_format::TimeFormat;
use crate::ingest::text_encoding;
use crate::toml_document::{TomlTable, TomlValue};
use encoding_rs::Encoding;
use jiff::tz::TimeZone;

/// Values of `decimal`.
pub(super) const DECIMAL_SIGNS: [(&str, DecimalSign); 2] =
    [(".", DecimalSign::Point), (",", DecimalSign::Comma)];

pub(super) fn check_header(root: &TomlTable<'_>) -> Option<Vec<String>> {
    let columns = root.optional_strings("columns").map(to_owned_strings);
    match (root.optional_bool("header").unwrap_or(true), columns) {
        (true, Some(_)) => {
            root.report_problem(
                "columns",
                "`columns` is for files without a header: add `header = false`",
            );
            None
        }
        (true, None) => None,
        (false, columns) => {
            if columns.is_none() {
                root.report_problem(
                    "header",
                    "a file without a header needs `columns`, the names of its columns in order",
                );
            }
            columns
        }
    }
}

pub(super) fn parse_time_zone(root: &TomlTable<'_>) -> TimeZone {
    let expected = "as in \"Europe/Berlin\" or \"+02:00\"";
    let zone = root.required_value("time_zone", expected).and_then(|value| {
        let parser = jiff::fmt::temporal::DateTimeParser::new();
        let zone = parser.parse_time_zone(value.require_string()?);
        ok_or_report(zone, |_| {
            value.report_problem(
                "`time_zone` is neither a name such as \"Europe/Berlin\" nor an offset such as \
                 \"+02:00\"",
            );
        })
    });
    zone.unwrap_or(TimeZone::UTC)
}

/// Reads a list of time formats.
pub(super) fn parse_formats(value: TomlValue<'_>) -> Vec<TimeFormat> {
    let entries = value.require_array().unwrap_or_default();
    if entries.is_empty() {
        value.report_problem("`formats` needs at least one format, as in \"%Y-%m-%d %H:%M:%S\"");
    }
    let parse = |entry: &TomlValue<'_>| {
        ok_or_report(TimeFormat::new(entry.require_string()?), |problem| {
            entry.report_problem(problem);
        })
    };
    entries.iter().filter_map(parse).collect()
}

/// Calls `visit` with every time format that texts are read by.
fn visit_formats(root: &TomlTable<'_>, visit: &mut dyn FnMut(&TomlValue<'_>, &TimeFormat)) {
    let times = root.value("time").and_then(|times| times.as_table());
    let tables = times.iter().flat_map(TomlTable::entries).filter_map(|(_, time)| time.as_table());
    let lists = tables.map(|table| table.value("formats")).chain([root.value("formats")]);
    for entry in lists.flatten().filter_map(|list| list.as_array()).flatten() {
        if let Some(Ok(format)) = entry.as_str().map(TimeFormat::new) {
            visit(&entry, &format);
        }
    }
}

/// Reports formats that are read, but whose hours need `%p`.
pub(super) fn object_to_formats(root: &TomlTable<'_>) {
    visit_formats(root, &mut |entry, format| {
        format.objection().into_iter().for_each(|objection| entry.report_problem(objection));
    });
}

/// Reports formats with a literal `Z` or offset, if times without an offset are not of that offset.
pub(super) fn refuse_literal_offsets(root: &TomlTable<'_>, zone: &TimeZone) {
    let zone_offset = zone.to_fixed_offset().ok().map(|offset| offset.seconds());
    let zone_name = root.value("time_zone").and_then(|zone| zone.as_str()).unwrap_or_default();
    visit_formats(root, &mut |entry, format| {
        let literal = format.literal_offset();
        if let Some((text, _)) = literal.filter(|(_, offset)| Some(*offset) != zone_offset) {
            entry.report_problem(format!(
                "`{text}` in the format is only a text, and the time would be read as local time \
                 of `{zone_name}`; write `%z` in its place, which reads `Z`, `+0800` and `+08:00`"
            ));
        }
    });
}

pub(super) fn check_encoding(root: &TomlTable<'_>) -> Option<&'static Encoding> {
    let value = root.value("encoding")?;
    let label = value.require_string()?;
    let encoding = text_encoding::find_encoding(label);
    if encoding.is_none() {
        value.report_problem(format!(
            "unknown encoding `{label}`; write a label of the Encoding Standard, as in `utf-8`, \
             `gb18030`, `utf-16le`, `windows-1252` or `shift_jis`"
        ));
    }
    encoding
}

pub(super) fn check_skip_lines(root: &TomlTable<'_>) -> u64 {
    let Some(value) = root.value("skip_lines") else { return 0 };
    let Some(lines) = value.require_integer() else { return 0 };
    u64::try_from(lines).unwrap_or_else(|_| {
        value.report_problem("`skip_lines` must be a number of lines, 0 or more");
        0
    })
}

/// Reads the path to the rows of a JSON file.
pub(super) fn check_rows(root: &TomlTable<'_>) -> Vec<String> {
    let Some(value) = root.value("rows") else { return Vec::new() };
    let Some(path) = value.require_string() else { return Vec::new() };
    if path.split('.').any(str::is_empty) {
        value.report_problem("`rows` must be keys joined by dots, as in \"data.items\"");
        return Vec::new();
    }
    path.split('.').map(str::to_owned).collect()
}

/// Returns `None` if the key is absent, `Some(None)` if `quote` is empty.
pub(super) fn parse_byte(root: &TomlTable<'_>, key: &str) -> Option<Option<u8>> {
    let value = root.value(key)?;
    match value.require_string()?.as_bytes() {
        [] if key == "quote" => Some(None),
        [byte] if byte.is_ascii() => Some(Some(*byte)),
        _ => {
            value.report_problem(format!("`{key}` must be one ASCII character"));
            None
        }
    }
}
