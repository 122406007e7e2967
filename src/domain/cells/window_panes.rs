//! Panes: what happened in each stretch of time, so that it can be taken out of a rolling window when it leaves.
//!
//! Windows with the same step share a *tier* of panes. A pane that has left the longest window of its tier is poured into
//! the coarser pane of the next; one that has left them all is dropped. So memory is bounded by the windows declared, not
//! by traffic: at most a few hundred panes, each with a cell for every leaf that had facts in it.

use super::cell::{Cell, CellPlan, PaneCell};
use super::rollup_group::RollupGroups;
use crate::domain::time::time_zones::TimeZones;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{MAX_WINDOWS, Window};
use crate::domain::time::window_bounds::WindowBounds;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One stretch of time.
#[derive(Debug, Default)]
struct Pane {
    /// For each leaf, the place of its cell plus one; 0 if it had no facts.
    cell_places: Vec<u32>,
    cells: Vec<(u32, PaneCell)>,
}

/// A pane as it is written down, by groups.
#[derive(Debug, Serialize, Deserialize)]
struct StoredPane<C> {
    cells: Vec<(u32, C)>,
}

/// The panes of the windows with one step.
#[derive(Debug)]
struct PaneTier {
    step: i64,
    /// The beginning of the first pane.
    first_start: Timestamp,
    panes: VecDeque<Pane>,
    /// Cells of panes that are gone, emptied, for their memory.
    spare_cells: Vec<PaneCell>,
    /// The lanes of its windows, shortest first.
    lanes: Vec<usize>,
}

/// The panes of each tier, as they were read.
#[derive(Debug, Deserialize)]
pub struct DecodedPanes(Vec<VecDeque<StoredPane<PaneCell>>>);

/// The windows of a standard with what lies in them.
#[derive(Debug)]
pub struct WindowPanes {
    bounds: WindowBounds,
    tiers: Vec<PaneTier>,
}

impl WindowPanes {
    /// Nothing has happened yet.
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

