//! Maps recorded data with the mappings in `tests/mappings`, aggregates the events naively and
//! compares the result with independently computed figures.
//!
//! Tests are skipped with a message if the data beside the repository is missing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test without its data panics, a skipped test prints a message"
)]

use firstline::ingest::decode::raw_event::{RawEvent, Scalar};
use firstline::ingest::mapping::{Mapping, RowCounts, RowOutcome};
use firstline::ingest::queue_log::{LineOutcome, QueueLogReader};
use firstline::toml_document::TomlProblem;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Owned copy of a mapped event.
#[derive(Clone, PartialEq, Debug)]
struct MappedEvent {
    line: u64,
    id: String,
    kind: String,
    subject: String,
    time: i64,
    sequence: u32,
    data: BTreeMap<String, Scalar<'static>>,
}

impl MappedEvent {
    fn new(line: u64, event: &RawEvent<'_>) -> MappedEvent {
        let owned = |value: &Scalar<'_>| match value {
            Scalar::Text(text) => Scalar::Text(text.to_string().into()),
            Scalar::Number(number) => Scalar::Number(*number),
            Scalar::Bool(value) => Scalar::Bool(*value),
        };
        MappedEvent {
            line,
            id: event.id.to_string(),
            kind: event.kind.to_string(),
            subject: event.subject.to_string(),
            time: event.time.0,
            sequence: event.sequence,
            data: event.data.iter().map(|(name, value)| (name.to_string(), owned(value))).collect(),
        }
    }

    fn text_field(&self, name: &str) -> Option<&str> {
        match self.data.get(name) {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn number_field(&self, name: &str) -> f64 {
        match self.data.get(name) {
            Some(Scalar::Number(number)) => *number,
            other => panic!("{name} of {self:?} is {other:?}"),
        }
    }
}

/// Events and other results of mapping an input.
#[derive(Default)]
struct MappingOutcome {
    events: Vec<MappedEvent>,
    rejected: Vec<(u64, String)>,
    left_out: BTreeMap<String, u64>,
    notes: Vec<(u64, String)>,
    counts: RowCounts,
}

impl MappingOutcome {
    fn events_of_type(&self, kind: &str) -> Vec<&MappedEvent> {
        self.events.iter().filter(|event| event.kind == kind).collect()
    }

    fn event_count(&self, kind: &str) -> u64 {
        self.events_of_type(kind).len() as u64
    }
}

fn apply_mapping(mapping: &Mapping, input: impl Read, outcome: &mut MappingOutcome) {
    let MappingOutcome { events, rejected, left_out, notes, .. } = outcome;
    let counts = mapping
        .read_rows(input, &mut |row| match row {
            RowOutcome::Event { line, event } => events.push(MappedEvent::new(line, &event)),
            RowOutcome::Rejected { line, reason } => rejected.push((line, reason)),
            RowOutcome::LeftOut { reason, .. } => {
                *left_out.entry(reason.to_owned()).or_default() += 1;
            }
            RowOutcome::Noted { line, note } => notes.push((line, note.to_string())),
        })
        .unwrap();
    outcome.counts.rows += counts.rows;
}

fn map_input(mapping: &str, input: &str) -> MappingOutcome {
    let mapping = Mapping::parse("test.toml", mapping)
        .unwrap_or_else(|problems| panic!("{}", problem_lines(&problems).join("\n")));
    let mut outcome = MappingOutcome::default();
    apply_mapping(&mapping, input.as_bytes(), &mut outcome);
    outcome
}

fn problem_lines(problems: &[TomlProblem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn data_folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} does not exist", path.display());
    None
}

/// Maps a recorded set. Returns the result and the expected figures, `None` if the data is missing.
fn map_recorded_set(mapping: &str, set: &str, files: &[&str]) -> Option<(MappingOutcome, Value)> {
    let folder = data_folder(set)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings").join(mapping);
    let text = fs::read_to_string(&path).unwrap();
    let mapping = Mapping::parse(mapping, &text)
        .unwrap_or_else(|problems| panic!("{}", problem_lines(&problems).join("\n")));
    let mut outcome = MappingOutcome::default();
    for file in files {
        apply_mapping(
            &mapping,
            flate2::read::MultiGzDecoder::new(fs::File::open(folder.join(file)).unwrap()),
            &mut outcome,
        );
    }
    assert_eq!(outcome.rejected, [], "rows rejected");
    let ids: BTreeSet<_> = outcome.events.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), outcome.events.len(), "ids are not unique");
    Some((
        outcome,
        serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap(),
    ))
}

fn count_by<'e>(events: &[&'e MappedEvent], name: &str) -> BTreeMap<&'e str, u64> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event.text_field(name).unwrap_or("(none)")).or_default() += 1;
    }
    counts
}

