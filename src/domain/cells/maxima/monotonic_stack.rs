//! Monotonic stack of durations: the largest duration since any window start.
//!
//! Every window reaches up to now. So a duration that a later one equals or exceeds is never the
//! largest, and the stack leaves it out. The durations that remain descend from the oldest to the
//! newest.

use crate::domain::time::timestamp::Timestamp;

/// Number of entries at which a stack is compacted for the first time.
const COMPACT_AT: usize = 64;

/// Duration of a fact, and whether others were left out because of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// Time of the fact.
    pub(super) time: Timestamp,
    /// Duration in milliseconds.
    pub(super) millis: i64,
    /// True if a duration was left out that no later entry equals or exceeds.
    pub(super) is_cover: bool,
}

/// Durations that no later one equals or exceeds, oldest first.
#[derive(Clone, Debug)]
pub(super) struct MonotonicStack {
    entries: Vec<Entry>,
    /// Number of entries at which the stack is compacted.
    compact_at: usize,
}

impl Default for MonotonicStack {
    fn default() -> MonotonicStack {
        MonotonicStack { entries: Vec::new(), compact_at: COMPACT_AT }
    }
}

impl MonotonicStack {
    /// Returns the entries, oldest first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns true without entries.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all entries.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Adds a duration. `pane_start` is as for [`MonotonicStack::compact`].
    #[inline]
    pub(super) fn add(
        &mut self,
        time: Timestamp,
        millis: i64,
        pane_start: impl Fn(Timestamp) -> Option<Timestamp>,
    ) {
        if self.entries.last().is_some_and(|newest| newest.time >= time) {
            return self.add_late(time, millis, pane_start);
        }
        let mut is_cover = false;
        while self.entries.last().is_some_and(|newest| newest.millis <= millis) {
            self.entries.pop();
            is_cover = true;
        }
        self.entries.push(Entry { time, millis, is_cover });
        if self.entries.len() >= self.compact_at {
            self.compact(pane_start);
        }
    }

    /// Adds a duration that is not later than all others.
    fn add_late(
        &mut self,
        time: Timestamp,
        millis: i64,
        pane_start: impl Fn(Timestamp) -> Option<Timestamp>,
    ) {
        // Facts arrive nearly in the order of time, so the place is close to the end.
        let later = self.entries.iter().rev().take_while(|entry| entry.time >= time).count();
        let end = self.entries.len() - later;
        // The first later entry has the largest duration of them.
        if let Some(cover) = self.entries.get_mut(end)
            && cover.millis >= millis
        {
            cover.is_cover = true;
            return;
        }
        // An entry of the same time has a smaller duration, so it is left out too.
        let end = end + usize::from(self.entries.get(end).is_some_and(|same| same.time == time));
        let kept = &self.entries[..end];
        let exceeded = kept.iter().rev().take_while(|entry| entry.millis <= millis).count();
        self.entries.splice(end - exceeded..end, [Entry { time, millis, is_cover: exceeded > 0 }]);
        if self.entries.len() >= self.compact_at {
            self.compact(pane_start);
        }
    }

    /// Removes and returns the entry of a duration. Returns `None` if the stack left it out.
    pub(super) fn remove(&mut self, time: Timestamp, millis: i64) -> Option<Entry> {
        let place = self.entries.partition_point(|entry| entry.time < time);
        let entry = self.entries.get(place)?;
        (entry.time == time && entry.millis == millis).then(|| self.entries.remove(place))
    }

    /// Leaves out durations that no window can tell from a larger one.
    ///
    /// `pane_start` returns the same time for two times that each window covers both or not at all,
    /// now and in future. It returns `None` for a time before all windows.
    pub(super) fn compact(&mut self, pane_start: impl Fn(Timestamp) -> Option<Timestamp>) {
        let mut compacted: Vec<(Timestamp, Entry)> = Vec::new();
        for entry in &self.entries {
            let Some(pane) = pane_start(entry.time) else { continue };
            match compacted.last_mut() {
                // The first entry of a pane has its largest duration.
                Some((last_pane, cover)) if *last_pane == pane => cover.is_cover = true,
                _ => compacted.push((pane, *entry)),
            }
        }
        self.entries.clear();
        self.entries.extend(compacted.into_iter().map(|(_, entry)| entry));
        self.compact_at = COMPACT_AT.max(2 * self.entries.len());
    }

    /// Returns the largest duration of the facts at or after `start`, or `i64::MIN` without one.
    #[inline]
    pub(super) fn largest_since(&self, start: Timestamp) -> i64 {
        let place = self.entries.partition_point(|entry| entry.time < start);
        self.entries.get(place).map_or(i64::MIN, |entry| entry.millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::MINUTE;
    use std::num::Wrapping;

    fn minute_of(time: Timestamp) -> Option<Timestamp> {
        Some(Timestamp(time.0.div_euclid(MINUTE) * MINUTE))
    }

    #[test]
    fn agrees_with_all_durations_for_any_order() {
        let mut random = Wrapping(7_u64);
        let mut next = |below: u64| {
            random = random * Wrapping(6_364_136_223_846_793_005) + Wrapping(1);
            ((random.0 >> 33) % below) as i64
        };
        for spread in [1, 10, 1_000] {
            let mut stack = MonotonicStack::default();
            let mut all = Vec::new();
            for number in 0..2_000 {
                let (time, millis) = (Timestamp(number * 10 - next(spread) * 9), next(500));
                stack.add(time, millis, Some);
                all.push((time, millis));
            }
            for start in (0..20_000).step_by(37).map(Timestamp) {
                let since = all.iter().filter(|(time, _)| *time >= start);
                let largest = since.map(|(_, millis)| *millis).max().unwrap_or(i64::MIN);
                assert_eq!(stack.largest_since(start), largest, "since {start:?}");
            }
        }
    }

    #[test]
    fn steadily_shorter_durations_take_one_entry_per_pane() {
        let mut stack = MonotonicStack::default();
        for second in 0..36_000 {
            stack.add(Timestamp(second * 1_000), 36_000 - second, minute_of);
        }
        assert!(stack.entries().len() < 2 * 600, "{} entries", stack.entries().len());
        assert_eq!(stack.largest_since(Timestamp(MINUTE)), 36_000 - 60);
    }

    #[test]
    fn only_entries_that_replace_others_are_covers() {
        let mut stack = MonotonicStack::default();
        stack.add(Timestamp(1), 50, Some);
        stack.add(Timestamp(2), 30, Some);
        assert_eq!(stack.remove(Timestamp(2), 30).map(|entry| entry.is_cover), Some(false));
        stack.add(Timestamp(3), 70, Some);
        assert_eq!(stack.remove(Timestamp(1), 50), None, "a later duration exceeds it");
        assert_eq!(stack.remove(Timestamp(3), 70).map(|entry| entry.is_cover), Some(true));
    }
}
