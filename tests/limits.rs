//! The table of limits in `docs/operations/limits.md` shows the values of the code.
//!
//! Each row of the table is listed here with the line of the source that defines the value. A row
//! without an entry fails, and so does a source line that no longer exists.

use std::fs;
use std::path::Path;

/// A row of the page by the beginning of its first cell, the value it must show, and the source
/// line that defines the value.
const ROWS: [(&str, &str, &str, &str); 40] = [
    ("size of an event", "1 MiB", "src/ingest/decode.rs", "EVENT_BYTES_MAX: usize = 1 << 20;"),
    (
        "nesting of an event",
        "128 levels",
        "src/ingest/decode/json_depth.rs",
        "DEPTH_MAX: usize = 128;",
    ),
    (
        "row of an imported",
        "1 MiB",
        "src/ingest/mapping/csv_rows.rs",
        "ROW_BYTES_MAX: usize = EVENT_BYTES_MAX;",
    ),
    (
        "combinations of attribute",
        "65,536",
        "src/domain/cases/groups.rs",
        "GROUPS_MAX: usize = 65_536;",
    ),
    (
        "events of a case",
        "16,384",
        "src/domain/cases/store/case_record.rs",
        "OBSERVATIONS_PER_CASE_MAX: usize = 16_384;",
    ),
    ("contacts of a customer", "no limit", "src/domain/cases/customer.rs", ""),
    ("age of events", "orders 60 days", "src/domain/standard.rs", "60 * 24 * HOUR"),
    (
        "list of rejected",
        "1,000",
        "src/ingest/rejected_events.rs",
        "REJECTED_EVENTS_MAX: usize = 1_000;",
    ),
    (
        "nesting of tables",
        "100 levels",
        "src/toml_document/toml_depth.rs",
        "DEPTH_MAX: usize = 100;",
    ),
    ("case families", "64", "src/domain/standard.rs", "MAX_FAMILIES: usize = 64;"),
    ("dimensions", "16", "src/domain/standard.rs", "MAX_DIMENSIONS: usize = 16;"),
    (
        "windows",
        "15",
        "src/domain/time/window.rs",
        "MAX_WINDOWS: usize = LANES_PER_BANK * MAX_BANKS;",
    ),
    ("time zones", "64", "src/domain/time/time_zones.rs", "ZONES_MAX: usize = 64;"),
    ("declared sources", "63", "src/domain/standard/source.rs", "MAX_SOURCES: usize = 63;"),
    ("first contact resolution", "16", "src/domain/standard.rs", "MAX_RULES: usize = 16;"),
    (
        "versions of a standard",
        "32",
        "src/standard_file/merge_versions.rs",
        "VERSIONS_MAX: usize = 32;",
    ),
    ("alert policies", "200", "src/domain/standard/alert_policy.rs", "MAX_POLICIES: usize = 200;"),
    ("grades of an alert", "20", "src/domain/standard/alert_policy.rs", "MAX_GRADES: usize = 20;"),
    (
        "histogram buckets",
        "32",
        "src/domain/cells/bucket_bounds.rs",
        "MAX_BUCKET_BOUNDS: usize = 32;",
    ),
    ("journal segment", "128 MiB", "src/journal/writer.rs", "segment_bytes: 128 << 20"),
    (
        "text in a snapshot",
        "16 MiB",
        "src/engine/recovery/snapshot_decompressor.rs",
        "TEXT_BYTES_MAX: usize = 16 << 20;",
    ),
    ("snapshots", "2", "src/engine/snapshotter.rs", "SNAPSHOTS_RETAINED: usize = 2;"),
    (
        "pending and firing",
        "10,000",
        "src/domain/alerts/evaluation.rs",
        "ACTIVE_ALERTS_MAX: usize = 10_000;",
    ),
    (
        "ended incidents",
        "10,000",
        "src/domain/alerts/incident_log.rs",
        "ENDED_INCIDENTS_MAX: usize = 10_000;",
    ),
    (
        "age of closed",
        "90 days",
        "src/domain/alerts/incident_log.rs",
        "CLOSED_RETENTION_MS: i64 = 90 * 24 * HOUR;",
    ),
    (
        "owner and note",
        "2,000 bytes",
        "src/domain/alerts/incident_log.rs",
        "TEXT_BYTES: usize = 2_000;",
    ),
    ("size of a request body", "(16)", "src/config/limits_table.rs", "body_bytes: 16 << 20,"),
    (
        "pauses within",
        "30 s",
        "src/ingest/http_intake/body_timeout.rs",
        "SENDER_WAIT_MAX: Duration = Duration::from_secs(30);",
    ),
    ("batches waiting", "(256)", "src/config/limits_table.rs", "queue_batches: 256,"),
    (
        "requests per address",
        "(1,000)",
        "src/config/limits_table.rs",
        "requests_per_second: 1_000,",
    ),
    ("addresses tracked", "65,536", "src/access/rate_limit.rs", "ADDRESSES_MAX: usize = 65_536;"),
    ("connections", "(4,096)", "src/config/limits_table.rs", "connections: 4_096,"),
    ("live connections", "(1,000)", "src/config/limits_table.rs", "live_clients: 1_000,"),
    ("size of request headers", "16 KiB", "src/http/server.rs", "HEAD_BYTES: usize = 16 << 10;"),
    (
        "time for headers",
        "(30)",
        "src/config/limits_table.rs",
        "header_time: Duration::from_secs(30),",
    ),
    ("tokens", "1,000", "src/access.rs", "TOKENS_MAX: usize = 1_000;"),
    ("unused tickets", "4,096", "src/access/ticket.rs", "TICKETS_MAX: usize = 4_096;"),
    (
        "cases in a list",
        "1,000",
        "src/domain/explain/explanation.rs",
        "LISTED_CASES_MAX: usize = 1_000;",
    ),
    (
        "periods between silences",
        "256",
        "src/domain/cases/data_coverage/source_coverage.rs",
        "RANGES_MAX: usize = 256;",
    ),
    ("pages in the rotation", "50", "dashboards/wallboard/url.js", "PAGES_MAX = 50;"),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn limits_page_shows_the_values_of_the_code() {
    let page = read("docs/operations/limits.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| limit "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let mut wrong = Vec::new();
    for (label, value, file, definition) in ROWS {
        let Some(row) = rows.iter().find(|row| row[0].starts_with(label)) else {
            wrong.push(format!("the page has no row `{label}`"));
            continue;
        };
        if !row[1].contains(value) {
            wrong.push(format!("`{}` shows `{}` instead of `{value}`", row[0], row[1]));
        }
        if !read(file).contains(definition) {
            wrong.push(format!("{file} has no `{definition}` any more; update row `{label}`"));
        }
    }
    for row in &rows {
        // `metrics.scopes` is checked here, since its default has no line of its own.
        let is_listed = ROWS.iter().any(|(label, ..)| row[0].starts_with(label));
        if !is_listed && !row[1].contains("`metrics.scopes` (1,000)") {
            wrong.push(format!("row `{}` is not checked", row[0]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(firstline::domain::time::window::MAX_WINDOWS - 1, 15, "one window is reserved");
}
