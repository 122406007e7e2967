//! Property tests of engine snapshots. A restored engine behaves like the original,
//! also after a change of standard. A damaged snapshot is rejected or usable; it never panics.

use super::delivery::{self, DeliveryPlan, last_event_time};
use super::event::{BatchBuilder, EventOrigin, TestEvent};
use super::{
    check_property, delay_after_last_event, event_origins, event_sets, expect_same_lines,
    reading_lines, test_standards,
};
use firstline::domain::events::batch::Batch;
use firstline::domain::explain::explanation::ExplanationRequest;
use firstline::domain::explain::open_cases::{DeadlineRisk, OpenCaseQuery};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{RetentionHorizon, Standard};
use firstline::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::sync::Arc;

/// Returns the test standards with staleness. The first lists the source of the decoded events.
fn snapshot_standards() -> Vec<Arc<Standard>> {
    let mut standards = test_standards().map(|standard| Standard {
        stale_after_ms: Some(7 * MINUTE),
        ..Standard::clone(&standard)
    });
    if let Some(first) = standards[0].schema.sources.first_mut() {
        "/test".clone_into(first);
    }
    standards.map(Arc::new).into()
}

fn optional_horizon() -> impl Strategy<Value = Option<RetentionHorizon>> {
    let short = RetentionHorizon { contacts_ms: HOUR, orders_ms: 5 * HOUR, ahead_ms: MINUTE };
    select(vec![None, Some(RetentionHorizon::default()), Some(short), Some(short)])
}

/// Input of the engine.
#[derive(Clone, Debug)]
enum CoreInput {
    Events(Batch),
    Time(Timestamp),
}

impl CoreInput {
    /// Applies the input. Returns the outcome of a batch as text, empty for a tick.
    fn apply_to(&self, monitor: &mut Monitor) -> String {
        match self {
            CoreInput::Events(batch) => format!("{:?}", monitor.apply_batch(batch)),
            CoreInput::Time(now) => {
                monitor.tick(*now);
                String::new()
            }
        }
    }
}

/// Converts a delivery to steps, with final ticks at `end` and `later` milliseconds after it.
fn delivery_steps(
    standard: &Standard,
    origin: EventOrigin,
    set: &[TestEvent],
    delivery: &DeliveryPlan,
    end: Timestamp,
    later: i64,
) -> Vec<CoreInput> {
    let mut builder = BatchBuilder::new(standard, origin);
    let begin = set.iter().map(|event| event.time).min().unwrap_or_default();
    let (mut rest, mut steps) = (&delivery.order[..], Vec::new());
    for (batch, tick) in delivery.batches.iter().cycle().zip(delivery.ticks.iter().cycle()) {
        if rest.is_empty() {
            break;
        }
        let (batch_indexes, remaining) = rest.split_at(rest.len().min(*batch));
        let events = batch_indexes.iter().map(|index| &set[*index]);
        steps.push(CoreInput::Events(builder.build_batch(events)));
        steps.extend(tick.map(|thousandths| {
            CoreInput::Time(
                begin.plus_millis(end.millis_since(begin) / 1_000 * i64::from(thousandths)),
            )
        }));
        rest = remaining;
    }
    steps.extend([CoreInput::Time(end), CoreInput::Time(end.plus_millis(later))]);
    steps
}

fn encode_monitor(monitor: &Monitor) -> Vec<u8> {
    postcard::to_stdvec(&monitor.to_snapshot()).expect("snapshots serialize")
}

fn decode_monitor(
    standard: &Arc<Standard>,
    horizon: Option<RetentionHorizon>,
    bytes: &[u8],
) -> Result<Monitor, postcard::Error> {
    Monitor::from_snapshot(
        standard.clone(),
        horizon,
        &mut postcard::Deserializer::from_bytes(bytes),
    )
}

/// Returns all outputs of the engine: the board, explanations of some readings, the open cases,
/// case histories and counters.
fn all_answers(monitor: &mut Monitor) -> Vec<String> {
    let mut answers = reading_lines(monitor);
    let board = monitor.compute_board();
    for reading in board.readings.iter().step_by(board.readings.len() / 6 + 1) {
        let key = &reading.key;
        let request = ExplanationRequest {
            indicator: key.indicator,
            scope: (*key.scope).clone(),
            window: key.window,
            limit: 20,
        };
        let explanation = monitor.explain_reading(&request);
        answers.push(format!(
            "{:?} {:?} {:?} {:?} {:?}",
            explanation.reading(),
            explanation.begin,
            explanation.good,
            explanation.of,
            explanation.excluded
        ));
    }
    let query = OpenCaseQuery {
        risks: DeadlineRisk::ALL.to_vec(),
        family: None,
        commitment: None,
        conditions: Vec::new(),
        limit: 20,
    };
    let open = monitor.open_cases(&query);
    answers.push(format!("{} open: {:?}", open.count, open.cases));
    for subject in 0..6 {
        let histories = monitor.case_histories(None, &subject.to_string(), None).into_iter();
        answers.extend(histories.map(|history| {
            format!(
                "{:?} {:?} {:?} {:?}",
                history.name, history.events, history.facts, history.clocks
            )
        }));
    }
    answers.push(format!(
        "{} cases, {} forgotten",
        monitor.case_count(),
        monitor.forgotten_cases()
    ));
    answers
}

