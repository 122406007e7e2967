//! The cases that are remembered, and what events, deadlines and forgetting change of what they mean.
//!
//! The one trick: when observations have arrived, the facts of their case before and after them are compared, and the difference is
//! handed over to the cells as [`Changes`]: the case is *settled*. The same happens when a deadline passes. So the sums are a
//! function of the set of events and of the time reached, whatever the order they came in.

mod agent;
mod applied;
mod merge;
mod settle;

use super::at_risk_orders::Endangered;
use super::case::observation::Observation;
use super::case::record::{Merged, Part};
use super::case::table::Cases;
use super::case::{self, Said};
use super::changes::Changes;
use super::context::Context;
use super::current::Current;
use super::customer::Customers;
use super::event::{Batch, Event, Family};
use super::fact::Facts;
use super::group::Groups;
use super::names::CaseNames;
use super::silence::Silence;
use super::standard::{Horizon, OneShot, Standard};
use super::time::{HOUR, MINUTE, SECOND, Timestamp};
use super::timer::Timers;
use super::window::Window;
pub use applied::{Applied, Refusal};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many events are looked up before the first of them is applied, so that the memory of their cases is on its way.
pub(super) const LOOK_AHEAD: usize = 32;

/// Standing facts expire at whole minutes, so that a call costs no timer of its own.
const EXPIRY: i64 = MINUTE;

/// What expires before this time has expired when `now` is reached.
pub(super) fn swept(now: Timestamp) -> Timestamp {
    Timestamp(now.0.div_euclid(EXPIRY).saturating_mul(EXPIRY))
}

/// The cases with all that is known of them.
#[derive(Debug)]
pub struct Caseload {
    pub(super) standard: Arc<Standard>,
    pub(super) wanted: Vec<bool>,
    /// For each kind of standing fact, after how many milliseconds it expires.
    pub(super) expiry: Vec<Option<i64>>,
    /// For each kind of fact, who must hear of it.
    pub(super) concerns: Vec<settle::Concerns>,
    /// The families of whose cases something is promised, a bit each.
    pub(super) promised: u64,
    /// Whether what an agent's events mean depends on nothing but those next to them.
    pub(super) agents_are_local: bool,
    pub(super) now: Timestamp,
    pub(super) clock: Option<Timestamp>,
    /// The time reached when the last batch came; what it said, new or not, shows that the sources speak.
    pub(super) heard: Option<Timestamp>,
    pub(super) silence: Silence,
    pub(super) horizon: Option<Horizon>,
    pub(super) cases: Cases,
    pub(super) groups: Groups,
    pub(super) current: Current,
    pub(super) timers: Timers,
    /// When which case's standing facts expire.
    pub(super) expiries: Timers,
    pub(super) customers: Customers,
    /// The open orders that somebody must be warned of, once somebody has looked for alerts.
    pub(super) endangered: Option<Endangered>,
    /// What the cases are called, where their batches say so.
    pub(super) names: CaseNames,
    /// The cases of which not all that was merged is counted yet, and some that were settled meanwhile.
    pub(super) unsettled: VecDeque<u32>,
    /// What was not handed over yet.
    pub(super) changes: Changes,
    /// How many groups were handed over.
    pub(super) told: usize,
    pub(super) before: Facts,
    pub(super) after: Facts,
}

