//! The event reference as a Markdown page.

use super::event_types::{EVENT_FIELDS, EVENT_TYPES, EventTypeReference};
use crate::domain::standard::{Indicator, Standard};
use std::fmt::Write;

/// Headings of the families in the order of the page.
const FAMILIES: [(&str, &str); 5] = [
    ("call", "Calls"),
    ("queue", "Tickets in service halls"),
    ("order", "Orders: `repair.*`, `install.*` and every family of `orders`"),
    ("survey", "Surveys"),
    ("agent", "Agents"),
];

/// Renders the page. The indicators named in it are those of `standard`.
#[must_use]
pub fn events_page(standard: &Standard) -> String {
    let mut out = String::from(
        "# Event reference\n\n\
         After this page you can write the events that firstline understands. It is generated from the \
         lists in `src/reference/event_types.rs`.\n\n\
         Events are [CloudEvents 1.0](https://cloudevents.io) in JSON. The JSON Schema of an event is \
         served at `/v1/schema/event.json`, without a token.\n\n\
         ## Attributes of every event\n\n\
         | attribute | required | meaning |\n|---|---|---|\n\
         | `specversion` | yes | `1.0` |\n\
         | `source` | yes | The system that reports. `source` and `id` together identify an event. |\n\
         | `id` | yes | Unique within the source. A repeated event is counted as a duplicate. |\n\
         | `subject` | yes | The case within its source: a call, a ticket, an order, an agent. |\n\
         | `time` | yes | RFC 3339 with an offset: `2026-03-01T08:00:07.250+08:00`. |\n\
         | `type` | yes | One of the types below. |\n\
         | `sequence` | no | Order of events of one case at the same time: a number. |\n\
         | `data` | no | A JSON object with the fields below and the dimensions of the standard. |\n\n\
         Unknown fields are ignored. An unknown type, a missing attribute, or a field of the wrong type is \
         rejected with its reason.\n\n",
    );
    for (family, heading) in FAMILIES {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "## {heading}\n\n| type | meaning | fields of its own | indicators of the built-in \
             standard |\n|---|---|---|---|\n"
        );
        for kind in EVENT_TYPES.iter().filter(|kind| kind.family == family) {
            let prefix = if family == "order" { "ORDER" } else { family };
            let fields: Vec<String> = kind.fields.iter().map(|name| format!("`{name}`")).collect();
            let _ = writeln!(
                out,
                "| `{prefix}.{}` | {} | {} | {} |",
                kind.verb,
                kind.meaning,
                fields.join(", "),
                indicators_of(kind, standard).join(", ")
            );
        }
        out.push('\n');
    }
    out.push_str(
        "An indicator is listed at the types that bear the name of a fact it counts. Waiting times also \
         need the event that begins the wait.\n\n\
         ## Fields of `data`\n\n\
         No field is required. The column *needed for* says what is missing without it.\n\n\
         | field | type | unit or values | meaning | needed for | example |\n|---|---|---|---|---|---|\n",
    );
    for field in &EVENT_FIELDS {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | `{}` |",
            field.name,
            field.value_type.name(),
            field.unit,
            field.meaning,
            field.needed_for,
            field.example
        );
    }
    let dimensions: Vec<String> =
        standard.schema.dimensions.iter().map(|name| format!("`{name}`")).collect();
    let _ = write!(
        out,
        "\n## Dimensions\n\nA standard declares which fields make scopes. Those of the built-in standard \
         are {}. Values are texts of at most 200 bytes. The first value reported is valid, for a dimension \
         in `changing` the last one.\n\n\
         ## An example\n\n```json\n{}\n```\n",
        dimensions.join(", "),
        EXAMPLE_EVENT
    );
    out
}

/// An event with all its attributes.
pub const EXAMPLE_EVENT: &str = r#"{"specversion":"1.0","id":"8f3-17","source":"/acd/hefei","type":"call.answered",
 "time":"2026-03-01T08:00:07.250+08:00","subject":"call-8271",
 "data":{"center":"hefei","queue":"broadband","tier":"vip","wait_seconds":7.25}}"#;

/// Returns the names of the indicators that count the fact of this type's name.
fn indicators_of(kind: &EventTypeReference, standard: &Standard) -> Vec<String> {
    let families: Vec<&str> = match kind.family {
        // The first four families are not orders.
        "order" => standard.schema.families.iter().skip(4).map(String::as_str).collect(),
        family => vec![family],
    };
    let facts: Vec<String> =
        families.iter().map(|family| format!("{family}.{}", kind.verb)).collect();
    let counts = |indicator: &&Indicator| {
        indicator
            .formula
            .fact_tallies()
            .any(|tally| facts.iter().any(|fact| fact == standard.kinds.name(tally.kind)))
    };
    standard.indicators.iter().filter(counts).map(|found| format!("`{}`", found.name)).collect()
}
