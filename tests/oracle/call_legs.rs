//! Derives the facts of a call: those of the contact and those of its legs.
//!
//! A contact is the whole call. A leg is one stay in one queue, with a wait, an outcome and a talk of
//! its own. Scopes by queue count the facts of legs, all other scopes those of the contact. The
//! facts named `leg.*` count legs in all scopes.

use super::case_facts::{CaseMeaning, DIMENSIONS, DimensionValues, FactName, OracleFact};
use super::event::OracleEvent;

/// Index of the dimension that a leg does not inherit.
pub(crate) const QUEUE: usize = 4;
/// Index of the dimension of which a contact has the last value.
const CLASS: usize = 1;

/// Facts of one leg, with its own values of the dimensions.
#[derive(Clone, Debug)]
pub(crate) struct LegMeaning {
    pub(crate) values: DimensionValues,
    /// Facts named `call.*`, which count in scopes by queue, and `leg.*`, which count in all.
    pub(crate) facts: Vec<OracleFact>,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Debug)]
enum WaitEnd {
    Answer,
    Abandonment,
    Overflow,
}

/// One stay in a queue.
#[derive(Clone, Debug)]
struct Stay {
    name: Option<&'static str>,
    values: DimensionValues,
    arrival: Option<i64>,
    /// How and when the wait ended.
    end: Option<(WaitEnd, i64)>,
    reason: Option<&'static str>,
    reported_wait: Option<i64>,
    talk_over: Option<i64>,
    transferred: bool,
    to: Option<&'static str>,
    reported_talk: Option<i64>,
    /// Hold reported with the end of the talk.
    hold: i64,
    /// Wrap-up reported with an end of the call.
    wrapup: Option<i64>,
    /// Call-back that reached the customer.
    called_back: Option<i64>,
}

impl Stay {
    fn waits(&self) -> bool {
        self.end.is_none()
    }

    fn answered_at(&self) -> Option<i64> {
        self.end.filter(|(how, _)| *how == WaitEnd::Answer).map(|(_, time)| time)
    }

    fn talks(&self) -> bool {
        self.answered_at().is_some() && self.talk_over.is_none()
    }

    fn wait(&self) -> Option<i64> {
        let (_, time) = self.end?;
        self.reported_wait.or(self.arrival.map(|arrival| time - arrival))
    }

    fn talk(&self) -> Option<i64> {
        let (since, over) = (self.answered_at()?, self.talk_over?);
        Some(self.reported_talk.unwrap_or((over - since).max(0)))
    }

    /// True while the customer waits for a call-back.
    fn awaits_call_back(&self) -> bool {
        !self.waits()
            && self.answered_at().is_none()
            && self.reason == Some("callback")
            && self.called_back.is_none()
    }

    fn other_work(&self) -> i64 {
        self.hold + self.wrapup.unwrap_or(0)
    }

    /// True if the event names no queue or the queue of the stay. An arrival without a queue fits any.
    fn is_in_queue_of(&self, event: &OracleEvent) -> bool {
        let queue = event.text_field("queue");
        match self.values[QUEUE] {
            None => queue.is_none() || self.arrival.is_some(),
            known => queue.is_none() || queue == known,
        }
    }

    /// Adds values of a repeated offer or of an exit. A stay without an arrival has those of its first
    /// event and its answer.
    fn add_further_values(&mut self, event: &OracleEvent) {
        if self.arrival.is_some() {
            self.add_values(event);
        }
    }

    fn add_values(&mut self, event: &OracleEvent) {
        for (value, name) in self.values.iter_mut().zip(DIMENSIONS) {
            *value = value.or(event.text_field(name));
        }
    }
}

/// A call while its events are read in order.
#[derive(Default)]
struct CallReader {
    stays: Vec<Stay>,
    /// First value of each dimension so far.
    known: DimensionValues,
    /// First end after the last stay began.
    ended: Option<i64>,
    was_ended: bool,
    resolved: Option<&'static str>,
    /// Talk and other work of an end without any stay.
    bare_end: (Option<i64>, i64),
    /// Call-backs that reached the customer.
    reached: Vec<i64>,
}

/// Returns the hold of an end. The time from answer to end includes holds; a reported talk time does
/// not.
fn reported_hold(event: &OracleEvent) -> i64 {
    let hold = event.millis_field("talk_seconds").and_then(|_| event.millis_field("hold_seconds"));
    hold.unwrap_or(0)
}

