//! Panes: what happened in each stretch of time, so that it can be taken out of a rolling window when it leaves.
//!
//! Windows with the same step share a *tier* of panes. A pane that has left the longest window of its tier is poured into
//! the coarser pane of the next; one that has left them all is dropped. So memory is bounded by the windows declared, not
//! by traffic: at most a few hundred panes, each with a cell for every leaf that had facts in it.

use super::cell::{Cell, PaneCell, Plan};
use super::current::Current;
use super::leaf::Leaves;
use super::time::Timestamp;
use super::window::{WINDOWS, Window};
use super::zones::Zones;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One stretch of time.
#[derive(Debug, Default)]
struct Pane {
    /// For each leaf, the place of its cell plus one; 0 if it had no facts.
    places: Vec<u32>,
    cells: Vec<(u32, PaneCell)>,
}

/// A pane as it is written down, by groups.
#[derive(Debug, Serialize, Deserialize)]
struct Written<C> {
    cells: Vec<(u32, C)>,
}

/// The panes of the windows with one step.
#[derive(Debug)]
struct Tier {
    step: i64,
    /// The beginning of the first pane.
    first: Timestamp,
    panes: VecDeque<Pane>,
    /// Cells of panes that are gone, emptied, for their memory.
    spare: Vec<PaneCell>,
    /// The lanes of its windows, shortest first.
    lanes: Vec<usize>,
}

/// The panes of each tier, as they were read.
#[derive(Debug, Deserialize)]
pub struct Remembered(Vec<VecDeque<Written<PaneCell>>>);

/// The windows of a standard with what lies in them.
#[derive(Debug)]
pub struct Panes {
    current: Current,
    tiers: Vec<Tier>,
}

impl Panes {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(windows: &[Window], zones: &Zones) -> Panes {
        let mut rolling: Vec<(i64, usize)> = windows
            .iter()
            .enumerate()
            .filter_map(|(lane, window)| if let Window::Rolling(length) = window { Some((*length, lane)) } else { None })
            .collect();
        rolling.sort_unstable();
        let mut tiers: Vec<Tier> = Vec::new();
        for (length, lane) in rolling {
            let step = Window::step(length);
            match tiers.last_mut() {
                Some(tier) if tier.step == step => tier.lanes.push(lane),
                _ => tiers.push(Tier { step, first: Timestamp(i64::MIN), panes: VecDeque::new(), spare: Vec::new(), lanes: vec![lane] }),
            }
        }
        Panes { current: Current::new(windows, zones), tiers }
    }

    /// The panes, to be written down: all else follows from the standard and the time reached.
    pub fn memory<'p>(&'p self, leaves: &'p Leaves) -> impl Serialize + 'p {
        let written = |pane: &'p Pane| {
            let cells = pane.cells.iter().map(|(leaf, cell)| (leaves.all()[*leaf as usize].first(), cell));
            Written { cells: cells.collect() }
        };
        self.tiers.iter().map(|tier| tier.panes.iter().map(written).collect()).collect::<Vec<Vec<_>>>()
    }

    /// These panes at the time reached, `now`; no time is reached yet before.
    ///
    /// # Errors
    /// What is wrong with them, if they are none of this standard's or of a time to come.
    pub fn remembered(mut self, panes: Remembered, now: Timestamp, leaves: &Leaves, plan: &Plan) -> Result<Panes, &'static str> {
        if panes.0.len() != self.tiers.len() {
            return Err("there are panes of other windows");
        }
        if now == Timestamp(i64::MIN) {
            // Nothing has been reached, so no window has begun.
            return if panes.0.iter().all(VecDeque::is_empty) { Ok(self) } else { Err("a pane is of a time to come") };
        }
        self.current.advance(now);
        for (tier, panes) in self.tiers.iter_mut().zip(panes.0) {
            tier.first = tier.lanes.last().map_or(now, |longest| self.current.begins(0)[*longest]);
            if panes.len() as i64 > now.since(tier.first).div_euclid(tier.step) + 1 {
                return Err("a pane is of a time to come");
            }
            tier.panes = panes.into_iter().map(|pane| Pane::remembered(pane, leaves, plan)).collect::<Result<_, _>>()?;
        }
        Ok(self)
    }

    /// Moves the windows so that they end at `now`, and takes out of `cells` what leaves them. The core never goes back.
    pub(super) fn advance(&mut self, now: Timestamp, cells: &mut [Cell], leaves: &Leaves, plan: &Plan) {
        let before = *self.current.begins(0);
        for (zone, lane) in self.current.advance(now) {
            let own = cells.iter_mut().zip(leaves.all()).filter(|(_, leaf)| leaf.zone() == zone);
            own.for_each(|(cell, _)| cell.clear(lane, plan));
        }
        // Rolling windows are the same in every zone.
        let after = self.current.begins(0);
        if before == *after {
            return;
        }
        for number in 0..self.tiers.len() {
            let (tiers, coarser) = self.tiers.split_at_mut(number + 1);
            tiers[number].advance(&before, after, cells, coarser.first_mut(), plan);
        }
    }

    /// The first millisecond of each window in a time zone of the standard.
    #[must_use]
    pub fn begins(&self, zone: usize) -> &[Timestamp; WINDOWS] {
        self.current.begins(zone)
    }

    /// From when on there are panes; none without a rolling window.
    #[must_use]
    pub fn covered(&self) -> Option<Timestamp> {
        let longest = self.tiers.last()?.lanes.last()?;
        Some(self.current.begins(0)[*longest])
    }

    /// Shows what happened in each pane and leaf, with the beginning of the pane.
    pub fn each(&self, mut visit: impl FnMut(Timestamp, u32, &PaneCell)) {
        for tier in &self.tiers {
            for (place, pane) in (0..).zip(&tier.panes) {
                let begin = tier.first.plus(place * tier.step);
                pane.cells.iter().for_each(|(leaf, cell)| visit(begin, *leaf, cell));
            }
        }
    }

    /// The windows at the time reached.
    #[must_use]
    pub fn current(&self) -> &Current {
        &self.current
    }

    /// The cell of a leaf for the pane in which `time` lies; none if it lies before every rolling window.
    pub fn cell(&mut self, time: Timestamp, leaf: u32, plan: &Plan) -> Option<&mut PaneCell> {
        let begins = self.current.begins(0);
        let tier = self.tiers.iter_mut().find(|tier| tier.lanes.iter().any(|lane| time >= begins[*lane]))?;
        tier.cell(time, leaf, plan)
    }
}

