//! Turns history plans into events: plausible case lifecycles with a few stray events, and times at
//! the edges of deadlines.

use super::case_facts;
use super::event::{FieldValue, OracleEvent};
use super::history_plan::{HistoryPlan, PlannedCase, PlannedEvent, PlannedTime};

/// Returns the events of a history. Ids are indexes into the list. An event repeated with another
/// time keeps the id of the original.
pub(crate) fn history_events(plan: &HistoryPlan) -> Vec<OracleEvent> {
    let mut events: Vec<OracleEvent> = Vec::new();
    for (subject, case) in plan.cases.iter().enumerate() {
        // A survey shares the subject of the case before it.
        let subject = if case.family == "survey" { subject.saturating_sub(1) } else { subject };
        let first = events.len();
        let mut time = plan.begin + case.start;
        for (number, step) in case.steps.iter().enumerate() {
            let earlier = &events[first..];
            time = match step.when {
                _ if number == 0 => time,
                PlannedTime::After(millis) => time + millis,
                PlannedTime::Edge(which, by) => {
                    edge_time(earlier, which).map_or(time, |edge| edge + by)
                }
            };
            let event = event_for_step(case, step, earlier, subject, events.len(), time);
            let duplicate = step
                .duplicate_offset
                .map(|millis| OracleEvent { time: event.time + millis, ..event.clone() });
            events.push(event);
            // The duplicate takes an index too, so that later ids stay indexes.
            events.extend(duplicate);
        }
    }
    events
}

/// Returns an instant at which time alone changes the facts of these events, if there is any.
fn edge_time(earlier: &[OracleEvent], which: u8) -> Option<i64> {
    let with_ties: Vec<(&OracleEvent, u64)> =
        earlier.iter().map(|event| (event, event.id as u64)).collect();
    let last = earlier.iter().map(|event| event.time).max()?;
    let mut moments = case_facts::from_events(&with_ties, last).critical_times;
    moments.sort_unstable();
    moments.dedup();
    let later: Vec<i64> = moments.iter().copied().filter(|moment| *moment >= last).collect();
    let from = if later.is_empty() { moments } else { later };
    (!from.is_empty()).then(|| from[usize::from(which) % from.len()])
}

fn event_for_step(
    case: &PlannedCase,
    step: &PlannedEvent,
    earlier: &[OracleEvent],
    subject: usize,
    id: usize,
    time: i64,
) -> OracleEvent {
    let verb = next_verb(case.family, step, earlier);
    let mut data: Vec<(&'static str, FieldValue)> = Vec::new();
    let dimensions = if earlier.is_empty() { case.dimensions } else { step.dimensions };
    for (name, value) in case_facts::DIMENSIONS.into_iter().zip(dimensions) {
        data.extend(value.map(|value| (name, FieldValue::Text(value))));
    }
    let choice = usize::from(step.text_choice);
    let mut add_text = |name: &'static str, values: &[&'static str]| {
        data.extend(values.get(choice).map(|text| (name, FieldValue::Text(text))));
    };
    match verb {
        "overflowed" => add_text("reason", &["full", "timeout", "key", "callback"]),
        "left" => add_text("reason", &["no_show", "tired", "full"]),
        "paused" => add_text("reason", &["parts", "absent", "weather"]),
        "reopened" => add_text("reason", &["same_fault", "other_fault", "parts"]),
        "cancelled" => add_text("reason", &["absent", "changed_mind", "parts"]),
        "transferred" => add_text("to", &["second_level", "sales", "bank"]),
        "escalated" => add_text("level", &["regulator", "manager", "press"]),
        "changed" => data.push((
            "state",
            FieldValue::Text(
                ["ready", "talking", "wrapup", "pause", "offline"][usize::from(step.verb) % 5],
            ),
        )),
        "ended" | "served" if choice < 2 => {
            data.push(("resolved", FieldValue::Boolean(choice == 0)));
        }
        "confirmed" if choice < 2 => data.push(("satisfied", FieldValue::Boolean(choice == 0))),
        "called_back" => data.push(("reached", FieldValue::Boolean(choice < 2))),
        "rated" if choice < 3 => {
            data.push(("score", FieldValue::Number(i64::from(step.verb % 5) + 1)));
            let question = ["friendliness", "solution"].get(choice);
            data.extend(question.map(|text| ("question", FieldValue::Text(text))));
        }
        _ => {}
    }
    if case.family == "call" {
        // An offer always names a queue. Neither an end nor a loss belongs to one.
        let queue = step.queue.or((verb == "offered").then_some("sales"));
        let is_of_leg = !["ended", "lost", "called_back"].contains(&verb);
        data.extend(queue.filter(|_| is_of_leg).map(|queue| ("queue", FieldValue::Text(queue))));
        data.extend(step.leg.filter(|_| is_of_leg).map(|leg| ("leg", FieldValue::Text(leg))));
    }
    if ["repair", "install"].contains(&case.family) {
        data.extend(step.liable.map(|liable| ("liable", FieldValue::Text(liable))));
        data.extend(step.owner.map(|owner| ("owner", FieldValue::Text(owner))));
        // Every installation has a due time; repairs have one only sometimes.
        let due =
            step.due.or((case.family == "install" && earlier.is_empty()).then_some(4 * 3_600_000));
        data.extend(due.map(|millis| ("due", FieldValue::At(time + millis))));
        data.extend(step.appointment.map(|millis| ("appointment", FieldValue::At(time + millis))));
    } else {
        for (name, millis) in ["wait_seconds", "talk_seconds", "hold_seconds", "wrapup_seconds"]
            .into_iter()
            .zip(step.seconds)
        {
            data.extend(millis.map(|millis| (name, FieldValue::Seconds(millis))));
        }
    }
    OracleEvent { subject, id, time, sequence: step.sequence, family: case.family, verb, data }
}