/// Returns the nonzero values of `expected[group][field]` by group.
fn expected_counts<'v>(expected: &'v Value, field: &[&str]) -> BTreeMap<&'v str, u64> {
    let get = |value: &Value| field.iter().fold(value, |value, key| &value[*key]).as_u64().unwrap();
    expected
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), get(value)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn civil_millis(text: &str, offset: &str) -> i64 {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    format!("{text}{seconds}{offset}").parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

#[test]
fn technion_calls() {
    let Some((outcome, expected)) =
        map_recorded_set("technion.toml", "technion_calls", &["calls.tsv.gz"])
    else {
        return;
    };
    let overall = &expected["overall"];
    let (offered, answered, abandoned) = (
        outcome.events_of_type("call.offered"),
        outcome.events_of_type("call.answered"),
        outcome.events_of_type("call.abandoned"),
    );
    for (events, field) in
        [(&offered, "offered"), (&answered, "answered"), (&abandoned, "abandoned")]
    {
        assert_eq!(events.len() as u64, overall[field], "{field}");
        assert_eq!(
            count_by(events, "day"),
            expected_counts(&expected["by_day"], &[field]),
            "{field} by day"
        );
        assert_eq!(
            count_by(events, "queue"),
            expected_counts(&expected["by_type"], &[field]),
            "{field} by type"
        );
        assert_eq!(
            count_by(events, "priority"),
            expected_counts(&expected["by_priority"], &[field]),
            "{field} by priority"
        );
        assert_eq!(
            count_by(events, "hour"),
            expected_counts(&expected["by_hour"], &[field]),
            "{field} by hour"
        );
    }
    assert_eq!((offered.len(), answered.len(), abandoned.len()), (16_290, 14_405, 1_885));
    assert_eq!(outcome.event_count("call.ended"), 14_405);
    let hung_up = outcome.events_of_type("call.overflowed");
    assert_eq!(count_by(&hung_up, "outcome"), BTreeMap::from([("vru_hangup", 1_023)]));
    assert_eq!(
        outcome.left_out,
        BTreeMap::from([("PHANTOM: a call that never was".to_owned(), 143)])
    );
    assert_eq!(outcome.counts, RowCounts { rows: 17_456 });

    let waits = |events: &[&MappedEvent], most: f64| {
        events.iter().filter(|event| event.number_field("wait_seconds") <= most).count() as u64
    };
    for (seconds, level) in overall["service_level"].as_object().unwrap() {
        let seconds: f64 = seconds.parse().unwrap();
        assert_eq!(
            waits(&answered, seconds),
            level["answered_within"],
            "answered within {seconds}"
        );
        assert_eq!(
            waits(&abandoned, seconds),
            level["abandoned_within"],
            "abandoned within {seconds}"
        );
    }
    let sum = |events: &[&MappedEvent], field: &str| {
        events.iter().map(|event| event.number_field(field)).sum::<f64>()
    };
    assert_eq!(sum(&answered, "wait_seconds"), overall["wait_answered_s"]["sum"].as_f64().unwrap());
    assert_eq!(
        sum(&abandoned, "wait_seconds"),
        overall["wait_abandoned_s"]["sum"].as_f64().unwrap()
    );
    assert_eq!(
        sum(&outcome.events_of_type("call.ended"), "talk_seconds"),
        overall["talk_s"]["sum"].as_f64().unwrap()
    );
    assert_eq!(
        count_by(&answered, "agent"),
        expected_counts(&expected["by_agent"], &["calls"]),
        "by agent"
    );

    // Waits by time must equal the recorded ones, also over midnight.
    let mut begun: BTreeMap<&str, i64> =
        offered.iter().map(|event| (event.subject.as_str(), event.time)).collect();
    for event in answered.iter().chain(&abandoned) {
        let offered = begun.remove(event.subject.as_str()).expect("offered before");
        assert_eq!(
            (event.time - offered) as f64,
            event.number_field("wait_seconds") * 1_000.0,
            "{event:?}"
        );
    }
    assert!(begun.is_empty());
    let waiting: Vec<(i64, i64)> =
        case_spans(&outcome, "call.offered", &["call.answered", "call.abandoned"]);
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        assert_eq!(
            active_count(&waiting, civil_millis(instant, "+02:00")),
            figures["waiting"],
            "waiting at {instant}"
        );
    }
}

/// Returns the span of every case from event `from` to one of `until`, `i64::MAX` without an end.
fn case_spans(outcome: &MappingOutcome, from: &str, until: &[&str]) -> Vec<(i64, i64)> {
    let ends: BTreeMap<&str, i64> = outcome
        .events
        .iter()
        .filter(|e| until.contains(&e.kind.as_str()))
        .map(|e| (e.subject.as_str(), e.time))
        .collect();
    outcome
        .events_of_type(from)
        .iter()
        .map(|event| (event.time, ends.get(event.subject.as_str()).copied().unwrap_or(i64::MAX)))
        .collect()
}

fn active_count(spans: &[(i64, i64)], at: i64) -> u64 {
    spans.iter().filter(|(from, until)| *from <= at && at < *until).count() as u64
}