impl Pane {
    /// A pane that was read.
    fn remembered(Written { cells }: Written<PaneCell>, leaves: &Leaves, plan: &Plan) -> Result<Pane, &'static str> {
        let mut pane = Pane::default();
        let mut known = vec![false; leaves.groups()];
        for (group, cell) in cells {
            match known.get_mut(group as usize) {
                None => return Err("a pane is of a group that there is not"),
                Some(known) if !*known && cell.is_sound(plan) => *known = true,
                Some(_) => return Err("a pane is none of this standard's"),
            }
            match pane.cell(leaves.of(group), || PaneCell::new(plan)) {
                own if own.is_empty() => *own = cell,
                own => own.merge(&cell),
            }
        }
        Ok(pane)
    }

    /// The cell of a leaf.
    #[inline]
    fn cell(&mut self, leaf: u32, new: impl FnOnce() -> PaneCell) -> &mut PaneCell {
        let place = leaf as usize;
        if place >= self.places.len() {
            self.places.resize(place + 1, 0);
        }
        if self.places[place] == 0 {
            self.cells.push((leaf, new()));
            self.places[place] = self.cells.len() as u32;
        }
        &mut self.cells[self.places[place] as usize - 1].1
    }
}

impl Tier {
    fn advance(
        &mut self,
        before: &[Timestamp; WINDOWS],
        after: &[Timestamp; WINDOWS],
        cells: &mut [Cell],
        mut coarser: Option<&mut Tier>,
        plan: &Plan,
    ) {
        let Some(&longest) = self.lanes.last() else { return };
        for &lane in &self.lanes {
            let mut begin = self.first;
            for pane in &self.panes {
                if begin >= after[lane] {
                    break;
                }
                if begin >= before[lane] {
                    for (leaf, cell) in &pane.cells {
                        cells[*leaf as usize].subtract(cell, lane, plan);
                    }
                }
                begin = begin.plus(self.step);
            }
        }
        while self.first < after[longest] && !self.panes.is_empty() {
            for (leaf, mut cell) in self.panes.pop_front().into_iter().flat_map(|pane| pane.cells) {
                if let Some(sum) = coarser.as_mut().and_then(|coarser| coarser.cell(self.first, leaf, plan)) {
                    sum.merge(&cell);
                }
                // A new pane needs no more than one for each leaf.
                if self.spare.len() < cells.len() {
                    cell.clear();
                    self.spare.push(cell);
                }
            }
            self.first = self.first.plus(self.step);
        }
        if self.panes.is_empty() {
            self.first = after[longest];
        }
    }

    /// The cell of a leaf in the pane of `time`, which must not lie before the first pane.
    #[inline]
    fn cell(&mut self, time: Timestamp, leaf: u32, plan: &Plan) -> Option<&mut PaneCell> {
        let place = usize::try_from(time.since(self.first).div_euclid(self.step)).ok()?;
        if place >= self.panes.len() {
            self.panes.resize_with(place + 1, Pane::default);
        }
        Some(self.panes[place].cell(leaf, || self.spare.pop().unwrap_or_else(|| PaneCell::new(plan))))
    }
}
