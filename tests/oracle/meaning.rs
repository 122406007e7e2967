//! What the history of a case means when a certain time is reached: its facts, told afresh from all of its events.
//!
//! Calls, tickets, surveys and agents are told here, orders in `order.rs`, promises in `promise.rs`.

use super::hours::{HOUR, MINUTE, SECOND, Zone};
use super::said::Said;
use super::{order, promise};

/// The name of a fact: of which family or commitment, and which.
pub(crate) type Name = (&'static str, &'static str);

/// Something that a history means.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Fact {
    pub(crate) name: Name,
    /// When it happened, or since when it stands.
    pub(crate) time: i64,
    /// Its duration in milliseconds, or an answer, if it has one.
    pub(crate) value: Option<i64>,
    pub(crate) word: Option<&'static str>,
    /// Which event of the case made it.
    pub(crate) place: usize,
}

/// A stretch in which an order was not worked on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Stop {
    pub(crate) begin: i64,
    pub(crate) end: Option<i64>,
    /// Whether it was closed, and not paused.
    pub(crate) closed: bool,
    pub(crate) reason: Option<&'static str>,
    pub(crate) liable: Option<&'static str>,
    /// Which event ended it.
    pub(crate) ended_by: usize,
}

/// The values of dimensions.
pub(crate) type Attributes = [Option<&'static str>; 4];

/// The dimensions of the standard.
pub(crate) const DIMENSIONS: [&str; 4] = ["center", "class", "tier", "area"];

/// All that a case means.
#[derive(Default, Debug)]
pub(crate) struct Meaning {
    pub(crate) now: i64,
    pub(crate) families: Vec<&'static str>,
    /// The attributes it has, and those it had first.
    pub(crate) attributes: Attributes,
    pub(crate) first_attributes: Attributes,
    pub(crate) due: Option<i64>,
    pub(crate) appointment: Option<i64>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) open: bool,
    pub(crate) stops: Vec<Stop>,
    pub(crate) liable: Option<&'static str>,
    /// When time alone changes or changed something: worth a look.
    pub(crate) moments: Vec<i64>,
    lost: Vec<i64>,
}

/// The order in which events of the same time are read: beginnings before ends.
const VERBS: [&str; 24] = [
    "offered",
    "answered",
    "abandoned",
    "overflowed",
    "transferred",
    "ended",
    "lost",
    "joined",
    "called",
    "left",
    "served",
    "opened",
    "assigned",
    "arrived",
    "replied",
    "paused",
    "resumed",
    "resolved",
    "confirmed",
    "reopened",
    "escalated",
    "cancelled",
    "rated",
    "changed",
];
const FAMILIES: [&str; 6] = ["call", "queue", "survey", "agent", "repair", "install"];

/// How long a fact may stand.
fn expiry(name: Name) -> Option<i64> {
    match name {
        ("call", "waiting") => Some(10 * MINUTE),
        ("call", "talking") => Some(90 * SECOND),
        ("queue", "waiting") => Some(HOUR),
        ("queue", "at_counter") => Some(30 * MINUTE),
        ("agent", "ready") => Some(4 * HOUR),
        ("agent", "talking") => Some(61 * MINUTE),
        ("repair", "open") => Some(20 * 24 * HOUR),
        _ => None,
    }
}

/// What the events of a case mean at `now`; each event comes with a number that settles the last ties.
pub(crate) fn of(events: &[(&Said, u64)], now: i64) -> Meaning {
    let mut events: Vec<(&Said, u64)> = events.to_vec();
    let rank = |list: &[&str], name: &str| list.iter().position(|known| *known == name).expect("a known name");
    events.sort_by_key(|(said, tie)| (said.time, said.sequence, rank(&FAMILIES, said.family), rank(&VERBS, said.verb), *tie));
    let mut meaning = Meaning { now, ..Meaning::default() };
    for (said, _) in &events {
        if !meaning.families.contains(&said.family) {
            meaning.families.push(said.family);
        }
        for (place, name) in DIMENSIONS.iter().enumerate() {
            let said = said.word(name);
            meaning.first_attributes[place] = meaning.first_attributes[place].or(said);
            // Only a class can change.
            meaning.attributes[place] = if *name == "class" { said.or(meaning.attributes[place]) } else { meaning.first_attributes[place] };
        }
        meaning.due = said.millis("due").or(meaning.due);
        meaning.appointment = said.millis("appointment").or(meaning.appointment);
    }
    for family in meaning.families.clone() {
        let own: Vec<(usize, &Said)> =
            events.iter().enumerate().filter(|(_, (said, _))| said.family == family).map(|(place, (said, _))| (place, *said)).collect();
        meaning.lost = own.iter().filter(|(_, said)| said.verb == "lost").map(|(_, said)| said.time).collect();
        match family {
            "call" => call(&own, &mut meaning),
            "queue" => ticket(&own, &mut meaning),
            "survey" => own.iter().for_each(|(place, said)| meaning.tell((family, "rated"), *place, said.time, said.number("score"))),
            "agent" => agent(&own, &mut meaning),
            _ => order::tell(family, &own, &mut meaning),
        }
    }
    promise::judge_all(&mut meaning);
    meaning
}

impl Meaning {
    /// Where the case lives.
    pub(crate) fn zone(&self) -> Zone {
        if self.attributes[0] == Some("berlin") { Zone::Berlin } else { Zone::Shanghai }
    }

    pub(crate) fn tell(&mut self, name: Name, place: usize, time: i64, value: Option<i64>) {
        self.tell_word(name, place, time, value, None);
    }

    pub(crate) fn tell_word(&mut self, name: Name, place: usize, time: i64, value: Option<i64>, word: Option<&'static str>) {
        self.facts.push(Fact { name, time, value, word, place });
    }

