//! The cells of all leaves with their panes and levels: everything that readings are made of, and nothing of the cases behind it.
//!
//! Cells hear of nothing but [`Changes`], so they can be kept on another thread than the cases: see [`Monitor::apart`].
//!
//! [`Monitor::apart`]: crate::domain::monitor::Monitor::apart

use super::cell::{self, Cell, CellPlan, PendingDuration};
use super::gauges::{self, Gauges};
use super::rollup_group::RollupGroups;
use super::window_panes::{self, WindowPanes};
use crate::domain::cases::changes::{CaseChanges, Counted, Seen};
use crate::domain::cases::groups::CaseGroup;
use crate::domain::facts::catalog::FactMeasure;
use crate::domain::standard::{Formula, Standard};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::MAX_BANKS;
use serde::Serialize;
use std::sync::Arc;

/// The cells.
#[derive(Debug)]
pub struct CellTable {
    standard: Arc<Standard>,
    pub(in crate::domain) plan: CellPlan,
    /// For each kind of fact, whether it stands: then a level counts it.
    gauge_kinds: Vec<bool>,
    /// The time reached.
    now: Timestamp,
    pub(in crate::domain) rollup_groups: RollupGroups,
    /// By leaf.
    pub(in crate::domain) cells: Vec<Cell>,
    /// For each leaf and family how many cases were seen.
    pub(in crate::domain) case_counts: Vec<Vec<u64>>,
    /// What a leaf has of the two before anything happens.
    empty_cell: (Cell, Vec<u64>),
    pub(in crate::domain) panes: WindowPanes,
    pub(in crate::domain) gauges: Gauges,
    /// Durations that are not in their histograms yet; none between two batches.
    pending_durations: Vec<PendingDuration>,
}

impl CellTable {
    /// Cells in which nothing is.
    #[must_use]
    pub fn new(standard: Arc<Standard>) -> CellTable {
        let standing = standard
            .kinds
            .iter()
            .map(|kind| standard.kinds.fact_measure(kind) == FactMeasure::CurrentState)
            .collect();
        let mut aged = vec![false; standard.kinds.count()];
        for indicator in standard
            .indicators
            .iter()
            .filter(|indicator| matches!(indicator.formula, Formula::Oldest { .. }))
        {
            indicator.fact_tallies().for_each(|tally| aged[usize::from(tally.kind.0)] = true);
        }
        let plan = CellPlan::new(&standard);
        CellTable {
            gauge_kinds: standing,
            now: Timestamp(i64::MIN),
            rollup_groups: RollupGroups::default(),
            cells: Vec::new(),
            case_counts: Vec::new(),
            empty_cell: (Cell::new(&plan), vec![0; standard.schema.families.len()]),
            plan,
            panes: WindowPanes::new(&standard.windows, &standard.zones),
            gauges: Gauges::new(aged),
            pending_durations: Vec::new(),
            standard,
        }
    }

    /// What is to be written down: the sums, the cases seen, the panes and the levels.
    pub(in crate::domain) fn to_snapshot(
        &self,
    ) -> (Vec<&Cell>, Vec<&Vec<u64>>, impl Serialize + '_, impl Serialize + '_) {
        // Every field by its name, so that a new one is not forgotten here.
        let CellTable {
            // What follows from the standard, the groups and the time reached.
            standard: _,
            plan: _,
            gauge_kinds: _,
            now: _,
            // What means something only while they take.
            pending_durations: _,
            empty_cell: nothing,
            rollup_groups: leaves,
            cells: all,
            case_counts: seen,
            panes,
            gauges: levels,
        } = self;
        (
            leaves.values_by_group(all, &nothing.0),
            leaves.values_by_group(seen, &nothing.1),
            panes.to_snapshot(leaves),
            levels.to_snapshot(leaves),
        )
    }

