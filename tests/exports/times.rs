//! Times: words for the half of the day, offsets as text, local times that do not exist.

use super::mapped::{calls_mapping, map, map_all, problems};

fn mapping_with(format: &str, zone: &str) -> String {
    calls_mapping("delimiter = ';'")
        .replace("%Y-%m-%d %H:%M:%S", format)
        .replace("Asia/Shanghai", zone)
}

fn export_at(times: &[&str]) -> String {
    let rows = times.iter().enumerate().map(|(id, at)| format!("{id};{at};a;5\n"));
    std::iter::once("id;at;center;wait\n".to_owned()).chain(rows).collect()
}

/// Returns the times of the events in these texts.
fn times(format: &str, zone: &str, texts: &[&str]) -> Vec<String> {
    let events = map_all(&mapping_with(format, zone), export_at(texts).as_bytes());
    events.iter().map(|event| event.split(' ').nth(3).unwrap().to_owned()).collect()
}

#[test]
fn words_for_the_half_of_the_day_are_read() {
    assert_eq!(
        times(
            "%Y年%m月%d日 %p%I:%M:%S",
            "Asia/Shanghai",
            &[
                "2026年3月2日 上午9:00:05",
                "2026年3月2日 下午1:00:05",
                "2026年3月2日 上午12:00:00",
                "2026年3月2日 下午12:00:00",
                "2026年3月2日 凌晨1:30:00",
                "2026年3月2日 中午12:30:00",
                "2026年3月2日 晚上9:30:00",
            ]
        ),
        [
            "2026-03-02T01:00:05Z",
            "2026-03-02T05:00:05Z",
            "2026-03-01T16:00:00Z",
            "2026-03-02T04:00:00Z",
            "2026-03-01T17:30:00Z",
            "2026-03-02T04:30:00Z",
            "2026-03-02T13:30:00Z",
        ]
    );
    assert_eq!(
        times(
            "%m/%d/%Y %I:%M %p",
            "+00:00",
            &["3/2/2026 1:05 PM", "3/2/2026 1:05 p.m.", "3/2/2026 1:05\u{202f}pm"]
        ),
        ["2026-03-02T13:05:00Z"; 3]
    );
    assert_eq!(
        times(
            "%Y. %m. %d. %p %I:%M",
            "+00:00",
            &["2026. 3. 2. 오후 1:05", "2026. 3. 2. 오전 1:05"]
        ),
        ["2026-03-02T13:05:00Z", "2026-03-02T01:05:00Z"]
    );
}

#[test]
fn hour_that_leaves_its_half_open_is_refused() {
    let mapping = mapping_with("%Y-%m-%d %p%I:%M", "+00:00");
    for text in
        ["2026-03-02 晚上12:30", "2026-03-02 晚上1:30", "2026-03-02 中午8:00", "2026-03-02 1:30"]
    {
        let mapped = map(&mapping, export_at(&[text]).as_bytes());
        assert!(mapped.rejected[0].contains(&format!("`{text}` is not a time")), "{mapped:?}");
    }
}

#[test]
fn literal_offset_of_another_zone_is_a_problem() {
    for format in [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S%.fZ",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%d %H:%M:%S GMT",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%TZ",
    ] {
        let lines = problems(&mapping_with(format, "Asia/Shanghai"));
        assert!(lines[0].contains("write `%z` in its place"), "{format} {lines:?}");
    }
    let of_a_time =
        calls_mapping("") + "[time.late]\ncolumn = \"at\"\nformats = [\"%Y-%m-%dT%H:%MZ\"]\n";
    assert!(problems(&of_a_time)[0].starts_with("m.toml:13:"), "{:?}", problems(&of_a_time));
    for (format, zone) in [
        ("%Y-%m-%dT%H:%M:%SZ", "UTC"),
        ("%Y-%m-%dT%H:%M:%SZ", "+00:00"),
        ("%Y-%m-%dT%H:%M:%S+08:00", "+08:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "Asia/Shanghai"),
        ("Zeit %Y-%m-%d %H:%M", "Europe/Berlin"),
        ("%Y-%m-%d-%H-%M", "Europe/Berlin"),
    ] {
        assert_eq!(problems(&mapping_with(format, zone)), [""; 0], "{format} {zone}");
    }
}

#[test]
fn offset_is_read_in_every_form() {
    let texts = ["2026-03-02T01:00:00Z", "2026-03-02T09:00:00+0800", "2026-03-02T09:00:00+08:00"];
    for format in ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%:z"] {
        assert_eq!(times(format, "Europe/Berlin", &texts), ["2026-03-02T01:00:00Z"; 3], "{format}");
    }
}

#[test]
fn local_times_that_are_skipped_or_repeated_are_noted() {
    let day = "%Y-%m-%d %H:%M:%S";
    for (zone, skipped, repeated, taken) in [
        (
            "Europe/Berlin",
            "2026-03-29 02:30:00",
            "2026-10-25 02:30:00",
            ["2026-03-29T01:30:00Z", "2026-10-25T00:30:00Z"],
        ),
        (
            "America/New_York",
            "2026-03-08 02:30:00",
            "2026-11-01 01:30:00",
            ["2026-03-08T07:30:00Z", "2026-11-01T05:30:00Z"],
        ),
        (
            "Australia/Lord_Howe",
            "2026-10-04 02:15:00",
            "2026-04-05 01:45:00",
            ["2026-10-03T15:45:00Z", "2026-04-04T14:45:00Z"],
        ),
    ] {
        let export = export_at(&[skipped, repeated, "2026-07-01 12:00:00"]);
        let mapped = map(&mapping_with(day, zone), export.as_bytes());
        let times: Vec<_> =
            mapped.events.iter().map(|event| event.split(' ').nth(3).unwrap()).collect();
        assert_eq!(times[..2], taken, "{zone}");
        assert_eq!(mapped.notes.len(), 2, "{mapped:?}");
        assert!(mapped.notes[0].starts_with(&format!("2: {skipped}: a local time does not exist")));
        assert!(mapped.notes[1].starts_with(&format!("3: {repeated}: a local time occurs twice")));
    }
}
