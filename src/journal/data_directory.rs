//! The data directory. It belongs to one process at a time and has one format and one set of keys.

use super::disk::{DirectoryStorage, FileStorage};
use super::error::JournalError;
use super::identity_keys::IdentityKeys;
use super::segment;
use crate::journal::FORMAT_VERSION;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The text that precedes the version in the file `format`.
const FORMAT_PREFIX: &str = "firstline data, format ";

/// An exclusively locked data directory. Dropping the value releases the lock.
#[derive(Debug)]
pub struct DirectoryLock {
    path: PathBuf,
    keys: IdentityKeys,
    /// The operating system releases the lock when the process ends, even after a crash.
    lock: File,
}

impl DirectoryLock {
    /// Locks a data directory and creates it if it does not exist.
    ///
    /// # Errors
    /// - [`JournalError::Locked`] if another process uses it
    /// - [`JournalError::NewerFormat`] if a later version of the program wrote it
    /// - [`JournalError::BadKeys`] if its keys are missing, invalid or readable by others
    /// - another error if the operating system refuses access
    pub fn acquire(path: &Path) -> Result<DirectoryLock, JournalError> {
        let directory = path.display().to_string();
        create_directory(path).map_err(|error| JournalError::from_io(&directory, error))?;
        let lock = lock_directory(path)?;
        check_format(&path.join("format"))?;
        let names = DirectoryStorage(path.to_owned())
            .list_files()
            .map_err(|error| JournalError::from_io(&directory, error))?;
        let new = !names.iter().any(|name| segment::parse_segment_name(name).is_some());
        let keys = IdentityKeys::read_or_create(&path.join("keys"), new)?;
        Ok(DirectoryLock { path: path.to_owned(), keys, lock })
    }

    /// Locks an existing data directory and never creates one.
    ///
    /// # Errors
    /// As for [`DirectoryLock::acquire`]. Also [`JournalError::Io`] if the directory holds no data.
    pub fn acquire_existing(path: &Path) -> Result<DirectoryLock, JournalError> {
        let format = path.join("format");
        fs::metadata(&format)
            .map_err(|error| JournalError::from_io(&format.display().to_string(), error))?;
        DirectoryLock::acquire(path)
    }

    /// Returns access to the files of the directory.
    #[must_use]
    pub fn disk(&self) -> Arc<dyn FileStorage> {
        Arc::new(DirectoryStorage(self.path.clone()))
    }

    /// Returns the hash keys of the directory.
    #[must_use]
    pub fn keys(&self) -> IdentityKeys {
        self.keys
    }
}

/// Unlocks explicitly. A child process that is just being started shares every open file until it
/// executes its own program, so closing the file alone would leave the lock with the child.
impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // A file that cannot be unlocked is closed, which releases the lock a moment later.
        _ = self.lock.unlock();
    }
}

/// Creates the directory with access for the owner only.
fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lock_directory(path: &Path) -> Result<File, JournalError> {
    let name = path.join("lock");
    let failed = |error: io::Error| JournalError::from_io(&name.display().to_string(), error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = fs::read_to_string(&name).ok().and_then(|text| text.trim().parse().ok());
            return Err(JournalError::Locked { directory: path.display().to_string(), process });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(file)
}

/// Writes the format version of the directory, or refuses a newer one. An older version is raised
/// to the current one: its files stay readable, but the older program must not write here again.
fn check_format(path: &Path) -> Result<(), JournalError> {
    let file = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) if !text.is_empty() => match text
            .strip_prefix(FORMAT_PREFIX)
            .and_then(|number| number.trim().parse::<u64>().ok())
        {
            Some(format) if format > FORMAT_VERSION => {
                return Err(JournalError::NewerFormat { file, format });
            }
            Some(FORMAT_VERSION) => return Ok(()),
            Some(older) => tracing::info!(
                older,
                format = FORMAT_VERSION,
                "data directory of an older format was upgraded"
            ),
            None => {
                return Err(JournalError::damaged_file(
                    file,
                    None,
                    format!("the file does not begin with `{FORMAT_PREFIX}`"),
                ));
            }
        },
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(JournalError::from_io(&file, error));
        }
        // A crash while the file was written leaves it empty.
        _ => {}
    }
    fs::write(path, format!("{FORMAT_PREFIX}{FORMAT_VERSION}\n"))
        .map_err(|error| JournalError::from_io(&file, error))
}
