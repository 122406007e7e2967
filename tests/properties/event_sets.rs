//! Generators of hostile event sets, with every pattern that once broke order independence.
//!
//! The sets contain ids with two contents, ties, attributes that differ within a case, simultaneous
//! timers, moved deadlines, long histories, distant times and impossible orders of events. They
//! also contain two families under one subject, changed customers, and times at the edges of panes,
//! windows, days and deadlines.

use super::event::TestEvent;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Midnight of 2026-03-29 in Shanghai, in milliseconds since 1970. Daylight saving starts in Berlin
/// on that day.
pub(crate) const MIDNIGHT: i64 = 1_774_713_600_000;
const DAY: i64 = 24 * HOUR;

/// Event types. Repeated entries raise the probability of a type.
const CALL_TYPES: [&str; 8] = [
    "call.offered",
    "call.answered",
    "call.abandoned",
    "call.overflowed",
    "call.transferred",
    "call.ended",
    "call.called_back",
    "call.ring_missed",
];
const QUEUE_TYPES: [&str; 4] = ["queue.joined", "queue.called", "queue.left", "queue.served"];
const REPAIR_TYPES: [&str; 14] = [
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
    "repair.replied",
    "repair.customer_replied",
];

/// Types with a field `resolved`, `satisfied` for a confirmation or `reached` for a call-back.
const RESOLUTION_TYPES: [&str; 4] =
    ["call.ended", "call.called_back", "queue.served", "repair.confirmed"];
/// Types with a field `reason`.
const EXIT_TYPES: [&str; 2] = ["call.abandoned", "call.overflowed"];

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

/// Milliseconds after midnight. `unit` sets the typical distance between the events of a set.
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
        // From here on an offset in milliseconds exceeds 32 bits.
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

fn hostile_event(number: u32, unit: i64) -> impl Strategy<Value = TestEvent> {
    let subject_and_kind = (0..6_u8, prop::bool::weighted(0.1))
        .prop_flat_map(|(subject, stray)| (Just(subject), event_type(subject, stray)));
    // The small ids collide, so that one id has two contents.
    let id = prop_oneof![4 => Just(1_000 + number), 1 => 0..4_u32];
    let sequence = prop_oneof![9 => Just(0), 1 => 1..3_u32];
    let dimensions = (
        select(vec![None, Some("hefei"), Some("hefei"), Some("wuhu")]),
        select(vec![None, Some("broadband"), Some("business")]),
        select(vec![None, None, Some("vip"), Some("gold")]),
    );
    let customer_and_topic = (
        prop_oneof![Just(None), (0..2_u8).prop_map(Some)],
        prop_oneof![2 => Just(None), 1 => (0..2_u8).prop_map(Some)],
    );
    let due = prop_oneof![2 => Just(None), 1 => time_offset(unit).prop_map(|at| Some(Timestamp(MIDNIGHT + at)))];
    let seconds = || prop_oneof![5 => Just(None), 1 => select(vec![0, 5, 10, 15, 16, 4_000_000]).prop_map(Some)];
    let reported =
        (seconds(), seconds(), seconds(), prop_oneof![Just(None), (1..=5_u8).prop_map(Some)]);
    let state = select(vec![None, Some("ready"), Some("talking"), Some("wrapup"), Some("offline")]);
    let resolved = select(vec![None, Some(true), Some(false)]);
    let reason = select(vec![None, Some("timeout"), Some("callback")]);
    let offset = time_offset(unit);
    let labels = (state, resolved, reason);
    (subject_and_kind, id, offset, sequence, dimensions, customer_and_topic, due, reported, labels)
        .prop_map(
            |(
                (subject, kind),
                id,
                at,
                sequence,
                (center, queue, tier),
                (customer, topic),
                due,
                (wait, talk, wrapup, score),
                (state, resolved, reason),
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
                    state: state.filter(|_| kind == "agent.changed"),
                    reason: reason.filter(|_| EXIT_TYPES.contains(&kind)),
                    resolved: resolved.filter(|_| RESOLUTION_TYPES.contains(&kind)),
                    ..TestEvent::plain(subject, id, Timestamp(MIDNIGHT + at), kind)
                }
            },
        )
}