/// Returns the next verb of a case: a likely successor of its last event, or any verb if stray.
fn next_verb(family: &'static str, step: &PlannedEvent, earlier: &[OracleEvent]) -> &'static str {
    let calls: &[&str] = &[
        "offered",
        "answered",
        "abandoned",
        "overflowed",
        "transferred",
        "called_back",
        "ring_missed",
        "ended",
        "lost",
    ];
    let tickets: &[&str] = &["joined", "called", "left", "served", "lost"];
    let orders: &[&str] = &[
        "opened",
        "assigned",
        "arrived",
        "replied",
        "customer_replied",
        "paused",
        "resumed",
        "resolved",
        "confirmed",
        "reopened",
        "escalated",
        "cancelled",
    ];
    let last = earlier.iter().rev().map(|event| event.verb).find(|verb| {
        let in_passing =
            ["assigned", "replied", "customer_replied", "escalated", "confirmed", "ring_missed"];
        !in_passing.contains(verb)
    });
    let all = match family {
        "call" => calls,
        "queue" => tickets,
        "survey" => return "rated",
        "agent" => return "changed",
        _ => orders,
    };
    let likely: &[&str] = match (family, last) {
        ("call", None) => &["offered"],
        ("call", Some("offered")) => &[
            "answered",
            "answered",
            "answered",
            "abandoned",
            "overflowed",
            "overflowed",
            "ring_missed",
            "offered",
            "lost",
        ],
        ("call", Some("answered")) => {
            &["ended", "ended", "transferred", "transferred", "offered", "lost"]
        }
        ("call", Some("overflowed")) => &["offered", "offered", "called_back", "answered", "ended"],
        ("call", Some("transferred")) => &["offered", "offered", "answered", "ended"],
        // The engine ignores a second end.
        ("call", Some("ended")) => &["ended", "ended", "transferred", "answered", "lost"],
        ("queue", None) => &["joined"],
        ("queue", Some("joined")) => &["called", "called", "left"],
        ("queue", Some("called")) => &["served", "served", "called", "left"],
        ("call" | "queue", _) => all,
        (_, None) => &["opened"],
        (_, Some("opened" | "resumed" | "reopened" | "arrived")) => &[
            "assigned",
            "assigned",
            "replied",
            "customer_replied",
            "customer_replied",
            "arrived",
            "paused",
            "paused",
            "resolved",
            "resolved",
            "escalated",
            "cancelled",
        ],
        (_, Some("paused")) => {
            &["resumed", "resumed", "resumed", "paused", "resolved", "cancelled"]
        }
        (_, Some("resolved")) => {
            &["reopened", "reopened", "reopened", "confirmed", "resolved", "paused"]
        }
        (_, Some(_)) => orders,
    };
    let from = if step.stray { all } else { likely };
    from[usize::from(step.verb) % from.len()]
}
