//! Random histories of a few contacts, at coarse times so that equal moments are frequent, and ways
//! to deliver them.

use super::event::{BEGIN, CallData, CallEvent, CallEventKind};
use proptest::prelude::*;
use proptest::sample::select;

/// Step of all times, in milliseconds.
const STEP: i64 = 10_000;

/// Which events of a history name a center or an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NamedBy {
    None,
    Some,
    All,
}

/// Choices for one event. What does not suit its type is left out.
#[derive(Clone, Debug)]
struct PlannedCallEvent {
    kind: CallEventKind,
    step: i64,
    queue: Option<&'static str>,
    leg: Option<&'static str>,
    reason: Option<&'static str>,
    wait: Option<i64>,
    reached: bool,
    sequence: u32,
    names_center: bool,
    /// True if a repeated offer names no queue.
    hides_queue: bool,
    agent: (bool, &'static str),
}

/// Random way to deliver the events of a history. Shorter lists are cycled.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryPlan {
    /// Sort keys of the events. Equal keys preserve the original order.
    order_keys: Vec<u8>,
    /// Events to deliver again, each with the position in the order at which it is repeated.
    repeats: Vec<(prop::sample::Index, prop::sample::Index)>,
    batches: Vec<usize>,
    /// True to compare the board after the batch.
    compared: Vec<bool>,
}

fn planned_event() -> impl Strategy<Value = PlannedCallEvent> {
    use CallEventKind::{Abandoned, Answered, CalledBack, Ended, Offered, Overflowed, Transferred};
    let kind = prop_oneof![
        6 => Just(Offered),
        5 => Just(Answered),
        3 => Just(Overflowed),
        2 => Just(Abandoned),
        2 => Just(Transferred),
        2 => Just(CalledBack),
        2 => Just(Ended),
    ];
    let queue = select(vec![Some("q1"), Some("q2"), None]);
    let reason =
        select(vec![Some("timeout"), Some("key"), Some("callback"), Some("callback"), None]);
    let wait = prop_oneof![4 => Just(None), 1 => select(vec![0, 5, 20, 75]).prop_map(Some)];
    (
        (kind, 0..12_i64, queue),
        (select(vec![Some("a"), Some("b"), None]), reason, wait),
        (any::<bool>(), prop_oneof![6 => Just(0), 1 => 1..3_u32]),
        (any::<bool>(), prop::bool::weighted(0.1)),
        (any::<bool>(), select(vec!["a1", "a2"])),
    )
        .prop_map(
            |(
                (kind, step, queue),
                (leg, reason, wait),
                (reached, sequence),
                (names_center, hides_queue),
                agent,
            )| {
                PlannedCallEvent {
                    kind,
                    step,
                    queue,
                    leg,
                    reason,
                    wait,
                    reached,
                    sequence,
                    names_center,
                    hides_queue,
                    agent,
                }
            },
        )
}

fn named_by() -> impl Strategy<Value = NamedBy> {
    select(vec![NamedBy::None, NamedBy::Some, NamedBy::All])
}

/// Generates the events of up to `contacts` contacts.
pub(crate) fn call_history(contacts: usize) -> impl Strategy<Value = Vec<CallEvent>> {
    // Named legs in one contact of four.
    let contact = (prop::bool::weighted(0.25), prop::collection::vec(planned_event(), 1..=8_usize));
    (prop::collection::vec(contact, 1..=contacts), named_by(), named_by()).prop_map(
        |(contacts, centers, agents)| {
            contacts
                .into_iter()
                .enumerate()
                .flat_map(|(number, (has_names, steps))| {
                    contact_events(&format!("c{number}"), has_names, centers, agents, &steps)
                })
                .collect()
        },
    )
}

fn contact_events(
    subject: &str,
    has_leg_names: bool,
    centers: NamedBy,
    agents: NamedBy,
    steps: &[PlannedCallEvent],
) -> Vec<CallEvent> {
    let mut was_offered = false;
    let events = steps.iter().enumerate().map(|(number, step)| {
        let kind = step.kind;
        let is_offered = kind == CallEventKind::Offered;
        // Only a repeated offer may leave out its queue.
        let queue = match is_offered {
            true if was_offered && step.hides_queue => None,
            true => step.queue.or(Some("q1")),
            false => step.queue,
        };
        was_offered |= is_offered;
        let named = |by: NamedBy, (sometimes, name): (bool, &str)| {
            let is_named = by == NamedBy::All || by == NamedBy::Some && sometimes;
            is_named.then(|| name.to_owned())
        };
        let data = CallData {
            queue: queue
                .filter(|_| !matches!(kind, CallEventKind::CalledBack | CallEventKind::Ended))
                .map(str::to_owned),
            // Each queue is in one center. A named leg may name two queues.
            center: named(
                centers,
                (step.names_center, if queue == Some("q1") { "x" } else { "y" }),
            )
            .filter(|_| queue.is_some() && !has_leg_names)
            .filter(|_| is_offered || kind == CallEventKind::Answered),
            agent: named(agents, step.agent).filter(|_| kind == CallEventKind::Answered),
            leg: step
                .leg
                .filter(|_| has_leg_names && kind != CallEventKind::Ended)
                .map(str::to_owned),
            reason: step.reason.filter(|_| kind == CallEventKind::Overflowed).map(str::to_owned),
            wait: step
                .wait
                .filter(|_| kind.may_begin_leg() && !is_offered)
                .map(|seconds| seconds * 1_000),
            reached: (kind == CallEventKind::CalledBack).then_some(step.reached),
        };
        let id = (number + 1).to_string();
        CallEvent::new(subject, &id, kind, BEGIN + step.step * STEP, step.sequence, data)
    });
    events.collect()
}

/// Generates ways to deliver a history.
pub(crate) fn delivery_plan() -> impl Strategy<Value = DeliveryPlan> {
    let order_keys =
        prop_oneof![1 => Just(vec![0]), 3 => prop::collection::vec(any::<u8>(), 1..24)];
    let repeats = prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..4);
    let batches =
        prop_oneof![1 => Just(vec![usize::MAX]), 3 => prop::collection::vec(1..6_usize, 1..4)];
    let compared = prop::collection::vec(prop::bool::weighted(0.3), 1..5);
    (order_keys, repeats, batches, compared).prop_map(|(order_keys, repeats, batches, compared)| {
        DeliveryPlan { order_keys, repeats, batches, compared }
    })
}

impl DeliveryPlan {
    /// Returns the batches in the order of delivery. Each comes with true if the board is compared
    /// after it, as it is after the last one.
    pub(crate) fn batches<'e>(&self, events: &'e [CallEvent]) -> Vec<(Vec<&'e CallEvent>, bool)> {
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by_key(|index| self.order_keys[index % self.order_keys.len()]);
        for (event, at) in &self.repeats {
            let at = at.index(order.len() + 1);
            order.insert(at, event.index(events.len()));
        }
        let mut batches = Vec::new();
        let mut rest = &order[..];
        for (size, compared) in self.batches.iter().cycle().zip(self.compared.iter().cycle()) {
            if rest.is_empty() {
                break;
            }
            let (batch, remaining) = rest.split_at(rest.len().min(*size));
            rest = remaining;
            let batch = batch.iter().map(|index| &events[*index]).collect();
            batches.push((batch, *compared || rest.is_empty()));
        }
        batches
    }
}
