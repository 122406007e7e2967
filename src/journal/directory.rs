//! The data directory: one process at a time, one format, one set of keys.

use super::disk::{Directory, Disk};
use super::error::Error;
use super::keys::Keys;
use super::{FORMAT, segment};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the file `format` begins with.
const TITLE: &str = "firstline data, format ";

/// A data directory that is this process's own, until it is dropped.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    keys: Keys,
    /// The operating system lets go of the lock when the process ends, however it does.
    lock: File,
}

impl Held {
    /// Takes a data directory; makes it if it is not there.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has it, [`Error::Newer`], [`Error::BadKeys`], or what the system says.
    pub fn take(path: &Path) -> Result<Held, Error> {
        let directory = path.display().to_string();
        make(path).map_err(|error| Error::io(&directory, error))?;
        let lock = lock(path)?;
        check_format(&path.join("format"))?;
        let names = Directory(path.to_owned()).list().map_err(|error| Error::io(&directory, error))?;
        let new = !names.iter().any(|name| segment::first(name).is_some());
        let keys = Keys::take(&path.join("keys"), new)?;
        Ok(Held { path: path.to_owned(), keys, lock })
    }

    /// Takes a data directory that is there; makes nothing.
    ///
    /// # Errors
    /// As [`Held::take`]; [`Error::Io`] too if nothing has been kept there.
    pub fn take_existing(path: &Path) -> Result<Held, Error> {
        let format = path.join("format");
        fs::metadata(&format).map_err(|error| Error::io(&format.display().to_string(), error))?;
        Held::take(path)
    }

    /// Its files.
    #[must_use]
    pub fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(Directory(self.path.clone()))
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.keys
    }
}

/// A process that this one is just starting has a copy of every open file until it becomes another program: closing alone would leave
/// the lock with it for that moment.
impl Drop for Held {
    fn drop(&mut self) {
        // What cannot be unlocked is closed, which does the same a moment later.
        _ = self.lock.unlock();
    }
}

/// Makes the directory, for its owner alone.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lock(path: &Path) -> Result<File, Error> {
    let name = path.join("lock");
    let failed = |error: io::Error| Error::io(&name.display().to_string(), error);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = fs::read_to_string(&name).ok().and_then(|text| text.trim().parse().ok());
            return Err(Error::Locked { directory: path.display().to_string(), process });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}

/// Says the format of the directory, or refuses a newer one. An older one is this one from now on: what lies there can be read
/// as it is, and the older program must not write behind what this one will.
fn check_format(path: &Path) -> Result<(), Error> {
    let file = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) if !text.is_empty() => match text.strip_prefix(TITLE).and_then(|number| number.trim().parse::<u64>().ok()) {
            Some(format) if format > FORMAT => return Err(Error::Newer { file, format }),
            Some(FORMAT) => return Ok(()),
            Some(older) => tracing::info!(older, format = FORMAT, "what an older version kept is taken over"),
            None => return Err(Error::damaged(file, None, format!("it does not begin with `{TITLE}`"))),
        },
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io(&file, error)),
        // An empty one was not finished.
        _ => {}
    }
    fs::write(path, format!("{TITLE}{FORMAT}\n")).map_err(|error| Error::io(&file, error))
}
