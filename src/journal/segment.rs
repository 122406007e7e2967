//! A segment is one file of the journal. Only this module knows how the store holds records.

use super::disk::{BoxedBackend, FileStorage, ReadOnlyBackend};
use super::error::JournalError;
use super::record::JournalRecord;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::{FORMAT_VERSION, SequenceNumber};
use redb::{
    Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    StorageBackend, TableDefinition, TableError,
};
use std::io;

/// Every record by its sequence.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
/// The standards: the one in force at the beginning of the segment, under its own sequence, and
/// those among the segment's records. They keep the segment readable after earlier segments are
/// removed. Earlier versions of the program wrote none.
const STANDARDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("standards");
/// Metadata of the segment.
const METADATA: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const METADATA_FORMAT: &str = "format";
/// Entry with the fingerprint of the keys that identities are hashed with.
const METADATA_KEYS: &str = "keys";

/// Size of the store's page cache per open file, in bytes.
pub(super) const CACHE_BYTES: usize = 16 << 20;
/// Size of one read portion, in bytes of record values.
const PORTION_BYTES: usize = 1 << 20;

/// Suffix of the name of an unfinished file.
pub(super) const UNFINISHED_SUFFIX: &str = ".new";

/// The record of a standard, with its sequence.
pub(super) type StandardInForce = (SequenceNumber, JournalRecord);

/// An open segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    /// The sequence of its first record. The segment may still be empty.
    pub(super) first: SequenceNumber,
    store: Database,
}

/// Returns the file name of the segment that begins with this record.
pub(super) fn segment_name(first: SequenceNumber) -> String {
    format!("journal-{:020}.redb", first.0)
}

/// Returns the first sequence of the segment with this file name; `None` for other files.
pub(super) fn parse_segment_name(name: &str) -> Option<SequenceNumber> {
    let number = name.strip_prefix("journal-")?.strip_suffix(".redb")?.parse().ok()?;
    (segment_name(SequenceNumber(number)) == name).then_some(SequenceNumber(number))
}

