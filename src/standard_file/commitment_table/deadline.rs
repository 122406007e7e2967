//! Deadlines of a commitment: one rule, or a list whose first matching entry applies.

use crate::domain::standard::{DeadlineChoice, DeadlineRule, Standard};
use crate::standard_file::fact_lists::read_conditions;
use crate::toml_document::{TomlTable, nearest_match};

/// Maximum number of deadlines of a commitment, a bit each in a `u32`.
const DEADLINES_MAX: usize = 32;

/// Remedy for a missing deadline.
const DEADLINE_RULES_HELP: &str = "use `within = \"48h\"` (with a `calendar`, in its opening \
    hours), `working_days = 3` or `full_days = 2` with a `calendar`, `before = \"16:00\"` with \
    `otherwise = \"24h\"` or with `same_day_at = \"17:00\"` and `next_day_at = \"10:00\"`, \
    `due = true`, or `appointment = true`";

/// Reads `deadline = [{ where = { tier = "vip" }, within = "24h" }, ...]`, or the single rule in
/// the commitment itself.
pub(super) fn read_deadline_choices(
    table: &TomlTable<'_>,
    standard: &Standard,
) -> Vec<DeadlineChoice> {
    let Some(list) = table.value("deadline") else {
        return read_deadline(table, standard)
            .map(|deadline| DeadlineChoice { conditions: Vec::new(), deadline })
            .into_iter()
            .collect();
    };
    let mut choices = Vec::new();
    for entry in list.require_array().unwrap_or_default() {
        let Some(choice) = entry.require_table() else { continue };
        let (conditions, deadline) =
            (read_conditions(&choice, standard), read_deadline(&choice, standard));
        choice.report_unknown_keys();
        choices.extend(deadline.map(|deadline| DeadlineChoice { conditions, deadline }));
    }
    if list.as_array().is_some_and(|list| list.is_empty()) {
        list.report_problem(format!("a commitment needs a deadline; {DEADLINE_RULES_HELP}"));
    }
    if choices.len() > DEADLINES_MAX {
        list.report_problem(format!(
            "{} deadlines are too many: at most {DEADLINES_MAX}",
            choices.len()
        ));
        choices.truncate(DEADLINES_MAX);
    }
    choices
}

/// Reads the deadline rule of a table. Reports a problem unless there is exactly one.
fn read_deadline(table: &TomlTable<'_>, standard: &Standard) -> Option<DeadlineRule> {
    let calendar = find_calendar(table, standard);
    let required_calendar = |key: &str| {
        if calendar.is_none() && table.value("calendar").is_none() {
            table.report_problem(key, format!("`{key}` needs a `calendar`"));
        }
        calendar
    };
    let mut rules = Vec::new();
    let mut count = 0;
    let mut add_rule = |key: &str, deadline: &dyn Fn() -> Option<DeadlineRule>| {
        if table.value(key).is_some() {
            count += 1;
            rules.extend(deadline());
        }
    };
    add_rule("within", &|| {
        Some(DeadlineRule::Within(table.optional_duration("within")?, calendar))
    });
    add_rule("working_days", &|| {
        Some(DeadlineRule::WorkingDays(
            read_day_count(table, "working_days")?,
            required_calendar("working_days")?,
        ))
    });
    add_rule("full_days", &|| {
        Some(DeadlineRule::FullWorkingDays(
            read_day_count(table, "full_days")?,
            required_calendar("full_days")?,
        ))
    });
    add_rule("before", &|| {
        if table.value("same_day_at").is_some() || table.value("next_day_at").is_some() {
            return read_times_of_day(table, calendar);
        }
        let otherwise = table
            .required_value("otherwise", "a duration, as in \"24h\"")
            .and_then(|value| value.require_duration())?;
        Some(DeadlineRule::CutOff(read_time_of_day(table, "before")?, otherwise, calendar))
    });
    add_rule("due", &|| {
        table.optional_bool("due").filter(|due| *due).map(|_| DeadlineRule::Due(calendar))
    });
    add_rule("appointment", &|| {
        table
            .optional_bool("appointment")
            .filter(|appointment| *appointment)
            .map(|_| DeadlineRule::Appointment(calendar))
    });
    match count {
        1 => {}
        0 => table
            .report_problem("", format!("a commitment needs a deadline; {DEADLINE_RULES_HELP}")),
        _ => table.report_problem(
            "",
            "a deadline has one rule; for several use a list, `deadline = [{ .. }, { .. }]`, whose \
             first matching entry applies",
        ),
    }
    rules.pop()
}

fn read_day_count(table: &TomlTable<'_>, key: &str) -> Option<u32> {
    let days = table.optional_integer(key)?;
    let valid = u32::try_from(days).ok().filter(|days| (1..=366).contains(days));
    if valid.is_none() {
        table.report_problem(key, format!("`{key}` must be from 1 to 366 days, not {days}"));
    }
    valid
}

/// Reads `before = "12:00", same_day_at = "17:00", next_day_at = "10:00"`.
fn read_times_of_day(table: &TomlTable<'_>, calendar: Option<usize>) -> Option<DeadlineRule> {
    let before = read_time_of_day(table, "before");
    let time = |key: &str| {
        table.required_value(key, "a time of day, as in \"17:00\"")?;
        read_time_of_day(table, key)
    };
    let (at, next_at) = (time("same_day_at"), time("next_day_at"));
    let (before, at, next_at) = (before?, at?, next_at?);
    if at < before {
        table.report_problem(
            "same_day_at",
            format!("the deadline at {at} may be before the start; use {before} or later"),
        );
    }
    Some(DeadlineRule::TimesOfDay { before, at, next_at, calendar })
}

fn read_time_of_day(table: &TomlTable<'_>, key: &str) -> Option<jiff::civil::Time> {
    let text = table.optional_string(key)?;
    let time = text.parse().ok();
    if time.is_none() {
        table.report_problem(key, format!("`{text}` is not a time of day, as in \"16:00\""));
    }
    time
}

/// Returns the index of the calendar of a rule. Returns `None` without one.
fn find_calendar(table: &TomlTable<'_>, standard: &Standard) -> Option<usize> {
    let name = table.optional_string("calendar")?;
    let place = standard.calendars.iter().position(|calendar| calendar.name == name);
    if place.is_none() {
        let known = || standard.calendars.iter().map(|calendar| calendar.name.as_str());
        let hint = match nearest_match(name, known()) {
            Some(known) => format!("did you mean `{known}`?"),
            None if standard.calendars.is_empty() => format!("declare it: `[calendar.{name}]`"),
            None => format!("declared are: {}", known().collect::<Vec<_>>().join(", ")),
        };
        table.report_problem("calendar", format!("there is no calendar `{name}`; {hint}"));
    }
    place
}
