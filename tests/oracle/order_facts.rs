//! Derives the facts of an order from all of its events in order.
//!
//! An order is open from its first `opened` until it is resolved or cancelled. A `reopened` after a
//! resolution or a cancellation opens it again. A cancellation before it leaves no fact. Only an open order can be paused. A new pause or the closing of the
//! order ends the current pause.

use super::case_facts::{CaseMeaning, WorkInterruption};
use super::event::OracleEvent;

/// Adds the facts of an order of `family`. The events come with their index.
pub(crate) fn derive_order(
    family: &'static str,
    events: &[(usize, &OracleEvent)],
    meaning: &mut CaseMeaning,
) {
    let opened =
        events.iter().find(|(_, event)| event.verb == "opened").map(|(_, event)| event.time);
    let mut closed = false;
    // Number of facts before the order was cancelled.
    let mut facts_before_cancellation: Option<usize> = None;
    let mut owners: Vec<&str> = Vec::new();
    let mut times_of = std::collections::BTreeMap::<&str, u32>::new();
    for &(index, event) in events {
        let (verb, time) = (event.verb, event.time);
        owners.extend(event.text_field("owner"));
        let since_opened = opened.map(|opened| time - opened);
        let resolved_before = times_of.contains_key("resolved");
        if verb == "reopened"
            && let Some(before) = facts_before_cancellation.take()
        {
            let later = meaning.facts.split_off(before);
            meaning
                .facts
                .extend(later.into_iter().filter(|fact| fact.name != (family, "cancelled")));
            closed = false;
        }
        if verb == "reopened" && !resolved_before {
            continue;
        }
        let times = times_of.entry(verb).or_default();
        *times += 1;
        let first = *times == 1;
        match verb {
            "opened" if first => meaning.add_fact((family, "opened"), index, time, None),
            "assigned" | "arrived" | "replied" => {
                meaning.add_fact((family, verb), index, time, since_opened);
            }
            "customer_replied" => meaning.add_fact((family, verb), index, time, None),
            "paused" if !closed => {
                end_pause(family, index, time, meaning);
                let (reason, liable) = (event.text_field("reason"), event.text_field("liable"));
                meaning.interruptions.push(WorkInterruption {
                    begin: time,
                    end: None,
                    closed: false,
                    reason,
                    liable,
                    ended_by_event: usize::MAX,
                });
            }
            "resumed" => end_pause(family, index, time, meaning),
            "resolved" => {
                meaning.add_fact((family, "resolved"), index, time, since_opened);
                if first {
                    meaning.add_fact((family, "first_resolved"), index, time, since_opened);
                    if owners.first().is_some_and(|owner| owners.iter().all(|other| other == owner))
                    {
                        meaning.add_fact((family, "by_first_owner"), index, time, since_opened);
                    }
                }
                end_pause(family, index, time, meaning);
                closed = true;
                meaning.liable = event.text_field("liable").or(meaning.liable);
                if !meaning
                    .interruptions
                    .iter()
                    .any(|interruption| interruption.closed && interruption.end.is_none())
                {
                    meaning.interruptions.push(WorkInterruption {
                        begin: time,
                        end: None,
                        closed: true,
                        reason: None,
                        liable: None,
                        ended_by_event: usize::MAX,
                    });
                }
            }
            "reopened" => {
                meaning.add_labeled_fact(
                    (family, "reopened"),
                    index,
                    time,
                    None,
                    event.text_field("reason"),
                );
                if first {
                    meaning.add_fact((family, "reopened_once"), index, time, None);
                }
                if let Some(interruption) = meaning
                    .interruptions
                    .iter_mut()
                    .find(|interruption| interruption.closed && interruption.end.is_none())
                {
                    (interruption.end, interruption.ended_by_event) = (Some(time), index);
                }
                closed = false;
            }
            "confirmed" | "escalated" => {
                let (field, once) = if verb == "confirmed" {
                    ("satisfied", "confirmed_once")
                } else {
                    ("level", "escalated_once")
                };
                meaning.add_labeled_fact(
                    (family, verb),
                    index,
                    time,
                    None,
                    event.text_field(field),
                );
                if first {
                    meaning.add_fact((family, once), index, time, None);
                }
            }
            "cancelled" => {
                facts_before_cancellation.get_or_insert(meaning.facts.len());
                meaning.add_labeled_fact(
                    (family, "cancelled"),
                    index,
                    time,
                    None,
                    event.text_field("reason"),
                );
                end_pause(family, index, time, meaning);
                closed = true;
                meaning.liable = event.text_field("liable").or(meaning.liable);
            }
            _ => {}
        }
    }
    if let Some(opened) = opened.filter(|_| !closed)
        && meaning.add_active_fact((family, "open"), opened)
    {
        let paused = meaning
            .interruptions
            .iter()
            .find(|interruption| !interruption.closed && interruption.end.is_none())
            .map(|interruption| interruption.begin);
        if let Some(begin) = paused {
            meaning.add_fact((family, "paused"), usize::MAX, begin, None);
        }
    }
}

fn end_pause(family: &'static str, index: usize, time: i64, meaning: &mut CaseMeaning) {
    if let Some(interruption) = meaning
        .interruptions
        .iter_mut()
        .find(|interruption| !interruption.closed && interruption.end.is_none())
    {
        (interruption.end, interruption.ended_by_event) = (Some(time), index);
        let (begin, reason) = (interruption.begin, interruption.reason);
        meaning.add_labeled_fact((family, "resumed"), index, time, Some(time - begin), reason);
    }
}
