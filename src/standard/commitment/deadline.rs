//! The deadlines of a commitment: one rule, or a list of which the first that fits a case holds.

use crate::document::{Table, nearest};
use crate::domain::standard::{Choice, Deadline, Standard};
use crate::standard::formula::conditions;

/// The most deadlines a commitment can choose from: a bit each in a word.
const CHOICES: usize = 32;

/// What a rule can be, for whoever wrote none.
const RULES: &str = "write one of `within = \"48h\"` (of a `calendar`'s open time if one is named), `working_days = 3` or `full_days = 2` \
                     with a `calendar`, `before = \"16:00\"` with `otherwise = \"24h\"`, `due = true`, `appointment = true`";

/// `deadline = [{ where = { tier = "vip" }, within = "24h" }, ...]`, or one rule in the commitment itself.
pub(super) fn choices(table: &Table<'_>, standard: &Standard) -> Vec<Choice> {
    let Some(list) = table.value("deadline") else {
        return deadline(table, standard).map(|deadline| Choice { conditions: Vec::new(), deadline }).into_iter().collect();
    };
    let mut choices = Vec::new();
    for entry in list.array().unwrap_or_default() {
        let Some(choice) = entry.table() else { continue };
        let (conditions, deadline) = (conditions(&choice, standard), deadline(&choice, standard));
        choice.finish();
        choices.extend(deadline.map(|deadline| Choice { conditions, deadline }));
    }
    if list.as_array().is_some_and(|list| list.is_empty()) {
        list.problem(format!("a commitment needs a deadline: {RULES}"));
    }
    if choices.len() > CHOICES {
        list.problem(format!("{} deadlines are too many: at most {CHOICES}", choices.len()));
        choices.truncate(CHOICES);
    }
    choices
}

/// The one rule that a table holds.
fn deadline(table: &Table<'_>, standard: &Standard) -> Option<Deadline> {
    let calendar = calendar(table, standard);
    let of_calendar = |key: &str| {
        if calendar.is_none() && table.value("calendar").is_none() {
            table.problem(key, format!("`{key}` needs a `calendar`"));
        }
        calendar
    };
    let mut rules = Vec::new();
    let mut count = 0;
    let mut rule = |key: &str, deadline: &dyn Fn() -> Option<Deadline>| {
        if table.value(key).is_some() {
            count += 1;
            rules.extend(deadline());
        }
    };
    rule("within", &|| Some(Deadline::Within(table.duration("within")?, calendar)));
    rule("working_days", &|| Some(Deadline::Days(days(table, "working_days")?, of_calendar("working_days")?)));
    rule("full_days", &|| Some(Deadline::FullDays(days(table, "full_days")?, of_calendar("full_days")?)));
    rule("before", &|| {
        let otherwise = table.required("otherwise", "a duration, as in \"24h\"").and_then(|value| value.duration())?;
        Some(Deadline::CutOff(time_of_day(table, "before")?, otherwise))
    });
    rule("due", &|| table.bool("due").filter(|due| *due).map(|_| Deadline::Due));
    rule("appointment", &|| table.bool("appointment").filter(|yes| *yes).map(|_| Deadline::Appointment));
    match count {
        1 => {}
        0 => table.problem("", format!("a commitment needs a deadline: {RULES}")),
        _ => table.problem(
            "",
            "a deadline is one rule; for several write a list `deadline = [{ .. }, { .. }]`, of which the first that fits holds",
        ),
    }
    rules.pop()
}

fn days(table: &Table<'_>, key: &str) -> Option<u32> {
    let days = table.integer(key)?;
    let fitting = u32::try_from(days).ok().filter(|days| (1..=366).contains(days));
    if fitting.is_none() {
        table.problem(key, format!("`{key}` must be a number of days from 1 to 366, not {days}"));
    }
    fitting
}

fn time_of_day(table: &Table<'_>, key: &str) -> Option<jiff::civil::Time> {
    let text = table.string(key)?;
    let time = text.parse().ok();
    if time.is_none() {
        table.problem(key, format!("`{text}` is no time of day; write \"16:00\""));
    }
    time
}

/// The place of the calendar that a rule names.
fn calendar(table: &Table<'_>, standard: &Standard) -> Option<usize> {
    let name = table.string("calendar")?;
    let place = standard.calendars.iter().position(|calendar| calendar.name == name);
    if place.is_none() {
        let known = || standard.calendars.iter().map(|calendar| calendar.name.as_str());
        let hint = match nearest(name, known()) {
            Some(known) => format!("did you mean `{known}`?"),
            None if standard.calendars.is_empty() => format!("declare it: `[calendar.{name}]`"),
            None => format!("declared are: {}", known().collect::<Vec<_>>().join(", ")),
        };
        table.problem("calendar", format!("there is no calendar `{name}`; {hint}"));
    }
    place
}
