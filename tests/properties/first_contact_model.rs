//! Naive model of first contact resolution: every contact is compared with every other.

use super::board_values::{ReadingName, is_one_shot, scope_text};
use super::contact_model::ModelContact;
use super::event::TestEvent;
use firstline::domain::board::reading::{Board, ReadingComponents};
use firstline::domain::time::timestamp::{HOUR, MINUTE};
use std::collections::BTreeMap;

const DAY: i64 = 24 * HOUR;

/// Indicator of `tests/standards/one_shots.toml`. `within` is the repeat window in milliseconds.
#[derive(Clone, Copy)]
struct FirstContactRule {
    name: &'static str,
    /// Facts that count.
    counted: &'static [&'static str],
    /// Facts that repeat an earlier contact.
    repeats: &'static [&'static str],
    within: i64,
    invalidated_by: &'static [&'static str],
    leave_out: &'static [&'static str],
    matured: bool,
}

const CONTACT_FACTS: [&str; 2] = ["call.answered", "queue.called"];
/// Contacts with repairs, which count at their first resolution. Their openings are the repeats.
const CONTACTS_AND_RESOLUTIONS: [&str; 3] =
    ["call.answered", "queue.called", "repair.first_resolved"];
const CONTACTS_AND_OPENINGS: [&str; 3] = ["call.answered", "queue.called", "repair.opened"];
/// Facts that invalidate a resolution. `unresolved` names an end with `resolved = false`, and
/// `dissatisfied` a confirmation with `satisfied = false`.
const UNRESOLVED_FACTS: [&str; 3] = ["repair.reopened", "call.unresolved", "queue.unresolved"];
const UNRESOLVED_REPAIR_FACTS: [&str; 3] =
    ["repair.escalated", "repair.reopened", "repair.dissatisfied"];

/// Returns a rule over calls and tickets.
const fn contact_rule(name: &'static str, days: i64) -> FirstContactRule {
    FirstContactRule {
        name,
        counted: &CONTACT_FACTS,
        repeats: &CONTACT_FACTS,
        within: days * DAY,
        invalidated_by: &[],
        leave_out: &[],
        matured: false,
    }
}

/// Returns a rule over calls, tickets and repairs.
const fn mixed_rule(
    name: &'static str,
    days: i64,
    invalidated_by: &'static [&'static str],
    leave_out: &'static [&'static str],
) -> FirstContactRule {
    FirstContactRule {
        counted: &CONTACTS_AND_RESOLUTIONS,
        repeats: &CONTACTS_AND_OPENINGS,
        invalidated_by,
        leave_out,
        ..contact_rule(name, days)
    }
}

/// Returns a rule over repairs.
const fn repair_rule(
    name: &'static str,
    days: i64,
    invalidated_by: &'static [&'static str],
) -> FirstContactRule {
    FirstContactRule {
        counted: &["repair.first_resolved"],
        repeats: &["repair.opened"],
        invalidated_by,
        ..contact_rule(name, days)
    }
}

/// Returns a rule over calls with further repeats.
const fn followed_rule(
    name: &'static str,
    days: i64,
    repeats: &'static [&'static str],
) -> FirstContactRule {
    FirstContactRule { counted: &["call.answered"], repeats, ..contact_rule(name, days) }
}

const fn with_maturity(rule: FirstContactRule) -> FirstContactRule {
    FirstContactRule { matured: true, ..rule }
}

/// All indicators but `vip` and `complaints`, which the generated sets do not reach.
const FIRST_CONTACT_RULES: [FirstContactRule; 14] = [
    contact_rule("once", 3),
    contact_rule("day", 1),
    contact_rule("week", 7),
    contact_rule("month", 30),
    mixed_rule("sound", 3, &UNRESOLVED_FACTS, &[]),
    mixed_rule("net", 3, &["call.unresolved"], &["call.transferred"]),
    repair_rule("orders", 3, &["repair.reopened"]),
    repair_rule("repairs", 7, &UNRESOLVED_REPAIR_FACTS),
    followed_rule("followed", 3, &["call.answered", "repair.opened"]),
    with_maturity(contact_rule("ripe", 3)),
    with_maturity(contact_rule("ripe_day", 1)),
    with_maturity(mixed_rule(
        "ripe_net",
        1,
        &["repair.reopened", "call.unresolved"],
        &["call.transferred"],
    )),
    with_maturity(repair_rule("ripe_orders", 7, &["repair.reopened"])),
    with_maturity(followed_rule(
        "ripe_followed",
        1,
        &["call.answered", "repair.opened in hefei", "repair.dissatisfied"],
    )),
];

/// Fact of a case, at a time in milliseconds since 1970.
struct ModelFact<'a> {
    name: &'static str,
    time: i64,
    case: &'a TestEvent,
}

