//! What the history of a case means when a certain time is reached: its facts, told afresh from all of its events.
//!
//! Calls, tickets, surveys and agents are told here, orders in `order.rs`, promises in `promise.rs`.

use super::calendar::{CaseZone, HOUR, MINUTE, SECOND};
use super::event::OracleEvent;
use super::{commitment_clock, order_facts};

/// The name of a fact: of which family or commitment, and which.
pub(crate) type FactName = (&'static str, &'static str);

/// Something that a history means.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct OracleFact {
    pub(crate) name: FactName,
    /// When it happened, or since when it stands.
    pub(crate) time: i64,
    /// Its duration in milliseconds, or an answer, if it has one.
    pub(crate) value: Option<i64>,
    pub(crate) label: Option<&'static str>,
    /// Which event of the case made it.
    pub(crate) event_index: usize,
}

/// A stretch in which an order was not worked on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct WorkInterruption {
    pub(crate) begin: i64,
    pub(crate) end: Option<i64>,
    /// Whether it was closed, and not paused.
    pub(crate) closed: bool,
    pub(crate) reason: Option<&'static str>,
    pub(crate) liable: Option<&'static str>,
    /// Which event ended it.
    pub(crate) ended_by_event: usize,
}

/// The values of dimensions.
pub(crate) type DimensionValues = [Option<&'static str>; 4];

/// The dimensions of the standard.
pub(crate) const DIMENSIONS: [&str; 4] = ["center", "class", "tier", "area"];

/// All that a case means.
#[derive(Default, Debug)]
pub(crate) struct CaseMeaning {
    pub(crate) now: i64,
    pub(crate) families: Vec<&'static str>,
    /// The attributes it has, and those it had first.
    pub(crate) attributes: DimensionValues,
    pub(crate) first_attributes: DimensionValues,
    pub(crate) due: Option<i64>,
    pub(crate) appointment: Option<i64>,
    pub(crate) facts: Vec<OracleFact>,
    pub(crate) open: bool,
    pub(crate) interruptions: Vec<WorkInterruption>,
    pub(crate) liable: Option<&'static str>,
    /// When time alone changes or changed something: worth a look.
    pub(crate) critical_times: Vec<i64>,
    loss_times: Vec<i64>,
}

/// The order in which events of the same time are read: beginnings before ends.
const VERB_ORDER: [&str; 24] = [
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
fn fact_expiry(name: FactName) -> Option<i64> {
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
pub(crate) fn from_events(events: &[(&OracleEvent, u64)], now: i64) -> CaseMeaning {
    let mut events: Vec<(&OracleEvent, u64)> = events.to_vec();
    let rank = |list: &[&str], name: &str| {
        list.iter().position(|known| *known == name).expect("a known name")
    };
    events.sort_by_key(|(said, tie)| {
        (said.time, said.sequence, rank(&FAMILIES, said.family), rank(&VERB_ORDER, said.verb), *tie)
    });
    let mut meaning = CaseMeaning { now, ..CaseMeaning::default() };
    for (said, _) in &events {
        if !meaning.families.contains(&said.family) {
            meaning.families.push(said.family);
        }
        for (place, name) in DIMENSIONS.iter().enumerate() {
            let said = said.text_field(name);
            meaning.first_attributes[place] = meaning.first_attributes[place].or(said);
            // Only a class can change.
            meaning.attributes[place] = if *name == "class" {
                said.or(meaning.attributes[place])
            } else {
                meaning.first_attributes[place]
            };
        }
        meaning.due = said.millis_field("due").or(meaning.due);
        meaning.appointment = said.millis_field("appointment").or(meaning.appointment);
    }
    for family in meaning.families.clone() {
        let own: Vec<(usize, &OracleEvent)> = events
            .iter()
            .enumerate()
            .filter(|(_, (said, _))| said.family == family)
            .map(|(place, (said, _))| (place, *said))
            .collect();
        meaning.loss_times =
            own.iter().filter(|(_, said)| said.verb == "lost").map(|(_, said)| said.time).collect();
        match family {
            "call" => derive_call(&own, &mut meaning),
            "queue" => derive_hall_ticket(&own, &mut meaning),
            "survey" => {
                own.iter().for_each(|(place, said)| {
                    meaning.add_fact(
                        (family, "rated"),
                        *place,
                        said.time,
                        said.number_field("score"),
                    )
                });
            }
            "agent" => derive_agent(&own, &mut meaning),
            _ => order_facts::derive_order(family, &own, &mut meaning),
        }
    }
    commitment_clock::evaluate_commitments(&mut meaning);
    meaning
}

impl CaseMeaning {
    /// Where the case lives.
    pub(crate) fn case_zone(&self) -> CaseZone {
        if self.attributes[0] == Some("berlin") { CaseZone::Berlin } else { CaseZone::Shanghai }
    }

    pub(crate) fn add_fact(&mut self, name: FactName, place: usize, time: i64, value: Option<i64>) {
        self.add_labeled_fact(name, place, time, value, None);
    }

    pub(crate) fn add_labeled_fact(
        &mut self,
        name: FactName,
        place: usize,
        time: i64,
        value: Option<i64>,
        word: Option<&'static str>,
    ) {
        self.facts.push(OracleFact { name, time, value, label: word, event_index: place });
    }

    /// Tells that a fact stands since `since`, unless its end must have been lost; the result says whether it does.
    pub(crate) fn add_active_fact(&mut self, name: FactName, since: i64) -> bool {
        let expires = fact_expiry(name).map(|millis| since + millis);
        let lost = self.loss_times.iter().copied().filter(|lost| *lost >= since).min();
        // What expires in a minute is looked at when that minute is over.
        let looked_at = expires.map(|time| (time.div_euclid(MINUTE) + 1) * MINUTE);
        self.critical_times.extend(expires.into_iter().chain(looked_at));
        let over = match (lost, expires) {
            (Some(lost), Some(expires)) => Some(lost.min(expires)),
            (Some(lost), None) => Some(lost),
            (None, expires) => expires.filter(|_| looked_at.is_some_and(|time| time <= self.now)),
        };
        match over {
            Some(over) => self.add_fact((name.0, "expired"), usize::MAX, over, Some(over - since)),
            None => {
                self.open = true;
                self.add_fact(name, usize::MAX, since, None);
            }
        }
        over.is_none()
    }
}

type CaseEvents<'a> = [(usize, &'a OracleEvent)];

/// The first event with one of these verbs.
fn first_with_verb<'a>(own: &CaseEvents<'a>, verbs: &[&str]) -> Option<(usize, &'a OracleEvent)> {
    own.iter().find(|(_, said)| verbs.contains(&said.verb)).copied()
}

