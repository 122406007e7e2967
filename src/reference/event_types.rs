//! Every event type and every field of an event's `data`, with meaning, unit and use.

/// An event type: `call.answered` is the verb `answered` of the family `call`.
#[derive(Clone, Copy, Debug)]
pub struct EventTypeReference {
    /// `call`, `queue`, `order` (every family the standard declares in `orders`), `survey` or
    /// `agent`.
    pub family: &'static str,
    /// The part of the type after the dot.
    pub verb: &'static str,
    /// Meaning in one sentence.
    pub meaning: &'static str,
    /// The fields of `data` that this type uses beside the common ones.
    pub fields: &'static [&'static str],
    /// The facts of the family that need this type, without the family's name.
    pub facts: &'static [&'static str],
}

/// A field of an event's `data`.
#[derive(Clone, Copy, Debug)]
pub struct EventFieldReference {
    /// Name in `data`.
    pub name: &'static str,
    /// JSON type of the value.
    pub value_type: FieldType,
    /// Unit or allowed values; empty if there is nothing to add to the type.
    pub unit: &'static str,
    /// Meaning in one sentence.
    pub meaning: &'static str,
    /// Figures that are missing without it.
    pub needed_for: &'static str,
    /// An example as JSON.
    pub example: &'static str,
}

/// JSON type of a field's value. Numbers and truth values are also accepted as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A duration as a number of seconds.
    Seconds,
    /// True or false.
    Bool,
    /// A time with an offset (RFC 3339).
    Time,
    /// One of the states of an agent.
    AgentState,
}

impl FieldType {
    /// Name in the reference page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Text | FieldType::AgentState => "text",
            FieldType::Number | FieldType::Seconds => "number",
            FieldType::Bool => "true or false",
            FieldType::Time => "time",
        }
    }
}

const fn event(
    family: &'static str,
    verb: &'static str,
    meaning: &'static str,
    fields: &'static [&'static str],
    facts: &'static [&'static str],
) -> EventTypeReference {
    EventTypeReference { family, verb, meaning, fields, facts }
}

