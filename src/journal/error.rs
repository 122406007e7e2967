//! What can go wrong with the journal: what, where, why, and what to do. The engine tells a full disk from the rest by it.

use super::Sequence;
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
pub enum Error {
    /// There is no room: the disk is full, or a quota or the largest size of a file is reached.
    #[error("{file}: no room to write: {cause}; free some space or keep less, and it goes on by itself")]
    Full {
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
    #[error("{file}{}: damaged: {what}; put the file back from a backup, or move it away and do without what it holds", place(.sequence))]
    Damaged {
        /// The file.
        file: String,
        /// The record that cannot be had; none if it is the file as a whole.
        sequence: Option<Sequence>,
        /// What is wrong.
        what: String,
    },
    /// A later version of the program wrote this.
    #[error("{file}: written in format {format}, and this program knows those until {}; use the newer program", super::FORMAT)]
    Newer {
        /// The file.
        file: String,
        /// The format it has.
        format: u64,
    },
    /// Another process works in the data directory.
    #[error("{directory}: in use by {}; stop it first, or choose another directory", who(.process))]
    Locked {
        /// The data directory.
        directory: String,
        /// The other process, if it said.
        process: Option<u32>,
    },
    /// The journal was written with other keys than those of the file `keys`.
    #[error("{file}: written with other keys than those in the file `keys`; put the right `keys` back, or begin with an empty directory")]
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

fn place(sequence: &Option<Sequence>) -> String {
    sequence.map_or(String::new(), |sequence| format!(", record {sequence}"))
}

fn who(process: &Option<u32>) -> String {
    process.map_or("another process".to_owned(), |number| format!("process {number}"))
}

impl Error {
    /// What the system said of a file.
    #[must_use]
    pub fn io(file: &str, cause: io::Error) -> Error {
        let file = file.to_owned();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Error::Full { file, cause },
            // The store says so of bytes that it cannot make sense of, and a file says so that has been cut.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::damaged(file, None, cause.to_string()),
            _ => Error::Io { file, cause },
        }
    }

    /// Damage to a file.
    #[must_use]
    pub fn damaged(file: impl Into<String>, sequence: Option<Sequence>, what: impl Into<String>) -> Error {
        Error::Damaged { file: file.into(), sequence, what: what.into() }
    }

    /// What the store said of a file.
    pub(super) fn store(file: &str, error: impl Into<redb::Error>) -> Error {
        match error.into() {
            redb::Error::Io(cause) => Error::io(file, cause),
            redb::Error::UpgradeRequired(format) => Error::Newer { file: file.to_owned(), format: u64::from(format) },
            error @ (redb::Error::PreviousIo | redb::Error::DatabaseClosed | redb::Error::ValueTooLarge(_)) => {
                Error::Io { file: file.to_owned(), cause: io::Error::other(error) }
            }
            error => Error::damaged(file, None, error.to_string()),
        }
    }
}
