//! Facts of a contact and of its legs.
//!
//! | outcome of a contact | condition | time and wait |
//! |---|---|---|
//! | answered | a leg was answered, or a call-back reached the customer | the first answer; the wait runs from the first arrival |
//! | waiting | no answer, and a leg waits | since the first arrival |
//! | abandoned, overflowed | no answer, and no leg waits | those of the last leg, with the wait from the first arrival |
//! | call-back pending | the last leg left with reason `callback`, no later call-back reached the customer, and the contact has not ended | since that exit |
//! | not offered | the first leg has no arrival | counted by itself, in no answer rate |
//!
//! Later legs of an answered contact change only the facts of legs, and may leave another call-back
//! pending. The handling time of a contact is
//! the sum over its legs.

use super::legs::{ContactEnd, Leg, LegHistory, LegOutcome};
use super::{EndingWork, FactWriter};
use crate::domain::events::event::{PackedMillis, Symbol};
use crate::domain::facts::catalog::Fact;
use crate::domain::facts::catalog::place::contact;
use crate::domain::time::timestamp::Timestamp;

/// Adds the facts of the contact as a whole. Returns true if a call-back is pending.
pub(super) fn write_contact_facts(
    history: &LegHistory<'_>,
    writer: &mut FactWriter<'_, '_>,
) -> bool {
    let LegHistory { legs, end, .. } = history;
    let (Some(first), Some(last)) = (legs.first(), legs.last()) else {
        write_end_without_leg(end, writer);
        return false;
    };
    let answer = first_answer(history);
    let waited_until = |time: Timestamp| first.offered.map(|offered| time.millis_since(offered));
    if let Some(offered) = first.offered {
        writer.add_fact(contact::OFFERED, offered, Fact::UNKNOWN);
    }
    let is_offered = first.offered.is_some();
    let mut waited = Fact::UNKNOWN;
    if !is_offered {
        writer.add_fact(contact::NOT_OFFERED, first.left, Fact::UNKNOWN);
    }
    let waiting = legs.iter().find(|leg| leg.is_waiting());
    let mut pending = false;
    if let Some(time) = answer {
        // The wait of a first leg is the one that the source measured.
        let measured = first.wait().filter(|_| first.outcome == LegOutcome::Answered);
        waited = measured.or(waited_until(time)).unwrap_or(Fact::UNKNOWN);
        if is_offered {
            writer.add_fact(contact::ANSWERED, time, waited);
        }
        // A customer who was answered before may wait for another call-back.
        pending = last.awaits_call_back(writer.context.legs.callback)
            && end.time.is_none()
            && writer.add_pending_state(contact::CALLBACK, last.left);
    } else if waiting.is_none() {
        pending = write_exit(last, end, waited_until(last.left), writer);
    }
    legs.iter().for_each(|leg| write_call_back(leg, writer));
    if let Some(leg) = legs.iter().find(|leg| leg.transferred) {
        write_transfer(leg, writer);
    }
    write_contact_end(history, is_offered && answer.is_some(), waited, writer);
    let talking = legs.iter().filter(|leg| leg.is_talking()).map(|leg| leg.left).min();
    match (talking, waiting) {
        (Some(since), _) => {
            writer.add_current_state(contact::TALKING, since, contact::EXPIRED);
        }
        (None, Some(leg)) => {
            let arrival = leg.offered.unwrap_or(leg.left);
            let since = first.offered.filter(|_| answer.is_none()).unwrap_or(arrival);
            writer.add_renewed_state(contact::WAITING, (since, arrival), contact::EXPIRED);
        }
        (None, None) => {}
    }
    pending
}

/// Returns the time of the first answer or successful call-back; `None` without one.
fn first_answer(history: &LegHistory<'_>) -> Option<Timestamp> {
    let answered = history.legs.iter().filter(|leg| leg.outcome == LegOutcome::Answered);
    answered.map(|leg| leg.left).chain(history.first_call_back).min()
}

/// Adds the exit of a contact that left the queues without an answer, or its pending call-back.
/// `waited` is `None` for a contact that was never offered. Returns true if a call-back is pending.
fn write_exit(
    last: &Leg,
    end: &ContactEnd,
    waited: Option<i64>,
    writer: &mut FactWriter<'_, '_>,
) -> bool {
    let pending = last.awaits_call_back(writer.context.legs.callback)
        && !end.was_ended
        && writer.add_pending_state(contact::CALLBACK, last.left);
    if let Some(waited) = waited.filter(|_| !pending) {
        writer.add_labeled_fact(exit_place(last), last.left, waited, last.reason);
    }
    pending
}

/// Adds the call-back of a leg, with the time since the exit from the queue.
fn write_call_back(leg: &Leg, writer: &mut FactWriter<'_, '_>) {
    if let Some(time) = leg.called_back {
        writer.add_fact(contact::CALLED_BACK, time, time.millis_since(leg.left));
    }
}

