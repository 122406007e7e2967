//! Snapshots of the engine's state after a record. A startup replays only the later records.
//!
//! A snapshot is compressed and stored in pieces of nearly 1 MiB, each with its checksum. It is
//! committed in one transaction at the end, and only then gets its file name. Every listed snapshot
//! is therefore complete.

use super::disk::{FileStorage, ReadOnlyBackend};
use super::error::JournalError;
use super::incremental_sync::IncrementalSync;
use super::segment::{UNFINISHED_SUFFIX, create_store, open_store};
use crate::journal::{FORMAT_VERSION, SequenceNumber};
use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition, WriteTransaction};
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

/// The pieces by number, from 0: four bytes of checksum, then a part of the compressed state.
const PIECES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("pieces");
/// Metadata of the snapshot.
const METADATA: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const METADATA_FORMAT: &str = "format";
const METADATA_PIECES: &str = "pieces";

/// Size of a piece in bytes. With its checksum and the store's overhead it fills a page of 1 MiB.
/// Page sizes are powers of two, so one more byte would double the page.
const PIECE_BYTES: usize = (1 << 20) - 64;
/// Compression level of zstd, as for batches: fast, with most of the possible gain.
const COMPRESSION_LEVEL: i32 = 1;

/// The snapshots of a data directory.
#[derive(Clone, Debug)]
pub struct SnapshotStore {
    disk: Arc<dyn FileStorage>,
}

/// Returns the file name of the snapshot after this record.
pub(super) fn snapshot_name(at: SequenceNumber) -> String {
    format!("snapshot-{:020}.redb", at.0)
}

/// Returns the record of the snapshot with this file name; `None` for other files.
pub(super) fn parse_snapshot_name(name: &str) -> Option<SequenceNumber> {
    let number = name.strip_prefix("snapshot-")?.strip_suffix(".redb")?.parse().ok()?;
    (snapshot_name(SequenceNumber(number)) == name).then_some(SequenceNumber(number))
}

impl SnapshotStore {
    /// Accesses the snapshots on a disk.
    #[must_use]
    pub fn new(disk: Arc<dyn FileStorage>) -> SnapshotStore {
        SnapshotStore { disk }
    }

    /// Returns the records of all complete snapshots, the newest first.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be listed.
    pub fn list_snapshots(&self) -> Result<Vec<SequenceNumber>, JournalError> {
        let names = self
            .disk
            .list_files()
            .map_err(|error| JournalError::from_io("the data directory", error))?;
        let mut all: Vec<SequenceNumber> =
            names.iter().filter_map(|name| parse_snapshot_name(name)).collect();
        all.sort_unstable_by(|left, right| right.cmp(left));
        Ok(all)
    }

    /// Begins a snapshot of the state after this record. It exists once it is finished, and
    /// replaces an earlier snapshot of the same record.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] if no space is left, or another error if the file cannot be
    /// created.
    pub fn create_snapshot(&self, at: SequenceNumber) -> Result<SnapshotWriter, JournalError> {
        let name = snapshot_name(at);
        let unfinished =
            UnfinishedFile { disk: self.disk.clone(), name: name.clone() + UNFINISHED_SUFFIX };
        let store = create_store(
            &unfinished.name,
            self.disk.open_file(&unfinished.name, true).map(IncrementalSync::new),
        )?;
        let write = store.begin_write().map_err(|error| JournalError::from_store(&name, error))?;
        let pieces = PieceWriter {
            name,
            write,
            store,
            piece: Vec::with_capacity(PIECE_BYTES),
            count: 0,
            bytes: 0,
            unfinished,
        };
        let encoder = zstd::Encoder::new(pieces, COMPRESSION_LEVEL)
            .map_err(|error| JournalError::from_io("a snapshot", error))?;
        Ok(SnapshotWriter { encoder })
    }

    /// Opens a snapshot and checks all its pages. The file is not changed.
    ///
    /// # Errors
    /// - [`JournalError::Damaged`] if the file or its metadata is damaged
    /// - [`JournalError::NewerFormat`] if a later version of the program wrote it
    /// - another error if the file cannot be read
    pub fn open_snapshot(&self, at: SequenceNumber) -> Result<SnapshotReader, JournalError> {
        let name = snapshot_name(at);
        let store =
            open_store(&name, self.disk.open_file(&name, false).and_then(ReadOnlyBackend::new))?;
        let read = || -> Result<_, redb::Error> {
            let read = store.begin_read()?;
            let metadata = read.open_table(METADATA)?;
            let number = |key: &str| -> Result<_, redb::Error> {
                Ok(metadata.get(key)?.map(|value| value.value()))
            };
            Ok((number(METADATA_FORMAT)?, number(METADATA_PIECES)?, read.open_table(PIECES)?))
        };
        let (format, count, table) =
            read().map_err(|error| JournalError::from_store(&name, error))?;
        let (Some(format), Some(count)) = (format, count) else {
            return Err(JournalError::damaged_file(name, None, "the metadata is incomplete"));
        };
        if format > FORMAT_VERSION {
            return Err(JournalError::NewerFormat { file: name, format });
        }
        let pieces = PieceReader {
            name: name.clone(),
            table,
            _store: store,
            next: 0,
            count,
            piece: Vec::new(),
            position: 0,
        };
        let decoder =
            zstd::Decoder::new(pieces).map_err(|error| JournalError::from_io(&name, error))?;
        Ok(SnapshotReader { decoder, name, format })
    }

