//! Panes: sums by short time ranges, which are subtracted from a rolling window as they leave it.
//!
//! Windows with the same step share a *tier* of panes. A pane that has left the longest window of
//! its tier is merged into the coarser pane of the next tier. A pane that has left all windows is
//! dropped. So memory is bounded by the declared windows, not by traffic. There are at most a few
//! hundred panes, each with a cell for every rollup group that had facts in it.

use super::cell::{Cell, CellPlan, PaneCell};
use super::rollup_group::RollupGroups;
use crate::domain::time::time_zones::TimeZones;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{MAX_WINDOWS, Window};
use crate::domain::time::window_bounds::WindowBounds;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Sums of one pane.
#[derive(Debug, Default)]
struct Pane {
    /// Index of the cell plus one by rollup group. 0 marks a group without facts.
    cell_places: Vec<u32>,
    cells: Vec<(u32, PaneCell)>,
}

/// Snapshot form of a pane, by case group.
#[derive(Debug, Serialize, Deserialize)]
struct StoredPane<C> {
    cells: Vec<(u32, C)>,
}

/// Panes of the windows with the same step.
#[derive(Debug)]
struct PaneTier {
    step: i64,
    /// Start of the first pane.
    first_start: Timestamp,
    panes: VecDeque<Pane>,
    /// Cleared cells of dropped panes, for reuse of their memory.
    spare_cells: Vec<PaneCell>,
    /// Lanes of the tier's windows, shortest first.
    lanes: Vec<usize>,
}

/// Decoded panes of a snapshot, by tier.
#[derive(Debug, Deserialize)]
pub struct DecodedPanes(Vec<VecDeque<StoredPane<PaneCell>>>);

/// Windows of a standard with their panes.
#[derive(Debug)]
pub struct WindowPanes {
    bounds: WindowBounds,
    tiers: Vec<PaneTier>,
}

impl WindowPanes {
    /// Creates the windows without panes.
    #[must_use]
    pub fn new(windows: &[Window], zones: &TimeZones) -> WindowPanes {
        let mut rolling: Vec<(i64, usize)> = windows
            .iter()
            .enumerate()
            .filter_map(|(lane, window)| {
                if let Window::Rolling(length) = window { Some((*length, lane)) } else { None }
            })
            .collect();
        rolling.sort_unstable();
        let mut tiers: Vec<PaneTier> = Vec::new();
        for (length, lane) in rolling {
            let step = Window::rolling_step_ms(length);
            match tiers.last_mut() {
                Some(tier) if tier.step == step => tier.lanes.push(lane),
                _ => tiers.push(PaneTier {
                    step,
                    first_start: Timestamp(i64::MIN),
                    panes: VecDeque::new(),
                    spare_cells: Vec::new(),
                    lanes: vec![lane],
                }),
            }
        }
        WindowPanes { bounds: WindowBounds::new(windows, zones), tiers }
    }

    /// Returns the panes in snapshot form. All other state follows from the standard and the
    /// current time.
    pub fn to_snapshot<'p>(&'p self, rollup_groups: &'p RollupGroups) -> impl Serialize + 'p {
        let to_stored = |pane: &'p Pane| {
            let cells = pane.cells.iter().map(|(rollup_group, cell)| {
                (rollup_groups.all()[*rollup_group as usize].first_group(), cell)
            });
            StoredPane { cells: cells.collect() }
        };
        self.tiers
            .iter()
            .map(|tier| tier.panes.iter().map(to_stored).collect())
            .collect::<Vec<Vec<_>>>()
    }

    /// Restores decoded panes at `now`. Must be called before any time is reached.
    ///
    /// # Errors
    /// Returns a message if the panes do not match the standard or a pane is after `now`.
    pub fn restore_snapshot(
        mut self,
        panes: DecodedPanes,
        now: Timestamp,
        rollup_groups: &RollupGroups,
        plan: &CellPlan,
    ) -> Result<WindowPanes, &'static str> {
        if panes.0.len() != self.tiers.len() {
            return Err("the panes do not match the standard's windows");
        }
        if now == Timestamp(i64::MIN) {
            // Without a current time no window has begun.
            return if panes.0.iter().all(VecDeque::is_empty) {
                Ok(self)
            } else {
                Err("a pane is after the snapshot's time")
            };
        }
        self.bounds.advance_to(now);
        for (tier, panes) in self.tiers.iter_mut().zip(panes.0) {
            tier.first_start =
                tier.lanes.last().map_or(now, |longest| self.bounds.window_starts(0)[*longest]);
            if panes.len() as i64 > now.millis_since(tier.first_start).div_euclid(tier.step) + 1 {
                return Err("a pane is after the snapshot's time");
            }
            tier.panes = panes
                .into_iter()
                .map(|pane| Pane::from_stored(pane, rollup_groups, plan))
                .collect::<Result<_, _>>()?;
        }
        Ok(self)
    }

    /// Advances the windows to `now` and subtracts from `cells` the panes that leave them. Time
    /// never goes back.
    pub(in crate::domain) fn advance_to(
        &mut self,
        now: Timestamp,
        cells: &mut [Cell],
        rollup_groups: &RollupGroups,
        plan: &CellPlan,
    ) {
        let before = *self.bounds.window_starts(0);
        for (zone, lane) in self.bounds.advance_to(now) {
            let zone_cells = cells
                .iter_mut()
                .zip(rollup_groups.all())
                .filter(|(_, rollup_group)| rollup_group.zone_number() == zone);
            zone_cells.for_each(|(cell, _)| cell.clear_window(lane, plan));
        }
        // Rolling windows are the same in every zone.
        let after = self.bounds.window_starts(0);
        if before == *after {
            return;
        }
        for number in 0..self.tiers.len() {
            let (tiers, coarser) = self.tiers.split_at_mut(number + 1);
            tiers[number].advance_windows(&before, after, cells, coarser.first_mut(), plan);
        }
    }

    /// Returns the first millisecond of each window in a time zone of the standard.
    #[must_use]
    pub fn window_starts(&self, zone: usize) -> &[Timestamp; MAX_WINDOWS] {
        self.bounds.window_starts(zone)
    }

    /// Returns the start of the longest rolling window, or `None` without a rolling window.
    #[must_use]
    pub fn covered_since(&self) -> Option<Timestamp> {
        let longest = self.tiers.last()?.lanes.last()?;
        Some(self.bounds.window_starts(0)[*longest])
    }

    /// Visits each pane cell with the start of its pane and its rollup group.
    pub fn for_each_cell(&self, mut visit: impl FnMut(Timestamp, u32, &PaneCell)) {
        for tier in &self.tiers {
            for (place, pane) in (0..).zip(&tier.panes) {
                let begin = tier.first_start.plus_millis(place * tier.step);
                pane.cells
                    .iter()
                    .for_each(|(rollup_group, cell)| visit(begin, *rollup_group, cell));
            }
        }
    }

    /// Returns the window bounds at the current time.
    #[must_use]
    pub fn bounds(&self) -> &WindowBounds {
        &self.bounds
    }

    /// Returns the cell of a rollup group in the pane that contains `time`. Returns `None` if
    /// `time` is before every rolling window.
    pub fn cell_at(
        &mut self,
        time: Timestamp,
        rollup_group: u32,
        plan: &CellPlan,
    ) -> Option<&mut PaneCell> {
        let starts = self.bounds.window_starts(0);
        let tier = self
            .tiers
            .iter_mut()
            .find(|tier| tier.lanes.iter().any(|lane| time >= starts[*lane]))?;
        tier.cell_at(time, rollup_group, plan)
    }
}