fn exit_place(leg: &Leg) -> u16 {
    if leg.outcome == LegOutcome::Abandoned { contact::ABANDONED } else { contact::OVERFLOWED }
}

fn write_transfer(leg: &Leg, writer: &mut FactWriter<'_, '_>) {
    if let Some(over) = leg.over {
        writer.add_labeled_fact(contact::TRANSFERRED, over, Fact::UNKNOWN, leg.to);
    }
}

/// Adds the end of a contact whose legs are all over.
fn write_contact_end(
    history: &LegHistory<'_>,
    is_answered: bool,
    waited: i64,
    writer: &mut FactWriter<'_, '_>,
) {
    let LegHistory { legs, end, .. } = history;
    if legs.iter().any(|leg| leg.is_waiting() || leg.is_talking()) {
        return;
    }
    let talked = || legs.iter().filter(|leg| leg.outcome == LegOutcome::Answered);
    let (time, talk, handled) = match talked().filter_map(|leg| leg.over).max() {
        Some(over) => {
            let talk: i64 = talked().filter_map(Leg::talk).sum();
            let work: i64 = talked().map(|leg| leg.work.work_ms()).sum();
            (over, talk, talk + work)
        }
        None => match end.time {
            Some(time) => (time, Fact::UNKNOWN, Fact::UNKNOWN),
            None => return,
        },
    };
    write_end(time, (talk, handled), end.resolved, writer);
    if is_answered {
        writer.add_fact(contact::COMPLETED, time, waited);
    }
}

fn write_end(
    time: Timestamp,
    (talk, handled): (i64, i64),
    resolved: Option<Symbol>,
    writer: &mut FactWriter<'_, '_>,
) {
    writer.add_labeled_fact(contact::ENDED, time, talk, resolved);
    writer.add_fact(contact::HANDLED, time, handled);
}

/// Adds the end of a contact of which nothing but the end is known.
fn write_end_without_leg(end: &ContactEnd, writer: &mut FactWriter<'_, '_>) {
    let Some(time) = end.time else { return };
    let EndingWork { talk, .. } = end.work;
    let talk = talk.map(PackedMillis::get);
    let handled = talk.map(|talk| talk + end.work.work_ms());
    let known = |millis: Option<i64>| millis.unwrap_or(Fact::UNKNOWN);
    write_end(time, (known(talk), known(handled)), end.resolved, writer);
}

/// Adds the facts of the leg with this number, as facts of its family.
///
/// The end of the contact belongs to the leg that was answered last, else to the last leg. A
/// `pending` call-back belongs to the last leg.
pub(super) fn write_leg_facts(
    number: usize,
    legs: &[Leg],
    (end, pending): (&ContactEnd, bool),
    writer: &mut FactWriter<'_, '_>,
) {
    let leg = &legs[number];
    match leg.offered {
        Some(offered) => writer.add_fact(contact::OFFERED, offered, Fact::UNKNOWN),
        None => writer.add_fact(contact::NOT_OFFERED, leg.left, Fact::UNKNOWN),
    }
    let is_offered = leg.offered.is_some();
    let waited = leg.wait().unwrap_or(Fact::UNKNOWN);
    match leg.outcome {
        LegOutcome::Waiting => {}
        _ if !is_offered => {}
        LegOutcome::Answered => writer.add_fact(contact::ANSWERED, leg.left, waited),
        LegOutcome::Abandoned | LegOutcome::Overflowed => {
            writer.add_labeled_fact(exit_place(leg), leg.left, waited, leg.reason);
        }
    }
    write_call_back(leg, writer);
    if leg.transferred {
        write_transfer(leg, writer);
    }
    let last_answered = legs.iter().rposition(|leg| leg.outcome == LegOutcome::Answered);
    let resolved = end.resolved.filter(|_| last_answered.unwrap_or(legs.len() - 1) == number);
    match (leg.talk().zip(leg.over), end.time) {
        (Some((talk, over)), _) => {
            write_end(over, (talk, talk + leg.work.work_ms()), resolved, writer);
            if is_offered {
                writer.add_fact(contact::COMPLETED, over, waited);
            }
        }
        (None, Some(time)) if last_answered.is_none() && number + 1 == legs.len() => {
            write_end(time, (Fact::UNKNOWN, Fact::UNKNOWN), resolved, writer);
        }
        _ => {}
    }
    if leg.is_talking() {
        writer.add_current_state(contact::TALKING, leg.left, contact::EXPIRED);
    } else if leg.is_waiting() {
        let since = leg.offered.unwrap_or(leg.left);
        writer.add_current_state(contact::WAITING, since, contact::EXPIRED);
    } else if pending && number + 1 == legs.len() {
        writer.add_pending_state(contact::CALLBACK, leg.left);
    }
}
