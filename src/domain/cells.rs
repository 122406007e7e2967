//! The cells of all groups with their panes and levels: everything that readings are made of, and nothing of the cases behind it.
//!
//! Cells hear of nothing but [`Changes`], so they can be kept on another thread than the cases: see [`Monitor::apart`].
//!
//! [`Monitor::apart`]: super::monitor::Monitor::apart

use super::cell::{self, Cell, Plan, Program};
use super::fact::{Fact, Measure};
use super::group::Group;
use super::level::Levels;
use super::pane::{Panes, Remembered};
use super::scope::Scopes;
use super::standard::{Formula, Standard};
use super::time::Timestamp;
use super::window::BANKS;
use serde::Serialize;
use std::sync::Arc;

/// Of how many facts the cells are looked up before the first of them is added, so that their memory is on its way.
const LOOK_AHEAD: usize = 32;

/// What has changed since the cells last heard.
#[derive(Debug)]
pub struct Changes {
    /// The time reached.
    pub(super) now: Timestamp,
    /// The groups that are new, in the order of their numbers.
    pub(super) groups: Vec<Group>,
    /// Cases that belong to a group now, and those that no longer do.
    pub(super) seen: Vec<Seen>,
    /// Facts that hold now, and those that no longer do, in the order in which that was found.
    pub(super) counted: Vec<Counted>,
}

/// A case of some families that counts in a group so many times more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) group: u32,
    /// A bit each.
    pub(super) families: u64,
    pub(super) times: i64,
}

/// A fact that counts in a group so many times more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) fact: Fact,
    pub(super) group: u32,
    pub(super) times: i32,
}

/// A group as the cells know it.
#[derive(Debug)]
pub(super) struct Member {
    /// The group itself.
    pub(super) group: Group,
    /// The scopes it belongs to.
    pub(super) scopes: Vec<u32>,
    /// Which of the programs says what its facts add to.
    program: u32,
}

/// The cells.
#[derive(Debug)]
pub struct Cells {
    standard: Arc<Standard>,
    pub(super) plan: Plan,
    /// For each kind of fact, whether it stands: then a level counts it.
    standing: Vec<bool>,
    /// The time reached.
    now: Timestamp,
    pub(super) scopes: Scopes,
    programs: Vec<Program>,
    /// By group.
    pub(super) members: Vec<Member>,
    /// By group.
    pub(super) all: Vec<Cell>,
    /// For each group and family how many cases were seen.
    pub(super) seen: Vec<Vec<u64>>,
    pub(super) panes: Panes,
    pub(super) levels: Levels,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes { now: Timestamp(i64::MIN), groups: Vec::new(), seen: Vec::new(), counted: Vec::new() }
    }
}

impl Changes {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.groups.clear();
        self.seen.clear();
        self.counted.clear();
    }
}

impl Cells {
    /// Cells in which nothing is.
    #[must_use]
    pub fn new(standard: Arc<Standard>) -> Cells {
        let standing = standard.kinds.all().map(|kind| standard.kinds.measure(kind) == Measure::Standing).collect();
        let mut aged = vec![false; standard.kinds.count()];
        for indicator in standard.indicators.iter().filter(|indicator| matches!(indicator.formula, Formula::Oldest { .. })) {
            indicator.tallies().for_each(|tally| aged[usize::from(tally.kind.0)] = true);
        }
        Cells {
            plan: Plan::new(&standard),
            standing,
            now: Timestamp(i64::MIN),
            scopes: Scopes::default(),
            programs: Vec::new(),
            members: Vec::new(),
            all: Vec::new(),
            seen: Vec::new(),
            panes: Panes::new(&standard.windows, &standard.zones),
            levels: Levels::new(aged),
            standard,
        }
    }

    /// What is to be written down: the sums, the cases seen, the panes and the levels.
    pub(super) fn memory(&self) -> (&[Cell], &[Vec<u64>], impl Serialize + '_, &Levels) {
        // Every field by its name, so that a new one is not forgotten here.
        let Cells {
            // What follows from the standard, the groups and the time reached.
            standard: _,
            plan: _,
            standing: _,
            now: _,
            scopes: _,
            programs: _,
            members: _,
            all,
            seen,
            panes,
            levels,
        } = self;
        (all, seen, panes.memory(), levels)
    }

