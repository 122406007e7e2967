//! Panes: what happened in each stretch of time, so that it can be taken out of a rolling window when it leaves.
//!
//! Windows with the same step share a *tier* of panes. A pane that has left the longest window of its tier is poured into
//! the coarser pane of the next; one that has left them all is dropped. So memory is bounded by the windows declared, not
//! by traffic: at most a few hundred panes, each with a cell for every group that had facts in it.

use super::cell::{Cell, PaneCell, Plan};
use super::cells::Member;
use super::current::Current;
use super::time::Timestamp;
use super::window::{WINDOWS, Window};
use super::zones::Zones;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One stretch of time.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pane {
    /// For each group, the place of its cell plus one; 0 if it had no facts.
    #[serde(skip)]
    places: Vec<u32>,
    cells: Vec<(u32, PaneCell)>,
}

/// The panes of the windows with one step.
#[derive(Debug)]
struct Tier {
    step: i64,
    /// The beginning of the first pane.
    first: Timestamp,
    panes: VecDeque<Pane>,
    /// The lanes of its windows, shortest first.
    lanes: Vec<usize>,
}

/// The panes of each tier, as they were read.
#[derive(Debug, Deserialize)]
pub struct Remembered(Vec<VecDeque<Pane>>);

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
                _ => tiers.push(Tier { step, first: Timestamp(i64::MIN), panes: VecDeque::new(), lanes: vec![lane] }),
            }
        }
        Panes { current: Current::new(windows, zones), tiers }
    }

    /// The panes, to be written down: all else follows from the standard and the time reached.
    pub fn memory(&self) -> impl Serialize + '_ {
        self.tiers.iter().map(|tier| &tier.panes).collect::<Vec<_>>()
    }

    /// These panes at the time reached, `now`; no time is reached yet before.
    ///
    /// # Errors
    /// What is wrong with them, if they are none of this standard's or of a time to come.
    pub fn remembered(mut self, panes: Remembered, now: Timestamp, groups: usize, plan: &Plan) -> Result<Panes, &'static str> {
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
            tier.panes = panes;
            if tier.panes.len() as i64 > now.since(tier.first).div_euclid(tier.step) + 1 {
                return Err("a pane is of a time to come");
            }
            for pane in &mut tier.panes {
                pane.find(groups, plan)?;
            }
        }
        Ok(self)
    }

    /// Moves the windows so that they end at `now`, and takes out of `cells` what leaves them. The core never goes back.
    pub(super) fn advance(&mut self, now: Timestamp, cells: &mut [Cell], members: &[Member], plan: &Plan) {
        let before = *self.current.begins(0);
        for (zone, lane) in self.current.advance(now) {
            let own = cells.iter_mut().zip(members).filter(|(_, member)| usize::from(member.group.zone) == zone);
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

    /// Shows what happened in each pane and group, with the beginning of the pane.
    pub fn each(&self, mut visit: impl FnMut(Timestamp, u32, &PaneCell)) {
        for tier in &self.tiers {
            for (place, pane) in (0..).zip(&tier.panes) {
                let begin = tier.first.plus(place * tier.step);
                pane.cells.iter().for_each(|(group, cell)| visit(begin, *group, cell));
            }
        }
    }

    /// The windows at the time reached.
    #[must_use]
    pub fn current(&self) -> &Current {
        &self.current
    }

    /// The cell of a group for the pane in which `time` lies; none if it lies before every rolling window.
    pub fn cell(&mut self, time: Timestamp, group: u32, plan: &Plan) -> Option<&mut PaneCell> {
        let begins = self.current.begins(0);
        let tier = self.tiers.iter_mut().find(|tier| tier.lanes.iter().any(|lane| time >= begins[*lane]))?;
        tier.cell(time, group, plan)
    }
}

impl Pane {
    /// Finds the cells of a pane that was read by their groups.
    fn find(&mut self, groups: usize, plan: &Plan) -> Result<(), &'static str> {
        let most = self.cells.iter().map(|(group, _)| *group as usize + 1).max().unwrap_or(0);
        if most > groups {
            return Err("a pane is of a group that there is not");
        }
        self.places = vec![0; most];
        for (place, (group, cell)) in (1..).zip(&self.cells) {
            let known = std::mem::replace(&mut self.places[*group as usize], place);
            if known != 0 || !cell.is_sound(plan) {
                return Err("a pane is none of this standard's");
            }
        }
        Ok(())
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
                    for (group, cell) in &pane.cells {
                        cells[*group as usize].subtract(cell, lane, plan);
                    }
                }
                begin = begin.plus(self.step);
            }
        }
        while self.first < after[longest] && !self.panes.is_empty() {
            if let (Some(pane), Some(coarser)) = (self.panes.pop_front(), &mut coarser) {
                for (group, cell) in &pane.cells {
                    if let Some(sum) = coarser.cell(self.first, *group, plan) {
                        sum.merge(cell);
                    }
                }
            }
            self.first = self.first.plus(self.step);
        }
        if self.panes.is_empty() {
            self.first = after[longest];
        }
    }

    /// The cell of a group in the pane of `time`, which must not lie before the first pane.
    fn cell(&mut self, time: Timestamp, group: u32, plan: &Plan) -> Option<&mut PaneCell> {
        let place = usize::try_from(time.since(self.first).div_euclid(self.step)).ok()?;
        if place >= self.panes.len() {
            self.panes.resize_with(place + 1, Pane::default);
        }
        let pane = &mut self.panes[place];
        let group_place = group as usize;
        if group_place >= pane.places.len() {
            pane.places.resize(group_place + 1, 0);
        }
        if pane.places[group_place] == 0 {
            pane.cells.push((group, PaneCell::new(plan)));
            pane.places[group_place] = pane.cells.len() as u32;
        }
        Some(&mut pane.cells[pane.places[group_place] as usize - 1].1)
    }
}
