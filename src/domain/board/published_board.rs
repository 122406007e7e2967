//! Published boards, each with its revision and the changes since earlier revisions.
//!
//! Every reading stores the revision at which it last changed. So the changes since *any* earlier
//! revision take one pass over the readings. Nothing is queued for a slow client, and a client that
//! reconnects receives all changes that it missed.
//!
//! If the service counts the window `all` only for Prometheus counters, its readings are stored
//! here separately and appear on no board.

use super::reading::{Board, DurationDistribution, Level, Reading, ReadingComponents, ReadingKey};
use crate::domain::standard::Standard;
use crate::domain::time::window::Window;
use std::sync::Arc;

/// Maximum number of removed readings to remember. A client that missed older ones gets the whole
/// board.
pub const REMOVED_READINGS_MAX: usize = 10_000;

/// Published board with its revision history.
#[derive(Clone, Debug)]
pub struct PublishedBoard {
    /// Identifier of the service run and standard within which revisions are comparable.
    pub epoch: Arc<str>,
    /// Declared standard. The board's own standard may have one window more.
    pub standard: Arc<Standard>,
    /// Board with its readings.
    pub board: Arc<Board>,
    /// Time in ms by which the wall clock is ahead of the board's time. 0 while the clock is
    /// trusted.
    pub clock_offset_ms: i64,
    /// Totals since the start for each ratio and scope. They never decrease.
    pub totals: Vec<RatioTotal>,
    /// Distributions since the start for each duration indicator and scope. No count ever
    /// decreases.
    pub spreads: Vec<DurationDistribution>,
    /// Revision of the last change of each reading.
    changed_at: Vec<u64>,
    /// Removed readings with the revision of their removal, oldest first.
    removed: Vec<(u64, ReadingKey)>,
    /// Revision from which `removed` is complete.
    removed_complete_from: u64,
}

/// Counter of a ratio since the service started.
///
/// Corrections may withdraw facts. Prometheus would take a falling counter for a restart and add
/// the whole count again. So the counter does not decrease, and resumes once the count exceeds it.
#[derive(Clone, Debug)]
pub struct RatioTotal {
    /// Key of the ratio's reading over the window `all`.
    pub key: ReadingKey,
    /// Numerator.
    pub good: i64,
    /// Denominator.
    pub of: i64,
}

impl PublishedBoard {
    /// Creates the first published board of a run. If `hidden`, the standard's last window only
    /// feeds the totals.
    #[must_use]
    pub fn first_of_run(
        epoch: Arc<str>,
        standard: Arc<Standard>,
        mut board: Board,
        hidden: bool,
        revision: u64,
    ) -> PublishedBoard {
        let totals = extract_totals(&mut board, hidden);
        let spreads = std::mem::take(&mut board.distributions);
        board.revision = revision;
        let changed_at = vec![revision; board.readings.len()];
        PublishedBoard {
            epoch,
            standard,
            board: Arc::new(board),
            clock_offset_ms: 0,
            totals,
            spreads,
            changed_at,
            removed: Vec::new(),
            removed_complete_from: revision,
        }
    }

    /// Returns the next published board. Its revision is higher if a reading was changed, added or
    /// removed.
    #[must_use]
    pub fn next_revision(&self, mut board: Board, hidden: bool) -> PublishedBoard {
        let mut totals = extract_totals(&mut board, hidden);
        keep_monotonic(&self.totals, &mut totals, |total| &total.key, raise_total);
        let mut spreads = std::mem::take(&mut board.distributions);
        keep_monotonic(&self.spreads, &mut spreads, |distribution| &distribution.key, raise_spread);
        let revision = self.board.revision + 1;
        let mut changed_at = Vec::with_capacity(board.readings.len());
        let mut removed = self.removed.clone();
        let mut old = self.board.readings.iter().zip(&self.changed_at).peekable();
        for reading in &board.readings {
            while let Some((missing, _)) = old.next_if(|(old, _)| old.key < reading.key) {
                removed.push((revision, missing.key.clone()));
            }
            changed_at.push(match old.next_if(|(old, _)| old.key == reading.key) {
                Some((same, since)) if same == reading => *since,
                _ => revision,
            });
        }
        removed.extend(old.map(|(missing, _)| (revision, missing.key.clone())));
        let has_changes = changed_at.contains(&revision) || removed.len() > self.removed.len();
        if changed_at.contains(&revision) {
            removed.retain(|(_, key)| find_reading(&board, key).is_none());
        }
        let excess = removed.len().saturating_sub(REMOVED_READINGS_MAX);
        let removed_complete_from = removed
            .drain(..excess)
            .next_back()
            .map_or(self.removed_complete_from, |(revision, _)| revision);
        board.revision = if has_changes { revision } else { self.board.revision };
        let (epoch, standard) = (self.epoch.clone(), self.standard.clone());
        PublishedBoard {
            epoch,
            standard,
            board: Arc::new(board),
            clock_offset_ms: 0,
            totals,
            spreads,
            changed_at,
            removed,
            removed_complete_from,
        }
    }