    /// The panes, to be written down: all else follows from the standard and the time reached.
    pub fn to_snapshot<'p>(&'p self, leaves: &'p RollupGroups) -> impl Serialize + 'p {
        let written = |pane: &'p Pane| {
            let cells = pane
                .cells
                .iter()
                .map(|(leaf, cell)| (leaves.all()[*leaf as usize].first_group(), cell));
            StoredPane { cells: cells.collect() }
        };
        self.tiers
            .iter()
            .map(|tier| tier.panes.iter().map(written).collect())
            .collect::<Vec<Vec<_>>>()
    }

    /// These panes at the time reached, `now`; no time is reached yet before.
    ///
    /// # Errors
    /// What is wrong with them, if they are none of this standard's or of a time to come.
    pub fn restore_snapshot(
        mut self,
        panes: DecodedPanes,
        now: Timestamp,
        leaves: &RollupGroups,
        plan: &CellPlan,
    ) -> Result<WindowPanes, &'static str> {
        if panes.0.len() != self.tiers.len() {
            return Err("there are panes of other windows");
        }
        if now == Timestamp(i64::MIN) {
            // Nothing has been reached, so no window has begun.
            return if panes.0.iter().all(VecDeque::is_empty) {
                Ok(self)
            } else {
                Err("a pane is of a time to come")
            };
        }
        self.bounds.advance_to(now);
        for (tier, panes) in self.tiers.iter_mut().zip(panes.0) {
            tier.first_start =
                tier.lanes.last().map_or(now, |longest| self.bounds.window_starts(0)[*longest]);
            if panes.len() as i64 > now.millis_since(tier.first_start).div_euclid(tier.step) + 1 {
                return Err("a pane is of a time to come");
            }
            tier.panes = panes
                .into_iter()
                .map(|pane| Pane::from_stored(pane, leaves, plan))
                .collect::<Result<_, _>>()?;
        }
        Ok(self)
    }

    /// Moves the windows so that they end at `now`, and takes out of `cells` what leaves them. The core never goes back.
    pub(in crate::domain) fn advance_to(
        &mut self,
        now: Timestamp,
        cells: &mut [Cell],
        leaves: &RollupGroups,
        plan: &CellPlan,
    ) {
        let before = *self.bounds.window_starts(0);
        for (zone, lane) in self.bounds.advance_to(now) {
            let own =
                cells.iter_mut().zip(leaves.all()).filter(|(_, leaf)| leaf.zone_number() == zone);
            own.for_each(|(cell, _)| cell.clear_window(lane, plan));
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

    /// The first millisecond of each window in a time zone of the standard.
    #[must_use]
    pub fn window_starts(&self, zone: usize) -> &[Timestamp; MAX_WINDOWS] {
        self.bounds.window_starts(zone)
    }

    /// From when on there are panes; none without a rolling window.
    #[must_use]
    pub fn covered_since(&self) -> Option<Timestamp> {
        let longest = self.tiers.last()?.lanes.last()?;
        Some(self.bounds.window_starts(0)[*longest])
    }

    /// Shows what happened in each pane and leaf, with the beginning of the pane.
    pub fn for_each_cell(&self, mut visit: impl FnMut(Timestamp, u32, &PaneCell)) {
        for tier in &self.tiers {
            for (place, pane) in (0..).zip(&tier.panes) {
                let begin = tier.first_start.plus_millis(place * tier.step);
                pane.cells.iter().for_each(|(leaf, cell)| visit(begin, *leaf, cell));
            }
        }
    }

    /// The windows at the time reached.
    #[must_use]
    pub fn bounds(&self) -> &WindowBounds {
        &self.bounds
    }

    /// The cell of a leaf for the pane in which `time` lies; none if it lies before every rolling window.
    pub fn cell_at(
        &mut self,
        time: Timestamp,
        leaf: u32,
        plan: &CellPlan,
    ) -> Option<&mut PaneCell> {
        let begins = self.bounds.window_starts(0);
        let tier = self
            .tiers
            .iter_mut()
            .find(|tier| tier.lanes.iter().any(|lane| time >= begins[*lane]))?;
        tier.cell_at(time, leaf, plan)
    }
}

impl Pane {
    /// A pane that was read.
    fn from_stored(
        StoredPane { cells }: StoredPane<PaneCell>,
        leaves: &RollupGroups,
        plan: &CellPlan,
    ) -> Result<Pane, &'static str> {
        let mut pane = Pane::default();
        let mut known = vec![false; leaves.group_count()];
        for (group, cell) in cells {
            match known.get_mut(group as usize) {
                None => return Err("a pane is of a group that there is not"),
                Some(known) if !*known && cell.matches_plan(plan) => *known = true,
                Some(_) => return Err("a pane is none of this standard's"),
            }
            match pane.cell_or_insert(leaves.rollup_of_group(group), || PaneCell::new(plan)) {
                own if own.is_empty() => *own = cell,
                own => own.merge(&cell),
            }
        }
        Ok(pane)
    }

    /// The cell of a leaf.
    #[inline]
    fn cell_or_insert(&mut self, leaf: u32, new: impl FnOnce() -> PaneCell) -> &mut PaneCell {
        let place = leaf as usize;
        if place >= self.cell_places.len() {
            self.cell_places.resize(place + 1, 0);
        }
        if self.cell_places[place] == 0 {
            self.cells.push((leaf, new()));
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
                    for (leaf, cell) in &pane.cells {
                        cells[*leaf as usize].subtract_pane(cell, lane, plan);
                    }
                }
                begin = begin.plus_millis(self.step);
            }
        }
        while self.first_start < after[longest] && !self.panes.is_empty() {
            for (leaf, mut cell) in self.panes.pop_front().into_iter().flat_map(|pane| pane.cells) {
                if let Some(sum) = coarser
                    .as_mut()
                    .and_then(|coarser| coarser.cell_at(self.first_start, leaf, plan))
                {
                    sum.merge(&cell);
                }
                // A new pane needs no more than one for each leaf.
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

    /// The cell of a leaf in the pane of `time`, which must not lie before the first pane.
    #[inline]
    fn cell_at(&mut self, time: Timestamp, leaf: u32, plan: &CellPlan) -> Option<&mut PaneCell> {
        let place =
            usize::try_from(time.millis_since(self.first_start).div_euclid(self.step)).ok()?;
        if place >= self.panes.len() {
            self.panes.resize_with(place + 1, Pane::default);
        }
        Some(
            self.panes[place].cell_or_insert(leaf, || {
                self.spare_cells.pop().unwrap_or_else(|| PaneCell::new(plan))
            }),
        )
    }
}
