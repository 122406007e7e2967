//! Maximum durations of all rollup groups and windows.
//!
//! Histograms know a maximum only up to the width of a bucket. So the largest durations are kept
//! beside them, exact to the millisecond. Durations of remembered cases can be withdrawn. If the
//! next largest is not known then, it is read again from the cases. Durations of forgotten cases
//! stay for as long as a window covers them.
//!
//! A snapshot stores only the durations of forgotten cases. The others are read from the cases.

mod largest_durations;
mod monotonic_stack;

use self::largest_durations::LargestDurations;
pub use self::largest_durations::WindowMaxima;
use super::cell::{Cell, CellPlan};
use super::histogram::{HistogramTotals, bucket_upper_bound};
use super::rollup_group::RollupGroups;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{LANES_PER_BANK, MAX_WINDOWS};
use crate::domain::time::window_bounds::WindowBounds;
use serde::{Deserialize, Serialize};

/// Largest durations of all rollup groups.
#[derive(Debug)]
pub struct DurationMaxima {
    /// Index among the sets with a maximum, by duration set. `None` for other sets.
    places: Vec<Option<u16>>,
    /// Number of duration sets with a maximum.
    set_count: usize,
    /// Largest durations by rollup group, and by set within a group.
    largest: Vec<LargestDurations>,
    /// True if durations of remembered cases may have to be read again.
    has_withdrawn: bool,
}

/// Change of a duration in a rollup group.
#[derive(Clone, Copy, Debug)]
pub struct DurationChange {
    /// Number of the rollup group.
    pub rollup_group: u32,
    /// Number of the time zone of the group's cases.
    pub zone: usize,
    /// Duration set.
    pub duration_set: u16,
    /// Time of the fact.
    pub time: Timestamp,
    /// Duration in milliseconds.
    pub millis: i64,
}

/// Snapshot form of the forgotten and lost durations of a set in a group.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredMaxima {
    /// Case group under which the rollup group is stored.
    group: u32,
    duration_set: u16,
    forgotten: Vec<(Timestamp, i64)>,
    lost: Vec<(Timestamp, i64)>,
}

/// Sets whose durations are being read again from the remembered cases.
#[derive(Debug)]
pub struct MaximaReread(Vec<bool>);

impl DurationMaxima {
    /// Creates the maxima without rollup groups.
    #[must_use]
    pub fn new(plan: &CellPlan) -> DurationMaxima {
        let mut set_count = 0;
        let mut next_place = |has_maximum: &bool| {
            has_maximum.then(|| {
                set_count += 1;
                set_count - 1
            })
        };
        let places = plan.sets_with_maximum().iter().map(&mut next_place).collect();
        DurationMaxima {
            places,
            set_count: usize::from(set_count),
            largest: Vec::new(),
            has_withdrawn: false,
        }
    }

    /// Adds a rollup group.
    pub fn add_rollup_group(&mut self) {
        self.largest.resize_with(self.largest.len() + self.set_count, LargestDurations::default);
    }

    #[inline]
    fn place(&self, rollup_group: u32, duration_set: u16) -> Option<usize> {
        let place = (*self.places.get(usize::from(duration_set))?)?;
        Some(rollup_group as usize * self.set_count + usize::from(place))
    }

    /// Adds a duration of a remembered case.
    #[inline]
    pub fn add(&mut self, change: &DurationChange, bounds: &WindowBounds) {
        if let Some(place) = self.place(change.rollup_group, change.duration_set) {
            self.largest[place]
                .add(change.time, change.millis, |time| bounds.pane_start(time, change.zone));
        }
    }

    /// Withdraws a duration of a remembered case.
    pub fn withdraw(&mut self, change: &DurationChange, bounds: &WindowBounds) {
        if let Some(place) = self.place(change.rollup_group, change.duration_set) {
            self.has_withdrawn |=
                self.largest[place].withdraw(change.time, change.millis, |time| {
                    bounds.pane_start(time, change.zone)
                });
        }
    }

    /// Marks a duration as that of a forgotten case.
    pub fn forget(&mut self, change: &DurationChange, bounds: &WindowBounds) {
        if let Some(place) = self.place(change.rollup_group, change.duration_set) {
            self.has_withdrawn |= self.largest[place]
                .forget(change.time, change.millis, |time| bounds.pane_start(time, change.zone));
        }
    }

    /// Returns the maxima of a duration set in a rollup group with these window starts. Returns
    /// `None` without durations, and for a set whose maximum no reading shows.
    #[must_use]
    pub fn by_window(
        &self,
        rollup_group: u32,
        duration_set: usize,
        starts: &[Timestamp; MAX_WINDOWS],
    ) -> Option<WindowMaxima> {
        let place = self.place(rollup_group, u16::try_from(duration_set).ok()?)?;
        Some(&self.largest[place]).filter(|set| !set.is_empty()).map(|set| set.by_window(starts))
    }