#[test]
fn restored_core_continues_identically() {
    let standards = snapshot_standards();
    let sets = prop_oneof![3 => event_sets::event_set(24), 1 => event_sets::contact_events(40)];
    let cuts = prop::collection::vec(any::<Index>(), 1..4);
    let inputs = (
        delivery::with_delivery(sets),
        (delay_after_last_event(), delay_after_last_event()),
        0..4_usize,
        optional_horizon(),
        event_origins(),
        cuts,
    );
    check_property(
        1_000,
        &inputs,
        |((set, delivery), (after, later), number, horizon, origin, cuts)| {
            let standard = &standards[number];
            let steps = delivery_steps(
                standard,
                origin,
                &set,
                &delivery,
                last_event_time(&set).plus_millis(after),
                later,
            );
            let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(steps.len())).collect();
            let mut whole = Monitor::new(standard.clone(), horizon);
            let mut cut = Monitor::new(standard.clone(), horizon);
            for (index, step) in steps.iter().enumerate() {
                if cuts.contains(&index) {
                    let bytes = encode_monitor(&cut);
                    cut = decode_monitor(standard, horizon, &bytes).map_err(|error| {
                        TestCaseError::fail(format!("snapshot before step {index}: {error}"))
                    })?;
                    prop_assert!(
                        encode_monitor(&cut) == bytes,
                        "the snapshot before step {index} differs when written again"
                    );
                    expect_same_lines(
                        &reading_lines(&mut whole),
                        &reading_lines(&mut cut),
                        &standard.name,
                    )?;
                }
                prop_assert_eq!(
                    step.apply_to(&mut whole),
                    step.apply_to(&mut cut),
                    "at step {}",
                    index
                );
            }
            prop_assert!(
                encode_monitor(&whole) == encode_monitor(&cut),
                "the final snapshots differ"
            );
            expect_same_lines(&all_answers(&mut whole), &all_answers(&mut cut), &standard.name)?;
            // The first standard declares every dimension of the events, so no event is left out.
            let other = &standards[if number == 0 { 2 } else { number }];
            let [mut whole, mut cut] =
                [whole, cut].map(|monitor| monitor.change_standard(other.clone(), horizon).monitor);
            expect_same_lines(&all_answers(&mut whole), &all_answers(&mut cut), &other.name)
        },
    );
}

/// Indistinguishable groups of cases share their sums. Older snapshots had one group for each
/// combination of dimensions, as with scopes over every dimension. They must stay readable.
#[test]
fn finer_snapshot_groups_are_merged_when_read() {
    let standards = snapshot_standards();
    let inputs = (
        delivery::with_delivery(event_sets::event_set(24)),
        delay_after_last_event(),
        0..4_usize,
        optional_horizon(),
        any::<Index>(),
    );
    check_property(300, &inputs, |((set, delivery), after, number, horizon, cut)| {
        let standard = &standards[number];
        let every = (0..standard.schema.dimensions.len()).map(|dimension| vec![dimension]);
        let fine_standard = Arc::new(Standard {
            scopes: standard.scopes.iter().cloned().chain(every).collect(),
            ..Standard::clone(standard)
        });
        let steps = delivery_steps(
            standard,
            EventOrigin::Constructed,
            &set,
            &delivery,
            last_event_time(&set),
            after,
        );
        let (before, after_cut) = steps.split_at(cut.index(steps.len()));
        let mut whole = Monitor::new(standard.clone(), horizon);
        let mut fine = Monitor::new(fine_standard, horizon);
        before.iter().for_each(|step| _ = (step.apply_to(&mut whole), step.apply_to(&mut fine)));
        let mut restored = decode_monitor(standard, horizon, &encode_monitor(&fine))
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        expect_same_lines(&reading_lines(&mut whole), &reading_lines(&mut restored), "at once")?;
        for step in after_cut {
            prop_assert_eq!(step.apply_to(&mut whole), step.apply_to(&mut restored));
        }
        expect_same_lines(&all_answers(&mut whole), &all_answers(&mut restored), "in the end")
    });
}

