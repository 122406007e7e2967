//! Largest durations of one duration set in one rollup group.

use super::monotonic_stack::MonotonicStack;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::MAX_WINDOWS;

/// Number of latest durations that are kept singly. Corrections mostly concern recent cases, so
/// most withdrawn durations are among them.
const RECENT_MAX: usize = 32;

/// Largest durations of one duration set in one rollup group.
#[derive(Clone, Default, Debug)]
pub(super) struct LargestDurations {
    /// Latest durations of remembered cases, in the order of arrival.
    recent: Vec<(Timestamp, i64)>,
    /// Earlier durations of remembered cases.
    remembered: MonotonicStack,
    /// Durations of forgotten cases. They are never withdrawn.
    forgotten: MonotonicStack,
    /// Withdrawn durations. Smaller ones may have been left out because of them.
    withdrawn: MonotonicStack,
    /// Upper bounds of the durations of cases that were forgotten before maxima were kept.
    lost: MonotonicStack,
}

/// Maximum durations by window, in milliseconds. `i64::MIN` means that there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WindowMaxima {
    /// Largest known duration.
    known: [i64; MAX_WINDOWS],
    /// Upper bound of the durations that are not known singly.
    unknown: [i64; MAX_WINDOWS],
}

impl Default for WindowMaxima {
    fn default() -> WindowMaxima {
        WindowMaxima { known: [i64::MIN; MAX_WINDOWS], unknown: [i64::MIN; MAX_WINDOWS] }
    }
}

impl WindowMaxima {
    /// Takes the larger values of both, window by window.
    pub fn merge(&mut self, other: &WindowMaxima) {
        let larger = |all: &mut [i64; MAX_WINDOWS], others: &[i64; MAX_WINDOWS]| {
            all.iter_mut().zip(others).for_each(|(one, other)| *one = (*one).max(*other));
        };
        larger(&mut self.known, &other.known);
        larger(&mut self.unknown, &other.unknown);
    }

    /// Returns the maximum of a window, or `None` if only an upper bound is known.
    #[must_use]
    pub fn exact(&self, window: usize) -> Option<i64> {
        let known = self.known[window];
        (known != i64::MIN && known >= self.unknown[window]).then_some(known)
    }

    /// Returns an upper bound of a window's durations, or `None` without durations.
    #[must_use]
    pub fn upper_bound(&self, window: usize) -> Option<i64> {
        Some(self.known[window].max(self.unknown[window])).filter(|bound| *bound != i64::MIN)
    }
}

impl LargestDurations {
    /// Adds a duration of a remembered case.
    #[inline]
    pub(super) fn add(
        &mut self,
        time: Timestamp,
        millis: i64,
        pane_start: impl Fn(Timestamp) -> Option<Timestamp>,
    ) {
        self.recent.push((time, millis));
        if self.recent.len() >= RECENT_MAX {
            for (time, millis) in self.recent.drain(..RECENT_MAX / 2) {
                self.remembered.add(time, millis, &pane_start);
            }
        }
    }

