//! Explanations as text.

use crate::cli::replay::readings_table::describe_states;
use crate::describe;
use crate::domain::cases::case_names::CaseName;
use crate::domain::explain::case_history::{CaseHistory, HistoryClock, HistoryFact, HistoryValue};
use crate::domain::explain::explanation::{Explanation, FactExample, FormulaSide};
use crate::domain::explain::open_cases::OpenCases;
use crate::domain::facts::catalog::FactMeasure;
use crate::domain::facts::commitment_clock::ClockState;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use crate::publish::explain_json::pause_effect;
use std::fmt::Write;

/// Formats a reading with the cases behind it.
pub(super) fn explanation_text(explanation: &Explanation) -> String {
    let standard = &*explanation.board.standard;
    let indicator = &standard.indicators[explanation.request.indicator];
    let scope: Vec<String> = standard.scopes[explanation.request.scope.kind]
        .iter()
        .zip(&explanation.request.scope.values)
        .map(|(index, value)| format!("{}={value}", standard.schema.dimensions[*index]))
        .collect();
    let window = explanation
        .request
        .window
        .map_or(Window::NOW.to_owned(), |window| standard.windows[window].to_string());
    let mut out = format!("{} ({})\n", indicator.title.en, indicator.name);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "= {}", describe::describe_indicator(standard, indicator).en);
    let request = &explanation.request;
    let at = explanation.board.as_of;
    if let Some(target) = standard.target_in_scope(indicator, &request.scope, at) {
        let _ = writeln!(out, "target: {}", describe::describe_target(indicator, target).en);
    }
    let counts = describe::describe_counted_unit(
        standard,
        explanation.request.indicator,
        explanation.request.scope.kind,
    );
    let scope = if scope.is_empty() { "everything".to_owned() } else { scope.join(" ") };
    let begin = explanation.begin.map_or(String::new(), |begin| format!(" from {begin}"));
    let _ = writeln!(
        out,
        "{scope}, window {window}{begin} to {}{}",
        format_time(explanation.board.as_of),
        counts.map_or(String::new(), |counts| format!(", {}", counts.en))
    );
    match explanation.reading() {
        Some(reading) => {
            let value = reading.value.map_or("-".to_owned(), |value| format!("{value}"));
            let (states, level) = (describe_states(reading), reading.level.name());
            let unit = indicator.unit();
            let _ = writeln!(out, "value {value} ({unit}), state {states}, level {level}");
        }
        None => out += "no cases in this scope\n",
    }
    if let Some(good) = &explanation.good {
        write_side(&mut out, "numerator", standard, good);
    }
    write_side(
        &mut out,
        if explanation.good.is_some() { "denominator" } else { "components" },
        standard,
        &explanation.of,
    );
    for left_out in &explanation.excluded {
        let reason = describe::describe_reason(
            standard,
            indicator,
            left_out.reason,
            left_out.label.as_deref(),
        );
        let _ = writeln!(out, "\nleft out {}: {}", left_out.count, reason.en);
        write_cases(
            &mut out,
            standard,
            &left_out.cases,
            left_out.count - left_out.cases.len() as i64,
        );
    }
    out
}

fn write_side(out: &mut String, title: &str, standard: &Standard, side: &FormulaSide) {
    let _ = writeln!(out, "\n{title}: {}", side.count);
    for (tally, count) in side.tallies.iter().filter(|_| side.tallies.len() > 1) {
        let _ = writeln!(
            out,
            "  {count} {}",
            describe::describe_tallies(standard, std::slice::from_ref(tally)).en
        );
    }
    write_cases(out, standard, &side.cases, side.unlisted_count());
    if side.forgotten_count() != 0 {
        let _ = writeln!(out, "  no longer remembered: {}", side.forgotten_count());
    }
}

fn write_cases(out: &mut String, standard: &Standard, cases: &[FactExample], more: i64) {
    for case in cases {
        let value = match case.value {
            Some(value) if standard.kinds.fact_measure(case.kind) == FactMeasure::Answer => {
                format!("  {value}")
            }
            Some(value) => format!("  {}", format_duration(value)),
            None => String::new(),
        };
        let repeated = case.repeated_by.as_ref().map_or(String::new(), |(by, at)| {
            format!("  repeated by {} at {at}", format_case_name(by.as_ref()))
        });
        let invalidated = case.invalidated_by.map_or(String::new(), |(by, at)| {
            format!("  not resolved: {} at {at}", standard.kinds.name(by))
        });
        let _ = writeln!(
            out,
            "  {}  {}  {}{value}{repeated}{invalidated}",
            case.time,
            standard.kinds.name(case.kind),
            format_case_name(case.name.as_ref())
        );
    }
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
}

/// Formats the history of one case.
pub(super) fn history_text(history: &CaseHistory) -> String {
    let mut out = format!(
        "{}, {}\n",
        format_case_name(history.name.as_ref()),
        if history.open { "open" } else { "closed" }
    );
    let attributes: Vec<String> =
        history.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(out, "{}\n\nevents", attributes.join(" "));
    for event in &history.events {
        let fields: Vec<String> = event
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={}", format_value(value)))
            .collect();
        let _ = writeln!(out, "  {}  {}  {}", event.time, event.kind, fields.join(" "));
    }
    out += "\nfacts\n";
    history.facts.iter().for_each(|fact| write_fact(&mut out, fact));
    for (number, leg) in history.legs.iter().enumerate() {
        let attributes: Vec<String> =
            leg.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let _ = writeln!(out, "\nleg {}: {}", number + 1, attributes.join(" "));
        leg.facts.iter().for_each(|fact| write_fact(&mut out, fact));
    }
    for clock in &history.clocks {
        write_clock(&mut out, &history.standard, clock);
    }
    out
}

