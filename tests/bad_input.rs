//! Tests of `firstline replay` with invalid input.
//!
//! Every input ends with a clear error or counted rejections with line numbers, and with the
//! documented exit code. No input causes a panic, an abort or empty output.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a valid event with some attributes replaced. The value null removes an attribute.
fn event_with(changes: &Value) -> String {
    let mut event = json!({
        "specversion": "1.0", "id": "1", "source": "/acd", "type": "call.offered", "time": "2026-03-01T08:00:00+08:00",
        "subject": "c1", "data": { "center": "hefei" },
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    event.to_string()
}

/// Exit code and output of the program.
struct ReplayOutcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl ReplayOutcome {
    /// Asserts the exit code, and that stderr contains all `texts` and no panic.
    #[track_caller]
    fn assert_exit(&self, code: i32, texts: &[&str]) -> &ReplayOutcome {
        let ReplayOutcome { stderr, .. } = self;
        // After an abort, for example by stack overflow, there is no exit code.
        assert_eq!(self.code, Some(code), "exit code; stderr:\n{stderr}");
        assert!(
            !stderr.contains("panicked") && !stderr.contains("overflowed its stack"),
            "{stderr}"
        );
        assert!(!stderr.trim().is_empty(), "stderr is empty");
        for text in texts {
            assert!(stderr.contains(text), "`{text}` is not in:\n{stderr}");
        }
        self
    }

    /// Asserts the number of waiting calls on the board, to show that valid events were counted.
    #[track_caller]
    fn assert_calls_waiting(&self, count: impl Into<Option<f64>>) -> &ReplayOutcome {
        let board: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no board ({error}): {}", self.stdout));
        assert_eq!(
            board["readings"][0]["value"].as_f64(),
            count.into(),
            "calls waiting; stderr:\n{}",
            self.stderr
        );
        self
    }
}

fn run_replay(arguments: &[&str]) -> ReplayOutcome {
    let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["replay", "--json", "--indicator", "calls_waiting"])
        .args(arguments)
        .output()
        .unwrap();
    ReplayOutcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Replays a file named `input` with these bytes.
fn replay_bytes(bytes: impl AsRef<[u8]>) -> ReplayOutcome {
    let folder = tempfile::tempdir().unwrap();
    run_replay(&[write_file(folder.path(), "input", bytes.as_ref()).to_str().unwrap()])
}

fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn rejects_truncated_line_with_line_number() {
    let good = event_with(&json!({}));
    for cut in [1, 20, good.len() / 2, good.len() - 1] {
        let outcome = replay_bytes(format!("{good}\n{}", &good[..cut]));
        outcome
            .assert_exit(0, &["1 events, 0 duplicates, 1 rejected", "input:2: not a JSON event"])
            .assert_calls_waiting(1.0);
    }
    // The exit code is 1 if no event is valid.
    replay_bytes(&good[..30])
        .assert_exit(1, &["0 events, 0 duplicates, 1 rejected", "input:1: not a JSON event"]);
}

#[test]
fn rejects_garbled_lines_with_line_numbers() {
    let (one, two) = (event_with(&json!({})), event_with(&json!({ "id": "2", "subject": "c2" })));
    let outcome = replay_bytes(format!(
        "{one}\n{{\"specversion\":}}\nhello\n[1,2]\n{{}}\n42\n\"\"\nnull\n\n{two}\n"
    ));
    outcome.assert_exit(
        0,
        &[
            "2 events, 0 duplicates, 7 rejected",
            "input:2: ",
            "input:3: ",
            "input:4: ",
            "input:5: ",
            "input:6: ",
            "input:7: ",
            "input:8: ",
        ],
    );
    outcome.assert_calls_waiting(2.0);
    assert!(
        !outcome.stderr.contains("input:9:"),
        "a blank line is not rejected: {}",
        outcome.stderr
    );
}

#[test]
fn counts_rejections_beyond_first_ten() {
    let outcome = replay_bytes("x\n".repeat(1_234));
    outcome.assert_exit(1, &["1234 rejected", "input:10: ", "... and 1224 more rejected"]);
}

#[test]
fn rejects_oversized_line_and_reads_next() {
    let (one, three) = (event_with(&json!({})), event_with(&json!({ "id": "3", "subject": "c3" })));
    for (name, enormous) in [
        ("an ignored field", event_with(&json!({ "id": "2", "junk": "x".repeat(2 << 20) }))),
        ("a subject", event_with(&json!({ "id": "2", "subject": "s".repeat(10 << 20) }))),
        ("no JSON at all", "x".repeat(10 << 20)),
    ] {
        let outcome = replay_bytes(format!("{one}\n{enormous}\n{three}\n"));
        let length = format!("input:2: longer than 1048576 bytes: {} bytes", enormous.len());
        outcome
            .assert_exit(0, &["2 events, 0 duplicates, 1 rejected", &length])
            .assert_calls_waiting(2.0);
        assert!(outcome.stderr.len() < 1_000, "{name}: the message repeats the line");
    }
    // An oversized last line without a line feed is rejected too.
    replay_bytes(format!("{one}\n{}", "x".repeat(2 << 20)))
        .assert_exit(0, &["1 events", "input:2: longer than"])
        .assert_calls_waiting(1.0);
    // A value of a dimension is limited too. The event is taken without it.
    let long = event_with(&json!({ "data": { "center": "s".repeat(500_000) } }));
    replay_bytes(long).assert_exit(
        0,
        &["1 events, 0 duplicates, 0 rejected", "`center` of an event: longer than 200 bytes"],
    );
}

/// A recursive parser would overflow the stack, which cannot be caught.
#[test]
fn rejects_deep_nesting() {
    let good = event_with(&json!({}));
    let within =
        |place: &str, deep: &str| event_with(&json!({ place: "HERE" })).replace("\"HERE\"", deep);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let middle = if open == "[" { "" } else { "1" };
        let closed = open.repeat(100_000) + middle + &close.repeat(100_000);
        let unclosed = open.repeat(100_000);
        for deep in [&closed, &unclosed] {
            let in_data =
                event_with(&json!({ "data": { "ignored": "HERE" } })).replace("\"HERE\"", deep);
            let in_field =
                event_with(&json!({ "data": { "center": "HERE" } })).replace("\"HERE\"", deep);
            for line in [
                deep.clone(),
                within("ignored", deep),
                within("subject", deep),
                within("data", deep),
                in_data,
                in_field,
            ] {
                let outcome = replay_bytes(format!("{good}\n{line}\n"));
                outcome
                    .assert_exit(
                        0,
                        &[
                            "1 events, 0 duplicates, 1 rejected",
                            "input:2: nested deeper than 128 levels",
                        ],
                    )
                    .assert_calls_waiting(1.0);
            }
        }
    }
    // Brackets in strings do not nest, not even after an escaped quote. Some nesting is allowed.
    let text = event_with(&json!({ "note": "\\\"[".repeat(5_000) }));
    replay_bytes(text)
        .assert_exit(0, &["1 events, 0 duplicates, 0 rejected"])
        .assert_calls_waiting(1.0);
    let shallow = within("ignored", &("[".repeat(100) + &"]".repeat(100)));
    replay_bytes(format!("{shallow}{}", " ".repeat(2_000)))
        .assert_exit(0, &["1 events, 0 duplicates, 0 rejected"])
        .assert_calls_waiting(1.0);
    // This is the deepest line that is too short for the nesting check.
    let short = "[".repeat(1_020);
    replay_bytes(&short).assert_exit(1, &["input:1: not a JSON event"]);
}

#[test]
fn rejects_nul_bytes() {
    let good = event_with(&json!({}));
    let lines =
        ["\0".repeat(10), good.replace("hefei", "he\0fei"), format!("{good}\0"), good.clone()];
    let outcome = replay_bytes(lines.join("\n"));
    outcome
        .assert_exit(
            0,
            &["1 events, 0 duplicates, 3 rejected", "input:1: ", "input:2: ", "input:3: "],
        )
        .assert_calls_waiting(1.0);
}

#[test]
fn rejects_unknown_event_type_and_lists_known() {
    let lines = [
        event_with(&json!({ "type": "call.dropped" })),
        event_with(&json!({ "type": "" })),
        event_with(&json!({ "type": 3 })),
    ];
    let outcome = replay_bytes(lines.join("\n"));
    outcome.assert_exit(
        1,
        &[
            "3 rejected",
            "input:1: unknown type `call.dropped`; known: call.abandoned, call.answered",
            "input:2: ",
            "input:3: ",
            "(event `1`)",
        ],
    );
}

#[test]
fn rejects_invalid_timestamp() {
    let times = [
        "99999-01-01T00:00:00Z",
        "+099999-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "2026-03-01T08:00:00",
        "noon",
        "",
    ];
    let lines: Vec<String> =
        times.iter().map(|time| event_with(&json!({ "time": time }))).collect();
    let outcome = replay_bytes(lines.join("\n"));
    outcome.assert_exit(1, &["0 events, 0 duplicates, 7 rejected"]);
    for line in 1..=times.len() {
        assert!(
            outcome.stderr.contains(&format!("input:{line}: ")),
            "line {line}: {}",
            outcome.stderr
        );
    }
    replay_bytes(event_with(&json!({ "time": 17 })))
        .assert_exit(1, &["input:1: `time`: `17` is not"]);
}

#[test]
fn rejects_missing_attribute_by_name() {
    for name in ["specversion", "id", "source", "type", "time", "subject"] {
        replay_bytes(event_with(&json!({ name: null })))
            .assert_exit(1, &[&format!("input:1: the required attribute `{name}` is missing")]);
    }
    replay_bytes(event_with(&json!({ "data": null })))
        .assert_exit(0, &["1 events, 0 duplicates, 0 rejected"])
        .assert_calls_waiting(1.0);
}

#[test]
fn empty_file_succeeds_with_notice() {
    for bytes in ["", "\n\n  \n"] {
        replay_bytes(bytes)
            .assert_exit(0, &["0 events, 0 duplicates, 0 rejected", "the input contains no events"])
            .assert_calls_waiting(None);
    }
}

#[test]
fn reports_unreadable_file_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere.ndjson");
    run_replay(&[missing.to_str().unwrap()]).assert_exit(1, &["cannot read", "nowhere.ndjson"]);
    run_replay(&[folder.path().to_str().unwrap()]).assert_exit(1, &["cannot read", "directory"]);
    // One unreadable file among valid ones must not yield a board of partial input.
    let good = write_file(folder.path(), "good", event_with(&json!({})).as_bytes());
    let outcome = run_replay(&[good.to_str().unwrap(), missing.to_str().unwrap()]);
    outcome.assert_exit(1, &["nowhere.ndjson"]);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn command_line_misuse_exits_with_code_2() {
    run_replay(&[]).assert_exit(2, &["Usage"]);
    run_replay(&["--no-such-flag", "x"]).assert_exit(2, &["--no-such-flag"]);
    let folder = tempfile::tempdir().unwrap();
    let good = write_file(folder.path(), "good", event_with(&json!({})).as_bytes());
    let good = good.to_str().unwrap();
    for (arguments, text, code) in [
        (["--at", "noon"], "--at", 2),
        (["--by", "planet"], "planet", 2),
        (["--window", "5 parsecs"], "5 parsecs", 2),
        (["--indicator", "happiness"], "happiness", 2),
        (["--format", "no_such_format"], "no_such_format", 2),
        (["--zone", "Europe/Berlin"], "--zone", 2),
        // A missing file is an input error, not misuse of the command line.
        (["--standard", "no_such_standard.toml"], "no_such_standard.toml", 1),
    ] {
        let outcome = run_replay(&[&arguments[..], &[good]].concat());
        outcome.assert_exit(code, &[text]);
        assert_eq!(outcome.stdout, "", "{arguments:?}");
    }
}

#[test]
fn rejects_binary_garbage_in_every_format() {
    // A linear congruential generator yields every byte value and the same bytes in every run.
    let mut state = 1_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(300_000)
    .collect();
    replay_bytes(&bytes).assert_exit(1, &["0 events, 0 duplicates, ", "rejected", "input:1: "]);
    let folder = tempfile::tempdir().unwrap();
    let file = write_file(folder.path(), "input", &bytes);
    run_replay(&["--format", "queue_log", file.to_str().unwrap()])
        .assert_exit(1, &["0 events, 0 duplicates, ", "rejected", "input:1: "]);
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings/boston311.toml");
    run_replay(&["--format", mapping.to_str().unwrap(), file.to_str().unwrap()])
        .assert_exit(1, &["input"]);
}

#[test]
fn truncated_compressed_file_is_error() {
    let lines: Vec<String> = (0..1_000)
        .map(|id| event_with(&json!({ "id": id.to_string(), "subject": id.to_string() })))
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(lines.join("\n").as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::stream::encode_all(lines.join("\n").as_bytes(), 0).unwrap();
    for (name, whole) in [("input.gz", gzip), ("input.zst", zstd)] {
        let folder = tempfile::tempdir().unwrap();
        let run =
            |bytes: &[u8]| run_replay(&[write_file(folder.path(), name, bytes).to_str().unwrap()]);
        run(&whole)
            .assert_exit(0, &["1000 events, 0 duplicates, 0 rejected"])
            .assert_calls_waiting(1_000.0);
        for length in [4, 20, whole.len() / 2, whole.len() - 1] {
            let outcome = run(&whole[..length]);
            outcome.assert_exit(1, &["cannot read", name]);
            assert_eq!(
                outcome.stdout, "",
                "{name} cut to {length} bytes: no board of partial input"
            );
        }
        let mut corrupted = whole.clone();
        let middle = whole.len() / 2;
        corrupted[middle] ^= 0x55;
        let outcome = run(&corrupted);
        assert!(
            !outcome.stderr.contains("panicked") && outcome.code.is_some_and(|code| code < 2),
            "{name} with one changed byte: {}",
            outcome.stderr
        );
    }
}

#[test]
fn rejects_other_text_encodings() {
    let good = event_with(&json!({}));
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    replay_bytes(&utf16).assert_exit(1, &["rejected", "input:1: "]);
    let latin: Vec<u8> = good.bytes().map(|byte| if byte == b'h' { 0xe9 } else { byte }).collect();
    replay_bytes(&latin).assert_exit(1, &["1 rejected", "input:1: not UTF-8 from byte"]);
    replay_bytes(good.replace("hefei", "\\ud800"))
        .assert_exit(1, &["1 rejected", "input:1: not a JSON event"]);
}
