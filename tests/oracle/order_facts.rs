//! The life of an order, told from all of its events in their order.
//!
//! It is open from its first `opened` until it is resolved or cancelled, and again after a `reopened` that follows some
//! resolution. It can be paused unless it is closed; another pause ends the one before, and so does whatever closes it.

use super::case_facts::{CaseMeaning, WorkInterruption};
use super::event::OracleEvent;

/// Tells what the events of an order of `family` mean.
pub(crate) fn derive_order(
    family: &'static str,
    own: &[(usize, &OracleEvent)],
    meaning: &mut CaseMeaning,
) {
    let opened = own.iter().find(|(_, said)| said.verb == "opened").map(|(_, said)| said.time);
    let mut closed = false;
    let mut owners: Vec<&str> = Vec::new();
    let mut times_of = std::collections::BTreeMap::<&str, u32>::new();
    for &(place, said) in own {
        let (verb, time) = (said.verb, said.time);
        owners.extend(said.text_field("owner"));
        let since_opened = opened.map(|opened| time - opened);
        let resolved_before = times_of.contains_key("resolved");
        if verb == "reopened" && !resolved_before {
            continue;
        }
        let times = times_of.entry(verb).or_default();
        *times += 1;
        let first = *times == 1;
        match verb {
            "opened" if first => meaning.add_fact((family, "opened"), place, time, None),
            "assigned" | "arrived" | "replied" => {
                meaning.add_fact((family, verb), place, time, since_opened)
            }
            "paused" if !closed => {
                end_pause(family, place, time, meaning);
                let (reason, liable) = (said.text_field("reason"), said.text_field("liable"));
                meaning.interruptions.push(WorkInterruption {
                    begin: time,
                    end: None,
                    closed: false,
                    reason,
                    liable,
                    ended_by_event: usize::MAX,
                });
            }
            "resumed" => end_pause(family, place, time, meaning),
            "resolved" => {
                meaning.add_fact((family, "resolved"), place, time, since_opened);
                if first {
                    meaning.add_fact((family, "first_resolved"), place, time, since_opened);
                    if owners.first().is_some_and(|owner| owners.iter().all(|other| other == owner))
                    {
                        meaning.add_fact((family, "by_first_owner"), place, time, since_opened);
                    }
                }
                end_pause(family, place, time, meaning);
                closed = true;
                meaning.liable = said.text_field("liable").or(meaning.liable);
                if !meaning.interruptions.iter().any(|stop| stop.closed && stop.end.is_none()) {
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
                    place,
                    time,
                    None,
                    said.text_field("reason"),
                );
                if first {
                    meaning.add_fact((family, "reopened_once"), place, time, None);
                }
                if let Some(stop) =
                    meaning.interruptions.iter_mut().find(|stop| stop.closed && stop.end.is_none())
                {
                    (stop.end, stop.ended_by_event) = (Some(time), place);
                }
                closed = false;
            }
            "confirmed" | "escalated" => {
                let (word, once) = if verb == "confirmed" {
                    ("satisfied", "confirmed_once")
                } else {
                    ("level", "escalated_once")
                };
                meaning.add_labeled_fact((family, verb), place, time, None, said.text_field(word));
                if first {
                    meaning.add_fact((family, once), place, time, None);
                }
            }
            "cancelled" => {
                meaning.add_labeled_fact(
                    (family, "cancelled"),
                    place,
                    time,
                    None,
                    said.text_field("reason"),
                );
                end_pause(family, place, time, meaning);
                closed = true;
                meaning.liable = said.text_field("liable").or(meaning.liable);
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
            .find(|stop| !stop.closed && stop.end.is_none())
            .map(|stop| stop.begin);
        if let Some(begin) = paused {
            meaning.add_fact((family, "paused"), usize::MAX, begin, None);
        }
    }
}

fn end_pause(family: &'static str, place: usize, time: i64, meaning: &mut CaseMeaning) {
    if let Some(stop) =
        meaning.interruptions.iter_mut().find(|stop| !stop.closed && stop.end.is_none())
    {
        (stop.end, stop.ended_by_event) = (Some(time), place);
        let (begin, reason) = (stop.begin, stop.reason);
        meaning.add_labeled_fact((family, "resumed"), place, time, Some(time - begin), reason);
    }
}
