//! Naive model of contacts and legs, recomputed from the events of one contact without engine code.
//!
//! All times are milliseconds since 1970. The model knows neither named legs nor agents, which
//! the generated sets don't contain.

use super::event::TestEvent;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND};

/// Time after which a call-back that nobody made counts as an overflow.
const CALLBACK_EXPIRY: i64 = 24 * HOUR;

/// Event types in the order in which events of one moment are read.
const READING_ORDER: [&str; 7] = [
    "call.offered",
    "call.answered",
    "call.abandoned",
    "call.overflowed",
    "call.transferred",
    "call.called_back",
    "call.ended",
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LegState {
    Waiting,
    Answered,
    /// Abandoned or overflowed.
    Left,
}

/// Stay of a contact in one queue.
#[derive(Clone, Debug)]
pub(crate) struct ModelLeg {
    pub(crate) center: Option<&'static str>,
    pub(crate) queue: Option<&'static str>,
    /// Arrival; `None` if the leg was never offered.
    pub(crate) offered: Option<i64>,
    state: LegState,
    reason: Option<&'static str>,
    /// Time of the answer or exit. The start of the leg while it waits.
    changed: i64,
    reported_wait: Option<i64>,
    /// End of the conversation.
    over: Option<i64>,
    transferred: bool,
}

/// All that happened to one contact.
#[derive(Default, Debug)]
pub(crate) struct ModelContact {
    pub(crate) legs: Vec<ModelLeg>,
    /// First center that any event so far names.
    center: Option<&'static str>,
    /// First queue that any event so far names.
    queue: Option<&'static str>,
    /// Call-backs that reached the customer.
    called_back: Vec<i64>,
    was_ended: bool,
    /// First `call.ended` after the last leg began.
    ended: Option<i64>,
    /// Last reported `resolved`.
    pub(crate) resolved: Option<bool>,
}

fn wait_of(event: &TestEvent) -> Option<i64> {
    event.wait_seconds.map(|seconds| i64::from(seconds) * SECOND)
}

impl ModelLeg {
    pub(crate) fn is_waiting(&self) -> bool {
        self.state == LegState::Waiting
    }

    pub(crate) fn is_talking(&self) -> bool {
        self.state == LegState::Answered && self.over.is_none()
    }

    /// Returns time and wait of the answer; `None` for a leg that was not answered.
    pub(crate) fn answer(&self) -> Option<(i64, Option<i64>)> {
        let elapsed = self.offered.map(|offered| self.changed - offered);
        (self.state == LegState::Answered).then_some((self.changed, self.reported_wait.or(elapsed)))
    }

    /// Returns the time of the exit of a leg that left its queue without an answer.
    pub(crate) fn exit(&self) -> Option<i64> {
        (self.state == LegState::Left).then_some(self.changed)
    }

    /// Returns true if the event may belong to this leg by its queue. A leg whose offer names no
    /// queue fits any queue.
    fn fits(&self, event: &TestEvent) -> bool {
        let is_unnamed = self.queue.is_none() && self.offered.is_some();
        event.queue.is_none() || event.queue == self.queue || is_unnamed
    }

    /// The first value of each dimension holds.
    fn take_dimensions(&mut self, event: &TestEvent) {
        self.center = self.center.or(event.center);
        self.queue = self.queue.or(event.queue);
    }

    fn leave(&mut self, state: LegState, reason: Option<&'static str>, event: &TestEvent) {
        (self.state, self.reason, self.changed) = (state, reason, event.time.0);
        self.reported_wait = wait_of(event);
        self.take_dimensions(event);
    }

    fn end_talk(&mut self, time: i64, transferred: bool) {
        (self.over, self.transferred) = (Some(time), transferred);
    }
}

/// Splits the events of a subject into those of its contacts. An arrival more than an hour after the
/// last event of a closed contact begins the next.
pub(crate) fn split_contacts<'e>(events: &[&'e TestEvent]) -> Vec<Vec<&'e TestEvent>> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| (event.time, event.sequence, event.kind != "call.offered"));
    let mut contacts: Vec<Vec<&TestEvent>> = Vec::new();
    for event in events {
        let begins = contacts
            .last()
            .and_then(|contact| contact.last().zip(Some(contact)))
            .is_none_or(|(last, contact)| {
                event.kind == "call.offered"
                    && event.time.millis_since(last.time) > HOUR
                    && !ModelContact::from_events(contact).is_open(event.time.0)
            });
        if begins {
            contacts.push(Vec::new());
        }
        contacts.last_mut().expect("a contact was begun").push(event);
    }
    contacts
}