#[test]
fn technion_calls_in_service() {
    let Some((outcome, expected)) =
        map_recorded_set("technion_service.toml", "technion_calls", &["calls.tsv.gz"])
    else {
        return;
    };
    assert_eq!(
        outcome.left_out,
        BTreeMap::from([
            ("no times of service".to_owned(), 25),
            ("not served by an agent".to_owned(), 3_051)
        ])
    );
    assert_eq!(
        (outcome.event_count("call.answered"), outcome.event_count("call.ended")),
        (14_380, 14_380)
    );
    let talking = case_spans(&outcome, "call.answered", &["call.ended"]);
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        assert_eq!(
            active_count(&talking, civil_millis(instant, "+02:00")),
            figures["in_service"],
            "in service at {instant}"
        );
    }
    assert!(talking.iter().all(|(from, until)| until >= from));
}

#[test]
fn boston_cases() {
    let files =
        ["cases_2013.csv.gz", "cases_2014.csv.gz", "cases_2015.csv.gz", "cases_2016.csv.gz"];
    let Some((outcome, expected)) = map_recorded_set("boston311.toml", "boston311_cases", &files)
    else {
        return;
    };
    let (opened, resolved) =
        (outcome.events_of_type("repair.opened"), outcome.events_of_type("repair.resolved"));
    assert_eq!((opened.len(), resolved.len()), (22_078, 13_149));
    let due: BTreeMap<&str, i64> = opened
        .iter()
        .filter_map(|event| {
            Some((
                event.subject.as_str(),
                event.text_field("due")?.parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            ))
        })
        .collect();
    let with_target: Vec<_> =
        resolved.iter().copied().filter(|event| due.contains_key(event.subject.as_str())).collect();
    let in_time: Vec<_> = with_target
        .iter()
        .copied()
        .filter(|event| event.time <= due[event.subject.as_str()])
        .collect();
    assert_eq!((due.len(), with_target.len(), in_time.len()), (12_777, 11_211, 10_821));
    for (group, attribute) in [
        ("by_type", "type"),
        ("by_year", "year"),
        ("by_month", "month"),
        ("by_source", "source"),
        ("by_neighborhood", "neighborhood"),
    ] {
        let expected = &expected[group];
        assert_eq!(count_by(&opened, attribute), expected_counts(expected, &["cases"]), "{group}");
        assert_eq!(
            count_by(&with_target, attribute),
            expected_counts(expected, &["closed_on_time_of_closed_with_target", "den"]),
            "{group}"
        );
        assert_eq!(
            count_by(&in_time, attribute),
            expected_counts(expected, &["closed_on_time_of_closed_with_target", "num"]),
            "{group}"
        );
    }
    let overall = &expected["overall"];
    assert_eq!(count_by(&opened, "label")["ONTIME"], overall["recorded_ONTIME"]);
    assert_eq!(count_by(&opened, "label")["OVERDUE"], overall["recorded_OVERDUE"]);
    assert_eq!(count_by(&opened, "done_at_creation")["yes"], overall["done_at_creation"]);
    assert_eq!(count_by(&opened, "duplicate")["yes"], overall["duplicates"]);
    let open = case_spans(&outcome, "repair.opened", &["repair.resolved"]);
    let seconds: i64 = open
        .iter()
        .filter(|(_, until)| *until < i64::MAX)
        .map(|(from, until)| (until - from) / 1_000)
        .sum();
    assert_eq!(seconds, overall["open_to_closed_s"]["sum"]);
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        assert_eq!(
            active_count(&open, civil_millis(instant, "-05:00")),
            figures["backlog"],
            "backlog at {instant}"
        );
    }
}

#[test]
fn servicenow_final_values() {
    let Some((outcome, expected)) =
        map_recorded_set("servicenow.toml", "servicenow_incidents", &["incidents.csv.gz"])
    else {
        return;
    };
    let (opened, closed) =
        (outcome.events_of_type("repair.opened"), outcome.events_of_type("repair.resolved"));
    assert_eq!((opened.len(), closed.len(), outcome.counts.rows), (5_000, 5_000, 35_082));
    assert!(outcome.left_out.is_empty());
    for events in [&opened, &closed] {
        let in_time: Vec<_> = events
            .iter()
            .copied()
            .filter(|event| event.text_field("made_sla") == Some("true"))
            .collect();
        let reopened: Vec<_> = events
            .iter()
            .copied()
            .filter(|event| event.text_field("reopened") == Some("yes"))
            .collect();
        let one_group: Vec<_> = events
            .iter()
            .copied()
            .filter(|event| event.text_field("one_group") == Some("yes"))
            .collect();
        assert_eq!((in_time.len(), reopened.len(), one_group.len()), (1_075, 78, 2_090));
        assert_eq!(
            events
                .iter()
                .map(|event| event.text_field("reopens").unwrap().parse::<u64>().unwrap())
                .sum::<u64>(),
            99
        );
        for (group, attribute) in [
            ("by_priority", "priority"),
            ("by_month_opened", "month_opened"),
            ("by_month_closed", "month_closed"),
            ("by_contact_type", "contact_type"),
        ] {
            assert_eq!(
                count_by(events, attribute),
                expected_counts(&expected[group], &["incidents"]),
                "{group}"
            );
            assert_eq!(
                count_by(&in_time, attribute),
                expected_counts(&expected[group], &["made_sla", "num"]),
                "{group}"
            );
            assert_eq!(
                count_by(&reopened, attribute),
                expected_counts(&expected[group], &["reopened_incidents", "num"]),
                "{group}"
            );
            assert_eq!(
                count_by(&one_group, attribute),
                expected_counts(&expected[group], &["one_group_no_reopen", "num"]),
                "{group}"
            );
        }
        let groups = count_by(events, "assignment_group");
        for (group, count) in
            expected_counts(&expected["by_assignment_group_top15"], &["incidents"])
        {
            assert_eq!(groups[group], count, "group {group}");
        }
    }
    let open = case_spans(&outcome, "repair.opened", &["repair.resolved"]);
    assert_eq!(
        open.iter().map(|(from, until)| (until - from) / 60_000).sum::<i64>(),
        expected["overall"]["open_to_closed_min"]["sum"]
    );
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        assert_eq!(
            active_count(&open, civil_millis(instant, "Z")),
            figures["backlog_not_closed"],
            "open at {instant}"
        );
    }
}

