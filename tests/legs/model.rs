//! Contacts and legs, recomputed from the full list of events.
//!
//! This is the definition as a program: plain and slow. It shares no code with the engine.

use super::breakages::Breakage;
use super::event::{CallData, CallEvent, CallEventKind};
use std::collections::BTreeMap;

/// Outcome of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LegOutcome {
    Answered,
    Abandoned,
    Overflowed,
}

/// End of the talk of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TalkEnd {
    Transferred,
    Ended,
}

/// Stay of a contact in one queue. Times are milliseconds since 1970, durations milliseconds.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct ModelLeg {
    name: Option<String>,
    pub(crate) queue: Option<String>,
    /// True if the event that began the leg named no queue.
    pub(crate) began_without_queue: bool,
    pub(crate) center: Option<String>,
    pub(crate) agent: Option<String>,
    /// Arrival; `None` for a leg that was never offered.
    pub(crate) offered: Option<i64>,
    /// `None` while the leg waits.
    pub(crate) outcome: Option<LegOutcome>,
    pub(crate) reason: Option<String>,
    /// Time of the outcome.
    left_at: Option<i64>,
    pub(crate) wait: Option<i64>,
    talk_ended_at: Option<i64>,
    pub(crate) talk_ended_by: Option<TalkEnd>,
}

/// Outcome of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContactOutcome {
    Answered,
    Waiting,
    Abandoned,
    Overflowed,
    CallbackPending,
}

/// Contact with its outcome.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ModelContact {
    pub(crate) outcome: ContactOutcome,
    pub(crate) reason: Option<String>,
    /// Arrival of the first leg; `None` for a contact that was never offered.
    pub(crate) offered: Option<i64>,
    pub(crate) wait: Option<i64>,
    pub(crate) center: Option<String>,
    pub(crate) legs: Vec<ModelLeg>,
}

/// State of a contact while its events are applied.
#[derive(Default, Debug)]
struct ContactState {
    legs: Vec<ModelLeg>,
    center: Option<String>,
    ended: Option<i64>,
    called_back: Option<i64>,
    breakage: Option<Breakage>,
}

/// Returns the contacts of these events by subject. Contacts without a leg are left out.
pub(crate) fn derive_contacts(events: &[&CallEvent]) -> BTreeMap<String, ModelContact> {
    derive_broken_contacts(events, None)
}

/// Like [`derive_contacts`], with one rule broken on purpose.
pub(crate) fn derive_broken_contacts(
    events: &[&CallEvent],
    breakage: Option<Breakage>,
) -> BTreeMap<String, ModelContact> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| (&event.subject, event.time, event.sequence, event.kind, event.tie));
    // Equal ids of a subject are one event.
    let mut seen = std::collections::BTreeSet::new();
    events.retain(|event| seen.insert((&event.subject, &event.id)));
    let mut states: BTreeMap<String, ContactState> = BTreeMap::new();
    let moments = events.chunk_by(|left, right| {
        (&left.subject, left.time, left.sequence) == (&right.subject, right.time, right.sequence)
    });
    for moment in moments {
        let state = states.entry(moment[0].subject.clone()).or_default();
        state.breakage = breakage;
        state.apply_moment(moment);
    }
    states
        .into_iter()
        .filter_map(|(subject, state)| Some((subject, state.into_contact()?)))
        .collect()
}

/// Returns true if the event names no queue or this one.
fn names_queue(data: &CallData, queue: Option<&String>) -> bool {
    data.queue.is_none() || data.queue.as_ref() == queue
}

fn exit_outcome(kind: CallEventKind) -> Option<LegOutcome> {
    match kind {
        CallEventKind::Abandoned => Some(LegOutcome::Abandoned),
        CallEventKind::Overflowed => Some(LegOutcome::Overflowed),
        _ => None,
    }
}

impl ModelLeg {
    fn is_answered(&self) -> bool {
        self.outcome == Some(LegOutcome::Answered)
    }

