//! Legs of a contact: the stays in queues, found from the observations in their order.
//!
//! Observations are read in order of time, `sequence`, type and id. Those of the same time and
//! sequence are read as follows: the exits of legs that were open before, then offers, answers,
//! exits of the new leg, and ends.
//!
//! - An observation that names a leg (`leg`) belongs to it. Named legs may exist side by side.
//! - `offered` starts a leg, unless the newest leg still waits in the same queue. Starting a leg ends
//!   the open ones: waiting legs have overflowed (`unknown`), conversations were transferred.
//! - `answered` goes to the waiting leg, else to a leg that was left, since an answer takes precedence
//!   over an exit. Another answer of an answered leg changes nothing.
//! - An answer that fits no leg starts one. In a contact that was answered before, the leg arrived its
//!   own reported wait earlier, else at the transfer. Otherwise it has no arrival.
//! - `abandoned` and `overflowed` end the waiting leg. If the next leg showed the exit already, they
//!   give its reason.
//! - `transferred` ends the conversation of the newest answered leg.
//! - A `called_back` that reached the customer belongs to every leg that had left with the reason
//!   `callback` and was not called back before. If no leg had, it belongs to the first that does.
//! - `ended` ends the contact. A leg that still waits is abandoned (`hangup`).
//!
//! An observation that names a queue belongs to a leg in that queue. A leg whose offer names no queue
//! fits any queue and takes the name.

use super::EndingWork;
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::leg_settings::LegSettings;
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{EventVerb, PackedMillis, Symbol};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;

/// Stay of a contact in one queue.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    name: Option<Symbol>,
    /// Group whose value of the dimension `queue` is the queue of the leg; `None` without a queue.
    queue: Option<u32>,
    /// Group with the attributes of the leg's own observations, and of the contact's before it.
    pub(super) group: u32,
    /// Arrival; `None` if it is unknown or the leg never waited.
    pub(super) offered: Option<Timestamp>,
    pub(super) outcome: LegOutcome,
    /// Reason of the exit.
    pub(super) reason: Option<Symbol>,
    /// Time of the answer or exit. The arrival while the leg waits.
    pub(super) left: Timestamp,
    /// Wait in milliseconds as the source reported it; `None` if it did not.
    reported_wait: Option<i64>,
    /// End of the conversation; `None` while it lasts or without one.
    pub(super) over: Option<Timestamp>,
    /// True if a transfer ended the conversation.
    pub(super) transferred: bool,
    /// Target of the transfer.
    pub(super) to: Option<Symbol>,
    /// Work reported with the end of the conversation.
    pub(super) work: EndingWork,
    /// Call-back that reached the customer after the leg left with the reason `callback`.
    pub(super) called_back: Option<Timestamp>,
}

/// Outcome of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LegOutcome {
    /// It still waits.
    Waiting,
    /// An agent answered.
    Answered,
    /// The customer gave up.
    Abandoned,
    /// It left the queue in another way.
    Overflowed,
}

impl Leg {
    /// Returns the wait until the answer or exit in milliseconds; `None` if it is unknown.
    pub(super) fn wait(&self) -> Option<i64> {
        self.reported_wait
            .or_else(|| self.offered.map(|offered| self.left.millis_since(offered)))
            .filter(|_| self.outcome != LegOutcome::Waiting)
    }

    /// Returns the length of the conversation in milliseconds; `None` while it lasts or without one.
    pub(super) fn talk(&self) -> Option<i64> {
        let over = self.over.filter(|_| self.outcome == LegOutcome::Answered)?;
        Some(self.work.talk.map_or(over.millis_since(self.left).max(0), PackedMillis::get))
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.outcome == LegOutcome::Waiting
    }

    pub(super) fn is_talking(&self) -> bool {
        self.outcome == LegOutcome::Answered && self.over.is_none()
    }

    /// Ends the wait.
    fn leave_queue(&mut self, outcome: LegOutcome, reason: Option<Symbol>, time: Timestamp) {
        (self.outcome, self.reason, self.left) = (outcome, reason, time);
    }

    /// Returns true if the customer left the queue for a call-back that has not reached her.
    pub(super) fn awaits_call_back(&self, callback: Symbol) -> bool {
        !matches!(self.outcome, LegOutcome::Waiting | LegOutcome::Answered)
            && self.reason == Some(callback)
            && self.called_back.is_none()
    }

