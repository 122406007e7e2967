//! A segment: one file of the journal, and the only place that knows how the store keeps records.

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

/// Every record under its sequence.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
/// The standards: the one in force where the segment begins, under the sequence it had, and those of its own records. With them it
/// can be read when the segments before it are gone. Earlier versions wrote none.
const STANDARDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("standards");
/// What the segment says of itself.
const METADATA: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// Its format.
const METADATA_FORMAT: &str = "format";
/// The fingerprint of the keys that its identities were hashed with.
const METADATA_KEYS: &str = "keys";

/// The memory the store may use for the pages of an open file, in bytes.
pub(super) const CACHE_BYTES: usize = 16 << 20;
/// How many bytes of values are read at once.
const PORTION_BYTES: usize = 1 << 20;

/// The end of the name of a file that is not complete.
pub(super) const UNFINISHED_SUFFIX: &str = ".new";

/// A standard's record, and its place.
pub(super) type StandardInForce = (SequenceNumber, JournalRecord);

/// An open segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    /// The sequence of its first record, should it have any.
    pub(super) first: SequenceNumber,
    store: Database,
}

/// The name of the segment that begins with this record.
pub(super) fn segment_name(first: SequenceNumber) -> String {
    format!("journal-{:020}.redb", first.0)
}

/// The first record of the segment of this name; none if it is no segment's name.
pub(super) fn parse_segment_name(name: &str) -> Option<SequenceNumber> {
    let number = name.strip_prefix("journal-")?.strip_suffix(".redb")?.parse().ok()?;
    (segment_name(SequenceNumber(number)) == name).then_some(SequenceNumber(number))
}

/// Where the segments that lie here begin, in order.
pub(super) fn list_segments(disk: &dyn FileStorage) -> Result<Vec<SequenceNumber>, JournalError> {
    let names =
        disk.list_files().map_err(|error| JournalError::from_io("the data directory", error))?;
    let mut firsts: Vec<SequenceNumber> =
        names.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// Opens a file as a store and checks all of it. What a crash left is repaired.
pub(super) fn open_store(
    file: &str,
    backend: io::Result<impl StorageBackend>,
) -> Result<Database, JournalError> {
    let backend = backend.map_err(|error| JournalError::from_io(file, error))?;
    // The store takes an empty file for a new one; here none is ever that.
    if backend.len().map_err(|error| JournalError::from_io(file, error))? == 0 {
        return Err(JournalError::damaged_file(file, None, "it is empty"));
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
    /// A new segment, with the standard in force where it begins: it is there under its name when this returns, and otherwise not
    /// at all.
    pub(super) fn create(
        disk: &dyn FileStorage,
        first: SequenceNumber,
        keys: u64,
        standard: Option<&StandardInForce>,
    ) -> Result<Segment, JournalError> {
        Self::create_complete(disk, first, keys, standard, |_| Ok(()))
    }

    /// A new segment with what `copy` puts into it. It has its name, in place of one that had it before, once that is done.
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
            // It may be what takes the last of the room; if it cannot be removed now, the next start does it.
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
        let filled = || -> Result<(), redb::Error> {
            let write = store.begin_write()?;
            {
                let mut about = write.open_table(METADATA)?;
                about.insert(METADATA_FORMAT, FORMAT_VERSION)?;
                about.insert(METADATA_KEYS, keys)?;
                write.open_table(RECORDS)?;
                let mut standards = write.open_table(STANDARDS)?;
                if let Some((at, record)) = standard {
                    standards.insert(at.0, record.to_bytes(*at).as_slice())?;
                }
            }
            write.commit()?;
            Ok(())
        };
        filled().map_err(|error| JournalError::from_store(file, error))?;
        Ok(store)
    }

    /// Opens a segment to go on writing it. Unless it was `closed` in good order, it is written anew: what the system shows of it may
    /// never have reached the disk, if a sync failed before the process ended, and nobody would be told of that again. Until then the
    /// file is not touched, for a repair of what is shown would make the loss complete.
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

    /// Opens a segment to read it; the file is not touched.
    pub(super) fn open_read_only(
        disk: &dyn FileStorage,
        first: SequenceNumber,
    ) -> Result<Segment, JournalError> {
        let name = segment_name(first);
        let store = open_store(&name, disk.open_file(&name, false).and_then(ReadOnlyBackend::new))?;
        Ok(Segment { name, first, store })
    }

    /// Refuses a segment of a newer format or other keys.
    pub(super) fn check_metadata(&self, keys: u64) -> Result<(), JournalError> {
        let about = |name: &str| -> Result<Option<u64>, redb::Error> {
            Ok(self.store.begin_read()?.open_table(METADATA)?.get(name)?.map(|value| value.value()))
        };
        match about(METADATA_FORMAT).map_err(|error| self.store_error(error))? {
            None => {
                return Err(JournalError::damaged_file(
                    &self.name,
                    None,
                    "it does not say its format",
                ));
            }
            Some(format) if format > FORMAT_VERSION => {
                return Err(JournalError::NewerFormat { file: self.name.clone(), format });
            }
            Some(_) => {}
        }
        match about(METADATA_KEYS).map_err(|error| self.store_error(error))? {
            Some(known) if known == keys => Ok(()),
            _ => Err(JournalError::OtherKeys { file: self.name.clone() }),
        }
    }

    /// Writes records durably, all or none, the first at `from`. Gives the bytes of their values.
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

    /// The last record; the one before its first if it has none.
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
                "a record from before the segment",
            ));
        }
        Ok(SequenceNumber(last))
    }

    /// The bytes of all values; the whole segment is read for it.
    pub(super) fn stored_bytes(&self) -> Result<u64, JournalError> {
        Ok(self.record_table()?.stats().map_err(|error| self.store_error(error))?.stored_bytes())
    }

    /// The records as they are now.
    fn record_table(&self) -> Result<ReadOnlyTable<u64, &'static [u8]>, JournalError> {
        let table =
            || -> Result<_, redb::Error> { Ok(self.store.begin_read()?.open_table(RECORDS)?) };
        table().map_err(|error| self.store_error(error))
    }

    /// The standard in force after this record, which lies in the segment or just before it; none if the segment does not know.
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

    /// The time of the last tick until this record; none if there is none.
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

    /// The records from one until another, as many as make a portion and at least one. All of them must be there.
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
            return Err(JournalError::damaged_file(&self.name, Some(from), "it is missing"));
        }
        Ok(portion)
    }

    /// Closes the file in good order, which saves the next start a repair.
    pub(super) fn close(self) -> Result<(), JournalError> {
        let Segment { name, store, .. } = self;
        store.close().map_err(|error| JournalError::from_store(&name, error))
    }

    fn store_error(&self, error: impl Into<redb::Error>) -> JournalError {
        JournalError::from_store(&self.name, error)
    }
}