impl CallReader {
    /// Reads the events of one moment, each with the number that breaks ties.
    fn read_moment(&mut self, moment: &[(&OracleEvent, u64)]) {
        let open: Vec<Stay> =
            self.stays.iter().filter(|stay| stay.waits() || stay.talks()).cloned().collect();
        let mut exits = Vec::new();
        let mut others = Vec::new();
        for (event, tie) in moment {
            let ends_open_stay = open.iter().any(|stay| {
                let fits = match event.verb {
                    "abandoned" | "overflowed" => stay.waits(),
                    "transferred" => stay.talks(),
                    _ => false,
                };
                fits && stay.is_in_queue_of(event)
            });
            if ends_open_stay && exits.len() < open.len() {
                exits.push(*event);
            } else {
                let place = match event.verb {
                    "offered" => 0,
                    "answered" => 1,
                    "abandoned" | "overflowed" => 2,
                    "transferred" | "called_back" => 3,
                    _ => 4,
                };
                others.push((place, *tie, *event));
            }
        }
        others.sort_by_key(|(place, tie, _)| (*place, *tie));
        exits.into_iter().chain(others.into_iter().map(|(_, _, event)| event)).for_each(|event| {
            self.read_event(event);
            for (value, name) in self.known.iter_mut().zip(DIMENSIONS) {
                *value = value.or(event.text_field(name));
            }
        });
    }

    fn read_event(&mut self, event: &OracleEvent) {
        match event.verb {
            "offered" => {
                let named = event.text_field("leg");
                let known = match named {
                    Some(_) => self.stays.iter_mut().find(|stay| stay.name == named),
                    None => self
                        .stays
                        .last_mut()
                        .filter(|stay| stay.waits() && stay.is_in_queue_of(event)),
                };
                match known {
                    Some(stay) => stay.add_further_values(event),
                    None => _ = self.begin_stay(event, Some(event.time)),
                }
            }
            "answered" => self.read_answer(event),
            "abandoned" => self.read_exit(event, WaitEnd::Abandonment),
            "overflowed" => self.read_exit(event, WaitEnd::Overflow),
            "transferred" => {
                let place = self.place_of(event, |stay| stay.talks() || stay.transferred);
                if let Some(stay) = place.map(|place| &mut self.stays[place])
                    && stay.answered_at().is_some()
                {
                    stay.talk_over = stay.talk_over.or(Some(event.time));
                    stay.transferred = true;
                    stay.to = stay.to.or(event.text_field("to"));
                    stay.reported_talk = stay.reported_talk.or(event.millis_field("talk_seconds"));
                    stay.add_further_values(event);
                }
            }
            "called_back" if event.text_field("reached") == Some("true") => {
                self.reached.push(event.time);
            }
            "ended" => self.read_end(event),
            _ => {}
        }
    }

    fn read_answer(&mut self, event: &OracleEvent) {
        let place = self.place_of(event, Stay::waits).or_else(|| {
            self.place_of(event, |stay| {
                !stay.waits() && stay.answered_at().is_none() && stay.reason != Some("callback")
            })
        });
        let place = match place {
            Some(place) => place,
            None => {
                let repeats = self
                    .stays
                    .last()
                    .is_some_and(|last| last.answered_at().is_some() && last.is_in_queue_of(event));
                if repeats {
                    return;
                }
                let place = self.begin_stay(event, None);
                let before = self.stays[..place].iter().rfind(|stay| stay.answered_at().is_some());
                if let Some(before) = before {
                    let wait = event.millis_field("wait_seconds");
                    self.stays[place].arrival =
                        wait.map_or(before.talk_over, |wait| Some(event.time - wait));
                }
                place
            }
        };
        let stay = &mut self.stays[place];
        stay.end = Some((WaitEnd::Answer, event.time));
        stay.reason = None;
        stay.reported_wait = event.millis_field("wait_seconds");
        stay.add_values(event);
    }

