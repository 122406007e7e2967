//! Editions: boards as they are published, each with its revision and with what changed since which revision.
//!
//! Every reading remembers the revision at which it last changed. So what is new since *any* earlier revision is one pass
//! over the readings: nothing is queued for a slow client, and one that comes back after a break gets what it missed.
//!
//! Where the service counts the window `all` only to have counters for Prometheus, its readings are kept apart here, and
//! no board shows them.

use super::reading::{Board, DurationDistribution, Level, Reading, ReadingComponents, ReadingKey};
use crate::domain::standard::Standard;
use crate::domain::time::window::Window;
use std::sync::Arc;

/// How many readings that are gone are remembered. A client that missed older ones gets the whole board.
pub const REMOVED_READINGS_MAX: usize = 10_000;

/// A published board.
#[derive(Clone, Debug)]
pub struct PublishedBoard {
    /// Names the run of the service, under one standard, within which revisions count.
    pub epoch: Arc<str>,
    /// The standard as it was declared; that of the board may have one window more.
    pub standard: Arc<Standard>,
    /// The board.
    pub board: Arc<Board>,
    /// How far the machine's clock is ahead of the time the board goes by, in milliseconds; 0 as long as it is trusted.
    pub clock_offset_ms: i64,
    /// For each ratio and scope what was counted since the start; never falls.
    pub totals: Vec<RatioTotal>,
    /// For each indicator of durations and scope how the durations since the start are spread; no count ever falls.
    pub spreads: Vec<DurationDistribution>,
    /// For each reading of the board the revision at which it last changed.
    changed_at: Vec<u64>,
    /// Readings that are no longer there, with the revision at which they went; the oldest first.
    removed: Vec<(u64, ReadingKey)>,
    /// From this revision on `gone` is complete.
    removed_complete_from: u64,
}

/// What was counted for a ratio since the service started. Corrections may take facts back, but a falling counter would
/// look like a restart to Prometheus and add the whole count once more, so it stands still until it is caught up with.
#[derive(Clone, Debug)]
pub struct RatioTotal {
    /// The ratio's reading over the window `all`.
    pub key: ReadingKey,
    /// The numerator.
    pub good: i64,
    /// The denominator.
    pub of: i64,
}

