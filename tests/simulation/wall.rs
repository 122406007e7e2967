//! Those who watch: walls that follow the editions as the live protocol tells them, and a witness who remembers every board.

use firstline::domain::board::{Board, Key, Reading};
use firstline::edition::Edition;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A wall: what it shows is made of one whole board and the changes since.
#[derive(Default)]
pub(crate) struct Wall {
    shown: BTreeMap<Key, Reading>,
    /// The epoch and the revision it stands at.
    at: Option<(Arc<str>, u64)>,
    /// How often it needed a whole board.
    pub(crate) whole: u32,
}

impl Wall {
    /// Takes what the service would send it of this edition, and then shows the same board.
    pub(crate) fn take(&mut self, edition: &Edition) {
        let known = self.at.take().filter(|(epoch, revision)| *epoch == edition.epoch && edition.reaches_back_to(*revision));
        match known {
            Some((_, since)) => {
                for key in edition.gone_since(since) {
                    self.shown.remove(key);
                }
                let changed = edition.changed_since(since).map(|reading| (reading.key.clone(), reading.clone()));
                self.shown.extend(changed);
            }
            None => {
                self.whole += 1;
                self.shown = edition.board.readings.iter().map(|reading| (reading.key.clone(), reading.clone())).collect();
            }
        }
        self.at = Some((edition.epoch.clone(), edition.board.revision));
        assert!(self.shown.values().eq(&edition.board.readings), "a wall that followed the changes shows another board");
    }
}

/// Remembers every board that was visible, by epoch and revision.
#[derive(Default)]
pub(crate) struct Witness(BTreeMap<(Arc<str>, u64), Arc<Board>>);

impl Witness {
    /// An edition is visible: no other board may ever have had its epoch and revision.
    pub(crate) fn see(&mut self, edition: &Edition) {
        let name = (edition.epoch.clone(), edition.board.revision);
        let known = self.0.entry(name).or_insert_with(|| edition.board.clone());
        assert!(known.readings == edition.board.readings, "revision {} of epoch {} is two boards", edition.board.revision, edition.epoch);
    }
}
