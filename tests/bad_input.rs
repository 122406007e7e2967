//! Whatever is fed to `firstline replay`: a clear message or a counted rejection with its line, the promised exit code,
//! and never a panic, an abort or silence.

#![expect(clippy::unwrap_used, reason = "a test that cannot write its own input fails")]

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An event that is right, with other attributes in the place of its own; null takes one away.
fn event_with(other: &Value) -> String {
    let mut event = json!({
        "specversion": "1.0", "id": "1", "source": "/acd", "type": "call.offered", "time": "2026-03-01T08:00:00+08:00",
        "subject": "c1", "data": { "center": "hefei" },
    });
    for (name, value) in other.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    event.to_string()
}

/// What the program did.
struct ReplayOutcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl ReplayOutcome {
    /// Fails unless it ended with `code`, without panic or silence, and said every one of `words`.
    #[track_caller]
    fn assert_exit(&self, code: i32, words: &[&str]) -> &ReplayOutcome {
        let ReplayOutcome { stderr: said, .. } = self;
        // An abort, as by an exhausted stack, has no code at all.
        assert_eq!(self.code, Some(code), "exit code; it said:\n{said}");
        assert!(!said.contains("panicked") && !said.contains("overflowed its stack"), "{said}");
        assert!(!said.trim().is_empty(), "it said nothing");
        for word in words {
            assert!(said.contains(word), "`{word}` is not in:\n{said}");
        }
        self
    }

