//! Service levels compared with published vectors, each built call by call.

use crate::reading_text;
use firstline::domain::monitor::Monitor;
use firstline::domain::time::timestamp::{SECOND, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use std::sync::Arc;

/// Number of calls by outcome: answered within and beyond the threshold; abandoned at once, within
/// and beyond it.
struct CallCounts {
    answered: [u32; 2],
    abandoned: [u32; 3],
}

/// Returns the values of `service_levels.toml` for such calls in percent.
fn indicator_percents(calls: &CallCounts, indicators: &[&str]) -> Vec<String> {
    let text = include_str!("../standards/service_levels.toml");
    let standard = firstline::standard_file::parse_standard("service_levels.toml", text)
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    let mut monitor = Monitor::new(Arc::new(standard), None);
    let begin = Timestamp::parse("2026-03-02T09:00:00+08:00").expect("valid RFC 3339");
    let kinds =
        [("answered", 7), ("answered", 45), ("abandoned", 3), ("abandoned", 15), ("abandoned", 40)];
    let counts = calls.answered.iter().chain(&calls.abandoned);
    let all = kinds.iter().zip(counts).flat_map(|(kind, count)| (0..*count).map(move |_| kind));
    for (number, (verb, seconds)) in all.enumerate() {
        for (verb, after) in [("offered", 0), (*verb, *seconds)] {
            let event = serde_json::json!({
                "specversion": "1.0", "source": "/acd", "id": format!("{number} {verb}"), "type": format!("call.{verb}"),
                "subject": format!("c-{number}"), "time": begin.plus_millis(after * SECOND).to_string(),
            });
            decoder
                .decode_json(event.to_string().as_bytes())
                .unwrap_or_else(|rejection| panic!("{}", rejection.reason));
        }
    }
    monitor.apply_batch(&decoder.take_batch());
    monitor.tick(begin.plus_millis(60 * SECOND));
    let board = monitor.compute_board();
    let read = |indicator: &&str| {
        let value = reading_text(&board, indicator, "today.value")
            .unwrap_or_else(|error| panic!("{error}"));
        format!("{:.2}", value.parse::<f64>().expect("a number") * 100.0)
    };
    indicators.iter().map(read).collect()
}

/// A 1000, B 60, A<=T 860, B<=T 20, S 10.
#[test]
fn service_levels_match_published_vectors() {
    let calls = CallCounts { answered: [860, 140], abandoned: [10, 10, 40] };
    let formulas = ["positive", "answered_only", "negative", "ignore", "short_credit", "genesys"];
    assert_eq!(
        indicator_percents(&calls, &formulas),
        ["83.02", "86.00", "81.13", "82.69", "82.08", "81.90"]
    );
    // As a commitment it is the negative formula, whichever calls are still waiting.
    assert_eq!(
        indicator_percents(&calls, &["at_threshold", "connect", "manual_rate"]),
        ["81.13", "83.02", "81.13"]
    );
}

/// Cisco's example: 70 answered in time, 10 abandoned in time, 20 too late.
#[test]
fn service_levels_match_cisco_example() {
    for answered_late in [20, 5, 0] {
        let calls =
            CallCounts { answered: [70, answered_late], abandoned: [0, 10, 20 - answered_late] };
        assert_eq!(
            indicator_percents(&calls, &["ignore", "negative", "positive"]),
            ["77.78", "70.00", "80.00"]
        );
    }
}
