//! Cases: the merged history of a call, a ticket, an order or an agent, and what it means.
//!
//! [`facts`] is a pure function of a case's observations and of the time reached. Everything else follows from it: late and
//! repeated events, corrections and replay have no code of their own.

pub mod agent;
pub mod call;
pub mod index;
pub mod observation;
pub mod order;
pub mod record;
pub mod spill;
pub mod table;
pub mod ticket;

use super::commitment;
use super::context::{Context, Named};
use super::event::{Customer, Detail, Family, Millis, Word};
use super::fact::{Fact, FactKind, Facts};
use super::group::Groups;
use super::time::Timestamp;
use observation::Observation;
use record::{Part, Reader, Record};
use spill::{Spill, Spilled};

/// Collects the facts of one family of a case.
#[derive(Debug)]
pub struct Teller<'a, 'f> {
    context: &'a Context<'a>,
    first: FactKind,
    facts: &'f mut Facts,
    /// When the source lost sight of the case, each time.
    lost: Vec<Timestamp>,
}

impl Teller<'_, '_> {
    /// Tells that the fact at `place` of the life cycle happened at, or stands since, `time`.
    #[inline]
    pub fn tell(&mut self, place: u16, time: Timestamp, value: i64) {
        self.tell_word(place, time, value, None);
    }

    /// As [`Teller::tell`], with the word that tells the fact apart from others.
    #[inline]
    pub fn tell_word(&mut self, place: u16, time: Timestamp, value: i64, word: Option<Word>) {
        let kind = self.first.plus(place);
        if self.context.wanted[usize::from(kind.0)] {
            self.facts.all.push(Fact { kind, word, time, value });
        }
    }

    /// The source has lost sight of the case: nothing stands from `time` on.
    pub fn lose(&mut self, time: Timestamp) {
        self.lost.push(time);
    }

    /// Tells that the fact at `place` stands since `since`, and that the case is open; unless it has been lost or has stood for
    /// so long that its end must have been lost: then the fact at `expired` is told of the moment it expired.
    #[inline]
    pub fn stand(&mut self, place: u16, since: Timestamp, expired: u16) -> bool {
        let kind = self.first.plus(place);
        let expires = self.context.expiry[usize::from(kind.0)].map(|millis| since.plus(millis));
        let lost = self.lost.iter().copied().filter(|lost| *lost >= since).min();
        // A loss is told at once, and with it what had expired before, though nobody may have looked yet.
        let over = match lost {
            Some(lost) => Some(expires.map_or(lost, |expires| expires.min(lost))),
            None => expires.filter(|expires| *expires < self.context.swept),
        };
        if let Some(over) = over {
            self.tell(expired, over, over.since(since));
            return false;
        }
        self.facts.open = true;
        if let Some(expires) = expires {
            self.facts.expires = Some(self.facts.expires.map_or(expires, |known| known.min(expires)));
        }
        self.tell(place, since, Fact::UNKNOWN);
        true
    }
}

/// What the observations of a case say of it together, beside its life cycle.
#[derive(Clone, Copy, Default, Debug)]
pub struct Said {
    /// Their families, a bit each.
    pub families: u64,
    group: Option<u32>,
    first_group: Option<u32>,
    last_group: Option<u32>,
    customer: Option<Customer>,
    topic: Option<Word>,
    named: Named,
    last: Timestamp,
}

impl Said {
    /// Hears what another observation says, which comes behind the others.
    #[inline]
    pub fn hear(&mut self, one: &Observation, context: &Context<'_>, groups: &mut Groups) {
        self.belong(one.kind.family, one.group, context, groups);
        self.learn(&one.detail);
        self.last = one.time;
    }

    #[inline]
    fn belong(&mut self, family: Family, group: u32, context: &Context<'_>, groups: &mut Groups) {
        self.families |= 1 << (family.0 & 63);
        // The same attributes once more change nothing.
        let again = self.last_group.replace(group) == Some(group);
        self.group = match self.group {
            None => Some(group),
            Some(earlier) if again || earlier == group => self.group,
            Some(earlier) => {
                if context.standard.schema.changing != 0 {
                    self.first_group = Some(groups.join(self.first_group.unwrap_or(earlier), group, 0, context.standard));
                }
                Some(groups.join(earlier, group, context.standard.schema.changing, context.standard))
            }
        };
    }

