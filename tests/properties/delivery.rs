//! Delivers a set of events to the engine in random order, with duplicates, batches and ticks.

use super::event::{BatchBuilder, EventOrigin, TestEvent};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use proptest::prelude::*;
use std::sync::Arc;

/// Random way to deliver a set of events. Lists other than `order` are cycled.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryPlan {
    /// Indexes into the set, each at least once.
    pub(crate) order: Vec<usize>,
    /// Batch sizes.
    pub(crate) batches: Vec<usize>,
    /// Tick after each batch, in thousandths of the time from the first event to the end.
    pub(crate) ticks: Vec<Option<u16>>,
    /// True to settle the engine right after the batch.
    pub(crate) counted_at_once: Vec<bool>,
}

/// Generates a set of events with a way to deliver it.
pub(crate) fn with_delivery(
    set: impl Strategy<Value = Vec<TestEvent>>,
) -> impl Strategy<Value = (Vec<TestEvent>, DeliveryPlan)> {
    set.prop_flat_map(|set| {
        let count = set.len();
        let order =
            prop::collection::vec(0..count, 0..=count).prop_map(move |repeated| (0..count).chain(repeated).collect::<Vec<_>>()).prop_shuffle();
        let batches = prop_oneof![1 => Just(vec![1]), 2 => prop::collection::vec(1..8_usize, 1..4), 1 => Just(vec![usize::MAX])];
        let tick = prop_oneof![2 => Just(None), 1 => (0..=1_000_u16).prop_map(Some)];
        let ticks = prop::collection::vec(tick, 1..6);
        let counted_at_once = prop_oneof![Just(vec![true]), Just(vec![false]), prop::collection::vec(any::<bool>(), 2..5)];
        let delivery = (order, batches, ticks, counted_at_once).prop_map(|(order, batches, ticks, counted_at_once)| DeliveryPlan {
            order,
            batches,
            ticks,
            counted_at_once,
        });
        (Just(set), delivery)
    })
}

/// Returns the time of the latest event, 1970 if the set is empty.
pub(crate) fn last_event_time(set: &[TestEvent]) -> Timestamp {
    set.iter().map(|event| event.time).max().unwrap_or_default()
}

/// Delivers the set to a new engine and ticks it to `end`.
pub(crate) fn deliver_events(
    standard: &Arc<Standard>,
    origin: EventOrigin,
    set: &[TestEvent],
    delivery: &DeliveryPlan,
    end: Timestamp,
) -> Monitor {
    deliver_events_to(Monitor::new(standard.clone(), None), standard, origin, set, delivery, end)
}

/// Delivers the set to `monitor` and ticks it to `end`.
pub(crate) fn deliver_events_to(
    mut monitor: Monitor,
    standard: &Arc<Standard>,
    origin: EventOrigin,
    set: &[TestEvent],
    delivery: &DeliveryPlan,
    end: Timestamp,
) -> Monitor {
    let mut builder = BatchBuilder::new(standard, origin);
    let begin = set.iter().map(|event| event.time).min().unwrap_or_default();
    let mut rest = &delivery.order[..];
    let mut counted_at_once = delivery.counted_at_once.iter().cycle();
    for (batch, tick) in delivery.batches.iter().cycle().zip(delivery.ticks.iter().cycle()) {
        if rest.is_empty() {
            break;
        }
        let (batch_indexes, remaining) = rest.split_at(rest.len().min(*batch));
        monitor.merge_batch(&builder.build_batch(batch_indexes.iter().map(|index| &set[*index])));
        if counted_at_once.next() == Some(&true) {
            monitor.settle();
        }
        if let Some(thousandths) = tick {
            monitor
                .tick(begin.plus_millis(end.millis_since(begin) / 1_000 * i64::from(*thousandths)));
        }
        rest = remaining;
    }
    monitor.tick(end);
    monitor
}

/// Delivers the set to a new engine in order of time, without duplicates and in one batch.
pub(crate) fn deliver_sorted_events(
    standard: &Arc<Standard>,
    origin: EventOrigin,
    set: &[TestEvent],
    end: Timestamp,
) -> Monitor {
    let mut order: Vec<usize> = (0..set.len()).collect();
    order.sort_by_key(|index| set[*index].time);
    deliver_events(
        standard,
        origin,
        set,
        &DeliveryPlan {
            order,
            batches: vec![usize::MAX],
            ticks: vec![None],
            counted_at_once: vec![true],
        },
        end,
    )
}
