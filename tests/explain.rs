//! Anyone can re-add a number by hand: the lists of an explanation add up to its reading, for random histories, every
//! standard, indicator, scope and window; and a simulated day recounted from its raw events gives the same cases.

#[path = "explain/case.rs"]
mod case;
#[expect(dead_code, reason = "the other tests of properties use the rest")]
#[path = "properties/delivery.rs"]
mod delivery;
#[expect(dead_code, reason = "the other tests of properties use the rest")]
#[path = "properties/hostile.rs"]
mod hostile;
#[path = "explain/recount.rs"]
mod recount;
#[expect(dead_code, reason = "the other tests of properties use the rest")]
#[path = "properties/said.rs"]
mod said;

use delivery::{Delivery, deliver_to};
use firstline::domain::board::{MadeOf, Reading};
use firstline::domain::explain::{Asked, Explained, Side};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{Horizon, Standard};
use firstline::domain::time::{HOUR, MINUTE, Timestamp};
use firstline::standard::{BUILT_IN, BUILT_IN_NAME, read};
use firstline::words;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use said::{Road, Said};
use std::sync::Arc;

fn standards() -> [Arc<Standard>; 2] {
    let standard = |name: &str, text: &str| Arc::new(read(name, text).unwrap_or_else(|problems| panic!("{problems:#?}")));
    [standard("every_formula.toml", include_str!("standards/every_formula.toml")), standard(BUILT_IN_NAME, BUILT_IN)]
}

fn told(standard: &Arc<Standard>, horizon: Option<Horizon>, set: &[Said], end: Timestamp) -> Monitor {
    let delivery =
        Delivery { order: (0..set.len()).collect(), batches: vec![3, 1, 7], ticks: vec![None, Some(400), None], settled: vec![true] };
    deliver_to(Monitor::new(standard.clone(), horizon), standard, Road::Decoded, set, &delivery, end)
}

fn explained(monitor: &mut Monitor, reading: &Reading, limit: usize) -> Explained {
    let key = &reading.key;
    monitor.explain(&Asked { indicator: key.indicator, scope: (*key.scope).clone(), window: key.window, limit })
}

/// What the explanation of a reading must say of it.
fn adds_up(standard: &Standard, reading: &Reading, said: &Explained) -> Result<(), TestCaseError> {
    let name = &standard.indicators[reading.key.indicator].name;
    prop_assert_eq!(said.reading(), Some(reading));
    let sides = || said.good.iter().chain([&said.of]);
    for side in sides() {
        prop_assert_eq!(side.tallies.iter().map(|(_, count)| count).sum::<i64>(), side.remembered, "{}", name);
        prop_assert_eq!(side.cases.len() as i64 + side.more(), side.remembered);
        prop_assert_eq!(side.remembered + side.forgotten(), side.count);
        prop_assert!(side.more() >= 0 && side.forgotten() >= 0, "{name}: {side:?}");
    }
    match &reading.made_of {
        MadeOf::Ratio { good, of } => prop_assert_eq!((said.good.as_ref().map(|side| side.count), said.of.count), (Some(*good), *of)),
        MadeOf::Duration(durations) => prop_assert_eq!(said.of.count, durations.of),
        MadeOf::Score { of } => prop_assert_eq!(said.of.count, *of),
        MadeOf::Level => prop_assert_eq!(Some(said.of.count as f64), reading.value),
        MadeOf::Share { part, whole, of } => {
            prop_assert_eq!(said.of.count, *of);
            if sides().all(|side| side.more() + side.forgotten() == 0) {
                let sum = |side: &Side| side.cases.iter().filter_map(|case| case.value).sum::<i64>() as f64 / 1_000.0;
                prop_assert_eq!((said.good.as_ref().map(sum), sum(&said.of)), (Some(*part), *whole));
            }
        }
        MadeOf::Rate { count, .. } => prop_assert_eq!(said.of.count, *count),
        MadeOf::EstimatedWait { waiting, agents, .. } => prop_assert_eq!(said.of.count, waiting + agents),
        MadeOf::Difference { .. } => {}
        MadeOf::Oldest { since } => prop_assert_eq!(said.of.cases.first().map(|case| case.time), *since),
    }
    let indicator = &standard.indicators[reading.key.indicator];
    for left_out in &said.left_out {
        let reason = words::reason(standard, indicator, left_out.reason, left_out.word.as_deref());
        prop_assert!(!reason.en.contains('.') && !reason.zh.is_empty() && left_out.count >= left_out.cases.len() as i64, "{reason:?}");
    }
    Ok(())
}

fn check(cases: u32, property: impl Fn(Vec<Said>, i64) -> Result<(), TestCaseError>) {
    let cases = std::env::var("PROPERTIES_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let config = Config { cases, rng_seed: RngSeed::Fixed(20_020), failure_persistence: None, ..Config::default() };
    let after = prop::sample::select(vec![0, MINUTE, 20 * MINUTE, 5 * HOUR, 30 * HOUR]);
    let outcome = TestRunner::new(config).run(&(hostile::set(40), after), |(set, after)| property(set, after));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn explained_lists_add_up_to_every_reading() {
    let standards = standards();
    check(40, |set, after| {
        let end = set.iter().map(|event| event.time).max().unwrap_or_default().plus(after);
        for standard in &standards {
            let mut monitor = told(standard, None, &set, end);
            let board = monitor.board();
            for reading in &board.readings {
                let said = explained(&mut monitor, reading, 1_000);
                adds_up(standard, reading, &said)?;
                prop_assert!(said.good.iter().chain([&said.of]).all(|side| side.forgotten() == 0), "nothing is forgotten");
                if let (MadeOf::Duration(durations), true) = (&reading.made_of, said.of.more() == 0 && said.of.count > 0) {
                    let sum: i64 = said.of.cases.iter().filter_map(|case| case.value).sum();
                    prop_assert_eq!(sum as f64 / 1_000.0 / durations.of as f64, durations.mean);
                }
            }
            prop_assert_eq!(monitor.board().readings, board.readings, "an explanation changes nothing");
        }
        Ok(())
    });
}

#[test]
fn what_is_not_remembered_any_more_is_said() {
    let standards = standards();
    let horizon = Horizon { contacts_ms: 10 * MINUTE, orders_ms: HOUR, ahead_ms: 1 << 60 };
    check(40, |mut set, after| {
        set.sort_by_key(|event| event.time);
        let end = set.iter().map(|event| event.time).max().unwrap_or_default().plus(after);
        for standard in &standards {
            let mut monitor = told(standard, Some(horizon), &set, end);
            for reading in &monitor.board().readings {
                let said = explained(&mut monitor, reading, 2);
                if reading.key.window.is_some() {
                    adds_up(standard, reading, &said)?;
                }
            }
        }
        Ok(())
    });
}
