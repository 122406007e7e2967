//! What a standard says of time: where days begin, which windows are read, how long is remembered.

use crate::document::{Table, Value};
use crate::domain::standard::Horizon;
use crate::domain::time::{HOUR, MINUTE, SECOND, shorten};
use crate::domain::window::{WINDOWS, Window};
use crate::domain::zones::Zones;
use jiff::tz::TimeZone;

const DAY: i64 = 24 * HOUR;

/// The standard's own time zone, and those of the cases that live elsewhere.
pub(super) fn zones(root: &Table<'_>, dimensions: &[String]) -> Zones {
    let own = root.required("time_zone", "a name of the IANA list, as in \"Asia/Shanghai\"").and_then(|value| zone(&value));
    let zones = Zones::new(own.unwrap_or(TimeZone::UTC));
    let Some(table) = root.table("zones") else { return zones };
    let dimension = table.required("by", "the dimension that says where a case lives, as in \"center\"").and_then(|value| {
        let name = value.string()?;
        let place = dimensions.iter().position(|dimension| dimension == name);
        if place.is_none() {
            value.problem(format!("`{}` is not a dimension; declared are: {}", shorten(name), dimensions.join(", ")));
        }
        place
    });
    let values = table.required("values", "a table, as in { london = \"Europe/London\" }").and_then(|value| value.table());
    table.finish();
    let Some(values) = values else { return zones };
    if values.is_empty() {
        table.problem(
            "values",
            "`values` is empty; name a time zone for some value, as in { london = \"Europe/London\" }, or leave `zones` out",
        );
    }
    let elsewhere: Vec<(String, TimeZone)> = values.entries().filter_map(|(name, value)| Some((name.to_owned(), zone(&value)?))).collect();
    let Some(dimension) = dimension else { return zones };
    let all = zones.clone().by(dimension, elsewhere);
    if all.all().len() > Zones::MOST {
        table.problem("values", format!("{} time zones are too many: at most {}", all.all().len(), Zones::MOST));
        return zones;
    }
    all
}

fn zone(value: &Value<'_>) -> Option<TimeZone> {
    let name = value.string()?;
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        value.problem(format!("there is no time zone `{}`; write a name of the IANA list, as in \"Asia/Shanghai\"", shorten(name)));
    }
    zone
}

/// The windows that every indicator is read over.
pub(super) fn windows(root: &Table<'_>) -> Vec<Window> {
    let mut windows = Vec::new();
    for value in root.required("windows", "a list, as in [\"30m\", \"today\"]").and_then(|value| value.array()).unwrap_or_default() {
        let Some(name) = value.string() else { continue };
        match Window::parse(name) {
            Some(window) if windows.contains(&window) => value.problem(format!("the window `{name}` is there already")),
            Some(window) => windows.push(window),
            None => value.problem(format!(
                "`{}` is not a window; write minutes, hours or days up to a week (`30m`, `24h`, `7d`), `interval15`, `interval30`, \
                 `today`, `week`, `month`, or `all`",
                shorten(name)
            )),
        }
    }
    // One lane is left for the totals that counters are made of.
    if windows.len() >= WINDOWS {
        root.problem("windows", format!("{} windows are too many: at most {}", windows.len(), WINDOWS - 1));
        windows.truncate(WINDOWS - 1);
    }
    windows
}

/// How long a service remembers; what is not said is as usual.
pub(super) fn horizon(root: &Table<'_>) -> Horizon {
    let mut horizon = Horizon::default();
    let Some(table) = root.table("horizon") else { return horizon };
    between(&table, "contacts", (MINUTE, 3_650 * DAY), &mut horizon.contacts_ms, "between 1m and 3650d, as in \"24h\"");
    between(&table, "orders", (MINUTE, 3_650 * DAY), &mut horizon.orders_ms, "between 1m and 3650d, as in \"60d\"");
    // Of a clock that is further off than an hour no time can be believed.
    between(&table, "ahead", (SECOND, HOUR), &mut horizon.ahead_ms, "between 1s and 1h, as in \"1m\"");
    table.finish();
    horizon
}

