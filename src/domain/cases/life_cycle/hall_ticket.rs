//! The life of a ticket in a hall: joined, called to a counter, served; or left without service.
//!
//! A customer who did not show up and is called again counts from the last call.

use super::fact_writer::{FactWriter, reported_or_elapsed};
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::EventVerb;
use crate::domain::facts::catalog::{Fact, place::queue};

/// Tells what the observations of a ticket mean.
#[inline]
pub fn derive_facts(
    observations: impl Iterator<Item = Observation>,
    teller: &mut FactWriter<'_, '_>,
) {
    let (mut joined, mut called, mut left, mut served) = (None, None, None, None);
    for one in observations {
        let detail = &one.detail;
        match one.kind.verb {
            EventVerb::Joined => _ = joined.get_or_insert(one.time),
            EventVerb::Called => called = Some((one.time, detail.wait)),
            EventVerb::Left => _ = left.get_or_insert((one.time, detail.wait, detail.label)),
            EventVerb::Served => _ = served.get_or_insert((one.time, detail.talk, detail.label)),
            EventVerb::Lost => teller.mark_lost(one.time),
            _ => {}
        }
    }
    if let Some(time) = joined {
        teller.add_fact(queue::JOINED, time, Fact::UNKNOWN);
    }
    if let Some((time, wait)) = called {
        teller.add_fact(queue::CALLED, time, reported_or_elapsed(wait, joined, time));
    }
    match (served, left, called, joined) {
        (Some((time, talk, resolved)), _, called, _) => {
            teller.add_labeled_fact(
                queue::SERVED,
                time,
                reported_or_elapsed(talk, called.map(|(time, _)| time), time),
                resolved,
            );
        }
        (None, Some((time, wait, why)), ..) => {
            teller.add_labeled_fact(queue::LEFT, time, reported_or_elapsed(wait, joined, time), why)
        }
        (None, None, Some((time, _)), _) => {
            _ = teller.add_current_state(queue::AT_COUNTER, time, queue::EXPIRED)
        }
        (None, None, None, Some(time)) => {
            _ = teller.add_current_state(queue::WAITING, time, queue::EXPIRED)
        }
        _ => {}
    }
}