    /// These cells as they were read, at the time reached, `now`, when there were these groups.
    ///
    /// # Errors
    /// What is wrong with them, if they are none of this standard's or of a time to come.
    pub(super) fn remembered(
        mut self,
        groups: &[Group],
        now: Timestamp,
        (all, seen): (Vec<Cell>, Vec<Vec<u64>>),
        panes: Remembered,
        levels: Levels,
    ) -> Result<Cells, &'static str> {
        let families = self.standard.schema.families.len();
        if all.len() != groups.len() || seen.len() != groups.len() || seen.iter().any(|seen| seen.len() != families) {
            return Err("there are other cells than groups");
        }
        if !all.iter().all(|cell| cell.is_sound(&self.plan)) {
            return Err("a cell is none of this standard's");
        }
        groups.iter().for_each(|group| self.welcome(group));
        (self.all, self.seen, self.now) = (all, seen, now);
        self.panes = self.panes.remembered(panes, now, groups.len(), &self.plan)?;
        self.levels = levels.remembered(&self.levels, groups.len())?;
        Ok(self)
    }

    /// Adds what has changed, and takes out what leaves the windows that end now.
    pub fn take(&mut self, changes: &Changes) {
        changes.groups.iter().for_each(|group| self.welcome(group));
        if changes.now > self.now {
            self.now = changes.now;
            self.panes.advance(self.now, &mut self.all, &self.members, &self.plan);
        }
        for Seen { group, families, times } in &changes.seen {
            let mut families = *families;
            while families != 0 {
                let seen = &mut self.seen[*group as usize][families.trailing_zeros() as usize];
                *seen = seen.wrapping_add_signed(*times);
                families &= families - 1;
            }
        }
        match self.plan.banks() {
            1 => self.pour::<1>(&changes.counted),
            _ => self.pour::<BANKS>(&changes.counted),
        }
    }

    /// Makes room for a group.
    fn welcome(&mut self, group: &Group) {
        let program = self.plan.program(&group.attributes);
        let program = self.programs.iter().position(|known| *known == program).unwrap_or_else(|| {
            self.programs.push(program);
            self.programs.len() - 1
        });
        let scopes = self.scopes.of(&group.attributes, &self.standard);
        self.members.push(Member { group: group.clone(), scopes, program: program as u32 });
        self.all.push(Cell::new(&self.plan));
        self.seen.push(vec![0; self.standard.schema.families.len()]);
    }

    /// Adds facts to the cells, which are spread over much memory: so it is fetched for many facts at once.
    fn pour<const BANKS: usize>(&mut self, counted: &[Counted]) {
        for chunk in counted.chunks(LOOK_AHEAD) {
            let touched = chunk.iter().map(|one| {
                let Member { program, .. } = self.members[one.group as usize];
                let steps = &self.programs[program as usize][usize::from(one.fact.kind.0)];
                cell::touch::<BANKS>(steps, &one.fact, &self.all[one.group as usize])
            });
            std::hint::black_box(touched.fold(0, |sum, one| sum ^ one));
            chunk.iter().for_each(|one| self.add::<BANKS>(one));
        }
    }

    #[inline]
    fn add<const BANKS: usize>(&mut self, Counted { fact, group, times }: &Counted) {
        if self.standing[usize::from(fact.kind.0)] {
            match times {
                1.. => self.levels.begin(fact.kind, *group, fact.time),
                _ => self.levels.end(fact.kind, *group, fact.time),
            }
            return;
        }
        let Member { program, group: Group { zone, .. }, .. } = self.members[*group as usize];
        let steps = &self.programs[program as usize][usize::from(fact.kind.0)];
        if steps.is_empty() {
            return;
        }
        let mask = self.panes.current().mask::<BANKS>(fact.time, usize::from(zone));
        let pane = self.panes.cell(fact.time, *group, &self.plan);
        cell::add(steps, fact, *times < 0, &mask, &mut self.all[*group as usize], pane);
    }
}
