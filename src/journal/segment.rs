//! A segment: one file of the journal, and the only place that knows how the store keeps records.

use super::disk::{Backend, Disk, Scratch};
use super::error::Error;
use super::record::Record;
use super::{FORMAT, Sequence};
use crate::domain::time::Timestamp;
use redb::{
    Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend, TableDefinition, TableError,
};
use std::io;

/// Every record under its sequence.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
/// The standards: the one in force where the segment begins, under the sequence it had, and those of its own records. With them it
/// can be read when the segments before it are gone. Earlier versions wrote none.
const STANDARDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("standards");
/// What the segment says of itself.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// Its format.
const ABOUT_FORMAT: &str = "format";
/// The fingerprint of the keys that its identities were hashed with.
const ABOUT_KEYS: &str = "keys";

/// The memory the store may use for the pages of an open file, in bytes.
pub(super) const CACHE: usize = 16 << 20;
/// How many bytes of values are read at once.
const PORTION: usize = 1 << 20;

/// The end of the name of a file that is not complete.
pub(super) const UNFINISHED: &str = ".new";

/// A standard's record, and its place.
pub(super) type InForce = (Sequence, Record);

/// An open segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    /// The sequence of its first record, should it have any.
    pub(super) first: Sequence,
    store: Database,
}

/// The name of the segment that begins with this record.
pub(super) fn name(first: Sequence) -> String {
    format!("journal-{:020}.redb", first.0)
}

/// The first record of the segment of this name; none if it is no segment's name.
pub(super) fn first(name: &str) -> Option<Sequence> {
    let number = name.strip_prefix("journal-")?.strip_suffix(".redb")?.parse().ok()?;
    (self::name(Sequence(number)) == name).then_some(Sequence(number))
}

