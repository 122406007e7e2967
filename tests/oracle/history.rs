//! Histories as events: believable lives with a stray event here and there, and times that fall on the edges of deadlines.

use super::case_facts;
use super::event::{FieldValue, OracleEvent};
use super::history_plan::{HistoryPlan, PlannedCase, PlannedEvent, PlannedTime};

/// The events of a history; ids are places in the list, but for events that are said again with another time.
pub(crate) fn history_events(plan: &HistoryPlan) -> Vec<OracleEvent> {
    let mut events: Vec<OracleEvent> = Vec::new();
    for (subject, case) in plan.cases.iter().enumerate() {
        // A judgement joins the case before it.
        let subject = if case.family == "survey" { subject.saturating_sub(1) } else { subject };
        let first = events.len();
        let mut time = plan.begin + case.start;
        for (number, step) in case.steps.iter().enumerate() {
            let own = &events[first..];
            time = match step.when {
                _ if number == 0 => time,
                PlannedTime::After(millis) => time + millis,
                PlannedTime::Edge(which, by) => {
                    edge_time(own, which).map_or(time, |edge| edge + by)
                }
            };
            let said = event_for_step(case, step, own, subject, events.len(), time);
            let again = step
                .duplicate_offset
                .map(|millis| OracleEvent { time: said.time + millis, ..said.clone() });
            events.push(said);
            // Numbers go on, so that ids stay places.
            events.extend(again);
        }
    }
    events
}

/// A moment at which time alone changes what these events mean.
fn edge_time(own: &[OracleEvent], which: u8) -> Option<i64> {
    let heard: Vec<(&OracleEvent, u64)> = own.iter().map(|said| (said, said.id as u64)).collect();
    let last = own.iter().map(|said| said.time).max()?;
    let mut moments = case_facts::from_events(&heard, last).critical_times;
    moments.sort_unstable();
    moments.dedup();
    let later: Vec<i64> = moments.iter().copied().filter(|moment| *moment >= last).collect();
    let from = if later.is_empty() { moments } else { later };
    (!from.is_empty()).then(|| from[usize::from(which) % from.len()])
}

fn event_for_step(
    case: &PlannedCase,
    step: &PlannedEvent,
    own: &[OracleEvent],
    subject: usize,
    id: usize,
    time: i64,
) -> OracleEvent {
    let verb = next_verb(case.family, step, own);
    let mut data: Vec<(&'static str, FieldValue)> = Vec::new();
    let dimensions = if own.is_empty() { case.dimensions } else { step.dimensions };
    for (name, value) in case_facts::DIMENSIONS.into_iter().zip(dimensions) {
        data.extend(value.map(|value| (name, FieldValue::Text(value))));
    }
    let word = usize::from(step.text_choice);
    let mut say = |name: &'static str, words: [&'static str; 3]| {
        data.extend(words.get(word).map(|text| (name, FieldValue::Text(text))))
    };
    match verb {
        "overflowed" => say("reason", ["full", "timeout", "key"]),
        "left" => say("reason", ["no_show", "tired", "full"]),
        "paused" => say("reason", ["parts", "absent", "weather"]),
        "reopened" => say("reason", ["same_fault", "other_fault", "parts"]),
        "cancelled" => say("reason", ["absent", "changed_mind", "parts"]),
        "transferred" => say("to", ["second_level", "sales", "bank"]),
        "escalated" => say("level", ["regulator", "manager", "press"]),
        "changed" => data.push((
            "state",
            FieldValue::Text(
                ["ready", "talking", "wrapup", "pause", "offline"][usize::from(step.verb) % 5],
            ),
        )),
        "ended" | "served" if word < 2 => data.push(("resolved", FieldValue::Boolean(word == 0))),
        "confirmed" if word < 2 => data.push(("satisfied", FieldValue::Boolean(word == 0))),
        "rated" if word < 3 => {
            data.push(("score", FieldValue::Number(i64::from(step.verb % 5) + 1)))
        }
        _ => {}
    }
    if ["repair", "install"].contains(&case.family) {
        data.extend(step.liable.map(|liable| ("liable", FieldValue::Text(liable))));
        data.extend(step.owner.map(|owner| ("owner", FieldValue::Text(owner))));
        // Installations are promised for a time; of repairs some are.
        let due =
            step.due.or((case.family == "install" && own.is_empty()).then_some(4 * 3_600_000));
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

/// What happens next in a case: what its last event makes likely, or anything.
fn next_verb(family: &'static str, step: &PlannedEvent, own: &[OracleEvent]) -> &'static str {
    let calls: &[&str] =
        &["offered", "answered", "abandoned", "overflowed", "transferred", "ended", "lost"];
    let tickets: &[&str] = &["joined", "called", "left", "served", "lost"];
    let orders: &[&str] = &[
        "opened",
        "assigned",
        "arrived",
        "replied",
        "paused",
        "resumed",
        "resolved",
        "confirmed",
        "reopened",
        "escalated",
        "cancelled",
    ];
    let last = own
        .iter()
        .rev()
        .map(|said| said.verb)
        .find(|verb| !["assigned", "replied", "escalated", "confirmed"].contains(verb));
    let all = match family {
        "call" => calls,
        "queue" => tickets,
        "survey" => return "rated",
        "agent" => return "changed",
        _ => orders,
    };
    let likely: &[&str] = match (family, last) {
        ("call", None) => &["offered"],
        ("call", Some("offered")) => {
            &["answered", "answered", "answered", "abandoned", "overflowed", "lost", "lost"]
        }
        ("call", Some("answered")) => &["ended", "ended", "ended", "transferred", "lost"],
        // The second of two endings means nothing, whatever it says.
        ("call", Some("ended")) => &["ended", "ended", "transferred", "answered", "lost"],
        ("queue", None) => &["joined"],
        ("queue", Some("joined")) => &["called", "called", "left"],
        ("queue", Some("called")) => &["served", "served", "called", "left"],
        ("call" | "queue", _) => all,
        (_, None) => &["opened"],
        (_, Some("opened" | "resumed" | "reopened" | "arrived")) => &[
            "assigned",
            "replied",
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
