//! Random cases: a calendar, an order and its commitments.

use super::zones::{FIRST_MINUTE, ZONES};
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Write;

/// Minutes from the start of the table of zones to the earliest order.
const EARLIEST: i64 = 4 * 1_440;

/// Opening hours in minutes after midnight. They may end on the next day.
pub(crate) type Hours = Vec<(i64, i64)>;

/// A calendar. Days are numbered from the first of the table of zones.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCalendar {
    pub(crate) zone: usize,
    /// Hours of each weekday, Monday first.
    pub(crate) week: [Hours; 7],
    /// Closed days.
    pub(crate) holidays: Vec<i64>,
    /// Days with their own hours. They take precedence over closed days.
    pub(crate) workdays: Vec<(i64, Hours)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    Within(i64),
    WorkingDays(u32),
    FullDays(u32),
    /// The end of the day before this minute of the day, otherwise this many minutes later.
    Before(i64, i64),
    Due,
    Appointment,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Warning {
    Percent(i64),
    Minutes(i64),
}

impl Warning {
    pub(crate) fn label(self) -> String {
        match self {
            Warning::Percent(percent) => format!("{percent}%"),
            Warning::Minutes(minutes) => format!("{minutes}m"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedCommitment {
    pub(crate) name: String,
    pub(crate) rule: Rule,
    pub(crate) uses_calendar: bool,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) due_soon: Option<i64>,
    pub(crate) counts_wall_time: bool,
}

/// Pause in minutes; `None` while it lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) begin: i64,
    pub(crate) end: Option<i64>,
    pub(crate) is_excused: bool,
}

/// One case. All times are minutes since the start of the table of zones.
#[derive(Clone, Debug)]
pub(crate) struct DeadlinePlan {
    pub(crate) calendar: PlannedCalendar,
    pub(crate) commitments: Vec<PlannedCommitment>,
    pub(crate) opened: i64,
    pub(crate) pauses: Vec<Pause>,
    pub(crate) resolved: Option<i64>,
    pub(crate) due: i64,
    pub(crate) appointment: i64,
    pub(crate) now: i64,
}

fn minute_ms(minute: i64) -> i64 {
    (FIRST_MINUTE + minute) * 60_000
}

fn time_text(minute: i64) -> String {
    jiff::Timestamp::from_millisecond(minute_ms(minute)).expect("a time").to_string()
}

fn date_text(day: i64) -> String {
    time_text(day * 1_440)[..10].to_owned()
}

fn hours_text(hours: &Hours) -> String {
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let spans: Vec<String> = hours
        .iter()
        .map(|(from, until)| {
            let until = if *until > 1_440 { until - 1_440 } else { *until };
            format!("\"{}-{}\"", clock(*from), clock(until))
        })
        .collect();
    format!("[{}]", spans.join(", "))
}

impl DeadlinePlan {
    pub(crate) fn now_ms(&self) -> i64 {
        minute_ms(self.now)
    }

    /// Returns the order's events as JSON, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let event = |id: usize, kind: &str, minute: i64, data: String| {
            format!(
                r#"{{"specversion":"1.0","id":"e{id}","source":"/x","type":"repair.{kind}","time":"{}","subject":"r-1","data":{data}}}"#,
                time_text(minute)
            )
        };
        let due = format!(
            r#"{{"due":"{}","appointment":"{}"}}"#,
            time_text(self.due),
            time_text(self.appointment)
        );
        let mut events = vec![event(0, "opened", self.opened, due)];
        for pause in &self.pauses {
            let liable = if pause.is_excused { "customer" } else { "us" };
            let id = events.len();
            events.push(event(id, "paused", pause.begin, format!(r#"{{"liable":"{liable}"}}"#)));
            events.extend(pause.end.map(|end| event(id + 100, "resumed", end, "{}".to_owned())));
        }
        events.extend(self.resolved.map(|at| event(999, "resolved", at, "{}".to_owned())));
        events
    }

    /// Returns the standard as TOML.
    pub(crate) fn standard_text(&self) -> String {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let week: Vec<String> = days
            .iter()
            .zip(&self.calendar.week)
            .filter(|(_, hours)| !hours.is_empty())
            .map(|(day, hours)| format!("{day} = {}", hours_text(hours)))
            .collect();
        let holidays: Vec<String> =
            self.calendar.holidays.iter().map(|day| date_text(*day)).collect();
        let workdays: Vec<String> = self
            .calendar
            .workdays
            .iter()
            .map(|(day, hours)| {
                format!("{{ date = {}, open = {} }}", date_text(*day), hours_text(hours))
            })
            .collect();
        let mut text = format!(
            r#"name = "deadlines"
version = "1"
date_of_effect = 2020-01-01
title = {{ en = "X", zh = "X" }}
time_zone = "{zone}"
dimensions = ["center"]
scopes = [[]]
windows = ["24h", "all"]
orders = ["repair"]

[calendar.c]
week = {{ {} }}
holidays = [{}]
workdays = [{}]

[indicator.open]
title = {{ en = "open", zh = "o" }}
level = ["repair.open"]
"#,
            week.join(", "),
            holidays.join(", "),
            workdays.join(", "),
            zone = ZONES[self.calendar.zone],
        );
        for commitment in &self.commitments {
            let _ = write!(text, "{}", commitment.to_toml());
        }
        text
    }
}

impl PlannedCommitment {
    fn to_toml(&self) -> String {
        let rule = match self.rule {
            Rule::Within(minutes) => format!("within = \"{minutes}m\""),
            Rule::WorkingDays(days) => format!("working_days = {days}"),
            Rule::FullDays(days) => format!("full_days = {days}"),
            Rule::Before(before, otherwise) => format!(
                "before = \"{:02}:{:02}\"\notherwise = \"{otherwise}m\"",
                before / 60,
                before % 60
            ),
            Rule::Due => "due = true".to_owned(),
            Rule::Appointment => "appointment = true".to_owned(),
        };
        let warnings: Vec<String> =
            self.warnings.iter().map(|warning| format!("\"{}\"", warning.label())).collect();
        let mut lines = vec![
            format!("\n[commitment.{}]", self.name),
            "from = \"repair.opened\"\nuntil = \"repair.resolved\"".to_owned(),
            rule,
            "pauses = [{ liable = [\"customer\"], clock = \"excused\" }]".to_owned(),
            format!("warn = [{}]", warnings.join(", ")),
        ];
        if self.uses_calendar {
            lines.push("calendar = \"c\"".to_owned());
        }
        lines.extend(self.due_soon.map(|minutes| format!("due_soon = \"{minutes}m\"")));
        if self.counts_wall_time {
            lines.push("clock = \"wall\"".to_owned());
        }
        lines.join("\n") + "\n"
    }
}

fn hours() -> impl Strategy<Value = Hours> {
    prop_oneof![
        2 => Just(vec![(8 * 60, 18 * 60)]),
        2 => Just(vec![(8 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)]),
        1 => Just(vec![(22 * 60, 30 * 60)]),
        1 => Just(vec![(0, 1_440)]),
        1 => (0..20_i64, 1..200_i64).prop_map(|(from, length)| vec![(from * 60, from * 60 + length)]),
        1 => Just(Vec::new()),
    ]
}

fn calendar() -> impl Strategy<Value = PlannedCalendar> {
    let week = prop_oneof![
        3 => (hours(), hours()).prop_map(|(usual, saturday)| {
            let mut week: [Hours; 7] = std::array::from_fn(|_| usual.clone());
            week[5] = saturday;
            week[6] = Vec::new();
            week
        }),
        1 => prop::array::uniform7(hours()),
    ];
    let open_week = week.prop_map(|mut week| {
        // With fewer hours a deadline may lie beyond the tables.
        if week.iter().flatten().map(|(from, until)| until - from).sum::<i64>() < 1_200 {
            (week[2], week[4]) = (vec![(8 * 60, 18 * 60)], vec![(8 * 60, 18 * 60)]);
        }
        // Hours over midnight end before those of the next day begin.
        for day in 0..7 {
            let next = week[(day + 1) % 7].first().map_or(1_440, |(from, _)| *from);
            for (_, until) in &mut week[day] {
                *until = (*until).min(1_440 + next);
            }
        }
        week
    });
    let holidays = prop::collection::vec(0..70_i64, 0..4);
    let special = hours().prop_filter("hours of its own", |hours| !hours.is_empty());
    let workdays = prop::collection::vec((0..70_i64, special), 0..3);
    (0..ZONES.len(), open_week, holidays, workdays).prop_map(
        |(zone, week, mut holidays, mut workdays)| {
            holidays.sort_unstable();
            holidays.dedup();
            workdays.sort();
            workdays.dedup_by_key(|(day, _)| *day);
            PlannedCalendar { zone, week, holidays, workdays }
        },
    )
}

fn commitment(
    number: usize,
    rule: BoxedStrategy<Rule>,
) -> impl Strategy<Value = PlannedCommitment> {
    let warning = prop_oneof![
        select(vec![1, 33, 50, 80, 99]).prop_map(Warning::Percent),
        // Odd, so that the label stays in minutes.
        (0..500_i64).prop_map(|half| Warning::Minutes(2 * half + 1)),
    ];
    let warnings = prop::collection::vec(warning, 0..4);
    let due_soon = prop::option::of(1..1_000_i64);
    (rule, any::<bool>(), warnings, due_soon, prop::bool::weighted(0.2)).prop_map(
        move |(rule, uses_calendar, warnings, due_soon, counts_wall_time)| PlannedCommitment {
            name: format!("c{number}"),
            rule,
            uses_calendar: uses_calendar
                || matches!(rule, Rule::WorkingDays(_) | Rule::FullDays(_)),
            warnings,
            due_soon,
            counts_wall_time,
        },
    )
}

fn commitments() -> impl Strategy<Value = Vec<PlannedCommitment>> {
    let rules = [
        (1..2_000_i64).prop_map(Rule::Within).boxed(),
        (1..4_u32).prop_map(Rule::WorkingDays).boxed(),
        (1..4_u32).prop_map(Rule::FullDays).boxed(),
        (0..1_440_i64, 1..3_000_i64)
            .prop_map(|(before, otherwise)| Rule::Before(before, otherwise))
            .boxed(),
        Just(Rule::Due).boxed(),
        Just(Rule::Appointment).boxed(),
    ];
    rules.into_iter().enumerate().map(|(number, rule)| commitment(number, rule)).collect::<Vec<_>>()
}

/// Returns pauses in order from gaps and lengths. Only the last one may still last.
fn pauses(opened: i64, parts: &[(i64, i64, bool)], lasts: bool) -> Vec<Pause> {
    let mut at = opened;
    let mut pauses = Vec::new();
    for (number, (gap, length, is_excused)) in parts.iter().enumerate() {
        let begin = at + gap;
        at = begin + length;
        let end = (!(lasts && number + 1 == parts.len())).then_some(at);
        pauses.push(Pause { begin, end, is_excused: *is_excused });
    }
    pauses
}

/// A random case.
pub(crate) fn deadline_plan() -> impl Strategy<Value = DeadlinePlan> {
    let length = prop_oneof![1..200_i64, 1..4_000_i64];
    let gap = prop_oneof![1 => Just(1), 2 => 1..300_i64, 1 => 1..3_000_i64];
    let parts = prop::collection::vec((gap, length, prop::bool::weighted(0.7)), 0..4);
    let opened = prop_oneof![
        2 => EARLIEST..EARLIEST + 45 * 1_440_i64,
        1 => (4..50_i64, 0..24_i64).prop_map(|(day, hour)| day * 1_440 + hour * 60),
    ];
    let later = prop_oneof![1..600_i64, 1..10_000_i64];
    (
        calendar(),
        commitments(),
        opened,
        (parts, prop::bool::weighted(0.3)),
        prop::option::weighted(0.3, later.clone()),
        (later.clone(), later.clone()),
        later,
    )
        .prop_map(|(calendar, commitments, opened, (parts, lasts), resolved, named, later)| {
            let pauses = pauses(opened, &parts, lasts);
            // An order is resolved after its last event, and looked at later still.
            let last = pauses.last().map_or(opened, |pause| pause.end.unwrap_or(pause.begin));
            let resolved = resolved.filter(|_| !lasts || parts.is_empty());
            let resolved = resolved.map(|after| last + after);
            DeadlinePlan {
                calendar,
                commitments,
                opened,
                pauses,
                resolved,
                due: opened + named.0,
                appointment: opened + named.1,
                now: resolved.unwrap_or(last) + later,
            }
        })
}
