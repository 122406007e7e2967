//! Case histories: pauses with their reasons, excused commitments and stopped clocks.

use firstline::domain::events::event::Symbol;
use firstline::domain::explain::case_history::CaseHistory;
use firstline::domain::explain::open_cases::{DeadlineRisk, OpenCaseQuery};
use firstline::domain::facts::commitment_clock::ClockState;
use firstline::domain::facts::commitment_clock::PauseEffect;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{CommitmentWarning, PauseTerms, Standard, WarningTime};
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use std::sync::Arc;

/// Returns the built-in standard, changed so that pauses by the customer stop the clock and delays
/// by the landlord are excused.
fn standard_with_pauses() -> Arc<Standard> {
    let mut standard =
        parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let repair = standard
        .commitments
        .iter_mut()
        .find(|commitment| commitment.name == "repair")
        .expect("built-in commitment");
    let terms = &mut repair.terms[0];
    terms.pauses = vec![PauseTerms {
        reasons: vec![],
        liable: vec![Symbol::from_text("customer")],
        effect: PauseEffect::Excused,
    }];
    terms.excused_by = vec![Symbol::from_text("landlord")];
    terms.warnings =
        vec![CommitmentWarning { label: Symbol::from_text("80%"), at: WarningTime::Percent(80) }];
    Arc::new(standard)
}

fn at_hour(hours: f64) -> Timestamp {
    Timestamp(1_772_409_600_000 + (hours * HOUR as f64) as i64)
}

fn monitor_after_events(events: &[(f64, &str, &str)], now: f64) -> Monitor {
    let standard = standard_with_pauses();
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default())
        .with_case_names(true);
    for (index, (at, verb, data)) in events.iter().enumerate() {
        let time = at_hour(*at);
        let event = format!(
            r#"{{"specversion":"1.0","id":"{index}","source":"/oss","type":"repair.{verb}","subject":"r-1","time":"{time}","data":{{{data}}}}}"#
        );
        decoder
            .decode_json(event.as_bytes())
            .unwrap_or_else(|rejection| panic!("{}", rejection.reason));
    }
    let mut monitor = Monitor::new(standard, None);
    monitor.apply_batch(&decoder.take_batch());
    monitor.tick(at_hour(now));
    monitor
}

fn case_history(monitor: &mut Monitor) -> CaseHistory {
    monitor.case_histories(None, "r-1", None).pop().expect("the case is known")
}

#[test]
fn pause_moves_deadline_and_names_reason() {
    let due = format!(r#""due":"{}""#, at_hour(10.0));
    let paused = r#""reason":"not at home","liable":"customer""#;
    let mut monitor = monitor_after_events(
        &[
            (0.0, "opened", &due),
            (2.0, "paused", paused),
            (5.0, "resumed", ""),
            (12.0, "resolved", ""),
        ],
        14.0,
    );
    let history = case_history(&mut monitor);
    // The second clock is that of the call-back, which runs on after the repair is closed.
    let [clock, call_back] = &history.clocks[..] else { panic!("{:?}", history.clocks) };
    assert_eq!((call_back.report.state, call_back.stops.len()), (ClockState::Over, 0));
    assert_eq!(
        (clock.report.state, clock.report.deadline),
        (ClockState::Kept, Some(at_hour(13.0)))
    );
    assert_eq!(
        (clock.report.gross_ms, clock.report.net_ms, clock.report.used_ms),
        (12 * HOUR, 9 * HOUR, 9 * HOUR)
    );
    assert_eq!(clock.report.allowed_ms, Some(10 * HOUR));
    let [stop] = &clock.stops[..] else { panic!("{:?}", clock.stops) };
    assert_eq!(
        (stop.reason.as_deref(), stop.liable.as_deref(), stop.effect),
        (Some("not at home"), Some("customer"), PauseEffect::Excused)
    );
    assert_eq!(clock.warned, ["80%"]);
}

#[test]
fn stopped_clock_reports_since_when_and_time_left() {
    let due = format!(r#""due":"{}""#, at_hour(10.0));
    let mut monitor = monitor_after_events(
        &[(0.0, "opened", &due), (2.0, "paused", r#""reason":"not at home","liable":"customer""#)],
        20.0,
    );
    let clock = case_history(&mut monitor).clocks.remove(0).report;
    assert_eq!((clock.state, clock.deadline), (ClockState::Stopped(at_hour(2.0)), None));
    assert_eq!((clock.used_ms, clock.gross_ms, clock.net_ms), (2 * HOUR, 20 * HOUR, 2 * HOUR));
    let query = OpenCaseQuery {
        risks: vec![DeadlineRisk::Stopped],
        family: None,
        commitment: None,
        conditions: vec![],
        limit: 5,
    };
    let open = monitor.open_cases(&query);
    assert_eq!(
        (open.count, open.cases[0].left_ms, open.cases[0].stopped_since),
        (1, Some(8 * HOUR), Some(at_hour(2.0)))
    );
    assert_eq!(open.cases[0].used_share, Some(0.2));
}

#[test]
fn excused_clock_names_party_and_void_clock_its_event() {
    let due = format!(r#""due":"{}""#, at_hour(10.0));
    let mut late = monitor_after_events(
        &[(0.0, "opened", &due), (12.0, "resolved", r#""liable":"landlord""#)],
        14.0,
    );
    let clock = case_history(&mut late).clocks.remove(0);
    assert_eq!(
        (clock.report.state, clock.liable.as_deref()),
        (ClockState::Excused(Some(Symbol::from_text("landlord"))), Some("landlord"))
    );
    let mut cancelled = monitor_after_events(
        &[(0.0, "opened", &due), (1.0, "cancelled", r#""reason":"13912345678""#)],
        14.0,
    );
    let history = case_history(&mut cancelled);
    assert_eq!(history.clocks[0].report.state.name(), "void");
    let events = format!("{:?}", history.events);
    assert!(
        events.contains("#") && !events.contains("13912345678"),
        "telephone numbers are never stored: {events}"
    );
    let mut missed = monitor_after_events(
        &[(0.0, "opened", &due), (12.0, "resolved", r#""liable":"us""#)],
        14.0,
    );
    assert_eq!(case_history(&mut missed).clocks[0].report.state, ClockState::Missed);
}