/// Every event type in the order of the families.
pub const EVENT_TYPES: [EventTypeReference; 30] = [
    event(
        "call",
        "offered",
        "A customer asks for a human: the call enters a queue. In a call that is in another queue or \
        was answered, a new leg begins.",
        &["leg"],
        &["offered", "waiting", "not_offered"],
    ),
    event(
        "call",
        "answered",
        "An agent took the call.",
        &["wait_seconds", "leg"],
        &["answered", "talking", "completed", "waiting", "not_offered"],
    ),
    event(
        "call",
        "abandoned",
        "The caller hung up before an answer.",
        &["reason", "wait_seconds", "leg"],
        &["abandoned", "waiting"],
    ),
    event(
        "call",
        "overflowed",
        "The call left the queue in another way, for instance by timeout or key. With the reason \
        `callback` a call-back is pending.",
        &["reason", "wait_seconds", "leg"],
        &["overflowed", "waiting", "callback"],
    ),
    event(
        "call",
        "transferred",
        "The call was passed on after an answer. The conversation of its leg is over.",
        &["to", "talk_seconds", "leg"],
        &["transferred", "ended", "handled", "talking"],
    ),
    event(
        "call",
        "called_back",
        "An attempt to call the customer back after an exit with the reason `callback`. An attempt \
        that reached the customer answers the call.",
        &["reached", "leg"],
        &["answered", "callback", "called_back", "completed"],
    ),
    event(
        "call",
        "ring_missed",
        "The phone of an agent rang for the call, and the agent did not answer. `wait_seconds` is \
        how long it rang.",
        &["wait_seconds"],
        &["ring_missed"],
    ),
    event(
        "call",
        "merged",
        "The call is part of another call and counts nowhere, as an agent's consultation before a \
        transfer.",
        &[],
        &["offered", "waiting"],
    ),
    event(
        "call",
        "ended",
        "The call is over. A call that still waits is abandoned (`hangup`).",
        &["resolved", "talk_seconds", "hold_seconds", "wrapup_seconds"],
        &["ended", "handled", "completed", "talking", "abandoned", "waiting", "callback"],
    ),
    event(
        "call",
        "lost",
        "The source no longer knows the call and will report no end of it.",
        &[],
        &["expired"],
    ),
    event(
        "queue",
        "joined",
        "A customer took a ticket in a service hall.",
        &[],
        &["joined", "waiting"],
    ),
    event(
        "queue",
        "called",
        "The ticket was called to a desk.",
        &["wait_seconds"],
        &["called", "at_counter", "waiting"],
    ),
    event(
        "queue",
        "left",
        "The customer left without service.",
        &["reason", "wait_seconds"],
        &["left", "waiting", "at_counter"],
    ),
    event(
        "queue",
        "served",
        "The service at the desk is finished.",
        &["resolved", "talk_seconds"],
        &["served", "at_counter"],
    ),
    event("queue", "lost", "The source no longer knows the ticket.", &[], &["expired"]),
    event(
        "order",
        "opened",
        "The order was reported.",
        &["due", "appointment", "owner", "customer", "topic"],
        &["opened", "open", "expired"],
    ),
    event(
        "order",
        "assigned",
        "The order was given to a unit or person.",
        &["owner"],
        &["assigned", "held"],
    ),
    event("order", "arrived", "A technician arrived.", &[], &["arrived"]),
    event("order", "replied", "The customer got a reply.", &[], &["replied"]),
    event(
        "order",
        "customer_replied",
        "The customer wrote again and waits for a reply.",
        &[],
        &["customer_replied"],
    ),
    event(
        "order",
        "paused",
        "Work on the order stops for a reason.",
        &["reason", "liable"],
        &["paused", "resumed"],
    ),
    event("order", "resumed", "Work on the order goes on.", &[], &["resumed", "paused"]),
    event(
        "order",
        "resolved",
        "The service is restored or the request fulfilled.",
        &["owner", "liable"],
        &["resolved", "first_resolved", "by_first_owner", "open"],
    ),
    event(
        "order",
        "confirmed",
        "The customer was called back.",
        &["satisfied"],
        &["confirmed", "confirmed_once"],
    ),
    event(
        "order",
        "reopened",
        "The order was resolved and is open again.",
        &["reason"],
        &["reopened", "reopened_once", "open"],
    ),
    event(
        "order",
        "escalated",
        "The order was raised to a higher level.",
        &["level"],
        &["escalated", "escalated_once"],
    ),
    event("order", "cancelled", "The order was withdrawn.", &["reason"], &["cancelled", "open"]),
    event(
        "survey",
        "rated",
        "A customer judged a case. A survey with several questions sends an event for each.",
        &["score", "scale", "question"],
        &["rated"],
    ),
    event(
        "benchmark",
        "reported",
        "A figure of others, such as the industry's appeals in a month. `data` has the `name` of a \
        `[benchmark.NAME]` of the standard, the `period` and the `value`. A period is a year, \
        quarter, month, week or day: `2026`, `2026-Q1`, `2026-02`, `2026-W08`, `2026-02-17`. Of \
        events with the same subject the newest holds.",
        &[],
        &[],
    ),
    event(
        "agent",
        "changed",
        "An agent's state changed.",
        &["state"],
        &[
            "ready_time",
            "talking_time",
            "wrapup_time",
            "pause_time",
            "expired",
            "ready",
            "talking",
            "wrapup",
            "pause",
            "offline",
        ],
    ),
];

const fn field(
    name: &'static str,
    value_type: FieldType,
    unit: &'static str,
    meaning: &'static str,
    needed_for: &'static str,
    example: &'static str,
) -> EventFieldReference {
    EventFieldReference { name, value_type, unit, meaning, needed_for, example }
}

