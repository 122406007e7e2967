//! Cursors: how far others have heard what the core has to tell. One number for each name, in a small file beside the journal.
//!
//! It is no part of what the core knows: if it is lost, some are told again what they have heard. So a damaged one is told, and
//! begun anew.

use super::disk::{Backend, Disk};
use super::error::Error;
use super::segment::{UNFINISHED, create_store, open_store};
use redb::{Database, ReadableDatabase, TableDefinition};

/// The numbers by their names.
const CURSORS: TableDefinition<'_, &str, u64> = TableDefinition::new("cursors");
/// The name of the file.
const FILE: &str = "cursors.redb";

/// The cursors of a data directory.
#[derive(Debug)]
pub struct Cursors {
    store: Database,
}

impl Cursors {
    /// Opens them, or begins them.
    ///
    /// # Errors
    /// [`Error::Full`], or what else the system says.
    pub fn open(disk: &dyn Disk) -> Result<Cursors, Error> {
        let names = disk.list().map_err(|error| Error::io("the data directory", error))?;
        let unfinished = FILE.to_owned() + UNFINISHED;
        if names.contains(&unfinished) {
            disk.remove(&unfinished).map_err(|error| Error::io(&unfinished, error))?;
        }
        if names.iter().any(|name| name == FILE) {
            match open_store(FILE, disk.open(FILE, false).map(Backend)) {
                Ok(store) => return Ok(Cursors { store }),
                Err(error) => tracing::error!("it is not known who has heard of which alert, so some are told again: {error}"),
            }
        }
        let store = create_store(&unfinished, disk.open(&unfinished, true).map(Backend))?;
        let made = || -> Result<(), redb::Error> {
            let write = store.begin_write()?;
            write.open_table(CURSORS)?;
            write.commit()?;
            Ok(())
        };
        made().map_err(|error| Error::store(FILE, error))?;
        disk.rename(&unfinished, FILE).map_err(|error| Error::io(FILE, error))?;
        Ok(Cursors { store })
    }

    /// The number of a name; none if there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn get(&self, name: &str) -> Result<Option<u64>, Error> {
        let get = || -> Result<Option<u64>, redb::Error> {
            Ok(self.store.begin_read()?.open_table(CURSORS)?.get(name)?.map(|number| number.value()))
        };
        get().map_err(|error| Error::store(FILE, error))
    }

    /// Sets the number of a name; it is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Full`], or what else the system says; the number is what it was then.
    pub fn set(&self, name: &str, number: u64) -> Result<(), Error> {
        let set = || -> Result<(), redb::Error> {
            let write = self.store.begin_write()?;
            write.open_table(CURSORS)?.insert(name, number)?;
            write.commit()?;
            Ok(())
        };
        set().map_err(|error| Error::store(FILE, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Directory, Journal, Settings};
    use std::sync::Arc;

    /// A start opens the journal and the cursors at the same time.
    #[test]
    fn what_is_unfinished_is_removed_by_whoever_began_it() {
        let place = tempfile::tempdir().expect("a directory");
        let unfinished = ["cursors.redb.new", "journal-00000000000000000001.redb.new", "snapshot-00000000000000000001.redb.new"];
        unfinished.iter().for_each(|name| std::fs::write(place.path().join(name), b"half").expect("written"));
        let there = || unfinished.map(|name| place.path().join(name).exists());
        let disk = Directory(place.path().to_owned());
        Journal::open(Arc::new(disk.clone()), Settings::default()).expect("nothing is damaged");
        assert_eq!(there(), [true, false, false]);
        Cursors::open(&disk).expect("begun");
        assert_eq!(there(), [false, false, false]);
    }

    #[test]
    fn numbers_outlive_the_process_and_damage_is_a_new_beginning() {
        let place = tempfile::tempdir().expect("a directory");
        let disk = Directory(place.path().to_owned());
        let cursors = Cursors::open(&disk).expect("an empty directory");
        assert_eq!(cursors.get("desk").expect("read"), None);
        cursors.set("desk", 7).expect("written");
        cursors.set("desk", 9).expect("written");
        drop(cursors);
        assert_eq!(Cursors::open(&disk).expect("it was closed").get("desk").expect("read"), Some(9));
        std::fs::write(place.path().join(FILE), b"nothing good").expect("damaged");
        assert_eq!(Cursors::open(&disk).expect("begun anew").get("desk").expect("read"), None);
    }
}