/// Returns the first sequence of every segment in the directory, in ascending order.
pub(super) fn list_segments(disk: &dyn FileStorage) -> Result<Vec<SequenceNumber>, JournalError> {
    let names =
        disk.list_files().map_err(|error| JournalError::from_io("the data directory", error))?;
    let mut firsts: Vec<SequenceNumber> =
        names.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// Opens a file as a store, checks all its pages and repairs an unfinished transaction.
pub(super) fn open_store(
    file: &str,
    backend: io::Result<impl StorageBackend>,
) -> Result<Database, JournalError> {
    let backend = backend.map_err(|error| JournalError::from_io(file, error))?;
    // The store would initialize an empty file, but a complete file is never empty.
    if backend.len().map_err(|error| JournalError::from_io(file, error))? == 0 {
        return Err(JournalError::damaged_file(file, None, "the file is empty"));
    }
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder.create_with_backend(backend).map_err(|error| JournalError::from_store(file, error))
}

/// Creates a store in a new and empty file.
pub(super) fn create_store(
    file: &str,
    backend: io::Result<impl StorageBackend>,
) -> Result<Database, JournalError> {
    let backend = backend.map_err(|error| JournalError::from_io(file, error))?;
    let created = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(backend);
    created.map_err(|error| JournalError::from_store(file, error))
}

impl Segment {
    /// Creates a segment with the standard in force at its beginning. It is complete when this
    /// returns; after an error it does not exist.
    pub(super) fn create(
        disk: &dyn FileStorage,
        first: SequenceNumber,
        keys: u64,
        standard: Option<&StandardInForce>,
    ) -> Result<Segment, JournalError> {
        Self::create_complete(disk, first, keys, standard, |_| Ok(()))
    }

    /// Creates a segment and fills it with `copy`. It then gets its name and replaces an older
    /// file.
    fn create_complete(
        disk: &dyn FileStorage,
        first: SequenceNumber,
        keys: u64,
        standard: Option<&StandardInForce>,
        copy: impl FnOnce(&Segment) -> Result<(), JournalError>,
    ) -> Result<Segment, JournalError> {
        let name = segment_name(first);
        let unfinished = name.clone() + UNFINISHED_SUFFIX;
        let completed =
            Self::create_unfinished(disk, &unfinished, keys, standard).and_then(|store| {
                let segment = Segment { name: name.clone(), first, store };
                copy(&segment)?;
                disk.rename_file(&unfinished, &name)
                    .map_err(|error| JournalError::from_io(&name, error))?;
                Ok(segment)
            });
        if completed.is_err() {
            // It may occupy the last free space. If this fails, the next startup removes the file.
            let _ = disk.remove_file(&unfinished);
        }
        completed
    }

    fn create_unfinished(
        disk: &dyn FileStorage,
        file: &str,
        keys: u64,
        standard: Option<&StandardInForce>,
    ) -> Result<Database, JournalError> {
        let store = create_store(file, disk.open_file(file, true).map(BoxedBackend))?;
        let initialize = || -> Result<(), redb::Error> {
            let write = store.begin_write()?;
            {
                let mut metadata = write.open_table(METADATA)?;
                metadata.insert(METADATA_FORMAT, FORMAT_VERSION)?;
                metadata.insert(METADATA_KEYS, keys)?;
                write.open_table(RECORDS)?;
                let mut standards = write.open_table(STANDARDS)?;
                if let Some((at, record)) = standard {
                    standards.insert(at.0, record.to_bytes(*at).as_slice())?;
                }
            }
            write.commit()?;
            Ok(())
        };
        initialize().map_err(|error| JournalError::from_store(file, error))?;
        Ok(store)
    }

    /// Opens a segment for writing. If the journal was not `closed` cleanly, the segment is
    /// rewritten.
    ///
    /// After a failed sync the operating system may show data that never reached the disk, and no
    /// later call reports it. The original file stays unchanged until the copy is complete, because
    /// repairing the visible data would make the loss permanent.
    pub(super) fn open(
        disk: &dyn FileStorage,
        first: SequenceNumber,
        keys: u64,
        closed: bool,
    ) -> Result<Segment, JournalError> {
        let segment = Segment::open_read_only(disk, first)?;
        segment.check_metadata(keys)?;
        if !closed {
            return segment.rewrite_segment(disk, keys);
        }
        let name = segment.name;
        drop(segment.store);
        let store = open_store(&name, disk.open_file(&name, false).map(BoxedBackend))?;
        Ok(Segment { name, first, store })
    }

    fn rewrite_segment(self, disk: &dyn FileStorage, keys: u64) -> Result<Segment, JournalError> {
        let last = self.last_sequence()?;
        let standard = self.standard_after(SequenceNumber(self.first.0.saturating_sub(1)))?;
        Self::create_complete(disk, self.first, keys, standard.as_ref(), |copy| {
            let mut next = self.first;
            while next <= last {
                let records: Vec<JournalRecord> =
                    self.read_portion(next, last)?.into_iter().map(|(_, record)| record).collect();
                copy.append_records(next, &records)?;
                next = SequenceNumber(next.0 + records.len() as u64);
            }
            Ok(())
        })
    }

    /// Opens a segment for reading. The file is not changed.
    pub(super) fn open_read_only(
        disk: &dyn FileStorage,
        first: SequenceNumber,
    ) -> Result<Segment, JournalError> {
        let name = segment_name(first);
        let store = open_store(&name, disk.open_file(&name, false).and_then(ReadOnlyBackend::new))?;
        Ok(Segment { name, first, store })
    }

    /// Refuses a segment of a newer format or with other keys.
    pub(super) fn check_metadata(&self, keys: u64) -> Result<(), JournalError> {
        let read_entry = |name: &str| -> Result<Option<u64>, redb::Error> {
            Ok(self.store.begin_read()?.open_table(METADATA)?.get(name)?.map(|value| value.value()))
        };
        match read_entry(METADATA_FORMAT).map_err(|error| self.store_error(error))? {
            None => {
                return Err(JournalError::damaged_file(
                    &self.name,
                    None,
                    "the format entry is missing",
                ));
            }
            Some(format) if format > FORMAT_VERSION => {
                return Err(JournalError::NewerFormat { file: self.name.clone(), format });
            }
            Some(_) => {}
        }
        match read_entry(METADATA_KEYS).map_err(|error| self.store_error(error))? {
            Some(known) if known == keys => Ok(()),
            _ => Err(JournalError::OtherKeys { file: self.name.clone() }),
        }
    }

    /// Writes records durably, all or none, the first at `from`. Returns the bytes of their values.
    pub(super) fn append_records(
        &self,
        from: SequenceNumber,
        records: &[JournalRecord],
    ) -> Result<u64, JournalError> {
        self.commit_records(from, records).map_err(|error| self.store_error(error))
    }

    fn commit_records(
        &self,
        from: SequenceNumber,
        records: &[JournalRecord],
    ) -> Result<u64, redb::Error> {
        let mut bytes = 0;
        let write = self.store.begin_write()?;
        {
            let mut table = write.open_table(RECORDS)?;
            for (at, record) in (from.0..).zip(records) {
                let value = record.to_bytes(SequenceNumber(at));
                bytes += value.len() as u64;
                table.insert(at, value.as_slice())?;
                if matches!(record, JournalRecord::Standard { .. }) {
                    write.open_table(STANDARDS)?.insert(at, value.as_slice())?;
                }
            }
        }
        write.commit()?;
        Ok(bytes)
    }

    /// Returns the last record; the sequence before the first record if the segment is empty.
    pub(super) fn last_sequence(&self) -> Result<SequenceNumber, JournalError> {
        let last = self
            .record_table()?
            .last()
            .map_err(|error| self.store_error(error))?
            .map(|(at, _)| at.value());
        let last = last.unwrap_or(self.first.0.saturating_sub(1));
        if last.saturating_add(1) < self.first.0 {
            return Err(JournalError::damaged_file(
                &self.name,
                Some(SequenceNumber(last)),
                "the record precedes the segment",
            ));
        }
        Ok(SequenceNumber(last))
    }

    /// Returns the bytes of all values. Reads the whole segment.
    pub(super) fn stored_bytes(&self) -> Result<u64, JournalError> {
        Ok(self.record_table()?.stats().map_err(|error| self.store_error(error))?.stored_bytes())
    }

    /// Opens the records at their current state.
    fn record_table(&self) -> Result<ReadOnlyTable<u64, &'static [u8]>, JournalError> {
        let table =
            || -> Result<_, redb::Error> { Ok(self.store.begin_read()?.open_table(RECORDS)?) };
        table().map_err(|error| self.store_error(error))
    }

    /// Returns the standard in force after a record of the segment or the record just before it.
    /// `None` if the segment holds no standard.
    pub(super) fn standard_after(
        &self,
        after: SequenceNumber,
    ) -> Result<Option<StandardInForce>, JournalError> {
        let newest = || -> Result<_, redb::Error> {
            let table = match self.store.begin_read()?.open_table(STANDARDS) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(None),
                opened => opened?,
            };
            let newest = table.range(..=after.0)?.next_back().transpose()?;
            Ok(newest.map(|(at, value)| (SequenceNumber(at.value()), value.value().to_vec())))
        };
        let newest = newest().map_err(|error| self.store_error(error))?;
        newest
            .map(|(at, value)| Ok((at, JournalRecord::from_bytes(&self.name, at, &value)?)))
            .transpose()
    }

    /// Returns the time of the last tick up to this record; `None` without a tick.
    pub(super) fn last_tick(
        &self,
        until: SequenceNumber,
    ) -> Result<Option<Timestamp>, JournalError> {
        for entry in
            self.record_table()?.range(..=until.0).map_err(|error| self.store_error(error))?.rev()
        {
            let (at, value) = entry.map_err(|error| self.store_error(error))?;
            if let Some(now) =
                JournalRecord::from_bytes(&self.name, SequenceNumber(at.value()), value.value())?
                    .clock_time()
            {
                return Ok(Some(now));
            }
        }
        Ok(None)
    }

    /// Returns the records of a range, up to one portion and at least one record. A gap is damage.
    pub(super) fn read_portion(
        &self,
        from: SequenceNumber,
        until: SequenceNumber,
    ) -> Result<Vec<(SequenceNumber, JournalRecord)>, JournalError> {
        let mut portion = Vec::new();
        let (mut expected, mut bytes) = (from, 0);
        for entry in
            self.record_table()?.range(from.0..=until.0).map_err(|error| self.store_error(error))?
        {
            let (at, value) = entry.map_err(|error| self.store_error(error))?;
            if at.value() != expected.0 {
                break;
            }
            bytes += value.value().len();
            portion
                .push((expected, JournalRecord::from_bytes(&self.name, expected, value.value())?));
            expected = expected.next();
            if bytes >= PORTION_BYTES {
                break;
            }
        }
        if portion.is_empty() {
            return Err(JournalError::damaged_file(
                &self.name,
                Some(from),
                "the record is missing",
            ));
        }
        Ok(portion)
    }

    /// Closes the file cleanly, so that the next startup needs no repair.
    pub(super) fn close(self) -> Result<(), JournalError> {
        let Segment { name, store, .. } = self;
        store.close().map_err(|error| JournalError::from_store(&name, error))
    }

    fn store_error(&self, error: impl Into<redb::Error>) -> JournalError {
        JournalError::from_store(&self.name, error)
    }
}
