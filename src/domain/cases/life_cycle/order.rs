//! Life cycle of an order, common to repairs, installations, complaints and other declared
//! families.
//!
//! An order is open from `opened` until it is resolved or cancelled, and again after `reopened`. A
//! cancellation before a reopening was a mistake and leaves no fact. An order can be paused while
//! open, and closing it ends the pause. Times are used as reported. Some
//! systems report an order as closed seconds before it was opened, which gives a negative duration.

use super::fact_writer::{FactWriter, reported_or_elapsed};
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{EventVerb, Symbol};
use crate::domain::facts::catalog::{Fact, place::order};
use crate::domain::facts::commitment_clock::{ClockStop, StopReason};
use crate::domain::time::timestamp::Timestamp;

/// Progress of an order while its observations are read.
#[derive(Default)]
struct OrderProgress {
    opened: Option<Timestamp>,
    /// True once the fact `opened` has been added. Further fields do the same for their facts.
    has_opened_fact: bool,
    resolved: bool,
    reopened: bool,
    confirmed: bool,
    escalated: bool,
    closed: bool,
    /// Index of the fact `cancelled` of an order that is cancelled now; `None` for other orders.
    cancellation: Option<usize>,
    /// First owner; `reassigned` is true once another owner was reported.
    owner: Option<Symbol>,
    reassigned: bool,
}

/// Derives the facts of an order from its observations.
#[inline]
pub fn derive_facts(
    observations: impl Iterator<Item = Observation> + Clone,
    writer: &mut FactWriter<'_, '_>,
) {
    let opened =
        observations.clone().find(|one| one.kind.verb == EventVerb::Opened).map(|one| one.time);
    let mut progress = OrderProgress { opened, ..OrderProgress::default() };
    for one in observations {
        progress.apply_observation(&one, writer);
    }
    if let (Some(time), false) = (opened, progress.closed)
        && writer.add_current_state(order::OPEN, time, order::EXPIRED)
        && let Some(ClockStop { begin, end: None, reason: StopReason::Paused { .. }, .. }) =
            writer.facts.stops.last()
    {
        let begin = *begin;
        writer.add_fact(order::PAUSED, begin, Fact::UNKNOWN);
    }
}

impl OrderProgress {
    #[inline]
    fn apply_observation(&mut self, one: &Observation, writer: &mut FactWriter<'_, '_>) {
        let (time, detail) = (one.time, &one.detail);
        if let Some(owner) = detail.owner {
            self.reassigned |= *self.owner.get_or_insert(owner) != owner;
        }
        let since_opened = || reported_or_elapsed(None, self.opened, time);
        match one.kind.verb {
            EventVerb::Opened => {
                if !self.has_opened_fact {
                    writer.add_fact(order::OPENED, time, Fact::UNKNOWN);
                }
                self.has_opened_fact = true;
            }
            EventVerb::Assigned => writer.add_fact(order::ASSIGNED, time, since_opened()),
            EventVerb::Arrived => writer.add_fact(order::ARRIVED, time, since_opened()),
            EventVerb::Replied => writer.add_fact(order::REPLIED, time, since_opened()),
            EventVerb::CustomerReplied => {
                writer.add_fact(order::CUSTOMER_REPLIED, time, Fact::UNKNOWN);
            }
            EventVerb::Paused if !self.closed => {
                end_pause(writer, time);
                writer.facts.stops.push(ClockStop {
                    begin: time,
                    end: None,
                    reason: StopReason::Paused { reason: detail.label, liable: detail.liable },
                    facts_before: 0,
                });
            }
            EventVerb::Resumed => end_pause(writer, time),
            EventVerb::Resolved => {
                let value = since_opened();
                writer.add_fact(order::RESOLVED, time, value);
                if !self.resolved {
                    writer.add_fact(order::FIRST_RESOLVED, time, value);
                    if self.owner.is_some() && !self.reassigned {
                        writer.add_fact(order::BY_FIRST_OWNER, time, value);
                    }
                }
                self.resolved = true;
                self.close_order(time, writer);
                writer.facts.liable = detail.liable.or(writer.facts.liable);
                if writer.facts.stops.last().is_none_or(|stop| stop.end.is_some()) {
                    writer.facts.stops.push(ClockStop {
                        begin: time,
                        end: None,
                        reason: StopReason::Closed,
                        facts_before: 0,
                    });
                }
            }
            EventVerb::Reopened if self.cancellation.is_some() || self.resolved => {
                self.take_back_cancellation(writer);
                self.closed = false;
                if !self.resolved {
                    return;
                }
                writer.add_labeled_fact(order::REOPENED, time, Fact::UNKNOWN, detail.label);
                if !self.reopened {
                    writer.add_fact(order::REOPENED_ONCE, time, Fact::UNKNOWN);
                }
                let facts_before = writer.facts.all.len();
                if let Some(stop) = writer
                    .facts
                    .stops
                    .last_mut()
                    .filter(|stop| stop.reason == StopReason::Closed && stop.end.is_none())
                {
                    (stop.end, stop.facts_before) = (Some(time), facts_before);
                }
                self.reopened = true;
            }
            EventVerb::Confirmed => {
                writer.add_labeled_fact(order::CONFIRMED, time, Fact::UNKNOWN, detail.label);
                if !self.confirmed {
                    writer.add_fact(order::CONFIRMED_ONCE, time, Fact::UNKNOWN);
                }
                self.confirmed = true;
            }
            EventVerb::Escalated => {
                writer.add_labeled_fact(order::ESCALATED, time, Fact::UNKNOWN, detail.label);
                if !self.escalated {
                    writer.add_fact(order::ESCALATED_ONCE, time, Fact::UNKNOWN);
                }
                self.escalated = true;
            }
            EventVerb::Cancelled => {
                self.cancellation = self.cancellation.or(Some(writer.facts.all.len()));
                writer.add_labeled_fact(order::CANCELLED, time, Fact::UNKNOWN, detail.label);
                self.close_order(time, writer);
                writer.facts.liable = detail.liable.or(writer.facts.liable);
            }
            _ => {}
        }
    }

    /// Removes the facts `cancelled` since the order was cancelled.
    fn take_back_cancellation(&mut self, writer: &mut FactWriter<'_, '_>) {
        let Some(first) = self.cancellation.take() else { return };
        let kind = writer.first_kind.offset_by(order::CANCELLED);
        let mut place = 0;
        writer.facts.all.retain(|fact| {
            place += 1;
            place <= first || fact.kind != kind
        });
    }

    fn close_order(&mut self, time: Timestamp, writer: &mut FactWriter<'_, '_>) {
        end_pause(writer, time);
        self.closed = true;
    }
}

/// Ends the current pause, if any.
fn end_pause(writer: &mut FactWriter<'_, '_>, time: Timestamp) {
    if let Some(stop) = writer.facts.stops.last_mut()
        && let ClockStop {
            begin, end: end @ None, reason: StopReason::Paused { reason, .. }, ..
        } = stop
    {
        let (begin, reason) = (*begin, *reason);
        *end = Some(time);
        writer.add_labeled_fact(order::RESUMED, time, time.millis_since(begin), reason);
    }
}