/// Where the segments that lie here begin, in order.
pub(super) fn firsts(disk: &dyn Disk) -> Result<Vec<Sequence>, Error> {
    let names = disk.list().map_err(|error| Error::io("the data directory", error))?;
    let mut firsts: Vec<Sequence> = names.iter().filter_map(|name| first(name)).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// Opens a file as a store and checks all of it. What a crash left is repaired.
pub(super) fn open_store(file: &str, backend: io::Result<impl StorageBackend>) -> Result<Database, Error> {
    let backend = backend.map_err(|error| Error::io(file, error))?;
    // The store takes an empty file for a new one; here none is ever that.
    if backend.len().map_err(|error| Error::io(file, error))? == 0 {
        return Err(Error::damaged(file, None, "it is empty"));
    }
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    builder.create_with_backend(backend).map_err(|error| Error::store(file, error))
}

/// Creates a store in a new and empty file.
pub(super) fn create_store(file: &str, backend: io::Result<impl StorageBackend>) -> Result<Database, Error> {
    let backend = backend.map_err(|error| Error::io(file, error))?;
    let created = Builder::new().set_cache_size(CACHE).create_with_backend(backend);
    created.map_err(|error| Error::store(file, error))
}

impl Segment {
    /// A new segment, with the standard in force where it begins: it is there under its name when this returns, and otherwise not
    /// at all.
    pub(super) fn create(disk: &dyn Disk, first: Sequence, keys: u64, standard: Option<&InForce>) -> Result<Segment, Error> {
        Self::complete(disk, first, keys, standard, |_| Ok(()))
    }

    /// A new segment with what `copy` puts into it. It has its name, in place of one that had it before, once that is done.
    fn complete(
        disk: &dyn Disk,
        first: Sequence,
        keys: u64,
        standard: Option<&InForce>,
        copy: impl FnOnce(&Segment) -> Result<(), Error>,
    ) -> Result<Segment, Error> {
        let name = name(first);
        let unfinished = name.clone() + UNFINISHED;
        let completed = Self::fill(disk, &unfinished, keys, standard).and_then(|store| {
            let segment = Segment { name: name.clone(), first, store };
            copy(&segment)?;
            disk.rename(&unfinished, &name).map_err(|error| Error::io(&name, error))?;
            Ok(segment)
        });
        if completed.is_err() {
            // It may be what takes the last of the room; if it cannot be removed now, the next start does it.
            let _ = disk.remove(&unfinished);
        }
        completed
    }

    fn fill(disk: &dyn Disk, file: &str, keys: u64, standard: Option<&InForce>) -> Result<Database, Error> {
        let store = create_store(file, disk.open(file, true).map(Backend))?;
        let filled = || -> Result<(), redb::Error> {
            let write = store.begin_write()?;
            {
                let mut about = write.open_table(ABOUT)?;
                about.insert(ABOUT_FORMAT, FORMAT)?;
                about.insert(ABOUT_KEYS, keys)?;
                write.open_table(RECORDS)?;
                let mut standards = write.open_table(STANDARDS)?;
                if let Some((at, record)) = standard {
                    standards.insert(at.0, record.write(*at).as_slice())?;
                }
            }
            write.commit()?;
            Ok(())
        };
        filled().map_err(|error| Error::store(file, error))?;
        Ok(store)
    }

    /// Opens a segment to go on writing it. Unless it was `closed` in good order, it is written anew: what the system shows of it may
    /// never have reached the disk, if a sync failed before the process ended, and nobody would be told of that again. Until then the
    /// file is not touched, for a repair of what is shown would make the loss complete.
    pub(super) fn open(disk: &dyn Disk, first: Sequence, keys: u64, closed: bool) -> Result<Segment, Error> {
        let segment = Segment::open_to_read(disk, first)?;
        segment.check_about(keys)?;
        if !closed {
            return segment.renewed(disk, keys);
        }
        let name = segment.name;
        drop(segment.store);
        let store = open_store(&name, disk.open(&name, false).map(Backend))?;
        Ok(Segment { name, first, store })
    }

    fn renewed(self, disk: &dyn Disk, keys: u64) -> Result<Segment, Error> {
        let last = self.last()?;
        let standard = self.standard(Sequence(self.first.0.saturating_sub(1)))?;
        Self::complete(disk, self.first, keys, standard.as_ref(), |copy| {
            let mut next = self.first;
            while next <= last {
                let records: Vec<Record> = self.portion(next, last)?.into_iter().map(|(_, record)| record).collect();
                copy.append(next, &records)?;
                next = Sequence(next.0 + records.len() as u64);
            }
            Ok(())
        })
    }

    /// Opens a segment to read it; the file is not touched.
    pub(super) fn open_to_read(disk: &dyn Disk, first: Sequence) -> Result<Segment, Error> {
        let name = name(first);
        let store = open_store(&name, disk.open(&name, false).and_then(Scratch::new))?;
        Ok(Segment { name, first, store })
    }

    /// Refuses a segment of a newer format or other keys.
    pub(super) fn check_about(&self, keys: u64) -> Result<(), Error> {
        let about = |name: &str| -> Result<Option<u64>, redb::Error> {
            Ok(self.store.begin_read()?.open_table(ABOUT)?.get(name)?.map(|value| value.value()))
        };
        match about(ABOUT_FORMAT).map_err(|error| self.error(error))? {
            None => return Err(Error::damaged(&self.name, None, "it does not say its format")),
            Some(format) if format > FORMAT => return Err(Error::Newer { file: self.name.clone(), format }),
            Some(_) => {}
        }
        match about(ABOUT_KEYS).map_err(|error| self.error(error))? {
            Some(known) if known == keys => Ok(()),
            _ => Err(Error::OtherKeys { file: self.name.clone() }),
        }
    }

    /// Writes records durably, all or none, the first at `from`. Gives the bytes of their values.
    pub(super) fn append(&self, from: Sequence, records: &[Record]) -> Result<u64, Error> {
        self.commit(from, records).map_err(|error| self.error(error))
    }

    fn commit(&self, from: Sequence, records: &[Record]) -> Result<u64, redb::Error> {
        let mut bytes = 0;
        let write = self.store.begin_write()?;
        {
            let mut table = write.open_table(RECORDS)?;
            for (at, record) in (from.0..).zip(records) {
                let value = record.write(Sequence(at));
                bytes += value.len() as u64;
                table.insert(at, value.as_slice())?;
                if matches!(record, Record::Standard { .. }) {
                    write.open_table(STANDARDS)?.insert(at, value.as_slice())?;
                }
            }
        }
        write.commit()?;
        Ok(bytes)
    }

    /// The last record; the one before its first if it has none.
    pub(super) fn last(&self) -> Result<Sequence, Error> {
        let last = self.table()?.last().map_err(|error| self.error(error))?.map(|(at, _)| at.value());
        let last = last.unwrap_or(self.first.0.saturating_sub(1));
        if last.saturating_add(1) < self.first.0 {
            return Err(Error::damaged(&self.name, Some(Sequence(last)), "a record from before the segment"));
        }
        Ok(Sequence(last))
    }

    /// The bytes of all values; the whole segment is read for it.
    pub(super) fn bytes(&self) -> Result<u64, Error> {
        Ok(self.table()?.stats().map_err(|error| self.error(error))?.stored_bytes())
    }

    /// The records as they are now.
    fn table(&self) -> Result<ReadOnlyTable<u64, &'static [u8]>, Error> {
        let table = || -> Result<_, redb::Error> { Ok(self.store.begin_read()?.open_table(RECORDS)?) };
        table().map_err(|error| self.error(error))
    }

    /// The standard in force after this record, which lies in the segment or just before it; none if the segment does not know.
    pub(super) fn standard(&self, after: Sequence) -> Result<Option<InForce>, Error> {
        let newest = || -> Result<_, redb::Error> {
            let table = match self.store.begin_read()?.open_table(STANDARDS) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(None),
                opened => opened?,
            };
            let newest = table.range(..=after.0)?.next_back().transpose()?;
            Ok(newest.map(|(at, value)| (Sequence(at.value()), value.value().to_vec())))
        };
        let newest = newest().map_err(|error| self.error(error))?;
        newest.map(|(at, value)| Ok((at, Record::read(&self.name, at, &value)?))).transpose()
    }

    /// The time of the last tick until this record; none if there is none.
    pub(super) fn last_tick(&self, until: Sequence) -> Result<Option<Timestamp>, Error> {
        for entry in self.table()?.range(..=until.0).map_err(|error| self.error(error))?.rev() {
            let (at, value) = entry.map_err(|error| self.error(error))?;
            if let Some(now) = Record::read(&self.name, Sequence(at.value()), value.value())?.clock() {
                return Ok(Some(now));
            }
        }
        Ok(None)
    }

    /// The records from one until another, as many as make a portion and at least one. All of them must be there.
    pub(super) fn portion(&self, from: Sequence, until: Sequence) -> Result<Vec<(Sequence, Record)>, Error> {
        let mut portion = Vec::new();
        let (mut expected, mut bytes) = (from, 0);
        for entry in self.table()?.range(from.0..=until.0).map_err(|error| self.error(error))? {
            let (at, value) = entry.map_err(|error| self.error(error))?;
            if at.value() != expected.0 {
                break;
            }
            bytes += value.value().len();
            portion.push((expected, Record::read(&self.name, expected, value.value())?));
            expected = expected.next();
            if bytes >= PORTION {
                break;
            }
        }
        if portion.is_empty() {
            return Err(Error::damaged(&self.name, Some(from), "it is missing"));
        }
        Ok(portion)
    }

    /// Closes the file in good order, which saves the next start a repair.
    pub(super) fn close(self) -> Result<(), Error> {
        let Segment { name, store, .. } = self;
        store.close().map_err(|error| Error::store(&name, error))
    }

    fn error(&self, error: impl Into<redb::Error>) -> Error {
        Error::store(&self.name, error)
    }
}
