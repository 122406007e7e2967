//! Keys on time: time zones, windows and retention.

use crate::domain::standard::RetentionHorizon;
use crate::domain::time::time_zones::TimeZones;
use crate::domain::time::timestamp::{DAY, HOUR, MINUTE, SECOND, Timestamp, truncate_for_message};
use crate::domain::time::window::{MAX_WINDOWS, Window};
use crate::toml_document::{TomlTable, TomlValue};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Reads the time zone of the standard and those of `[zones]`.
pub(super) fn read_time_zones(root: &TomlTable<'_>, dimensions: &[String]) -> TimeZones {
    let default = root
        .required_value("time_zone", "an IANA name, as in \"Asia/Shanghai\"")
        .and_then(|value| read_time_zone(&value));
    let zones = TimeZones::new(default.unwrap_or(TimeZone::UTC));
    let Some(table) = root.optional_table("zones") else { return zones };
    let dimension = table
        .required_value("by", "the dimension with zones of its own, as in \"center\"")
        .and_then(|value| {
            let name = value.require_string()?;
            let place = dimensions.iter().position(|dimension| dimension == name);
            if place.is_none() {
                value.report_problem(format!(
                    "`{}` is not a dimension; declared are: {}",
                    truncate_for_message(name),
                    dimensions.join(", ")
                ));
            }
            place
        });
    let values = table
        .required_value("values", "a table, as in { london = \"Europe/London\" }")
        .and_then(|value| value.require_table());
    table.report_unknown_keys();
    let Some(values) = values else { return zones };
    if values.is_empty() {
        table.report_problem(
            "values",
            "`values` is empty; add a time zone, as in { london = \"Europe/London\" }, or remove \
             `zones`",
        );
    }
    let dimension_zones: Vec<(String, TimeZone)> = values
        .entries()
        .filter_map(|(name, value)| Some((name.to_owned(), read_time_zone(&value)?)))
        .collect();
    let Some(dimension) = dimension else { return zones };
    let combined = zones.clone().with_dimension_zones(dimension, dimension_zones);
    if combined.all().len() > TimeZones::ZONES_MAX {
        table.report_problem(
            "values",
            format!(
                "{} time zones are too many: at most {}",
                combined.all().len(),
                TimeZones::ZONES_MAX
            ),
        );
        return zones;
    }
    combined
}

fn read_time_zone(value: &TomlValue<'_>) -> Option<TimeZone> {
    let name = value.require_string()?;
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        value.report_problem(format!(
            "there is no time zone `{}`; use an IANA name, as in \"Asia/Shanghai\"",
            truncate_for_message(name)
        ));
    }
    zone
}

/// Reads the windows of all indicators.
pub(super) fn read_windows(root: &TomlTable<'_>) -> Vec<Window> {
    let mut windows = Vec::new();
    for value in root
        .required_value("windows", "a list, as in [\"30m\", \"today\"]")
        .and_then(|value| value.require_array())
        .unwrap_or_default()
    {
        let Some(name) = value.require_string() else { continue };
        match Window::parse(name) {
            Some(window) if windows.contains(&window) => {
                value.report_problem(format!("the window `{name}` is listed already"));
            }
            Some(window) => windows.push(window),
            None => value.report_problem(format!(
                "`{}` is not a window; use minutes, hours or days up to a week (`30m`, `24h`, \
                 `7d`), `interval15`, `interval30`, `today`, `week`, `month`, or `all`",
                truncate_for_message(name)
            )),
        }
    }
    // The totals behind the counters need a lane.
    if windows.len() >= MAX_WINDOWS {
        root.report_problem(
            "windows",
            format!("{} windows are too many: at most {}", windows.len(), MAX_WINDOWS - 1),
        );
        windows.truncate(MAX_WINDOWS - 1);
    }
    windows
}

/// Returns the first time of a day in a zone. Returns `None` if it is out of range.
pub(super) fn start_of_day(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let start = day.to_zoned(zone.clone()).ok()?;
    Some(Timestamp(start.timestamp().as_millisecond()))
}

/// Reads `[horizon]`: retention and clock tolerance. Omitted keys have their defaults.
pub(super) fn read_horizon(root: &TomlTable<'_>) -> RetentionHorizon {
    let mut horizon = RetentionHorizon::default();
    let Some(table) = root.optional_table("horizon") else { return horizon };
    read_duration_within(
        &table,
        "contacts",
        (MINUTE, 3_650 * DAY),
        &mut horizon.contacts_ms,
        "between 1m and 3650d, as in \"24h\"",
    );
    read_duration_within(
        &table,
        "orders",
        (MINUTE, 3_650 * DAY),
        &mut horizon.orders_ms,
        "between 1m and 3650d, as in \"60d\"",
    );
    // A source clock that is off by more than an hour is not credible.
    read_duration_within(
        &table,
        "ahead",
        (SECOND, HOUR),
        &mut horizon.ahead_ms,
        "between 1s and 1h, as in \"1m\"",
    );
    table.report_unknown_keys();
    horizon
}

