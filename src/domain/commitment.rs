//! Commitments: promises with a clock, judged from the facts of a case and the time reached.
//!
//! A commitment is missed **the moment its deadline passes**, whether or not the case has ended. What was done later is
//! told as `late`, beside the miss. A case asks to be judged again when one of its deadlines comes (`Facts::wake_at`).

use super::case::Context;
use super::fact::{Fact, FactKind, Facts, place::commitment as place};
use super::standard::{Commitment, Deadline};
use super::time::Timestamp;

/// Adds what the commitments mean for the case whose facts are told in `facts`; `due` is the time its events promised.
#[inline]
pub fn judge(context: &Context<'_>, due: Option<Timestamp>, facts: &mut Facts) {
    let families = facts.families;
    for commitment in context.standard.commitments.iter().filter(|commitment| families & (1 << commitment.family.0) != 0) {
        judge_one(context, commitment, due, facts);
    }
}

fn judge_one(context: &Context<'_>, commitment: &Commitment, due: Option<Timestamp>, facts: &mut Facts) {
    let first = |facts: &Facts, kind: FactKind| facts.all.iter().filter(|fact| fact.kind == kind).map(|fact| fact.time).min();
    let Some(from) = first(facts, commitment.from) else { return };
    let deadline = match commitment.deadline {
        Deadline::Within(millis) => from.plus(millis),
        Deadline::Due => match due {
            Some(due) => due,
            None => return,
        },
    };
    let until = first(facts, commitment.until);
    let void = commitment.void.iter().filter_map(|kind| first(facts, *kind)).min();
    let (now, open) = (context.now, facts.open);
    let mut tell = |place: u16, time: Timestamp, value: i64| {
        let kind = commitment.facts.plus(place);
        let wanted = context.wanted[usize::from(kind.0)];
        if wanted {
            facts.all.push(Fact { kind, time, value });
        }
        wanted
    };
    tell(place::PROMISED, from, Fact::UNKNOWN);
    let mut wake = None;
    match until {
        Some(until) if until <= deadline && void.is_none_or(|void| until <= void) => {
            tell(place::KEPT, until, until.since(from));
            if now >= deadline {
                tell(place::KEPT_DUE, deadline, Fact::UNKNOWN);
            } else if context.wanted[usize::from(commitment.facts.plus(place::KEPT_DUE).0)] {
                wake = Some(deadline);
            }
        }
        _ if void.is_some_and(|void| void <= deadline && until.is_none_or(|until| void <= until)) => {}
        Some(until) => {
            // Done late; `until` lies behind the deadline, but a clock that runs ahead may have said it before its time.
            tell(place::MISSED, deadline, Fact::UNKNOWN);
            tell(place::LATE, until, until.since(deadline));
        }
        None => {
            // Nobody can keep the promise any more once the case is closed: it is missed when its time comes, but stands no longer.
            let stands = open && void.is_none();
            if stands {
                tell(place::RUNNING, from, Fact::UNKNOWN);
            }
            if now >= deadline {
                tell(place::MISSED, deadline, Fact::UNKNOWN);
                if stands {
                    tell(place::OVERDUE, deadline, Fact::UNKNOWN);
                }
            } else {
                wake = Some(deadline);
                let soon = commitment.due_soon_ms.map(|millis| deadline.plus(-millis));
                match soon {
                    Some(soon) if now < soon => wake = Some(soon),
                    Some(soon) if stands => _ = tell(place::DUE_SOON, soon, Fact::UNKNOWN),
                    Some(_) | None => {}
                }
            }
        }
    }
    if let Some(wake) = wake {
        facts.wake_at(wake);
    }
}