#[test]
fn servicenow_resolutions() {
    let Some((outcome, expected)) =
        map_recorded_set("servicenow_resolved.toml", "servicenow_incidents", &["incidents.csv.gz"])
    else {
        return;
    };
    let overall = &expected["overall"]["open_to_resolved_min"];
    let known: BTreeSet<&str> = outcome
        .events
        .iter()
        .filter(|e| e.text_field("resolved_known") == Some("yes"))
        .map(|e| e.subject.as_str())
        .collect();
    assert_eq!(known.len() as u64, overall["n"]);
    let begun: BTreeMap<&str, i64> = outcome
        .events_of_type("repair.opened")
        .iter()
        .map(|e| (e.subject.as_str(), e.time))
        .collect();
    let resolved = outcome.events_of_type("repair.resolved");
    let minutes: i64 = resolved
        .iter()
        .filter(|e| known.contains(e.subject.as_str()))
        .map(|e| (e.time - begun[e.subject.as_str()]) / 60_000)
        .sum();
    assert_eq!(minutes, overall["sum"]);
    let open = case_spans(&outcome, "repair.opened", &["repair.resolved"]);
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        assert_eq!(
            active_count(&open, civil_millis(instant, "Z")),
            figures["backlog_not_resolved"],
            "open at {instant}"
        );
    }
}

/// Returns the number of cases open at `at`.
fn open_cases_at(outcome: &MappingOutcome, at: i64) -> u64 {
    let mut cases: BTreeMap<&str, Vec<&MappedEvent>> = BTreeMap::new();
    for event in outcome.events.iter().filter(|event| event.time <= at) {
        cases.entry(&event.subject).or_default().push(event);
    }
    let open = |events: &mut Vec<&MappedEvent>| {
        // An `opened` recorded after the resolution has no effect; only `reopened` does.
        let opened = events.iter().any(|event| event.kind == "repair.opened");
        events.retain(|event| event.kind != "repair.opened");
        events.sort_by_key(|event| (event.time, event.sequence));
        events.last().map_or(opened, |event| event.kind == "repair.reopened")
    };
    cases.values_mut().map(|events| u64::from(open(events))).sum()
}

#[test]
fn servicenow_states() {
    let Some((outcome, expected)) =
        map_recorded_set("servicenow_states.toml", "servicenow_incidents", &["incidents.csv.gz"])
    else {
        return;
    };
    // 280 incidents begin resolved and are never reopened.
    assert_eq!(
        outcome.left_out,
        BTreeMap::from([("no event of the mapping applies".to_owned(), 280)])
    );
    assert_eq!(
        (
            outcome.event_count("repair.opened"),
            outcome.event_count("repair.reopened"),
            outcome.event_count("repair.resolved")
        ),
        (4_720, 99, 4_819)
    );
    let reopened: BTreeSet<_> =
        outcome.events_of_type("repair.reopened").iter().map(|event| &event.subject).collect();
    assert_eq!(reopened.len() as u64, expected["overall"]["reopened_incidents"]["num"]);
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        // One incident is recorded out of order.
        let difference = u64::from(instant.starts_with("2016-03-01"));
        assert_eq!(
            open_cases_at(&outcome, civil_millis(instant, "Z")) + difference,
            figures["backlog_by_events"],
            "open at {instant}"
        );
    }
}

#[test]
fn servicenow_states_by_time() {
    let Some((outcome, expected)) = map_recorded_set(
        "servicenow_states_by_time.toml",
        "servicenow_incidents",
        &["incidents.csv.gz"],
    ) else {
        return;
    };
    assert_eq!(
        (
            outcome.event_count("repair.opened"),
            outcome.event_count("repair.reopened"),
            outcome.event_count("repair.resolved")
        ),
        (4_720, 100, 4_820)
    );
    for (instant, figures) in expected["instants"].as_object().unwrap() {
        assert_eq!(
            open_cases_at(&outcome, civil_millis(instant, "Z")),
            figures["backlog_by_events"],
            "open at {instant}"
        );
    }
}

