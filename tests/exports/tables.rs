//! Delimited tables: lines before the header, short rows, separators, decimal signs.

use super::mapped::{calls_mapping, map, map_all, problems};

const ROW: &str = "1,2026-03-02 09:00:00,a,5\n";

#[test]
fn header_is_the_first_row_with_all_columns_of_the_mapping() {
    for before in [
        "Calls of March\n",
        "\n\"Report, daily\",,,\nfrom,2026-03-01\nto,2026-03-31\n\n",
        "id\nat,center\n",
        "sep=,\nCalls\n",
        "\u{feff}Calls\r\n\r\n",
    ] {
        let export = format!("{before}wait,id,x,at,center\n5,1,,2026-03-02 09:00:00,a\n");
        let mapped = map(&calls_mapping(""), export.as_bytes());
        assert_eq!(mapped.events.len(), 1, "{before} {mapped:?}");
        assert!(mapped.left_out["row before the header"] > 0, "{before}");
    }
}

#[test]
fn missing_header_is_reported_by_the_row_that_comes_closest() {
    for (export, problem) in [
        ("Calls\nid,at,centre,wait\n", "`center` is missing (found: id, at, centre, wait)"),
        ("id,at,center\n", "`wait` is missing"),
        ("id;at;center;wait\n", "write `delimiter = \";\"`"),
        ("id\tat\tcenter\twait\n", "write `delimiter = \"\\t\"`"),
    ] {
        let failed = map(&calls_mapping(""), export.as_bytes()).failed.unwrap();
        assert!(failed.contains(problem), "{failed}");
    }
    let late = "x\n".repeat(100) + "id,at,center,wait\n" + ROW;
    assert!(map(&calls_mapping(""), late.as_bytes()).failed.is_some());
    assert_eq!(map_all(&calls_mapping("skip_lines = 100"), late.as_bytes()).len(), 1);
}

#[test]
fn skipped_lines_may_be_anything() {
    for (lines, before) in [(1, "\"unclosed\n"), (2, "id,at,center,wait\n\n"), (0, "")] {
        let export = format!("{before}id,at,center,wait\n{ROW}");
        let mapping = calls_mapping(&format!("skip_lines = {lines}"));
        let events = map_all(&mapping, export.as_bytes());
        assert!(events[0].starts_with(&format!("{} ", lines + 2)), "{events:?}");
    }
    let headless =
        calls_mapping("skip_lines = 1\nheader = false\ncolumns = ['id', 'at', 'center', 'wait']");
    assert_eq!(map_all(&headless, format!("Calls\n{ROW}").as_bytes()).len(), 1);
    assert!(problems(&calls_mapping("skip_lines = -1"))[0].contains("0 or more"));
}

#[test]
fn cells_that_a_short_row_lacks_are_missing_values() {
    let export = "id,at,center,wait\n1,2026-03-02 09:00:00,a\n2,2026-03-02 09:00:00\n3,2026-03-02 09:00:00,a,5\n4\n";
    // A marker replaces the empty cell as missing value, but not the cell that is not there.
    for key in ["", "missing = ['-']"] {
        let mapped = map(&calls_mapping(key), export.as_bytes());
        assert_eq!(
            mapped.events,
            [
                "2 call.answered 1 2026-03-02T01:00:00Z center=a",
                "3 call.answered 2 2026-03-02T01:00:00Z",
                "4 call.answered 3 2026-03-02T01:00:00Z center=a wait_seconds=5",
            ]
        );
        assert_eq!(mapped.notes.len(), 3, "{:?}", mapped.notes);
        assert!(mapped.rejected[0].starts_with("5: the time `at` is missing"), "{mapped:?}");
    }
    let headless = calls_mapping("header = false\ncolumns = ['id', 'at', 'center', 'wait', 'x']");
    assert_eq!(map_all(&headless, b"1,2026-03-02 09:00:00,a\n").len(), 1);
}

#[test]
fn separator_line_declares_the_separator() {
    for separator in [";", "\t", "|", ","] {
        let export = format!("sep={separator}\nid,at,center,wait\n{ROW}").replace(',', separator);
        assert_eq!(map_all(&calls_mapping(""), export.as_bytes()).len(), 1, "{separator}");
    }
}

/// Returns the waiting time of a row, or the reason of its rejection.
fn wait(key: &str, wait: &str) -> Result<String, String> {
    let mapping = calls_mapping(&format!("delimiter = ';'\n{key}"));
    let export = format!("id;at;center;wait\n1;2026-03-02 09:00:00;a;{wait}\n");
    let mapped = map(&mapping, export.as_bytes());
    match mapped.events.first() {
        Some(event) => Ok(event.split("wait_seconds=").nth(1).unwrap().to_owned()),
        None => Err(mapped.rejected[0].clone()),
    }
}

#[test]
fn decimal_comma_is_read_where_it_is_declared_or_beyond_doubt() {
    for (text, seconds) in [("12,5", "12.5"), ("0,250", "0.25"), ("00:00:01,5", "1.5"), ("7", "7")]
    {
        assert_eq!(wait("", text).as_deref(), Ok(seconds));
        assert_eq!(wait("decimal = ','", text).as_deref(), Ok(seconds));
    }
    assert_eq!(wait("decimal = ','", "1,234").as_deref(), Ok("1.234"));
    for text in ["1,234", "1,234,567"] {
        let reason = wait("", text).unwrap_err();
        assert!(reason.contains("write `decimal = \",\"`"), "{reason}");
    }
    for (key, text) in [("decimal = ','", "1.234"), ("decimal = '.'", "12,5")] {
        let reason = wait(key, text).unwrap_err();
        assert!(reason.contains("is not a number"), "{reason}");
    }
    assert!(problems(&calls_mapping("decimal = ';'"))[0].contains("`decimal` cannot be `;`"));
}

#[test]
fn decimal_comma_counts_in_conditions_sums_and_serial_dates() {
    let mapping = r#"
source = "/x"
time_zone = "Asia/Shanghai"
formats = ["%s"]
delimiter = ";"
decimal = ","
subject = "{id}"
[time.end]
time = "at"
plus = "wait"
[[event]]
type = "call.ended"
time = "end"
when = { wait = { above = 1.2 } }
"#;
    let events =
        map_all(mapping, b"id;at;wait\n1;46083,375;1,5\n2;46083,375;1,1\n3;1772413200,25;2\n");
    assert_eq!(
        events,
        ["2 call.ended 1 2026-03-02T01:00:01.5Z", "4 call.ended 3 2026-03-02T01:00:02.25Z"]
    );
}

#[test]
fn workbook_is_refused_with_the_remedy() {
    let failed = map(&calls_mapping(""), b"PK\x03\x04\x14\0").failed.unwrap();
    assert!(failed.contains("save the sheet as CSV"), "{failed}");
}
