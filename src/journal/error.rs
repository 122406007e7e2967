//! Errors of the journal. Callers distinguish a full disk from all other errors.

use crate::journal::SequenceNumber;
use std::io;

/// Stored bytes that differ from the written ones. The text describes the difference.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Damage(pub String);

impl From<&str> for Damage {
    fn from(what: &str) -> Damage {
        Damage(what.to_owned())
    }
}

/// Error of a journal operation.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No space is left, a quota is exhausted, or the maximum file size is reached.
    #[error(
        "{file}: no space left to write: {cause}; free disk space or lower the retention limits, \
         and writing resumes"
    )]
    DiskFull {
        /// The file that was written.
        file: String,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// Reading or writing failed for another reason.
    #[error("{file}: {cause}; check the disk and the permissions of the data directory")]
    Io {
        /// The affected file.
        file: String,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// Written data is missing or changed.
    #[error(
        "{file}{}: damaged: {what}; restore the file from a backup, or move it away and lose its \
         content",
        record_suffix(.sequence)
    )]
    Damaged {
        /// The damaged file.
        file: String,
        /// The damaged record; `None` if the whole file is affected.
        sequence: Option<SequenceNumber>,
        /// Description of the damage.
        what: String,
    },
    /// A later version of the program wrote the file.
    #[error(
        "{file}: written in format {format}, but this version of firstline reads formats up to {}; \
         use a newer version",
        super::FORMAT_VERSION
    )]
    NewerFormat {
        /// The affected file.
        file: String,
        /// The format of the file.
        format: u64,
    },
    /// Another process uses the data directory.
    #[error(
        "{directory}: in use by {}; stop that process first, or choose another directory",
        process_name(.process)
    )]
    Locked {
        /// The data directory.
        directory: String,
        /// The id of the other process, if known.
        process: Option<u32>,
    },
    /// The journal was written with other keys than those in the file `keys`.
    #[error(
        "{file}: written with other keys than those in the file `keys`; restore the matching \
         `keys` file, or start with an empty directory"
    )]
    OtherKeys {
        /// The segment.
        file: String,
    },
    /// The key file cannot be used.
    #[error("{file}: {what}")]
    BadKeys {
        /// The key file.
        file: String,
        /// The reason and the remedy.
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
    /// Converts an error of the operating system on a file.
    #[must_use]
    pub fn from_io(file: &str, cause: io::Error) -> JournalError {
        let file = file.to_owned();
        match cause.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => JournalError::DiskFull { file, cause },
            // The store reports undecodable bytes, and the file system a truncated file.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                JournalError::damaged_file(file, None, cause.to_string())
            }
            _ => JournalError::Io { file, cause },
        }
    }

    /// Creates an error for damage to a file, or to one of its records.
    #[must_use]
    pub fn damaged_file(
        file: impl Into<String>,
        sequence: Option<SequenceNumber>,
        what: impl Into<String>,
    ) -> JournalError {
        JournalError::Damaged { file: file.into(), sequence, what: what.into() }
    }

    /// Converts an error of the store on a file.
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