#[test]
fn servicenow_original_labels() {
    let Some((outcome, _)) = map_recorded_set(
        "servicenow_original_labels.toml",
        "servicenow_incidents",
        &["sample_original_labels.csv.gz"],
    ) else {
        return;
    };
    assert_eq!(outcome.counts.rows, 5_998);
    let cases: BTreeSet<_> = outcome.events.iter().map(|event| &event.subject).collect();
    assert_eq!(cases.len() as u64 + outcome.left_out.values().sum::<u64>(), 890);
}

#[test]
fn asterisk_queue_log() {
    let Some(folder) = data_folder("asterisk_queue_log") else { return };
    let text = fs::read_to_string(folder.join("queue_log")).unwrap();
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let lines_with_events = std::cell::Cell::new(0);
    let read = |log: &mut QueueLogReader, from: usize, until: usize| {
        let mut outcome = MappingOutcome::default();
        for (index, line) in text.lines().enumerate().take(until).skip(from) {
            let number = index as u64 + 1;
            match log.read_line(line, &mut |event| {
                outcome.events.push(MappedEvent::new(number, &event));
            }) {
                Ok(LineOutcome::Emitted(_)) => lines_with_events.set(lines_with_events.get() + 1),
                Ok(LineOutcome::LeftOut(reason)) => {
                    *outcome.left_out.entry(reason.into_owned()).or_default() += 1;
                }
                Err(reason) => outcome.rejected.push((number, reason)),
            }
        }
        outcome
    };
    let lines = text.lines().count();
    let outcome = read(&mut QueueLogReader::default(), 0, lines);
    assert_eq!(
        (
            outcome.event_count("call.offered"),
            outcome.event_count("call.answered"),
            outcome.event_count("call.abandoned")
        ),
        (21, 8, 12)
    );
    let sum = |kind: &str, field: &str| {
        outcome.events_of_type(kind).iter().map(|event| event.number_field(field)).sum::<f64>()
    };
    assert_eq!(sum("call.ended", "talk_seconds"), 45.0);
    assert_eq!(
        sum("call.answered", "wait_seconds"),
        expected["hold_answered_s"]["sum"].as_f64().unwrap()
    );
    assert_eq!(
        sum("call.abandoned", "wait_seconds"),
        expected["wait_abandoned_s"]["sum"].as_f64().unwrap()
    );
    assert_eq!(
        outcome
            .events_of_type("call.answered")
            .iter()
            .filter(|event| event.number_field("wait_seconds") <= 20.0)
            .count(),
        6
    );
    assert_eq!(
        count_by(&outcome.events_of_type("call.answered"), "agent"),
        BTreeMap::from([("Local/2001@from-internal/n", 1), ("Local/2004@from-internal/n", 7)])
    );
    assert_eq!(
        count_by(&outcome.events_of_type("call.offered"), "queue"),
        BTreeMap::from([("9000", 21)])
    );
    let entered: Vec<i64> = expected["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["enter"].as_i64().unwrap() * 1_000)
        .collect();
    assert_eq!(
        outcome.events_of_type("call.offered").iter().map(|event| event.time).collect::<Vec<_>>(),
        entered,
        "not the seconds of the call id"
    );
    assert_eq!(outcome.events_of_type("call.ring_missed").len(), 221);
    // Blank lines count as left out, so every line is accounted for.
    let all = lines_with_events.get()
        + outcome.left_out.values().sum::<u64>()
        + outcome.rejected.len() as u64;
    assert_eq!(all, lines as u64);
    assert!(outcome.rejected.is_empty(), "{:?}", outcome.rejected);

    for cut in [0, 1, 6, 100, 270, lines] {
        let mut log = QueueLogReader::default();
        let (mut first, second) = (read(&mut log, 0, cut), read(&mut log, cut, lines));
        first.events.extend(second.events);
        assert_eq!(first.events, outcome.events, "cut after line {cut}");
    }
}

const SMALL_MAPPING: &str = r#"
source = "/crm"
time_zone = "Asia/Shanghai"
formats = ["%Y-%m-%d %H:%M"]
delimiter = ";"
missing = ["", "-"]
subject = "{no}"
[value.grade]
column = "grade"
slice = [0, 1]
map = { a = "gold" }
otherwise = "plain"
[[event]]
type = "repair.opened"
time = "opened"
data = { tier = "grade", resolved = "ok", score = "points", area = { text = "x-{no}" } }
"#;

#[test]
fn rows_are_mapped_skipped_or_rejected_with_line() {
    let input = "\u{feff}no;opened;grade;ok;points\n1;2026-03-01 08:00;a7;yes;3\n2;soon;a;yes;3\n3;2026-03-01 08:00;b\n4;2026-03-01 08:00;;;\n\
                 5;-;a;no;1\n;2026-03-01 08:00;a;no;1\n6;2026-02-30 08:00;a;no;1\n7;2026-03-01 08:00;a;maybe;1\n\"8\n8\";2026-03-01 08:00;a;no;NaN\n\
                 9;2026-03-01 08:00;a;no;1\n10;1776-07-04 08:00;a;no;1\n";
    let outcome = map_input(SMALL_MAPPING, input);
    let mapped: Vec<_> = outcome
        .events
        .iter()
        .map(|event| (event.line, event.id.as_str(), event.text_field("tier")))
        .collect();
    assert_eq!(
        mapped,
        [
            (2, "1/repair.opened", Some("gold")),
            (4, "3/repair.opened", Some("plain")),
            (5, "4/repair.opened", None),
            (12, "9/repair.opened", Some("gold"))
        ]
    );
    assert_eq!(outcome.events[0].time, civil_millis("2026-03-01T00:00", "Z"));
    assert_eq!(outcome.events[0].data["resolved"], Scalar::Bool(true));
    assert_eq!(
        (outcome.events[0].number_field("score"), outcome.events[0].text_field("area")),
        (3.0, Some("x-1"))
    );
    let [(4, note)] = &outcome.notes[..] else { panic!("{:?}", outcome.notes) };
    assert!(note.starts_with("cells at the end of a row are missing"), "{note}");
    let rejected: Vec<String> =
        outcome.rejected.iter().map(|(line, reason)| format!("{line}: {reason}")).collect();
    assert_eq!(
        rejected,
        [
            "3: `opened`: `soon` is not a time in the format `%Y-%m-%d %H:%M`",
            "6: the time `opened` is missing; give it an `or`, or limit the event with `when`",
            "7: the subject of `repair.opened` is missing",
            "8: `opened`: `2026-02-30 08:00` is not a time in the format `%Y-%m-%d %H:%M`",
            "9: `resolved`: `maybe` is neither true nor false",
            "10: `score`: `NaN` is not a number",
            "13: `1776-07-03T23:54:17Z` is outside the years 1900 to 2199",
        ]
    );
}

/// Maps one repair opened at this time with this waiting time. Returns both, or the rejection.
fn map_time_and_wait(format: &str, opened: &str, wait: &str) -> Result<(i64, f64), String> {
    let mapping = format!(
        "source = '/x'\ntime_zone = 'Asia/Shanghai'\nformats = ['{format}']\nsubject = '{{no}}'\n\
         [[event]]\ntype = 'call.answered'\ntime = 'opened'\ndata = {{ wait_seconds = 'wait' }}\n"
    );
    let outcome = map_input(&mapping, &format!("no,opened,wait\n1,{opened},{wait}\n"));
    match outcome.events.first() {
        Some(event) => Ok((event.time, event.number_field("wait_seconds"))),
        None => Err(outcome.rejected[0].1.clone()),
    }
}

#[test]
fn times_and_durations_are_read_as_programs_write_them() {
    let day = "%Y-%m-%d %H:%M:%S";
    for (format, opened, same) in [
        (day, "2026-03-02 24:00:00", "2026-03-03T00:00"),
        (day, "2026-12-31 24:00:00", "2027-01-01T00:00"),
        ("%d.%m.%Y %H:%M", "28.02.2026 24:00", "2026-03-01T00:00"),
        ("%s", "1772413200", "2026-03-02T09:00"),
        ("%s", "46083.375", "2026-03-02T09:00"),
        ("%s", "46083", "2026-03-02T00:00"),
        ("%s", "46083.9999999", "2026-03-03T00:00"),
        ("%s", "1772413200.0", "2026-03-02T09:00"),
        ("%s", "1772413200000", "2026-03-02T09:00"),
        ("%s", "1772413200000000", "2026-03-02T09:00"),
        ("%s", "1772413200000000000", "2026-03-02T09:00"),
    ] {
        let time = map_time_and_wait(format, opened, "5").unwrap().0;
        assert_eq!(time, civil_millis(same, "+08:00"), "{opened}");
    }
    for (opened, millis) in [
        ("1772413200.25", 250),
        ("1772413200.123", 123),
        ("1772413200.9999", 999),
        ("1772413200007", 7),
        ("1772413200007999", 7),
    ] {
        let time = map_time_and_wait("%s", opened, "5").unwrap().0;
        assert_eq!(time % 1_000, millis, "{opened}");
    }
    for number in ["0.5", "123456.5", "1e30", "nan", "-46083.5"] {
        let reason = map_time_and_wait("%s", number, "5").unwrap_err();
        assert!(reason.contains(number), "{reason}");
    }
    for opened in ["2026-03-02 24:00:01", "2026-03-02 25:00:00", "2026-02-30 24:00:00"] {
        let reason = map_time_and_wait(day, opened, "5").unwrap_err();
        assert!(reason.contains(opened), "{reason}");
    }
    for (wait, seconds) in
        [("00:00:05", 5.0), ("1:01:05", 3_665.0), ("00:00:05.5", 5.5), ("27:00:00", 97_200.0)]
    {
        assert_eq!(map_time_and_wait("%s", "1772413200", wait).unwrap().1, seconds, "{wait}");
    }
    for wait in ["00:05", "00:61:00", "00:00:60", "1.5:00:00", "-0:00:05", "0:0:1e1", "::"] {
        assert!(map_time_and_wait("%s", "1772413200", wait).is_err(), "{wait}");
    }
}

#[test]
fn hours_of_half_days_need_their_half() {
    let problems = |format: &str| {
        let mapping = SMALL_MAPPING.replace("%Y-%m-%d %H:%M", format);
        Mapping::parse("m.toml", &mapping).err().map(|problems| problem_lines(&problems))
    };
    assert_eq!(problems("%Y-%m-%d %I:%M %p"), None);
    for format in ["%Y-%m-%d %I:%M", "%m/%d/%Y %I:%M:%S", "%Y-%m-%d %-I:%M"] {
        let lines = problems(format).unwrap_or_default();
        assert!(lines[0].contains("without `%p`"), "{lines:?}");
    }
}

#[test]
fn separator_line_and_trailing_separators_are_skipped() {
    let input = "sep=;\nno;opened;grade;ok;points\n1;2026-03-01 08:00;a;yes;3;\n\
                 2;2026-03-01 08:00;a;yes;3;;\n3;2026-03-01 08:00;a;yes;3;x\n";
    let outcome = map_input(SMALL_MAPPING, input);
    let lines: Vec<u64> = outcome.events.iter().map(|event| event.line).collect();
    assert_eq!(lines, [3, 4]);
    assert_eq!(outcome.rejected, [(5, "the row has 6 columns, the header 5".to_owned())]);
}

#[test]
fn groups_may_interleave_and_invalid_bytes_cost_only_their_row() {
    let mapping = r#"
source = "/s"
time_zone = "+00:00"
formats = ["%s"]
header = false
columns = ["no", "at", "state", "cost"]
group_by = "no"
subject = "{no}"
[value.most]
column = "cost"
take = "max"
[value.rows]
column = "no"
take = "count"
[[event]]
type = "repair.opened"
time = "at"
each = "first"
data = { most = "most", rows = "rows" }
[[event]]
type = "repair.reopened"
time = "at"
change = { column = "state", from = "done", to = { not = "done" } }
when = { cost = { at_least = 1 } }
"#;
    let mut outcome = MappingOutcome::default();
    let mapping = Mapping::parse("test.toml", mapping).unwrap();
    apply_mapping(
        &mapping,
        &b"a,1,done,1\nb,1,new,\xff\na,2,open,9\na,3,done,1\na,3,open,1\na,4,done,\na,5,open,\n"[..],
        &mut outcome,
    );
    let mapped: Vec<_> = outcome
        .events
        .iter()
        .map(|e| {
            (e.line, e.id.as_str(), e.time, e.sequence, e.text_field("most"), e.text_field("rows"))
        })
        .collect();
    assert_eq!(
        mapped,
        [
            (1, "a/repair.opened", 1_000, 1, Some("9"), Some("6")),
            (3, "a/repair.reopened", 2_000, 2, None, None),
            (5, "a/repair.reopened/2", 3_000, 3, None, None),
        ]
    );
    assert_eq!(outcome.counts, RowCounts { rows: 7 });
    let [(2, reason)] = &outcome.rejected[..] else { panic!("{:?}", outcome.rejected) };
    assert!(reason.starts_with("`cost` is not UTF-8; the text looks like "), "{reason}");
}

#[test]
fn rejects_file_without_mapped_columns() {
    let mapping = Mapping::parse("test.toml", SMALL_MAPPING).unwrap();
    let error = mapping.read_rows("no;opened;opened;ok\n".as_bytes(), &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the columns do not match the mapping: `grade` is missing, `opened` occurs twice, `points` is missing (found: no, opened, opened, ok)"
    );
    let nothing = mapping.read_rows(&b""[..], &mut |_| {}).unwrap();
    assert_eq!(nothing, RowCounts::default());
}

#[test]
fn reports_all_mapping_problems_at_once() {
    let problems = Mapping::parse(
        "m.toml",
        r#"sorce = "/crm"
time_zone = "Europe/Berln"
formats = ["%Y-%m-%d %H:%M", "%Q", "%H:%M"]
delimiter = ";;"
header = false
columns = ["no", "opened", "state"]
subject = "{no"
data = { queue = "stat" }
[value.team]
colum = "state"
[value.month]
time = "opened"
[value.early]
text = "{late}"
[value.late]
column = "state"
take = "last"
[time.when]
column = "opened"
after = "team"
unit = "hours"
[[exclude]]
reason = "a test"
[[event]]
type = "call.anwsered"
time = "opened"
each = "first"
when = { state = { nott = "x" } }
[[event]]
type = "repair"
change = { column = "state", from = 3.5 }
"#,
    )
    .unwrap_err();
    let expected = r#"
m.toml:1:1: the file needs a key `source` (a string)
m.toml:1:1: unknown key `sorce`, did you mean `source`? allowed here: `columns`, `data`, `decimal`, `delimiter`, `encoding`, `event`, `exclude`, `formats`, `group_by`, `header`, `missing`, `quote`, `reuse_after`, `rows`, `skip_lines`, `sort_by`, `source`, `subject`, `time`, `time_zone`, `value`
m.toml:2:13: `time_zone` is neither a name such as "Europe/Berlin" nor an offset such as "+02:00"
m.toml:3:30: `%Q` cannot be read as a day and time: date required to parse datetime: year required to parse date
m.toml:3:36: `%H:%M` cannot be read as a day and time: date required to parse datetime: year required to parse date
m.toml:4:13: `delimiter` must be one ASCII character
m.toml:7:11: unbalanced brace; write names as `{name}`
m.toml:8:18: `columns` has no column `stat`, did you mean `state`?
m.toml:9:8: `team` needs exactly one of `column`, `text`, `time`, `yes_when`
m.toml:10:1: unknown key `colum`, did you mean `column`? allowed in `team`: `column`, `format`, `if_missing`, `keep_empty`, `map`, `missing`, `otherwise`, `slice`, `take`, `text`, `time`, `yes_when`
m.toml:12:8: a value made of a time needs a `format`, as in "%Y-%m"
m.toml:14:8: `late` is not declared yet; move its declaration above this use, or rename it if the column is meant
m.toml:17:8: `take` needs `group_by` at the top of the mapping
m.toml:20:9: `team` is a value, not a time; declare it as [time.NAME]
m.toml:21:8: `unit` cannot be `hours`; allowed: `ms`, `s`, `m`, `h`
m.toml:22:1: `exclude` needs a key `when` (a condition, as in { state = "test" })
m.toml:25:8: unknown event type `call.anwsered`, did you mean `call.answered`? `call` has: offered, answered, abandoned, overflowed, transferred, ended
m.toml:27:8: `each` needs `group_by` at the top of the mapping
m.toml:28:20: unknown key `nott`, did you mean `not`? allowed in `state`: `above`, `at_least`, `at_most`, `below`, `missing`, `not`, `present`
m.toml:29:1: `event` needs a key `time` (a time or a column)
m.toml:30:8: `repair` is not an event type; write FAMILY.VERB, as in `call.offered`
m.toml:31:37: `from` must be a string, not a number
"#;
    assert_eq!(format!("\n{}\n", problem_lines(&problems).join("\n")), expected);
}

const HOSTILE_MAPPING: &str = r#"
source = "/s"
time_zone = "America/New_York"
formats = ["%Y-%m-%d %H:%M:%S", "%s"]
group_by = "no"
sort_by = "at"
subject = "{no}"
[value.slice]
column = "text"
slice = [1, 3]
[time.sum]
column = "at"
plus = "text"
unit = "h"
[time.later]
column = "at"
after = "sum"
or = "sum"
[[event]]
type = "repair.opened"
time = "later"
when = { any = [{ slice = { above = 1 } }, { text = { missing = true } }] }
[[event]]
type = "repair.resolved"
time = "sum"
change = { column = "text" }
"#;

const CELL_PATTERN: &str =
    "([0-9]{1,3},(-?[0-9]{1,20}|2026-03-08 02:30:00),[0-9e.é\"-]{0,9}\n){0,9}";
const LINE_PATTERN: &str =
    "[0-9.]{1,12}[|]c?[|]q?[|]a?[|](CONNECT|ABANDON|PAUSE|TRANSFER)[|0-9é]{0,9}";

proptest::proptest! {
    #[test]
    fn reader_never_panics_on_arbitrary_bytes(bytes: Vec<u8>, cells in CELL_PATTERN, line in LINE_PATTERN) {
        let mapping = Mapping::parse("hostile.toml", HOSTILE_MAPPING).unwrap();
        let mut input = b"no,at,text\n".to_vec();
        input.extend(cells.bytes());
        input.extend(&bytes);
        let mut outcome = MappingOutcome::default();
        apply_mapping(&mapping, &input[..], &mut outcome);
        let mut log = QueueLogReader::default();
        let _ = log.read_line(&line, &mut |_| {});
        let _ = log.read_line(&String::from_utf8_lossy(&bytes), &mut |_| {});
    }

    #[test]
    fn mapping_parser_never_panics_on_arbitrary_text(
        cut in 0..SMALL_MAPPING.len(),
        replacement in "[\\[\\]{}=.\"a-z0-9\n ]{0,12}",
        until in 0..40_usize,
    ) {
        let text = format!("{}{replacement}{}", SMALL_MAPPING.get(..cut).unwrap_or(""), SMALL_MAPPING.get(cut + until..).unwrap_or(""));
        if let Err(problems) = Mapping::parse("cut.toml", &text) {
            proptest::prop_assert!(!problems.is_empty());
        }
    }
}
