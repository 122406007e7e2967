//! The life of a call: offered, then answered, abandoned or overflowed, then over.
//!
//! A call has one outcome. An answer wins over an abandonment, whichever came first: some systems take an abandonment back.

use super::observation::Observation;
use super::{Teller, duration};
use crate::domain::event::Verb;
use crate::domain::fact::{Fact, place::call};

/// Tells what the observations of a call mean.
#[inline]
pub fn tell(observations: impl Iterator<Item = Observation>, teller: &mut Teller<'_>) {
    let (mut offered, mut answered, mut left, mut ended) = (None, None, None, None);
    for one in observations {
        match one.kind.verb {
            Verb::Offered => _ = offered.get_or_insert(one.time),
            Verb::Answered => _ = answered.get_or_insert((one.time, one.detail.wait_ms)),
            Verb::Abandoned | Verb::Overflowed => _ = left.get_or_insert((one.kind.verb, one.time, one.detail.wait_ms)),
            Verb::Transferred => teller.tell(call::TRANSFERRED, one.time, Fact::UNKNOWN),
            Verb::Ended => _ = ended.get_or_insert((one.time, one.detail.talk_ms, one.detail.wrapup_ms)),
            _ => {}
        }
    }
    if let Some(time) = offered {
        teller.tell(call::OFFERED, time, Fact::UNKNOWN);
    }
    match (answered, left, ended, offered) {
        (Some((time, wait_ms)), ..) => {
            teller.tell(call::ANSWERED, time, duration(wait_ms, offered, time));
            if ended.is_none() {
                teller.stand(call::TALKING, time);
            }
        }
        (None, Some((verb, time, wait_ms)), ..) => {
            let outcome = if verb == Verb::Abandoned { call::ABANDONED } else { call::OVERFLOWED };
            teller.tell(outcome, time, duration(wait_ms, offered, time));
        }
        (None, None, None, Some(time)) => teller.stand(call::WAITING, time),
        _ => {}
    }
    if let Some((time, talk_ms, wrapup_ms)) = ended {
        let talk = duration(talk_ms, answered.map(|(time, _)| time), time);
        teller.tell(call::ENDED, time, talk);
        let handled = if talk == Fact::UNKNOWN { talk } else { talk + wrapup_ms.unwrap_or(0) };
        teller.tell(call::HANDLED, time, handled);
    }
}
