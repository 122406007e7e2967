//! Opening hours of a week: `{ mon-fri = ["08:00-12:00", "13:30-18:00"], sat = ["22:00-06:00"] }`.

use crate::domain::time::calendar::OpeningInterval;
use crate::domain::time::timestamp::truncate_for_message;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Hours of each weekday, Monday first.
pub(super) type WeekdayHours = [Vec<OpeningInterval>; 7];

/// Names of the weekdays, Monday first.
pub(super) const WEEKDAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const WEEK_EXAMPLE: &str = "as in { mon-fri = [\"08:00-12:00\", \"13:30-18:00\"] }";

const MINUTES_PER_DAY: u16 = 24 * 60;

/// Reads the key `week` of a calendar.
pub(super) fn read_week(calendar: &TomlTable<'_>) -> WeekdayHours {
    let mut week = WeekdayHours::default();
    let Some(table) = calendar
        .required_value("week", &format!("the opening hours, {WEEK_EXAMPLE}"))
        .and_then(|value| value.require_table())
    else {
        return week;
    };
    let mut places: [Option<TomlValue<'_>>; 7] = [None; 7];
    for (name, value) in table.entries() {
        let Some(days) = parse_weekdays(name) else {
            value.report_problem(unknown_day_message(name));
            continue;
        };
        let spans = read_spans(&value);
        for day in days {
            if places[day].is_some() {
                value.report_problem(format!("`{}` is listed already", WEEKDAY_NAMES[day]));
            }
            places[day] = Some(value);
            week[day] = spans.clone();
        }
    }
    if table.entries().all(|(_, value)| value.as_array().is_some_and(|list| list.is_empty())) {
        calendar.report_problem(
            "week",
            format!("a calendar needs opening hours on some day, {WEEK_EXAMPLE}"),
        );
    }
    for (day, place) in places.iter().enumerate() {
        let next = (day + 1) % 7;
        let (Some(place), Some(tail)) =
            (place, week[day].iter().find(|span| span.until > MINUTES_PER_DAY))
        else {
            continue;
        };
        if let Some(head) = week[next].iter().find(|head| head.from < tail.until - MINUTES_PER_DAY)
        {
            // The message has no day names, so that `mon-fri` reports its problem once.
            let (tail, head) = (format_span(*tail), format_span(*head));
            place.report_problem(format!(
                "`{tail}` overlaps `{head}` of the next day; end it earlier"
            ));
        }
    }
    week
}

/// Reads the hours of a day: a list of spans without overlap.
pub(super) fn read_spans(value: &TomlValue<'_>) -> Vec<OpeningInterval> {
    let mut spans: Vec<OpeningInterval> = Vec::new();
    for entry in value.require_array().unwrap_or_default() {
        let Some(text) = entry.require_string() else { continue };
        let Some(span) = parse_span(text) else {
            let text = truncate_for_message(text);
            entry.report_problem(format!(
                "`{text}` is not a span of hours; use \"08:00-12:00\", \"22:00-06:00\" over \
                 midnight, or \"00:00-24:00\" for a whole day"
            ));
            continue;
        };
        if let Some(other) =
            spans.iter().find(|other| span.from < other.until && other.from < span.until)
        {
            entry.report_problem(format!(
                "`{}` overlaps `{}`; merge the spans or separate them",
                format_span(span),
                format_span(*other)
            ));
        }
        spans.push(span);
    }
    spans
}

/// Reads the name of a weekday as an index, Monday first.
pub(super) fn read_weekday(value: &TomlValue<'_>) -> Option<usize> {
    value.require_choice(&std::array::from_fn::<_, 7, _>(|day| (WEEKDAY_NAMES[day], day)))
}

/// Parses `mon`, `mon-fri`, `sat-mon` or `daily` as weekday indexes.
fn parse_weekdays(name: &str) -> Option<Vec<usize>> {
    let index = |name: &str| WEEKDAY_NAMES.iter().position(|day| *day == name);
    if name == "daily" {
        return Some((0..7).collect());
    }
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    let (first, last) = (index(first)?, index(last)?);
    Some((0..=(last + 7 - first) % 7).map(|offset| (first + offset) % 7).collect())
}

fn unknown_day_message(name: &str) -> String {
    let hint = nearest_match(name, WEEKDAY_NAMES.into_iter().chain(["daily"]))
        .map_or(";".to_owned(), |day| format!(", did you mean `{day}`?"));
    format!(
        "`{}` is not a day{hint} use `mon` to `sun`, a range such as `mon-fri`, or `daily`",
        truncate_for_message(name)
    )
}

/// Parses `08:00-12:00`. A span that ends before it begins continues on the next day.
fn parse_span(text: &str) -> Option<OpeningInterval> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (parse_minute(from)?, parse_minute(until)?);
    let until = if until < from { until + MINUTES_PER_DAY } else { until };
    (from < MINUTES_PER_DAY && from != until).then_some(OpeningInterval { from, until })
}

/// Parses `08:00` to `24:00` as minutes after midnight.
fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (hour, minute) =
        (number(hour).filter(|_| hour.len() <= 2)?, number(minute).filter(|_| minute.len() == 2)?);
    (minute < 60 && hour * 60 + minute <= MINUTES_PER_DAY).then_some(hour * 60 + minute)
}

fn format_span(span: OpeningInterval) -> String {
    let until =
        if span.until > MINUTES_PER_DAY { span.until - MINUTES_PER_DAY } else { span.until };
    format!("{:02}:{:02}-{:02}:{:02}", span.from / 60, span.from % 60, until / 60, until % 60)
}