    /// Removes a snapshot.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    pub fn remove_snapshot(&self, at: SequenceNumber) -> Result<(), JournalError> {
        let name = snapshot_name(at);
        self.disk.remove_file(&name).map_err(|error| JournalError::from_io(&name, error))
    }
}

/// A snapshot being written. Dropped without [`SnapshotWriter::finish`], it leaves no file.
pub struct SnapshotWriter {
    encoder: zstd::Encoder<'static, PieceWriter>,
}

impl std::fmt::Debug for SnapshotWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SnapshotWriter").field(&self.encoder.get_ref().name).finish()
    }
}

impl Write for SnapshotWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

impl SnapshotWriter {
    /// Commits the snapshot durably and returns its compressed size in bytes.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] if no space is left, or another error if writing fails. No
    /// snapshot exists then.
    pub fn finish(self) -> Result<u64, JournalError> {
        let name = self.encoder.get_ref().name.clone();
        let finished = self.encoder.finish().and_then(PieceWriter::finish_file);
        finished.map_err(|error| JournalError::from_io(&name, error))
    }
}

/// Removes an unfinished file when dropped.
#[derive(Debug)]
struct UnfinishedFile {
    disk: Arc<dyn FileStorage>,
    name: String,
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        // A finished file was renamed. If removal fails, the next startup removes the file.
        let _ = self.disk.remove_file(&self.name);
    }
}

/// Splits the compressed state into pieces.
struct PieceWriter {
    name: String,
    write: WriteTransaction,
    store: Database,
    piece: Vec<u8>,
    count: u64,
    bytes: u64,
    /// Declared last, so that the file is closed before it is removed.
    unfinished: UnfinishedFile,
}

impl PieceWriter {
    fn write_piece(&mut self) -> io::Result<()> {
        let value = [&crc32fast::hash(&self.piece).to_le_bytes()[..], &self.piece].concat();
        let insert = || -> Result<(), redb::Error> {
            self.write.open_table(PIECES)?.insert(self.count, value.as_slice())?;
            Ok(())
        };
        insert().map_err(to_io_error)?;
        self.bytes += self.piece.len() as u64;
        self.count += 1;
        self.piece.clear();
        Ok(())
    }

    fn finish_file(mut self) -> io::Result<u64> {
        self.write_piece()?;
        let PieceWriter { name, write, store, count, bytes, unfinished, .. } = self;
        let commit = || -> Result<(), redb::Error> {
            {
                let mut metadata = write.open_table(METADATA)?;
                metadata.insert(METADATA_FORMAT, FORMAT_VERSION)?;
                metadata.insert(METADATA_PIECES, count)?;
            }
            write.commit()?;
            store.close()?;
            Ok(())
        };
        commit().map_err(to_io_error)?;
        unfinished.disk.rename_file(&unfinished.name, &name)?;
        Ok(bytes)
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.write_piece()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Converts an error of the store. The kind of an I/O error is preserved, to detect a full disk.
fn to_io_error(error: redb::Error) -> io::Error {
    match error {
        redb::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}

/// A snapshot being read. Its [`io::Error`] names the damaged piece.
pub struct SnapshotReader {
    decoder: zstd::Decoder<'static, BufReader<PieceReader>>,
    name: String,
    format: u64,
}

impl SnapshotReader {
    /// Returns the format version of the snapshot.
    #[must_use]
    pub fn format_version(&self) -> u64 {
        self.format
    }
}

impl std::fmt::Debug for SnapshotReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SnapshotReader").field(&self.name).finish()
    }
}

impl Read for SnapshotReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(out)
    }
}

/// Joins the pieces.
struct PieceReader {
    name: String,
    table: ReadOnlyTable<u64, &'static [u8]>,
    _store: Database,
    next: u64,
    count: u64,
    piece: Vec<u8>,
    /// Number of bytes already read from the piece.
    position: usize,
}

impl PieceReader {
    /// Loads the next piece; returns false at the end.
    fn fetch_piece(&mut self) -> Result<bool, JournalError> {
        if self.next == self.count {
            return Ok(false);
        }
        let damaged = |what: &str| {
            JournalError::damaged_file(&self.name, None, format!("piece {} {what}", self.next))
        };
        let value = self
            .table
            .get(self.next)
            .map_err(|error| JournalError::from_store(&self.name, error))?;
        let value = value.ok_or_else(|| damaged("is missing"))?;
        let (checksum, piece) =
            value.value().split_first_chunk().ok_or_else(|| damaged("is truncated"))?;
        if u32::from_le_bytes(*checksum) != crc32fast::hash(piece) {
            return Err(damaged("has a wrong checksum"));
        }
        self.piece.clear();
        self.piece.extend_from_slice(piece);
        (self.position, self.next) = (0, self.next + 1);
        Ok(true)
    }
}

impl Read for PieceReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.position == self.piece.len() {
            if !self
                .fetch_piece()
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
            {
                return Ok(0);
            }
        }
        let taken = out.len().min(self.piece.len() - self.position);
        out[..taken].copy_from_slice(&self.piece[self.position..self.position + taken]);
        self.position += taken;
        Ok(taken)
    }
}