    fn read_exit(&mut self, event: &OracleEvent, how: WaitEnd) {
        let reason = event.text_field("reason");
        let place = match self.place_of(event, Stay::waits) {
            None if self.stays.is_empty() => Some(self.begin_stay(event, None)),
            place => place,
        };
        if let Some(place) = place {
            let stay = &mut self.stays[place];
            if stay.waits() {
                stay.end = Some((how, event.time));
                stay.reason = reason;
                stay.reported_wait = event.millis_field("wait_seconds");
                stay.add_further_values(event);
            }
            return;
        }
        let implied =
            |stay: &&mut Stay| stay.reason == Some("unknown") && stay.is_in_queue_of(event);
        if let Some(stay) = self.stays.iter_mut().rfind(implied) {
            stay.end = stay.end.map(|(_, time)| (how, time));
            stay.reason = reason;
        }
    }

    fn read_end(&mut self, event: &OracleEvent) {
        if !self.was_ended {
            let wrapup = event.millis_field("wrapup_seconds").unwrap_or(0);
            let other_work = reported_hold(event) + wrapup;
            self.bare_end = (event.millis_field("talk_seconds"), other_work);
        }
        self.was_ended = true;
        self.ended = self.ended.or(Some(event.time));
        self.resolved = event.text_field("resolved").or(self.resolved);
        // Wrap-up after a transfer is that of the agent who transferred.
        if !self.stays.iter().any(Stay::talks)
            && let Some(stay) = self.stays.iter_mut().rfind(|stay| stay.answered_at().is_some())
        {
            stay.wrapup = stay.wrapup.or(event.millis_field("wrapup_seconds"));
        }
        for stay in &mut self.stays {
            if stay.waits() {
                stay.end = Some((WaitEnd::Abandonment, event.time));
                stay.reason = Some("hangup");
            } else if stay.talks() {
                stay.talk_over = Some(event.time);
                stay.reported_talk = event.millis_field("talk_seconds");
                stay.hold = reported_hold(event);
                stay.wrapup = event.millis_field("wrapup_seconds");
            }
        }
    }

    fn begin_stay(&mut self, event: &OracleEvent, arrival: Option<i64>) -> usize {
        let name = event.text_field("leg");
        for stay in self.stays.iter_mut().filter(|_| name.is_none()) {
            if stay.waits() {
                stay.end = Some((WaitEnd::Overflow, event.time));
                stay.reason = Some("unknown");
            } else if stay.talks() {
                stay.talk_over = Some(event.time);
                stay.transferred = true;
            }
        }
        self.ended = None;
        let mut stay = Stay {
            name,
            values: [None; DIMENSIONS.len()],
            arrival,
            end: None,
            reason: None,
            reported_wait: None,
            talk_over: None,
            transferred: false,
            to: None,
            reported_talk: None,
            hold: 0,
            wrapup: None,
            called_back: None,
        };
        stay.add_values(event);
        inherit_values(&mut stay.values, &self.known);
        self.stays.push(stay);
        self.stays.len() - 1
    }

    /// Returns the stay that the event names, otherwise the newest in its queue that fits.
    fn place_of(&self, event: &OracleEvent, fits: impl Fn(&Stay) -> bool) -> Option<usize> {
        let name = event.text_field("leg");
        match name {
            Some(_) => self.stays.iter().position(|stay| stay.name == name),
            None => self.stays.iter().rposition(|stay| fits(stay) && stay.is_in_queue_of(event)),
        }
    }
}

/// Fills in missing values, but no queue.
fn inherit_values(values: &mut DimensionValues, from: &DimensionValues) {
    for (index, value) in values.iter_mut().enumerate().filter(|(index, _)| *index != QUEUE) {
        *value = value.or(from[index]);
    }
}

