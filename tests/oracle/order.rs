//! The life of an order, told from all of its events in their order.
//!
//! It is open from its first `opened` until it is resolved or cancelled, and again after a `reopened` that follows some
//! resolution. It can be paused unless it is closed; another pause ends the one before, and so does whatever closes it.

use super::meaning::{Meaning, Stop};
use super::said::Said;

/// Tells what the events of an order of `family` mean.
pub(crate) fn tell(family: &'static str, own: &[(usize, &Said)], meaning: &mut Meaning) {
    let opened = own.iter().find(|(_, said)| said.verb == "opened").map(|(_, said)| said.time);
    let mut closed = false;
    let mut owners: Vec<&str> = Vec::new();
    let mut times_of = std::collections::BTreeMap::<&str, u32>::new();
    for &(place, said) in own {
        let (verb, time) = (said.verb, said.time);
        owners.extend(said.word("owner"));
        let since_opened = opened.map(|opened| time - opened);
        let resolved_before = times_of.contains_key("resolved");
        if verb == "reopened" && !resolved_before {
            continue;
        }
        let times = times_of.entry(verb).or_default();
        *times += 1;
        let first = *times == 1;
        match verb {
            "opened" if first => meaning.tell((family, "opened"), place, time, None),
            "assigned" | "arrived" | "replied" => meaning.tell((family, verb), place, time, since_opened),
            "paused" if !closed => {
                end_pause(family, place, time, meaning);
                let (reason, liable) = (said.word("reason"), said.word("liable"));
                meaning.stops.push(Stop { begin: time, end: None, closed: false, reason, liable, ended_by: usize::MAX });
            }
            "resumed" => end_pause(family, place, time, meaning),
            "resolved" => {
                meaning.tell((family, "resolved"), place, time, since_opened);
                if first {
                    meaning.tell((family, "first_resolved"), place, time, since_opened);
                    if owners.first().is_some_and(|owner| owners.iter().all(|other| other == owner)) {
                        meaning.tell((family, "by_first_owner"), place, time, since_opened);
                    }
                }
                end_pause(family, place, time, meaning);
                closed = true;
                meaning.liable = said.word("liable").or(meaning.liable);
                if !meaning.stops.iter().any(|stop| stop.closed && stop.end.is_none()) {
                    meaning.stops.push(Stop { begin: time, end: None, closed: true, reason: None, liable: None, ended_by: usize::MAX });
                }
            }
            "reopened" => {
                meaning.tell_word((family, "reopened"), place, time, None, said.word("reason"));
                if first {
                    meaning.tell((family, "reopened_once"), place, time, None);
                }
                if let Some(stop) = meaning.stops.iter_mut().find(|stop| stop.closed && stop.end.is_none()) {
                    (stop.end, stop.ended_by) = (Some(time), place);
                }
                closed = false;
            }
            "confirmed" | "escalated" => {
                let (word, once) = if verb == "confirmed" { ("satisfied", "confirmed_once") } else { ("level", "escalated_once") };
                meaning.tell_word((family, verb), place, time, None, said.word(word));
                if first {
                    meaning.tell((family, once), place, time, None);
                }
            }
            "cancelled" => {
                meaning.tell_word((family, "cancelled"), place, time, None, said.word("reason"));
                end_pause(family, place, time, meaning);
                closed = true;
                meaning.liable = said.word("liable").or(meaning.liable);
            }
            _ => {}
        }
    }
    if let Some(opened) = opened.filter(|_| !closed)
        && meaning.stand((family, "open"), opened)
    {
        let paused = meaning.stops.iter().find(|stop| !stop.closed && stop.end.is_none()).map(|stop| stop.begin);
        if let Some(begin) = paused {
            meaning.tell((family, "paused"), usize::MAX, begin, None);
        }
    }
}

fn end_pause(family: &'static str, place: usize, time: i64, meaning: &mut Meaning) {
    if let Some(stop) = meaning.stops.iter_mut().find(|stop| !stop.closed && stop.end.is_none()) {
        (stop.end, stop.ended_by) = (Some(time), place);
        let (begin, reason) = (stop.begin, stop.reason);
        meaning.tell_word((family, "resumed"), place, time, Some(time - begin), reason);
    }
}