fn read_duration_within(
    table: &TomlTable<'_>,
    key: &str,
    (min, max): (i64, i64),
    target: &mut i64,
    remedy: &str,
) {
    match table.optional_duration(key) {
        Some(millis) if (min..=max).contains(&millis) => *target = millis,
        Some(_) => table.report_problem(key, format!("`{key}` must be {remedy}")),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::standard::{RetentionHorizon, Standard};
    use crate::domain::time::timestamp::{HOUR, SECOND};
    use crate::standard_file::parse_standard;

    /// Parses a standard with these root keys and tables.
    fn standard_with(root: &str, tables: &str) -> Result<Standard, String> {
        let text = format!(
            "name = \"x\"\nversion = \"1\"\ndate_of_effect = 2026-01-01\ntitle = {{ en = \"X\", zh = \"X\" }}\ndimensions = [\"center\", \"queue\"]\n\
             {root}\n{tables}\n[indicator.answers]\ntitle = {{ en = \"A\", zh = \"A\" }}\nduration = [\"call.answered\"]\n"
        );
        parse_standard("x.toml", &text).map_err(|problems| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        })
    }

    const ROOT_KEYS: &str = "time_zone = \"Asia/Shanghai\"\nwindows = [\"today\"]";

    #[test]
    fn assigns_cases_to_declared_time_zones() {
        let standard = standard_with(
            ROOT_KEYS,
            "[zones]\nby = \"queue\"\nvalues = { a = \"Asia/Urumqi\", b = \"Asia/Urumqi\" }",
        )
        .expect("valid standard");
        assert_eq!((standard.zones.all().len(), standard.zones.dimension()), (2, Some(1)));
        assert_eq!(standard.zones.get(0).iana_name(), Some("Asia/Shanghai"));
        assert_eq!(standard.zones.get(1).iana_name(), Some("Asia/Urumqi"));
        assert_eq!(standard.horizon, RetentionHorizon::default());
    }

    #[test]
    fn horizon_defaults_apply_to_omitted_keys() {
        let standard = standard_with(ROOT_KEYS, "[horizon]\ncontacts = \"36h\"\nahead = \"5s\"")
            .expect("valid standard");
        let expected = RetentionHorizon {
            contacts_ms: 36 * HOUR,
            ahead_ms: 5 * SECOND,
            ..RetentionHorizon::default()
        };
        assert_eq!(standard.horizon, expected);
    }

    #[test]
    fn reports_time_key_problems_with_position_and_remedy() {
        for (root, tables, message) in [
            (
                ROOT_KEYS,
                "[zones]\nby = \"centre\"\nvalues = { a = \"UTC\" }",
                "x.toml:9:6: `centre` is not a dimension; declared are: center, queue",
            ),
            (
                ROOT_KEYS,
                "[zones]\nby = \"center\"\nvalues = { a = \"Mars\" }",
                "x.toml:10:16: there is no time zone `Mars`; use an IANA name",
            ),
            (
                ROOT_KEYS,
                "[zones]\nby = \"center\"",
                "needs a key `values` (a table, as in { london = \"Europe/London\" })",
            ),
            (ROOT_KEYS, "[zones]\nvalues = { a = \"UTC\" }", "needs a key `by` (the dimension"),
            (
                ROOT_KEYS,
                "[zones]\nby = \"center\"\nvalues = {}",
                "`values` is empty; add a time zone",
            ),
            (
                ROOT_KEYS,
                "[zones]\nby = \"center\"\nvalue = { a = \"UTC\" }",
                "unknown key `value`, did you mean `values`?",
            ),
            (
                ROOT_KEYS,
                "[horizon]\ncontacts = \"0s\"",
                "x.toml:9:12: `contacts` must be between 1m and 3650d, as in \"24h\"",
            ),
            (ROOT_KEYS, "[horizon]\norders = \"9999d\"", "`orders` must be between 1m and 3650d"),
            (ROOT_KEYS, "[horizon]\nahead = \"2h\"", "`ahead` must be between 1s and 1h"),
            (
                ROOT_KEYS,
                "[horizon]\ncontact = \"24h\"",
                "unknown key `contact`, did you mean `contacts`?",
            ),
            (
                "time_zone = \"UTC\"\nwindows = [\"quarter\"]",
                "",
                "`interval15`, `interval30`, `today`, `week`, `month`, or `all`",
            ),
            (
                "time_zone = \"UTC\"\nwindows = [\"7d\", \"168h\"]",
                "",
                "the window `168h` is listed already",
            ),
        ] {
            let problems = standard_with(root, tables).expect_err("invalid standard");
            assert!(problems.contains(message), "{problems}\ndoes not contain\n{message}");
        }
    }

    #[test]
    fn rejects_more_than_15_windows_or_64_time_zones() {
        let windows = |count: usize| {
            format!(
                "time_zone = \"UTC\"\nwindows = {:?}",
                (1..=count).map(|n| format!("{n}m")).collect::<Vec<_>>()
            )
        };
        assert_eq!(standard_with(&windows(15), "").expect("valid standard").windows.len(), 15);
        let problems = standard_with(&windows(16), "").expect_err("too many windows");
        assert!(
            problems.contains("x.toml:7:11: 16 windows are too many: at most 15"),
            "{problems}"
        );

        let names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .filter(|name| name.contains('/'))
            .take(70)
            .collect();
        let zones = |count: usize| {
            names
                .iter()
                .take(count)
                .map(|name| format!("\"{name}\" = \"{name}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let tables =
            |count: usize| format!("[zones]\nby = \"center\"\nvalues = {{ {} }}", zones(count));
        assert_eq!(
            standard_with(ROOT_KEYS, &tables(63)).map(|standard| standard.zones.all().len() <= 64),
            Ok(true)
        );
        let problems = standard_with(ROOT_KEYS, &tables(70)).expect_err("too many zones");
        assert!(problems.contains("time zones are too many: at most 64"), "{problems}");
    }
}