/// Adds the facts of a call. `events` are in order, each with the number that breaks ties.
pub(crate) fn derive_call(events: &[(&OracleEvent, u64)], meaning: &mut CaseMeaning) {
    let mut reader = CallReader::default();
    let (rings, events): (Vec<_>, Vec<_>) =
        events.iter().copied().partition(|(event, _)| event.verb == "ring_missed");
    for (ring, _) in rings {
        let value = |index: usize| ring.text_field(DIMENSIONS[index]);
        let mut values: DimensionValues = std::array::from_fn(value);
        inherit_values(&mut values, &meaning.attributes);
        let fact = OracleFact {
            name: ("call", "ring_missed"),
            time: ring.time,
            value: ring.millis_field("wait_seconds"),
            label: None,
            event_index: usize::MAX,
        };
        meaning.placed.push((fact, values));
    }
    for moment in events.chunk_by(|(left, _), (right, _)| {
        (left.time, left.sequence) == (right.time, right.sequence)
    }) {
        reader.read_moment(moment);
    }
    for time in reader.reached.clone() {
        let left_at = |stay: &Stay| stay.end.map(|(_, left)| left);
        let had_asked = |stay: &Stay| {
            stay.reason == Some("callback") && left_at(stay).is_some_and(|left| left <= time)
        };
        let is_early = !reader.stays.iter().any(had_asked);
        for stay in &mut reader.stays {
            if stay.awaits_call_back() && (is_early || had_asked(stay)) {
                stay.called_back = Some(time);
                if is_early {
                    break;
                }
            }
        }
    }
    let merged = meaning.attributes;
    let mut contact = merged;
    if let Some(first) = reader.stays.first() {
        // All events belong to an only leg, unless one names a queue that it was not in.
        let queue = first.values[QUEUE];
        let has_all_events = reader.stays.len() == 1
            && (queue == contact[QUEUE] || queue.is_none() && first.arrival.is_some());
        if !has_all_events {
            contact = first.values;
            inherit_values(&mut contact, &merged);
            contact[CLASS] = merged[CLASS];
        }
    }
    meaning.attributes = contact;
    add_contact_facts(&reader, meaning);
    add_legs(&reader, &merged, meaning);
}

/// Adds a fact of the contact.
fn add(meaning: &mut CaseMeaning, fact: &'static str, time: i64, value: Option<i64>) {
    meaning.add_fact(("call", fact), usize::MAX, time, value);
}

fn exit_name(how: WaitEnd) -> &'static str {
    match how {
        WaitEnd::Answer => "answered",
        WaitEnd::Abandonment => "abandoned",
        WaitEnd::Overflow => "overflowed",
    }
}

fn add_contact_facts(call: &CallReader, meaning: &mut CaseMeaning) {
    let stays = &call.stays;
    let (Some(first), Some(last)) = (stays.first(), stays.last()) else {
        if let Some(time) = call.ended {
            let (talk, other_work) = call.bare_end;
            meaning.add_labeled_fact(("call", "ended"), usize::MAX, time, talk, call.resolved);
            add(meaning, "handled", time, talk.map(|talk| talk + other_work));
        }
        return;
    };
    let answer =
        stays.iter().filter_map(Stay::answered_at).chain(call.reached.iter().copied()).min();
    let waiting = stays.iter().find(|stay| stay.waits());
    let talking = stays.iter().filter(|stay| stay.talks()).filter_map(Stay::answered_at).min();
    let mut waited = None;
    match first.arrival {
        Some(arrival) => add(meaning, "offered", arrival, None),
        None => {
            let (_, time) = first.end.expect("only an answer or an exit begins such a leg");
            add(meaning, "not_offered", time, None);
        }
    }
    if let Some(time) = answer {
        let since_arrival = first.arrival.map(|arrival| time - arrival);
        waited = first.wait().filter(|_| first.answered_at().is_some()).or(since_arrival);
        if first.arrival.is_some() {
            add(meaning, "answered", time, waited);
        }
        if let Some((_, time)) = last.end
            && last.awaits_call_back()
            && call.ended.is_none()
        {
            meaning.add_pending_callback(time);
        }
    } else if let (None, Some((how, time))) = (waiting, last.end) {
        let is_pending =
            last.awaits_call_back() && !call.was_ended && meaning.add_pending_callback(time);
        if let Some(arrival) = first.arrival.filter(|_| !is_pending) {
            let name = ("call", exit_name(how));
            let wait = Some(time - arrival);
            meaning.add_labeled_fact(name, usize::MAX, time, wait, last.reason);
        }
    }
    for stay in stays {
        if let (Some(time), Some((_, left))) = (stay.called_back, stay.end) {
            add(meaning, "called_back", time, Some(time - left));
        }
    }
    if let Some(stay) = stays.iter().find(|stay| stay.transferred)
        && let Some(over) = stay.talk_over
    {
        meaning.add_labeled_fact(("call", "transferred"), usize::MAX, over, None, stay.to);
    }
    if waiting.is_none() && talking.is_none() {
        let talks: Vec<&Stay> = stays.iter().filter(|stay| stay.talk().is_some()).collect();
        let sum = |of: &dyn Fn(&Stay) -> i64| talks.iter().map(|stay| of(stay)).sum::<i64>();
        let talk = sum(&|stay| stay.talk().unwrap_or(0));
        let handled = talk + sum(&Stay::other_work);
        let is_talked = !talks.is_empty();
        let over = talks.iter().filter_map(|stay| stay.talk_over).max().or(call.ended);
        if let Some(over) = over {
            let talk = is_talked.then_some(talk);
            meaning.add_labeled_fact(("call", "ended"), usize::MAX, over, talk, call.resolved);
            add(meaning, "handled", over, is_talked.then_some(handled));
            if answer.is_some() && first.arrival.is_some() {
                add(meaning, "completed", over, waited);
            }
        }
    }
    if let Some(since) = talking {
        meaning.add_active_fact(("call", "talking"), since);
    } else if let Some(stay) = waiting {
        let arrival = stay.arrival.expect("a waiting leg has an arrival");
        let since = first.arrival.filter(|_| answer.is_none()).unwrap_or(arrival);
        meaning.add_renewed_fact(("call", "waiting"), since, arrival);
    }
}

