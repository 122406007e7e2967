//! CloudEvents as a JSON document: lists and objects, printed over several lines or not.

use std::fs;
use std::process::Command;

/// A call as two events.
fn events() -> Vec<serde_json::Value> {
    ["offered", "answered"]
        .iter()
        .enumerate()
        .map(|(second, verb)| {
            serde_json::json!({
                "specversion": "1.0", "id": verb, "source": "/x", "type": format!("call.{verb}"),
                "time": format!("2026-03-02T09:00:0{second}+08:00"), "subject": "1",
                "data": { "center": "蚌埠" },
            })
        })
        .collect()
}

/// Replays a recording and returns what is printed about its events.
fn replay(content: &[u8], threads: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events");
    fs::write(&file, content).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["replay", "--json", "--threads", threads])
        .arg(&file)
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

fn assert_replayed(content: &[u8], counts: &str) {
    for threads in ["1", "3"] {
        let printed = replay(content, threads);
        assert!(printed.contains(counts), "`{counts}` is not in:\n{printed}");
    }
}

#[test]
fn list_is_read_like_lines() {
    let list = serde_json::Value::from(events());
    let lines: Vec<String> = events().iter().map(ToString::to_string).collect();
    let pretty: Vec<String> =
        events().iter().map(|event| serde_json::to_string_pretty(event).unwrap()).collect();
    for content in [
        list.to_string(),
        serde_json::to_string_pretty(&list).unwrap(),
        format!("\u{feff}\n{list}\n"),
        lines.join("\n"),
        pretty.join("\n"),
        format!("[{}]\n[{}]\n", lines[0], lines[1]),
    ] {
        assert_replayed(content.as_bytes(), "2 events, 0 duplicates, 0 rejected");
        let utf16: Vec<u8> = format!("\u{feff}{}", content.trim_start_matches('\u{feff}'))
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_replayed(&utf16, "2 events, 0 duplicates, 0 rejected");
    }
}

#[test]
fn long_list_is_read_to_its_end() {
    let list: Vec<String> = (0..20_000)
        .map(|id| {
            format!(
                "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/x\",\"type\":\"call.offered\",\
                 \"time\":\"2026-03-02T09:00:00Z\",\"subject\":\"{id}\"}}"
            )
        })
        .collect();
    assert_replayed(
        format!("[{}]", list.join(",\n")).as_bytes(),
        "20000 events, 0 duplicates, 0 rejected",
    );
}

#[test]
fn incomplete_list_is_rejected_with_its_line() {
    let whole = serde_json::to_string_pretty(&serde_json::Value::from(events())).unwrap();
    let cut = |at: &str| &whole.as_bytes()[..whole.rfind(at).unwrap()];
    assert_replayed(cut("]"), "2 events, 0 duplicates, 1 rejected");
    assert_replayed(cut("subject"), "1 events, 0 duplicates, 1 rejected");
    assert!(replay(cut("subject"), "1").contains("the file ends within this value"));
    assert_replayed(b"[{}, 1, \"x\"]", "0 events, 0 duplicates, 3 rejected");
}

#[test]
fn event_in_another_encoding_is_refused_with_the_likely_one() {
    let event = events()[0].to_string();
    let (bytes, ..) = encoding_rs::GB18030.encode(&event);
    assert!(replay(&bytes, "1").contains("it looks like gb18030"));
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode("{\"center\":\"Z\u{fc}rich\"}");
    assert!(replay(&bytes, "1").contains("it looks like windows-1252"));
}

#[test]
fn queue_log_line_in_another_encoding_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queue_log");
    let (log, ..) = encoding_rs::GB18030.encode("1772413200|1.1|客服中心|NONE|ENTERQUEUE||1|1\n");
    fs::write(&file, log).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["replay", "--format", "queue_log"])
        .arg(&file)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains(":1: not UTF-8; it looks like gb18030"), "{printed}");
}
