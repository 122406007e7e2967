//! Tables of `firstline replay`: every formula, grouping by label, and rankings.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Events of a morning: time, type, subject and data. Those of the day before make the morning
/// known in full.
const MORNING_EVENTS: [(&str, &str, &str, &str); 18] = [
    ("01T18:00:00", "call.abandoned", "c-0", "{}"),
    ("01T18:00:00", "agent.changed", "a-0", r#"{"state":"offline"}"#),
    ("01T18:00:00", "complaint.opened", "k-0", "{}"),
    ("09:00:00", "call.offered", "c-1", r#"{"center":"hefei","tier":"vip"}"#),
    ("09:00:10", "call.answered", "c-1", "{}"),
    ("09:04:10", "call.ended", "c-1", "{}"),
    ("09:00:00", "call.offered", "c-2", r#"{"center":"hefei","tier":"vip"}"#),
    ("09:00:30", "call.answered", "c-2", "{}"),
    ("09:02:30", "call.ended", "c-2", "{}"),
    ("09:00:00", "call.answered", "c-3", r#"{"center":"wuhu"}"#),
    ("09:00:00", "call.abandoned", "c-4", r#"{"center":"wuhu"}"#),
    ("09:00:00", "call.answered", "c-5", r#"{"center":"anqing"}"#),
    ("09:05:00", "call.offered", "c-6", r#"{"center":"hefei"}"#),
    ("09:00:00", "agent.changed", "a-1", r#"{"center":"hefei","state":"talking"}"#),
    ("09:30:00", "agent.changed", "a-1", r#"{"state":"ready"}"#),
    ("09:40:00", "agent.changed", "a-1", r#"{"state":"wrapup"}"#),
    ("09:10:00", "complaint.opened", "k-1", r#"{"center":"hefei"}"#),
    ("09:20:00", "complaint.opened", "k-2", r#"{"center":"bengbu"}"#),
];

/// Replays the morning with the standard `formulas.toml`.
///
/// Returns the output without its first line.
fn run_replay(arguments: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("morning.ndjson");
    let line = |(number, (time, kind, subject, data)): (usize, &(&str, &str, &str, &str))| {
        let day = if time.contains('T') { "" } else { "02T" };
        format!(
            r#"{{"specversion":"1.0","id":"{number}","source":"/s","type":"{kind}","time":"2026-03-{day}{time}+08:00","subject":"{subject}","data":{data}}}"#
        )
    };
    fs::write(&file, MORNING_EVENTS.iter().enumerate().map(line).collect::<Vec<_>>().join("\n"))
        .unwrap();
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/standards/formulas.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
    let output = command
        .arg("replay")
        .args(["--window", "today", "--standard"])
        .arg(standard)
        .args(arguments)
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// Splits a row into cells.
fn split_columns(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn find_row<'l>(lines: &'l [String], indicator: &str, scope: &str) -> Vec<&'l str> {
    let found = lines
        .iter()
        .map(|line| split_columns(line))
        .find(|cells| cells.starts_with(&[indicator, scope]));
    found.unwrap_or_else(|| panic!("no {indicator} of {scope} in {lines:#?}"))[2..].to_vec()
}

#[test]
fn table_shows_components_of_every_formula() {
    let lines = run_replay(&[]);
    let everything = |indicator: &str| find_row(&lines, indicator, "everything");
    assert_eq!(everything("occupancy"), ["today", "75.00 %", "30.0 min / 40.0 min", "met"]);
    assert_eq!(everything("complaint_rate"), ["today", "0.10", "2 / 200000", "met"]);
    assert_eq!(everything("vip_gap"), ["today", "+20.00 points", "100.00 % - 80.00 %", "met"]);
    assert_eq!(everything("vip_speed_gap"), ["today", "+0.0 s", "20.0 s - 20.0 s", "met"]);
    assert_eq!(everything("missing_agents"), ["now", "+1", "1 - 0", "breached"]);
    assert_eq!(
        everything("estimated_wait"),
        ["now", "6.0 min", "(1 + 1) x 3.0 min / 1", "breached"]
    );
    let lines = run_replay(&["--by", "center"]);
    assert_eq!(
        find_row(&lines, "complaint_rate", "center=bengbu"),
        ["today", "-", "1 / ?", "(no_population)"]
    );
    assert_eq!(
        find_row(&lines, "estimated_wait", "center=wuhu"),
        ["now", "-", "(0 + 1) x - / 0", "(no_traffic)"]
    );
    assert_eq!(
        find_row(&lines, "vip_gap", "center=anqing"),
        ["today", "-", "- - 100.00 %", "(no_traffic, small_sample)"]
    );
}

#[test]
fn rows_are_grouped_by_label() {
    let lines = run_replay(&["--group-by", "quality"]);
    let titles: Vec<&str> = lines
        .iter()
        .filter(|line| line.contains(": ") || line.starts_with("without"))
        .map(String::as_str)
        .collect();
    let expected = [
        "quality: reliability",
        "quality: responsiveness",
        "quality: assurance",
        "quality: empathy",
        "without quality",
    ];
    assert_eq!(titles, expected, "{lines:#?}");
    let after = |title: &str| {
        lines
            .iter()
            .skip_while(|line| *line != title)
            .nth(1)
            .map(|line| split_columns(line)[0].to_owned())
    };
    assert_eq!(after("quality: empathy").as_deref(), Some("complaint_rate"));
    assert_eq!(after("without quality").as_deref(), Some("abandonment_rate"));
    // Grouping changes neither the rows nor the JSON.
    assert_eq!(
        lines.iter().filter(|line| split_columns(line).len() > 3).count(),
        run_replay(&[]).iter().filter(|line| split_columns(line).len() > 3).count()
    );
    assert_eq!(run_replay(&["--json", "--group-by", "stage"]), run_replay(&["--json"]));
}

#[test]
fn table_ranks_scopes() {
    let lines = run_replay(&["--rank", "center", "--indicator", "answer_rate,complaint_rate"]);
    let cells: Vec<Vec<&str>> = lines.iter().map(|line| split_columns(line)).collect();
    let expected: [&[&str]; 11] = [
        &["rank", "scope", "value", "gap", "of"],
        &[],
        &["answer_rate today"],
        &["1", "center=hefei", "100.00 %", "0.00 points", "2", "met"],
        &["2", "center=wuhu", "50.00 %", "50.00 points", "2", "breached"],
        &["-", "center=anqing", "100.00 %", "1", "(small_sample)"],
        &[],
        &["complaint_rate today"],
        &["1", "center=hefei", "0.08", "0.00", "met"],
        &["-", "center=bengbu", "-", "(no_population)"],
        &[],
    ];
    assert_eq!(cells, expected[..10], "{lines:#?}");
}