/// Adds the legs. `merged` are the attributes of all events of the case.
fn add_legs(call: &CallReader, merged: &DimensionValues, meaning: &mut CaseMeaning) {
    let stays = &call.stays;
    let last_answered = stays.iter().rposition(|stay| stay.answered_at().is_some());
    for (number, stay) in stays.iter().enumerate() {
        let mut facts: Vec<OracleFact> = Vec::new();
        let mut add = |name: &'static str, time, value, label| {
            let name: FactName = ("call", name);
            facts.push(OracleFact { name, time, value, label, event_index: usize::MAX });
        };
        match (stay.arrival, stay.end) {
            (Some(arrival), end) => {
                add("offered", arrival, None, None);
                if let Some((how, time)) = end {
                    add(exit_name(how), time, stay.wait(), stay.reason);
                }
            }
            (None, Some((_, time))) => add("not_offered", time, None, None),
            (None, None) => panic!("a waiting leg has an arrival"),
        }
        if let (Some(time), Some((_, left))) = (stay.called_back, stay.end) {
            add("called_back", time, Some(time - left), None);
        }
        if let Some(over) = stay.talk_over.filter(|_| stay.transferred) {
            add("transferred", over, None, stay.to);
        }
        let ends_call = last_answered.unwrap_or(stays.len() - 1) == number;
        let resolved = call.resolved.filter(|_| ends_call);
        match (stay.talk(), stay.talk_over, call.ended) {
            (Some(talk), Some(over), _) => {
                add("ended", over, Some(talk), resolved);
                add("handled", over, Some(talk + stay.other_work()), None);
                if stay.arrival.is_some() {
                    add("completed", over, stay.wait(), None);
                }
            }
            (_, _, Some(time)) if last_answered.is_none() && number + 1 == stays.len() => {
                add("ended", time, None, resolved);
                add("handled", time, None, None);
            }
            _ => {}
        }
        // A leg is active and expires like its contact.
        let state = match stay.answered_at() {
            Some(since) if stay.talks() => Some(("talking", since)),
            None if stay.waits() => stay.arrival.map(|arrival| ("waiting", arrival)),
            _ => None,
        };
        facts.extend(state.map(|(name, since)| meaning.active_or_expired(("call", name), since)));
        // A pending call-back counts in the queue that the contact left last.
        let pending = meaning.facts.iter().find(|fact| fact.name == ("call", "callback"));
        facts.extend(pending.filter(|_| number + 1 == stays.len()).cloned());
        let counterparts: Vec<OracleFact> = facts.iter().filter_map(leg_counterpart).collect();
        facts.extend(counterparts);
        let mut values = stay.values;
        inherit_values(&mut values, merged);
        if stays.len() == 1 {
            values = meaning.attributes;
        }
        meaning.legs.push(LegMeaning { values, facts });
    }
}

/// Returns the fact `leg.*` that follows from a fact `call.*` of a leg.
fn leg_counterpart(fact: &OracleFact) -> Option<OracleFact> {
    let name = match fact.name.1 {
        "handled" | "completed" | "callback" => return None,
        // Nobody talked in a leg that ended without an answer.
        "ended" => {
            return fact.value.map(|_| OracleFact {
                name: ("leg", "talked"),
                label: None,
                ..fact.clone()
            });
        }
        name => name,
    };
    Some(OracleFact { name: ("leg", name), ..fact.clone() })
}
