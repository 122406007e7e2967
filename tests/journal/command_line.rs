//! `firstline journal`: check, export and prune, as a person calls them.

use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::journal::{
    BatchCodec, DirectoryLock, Journal, JournalRecord, JournalSettings, SequenceNumber,
    SnapshotStore,
};
use firstline::standard_file;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/oss","type":"repair.opened","time":"2026-03-02T09:00:00+08:00",
    "subject":"R-7","data":{"center":"north","customer":"13800000000","owner":"Zhang","topic":"broadband"}}"#;

fn run_journal(place: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
    command
        .arg("journal")
        .args(arguments)
        .arg("--data")
        .arg(place)
        .output()
        .expect("the program runs")
}

fn output_texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A journal of several segments: a standard, an event, ticks a second apart, and another event; a snapshot after record 30.
fn write_journal(place: &Path) {
    let held = DirectoryLock::acquire(place).expect("a new directory");
    let settings =
        JournalSettings { segment_bytes: 300, keys_fingerprint: held.keys().fingerprint() };
    let mut journal = Journal::open(held.disk(), settings).expect("a new journal");
    let schema =
        standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN)
            .expect("the built-in standard")
            .schema;
    let mut decoder =
        EventDecoder::new(Arc::new(schema), HashKeys::default()).with_case_names(true);
    decoder.decode_json(EVENT.as_bytes()).expect("a good event");
    let files = vec![(standard_file::BUILT_IN_NAME.to_owned(), standard_file::BUILT_IN.to_owned())];
    journal
        .append_records(&[JournalRecord::Standard { epoch: "one".into(), files }])
        .expect("no trouble");
    journal
        .append_records(&[JournalRecord::Batch(BatchCodec::encode_batch(&decoder.take_batch()))])
        .expect("no trouble");
    for number in 0..58 {
        journal
            .append_records(&[JournalRecord::Tick {
                now: Timestamp(1_772_413_200_000 + number * 1_000),
                revision: 1,
            }])
            .expect("no trouble");
    }
    decoder.decode_json(EVENT.replace("\"1\"", "\"2\"").as_bytes()).expect("a good event");
    journal
        .append_records(&[JournalRecord::Batch(BatchCodec::encode_batch(&decoder.take_batch()))])
        .expect("no trouble");
    journal.append_records(&[JournalRecord::Stop { revision: 1 }]).expect("no trouble");
    let mut snapshot =
        SnapshotStore::new(held.disk()).create_snapshot(SequenceNumber(30)).expect("no trouble");
    snapshot.write_all(b"state").expect("no trouble");
    snapshot.finish().expect("no trouble");
}

#[test]
fn intact_journal_is_checked_exported_and_pruned() {
    let place = tempfile::tempdir().expect("a directory");
    write_journal(place.path());
    let checked = run_journal(place.path(), &["check", "--json"]);
    let findings: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert!(checked.status.success(), "{findings}");
    let number = |name: &str| findings[name].as_u64().expect("a number");
    assert_eq!(
        (number("records"), number("events"), number("snapshots"), number("last")),
        (62, 2, 1, 62)
    );
    assert_eq!(findings["damages"], serde_json::json!([]));

    let exported = run_journal(place.path(), &["export", "--from", "2", "--to", "3"]);
    let (text, problems) = output_texts(&exported);
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{text}{problems}");
    let event = &lines[0];
    assert_eq!(
        (&event["type"], &event["subject"], &event["source"]),
        (&"repair.opened".into(), &"R-7".into(), &"/oss".into())
    );
    assert_eq!(event["attributes"]["center"], "north");
    assert!(
        event["data"]["topic"].as_str().is_some_and(|topic| topic.starts_with('#')),
        "the text of a topic is not kept: {event}"
    );
    assert_eq!((&lines[1]["record"], &lines[1]["sequence"]), (&"tick".into(), &3.into()));
    assert!(!text.contains("13800000000") && !text.contains("Zhang"), "{text}");

    let (would, _) =
        output_texts(&run_journal(place.path(), &["prune", "--keep-gb", "0", "--dry-run"]));
    let (done, problems) = output_texts(&run_journal(place.path(), &["prune", "--keep-gb", "0"]));
    assert_eq!(would.replace("would be removed", "removed"), done, "{problems}");
    let oldest: u64 = done
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number at the end");
    assert!((2..=31).contains(&oldest), "what the snapshot needs must stay: {done}");
    let left = run_journal(place.path(), &["check"]);
    assert!(left.status.success(), "{:?}", output_texts(&left));

    let (text, problems) = output_texts(&run_journal(place.path(), &["export"]));
    let event = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .find(|line| line["record"] == "event");
    let event = event.unwrap_or_else(|| panic!("no event: {text}{problems}"));
    assert_eq!(
        event["type"], "repair.opened",
        "the names of a standard outlive its record: {event}"
    );
    assert_eq!(event["attributes"]["center"], "north");
}

#[test]
fn check_reports_damaged_file_and_exit_code() {
    let place = tempfile::tempdir().expect("a directory");
    write_journal(place.path());
    let mut names: Vec<_> = fs::read_dir(place.path())
        .expect("names")
        .map(|entry| entry.expect("a name").path())
        .collect();
    names.sort();
    let segment = names
        .into_iter()
        .filter(|name| name.to_string_lossy().contains("journal-"))
        .nth(2)
        .expect("several segments");
    let bytes = fs::read(&segment).expect("it is there");
    fs::write(&segment, &bytes[..bytes.len() / 2]).expect("written");
    let checked = run_journal(place.path(), &["check"]);
    let (found, problems) = output_texts(&checked);
    assert_eq!(checked.status.code(), Some(1), "{found}{problems}");
    let name = segment.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(
        problems.contains(&name) && problems.contains("damaged") && problems.contains("backup"),
        "{problems}"
    );
    assert_eq!(
        fs::read(&segment).expect("it is there").len(),
        bytes.len() / 2,
        "a check changes nothing"
    );
}

#[test]
fn commands_fail_without_journal_or_beside_service() {
    let place = tempfile::tempdir().expect("a directory");
    for task in [&["check"][..], &["export"], &["prune", "--keep", "1d"]] {
        let output = run_journal(place.path(), task);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            fs::read_dir(place.path()).expect("names").count(),
            0,
            "nothing is made where nothing was"
        );
    }
    let held = DirectoryLock::acquire(place.path()).expect("a new directory");
    for task in [&["check"][..], &["export"], &["prune", "--keep", "1d"]] {
        let output = run_journal(place.path(), task);
        assert!(
            output.status.code() == Some(1)
                && output_texts(&output).1.contains("in use by process"),
            "{:?}",
            output_texts(&output)
        );
    }
    drop(held);
}