    /// True while the leg waits or talks.
    fn is_open(&self) -> bool {
        self.outcome.is_none() || self.is_talking()
    }

    pub(crate) fn is_talking(&self) -> bool {
        self.is_answered() && self.talk_ended_at.is_none()
    }

    /// Returns the duration of the talk if it is over.
    pub(crate) fn talk(&self) -> Option<i64> {
        Some(self.talk_ended_at? - self.left_at.filter(|_| self.is_answered())?)
    }

    /// The first value of each dimension is the leg's.
    fn record_dimensions(&mut self, data: &CallData) {
        self.queue = self.queue.take().or_else(|| data.queue.clone());
        self.center = self.center.take().or_else(|| data.center.clone());
        self.agent = self.agent.take().or_else(|| data.agent.clone());
    }

    /// Ends the wait at `time`, with the reported wait or the time since the arrival.
    fn end_wait(&mut self, outcome: LegOutcome, time: i64, data: &CallData) {
        self.outcome = Some(outcome);
        self.reason = data.reason.clone().filter(|_| outcome != LegOutcome::Answered);
        self.left_at = Some(time);
        self.wait = data.wait.or(self.offered.map(|offered| time - offered));
    }
}

impl ContactState {
    fn is_broken(&self, breakage: Breakage) -> bool {
        self.breakage == Some(breakage)
    }

    /// Starts a leg. It ends the legs before it where nothing else did, unless it is named.
    fn begin_leg(&mut self, time: i64, data: &CallData, offered: Option<i64>) -> usize {
        let ends_others = data.leg.is_none() || self.is_broken(Breakage::NamedLegEndsOthers);
        let ends_talks = !self.is_broken(Breakage::TalkOutlastsNextLeg);
        for leg in self.legs.iter_mut().filter(|_| ends_others) {
            if leg.outcome.is_none() {
                leg.outcome = Some(LegOutcome::Overflowed);
                leg.reason = Some("unknown".to_owned());
                leg.left_at = Some(time);
            } else if leg.is_talking() && ends_talks {
                leg.talk_ended_at = Some(time);
                leg.talk_ended_by = Some(TalkEnd::Transferred);
            }
        }
        let mut leg = ModelLeg { name: data.leg.clone(), offered, ..ModelLeg::default() };
        leg.record_dimensions(data);
        leg.center = leg.center.or_else(|| self.center.clone());
        if self.is_broken(Breakage::LegInheritsQueue) {
            leg.queue = leg.queue.or_else(|| self.legs.last()?.queue.clone());
        }
        leg.began_without_queue = leg.queue.is_none();
        self.legs.push(leg);
        self.legs.len() - 1
    }

    /// Finds a leg by its name, otherwise the newest that fits and is in the named queue.
    fn find_leg(&self, data: &CallData, fits: impl Fn(&ModelLeg) -> bool) -> Option<usize> {
        match &data.leg {
            Some(name) => self.legs.iter().position(|leg| leg.name.as_ref() == Some(name)),
            None => {
                self.legs.iter().rposition(|leg| fits(leg) && names_queue(data, leg.queue.as_ref()))
            }
        }
    }

    fn apply_event(&mut self, event: &CallEvent) {
        let (time, data) = (event.time, &event.data);
        match event.kind {
            CallEventKind::Offered => self.apply_offered(time, data),
            CallEventKind::Answered => self.apply_answered(time, data),
            CallEventKind::Abandoned | CallEventKind::Overflowed => {
                self.apply_exit(exit_outcome(event.kind).expect("an exit"), time, data);
            }
            CallEventKind::Transferred => {
                let leg = self.find_leg(data, |leg| {
                    leg.is_talking() || leg.talk_ended_by == Some(TalkEnd::Transferred)
                });
                if let Some(leg) =
                    leg.map(|index| &mut self.legs[index]).filter(|leg| leg.is_answered())
                {
                    leg.talk_ended_at = Some(leg.talk_ended_at.map_or(time, |at| at.min(time)));
                    leg.talk_ended_by = Some(TalkEnd::Transferred);
                }
            }
            CallEventKind::CalledBack
                if data.reached == Some(true)
                    || self.is_broken(Breakage::FailedCallbackAnswers) =>
            {
                self.called_back = self.called_back.or(Some(time));
            }
            CallEventKind::CalledBack => {}
            CallEventKind::Ended => self.apply_ended(time),
        }
        self.center = self.center.take().or_else(|| data.center.clone());
    }

