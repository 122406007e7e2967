//! The life of a ticket in a hall: joined, called to a counter, served; or left without service.
//!
//! A customer who did not show up and is called again counts from the last call.

use super::observation::Observation;
use super::{Teller, duration};
use crate::domain::event::Verb;
use crate::domain::fact::{Fact, place::queue};

/// Tells what the observations of a ticket mean.
#[inline]
pub fn tell(observations: impl Iterator<Item = Observation>, teller: &mut Teller<'_>) {
    let (mut joined, mut called, mut left, mut served) = (None, None, None, None);
    for one in observations {
        match one.kind.verb {
            Verb::Joined => _ = joined.get_or_insert(one.time),
            Verb::Called => called = Some((one.time, one.detail.wait_ms)),
            Verb::Left => _ = left.get_or_insert((one.time, one.detail.wait_ms)),
            Verb::Served => _ = served.get_or_insert((one.time, one.detail.talk_ms)),
            _ => {}
        }
    }
    if let Some(time) = joined {
        teller.tell(queue::JOINED, time, Fact::UNKNOWN);
    }
    if let Some((time, wait_ms)) = called {
        teller.tell(queue::CALLED, time, duration(wait_ms, joined, time));
    }
    match (served, left, called, joined) {
        (Some((time, talk_ms)), _, called, _) => {
            teller.tell(queue::SERVED, time, duration(talk_ms, called.map(|(time, _)| time), time));
        }
        (None, Some((time, wait_ms)), ..) => teller.tell(queue::LEFT, time, duration(wait_ms, joined, time)),
        (None, None, Some((time, _)), _) => teller.stand(queue::AT_COUNTER, time),
        (None, None, None, Some(time)) => teller.stand(queue::WAITING, time),
        _ => {}
    }
}
