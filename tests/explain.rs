//! Explanations of readings. The case lists add up to the reading for random histories, in every
//! standard, indicator, scope and window. A recount of a simulated day gives the same cases.

#[path = "explain/case_history.rs"]
mod case_history;
#[expect(dead_code, reason = "tests/properties.rs uses the rest")]
#[path = "properties/delivery.rs"]
mod delivery;
#[expect(dead_code, reason = "tests/properties.rs uses the rest")]
#[path = "properties/test_event.rs"]
mod event;
#[expect(dead_code, reason = "tests/properties.rs uses the rest")]
#[path = "properties/event_sets.rs"]
mod event_sets;
#[path = "explain/recount.rs"]
mod recount;

use delivery::{DeliveryPlan, deliver_events_to};
use event::{EventOrigin, TestEvent};
use firstline::describe;
use firstline::domain::board::reading::{Reading, ReadingComponents, ReadingState};
use firstline::domain::cases::case_names::CaseName;
use firstline::domain::explain::explanation::{
    ExclusionReason, Explanation, ExplanationRequest, FactExample, FormulaSide,
};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{RetentionHorizon, Standard};
use firstline::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::sync::Arc;

fn test_standards() -> [Arc<Standard>; 2] {
    let standard = |name: &str, text: &str| {
        Arc::new(parse_standard(name, text).unwrap_or_else(|problems| panic!("{problems:#?}")))
    };
    [
        standard("every_formula.toml", include_str!("standards/every_formula.toml")),
        standard(BUILT_IN_NAME, BUILT_IN),
    ]
}

fn monitor_after(
    standard: &Arc<Standard>,
    horizon: Option<RetentionHorizon>,
    set: &[TestEvent],
    end: Timestamp,
) -> Monitor {
    let delivery = DeliveryPlan {
        order: (0..set.len()).collect(),
        batches: vec![3, 1, 7],
        ticks: vec![None, Some(400), None],
        counted_at_once: vec![true],
    };
    deliver_events_to(
        Monitor::new(standard.clone(), horizon),
        standard,
        EventOrigin::Decoded,
        set,
        &delivery,
        end,
    )
}

fn explain_reading(monitor: &mut Monitor, reading: &Reading, limit: usize) -> Explanation {
    let key = &reading.key;
    monitor.explain_reading(&ExplanationRequest {
        indicator: key.indicator,
        scope: (*key.scope).clone(),
        window: key.window,
        limit,
    })
}

/// Returns the sum of the durations that a side lists, in seconds.
fn listed_seconds(side: &FormulaSide) -> f64 {
    side.cases.iter().filter_map(|case| case.value).sum::<i64>() as f64 / 1_000.0
}

/// Checks that the lists of an explanation add up to its reading.
fn check_lists_add_up(
    standard: &Standard,
    reading: &Reading,
    explanation: &Explanation,
) -> Result<(), TestCaseError> {
    let name = &standard.indicators[reading.key.indicator].name;
    prop_assert_eq!(explanation.reading(), Some(reading));
    let sides = || explanation.good.iter().chain([&explanation.of]);
    for side in sides() {
        prop_assert_eq!(
            side.tallies.iter().map(|(_, count)| count).sum::<i64>(),
            side.remembered,
            "{}",
            name
        );
        prop_assert_eq!(side.cases.len() as i64 + side.unlisted_count(), side.remembered);
        prop_assert_eq!(side.remembered + side.forgotten_count(), side.count);
        prop_assert!(side.unlisted_count() >= 0 && side.forgotten_count() >= 0, "{name}: {side:?}");
    }
    match &reading.components {
        ReadingComponents::Ratio { good, of } => {
            prop_assert_eq!(
                (explanation.good.as_ref().map(|side| side.count), explanation.of.count),
                (Some(*good), *of)
            );
        }
        ReadingComponents::Duration(durations) => {
            prop_assert_eq!(explanation.of.count, durations.of);
        }
        ReadingComponents::Score { of } | ReadingComponents::MissCount { of } => {
            prop_assert_eq!(explanation.of.count, *of);
        }
        ReadingComponents::BenchmarkRatio { good, .. } => {
            prop_assert_eq!(explanation.of.count, *good);
        }
        ReadingComponents::Count | ReadingComponents::Level => {
            let known = !reading.states.contains(ReadingState::NoData);
            let count = explanation.of.count;
            prop_assert_eq!(known.then_some(count as f64), reading.value);
            prop_assert!(known || count == 0, "{name}: {count} without data");
        }
        ReadingComponents::MeanLevel { time, .. } => {
            if sides().all(|side| side.unlisted_count() + side.forgotten_count() == 0)
                && !reading.states.contains(ReadingState::NoData)
            {
                // The states of forgotten cases are in the time, but not in the list.
                prop_assert!(listed_seconds(&explanation.of) <= *time, "{name}");
            }
        }
        ReadingComponents::Share { part, whole, of } => {
            prop_assert_eq!(explanation.of.count, *of);
            if sides().all(|side| side.unlisted_count() + side.forgotten_count() == 0) {
                prop_assert_eq!(
                    (
                        explanation.good.as_ref().map(listed_seconds),
                        listed_seconds(&explanation.of)
                    ),
                    (Some(*part), *whole)
                );
            }
        }
        ReadingComponents::Rate { count, .. } => prop_assert_eq!(explanation.of.count, *count),
        ReadingComponents::EstimatedWait { waiting, agents, .. } => {
            prop_assert_eq!(explanation.of.count, waiting + agents);
        }
        ReadingComponents::Difference { .. }
        | ReadingComponents::Weighted { .. }
        | ReadingComponents::Benchmark { .. } => {}
        ReadingComponents::Oldest { since } => {
            prop_assert_eq!(explanation.of.cases.first().map(|case| case.time), *since);
        }
    }
    let indicator = &standard.indicators[reading.key.indicator];
    for left_out in &explanation.excluded {
        let reason = describe::describe_reason(
            standard,
            indicator,
            left_out.reason,
            left_out.label.as_deref(),
        );
        prop_assert!(
            !reason.en.contains('.')
                && !reason.zh.is_empty()
                && left_out.count >= left_out.cases.len() as i64,
            "{reason:?}"
        );
    }
    Ok(())
}