    /// Begins to read maxima again from the remembered cases. Returns `None` if all maxima that
    /// these cases can give are known.
    pub fn begin_reread(
        &mut self,
        rollup_groups: &RollupGroups,
        bounds: &WindowBounds,
    ) -> Option<MaximaReread> {
        if !self.has_withdrawn || self.set_count == 0 {
            return None;
        }
        let groups = rollup_groups.all().iter().zip(self.largest.chunks(self.set_count));
        let is_needed = groups.into_iter().any(|(group, sets)| {
            let starts = bounds.window_starts(group.zone_number());
            sets.iter().any(|set| set.needs_reread(starts))
        });
        if !is_needed {
            return None;
        }
        // The cases are read only once, so all sets with a withdrawn duration are renewed.
        let renew = |set: &mut LargestDurations| {
            let renewed = set.has_withdrawn();
            if renewed {
                set.clear_remembered();
            }
            renewed
        };
        self.has_withdrawn = false;
        Some(MaximaReread(self.largest.iter_mut().map(renew).collect()))
    }

    /// Adds a duration that was read again.
    pub fn add_reread(
        &mut self,
        reread: &MaximaReread,
        change: &DurationChange,
        bounds: &WindowBounds,
    ) {
        let place = self.place(change.rollup_group, change.duration_set);
        if place.is_some_and(|place| reread.0.get(place).is_some_and(|renewed| *renewed)) {
            self.add(change, bounds);
        }
    }

    /// Returns the snapshot form. It does not depend on the boards computed so far.
    #[must_use]
    pub fn to_snapshot(
        &self,
        rollup_groups: &RollupGroups,
        bounds: &WindowBounds,
    ) -> Vec<StoredMaxima> {
        let groups = rollup_groups.all().iter().zip(self.largest.chunks(self.set_count.max(1)));
        let stored = groups.flat_map(|(group, sets)| {
            let with_maximum = (0..).zip(&self.places).filter(|(_, place)| place.is_some());
            with_maximum.zip(sets).map(|((duration_set, _), set)| {
                let zone = group.zone_number();
                let [forgotten, lost] = set.stored_durations(|time| bounds.pane_start(time, zone));
                StoredMaxima { group: group.first_group(), duration_set, forgotten, lost }
            })
        });
        stored.filter(|stored| !stored.forgotten.is_empty() || !stored.lost.is_empty()).collect()
    }

    /// Adds the decoded snapshot form at `now`. The durations of the remembered cases are read with
    /// the next board.
    ///
    /// # Errors
    /// Returns a message if a group or duration set is unknown or a time is after `now`.
    pub fn restore_snapshot(
        &mut self,
        stored: &[StoredMaxima],
        now: Timestamp,
        rollup_groups: &RollupGroups,
    ) -> Result<(), &'static str> {
        for StoredMaxima { group, duration_set, forgotten, lost } in stored {
            if *group as usize >= rollup_groups.group_count() {
                return Err("a maximum refers to an unknown group");
            }
            if forgotten.iter().chain(lost).any(|(time, _)| *time > now) {
                return Err("a maximum is after the snapshot's time");
            }
            let place = self
                .place(rollup_groups.rollup_of_group(*group), *duration_set)
                .ok_or("a maximum does not match the standard")?;
            self.largest[place].restore_durations(forgotten, lost);
        }
        self.largest.iter_mut().for_each(|set| set.mark_unread(now));
        self.has_withdrawn = !self.largest.is_empty();
        Ok(())
    }

    /// Adds upper bounds for the durations that `cells` counted and the remembered cases do not
    /// have. `remembered_cells` must hold only the durations of the remembered cases.
    pub fn add_lost_durations(
        &mut self,
        (cells, remembered_cells): (&[Cell], &[Cell]),
        now: Timestamp,
        (rollup_groups, bounds): (&RollupGroups, &WindowBounds),
        banks: usize,
    ) {
        for (number, group) in (0..).zip(rollup_groups.all()) {
            let starts = bounds.window_starts(group.zone_number());
            let mut lanes: Vec<usize> =
                (0..MAX_WINDOWS).filter(|lane| starts[*lane] <= now).collect();
            lanes.sort_by_key(|lane| std::cmp::Reverse(starts[*lane]));
            for duration_set in 0..self.places.len() {
                let Some(place) = self.place(number, duration_set as u16) else { continue };
                let totals = |cells: &[Cell]| {
                    let all = duration_set * banks..(duration_set + 1) * banks;
                    let durations = &cells[number as usize].durations[all];
                    let totals = durations.iter().map(|lanes| {
                        let mut totals = HistogramTotals::default();
                        totals.add_histogram(&lanes.histogram);
                        totals.finish_totals();
                        totals
                    });
                    totals.collect::<Vec<HistogramTotals>>()
                };
                let (counted, known) = (totals(cells), totals(remembered_cells));
                // A duration that only the longer window counts is before the shorter one.
                let mut latest = now;
                for &lane in &lanes {
                    let (bank, in_bank) = (lane / LANES_PER_BANK, lane % LANES_PER_BANK);
                    if let Some(bucket) = counted[bank].highest_excess(&known[bank], in_bank) {
                        self.largest[place].add_lost(latest, bucket_upper_bound(bucket));
                    }
                    latest = starts[lane].plus_millis(-1);
                }
            }
        }
    }
}
