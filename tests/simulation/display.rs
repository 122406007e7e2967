//! Consumers of published boards: displays that follow the live protocol, and a witness that
//! records every board.

use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::board::reading::{Board, Reading, ReadingKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A display. It shows one full board and the changes applied since then.
#[derive(Default)]
pub(crate) struct SimulatedDisplay {
    shown: BTreeMap<ReadingKey, Reading>,
    /// Epoch and revision of the board on display.
    position: Option<(Arc<str>, u64)>,
    /// Number of times it needed a full board.
    pub(crate) full_board_count: u32,
}

impl SimulatedDisplay {
    /// Applies the frames that the service would send for this published board.
    ///
    /// # Panics
    /// Panics if the display then shows a different board.
    pub(crate) fn apply_board(&mut self, published: &PublishedBoard) {
        let known = self.position.take().filter(|(epoch, revision)| {
            *epoch == published.epoch && published.can_list_changes_since(*revision)
        });
        match known {
            Some((_, since)) => {
                for key in published.removed_since(since) {
                    self.shown.remove(key);
                }
                let changed = published
                    .changed_since(since)
                    .map(|reading| (reading.key.clone(), reading.clone()));
                self.shown.extend(changed);
            }
            None => {
                self.full_board_count += 1;
                self.shown = published
                    .board
                    .readings
                    .iter()
                    .map(|reading| (reading.key.clone(), reading.clone()))
                    .collect();
            }
        }
        self.position = Some((published.epoch.clone(), published.board.revision));
        assert!(
            self.shown.values().eq(&published.board.readings),
            "a display that applied the changes shows a different board"
        );
    }
}

/// Every board that was visible, keyed by epoch and revision.
#[derive(Default)]
pub(crate) struct BoardWitness(BTreeMap<(Arc<str>, u64), Arc<Board>>);

impl BoardWitness {
    /// Records a visible board.
    ///
    /// # Panics
    /// Panics if a different board had the same epoch and revision.
    pub(crate) fn record_board(&mut self, published: &PublishedBoard) {
        let key = (published.epoch.clone(), published.board.revision);
        let known = self.0.entry(key).or_insert_with(|| published.board.clone());
        assert!(
            known.readings == published.board.readings,
            "revision {} of epoch {} identifies two boards",
            published.board.revision,
            published.epoch
        );
    }
}
