//! A complete Asterisk `queue_log`.
//!
//! Not compared is the party that ended a call. The reader derives no fact from it, since no
//! abandonment and no wait depends on it.

use super::comparison::FigureComparison;
use super::replay::{RecordedSet, ReplayCommand, ReplayOutput, ReplayedBoard};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

#[test]
fn asterisk_queue_log() {
    let Some(set) = RecordedSet::open("asterisk_queue_log") else { return };
    let mut figures = FigureComparison::new("asterisk");
    let replay = ReplayCommand::new("asterisk.toml", "queue_log", &[set.file_path("queue_log")]);
    let output = replay.run();
    // The log has a single queue, so the figures by queue equal the overall ones.
    for (board, group) in
        [(&output.boards[0], ""), (&replay.by_dimensions("queue").run_for_board(), "9000")]
    {
        compare_whole_log(&mut figures, board, group, &set.expected);
    }
    let missed_rings = &output.boards[0].reading("missed_rings", "")["value"];
    figures.compare_count("", "missed rings", &set.expected["ring_no_answer_total"], missed_rings);
    figures.compare_count(
        "",
        "configurations left out",
        &set.expected["events"]["CONFIGRELOAD"],
        &output.left_out_count("CONFIGRELOAD").into(),
    );
    figures.compare_count(
        "",
        "starts left out",
        &set.expected["events"]["QUEUESTART"],
        &output.left_out_count("QUEUESTART").into(),
    );
    let by_agent = replay.by_dimensions("agent").run_for_board();
    for (agent, answered) in set.expected["answered_by_agent"].as_object().unwrap() {
        figures.compare_numerator(&by_agent, agent, "answer_rate_of_finished", answered);
        let calls = set.expected["calls"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["agent"] == agent.as_str());
        let talks: Vec<i64> = calls.filter_map(|call| call["talk"].as_i64()).collect();
        figures.compare_denominator(&by_agent, agent, "talk", &talks.len().into());
        let mean = if talks.is_empty() {
            Value::Null
        } else {
            (talks.iter().sum::<i64>() as f64 / talks.len() as f64).into()
        };
        figures.compare_rate(&by_agent, agent, "talk", &mean);
    }
    for (agent, missed) in set.expected["ring_no_answer_by_agent"].as_object().unwrap() {
        let value = &by_agent.reading("missed_rings", agent)["value"];
        figures.compare_count(agent, "missed rings", missed, value);
    }
    let peak = &set.expected["peak_waiting"];
    let first = peak["first_at"].as_str().unwrap();
    figures.compare_gauge(
        &replay.at_instants(&[first.to_owned()]).run_for_board(),
        first,
        "waiting",
        &peak["n"],
    );
    figures.finish();
}

fn compare_whole_log(
    figures: &mut FigureComparison,
    board: &ReplayedBoard,
    group: &str,
    expected: &Value,
) {
    figures.compare_numerator(board, group, "entered", &expected["entered"]);
    figures.compare_numerator(board, group, "answer_rate_of_finished", &expected["answered"]);
    figures.compare_numerator(board, group, "abandonment_rate_of_finished", &expected["abandoned"]);
    figures.compare_count(
        group,
        "waiting (level)",
        &expected["waiting_at_end"],
        &board.reading("waiting", group)["value"],
    );
    figures.compare_count(
        group,
        "talking (level)",
        &expected["talking_at_end"],
        &board.reading("talking", group)["value"],
    );
    for rate in
        ["answer_rate_of_finished", "answer_rate_of_entered", "abandonment_rate_of_finished"]
    {
        figures.compare_fraction(board, group, rate, &expected[rate]);
    }
    for (n, level) in expected["service_level"].as_object().unwrap() {
        figures.compare_numerator(
            board,
            group,
            &format!("within_{n}s_of_offered"),
            &level["answered_within"],
        );
        figures.compare_numerator(
            board,
            group,
            &format!("abandoned_within_{n}s"),
            &level["abandoned_within"],
        );
        figures.compare_fraction(
            board,
            group,
            &format!("within_{n}s_of_offered"),
            &level["over_entered"],
        );
        figures.compare_fraction(
            board,
            group,
            &format!("within_{n}s_of_finished"),
            &level["over_finished"],
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
            &level["over_finished_less_short_abandons"],
        );
    }
    for (indicator, theirs) in [
        ("hold_answered", "hold_answered_s"),
        ("wait_abandoned", "wait_abandoned_s"),
        ("wait_finished", "wait_finished_s"),
        ("talk", "talk_s"),
    ] {
        figures.compare_durations(board, group, indicator, &expected[theirs], 1.0);
    }
}

