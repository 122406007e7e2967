//! `firstline check --sample`.

use super::mapped::calls_mapping;
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};

/// Runs `firstline check m.toml --sample FILE` with further arguments in a folder of its own.
fn check(mapping: &str, file: &str, content: &[u8], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.toml"), mapping).unwrap();
    fs::write(folder.path().join(file), content).unwrap();
    Command::new(env!("CARGO_BIN_EXE_firstline"))
        .current_dir(folder.path())
        .args(["check", "m.toml", "--sample", file])
        .args(arguments)
        .output()
        .unwrap()
}

const EXPORT: &str = "Calls of March\nid,at,center,wait,note\n1,2026-03-02 09:00:00,a,5,x\n\
                      2,soon,a,5,x\n3,2026-03-02 09:00:01,a\n4,2026-03-02 09:00:02,a,5,x\n";

#[test]
fn shows_what_each_row_becomes() {
    let output = check(&calls_mapping(""), "f.csv", EXPORT.as_bytes(), &[]);
    let expected = "\
f.csv:1
  left out: row before the header
f.csv:3
  call.answered  2026-03-02T01:00:00Z  (2026-03-02 09:00:00 +08:00)  subject 1
      center=a  wait_seconds=5
f.csv:4
  rejected: `at`: `soon` is not a time in the format `%Y-%m-%d %H:%M:%S`
f.csv:5
  call.answered  2026-03-02T01:00:01Z  (2026-03-02 09:00:01 +08:00)  subject 3
      center=a
  noted: cells at the end of a row are missing, which count as missing values
f.csv:6
  call.answered  2026-03-02T01:00:02Z  (2026-03-02 09:00:02 +08:00)  subject 4
      center=a  wait_seconds=5
columns of the mapping: id, at, center, wait
not used: note
4 rows read: 3 events, 1 rows rejected, 1 left out
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn reads_only_the_rows_asked_for() {
    let output = check(&calls_mapping(""), "f.csv", EXPORT.as_bytes(), &["--rows", "1", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["problems"], serde_json::json!([]));
    assert_eq!(
        (&answer["sample"]["rows_read"], &answer["sample"]["events"]),
        (&Value::from(1), &Value::from(1))
    );
    assert_eq!(answer["sample"]["columns"]["unused"], serde_json::json!(["note"]));
    let event = &answer["sample"]["rows"][1]["events"][0];
    assert_eq!(event["local_time"], "2026-03-02 09:00:00 +08:00");
    assert_eq!((&event["subject"], &event["data"]["wait_seconds"]), (&"1".into(), &"5".into()));
}

#[test]
fn fails_if_no_row_gives_an_event() {
    for (content, text) in [
        ("id,at,center,wait\n1,soon,a,5\n", "no row gives an event"),
        ("id,at,center,wait\n", "no row gives an event"),
        ("", "no row gives an event"),
    ] {
        let output = check(&calls_mapping(""), "f.csv", content.as_bytes(), &[]);
        assert_eq!(output.status.code(), Some(1), "{content}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(text), "{content}");
    }
    let output = check(&calls_mapping(""), "f.csv", b"id,at\n", &[]);
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("`center` is missing, `wait` is missing"), "{printed}");
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn refuses_local_times_that_do_not_exist() {
    let mapping = calls_mapping("").replace("Asia/Shanghai", "Europe/Berlin");
    for (time, code, note) in [
        ("2026-03-29 02:30:00", 1, "noted: 2026-03-29 02:30:00: a local time does not exist"),
        ("2026-10-25 02:30:00", 0, "noted: 2026-10-25 02:30:00: a local time occurs twice"),
        ("2026-03-29 03:30:00", 0, "1 rows read"),
    ] {
        let export = format!("id,at,center,wait\n1,{time},a,5\n");
        let output = check(&mapping, "f.csv", export.as_bytes(), &[]);
        assert_eq!(output.status.code(), Some(code), "{time}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains(note), "{printed}");
    }
}

#[test]
fn shows_json_and_compressed_exports() {
    let list = br#"[{"id":1,"at":"2026-03-02 09:00:00","center":"a","queue":{"name":"q"}}]"#;
    let output = check(&calls_mapping(""), "f.json", list, &[]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("not used: queue\nin no row: wait\n"), "{printed}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, list).unwrap();
    let output = check(&calls_mapping(""), "f.json.gz", &packed.finish().unwrap(), &[]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn needs_exactly_one_mapping_without_problems() {
    let broken = calls_mapping("").replace("%H", "%I");
    let output = check(&broken, "f.csv", EXPORT.as_bytes(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let output = check("name = 'x'\n", "f.csv", EXPORT.as_bytes(), &[]);
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("exactly one mapping"), "{printed}");
}

#[test]
fn objects_to_hours_of_half_days_that_replay_reads_by_a_literal_word() {
    let mapping = calls_mapping("").replace(
        "[\"%Y-%m-%d %H:%M:%S\"]",
        "[\"%Y年%m月%d日 上午%H:%M:%S\", \"%Y年%m月%d日 下午%I:%M:%S\"]",
    );
    let export =
        "id,at,center,wait\n1,2026年3月2日 上午9:00:00,a,5\n2,2026年3月2日 下午1:00:05,a,5\n";
    let output = check(&mapping, "f.csv", export.as_bytes(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("without `%p`; write `%Y年%m月%d日 %p%I:%M:%S`"), "{printed}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("2026-03-02T05:00:05Z"), "{shown}");
}