impl Caseload {
    /// No cases. Without a horizon it remembers every case.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<Horizon>) -> Caseload {
        let mut wanted = standard.wanted_kinds();
        let concerns = settle::Concerns::of(&standard);
        for (wanted, concerns) in wanted.iter_mut().zip(&concerns) {
            *wanted |= concerns.contacts || concerns.orders;
        }
        let customers = Customers::new(horizon.map(|horizon| Self::contacts_memory(horizon, &standard)));
        let mut expiry = vec![None; wanted.len()];
        for (kind, millis) in &standard.expiry {
            expiry[usize::from(kind.0)] = Some(*millis);
        }
        let promised = standard.commitments.iter().fold(0, |families, commitment| families | 1 << commitment.family.0);
        Caseload {
            wanted,
            expiry,
            promised,
            agents_are_local: agent::is_local(&standard, &concerns, promised),
            concerns,
            now: Timestamp(i64::MIN),
            clock: None,
            heard: None,
            silence: Silence::default(),
            horizon,
            cases: Cases::default(),
            groups: Groups::default(),
            current: Current::new(&standard.windows, &standard.zones),
            timers: Timers::new(SECOND),
            expiries: Timers::new(EXPIRY),
            customers,
            endangered: None,
            names: CaseNames::default(),
            unsettled: VecDeque::new(),
            changes: Changes::default(),
            told: 0,
            before: Facts::default(),
            after: Facts::default(),
            standard,
        }
    }

    /// What has changed and was not handed over yet: whoever takes it clears it.
    pub fn changes(&mut self) -> &mut Changes {
        self.changes.now = self.now;
        self.changes.groups.extend_from_slice(self.groups.since(self.told));
        self.told = self.groups.count();
        &mut self.changes
    }

    /// Learns from a clock that it is `now`. The core never goes back: an earlier time than it has reached changes nothing.
    pub fn tick(&mut self, now: Timestamp) {
        self.clock = Some(self.clock.map_or(now, |clock| clock.max(now)));
        self.advance(now);
    }

    /// Merges a batch of events into their cases. What they change is not counted before [`Caseload::settle_some`] has settled all.
    pub fn merge(&mut self, batch: &Batch) -> Applied {
        let mut applied = Applied::default();
        let newest = batch.events.iter().filter(|event| self.refusal(event).is_none()).map(|event| event.time).max();
        let Some(newest) = newest else {
            applied.refused = batch.events.iter().enumerate().filter_map(|(place, event)| Some((place, self.refusal(event)?))).collect();
            return applied;
        };
        self.advance(newest);
        self.heard = Some(self.now);
        self.names.learn(&batch.names);
        let groups = self.groups.intern_all(batch, &self.standard);
        let mut slots = [0; LOOK_AHEAD];
        let mut spoke = 0;
        for (chunk_number, chunk) in batch.events.chunks(LOOK_AHEAD).enumerate() {
            std::hint::black_box(chunk.iter().fold(0, |sum, event| sum ^ self.cases.touch(event.case.0)));
            for (slot, event) in slots.iter_mut().zip(chunk) {
                *slot = match self.refusal(event) {
                    None => self.cases.find_or_add(event.case.0, event.time),
                    Some(_) => u32::MAX,
                };
            }
            if !batch.names.is_empty() {
                self.note_names(batch, chunk_number * LOOK_AHEAD, &slots[..chunk.len()]);
            }
            self.touch(&slots[..chunk.len()]);
            for (place, (slot, event)) in slots.iter().zip(chunk).enumerate() {
                let place = chunk_number * LOOK_AHEAD + place;
                if *slot == u32::MAX {
                    applied.refused.extend(self.refusal(event).map(|refusal| (place, refusal)));
                    continue;
                }
                spoke |= 1 << (event.source & 63);
                match self.observe(*slot, &Observation::new(event, groups[event.group as usize])) {
                    Merged::New => applied.accepted += 1,
                    Merged::Duplicate | Merged::Replaced => applied.duplicates += 1,
                    Merged::Full => applied.refused.push((place, Refusal::Full)),
                }
            }
        }
        self.silence.hear(spoke, self.now);
        applied
    }

    /// Looks at the cases at these places, so that their memory is on its way when the first of them is needed.
    fn touch(&self, slots: &[u32]) {
        let known = slots.iter().filter(|slot| **slot != u32::MAX).map(|slot| self.cases.record(*slot));
        std::hint::black_box(known.clone().fold(0, |sum, record| sum ^ record.touch()));
        std::hint::black_box(known.fold(0, |sum, record| sum ^ self.cases.spill.touch(record.spill())));
    }

    /// Why an event cannot be taken now.
    fn refusal(&self, event: &Event) -> Option<Refusal> {
        let horizon = self.horizon?;
        if self.clock.is_some_and(|clock| event.time.since(clock) > horizon.ahead_ms) {
            return Some(Refusal::Ahead);
        }
        let late = self.now.since(event.time) > horizon.of(event.kind.family) && event.time < self.current.earliest();
        late.then_some(Refusal::Late)
    }

    /// How long the contacts of each one-shot indicator are remembered, in milliseconds: until no event can come that changes
    /// what they mean.
    fn contacts_memory(horizon: Horizon, standard: &Standard) -> Vec<i64> {
        let open =
            standard.windows.iter().filter_map(|window| if let Window::Calendar(period) = window { Some(period.longest()) } else { None });
        let open = open.max().unwrap_or(0);
        let late = |one_shot: &OneShot| one_shot.tallies().map(|tally| horizon.of(standard.kinds.family(tally.kind)).max(open)).max();
        standard.one_shots.iter().map(|one_shot| one_shot.within_ms + late(one_shot).unwrap_or(0)).collect()
    }

    /// Learns what the cases at these places are called, whose events stand in the batch from `first` on.
    #[cold]
    fn note_names(&mut self, batch: &Batch, first: usize, slots: &[u32]) {
        for (place, slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != u32::MAX) {
            batch.names.of(first + place).into_iter().for_each(|name| self.names.note(*slot, name));
        }
    }

    /// Forgets a case that was just settled, if it is time to; whether it was.
    pub(super) fn forget_in_time(&mut self, slot: u32) -> bool {
        let is_time = self.forgettable(&self.after).is_some_and(|forget| forget <= self.now);
        if is_time {
            self.cases.forget(slot);
            self.names.forget(slot);
        }
        is_time
    }

    /// Tells the facts of a case as it is now, as those before or after a change; what its observations say together.
    pub(super) fn tell(&mut self, slot: u32, before: bool) -> Said {
        let Caseload { standard, wanted, expiry, promised, now, cases, groups, .. } = self;
        let context = Context { standard, wanted, expiry, promised: *promised, now: *now, swept: swept(*now) };
        let (part, out) = if before { (Part::Counted, &mut self.before) } else { (Part::All, &mut self.after) };
        case::facts((cases.record(slot), part), &cases.spill, &context, groups, out)
    }

    /// Tells the facts of cases once more, all that there are, with the clocks of their commitments.
    pub(super) fn retell(&mut self, only: Option<u32>, mut visit: impl FnMut(u32, u64, &Facts, &Groups, &Cases)) {
        let Caseload { standard, expiry, promised, now, cases, groups, wanted, .. } = self;
        let wanted = vec![true; wanted.len()];
        let context = Context { standard, wanted: &wanted, expiry, promised: *promised, now: *now, swept: swept(*now) };
        let mut facts = Facts { clocks: Some(Vec::new()), ..Facts::default() };
        let mut tell = |slot: u32| {
            case::facts((cases.record(slot), Part::All), &cases.spill, &context, groups, &mut facts);
            visit(slot, cases.record(slot).key(), &facts, groups, cases);
        };
        match only {
            Some(slot) => tell(slot),
            None => cases.places().for_each(tell),
        }
    }

    /// Finds the orders in danger, as they follow from the facts of the open ones.
    pub(super) fn find_endangered(&mut self) -> Endangered {
        let mut endangered = Endangered::default();
        if !self.concerns.iter().any(|concerns| concerns.orders) {
            return endangered;
        }
        let open: Vec<u32> = self.cases.places().filter(|slot| self.cases.record(*slot).is_open()).collect();
        for slot in open {
            self.before.clear();
            self.tell(slot, false);
            let key = self.cases.record(slot).key();
            endangered.change((slot, key), &self.before, &self.after, &self.groups, &self.standard);
        }
        endangered
    }

    /// When a case may be forgotten, if its last word has been said.
    pub(super) fn forgettable(&self, facts: &Facts) -> Option<Timestamp> {
        let horizon = self.horizon.filter(|_| facts.families != 0 && !facts.open && facts.wake.is_none())?;
        let family = Family(63 - facts.families.leading_zeros() as u8);
        // A millisecond later than its events are refused, or the last of them, said again just then, would begin it anew.
        let beyond = facts.last.plus(horizon.of(family) + 1);
        // Spread over an hour by when they happened: else the core would stand still while it forgets the cases of a month.
        let closed = self.current.closes(facts.last).plus(facts.last.0.rem_euclid(HOUR));
        Some(beyond.max(closed))
    }

    /// Moves on to `now`: windows move, deadlines ring, and what lies beyond the horizon is forgotten.
    pub(super) fn advance(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        let then = std::mem::replace(&mut self.now, now);
        self.silence.reach(now);
        self.current.advance(now);
        for chunk in self.due(then).chunks(LOOK_AHEAD) {
            self.touch(chunk);
            for &slot in chunk {
                self.now = then;
                self.tell(slot, true);
                self.now = now;
                self.tell(slot, false);
                self.settle(slot, true);
                self.forget_in_time(slot);
            }
        }
        self.ripen(then);
    }

    /// The cases whose facts time alone may have changed since `then`, each once, or a difference would be counted twice.
    /// Standing facts expire a minute's worth at a time: most cases have ended long before, and one look shows that.
    fn due(&mut self, then: Timestamp) -> Vec<u32> {
        let mut due = self.timers.due(self.now);
        if swept(then) == swept(self.now) {
            return due;
        }
        // What is due in the minute that has begun expires when it is over.
        let expiring = self.expiries.due(swept(self.now).plus(-1));
        for chunk in expiring.chunks(LOOK_AHEAD) {
            self.touch(chunk);
            due.extend(chunk.iter().filter(|slot| self.cases.record(**slot).is_open()));
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// The time reached; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        (self.now.0 != i64::MIN).then_some(self.now)
    }
}