fn between(table: &Table<'_>, key: &str, (least, most): (i64, i64), into: &mut i64, remedy: &str) {
    match table.duration(key) {
        Some(millis) if (least..=most).contains(&millis) => *into = millis,
        Some(_) => table.problem(key, format!("`{key}` must be {remedy}")),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::standard::{Horizon, Standard};
    use crate::domain::time::{HOUR, SECOND};
    use crate::standard::read;

    /// A standard with these lines in it.
    fn with(root: &str, tables: &str) -> Result<Standard, String> {
        let text = format!(
            "name = \"x\"\nversion = \"1\"\ndate_of_effect = 2026-01-01\ntitle = {{ en = \"X\", zh = \"X\" }}\ndimensions = [\"center\", \"queue\"]\n\
             {root}\n{tables}\n[indicator.answers]\ntitle = {{ en = \"A\", zh = \"A\" }}\nduration = [\"call.answered\"]\n"
        );
        read("x.toml", &text).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    const ROOT: &str = "time_zone = \"Asia/Shanghai\"\nwindows = [\"today\"]";

    #[test]
    fn cases_live_in_the_zones_that_are_written() {
        let standard =
            with(ROOT, "[zones]\nby = \"queue\"\nvalues = { a = \"Asia/Urumqi\", b = \"Asia/Urumqi\" }").expect("a good standard");
        assert_eq!((standard.zones.all().len(), standard.zones.dimension()), (2, Some(1)));
        assert_eq!(standard.zones.get(0).iana_name(), Some("Asia/Shanghai"));
        assert_eq!(standard.zones.get(1).iana_name(), Some("Asia/Urumqi"));
        assert_eq!(standard.horizon, Horizon::default());
    }

    #[test]
    fn a_horizon_is_what_is_written_and_else_as_usual() {
        let standard = with(ROOT, "[horizon]\ncontacts = \"36h\"\nahead = \"5s\"").expect("a good standard");
        let expected = Horizon { contacts_ms: 36 * HOUR, ahead_ms: 5 * SECOND, ..Horizon::default() };
        assert_eq!(standard.horizon, expected);
    }

    #[test]
    fn what_is_wrong_with_time_is_said_with_its_place_and_a_remedy() {
        for (root, tables, message) in [
            (
                ROOT,
                "[zones]\nby = \"centre\"\nvalues = { a = \"UTC\" }",
                "x.toml:9:6: `centre` is not a dimension; declared are: center, queue",
            ),
            (ROOT, "[zones]\nby = \"center\"\nvalues = { a = \"Mars\" }", "x.toml:10:16: there is no time zone `Mars`; write a name"),
            (ROOT, "[zones]\nby = \"center\"", "needs a key `values` (a table, as in { london = \"Europe/London\" })"),
            (ROOT, "[zones]\nvalues = { a = \"UTC\" }", "needs a key `by` (the dimension"),
            (ROOT, "[zones]\nby = \"center\"\nvalues = {}", "`values` is empty; name a time zone"),
            (ROOT, "[zones]\nby = \"center\"\nvalue = { a = \"UTC\" }", "unknown key `value`, did you mean `values`?"),
            (ROOT, "[horizon]\ncontacts = \"0s\"", "x.toml:9:12: `contacts` must be between 1m and 3650d, as in \"24h\""),
            (ROOT, "[horizon]\norders = \"9999d\"", "`orders` must be between 1m and 3650d"),
            (ROOT, "[horizon]\nahead = \"2h\"", "`ahead` must be between 1s and 1h"),
            (ROOT, "[horizon]\ncontact = \"24h\"", "unknown key `contact`, did you mean `contacts`?"),
            ("time_zone = \"UTC\"\nwindows = [\"quarter\"]", "", "`interval15`, `interval30`, `today`, `week`, `month`, or `all`"),
            ("time_zone = \"UTC\"\nwindows = [\"7d\", \"168h\"]", "", "the window `168h` is there already"),
        ] {
            let problems = with(root, tables).expect_err("a bad standard");
            assert!(problems.contains(message), "{problems}\ndoes not say\n{message}");
        }
    }

    #[test]
    fn there_are_at_most_fifteen_windows_and_sixty_four_zones() {
        let windows = |many: usize| format!("time_zone = \"UTC\"\nwindows = {:?}", (1..=many).map(|n| format!("{n}m")).collect::<Vec<_>>());
        assert_eq!(with(&windows(15), "").expect("a good standard").windows.len(), 15);
        let problems = with(&windows(16), "").expect_err("too many windows");
        assert!(problems.contains("x.toml:7:11: 16 windows are too many: at most 15"), "{problems}");

        let names: Vec<String> =
            jiff::tz::db().available().map(|name| name.to_string()).filter(|name| name.contains('/')).take(70).collect();
        let zones = |many: usize| names.iter().take(many).map(|name| format!("\"{name}\" = \"{name}\"")).collect::<Vec<_>>().join(", ");
        let tables = |many: usize| format!("[zones]\nby = \"center\"\nvalues = {{ {} }}", zones(many));
        assert_eq!(with(ROOT, &tables(63)).map(|standard| standard.zones.all().len() <= 64), Ok(true));
        let problems = with(ROOT, &tables(70)).expect_err("too many zones");
        assert!(problems.contains("time zones are too many: at most 64"), "{problems}");
    }
}
