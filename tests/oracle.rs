//! Boards of random histories equal those of a naive oracle, which recomputes everything from the full list of events.
//!
//! The oracle shares nothing with the core but this comparison: it knows by heart what `standards/oracle.toml` means, asks the
//! local clock minute by minute when somebody works, leads every clock along every pause, and puts every fact into every
//! scope and window that covers it. Histories lie around the changes of clocks, the ends of months and holidays; they are delivered
//! in any order, some events twice, with ticks between, and the board is compared on the way.
//!
//! `ORACLE_CASES` looks longer and `ORACLE_SEED` elsewhere; a failure prints the seed and the smallest history found.

#[path = "oracle/board.rs"]
mod board;
#[path = "oracle/calendar.rs"]
mod calendar;
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
#[path = "oracle/indicators.rs"]
mod indicators;
#[path = "oracle/order_facts.rs"]
mod order_facts;

use delivery::{BoardMismatch, DeliveryPlan};
use firstline::standard_file::parse_standard;
use history_plan::HistoryPlan;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::sync::Arc;

const SEED: u64 = 10_000;
const CASE_COUNT: u32 = 150;

/// The standard: the file, and a paragraph for each indicator.
fn build_oracle() -> delivery::NaiveOracle {
    let indicators = indicators::all_indicators();
    let paragraphs: String = indicators.iter().map(indicators::OracleIndicator::to_toml).collect();
    let text = format!("{}{paragraphs}", include_str!("standards/oracle.toml"));
    let standard =
        parse_standard("oracle.toml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let written: Vec<&str> =
        standard.indicators.iter().map(|indicator| indicator.name.as_str()).collect();
    let ours: Vec<&str> = indicators.iter().map(|indicator| indicator.name.as_str()).collect();
    let order = written
        .iter()
        .map(|name| ours.iter().position(|known| known == name).expect("an indicator of ours"))
        .collect::<Vec<_>>();
    let indicators = order.into_iter().map(|place| indicators[place].clone()).collect();
    delivery::NaiveOracle::new(Arc::new(standard), indicators)
}

#[test]
fn every_board_matches_naive_oracle() {
    let oracle = build_oracle();
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = asked("ORACLE_SEED").unwrap_or(SEED);
    let cases = asked("ORACLE_CASES").map_or(CASE_COUNT, |cases| cases as u32);
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
            let BoardMismatch { received: heard, at, differences } =
                differences(&plan, &delivery).expect("it differed before");
            let heard: String = heard.iter().map(|said| format!("  {said:?}\n")).collect();
            let some: String =
                differences.iter().take(12).map(|line| format!("  {line}\n")).collect();
            let many = differences.len();
            panic!(
                "ORACLE_SEED={seed}\nheard, in this order:\n{heard}at {at} the board differs in {many} readings:\n{some}"
            );
        }
    }
}