impl PublishedBoard {
    /// The first edition of a run. `hidden` says that the standard's last window is there for the totals only.
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
        let changed = vec![revision; board.readings.len()];
        PublishedBoard {
            epoch,
            standard,
            board: Arc::new(board),
            clock_offset_ms: 0,
            totals,
            spreads,
            changed_at: changed,
            removed: Vec::new(),
            removed_complete_from: revision,
        }
    }

    /// The edition after this one: its revision is higher if a reading has changed, come or gone.
    #[must_use]
    pub fn next_revision(&self, mut board: Board, hidden: bool) -> PublishedBoard {
        let mut totals = extract_totals(&mut board, hidden);
        keep_monotonic(&self.totals, &mut totals, |total| &total.key, raise_total);
        let mut spreads = std::mem::take(&mut board.distributions);
        keep_monotonic(&self.spreads, &mut spreads, |spread| &spread.key, raise_spread);
        let revision = self.board.revision + 1;
        let mut changed = Vec::with_capacity(board.readings.len());
        let mut gone = self.removed.clone();
        let mut old = self.board.readings.iter().zip(&self.changed_at).peekable();
        for reading in &board.readings {
            while let Some((missing, _)) = old.next_if(|(old, _)| old.key < reading.key) {
                gone.push((revision, missing.key.clone()));
            }
            changed.push(match old.next_if(|(old, _)| old.key == reading.key) {
                Some((same, since)) if same == reading => *since,
                _ => revision,
            });
        }
        gone.extend(old.map(|(missing, _)| (revision, missing.key.clone())));
        let news = changed.contains(&revision) || gone.len() > self.removed.len();
        if changed.contains(&revision) {
            gone.retain(|(_, key)| find_reading(&board, key).is_none());
        }
        let too_many = gone.len().saturating_sub(REMOVED_READINGS_MAX);
        let complete_from = gone
            .drain(..too_many)
            .next_back()
            .map_or(self.removed_complete_from, |(revision, _)| revision);
        board.revision = if news { revision } else { self.board.revision };
        let (epoch, standard) = (self.epoch.clone(), self.standard.clone());
        PublishedBoard {
            epoch,
            standard,
            board: Arc::new(board),
            clock_offset_ms: 0,
            totals,
            spreads,
            changed_at: changed,
            removed: gone,
            removed_complete_from: complete_from,
        }
    }

    /// Whether some level has turned since this edition: `levels` are the readings that may have one now. The window `all` does not
    /// count if it is `hidden`.
    #[must_use]
    pub fn has_level_change(&self, levels: &Board, hidden: bool) -> bool {
        let all = totals_window(levels).filter(|_| hidden);
        let mut old = self.board.readings.iter().peekable();
        let mut shown =
            levels.readings.iter().filter(|reading| all.is_none() || reading.key.window != all);
        shown.any(|reading| {
            while old.next_if(|old| old.key < reading.key).is_some() {}
            old.next_if(|old| old.key == reading.key).map_or(Level::None, |old| old.level)
                != reading.level
        })
    }

    /// Whether what changed since `revision` of this run can be told.
    #[must_use]
    pub fn can_list_changes_since(&self, revision: u64) -> bool {
        (self.removed_complete_from..=self.board.revision).contains(&revision)
    }

    /// The readings that have changed since `revision`.
    pub fn changed_since(&self, revision: u64) -> impl Iterator<Item = &Reading> {
        self.board
            .readings
            .iter()
            .zip(&self.changed_at)
            .filter(move |(_, changed)| **changed > revision)
            .map(|(reading, _)| reading)
    }

    /// The keys of the readings that have gone since `revision`.
    pub fn removed_since(&self, revision: u64) -> impl Iterator<Item = &ReadingKey> {
        self.removed.iter().filter(move |(gone, _)| *gone > revision).map(|(_, key)| key)
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

/// The ratios over the window `all`; if that is `hidden`, its readings leave the board.
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

/// Raises what is counted now to what was counted before for the same key; both stand in the order of their keys.
fn keep_monotonic<C>(
    before: &[C],
    now: &mut [C],
    key: impl Fn(&C) -> &ReadingKey,
    raise: impl Fn(&mut C, &C),
) {
    let mut before = before.iter().peekable();
    for counted in now {
        while before.next_if(|old| key(old) < key(counted)).is_some() {}
        if let Some(old) = before.next_if(|old| key(old) == key(counted)) {
            raise(counted, old);
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
                .expect("a good standard");
        standard.windows.push(Window::All);
        let mut board = Monitor::new(Arc::new(standard), None).compute_board();
        for reading in board.readings.iter_mut().filter(|reading| reading.key.window == Some(6)) {
            if let ReadingComponents::Ratio { of, .. } = &mut reading.components {
                *of = of_all;
            }
        }
        board
    }

    fn change_counts(edition: &PublishedBoard, since: u64) -> (usize, usize) {
        (edition.changed_since(since).count(), edition.removed_since(since).count())
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

        let went = other.readings.remove(1);
        let third = second.next_revision(other.clone(), true);
        assert_eq!(
            (third.board.revision, change_counts(&third, 1), change_counts(&third, 2)),
            (3, (1, 1), (0, 1))
        );

        other.readings.insert(1, went);
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
            "a value alone is no turn"
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
            "what is not there has no level"
        );
        let third = second.next_revision(other.clone(), true);
        other.readings.insert(3, breached);
        assert!(third.has_level_change(&other, true), "one that comes breached turns");
        let mut all = sample_board(0);
        all.readings
            .iter_mut()
            .filter(|reading| reading.key.window == Some(6))
            .for_each(|reading| reading.level = Level::Breached);
        assert!(
            !first.has_level_change(&all, true),
            "the window of the totals is not on the board"
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
        let of = |edition: &PublishedBoard| edition.totals.iter().map(|total| total.of).max();
        let corrected = first.next_revision(sample_board(6), true);
        assert_eq!(
            (of(&first), of(&corrected), of(&corrected.next_revision(sample_board(8), true))),
            (Some(7), Some(7), Some(8))
        );
        assert_eq!(corrected.board.revision, 1, "nobody sees the totals on the board");
    }
}
