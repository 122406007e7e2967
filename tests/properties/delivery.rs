//! How a set of events reaches the core: in which order, how often, in which batches, with which ticks between.

use super::event::{BatchBuilder, EventOrigin, TestEvent};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use proptest::prelude::*;
use std::sync::Arc;

/// A way to deliver a set of events.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryPlan {
    /// Places in the set, each at least once.
    pub(crate) order: Vec<usize>,
    /// The sizes of the batches, over and over.
    pub(crate) batches: Vec<usize>,
    /// What follows each batch, over and over: a tick so many thousandths on the way from the first event to the end.
    pub(crate) ticks: Vec<Option<u16>>,
    /// Whether what a batch changes is counted at once or later, over and over.
    pub(crate) counted_at_once: Vec<bool>,
}

/// A set with a way to deliver it.
pub(crate) fn with_delivery(
    set: impl Strategy<Value = Vec<TestEvent>>,
) -> impl Strategy<Value = (Vec<TestEvent>, DeliveryPlan)> {
    set.prop_flat_map(|set| {
        let many = set.len();
        let order =
            prop::collection::vec(0..many, 0..=many).prop_map(move |again| (0..many).chain(again).collect::<Vec<_>>()).prop_shuffle();
        let batches = prop_oneof![1 => Just(vec![1]), 2 => prop::collection::vec(1..8_usize, 1..4), 1 => Just(vec![usize::MAX])];
        let tick = prop_oneof![2 => Just(None), 1 => (0..=1_000_u16).prop_map(Some)];
        let ticks = prop::collection::vec(tick, 1..6);
        let settled = prop_oneof![Just(vec![true]), Just(vec![false]), prop::collection::vec(any::<bool>(), 2..5)];
        let delivery = (order, batches, ticks, settled).prop_map(|(order, batches, ticks, settled)| DeliveryPlan {
            order,
            batches,
            ticks,
            counted_at_once: settled,
        });
        (Just(set), delivery)
    })
}

/// The last time any event of the set was said to happen.
pub(crate) fn last_event_time(set: &[TestEvent]) -> Timestamp {
    set.iter().map(|event| event.time).max().unwrap_or_default()
}

/// A core that was given the set in this way and then told that it is `end`.
pub(crate) fn deliver_events(
    standard: &Arc<Standard>,
    road: EventOrigin,
    set: &[TestEvent],
    delivery: &DeliveryPlan,
    end: Timestamp,
) -> Monitor {
    deliver_events_to(Monitor::new(standard.clone(), None), standard, road, set, delivery, end)
}

/// As [`deliver`], to a core of one's own.
pub(crate) fn deliver_events_to(
    mut monitor: Monitor,
    standard: &Arc<Standard>,
    road: EventOrigin,
    set: &[TestEvent],
    delivery: &DeliveryPlan,
    end: Timestamp,
) -> Monitor {
    let mut packer = BatchBuilder::new(standard, road);
    let begin = set.iter().map(|event| event.time).min().unwrap_or_default();
    let mut rest = &delivery.order[..];
    let mut settled = delivery.counted_at_once.iter().cycle();
    for (batch, tick) in delivery.batches.iter().cycle().zip(delivery.ticks.iter().cycle()) {
        if rest.is_empty() {
            break;
        }
        let (these, others) = rest.split_at(rest.len().min(*batch));
        monitor.merge_batch(&packer.build_batch(these.iter().map(|place| &set[*place])));
        if settled.next() == Some(&true) {
            monitor.settle();
        }
        if let Some(thousandths) = tick {
            monitor
                .tick(begin.plus_millis(end.millis_since(begin) / 1_000 * i64::from(*thousandths)));
        }
        rest = others;
    }
    monitor.tick(end);
    monitor
}

/// A core that was given the set as an orderly source would: by time, once, in one batch.
pub(crate) fn deliver_sorted_events(
    standard: &Arc<Standard>,
    road: EventOrigin,
    set: &[TestEvent],
    end: Timestamp,
) -> Monitor {
    let mut order: Vec<usize> = (0..set.len()).collect();
    order.sort_by_key(|place| set[*place].time);
    deliver_events(
        standard,
        road,
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
