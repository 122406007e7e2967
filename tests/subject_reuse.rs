//! `reuse_after` of a mapping, of a source and of the standard, for a subject that is used again
//! soon after its case has ended.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use serde_json::Value;
use std::fs;
use std::process::Command;

/// A telephone system that numbers its calls 0, 1, 2: number 0 comes again after 30 s, and the
/// second call is not answered.
const CALLS: &str = "at;what;number
2026-03-02 09:00:00;RING;0
2026-03-02 09:00:05;CONNECT;0
2026-03-02 09:01:00;DISCONNECT;0
2026-03-02 09:01:30;RING;0
2026-03-02 09:01:50;DISCONNECT;0
";

const MAPPING: &str = r#"
source = "/pbx"
time_zone = "UTC"
formats = ["%Y-%m-%d %H:%M:%S"]
delimiter = ";"
subject = "{number}"
event = [
    { type = "call.offered", time = "at", when = { what = ["RING"] } },
    { type = "call.answered", time = "at", when = { what = ["CONNECT"] } },
    { type = "call.ended", time = "at", when = { what = ["DISCONNECT"] } },
]
"#;

const STANDARD: &str = r#"
name = "calls"
version = "1"
title = { en = "Calls", zh = "通话" }
time_zone = "UTC"
windows = ["all"]
[indicator.answer_rate]
title = { en = "Answer rate", zh = "接通率" }
ratio = { good = ["call.answered"], of = ["call.answered", "call.abandoned"] }
"#;

/// Returns numerator and denominator of the answer rate, and the messages of the replay.
fn answer_rate(mapping_head: &str, standard_head: &str, standard_tail: &str) -> (i64, i64, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let mapping = write("mapping.toml", format!("{mapping_head}\n{MAPPING}"));
    let standard = write("standard.toml", format!("{standard_head}\n{STANDARD}{standard_tail}"));
    let calls = write("calls.csv", CALLS.to_owned());
    let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["replay", "--json", "--standard"])
        .arg(standard)
        .arg("--format")
        .arg(mapping)
        .arg(calls)
        .output()
        .unwrap();
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{messages}");
    let board: Value = serde_json::from_slice(&output.stdout).unwrap();
    let reading = board["readings"].as_array().unwrap().first().unwrap();
    (reading["good"].as_i64().unwrap(), reading["of"].as_i64().unwrap(), messages)
}

#[test]
fn soon_after_its_end_a_call_goes_on() {
    let (good, of, messages) = answer_rate("", "", "");
    assert_eq!((good, of), (1, 1));
    assert!(!messages.contains("used again"), "{messages}");
}

#[test]
fn mapping_source_and_standard_say_when_a_subject_names_another_call() {
    let source = "[source.pbx]\nsource = \"/pbx\"\nreuse_after = \"0s\"\n";
    for (mapping_head, standard_head, standard_tail) in [
        ("reuse_after = \"0s\"", "", ""),
        ("", "reuse_after = \"29s\"", ""),
        ("", "", source),
        // The source is more specific than the standard, and the standard than the mapping.
        ("reuse_after = \"1h\"", "reuse_after = \"2h\"", source),
    ] {
        let (good, of, messages) = answer_rate(mapping_head, standard_head, standard_tail);
        assert_eq!((good, of), (1, 2), "{mapping_head} {standard_head} {standard_tail}");
        assert!(messages.contains("cases begun because a subject was used again: 1"), "{messages}");
    }
    let (_, of, _) = answer_rate("", "reuse_after = \"30s\"", "");
    assert_eq!(of, 1, "30 s are not longer than 30 s");
}
