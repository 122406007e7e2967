//! From what a source said to events of the core: names checked, identities hashed, attributes gathered into a batch.
//!
//! Pure: bytes in, a batch or a rejection out. What is not understood is never dropped silently.

mod fields;
pub mod json_depth;
mod json_fast;
mod json_full;
mod json_phrase;
mod quote_scan;
pub mod raw_event;

pub use self::fields::data_field_names;
use self::fields::{DecodedFields, EventText};
use self::json_fast::FastJsonReader;
use self::json_full::CloudEventAttributes;
use self::raw_event::RawEvent;
use crate::access::grant::AllowedSources;
use crate::domain::events::batch::Batch;
use crate::domain::events::event::{Attributes, CaseKey, Event, EventId, EventType};
use crate::domain::standard::EventSchema;
use crate::domain::time::timestamp::{Timestamp, truncate_for_message};
use hashbrown::HashTable;
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Why an event was not taken, in words for whoever sent it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRejection {
    /// The event's `id`, if it could be read.
    pub id: Option<String>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// The secrets that go into hashes.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashKeys {
    /// Seeds the identities of cases and events, so that nobody outside can make two of them meet.
    pub seed: u64,
    /// The key under which customers are hashed.
    pub customer: [u8; 16],
}

impl HashKeys {
    /// What identifies the case of a source with this subject.
    #[must_use]
    pub fn case_key(&self, source: &str, subject: &str) -> CaseKey {
        hash_case_key(subject, xxh3_64_with_seed(source.as_bytes(), self.seed))
    }
}

/// The case of this subject within the source that hashes to `source`.
fn hash_case_key(subject: &str, source: u64) -> CaseKey {
    CaseKey(xxh3_64_with_seed(subject.as_bytes(), source))
}

/// The longest event that is read, in bytes.
pub const EVENT_BYTES_MAX: usize = 1 << 20;

/// Turns events into batches.
#[derive(Debug)]
pub struct EventDecoder {
    schema: Arc<EventSchema>,
    keys: HashKeys,
    decoded: DecodedBatch,
    fast_json: FastJsonReader,
    /// Whether batches carry the names of their cases.
    with_names: bool,
    /// The sources whose events are taken.
    sources: Arc<AllowedSources>,
}

/// A batch being made.
#[derive(Debug)]
struct DecodedBatch {
    types: HashTable<(Box<str>, EventType)>,
    batch: Batch,
    /// Which batch it is, counted from 1.
    number: u64,
    /// Combinations of attributes met before, so that their texts are copied once and not for every batch.
    cached_attributes: HashTable<CachedAttributes>,
    /// Memory for [`Known::text`].
    text: Vec<u8>,
}

/// The most combinations of attributes remembered; beyond it the memory begins anew.
const CACHED_ATTRIBUTES_MAX: usize = 65_536;

/// As many are remembered by a decoder that is kept for other bodies: about two megabytes.
const REUSABLE_CACHE_MAX: usize = 4_096;

/// A combination of attributes, and its place in the batch in which it was last met.
#[derive(Debug)]
struct CachedAttributes {
    /// Its values in a row, each with its length: all of them in one piece of memory.
    text: Box<[u8]>,
    attributes: Attributes,
    batch: u64,
    position: u32,
}

/// An event whose required attributes are all there.
struct RequiredAttributes<'a> {
    id: &'a str,
    source: &'a str,
    kind: &'a str,
    time: Timestamp,
    subject: &'a str,
    sequence: u32,
}

impl EventDecoder {
    /// A decoder for events as `schema` understands them.
    #[must_use]
    pub fn new(schema: Arc<EventSchema>, keys: HashKeys) -> EventDecoder {
        let mut types: HashTable<(Box<str>, EventType)> = HashTable::new();
        for (name, kind) in schema.event_types() {
            types.insert_unique(xxh3_64(name.as_bytes()), (name.into(), kind), |(name, _)| {
                xxh3_64(name.as_bytes())
            });
        }
        let gathered = DecodedBatch {
            types,
            batch: Batch::default(),
            number: 1,
            cached_attributes: HashTable::new(),
            text: Vec::new(),
        };
        EventDecoder {
            schema,
            keys,
            decoded: gathered,
            fast_json: FastJsonReader::new(),
            with_names: false,
            sources: Arc::default(),
        }
    }

