//! The JSON Schema of an event, for senders that check before they send.

use super::event_types::{EVENT_FIELDS, EVENT_TYPES, EventTypeReference, FieldType};
use crate::domain::events::event::AgentState;
use crate::domain::standard::EventSchema;
use serde_json::{Map, Value, json};

/// Returns the JSON Schema (draft 2020-12) of an event under a standard's schema: its families of
/// orders and its dimensions.
#[must_use]
pub fn event_json_schema(schema: &EventSchema) -> Value {
    let types: Vec<String> = schema.event_types().map(|(name, _)| name.to_string()).collect();
    let mut data = Map::new();
    for dimension in &schema.dimensions {
        data.insert(
            dimension.clone(),
            json!({ "type": ["string", "number", "boolean"], "maxLength": 200 }),
        );
    }
    for field in &EVENT_FIELDS {
        data.insert(field.name.to_owned(), field_schema(field.value_type, field.meaning));
    }
    let text = |meaning: &str| json!({ "type": "string", "minLength": 1, "description": meaning });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "firstline event",
        "description": "A CloudEvents 1.0 event as `POST /v1/events` accepts it.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "subject"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text("Unique within the source."),
            "source": text("The system that reports."),
            "type": { "enum": types, "description": type_description() },
            "time": { "type": "string", "format": "date-time",
                      "description": "RFC 3339 with an offset." },
            "subject": text("The case within its source."),
            "sequence": { "type": ["string", "integer"],
                          "description": "Order of events of one case at the same time." },
            "data": { "type": ["object", "null"], "properties": data },
        },
    })
}

/// Describes the types of the built-in life cycles in one text.
fn type_description() -> String {
    let line =
        |kind: &EventTypeReference| format!("{}.{}: {}", kind.family, kind.verb, kind.meaning);
    EVENT_TYPES.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn field_schema(value_type: FieldType, meaning: &str) -> Value {
    match value_type {
        FieldType::Text => json!({ "type": ["string", "number"], "description": meaning }),
        FieldType::Number => json!({ "type": ["number", "string"], "description": meaning }),
        FieldType::Seconds => {
            json!({ "type": ["number", "string"], "minimum": 0, "description": meaning })
        }
        FieldType::Bool => {
            let words = json!([true, false, 1, 0, "true", "false", "yes", "no", "1", "0"]);
            json!({ "enum": words, "description": meaning })
        }
        FieldType::Time => {
            json!({ "type": "string", "format": "date-time", "description": meaning })
        }
        FieldType::AgentState => json!({
            "enum": AgentState::NAMES.map(|(name, _)| name),
            "description": meaning,
        }),
    }
}
