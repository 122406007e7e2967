//! The life of an order, the same for repairs, installations, moves, complaints and whatever a standard declares.
//!
//! An order is open from `opened` until it is resolved or cancelled, and again after `reopened`. It can be paused while it is
//! open; what ends it ends the pause. Times are taken as they were said: an order closed seconds before it was opened, which
//! real systems produce, took a negative time.

use super::fact_writer::{FactWriter, reported_or_elapsed};
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{EventVerb, Symbol};
use crate::domain::facts::catalog::{Fact, place::order};
use crate::domain::facts::commitment_clock::{ClockStop, StopReason};
use crate::domain::time::timestamp::Timestamp;

/// What has happened to an order so far.
#[derive(Default)]
struct OrderProgress {
    opened: Option<Timestamp>,
    /// Whether the fact of each kind that is told once has been told.
    has_opened_fact: bool,
    resolved: bool,
    reopened: bool,
    confirmed: bool,
    escalated: bool,
    closed: bool,
    /// Who was responsible first, and whether it was ever somebody else.
    owner: Option<Symbol>,
    reassigned: bool,
}

/// Tells what the observations of an order mean.
#[inline]
pub fn derive_facts(
    observations: impl Iterator<Item = Observation> + Clone,
    teller: &mut FactWriter<'_, '_>,
) {
    let opened =
        observations.clone().find(|one| one.kind.verb == EventVerb::Opened).map(|one| one.time);
    let mut life = OrderProgress { opened, ..OrderProgress::default() };
    for one in observations {
        life.apply_observation(&one, teller);
    }
    if let (Some(time), false) = (opened, life.closed)
        && teller.add_current_state(order::OPEN, time, order::EXPIRED)
        && let Some(ClockStop { begin, end: None, reason: StopReason::Paused { .. }, .. }) =
            teller.facts.stops.last()
    {
        let begin = *begin;
        teller.add_fact(order::PAUSED, begin, Fact::UNKNOWN);
    }
}

impl OrderProgress {
    #[inline]
    fn apply_observation(&mut self, one: &Observation, teller: &mut FactWriter<'_, '_>) {
        let (time, detail) = (one.time, &one.detail);
        if let Some(owner) = detail.owner {
            self.reassigned |= *self.owner.get_or_insert(owner) != owner;
        }
        let since_opened = || reported_or_elapsed(None, self.opened, time);
        match one.kind.verb {
            EventVerb::Opened => {
                if !self.has_opened_fact {
                    teller.add_fact(order::OPENED, time, Fact::UNKNOWN);
                }
                self.has_opened_fact = true;
            }
            EventVerb::Assigned => teller.add_fact(order::ASSIGNED, time, since_opened()),
            EventVerb::Arrived => teller.add_fact(order::ARRIVED, time, since_opened()),
            EventVerb::Replied => teller.add_fact(order::REPLIED, time, since_opened()),
            EventVerb::Paused if !self.closed => {
                end_pause(teller, time);
                let why = StopReason::Paused { reason: detail.label, liable: detail.liable };
                teller.facts.stops.push(ClockStop { begin: time, end: None, reason: why, told: 0 });
            }
            EventVerb::Resumed => end_pause(teller, time),
            EventVerb::Resolved => {
                let value = since_opened();
                teller.add_fact(order::RESOLVED, time, value);
                if !self.resolved {
                    teller.add_fact(order::FIRST_RESOLVED, time, value);
                    if self.owner.is_some() && !self.reassigned {
                        teller.add_fact(order::BY_FIRST_OWNER, time, value);
                    }
                }
                self.resolved = true;
                self.close_order(time, teller);
                teller.facts.liable = detail.liable.or(teller.facts.liable);
                if teller.facts.stops.last().is_none_or(|stop| stop.end.is_some()) {
                    teller.facts.stops.push(ClockStop {
                        begin: time,
                        end: None,
                        reason: StopReason::Closed,
                        told: 0,
                    });
                }
            }
            EventVerb::Reopened if self.resolved => {
                teller.add_labeled_fact(order::REOPENED, time, Fact::UNKNOWN, detail.label);
                if !self.reopened {
                    teller.add_fact(order::REOPENED_ONCE, time, Fact::UNKNOWN);
                }
                let told = teller.facts.all.len();
                if let Some(stop) = teller
                    .facts
                    .stops
                    .last_mut()
                    .filter(|stop| stop.reason == StopReason::Closed && stop.end.is_none())
                {
                    (stop.end, stop.told) = (Some(time), told);
                }
                (self.reopened, self.closed) = (true, false);
            }
            EventVerb::Confirmed => {
                teller.add_labeled_fact(order::CONFIRMED, time, Fact::UNKNOWN, detail.label);
                if !self.confirmed {
                    teller.add_fact(order::CONFIRMED_ONCE, time, Fact::UNKNOWN);
                }
                self.confirmed = true;
            }
            EventVerb::Escalated => {
                teller.add_labeled_fact(order::ESCALATED, time, Fact::UNKNOWN, detail.label);
                if !self.escalated {
                    teller.add_fact(order::ESCALATED_ONCE, time, Fact::UNKNOWN);
                }
                self.escalated = true;
            }
            EventVerb::Cancelled => {
                teller.add_labeled_fact(order::CANCELLED, time, Fact::UNKNOWN, detail.label);
                self.close_order(time, teller);
                teller.facts.liable = detail.liable.or(teller.facts.liable);
            }
            _ => {}
        }
    }

    fn close_order(&mut self, time: Timestamp, teller: &mut FactWriter<'_, '_>) {
        end_pause(teller, time);
        self.closed = true;
    }
}

/// Ends the pause that lasts, if there is one.
fn end_pause(teller: &mut FactWriter<'_, '_>, time: Timestamp) {
    if let Some(stop) = teller.facts.stops.last_mut()
        && let ClockStop {
            begin, end: end @ None, reason: StopReason::Paused { reason, .. }, ..
        } = stop
    {
        let (begin, reason) = (*begin, *reason);
        *end = Some(time);
        teller.add_labeled_fact(order::RESUMED, time, time.millis_since(begin), reason);
    }
}