    /// The decoder, to put the names of cases into its batches or not.
    #[must_use]
    pub fn with_case_names(mut self, names: bool) -> EventDecoder {
        self.with_names = names;
        self
    }

    /// The decoder, to reject events of other sources than these.
    #[must_use]
    pub fn with_sources(mut self, sources: Arc<AllowedSources>) -> EventDecoder {
        self.sources = sources;
        self
    }

    /// Reads a JSON CloudEvent and adds it to the batch.
    ///
    /// # Errors
    /// The rejection, if the event cannot be understood; the batch is unchanged.
    pub fn decode_json(&mut self, bytes: &[u8]) -> Result<(), EventRejection> {
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(EventRejection {
                id: None,
                reason: format!("longer than {EVENT_BYTES_MAX} bytes: {} bytes", bytes.len()),
            });
        }
        let text = simdutf8::compat::from_utf8(bytes).map_err(|error| EventRejection {
            id: None,
            reason: format!("not UTF-8 from byte {} on", error.valid_up_to() + 1),
        })?;
        let EventDecoder {
            schema,
            keys,
            decoded: gathered,
            fast_json: plain,
            with_names: names,
            sources,
        } = self;
        let mut fields = DecodedFields::new(schema, keys, *names);
        let mut take = |said: &CloudEventAttributes<'_>, fields: &mut DecodedFields<'_, '_>| {
            let event =
                check_required_attributes(said).and_then(|event| check_source(event, sources));
            let added = event.and_then(|event| gathered.add_event(&event, fields, schema, keys));
            added.map_err(|reason| EventRejection {
                id: said.id.as_deref().map(truncate_for_message),
                reason,
            })
        };
        if let Some(said) = plain.read_event(text, &mut fields) {
            return take(&said, &mut fields);
        }
        let mut fields = DecodedFields::new(schema, keys, *names);
        let said = json_full::read_full_json(text, &mut fields)
            .map_err(|reason| EventRejection { id: None, reason })?;
        take(&said, &mut fields)
    }

    /// Adds an event that another source has read.
    ///
    /// # Errors
    /// As [`Decoder::json`].
    pub fn decode_raw_event(&mut self, raw: &RawEvent<'_>) -> Result<(), EventRejection> {
        let mut fields = DecodedFields::new(&self.schema, &self.keys, self.with_names);
        for (name, value) in &raw.data {
            if let Some(field) = fields.find_field(name) {
                fields.set_field(field, value.clone());
            }
        }
        let event = RequiredAttributes {
            id: &raw.id,
            source: &raw.source,
            kind: &raw.kind,
            time: raw.time,
            subject: &raw.subject,
            sequence: raw.sequence,
        };
        let added = self.decoded.add_event(&event, &mut fields, &self.schema, &self.keys);
        added.map_err(|reason| EventRejection { id: Some(truncate_for_message(&raw.id)), reason })
    }

    /// The batch gathered so far; the decoder begins a new one.
    #[must_use]
    pub fn take_batch(&mut self) -> Batch {
        self.decoded.number += 1;
        let room = self.len();
        std::mem::replace(
            &mut self.decoded.batch,
            Batch { events: Vec::with_capacity(room), ..Batch::default() },
        )
    }

    /// Whether its memory of what it has met is small, so that it can be kept for other bodies.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.decoded.cached_attributes.len() <= REUSABLE_CACHE_MAX
    }

    /// How it understands events.
    #[must_use]
    pub fn schema(&self) -> &Arc<EventSchema> {
        &self.schema
    }

    /// How many events the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.decoded.batch.events.len()
    }

    /// Whether the batch has no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl DecodedBatch {
    fn add_event(
        &mut self,
        event: &RequiredAttributes<'_>,
        fields: &mut DecodedFields<'_, '_>,
        schema: &EventSchema,
        keys: &HashKeys,
    ) -> Result<(), String> {
        let hash = xxh3_64(event.kind.as_bytes());
        let Some(&(_, kind)) = self.types.find(hash, |(name, _)| **name == *event.kind) else {
            return Err(unknown_type_reason(event.kind, schema));
        };
        let detail = fields.take_detail(kind.verb)?;
        let group = self.attribute_group(&fields.attributes[..schema.dimensions.len()]);
        let source = xxh3_64_with_seed(event.source.as_bytes(), keys.seed);
        self.batch.events.push(Event {
            case: hash_case_key(event.subject, source),
            id: EventId(xxh3_64_with_seed(event.id.as_bytes(), source.rotate_left(32))),
            time: event.time,
            kind,
            group,
            sequence: event.sequence,
            source: schema.source_number(event.source),
            detail,
        });
        if fields.has_label_texts() {
            self.batch.names.push_case_name(event.source, event.subject);
            fields.push_label_names(kind.verb, &mut self.batch.names);
        }
        Ok(())
    }

    /// The place of these attributes among the batch's groups.
    fn attribute_group(&mut self, attributes: &[Option<EventText<'_>>]) -> u32 {
        let DecodedBatch { batch, number, cached_attributes: known, text, .. } = self;
        text.clear();
        for value in attributes {
            // No value is longer than `fields::LONGEST`, so a length fits beside the mark of none.
            text.push(value.as_ref().map_or(u8::MAX, |value| value.len() as u8));
            value.iter().for_each(|value| text.extend_from_slice(value.as_bytes()));
        }
        let mut join = |attributes: &Attributes| {
            batch.groups.push(attributes.clone());
            batch.groups.len() as u32 - 1
        };
        let hash = xxh3_64(text);
        if let Some(known) = known.find_mut(hash, |known| *known.text == **text) {
            if known.batch != *number {
                (known.batch, known.position) = (*number, join(&known.attributes));
            }
            return known.position;
        }
        if known.len() >= CACHED_ATTRIBUTES_MAX {
            known.clear();
        }
        let values: Vec<Option<Box<str>>> =
            attributes.iter().map(|value| value.as_deref().map(Box::from)).collect();
        let attributes = Attributes::from(values);
        let place = join(&attributes);
        let new = CachedAttributes {
            text: text.as_slice().into(),
            attributes,
            batch: *number,
            position: place,
        };
        known.insert_unique(hash, new, |known| xxh3_64(&known.text));
        place
    }
}

