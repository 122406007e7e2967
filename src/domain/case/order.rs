//! The life of an order, the same for repairs, installations, moves, complaints and whatever a standard declares.
//!
//! An order is open from `opened` until it is resolved or cancelled, and again after `reopened`. It can be paused while it is
//! open; what ends it ends the pause. Times are taken as they were said: an order closed seconds before it was opened, which
//! real systems produce, took a negative time.

use super::observation::Observation;
use super::{Teller, duration};
use crate::domain::event::{Verb, Word};
use crate::domain::fact::clock::{Stop, Why};
use crate::domain::fact::{Fact, place::order};
use crate::domain::time::Timestamp;

/// What has happened to an order so far.
#[derive(Default)]
struct Life {
    opened: Option<Timestamp>,
    /// Whether the fact of each kind that is told once has been told.
    told: bool,
    resolved: bool,
    reopened: bool,
    confirmed: bool,
    escalated: bool,
    closed: bool,
    /// Who was responsible first, and whether it was ever somebody else.
    owner: Option<Word>,
    handed_on: bool,
}

/// Tells what the observations of an order mean.
#[inline]
pub fn tell(observations: impl Iterator<Item = Observation> + Clone, teller: &mut Teller<'_, '_>) {
    let opened = observations.clone().find(|one| one.kind.verb == Verb::Opened).map(|one| one.time);
    let mut life = Life { opened, ..Life::default() };
    for one in observations {
        life.live(&one, teller);
    }
    if let (Some(time), false) = (opened, life.closed)
        && teller.stand(order::OPEN, time, order::EXPIRED)
        && let Some(Stop { begin, end: None, why: Why::Paused { .. }, .. }) = teller.facts.stops.last()
    {
        let begin = *begin;
        teller.tell(order::PAUSED, begin, Fact::UNKNOWN);
    }
}

impl Life {
    #[inline]
    fn live(&mut self, one: &Observation, teller: &mut Teller<'_, '_>) {
        let (time, detail) = (one.time, &one.detail);
        if let Some(owner) = detail.owner {
            self.handed_on |= *self.owner.get_or_insert(owner) != owner;
        }
        let since_opened = || duration(None, self.opened, time);
        match one.kind.verb {
            Verb::Opened => {
                if !self.told {
                    teller.tell(order::OPENED, time, Fact::UNKNOWN);
                }
                self.told = true;
            }
            Verb::Assigned => teller.tell(order::ASSIGNED, time, since_opened()),
            Verb::Arrived => teller.tell(order::ARRIVED, time, since_opened()),
            Verb::Replied => teller.tell(order::REPLIED, time, since_opened()),
            Verb::Paused if !self.closed => {
                resume(teller, time);
                let why = Why::Paused { reason: detail.word, liable: detail.liable };
                teller.facts.stops.push(Stop { begin: time, end: None, why, told: 0 });
            }
            Verb::Resumed => resume(teller, time),
            Verb::Resolved => {
                let value = since_opened();
                teller.tell(order::RESOLVED, time, value);
                if !self.resolved {
                    teller.tell(order::FIRST_RESOLVED, time, value);
                    if self.owner.is_some() && !self.handed_on {
                        teller.tell(order::BY_FIRST_OWNER, time, value);
                    }
                }
                self.resolved = true;
                self.close(time, teller);
                teller.facts.liable = detail.liable.or(teller.facts.liable);
                if teller.facts.stops.last().is_none_or(|stop| stop.end.is_some()) {
                    teller.facts.stops.push(Stop { begin: time, end: None, why: Why::Closed, told: 0 });
                }
            }
            Verb::Reopened if self.resolved => {
                teller.tell_word(order::REOPENED, time, Fact::UNKNOWN, detail.word);
                if !self.reopened {
                    teller.tell(order::REOPENED_ONCE, time, Fact::UNKNOWN);
                }
                let told = teller.facts.all.len();
                if let Some(stop) = teller.facts.stops.last_mut().filter(|stop| stop.why == Why::Closed && stop.end.is_none()) {
                    (stop.end, stop.told) = (Some(time), told);
                }
                (self.reopened, self.closed) = (true, false);
            }
            Verb::Confirmed => {
                teller.tell_word(order::CONFIRMED, time, Fact::UNKNOWN, detail.word);
                if !self.confirmed {
                    teller.tell(order::CONFIRMED_ONCE, time, Fact::UNKNOWN);
                }
                self.confirmed = true;
            }
            Verb::Escalated => {
                teller.tell_word(order::ESCALATED, time, Fact::UNKNOWN, detail.word);
                if !self.escalated {
                    teller.tell(order::ESCALATED_ONCE, time, Fact::UNKNOWN);
                }
                self.escalated = true;
            }
            Verb::Cancelled => {
                teller.tell_word(order::CANCELLED, time, Fact::UNKNOWN, detail.word);
                self.close(time, teller);
                teller.facts.liable = detail.liable.or(teller.facts.liable);
            }
            _ => {}
        }
    }

    fn close(&mut self, time: Timestamp, teller: &mut Teller<'_, '_>) {
        resume(teller, time);
        self.closed = true;
    }
}

/// Ends the pause that lasts, if there is one.
fn resume(teller: &mut Teller<'_, '_>, time: Timestamp) {
    if let Some(stop) = teller.facts.stops.last_mut()
        && let Stop { begin, end: end @ None, why: Why::Paused { reason, .. }, .. } = stop
    {
        let (begin, reason) = (*begin, *reason);
        *end = Some(time);
        teller.tell_word(order::RESUMED, time, time.since(begin), reason);
    }
}
