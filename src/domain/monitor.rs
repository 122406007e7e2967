//! The core as a whole: events and ticks in, a board out.
//!
//! The one trick: when an observation arrives, the facts of its case before and after it are compared, and the difference is
//! added to the cells. The same happens when a deadline passes. So the board is a function of the set of events and of the
//! time reached, whatever the order they came in.

mod adopt;
mod agent;
mod applied;
mod explain;
mod memory;
mod settle;
pub mod translate;
mod trend;
mod watch;

use super::alert::orders::Endangered;
use super::board::Board;
use super::case::observation::Observation;
use super::case::record::Merged;
use super::case::table::Cases;
use super::case::{self, Context, Said};
use super::cell::{self, Cell, Plan};
use super::customer::Customers;
use super::event::{Batch, Event, Family};
use super::fact::Facts;
use super::group::Groups;
use super::level::Levels;
use super::names::CaseNames;
use super::pane::Panes;
use super::reading;
use super::silence::Silence;
use super::standard::{Formula, Horizon, OneShot, Standard};
use super::time::{HOUR, MINUTE, SECOND, Timestamp};
use super::timer::Timers;
use super::window::Window;
pub use adopt::Adopted;
pub use applied::{Applied, Refusal};
use std::sync::Arc;

/// How many events are looked up before the first of them is applied, so that the memory of their cases is on its way.
const LOOK_AHEAD: usize = 32;

/// An agent's history is cut at its old end whenever it has grown by so many observations.
const TRIM: usize = 256;

/// Standing facts expire at whole minutes, so that a call costs no timer of its own.
const EXPIRY: i64 = MINUTE;

/// What expires before this time has expired when `now` is reached.
fn swept(now: Timestamp) -> Timestamp {
    Timestamp(now.0.div_euclid(EXPIRY).saturating_mul(EXPIRY))
}

/// The core.
#[derive(Debug)]
pub struct Monitor {
    standard: Arc<Standard>,
    plan: Plan,
    wanted: Vec<bool>,
    /// For each kind of standing fact, after how many milliseconds it expires.
    expiry: Vec<Option<i64>>,
    /// For each kind of fact, who else must hear of it.
    concerns: Vec<settle::Concerns>,
    /// Whether what an agent's events mean depends on nothing but those next to them.
    agents_are_local: bool,
    now: Timestamp,
    clock: Option<Timestamp>,
    /// The time reached when the last batch came; what it said, new or not, shows that the sources speak.
    heard: Option<Timestamp>,
    silence: Silence,
    horizon: Option<Horizon>,
    cases: Cases,
    groups: Groups,
    cells: Vec<Cell>,
    /// For each group and family how many cases were seen.
    seen: Vec<Vec<u64>>,
    panes: Panes,
    levels: Levels,
    timers: Timers,
    /// When which case's standing facts expire.
    expiries: Timers,
    customers: Customers,
    /// The open orders that somebody must be warned of, once somebody has looked for alerts.
    endangered: Option<Endangered>,
    /// What the cases are called, where their batches say so.
    names: CaseNames,
    /// Facts that were counted but not yet added to the cells.
    counted: Vec<settle::Counted>,
    before: Facts,
    after: Facts,
}

impl Monitor {
    /// A core that has seen nothing. Without a horizon it remembers every case.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<Horizon>) -> Monitor {
        let plan = Plan::new(&standard);
        let mut wanted = cell::wanted(&standard);
        let concerns = settle::Concerns::of(&standard);
        for (wanted, concerns) in wanted.iter_mut().zip(&concerns) {
            *wanted |= concerns.contacts || concerns.orders;
        }
        let customers = Customers::new(horizon.map(|horizon| Self::contacts_memory(horizon, &standard)));
        let mut aged = vec![false; wanted.len()];
        for indicator in standard.indicators.iter().filter(|indicator| matches!(indicator.formula, Formula::Oldest { .. })) {
            indicator.tallies().for_each(|tally| aged[usize::from(tally.kind.0)] = true);
        }
        let mut expiry = vec![None; wanted.len()];
        for (kind, millis) in &standard.expiry {
            expiry[usize::from(kind.0)] = Some(*millis);
        }
        let panes = Panes::new(&standard.windows, &standard.zones);
        Monitor {
            plan,
            wanted,
            expiry,
            agents_are_local: agent::is_local(&standard, &concerns),
            concerns,
            now: Timestamp(i64::MIN),
            clock: None,
            heard: None,
            silence: Silence::default(),
            horizon,
            cases: Cases::default(),
            groups: Groups::default(),
            cells: Vec::new(),
            seen: Vec::new(),
            panes,
            levels: Levels::new(aged),
            timers: Timers::new(SECOND),
            expiries: Timers::new(EXPIRY),
            customers,
            endangered: None,
            names: CaseNames::default(),
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
        self.names.learn(&batch.names);
        let groups = self.groups.intern_all(batch, &self.standard, &self.plan);
        self.grow();
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
        self.pour();
        applied
    }

