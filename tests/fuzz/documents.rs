//! Documents: standards, configurations and subscription requests.

use super::{built_in_standard, check_message, check_problems, check_reason};
use firstline::access::grant::GrantedView;
use firstline::config;
use firstline::describe;
use firstline::domain::alerts::evaluation::AlertEvaluator;
use firstline::domain::monitor::Monitor;
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::live::{ClientMessage, ResumePoint};
use firstline::publish::reading_filter::ReadingFilter;
use firstline::standard_file;
use std::sync::Arc;

/// 2026-03-01 at midnight UTC.
const MARCH_FIRST: Timestamp = Timestamp(1_772_323_200_000);

/// Parses a standard. A valid standard can be described and used.
pub(crate) fn standard(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match standard_file::parse_standard("s.toml", &text) {
        Err(problems) => check_problems(&problems, &text),
        Ok(standard) => {
            let again =
                standard_file::parse_standard("s.toml", &text).expect("the standard is valid");
            assert_eq!(
                format!("{standard:?}"),
                format!("{again:?}"),
                "parsing again gives another standard"
            );
            for indicator in &standard.indicators {
                check_message(
                    &describe::describe_indicator(&standard, indicator).en,
                    20 * text.len(),
                );
            }
            for commitment in &standard.commitments {
                describe::describe_commitment(&standard, commitment)
                    .iter()
                    .for_each(|title| check_message(&title.en, 20 * text.len()));
            }
            for policy in &standard.policies {
                describe::describe_policy(&standard, policy)
                    .iter()
                    .for_each(|title| check_message(&title.en, 20 * text.len()));
            }
            let horizon = standard.horizon;
            let mut alerts = AlertEvaluator::default();
            let mut decoder =
                EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
            let mut monitor = Monitor::new(Arc::new(standard), Some(horizon));
            for (day, kind) in [
                (0, "offered"),
                (0, "answered"),
                (0, "ended"),
                (0, "opened"),
                (1, "paused"),
                (2, "resumed"),
                (40, "resolved"),
            ] {
                for (number, family) in ["call", "repair", "order"].iter().enumerate() {
                    // Event types unknown to the standard are rejected.
                    let _ = decoder.decode_json(
                        event_json(day, &format!("{family}.{kind}"), number).as_bytes(),
                    );
                }
                monitor.apply_batch(&decoder.take_batch());
                monitor.tick(MARCH_FIRST.plus_millis(day * 24 * HOUR + HOUR));
                let _ = monitor.compute_board();
                monitor.evaluate_alerts(&mut alerts);
            }
        }
    }
}

/// Returns an event as JSON, `day` days after [`MARCH_FIRST`].
fn event_json(day: i64, kind: &str, subject: usize) -> String {
    let time = MARCH_FIRST.plus_millis(day * 24 * HOUR);
    format!(
        r#"{{"specversion":"1.0","id":"{kind}","source":"/acd","subject":"{subject}","type":"{kind}","time":"{time}","data":{{
        "center":"hefei","tier":"vip","customer":"1","reason":"customer","due":"2026-03-04T08:00:00Z","appointment":"2026-03-03T08:00:00Z"}}}}"#
    )
}

/// Parses a configuration. The files that it names do not exist.
pub(crate) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match config::read_configuration("nowhere/c.toml", &text) {
        Err(problems) => check_problems(&problems, &text),
        Ok(settings) => {
            let again = config::read_configuration("nowhere/c.toml", &text)
                .expect("the configuration is valid");
            let fields = |settings: &config::ServiceSettings| {
                (
                    settings.listen_address,
                    settings.data_directory.clone(),
                    settings.publish_every,
                    format!("{:?} {:?}", settings.limits, settings.journal),
                )
            };
            assert_eq!(fields(&settings), fields(&again), "parsing again gives other settings");
        }
    }
}

/// Parses a message of a live protocol client.
pub(crate) fn subscription(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let message = ClientMessage::parse(&text);
    assert_eq!(message, ClientMessage::parse(&text), "parsing again gives another message");
    // The same bytes as query parameters and as the id of a server-sent event.
    if let Err(reason) = ClientMessage::from_parts(Some(&text), Some(&text)) {
        check_message(&reason, 2 * text.len() + 40);
    }
    if let Some(ResumePoint { epoch, revision }) = ResumePoint::from_event_id(&text) {
        assert_eq!(
            ResumePoint::from_event_id(&format!("{epoch}/{revision}")),
            Some(ResumePoint { epoch, revision }),
            "parsing again gives another resume point"
        );
    }
    let ClientMessage { subscribe, resume: _ } = match message {
        Ok(message) => message,
        // A reason may repeat the message, whose length is limited.
        Err(reason) => return check_message(&reason, 2 * text.len()),
    };
    let view = Arc::new(GrantedView::default());
    let request = subscribe.unwrap_or_default();
    match ReadingFilter::new(&request, &view, built_in_standard()) {
        Err(reason) => check_reason(&reason),
        Ok(filter) => {
            let mut monitor = Monitor::new(built_in_standard().clone(), None);
            monitor.tick(MARCH_FIRST);
            let board = monitor.compute_board();
            let matching = board
                .readings
                .iter()
                .filter(|reading| filter.matches_key(&reading.key, &board))
                .count();
            let filtered = request != Default::default();
            assert!(
                filtered || matching == board.readings.len(),
                "a request without filters matches only {matching} readings"
            );
        }
    }
}