impl Pane {
    /// Restores a pane from its snapshot form.
    fn from_stored(
        StoredPane { cells }: StoredPane<PaneCell>,
        rollup_groups: &RollupGroups,
        plan: &CellPlan,
    ) -> Result<Pane, &'static str> {
        let mut pane = Pane::default();
        let mut known = vec![false; rollup_groups.group_count()];
        for (group, cell) in cells {
            let cell = cell.with_state_sums(plan);
            match known.get_mut(group as usize) {
                None => return Err("a pane refers to an unknown group"),
                Some(known) if !*known && cell.matches_plan(plan) => *known = true,
                Some(_) => return Err("a pane does not match the standard"),
            }
            match pane.cell_or_insert(rollup_groups.rollup_of_group(group), || PaneCell::new(plan))
            {
                merged if merged.is_empty() => *merged = cell,
                merged => merged.merge(&cell),
            }
        }
        Ok(pane)
    }

    /// Returns the cell of a rollup group. Inserts `new` if it is missing.
    #[inline]
    fn cell_or_insert(
        &mut self,
        rollup_group: u32,
        new: impl FnOnce() -> PaneCell,
    ) -> &mut PaneCell {
        let place = rollup_group as usize;
        if place >= self.cell_places.len() {
            self.cell_places.resize(place + 1, 0);
        }
        if self.cell_places[place] == 0 {
            self.cells.push((rollup_group, new()));
            self.cell_places[place] = self.cells.len() as u32;
        }
        &mut self.cells[self.cell_places[place] as usize - 1].1
    }
}

impl PaneTier {
    fn advance_windows(
        &mut self,
        before: &[Timestamp; MAX_WINDOWS],
        after: &[Timestamp; MAX_WINDOWS],
        cells: &mut [Cell],
        mut coarser: Option<&mut PaneTier>,
        plan: &CellPlan,
    ) {
        let Some(&longest) = self.lanes.last() else { return };
        for &lane in &self.lanes {
            let mut begin = self.first_start;
            for pane in &self.panes {
                if begin >= after[lane] {
                    break;
                }
                if begin >= before[lane] {
                    for (rollup_group, cell) in &pane.cells {
                        cells[*rollup_group as usize].subtract_pane(cell, lane, plan);
                    }
                }
                begin = begin.plus_millis(self.step);
            }
        }
        while self.first_start < after[longest] && !self.panes.is_empty() {
            for (rollup_group, mut cell) in
                self.panes.pop_front().into_iter().flat_map(|pane| pane.cells)
            {
                if let Some(sum) = coarser
                    .as_mut()
                    .and_then(|coarser| coarser.cell_at(self.first_start, rollup_group, plan))
                {
                    sum.merge(&cell);
                }
                // A new pane needs at most one cell for each rollup group.
                if self.spare_cells.len() < cells.len() {
                    cell.clear();
                    self.spare_cells.push(cell);
                }
            }
            self.first_start = self.first_start.plus_millis(self.step);
        }
        if self.panes.is_empty() {
            self.first_start = after[longest];
        }
    }

    /// Returns the cell of a rollup group in the pane of `time`, which must not be before the first
    /// pane.
    #[inline]
    fn cell_at(
        &mut self,
        time: Timestamp,
        rollup_group: u32,
        plan: &CellPlan,
    ) -> Option<&mut PaneCell> {
        let place =
            usize::try_from(time.millis_since(self.first_start).div_euclid(self.step)).ok()?;
        if place >= self.panes.len() {
            self.panes.resize_with(place + 1, Pane::default);
        }
        Some(self.panes[place].cell_or_insert(rollup_group, || {
            self.spare_cells.pop().unwrap_or_else(|| PaneCell::new(plan))
        }))
    }
}
