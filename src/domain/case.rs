//! Cases: the merged history of a call, a ticket, an order or an agent, and what it means.
//!
//! [`facts`] is a pure function of a case's observations and of the time reached. Everything else follows from it: late and
//! repeated events, corrections and replay have no code of their own.

pub mod call;
pub mod index;
pub mod observation;
pub mod order;
pub mod record;
pub mod table;
pub mod ticket;

use super::commitment;
use super::event::{AgentState, Family};
use super::fact::{Fact, FactKind, Facts};
use super::standard::Standard;
use super::time::Timestamp;
use observation::Observation;
use record::{Reader, Record, Spill};

/// What the life cycles need to know: the standard, which facts anyone wants, and the time reached.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The standard in force.
    pub standard: &'a Standard,
    /// For each kind of fact, whether an indicator or commitment uses it.
    pub wanted: &'a [bool],
    /// The time reached.
    pub now: Timestamp,
}

/// Collects the facts of one family of a case.
#[derive(Debug)]
pub struct Teller<'a> {
    wanted: &'a [bool],
    first: FactKind,
    facts: &'a mut Facts,
}

impl Teller<'_> {
    /// Tells that the fact at `place` of the life cycle happened at, or stands since, `time`.
    #[inline]
    pub fn tell(&mut self, place: u16, time: Timestamp, value: i64) {
        let kind = self.first.plus(place);
        if self.wanted[usize::from(kind.0)] {
            self.facts.all.push(Fact { kind, time, value });
        }
    }

    /// Tells that the fact at `place` stands since `time`: the case is open.
    #[inline]
    pub fn stand(&mut self, place: u16, since: Timestamp) {
        self.facts.open = true;
        self.tell(place, since, Fact::UNKNOWN);
    }
}

/// Tells all that a case means; `join` gives the group that has the attributes of the first group, completed by the second.
#[inline]
pub fn facts(record: &Record, spill: &Spill, context: &Context<'_>, join: &mut impl FnMut(u32, u32) -> u32, out: &mut Facts) {
    out.clear();
    if record.is_empty() {
        return;
    }
    record.read(spill, Tell { context, join, out });
}

struct Tell<'a, J> {
    context: &'a Context<'a>,
    join: &'a mut J,
    out: &'a mut Facts,
}

impl<J: FnMut(u32, u32) -> u32> Reader<()> for Tell<'_, J> {
    #[inline]
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) {
        let Tell { context, join, out } = self;
        let mut due = None;
        let mut group = None;
        for one in observations.clone() {
            out.families |= 1 << (one.kind.family.0 & 63);
            group = match group {
                None => Some(one.group),
                Some(earlier) if earlier == one.group => group,
                Some(earlier) => Some(join(earlier, one.group)),
            };
            out.customer = out.customer.or(one.detail.customer);
            out.topic = out.topic.or(one.detail.topic);
            due = one.detail.due.or(due);
            out.last = one.time;
        }
        out.group = group.unwrap_or(0);
        let mut families = out.families;
        while families != 0 {
            let family = Family(families.trailing_zeros() as u8);
            families &= families - 1;
            let first = context.standard.kinds.first_of(family);
            let mut teller = Teller { wanted: context.wanted, first, facts: out };
            let own = observations.clone().filter(|one| one.kind.family == family);
            match family {
                Family::CALL => call::tell(own, &mut teller),
                Family::QUEUE => ticket::tell(own, &mut teller),
                Family::SURVEY => {
                    for rated in own {
                        teller.tell(0, rated.time, rated.detail.answer.map_or(Fact::UNKNOWN, i64::from));
                    }
                }
                Family::AGENT => {
                    if let Some((time, state)) = own.filter_map(|one| Some((one.time, one.detail.agent_state?))).last() {
                        teller.stand(agent_place(state), time);
                    }
                }
                _ => order::tell(own, &mut teller),
            }
        }
        // Only now is it known whether the case is open.
        commitment::judge(context, due, out);
    }
}

/// Where an agent's state stands among the facts of agents.
fn agent_place(state: AgentState) -> u16 {
    match state {
        AgentState::Ready => 0,
        AgentState::Talking => 1,
        AgentState::Wrapup => 2,
        AgentState::Pause => 3,
        AgentState::Offline => 4,
    }
}

/// How long something took, or that nobody knows: what the source said itself, else the time since it began.
#[inline]
fn duration(said: Option<i64>, from: Option<Timestamp>, until: Timestamp) -> i64 {
    said.or_else(|| from.map(|from| until.since(from))).unwrap_or(Fact::UNKNOWN)
}
