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
pub mod table;
pub mod ticket;

use super::cell::Plan;
use super::commitment;
use super::event::{Family, Millis, Moment, Word};
use super::fact::{Fact, FactKind, Facts};
use super::group::Groups;
use super::standard::Standard;
use super::time::Timestamp;
use observation::Observation;
use record::{Reader, Record, Spill};

/// What the life cycles need to know: the standard, which facts anyone wants, and the time reached.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The standard in force.
    pub standard: &'a Standard,
    /// What the cells sum.
    pub plan: &'a Plan,
    /// For each kind of fact, whether an indicator or commitment uses it.
    pub wanted: &'a [bool],
    /// For each kind of standing fact, after how many milliseconds it expires.
    pub expiry: &'a [Option<i64>],
    /// The time reached.
    pub now: Timestamp,
    /// Standing facts that expire before this time have expired.
    pub swept: Timestamp,
}

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

/// Tells all that a case means.
#[inline]
pub fn facts(record: &Record, spill: &Spill, context: &Context<'_>, groups: &mut Groups, out: &mut Facts) {
    out.clear();
    if record.is_empty() {
        return;
    }
    record.read(spill, Tell { context, groups, out });
}

struct Tell<'a> {
    context: &'a Context<'a>,
    groups: &'a mut Groups,
    out: &'a mut Facts,
}

/// The times an order's events have named; the last ones said hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct Named {
    /// When it is due.
    pub due: Option<Moment>,
    /// When somebody was to come.
    pub appointment: Option<Moment>,
}

impl Reader<()> for Tell<'_> {
    #[inline]
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) {
        let Tell { context, groups, out } = self;
        let mut named = Named::default();
        let mut group = None;
        let mut first_group = None;
        let mut last_group = None;
        for one in observations.clone() {
            out.families |= 1 << (one.kind.family.0 & 63);
            // The same attributes once more change nothing.
            let again = last_group.replace(one.group) == Some(one.group);
            group = match group {
                None => Some(one.group),
                Some(earlier) if again || earlier == one.group => group,
                Some(earlier) => {
                    if context.standard.schema.changing != 0 {
                        first_group = Some(groups.join(first_group.unwrap_or(earlier), one.group, 0, context));
                    }
                    Some(groups.join(earlier, one.group, context.standard.schema.changing, context))
                }
            };
            out.customer = out.customer.or(one.detail.customer);
            out.topic = out.topic.or(one.detail.topic);
            named.due = one.detail.due.or(named.due);
            named.appointment = one.detail.appointment.or(named.appointment);
            out.last = one.time;
        }
        out.group = group.unwrap_or(0);
        let mut families = out.families;
        while families != 0 {
            let family = Family(families.trailing_zeros() as u8);
            families &= families - 1;
            let first = context.standard.kinds.first_of(family);
            let mut teller = Teller { context, first, facts: out, lost: Vec::new() };
            let own = observations.clone().filter(|one| one.kind.family == family);
            match family {
                Family::CALL => call::tell(own, &mut teller),
                Family::QUEUE => ticket::tell(own, &mut teller),
                Family::SURVEY => {
                    for rated in own {
                        teller.tell(0, rated.time, rated.detail.answer.map_or(Fact::UNKNOWN, |answer| i64::from(answer.get())));
                    }
                }
                Family::AGENT => agent::tell(own, &mut teller),
                _ => order::tell(own, &mut teller),
            }
        }
        // Only now is it known whether the case is open.
        let judged = commitment::Judged { now: groups.get(out.group), first: groups.get(first_group.unwrap_or(out.group)), named };
        commitment::judge(context, &judged, out);
    }
}

/// How long something took, or that nobody knows: what the source said itself, else the time since it began.
#[inline]
fn duration(said: Option<Millis>, from: Option<Timestamp>, until: Timestamp) -> i64 {
    said.map(Millis::get).or_else(|| from.map(|from| until.since(from))).unwrap_or(Fact::UNKNOWN)
}