    fn apply_offered(&mut self, time: i64, data: &CallData) {
        let is_known = data.leg.is_some() && self.find_leg(data, |_| true).is_some();
        let is_repeated = data.leg.is_none()
            && self.legs.last().is_some_and(|last| {
                last.outcome.is_none() && names_queue(data, last.queue.as_ref())
            });
        if !is_known && (!is_repeated || self.is_broken(Breakage::RepeatedOfferStartsLeg)) {
            self.begin_leg(time, data, Some(time));
        }
    }

    fn apply_answered(&mut self, time: i64, data: &CallData) {
        let takes_left_legs = !self.is_broken(Breakage::AnswerAfterExitNotTaken);
        let mut leg = self.find_leg(data, |leg| leg.outcome.is_none()).or_else(|| {
            self.find_leg(data, |leg| {
                takes_left_legs && !leg.is_answered() && leg.reason.as_deref() != Some("callback")
            })
        });
        let is_second_answer = self
            .legs
            .last()
            .is_some_and(|last| last.is_answered() && names_queue(data, last.queue.as_ref()));
        if leg.is_none() && !is_second_answer {
            let answered_before = self.legs.iter().rposition(ModelLeg::is_answered);
            let begun = self.begin_leg(time, data, None);
            if let Some(before) = answered_before
                && !self.is_broken(Breakage::JoinedLegNotOffered)
            {
                // The contact joined from elsewhere.
                let before = self.legs[before].talk_ended_at;
                self.legs[begun].offered = data.wait.map(|wait| time - wait).or(before);
            }
            leg = Some(begun);
        }
        if leg.is_none() && self.is_broken(Breakage::SecondAnswerReplacesFirst) {
            leg = self.legs.len().checked_sub(1);
        }
        if let Some(leg) = leg.map(|index| &mut self.legs[index]) {
            leg.end_wait(LegOutcome::Answered, time, data);
            leg.record_dimensions(data);
        }
    }

    fn apply_exit(&mut self, outcome: LegOutcome, time: i64, data: &CallData) {
        let leg = match self.find_leg(data, |leg| leg.outcome.is_none()) {
            None if self.legs.is_empty() => Some(self.begin_leg(time, data, None)),
            leg => leg,
        };
        if let Some(leg) = leg {
            let leg = &mut self.legs[leg];
            if leg.outcome.is_none() {
                leg.end_wait(outcome, time, data);
            }
            return;
        }
        if self.is_broken(Breakage::ReasonOfImpliedExitIgnored) {
            return;
        }
        // It repeats an exit that a later leg implied, and adds the reason.
        let implied = self.legs.iter_mut().rfind(|leg| {
            leg.reason.as_deref() == Some("unknown") && names_queue(data, leg.queue.as_ref())
        });
        if let Some(leg) = implied {
            leg.outcome = Some(outcome);
            leg.reason = data.reason.clone();
        }
    }

    fn apply_ended(&mut self, time: i64) {
        self.ended = self.ended.or(Some(time));
        let ends_waits = !self.is_broken(Breakage::EndLeavesLegsWaiting);
        for leg in &mut self.legs {
            if leg.outcome.is_none() && ends_waits {
                leg.outcome = Some(LegOutcome::Abandoned);
                leg.left_at = Some(time);
                leg.wait = leg.offered.map(|offered| time - offered);
            } else if leg.is_talking() {
                leg.talk_ended_at = Some(time);
                leg.talk_ended_by = Some(TalkEnd::Ended);
            }
        }
    }

