//! Property tests of the whole board. The board depends only on the set of events and the current
//! time, boards of disjoint cases add up, and call figures match a naive model.
//!
//! Seeds are fixed, so that failures are reproducible. `PROPERTIES_SEED` sets another seed and
//! `PROPERTIES_CASES` the number of cases. A failure prints its seed and the smallest failing set.

#[path = "properties/board_values.rs"]
mod board_values;
#[path = "properties/call_model.rs"]
mod call_model;
#[path = "properties/contact_model.rs"]
mod contact_model;
#[path = "properties/delivery.rs"]
mod delivery;
#[path = "properties/test_event.rs"]
mod event;
#[path = "properties/event_sets.rs"]
mod event_sets;
#[path = "properties/first_contact_model.rs"]
mod first_contact_model;
#[path = "properties/maxima.rs"]
mod maxima;
#[path = "properties/snapshot.rs"]
mod snapshot;
#[path = "properties/standard_change.rs"]
mod standard_change;
#[path = "properties/state_time.rs"]
mod state_time;
#[path = "properties/trend.rs"]
mod trend;

use board_values::{additive_sums, line_differences, reading_lines};
use delivery::{
    DeliveryPlan, deliver_events, deliver_events_to, deliver_sorted_events, last_event_time,
};
use event::{EventOrigin, TestEvent};
use firstline::domain::board::reading::ReadingComponents;
use firstline::domain::cases::data_coverage::DataCoverage;
use firstline::domain::events::event::CaseFamily;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::source::SilenceLimit;
use firstline::domain::standard::{RetentionHorizon, Standard};
use firstline::domain::time::period::Period;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use firstline::domain::time::window::Window;
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::collections::BTreeMap;
use std::sync::Arc;

const SEED: u64 = 10_010;

