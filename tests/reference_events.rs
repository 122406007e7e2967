//! The event reference and the JSON Schema of events agree with the decoder.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use firstline::domain::events::event::{EventVerb, LifeCycle};
use firstline::domain::standard::Standard;
use firstline::ingest::decode::{EventDecoder, HashKeys, data_field_names};
use firstline::reference::accepted_forms::ACCEPTED_FORMS;
use firstline::reference::event_schema::event_json_schema;
use firstline::reference::event_types::{EVENT_FIELDS, EVENT_TYPES, FieldType};
use firstline::reference::events_page::{EXAMPLE_EVENT, events_page};
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn standard() -> Standard {
    parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap()
}

/// What the decoder does with an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Accepted,
    AcceptedWithoutField,
    Refused,
}

fn outcome(standard: &Standard, event: &Value) -> Outcome {
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    match decoder.decode_json(event.to_string().as_bytes()) {
        Ok(()) if decoder.dropped_fields().is_empty() => Outcome::Accepted,
        Ok(()) => Outcome::AcceptedWithoutField,
        Err(_) => Outcome::Refused,
    }
}

fn decodes(standard: &Standard, event: &Value) -> bool {
    outcome(standard, event) == Outcome::Accepted
}

fn event_with(kind: &str, data: &Value) -> Value {
    json!({ "specversion": "1.0", "id": "1", "source": "/acd", "type": kind, "subject": "c-1",
            "time": "2026-03-01T08:00:07.250+08:00", "data": data })
}

#[test]
fn reference_has_every_type_and_field_and_no_other() {
    let families = [
        ("call", LifeCycle::Contact),
        ("queue", LifeCycle::HallTicket),
        ("order", LifeCycle::Order),
        ("survey", LifeCycle::Survey),
        ("benchmark", LifeCycle::Series),
        ("agent", LifeCycle::Agent),
    ];
    let mut known = Vec::new();
    for (name, life_cycle) in families {
        known.extend(EventVerb::of_life_cycle(life_cycle).iter().map(|(verb, _)| (name, *verb)));
    }
    let listed: Vec<_> = EVENT_TYPES.iter().map(|kind| (kind.family, kind.verb)).collect();
    assert_eq!(listed, known);
    assert_eq!(EVENT_FIELDS.map(|field| field.name), data_field_names());
    let standard = standard();
    for (name, _) in families {
        let family_name = if name == "order" { "repair" } else { name };
        let mut missing: Vec<&str> = standard
            .kinds
            .names()
            .filter(|fact| {
                let kind = standard.kinds.find_kind(fact).unwrap();
                fact.starts_with(&format!("{family_name}."))
                    && kind < standard.commitments[0].first_fact
            })
            .collect();
        for fact in
            EVENT_TYPES.iter().filter(|kind| kind.family == name).flat_map(|kind| kind.facts)
        {
            let fact = format!("{family_name}.{fact}");
            assert!(standard.kinds.find_kind(&fact).is_some(), "there is no fact `{fact}`");
            missing.retain(|known| *known != fact);
        }
        assert!(missing.is_empty(), "{name}: no event type needs {missing:?}");
    }
    let fields = EVENT_TYPES.iter().flat_map(|kind| kind.fields);
    fields.for_each(|field| assert!(data_field_names().contains(field), "{field}"));
}

#[test]
fn examples_of_the_reference_are_accepted() {
    let standard = standard();
    assert!(decodes(&standard, &serde_json::from_str(EXAMPLE_EVENT).unwrap()));
    for field in &EVENT_FIELDS {
        let value: Value = serde_json::from_str(field.example).unwrap();
        let data = json!({ field.name: value, "score": if field.name == "scale" { json!(7) } else { Value::Null } });
        let data = if field.name == "score" { json!({ "score": value }) } else { data };
        let (type_name, _) = standard.schema.event_types().next().unwrap();
        assert!(decodes(&standard, &event_with(type_name, &data)), "{}: {data}", field.name);
    }
}

/// The schema accepts what the decoder accepts, and refuses wrong types, missing attributes and
/// wrong values as the decoder does.
#[test]
fn schema_and_decoder_agree() {
    let standard = standard();
    let schema = event_json_schema(&standard.schema);
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let mut compared = 0;
    let mut compare = |event: &Value| {
        assert_eq!(validator.is_valid(event), decodes(&standard, event), "{event}");
        compared += 1;
    };
    for (name, _) in standard.schema.event_types() {
        compare(&event_with(name, &json!({ "center": "hefei" })));
    }
    for field in &EVENT_FIELDS {
        let wrong: &[Value] = match field.value_type {
            FieldType::Text => &[json!(true)],
            FieldType::Seconds => &[json!(true), json!(-1)],
            FieldType::Number => &[json!(false)],
            FieldType::Bool => &[json!("perhaps"), json!(1)],
            FieldType::Time => &[json!("tomorrow"), json!(true)],
            FieldType::AgentState => &[json!("asleep"), json!(true)],
        };
        for value in wrong {
            compare(&event_with("call.offered", &json!({ field.name: value })));
        }
    }
    compare(&event_with("call.anwsered", &json!({})));
    compare(&event_with("call.offered", &json!({ "center": "x".repeat(201) })));
    compare(&event_with("call.offered", &json!("text")));
    for name in ["specversion", "id", "source", "type", "time", "subject"] {
        let mut event = event_with("call.offered", &json!({}));
        event.as_object_mut().unwrap().remove(name);
        compare(&event);
        event[name] = json!("");
        compare(&event);
    }
    assert!(compared > 80, "{compared}");
}

/// Every example of the section is treated as the section says.
#[test]
fn section_of_accepted_forms_is_true() {
    let standard = standard();
    let mut compared = 0;
    for form in &ACCEPTED_FORMS {
        let groups = [
            (form.accepted, Outcome::Accepted),
            (form.dropped, Outcome::AcceptedWithoutField),
            (form.refused, Outcome::Refused),
        ];
        for member in form.members {
            for (values, expected) in groups {
                for text in values {
                    let value: Value = serde_json::from_str(text).unwrap();
                    let mut event = event_with("call.offered", &json!({}));
                    if form.in_data {
                        event["data"] = json!({ *member: value });
                    } else {
                        event[member] = value;
                    }
                    assert_eq!(outcome(&standard, &event), expected, "`{member}`: {text}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 130, "{compared}");
}

/// `UPDATE_EXPECT=1 cargo test --test reference_events` writes the page.
#[test]
fn page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/events.md");
    let page = events_page(&standard());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/reference/events.md is outdated; UPDATE_EXPECT=1 writes it");
}
