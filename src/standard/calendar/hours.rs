//! Opening hours of a week: `{ mon-fri = ["08:00-12:00", "13:30-18:00"], sat = ["22:00-06:00"] }`.

use crate::document::{Table, Value, nearest};
use crate::domain::calendar::Span;
use crate::domain::time::shorten;

/// The hours of each weekday, Monday first.
pub(super) type Week = [Vec<Span>; 7];

/// What the weekdays are called, Monday first.
pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const EXAMPLE: &str = "as in { mon-fri = [\"08:00-12:00\", \"13:30-18:00\"] }";

/// The minutes of a day.
const DAY: u16 = 24 * 60;

/// Reads the key `week` of a calendar.
pub(super) fn week(calendar: &Table<'_>) -> Week {
    let mut week = Week::default();
    let Some(table) = calendar.required("week", &format!("the opening hours, {EXAMPLE}")).and_then(|value| value.table()) else {
        return week;
    };
    let mut places: [Option<Value<'_>>; 7] = [None; 7];
    for (name, value) in table.entries() {
        let Some(days) = days(name) else {
            value.problem(no_day(name));
            continue;
        };
        let spans = spans(&value);
        for day in days {
            if places[day].is_some() {
                value.problem(format!("`{}` is there already", DAYS[day]));
            }
            places[day] = Some(value);
            week[day] = spans.clone();
        }
    }
    if table.entries().all(|(_, value)| value.as_array().is_some_and(|list| list.is_empty())) {
        calendar.problem("week", format!("a calendar needs opening hours on some day, {EXAMPLE}"));
    }
    for (day, place) in places.iter().enumerate() {
        let next = (day + 1) % 7;
        let (Some(place), Some(tail)) = (place, week[day].iter().find(|span| span.until > DAY)) else { continue };
        if let Some(head) = week[next].iter().find(|head| head.from < tail.until - DAY) {
            // Without the names of the days: the same hours of `mon-fri` are one mistake.
            let (tail, head) = (show(*tail), show(*head));
            place.problem(format!("`{tail}` goes on into `{head}` of the next day; let it end before that begins"));
        }
    }
    week
}

/// Reads the hours of a day: a list of spans that lie apart from each other.
pub(super) fn spans(value: &Value<'_>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for entry in value.array().unwrap_or_default() {
        let Some(text) = entry.string() else { continue };
        let Some(span) = span(text) else {
            let text = shorten(text);
            entry.problem(format!(
                "`{text}` is not a span of hours; write \"08:00-12:00\", \"22:00-06:00\" over midnight, \"00:00-24:00\" for a whole day"
            ));
            continue;
        };
        if let Some(other) = spans.iter().find(|other| span.from < other.until && other.from < span.until) {
            entry.problem(format!("`{}` overlaps `{}`; write one span, or let one end before the other begins", show(span), show(*other)));
        }
        spans.push(span);
    }
    spans
}

/// Reads the name of a weekday, as its place in the week.
pub(super) fn weekday(value: &Value<'_>) -> Option<usize> {
    value.choice(&std::array::from_fn::<_, 7, _>(|day| (DAYS[day], day)))
}

/// `mon`, `mon-fri`, `sat-mon` or `daily`, as places in the week.
fn days(name: &str) -> Option<Vec<usize>> {
    let place = |name: &str| DAYS.iter().position(|day| *day == name);
    if name == "daily" {
        return Some((0..7).collect());
    }
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    let (first, last) = (place(first)?, place(last)?);
    Some((0..=(last + 7 - first) % 7).map(|more| (first + more) % 7).collect())
}

fn no_day(name: &str) -> String {
    let hint = nearest(name, DAYS.into_iter().chain(["daily"])).map_or(";".to_owned(), |day| format!(", did you mean `{day}`?"));
    format!("`{}` is not a day{hint} write `mon` to `sun`, a range such as `mon-fri`, or `daily`", shorten(name))
}

/// `08:00-12:00`; what does not end later than it begins ends on the next day.
fn span(text: &str) -> Option<Span> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    let until = if until < from { until + DAY } else { until };
    (from < DAY && from != until).then_some(Span { from, until })
}

/// `08:00` to `24:00` as minutes after midnight.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (hour, minute) = (number(hour).filter(|_| hour.len() <= 2)?, number(minute).filter(|_| minute.len() == 2)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

fn show(span: Span) -> String {
    let until = if span.until > DAY { span.until - DAY } else { span.until };
    format!("{:02}:{:02}-{:02}:{:02}", span.from / 60, span.from % 60, until / 60, until % 60)
}
