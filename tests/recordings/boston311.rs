//! A city's service requests, 22 078 cases. Not compared is `recomputed_label_differs`, a
//! consistency check of the set itself.

use super::comparison::{FigureComparison, instant_in_zone};
use super::replay::{RecordedSet, ReplayCommand, ReplayedBoard};
use serde_json::Value;
use std::path::PathBuf;

fn recorded_files(set: &RecordedSet) -> Vec<PathBuf> {
    ["2013", "2014", "2015", "2016"]
        .map(|year| set.file_path(&format!("cases_{year}.csv.gz")))
        .to_vec()
}

/// Compares all expected figures of a group of cases with the indicators of `boston311.toml`. Some
/// groups have fewer figures.
fn compare_group(
    figures: &mut FigureComparison,
    board: &ReplayedBoard,
    group: &str,
    expected: &Value,
) {
    figures.compare_denominator(board, group, "with_target", &expected["cases"]);
    figures.compare_numerator(board, group, "with_target", &expected["with_target"]);
    figures.compare_fraction(
        board,
        group,
        "on_time_of_closed",
        &expected["closed_on_time_of_closed_with_target"],
    );
    figures.compare_fraction(
        board,
        group,
        "on_time_of_all",
        &expected["closed_on_time_of_all_with_target"],
    );
    if expected.get("closed").is_none() {
        return;
    }
    figures.compare_numerator(board, group, "closed", &expected["closed"]);
    figures.compare_count(
        group,
        "open (level)",
        &expected["open_at_export"],
        &board.reading("open", group)["value"],
    );
    figures.compare_numerator(board, group, "labelled_on_time", &expected["recorded_ONTIME"]);
    figures.compare_numerator(board, group, "labelled_overdue", &expected["recorded_OVERDUE"]);
    figures.compare_numerator(board, group, "done_at_creation", &expected["done_at_creation"]);
    figures.compare_numerator(board, group, "duplicates", &expected["duplicates"]);
    figures.compare_durations(board, group, "open_to_closed", &expected["open_to_closed_s"], 1.0);
    figures.compare_durations(board, group, "lateness", &expected["lateness_s(closed late)"], 1.0);
}

#[test]
fn boston311_cases() {
    let Some(set) = RecordedSet::open("boston311_cases") else { return };
    let mut figures = FigureComparison::new("boston311");
    let replay = ReplayCommand::new("boston311.toml", "boston311.toml", &recorded_files(&set));
    compare_group(&mut figures, &replay.run_for_board(), "", &set.expected["overall"]);
    for dimension in ["type", "year", "month", "source", "neighborhood"] {
        let board = replay.by_dimensions(dimension).run_for_board();
        let groups = set.expected[format!("by_{dimension}")].as_object().unwrap();
        for (name, expected) in groups {
            compare_group(&mut figures, &board, name, expected);
        }
        assert!(
            board.groups().iter().all(|name| groups.contains_key(*name)),
            "boston311 by {dimension}: unexpected group"
        );
    }
    figures.finish();
}

#[test]
fn boston311_instants() {
    let Some(set) = RecordedSet::open("boston311_cases") else { return };
    let mut figures = FigureComparison::new("boston311, instants");
    let instants = set.expected["instants"].as_object().unwrap();
    let at: Vec<String> = instants.keys().map(|text| instant_in_zone(text, "-05:00")).collect();
    let boards = ReplayCommand::new("boston311_now.toml", "boston311.toml", &recorded_files(&set))
        .at_instants(&at)
        .run()
        .boards;
    assert_eq!(boards.len(), instants.len(), "boston311: a board for each instant");
    for ((at, expected), board) in instants.iter().zip(&boards) {
        for level in ["backlog", "backlog_with_target", "overdue"] {
            figures.compare_gauge(board, at, level, &expected[level]);
        }
        for so_far in ["on_time_so_far", "due_so_far"] {
            let reading = board.reading(so_far, "");
            figures.compare_count(
                at,
                &format!("{so_far} (good)"),
                &expected[so_far]["num"],
                &reading["good"],
            );
            figures.compare_count(
                at,
                &format!("{so_far} (of)"),
                &expected[so_far]["den"],
                &reading["of"],
            );
            figures.compare_value(
                at,
                &format!("{so_far} (value)"),
                &expected[so_far]["rate"],
                &reading["value"],
            );
        }
    }
    figures.finish();
}