    #[inline]
    fn learn(&mut self, detail: &Detail) {
        self.customer = self.customer.or(detail.customer);
        self.topic = self.topic.or(detail.topic);
        self.named.due = detail.due.or(self.named.due);
        self.named.appointment = detail.appointment.or(self.named.appointment);
    }

    /// Whether facts count at the same place by this as by another.
    #[must_use]
    pub fn is_same_place(&self, other: &Said) -> bool {
        (self.group, self.customer, self.topic) == (other.group, other.customer, other.topic)
    }

    fn tell(&self, out: &mut Facts) {
        out.families = self.families;
        out.group = self.group.unwrap_or(0);
        (out.customer, out.topic, out.last) = (self.customer, self.topic, self.last);
    }
}

/// Tells all that a case means, or what the counted part of it does; what the observations say together.
#[inline]
pub fn facts((record, part): (&Record, Part), spill: &Spill, context: &Context<'_>, groups: &mut Groups, out: &mut Facts) -> Said {
    out.clear();
    if record.is_empty(part) {
        return Said::default();
    }
    let said = record.said(part, spill, context, groups);
    said.tell(out);
    record.read(part, spill, Tell { context, groups, said: &said, out });
    said
}

/// As [`facts`] of an agent, but without what the observations mean that come before these last ones, of which the first begins a
/// state. `said` is what all of them say together.
pub fn last_facts(last: &[Spilled], said: &Said, context: &Context<'_>, out: &mut Facts) {
    out.clear();
    said.tell(out);
    let first = context.standard.kinds.first_of(Family::AGENT);
    agent::tell(last.iter().map(Spilled::read), &mut Teller { context, first, facts: out, lost: Vec::new() });
}

struct Tell<'a> {
    context: &'a Context<'a>,
    groups: &'a Groups,
    said: &'a Said,
    out: &'a mut Facts,
}

impl Reader<()> for Tell<'_> {
    #[inline]
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) {
        let Tell { context, groups, said, out } = self;
        let mut families = said.families;
        while families != 0 {
            let family = Family(families.trailing_zeros() as u8);
            families &= families - 1;
            let first = context.standard.kinds.first_of(family);
            let mut teller = Teller { context, first, facts: out, lost: Vec::new() };
            // Most cases are of one family.
            if said.families.is_power_of_two() {
                live(family, observations.clone(), &mut teller);
            } else {
                live(family, observations.clone().filter(|one| one.kind.family == family), &mut teller);
            }
        }
        if said.families & context.promised == 0 {
            return;
        }
        // Only now is it known whether the case is open.
        let first = groups.get(said.first_group.unwrap_or(out.group));
        commitment::judge(context, &commitment::Judged { now: groups.get(out.group), first, named: said.named }, out);
    }
}

/// Tells what a family's observations of a case mean.
#[inline]
fn live(family: Family, observations: impl Iterator<Item = Observation> + Clone, teller: &mut Teller<'_, '_>) {
    match family {
        Family::CALL => call::tell(observations, teller),
        Family::QUEUE => ticket::tell(observations, teller),
        Family::SURVEY => {
            for rated in observations {
                teller.tell(0, rated.time, rated.detail.answer.map_or(Fact::UNKNOWN, |answer| i64::from(answer.get())));
            }
        }
        Family::AGENT => agent::tell(observations, teller),
        _ => order::tell(observations, teller),
    }
}

/// How long something took, or that nobody knows: what the source said itself, else the time since it began.
#[inline]
fn duration(said: Option<Millis>, from: Option<Timestamp>, until: Timestamp) -> i64 {
    said.map(Millis::get).or_else(|| from.map(|from| until.since(from))).unwrap_or(Fact::UNKNOWN)
}
