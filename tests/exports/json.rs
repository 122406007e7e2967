//! JSON as an export: lists, pretty-printed or not, lines, wrappers and nested values.

use super::mapped::{calls_mapping, map, map_all, problems};

const EXPECTED: [&str; 2] = [
    "call.answered 1 2026-03-02T01:00:00Z center=蚌埠 wait_seconds=5",
    "call.answered 2 2026-03-02T01:00:01Z center=b",
];

const ROWS: [&str; 2] = [
    r#"{"id":1,"at":"2026-03-02 09:00:00","center":"\u868c埠","wait":5.0,"more":{"x":[1]}}"#,
    r#"{"center":" b ","id":"2","at":"2026-03-02 09:00:01","wait":null}"#,
];

/// Returns the events without their lines.
fn events_of(mapping: &str, export: &str) -> Vec<String> {
    let events = map_all(mapping, export.as_bytes());
    events.iter().map(|event| event.split_once(' ').unwrap().1.to_owned()).collect()
}

fn pretty(json: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(json).unwrap()).unwrap()
}

#[test]
fn lists_lines_and_objects_are_rows() {
    let list = format!("[{}, {}]", ROWS[0], ROWS[1]);
    for export in [
        list.clone(),
        format!("\u{feff}{}", pretty(&list)),
        format!("\n  {list}\n"),
        format!("{}\n\n{}\n", ROWS[0], ROWS[1]),
        format!("{}\n{}", pretty(ROWS[0]), pretty(ROWS[1])),
        format!("[{}]\n[{}]\n", ROWS[0], ROWS[1]),
    ] {
        assert_eq!(events_of(&calls_mapping(""), &export), EXPECTED, "{export}");
    }
    assert_eq!(map_all(&calls_mapping(""), b"[]"), [""; 0]);
    let utf16: Vec<u8> =
        format!("\u{feff}{list}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(map_all(&calls_mapping(""), &utf16).len(), 2);
}

#[test]
fn rows_lead_to_the_list_in_a_wrapper() {
    for (path, export) in [
        ("data", format!("{{\"total\":2,\"data\":[{},{}],\"next\":null}}", ROWS[0], ROWS[1])),
        ("data.items", format!("{{\"data\":{{\"items\":[{},{}]}}}}", ROWS[0], ROWS[1])),
        ("data.items", format!("{{\"data.items\":[{},{}]}}", ROWS[0], ROWS[1])),
        ("calls", format!("{{\"calls\":[{}]}}\n{{\"calls\":[{}]}}\n", ROWS[0], ROWS[1])),
        ("calls", format!("[{{\"calls\":[{}]}},{{\"calls\":{}}}]", ROWS[0], ROWS[1])),
    ] {
        let mapping = calls_mapping(&format!("rows = '{path}'"));
        assert_eq!(events_of(&mapping, &export), EXPECTED, "{export}");
        let is_object = export.starts_with('{') && !export.contains("}\n{");
        if is_object {
            assert_eq!(events_of(&mapping, &pretty(&export)), EXPECTED, "{export}");
        }
    }
    let mapping = calls_mapping("rows = 'items'");
    let failed = map(&mapping, b"{\"data\":[{}],\"total\":1}").failed.unwrap();
    assert!(
        failed.contains("nothing is at `rows = \"items\"`; the objects have: data, total"),
        "{failed}"
    );
    let failed = map(&mapping, b"id,at,center,wait\n").failed.unwrap();
    assert!(failed.contains("the file is not JSON"), "{failed}");
    assert!(problems(&calls_mapping("rows = 'data..items'"))[0].contains("joined by dots"));
}

#[test]
fn wrapper_without_rows_names_the_key() {
    for (export, path) in [
        (format!("{{\"data\":[{}]}}", ROWS[0]), "data"),
        (format!("{{\"result\":{{\"calls\":[{}]}}}}", ROWS[0]), "result.calls"),
        (format!("[{{\"calls\":[{}]}}]", ROWS[0]), "calls"),
    ] {
        let mapped = map(&calls_mapping(""), export.as_bytes());
        assert!(mapped.rejected[0].contains(&format!("write `rows = \"{path}\"`")), "{mapped:?}");
    }
}

#[test]
fn columns_are_paths_into_objects_and_lists() {
    let mapping = calls_mapping("")
        .replace("\"center\"", "\"caller.center\"")
        .replace("\"wait\"", "\"legs.1.wait\"")
        .replace("{id}", "{call.id}");
    let row = |caller: &str| {
        format!(
            "[{{\"call\":{{\"id\":7}},\"at\":\"2026-03-02 09:00:00\",{caller},\"legs\":[{{\"wait\":1}},{{\"wait\":2}}]}}]"
        )
    };
    for (caller, center) in [
        ("\"caller\":{\"center\":\"a\"}", " center=a"),
        ("\"caller.center\":\"literal\",\"caller\":{\"center\":\"a\"}", " center=literal"),
        ("\"caller\":{}", ""),
        ("\"caller\":null", ""),
    ] {
        let expected = format!("call.answered 7 2026-03-02T01:00:00Z{center} wait_seconds=2");
        assert_eq!(events_of(&mapping, &row(caller)), [expected]);
    }
    let mapped = map(&mapping, row("\"caller\":{\"center\":{\"name\":\"a\"}}").as_bytes());
    assert!(mapped.rejected[0].contains("`caller.center.name`"), "{mapped:?}");
    let mapped = map(&mapping, row("\"caller\":{\"center\":[\"a\"]}").as_bytes());
    assert!(mapped.rejected[0].contains("`caller.center.0`"), "{mapped:?}");
}

#[test]
fn long_numbers_keep_their_digits() {
    let row =
        r#"[{"id":12345678901234567890123,"at":"2026-03-02 09:00:00","center":1.50,"wait":true}]"#;
    let mapping = calls_mapping("").replace(", wait_seconds = \"wait\"", ", late = \"wait\"");
    assert_eq!(
        events_of(&mapping, row),
        ["call.answered 12345678901234567890123 2026-03-02T01:00:00Z center=1.50 late=true"]
    );
}

#[test]
fn broken_json_is_rejected_with_its_line_and_never_ends_silently() {
    let list = format!("[\n{},\n{}\n]", ROWS[0], ROWS[1]);
    for cut in (1..list.len()).filter(|cut| list.is_char_boundary(*cut)) {
        let mapped = map(&calls_mapping(""), &list.as_bytes()[..cut]);
        let is_noticed = mapped.failed.is_some() || !mapped.rejected.is_empty();
        assert!(is_noticed, "nothing is said of the first {cut} bytes: {mapped:?}");
    }
    let lines = format!("{}\n{{\"id\":\n{}\n", ROWS[0], ROWS[1]);
    let mapped = map(&calls_mapping(""), lines.as_bytes());
    assert_eq!(mapped.events.len(), 2);
    assert!(mapped.rejected[0].starts_with("2: not JSON"), "{mapped:?}");
    let mapped = map(&calls_mapping(""), b"[{}, {\"id\":\"\xb0\xf6\xb2\xba\"}]");
    assert!(mapped.rejected[0].contains("no column of the mapping"), "{mapped:?}");
    assert!(mapped.rejected[1].contains("looks like gb18030"), "{mapped:?}");
}

#[test]
fn column_that_no_row_has_is_noted() {
    let mapping = calls_mapping("").replace("\"center\"", "\"centre\"");
    let mapped = map(&mapping, format!("[{}]", ROWS[0]).as_bytes());
    assert_eq!(mapped.notes, ["0: the column `centre` is in no row, its values are missing"]);
}