impl ModelContact {
    /// Returns the contact of these events of one subject.
    pub(crate) fn from_events(events: &[&TestEvent]) -> ModelContact {
        let place = |event: &TestEvent| READING_ORDER.iter().position(|kind| *kind == event.kind);
        let mut events = events.to_vec();
        events.retain(|event| place(event).is_some());
        // Last comes the `EventId`, which is the inverted id.
        events.sort_by_key(|event| (event.time, event.sequence, place(event), !event.id));
        let mut contact = ModelContact::default();
        let moment = |event: &TestEvent| (event.time, event.sequence);
        events
            .chunk_by(|left, right| moment(left) == moment(right))
            .for_each(|events| contact.read_moment(events));
        contact.complete_dimensions();
        contact
    }

    /// Fills the dimensions of the legs with the first values of the contact as a whole.
    fn complete_dimensions(&mut self) {
        let (center, queue) = (self.center, self.queue);
        if let [only] = &mut self.legs[..]
            && (only.queue == queue || only.queue.is_none() && only.offered.is_some())
        {
            // All events belong to an only leg, unless one names a queue that the leg was not in.
            (only.center, only.queue) = (center, queue);
        }
        self.legs.iter_mut().for_each(|leg| leg.center = leg.center.or(center));
    }

    /// Reads the exits of the legs that were open before, then the rest in the order of types.
    fn read_moment(&mut self, events: &[&TestEvent]) {
        let is_open = |leg: &&ModelLeg| leg.is_waiting() || leg.is_talking();
        let open: Vec<ModelLeg> = self.legs.iter().filter(is_open).cloned().collect();
        let mut exits = 0;
        let (first, rest): (Vec<&TestEvent>, Vec<&TestEvent>) = events.iter().partition(|event| {
            let is_exit = open.iter().any(|leg| match event.kind {
                "call.abandoned" | "call.overflowed" => leg.is_waiting() && leg.fits(event),
                "call.transferred" => leg.is_talking() && leg.fits(event),
                _ => false,
            });
            let is_first = is_exit && exits < open.len();
            exits += usize::from(is_first);
            is_first
        });
        for event in first.into_iter().chain(rest) {
            self.read_event(event);
            self.center = self.center.or(event.center);
            self.queue = self.queue.or(event.queue);
        }
    }

    fn read_event(&mut self, event: &TestEvent) {
        let time = event.time.0;
        match event.kind {
            "call.offered" => match self.legs.last_mut() {
                Some(last) if last.is_waiting() && last.fits(event) => last.take_dimensions(event),
                _ => self.begin_leg(event, Some(time)),
            },
            "call.answered" => self.read_answer(event),
            "call.abandoned" | "call.overflowed" => self.read_exit(event),
            "call.transferred" => {
                let talked = |leg: &ModelLeg| leg.is_talking() || leg.transferred;
                if let Some(leg) = self.newest(event, talked) {
                    leg.end_talk(leg.over.unwrap_or(time), true);
                    if leg.offered.is_some() {
                        leg.take_dimensions(event);
                    }
                }
            }
            "call.called_back" if event.resolved == Some(true) => {
                self.called_back.push(time);
            }
            "call.ended" => {
                self.was_ended = true;
                self.ended = self.ended.or(Some(time));
                self.resolved = event.resolved.or(self.resolved);
                for leg in &mut self.legs {
                    if leg.is_waiting() {
                        (leg.state, leg.changed) = (LegState::Left, time);
                    } else if leg.is_talking() {
                        leg.end_talk(time, false);
                    }
                }
            }
            _ => {}
        }
    }

    /// Starts a leg, which ends the open ones.
    fn begin_leg(&mut self, event: &TestEvent, offered: Option<i64>) {
        let time = event.time.0;
        for leg in &mut self.legs {
            if leg.is_waiting() {
                (leg.state, leg.reason, leg.changed) = (LegState::Left, Some("unknown"), time);
            } else if leg.is_talking() {
                leg.end_talk(time, true);
            }
        }
        self.ended = None;
        self.legs.push(ModelLeg {
            center: event.center.or(self.center),
            queue: event.queue,
            offered,
            state: LegState::Waiting,
            reason: None,
            changed: time,
            reported_wait: None,
            over: None,
            transferred: false,
        });
    }

    /// Returns the newest leg in the event's queue for which `applies` is true.
    fn newest(
        &mut self,
        event: &TestEvent,
        applies: impl Fn(&ModelLeg) -> bool,
    ) -> Option<&mut ModelLeg> {
        self.legs.iter_mut().rfind(|leg| applies(leg) && leg.fits(event))
    }