/// The event, if nothing that is required is missing.
fn check_required_attributes<'s>(
    said: &'s CloudEventAttributes<'_>,
) -> Result<RequiredAttributes<'s>, String> {
    let required = |value: &'s Option<EventText<'_>>, name: &str| match value.as_deref() {
        Some("") => Err(format!("the attribute `{name}` is empty")),
        Some(text) => Ok(text),
        None => Err(format!("the required attribute `{name}` is missing")),
    };
    let version = required(&said.specversion, "specversion")?;
    if version != "1.0" {
        return Err(format!(
            "`specversion` is `{}`; only `1.0` is understood",
            truncate_for_message(version)
        ));
    }
    let id = required(&said.id, "id")?;
    let source = required(&said.source, "source")?;
    let kind = required(&said.kind, "type")?;
    let time = required(&said.time, "time")?;
    let subject = required(&said.subject, "subject")?;
    let time = Timestamp::parse(time).map_err(|what| format!("`time`: {what}"))?;
    let sequence = match said.sequence.as_deref() {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            format!(
                "`sequence` must be a whole number in quotes, not `{}`",
                truncate_for_message(text)
            )
        })?,
    };
    Ok(RequiredAttributes { id, source, kind, time, subject, sequence })
}

/// The event, if its source is one of those that are taken.
fn check_source<'s>(
    event: RequiredAttributes<'s>,
    sources: &AllowedSources,
) -> Result<RequiredAttributes<'s>, String> {
    match sources.allows_source(event.source) {
        true => Ok(event),
        false => Err(format!(
            "the source `{}` is not one that this token may send; its `sources` say which",
            truncate_for_message(event.source)
        )),
    }
}

/// Says that a type is unknown and which are known of its family.
fn unknown_type_reason(name: &str, schema: &EventSchema) -> String {
    let family = name.split('.').next().unwrap_or_default();
    let known: Vec<&str> = schema
        .event_types()
        .map(|(name, _)| name)
        .filter(|known| known.split('.').next() == Some(family))
        .collect();
    let hint = if known.is_empty() {
        format!("families: {}", schema.families.join(", "))
    } else {
        format!("known: {}", known.join(", "))
    };
    format!("unknown type `{}`; {hint}", truncate_for_message(name))
}
