//! A bank's hotline, 17 456 calls.
//!
//! Not compared are PHANTOM calls by group, since the mapping leaves their rows out and only counts
//! them. In all sets, minimum durations are not compared, since firstline has no minimum, nor
//! linear percentiles, since firstline's are nearest-rank.

use super::comparison::{FigureComparison, instant_in_zone};
use super::replay::{RecordedSet, ReplayCommand, ReplayedBoard};
use serde_json::Value;

/// Compares all expected figures of a group of calls with the indicators of `technion.toml`.
fn compare_group(
    figures: &mut FigureComparison,
    board: &ReplayedBoard,
    group: &str,
    expected: &Value,
) {
    figures.compare_numerator(board, group, "offered", &expected["offered"]);
    figures.compare_numerator(board, group, "answer_rate", &expected["answered"]);
    figures.compare_numerator(board, group, "abandonment_rate", &expected["abandoned"]);
    figures.compare_numerator(
        board,
        group,
        "hung_up_in_menu",
        &expected["vru_hangups_not_offered"],
    );
    figures.compare_fraction(board, group, "answer_rate", &expected["answer_rate"]);
    figures.compare_fraction(board, group, "abandonment_rate", &expected["abandonment_rate"]);
    figures.compare_fraction(
        board,
        group,
        "answer_rate_with_menu",
        &expected["answer_rate_if_vru_hangups_count_as_offered"],
    );
    for (n, level) in expected["service_level"].as_object().unwrap() {
        figures.compare_fraction(
            board,
            group,
            &format!("within_{n}s_of_offered"),
            &level["over_offered"],
        );
        figures.compare_fraction(
            board,
            group,
            &format!("within_{n}s_of_answered"),
            &level["over_answered"],
        );
        figures.compare_fraction(
            board,
            group,
            &format!("within_{n}s_less_short_abandons"),
            &level["over_offered_less_short_abandons"],
        );
        figures.compare_fraction(
            board,
            group,
            &format!("within_{n}s_abandons_met"),
            &level["abandons_within_count_as_met"],
        );
        figures.compare_numerator(
            board,
            group,
            &format!("within_{n}s_of_offered"),
            &level["answered_within"],
        );
        figures.compare_numerator(
            board,
            group,
            &format!("below_{n}s"),
            &level["answered_strictly_below"],
        );
        figures.compare_numerator(
            board,
            group,
            &format!("abandoned_within_{n}s"),
            &level["abandoned_within"],
        );
    }
    // The same service level, expressed as a commitment.
    figures.compare_fraction(
        board,
        group,
        "promise_20s",
        &expected["service_level"]["20"]["over_offered"],
    );
    for (indicator, theirs) in [
        ("wait_answered", "wait_answered_s"),
        ("wait_answered_queued", "wait_answered_that_queued_s"),
        ("wait_answered_beyond_0s", "wait_answered_that_queued_s"),
        ("wait_abandoned", "wait_abandoned_s"),
        ("wait_offered", "wait_offered_s"),
        ("talk", "talk_s"),
    ] {
        figures.compare_durations(board, group, indicator, &expected[theirs], 1.0);
    }
}

#[test]
fn technion_calls() {
    let Some(set) = RecordedSet::open("technion_calls") else { return };
    let mut figures = FigureComparison::new("technion");
    let replay =
        ReplayCommand::new("technion.toml", "technion.toml", &[set.file_path("calls.tsv.gz")]);
    let overall = replay.run();
    compare_group(&mut figures, &overall.boards[0], "", &set.expected["overall"]);
    let phantoms = Value::from(overall.left_out_count("PHANTOM"));
    figures.compare_count(
        "",
        "phantom calls left out",
        &set.expected["overall"]["phantom_not_offered"],
        &phantoms,
    );
    for (dimension, theirs) in
        [("day", "by_day"), ("queue", "by_type"), ("priority", "by_priority"), ("hour", "by_hour")]
    {
        let board = replay.by_dimensions(dimension).run_for_board();
        let groups = set.expected[theirs].as_object().unwrap();
        for (name, expected) in groups {
            compare_group(&mut figures, &board, name, expected);
        }
        assert!(
            board.groups().iter().all(|name| groups.contains_key(*name)),
            "technion by {dimension}: unexpected group"
        );
    }
    let board = replay.by_dimensions("agent").run_for_board();
    for (agent, expected) in set.expected["by_agent"].as_object().unwrap() {
        figures.compare_numerator(&board, agent, "answer_rate", &expected["calls"]);
        figures.compare_rate(&board, agent, "talk", &expected["mean_talk_s"]);
    }
    figures.finish();
}

#[test]
fn technion_levels() {
    let Some(set) = RecordedSet::open("technion_calls") else { return };
    let mut figures = FigureComparison::new("technion, levels");
    let instants = set.expected["instants"].as_object().unwrap();
    // The peak must not be reached a second earlier.
    for (mapping, indicator, theirs, peak) in [
        ("technion.toml", "waiting", "waiting", "peak_waiting"),
        ("technion_service.toml", "talking", "in_service", "peak_in_service"),
    ] {
        let peak = &set.expected[peak];
        let first = peak["first_at"].as_str().unwrap();
        let before: jiff::civil::DateTime = first.parse().unwrap();
        let before = before.saturating_sub(jiff::Span::new().seconds(1)).to_string();
        let mut at: Vec<String> =
            instants.keys().map(|text| instant_in_zone(text, "+02:00")).collect();
        at.extend([instant_in_zone(first, "+02:00"), instant_in_zone(&before, "+02:00")]);
        let boards =
            ReplayCommand::new("technion_now.toml", mapping, &[set.file_path("calls.tsv.gz")])
                .at_instants(&at)
                .run()
                .boards;
        assert_eq!(boards.len(), at.len(), "technion: a board for each instant");
        for ((at, expected), board) in instants.iter().zip(&boards) {
            figures.compare_gauge(board, at, indicator, &expected[theirs]);
        }
        figures.compare_gauge(&boards[instants.len()], first, indicator, &peak["n"]);
        let before = boards[instants.len() + 1].reading(indicator, "")["value"].as_f64();
        assert!(
            before < peak["n"].as_f64(),
            "technion, {indicator}: the peak was reached before {first}: {before:?}"
        );
    }
    figures.finish();
}