fn write_fact(out: &mut String, fact: &HistoryFact) {
    let since = if fact.is_current { "since " } else { "" };
    let value =
        fact.value.as_ref().map_or(String::new(), |value| format!("  {}", format_value(value)));
    let label = fact.label.as_ref().map_or(String::new(), |label| format!("  `{label}`"));
    let _ = writeln!(out, "  {since}{}  {}{value}{label}", fact.time, fact.name);
}

fn write_clock(out: &mut String, standard: &Standard, clock: &HistoryClock) {
    let report = &clock.report;
    let commitment = standard
        .commitments
        .get(report.commitment)
        .map_or("", |commitment| commitment.name.as_str());
    let deadline = match (report.state, report.deadline) {
        (ClockState::Stopped(since), _) => format!("paused since {since}"),
        (_, Some(deadline)) => format!("deadline {deadline}"),
        (_, None) => "no deadline".to_owned(),
    };
    let until = report.until.map_or(String::new(), |until| format!(", done {until}"));
    let _ = writeln!(
        out,
        "\ncommitment `{commitment}`: {}\n  from {}, {deadline}{until}",
        report.state.name(),
        report.from
    );
    if let ClockState::Void(kind) = report.state {
        let _ = writeln!(out, "  cancelled by {}", standard.kinds.name(kind));
    }
    if let Some(liable) = &clock.liable {
        let _ = writeln!(out, "  liable: {liable}");
    }
    let allowed = report.allowed_ms.map_or("-".to_owned(), format_duration);
    let _ = writeln!(
        out,
        "  gross {}, net {}, used {} of {allowed}",
        format_duration(report.gross_ms),
        format_duration(report.net_ms),
        format_duration(report.used_ms)
    );
    for stop in &clock.stops {
        let kind = if stop.closed { "closed" } else { "paused" };
        let end = stop.end.map_or("now".to_owned(), |end| end.to_string());
        let reasons: Vec<&str> =
            stop.reason.iter().chain(&stop.liable).map(String::as_str).collect();
        let _ = writeln!(
            out,
            "  {kind} from {} to {end} {} ({})",
            stop.begin,
            reasons.join(", "),
            pause_effect(stop)
        );
    }
    for field in &report.unreadable {
        let _ = writeln!(out, "  {field} unreadable: another deadline applies");
    }
    if !clock.warned.is_empty() {
        let _ = writeln!(out, "  warned at {}", clock.warned.join(", "));
    }
}

/// Formats open cases, those with the least time left first.
pub(super) fn open_cases_text(open: &OpenCases) -> String {
    let mut out = format!("{} open commitments as of {}\n", open.count, format_time(open.as_of));
    for case in &open.cases {
        let left = case.left_ms.map_or("no deadline".to_owned(), |left| match left {
            ..0 => format!("{} over", format_duration(-left)),
            _ => format!("{} left", format_duration(left)),
        });
        let used = case.used_share.map_or(String::new(), |used| format!(" {:.0} %", used * 100.0));
        let attributes: Vec<&str> =
            case.attributes.iter().map(|(_, value)| value.as_str()).collect();
        let commitment = &open.standard.commitments[case.commitment].name;
        let deadline = case.deadline.map_or("paused".to_owned(), |deadline| deadline.to_string());
        let warned = if case.warnings.is_empty() {
            String::new()
        } else {
            format!("  warned at {}", case.warnings.join(", "))
        };
        let _ = writeln!(
            out,
            "{:>14}{used}  {}  {commitment} {}  since {} until {deadline}  {}{warned}{}",
            left,
            case.risk.name(),
            format_case_name(case.name.as_ref()),
            case.started_at,
            attributes.join(" "),
            case.unreadable.iter().map(|field| format!("  {field} unreadable")).collect::<String>()
        );
    }
    let more = open.count - open.cases.len();
    if more > 0 {
        let _ = writeln!(out, "and {more} more");
    }
    out
}

fn format_value(value: &HistoryValue) -> String {
    match value {
        HistoryValue::Text(text) => text.clone(),
        HistoryValue::Number(number) => number.to_string(),
        HistoryValue::Duration(millis) => format_duration(*millis),
        HistoryValue::Time(time) => time.to_string(),
    }
}

fn format_case_name(name: Option<&CaseName>) -> String {
    name.map_or("(name unknown)".to_owned(), |name| format!("{} {}", name.source, name.subject))
}

fn format_time(time: Option<Timestamp>) -> String {
    time.map_or("nothing yet".to_owned(), |time| time.to_string())
}

fn format_duration(millis: i64) -> String {
    let seconds = millis as f64 / 1_000.0;
    match seconds.abs() {
        ..120.0 => format!("{seconds} s"),
        ..7_200.0 => format!("{:.1} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}
