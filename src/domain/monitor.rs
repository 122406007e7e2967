//! The core as a whole: events and ticks in, a board out.
//!
//! The one trick: when an observation arrives, the facts of its case before and after it are compared, and the difference is
//! added to the cells. The same happens when a deadline passes. So the board is a function of the set of events and of the
//! time reached, whatever the order they came in.

use super::board::Board;
use super::case::observation::Observation;
use super::case::record::Merged;
use super::case::table::Cases;
use super::case::{self, Context};
use super::cell::{self, Cell, Plan};
use super::customer::{Contact, Customers};
use super::event::{Batch, Customer, Event, Family};
use super::fact::{Fact, FactKind, Facts, Measure};
use super::group::Groups;
use super::level::Levels;
use super::pane::Panes;
use super::reading;
use super::standard::{Formula, Horizon, Standard};
use super::time::{HOUR, Timestamp};
use super::timer::Timers;
use super::window::BANKS;
use std::sync::Arc;

/// How many events are looked up before the first of them is applied, so that the memory of their cases is on its way.
const LOOK_AHEAD: usize = 32;

/// Why an event was not taken, though it could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Its time lies too far ahead of the clock.
    #[error("its `time` lies ahead of the service's clock; check the clock of the source")]
    Ahead,
    /// Its time lies beyond the horizon, and no calendar window that is still open covers it.
    #[error("its `time` lies beyond the horizon: it is too old to correct anything")]
    Late,
    /// Its case is full.
    #[error("its case has {} events already, the most there can be", case::record::OBSERVATIONS)]
    Full,
}

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Applied {
    /// How many events were new.
    pub accepted: u64,
    /// How many were known.
    pub duplicates: u64,
    /// The places in the batch of those refused.
    pub refused: Vec<(usize, Refusal)>,
}

/// Where the facts of a case count.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    group: u32,
    customer: Option<Customer>,
    topic: Option<u32>,
    case: u64,
}

/// A fact to be added to the cells of a group so many times.
#[derive(Clone, Copy, Debug)]
struct Counted {
    fact: Fact,
    group: u32,
    times: i32,
}

/// The core.
#[derive(Debug)]
pub struct Monitor {
    standard: Arc<Standard>,
    plan: Plan,
    wanted: Vec<bool>,
    /// For each kind of fact: does it stand, and is it a contact of some one-shot indicator?
    standing: Vec<bool>,
    contacts: Vec<bool>,
    now: Timestamp,
    clock: Option<Timestamp>,
    /// The time reached when the last batch came; what it said, new or not, shows that the sources speak.
    heard: Option<Timestamp>,
    horizon: Option<Horizon>,
    cases: Cases,
    groups: Groups,
    cells: Vec<Cell>,
    /// For each group and family how many cases were seen.
    seen: Vec<Vec<u64>>,
    panes: Panes,
    levels: Levels,
    timers: Timers,
    customers: Customers,
    swept: Timestamp,
    /// Facts that were counted but not yet added to the cells.
    counted: Vec<Counted>,
    before: Facts,
    after: Facts,
}

