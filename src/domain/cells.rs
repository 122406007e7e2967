//! The cells of all leaves with their panes and levels: everything that readings are made of, and nothing of the cases behind it.
//!
//! Cells hear of nothing but [`Changes`], so they can be kept on another thread than the cases: see [`Monitor::apart`].
//!
//! [`Monitor::apart`]: super::monitor::Monitor::apart

use super::cell::{self, Cell, Plan, Value};
use super::changes::{Changes, Counted, Seen};
use super::fact::Measure;
use super::group::Group;
use super::leaf::Leaves;
use super::level::{self, Levels};
use super::pane::{self, Panes};
use super::standard::{Formula, Standard};
use super::time::Timestamp;
use super::window::BANKS;
use serde::Serialize;
use std::sync::Arc;

/// The cells.
#[derive(Debug)]
pub struct Cells {
    standard: Arc<Standard>,
    pub(super) plan: Plan,
    /// For each kind of fact, whether it stands: then a level counts it.
    standing: Vec<bool>,
    /// The time reached.
    now: Timestamp,
    pub(super) leaves: Leaves,
    /// By leaf.
    pub(super) all: Vec<Cell>,
    /// For each leaf and family how many cases were seen.
    pub(super) seen: Vec<Vec<u64>>,
    /// What a leaf has of the two before anything happens.
    nothing: (Cell, Vec<u64>),
    pub(super) panes: Panes,
    pub(super) levels: Levels,
    /// Durations that are not in their histograms yet; none between two batches.
    values: Vec<Value>,
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
        let plan = Plan::new(&standard);
        Cells {
            standing,
            now: Timestamp(i64::MIN),
            leaves: Leaves::default(),
            all: Vec::new(),
            seen: Vec::new(),
            nothing: (Cell::new(&plan), vec![0; standard.schema.families.len()]),
            plan,
            panes: Panes::new(&standard.windows, &standard.zones),
            levels: Levels::new(aged),
            values: Vec::new(),
            standard,
        }
    }

    /// What is to be written down: the sums, the cases seen, the panes and the levels.
    pub(super) fn memory(&self) -> (Vec<&Cell>, Vec<&Vec<u64>>, impl Serialize + '_, impl Serialize + '_) {
        // Every field by its name, so that a new one is not forgotten here.
        let Cells {
            // What follows from the standard, the groups and the time reached.
            standard: _,
            plan: _,
            standing: _,
            now: _,
            // What means something only while they take.
            values: _,
            nothing,
            leaves,
            all,
            seen,
            panes,
            levels,
        } = self;
        (leaves.by_groups(all, &nothing.0), leaves.by_groups(seen, &nothing.1), panes.memory(leaves), levels.memory(leaves))
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
        panes: pane::Remembered,
        levels: level::Remembered,
    ) -> Result<Cells, &'static str> {
        let families = self.standard.schema.families.len();
        if all.len() != groups.len() || seen.len() != groups.len() || seen.iter().any(|seen| seen.len() != families) {
            return Err("there are other cells than groups");
        }
        if !all.iter().all(|cell| cell.is_sound(&self.plan)) {
            return Err("a cell is none of this standard's");
        }
        groups.iter().for_each(|group| self.welcome(group));
        for (group, (cell, seen)) in (0..).zip(all.into_iter().zip(seen)) {
            let leaf = self.leaves.of(group) as usize;
            match self.leaves.all()[leaf].first() == group {
                true => self.all[leaf] = cell,
                // So it was before there were leaves.
                false => self.all[leaf].add(&cell),
            }
            self.seen[leaf].iter_mut().zip(seen).for_each(|(sum, more)| *sum = sum.wrapping_add(more));
        }
        self.now = now;
        self.panes = self.panes.remembered(panes, now, &self.leaves, &self.plan)?;
        self.levels = self.levels.remembered(levels, &self.leaves)?;
        Ok(self)
    }

    /// Adds what has changed, and takes out what leaves the windows that end now.
    pub fn take(&mut self, changes: &Changes) {
        changes.groups.iter().for_each(|group| self.welcome(group));
        if changes.now > self.now {
            self.now = changes.now;
            self.panes.advance(self.now, &mut self.all, &self.leaves, &self.plan);
        }
        for Seen { group, families, times } in &changes.seen {
            let mut families = *families;
            while families != 0 {
                let seen = &mut self.seen[self.leaves.of(*group) as usize][families.trailing_zeros() as usize];
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
        if self.leaves.welcome(group, &self.plan, &self.standard) {
            self.all.push(self.nothing.0.clone());
            self.seen.push(self.nothing.1.clone());
            self.levels.welcome();
        }
    }

    /// Adds facts to the cells.
    fn pour<const BANKS: usize>(&mut self, counted: &[Counted]) {
        counted.iter().for_each(|one| self.add::<BANKS>(one));
        for value in self.values.drain(..) {
            self.all[value.leaf as usize].spread::<BANKS>(&value);
        }
    }

    #[inline]
    fn add<const BANKS: usize>(&mut self, Counted { fact, group, times }: &Counted) {
        let leaf = self.leaves.of(*group);
        if self.standing[usize::from(fact.kind.0)] {
            match times {
                1.. => self.levels.begin(fact.kind, leaf, fact.time),
                _ => self.levels.end(fact.kind, leaf, fact.time),
            }
            return;
        }
        let steps = self.leaves.steps(leaf, fact.kind);
        if steps.is_empty() {
            return;
        }
        let mask = self.panes.current().mask::<BANKS>(fact.time, self.leaves.all()[leaf as usize].zone());
        let pane = self.panes.cell(fact.time, leaf, &self.plan);
        cell::add(steps, fact, *times < 0, &mask, (leaf, &mut self.all[leaf as usize]), pane, &mut self.values);
    }
}
