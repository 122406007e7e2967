//! Delivery cursors: the last message that each alert receiver took, in a file beside the journal.
//!
//! Cursors are not part of the engine's state. Without them, receivers get some messages again. A
//! damaged file is therefore logged and replaced by an empty one.

use super::disk::{BoxedBackend, FileStorage};
use super::error::JournalError;
use super::segment::{UNFINISHED_SUFFIX, create_store, open_store};
use redb::{Database, ReadableDatabase, TableDefinition};

/// The cursors by name.
const CURSORS: TableDefinition<'_, &str, u64> = TableDefinition::new("cursors");
const FILE_NAME: &str = "cursors.redb";

/// The cursors of a data directory.
#[derive(Debug)]
pub struct DeliveryCursors {
    store: Database,
}

impl DeliveryCursors {
    /// Opens the cursors of a directory. A missing or damaged file is replaced by an empty one.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] if no space is left, or another error if the file cannot be
    /// created.
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
                    "delivery cursors are lost, so receivers get some alerts again: {error}"
                ),
            }
        }
        let store = create_store(&unfinished, disk.open_file(&unfinished, true).map(BoxedBackend))?;
        let initialize = || -> Result<(), redb::Error> {
            let write = store.begin_write()?;
            write.open_table(CURSORS)?;
            write.commit()?;
            Ok(())
        };
        initialize().map_err(|error| JournalError::from_store(FILE_NAME, error))?;
        disk.rename_file(&unfinished, FILE_NAME)
            .map_err(|error| JournalError::from_io(FILE_NAME, error))?;
        Ok(DeliveryCursors { store })
    }

    /// Returns the cursor of a name; `None` if it was never set.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
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

    /// Sets the cursor of a name. It is durable when this returns.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] if no space is left, or another error if writing fails. The
    /// cursor then keeps its previous value.
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

    /// The journal and the cursors are opened concurrently at startup.
    #[test]
    fn each_owner_removes_its_unfinished_files() {
        let directory = tempfile::tempdir().expect("temporary directory is created");
        let unfinished = [
            "cursors.redb.new",
            "journal-00000000000000000001.redb.new",
            "snapshot-00000000000000000001.redb.new",
        ];
        unfinished.iter().for_each(|name| {
            std::fs::write(directory.path().join(name), b"half").expect("write succeeds");
        });
        let existing = || unfinished.map(|name| directory.path().join(name).exists());
        let disk = DirectoryStorage(directory.path().to_owned());
        Journal::open(Arc::new(disk.clone()), JournalSettings::default())
            .expect("directory is valid");
        assert_eq!(existing(), [true, false, false]);
        DeliveryCursors::open(&disk).expect("cursors are created");
        assert_eq!(existing(), [false, false, false]);
    }

    #[test]
    fn cursors_survive_restart_and_reset_when_damaged() {
        let directory = tempfile::tempdir().expect("temporary directory is created");
        let disk = DirectoryStorage(directory.path().to_owned());
        let cursors = DeliveryCursors::open(&disk).expect("cursors are created");
        assert_eq!(cursors.get("desk").expect("read succeeds"), None);
        cursors.set("desk", 7).expect("write succeeds");
        cursors.set("desk", 9).expect("write succeeds");
        drop(cursors);
        assert_eq!(
            DeliveryCursors::open(&disk)
                .expect("closed file opens")
                .get("desk")
                .expect("read succeeds"),
            Some(9)
        );
        std::fs::write(directory.path().join(FILE_NAME), b"nothing good").expect("write succeeds");
        assert_eq!(
            DeliveryCursors::open(&disk)
                .expect("damaged file is replaced")
                .get("desk")
                .expect("read succeeds"),
            None
        );
    }
}
