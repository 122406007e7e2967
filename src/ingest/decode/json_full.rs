//! A CloudEvent read from JSON without building a tree: strings are borrowed from the bytes wherever they hold no escapes.

use super::fields::{DecodedFields, EventText};
use super::json_depth;
use super::raw_event::Scalar;
use crate::domain::time::timestamp::truncate_for_message;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The attributes of an event as its JSON said them.
#[derive(Default)]
pub(super) struct CloudEventAttributes<'a> {
    pub(super) specversion: Option<EventText<'a>>,
    pub(super) id: Option<EventText<'a>>,
    pub(super) source: Option<EventText<'a>>,
    pub(super) kind: Option<EventText<'a>>,
    pub(super) time: Option<EventText<'a>>,
    pub(super) subject: Option<EventText<'a>>,
    pub(super) sequence: Option<EventText<'a>>,
}

/// Reads the event in `text`; what its `data` says goes into `fields`.
pub(super) fn read_full_json<'a>(
    text: &'a str,
    fields: &mut DecodedFields<'a, '_>,
) -> Result<CloudEventAttributes<'a>, String> {
    if json_depth::is_too_deep(text.as_bytes()) {
        return Err(json_depth::TOO_DEEP_REASON.to_owned());
    }
    let mut deserializer = sonic_rs::Deserializer::from_str(text);
    let said = (&mut deserializer).deserialize_map(EventVisitor { fields });
    said.and_then(|said| deserializer.end().map(|()| said))
        .map_err(|error| parse_error_reason(text, &error))
}

/// The parser's complaint in one line, with the place as a byte of the event.
fn parse_error_reason(text: &str, error: &sonic_rs::Error) -> String {
    if text.trim().is_empty() {
        return "empty; expected a JSON object".to_owned();
    }
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    let what = first.split(" at line ").next().unwrap_or(first);
    format!("not a JSON event: {} (byte {})", truncate_for_message(what), error.offset() + 1)
}

struct EventVisitor<'f, 'a, 's> {
    fields: &'f mut DecodedFields<'a, 's>,
}

impl<'a> Visitor<'a> for EventVisitor<'_, 'a, '_> {
    type Value = CloudEventAttributes<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvent, which is a JSON object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<CloudEventAttributes<'a>, M::Error> {
        let mut said = CloudEventAttributes::default();
        while let Some(key) = map.next_key_seed(StringSeed)? {
            match &*key {
                "specversion" => said.specversion = Some(map.next_value_seed(StringSeed)?),
                "id" => said.id = Some(map.next_value_seed(StringSeed)?),
                "source" => said.source = Some(map.next_value_seed(StringSeed)?),
                "type" => said.kind = Some(map.next_value_seed(StringSeed)?),
                "time" => said.time = Some(map.next_value_seed(StringSeed)?),
                "subject" => said.subject = Some(map.next_value_seed(StringSeed)?),
                "sequence" => said.sequence = Some(map.next_value_seed(StringSeed)?),
                "data" => map.next_value_seed(DataVisitor { fields: self.fields })?,
                "data_base64" => {
                    return Err(M::Error::custom(
                        "`data_base64` is not understood; send `data` as a JSON object",
                    ));
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(said)
    }
}

struct DataVisitor<'f, 'a, 's> {
    fields: &'f mut DecodedFields<'a, 's>,
}

impl<'a> DeserializeSeed<'a> for DataVisitor<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for DataVisitor<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`data` as a JSON object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key_seed(StringSeed)? {
            match self.fields.find_field(&key) {
                None => _ = map.next_value::<IgnoredAny>()?,
                Some(field) => {
                    if let Some(value) = map.next_value_seed(ScalarSeed)? {
                        self.fields.set_field(field, value);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A string, borrowed if it can be.
struct StringSeed;

impl<'a> DeserializeSeed<'a> for StringSeed {
    type Value = EventText<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<EventText<'a>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for StringSeed {
    type Value = EventText<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<EventText<'a>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<EventText<'a>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A value of a field that is understood; `None` for null.
struct ScalarSeed;

impl<'a> DeserializeSeed<'a> for ScalarSeed {
    type Value = Option<Scalar<'a>>;

    fn deserialize<D: Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Option<Scalar<'a>>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ScalarSeed {
    type Value = Option<Scalar<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true, false or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Number(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Number(value)))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Owned(text.to_owned()))))
    }
}