impl Monitor {
    /// A core that has seen nothing. Without a horizon it remembers every case.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<Horizon>) -> Monitor {
        let plan = Plan::new(&standard);
        let mut wanted = cell::wanted(&standard);
        let kinds = (0..standard.kinds.count()).map(|kind| FactKind(kind as u16));
        let standing = kinds.map(|kind| standard.kinds.measure(kind) == Measure::Standing).collect();
        let mut contacts = vec![false; wanted.len()];
        for kind in standard.one_shots.iter().flat_map(|one_shot| &one_shot.contacts) {
            wanted[usize::from(kind.0)] = true;
            contacts[usize::from(kind.0)] = true;
        }
        let mut aged = vec![false; wanted.len()];
        for indicator in standard.indicators.iter().filter(|indicator| matches!(indicator.formula, Formula::Oldest { .. })) {
            indicator.tallies().for_each(|tally| aged[usize::from(tally.kind.0)] = true);
        }
        let panes = Panes::new(&standard.windows, &standard.zones);
        Monitor {
            plan,
            wanted,
            standing,
            contacts,
            now: Timestamp(i64::MIN),
            clock: None,
            heard: None,
            horizon,
            cases: Cases::default(),
            groups: Groups::default(),
            cells: Vec::new(),
            seen: Vec::new(),
            panes,
            levels: Levels::new(aged),
            timers: Timers::default(),
            customers: Customers::default(),
            swept: Timestamp(i64::MIN),
            counted: Vec::new(),
            before: Facts::default(),
            after: Facts::default(),
            standard,
        }
    }

    /// Learns from a clock that it is `now`. The core never goes back: an earlier time than it has reached changes nothing.
    pub fn tick(&mut self, now: Timestamp) {
        self.clock = Some(self.clock.map_or(now, |clock| clock.max(now)));
        self.advance(now);
    }

    /// Takes a batch of events.
    pub fn apply(&mut self, batch: &Batch) -> Applied {
        let mut applied = Applied::default();
        let newest = batch.events.iter().filter(|event| self.refusal(event).is_none()).map(|event| event.time).max();
        let Some(newest) = newest else {
            applied.refused = batch.events.iter().enumerate().filter_map(|(place, event)| Some((place, self.refusal(event)?))).collect();
            return applied;
        };
        self.advance(newest);
        self.heard = Some(self.now);
        let groups = self.groups.intern_all(batch, &self.standard, &self.plan);
        self.grow();
        let mut slots = [0; LOOK_AHEAD];
        for (chunk_number, chunk) in batch.events.chunks(LOOK_AHEAD).enumerate() {
            std::hint::black_box(chunk.iter().fold(0, |sum, event| sum ^ self.cases.touch(event.case.0)));
            for (slot, event) in slots.iter_mut().zip(chunk) {
                *slot = match self.refusal(event) {
                    None => self.cases.find_or_add(event.case.0, event.time),
                    Some(_) => u32::MAX,
                };
            }
            self.touch(&slots[..chunk.len()]);
            for (place, (slot, event)) in slots.iter().zip(chunk).enumerate() {
                let place = chunk_number * LOOK_AHEAD + place;
                if *slot == u32::MAX {
                    applied.refused.extend(self.refusal(event).map(|refusal| (place, refusal)));
                    continue;
                }
                match self.observe(*slot, &Observation::new(event, groups[event.group as usize])) {
                    Merged::New => applied.accepted += 1,
                    Merged::Duplicate | Merged::Replaced => applied.duplicates += 1,
                    Merged::Full => applied.refused.push((place, Refusal::Full)),
                }
            }
        }
        self.pour();
        applied
    }

    /// Looks at the cases at these places, so that their memory is on its way when the first of them is needed.
    fn touch(&self, slots: &[u32]) {
        let known = slots.iter().filter(|slot| **slot != u32::MAX);
        std::hint::black_box(known.fold(0, |sum, slot| sum ^ self.cases.record(*slot).touch()));
    }

    /// Why an event cannot be taken now.
    fn refusal(&self, event: &Event) -> Option<Refusal> {
        let horizon = self.horizon?;
        if self.clock.is_some_and(|clock| event.time.since(clock) > horizon.ahead_ms) {
            return Some(Refusal::Ahead);
        }
        let late = self.now.since(event.time) > horizon.of(event.kind.family) && event.time < self.panes.current().earliest();
        late.then_some(Refusal::Late)
    }

    /// Merges an observation into its case and counts what that changes.
    fn observe(&mut self, slot: u32, observation: &Observation) -> Merged {
        self.tell(slot, true);
        let (record, spill) = self.cases.merging(slot);
        let groups = &self.groups;
        let merged = record.merge(observation, spill, |one, other| groups.compare(one, other));
        if matches!(merged, Merged::New | Merged::Replaced) {
            self.tell(slot, false);
            self.settle(slot, false);
        }
        merged
    }

    /// Tells the facts of a case as it is now, as those before or after a change.
    fn tell(&mut self, slot: u32, before: bool) {
        let Monitor { standard, plan, wanted, now, cases, groups, .. } = self;
        let context = Context { standard, wanted, now: *now };
        let mut join = |one, other| groups.join(one, other, standard, plan);
        let out = if before { &mut self.before } else { &mut self.after };
        case::facts(cases.record(slot), &cases.spill, &context, &mut join, out);
        self.grow();
    }

    /// Makes room for the groups there are.
    fn grow(&mut self) {
        while self.cells.len() < self.groups.count() {
            self.cells.push(Cell::new(&self.plan));
            self.seen.push(vec![0; self.standard.schema.families.len()]);
        }
    }

    /// When a case may be forgotten, if its last word has been said.
    fn forgettable(&self, facts: &Facts) -> Option<Timestamp> {
        let horizon = self.horizon.filter(|_| facts.families != 0 && !facts.open && facts.wake.is_none())?;
        let family = Family(63 - facts.families.leading_zeros() as u8);
        // A millisecond later than its events are refused, or the last of them, said again just then, would begin it anew.
        let beyond = facts.last.plus(horizon.of(family) + 1);
        // Spread over an hour by when they happened: else the core would stand still while it forgets the cases of a month.
        let closed = self.panes.current().closes(facts.last).plus(facts.last.0.rem_euclid(HOUR));
        Some(beyond.max(closed))
    }

    /// Counts the difference between the facts before and after a change of a case; `rung` says that it was a timer that
    /// changed them, which is gone now.
    fn settle(&mut self, slot: u32, rung: bool) {
        let (mut before, mut after) = (std::mem::take(&mut self.before), std::mem::take(&mut self.after));
        if let Some(wake) = after.wake.filter(|wake| rung || before.wake != Some(*wake)) {
            self.timers.set(wake, slot);
        }
        if let Some(forget) = self.forgettable(&after).filter(|forget| *forget > self.now) {
            self.timers.set(forget, slot);
        }
        let moved = before.families != after.families || before.group != after.group;
        if moved {
            self.count_seen(&before, -1);
            self.count_seen(&after, 1);
        }
        let key = self.cases.record(slot).key();
        // What makes a fact count elsewhere: if none of it changed, facts that stay need not be touched.
        let place = |facts: &Facts| Place { group: facts.group, customer: facts.customer, topic: facts.topic, case: key };
        let (old, here) = (place(&before), place(&after));
        if old == here {
            let same = before.all.iter().zip(&after.all).take_while(|(one, other)| one == other).count();
            let (gone, new) = (&mut before.all[same..], &mut after.all[same..]);
            gone.sort_unstable();
            new.sort_unstable();
            let (mut gone, mut new) = (gone.iter().peekable(), new.iter().peekable());
            loop {
                match (gone.peek(), new.peek()) {
                    (Some(one), Some(other)) if one == other => _ = (gone.next(), new.next()),
                    (Some(one), other) if other.is_none_or(|other| one < other) => {
                        self.count(&here, one, -1);
                        gone.next();
                    }
                    (_, Some(other)) => {
                        self.count(&here, other, 1);
                        new.next();
                    }
                    (_, None) => break,
                }
            }
        } else {
            before.all.iter().for_each(|fact| self.count(&old, fact, -1));
            after.all.iter().for_each(|fact| self.count(&here, fact, 1));
        }
        (self.before, self.after) = (before, after);
    }

    fn count_seen(&mut self, facts: &Facts, times: i64) {
        let mut families = facts.families;
        while families != 0 {
            let seen = &mut self.seen[facts.group as usize][families.trailing_zeros() as usize];
            *seen = seen.wrapping_add_signed(times);
            families &= families - 1;
        }
    }

    /// Counts a fact of a case once more, or takes it back.
    #[inline]
    fn count(&mut self, place: &Place, fact: &Fact, times: i32) {
        let kind = usize::from(fact.kind.0);
        if self.standing[kind] {
            match times {
                1.. => self.levels.begin(fact.kind, place.group, fact.time),
                _ => self.levels.end(fact.kind, place.group, fact.time),
            }
            return;
        }
        self.add(place.group, fact, times);
        if let Some(customer) = place.customer.filter(|_| self.contacts[kind]) {
            let contact = Contact { time: fact.time, kind: fact.kind, case: place.case, topic: place.topic, group: place.group };
            let mut changes = Vec::new();
            self.customers.change(&self.standard.one_shots, customer, contact, times > 0, &mut changes);
            changes.iter().for_each(|(group, fact, times)| self.add(*group, fact, *times));
        }
    }

    #[inline]
    fn add(&mut self, group: u32, fact: &Fact, times: i32) {
        if !self.groups.program(group)[usize::from(fact.kind.0)].is_empty() {
            self.counted.push(Counted { fact: *fact, group, times });
        }
    }

    /// Adds what was counted to the cells. Apart from the counting, because cells are spread over much memory: so it is fetched
    /// for many facts at once.
    fn pour(&mut self) {
        match self.plan.banks() {
            1 => self.pour_into::<1>(),
            _ => self.pour_into::<BANKS>(),
        }
    }

    fn pour_into<const BANKS: usize>(&mut self) {
        for chunk in self.counted.chunks(LOOK_AHEAD) {
            let steps = |one: &Counted| &self.groups.program(one.group)[usize::from(one.fact.kind.0)];
            let touched = chunk.iter().map(|one| cell::touch::<BANKS>(steps(one), &one.fact, &self.cells[one.group as usize]));
            std::hint::black_box(touched.fold(0, |sum, one| sum ^ one));
            for one @ Counted { fact, group, times } in chunk {
                let mask = self.panes.current().mask::<BANKS>(fact.time, usize::from(self.groups.get(*group).zone));
                let pane = self.panes.cell(fact.time, *group, &self.plan);
                let steps = &self.groups.program(*group)[usize::from(one.fact.kind.0)];
                cell::add(steps, fact, *times < 0, &mask, &mut self.cells[*group as usize], pane);
            }
        }
        self.counted.clear();
    }

    /// Moves on to `now`: windows move, deadlines ring, and what lies beyond the horizon is forgotten.
    fn advance(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        let then = std::mem::replace(&mut self.now, now);
        self.panes.advance(now, &mut self.cells, &self.groups, &self.plan);
        let due = self.timers.due(now);
        for chunk in due.chunks(LOOK_AHEAD) {
            self.touch(chunk);
            for &slot in chunk {
                self.now = then;
                self.tell(slot, true);
                self.now = now;
                self.tell(slot, false);
                self.settle(slot, true);
                if self.forgettable(&self.after).is_some_and(|forget| forget <= now) {
                    self.cases.forget(slot);
                }
            }
        }
        self.pour();
        if let Some(horizon) = self.horizon.filter(|_| now.since(self.swept) > HOUR) {
            self.swept = now;
            let longest = self.standard.one_shots.iter().map(|one_shot| one_shot.within_ms).max().unwrap_or(0);
            self.customers.forget(now.plus(-horizon.contacts_ms).min(self.panes.current().earliest()).plus(-longest));
        }
    }

    /// The readings as they are now.
    #[must_use]
    pub fn board(&self) -> Board {
        reading::board(&reading::State {
            standard: &self.standard,
            plan: &self.plan,
            groups: &self.groups,
            cells: &self.cells,
            seen: &self.seen,
            levels: &self.levels,
            now: self.now,
            stale: self.standard.stale_after_ms.zip(self.heard).is_some_and(|(after, heard)| self.now.since(heard) > after),
        })
    }

    /// How many cases are remembered.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.count()
    }

    /// The time reached; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        (self.now.0 != i64::MIN).then_some(self.now)
    }
}
