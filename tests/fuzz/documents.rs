//! What people write: standards, configurations, and what a wall asks for.

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

/// 2026-03-01, in milliseconds.
const MARCH_FIRST: Timestamp = Timestamp(1_772_323_200_000);

/// A standard. One that is accepted can be worked with and explained.
pub(crate) fn standard(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match standard_file::parse_standard("s.toml", &text) {
        Err(problems) => check_problems(&problems, &text),
        Ok(standard) => {
            let again =
                standard_file::parse_standard("s.toml", &text).expect("it was accepted before");
            assert_eq!(format!("{standard:?}"), format!("{again:?}"), "read again it is another");
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
                    // Whatever of it the standard does not know is rejected.
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

/// An event of a case so many days after the first.
fn event_json(day: i64, kind: &str, subject: usize) -> String {
    let time = MARCH_FIRST.plus_millis(day * 24 * HOUR);
    format!(
        r#"{{"specversion":"1.0","id":"{kind}","source":"/acd","subject":"{subject}","type":"{kind}","time":"{time}","data":{{
        "center":"hefei","tier":"vip","customer":"1","reason":"customer","due":"2026-03-04T08:00:00Z","appointment":"2026-03-03T08:00:00Z"}}}}"#
    )
}

/// A configuration; the files it names are not there.
pub(crate) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match config::read_configuration("nowhere/c.toml", &text) {
        Err(problems) => check_problems(&problems, &text),
        Ok(settings) => {
            let again = config::read_configuration("nowhere/c.toml", &text)
                .expect("it was accepted before");
            let told = |it: &config::ServiceSettings| {
                (
                    it.listen_address,
                    it.data_directory.clone(),
                    it.publish_every,
                    format!("{:?} {:?}", it.limits, it.journal),
                )
            };
            assert_eq!(told(&settings), told(&again), "read again it is another");
        }
    }
}

/// What a wall says: see the live protocol.
pub(crate) fn subscription(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let asked = ClientMessage::parse(&text);
    assert_eq!(asked, ClientMessage::parse(&text), "read again it is another");
    // The same bytes where the parts come apart, and as the id of an event.
    if let Err(reason) = ClientMessage::from_parts(Some(&text), Some(&text)) {
        check_message(&reason, 2 * text.len() + 40);
    }
    if let Some(ResumePoint { epoch, revision }) = ResumePoint::from_event_id(&text) {
        assert_eq!(
            ResumePoint::from_event_id(&format!("{epoch}/{revision}")),
            Some(ResumePoint { epoch, revision }),
            "read again it is another"
        );
    }
    let ClientMessage { subscribe, resume: _ } = match asked {
        Ok(asked) => asked,
        // A message is bounded, and so is what the wall is told of it.
        Err(reason) => return check_message(&reason, 2 * text.len()),
    };
    let view = Arc::new(GrantedView::default());
    let wanted = subscribe.unwrap_or_default();
    match ReadingFilter::new(&wanted, &view, built_in_standard()) {
        Err(reason) => check_reason(&reason),
        Ok(filter) => {
            let mut monitor = Monitor::new(built_in_standard().clone(), None);
            monitor.tick(MARCH_FIRST);
            let board = monitor.compute_board();
            let fitting = board
                .readings
                .iter()
                .filter(|reading| filter.matches_key(&reading.key, &board))
                .count();
            let limited = wanted != Default::default();
            assert!(
                limited || fitting == board.readings.len(),
                "who asks for everything gets {fitting}"
            );
        }
    }
}
