//! Full JSON parser for CloudEvents. It builds no tree and borrows strings without escapes from the
//! input.

use super::fields::{DecodedFields, EventText};
use super::json_depth;
use super::raw_event::Scalar;
use crate::domain::time::timestamp::truncate_for_message;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Attributes of an event as in its JSON.
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

/// Reads the event in `text`. The values of its `data` go into `fields`.
pub(super) fn read_full_json<'a>(
    text: &'a str,
    fields: &mut DecodedFields<'a, '_>,
) -> Result<CloudEventAttributes<'a>, String> {
    if json_depth::is_too_deep(text.as_bytes()) {
        return Err(json_depth::TOO_DEEP_REASON.to_owned());
    }
    let mut deserializer = sonic_rs::Deserializer::from_str(text);
    let attributes = (&mut deserializer).deserialize_map(EventVisitor { fields });
    attributes
        .and_then(|attributes| deserializer.end().map(|()| attributes))
        .map_err(|error| parse_error_reason(text, &error))
}

/// Returns the parser's message as one line, with the byte offset in the event.
fn parse_error_reason(text: &str, error: &sonic_rs::Error) -> String {
    if text.trim().is_empty() {
        return "empty; expected a JSON object".to_owned();
    }
    let full = error.to_string();
    let first = full.lines().next().unwrap_or_default();
    let message = first.split(" at line ").next().unwrap_or(first);
    format!("not a JSON event: {} (byte {})", truncate_for_message(message), error.offset() + 1)
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
        let mut attributes = CloudEventAttributes::default();
        while let Some(key) = map.next_key_seed(StringSeed)? {
            match &*key {
                "specversion" => attributes.specversion = Some(map.next_value_seed(StringSeed)?),
                "id" => attributes.id = read_attribute(&mut map, "id")?,
                "source" => attributes.source = read_attribute(&mut map, "source")?,
                "type" => attributes.kind = read_attribute(&mut map, "type")?,
                "time" => attributes.time = read_attribute(&mut map, "time")?,
                "subject" => attributes.subject = read_attribute(&mut map, "subject")?,
                // It only orders events of one moment, so the event is taken without it.
                "sequence" => {
                    let value = map.next_value_seed(ScalarSeed)?;
                    attributes.sequence = value.and_then(FieldValue::scalar).map(Scalar::into_text);
                }
                "data" => map.next_value_seed(DataVisitor { fields: self.fields })?,
                "data_base64" => {
                    return Err(M::Error::custom(
                        "`data_base64` is not supported; send `data` as a JSON object",
                    ));
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(attributes)
    }
}

/// Reads the text of an attribute; `None` for null. Numbers are taken as their digits.
fn read_attribute<'a, M: MapAccess<'a>>(
    map: &mut M,
    name: &str,
) -> Result<Option<EventText<'a>>, M::Error> {
    match map.next_value_seed(ScalarSeed)? {
        None => Ok(None),
        Some(FieldValue::Scalar(value)) => Ok(Some(value.into_text())),
        Some(FieldValue::Nested) => Err(M::Error::custom(format!(
            "the attribute `{name}` must be a text, not a list or an object"
        ))),
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
                Some(field) => match map.next_value_seed(ScalarSeed)? {
                    None => {}
                    Some(FieldValue::Scalar(value)) => self.fields.set_json_field(field, value),
                    Some(FieldValue::Nested) => self.fields.drop_nested_value(field),
                },
            }
        }
        Ok(())
    }
}

/// Deserializes a string, borrowed if possible.
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

/// Returns an integer as a number, or as its digits if a float does not hold them all. Customers and
/// orders have numbers of 18 digits.
fn integer_scalar<N: TryInto<i64> + Copy + ToString>(integer: N) -> Scalar<'static> {
    const EXACT_MAX: i64 = 1 << f64::MANTISSA_DIGITS;
    match integer.try_into() {
        Ok(exact) if (-EXACT_MAX..=EXACT_MAX).contains(&exact) => Scalar::Number(exact as f64),
        _ => Scalar::Text(Cow::Owned(integer.to_string())),
    }
}

/// Value of a known field.
enum FieldValue<'a> {
    Scalar(Scalar<'a>),
    /// A list or an object, which no field takes.
    Nested,
}

impl<'a> FieldValue<'a> {
    fn scalar(self) -> Option<Scalar<'a>> {
        if let FieldValue::Scalar(value) = self { Some(value) } else { None }
    }
}

/// Deserializes the value of a known field; `None` for null.
struct ScalarSeed;

impl<'a> DeserializeSeed<'a> for ScalarSeed {
    type Value = Option<FieldValue<'a>>;

    fn deserialize<D: Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Option<FieldValue<'a>>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ScalarSeed {
    type Value = Option<FieldValue<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true, false or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(FieldValue::Nested))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(FieldValue::Nested))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(FieldValue::Scalar(Scalar::Bool(value))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(FieldValue::Scalar(integer_scalar(value))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(FieldValue::Scalar(integer_scalar(value))))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(FieldValue::Scalar(Scalar::Number(value))))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(FieldValue::Scalar(Scalar::Text(Cow::Borrowed(text)))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(FieldValue::Scalar(Scalar::Text(Cow::Owned(text.to_owned())))))
    }
}