/// Returns the event with one field changed. With `id` it gets another id and ties in all the rest,
/// without it one id has two contents.
fn near_duplicate(event: &TestEvent, id: Option<u32>, change: u8) -> TestEvent {
    let mut twin = event.clone();
    twin.id = id.unwrap_or(event.id);
    match change {
        0 => twin.center = if event.center == Some("hefei") { Some("wuhu") } else { Some("hefei") },
        1 => twin.tier = if event.tier.is_none() { Some("vip") } else { None },
        2 => twin.customer = event.customer.map_or(Some(0), |customer| Some(1 - customer)),
        3 => twin.topic = event.topic.map_or(Some(0), |_| None),
        4 => {
            twin.due = event
                .due
                .map_or(Some(event.time.plus_millis(HOUR)), |due| Some(due.plus_millis(-HOUR)));
        }
        5 => twin.time = event.time.plus_millis(SECOND),
        6 => twin.wait_seconds = event.wait_seconds.map_or(Some(20), |_| None),
        7 if RESOLUTION_TYPES.contains(&event.kind) => {
            twin.resolved = event.resolved.map_or(Some(false), |yes| Some(!yes));
        }
        _ => twin.subject = (event.subject + 4) % 6,
    }
    twin
}

/// Generates a hostile set of up to `max_events` events and some near-duplicates.
pub(crate) fn event_set(max_events: u32) -> impl Strategy<Value = Vec<TestEvent>> {
    let twins = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0..9_u8), 0..4);
    let set = (select(vec![1, SECOND, 5 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY]), 1..=max_events)
        .prop_flat_map(|(unit, count)| {
            (0..count).map(|number| hostile_event(number, unit)).collect::<Vec<_>>()
        });
    (set, twins).prop_map(|(mut set, twins)| {
        for (number, (original, same_id, change)) in twins.into_iter().enumerate() {
            // Ids below and above the others, so that the twin sorts before or after the original.
            let new_id = if number % 2 == 0 { 10 + number as u32 } else { 5_000 + number as u32 };
            set.push(near_duplicate(original.get(&set), (!same_id).then_some(new_id), change));
        }
        set
    })
}

/// Generates call events for the naive model. Ids are unique.
///
/// Three restrictions keep the model simple. Events of one subject, moment and type are alike, since
/// only their ids order them. All events of one subject and moment name the same center. Only
/// offers, answers and exits name a queue.
pub(crate) fn call_events(max_events: u32) -> impl Strategy<Value = Vec<TestEvent>> {
    let kinds = [&CALL_TYPES[..], &["call.offered", "call.answered"]].concat();
    let centers = select(vec![None, Some("hefei"), Some("hefei"), Some("wuhu"), Some("fuyang")]);
    let queues = select(vec![None, Some("broadband"), Some("broadband"), Some("business")]);
    let sequences = prop_oneof![9 => Just(0), 1 => 1..3_u32];
    let reasons = select(vec![None, Some("timeout"), Some("callback")]);
    let waits = prop_oneof![5 => Just(None), 1 => select(vec![0, 15, 20, 600]).prop_map(Some)];
    let call_event = move |number: u32, unit: i64| {
        let dimensions = (centers.clone(), queues.clone());
        let detail = (reasons.clone(), waits.clone(), any::<bool>());
        let place = (0..8_u8, select(kinds.clone()), time_offset(unit), sequences.clone());
        (place, dimensions, detail).prop_map(
            move |((subject, kind, at, sequence), (center, queue), (reason, wait, reached))| {
                let is_exit = EXIT_TYPES.contains(&kind);
                TestEvent {
                    sequence,
                    center,
                    queue: queue
                        .filter(|_| is_exit || ["call.offered", "call.answered"].contains(&kind)),
                    reason: reason.filter(|_| is_exit),
                    wait_seconds: wait.filter(|_| is_exit || kind == "call.answered"),
                    resolved: (kind == "call.called_back").then_some(reached),
                    ..TestEvent::plain(subject, number, Timestamp(MIDNIGHT + at), kind)
                }
            },
        )
    };
    (select(vec![1, SECOND, 5 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY]), 1..=max_events)
        .prop_flat_map(move |(unit, count)| {
            (0..count).map(|number| call_event(number, unit)).collect::<Vec<_>>()
        })
        .prop_map(with_equal_ties)
}

