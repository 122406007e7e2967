//! The journal: a durable append-only log of everything that the engine processes.
//!
//! An event is acknowledged only after its record is on disk. Replaying the same journal produces
//! the same boards.
//!
//! # Durability
//! Records are written and synced (`fdatasync`) before [`Journal::append_records`] returns. They
//! survive a crash of the process or the operating system and a loss of power, provided that the
//! disk honors syncs. Each append is a transaction. After a crash it is present completely or
//! not at all. A failed append is absent once the next append has succeeded.
//!
//! # Data directory ([`DirectoryLock`])
//! | file | content |
//! |---|---|
//! | `lock` | the id of the process that uses the directory; a second process is refused |
//! | `format` | the version of this layout; a newer version is refused |
//! | `keys` | the secret hash keys, readable by the owner only |
//! | `journal-<first sequence>.redb` | a **segment**, see below |
//! | `snapshot-<sequence>.redb` | the engine's state after this record |
//! | `closed` | empty; present while no process writes and all segments are on disk |
//! | `cursors.redb` | the last alert message delivered to each receiver |
//! | `*.new` | an unfinished file; leftovers of a crash are removed at startup |
//!
//! A segment holds the records from its first sequence until the next segment begins. It also
//! holds the standard in force at its beginning.
//!
//! Segments and snapshots are `redb` databases with a checksum on every page. Only the newest
//! segment is written. A file gets its final name when it is complete. A file with its final name
//! that cannot be opened is therefore damaged, not unfinished.
//!
//! A segment may end with records that the next segment repeats, left by a failed append that
//! reached the disk. They were never acknowledged and are not read. A record belongs to the newest
//! segment that can contain it.
//!
//! # Damage
//! Opening a segment checks every page. Every record has its own checksum, which covers its
//! sequence, and sequences have no gaps. Readers return exactly the records that were written, or
//! a [`JournalError::Damaged`] that names the file and the record. One case is undetectable: damage
//! to the last transaction of a segment that was not closed, for example after a loss of power. It
//! looks like an unfinished transaction and is rolled back.
//!
//! # Limits
//! | item | limit | above the limit |
//! |---|---|---|
//! | records of one append | 2 GiB in total | an error; a batch is far smaller |
//! | segment | [`JournalSettings::segment_bytes`] of values | the next segment begins |
//! | memory of a reader | 1 MiB, one record and a cache of 16 MiB | records are read in portions |
//! | compressed batch | 64 MiB decompressed | stored uncompressed, against compression bombs |

pub mod batch_codec;
mod data_directory;
mod delivery_cursors;
pub mod disk;
pub mod error;
mod identity_keys;
mod incremental_sync;
pub mod integrity_check;
pub mod reader;
pub mod record;
pub mod retention;
mod segment;
mod segment_list;
pub mod snapshot;
pub mod writer;

pub use self::batch_codec::EncodedBatch;
pub use self::data_directory::DirectoryLock;
pub use self::delivery_cursors::DeliveryCursors;
pub use self::disk::{DirectoryStorage, FileStorage};
pub use self::error::{Damage, JournalError};
pub use self::identity_keys::IdentityKeys;
pub use self::reader::{JournalReader, RecordIterator};
pub use self::record::JournalRecord;
pub use self::retention::{PruneSummary, RetentionLimits};
pub use self::snapshot::{SnapshotReader, SnapshotStore, SnapshotWriter};
pub use self::writer::{Journal, JournalSettings};

/// Version of the on-disk format. Readers refuse a higher version.
pub const FORMAT_VERSION: u64 = 6;

/// The sequence number of a record; the first is 1, and 0 means before the first record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct SequenceNumber(pub u64);

impl SequenceNumber {
    /// Returns the number after this one.
    #[must_use]
    pub fn next(self) -> SequenceNumber {
        SequenceNumber(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
