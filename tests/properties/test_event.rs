//! Events of the tests as they were said, before either road into the core: built as domain events by hand, or written as
//! JSON and decoded.

use firstline::domain::events::batch::Batch;
use firstline::domain::events::event::{
    AgentState, Attributes, CaseKey, CustomerKey, Event, EventDetail, EventId, PackedMillis,
    PackedTimestamp, Symbol,
};
use firstline::domain::standard::{EventSchema, Standard};
use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use std::num::{NonZeroU8, NonZeroU64};
use std::sync::Arc;

/// An event with all that the core could look at.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TestEvent {
    pub(crate) subject: u8,
    pub(crate) id: u32,
    pub(crate) time: Timestamp,
    pub(crate) kind: &'static str,
    pub(crate) sequence: u32,
    pub(crate) center: Option<&'static str>,
    pub(crate) queue: Option<&'static str>,
    pub(crate) tier: Option<&'static str>,
    pub(crate) customer: Option<u8>,
    pub(crate) topic: Option<u8>,
    pub(crate) due: Option<Timestamp>,
    pub(crate) wait_seconds: Option<u32>,
    pub(crate) talk_seconds: Option<u32>,
    pub(crate) wrapup_seconds: Option<u32>,
    pub(crate) score: Option<u8>,
    pub(crate) state: Option<&'static str>,
    /// Whether the customer's matter was resolved, by the agent; said of an end alone.
    pub(crate) resolved: Option<bool>,
}

impl TestEvent {
    /// An event that says nothing but what happened when.
    pub(crate) fn plain(subject: u8, id: u32, time: Timestamp, kind: &'static str) -> TestEvent {
        TestEvent {
            subject,
            id,
            time,
            kind,
            sequence: 0,
            center: None,
            queue: None,
            tier: None,
            customer: None,
            topic: None,
            due: None,
            wait_seconds: None,
            talk_seconds: None,
            wrapup_seconds: None,
            score: None,
            state: None,
            resolved: None,
        }
    }

    fn dimension(&self, name: &str) -> Option<&'static str> {
        match name {
            "center" => self.center,
            "queue" => self.queue,
            "tier" => self.tier,
            _ => None,
        }
    }

    fn to_json(&self) -> Vec<u8> {
        let mut data = serde_json::Map::new();
        let mut say = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                data.insert(name.to_owned(), value);
            }
        };
        say("center", self.center.map(Into::into));
        say("queue", self.queue.map(Into::into));
        say("tier", self.tier.map(Into::into));
        say("customer", self.customer.map(|one| format!("139{one}").into()));
        say("topic", self.topic.map(|one| format!("topic {one}").into()));
        say("due", self.due.map(|one| one.to_string().into()));
        say("wait_seconds", self.wait_seconds.map(Into::into));
        say("talk_seconds", self.talk_seconds.map(Into::into));
        say("wrapup_seconds", self.wrapup_seconds.map(Into::into));
        say("score", self.score.map(Into::into));
        say("state", self.state.map(Into::into));
        say("resolved", self.resolved.map(Into::into));
        let event = serde_json::json!({
            "specversion": "1.0",
            "id": self.id.to_string(),
            "source": "/test",
            "type": self.kind,
            "subject": self.subject.to_string(),
            "time": self.time.to_string(),
            "sequence": self.sequence.to_string(),
            "data": data,
        });
        event.to_string().into_bytes()
    }

    fn to_detail(&self) -> EventDetail {
        let millis = |seconds: Option<u32>| {
            seconds.and_then(|seconds| PackedMillis::new(i64::from(seconds) * 1_000))
        };
        EventDetail {
            customer: self
                .customer
                .and_then(|one| NonZeroU64::new(u64::from(one) + 1))
                .map(CustomerKey),
            topic: self.topic.map(|one| Symbol::from_text(&one.to_string())),
            due: self.due.and_then(PackedTimestamp::new),
            wait: millis(self.wait_seconds),
            talk: millis(self.talk_seconds),
            wrapup: millis(self.wrapup_seconds),
            answer: self.score.and_then(NonZeroU8::new),
            agent_state: self.state.map(|state| match state {
                "ready" => AgentState::Ready,
                "talking" => AgentState::Talking,
                "wrapup" => AgentState::Wrapup,
                "pause" => AgentState::Pause,
                _ => AgentState::Offline,
            }),
            label: self.resolved.map(|yes| Symbol::from_text(if yes { "true" } else { "false" })),
            ..EventDetail::default()
        }
    }
}

/// The road by which events reach the core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventOrigin {
    /// Built as domain events.
    Constructed,
    /// Written as JSON and decoded.
    Decoded,
}

/// Makes batches; a decoder remembers attributes from one batch to the next, so one is used for a whole delivery.
pub(crate) struct BatchBuilder {
    origin: EventOrigin,
    schema: Arc<EventSchema>,
    decoder: EventDecoder,
}

impl BatchBuilder {
    pub(crate) fn new(standard: &Standard, road: EventOrigin) -> BatchBuilder {
        let schema = Arc::new(standard.schema.clone());
        BatchBuilder {
            origin: road,
            decoder: EventDecoder::new(schema.clone(), HashKeys::default()).with_case_names(true),
            schema,
        }
    }

    pub(crate) fn build_batch<'s>(&mut self, events: impl Iterator<Item = &'s TestEvent>) -> Batch {
        if self.origin == EventOrigin::Decoded {
            for event in events {
                self.decoder
                    .decode_json(&event.to_json())
                    .unwrap_or_else(|rejection| panic!("{event:?}: {}", rejection.reason));
            }
            return self.decoder.take_batch();
        }
        let mut batch = Batch::default();
        for event in events {
            let values = || self.schema.dimensions.iter().map(|name| event.dimension(name));
            let hash = Attributes::hash_values(values());
            let attributes =
                Attributes::new(hash, values().map(|value| value.map(Box::from)).collect());
            let place = batch.groups.iter().position(|known| *known == attributes);
            let group = place.unwrap_or_else(|| {
                batch.groups.push(attributes);
                batch.groups.len() - 1
            });
            batch.events.push(Event {
                case: CaseKey(u64::from(event.subject).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                // Keys that rise with the subject, identities that fall with the number: neither order helps the other.
                id: EventId(!u64::from(event.id)),
                time: event.time,
                kind: self
                    .schema
                    .event_type(event.kind)
                    .unwrap_or_else(|| panic!("the standard has no `{}`", event.kind)),
                group: u32::try_from(group).expect("few groups"),
                sequence: event.sequence,
                source: 0,
                detail: event.to_detail(),
            });
        }
        batch
    }
}