    /// These cells as they were read, at the time reached, `now`, when there were these groups.
    ///
    /// # Errors
    /// What is wrong with them, if they are none of this standard's or of a time to come.
    pub(in crate::domain) fn restore_snapshot(
        mut self,
        groups: &[CaseGroup],
        now: Timestamp,
        (all, seen): (Vec<Cell>, Vec<Vec<u64>>),
        panes: window_panes::DecodedPanes,
        levels: gauges::DecodedGauges,
    ) -> Result<CellTable, &'static str> {
        let families = self.standard.schema.families.len();
        if all.len() != groups.len()
            || seen.len() != groups.len()
            || seen.iter().any(|seen| seen.len() != families)
        {
            return Err("there are other cells than groups");
        }
        if !all.iter().all(|cell| cell.matches_plan(&self.plan)) {
            return Err("a cell is none of this standard's");
        }
        groups.iter().for_each(|group| self.add_group(group));
        for (group, (cell, seen)) in (0..).zip(all.into_iter().zip(seen)) {
            let leaf = self.rollup_groups.rollup_of_group(group) as usize;
            match self.rollup_groups.all()[leaf].first_group() == group {
                true => self.cells[leaf] = cell,
                // So it was before there were leaves.
                false => self.cells[leaf].merge(&cell),
            }
            self.case_counts[leaf]
                .iter_mut()
                .zip(seen)
                .for_each(|(sum, more)| *sum = sum.wrapping_add(more));
        }
        self.now = now;
        self.panes = self.panes.restore_snapshot(panes, now, &self.rollup_groups, &self.plan)?;
        self.gauges = self.gauges.restore_snapshot(levels, &self.rollup_groups)?;
        Ok(self)
    }

    /// Adds what has changed, and takes out what leaves the windows that end now.
    pub fn apply_changes(&mut self, changes: &CaseChanges) {
        changes.groups.iter().for_each(|group| self.add_group(group));
        if changes.now > self.now {
            self.now = changes.now;
            self.panes.advance_to(self.now, &mut self.cells, &self.rollup_groups, &self.plan);
        }
        for Seen { group, families, times } in &changes.case_counts {
            let mut families = *families;
            while families != 0 {
                let seen = &mut self.case_counts
                    [self.rollup_groups.rollup_of_group(*group) as usize]
                    [families.trailing_zeros() as usize];
                *seen = seen.wrapping_add_signed(*times);
                families &= families - 1;
            }
        }
        match self.plan.bank_count() {
            1 => self.add_facts::<1>(&changes.fact_counts),
            _ => self.add_facts::<MAX_BANKS>(&changes.fact_counts),
        }
    }

    /// Makes room for a group.
    fn add_group(&mut self, group: &CaseGroup) {
        if self.rollup_groups.add_group(group, &self.plan, &self.standard) {
            self.cells.push(self.empty_cell.0.clone());
            self.case_counts.push(self.empty_cell.1.clone());
            self.gauges.add_rollup_group();
        }
    }

    /// Adds facts to the cells.
    fn add_facts<const BANKS: usize>(&mut self, counted: &[Counted]) {
        counted.iter().for_each(|one| self.add_fact::<BANKS>(one));
        for value in self.pending_durations.drain(..) {
            self.cells[value.rollup_group as usize].add_to_histogram::<BANKS>(&value);
        }
    }

    #[inline]
    fn add_fact<const BANKS: usize>(&mut self, Counted { fact, group, times }: &Counted) {
        let leaf = self.rollup_groups.rollup_of_group(*group);
        if self.gauge_kinds[usize::from(fact.kind.0)] {
            match times {
                1.. => self.gauges.record_start(fact.kind, leaf, fact.time),
                _ => self.gauges.record_end(fact.kind, leaf, fact.time),
            }
            return;
        }
        let steps = self.rollup_groups.update_steps(leaf, fact.kind);
        if steps.is_empty() {
            return;
        }
        let mask = self
            .panes
            .bounds()
            .window_mask::<BANKS>(fact.time, self.rollup_groups.all()[leaf as usize].zone_number());
        let pane = self.panes.cell_at(fact.time, leaf, &self.plan);
        cell::add_fact(
            steps,
            fact,
            *times < 0,
            &mask,
            (leaf, &mut self.cells[leaf as usize]),
            pane,
            &mut self.pending_durations,
        );
    }
}