    /// Looks at the cases at these places, so that their memory is on its way when the first of them is needed.
    fn touch(&self, slots: &[u32]) {
        let known = slots.iter().filter(|slot| **slot != u32::MAX).map(|slot| self.cases.record(*slot));
        std::hint::black_box(known.clone().fold(0, |sum, record| sum ^ record.touch()));
        std::hint::black_box(known.fold(0, |sum, record| sum ^ self.cases.spill.touch(record)));
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

    fn forget(&mut self, slot: u32) {
        self.cases.forget(slot);
        self.names.forget(slot);
    }

    /// Merges an observation into its case and counts what that changes.
    fn observe(&mut self, slot: u32, observation: &Observation) -> Merged {
        let merged = self.go_on(slot, observation).unwrap_or_else(|| self.merge(slot, observation));
        if observation.kind.family == Family::AGENT && matches!(merged, Merged::New | Merged::Replaced) {
            self.trim(slot);
        }
        merged
    }

    /// The same for an observation of any kind, which may change all that the case means.
    fn merge(&mut self, slot: u32, observation: &Observation) -> Merged {
        self.tell(slot, true);
        let (record, spill) = self.cases.merging(slot);
        let groups = &self.groups;
        let merged = record.merge(observation, spill, |one, other| groups.compare(one, other));
        if matches!(merged, Merged::New | Merged::Replaced) {
            let said = self.tell(slot, false);
            if observation.kind.family == Family::AGENT {
                let (record, spill) = self.cases.merging(slot);
                spill.digest(record, said);
            }
            self.settle(slot, false);
        }
        merged
    }

    /// Lets go of what an agent did before anything that can still be corrected; it stays counted. Looked at now and then.
    fn trim(&mut self, slot: u32) {
        let Some(horizon) = self.horizon.filter(|_| self.cases.record(slot).len(&self.cases.spill).is_multiple_of(TRIM)) else { return };
        let cutoff = self.now.plus(-horizon.of(Family::AGENT)).min(self.panes.current().earliest());
        let (record, spill) = self.cases.merging(slot);
        let trimmed = record.trim(spill, cutoff);
        self.tell(slot, true);
        // What was said long ago may be all that is known of where the agent belongs.
        if self.before.group != self.after.group {
            let (record, spill) = self.cases.merging(slot);
            record.untrim(spill, trimmed);
        }
    }

    /// Tells the facts of a case as it is now, as those before or after a change; what its observations say together.
    fn tell(&mut self, slot: u32, before: bool) -> Said {
        let Monitor { standard, plan, wanted, expiry, now, cases, groups, .. } = self;
        let context = Context { standard, plan, wanted, expiry, now: *now, swept: swept(*now) };
        let out = if before { &mut self.before } else { &mut self.after };
        let said = case::facts(cases.record(slot), &cases.spill, &context, groups, out);
        self.grow();
        said
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

    /// Moves on to `now`: windows move, deadlines ring, and what lies beyond the horizon is forgotten.
    fn advance(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        let then = std::mem::replace(&mut self.now, now);
        self.silence.reach(now);
        self.panes.advance(now, &mut self.cells, &self.groups, &self.plan);
        for chunk in self.due(then).chunks(LOOK_AHEAD) {
            self.touch(chunk);
            for &slot in chunk {
                self.now = then;
                self.tell(slot, true);
                self.now = now;
                self.tell(slot, false);
                self.settle(slot, true);
                if self.forgettable(&self.after).is_some_and(|forget| forget <= now) {
                    self.forget(slot);
                }
            }
        }
        self.ripen(then);
        self.pour();
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

    /// The readings as they are now.
    #[must_use]
    pub fn board(&self) -> Board {
        reading::board(&self.known(), &reading::Wanted::everything())
    }

    /// The readings that may have a level now, and those that they are made of.
    #[must_use]
    pub fn levels(&self) -> Board {
        let mut wanted = reading::Wanted::nothing(&self.standard);
        let indicators = self.standard.indicators.iter().enumerate();
        for (number, _) in indicators.filter(|(_, indicator)| indicator.targets.iter().any(|dated| dated.target.is_some())) {
            (0..self.standard.scopes.len()).for_each(|scope| wanted.want(number, scope, &self.standard));
        }
        reading::board(&self.known(), &wanted)
    }

    fn known(&self) -> reading::State<'_> {
        reading::State {
            standard: &self.standard,
            plan: &self.plan,
            groups: &self.groups,
            cells: &self.cells,
            seen: &self.seen,
            levels: &self.levels,
            now: self.now,
            stale: self.standard.stale_after_ms.zip(self.heard).is_some_and(|(after, heard)| self.now.since(heard) > after),
            silent: self.silence.silent(&self.standard.sources, self.now),
        }
    }

    /// Whether some case asked to be judged again by then: its deadline may have passed.
    #[must_use]
    pub fn rings_by(&self, now: Timestamp) -> bool {
        self.timers.ring_by(now)
    }

    /// How many cases were forgotten and stay only as sums.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.cases.forgotten()
    }

    /// How many cases are remembered.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.count()
    }

    /// What the clock showed last; `None` if there was none.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// The time reached; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        (self.now.0 != i64::MIN).then_some(self.now)
    }
}