/// Gives events of one subject and moment the center of the first of them. Those that also have the
/// same type get all of its content. Both types of exits count as one, since they are read in the
/// order of their ids.
fn with_equal_ties(mut set: Vec<TestEvent>) -> Vec<TestEvent> {
    let mut centers = BTreeMap::new();
    let mut first = BTreeMap::new();
    for event in &mut set {
        let moment = (event.subject, event.time, event.sequence);
        event.center = *centers.entry(moment).or_insert(event.center);
        let kind = if EXIT_TYPES.contains(&event.kind) { EXIT_TYPES[0] } else { event.kind };
        let known = first.entry((moment, kind)).or_insert_with(|| event.clone());
        *event = TestEvent { id: event.id, ..known.clone() };
    }
    set
}

/// Generates contacts of a few customers for the naive model, many of them days apart. Ids are
/// unique, and customer, topic and attributes constant within a case. Most answers come 10 s after
/// an offer, since a contact that was never offered counts nowhere.
pub(crate) fn contact_events(max_events: u32) -> impl Strategy<Value = Vec<TestEvent>> {
    let kinds = |subject: u8| match subject % 3 {
        0 => select(vec!["call.answered", "call.answered", "call.transferred", "call.ended"]),
        1 => select(vec!["queue.called", "queue.called", "queue.served"]),
        _ => select(vec![
            "repair.opened",
            "repair.opened",
            "repair.resolved",
            "repair.resolved",
            "repair.resolved",
            "repair.reopened",
            "repair.escalated",
            "repair.confirmed",
        ]),
    };
    let contact_event = move |number: u32, unit: i64| {
        let kind = (0..18_u8).prop_flat_map(move |subject| (Just(subject), kinds(subject)));
        (kind, time_offset(unit), any::<bool>()).prop_map(move |((subject, kind), at, resolved)| {
            TestEvent {
                center: [Some("hefei"), Some("wuhu")][usize::from(subject % 2)],
                customer: [Some(0), Some(1), None]
                    [usize::from(subject / 3 % 3).min(if subject < 16 { 1 } else { 2 })],
                topic: [None, Some(0), Some(1), Some(0)][usize::from(subject % 4)],
                resolved: RESOLUTION_TYPES.contains(&kind).then_some(resolved),
                ..TestEvent::plain(subject, number, Timestamp(MIDNIGHT + at), kind)
            }
        })
    };
    let sets = (select(vec![SECOND, MINUTE, HOUR, HOUR, 6 * HOUR, DAY]), 1..=max_events)
        .prop_flat_map(move |(unit, count)| {
            (0..count).map(|number| contact_event(number, unit)).collect::<Vec<_>>()
        });
    let offered = prop::collection::vec(prop::bool::weighted(0.8), 1..8);
    (sets, offered).prop_map(move |(mut set, offered)| {
        let answers = set.iter().filter(|event| event.kind == "call.answered");
        let offers = answers.zip(offered.iter().cycle()).filter(|(_, offered)| **offered);
        let offers: Vec<TestEvent> = offers
            .map(|(answer, _)| TestEvent {
                id: answer.id + max_events,
                kind: "call.offered",
                time: answer.time.plus_millis(-10 * SECOND),
                ..answer.clone()
            })
            .collect();
        set.extend(offers);
        set
    })
}
