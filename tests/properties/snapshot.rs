//! A core that begins again from what another one wrote down says and does what that one would have: wherever it was cut, and
//! also after another standard is adopted. A damaged memory is refused or believed; it never makes the core fail.

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

/// The standards of the other tests; the first knows the source of the decoded events, and all say when they are stale.
fn snapshot_standards() -> Vec<Arc<Standard>> {
    let mut known = test_standards().map(|standard| Standard {
        stale_after_ms: Some(7 * MINUTE),
        ..Standard::clone(&standard)
    });
    if let Some(first) = known[0].schema.sources.first_mut() {
        "/test".clone_into(first);
    }
    known.map(Arc::new).into()
}

fn optional_horizon() -> impl Strategy<Value = Option<RetentionHorizon>> {
    let short = RetentionHorizon { contacts_ms: HOUR, orders_ms: 5 * HOUR, ahead_ms: MINUTE };
    select(vec![None, Some(RetentionHorizon::default()), Some(short), Some(short)])
}

/// What a core is told.
#[derive(Clone, Debug)]
enum CoreInput {
    Events(Batch),
    Time(Timestamp),
}

impl CoreInput {
    /// Tells it; what became of the events.
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

/// A delivery step by step, up to `end` and some time later.
fn delivery_steps(
    standard: &Standard,
    road: EventOrigin,
    set: &[TestEvent],
    delivery: &DeliveryPlan,
    end: Timestamp,
    later: i64,
) -> Vec<CoreInput> {
    let mut packer = BatchBuilder::new(standard, road);
    let begin = set.iter().map(|event| event.time).min().unwrap_or_default();
    let (mut rest, mut steps) = (&delivery.order[..], Vec::new());
    for (batch, tick) in delivery.batches.iter().cycle().zip(delivery.ticks.iter().cycle()) {
        if rest.is_empty() {
            break;
        }
        let (these, others) = rest.split_at(rest.len().min(*batch));
        steps.push(CoreInput::Events(packer.build_batch(these.iter().map(|place| &set[*place]))));
        steps.extend(tick.map(|thousandths| {
            CoreInput::Time(
                begin.plus_millis(end.millis_since(begin) / 1_000 * i64::from(thousandths)),
            )
        }));
        rest = others;
    }
    steps.extend([CoreInput::Time(end), CoreInput::Time(end.plus_millis(later))]);
    steps
}

fn encode_monitor(monitor: &Monitor) -> Vec<u8> {
    postcard::to_stdvec(&monitor.to_snapshot()).expect("a memory can be written")
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

/// All that a core says: the board, the cases behind some of its readings, the open cases, and what it counts of itself.
fn all_answers(monitor: &mut Monitor) -> Vec<String> {
    let mut said = reading_lines(monitor);
    let board = monitor.compute_board();
    for reading in board.readings.iter().step_by(board.readings.len() / 6 + 1) {
        let key = &reading.key;
        let asked = ExplanationRequest {
            indicator: key.indicator,
            scope: (*key.scope).clone(),
            window: key.window,
            limit: 20,
        };
        let told = monitor.explain_reading(&asked);
        said.push(format!(
            "{:?} {:?} {:?} {:?} {:?}",
            told.reading(),
            told.begin,
            told.good,
            told.of,
            told.excluded
        ));
    }
    let wanted = OpenCaseQuery {
        risks: DeadlineRisk::ALL.to_vec(),
        family: None,
        commitment: None,
        conditions: Vec::new(),
        limit: 20,
    };
    let open = monitor.open_cases(&wanted);
    said.push(format!("{} open: {:?}", open.count, open.cases));
    for subject in 0..6 {
        let histories = monitor.case_histories(None, &subject.to_string()).into_iter();
        said.extend(histories.map(|history| {
            format!(
                "{:?} {:?} {:?} {:?}",
                history.name, history.events, history.facts, history.clocks
            )
        }));
    }
    said.push(format!("{} cases, {} forgotten", monitor.case_count(), monitor.forgotten_cases()));
    said
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
        |((set, delivery), (after, later), number, horizon, road, cuts)| {
            let standard = &standards[number];
            let steps = delivery_steps(
                standard,
                road,
                &set,
                &delivery,
                last_event_time(&set).plus_millis(after),
                later,
            );
            let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(steps.len())).collect();
            let mut whole = Monitor::new(standard.clone(), horizon);
            let mut cut = Monitor::new(standard.clone(), horizon);
            for (place, step) in steps.iter().enumerate() {
                if cuts.contains(&place) {
                    let bytes = encode_monitor(&cut);
                    cut = decode_monitor(standard, horizon, &bytes).map_err(|error| {
                        TestCaseError::fail(format!("before step {place}: {error}"))
                    })?;
                    prop_assert!(
                        encode_monitor(&cut) == bytes,
                        "written again before step {place} it is not the same"
                    );
                    expect_same_lines(
                        &reading_lines(&whole),
                        &reading_lines(&cut),
                        &standard.name,
                    )?;
                }
                prop_assert_eq!(
                    step.apply_to(&mut whole),
                    step.apply_to(&mut cut),
                    "at step {}",
                    place
                );
            }
            prop_assert!(
                encode_monitor(&whole) == encode_monitor(&cut),
                "in the end their memories differ"
            );
            expect_same_lines(&all_answers(&mut whole), &all_answers(&mut cut), &standard.name)?;
            // The first declares every dimension of the events.
            let other = &standards[if number == 0 { 2 } else { number }];
            let [mut whole, mut cut] =
                [whole, cut].map(|monitor| monitor.change_standard(other.clone(), horizon).monitor);
            expect_same_lines(&all_answers(&mut whole), &all_answers(&mut cut), &other.name)
        },
    );
}