    /// Tells that a fact stands since `since`, unless its end must have been lost; the result says whether it does.
    pub(crate) fn stand(&mut self, name: Name, since: i64) -> bool {
        let expires = expiry(name).map(|millis| since + millis);
        let lost = self.lost.iter().copied().filter(|lost| *lost >= since).min();
        // What expires in a minute is looked at when that minute is over.
        let looked_at = expires.map(|time| (time.div_euclid(MINUTE) + 1) * MINUTE);
        self.moments.extend(expires.into_iter().chain(looked_at));
        let over = match (lost, expires) {
            (Some(lost), Some(expires)) => Some(lost.min(expires)),
            (Some(lost), None) => Some(lost),
            (None, expires) => expires.filter(|_| looked_at.is_some_and(|time| time <= self.now)),
        };
        match over {
            Some(over) => self.tell((name.0, "expired"), usize::MAX, over, Some(over - since)),
            None => {
                self.open = true;
                self.tell(name, usize::MAX, since, None);
            }
        }
        over.is_none()
    }
}

type Own<'a> = [(usize, &'a Said)];

/// The first event with one of these verbs.
fn first<'a>(own: &Own<'a>, verbs: &[&str]) -> Option<(usize, &'a Said)> {
    own.iter().find(|(_, said)| verbs.contains(&said.verb)).copied()
}

/// What the event says it took, else the time since it began, if that is known.
fn took(said: &Said, name: &str, since: Option<i64>) -> Option<i64> {
    said.millis(name).or(since.map(|since| said.time - since))
}

fn call(own: &Own<'_>, meaning: &mut Meaning) {
    let (offered, answered, ended) = (first(own, &["offered"]), first(own, &["answered"]), first(own, &["ended"]));
    let left = first(own, &["abandoned", "overflowed"]).filter(|_| answered.is_none());
    let asked_at = offered.map(|(_, said)| said.time);
    for (place, said) in own.iter().filter(|(_, said)| said.verb == "transferred") {
        meaning.tell_word(("call", "transferred"), *place, said.time, None, said.word("to"));
    }
    if let Some((place, said)) = offered {
        meaning.tell(("call", "offered"), place, said.time, None);
    }
    let waited = answered.and_then(|(_, said)| took(said, "wait_seconds", asked_at));
    if let Some((place, said)) = answered {
        meaning.tell(("call", "answered"), place, said.time, waited);
    }
    if let Some((place, said)) = left {
        let word = said.word("reason").filter(|_| said.verb == "overflowed");
        meaning.tell_word(("call", said.verb), place, said.time, took(said, "wait_seconds", asked_at), word);
    }
    if let Some((place, said)) = ended {
        let talk = took(said, "talk_seconds", answered.map(|(_, said)| said.time));
        // What lies between answer and end contains the holds; what the source calls talking does not.
        let hold = if said.millis("talk_seconds").is_some() { said.millis("hold_seconds").unwrap_or(0) } else { 0 };
        let handled = talk.map(|talk| talk + hold + said.millis("wrapup_seconds").unwrap_or(0));
        meaning.tell_word(("call", "ended"), place, said.time, talk, said.word("resolved"));
        meaning.tell(("call", "handled"), place, said.time, handled);
        if answered.is_some() {
            meaning.tell(("call", "completed"), place, said.time, waited);
        }
        return;
    }
    match (answered, left, offered) {
        (Some((_, said)), ..) => _ = meaning.stand(("call", "talking"), said.time),
        (None, None, Some((_, said))) => _ = meaning.stand(("call", "waiting"), said.time),
        _ => {}
    }
}

fn ticket(own: &Own<'_>, meaning: &mut Meaning) {
    let (joined, left, served) = (first(own, &["joined"]), first(own, &["left"]), first(own, &["served"]));
    let called = own.iter().rfind(|(_, said)| said.verb == "called").copied();
    let joined_at = joined.map(|(_, said)| said.time);
    let called_at = called.map(|(_, said)| said.time);
    if let Some((place, said)) = joined {
        meaning.tell(("queue", "joined"), place, said.time, None);
    }
    if let Some((place, said)) = called {
        meaning.tell(("queue", "called"), place, said.time, took(said, "wait_seconds", joined_at));
    }
    if let Some((place, said)) = served {
        meaning.tell_word(("queue", "served"), place, said.time, took(said, "talk_seconds", called_at), said.word("resolved"));
    } else if let Some((place, said)) = left {
        meaning.tell_word(("queue", "left"), place, said.time, took(said, "wait_seconds", joined_at), said.word("reason"));
    } else if let Some(called_at) = called_at {
        meaning.stand(("queue", "at_counter"), called_at);
    } else if let Some(joined_at) = joined_at {
        meaning.stand(("queue", "waiting"), joined_at);
    }
}

fn agent(own: &Own<'_>, meaning: &mut Meaning) {
    let mut now: Option<(&'static str, i64)> = None;
    for (place, said) in own {
        let Some(state) = said.word("state") else { continue };
        let Some((before, since)) = now.filter(|(before, _)| *before != state) else {
            now = now.or(Some((state, said.time)));
            continue;
        };
        let time = match before {
            "ready" => "ready_time",
            "talking" => "talking_time",
            "wrapup" => "wrapup_time",
            "pause" => "pause_time",
            _ => "",
        };
        if !time.is_empty() {
            meaning.tell(("agent", time), *place, said.time, Some(said.time - since));
        }
        now = Some((state, said.time));
    }
    if let Some((state, since)) = now {
        meaning.stand(("agent", state), since);
    }
}
