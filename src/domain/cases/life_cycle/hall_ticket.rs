//! Life cycle of a ticket in a service hall: joined, called to a counter and served, or left.
//!
//! If a ticket is called more than once, the last call counts. A ticket that is called after it left
//! is at the counter: a no-show came after all.

use super::fact_writer::{FactWriter, reported_or_elapsed};
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::EventVerb;
use crate::domain::facts::catalog::{Fact, place::queue};

/// Derives the facts of a ticket from its observations.
#[inline]
pub fn derive_facts(
    observations: impl Iterator<Item = Observation>,
    writer: &mut FactWriter<'_, '_>,
) {
    let (mut joined, mut called, mut left, mut served) = (None, None, None, None);
    for one in observations {
        let detail = &one.detail;
        match one.kind.verb {
            EventVerb::Joined => _ = joined.get_or_insert(one.time),
            EventVerb::Called => {
                called = Some((one.time, detail.wait));
                left = None;
            }
            EventVerb::Left => _ = left.get_or_insert((one.time, detail.wait, detail.label)),
            EventVerb::Served => _ = served.get_or_insert((one.time, detail.talk, detail.label)),
            EventVerb::Lost => writer.mark_lost(one.time),
            _ => {}
        }
    }
    if let Some(time) = joined {
        writer.add_fact(queue::JOINED, time, Fact::UNKNOWN);
    }
    if let Some((time, wait)) = called {
        writer.add_fact(queue::CALLED, time, reported_or_elapsed(wait, joined, time));
    }
    match (served, left, called, joined) {
        (Some((time, talk, resolved)), _, called, _) => {
            writer.add_labeled_fact(
                queue::SERVED,
                time,
                reported_or_elapsed(talk, called.map(|(time, _)| time), time),
                resolved,
            );
        }
        (None, Some((time, wait, reason)), ..) => {
            let waited = reported_or_elapsed(wait, joined, time);
            writer.add_labeled_fact(queue::LEFT, time, waited, reason);
        }
        (None, None, Some((time, _)), _) => {
            _ = writer.add_current_state(queue::AT_COUNTER, time, queue::EXPIRED);
        }
        (None, None, None, Some(time)) => {
            _ = writer.add_current_state(queue::WAITING, time, queue::EXPIRED);
        }
        _ => {}
    }
}