/// A replayed journal has fewer ticks than the original run, since only the ticks beside batches
/// are recorded. The answers must be the same.
#[test]
fn tick_frequency_does_not_change_answers() {
    let standards = snapshot_standards();
    let gaps = select(vec![0, 0, 1, 999, MINUTE, 10 * MINUTE, HOUR, 7 * HOUR, 24 * HOUR]);
    let gaps = prop::collection::vec(gaps, 1..6);
    let more = prop::collection::vec((any::<Index>(), 0..=1_000_i64), 1..40);
    let inputs = (
        delivery::with_delivery(event_sets::event_set(24)),
        any::<bool>(),
        gaps,
        more,
        0..4_usize,
        optional_horizon(),
        delay_after_last_event(),
    );
    check_property(
        1_000,
        &inputs,
        |((set, mut delivery), sorted, gaps, more, number, horizon, after)| {
            let standard = &standards[number];
            if sorted {
                delivery.order.sort_by_key(|index| set[*index].time);
            }
            delivery.ticks = vec![None];
            let mut now = set[delivery.order[0]].time;
            let mut few = Vec::new();
            let end = last_event_time(&set).plus_millis(after);
            for (step, gap) in
                delivery_steps(standard, EventOrigin::Decoded, &set, &delivery, end, HOUR)
                    .into_iter()
                    .zip(gaps.iter().cycle())
            {
                now = match step {
                    CoreInput::Time(time) => now.max(time),
                    CoreInput::Events(_) => now.plus_millis(*gap),
                };
                few.push(CoreInput::Time(now));
                few.push(step);
            }
            // Extra ticks lie between two recorded ones, so that time never goes back.
            let mut many: Vec<(usize, Timestamp)> = Vec::new();
            let times: Vec<(usize, Timestamp)> = few
                .iter()
                .enumerate()
                .filter_map(|(index, step)| {
                    if let CoreInput::Time(now) = step { Some((index, *now)) } else { None }
                })
                .collect();
            for (index, thousandths) in more {
                let [(_, before), (index, next)] = times[index.index(times.len() - 1)..][..2]
                else {
                    continue;
                };
                many.push((
                    index,
                    before.plus_millis(next.millis_since(before).max(0) / 1_000 * thousandths),
                ));
            }
            many.sort_unstable();
            let (mut seldom, mut often) =
                (Monitor::new(standard.clone(), horizon), Monitor::new(standard.clone(), horizon));
            for (index, step) in few.iter().enumerate() {
                many.iter()
                    .filter(|(before, _)| *before == index)
                    .for_each(|(_, now)| often.tick(*now));
                prop_assert_eq!(
                    step.apply_to(&mut seldom),
                    step.apply_to(&mut often),
                    "at step {}",
                    index
                );
            }
            expect_same_lines(&all_answers(&mut seldom), &all_answers(&mut often), &standard.name)
        },
    );
}

#[test]
fn damaged_snapshot_is_rejected_or_usable() {
    let standards = snapshot_standards();
    let damage = prop::collection::vec(
        (any::<Index>(), prop_oneof![3 => (0..8_u8).prop_map(|bit| 1 << bit), 1 => any::<u8>()]),
        0..3,
    );
    let inputs = (
        delivery::with_delivery(event_sets::event_set(16)),
        delay_after_last_event(),
        0..4_usize,
        optional_horizon(),
        damage,
        prop::option::weighted(0.3, any::<Index>()),
    );
    check_property(3_000, &inputs, |((set, delivery), after, number, horizon, damage, length)| {
        let standard = &standards[number];
        let end = last_event_time(&set).plus_millis(after);
        let steps = delivery_steps(standard, EventOrigin::Decoded, &set, &delivery, end, HOUR);
        let mut monitor = Monitor::new(standard.clone(), horizon);
        let (before, rest) = steps.split_at(steps.len() / 2);
        before.iter().for_each(|step| _ = step.apply_to(&mut monitor));
        let mut bytes = encode_monitor(&monitor);
        for (index, bits) in &damage {
            let index = index.index(bytes.len());
            bytes[index] ^= bits;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
            prop_assert!(
                !damage.is_empty() || decode_monitor(standard, horizon, &bytes).is_err(),
                "a truncated snapshot is rejected"
            );
        }
        if let Ok(mut restored) = decode_monitor(standard, horizon, &bytes) {
            rest.iter().for_each(|step| _ = step.apply_to(&mut restored));
            all_answers(&mut restored);
            encode_monitor(&restored);
        }
        Ok(())
    });
}