    /// Applies the events of one moment: exits of the legs open before, then offers, answers, exits
    /// of new legs and ends. The events are sorted by kind.
    fn apply_moment(&mut self, moment: &[&CallEvent]) {
        let open: Vec<ModelLeg> = self.legs.iter().filter(|leg| leg.is_open()).cloned().collect();
        let mut exits_first: Vec<&CallEvent> = Vec::new();
        let mut rest: Vec<&CallEvent> = Vec::new();
        for event in moment {
            let outcome = match event.kind {
                CallEventKind::Abandoned | CallEventKind::Overflowed => Some(None),
                CallEventKind::Transferred => Some(Some(LegOutcome::Answered)),
                _ => None,
            };
            let ends_open_leg = outcome.is_some_and(|outcome| {
                open.iter().any(|leg| {
                    leg.outcome == outcome && names_queue(&event.data, leg.queue.as_ref())
                })
            });
            let is_first = ends_open_leg
                && exits_first.len() < open.len()
                && !self.is_broken(Breakage::OfferBeforeExitOfOneMoment);
            if is_first { exits_first.push(event) } else { rest.push(event) }
        }
        rest.sort_by_key(|event| {
            let rank = match event.kind {
                CallEventKind::Offered => 0,
                CallEventKind::Answered => 1,
                CallEventKind::Abandoned | CallEventKind::Overflowed => 2,
                CallEventKind::Transferred | CallEventKind::CalledBack => 3,
                CallEventKind::Ended => 4,
            };
            (rank, event.tie)
        });
        for event in exits_first.into_iter().chain(rest) {
            self.apply_event(event);
        }
    }

    /// Returns the contact; `None` without a leg.
    fn into_contact(mut self) -> Option<ModelContact> {
        for leg in &mut self.legs {
            if !leg.is_answered() && leg.outcome.is_some() && leg.wait.is_none() {
                leg.wait = leg.left_at.zip(leg.offered).map(|(left, offered)| left - offered);
            }
        }
        if self.is_broken(Breakage::LegsCountInFirstQueue) {
            let queue = self.legs.first()?.queue.clone();
            self.legs.iter_mut().for_each(|leg| leg.queue.clone_from(&queue));
        }
        let (first, last) = (self.legs.first()?, self.legs.last()?);
        let answers = self.legs.iter().filter(|leg| leg.is_answered());
        let mut answers: Vec<(i64, Option<&str>)> =
            answers.filter_map(|leg| Some((leg.left_at?, None))).collect();
        answers.extend(self.called_back.map(|time| (time, Some("callback"))));
        let (outcome, time, reason) = match answers.iter().min_by_key(|(time, _)| *time) {
            Some((time, reason)) => {
                (ContactOutcome::Answered, Some(*time), reason.map(str::to_owned))
            }
            None if self.legs.iter().any(|leg| leg.outcome.is_none()) => {
                (ContactOutcome::Waiting, None, None)
            }
            None => {
                let is_over =
                    self.ended.is_some() && !self.is_broken(Breakage::EndedCallbackPending);
                let is_pending = last.reason.as_deref() == Some("callback") && !is_over;
                let outcome = match last.outcome {
                    _ if is_pending => ContactOutcome::CallbackPending,
                    Some(LegOutcome::Abandoned) => ContactOutcome::Abandoned,
                    _ => ContactOutcome::Overflowed,
                };
                (outcome, last.left_at, last.reason.clone())
            }
        };
        let arrival = if self.is_broken(Breakage::ContactWaitFromLastArrival) {
            last.offered
        } else {
            first.offered
        };
        let mut wait = time.zip(arrival).map(|(time, offered)| time - offered);
        if outcome == ContactOutcome::Answered && first.is_answered() && first.wait.is_some() {
            // The wait that the source measured.
            wait = first.wait;
        }
        Some(ModelContact {
            outcome,
            reason,
            offered: first.offered,
            wait,
            center: first.center.clone(),
            legs: self.legs,
        })
    }
}
