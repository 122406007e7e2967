//! What people write: standards, configurations, and what a wall asks for.

use super::{built_in, check_problems, check_reason, check_told};
use firstline::access::grant::View;
use firstline::domain::alert::Alerts;
use firstline::domain::monitor::Monitor;
use firstline::domain::time::{HOUR, Timestamp};
use firstline::ingest::wire::{Decoder, Keys};
use firstline::publish::filter::Filter;
use firstline::publish::live::{Resume, Subscribe};
use firstline::{config, standard, words};
use std::sync::Arc;

/// 2026-03-01, in milliseconds.
const MARCH: Timestamp = Timestamp(1_772_323_200_000);

/// A standard. One that is accepted can be worked with and explained.
pub(crate) fn standard(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match standard::read("s.toml", &text) {
        Err(problems) => check_problems(&problems, &text),
        Ok(standard) => {
            let again = standard::read("s.toml", &text).expect("it was accepted before");
            assert_eq!(format!("{standard:?}"), format!("{again:?}"), "read again it is another");
            for indicator in &standard.indicators {
                check_told(&words::indicator(&standard, indicator).en, 20 * text.len());
            }
            for commitment in &standard.commitments {
                words::commitment(&standard, commitment).iter().for_each(|title| check_told(&title.en, 20 * text.len()));
            }
            for policy in &standard.policies {
                words::policy(&standard, policy).iter().for_each(|title| check_told(&title.en, 20 * text.len()));
            }
            let horizon = standard.horizon;
            let mut alerts = Alerts::default();
            let mut decoder = Decoder::new(Arc::new(standard.schema.clone()), Keys::default());
            let mut monitor = Monitor::new(Arc::new(standard), Some(horizon));
            for (day, kind) in
                [(0, "offered"), (0, "answered"), (0, "ended"), (0, "opened"), (1, "paused"), (2, "resumed"), (40, "resolved")]
            {
                for (number, family) in ["call", "repair", "order"].iter().enumerate() {
                    // Whatever of it the standard does not know is rejected.
                    let _ = decoder.json(said(day, &format!("{family}.{kind}"), number).as_bytes());
                }
                monitor.apply(&decoder.take());
                monitor.tick(MARCH.plus(day * 24 * HOUR + HOUR));
                let _ = monitor.board();
                monitor.watch(&mut alerts);
            }
        }
    }
}

/// An event of a case so many days after the first.
fn said(day: i64, kind: &str, subject: usize) -> String {
    let time = MARCH.plus(day * 24 * HOUR);
    format!(
        r#"{{"specversion":"1.0","id":"{kind}","source":"/acd","subject":"{subject}","type":"{kind}","time":"{time}","data":{{
        "center":"hefei","tier":"vip","customer":"1","reason":"customer","due":"2026-03-04T08:00:00Z","appointment":"2026-03-03T08:00:00Z"}}}}"#
    )
}

/// A configuration; the files it names are not there.
pub(crate) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match config::read("nowhere/c.toml", &text) {
        Err(problems) => check_problems(&problems, &text),
        Ok(settings) => {
            let again = config::read("nowhere/c.toml", &text).expect("it was accepted before");
            let told = |it: &config::Settings| (it.listen, it.data.clone(), it.publish_every, format!("{:?} {:?}", it.limits, it.journal));
            assert_eq!(told(&settings), told(&again), "read again it is another");
        }
    }
}

/// What a wall says: see the live protocol.
pub(crate) fn subscription(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let asked = Subscribe::parse(&text);
    assert_eq!(asked, Subscribe::parse(&text), "read again it is another");
    // The same bytes where the parts come apart, and as the id of an event.
    if let Err(reason) = Subscribe::of_parts(Some(&text), Some(&text)) {
        check_told(&reason, 2 * text.len() + 40);
    }
    if let Some(Resume { epoch, revision }) = Resume::of_event(&text) {
        assert_eq!(Resume::of_event(&format!("{epoch}/{revision}")), Some(Resume { epoch, revision }), "read again it is another");
    }
    let Subscribe { subscribe, resume: _ } = match asked {
        Ok(asked) => asked,
        // A message is bounded, and so is what the wall is told of it.
        Err(reason) => return check_told(&reason, 2 * text.len()),
    };
    let view = Arc::new(View::default());
    let wanted = subscribe.unwrap_or_default();
    match Filter::new(&wanted, &view, built_in()) {
        Err(reason) => check_reason(&reason),
        Ok(filter) => {
            let mut monitor = Monitor::new(built_in().clone(), None);
            monitor.tick(MARCH);
            let board = monitor.board();
            let fitting = board.readings.iter().filter(|reading| filter.fits(&reading.key, &board)).count();
            let limited = wanted != Default::default();
            assert!(limited || fitting == board.readings.len(), "who asks for everything gets {fitting}");
        }
    }
}
