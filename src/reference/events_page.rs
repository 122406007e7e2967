//! The event reference as a Markdown page.

use super::event_types::{EVENT_FIELDS, EVENT_TYPES, EventTypeReference};
use crate::domain::facts::catalog::{COMMITMENT_FACT_COUNT, FactKind, place::one_shot};
use crate::domain::standard::Standard;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Headings of the families in the order of the page.
const FAMILIES: [(&str, &str); 6] = [
    ("call", "Calls, and every family of `contacts`"),
    ("queue", "Tickets in service halls"),
    ("order", "Orders: `repair.*`, `install.*` and every family of `orders`"),
    ("survey", "Surveys"),
    ("benchmark", "Outside series"),
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
         | `sequence` | no | Order of events of one case at the same time: a number, or a text with one at its end. |\n\
         | `data` | no | A JSON object with the fields below and the dimensions of the standard. |\n\n\
         In `data`, an empty text counts as missing, and white space around a text is removed. \
         Durations may be written as `00:01:05`. True and false may also be `yes` and `no`, or 1 and \
         0. Names with decomposed characters are composed, so that both forms of `é` are one name.\n\n\
         Unknown fields are ignored. An unknown type or a missing attribute is rejected with its reason. \
         An event is taken without an optional field that cannot be read. See [What is accepted, \
         dropped, refused](#what-is-accepted-dropped-refused).\n\n",
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
        "An indicator is listed at each type that one of its facts, commitments or contacts needs. An \
         indicator of open orders, for instance, needs the events that open, resolve and cancel them.\n\n\
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
         {}## An example\n\n```json\n{}\n```\n",
        dimensions.join(", "),
        super::accepted_forms::accepted_forms_section(),
        EXAMPLE_EVENT
    );
    out
}

/// An event with all its attributes.
pub const EXAMPLE_EVENT: &str = r#"{"specversion":"1.0","id":"8f3-17","source":"/acd/hefei","type":"call.answered",
 "time":"2026-03-01T08:00:07.250+08:00","subject":"call-8271",
 "data":{"center":"hefei","queue":"broadband","tier":"vip","wait_seconds":7.25}}"#;

/// Returns the names of the indicators that need events of this type: they count a fact that needs
/// it, a commitment that such a fact starts, ends or cancels, or contacts made of such facts.
fn indicators_of(kind: &EventTypeReference, standard: &Standard) -> Vec<String> {
    let families: Vec<&str> = match kind.family {
        // The first four families are not orders.
        "order" => standard.schema.families.iter().skip(4).map(String::as_str).collect(),
        family => vec![family],
    };
    let names = families
        .iter()
        .flat_map(|family| kind.facts.iter().map(move |fact| format!("{family}.{fact}")));
    let mut facts: BTreeSet<FactKind> =
        names.filter_map(|name| standard.kinds.find_kind(&name)).collect();
    for commitment in &standard.commitments {
        let cancelling = commitment.terms.iter().flat_map(|terms| &terms.void);
        let mut needed = [commitment.from, commitment.until].into_iter().chain(cancelling.copied());
        if needed.any(|kind| facts.contains(&kind)) {
            facts.extend(
                (0..COMMITMENT_FACT_COUNT).map(|place| commitment.first_fact.offset_by(place)),
            );
        }
    }
    for rule in &standard.first_contact_rules {
        if rule.fact_tallies().any(|tally| facts.contains(&tally.kind)) {
            facts.extend(
                [one_shot::CONTACTS, one_shot::ONCE].map(|place| rule.first_fact.offset_by(place)),
            );
        }
    }
    let mut needs: Vec<bool> = Vec::new();
    for indicator in &standard.indicators {
        // The operands of a formula are declared above it.
        let operands = indicator.formula.operand_indicators();
        let mut tallies = indicator.formula.fact_tallies();
        let needed = operands.into_iter().any(|operand| needs[operand])
            || tallies.any(|tally| facts.contains(&tally.kind));
        needs.push(needed);
    }
    let needing = standard.indicators.iter().zip(needs).filter(|(_, needed)| *needed);
    needing.map(|(indicator, _)| format!("`{}`", indicator.name)).collect()
}
