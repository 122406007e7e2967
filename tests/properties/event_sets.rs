//! Sets of events as nobody would wish for them: what broke order-independence once, kept for good.
//!
//! Ids with two contents, ties, attributes that differ within a case, several timers in one step, deadlines that move, long
//! histories, far offsets, impossible orders of events, two families under one subject, customers that change, and times on
//! the edges of panes, windows, days and deadlines.

use super::event::TestEvent;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

/// Midnight of 2026-03-29 in Shanghai; on that day the clocks of Berlin change.
pub(crate) const MIDNIGHT: i64 = 1_774_713_600_000;
const DAY: i64 = 24 * HOUR;

/// The types of events with the weight of each family.
const CALL_TYPES: [&str; 6] = [
    "call.offered",
    "call.answered",
    "call.abandoned",
    "call.overflowed",
    "call.transferred",
    "call.ended",
];
const QUEUE_TYPES: [&str; 4] = ["queue.joined", "queue.called", "queue.left", "queue.served"];
const REPAIR_TYPES: [&str; 12] = [
    "repair.opened",
    "repair.opened",
    "repair.assigned",
    "repair.arrived",
    "repair.paused",
    "repair.resumed",
    "repair.resolved",
    "repair.confirmed",
    "repair.reopened",
    "repair.reopened",
    "repair.escalated",
    "repair.cancelled",
];

/// The types that say whether the matter was resolved.
const RESOLUTION_TYPES: [&str; 2] = ["call.ended", "queue.served"];

fn event_type(subject: u8, stray: bool) -> BoxedStrategy<&'static str> {
    match (stray, subject % 4) {
        (true, _) => prop_oneof![
            select(&CALL_TYPES[..]),
            select(&QUEUE_TYPES[..]),
            select(&REPAIR_TYPES[..]),
            Just("survey.rated"),
            Just("agent.changed")
        ]
        .boxed(),
        (_, 0) => select(&CALL_TYPES[..]).boxed(),
        (_, 1) => select(&QUEUE_TYPES[..]).boxed(),
        (_, 2) => select(&REPAIR_TYPES[..]).boxed(),
        (_, _) => prop_oneof![3 => select(&CALL_TYPES[..3]), 3 => select(&REPAIR_TYPES[..]), 1 => Just("agent.changed")].boxed(),
    }
}

/// Milliseconds after midnight. The unit of a set decides how far apart its events lie; the edges come in every set.
fn time_offset(unit: i64) -> impl Strategy<Value = i64> {
    let edges: Vec<i64> = [
        0,
        5 * SECOND,
        10 * SECOND,
        15 * SECOND,
        MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        11 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        3 * HOUR,
        4 * HOUR,
        DAY,
        3 * DAY,
        7 * DAY,
        // Beyond these an offset in milliseconds no longer fits into 32 bits.
        (1 << 32) - 1,
        1 << 32,
        50 * DAY,
    ]
    .into_iter()
    .filter(|edge| *edge <= unit * 100)
    .collect();
    let edge = (select(edges), -1..=1_i64).prop_map(|(edge, by)| edge + by);
    let years = select(vec![-3 * 365 * DAY, 2 * 365 * DAY]);
    prop_oneof![12 => (0..24_i64).prop_map(move |n| n * unit), 4 => edge, 1 => years
        .prop_map(move |far| if unit >= HOUR { far } else { -far.signum() * unit })]
}

fn hostile_event(place: u32, unit: i64) -> impl Strategy<Value = TestEvent> {
    let who = (0..6_u8, prop::bool::weighted(0.1))
        .prop_flat_map(|(subject, stray)| (Just(subject), event_type(subject, stray)));
    // An id of another event, so that one id has two contents; they meet if the subjects are the same.
    let id = prop_oneof![4 => Just(1_000 + place), 1 => 0..4_u32];
    let sequence = prop_oneof![9 => Just(0), 1 => 1..3_u32];
    let dimensions = (
        select(vec![None, Some("hefei"), Some("hefei"), Some("wuhu")]),
        select(vec![None, Some("broadband"), Some("business")]),
        select(vec![None, None, Some("vip"), Some("gold")]),
    );
    let whose = (
        prop_oneof![Just(None), (0..2_u8).prop_map(Some)],
        prop_oneof![2 => Just(None), 1 => (0..2_u8).prop_map(Some)],
    );
    let due = prop_oneof![2 => Just(None), 1 => time_offset(unit).prop_map(|at| Some(Timestamp(MIDNIGHT + at)))];
    let seconds = || prop_oneof![5 => Just(None), 1 => select(vec![0, 5, 10, 15, 16, 4_000_000]).prop_map(Some)];
    let said =
        (seconds(), seconds(), seconds(), prop_oneof![Just(None), (1..=5_u8).prop_map(Some)]);
    let state = select(vec![None, Some("ready"), Some("talking"), Some("wrapup"), Some("offline")]);
    let word = select(vec![None, Some(true), Some(false)]);
    (who, id, time_offset(unit), sequence, dimensions, whose, due, said, (state, word)).prop_map(
        |(
            (subject, kind),
            id,
            at,
            sequence,
            (center, queue, tier),
            (customer, topic),
            due,
            (wait, talk, wrapup, score),
            words,
        )| {
            TestEvent {
                sequence,
                center,
                queue,
                tier,
                customer,
                topic,
                due,
                wait_seconds: wait,
                talk_seconds: talk,
                wrapup_seconds: wrapup,
                score,
                state: words.0.filter(|_| kind == "agent.changed"),
                resolved: words.1.filter(|_| RESOLUTION_TYPES.contains(&kind)),
                ..TestEvent::plain(subject, id, Timestamp(MIDNIGHT + at), kind)
            }
        },
    )
}