/// Groups of cases that nothing tells apart share their sums. Where the standard's scopes look at every dimension nothing is shared, and
/// that is how everything was written down once: a core with fewer scopes reads it all the same.
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
        let apart = Arc::new(Standard {
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
        let (before, behind) = steps.split_at(cut.index(steps.len()));
        let mut whole = Monitor::new(standard.clone(), horizon);
        let mut apart = Monitor::new(apart, horizon);
        before.iter().for_each(|step| _ = (step.apply_to(&mut whole), step.apply_to(&mut apart)));
        let mut read = decode_monitor(standard, horizon, &encode_monitor(&apart))
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        expect_same_lines(&reading_lines(&whole), &reading_lines(&read), "at once")?;
        for step in behind {
            prop_assert_eq!(step.apply_to(&mut whole), step.apply_to(&mut read));
        }
        expect_same_lines(&all_answers(&mut whole), &all_answers(&mut read), "in the end")
    });
}

/// Who begins again is told of less time passing than who was there: only the ticks beside the batches were written down.
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
                delivery.order.sort_by_key(|place| set[*place].time);
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
            // Between the first tick and the last, each after the one before it in the list.
            let mut many: Vec<(usize, Timestamp)> = Vec::new();
            let times: Vec<(usize, Timestamp)> = few
                .iter()
                .enumerate()
                .filter_map(|(place, step)| {
                    if let CoreInput::Time(now) = step { Some((place, *now)) } else { None }
                })
                .collect();
            for (place, thousandths) in more {
                let [(_, before), (place, next)] = times[place.index(times.len() - 1)..][..2]
                else {
                    continue;
                };
                many.push((
                    place,
                    before.plus_millis(next.millis_since(before).max(0) / 1_000 * thousandths),
                ));
            }
            many.sort_unstable();
            let (mut seldom, mut often) =
                (Monitor::new(standard.clone(), horizon), Monitor::new(standard.clone(), horizon));
            for (place, step) in few.iter().enumerate() {
                many.iter()
                    .filter(|(before, _)| *before == place)
                    .for_each(|(_, now)| often.tick(*now));
                prop_assert_eq!(
                    step.apply_to(&mut seldom),
                    step.apply_to(&mut often),
                    "at step {}",
                    place
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
        for (place, bits) in &damage {
            let place = place.index(bytes.len());
            bytes[place] ^= bits;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
            prop_assert!(
                !damage.is_empty() || decode_monitor(standard, horizon, &bytes).is_err(),
                "what is cut short is refused"
            );
        }
        if let Ok(mut believed) = decode_monitor(standard, horizon, &bytes) {
            rest.iter().for_each(|step| _ = step.apply_to(&mut believed));
            all_answers(&mut believed);
            encode_monitor(&believed);
        }
        Ok(())
    });
}
