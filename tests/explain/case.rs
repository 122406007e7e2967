//! One case told in full: pauses with their reasons, excuses, and clocks that stand.

use firstline::domain::event::Word;
use firstline::domain::explain::history::History;
use firstline::domain::explain::risk::{Risk, Wanted};
use firstline::domain::fact::clock::Course;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{Pause, PauseDoes, Standard, WarnAt, Warning};
use firstline::domain::time::{HOUR, Timestamp};
use firstline::ingest::wire::{Decoder, Keys};
use firstline::standard::{BUILT_IN, BUILT_IN_NAME, read};
use std::sync::Arc;

/// The built-in standard, in which customers' pauses stop the clock and the landlord's delays are excused.
fn standard() -> Arc<Standard> {
    let mut standard = read(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let repair = standard.commitments.iter_mut().find(|one| one.name == "repair").expect("a commitment");
    let terms = &mut repair.terms[0];
    terms.pauses = vec![Pause { reasons: vec![], liable: vec![Word::of("customer")], does: PauseDoes::Excused }];
    terms.excused_by = vec![Word::of("landlord")];
    terms.warnings = vec![Warning { word: Word::of("80%"), at: WarnAt::Percent(80) }];
    Arc::new(standard)
}

fn hour(hours: f64) -> Timestamp {
    Timestamp(1_772_409_600_000 + (hours * HOUR as f64) as i64)
}

fn told(events: &[(f64, &str, &str)], now: f64) -> Monitor {
    let standard = standard();
    let mut decoder = Decoder::new(Arc::new(standard.schema.clone()), Keys::default()).keeping_names(true);
    for (place, (at, verb, data)) in events.iter().enumerate() {
        let time = hour(*at);
        let event = format!(
            r#"{{"specversion":"1.0","id":"{place}","source":"/oss","type":"repair.{verb}","subject":"r-1","time":"{time}","data":{{{data}}}}}"#
        );
        decoder.json(event.as_bytes()).unwrap_or_else(|rejection| panic!("{}", rejection.reason));
    }
    let mut monitor = Monitor::new(standard, None);
    monitor.apply(&decoder.take());
    monitor.tick(hour(now));
    monitor
}

fn history(monitor: &mut Monitor) -> History {
    monitor.histories(None, "r-1").pop().expect("a case")
}

#[test]
fn a_pause_moves_the_deadline_and_is_named_with_its_reason() {
    let due = format!(r#""due":"{}""#, hour(10.0));
    let paused = r#""reason":"not at home","liable":"customer""#;
    let mut monitor = told(&[(0.0, "opened", &due), (2.0, "paused", paused), (5.0, "resumed", ""), (12.0, "resolved", "")], 14.0);
    let history = history(&mut monitor);
    // The repair's own, and that of the call back afterwards, for which it does not matter that the repair is closed.
    let [clock, call_back] = &history.clocks[..] else { panic!("{:?}", history.clocks) };
    assert_eq!((call_back.told.course, call_back.stops.len()), (Course::Over, 0));
    assert_eq!((clock.told.course, clock.told.deadline), (Course::Kept, Some(hour(13.0))));
    assert_eq!((clock.told.gross_ms, clock.told.net_ms, clock.told.used_ms), (12 * HOUR, 9 * HOUR, 9 * HOUR));
    assert_eq!(clock.told.allowed_ms, Some(10 * HOUR));
    let [stop] = &clock.stops[..] else { panic!("{:?}", clock.stops) };
    assert_eq!((stop.reason.as_deref(), stop.liable.as_deref(), stop.does), (Some("not at home"), Some("customer"), PauseDoes::Excused));
    assert_eq!(clock.warned, ["80%"]);
}

#[test]
fn a_clock_that_stands_says_since_when_and_what_would_be_left() {
    let due = format!(r#""due":"{}""#, hour(10.0));
    let mut monitor = told(&[(0.0, "opened", &due), (2.0, "paused", r#""reason":"not at home","liable":"customer""#)], 20.0);
    let clock = history(&mut monitor).clocks.remove(0).told;
    assert_eq!((clock.course, clock.deadline), (Course::Stopped(hour(2.0)), None));
    assert_eq!((clock.used_ms, clock.gross_ms, clock.net_ms), (2 * HOUR, 20 * HOUR, 2 * HOUR));
    let wanted = Wanted { risks: vec![Risk::Stopped], family: None, commitment: None, fixed: vec![], limit: 5 };
    let open = monitor.open_cases(&wanted);
    assert_eq!((open.count, open.cases[0].left_ms, open.cases[0].stands), (1, Some(8 * HOUR), Some(hour(2.0))));
    assert_eq!(open.cases[0].used, Some(0.2));
}

#[test]
fn an_excuse_names_the_party_and_a_void_promise_what_made_it_so() {
    let due = format!(r#""due":"{}""#, hour(10.0));
    let mut late = told(&[(0.0, "opened", &due), (12.0, "resolved", r#""liable":"landlord""#)], 14.0);
    let clock = history(&mut late).clocks.remove(0);
    assert_eq!((clock.told.course, clock.liable.as_deref()), (Course::Excused(Some(Word::of("landlord"))), Some("landlord")));
    let mut cancelled = told(&[(0.0, "opened", &due), (1.0, "cancelled", r#""reason":"13912345678""#)], 14.0);
    let history = history(&mut cancelled);
    assert_eq!(history.clocks[0].told.course.name(), "void");
    let said = format!("{:?}", history.events);
    assert!(said.contains("#") && !said.contains("13912345678"), "a telephone number is never kept: {said}");
    let mut missed = told(&[(0.0, "opened", &due), (12.0, "resolved", r#""liable":"us""#)], 14.0);
    assert_eq!(self::history(&mut missed).clocks[0].told.course, Course::Missed);
}
