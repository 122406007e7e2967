//! Cell table: cells, panes and gauges of all rollup groups.
//!
//! Readings are computed from it alone. It receives only [`CaseChanges`], so it can run on another
//! thread than the cases. See [`Monitor::into_parts`].
//!
//! [`Monitor::into_parts`]: crate::domain::monitor::Monitor::into_parts

mod recount_states;
mod table_maxima;

use super::cell::{self, Cell, CellPlan, PendingDuration};
use super::gauges::{self, Gauges};
use super::maxima::{DurationChange, DurationMaxima};
use super::rollup_group::RollupGroups;
use super::state_time::StateChange;
use super::window_panes::{self, WindowPanes};
use crate::domain::cases::changes::{CaseChanges, CaseStateChange, Counted, Seen};
use crate::domain::cases::groups::CaseGroup;
use crate::domain::facts::catalog::{FactKind, FactMeasure};
use crate::domain::standard::{Formula, Standard};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{LaneCounts, MAX_BANKS};
use serde::Serialize;
use std::sync::Arc;

/// Cells, panes and gauges of all rollup groups.
#[derive(Debug)]
pub struct CellTable {
    standard: Arc<Standard>,
    pub(in crate::domain) plan: CellPlan,
    /// True for each kind of current-state fact, which gauges count.
    gauge_kinds: Vec<bool>,
    /// Current time of the table.
    now: Timestamp,
    pub(in crate::domain) rollup_groups: RollupGroups,
    /// Cells by rollup group.
    pub(in crate::domain) cells: Vec<Cell>,
    /// Number of cases by rollup group and family.
    pub(in crate::domain) case_counts: Vec<Vec<u64>>,
    /// Initial cell and case counts of a rollup group.
    empty_cell: (Cell, Vec<u64>),
    pub(in crate::domain) panes: WindowPanes,
    pub(in crate::domain) gauges: Gauges,
    /// Largest durations.
    maxima: DurationMaxima,
    /// Upper bound of the additions to any count since the last carry.
    uncarried_additions: u64,
    /// Durations not yet in their histograms. Empty between batches.
    pending_durations: Vec<PendingDuration>,
    /// Changes of states not yet in the sums. Empty between batches.
    pending_states: Vec<PendingState>,
}

/// Change of a state that the sums do not have yet.
///
/// When a state ends, its start is withdrawn with the active fact, and comes again with the fact
/// about its duration. The two cancel each other here.
#[derive(Clone, Copy, Debug)]
struct PendingState {
    kind: FactKind,
    rollup_group: u32,
    change: StateChange,
}

/// Number of pending changes of states beyond which the oldest is added to the sums.
const PENDING_STATES_MAX: usize = 8;

impl CellTable {
    /// Creates an empty table.
    #[must_use]
    pub fn new(standard: Arc<Standard>) -> CellTable {
        let gauge_kinds = standard
            .kinds
            .iter()
            .map(|kind| standard.kinds.fact_measure(kind) == FactMeasure::CurrentState)
            .collect();
        let mut age_tracked = vec![false; standard.kinds.count()];
        for indicator in standard
            .indicators
            .iter()
            .filter(|indicator| matches!(indicator.formula, Formula::Oldest { .. }))
        {
            indicator
                .fact_tallies()
                .for_each(|tally| age_tracked[usize::from(tally.kind.0)] = true);
        }
        let plan = CellPlan::new(&standard);
        CellTable {
            gauge_kinds,
            now: Timestamp(i64::MIN),
            rollup_groups: RollupGroups::default(),
            cells: Vec::new(),
            case_counts: Vec::new(),
            empty_cell: (Cell::new(&plan), vec![0; standard.schema.families.len()]),
            maxima: DurationMaxima::new(&plan),
            plan,
            panes: WindowPanes::new(&standard.windows, &standard.zones),
            gauges: Gauges::new(age_tracked),
            uncarried_additions: 0,
            pending_durations: Vec::new(),
            pending_states: Vec::new(),
            standard,
        }
    }

    /// Returns the snapshot parts: cells, case counts, panes and gauges.
    pub(in crate::domain) fn to_snapshot(
        &self,
    ) -> (Vec<&Cell>, Vec<&Vec<u64>>, impl Serialize + '_, impl Serialize + '_) {
        // Destructuring makes the compiler reject a field that the snapshot does not consider.
        let CellTable {
            // Derived from the standard, the groups and the current time.
            standard: _,
            plan: _,
            gauge_kinds: _,
            now: _,
            // Empty between batches.
            pending_durations: _,
            pending_states: _,
            // A restored core carries at once.
            uncarried_additions: _,
            // A section of its own.
            maxima: _,
            empty_cell,
            rollup_groups,
            cells,
            case_counts,
            panes,
            gauges,
        } = self;
        (
            rollup_groups.values_by_group(cells, &empty_cell.0),
            rollup_groups.values_by_group(case_counts, &empty_cell.1),
            panes.to_snapshot(rollup_groups),
            gauges.to_snapshot(rollup_groups),
        )
    }