    /// Returns true if a level differs from this published board. `levels` holds all readings that
    /// may have a level now. If `hidden`, the window `all` is ignored.
    #[must_use]
    pub fn has_level_change(&self, levels: &Board, hidden: bool) -> bool {
        let all = totals_window(levels).filter(|_| hidden);
        let mut old = self.board.readings.iter().peekable();
        let mut visible =
            levels.readings.iter().filter(|reading| all.is_none() || reading.key.window != all);
        visible.any(|reading| {
            while old.next_if(|old| old.key < reading.key).is_some() {}
            old.next_if(|old| old.key == reading.key).map_or(Level::None, |old| old.level)
                != reading.level
        })
    }

    /// Returns true if the changes since `revision` of this run are known.
    #[must_use]
    pub fn can_list_changes_since(&self, revision: u64) -> bool {
        (self.removed_complete_from..=self.board.revision).contains(&revision)
    }

    /// Iterates over the readings that changed after `revision`.
    pub fn changed_since(&self, revision: u64) -> impl Iterator<Item = &Reading> {
        self.board
            .readings
            .iter()
            .zip(&self.changed_at)
            .filter(move |(_, changed_at)| **changed_at > revision)
            .map(|(reading, _)| reading)
    }

    /// Iterates over the keys of the readings removed after `revision`.
    pub fn removed_since(&self, revision: u64) -> impl Iterator<Item = &ReadingKey> {
        self.removed
            .iter()
            .filter(move |(removed_at, _)| *removed_at > revision)
            .map(|(_, key)| key)
    }
}

fn find_reading<'b>(board: &'b Board, key: &ReadingKey) -> Option<&'b Reading> {
    board
        .readings
        .binary_search_by(|reading| reading.key.cmp(key))
        .ok()
        .map(|at| &board.readings[at])
}

fn totals_window(board: &Board) -> Option<usize> {
    board.standard.windows.iter().rposition(|window| *window == Window::All)
}

/// Extracts the totals of ratios over the window `all`. If `hidden`, removes its readings from the
/// board.
fn extract_totals(board: &mut Board, hidden: bool) -> Vec<RatioTotal> {
    let Some(all) = totals_window(board) else { return Vec::new() };
    let of_all = board.readings.iter().filter(|reading| reading.key.window == Some(all));
    let totals = of_all.filter_map(|reading| match reading.components {
        ReadingComponents::Ratio { good, of } => {
            Some(RatioTotal { key: reading.key.clone(), good, of })
        }
        _ => None,
    });
    let totals = totals.collect();
    if hidden {
        board.readings.retain(|reading| reading.key.window != Some(all));
    }
    totals
}

/// Raises each current count to the earlier count of the same key. Both are in key order.
fn keep_monotonic<C>(
    before: &[C],
    now: &mut [C],
    key: impl Fn(&C) -> &ReadingKey,
    raise: impl Fn(&mut C, &C),
) {
    let mut before = before.iter().peekable();
    for current in now {
        while before.next_if(|old| key(old) < key(current)).is_some() {}
        if let Some(old) = before.next_if(|old| key(old) == key(current)) {
            raise(current, old);
        }
    }
}

fn raise_total(total: &mut RatioTotal, old: &RatioTotal) {
    (total.good, total.of) = (total.good.max(old.good), total.of.max(old.of));
}

