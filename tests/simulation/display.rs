//! Those who watch: walls that follow the editions as the live protocol tells them, and a witness who remembers every board.

use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::board::reading::{Board, Reading, ReadingKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A wall: what it shows is made of one whole board and the changes since.
#[derive(Default)]
pub(crate) struct SimulatedDisplay {
    shown: BTreeMap<ReadingKey, Reading>,
    /// The epoch and the revision it stands at.
    position: Option<(Arc<str>, u64)>,
    /// How often it needed a whole board.
    pub(crate) full_board_count: u32,
}

impl SimulatedDisplay {
    /// Takes what the service would send it of this edition, and then shows the same board.
    pub(crate) fn apply_board(&mut self, edition: &PublishedBoard) {
        let known = self.position.take().filter(|(epoch, revision)| {
            *epoch == edition.epoch && edition.can_list_changes_since(*revision)
        });
        match known {
            Some((_, since)) => {
                for key in edition.removed_since(since) {
                    self.shown.remove(key);
                }
                let changed = edition
                    .changed_since(since)
                    .map(|reading| (reading.key.clone(), reading.clone()));
                self.shown.extend(changed);
            }
            None => {
                self.full_board_count += 1;
                self.shown = edition
                    .board
                    .readings
                    .iter()
                    .map(|reading| (reading.key.clone(), reading.clone()))
                    .collect();
            }
        }
        self.position = Some((edition.epoch.clone(), edition.board.revision));
        assert!(
            self.shown.values().eq(&edition.board.readings),
            "a wall that followed the changes shows another board"
        );
    }
}

/// Remembers every board that was visible, by epoch and revision.
#[derive(Default)]
pub(crate) struct BoardWitness(BTreeMap<(Arc<str>, u64), Arc<Board>>);

impl BoardWitness {
    /// An edition is visible: no other board may ever have had its epoch and revision.
    pub(crate) fn record_board(&mut self, edition: &PublishedBoard) {
        let name = (edition.epoch.clone(), edition.board.revision);
        let known = self.0.entry(name).or_insert_with(|| edition.board.clone());
        assert!(
            known.readings == edition.board.readings,
            "revision {} of epoch {} is two boards",
            edition.board.revision,
            edition.epoch
        );
    }
}