    fn was_left(&self, callback: Symbol) -> bool {
        !matches!(self.outcome, LegOutcome::Waiting | LegOutcome::Answered)
            && self.reason != Some(callback)
    }
}

/// Returns the rank of an observation among those of the same moment.
fn rank_in_moment(verb: EventVerb) -> u8 {
    match verb {
        EventVerb::Offered => 0,
        EventVerb::Answered => 1,
        EventVerb::Abandoned | EventVerb::Overflowed => 2,
        EventVerb::Transferred | EventVerb::CalledBack => 3,
        EventVerb::Ended => 4,
        _ => 5,
    }
}

/// End of a contact.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct ContactEnd {
    /// First `ended` after the last leg began; `None` if there is none.
    pub(super) time: Option<Timestamp>,
    /// True if any `ended` was observed.
    pub(super) was_ended: bool,
    /// Whether the contact was resolved, as reported last.
    pub(super) resolved: Option<Symbol>,
    /// Work that the first `ended` of a contact without legs reported.
    pub(super) work: EndingWork,
}

/// Legs of a contact, and what is known of the whole.
pub(super) struct LegHistory<'a> {
    pub(super) groups: &'a mut CaseGroups,
    standard: &'a Standard,
    pub(super) settings: LegSettings,
    /// Legs in the order in which they began.
    pub(super) legs: Vec<Leg>,
    /// Group with the attributes of all observations so far; `None` before the first.
    known_attributes: Option<u32>,
    pub(super) end: ContactEnd,
    /// Call-backs that reached the customer, each with the leg that it names.
    call_backs: Vec<(Timestamp, Option<Symbol>)>,
    /// Time of the first of them.
    pub(super) first_call_back: Option<Timestamp>,
    /// Times at which the source lost track of the contact.
    pub(super) lost_at: Vec<Timestamp>,
    /// True if the contact is part of another one and counts nowhere.
    pub(super) merged: bool,
}

