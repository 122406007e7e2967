//! Decodes events: checks names, hashes identities and collects the events of a batch.
//!
//! Decoding is pure: bytes go in, a batch or a rejection comes out. An event that cannot be decoded
//! is always reported.

mod dropped_field;
mod field_values;
mod fields;
pub mod json_depth;
mod json_fast;
mod json_full;
mod json_phrase;
mod quote_scan;
pub mod raw_event;
mod series_value;

pub use self::dropped_field::DroppedField;
pub(in crate::ingest) use self::field_values::{parse_clock_duration, parse_flag_word};
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
use crate::ingest::text_encoding::likely_encoding;
use hashbrown::HashTable;
use std::sync::Arc;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Rejection of an event, worded for its sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRejection {
    /// The event's `id`, if it could be read.
    pub id: Option<String>,
    /// Problem and remedy.
    pub reason: String,
}

/// Keys of the hash functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashKeys {
    /// Seed of case and event identities, so that nobody outside can construct collisions.
    pub seed: u64,
    /// Key under which customers are hashed.
    pub customer: [u8; 16],
}

impl HashKeys {
    /// Returns the key of the case with this source and subject.
    #[must_use]
    pub fn case_key(&self, source: &str, subject: &str) -> CaseKey {
        hash_case_key(subject, xxh3_64_with_seed(source.as_bytes(), self.seed))
    }
}

/// Returns the key of a case. `source` is the hash of its source.
fn hash_case_key(subject: &str, source: u64) -> CaseKey {
    CaseKey(xxh3_64_with_seed(subject.as_bytes(), source))
}

/// Maximum length of an event, in bytes.
pub const EVENT_BYTES_MAX: usize = 1 << 20;

/// Returns the reason to reject an event of this many bytes.
pub(in crate::ingest) fn too_long_reason(bytes: u64) -> String {
    format!("longer than {EVENT_BYTES_MAX} bytes: {bytes} bytes")
}

/// Decodes events into batches.
#[derive(Debug)]
pub struct EventDecoder {
    schema: Arc<EventSchema>,
    keys: HashKeys,
    decoded: DecodedBatch,
    fast_json: FastJsonReader,
    /// True if batches carry the names of their cases.
    with_names: bool,
    /// Sources whose events are accepted.
    sources: Arc<AllowedSources>,
    /// Fields that the last event was taken without.
    dropped: Vec<DroppedField>,
}

/// A batch under construction, and the caches that outlive it.
#[derive(Debug)]
struct DecodedBatch {
    types: HashTable<(Box<str>, EventType)>,
    batch: Batch,
    /// Number of the batch, counted from 1.
    number: u64,
    /// Attribute combinations seen before. Their texts are copied once instead of once per batch.
    cached_attributes: HashTable<CachedAttributes>,
    /// Buffer in which [`CachedAttributes::text`] is built.
    text: Vec<u8>,
}

/// Maximum number of cached attribute combinations. The cache is cleared when it is full.
const CACHED_ATTRIBUTES_MAX: usize = 65_536;

/// Maximum number of cached combinations of a reusable decoder, about 2 MB.
const REUSABLE_CACHE_MAX: usize = 4_096;

/// A cached attribute combination.
#[derive(Debug)]
struct CachedAttributes {
    /// Values in order, each with its length in front, in one allocation.
    text: Box<[u8]>,
    attributes: Attributes,
    /// Number of the batch that last used the combination.
    batch: u64,
    /// Position of the combination among the groups of that batch.
    position: u32,
}

/// An event with all required attributes.
struct RequiredAttributes<'a> {
    id: &'a str,
    source: &'a str,
    kind: &'a str,
    time: Timestamp,
    subject: &'a str,
    sequence: u32,
}

impl EventDecoder {
    /// Returns a decoder that resolves event types and fields by `schema`.
    #[must_use]
    pub fn new(schema: Arc<EventSchema>, keys: HashKeys) -> EventDecoder {
        let mut types: HashTable<(Box<str>, EventType)> = HashTable::new();
        for (name, kind) in schema.event_types() {
            types.insert_unique(xxh3_64(name.as_bytes()), (name.into(), kind), |(name, _)| {
                xxh3_64(name.as_bytes())
            });
        }
        let decoded = DecodedBatch {
            types,
            batch: Batch::default(),
            number: 1,
            cached_attributes: HashTable::new(),
            text: Vec::new(),
        };
        EventDecoder {
            schema,
            keys,
            decoded,
            fast_json: FastJsonReader::new(),
            with_names: false,
            sources: Arc::default(),
            dropped: Vec::new(),
        }
    }

