//! Test events, delivered either as domain events or as decoded JSON.

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

/// Event with every field the engine evaluates.
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
    /// Reason of an exit.
    pub(crate) reason: Option<&'static str>,
    /// True if the agent reports the matter resolved; only set for ends. For a confirmation, true if
    /// the customer is satisfied. For a call-back, true if it reached the customer.
    pub(crate) resolved: Option<bool>,
}

impl TestEvent {
    /// Returns an event without data.
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
            reason: None,
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
        let mut set_field = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                data.insert(name.to_owned(), value);
            }
        };
        set_field("center", self.center.map(Into::into));
        set_field("queue", self.queue.map(Into::into));
        set_field("tier", self.tier.map(Into::into));
        set_field("customer", self.customer.map(|number| format!("139{number}").into()));
        set_field("topic", self.topic.map(|number| format!("topic {number}").into()));
        set_field("due", self.due.map(|due| due.to_string().into()));
        set_field("wait_seconds", self.wait_seconds.map(Into::into));
        set_field("talk_seconds", self.talk_seconds.map(Into::into));
        set_field("wrapup_seconds", self.wrapup_seconds.map(Into::into));
        set_field("score", self.score.map(Into::into));
        set_field("state", self.state.map(Into::into));
        set_field("reason", self.reason.map(Into::into));
        let label = match self.kind {
            "repair.confirmed" => "satisfied",
            "call.called_back" => "reached",
            _ => "resolved",
        };
        set_field(label, self.resolved.map(Into::into));
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
                .and_then(|number| NonZeroU64::new(u64::from(number) + 1))
                .map(CustomerKey),
            topic: self.topic.map(|number| Symbol::from_text(&number.to_string())),
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
            label: self
                .resolved
                .map(|yes| if yes { "true" } else { "false" })
                .or(self.reason)
                .map(Symbol::from_text),
            ..EventDetail::default()
        }
    }
}

/// Path of test events into the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventOrigin {
    /// Built as domain events.
    Constructed,
    /// Written as JSON and decoded.
    Decoded,
}

/// Builds batches. Its decoder remembers attributes between batches, so one builder serves a whole
/// delivery.
pub(crate) struct BatchBuilder {
    origin: EventOrigin,
    schema: Arc<EventSchema>,
    decoder: EventDecoder,
}

impl BatchBuilder {
    pub(crate) fn new(standard: &Standard, origin: EventOrigin) -> BatchBuilder {
        let schema = Arc::new(standard.schema.clone());
        BatchBuilder {
            origin,
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
            let index = batch.groups.iter().position(|known| *known == attributes);
            let group = index.unwrap_or_else(|| {
                batch.groups.push(attributes);
                batch.groups.len() - 1
            });
            batch.events.push(Event {
                case: CaseKey(u64::from(event.subject).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                // Case keys rise and event ids fall with the numbers, so the orders differ.
                id: EventId(!u64::from(event.id)),
                time: event.time,
                kind: self
                    .schema
                    .event_type(event.kind)
                    .unwrap_or_else(|| panic!("the standard has no `{}`", event.kind)),
                group: u32::try_from(group).expect("group count fits into 32 bits"),
                sequence: event.sequence,
                source: 0,
                detail: event.to_detail(),
            });
        }
        batch
    }
}
