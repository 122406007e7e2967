//! Compares boards of random histories with a naive oracle. The oracle recomputes every reading
//! from the full list of events.
//!
//! The oracle shares no code with the engine. It implements `standards/oracle.toml` by hand. It
//! tests working hours minute by minute, steps every clock through every pause and adds every fact
//! to each scope and window that covers it.
//!
//! Histories start near daylight-saving changes, month ends and
//! holidays. They are delivered in random order, with duplicates and with ticks between batches.
//! Boards are compared after some batches and at the end.
//!
//! `ORACLE_CASES` sets the number of histories and `ORACLE_SEED` the seed of the generator. A
//! failure prints the seed and the smallest failing history.

#[path = "oracle/board.rs"]
mod board;
#[path = "oracle/calendar.rs"]
mod calendar;
#[path = "oracle/call_legs.rs"]
mod call_legs;
#[path = "oracle/case_facts.rs"]
mod case_facts;
#[path = "oracle/commitment_clock.rs"]
mod commitment_clock;
#[path = "oracle/commitments.rs"]
mod commitments;
#[path = "oracle/comparison.rs"]
mod comparison;
#[path = "oracle/delivery.rs"]
mod delivery;
#[path = "oracle/event.rs"]
mod event;
#[path = "oracle/history.rs"]
mod history;
#[path = "oracle/history_plan.rs"]
mod history_plan;
#[path = "oracle/holders.rs"]
mod holders;
#[path = "oracle/indicators.rs"]
mod indicators;
#[path = "oracle/level_means.rs"]
mod level_means;
#[path = "oracle/order_facts.rs"]
mod order_facts;
#[path = "oracle/targets.rs"]
mod targets;

use delivery::{BoardMismatch, DeliveryPlan};
use firstline::standard_file::parse_standard;
use history_plan::HistoryPlan;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::sync::Arc;

const SEED: u64 = 10_000;
const CASE_COUNT: u32 = 150;

/// Builds the oracle for `standards/oracle.toml` extended by one section for each indicator.
fn build_oracle() -> delivery::NaiveOracle {
    let indicators = indicators::all_indicators();
    let sections: String = indicators.iter().map(indicators::OracleIndicator::to_toml).collect();
    let text = format!("{}{sections}", include_str!("standards/oracle.toml"));
    let standard =
        parse_standard("oracle.toml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let standard_names: Vec<&str> =
        standard.indicators.iter().map(|indicator| indicator.name.as_str()).collect();
    let oracle_names: Vec<&str> =
        indicators.iter().map(|indicator| indicator.name.as_str()).collect();
    let order = standard_names
        .iter()
        .map(|name| {
            oracle_names.iter().position(|known| known == name).expect("the oracle has it too")
        })
        .collect::<Vec<_>>();
    let indicators = order.into_iter().map(|index| indicators[index].clone()).collect();
    delivery::NaiveOracle::new(Arc::new(standard), indicators)
}

#[test]
fn every_board_matches_naive_oracle() {
    let oracle = build_oracle();
    let env_number =
        |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = env_number("ORACLE_SEED").unwrap_or(SEED);
    let cases = env_number("ORACLE_CASES").map_or(CASE_COUNT, |cases| cases as u32);
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..Config::default()
    };
    let differences = |plan: &HistoryPlan, delivery: &DeliveryPlan| {
        oracle.first_mismatch(&history::history_events(plan), delivery, plan.begin)
    };
    let result = TestRunner::new(config).run(
        &(history_plan::history_plan(7), delivery::delivery_strategy()),
        |(plan, delivery)| {
            prop_assert!(differences(&plan, &delivery).is_none());
            Ok(())
        },
    );
    match result {
        Ok(()) => {}
        Err(TestError::Abort(why)) => panic!("ORACLE_SEED={seed}: {why}"),
        Err(TestError::Fail(_, (plan, delivery))) => {
            let BoardMismatch { received, at, differences } =
                differences(&plan, &delivery).expect("the mismatch is reproducible");
            let received: String = received.iter().map(|event| format!("  {event:?}\n")).collect();
            let shown: String =
                differences.iter().take(12).map(|line| format!("  {line}\n")).collect();
            let count = differences.len();
            panic!(
                "ORACLE_SEED={seed}\nreceived in this order:\n{received}at {at} the board differs in {count} readings:\n{shown}"
            );
        }
    }
}