/// What the event says it took, else the time since it began, if that is known.
fn reported_duration(said: &OracleEvent, name: &str, since: Option<i64>) -> Option<i64> {
    said.millis_field(name).or(since.map(|since| said.time - since))
}

fn derive_call(own: &CaseEvents<'_>, meaning: &mut CaseMeaning) {
    let (offered, answered, ended) = (
        first_with_verb(own, &["offered"]),
        first_with_verb(own, &["answered"]),
        first_with_verb(own, &["ended"]),
    );
    let left = first_with_verb(own, &["abandoned", "overflowed"]).filter(|_| answered.is_none());
    let asked_at = offered.map(|(_, said)| said.time);
    for (place, said) in own.iter().filter(|(_, said)| said.verb == "transferred") {
        meaning.add_labeled_fact(
            ("call", "transferred"),
            *place,
            said.time,
            None,
            said.text_field("to"),
        );
    }
    if let Some((place, said)) = offered {
        meaning.add_fact(("call", "offered"), place, said.time, None);
    }
    let waited = answered.and_then(|(_, said)| reported_duration(said, "wait_seconds", asked_at));
    if let Some((place, said)) = answered {
        meaning.add_fact(("call", "answered"), place, said.time, waited);
    }
    if let Some((place, said)) = left {
        let word = said.text_field("reason").filter(|_| said.verb == "overflowed");
        meaning.add_labeled_fact(
            ("call", said.verb),
            place,
            said.time,
            reported_duration(said, "wait_seconds", asked_at),
            word,
        );
    }
    if let Some((place, said)) = ended {
        let talk = reported_duration(said, "talk_seconds", answered.map(|(_, said)| said.time));
        // What lies between answer and end contains the holds; what the source calls talking does not.
        let hold = if said.millis_field("talk_seconds").is_some() {
            said.millis_field("hold_seconds").unwrap_or(0)
        } else {
            0
        };
        let handled =
            talk.map(|talk| talk + hold + said.millis_field("wrapup_seconds").unwrap_or(0));
        meaning.add_labeled_fact(
            ("call", "ended"),
            place,
            said.time,
            talk,
            said.text_field("resolved"),
        );
        meaning.add_fact(("call", "handled"), place, said.time, handled);
        if answered.is_some() {
            meaning.add_fact(("call", "completed"), place, said.time, waited);
        }
        return;
    }
    match (answered, left, offered) {
        (Some((_, said)), ..) => _ = meaning.add_active_fact(("call", "talking"), said.time),
        (None, None, Some((_, said))) => {
            _ = meaning.add_active_fact(("call", "waiting"), said.time)
        }
        _ => {}
    }
}

fn derive_hall_ticket(own: &CaseEvents<'_>, meaning: &mut CaseMeaning) {
    let (joined, left, served) = (
        first_with_verb(own, &["joined"]),
        first_with_verb(own, &["left"]),
        first_with_verb(own, &["served"]),
    );
    let called = own.iter().rfind(|(_, said)| said.verb == "called").copied();
    let joined_at = joined.map(|(_, said)| said.time);
    let called_at = called.map(|(_, said)| said.time);
    if let Some((place, said)) = joined {
        meaning.add_fact(("queue", "joined"), place, said.time, None);
    }
    if let Some((place, said)) = called {
        meaning.add_fact(
            ("queue", "called"),
            place,
            said.time,
            reported_duration(said, "wait_seconds", joined_at),
        );
    }
    if let Some((place, said)) = served {
        meaning.add_labeled_fact(
            ("queue", "served"),
            place,
            said.time,
            reported_duration(said, "talk_seconds", called_at),
            said.text_field("resolved"),
        );
    } else if let Some((place, said)) = left {
        meaning.add_labeled_fact(
            ("queue", "left"),
            place,
            said.time,
            reported_duration(said, "wait_seconds", joined_at),
            said.text_field("reason"),
        );
    } else if let Some(called_at) = called_at {
        meaning.add_active_fact(("queue", "at_counter"), called_at);
    } else if let Some(joined_at) = joined_at {
        meaning.add_active_fact(("queue", "waiting"), joined_at);
    }
}

fn derive_agent(own: &CaseEvents<'_>, meaning: &mut CaseMeaning) {
    let mut now: Option<(&'static str, i64)> = None;
    for (place, said) in own {
        let Some(state) = said.text_field("state") else { continue };
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
            meaning.add_fact(("agent", time), *place, said.time, Some(said.time - since));
        }
        now = Some((state, said.time));
    }
    if let Some((state, since)) = now {
        meaning.add_active_fact(("agent", state), since);
    }
}