    /// Sets whether batches carry the names of their cases.
    #[must_use]
    pub fn with_case_names(mut self, names: bool) -> EventDecoder {
        self.with_names = names;
        self
    }

    /// Restricts the accepted sources.
    #[must_use]
    pub fn with_sources(mut self, sources: Arc<AllowedSources>) -> EventDecoder {
        self.sources = sources;
        self
    }

    /// Decodes a JSON CloudEvent and adds it to the batch.
    ///
    /// # Errors
    /// Returns the rejection if the event cannot be decoded. The batch is unchanged then.
    pub fn decode_json(&mut self, bytes: &[u8]) -> Result<(), EventRejection> {
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(EventRejection { id: None, reason: too_long_reason(bytes.len() as u64) });
        }
        let text = simdutf8::compat::from_utf8(bytes)
            .map_err(|error| reject_other_encoding(bytes, error.valid_up_to()))?;
        let EventDecoder { schema, keys, decoded, fast_json, with_names, sources, dropped } = self;
        dropped.clear();
        let mut fields = DecodedFields::new(schema, keys, *with_names);
        let mut add = |attributes: &CloudEventAttributes<'_>,
                       fields: &mut DecodedFields<'_, '_>| {
            let event = check_required_attributes(attributes)
                .and_then(|event| check_source(event, sources));
            let added = event.and_then(|event| decoded.add_event(&event, fields, schema, keys));
            *dropped = fields.take_dropped_fields(|| data_names(text).into_iter());
            added.map_err(|reason| EventRejection {
                id: attributes.id.as_deref().map(truncate_for_message),
                reason,
            })
        };
        if let Some(attributes) = fast_json.read_event(text, &mut fields) {
            return add(&attributes, &mut fields);
        }
        let mut fields = DecodedFields::new(schema, keys, *with_names);
        let attributes = json_full::read_full_json(text, &mut fields)
            .map_err(|reason| EventRejection { id: None, reason })?;
        add(&attributes, &mut fields)
    }

    /// Adds an event that another reader has parsed.
    ///
    /// # Errors
    /// Same as [`EventDecoder::decode_json`].
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
        self.dropped =
            fields.take_dropped_fields(|| raw.data.iter().map(|(name, _)| name.as_ref()));
        added.map_err(|reason| EventRejection { id: Some(truncate_for_message(&raw.id)), reason })
    }

    /// Returns the fields that the last accepted event was taken without.
    #[must_use]
    pub fn dropped_fields(&self) -> &[DroppedField] {
        &self.dropped
    }

    /// Returns the batch so far and starts a new one.
    #[must_use]
    pub fn take_batch(&mut self) -> Batch {
        self.decoded.number += 1;
        let capacity = self.len();
        std::mem::replace(
            &mut self.decoded.batch,
            Batch { events: Vec::with_capacity(capacity), ..Batch::default() },
        )
    }

    /// Returns true if the cache is small enough to keep the decoder for other bodies.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.decoded.cached_attributes.len() <= REUSABLE_CACHE_MAX
    }

    /// Returns the schema that resolves event types and fields.
    #[must_use]
    pub fn schema(&self) -> &Arc<EventSchema> {
        &self.schema
    }

    /// Returns the number of events in the batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.decoded.batch.events.len()
    }

    /// Returns true if the batch has no events.
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

    /// Returns the position of these attributes among the batch's groups.
    fn attribute_group(&mut self, attributes: &[Option<EventText<'_>>]) -> u32 {
        let DecodedBatch { batch, number, cached_attributes, text, .. } = self;
        text.clear();
        for value in attributes {
            // Values have at most `DIMENSION_BYTES_MAX` bytes, so 255 can mark a missing value.
            text.push(value.as_ref().map_or(u8::MAX, |value| value.len() as u8));
            value.iter().for_each(|value| text.extend_from_slice(value.as_bytes()));
        }
        let mut add_group = |attributes: &Attributes| {
            batch.groups.push(attributes.clone());
            batch.groups.len() as u32 - 1
        };
        let hash = xxh3_64(text);
        if let Some(known) = cached_attributes.find_mut(hash, |known| *known.text == **text) {
            if known.batch != *number {
                (known.batch, known.position) = (*number, add_group(&known.attributes));
            }
            return known.position;
        }
        if cached_attributes.len() >= CACHED_ATTRIBUTES_MAX {
            cached_attributes.clear();
        }
        let values: Vec<Option<Box<str>>> =
            attributes.iter().map(|value| value.as_deref().map(composed_name)).collect();
        let attributes = Attributes::from(values);
        let position = add_group(&attributes);
        let entry =
            CachedAttributes { text: text.as_slice().into(), attributes, batch: *number, position };
        cached_attributes.insert_unique(hash, entry, |known| xxh3_64(&known.text));
        position
    }
}

