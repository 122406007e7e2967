//! The deadlines of a commitment: one rule, or a list of which the first that fits a case holds.

use crate::domain::standard::{DeadlineChoice, DeadlineRule, Standard};
use crate::standard_file::fact_lists::read_conditions;
use crate::toml_document::{TomlTable, nearest_match};

/// The most deadlines a commitment can choose from: a bit each in a word.
const DEADLINES_MAX: usize = 32;

/// What a rule can be, for whoever wrote none.
const DEADLINE_RULES_HELP: &str = "write one of `within = \"48h\"` (of a `calendar`'s open time if one is named), `working_days = 3` or `full_days = 2` \
                     with a `calendar`, `before = \"16:00\"` with `otherwise = \"24h\"`, `due = true`, `appointment = true`";

/// `deadline = [{ where = { tier = "vip" }, within = "24h" }, ...]`, or one rule in the commitment itself.
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
        list.report_problem(format!("a commitment needs a deadline: {DEADLINE_RULES_HELP}"));
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

/// The one rule that a table holds.
fn read_deadline(table: &TomlTable<'_>, standard: &Standard) -> Option<DeadlineRule> {
    let calendar = find_calendar(table, standard);
    let of_calendar = |key: &str| {
        if calendar.is_none() && table.value("calendar").is_none() {
            table.report_problem(key, format!("`{key}` needs a `calendar`"));
        }
        calendar
    };
    let mut rules = Vec::new();
    let mut count = 0;
    let mut rule = |key: &str, deadline: &dyn Fn() -> Option<DeadlineRule>| {
        if table.value(key).is_some() {
            count += 1;
            rules.extend(deadline());
        }
    };
    rule("within", &|| Some(DeadlineRule::Within(table.optional_duration("within")?, calendar)));
    rule("working_days", &|| {
        Some(DeadlineRule::WorkingDays(
            read_day_count(table, "working_days")?,
            of_calendar("working_days")?,
        ))
    });
    rule("full_days", &|| {
        Some(DeadlineRule::FullWorkingDays(
            read_day_count(table, "full_days")?,
            of_calendar("full_days")?,
        ))
    });
    rule("before", &|| {
        let otherwise = table
            .required_value("otherwise", "a duration, as in \"24h\"")
            .and_then(|value| value.require_duration())?;
        Some(DeadlineRule::CutOff(read_time_of_day(table, "before")?, otherwise))
    });
    rule("due", &|| table.optional_bool("due").filter(|due| *due).map(|_| DeadlineRule::Due));
    rule("appointment", &|| {
        table.optional_bool("appointment").filter(|yes| *yes).map(|_| DeadlineRule::Appointment)
    });
    match count {
        1 => {}
        0 => table.report_problem("", format!("a commitment needs a deadline: {DEADLINE_RULES_HELP}")),
        _ => table.report_problem(
            "",
            "a deadline is one rule; for several write a list `deadline = [{ .. }, { .. }]`, of which the first that fits holds",
        ),
    }
    rules.pop()
}

fn read_day_count(table: &TomlTable<'_>, key: &str) -> Option<u32> {
    let days = table.optional_integer(key)?;
    let fitting = u32::try_from(days).ok().filter(|days| (1..=366).contains(days));
    if fitting.is_none() {
        table.report_problem(
            key,
            format!("`{key}` must be a number of days from 1 to 366, not {days}"),
        );
    }
    fitting
}

fn read_time_of_day(table: &TomlTable<'_>, key: &str) -> Option<jiff::civil::Time> {
    let text = table.optional_string(key)?;
    let time = text.parse().ok();
    if time.is_none() {
        table.report_problem(key, format!("`{text}` is no time of day; write \"16:00\""));
    }
    time
}

/// The place of the calendar that a rule names.
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
