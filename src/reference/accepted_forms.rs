//! What the decoder does with each part of an event: accepts it, drops it, or refuses the event. A
//! test decodes every example.

use std::fmt::Write;

/// Part of an event with examples, each written as JSON.
#[derive(Clone, Copy, Debug)]
pub struct FormReference {
    /// Members of the event or fields of its `data` that are treated alike.
    pub members: &'static [&'static str],
    /// True for fields of `data`.
    pub in_data: bool,
    /// Values that are read.
    pub accepted: &'static [&'static str],
    /// Values without which the event is taken, with a warning.
    pub dropped: &'static [&'static str],
    /// Values for which the event is refused.
    pub refused: &'static [&'static str],
    /// Meaning of values that are read in a way of their own.
    pub note: &'static str,
}

/// Every part of an event.
pub const ACCEPTED_FORMS: [FormReference; 12] = [
    FormReference {
        members: &["id", "source", "subject"],
        in_data: false,
        accepted: &[r#""call-8271""#, "123456789012345678"],
        dropped: &[],
        refused: &["null", r#""""#, "{}", "[]"],
        note: "A number counts as its digits.",
    },
    FormReference {
        members: &["time"],
        in_data: false,
        accepted: &[r#""2026-03-01T08:00:07.1234567891+08:00""#, r#""2026-03-01T24:00:00+08:00""#],
        dropped: &[],
        refused: &[r#""2026-03-01 08:00""#, "1772323207", r#""1850-01-01T00:00:00Z""#],
        note: "24:00 is the start of the next day. Decimals after the ninth are left out.",
    },
    FormReference {
        members: &["type"],
        in_data: false,
        accepted: &[r#""call.offered""#],
        dropped: &[],
        refused: &[r#""call.anwsered""#],
        note: "",
    },
    FormReference {
        members: &["sequence"],
        in_data: false,
        accepted: &["2", r#""00000001-a""#, r#""shard-1-0000012""#, "null", "{}"],
        dropped: &[],
        refused: &[],
        note: "The last number of a text counts. Without a number the event is taken without order.",
    },
    FormReference {
        members: &["data"],
        in_data: false,
        accepted: &["{}", "null", r#"{"unknown":1}"#],
        dropped: &[r#"{"centre":"hefei"}"#, r#"{"Center":"hefei"}"#],
        refused: &[r#""text""#, "[]"],
        note: "Unknown fields are ignored. One that differs from a dimension by a letter or two \
            swapped letters gives a warning.",
    },
    FormReference {
        members: &["center", "queue"],
        in_data: true,
        accepted: &[r#"" hefei ""#, r#""""#, "null", "7", "true"],
        dropped: &["{}", "[1]"],
        refused: &[],
        note: "Every dimension. Empty means not given. White space around a name is removed. Texts \
            of more than 200 bytes are dropped.",
    },
    FormReference {
        members: &["customer", "topic", "owner", "liable", "reason", "to", "level", "leg"],
        in_data: true,
        accepted: &[r#""a text""#, "123456789012345678", r#""""#, "null"],
        dropped: &["true", "{}", "[1]"],
        refused: &[],
        note: "A number counts as its digits.",
    },
    FormReference {
        members: &["due", "appointment"],
        in_data: true,
        accepted: &[r#""2026-03-31T24:00:00+08:00""#, r#""""#, "null"],
        dropped: &[r#""tomorrow""#, "20260331", "{}"],
        refused: &[],
        note: "An order without a readable time follows an earlier one or its next deadline rule. \
            Lists of cases say `due unreadable`.",
    },
    FormReference {
        members: &["wait_seconds", "talk_seconds", "hold_seconds", "wrapup_seconds"],
        in_data: true,
        accepted: &["7.25", r#""7.25""#, r#""00:01:05""#, "null"],
        dropped: &["-1", r#""soon""#, "true", "1e12"],
        refused: &[],
        note: "A negative duration comes from a clock that was set back. The times of the events \
            count instead.",
    },
    FormReference {
        members: &["resolved", "satisfied", "reached"],
        in_data: true,
        accepted: &["true", r#""True""#, r#""yes""#, r#""no""#, "1", "0", r#""0""#],
        dropped: &[r#""perhaps""#, "2", "{}"],
        refused: &[],
        note: "",
    },
    FormReference {
        members: &["score"],
        in_data: true,
        accepted: &["5", r#""4""#],
        dropped: &["7", r#""good""#, "[5]"],
        refused: &[],
        note: "A score outside its scale is dropped.",
    },
    FormReference {
        members: &["state"],
        in_data: true,
        accepted: &[r#""ready""#, r#""talking""#],
        dropped: &[],
        refused: &[r#""asleep""#, "true", "{}"],
        note: "A change to an unknown state means nothing.",
    },
];

/// Renders the section of the event reference.
#[must_use]
pub(super) fn accepted_forms_section() -> String {
    let mut out = String::from(
        "## What is accepted, dropped, refused\n\n\
         Only what makes an event meaningless refuses it. An odd optional field is dropped, and the \
         event is taken without it. The answer of `POST /v1/events` lists it under `warnings`, \
         `/v1/rejected` lists it beside the rejected events, and `firstline_fields_dropped_total` \
         counts it by field. The alert rule `FirstlineFieldsDropped` fires on it. A replay counts it \
         among the things left out.\n\n\
         | part | accepted | dropped with a warning | the event is refused | |\n|---|---|---|---|---|\n",
    );
    let list = |values: &[&str]| {
        values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
    };
    for form in &ACCEPTED_FORMS {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            list(form.members),
            list(form.accepted),
            list(form.dropped),
            list(form.refused),
            form.note
        );
    }
    out.push('\n');
    out
}
