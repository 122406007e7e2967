//! The life of a ticket in a hall: joined, called to a counter, served; or left without service.
//!
//! A customer who did not show up and is called again counts from the last call.

use super::observation::Observation;
use super::{Teller, duration};
use crate::domain::event::Verb;
use crate::domain::fact::{Fact, place::queue};

/// Tells what the observations of a ticket mean.
#[inline]
pub fn tell(observations: impl Iterator<Item = Observation>, teller: &mut Teller<'_, '_>) {
    let (mut joined, mut called, mut left, mut served) = (None, None, None, None);
    for one in observations {
        let detail = &one.detail;
        match one.kind.verb {
            Verb::Joined => _ = joined.get_or_insert(one.time),
            Verb::Called => called = Some((one.time, detail.wait)),
            Verb::Left => _ = left.get_or_insert((one.time, detail.wait, detail.word)),
            Verb::Served => _ = served.get_or_insert((one.time, detail.talk, detail.word)),
            Verb::Lost => teller.lose(one.time),
            _ => {}
        }
    }
    if let Some(time) = joined {
        teller.tell(queue::JOINED, time, Fact::UNKNOWN);
    }
    if let Some((time, wait)) = called {
        teller.tell(queue::CALLED, time, duration(wait, joined, time));
    }
    match (served, left, called, joined) {
        (Some((time, talk, resolved)), _, called, _) => {
            teller.tell_word(queue::SERVED, time, duration(talk, called.map(|(time, _)| time), time), resolved);
        }
        (None, Some((time, wait, why)), ..) => teller.tell_word(queue::LEFT, time, duration(wait, joined, time), why),
        (None, None, Some((time, _)), _) => _ = teller.stand(queue::AT_COUNTER, time, queue::EXPIRED),
        (None, None, None, Some(time)) => _ = teller.stand(queue::WAITING, time, queue::EXPIRED),
        _ => {}
    }
}