impl<'a> LegHistory<'a> {
    pub(super) fn new(
        groups: &'a mut CaseGroups,
        standard: &'a Standard,
        settings: LegSettings,
    ) -> LegHistory<'a> {
        LegHistory {
            groups,
            standard,
            settings,
            legs: Vec::new(),
            known_attributes: None,
            end: ContactEnd::default(),
            call_backs: Vec::new(),
            first_call_back: None,
            lost_at: Vec::new(),
            merged: false,
        }
    }

    /// Adds all observations of the contact, in order.
    pub(super) fn add_observations(&mut self, observations: &[Observation]) {
        let same_moment = |one: &Observation, next: &Observation| {
            (one.time, one.sequence) == (next.time, next.sequence)
        };
        observations.chunk_by(same_moment).for_each(|moment| self.add_moment(moment));
        self.assign_call_backs();
    }

    /// Adds the observations of one moment.
    fn add_moment(&mut self, moment: &[Observation]) {
        if let [only] = moment {
            return self.add_observation(only);
        }
        let open: Vec<Leg> =
            self.legs.iter().filter(|leg| leg.is_waiting() || leg.is_talking()).cloned().collect();
        let mut exits_of_open_legs = 0;
        let mut is_exit_of_open_leg = |one: &Observation| {
            let outcome = match one.kind.verb {
                EventVerb::Abandoned | EventVerb::Overflowed => LegOutcome::Waiting,
                EventVerb::Transferred => LegOutcome::Answered,
                _ => return false,
            };
            let fits = exits_of_open_legs < open.len()
                && open.iter().any(|leg| leg.outcome == outcome && self.fits_queue(leg, one));
            exits_of_open_legs += usize::from(fits);
            fits
        };
        let (exits, mut rest): (Vec<&Observation>, Vec<&Observation>) =
            moment.iter().partition(|one| is_exit_of_open_leg(one));
        rest.sort_by_key(|one| (rank_in_moment(one.kind.verb), one.id));
        exits.into_iter().chain(rest).for_each(|one| self.add_observation(one));
    }

    fn add_observation(&mut self, one: &Observation) {
        match one.kind.verb {
            EventVerb::Offered => self.add_offer(one),
            EventVerb::Answered => self.add_answer(one),
            EventVerb::Abandoned => self.add_exit(one, LegOutcome::Abandoned),
            EventVerb::Overflowed => self.add_exit(one, LegOutcome::Overflowed),
            EventVerb::Transferred => self.add_transfer(one),
            EventVerb::CalledBack => self.add_call_back(one),
            EventVerb::Ended => self.add_end(one),
            EventVerb::Lost => self.lost_at.push(one.time),
            EventVerb::Merged => self.merged = true,
            _ => {}
        }
        self.known_attributes = Some(match self.known_attributes {
            None => one.group,
            Some(known) => self.groups.join_groups(known, one.group, 0, self.standard),
        });
    }

    fn add_offer(&mut self, one: &Observation) {
        let repeated = match one.detail.leg {
            Some(name) => self.legs.iter().position(|leg| leg.name == Some(name)),
            None => self.legs.len().checked_sub(1).filter(|last| {
                self.legs[*last].is_waiting() && self.fits_queue(&self.legs[*last], one)
            }),
        };
        match repeated {
            Some(place) => self.complete_offered_leg(place, one),
            None => _ = self.begin_leg(one, Some(one.time)),
        }
    }

    fn add_answer(&mut self, one: &Observation) {
        let callback = self.settings.callback;
        let found = self
            .find_leg(one, Leg::is_waiting)
            .or_else(|| self.find_leg(one, |leg| leg.was_left(callback)));
        let place = match found {
            Some(place) => place,
            None => {
                let repeats_answer = self.legs.last().is_some_and(|last| {
                    last.outcome == LegOutcome::Answered && self.fits_queue(last, one)
                });
                if repeats_answer {
                    return;
                }
                let place = self.begin_leg(one, None);
                let before = self.legs[..place]
                    .iter()
                    .rfind(|leg| leg.outcome == LegOutcome::Answered)
                    .map(|leg| leg.over);
                if let Some(transferred) = before {
                    let wait = one.detail.wait.map(|wait| one.time.plus_millis(-wait.get()));
                    self.legs[place].offered = wait.or(transferred);
                }
                place
            }
        };
        let leg = &mut self.legs[place];
        leg.leave_queue(LegOutcome::Answered, None, one.time);
        leg.reported_wait = one.detail.wait.map(PackedMillis::get);
        self.take_attributes(place, one);
    }

    fn add_exit(&mut self, one: &Observation, outcome: LegOutcome) {
        let reason = one.detail.label;
        let found = self.find_leg(one, Leg::is_waiting);
        let place = match found {
            Some(place) => Some(place),
            None if self.legs.is_empty() => Some(self.begin_leg(one, None)),
            None => None,
        };
        match place {
            Some(place) if self.legs[place].is_waiting() => {
                let leg = &mut self.legs[place];
                leg.leave_queue(outcome, reason, one.time);
                leg.reported_wait = one.detail.wait.map(PackedMillis::get);
                self.complete_offered_leg(place, one);
            }
            Some(_) => {}
            None => {
                let unknown = Some(self.settings.unknown);
                let implied = self
                    .legs
                    .iter()
                    .rposition(|leg| leg.reason == unknown && self.fits_queue(leg, one));
                if let Some(place) = implied {
                    (self.legs[place].outcome, self.legs[place].reason) = (outcome, reason);
                }
            }
        }
    }

    fn add_transfer(&mut self, one: &Observation) {
        let found = self.find_leg(one, |leg| {
            leg.outcome == LegOutcome::Answered && (leg.over.is_none() || leg.transferred)
        });
        let Some(place) = found.filter(|place| self.legs[*place].outcome == LegOutcome::Answered)
        else {
            return;
        };
        let leg = &mut self.legs[place];
        leg.over = Some(leg.over.map_or(one.time, |over| over.min(one.time)));
        leg.transferred = true;
        leg.to = leg.to.or(one.detail.label);
        leg.work.talk = leg.work.talk.or(one.detail.talk);
        self.complete_offered_leg(place, one);
    }

    fn add_call_back(&mut self, one: &Observation) {
        if one.detail.label == Some(self.settings.reached) {
            self.first_call_back = self.first_call_back.or(Some(one.time));
            self.call_backs.push((one.time, one.detail.leg));
        }
    }

    /// Assigns the call-backs to the legs whose customer waited for them.
    fn assign_call_backs(&mut self) {
        let callback = self.settings.callback;
        for (time, name) in std::mem::take(&mut self.call_backs) {
            let had_asked = |leg: &Leg| leg.reason == Some(callback) && leg.left <= time;
            // The clocks of two systems may differ.
            let is_early = !self.legs.iter().any(had_asked);
            let waiting = self.legs.iter_mut().filter(|leg| {
                (name.is_none() || leg.name == name)
                    && leg.awaits_call_back(callback)
                    && (is_early || had_asked(leg))
            });
            let most = if is_early { 1 } else { usize::MAX };
            waiting.take(most).for_each(|leg| leg.called_back = Some(time));
        }
    }

    fn add_end(&mut self, one: &Observation) {
        if !self.end.was_ended {
            self.end.work = EndingWork::from_detail(&one.detail);
        }
        self.end.was_ended = true;
        self.end.time = self.end.time.or(Some(one.time));
        self.end.resolved = one.detail.label.or(self.end.resolved);
        let hangup = self.settings.hangup;
        let mut was_talking = false;
        for leg in &mut self.legs {
            if leg.is_waiting() {
                leg.leave_queue(LegOutcome::Abandoned, Some(hangup), one.time);
            } else if leg.is_talking() {
                leg.over = Some(one.time);
                leg.work = EndingWork::from_detail(&one.detail);
                was_talking = true;
            }
        }
        // The work after a transfer belongs to the agent who transferred.
        let last_answered = self.legs.iter_mut().rfind(|leg| leg.outcome == LegOutcome::Answered);
        if let Some(leg) = last_answered.filter(|_| !was_talking) {
            leg.work.wrapup = leg.work.wrapup.or(one.detail.wrapup);
        }
    }

    /// Starts a leg and returns its index. Unless the leg is named, the open legs end.
    fn begin_leg(&mut self, one: &Observation, offered: Option<Timestamp>) -> usize {
        let unknown = self.settings.unknown;
        for leg in self.legs.iter_mut().filter(|_| one.detail.leg.is_none()) {
            if leg.is_waiting() {
                leg.leave_queue(LegOutcome::Overflowed, Some(unknown), one.time);
            } else if leg.is_talking() {
                (leg.over, leg.transferred) = (Some(one.time), true);
            }
        }
        // The contact goes on.
        self.end.time = None;
        let group = match self.known_attributes {
            None => one.group,
            Some(known) => {
                let kept = self.settings.own_dimensions;
                self.groups.inherit_attributes(one.group, known, kept, 0, self.standard)
            }
        };
        self.legs.push(Leg {
            name: one.detail.leg,
            queue: self.named_queue(one),
            group,
            offered,
            outcome: LegOutcome::Waiting,
            reason: None,
            left: one.time,
            reported_wait: None,
            over: None,
            transferred: false,
            to: None,
            work: EndingWork::default(),
            called_back: None,
        });
        self.legs.len() - 1
    }

    /// Completes the attributes of a leg by those of one of its observations.
    fn take_attributes(&mut self, place: usize, one: &Observation) {
        let queue = self.named_queue(one);
        let leg = &mut self.legs[place];
        leg.queue = leg.queue.or(queue);
        leg.group = self.groups.join_groups(leg.group, one.group, 0, self.standard);
    }

    /// Completes the attributes of a leg by an observation after its offer. A leg without an offer has
    /// those of its first observation and its answer.
    fn complete_offered_leg(&mut self, place: usize, one: &Observation) {
        if self.legs[place].offered.is_some() {
            self.take_attributes(place, one);
        }
    }

    /// Returns the index of the leg that an observation names, else of the newest leg in its queue
    /// for which `fits` is true; `None` without one.
    fn find_leg(&self, one: &Observation, fits: impl Fn(&Leg) -> bool) -> Option<usize> {
        match one.detail.leg {
            Some(name) => self.legs.iter().position(|leg| leg.name == Some(name)),
            None => self.legs.iter().rposition(|leg| fits(leg) && self.fits_queue(leg, one)),
        }
    }

    /// Returns the group that names the queue of an observation; `None` if it names none.
    fn named_queue(&self, one: &Observation) -> Option<u32> {
        let dimension = self.settings.queue_dimension?;
        self.groups.has_value(one.group, dimension).then_some(one.group)
    }

    /// Returns true if an observation names the queue of the leg, or one of them has none.
    fn fits_queue(&self, leg: &Leg, one: &Observation) -> bool {
        let Some((dimension, named)) = self.settings.queue_dimension.zip(self.named_queue(one))
        else {
            return true;
        };
        match leg.queue {
            Some(queue) => self.groups.has_same_value(queue, named, dimension),
            None => leg.offered.is_some(),
        }
    }
}