    /// Restores decoded cells at `now`, with these case groups.
    ///
    /// # Errors
    /// Returns a message if the parts do not match the standard or a pane is after `now`.
    pub(in crate::domain) fn restore_snapshot(
        mut self,
        groups: &[CaseGroup],
        now: Timestamp,
        (cells, case_counts): (Vec<Cell>, Vec<Vec<u64>>),
        panes: window_panes::DecodedPanes,
        decoded_gauges: gauges::DecodedGauges,
    ) -> Result<CellTable, &'static str> {
        let family_count = self.standard.schema.families.len();
        if cells.len() != groups.len()
            || case_counts.len() != groups.len()
            || case_counts.iter().any(|counts| counts.len() != family_count)
        {
            return Err("the number of cells differs from the number of groups");
        }
        if !cells.iter().all(|cell| cell.matches_plan(&self.plan)) {
            return Err("a cell does not match the standard");
        }
        groups.iter().for_each(|group| self.add_group(group));
        for (group, (mut cell, counts)) in (0..).zip(cells.into_iter().zip(case_counts)) {
            cell.carry(&self.plan);
            let rollup_group = self.rollup_groups.rollup_of_group(group) as usize;
            match self.rollup_groups.all()[rollup_group].first_group() == group {
                true => self.cells[rollup_group] = cell,
                // Snapshots from before rollup groups have one cell per case group.
                false => {
                    self.cells[rollup_group].merge(&cell);
                    self.cells[rollup_group].carry(&self.plan);
                }
            }
            self.case_counts[rollup_group]
                .iter_mut()
                .zip(counts)
                .for_each(|(sum, more)| *sum = sum.wrapping_add(more));
        }
        self.now = now;
        self.panes = self.panes.restore_snapshot(panes, now, &self.rollup_groups, &self.plan)?;
        self.gauges = self.gauges.restore_snapshot(decoded_gauges, &self.rollup_groups)?;
        Ok(self)
    }

    /// Returns the number of active states of a rollup group in a set of timed states.
    pub(in crate::domain) fn active_states(&self, set: usize, rollup_group: u32) -> i64 {
        let attributes = self.rollup_groups.all()[rollup_group as usize].attributes();
        let states = self.plan.timed_states()[set].iter();
        states
            .filter(|tally| tally.fits_attributes(attributes))
            .map(|tally| self.gauges.active_count(tally.kind, rollup_group))
            .sum()
    }

    /// Applies changes and subtracts panes that leave their windows.
    pub fn apply_changes(&mut self, changes: &CaseChanges) {
        changes.groups.iter().for_each(|group| self.add_group(group));
        if changes.now > self.now {
            self.now = changes.now;
            self.panes.advance_to(self.now, &mut self.cells, &self.rollup_groups, &self.plan);
        }
        for Seen { group, families, times } in &changes.case_counts {
            let mut families = *families;
            while families != 0 {
                let count = &mut self.case_counts
                    [self.rollup_groups.rollup_of_group(*group) as usize]
                    [families.trailing_zeros() as usize];
                *count = count.wrapping_add_signed(*times);
                families &= families - 1;
            }
        }
        let additions = changes.fact_counts.len() as u64 * self.plan.additions_per_fact();
        self.uncarried_additions += additions;
        if self.uncarried_additions >= LaneCounts::ADDITIONS_BEFORE_CARRY {
            self.cells.iter_mut().for_each(|cell| cell.carry(&self.plan));
            self.uncarried_additions = additions;
        }
        match self.plan.bank_count() {
            1 => self.add_facts::<1>(&changes.fact_counts),
            _ => self.add_facts::<MAX_BANKS>(&changes.fact_counts),
        }
        for CaseStateChange { state, time, starts } in &changes.state_changes {
            let rollup_group = self.rollup_groups.rollup_of_group(state.group);
            let change = StateChange { time: *time, starts: *starts };
            self.add_state(PendingState { kind: state.kind, rollup_group, change });
        }
        for (group, fact) in &changes.forgotten_durations {
            self.change_maxima(*group, fact, DurationMaxima::forget);
        }
    }

    /// Adds a case group.
    fn add_group(&mut self, group: &CaseGroup) {
        if self.rollup_groups.add_group(group, &self.plan, &self.standard) {
            self.cells.push(self.empty_cell.0.clone());
            self.case_counts.push(self.empty_cell.1.clone());
            self.gauges.add_rollup_group();
            self.maxima.add_rollup_group();
        }
    }

    fn add_facts<const BANKS: usize>(&mut self, changes: &[Counted]) {
        changes.iter().for_each(|change| self.add_fact::<BANKS>(change));
        while let Some(pending) = self.pending_states.pop() {
            self.add_state_change::<BANKS>(pending);
        }
        for value in self.pending_durations.drain(..) {
            self.cells[value.rollup_group as usize].add_to_histogram::<BANKS>(&value);
            if !value.is_covered() {
                continue;
            }
            let change = DurationChange {
                rollup_group: value.rollup_group,
                zone: self.rollup_groups.all()[value.rollup_group as usize].zone_number(),
                duration_set: value.duration,
                time: value.time,
                millis: value.millis,
            };
            match value.is_withdrawn {
                false => self.maxima.add(&change, self.panes.bounds()),
                true => self.maxima.withdraw(&change, self.panes.bounds()),
            }
        }
    }

    #[inline]
    fn add_fact<const BANKS: usize>(&mut self, Counted { fact, group, times }: &Counted) {
        let rollup_group = self.rollup_groups.rollup_of_group(*group);
        let is_gauge = self.gauge_kinds[usize::from(fact.kind.0)];
        if is_gauge {
            match times {
                1.. => self.gauges.record_start(fact.kind, rollup_group, fact.time),
                _ => self.gauges.record_end(fact.kind, rollup_group, fact.time),
            }
        }
        let steps = self.rollup_groups.update_steps(rollup_group, fact.kind);
        if steps.is_empty() {
            return;
        }
        let has_timed_states =
            self.plan.facts_report_state(fact.kind) && !steps.timed_states().is_empty();
        if !is_gauge {
            let zone = self.rollup_groups.all()[rollup_group as usize].zone_number();
            let mask = self.panes.bounds().window_mask::<BANKS>(fact.time, zone);
            let pane = self.panes.cell_at(fact.time, rollup_group, &self.plan);
            let is_open =
                |calendar: usize| self.standard.is_calendar_open(calendar, fact.time, zone);
            cell::add_fact(
                (steps, is_open),
                fact,
                *times < 0,
                &mask,
                (rollup_group, &mut self.cells[rollup_group as usize]),
                pane,
                &mut self.pending_durations,
            );
        }
        if !has_timed_states {
            return;
        }
        for change in StateChange::of_fact(fact, is_gauge) {
            let change = if *times < 0 { change.reversed() } else { change };
            self.push_state_change::<BANKS>(PendingState { kind: fact.kind, rollup_group, change });
        }
    }

    /// Cancels a change of a state with an opposite one, or keeps it to be added later.
    fn push_state_change<const BANKS: usize>(&mut self, new: PendingState) {
        let sets_of = |state: &PendingState| {
            self.rollup_groups.update_steps(state.rollup_group, state.kind).timed_states()
        };
        let opposite = self.pending_states.iter().position(|known| {
            known.rollup_group == new.rollup_group
                && known.change.time == new.change.time
                && known.change.starts == -new.change.starts
                && sets_of(known) == sets_of(&new)
        });
        match opposite {
            Some(place) => _ = self.pending_states.remove(place),
            None => self.pending_states.push(new),
        }
        if self.pending_states.len() > PENDING_STATES_MAX {
            let oldest = self.pending_states.remove(0);
            self.add_state_change::<BANKS>(oldest);
        }
    }

    /// Adds a change of a state with the number of banks of the plan.
    fn add_state(&mut self, state: PendingState) {
        match self.plan.bank_count() {
            1 => self.add_state_change::<1>(state),
            _ => self.add_state_change::<MAX_BANKS>(state),
        }
    }

    /// Adds a change of a state to the sums of timed states.
    fn add_state_change<const BANKS: usize>(
        &mut self,
        PendingState { kind, rollup_group, change }: PendingState,
    ) {
        let CellTable { plan, rollup_groups, cells, panes, .. } = self;
        let zone = rollup_groups.all()[rollup_group as usize].zone_number();
        let mask = panes.bounds().window_mask::<BANKS>(change.time, zone);
        let cell = &mut cells[rollup_group as usize];
        let mut pane = panes.cell_at(change.time, rollup_group, plan);
        for set in rollup_groups.update_steps(rollup_group, kind).timed_states() {
            let pane = pane.as_deref_mut();
            cell.add_state_change(*set, change, &mask, plan, pane);
        }
    }
}