fn raise_spread(spread: &mut DurationDistribution, old: &DurationDistribution) {
    spread
        .at_most
        .iter_mut()
        .zip(&old.at_most)
        .for_each(|(count, old)| *count = (*count).max(*old));
    (spread.of, spread.sum_ms) = (spread.of.max(old.of), spread.sum_ms.max(old.sum_ms));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::monitor::Monitor;
    use crate::standard_file;

    fn sample_board(of_all: i64) -> Board {
        let mut standard: Standard =
            standard_file::parse_standard("built-in", standard_file::BUILT_IN)
                .expect("built-in standard is valid");
        standard.windows.push(Window::All);
        let mut board = Monitor::new(Arc::new(standard), None).compute_board();
        for reading in board.readings.iter_mut().filter(|reading| reading.key.window == Some(6)) {
            if let ReadingComponents::Ratio { of, .. } = &mut reading.components {
                *of = of_all;
            }
        }
        board
    }

    fn change_counts(published: &PublishedBoard, since: u64) -> (usize, usize) {
        (published.changed_since(since).count(), published.removed_since(since).count())
    }

    #[test]
    fn revision_rises_on_change_and_diffs_from_any_revision() {
        let first = PublishedBoard::first_of_run(
            "e".into(),
            sample_board(0).standard,
            sample_board(0),
            true,
            1,
        );
        let readings = first.board.readings.len();
        assert!(
            first.board.readings.iter().all(|reading| reading.key.window != Some(6)),
            "the totals' window is hidden"
        );
        let same = first.next_revision(sample_board(0), true);
        assert_eq!((same.board.revision, change_counts(&same, 1)), (1, (0, 0)));

        let mut other = sample_board(0);
        other.readings[3].value = Some(0.5);
        let second = same.next_revision(other.clone(), true);
        assert_eq!(
            (second.board.revision, change_counts(&second, 1), change_counts(&second, 0)),
            (2, (1, 0), (readings, 0))
        );

        let removed_reading = other.readings.remove(1);
        let third = second.next_revision(other.clone(), true);
        assert_eq!(
            (third.board.revision, change_counts(&third, 1), change_counts(&third, 2)),
            (3, (1, 1), (0, 1))
        );

        other.readings.insert(1, removed_reading);
        let fourth = third.next_revision(other, true);
        assert_eq!(
            (change_counts(&fourth, 1), change_counts(&fourth, 3), change_counts(&fourth, 4)),
            ((2, 0), (1, 0), (0, 0))
        );
        assert!(
            fourth.can_list_changes_since(1)
                && fourth.can_list_changes_since(4)
                && !fourth.can_list_changes_since(5)
        );
    }

    #[test]
    fn detects_level_changes_between_boards() {
        let first = PublishedBoard::first_of_run(
            "e".into(),
            sample_board(0).standard,
            sample_board(0),
            true,
            1,
        );
        let mut other = sample_board(0);
        other.readings[3].value = Some(0.5);
        assert!(
            !first.has_level_change(&sample_board(0), true)
                && !first.has_level_change(&other, true),
            "a new value alone is no level change"
        );
        other.readings[3].level = Level::Breached;
        let second = first.next_revision(other.clone(), true);
        assert!(
            first.has_level_change(&other, true)
                && !second.has_level_change(&other, true)
                && second.has_level_change(&sample_board(0), true)
        );
        let breached = other.readings.remove(3);
        assert!(
            !second.has_level_change(&other, true) && !first.has_level_change(&other, true),
            "a missing reading has no level"
        );
        let third = second.next_revision(other.clone(), true);
        other.readings.insert(3, breached);
        assert!(third.has_level_change(&other, true), "a new breached reading is a level change");
        let mut all = sample_board(0);
        all.readings
            .iter_mut()
            .filter(|reading| reading.key.window == Some(6))
            .for_each(|reading| reading.level = Level::Breached);
        assert!(
            !first.has_level_change(&all, true),
            "the board does not contain the totals' window"
        );
    }

    #[test]
    fn corrections_never_lower_totals() {
        let first = PublishedBoard::first_of_run(
            "e".into(),
            sample_board(7).standard,
            sample_board(7),
            true,
            1,
        );
        let of = |published: &PublishedBoard| published.totals.iter().map(|total| total.of).max();
        let corrected = first.next_revision(sample_board(6), true);
        assert_eq!(
            (of(&first), of(&corrected), of(&corrected.next_revision(sample_board(8), true))),
            (Some(7), Some(7), Some(8))
        );
        assert_eq!(corrected.board.revision, 1, "the board does not contain the totals");
    }
}
