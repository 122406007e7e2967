//! Random histories: the engine against the model, the model against the reference program beside
//! the repository, and broken models against the model.
//!
//! `LEGS_CASES` sets the number of histories and `LEGS_SEED` the seed of the generator.

use super::breakages;
use super::event::CallEvent;
use super::figures::{ExpectedFigures, contact_text};
use super::history::{DeliveryPlan, call_history, delivery_plan};
use super::model::{derive_broken_contacts, derive_contacts};
use super::product::{EngineRun, legs_standard};
use super::scenarios::shared_folder;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::process::Command;

const SEED: u64 = 21;
const CASE_COUNT: u32 = 10_000;
/// Histories that are compared with the reference program.
const REFERENCE_COUNT: usize = 3_000;
/// Histories in which every broken model must differ from the model.
const BREAKAGE_COUNT: usize = 2_000;

fn environment_number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn test_runner(cases: u32) -> (u64, TestRunner) {
    let seed = environment_number("LEGS_SEED").unwrap_or(SEED);
    let config = Config {
        cases: environment_number("LEGS_CASES").map_or(cases, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..Config::default()
    };
    (seed, TestRunner::new(config))
}

/// Returns this many histories of one contact each, with subjects of their own.
fn single_contacts(count: usize) -> Vec<Vec<CallEvent>> {
    let (_, mut runner) = test_runner(CASE_COUNT);
    let strategy = call_history(1);
    (0..count)
        .map(|number| {
            let events = strategy.new_tree(&mut runner).expect("a history").current();
            let rename = |event: CallEvent| {
                let json = event.json.replace("\"c0\"", &format!("\"h{number}\""));
                CallEvent { subject: format!("h{number}"), json, ..event }
            };
            events.into_iter().map(rename).collect()
        })
        .collect()
}

/// Numbers of boards that were compared and that could not be.
#[derive(Default)]
struct BoardCounts {
    compared: Cell<u32>,
    left_out: Cell<u32>,
}

/// Returns the first batch after which the board differs from the model: the events received until
/// then, and the differences.
fn first_mismatch(
    events: &[CallEvent],
    delivery: &DeliveryPlan,
    counts: &BoardCounts,
) -> Option<(String, Vec<String>)> {
    let standard = legs_standard_once();
    let mut run = EngineRun::new(&standard);
    let mut received = String::new();
    for (batch, compared) in delivery.batches(events) {
        for event in &batch {
            received += &event.json;
            received.push('\n');
        }
        received.push('\n');
        run.receive_batch(batch);
        if compared {
            let Some(differences) = run.board_differences() else {
                counts.left_out.set(counts.left_out.get() + 1);
                continue;
            };
            counts.compared.set(counts.compared.get() + 1);
            if !differences.is_empty() {
                return Some((received, differences));
            }
        }
    }
    None
}

/// Returns the standard, parsed once.
fn legs_standard_once() -> std::sync::Arc<firstline::domain::standard::Standard> {
    static STANDARD: std::sync::OnceLock<std::sync::Arc<firstline::domain::standard::Standard>> =
        std::sync::OnceLock::new();
    STANDARD.get_or_init(legs_standard).clone()
}

#[test]
fn engine_matches_model_in_random_histories() {
    let (seed, mut runner) = test_runner(CASE_COUNT);
    println!("legs: LEGS_SEED={seed}");
    let counts = BoardCounts::default();
    let result = runner.run(&(call_history(3), delivery_plan()), |(events, delivery)| {
        prop_assert!(first_mismatch(&events, &delivery, &counts).is_none());
        Ok(())
    });
    match result {
        Ok(()) => {
            let (compared, left_out) = (counts.compared.get(), counts.left_out.get());
            println!("legs: {compared} boards equal, {left_out} left out");
            assert!(left_out < compared / 4, "too few boards were compared");
        }
        Err(TestError::Abort(why)) => panic!("LEGS_SEED={seed}: {why}"),
        Err(TestError::Fail(_, (events, delivery))) => {
            let (received, differences) =
                first_mismatch(&events, &delivery, &counts).expect("the mismatch is reproducible");
            let all: Vec<&CallEvent> = events.iter().collect();
            let contacts: String = derive_contacts(&all)
                .iter()
                .map(|(subject, contact)| format!("{subject}: {}\n", contact_text(contact)))
                .collect();
            panic!(
                "LEGS_SEED={seed}\nreceived in this order, one batch per paragraph:\n{received}\
                 contacts after the last event, by ids as texts:\n{contacts}\
                 {} figures differ:\n{}",
                differences.len(),
                differences.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
            );
        }
    }
}

/// Compares the model with the program that defines contacts and legs.
#[test]
fn model_matches_reference_program() {
    let Some(folder) = shared_folder("legs") else { return };
    let histories = single_contacts(REFERENCE_COUNT);
    let lines: Vec<&str> = histories.iter().flatten().map(|event| event.json.as_str()).collect();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("events.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let Ok(output) =
        Command::new("python3").arg("-B").arg(folder.join("legs_reference.py")).arg(&file).output()
    else {
        println!("skipped: python3 does not run");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let reference: Value = serde_json::from_slice(&output.stdout).unwrap();
    for events in &histories {
        let subject = &events[0].subject;
        let all: Vec<&CallEvent> = events.iter().collect();
        let model = derive_contacts(&all).remove(subject);
        let reference = &reference["of"][format!("/acd {subject}")];
        let model = model.map(|contact| contact_text(&contact));
        let lines: Vec<&str> = events.iter().map(|event| event.json.as_str()).collect();
        assert_eq!(model, reference_text(reference), "of\n{}", lines.join("\n"));
    }
    println!("legs: {REFERENCE_COUNT} histories equal");
}

/// Returns a contact of the reference program in the words of [`contact_text`].
fn reference_text(contact: &Value) -> Option<String> {
    let legs = contact["legs"].as_array()?;
    let seconds = |value: &Value, before: &str| {
        value.as_f64().map_or(String::new(), |seconds| format!("{before}{seconds} s"))
    };
    let reason =
        |value: &Value| value.as_str().map_or(String::new(), |reason| format!(" ({reason})"));
    let not_offered = |value: &Value| if value.is_null() { "not offered, " } else { "" };
    let legs: Vec<String> = legs
        .iter()
        .map(|leg| {
            format!(
                "{} {}{}{}{}{}",
                leg["queue"].as_str().unwrap_or("-"),
                not_offered(&leg["offered"]),
                leg["outcome"].as_str().expect("an outcome"),
                reason(&leg["reason"]),
                seconds(&leg["wait"], " after "),
                seconds(&leg["talk"], ", talk "),
            )
        })
        .collect();
    let outcome = contact["outcome"].as_str().expect("an outcome");
    Some(format!(
        "{}{}{}{}: {}",
        not_offered(&contact["offered"]),
        if outcome == "callback_pending" { "call-back pending" } else { outcome },
        reason(&contact["reason"]),
        seconds(&contact["wait"], " after "),
        legs.join("; ")
    ))
}

/// Each broken rule must change figures of some random histories. Prints how many it takes.
#[test]
fn random_histories_reach_every_rule() {
    let histories = single_contacts(BREAKAGE_COUNT);
    let figures = |events: &[CallEvent], breakage| {
        let all: Vec<&CallEvent> = events.iter().collect();
        ExpectedFigures::from_contacts(derive_broken_contacts(&all, breakage).values()).figures
    };
    for breakage in breakages::ALL {
        let first = histories
            .iter()
            .position(|events| figures(events, Some(breakage)) != figures(events, None));
        let first = first.unwrap_or_else(|| panic!("{breakage:?} changes no figure"));
        println!("legs: {breakage:?} changes history {}", first + 1);
    }
}