/// Returns the names in the `data` of a JSON event.
fn data_names(json: &str) -> Vec<String> {
    let data = sonic_rs::get(json, ["data"]).ok();
    let names = data.iter().flat_map(|data| sonic_rs::to_object_iter(data.as_raw_str()));
    names.filter_map(Result::ok).map(|(name, _)| name.to_string()).collect()
}

/// Returns the rejection of an event that is UTF-8 only up to a byte.
#[cold]
fn reject_other_encoding(bytes: &[u8], valid_up_to: usize) -> EventRejection {
    let reason = format!(
        "not UTF-8 from byte {} on; it looks like {}, send UTF-8",
        valid_up_to + 1,
        likely_encoding(bytes)
    );
    EventRejection { id: None, reason }
}

/// Returns a name with composed characters (Unicode normalization form C), so that `é` as one and as
/// two characters is one name.
fn composed_name(name: &str) -> Box<str> {
    match is_nfc_quick(name.chars()) {
        IsNormalized::Yes => name.into(),
        _ => name.nfc().collect::<String>().into(),
    }
}

/// Checks that no required attribute is missing or empty.
fn check_required_attributes<'s>(
    attributes: &'s CloudEventAttributes<'_>,
) -> Result<RequiredAttributes<'s>, String> {
    let required = |value: &'s Option<EventText<'_>>, name: &str| match value.as_deref() {
        Some("") => Err(format!("the attribute `{name}` is empty")),
        Some(text) => Ok(text),
        None => Err(format!("the required attribute `{name}` is missing")),
    };
    let version = required(&attributes.specversion, "specversion")?;
    if version != "1.0" {
        return Err(format!(
            "`specversion` is `{}`; only `1.0` is supported",
            truncate_for_message(version)
        ));
    }
    let id = required(&attributes.id, "id")?;
    let source = required(&attributes.source, "source")?;
    let kind = required(&attributes.kind, "type")?;
    let time = required(&attributes.time, "time")?;
    let subject = required(&attributes.subject, "subject")?;
    let time = Timestamp::parse(time).map_err(|reason| format!("`time`: {reason}"))?;
    let sequence = attributes.sequence.as_deref().map_or(0, parse_sequence);
    Ok(RequiredAttributes { id, source, kind, time, subject, sequence })
}

/// Returns the number in a `sequence`: its last run of digits, as 12 in `shard-1-0000012`. The
/// extension allows every text whose order is that of the events, so a text without digits gives 0.
fn parse_sequence(text: &str) -> u32 {
    let is_digit = |c: char| c.is_ascii_digit();
    let end = text.rfind(is_digit).map_or(0, |last| last + 1);
    let digits = text[..end].rsplit(|c| !is_digit(c)).next().unwrap_or_default();
    // Only the order of events at one time counts, so the last digits of a longer number suffice.
    let last = &digits[digits.len().saturating_sub(9)..];
    digits.parse().or_else(|_| last.parse()).unwrap_or(0)
}

/// Checks that the source may be sent with this token.
fn check_source<'s>(
    event: RequiredAttributes<'s>,
    sources: &AllowedSources,
) -> Result<RequiredAttributes<'s>, String> {
    match sources.allows_source(event.source) {
        true => Ok(event),
        false => Err(format!(
            "the source `{}` is not allowed for this token; send one of its `sources` or ask for \
             another token",
            truncate_for_message(event.source)
        )),
    }
}

/// Returns the reason for an unknown type, with the known types of its family as a hint.
fn unknown_type_reason(name: &str, schema: &EventSchema) -> String {
    let family = name.split('.').next().unwrap_or_default();
    let known: Vec<&str> = schema
        .event_types()
        .map(|(name, _)| name)
        .filter(|name| name.split('.').next() == Some(family))
        .collect();
    let hint = if known.is_empty() {
        format!("families: {}", schema.families.join(", "))
    } else {
        format!("known: {}", known.join(", "))
    };
    format!("unknown type `{}`; {hint}", truncate_for_message(name))
}