    fn read_answer(&mut self, event: &TestEvent) {
        let was_left =
            |leg: &ModelLeg| leg.state == LegState::Left && leg.reason != Some("callback");
        if self.newest(event, ModelLeg::is_waiting).is_none()
            && self.newest(event, was_left).is_none()
        {
            let is_repeated =
                self.legs.last().is_some_and(|last| last.answer().is_some() && last.fits(event));
            if is_repeated {
                return;
            }
            let joined_from = self.legs.iter().rposition(|leg| leg.answer().is_some());
            self.begin_leg(event, None);
            // A contact that was answered before has joined this queue.
            let transfer = joined_from.and_then(|place| self.legs[place].over);
            if let Some(leg) = self.legs.last_mut().filter(|_| joined_from.is_some()) {
                leg.offered = wait_of(event).map(|wait| event.time.0 - wait).or(transfer);
            }
        }
        let is_found = self.newest(event, ModelLeg::is_waiting).is_some();
        let applies = |leg: &ModelLeg| if is_found { leg.is_waiting() } else { was_left(leg) };
        if let Some(leg) = self.newest(event, applies) {
            leg.leave(LegState::Answered, None, event);
        }
    }

    fn read_exit(&mut self, event: &TestEvent) {
        if self.legs.is_empty() {
            self.begin_leg(event, None);
        }
        if let Some(leg) = self.newest(event, ModelLeg::is_waiting) {
            leg.leave(LegState::Left, event.reason, event);
        } else if let Some(leg) = self.newest(event, |leg| leg.reason == Some("unknown")) {
            // The next leg implied this exit. The event adds the reason.
            leg.reason = event.reason;
        }
    }

    /// Returns the arrival of the first leg; `None` for a contact that was never offered.
    pub(crate) fn offered(&self) -> Option<i64> {
        self.legs.first()?.offered
    }

    /// Returns time and wait of the first answer. A wait needs an arrival.
    pub(crate) fn answer(&self) -> Option<(i64, Option<i64>)> {
        let answers = self.legs.iter().filter_map(ModelLeg::answer).map(|(time, _)| time);
        let called_back = self.called_back.iter().copied().filter(|_| !self.legs.is_empty());
        let time = answers.chain(called_back).min()?;
        let measured = self.legs[0].answer().and_then(|(_, wait)| wait);
        Some((time, measured.or(self.offered().map(|offered| time - offered))))
    }

    /// Returns the time of the last exit of a contact that was given up at `now`.
    pub(crate) fn exit(&self, now: i64) -> Option<i64> {
        let last = self.legs.last()?;
        let is_closed = self.answer().is_none() && !self.legs.iter().any(ModelLeg::is_waiting);
        let is_expired = last.changed + CALLBACK_EXPIRY < now.div_euclid(MINUTE) * MINUTE;
        let is_pending = last.reason == Some("callback") && !self.was_ended && !is_expired;
        (is_closed && !is_pending).then_some(last.changed)
    }

    /// Returns true if a conversation goes on.
    pub(crate) fn is_talking(&self) -> bool {
        self.legs.iter().any(ModelLeg::is_talking)
    }

    /// Returns since when the contact waits; `None` if it doesn't wait.
    pub(crate) fn waiting_since(&self) -> Option<i64> {
        let leg = self.legs.iter().find(|leg| leg.is_waiting() && !self.is_talking())?;
        self.offered().filter(|_| self.answer().is_none()).or(leg.offered)
    }

    /// Returns true if the contact waits, talks or is to be called back at `now`.
    fn is_open(&self, now: i64) -> bool {
        let is_given_up = self.exit(now).is_some();
        let is_pending = |leg: &ModelLeg| leg.reason == Some("callback") && !self.was_ended;
        self.legs.iter().any(|leg| leg.is_waiting() || leg.is_talking())
            || self.legs.last().is_some_and(is_pending) && self.answer().is_none() && !is_given_up
            || self.waits_for_another_call_back(now)
    }

    /// Returns true if a customer who was answered has left a queue for a call-back since then.
    fn waits_for_another_call_back(&self, now: i64) -> bool {
        let asked = |leg: &&ModelLeg| leg.exit().is_some() && leg.reason == Some("callback");
        let Some(last) = self.legs.last().filter(asked) else { return false };
        // A call-back before every exit belongs to the first leg that leaves for one.
        let had_asked = |time: i64| self.legs.iter().filter(asked).any(|leg| leg.changed <= time);
        let early = self.called_back.iter().filter(|time| !had_asked(**time)).count();
        let is_called = self.called_back.iter().any(|time| *time >= last.changed)
            || early >= self.legs.iter().filter(asked).count();
        let is_expired = last.changed + CALLBACK_EXPIRY < now.div_euclid(MINUTE) * MINUTE;
        self.answer().is_some() && self.ended.is_none() && !is_called && !is_expired
    }

    /// Returns the time of the first transfer.
    pub(crate) fn transferred(&self) -> Option<i64> {
        self.legs.iter().find(|leg| leg.transferred)?.over
    }

    /// Returns the end of the last conversation, or that of a contact without one.
    pub(crate) fn ended(&self) -> Option<i64> {
        let is_open = self.is_talking() || self.legs.iter().any(ModelLeg::is_waiting);
        let over = self.legs.iter().filter_map(|leg| leg.over).max();
        over.or(self.ended).filter(|_| !is_open)
    }
}