/// Derives the facts of all cases from their events in any order.
fn model_facts(set: &[TestEvent]) -> Vec<ModelFact<'_>> {
    let mut by_subject: BTreeMap<u8, Vec<&TestEvent>> = BTreeMap::new();
    set.iter().for_each(|event| by_subject.entry(event.subject).or_default().push(event));
    let mut facts = Vec::new();
    for events in by_subject.into_values() {
        let case = events[0];
        let events_of = |kind: &str| {
            events.iter().copied().filter(|event| event.kind == kind).collect::<Vec<_>>()
        };
        let mut add_fact =
            |name: &'static str, time: i64| facts.push(ModelFact { name, time, case });
        let contact = ModelContact::from_events(&events);
        let answered = contact.answer().filter(|_| contact.offered().is_some());
        answered.into_iter().for_each(|(time, _)| add_fact("call.answered", time));
        contact.transferred().into_iter().for_each(|time| add_fact("call.transferred", time));
        let unresolved = contact.ended().filter(|_| contact.resolved == Some(false));
        unresolved.into_iter().for_each(|time| add_fact("call.unresolved", time));
        let opened = events_of("repair.opened").iter().map(|event| event.time.0).min();
        opened.into_iter().for_each(|time| add_fact("repair.opened", time));
        events_of("queue.called")
            .iter()
            .map(|event| event.time.0)
            .max()
            .into_iter()
            .for_each(|time| add_fact("queue.called", time));
        if case.center == Some("hefei") {
            opened.into_iter().for_each(|time| add_fact("repair.opened in hefei", time));
        }
        let resolved = events_of("repair.resolved").iter().map(|event| event.time.0).min();
        resolved.into_iter().for_each(|time| add_fact("repair.first_resolved", time));
        let escalated = events_of("repair.escalated");
        escalated.iter().for_each(|event| add_fact("repair.escalated", event.time.0));
        let confirmed = events_of("repair.confirmed").into_iter();
        confirmed
            .filter(|event| event.resolved == Some(false))
            .for_each(|event| add_fact("repair.dissatisfied", event.time.0));
        let reopened = events_of("repair.reopened")
            .into_iter()
            .filter(|event| resolved.is_some_and(|resolved| resolved <= event.time.0));
        reopened.for_each(|event| add_fact("repair.reopened", event.time.0));
        // The first end counts. Ties go to the lower `EventId`, which is the inverted id.
        let served =
            events_of("queue.served").into_iter().min_by_key(|event| (event.time, !event.id));
        let unresolved = served.filter(|end| end.resolved == Some(false));
        unresolved.into_iter().for_each(|end| add_fact("queue.unresolved", end.time.0));
    }
    facts
}

/// Returns the start of a window at `now`, in milliseconds since 1970.
fn window_start(window: &str, now: i64) -> i64 {
    let rolling = |length: i64| (now - length).div_euclid(15 * MINUTE) * 15 * MINUTE;
    match window {
        "24h" => rolling(DAY),
        "7d" => rolling(7 * DAY),
        "today" => (now + 8 * HOUR).div_euclid(DAY) * DAY - 8 * HOUR,
        _ => i64::MIN,
    }
}

/// Returns true if a repeat of the same customer follows within the window on the same topic.
fn is_repeated(rule: &FirstContactRule, contact: &ModelFact<'_>, facts: &[ModelFact<'_>]) -> bool {
    let key = |fact: &ModelFact<'_>| {
        (fact.time, u64::from(fact.case.subject).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    };
    facts.iter().filter(|other| rule.repeats.contains(&other.name)).any(|other| {
        let (case, other_case) = (contact.case, other.case);
        case.subject != other_case.subject
            && case.customer == other_case.customer
            && key(other) > key(contact)
            && other.time - contact.time <= rule.within
            && (case.topic.is_none()
                || other_case.topic.is_none()
                || case.topic == other_case.topic)
    })
}

/// Returns numerator and denominator of every nonzero figure by indicator, scope and window.
pub(crate) fn expected_sums(set: &[TestEvent], now: i64) -> BTreeMap<ReadingName, (i64, i64)> {
    let facts = model_facts(set);
    let mut figures: BTreeMap<ReadingName, (i64, i64)> = BTreeMap::new();
    for rule in FIRST_CONTACT_RULES {
        for (index, contact) in facts.iter().enumerate() {
            if !rule.counted.contains(&contact.name) || contact.case.customer.is_none() {
                continue;
            }
            let case_facts = || {
                facts
                    .iter()
                    .enumerate()
                    .filter(|(_, fact)| fact.case.subject == contact.case.subject)
            };
            let invalidates = |(fact_index, fact): (usize, &ModelFact<'_>)| {
                let in_time = contact.name == "repair.first_resolved"
                    || (0..=rule.within).contains(&(fact.time - contact.time));
                fact_index != index && in_time && rule.invalidated_by.contains(&fact.name)
            };
            let counted_at = contact.time + if rule.matured { rule.within } else { 0 };
            let is_mature = !rule.matured || counted_at < now.div_euclid(MINUTE) * MINUTE;
            if !is_mature || case_facts().any(|(_, fact)| rule.leave_out.contains(&fact.name)) {
                continue;
            }
            let resolved = !case_facts().any(invalidates) && !is_repeated(&rule, contact, &facts);
            for scope in
                [String::new(), format!("center={}", contact.case.center.unwrap_or_default())]
            {
                for window in ["24h", "7d", "today", "all"]
                    .into_iter()
                    .filter(|window| counted_at >= window_start(window, now))
                {
                    let key = (rule.name.to_owned(), scope.clone(), window.to_owned());
                    let sum = figures.entry(key).or_default();
                    *sum = (sum.0 + i64::from(resolved), sum.1 + 1);
                }
            }
        }
    }
    figures
}

/// Returns the same figures from the board.
pub(crate) fn board_sums(board: &Board) -> BTreeMap<ReadingName, (i64, i64)> {
    let mut figures = BTreeMap::new();
    for reading in &board.readings {
        let indicator = &board.standard.indicators[reading.key.indicator];
        if let ReadingComponents::Ratio { good, of } = reading.components
            && is_one_shot(&board.standard, indicator)
            && (good, of) != (0, 0)
        {
            figures.insert(
                (
                    indicator.name.clone(),
                    scope_text(board, &reading.key),
                    board.window_name(&reading.key),
                ),
                (good, of),
            );
        }
    }
    figures
}