/// Checks `property` on `cases` inputs of the strategy, generated from a fixed seed.
fn check_property<S: Strategy>(
    cases: u32,
    inputs: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let env_number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = env_number("PROPERTIES_SEED").unwrap_or(SEED);
    let cases = env_number("PROPERTIES_CASES").map_or(cases, |cases| cases as u32);
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    match TestRunner::new(config).run(inputs, property) {
        Ok(()) => {}
        Err(TestError::Fail(reason, smallest)) => {
            panic!("PROPERTIES_SEED={seed}\n{reason}\nsmallest: {smallest:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("PROPERTIES_SEED={seed}: {reason}"),
    }
}

/// Returns the standards under test. Staleness is off, since it depends on the time of arrival and
/// not on the set of events. It has its own test.
fn test_standards() -> [Arc<Standard>; 4] {
    let standard = |name: &str, text: &str| {
        let mut standard =
            parse_standard(name, text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        standard.stale_after_ms = None;
        Arc::new(standard)
    };
    [
        standard(BUILT_IN_NAME, BUILT_IN),
        standard("every_formula.toml", include_str!("standards/every_formula.toml")),
        standard("calendar.toml", include_str!("standards/calendar.toml")),
        standard("one_shots.toml", include_str!("standards/one_shots.toml")),
    ]
}

fn event_origins() -> impl Strategy<Value = EventOrigin> {
    select(vec![EventOrigin::Constructed, EventOrigin::Decoded])
}

/// Milliseconds from the last event to the comparison of boards: none, edges of windows and
/// deadlines, or years.
fn delay_after_last_event() -> impl Strategy<Value = i64> {
    let edges = [
        0,
        1,
        15 * SECOND,
        MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        11 * MINUTE,
        30 * MINUTE,
        HOUR,
        4 * HOUR,
        24 * HOUR,
        80 * HOUR,
    ];
    (
        select(edges.to_vec()),
        prop_oneof![2 => Just(0), 1 => Just(1), 1 => Just(9_999)],
        prop::bool::weighted(0.03),
    )
        .prop_map(|(edge, more, years)| edge + more + if years { 3 * 365 * 24 * HOUR } else { 0 })
}

fn expect_same_lines(
    left: &[String],
    right: &[String],
    context: &str,
) -> Result<(), TestCaseError> {
    let differences = line_differences(left, right);
    prop_assert!(differences.is_empty(), "{}:\n{}", context, differences);
    Ok(())
}

/// Compares the board after the events in the order of their times with that after a delivery in
/// another order, `after` milliseconds later.
fn expect_order_does_not_matter(
    standard: &Arc<Standard>,
    origin: EventOrigin,
    (set, delivery): &(Vec<TestEvent>, DeliveryPlan),
    after: i64,
) -> Result<(), TestCaseError> {
    let end = last_event_time(set).plus_millis(after);
    let sorted = reading_lines(&mut deliver_sorted_events(standard, origin, set, end));
    let shuffled = reading_lines(&mut deliver_events(standard, origin, set, delivery, end));
    expect_same_lines(&sorted, &shuffled, &standard.name)
}

#[test]
fn board_depends_only_on_set_of_events() {
    let standards = test_standards();
    check_property(
        1_500,
        &(
            delivery::with_delivery(event_sets::event_set(24)),
            delay_after_last_event(),
            0..4_usize,
            event_origins(),
        ),
        |(delivered, after, standard, origin)| {
            expect_order_does_not_matter(&standards[standard], origin, &delivered, after)
        },
    );
}

/// Few cases with many events: colliding ids, ties, discarded histories and simultaneous timers.
#[test]
fn data_coverage_depends_only_on_set_of_events() {
    let closed_at_noon = parse_standard("s.toml", include_str!("standards/silence_calendar.toml"))
        .expect("the standard is valid");
    let calendar = (&closed_at_noon.calendars[0], closed_at_noon.zones.get(0));
    let limits = [
        SilenceLimit { silent_after_ms: 60_000, calendar: None },
        SilenceLimit { silent_after_ms: 600_000, calendar: Some(calendar) },
    ];
    let mut schema = test_standards()[0].schema.clone();
    schema.sources = vec!["/one".to_owned(), "/two".to_owned()];
    // From 11:00 to 13:00 in Shanghai.
    let times = 10_800_000..18_000_000_i64;
    let events = prop::collection::vec((0..4_u8, 0..3_u8, times), 0..60);
    let shuffled = events.prop_flat_map(|events| {
        let repeated = prop::collection::vec(any::<Index>(), 0..5);
        (Just(events.clone()), Just(events).prop_shuffle(), repeated)
    });
    check_property(500, &shuffled, |(events, mut shuffled, repeated)| {
        let coverage = |events: &[(u8, u8, i64)]| {
            let mut coverage = DataCoverage::new(&schema);
            for (family, source, time) in events {
                let limit_of = |place: usize| limits.get(place).copied();
                coverage.record_event(CaseFamily(*family), *source, Timestamp(*time), limit_of);
            }
            coverage
        };
        if !events.is_empty() {
            shuffled.extend(repeated.iter().map(|index| events[index.index(events.len())]));
        }
        prop_assert_eq!(coverage(&events), coverage(&shuffled));
        Ok(())
    });
}

#[test]
fn case_depends_only_on_set_of_its_events() {
    let standards = test_standards();
    let crowded = event_sets::event_set(14).prop_map(|mut set| {
        set.iter_mut().for_each(|event| event.subject = u8::from(event.subject > 4));
        set
    });
    check_property(
        2_500,
        &(delivery::with_delivery(crowded), delay_after_last_event(), 0..4_usize, event_origins()),
        |(delivered, after, standard, origin)| {
            expect_order_does_not_matter(&standards[standard], origin, &delivered, after)
        },
    );
}

#[test]
fn tick_granularity_does_not_change_board() {
    let standards = test_standards();
    let steps = prop::collection::vec((0..=1_000_i64, -1..=1_i64), 1..40);
    check_property(
        500,
        &(event_sets::event_set(16), delay_after_last_event(), 0..4_usize, steps),
        |(set, after, standard, mut steps)| {
            let standard = &standards[standard];
            let (begin, end) = (last_event_time(&set), last_event_time(&set).plus_millis(after));
            let at_once = reading_lines(&mut deliver_sorted_events(
                standard,
                EventOrigin::Constructed,
                &set,
                end,
            ));
            let mut monitor =
                deliver_sorted_events(standard, EventOrigin::Constructed, &set, begin);
            steps.sort_unstable();
            for (thousandths, by) in steps {
                monitor.tick(Timestamp(
                    (begin.0 + end.millis_since(begin) / 1_000 * thousandths + by).min(end.0),
                ));
            }
            // Timers may fire at the due time itself, so the ticks lie a millisecond around it.
            let mut dues: Vec<i64> = set
                .iter()
                .filter_map(|event| event.due)
                .flat_map(|due| [due.0 - 1, due.0, due.0 + 1])
                .collect();
            dues.sort_unstable();
            dues.into_iter()
                .filter(|due| *due <= end.0)
                .for_each(|due| monitor.tick(Timestamp(due)));
            monitor.tick(end);
            expect_same_lines(&at_once, &reading_lines(&mut monitor), &standard.name)
        },
    );
}

#[test]
fn boards_of_disjoint_cases_add_up() {
    let standards = test_standards();
    check_property(
        500,
        &(
            delivery::with_delivery(event_sets::event_set(30)),
            delay_after_last_event(),
            0..4_usize,
            any::<u8>(),
        ),
        |((set, delivery), after, standard, side)| {
            let standard = &standards[standard];
            let end = last_event_time(&set).plus_millis(after);
            let part = |selected: bool| -> Vec<TestEvent> {
                set.iter()
                    .filter(|event| (side >> event.subject & 1 == 1) == selected)
                    .cloned()
                    .collect()
            };
            let mut added: BTreeMap<_, (i64, i64)> = BTreeMap::new();
            for part in [part(true), part(false)] {
                for (name, (good, of)) in additive_sums(
                    &deliver_sorted_events(standard, EventOrigin::Constructed, &part, end)
                        .compute_board(),
                ) {
                    let sum = added.entry(name).or_default();
                    *sum = (sum.0 + good, sum.1 + of);
                }
            }
            added.retain(|_, pair| *pair != (0, 0));
            prop_assert_eq!(
                added,
                additive_sums(
                    &deliver_events(standard, EventOrigin::Constructed, &set, &delivery, end)
                        .compute_board()
                )
            );
            Ok(())
        },
    );
}

#[test]
fn call_counts_match_naive_model() {
    // The model has no expiry but that of call-backs.
    let standards = test_standards().map(|standard| {
        let mut standard = (*standard).clone();
        let callback = standard.kinds.find_kind("call.callback");
        standard.expiry.retain(|(kind, _)| Some(*kind) == callback);
        Arc::new(standard)
    });
    let modeled = [
        "answer_rate",
        "service_level_15s",
        "service_level_20s",
        "speed_of_answer",
        "calls_waiting",
        "calls_talking",
        "longest_wait_now",
    ];
    let modeled_standards = select(vec![0, 2]);
    check_property(
        1_500,
        &(
            delivery::with_delivery(event_sets::call_events(60)),
            delay_after_last_event(),
            event_origins(),
            modeled_standards,
        ),
        |((set, delivery), after, origin, standard)| {
            let standard = &standards[standard];
            let end = last_event_time(&set).plus_millis(after);
            let board = deliver_events(standard, origin, &set, &delivery, end).compute_board();
            let mut actual = additive_sums(&board);
            for reading in &board.readings {
                if let ReadingComponents::Oldest { since: Some(since) } = reading.components {
                    let age = end.millis_since(since);
                    prop_assert_eq!(reading.value, Some(age as f64 / 1_000.0));
                    let name = &board.standard.indicators[reading.key.indicator].name;
                    actual.insert(
                        (
                            name.clone(),
                            board_values::scope_text(&board, &reading.key),
                            board.window_name(&reading.key),
                        ),
                        (age, 0),
                    );
                }
            }
            actual.retain(|(indicator, ..), pair| {
                modeled.contains(&indicator.as_str()) && *pair != (0, 0)
            });
            let windows: Vec<String> = standard.windows.iter().map(ToString::to_string).collect();
            let zone = |center: &str| {
                if standard.name == "calendar" && center == "wuhu" {
                    "Europe/Berlin"
                } else {
                    "Asia/Shanghai"
                }
            };
            let mut expected = call_model::expected_sums(&set, end.0, &windows, |center| {
                jiff::tz::TimeZone::get(zone(center)).expect("a bundled zone")
            });
            // The comparison can't distinguish a wait of 0 s from no wait.
            expected.retain(|_, pair| *pair != (0, 0));
            prop_assert_eq!(actual, expected);
            Ok(())
        },
    );
}

#[test]
fn customer_counts_match_naive_model() {
    // In the model every subject is one case.
    let mut standard = (*test_standards()[3]).clone();
    standard.reuse_after_ms = i64::MAX;
    let standard = &Arc::new(standard);
    check_property(
        2_000,
        &(delivery::with_delivery(event_sets::contact_events(40)), delay_after_last_event()),
        |((set, delivery), after)| {
            let end = last_event_time(&set).plus_millis(after);
            let board = deliver_events(standard, EventOrigin::Constructed, &set, &delivery, end)
                .compute_board();
            prop_assert_eq!(
                first_contact_model::board_sums(&board),
                first_contact_model::expected_sums(&set, end.0)
            );
            Ok(())
        },
    );
}

/// An engine with a retention horizon has the same board as one without, as long as all events
/// arrive within the horizon.
#[test]
fn forgotten_cases_stay_counted() {
    let standards = test_standards();
    let steps = prop::collection::vec(0..=1_000_i64, 0..6);
    check_property(
        500,
        &(
            delivery::with_delivery(event_sets::event_set(20)),
            delay_after_last_event(),
            0..4_usize,
            steps,
        ),
        |((mut set, mut delivery), after, standard, mut steps)| {
            let standard = &standards[standard];
            let first = set.iter().map(|event| event.time).min().unwrap_or_default();
            set.iter_mut()
                .for_each(|event| event.time = event.time.min(first.plus_millis(24 * HOUR)));
            delivery.ticks = vec![None];
            let (begin, end) = (last_event_time(&set), last_event_time(&set).plus_millis(after));
            let remembering = reading_lines(&mut deliver_events(
                standard,
                EventOrigin::Constructed,
                &set,
                &delivery,
                end,
            ));
            let forgetful = Monitor::new(standard.clone(), Some(RetentionHorizon::default()));
            let mut forgetful = deliver_events_to(
                forgetful,
                standard,
                EventOrigin::Constructed,
                &set,
                &delivery,
                begin,
            );
            steps.sort_unstable();
            steps.iter().for_each(|thousandths| {
                forgetful.tick(begin.plus_millis(end.millis_since(begin) / 1_000 * thousandths));
            });
            forgetful.tick(end);
            expect_same_lines(&remembering, &reading_lines(&mut forgetful), &standard.name)
        },
    );
}

/// Events in an open calendar window are accepted in any order, however short the horizon.
#[test]
fn events_in_open_month_are_never_too_late() {
    let calendar = &test_standards()[2];
    let steps = prop::collection::vec(0..=1_000_i64, 0..6);
    check_property(
        500,
        &(delivery::with_delivery(event_sets::event_set(20)), delay_after_last_event(), steps),
        |((mut set, mut delivery), after, mut steps)| {
            // March 2026 ends in Shanghai three days after `MIDNIGHT`.
            let (first, end) = (
                Timestamp(event_sets::MIDNIGHT).plus_millis(-28 * 24 * HOUR),
                Timestamp(event_sets::MIDNIGHT).plus_millis(72 * HOUR - 1),
            );
            set.iter_mut().for_each(|event| event.time = event.time.clamp(first, end));
            delivery.ticks = vec![None];
            let (begin, end) = (last_event_time(&set), last_event_time(&set).plus_millis(after));
            let mut remembering =
                deliver_events(calendar, EventOrigin::Constructed, &set, &delivery, begin);
            let short =
                RetentionHorizon { contacts_ms: MINUTE, orders_ms: MINUTE, ahead_ms: MINUTE };
            let forgetful = Monitor::new(calendar.clone(), Some(short));
            let mut forgetful = deliver_events_to(
                forgetful,
                calendar,
                EventOrigin::Constructed,
                &set,
                &delivery,
                begin,
            );
            expect_same_lines(
                &reading_lines(&mut remembering),
                &reading_lines(&mut forgetful),
                "in March",
            )?;
            steps.sort_unstable();
            steps.iter().for_each(|thousandths| {
                forgetful.tick(begin.plus_millis(end.millis_since(begin) / 1_000 * thousandths));
            });
            forgetful.tick(end);
            expect_same_lines(
                &reading_lines(&mut deliver_events(
                    calendar,
                    EventOrigin::Constructed,
                    &set,
                    &delivery,
                    end,
                )),
                &reading_lines(&mut forgetful),
                "later",
            )
        },
    );
}

/// A case is remembered up to and including the horizon, to the millisecond, so that repeated
/// events are recognized.
#[test]
fn duplicate_at_horizon_is_deduplicated_or_refused() {
    // An open month would accept the events beyond the horizon.
    let mut standard = (*test_standards()[0]).clone();
    standard.windows.retain(|window| *window != Window::Calendar(Period::Month));
    let standard = &Arc::new(standard);
    let horizon = RetentionHorizon::default();
    let event = |subject: u8, id: u32, after: i64, kind: &'static str| {
        TestEvent::plain(subject, id, Timestamp(event_sets::MIDNIGHT + after), kind)
    };
    for beyond in -1..=1 {
        let set = [
            event(1, 1, 0, "call.answered"),
            event(1, 2, 0, "call.ended"),
            event(2, 3, horizon.contacts_ms + beyond, "call.offered"),
        ];
        let mut monitor = Monitor::new(standard.clone(), Some(horizon));
        let mut builder = event::BatchBuilder::new(standard, EventOrigin::Constructed);
        monitor.apply_batch(&builder.build_batch(set[..2].iter()));
        monitor.apply_batch(&builder.build_batch(set[2..].iter()));
        let repeated = monitor.apply_batch(&builder.build_batch(set[..2].iter()));
        let expected = if beyond > 0 { (0, 0, 2) } else { (0, 2, 0) };
        assert_eq!(
            (repeated.accepted, repeated.duplicates, repeated.refused.len()),
            expected,
            "{beyond} ms beyond the horizon"
        );
    }
}

/// An agent's case never ends. Its events before the horizon are discarded without effect on the
/// board.
#[test]
fn agent_case_outlives_horizon() {
    let standard = Arc::new(
        parse_standard("expiry.toml", include_str!("standards/expiry.toml"))
            .unwrap_or_else(|problems| panic!("{problems:#?}")),
    );
    let state = |nth: u32| ["ready", "talking", "talking", "pause"][nth as usize % 4];
    let event = |nth: u32| {
        let time = Timestamp(event_sets::MIDNIGHT).plus_millis(i64::from(nth) * 3 * MINUTE);
        TestEvent {
            state: Some(state(nth)),
            center: Some("hefei"),
            ..TestEvent::plain(1, nth, time, "agent.changed")
        }
    };
    let (total, last) = (20_000, 1_200);
    let mut forgetful = Monitor::new(standard.clone(), Some(RetentionHorizon::default()));
    let mut remembering = Monitor::new(standard.clone(), None);
    let mut builder = event::BatchBuilder::new(&standard, EventOrigin::Constructed);
    for first in (0..total).step_by(100) {
        let events: Vec<TestEvent> = (first..first + 100).map(event).collect();
        let batch = builder.build_batch(events.iter());
        assert_eq!(forgetful.apply_batch(&batch).accepted, 100, "at {first}");
        if first >= total - last {
            remembering.apply_batch(&batch);
        }
    }
    assert_eq!(reading_lines(&mut forgetful), reading_lines(&mut remembering));
}

/// Readings become stale only after the source has been silent for longer than the limit.
#[test]
fn board_is_stale_after_source_silence_limit() {
    let standard = Arc::new(
        parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}")),
    );
    let limit = standard.stale_after_ms.expect("the built-in standard has a limit");
    let single_event = DeliveryPlan {
        order: vec![0],
        batches: vec![1],
        ticks: vec![None],
        counted_at_once: vec![true],
    };
    check_property(
        50,
        &(
            event_sets::event_set(1),
            select(vec![(0, false), (limit, false), (limit + 1, true), (limit * 9, true)]),
        ),
        |(mut set, (after, stale))| {
            set.truncate(1);
            let lines = reading_lines(&mut deliver_events(
                &standard,
                EventOrigin::Constructed,
                &set,
                &single_event,
                last_event_time(&set).plus_millis(after),
            ));
            prop_assert!(
                lines[1..].iter().all(|line| line.contains("\"stale\"") == stale),
                "{:#?}",
                lines
            );
            Ok(())
        },
    );
}
