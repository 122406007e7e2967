//! Encodings: declared, by byte order mark, and refused with the likely one.

use super::mapped::{calls_mapping, map, map_all, problems};
use encoding_rs::{BIG5, EUC_KR, Encoding, GB18030, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

const TABLE: &str = "id,at,center,wait\n1,2026-03-02 09:00:00,CENTER,5\n";

fn table_of(center: &str) -> String {
    TABLE.replace("CENTER", center)
}

fn encode(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, is_lossy) = encoding.encode(text);
    assert!(!is_lossy, "{text}");
    bytes.into_owned()
}

fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let unit = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn declared_encoding_gives_the_names_as_written() {
    for (label, encoding, center) in [
        ("gb18030", GB18030, "蚌埠"),
        ("GBK", GB18030, "淮南"),
        ("gb2312", GB18030, "客服中心"),
        ("big5", BIG5, "臺北"),
        ("windows-1252", WINDOWS_1252, "Zürich"),
        ("latin1", WINDOWS_1252, "Málaga"),
        ("windows-1251", WINDOWS_1251, "Москва"),
        ("shift_jis", SHIFT_JIS, "東京"),
        ("euc-kr", EUC_KR, "서울"),
    ] {
        let mapping = calls_mapping(&format!("encoding = '{label}'"));
        let events = map_all(&mapping, &encode(&table_of(center), encoding));
        let expected =
            format!("2 call.answered 1 2026-03-02T01:00:00Z center={center} wait_seconds=5");
        assert_eq!(events, [expected], "{label}");
    }
}

#[test]
fn byte_order_mark_needs_no_key_and_overrides_it() {
    let text = format!("\u{feff}{}", table_of("蚌埠"));
    for bytes in [text.as_bytes().to_vec(), utf16(&text, false), utf16(&text, true)] {
        for key in ["", "encoding = 'gb18030'", "encoding = 'utf-8'"] {
            let events = map_all(&calls_mapping(key), &bytes);
            assert!(events[0].contains("center=蚌埠 "), "{key} {events:?}");
        }
    }
}

#[test]
fn large_file_is_decoded_without_a_lost_character() {
    let rows = 30_000;
    let mut text = "id,at,center,wait\n".to_owned();
    for row in 0..rows {
        text.push_str(&format!("{row},2026-03-02 09:00:00,蚌埠{},5\n", ["", "a", "😀"][row % 3]));
    }
    for (key, bytes) in [
        ("encoding = 'gb18030'", encode(&text, GB18030)),
        ("encoding = 'utf-16be'", utf16(&text, true)),
        ("", utf16(&format!("\u{feff}{text}"), false)),
    ] {
        let events = map_all(&calls_mapping(key), &bytes);
        assert_eq!(events.len(), rows);
        for (row, event) in events.iter().enumerate() {
            let name = format!(" center=蚌埠{} ", ["", "a", "😀"][row % 3]);
            assert!(event.contains(&name), "{event}");
        }
    }
}

#[test]
fn rows_in_another_encoding_are_refused_with_its_label() {
    for (encoding, center, label) in [
        (GB18030, "蚌埠", "gb18030"),
        (GB18030, "淮南市客户服务中心", "gb18030"),
        (WINDOWS_1252, "Zürich", "windows-1252"),
        (WINDOWS_1252, "Düsseldorf Süd", "windows-1252"),
        (SHIFT_JIS, "東京コールセンター", "shift_jis"),
    ] {
        let text = table_of(center) + "2,2026-03-02 09:00:01,plain,5\n";
        let mapped = map(&calls_mapping(""), &encode(&text, encoding));
        assert_eq!(mapped.events.len(), 1, "the row in ASCII is read");
        let expected = format!(
            "2: `center` is not UTF-8; the text looks like {label}: write `encoding = \"{label}\"` in \
             the mapping"
        );
        assert_eq!(mapped.rejected, [expected]);
    }
}

#[test]
fn header_in_another_encoding_is_refused_with_its_label() {
    let mapping = calls_mapping("").replace("{ center = \"center\"", "{ center = \"中心\"");
    let text = table_of("蚌埠").replace("center", "中心");
    for (bytes, label) in [
        (encode(&text, GB18030), "gb18030"),
        (utf16(&text, false), "utf-16le"),
        (utf16(&text, true), "utf-16be"),
    ] {
        let failed = map(&mapping, &bytes).failed.unwrap();
        assert!(failed.contains(&format!("`encoding = \"{label}\"`")), "{failed}");
    }
}

#[test]
fn replacement_character_is_no_name() {
    for (key, bytes, reason) in [
        ("", table_of("\u{fffd}\u{fffd}").into_bytes(), "stands for a lost character"),
        (
            "encoding = 'gb18030'",
            [table_of("x").as_bytes(), b"2,2026-03-02 09:00:00,\xff\xff,5\n"].concat(),
            "no text in gb18030",
        ),
        (
            "encoding = 'euc-kr'",
            [table_of("x").as_bytes(), b"2,2026-03-02 09:00:00,\x80,5\n"].concat(),
            "no text in EUC-KR",
        ),
    ] {
        let mapped = map(&calls_mapping(key), &bytes);
        assert!(mapped.rejected[0].contains(reason), "{mapped:?}");
        assert!(!mapped.events.iter().any(|event| event.contains('\u{fffd}')), "{mapped:?}");
    }
}

#[test]
fn bytes_in_a_column_that_is_not_used_do_no_harm() {
    let rows = b"id,at,center,wait,note\n1,2026-03-02 09:00:00,a,5,\xff\xfe\n";
    assert_eq!(map_all(&calls_mapping(""), rows).len(), 1);
}

#[test]
fn zero_bytes_cost_at_most_their_row() {
    for damage in ["\0\0\0\0\0\0\0\0\n", "2,2026\0-03-02,b,5\n", "\0\n"] {
        let export = format!("{}{damage}3,2026-03-02 09:00:00,a,5\n", table_of("a"));
        let mapped = map(&calls_mapping(""), export.as_bytes());
        assert_eq!((mapped.events.len(), mapped.rejected.len()), (2, 1), "{mapped:?}");
    }
}

#[test]
fn unknown_encoding_is_a_problem() {
    for label in ["utf8mb4", "ansi", ""] {
        let lines = problems(&calls_mapping(&format!("encoding = '{label}'")));
        assert!(lines[0].contains(&format!("unknown encoding `{label}`")), "{lines:?}");
    }
}
