//! An IT company's incident log, 5 000 incidents in 35 082 rows. Not compared are reopenings by
//! state and month, since the month of closing is unknown while the states arrive.

use super::comparison::{FigureComparison, instant_in_zone};
use super::replay::{RecordedSet, ReplayCommand, ReplayedBoard};
use serde_json::Value;
use std::collections::BTreeMap;

const GROUPS: [(&str, &str); 5] = [
    ("", "overall"),
    ("priority", "by_priority"),
    ("month_opened", "by_month_opened"),
    ("month_closed", "by_month_closed"),
    ("contact_type", "by_contact_type"),
];

fn new_replay(set: &RecordedSet, standard: &str, mapping: &str) -> ReplayCommand {
    ReplayCommand::new(standard, mapping, &[set.file_path("incidents.csv.gz")])
}

/// Calls `compare` for every group of the set with the board by its dimension.
fn for_each_group(
    set: &RecordedSet,
    replay: &ReplayCommand,
    groups: &[(&str, &str)],
    compare: &mut dyn FnMut(&ReplayedBoard, &str, &Value),
) {
    for (dimension, theirs) in groups {
        let board = replay.by_dimensions(dimension).run_for_board();
        let expected = &set.expected[*theirs];
        if dimension.is_empty() {
            compare(&board, "", expected);
        } else {
            expected
                .as_object()
                .unwrap()
                .iter()
                .for_each(|(name, expected)| compare(&board, name, expected));
        }
    }
}

#[test]
fn servicenow_incidents() {
    let Some(set) = RecordedSet::open("servicenow_incidents") else { return };
    let mut figures = FigureComparison::new("servicenow");
    let closed = new_replay(&set, "servicenow.toml", "servicenow.toml");
    for_each_group(&set, &closed, &GROUPS, &mut |board, group, expected| {
        figures.compare_denominator(board, group, "made_sla", &expected["incidents"]);
        figures.compare_fraction(board, group, "made_sla", &expected["made_sla"]);
        figures.compare_fraction(board, group, "reopened", &expected["reopened_incidents"]);
        figures.compare_numerator(board, group, "reopens_per_incident", &expected["reopens_total"]);
        figures.compare_fraction(
            board,
            group,
            "one_group_no_reopen",
            &expected["one_group_no_reopen"],
        );
        figures.compare_durations(
            board,
            group,
            "open_to_closed",
            &expected["open_to_closed_min"],
            60.0,
        );
    });
    for_each_group(
        &set,
        &closed,
        &[("assignment_group", "by_assignment_group_top15")],
        &mut |board, group, expected| {
            figures.compare_denominator(board, group, "made_sla", &expected["incidents"]);
            figures.compare_fraction(board, group, "made_sla", &expected["made_sla"]);
        },
    );
    for_each_group(
        &set,
        &new_replay(&set, "servicenow_resolved.toml", "servicenow_resolved.toml"),
        &GROUPS,
        &mut |board, group, expected| {
            figures.compare_durations(
                board,
                group,
                "open_to_resolved",
                &expected["open_to_resolved_min"],
                60.0,
            );
        },
    );
    for_each_group(
        &set,
        &new_replay(&set, "servicenow_updates.toml", "servicenow_updates.toml"),
        &GROUPS,
        &mut |board, group, expected| {
            figures.compare_durations(
                board,
                group,
                "updates",
                &expected["events_per_incident"],
                1.0,
            );
        },
    );
    // Derives the recorded counts from changes of state in file order.
    let by_state = [GROUPS[0], GROUPS[1], GROUPS[4]];
    for_each_group(
        &set,
        &new_replay(&set, "servicenow_states.toml", "servicenow_states.toml"),
        &by_state,
        &mut |board, group, expected| {
            figures.compare_numerator(
                board,
                group,
                "reopened_once",
                &expected["reopened_incidents"]["num"],
            );
            figures.compare_numerator(board, group, "reopened", &expected["reopens_total"]);
        },
    );
    figures.finish();
}

#[test]
fn servicenow_instants() {
    let Some(set) = RecordedSet::open("servicenow_incidents") else { return };
    let mut figures = FigureComparison::new("servicenow, instants");
    let instants = set.expected["instants"].as_object().unwrap();
    let peak = &set.expected["peak_backlog_not_closed"];
    let first = peak["first_at"].as_str().unwrap().trim_end_matches('Z');
    let mut at: Vec<String> = instants.keys().map(|text| instant_in_zone(text, "Z")).collect();
    at.push(instant_in_zone(first, "Z"));
    let boards = |mapping: &str| {
        let boards = new_replay(&set, "servicenow_now.toml", mapping).at_instants(&at).run().boards;
        assert_eq!(boards.len(), at.len(), "servicenow: a board for each instant");
        boards
    };
    // The third mapping sorts by time, since one incident is recorded out of order.
    for (mapping, theirs) in [
        ("servicenow.toml", "backlog_not_closed"),
        ("servicenow_resolved.toml", "backlog_not_resolved"),
        ("servicenow_states_by_time.toml", "backlog_by_events"),
    ] {
        let boards = boards(mapping);
        for ((at, expected), board) in instants.iter().zip(&boards) {
            figures.compare_gauge(
                board,
                &format!("{theirs} at {at}"),
                "backlog",
                &expected[theirs],
            );
            if theirs == "backlog_not_closed" {
                let reading = board.reading("made_sla_so_far", "");
                figures.compare_count(at, "closed_by", &expected["closed_by"], &reading["of"]);
                figures.compare_count(
                    at,
                    "of_them_made_sla",
                    &expected["of_them_made_sla"],
                    &reading["good"],
                );
                figures.compare_value(
                    at,
                    "made_sla_rate_so_far",
                    &expected["made_sla_rate_so_far"],
                    &reading["value"],
                );
            }
        }
        if theirs == "backlog_not_closed" {
            figures.compare_gauge(&boards[instants.len()], first, "backlog", &peak["n"]);
        }
    }
    figures.finish();
}

/// Reopenings derived from states match the recorded count of every incident.
#[test]
fn servicenow_reopenings_of_every_incident() {
    let Some(set) = RecordedSet::open("servicenow_incidents") else { return };
    let rows = flate2::read::GzDecoder::new(
        std::fs::File::open(set.file_path("incidents.csv.gz")).unwrap(),
    );
    let mut recorded: BTreeMap<String, u64> = BTreeMap::new();
    for row in csv::Reader::from_reader(rows).records() {
        let row = row.unwrap();
        let count = recorded.entry(row[0].to_owned()).or_default();
        *count = (*count).max(row[4].parse().unwrap());
    }
    let board = new_replay(&set, "servicenow_each.toml", "servicenow_each.toml")
        .by_dimensions("number")
        .run_for_board();
    let derived = |number: &str| board.reading("reopened", number)["good"].as_u64().unwrap_or(0);
    let wrong: Vec<_> =
        recorded.iter().filter(|(number, count)| derived(number) != **count).collect();
    assert!(wrong.is_empty(), "derived counts differ from the recorded ones: {wrong:?}");
    assert_eq!((recorded.len(), recorded.values().sum::<u64>()), (5_000, 99));
}
