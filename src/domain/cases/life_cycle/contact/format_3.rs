//! Facts of a call as versions of the snapshot formats 1 to 3 derived them, with one leg for each
//! call. An upgrade replaces them by the facts of contacts and legs.

use crate::domain::cases::life_cycle::fact_writer::{FactWriter, reported_or_elapsed};
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{EventVerb, PackedMillis};
use crate::domain::facts::catalog::{Fact, place::contact as call};

/// Derives the facts of a call from its observations.
pub(super) fn derive_facts(
    observations: impl Iterator<Item = Observation>,
    writer: &mut FactWriter<'_, '_>,
) {
    let (mut offered, mut answered, mut left, mut ended) = (None, None, None, None);
    for one in observations {
        let detail = &one.detail;
        match one.kind.verb {
            EventVerb::Offered => _ = offered.get_or_insert(one.time),
            EventVerb::Answered => _ = answered.get_or_insert((one.time, detail.wait)),
            EventVerb::Abandoned | EventVerb::Overflowed => {
                _ = left.get_or_insert((one.kind.verb, one.time, detail.wait, detail.label));
            }
            EventVerb::Transferred => {
                writer.add_labeled_fact(call::TRANSFERRED, one.time, Fact::UNKNOWN, detail.label);
            }
            EventVerb::Ended => {
                _ = ended.get_or_insert((
                    one.time,
                    detail.talk,
                    detail.hold,
                    detail.wrapup,
                    detail.label,
                ));
            }
            EventVerb::Lost => writer.mark_lost(one.time),
            _ => {}
        }
    }
    if let Some(time) = offered {
        writer.add_fact(call::OFFERED, time, Fact::UNKNOWN);
    }
    let mut waited = Fact::UNKNOWN;
    match (answered, left, ended, offered) {
        (Some((time, wait)), ..) => {
            waited = reported_or_elapsed(wait, offered, time);
            writer.add_fact(call::ANSWERED, time, waited);
            if ended.is_none() {
                writer.add_current_state(call::TALKING, time, call::EXPIRED);
            }
        }
        (None, Some((verb, time, wait, reason)), ..) => {
            let outcome =
                if verb == EventVerb::Abandoned { call::ABANDONED } else { call::OVERFLOWED };
            writer.add_labeled_fact(
                outcome,
                time,
                reported_or_elapsed(wait, offered, time),
                reason.filter(|_| verb == EventVerb::Overflowed),
            );
        }
        (None, None, None, Some(time)) => {
            _ = writer.add_current_state(call::WAITING, time, call::EXPIRED);
        }
        _ => {}
    }
    if let Some((time, talk, hold, wrapup, resolved)) = ended {
        // The time from answer to end includes holds, but a reported talk time does not.
        let hold = hold.filter(|_| talk.is_some()).map_or(0, PackedMillis::get);
        let talk = reported_or_elapsed(talk, answered.map(|(time, _)| time), time);
        writer.add_labeled_fact(call::ENDED, time, talk, resolved);
        let handled = if talk == Fact::UNKNOWN {
            talk
        } else {
            talk + hold + wrapup.map_or(0, PackedMillis::get)
        };
        writer.add_fact(call::HANDLED, time, handled);
        if answered.is_some() {
            writer.add_fact(call::COMPLETED, time, waited);
        }
    }
}