    /// Withdraws a duration of a remembered case. Returns true if the largest remaining one may
    /// have to be read again from the cases.
    pub(super) fn withdraw(
        &mut self,
        time: Timestamp,
        millis: i64,
        pane_start: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> bool {
        if let Some(place) = self.recent.iter().rposition(|one| *one == (time, millis)) {
            self.recent.remove(place);
            return false;
        }
        let is_cover = self.remembered.remove(time, millis).is_some_and(|removed| removed.is_cover);
        if is_cover {
            self.withdrawn.add(time, millis, pane_start);
        }
        is_cover
    }

    /// Marks a duration as that of a forgotten case. Returns the same as
    /// [`LargestDurations::withdraw`].
    pub(super) fn forget(
        &mut self,
        time: Timestamp,
        millis: i64,
        pane_start: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> bool {
        self.forgotten.add(time, millis, &pane_start);
        self.withdraw(time, millis, pane_start)
    }

    /// Adds an upper bound of durations that are not known, at the latest possible time.
    pub(super) fn add_lost(&mut self, time: Timestamp, millis: i64) {
        self.lost.add(time, millis, Some);
    }

    /// Removes the durations of the remembered cases before they are read again.
    pub(super) fn clear_remembered(&mut self) {
        self.recent.clear();
        self.remembered.clear();
        self.withdrawn.clear();
    }

    /// Marks the durations of the remembered cases up to `now` as not yet read.
    pub(super) fn mark_unread(&mut self, now: Timestamp) {
        self.withdrawn.add(now, i64::MAX, Some);
    }

    /// Returns the durations of the forgotten cases and the upper bounds of the lost ones, for the
    /// snapshot. The result depends only on the durations, not on their order of arrival.
    pub(super) fn stored_durations(
        &self,
        pane_start: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> [Vec<(Timestamp, i64)>; 2] {
        [&self.forgotten, &self.lost].map(|stack| {
            let mut compacted = stack.clone();
            compacted.compact(&pane_start);
            compacted.entries().iter().map(|entry| (entry.time, entry.millis)).collect()
        })
    }

    /// Adds durations from a snapshot.
    pub(super) fn restore_durations(
        &mut self,
        forgotten: &[(Timestamp, i64)],
        lost: &[(Timestamp, i64)],
    ) {
        forgotten.iter().for_each(|(time, millis)| self.forgotten.add(*time, *millis, Some));
        lost.iter().for_each(|(time, millis)| self.lost.add(*time, *millis, Some));
    }

    /// Returns true if a withdrawn duration may have been the largest of a window.
    pub(super) fn has_withdrawn(&self) -> bool {
        !self.withdrawn.is_empty()
    }

    /// Returns true if reading the remembered cases again can change the maximum of a window.
    pub(super) fn needs_reread(&self, starts: &[Timestamp; MAX_WINDOWS]) -> bool {
        self.has_withdrawn() && {
            let maxima = self.by_window(starts);
            let known = starts.iter().zip(maxima.known);
            known.into_iter().any(|(start, known)| self.withdrawn.largest_since(*start) > known)
        }
    }

    /// Returns true if nothing was ever added.
    pub(super) fn is_empty(&self) -> bool {
        let LargestDurations { recent, remembered, forgotten, withdrawn, lost } = self;
        recent.is_empty() && [remembered, forgotten, withdrawn, lost].iter().all(|s| s.is_empty())
    }

    /// Returns the maxima of the windows with these starts.
    pub(super) fn by_window(&self, starts: &[Timestamp; MAX_WINDOWS]) -> WindowMaxima {
        let mut maxima = WindowMaxima::default();
        // Unused windows start at the end of time.
        let windows = starts.iter().enumerate().filter(|(_, start)| start.0 != i64::MAX);
        for (window, &start) in windows {
            let recent = self.recent.iter().filter(|(time, _)| *time >= start);
            maxima.known[window] = recent
                .map(|(_, millis)| *millis)
                .chain([&self.remembered, &self.forgotten].map(|stack| stack.largest_since(start)))
                .fold(i64::MIN, i64::max);
            maxima.unknown[window] =
                self.withdrawn.largest_since(start).max(self.lost.largest_since(start));
        }
        maxima
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Timestamp; MAX_WINDOWS] = [Timestamp(i64::MIN); MAX_WINDOWS];

    fn largest_of(count: i64) -> LargestDurations {
        let mut largest = LargestDurations::default();
        (0..count).for_each(|at| largest.add(Timestamp(at), 1_000 - at % 100, Some));
        largest
    }

    #[test]
    fn withdrawn_recent_maximum_leaves_the_next_one() {
        let mut largest = largest_of(1_000);
        largest.add(Timestamp(1_000), 5_000, Some);
        assert_eq!(largest.by_window(&ALL).exact(0), Some(5_000));
        assert!(!largest.withdraw(Timestamp(1_000), 5_000, Some));
        assert_eq!(largest.by_window(&ALL).exact(0), Some(1_000));
    }

    #[test]
    fn withdrawn_earlier_maximum_must_be_read_again() {
        let mut largest = largest_of(500);
        largest.add(Timestamp(500), 5_000, Some);
        (501..600).for_each(|at| largest.add(Timestamp(at), 7, Some));
        assert!(largest.withdraw(Timestamp(500), 5_000, Some));
        assert!(largest.needs_reread(&ALL));
        let maxima = largest.by_window(&ALL);
        assert_eq!((maxima.exact(0), maxima.upper_bound(0)), (None, Some(5_000)));
        // Windows that start after it are not affected.
        let later = [Timestamp(501); MAX_WINDOWS];
        assert_eq!(largest.by_window(&later).exact(0), Some(7));
        assert!(!largest.needs_reread(&later));
        // A later duration that is at least as long settles the question.
        (600..650).for_each(|at| largest.add(Timestamp(at), 5_000, Some));
        assert!(!largest.needs_reread(&ALL));
    }

    #[test]
    fn forgotten_durations_survive_rereading() {
        let mut largest = largest_of(500);
        largest.forget(Timestamp(0), 1_000, Some);
        largest.clear_remembered();
        assert_eq!(largest.by_window(&ALL).exact(0), Some(1_000));
        assert!(!largest.needs_reread(&ALL));
    }

    #[test]
    fn larger_lost_bound_makes_the_maximum_inexact() {
        let mut one = largest_of(10);
        one.add_lost(Timestamp(5), 1_001);
        let mut maxima = one.by_window(&ALL);
        assert_eq!((maxima.exact(0), maxima.upper_bound(0)), (None, Some(1_001)));
        assert!(!one.needs_reread(&ALL));
        let mut other = LargestDurations::default();
        other.add(Timestamp(3), 2_000, Some);
        maxima.merge(&other.by_window(&ALL));
        assert_eq!(maxima.exact(0), Some(2_000), "another group has a larger duration");
    }
}
