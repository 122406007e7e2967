//! Property tests of shares that count states with their time inside the window, for cores restored
//! from snapshots that lack the sums for this.

use super::delivery::{self, DeliveryPlan, deliver_events_to, last_event_time};
use super::event::{EventOrigin, TestEvent};
use super::{
    check_property, delay_after_last_event, event_sets, expect_same_lines, reading_lines,
    test_standards,
};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{Formula, RetentionHorizon, Standard};
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use proptest::prelude::*;
use std::sync::Arc;

const STATES: [&str; 5] = ["ready", "talking", "wrapup", "pause", "offline"];

/// Returns an event of an agent with the subject, id, time and dimensions of another event.
fn agent_event(event: &TestEvent) -> TestEvent {
    let state = STATES[(event.id as usize + usize::from(event.subject)) % STATES.len()];
    TestEvent {
        center: event.center,
        tier: event.tier,
        sequence: event.sequence,
        state: Some(state),
        ..TestEvent::plain(event.subject, event.id, event.time, "agent.changed")
    }
}

/// Returns the standard without the formulas that earlier versions did not know. They come last.
fn without_new_formulas(standard: &Standard) -> Arc<Standard> {
    let mut earlier = standard.clone();
    let is_known =
        |formula: &Formula| !matches!(formula, Formula::MeanLevel { .. } | Formula::Weighted(_));
    earlier.indicators.retain(|indicator| is_known(&indicator.formula));
    Arc::new(earlier)
}

/// Returns the standard as earlier versions read it: every duration counts when it ends, and cells
/// have no sums of states.
fn earlier_standard(standard: &Standard) -> Standard {
    let mut earlier = standard.clone();
    for indicator in &mut earlier.indicators {
        if let Formula::Share { states, .. } = &mut indicator.formula {
            *states = None;
        }
    }
    earlier
}

/// Returns a core under `standard`, restored from the snapshot that an earlier version would have
/// made of `monitor`.
fn restore_earlier_snapshot(
    monitor: &Monitor,
    standard: &Arc<Standard>,
    horizon: Option<RetentionHorizon>,
) -> Result<Monitor, TestCaseError> {
    let bytes = postcard::to_stdvec(&monitor.to_snapshot()).expect("snapshots serialize");
    let mut from = postcard::Deserializer::from_bytes(&bytes);
    Monitor::from_snapshot(standard.clone(), horizon, &mut from)
        .map_err(|error| TestCaseError::fail(error.to_string()))
}

#[test]
fn snapshot_without_sums_of_states_is_recounted() {
    let standards = test_standards();
    let inputs = (
        delivery::with_delivery(event_sets::event_set(24)),
        delivery::with_delivery(event_sets::event_set(12)),
        delay_after_last_event(),
        0..2_usize,
    );
    check_property(200, &inputs, |((set, delivery), (more, later_delivery), after, number)| {
        let standard = &without_new_formulas(&standards[number]);
        let earlier = Arc::new(earlier_standard(standard));
        let deliver = |monitor, standard, set: &[TestEvent], delivery: &DeliveryPlan| {
            let set: Vec<TestEvent> = set.iter().map(agent_event).collect();
            let end = last_event_time(&set).plus_millis(after);
            let origin = EventOrigin::Constructed;
            deliver_events_to(monitor, standard, origin, &set, delivery, end)
        };
        let mut whole = deliver(Monitor::new(standard.clone(), None), standard, &set, &delivery);
        let cut = deliver(Monitor::new(earlier.clone(), None), &earlier, &set, &delivery);
        let mut cut = restore_earlier_snapshot(&cut, standard, None)?;
        expect_same_lines(&reading_lines(&mut whole), &reading_lines(&mut cut), "at once")?;
        // The recounted sums are withdrawn and leave their windows like all others.
        let mut whole = deliver(whole, standard, &more, &later_delivery);
        let mut cut = deliver(cut, standard, &more, &later_delivery);
        expect_same_lines(&reading_lines(&mut whole), &reading_lines(&mut cut), "later")
    });
}

#[test]
fn recount_includes_forgotten_states_in_all_of_time() {
    let standard = without_new_formulas(&test_standards()[1]);
    let earlier = Arc::new(earlier_standard(&standard));
    let horizon = Some(RetentionHorizon { contacts_ms: HOUR, orders_ms: HOUR, ahead_ms: 1 << 60 });
    let set: Vec<TestEvent> = (0..300)
        .map(|id| {
            let time = Timestamp(event_sets::MIDNIGHT).plus_millis(i64::from(id) * HOUR);
            agent_event(&TestEvent::plain(3, id, time, "agent.changed"))
        })
        .collect();
    let delivery = DeliveryPlan {
        order: (0..set.len()).collect(),
        batches: vec![1],
        ticks: vec![None],
        counted_at_once: vec![true],
    };
    let lines = |monitor: &mut Monitor| -> Vec<String> {
        // States of the last seven days are remembered for an hour only.
        let mut lines = reading_lines(monitor);
        lines.retain(|line| line.contains(r#""all""#) || line.contains(r#""today""#));
        lines
    };
    let [mut whole, mut cut] = [&standard, &earlier].map(|standard| {
        let monitor = Monitor::new(standard.clone(), horizon);
        let end = last_event_time(&set).plus_millis(HOUR / 2);
        deliver_events_to(monitor, standard, EventOrigin::Constructed, &set, &delivery, end)
    });
    assert!(lines(&mut whole) != lines(&mut cut), "earlier versions left out the state that lasts");
    let mut cut = restore_earlier_snapshot(&cut, &standard, horizon).expect("the snapshot is read");
    assert_eq!(lines(&mut whole), lines(&mut cut));
}
