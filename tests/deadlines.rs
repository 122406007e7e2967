//! Compares the clocks of random commitments with a brute force that walks minute by minute.
//!
//! A case is a random calendar, an order with pauses, and one commitment for each rule of a
//! deadline: `within`, `working_days`, `full_days`, `before`, `due` and `appointment`. Compared are
//! the deadline, the state, the allowed, used and net time, and the warnings. The calendars lie in
//! zones whose clocks change in the weeks of the test.
//!
//! `DEADLINE_CASES` sets the number of cases and `DEADLINE_SEED` the seed of the generator. A
//! failure prints the seed and the smallest failing case.

#[path = "deadlines/brute_force.rs"]
mod brute_force;
#[path = "deadlines/plan.rs"]
mod plan;
#[path = "deadlines/zones.rs"]
mod zones;

use brute_force::ExpectedClock;
use firstline::domain::explain::case_history::HistoryClock;
use firstline::domain::facts::commitment_clock::ClockState;
use firstline::domain::monitor::Monitor;
use firstline::domain::time::timestamp::{MINUTE, Timestamp};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::standard_file::parse_standard;
use plan::DeadlinePlan;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::sync::Arc;

const SEED: u64 = 22;
const CASE_COUNT: u32 = 1_000;

/// Returns the clock of each commitment of the plan, in the words of the brute force; `None` for a
/// commitment without a clock.
fn engine_clocks(plan: &DeadlinePlan) -> Vec<Option<ExpectedClock>> {
    let text = plan.standard_text();
    let standard = parse_standard("deadlines.toml", &text)
        .unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"));
    let standard = Arc::new(standard);
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default())
        .with_case_names(true);
    for event in plan.events() {
        decoder
            .decode_json(event.as_bytes())
            .unwrap_or_else(|rejection| panic!("{event}: {}", rejection.reason));
    }
    let mut monitor = Monitor::new(standard.clone(), None);
    monitor.apply_batch(&decoder.take_batch());
    monitor.tick(Timestamp(plan.now_ms()));
    let histories = monitor.case_histories(None, "r-1", None);
    let history = histories.first().expect("the order is known");
    let find = |name: &str| {
        let clock = history
            .clocks
            .iter()
            .find(|clock| standard.commitments[clock.report.commitment].name == name);
        clock.map(in_expected_words)
    };
    plan.commitments.iter().map(|commitment| find(&commitment.name)).collect()
}

fn in_expected_words(clock: &HistoryClock) -> ExpectedClock {
    let report = &clock.report;
    let mut warned = clock.warned.clone();
    warned.sort();
    ExpectedClock {
        deadline: report.deadline.map(|deadline| deadline.0),
        state: match report.state {
            ClockState::Stopped(since) => format!("stopped since {}", since.0 / MINUTE),
            state => state.name().to_owned(),
        },
        allowed_ms: report.allowed_ms,
        used_ms: report.used_ms,
        net_ms: report.net_ms,
        is_counting: report.is_counting,
        warned,
    }
}

#[test]
fn every_clock_matches_brute_force() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("DEADLINE_SEED").unwrap_or(SEED);
    let config = Config {
        cases: number("DEADLINE_CASES").map_or(CASE_COUNT, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 5_000,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&plan::deadline_plan(), |plan| {
        prop_assert!(engine_clocks(&plan) == brute_force::expected_clocks(&plan));
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Abort(why)) => panic!("DEADLINE_SEED={seed}: {why}"),
        Err(TestError::Fail(_, plan)) => {
            let (found, expected) = (engine_clocks(&plan), brute_force::expected_clocks(&plan));
            let differences: Vec<String> = plan
                .commitments
                .iter()
                .zip(found.iter().zip(&expected))
                .filter(|(_, (found, expected))| found != expected)
                .map(|(commitment, (found, expected))| {
                    format!("`{}`\n  found    {found:?}\n  expected {expected:?}", commitment.name)
                })
                .collect();
            panic!(
                "DEADLINE_SEED={seed}\n{}\n{}\nnow {}\n{}",
                plan.standard_text(),
                plan.events().join("\n"),
                plan.now_ms(),
                differences.join("\n")
            );
        }
    }
}