/// The same event again with one thing changed: under its own id, so that one id has two contents, or under another, so
/// that two events tie in all the rest.
fn near_duplicate(event: &TestEvent, id: Option<u32>, change: u8) -> TestEvent {
    let mut twin = event.clone();
    twin.id = id.unwrap_or(event.id);
    match change {
        0 => twin.center = if event.center == Some("hefei") { Some("wuhu") } else { Some("hefei") },
        1 => twin.tier = if event.tier.is_none() { Some("vip") } else { None },
        2 => twin.customer = event.customer.map_or(Some(0), |one| Some(1 - one)),
        3 => twin.topic = event.topic.map_or(Some(0), |_| None),
        4 => {
            twin.due = event
                .due
                .map_or(Some(event.time.plus_millis(HOUR)), |due| Some(due.plus_millis(-HOUR)))
        }
        5 => twin.time = event.time.plus_millis(SECOND),
        6 => twin.wait_seconds = event.wait_seconds.map_or(Some(20), |_| None),
        7 if RESOLUTION_TYPES.contains(&event.kind) => {
            twin.resolved = event.resolved.map_or(Some(false), |yes| Some(!yes))
        }
        _ => twin.subject = (event.subject + 4) % 6,
    }
    twin
}

/// A hostile set of up to `most` events and some of their twins.
pub(crate) fn event_set(most: u32) -> impl Strategy<Value = Vec<TestEvent>> {
    let twins = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0..9_u8), 0..4);
    let set = (select(vec![1, SECOND, 5 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY]), 1..=most)
        .prop_flat_map(|(unit, many)| {
            (0..many).map(|place| hostile_event(place, unit)).collect::<Vec<_>>()
        });
    (set, twins).prop_map(|(mut set, twins)| {
        for (number, (which, own, change)) in twins.into_iter().enumerate() {
            // Numbers above and below those of the others, so that a twin comes before or after the first.
            let other = if number % 2 == 0 { 10 + number as u32 } else { 5_000 + number as u32 };
            set.push(near_duplicate(which.get(&set), (!own).then_some(other), change));
        }
        set
    })
}

/// Calls alone, as a model of ten lines can count them: every event has an id and the attributes of its case.
pub(crate) fn call_events(most: u32) -> impl Strategy<Value = Vec<TestEvent>> {
    let one = |place: u32, unit: i64| {
        (0..12_u8, select(&CALL_TYPES[..]), time_offset(unit)).prop_map(
            move |(subject, kind, at)| TestEvent {
                center: [Some("hefei"), Some("wuhu"), Some("fuyang")][usize::from(subject % 3)],
                queue: [Some("broadband"), Some("business")][usize::from(subject / 3 % 2)],
                ..TestEvent::plain(subject, place, Timestamp(MIDNIGHT + at), kind)
            },
        )
    };
    (select(vec![1, SECOND, 5 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY]), 1..=most).prop_flat_map(
        move |(unit, many)| (0..many).map(|place| one(place, unit)).collect::<Vec<_>>(),
    )
}

/// Contacts of a few customers, as a model can count them: every event has an id and the customer, topic and attributes of its
/// case; days lie between many of them.
pub(crate) fn contact_events(most: u32) -> impl Strategy<Value = Vec<TestEvent>> {
    let kinds = |subject: u8| match subject % 3 {
        0 => select(vec!["call.answered", "call.answered", "call.transferred", "call.ended"]),
        1 => select(vec!["queue.called", "queue.called", "queue.served"]),
        _ => select(vec!["repair.opened", "repair.opened", "repair.resolved", "repair.reopened"]),
    };
    let one = move |place: u32, unit: i64| {
        let kind = (0..18_u8).prop_flat_map(move |subject| (Just(subject), kinds(subject)));
        (kind, time_offset(unit), any::<bool>()).prop_map(move |((subject, kind), at, resolved)| {
            TestEvent {
                center: [Some("hefei"), Some("wuhu")][usize::from(subject % 2)],
                customer: [Some(0), Some(1), None]
                    [usize::from(subject / 3 % 3).min(if subject < 16 { 1 } else { 2 })],
                topic: [None, Some(0), Some(1), Some(0)][usize::from(subject % 4)],
                resolved: RESOLUTION_TYPES.contains(&kind).then_some(resolved),
                ..TestEvent::plain(subject, place, Timestamp(MIDNIGHT + at), kind)
            }
        })
    };
    (select(vec![SECOND, MINUTE, HOUR, HOUR, 6 * HOUR, DAY]), 1..=most).prop_flat_map(
        move |(unit, many)| (0..many).map(|place| one(place, unit)).collect::<Vec<_>>(),
    )
}
