//! Property test of maxima: they equal the largest duration of all cases, however these are
//! corrected.

use super::check_property;
use firstline::domain::board::reading::ReadingComponents;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::{MINUTE, SECOND, Timestamp};
use firstline::domain::time::window::Window;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use proptest::prelude::*;
use std::sync::Arc;

const CALLS: i64 = 180;
const WINDOWS: [Window; 3] =
    [Window::Rolling(5 * MINUTE), Window::Rolling(30 * MINUTE), Window::All];

fn ten_o_clock() -> Timestamp {
    Timestamp::parse("2026-03-02T10:00:00+08:00").expect("a valid time")
}

/// A call comes every 15 s.
fn offered_at(call: i64) -> Timestamp {
    ten_o_clock().plus_millis(call * 15 * SECOND)
}

fn apply_events(monitor: &mut Monitor, standard: &Standard, events: &[(i64, &str, i64)]) {
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    for (call, verb, wait_ms) in events {
        let time = offered_at(*call).plus_millis(*wait_ms);
        let event = format!(
            r#"{{"specversion":"1.0","type":"call.{verb}","source":"/t","id":"{call} {wait_ms} {verb}",
            "subject":"{call}","time":"{time}"}}"#
        );
        decoder.decode_json(event.as_bytes()).expect("a valid event");
    }
    assert_eq!(monitor.apply_batch(&decoder.take_batch()).refused, []);
}

/// Returns the maximum wait of all calls in each window, in milliseconds, and whether it is only
/// an upper bound.
fn board_maxima(monitor: &mut Monitor) -> Vec<(Option<i64>, bool)> {
    let board = monitor.compute_board();
    let waits = board.readings.iter().filter(|reading| {
        board.standard.indicators[reading.key.indicator].name == "speed_of_answer"
            && reading.key.scope.values.is_empty()
    });
    let maxima = waits.filter_map(|reading| match reading.components {
        ReadingComponents::Duration(waits) => Some((
            (waits.of > 0).then_some((waits.max * 1_000.0).round() as i64),
            waits.max_approximate,
        )),
        _ => None,
    });
    maxima.collect()
}

fn expected_maxima(waits: &[i64], now: Timestamp) -> Vec<(Option<i64>, bool)> {
    let maximum = |window: &Window| {
        let start = window.start_time(now, &jiff::tz::TimeZone::UTC);
        let in_window = (0..)
            .zip(waits)
            .filter(|(call, wait_ms)| offered_at(*call).plus_millis(**wait_ms) >= start);
        (in_window.map(|(_, wait_ms)| *wait_ms).max(), false)
    };
    WINDOWS.iter().map(maximum).collect()
}

#[test]
fn maximum_is_exact_after_any_correction() {
    let mut standard = parse_standard(BUILT_IN_NAME, BUILT_IN).expect("a valid standard");
    standard.windows = WINDOWS.to_vec();
    let standard = Arc::new(standard);
    // Corrections concern the longest waits more often than others.
    let corrections = prop::collection::vec((0..CALLS as usize, any::<bool>(), 0..=100_i64), 1..60);
    let waits = prop::collection::vec(1..200_000_i64, CALLS as usize);
    check_property(40, &(waits, corrections, 1..12_usize), |(mut waits, corrections, at_once)| {
        let mut monitor = Monitor::new(standard.clone(), None);
        for (call, wait_ms) in (0..).zip(&waits) {
            apply_events(
                &mut monitor,
                &standard,
                &[(call, "offered", 0), (call, "answered", *wait_ms)],
            );
        }
        let now = monitor.now().expect("events were applied");
        prop_assert_eq!(board_maxima(&mut monitor), expected_maxima(&waits, now));
        for corrections in corrections.chunks(at_once) {
            for (call, of_longest, percent) in corrections {
                // The earliest answer counts.
                let longest = (0..waits.len()).max_by_key(|call| waits[*call]).unwrap_or(0);
                let call = if *of_longest { longest } else { *call };
                waits[call] = (waits[call] * percent / 100).max(1);
                apply_events(&mut monitor, &standard, &[(call as i64, "answered", waits[call])]);
            }
            let expected = expected_maxima(&waits, now);
            prop_assert_eq!(board_maxima(&mut monitor), expected.clone());
            let bytes = postcard::to_stdvec(&monitor.to_snapshot()).expect("it is written");
            let mut read = postcard::Deserializer::from_bytes(&bytes);
            let mut restored =
                Monitor::from_snapshot(standard.clone(), None, &mut read).expect("it is read");
            prop_assert_eq!(board_maxima(&mut restored), expected);
        }
        Ok(())
    });
}