fn check_property(cases: u32, property: impl Fn(Vec<TestEvent>, i64) -> Result<(), TestCaseError>) {
    let cases =
        std::env::var("PROPERTIES_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(20_020),
        failure_persistence: None,
        ..Config::default()
    };
    let after = prop::sample::select(vec![0, MINUTE, 20 * MINUTE, 5 * HOUR, 30 * HOUR]);
    let outcome = TestRunner::new(config)
        .run(&(event_sets::event_set(40), after), |(set, after)| property(set, after));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn explanation_lists_add_up_to_every_reading() {
    let standards = test_standards();
    check_property(40, |set, after| {
        let end = set.iter().map(|event| event.time).max().unwrap_or_default().plus_millis(after);
        for standard in &standards {
            let mut monitor = monitor_after(standard, None, &set, end);
            let board = monitor.compute_board();
            for reading in &board.readings {
                let explanation = explain_reading(&mut monitor, reading, 1_000);
                check_lists_add_up(standard, reading, &explanation)?;
                prop_assert!(
                    explanation
                        .good
                        .iter()
                        .chain([&explanation.of])
                        .all(|side| side.forgotten_count() == 0),
                    "no case is forgotten without a horizon"
                );
                if let ReadingComponents::MeanLevel { time, .. } = &reading.components
                    && explanation.of.unlisted_count() == 0
                    && !reading.states.contains(ReadingState::NoData)
                {
                    prop_assert_eq!(listed_seconds(&explanation.of), *time);
                }
                if let (ReadingComponents::Duration(durations), true) = (
                    &reading.components,
                    explanation.of.unlisted_count() == 0 && explanation.of.count > 0,
                ) {
                    let sum: i64 = explanation.of.cases.iter().filter_map(|case| case.value).sum();
                    prop_assert_eq!(sum as f64 / 1_000.0 / durations.of as f64, durations.mean);
                }
            }
            prop_assert_eq!(
                monitor.compute_board().readings,
                board.readings,
                "explanations leave the board unchanged"
            );
        }
        Ok(())
    });
}

#[test]
fn explanation_reports_forgotten_cases() {
    let standards = test_standards();
    let horizon = RetentionHorizon { contacts_ms: 10 * MINUTE, orders_ms: HOUR, ahead_ms: 1 << 60 };
    check_property(40, |mut set, after| {
        set.sort_by_key(|event| event.time);
        let end = set.iter().map(|event| event.time).max().unwrap_or_default().plus_millis(after);
        for standard in &standards {
            let mut monitor = monitor_after(standard, Some(horizon), &set, end);
            for reading in &monitor.compute_board().readings {
                let explanation = explain_reading(&mut monitor, reading, 2);
                if reading.key.window.is_some() {
                    check_lists_add_up(standard, reading, &explanation)?;
                }
            }
        }
        Ok(())
    });
}

#[test]
fn unresolved_first_contact_names_its_repeat_or_its_invalidating_fact() {
    let standard = test_standards()[1].clone();
    let at = |minutes: i64| Timestamp(event_sets::MIDNIGHT + minutes * MINUTE);
    let event = |subject: u8, minutes: i64, kind: &'static str| TestEvent {
        customer: Some(subject / 10),
        ..TestEvent::plain(subject, minutes as u32, at(minutes), kind)
    };
    let set = [
        event(10, 1, "complaint.opened"),
        event(10, 2, "complaint.escalated"),
        event(10, 3, "complaint.resolved"),
        event(20, 4, "complaint.opened"),
        event(20, 5, "complaint.resolved"),
        event(21, 6, "complaint.opened"),
        event(30, 7, "complaint.opened"),
        event(30, 8, "complaint.resolved"),
    ];
    let mut monitor = monitor_after(&standard, None, &set, at(9));
    let board = monitor.compute_board();
    let number = standard.find_indicator("complaint_one_shot_resolution").expect("a known name");
    let reading = board
        .readings
        .iter()
        .find(|reading| {
            reading.key.indicator == number
                && reading.key.scope.values.is_empty()
                && reading
                    .key
                    .window
                    .is_some_and(|window| standard.windows[window].to_string() == "month")
        })
        .expect("the reading of everything");
    let explanation = explain_reading(&mut monitor, reading, 10);
    let cause = |example: &FactExample| {
        let subject = |name: &Option<CaseName>| {
            name.as_ref().map(|name| name.subject.clone()).unwrap_or_default()
        };
        let repeat = example.repeated_by.as_ref().map(|(name, _)| subject(name));
        let fact = example.invalidated_by.map(|(kind, _)| standard.kinds.name(kind).to_owned());
        (subject(&example.name), repeat.or(fact).unwrap_or_default())
    };
    let mut causes: Vec<(String, String)> = explanation.of.cases.iter().map(cause).collect();
    causes.sort();
    assert_eq!(
        causes,
        [("10", "complaint.escalated"), ("20", "21"), ("30", "")]
            .map(|(case, cause)| (case.to_owned(), cause.to_owned()))
    );
    let [open] = &explanation.excluded[..] else { panic!("{:?}", explanation.excluded) };
    assert_eq!((open.reason, open.count), (ExclusionReason::NotResolved, 1));
    assert_eq!(cause(&open.cases[0]).0, "21");
}