    /// Fails unless it printed a board with this many calls waiting: what was right was taken.
    #[track_caller]
    fn assert_calls_waiting(&self, count: f64) -> &ReplayOutcome {
        let board: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no board ({error}): {}", self.stdout));
        assert_eq!(
            board["readings"][0]["value"].as_f64(),
            Some(count),
            "calls waiting; it said:\n{}",
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

/// Replays these bytes as a file called `input`.
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
        let done = replay_bytes(format!("{good}\n{}", &good[..cut]));
        done.assert_exit(0, &["1 events, 0 duplicates, 1 rejected", "input:2: not a JSON event"])
            .assert_calls_waiting(1.0);
    }
    // Nothing could be taken: the input is at fault.
    replay_bytes(&good[..30])
        .assert_exit(1, &["0 events, 0 duplicates, 1 rejected", "input:1: not a JSON event"]);
}

#[test]
fn rejects_garbled_lines_with_line_numbers() {
    let (one, two) = (event_with(&json!({})), event_with(&json!({ "id": "2", "subject": "c2" })));
    let done = replay_bytes(format!(
        "{one}\n{{\"specversion\":}}\nhello\n[1,2]\n{{}}\n42\n\"\"\nnull\n\n{two}\n"
    ));
    done.assert_exit(
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
    done.assert_calls_waiting(2.0);
    assert!(!done.stderr.contains("input:9:"), "a blank line is nothing: {}", done.stderr);
}

#[test]
fn counts_rejections_beyond_first_ten() {
    let done = replay_bytes("x\n".repeat(1_234));
    done.assert_exit(1, &["1234 rejected", "input:10: ", "... and 1224 more rejected"]);
}

#[test]
fn rejects_oversized_line_and_reads_next() {
    let (one, three) = (event_with(&json!({})), event_with(&json!({ "id": "3", "subject": "c3" })));
    for (name, enormous) in [
        ("an ignored field", event_with(&json!({ "id": "2", "junk": "x".repeat(2 << 20) }))),
        ("a subject", event_with(&json!({ "id": "2", "subject": "s".repeat(10 << 20) }))),
        ("no JSON at all", "x".repeat(10 << 20)),
    ] {
        let done = replay_bytes(format!("{one}\n{enormous}\n{three}\n"));
        let length = format!("input:2: longer than 1048576 bytes: {} bytes", enormous.len());
        done.assert_exit(0, &["2 events, 0 duplicates, 1 rejected", &length])
            .assert_calls_waiting(2.0);
        assert!(done.stderr.len() < 1_000, "{name}: the message repeats the line");
    }
    // At the end of the file, without a line feed.
    replay_bytes(format!("{one}\n{}", "x".repeat(2 << 20)))
        .assert_exit(0, &["1 events", "input:2: longer than"])
        .assert_calls_waiting(1.0);
    // A field that would make a group of its own is bounded too.
    let long = event_with(&json!({ "data": { "center": "s".repeat(500_000) } }));
    replay_bytes(long).assert_exit(1, &["input:1: `center` is longer than"]);
}

/// A parser that calls itself for every bracket uses up the stack, and no `catch` in the world catches that.
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
                let done = replay_bytes(format!("{good}\n{line}\n"));
                done.assert_exit(
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
    // Brackets in a text nest nothing, nor behind an escaped quote; some levels of what is ignored are no harm.
    let text = event_with(&json!({ "note": "\\\"[".repeat(5_000) }));
    replay_bytes(text)
        .assert_exit(0, &["1 events, 0 duplicates, 0 rejected"])
        .assert_calls_waiting(1.0);
    let shallow = within("ignored", &("[".repeat(100) + &"]".repeat(100)));
    replay_bytes(format!("{shallow}{}", " ".repeat(2_000)))
        .assert_exit(0, &["1 events, 0 duplicates, 0 rejected"])
        .assert_calls_waiting(1.0);
    // As deep as a line that is short enough not to be looked through can be.
    let short = "[".repeat(1_020);
    replay_bytes(&short).assert_exit(1, &["input:1: not a JSON event"]);
}

#[test]
fn rejects_nul_bytes() {
    let good = event_with(&json!({}));
    let lines =
        ["\0".repeat(10), good.replace("hefei", "he\0fei"), format!("{good}\0"), good.clone()];
    let done = replay_bytes(lines.join("\n"));
    done.assert_exit(
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
    let done = replay_bytes(lines.join("\n"));
    done.assert_exit(
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
    let done = replay_bytes(lines.join("\n"));
    done.assert_exit(1, &["0 events, 0 duplicates, 7 rejected"]);
    for line in 1..=times.len() {
        assert!(done.stderr.contains(&format!("input:{line}: ")), "line {line}: {}", done.stderr);
    }
    replay_bytes(event_with(&json!({ "time": 17 }))).assert_exit(1, &["input:1: not a JSON event"]);
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
            .assert_exit(
                0,
                &["0 events, 0 duplicates, 0 rejected", "there was no event in the input"],
            )
            .assert_calls_waiting(0.0);
    }
}

#[test]
fn reports_unreadable_file_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere.ndjson");
    run_replay(&[missing.to_str().unwrap()]).assert_exit(1, &["cannot read", "nowhere.ndjson"]);
    run_replay(&[folder.path().to_str().unwrap()]).assert_exit(1, &["cannot read", "directory"]);
    // One bad file among good ones: no board of half the input.
    let good = write_file(folder.path(), "good", event_with(&json!({})).as_bytes());
    let done = run_replay(&[good.to_str().unwrap(), missing.to_str().unwrap()]);
    done.assert_exit(1, &["nowhere.ndjson"]);
    assert_eq!(done.stdout, "");
}

#[test]
fn command_line_misuse_exits_with_code_2() {
    run_replay(&[]).assert_exit(2, &["Usage"]);
    run_replay(&["--no-such-flag", "x"]).assert_exit(2, &["--no-such-flag"]);
    let folder = tempfile::tempdir().unwrap();
    let good = write_file(folder.path(), "good", event_with(&json!({})).as_bytes());
    let good = good.to_str().unwrap();
    for (arguments, word, code) in [
        (["--at", "noon"], "--at", 2),
        (["--by", "planet"], "planet", 2),
        (["--window", "5 parsecs"], "5 parsecs", 2),
        (["--indicator", "happiness"], "happiness", 2),
        (["--format", "no_such_format"], "no_such_format", 2),
        // A file that is named but missing is input at fault.
        (["--standard", "no_such_standard.toml"], "no_such_standard.toml", 1),
    ] {
        let done = run_replay(&[&arguments[..], &[good]].concat());
        done.assert_exit(code, &[word]);
        assert_eq!(done.stdout, "", "{arguments:?}");
    }
}

#[test]
fn rejects_binary_garbage_in_every_format() {
    // A multiplicative generator: every byte value, the same on every run, nothing like text, no magic number.
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
        for kept in [4, 20, whole.len() / 2, whole.len() - 1] {
            let done = run(&whole[..kept]);
            done.assert_exit(1, &["cannot read", name]);
            assert_eq!(done.stdout, "", "{name} cut to {kept} bytes: no board of half the input");
        }
        let mut wrong = whole.clone();
        let middle = whole.len() / 2;
        wrong[middle] ^= 0x55;
        let done = run(&wrong);
        assert!(
            !done.stderr.contains("panicked") && done.code.is_some_and(|code| code < 2),
            "{name}, a byte changed: {}",
            done.stderr
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
