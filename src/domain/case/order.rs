//! The life of an order, the same for repairs, installations, moves, complaints and whatever a standard declares.
//!
//! An order is open from `opened` until it is resolved or cancelled, and again after `reopened`. Times are taken as they
//! were said: an order closed seconds before it was opened, which real systems produce, took a negative time.

use super::observation::Observation;
use super::{Teller, duration};
use crate::domain::event::Verb;
use crate::domain::fact::{Fact, place::order};

/// Tells what the observations of an order mean.
#[inline]
pub fn tell(observations: impl Iterator<Item = Observation> + Clone, teller: &mut Teller<'_>) {
    let opened = observations.clone().find(|one| one.kind.verb == Verb::Opened).map(|one| one.time);
    let (mut told, mut resolved, mut reopened, mut closed, mut paused) = (false, false, false, false, None);
    for one in observations {
        let time = one.time;
        match one.kind.verb {
            Verb::Opened => {
                if !told {
                    teller.tell(order::OPENED, time, Fact::UNKNOWN);
                }
                told = true;
            }
            Verb::Assigned => teller.tell(order::ASSIGNED, time, duration(None, opened, time)),
            Verb::Arrived => teller.tell(order::ARRIVED, time, duration(None, opened, time)),
            Verb::Paused => paused = Some(time),
            Verb::Resumed => paused = None,
            Verb::Resolved => {
                let value = duration(None, opened, time);
                teller.tell(order::RESOLVED, time, value);
                if !resolved {
                    teller.tell(order::FIRST_RESOLVED, time, value);
                }
                (resolved, closed, paused) = (true, true, None);
            }
            Verb::Reopened if resolved => {
                teller.tell(order::REOPENED, time, Fact::UNKNOWN);
                if !reopened {
                    teller.tell(order::REOPENED_ONCE, time, Fact::UNKNOWN);
                }
                (reopened, closed) = (true, false);
            }
            Verb::Confirmed => teller.tell(order::CONFIRMED, time, Fact::UNKNOWN),
            Verb::Escalated => teller.tell(order::ESCALATED, time, Fact::UNKNOWN),
            Verb::Cancelled => {
                teller.tell(order::CANCELLED, time, Fact::UNKNOWN);
                (closed, paused) = (true, None);
            }
            _ => {}
        }
    }
    if let (Some(time), false) = (opened, closed) {
        teller.stand(order::OPEN, time);
        if let Some(time) = paused {
            teller.stand(order::PAUSED, time);
        }
    }
}
