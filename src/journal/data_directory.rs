//! The data directory: one process at a time, one format, one set of keys.

use super::disk::{DirectoryStorage, FileStorage};
use super::error::JournalError;
use super::identity_keys::IdentityKeys;
use super::segment;
use crate::journal::FORMAT_VERSION;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the file `format` begins with.
const FORMAT_PREFIX: &str = "firstline data, format ";

/// A data directory that is this process's own, until it is dropped.
#[derive(Debug)]
pub struct DirectoryLock {
    path: PathBuf,
    keys: IdentityKeys,
    /// The operating system lets go of the lock when the process ends, however it does.
    lock: File,
}

impl DirectoryLock {
    /// Takes a data directory; makes it if it is not there.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has it, [`Error::Newer`], [`Error::BadKeys`], or what the system says.
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

    /// Takes a data directory that is there; makes nothing.
    ///
    /// # Errors
    /// As [`Held::take`]; [`Error::Io`] too if nothing has been kept there.
    pub fn acquire_existing(path: &Path) -> Result<DirectoryLock, JournalError> {
        let format = path.join("format");
        fs::metadata(&format)
            .map_err(|error| JournalError::from_io(&format.display().to_string(), error))?;
        DirectoryLock::acquire(path)
    }

    /// Its files.
    #[must_use]
    pub fn disk(&self) -> Arc<dyn FileStorage> {
        Arc::new(DirectoryStorage(self.path.clone()))
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> IdentityKeys {
        self.keys
    }
}

/// A process that this one is just starting has a copy of every open file until it becomes another program: closing alone would leave
/// the lock with it for that moment.
impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // What cannot be unlocked is closed, which does the same a moment later.
        _ = self.lock.unlock();
    }
}

/// Makes the directory, for its owner alone.
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

/// Says the format of the directory, or refuses a newer one. An older one is this one from now on: what lies there can be read
/// as it is, and the older program must not write behind what this one will.
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
                "what an older version kept is taken over"
            ),
            None => {
                return Err(JournalError::damaged_file(
                    file,
                    None,
                    format!("it does not begin with `{FORMAT_PREFIX}`"),
                ));
            }
        },
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(JournalError::from_io(&file, error));
        }
        // An empty one was not finished.
        _ => {}
    }
    fs::write(path, format!("{FORMAT_PREFIX}{FORMAT_VERSION}\n"))
        .map_err(|error| JournalError::from_io(&file, error))
}