/// Replays `pieces` from standard input, one write each. Returns the standard output.
fn replay_from_stdin(replay: &ReplayCommand, pieces: &[&[u8]]) -> String {
    let mut child = replay
        .to_command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for piece in pieces {
        input.write_all(piece).unwrap();
        input.flush().unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the replay of a log in pieces ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A log that grows while it is read gives the same board, even if pieces end inside a line.
#[test]
fn queue_log_in_pieces_gives_same_board() {
    let Some(set) = RecordedSet::open("asterisk_queue_log") else { return };
    let bytes = std::fs::read(set.file_path("queue_log")).unwrap();
    let whole = ReplayCommand::new("asterisk.toml", "queue_log", &[set.file_path("queue_log")])
        .run()
        .stdout;
    let from_input = ReplayCommand::new("asterisk.toml", "queue_log", &["-".into()]);
    for size in [1, 7, 64, 1_000, bytes.len()] {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(
            replay_from_stdin(&from_input, &pieces),
            whole,
            "the log in pieces of {size} bytes"
        );
    }
    println!("asterisk: pieces of 1, 7, 64 and 1000 bytes give the output of the whole log");
}

/// For a log cut after some of its lines, all figures match the counts of those lines.
#[test]
fn partial_queue_log_matches_its_lines() {
    let Some(set) = RecordedSet::open("asterisk_queue_log") else { return };
    let mut figures = FigureComparison::new("asterisk, as it grew");
    let text = std::fs::read_to_string(set.file_path("queue_log")).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let folder = tempfile::tempdir().unwrap();
    for cut in [5, 20, 21, 77, 100, 150, 200, 250, 277, lines.len()] {
        let lines = &lines[..cut];
        let file = folder.path().join("queue_log");
        std::fs::write(&file, lines.concat()).unwrap();
        let ReplayOutput { boards, .. } =
            ReplayCommand::new("asterisk.toml", "queue_log", &[file]).run();
        let line_count = |verb: &str| {
            lines
                .iter()
                .filter(|line| line.split('|').nth(4).is_some_and(|event| event.starts_with(verb)))
                .count()
        };
        let (entered, answered, abandoned, over) = (
            line_count("ENTERQUEUE"),
            line_count("CONNECT"),
            line_count("ABANDON"),
            line_count("COMPLETE"),
        );
        let (board, group) = (&boards[0], format!("{cut} lines"));
        let reading = |indicator: &str, field: &str| board.reading(indicator, "")[field].clone();
        figures.compare_count(&group, "entered", &entered.into(), &reading("entered", "good"));
        figures.compare_count(
            &group,
            "answered",
            &answered.into(),
            &reading("answer_rate_of_finished", "good"),
        );
        figures.compare_count(
            &group,
            "abandoned",
            &abandoned.into(),
            &reading("abandonment_rate_of_finished", "good"),
        );
        figures.compare_count(
            &group,
            "waiting",
            &(entered - answered - abandoned).into(),
            &reading("waiting", "value"),
        );
        figures.compare_count(
            &group,
            "talking",
            &(answered - over).into(),
            &reading("talking", "value"),
        );
        figures.compare_count(&group, "conversations over", &over.into(), &reading("talk", "of"));
    }
    figures.finish();
}
