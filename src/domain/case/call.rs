//! The life of a call: offered, then answered, abandoned or overflowed, then over.
//!
//! A call has one outcome. An answer wins over an abandonment, whichever came first: some systems take an abandonment back.

use super::observation::Observation;
use super::{Teller, duration};
use crate::domain::event::{Millis, Verb};
use crate::domain::fact::{Fact, place::call};

/// Tells what the observations of a call mean.
#[inline]
pub fn tell(observations: impl Iterator<Item = Observation>, teller: &mut Teller<'_, '_>) {
    let (mut offered, mut answered, mut left, mut ended) = (None, None, None, None);
    for one in observations {
        let detail = &one.detail;
        match one.kind.verb {
            Verb::Offered => _ = offered.get_or_insert(one.time),
            Verb::Answered => _ = answered.get_or_insert((one.time, detail.wait)),
            Verb::Abandoned | Verb::Overflowed => _ = left.get_or_insert((one.kind.verb, one.time, detail.wait, detail.word)),
            Verb::Transferred => teller.tell_word(call::TRANSFERRED, one.time, Fact::UNKNOWN, detail.word),
            Verb::Ended => _ = ended.get_or_insert((one.time, detail.talk, detail.hold, detail.wrapup, detail.word)),
            Verb::Lost => teller.lose(one.time),
            _ => {}
        }
    }
    if let Some(time) = offered {
        teller.tell(call::OFFERED, time, Fact::UNKNOWN);
    }
    let mut waited = Fact::UNKNOWN;
    match (answered, left, ended, offered) {
        (Some((time, wait)), ..) => {
            waited = duration(wait, offered, time);
            teller.tell(call::ANSWERED, time, waited);
            if ended.is_none() {
                teller.stand(call::TALKING, time, call::EXPIRED);
            }
        }
        (None, Some((verb, time, wait, why)), ..) => {
            let outcome = if verb == Verb::Abandoned { call::ABANDONED } else { call::OVERFLOWED };
            teller.tell_word(outcome, time, duration(wait, offered, time), why.filter(|_| verb == Verb::Overflowed));
        }
        (None, None, None, Some(time)) => _ = teller.stand(call::WAITING, time, call::EXPIRED),
        _ => {}
    }
    if let Some((time, talk, hold, wrapup, resolved)) = ended {
        // What lies between answer and end contains the holds; what the source calls talking does not.
        let hold = hold.filter(|_| talk.is_some()).map_or(0, Millis::get);
        let talk = duration(talk, answered.map(|(time, _)| time), time);
        teller.tell_word(call::ENDED, time, talk, resolved);
        let handled = if talk == Fact::UNKNOWN { talk } else { talk + hold + wrapup.map_or(0, Millis::get) };
        teller.tell(call::HANDLED, time, handled);
        if answered.is_some() {
            teller.tell(call::COMPLETED, time, waited);
        }
    }
}