/// Every field of `data` that has a meaning of its own. Dimensions come from the standard.
pub const EVENT_FIELDS: [EventFieldReference; 21] = [
    field(
        "customer",
        FieldType::Text,
        "",
        "Identifies the customer. Only a keyed hash is kept.",
        "first contact resolution, repeat contacts",
        "\"13900000001\"",
    ),
    field(
        "topic",
        FieldType::Text,
        "",
        "Subject of the contact.",
        "first contact resolution by topic",
        "\"broadband\"",
    ),
    field(
        "due",
        FieldType::Time,
        "RFC 3339 with offset",
        "Deadline of the order. The last value reported is valid.",
        "commitments with `due = true`",
        "\"2026-03-02T18:00:00+08:00\"",
    ),
    field(
        "appointment",
        FieldType::Time,
        "RFC 3339 with offset",
        "Agreed time of the visit. The last value reported is valid.",
        "commitments with `appointment = true`",
        "\"2026-03-02T14:00:00+08:00\"",
    ),
    field(
        "wait_seconds",
        FieldType::Seconds,
        "seconds, at least 0",
        "Wait as the source measured it. Without it the wait is the time since the first event.",
        "service level and speed of answer, where the first event is missing",
        "7.25",
    ),
    field(
        "talk_seconds",
        FieldType::Seconds,
        "seconds, at least 0",
        "Talk or service time as the source measured it.",
        "handling time, where the answer is missing",
        "184",
    ),
    field(
        "hold_seconds",
        FieldType::Seconds,
        "seconds, at least 0",
        "Time on hold; added to `talk_seconds`.",
        "handling time",
        "20",
    ),
    field(
        "wrapup_seconds",
        FieldType::Seconds,
        "seconds, at least 0",
        "After-call work.",
        "handling time",
        "30",
    ),
    field(
        "score",
        FieldType::Number,
        "on the scale",
        "The customer's answer. The scale is `scale` of the standard, 1 to 5 if it declares none. \
         Scores of every scale are converted to five answers.",
        "satisfaction",
        "5",
    ),
    field(
        "scale",
        FieldType::Number,
        "above the worst score; if absent, as in the standard",
        "Best possible score. If the standard declares no scale, the worst score is 1, or 0 if \
         such a score comes.",
        "satisfaction on other scales",
        "10",
    ),
    field(
        "state",
        FieldType::AgentState,
        "ready, talking, wrapup, pause or offline",
        "New state of the agent.",
        "agents by state, occupancy",
        "\"ready\"",
    ),
    field(
        "owner",
        FieldType::Text,
        "",
        "Unit or person responsible for the order. Only a hash is kept.",
        "orders resolved by their first owner",
        "\"team-4\"",
    ),
    field(
        "liable",
        FieldType::Text,
        "",
        "Party liable for a pause or a delay.",
        "pauses and excuses by party",
        "\"customer\"",
    ),
    field("reason", FieldType::Text, "", "Reason.", "figures by reason", "\"timeout\""),
    field(
        "to",
        FieldType::Text,
        "",
        "Target of a transfer.",
        "transfers by target",
        "\"second-level\"",
    ),
    field("level", FieldType::Text, "", "Level of an escalation.", "escalations by level", "\"2\""),
    field(
        "resolved",
        FieldType::Bool,
        "",
        "True if the customer's request was resolved in this contact.",
        "first contact resolution",
        "true",
    ),
    field(
        "satisfied",
        FieldType::Bool,
        "",
        "True if the customer was satisfied in the call-back.",
        "satisfaction after call-back",
        "true",
    ),
    field(
        "reached",
        FieldType::Bool,
        "",
        "True if the call-back reached the customer.",
        "answers by call-back",
        "true",
    ),
    field(
        "leg",
        FieldType::Text,
        "",
        "Names the leg of the call, for sources with an id for each leg. Only a hash is kept.",
        "calls that wait in several queues at once",
        "\"leg-2\"",
    ),
    field(
        "question",
        FieldType::Text,
        "",
        "Question of the survey that the score answers.",
        "satisfaction by question",
        "\"friendliness\"",
    ),
];
