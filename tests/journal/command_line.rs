//! Tests of the commands `firstline journal check`, `export` and `prune`.

use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::journal::{
    DirectoryLock, EncodedBatch, Journal, JournalRecord, JournalSettings, SequenceNumber,
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

fn run_journal(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
    command
        .arg("journal")
        .args(arguments)
        .arg("--data")
        .arg(directory)
        .output()
        .expect("the program starts")
}

fn output_texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Writes a journal of several segments with a snapshot after record 30.
///
/// The records are a standard, an event, 58 ticks at intervals of 1 s, another event and a stop.
fn write_journal(directory: &Path) {
    let lock = DirectoryLock::acquire(directory).expect("the new directory is locked");
    let settings =
        JournalSettings { segment_bytes: 300, keys_fingerprint: lock.keys().fingerprint() };
    let mut journal = Journal::open(lock.disk(), settings).expect("a journal is created");
    let schema =
        standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN)
            .expect("the built-in standard is valid")
            .schema;
    let mut decoder =
        EventDecoder::new(Arc::new(schema), HashKeys::default()).with_case_names(true);
    decoder.decode_json(EVENT.as_bytes()).expect("the event is valid");
    let files = vec![(standard_file::BUILT_IN_NAME.to_owned(), standard_file::BUILT_IN.to_owned())];
    journal
        .append_records(&[JournalRecord::Standard { epoch: "one".into(), files }])
        .expect("the write succeeds");
    journal
        .append_records(&[JournalRecord::Batch(EncodedBatch::encode_batch(&decoder.take_batch()))])
        .expect("the write succeeds");
    for number in 0..58 {
        journal
            .append_records(&[JournalRecord::Tick {
                now: Timestamp(1_772_413_200_000 + number * 1_000),
                revision: 1,
            }])
            .expect("the write succeeds");
    }
    decoder.decode_json(EVENT.replace("\"1\"", "\"2\"").as_bytes()).expect("the event is valid");
    journal
        .append_records(&[JournalRecord::Batch(EncodedBatch::encode_batch(&decoder.take_batch()))])
        .expect("the write succeeds");
    journal.append_records(&[JournalRecord::Stop { revision: 1 }]).expect("the write succeeds");
    let mut snapshot = SnapshotStore::new(lock.disk())
        .create_snapshot(SequenceNumber(30))
        .expect("the write succeeds");
    snapshot.write_all(b"state").expect("the write succeeds");
    snapshot.finish().expect("the write succeeds");
}

#[test]
fn intact_journal_is_checked_exported_and_pruned() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    write_journal(directory.path());
    let checked = run_journal(directory.path(), &["check", "--json"]);
    let findings: Value = serde_json::from_slice(&checked.stdout).expect("the text is valid JSON");
    assert!(checked.status.success(), "{findings}");
    let number = |name: &str| findings[name].as_u64().expect("the value is a number");
    assert_eq!(
        (number("records"), number("events"), number("snapshots"), number("last")),
        (62, 2, 1, 62)
    );
    assert_eq!(findings["damages"], serde_json::json!([]));

    let exported = run_journal(directory.path(), &["export", "--from", "2", "--to", "3"]);
    let (text, problems) = output_texts(&exported);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("the text is valid JSON"))
        .collect();
    assert_eq!(lines.len(), 2, "{text}{problems}");
    let event = &lines[0];
    assert_eq!(
        (&event["type"], &event["subject"], &event["source"]),
        (&"repair.opened".into(), &"R-7".into(), &"/oss".into())
    );
    assert_eq!(event["attributes"]["center"], "north");
    assert!(
        event["data"]["topic"].as_str().is_some_and(|topic| topic.starts_with('#')),
        "the text of a topic is not stored: {event}"
    );
    assert_eq!((&lines[1]["record"], &lines[1]["sequence"]), (&"tick".into(), &3.into()));
    assert!(!text.contains("13800000000") && !text.contains("Zhang"), "{text}");

    let (dry_run, _) =
        output_texts(&run_journal(directory.path(), &["prune", "--keep-gb", "0", "--dry-run"]));
    let (pruned, problems) =
        output_texts(&run_journal(directory.path(), &["prune", "--keep-gb", "0"]));
    assert_eq!(dry_run.replace("would be removed", "removed"), pruned, "{problems}");
    let oldest: u64 = pruned
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("the output ends with a number");
    assert!((2..=31).contains(&oldest), "records that the snapshot needs must stay: {pruned}");
    let left = run_journal(directory.path(), &["check"]);
    assert!(left.status.success(), "{:?}", output_texts(&left));

    let (text, problems) = output_texts(&run_journal(directory.path(), &["export"]));
    let event = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("the text is valid JSON"))
        .find(|line| line["record"] == "event");
    let event = event.unwrap_or_else(|| panic!("no event: {text}{problems}"));
    assert_eq!(
        event["type"], "repair.opened",
        "names are known after the record of the standard is pruned: {event}"
    );
    assert_eq!(event["attributes"]["center"], "north");
}

#[test]
fn check_reports_damaged_file_and_exit_code() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    write_journal(directory.path());
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .expect("the directory is readable")
        .map(|entry| entry.expect("the directory entry is readable").path())
        .collect();
    names.sort();
    let segment = names
        .into_iter()
        .filter(|name| name.to_string_lossy().contains("journal-"))
        .nth(2)
        .expect("the journal has several segments");
    let bytes = fs::read(&segment).expect("the file exists");
    fs::write(&segment, &bytes[..bytes.len() / 2]).expect("the file is writable");
    let checked = run_journal(directory.path(), &["check"]);
    let (found, problems) = output_texts(&checked);
    assert_eq!(checked.status.code(), Some(1), "{found}{problems}");
    let name = segment.file_name().expect("the name is a string").to_string_lossy().into_owned();
    assert!(
        problems.contains(&name) && problems.contains("damaged") && problems.contains("backup"),
        "{problems}"
    );
    assert_eq!(
        fs::read(&segment).expect("the file exists").len(),
        bytes.len() / 2,
        "a check must not change files"
    );
}

#[test]
fn commands_fail_without_journal_or_beside_service() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    for arguments in [&["check"][..], &["export"], &["prune", "--keep", "1d"]] {
        let output = run_journal(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            fs::read_dir(directory.path()).expect("the directory is readable").count(),
            0,
            "a failed command must not create files"
        );
    }
    let lock = DirectoryLock::acquire(directory.path()).expect("the new directory is locked");
    for arguments in [&["check"][..], &["export"], &["prune", "--keep", "1d"]] {
        let output = run_journal(directory.path(), arguments);
        assert!(
            output.status.code() == Some(1)
                && output_texts(&output).1.contains("in use by process"),
            "{:?}",
            output_texts(&output)
        );
    }
    drop(lock);
}
