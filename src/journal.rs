//! The journal: what is accepted lies on disk before its sender hears of it, and the same journal gives the same board again.
//!
//! # What durable means
//! When [`Journal::append`] returns, its records were written and the disk was told to keep them (`fdatasync`): they outlive
//! the process, the operating system and a loss of power, as far as the disk keeps its word. Each append is a transaction:
//! after a crash it is there as a whole or not at all. An append that failed is not there once the next one has succeeded.
//!
//! # The data directory ([`Held`])
//! | file | what it holds |
//! |---|---|
//! | `lock` | the process that works here; a second one is refused |
//! | `format` | the version of this layout; a newer one is refused |
//! | `keys` | the secrets of the hashes, for the owner's eyes alone |
//! | `journal-<first sequence>.redb` | a **segment**: the records from this sequence until the next segment begins, and the standard in force where it begins |
//! | `snapshot-<sequence>.redb` | the state of the core after this record |
//! | `closed` | nothing; it is there while nobody writes here and all of the segments has reached the disk |
//! | `cursors.redb` | how far the receivers of alerts have heard |
//! | `*.new` | one of these in the making; what a crash left of it is removed |
//!
//! Segments and snapshots are databases of `redb` with checksums on every page. Only the newest segment is ever written. A
//! file gets its name when it is complete, so one that cannot be opened under its name is damaged, never just unfinished.
//!
//! A segment may end with records that the next segment has as well: a failed append that reached the disk. They were never
//! acknowledged, and are not read: a record belongs to the newest segment that can hold it.
//!
//! # Damage
//! Every page of a segment is checked when it is opened, every record has a checksum of its own that covers its sequence, and
//! the sequences have no gap. What is read is what was written, or an [`Error::Damaged`] that names the file and the record.
//! One thing no checksum can tell: damage to the very last transaction of a segment that was not closed, as after a loss of
//! power, looks like a transaction that never finished, and is dropped as one.
//!
//! # Limits
//! | what | limit | beyond it |
//! |---|---|---|
//! | records of one append | 2 GiB together | an error; a batch is far smaller |
//! | a segment | [`Settings::segment_bytes`] of values, and the append that reaches it | the next segment |
//! | memory of a reader | a portion of 1 MiB and one record, and a cache of 16 MiB | it reads in portions |
//! | a batch kept compressed | 64 MiB unpacked | kept as it is, so that no small file unpacks to a large memory |

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

pub use self::batch_codec::BatchCodec;
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

/// The version of what is written here. A reader refuses a higher one.
pub const FORMAT_VERSION: u64 = 3;

/// The place of a record in the journal; the first is 1. 0 means "before everything".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct SequenceNumber(pub u64);

impl SequenceNumber {
    /// The place behind this one.
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
