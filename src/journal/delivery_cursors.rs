//! Cursors: how far others have heard what the core has to tell. One number for each name, in a small file beside the journal.
//!
//! It is no part of what the core knows: if it is lost, some are told again what they have heard. So a damaged one is told, and
//! begun anew.

use super::disk::{BoxedBackend, FileStorage};
use super::error::JournalError;
use super::segment::{UNFINISHED_SUFFIX, create_store, open_store};
use redb::{Database, ReadableDatabase, TableDefinition};

/// The numbers by their names.
const CURSORS: TableDefinition<'_, &str, u64> = TableDefinition::new("cursors");
/// The name of the file.
const FILE_NAME: &str = "cursors.redb";

/// The cursors of a data directory.
#[derive(Debug)]
pub struct DeliveryCursors {
    store: Database,
}

impl DeliveryCursors {
    /// Opens them, or begins them.
    ///
    /// # Errors
    /// [`Error::Full`], or what else the system says.
    pub fn open(disk: &dyn FileStorage) -> Result<DeliveryCursors, JournalError> {
        let names = disk
            .list_files()
            .map_err(|error| JournalError::from_io("the data directory", error))?;
        let unfinished = FILE_NAME.to_owned() + UNFINISHED_SUFFIX;
        if names.contains(&unfinished) {
            disk.remove_file(&unfinished)
                .map_err(|error| JournalError::from_io(&unfinished, error))?;
        }
        if names.iter().any(|name| name == FILE_NAME) {
            match open_store(FILE_NAME, disk.open_file(FILE_NAME, false).map(BoxedBackend)) {
                Ok(store) => return Ok(DeliveryCursors { store }),
                Err(error) => tracing::error!(
                    "it is not known who has heard of which alert, so some are told again: {error}"
                ),
            }
        }
        let store = create_store(&unfinished, disk.open_file(&unfinished, true).map(BoxedBackend))?;
        let made = || -> Result<(), redb::Error> {
            let write = store.begin_write()?;
            write.open_table(CURSORS)?;
            write.commit()?;
            Ok(())
        };
        made().map_err(|error| JournalError::from_store(FILE_NAME, error))?;
        disk.rename_file(&unfinished, FILE_NAME)
            .map_err(|error| JournalError::from_io(FILE_NAME, error))?;
        Ok(DeliveryCursors { store })
    }

    /// The number of a name; none if there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn get(&self, name: &str) -> Result<Option<u64>, JournalError> {
        let get = || -> Result<Option<u64>, redb::Error> {
            Ok(self
                .store
                .begin_read()?
                .open_table(CURSORS)?
                .get(name)?
                .map(|number| number.value()))
        };
        get().map_err(|error| JournalError::from_store(FILE_NAME, error))
    }

    /// Sets the number of a name; it is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Full`], or what else the system says; the number is what it was then.
    pub fn set(&self, name: &str, number: u64) -> Result<(), JournalError> {
        let set = || -> Result<(), redb::Error> {
            let write = self.store.begin_write()?;
            write.open_table(CURSORS)?.insert(name, number)?;
            write.commit()?;
            Ok(())
        };
        set().map_err(|error| JournalError::from_store(FILE_NAME, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{DirectoryStorage, Journal, JournalSettings};
    use std::sync::Arc;

    /// A start opens the journal and the cursors at the same time.
    #[test]
    fn each_owner_removes_its_unfinished_files() {
        let place = tempfile::tempdir().expect("a directory");
        let unfinished = [
            "cursors.redb.new",
            "journal-00000000000000000001.redb.new",
            "snapshot-00000000000000000001.redb.new",
        ];
        unfinished
            .iter()
            .for_each(|name| std::fs::write(place.path().join(name), b"half").expect("written"));
        let there = || unfinished.map(|name| place.path().join(name).exists());
        let disk = DirectoryStorage(place.path().to_owned());
        Journal::open(Arc::new(disk.clone()), JournalSettings::default())
            .expect("nothing is damaged");
        assert_eq!(there(), [true, false, false]);
        DeliveryCursors::open(&disk).expect("begun");
        assert_eq!(there(), [false, false, false]);
    }

    #[test]
    fn cursors_survive_restart_and_reset_when_damaged() {
        let place = tempfile::tempdir().expect("a directory");
        let disk = DirectoryStorage(place.path().to_owned());
        let cursors = DeliveryCursors::open(&disk).expect("an empty directory");
        assert_eq!(cursors.get("desk").expect("read"), None);
        cursors.set("desk", 7).expect("written");
        cursors.set("desk", 9).expect("written");
        drop(cursors);
        assert_eq!(
            DeliveryCursors::open(&disk).expect("it was closed").get("desk").expect("read"),
            Some(9)
        );
        std::fs::write(place.path().join(FILE_NAME), b"nothing good").expect("damaged");
        assert_eq!(
            DeliveryCursors::open(&disk).expect("begun anew").get("desk").expect("read"),
            None
        );
    }
}
