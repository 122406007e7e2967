//! What can go wrong with the journal: what, where, why, and what to do. The engine tells a full disk from the rest by it.

use crate::journal::SequenceNumber;
use std::io;

/// Bytes that are not what was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Damage(pub String);

impl From<&str> for Damage {
    fn from(what: &str) -> Damage {
        Damage(what.to_owned())
    }
}

/// Why the journal did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no room: the disk is full, or a quota or the largest size of a file is reached.
    #[error(
        "{file}: no room to write: {cause}; free some space or keep less, and it goes on by itself"
    )]
    DiskFull {
        /// The file that was written.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Reading or writing failed for another reason.
    #[error("{file}: {cause}; look after the disk and the rights of the directory")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
    /// What was written before is not there, or not as it was written.
    #[error("{file}{}: damaged: {what}; put the file back from a backup, or move it away and do without what it holds", record_suffix(.sequence))]
    Damaged {
        /// The file.
        file: String,
        /// The record that cannot be had; none if it is the file as a whole.
        sequence: Option<SequenceNumber>,
        /// What is wrong.
        what: String,
    },
    /// A later version of the program wrote this.
    #[error(
        "{file}: written in format {format}, and this program knows those until {}; use the newer program",
        super::FORMAT_VERSION
    )]
    NewerFormat {
        /// The file.
        file: String,
        /// The format it has.
        format: u64,
    },
    /// Another process works in the data directory.
    #[error("{directory}: in use by {}; stop it first, or choose another directory", process_name(.process))]
    Locked {
        /// The data directory.
        directory: String,
        /// The other process, if it said.
        process: Option<u32>,
    },
    /// The journal was written with other keys than those of the file `keys`.
    #[error(
        "{file}: written with other keys than those in the file `keys`; put the right `keys` back, or begin with an empty directory"
    )]
    OtherKeys {
        /// The segment.
        file: String,
    },
    /// The file of the keys cannot be used.
    #[error("{file}: {what}")]
    BadKeys {
        /// The file.
        file: String,
        /// Why, and what to do.
        what: String,
    },
}

fn record_suffix(sequence: &Option<SequenceNumber>) -> String {
    sequence.map_or(String::new(), |sequence| format!(", record {sequence}"))
}

fn process_name(process: &Option<u32>) -> String {
    process.map_or("another process".to_owned(), |number| format!("process {number}"))
}

impl JournalError {
    /// What the system said of a file.
    #[must_use]
    pub fn from_io(file: &str, cause: io::Error) -> JournalError {
        let file = file.to_owned();
        match cause.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => JournalError::DiskFull { file, cause },
            // The store says so of bytes that it cannot make sense of, and a file says so that has been cut.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                JournalError::damaged_file(file, None, cause.to_string())
            }
            _ => JournalError::Io { file, cause },
        }
    }

    /// Damage to a file.
    #[must_use]
    pub fn damaged_file(
        file: impl Into<String>,
        sequence: Option<SequenceNumber>,
        what: impl Into<String>,
    ) -> JournalError {
        JournalError::Damaged { file: file.into(), sequence, what: what.into() }
    }

    /// What the store said of a file.
    pub(super) fn from_store(file: &str, error: impl Into<redb::Error>) -> JournalError {
        match error.into() {
            redb::Error::Io(cause) => JournalError::from_io(file, cause),
            redb::Error::UpgradeRequired(format) => {
                JournalError::NewerFormat { file: file.to_owned(), format: u64::from(format) }
            }
            error @ (redb::Error::PreviousIo
            | redb::Error::DatabaseClosed
            | redb::Error::ValueTooLarge(_)) => {
                JournalError::Io { file: file.to_owned(), cause: io::Error::other(error) }
            }
            error => JournalError::damaged_file(file, None, error.to_string()),
        }
    }
}
