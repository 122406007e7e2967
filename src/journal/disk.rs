//! File storage: a real directory, or in tests a simulated disk with write errors and power loss.
//!
//! `ReadOnlyBackend` lets the store open a file without changing it.

use redb::StorageBackend;
use redb::backends::FileBackend;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A flat set of files, each identified by its name.
///
/// Creating, renaming and removing are durable when they return. Data written to a file is durable
/// after `sync_data`.
pub trait FileStorage: Debug + Send + Sync {
    /// Returns the names of all files, in no particular order.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be listed.
    fn list_files(&self) -> io::Result<Vec<String>>;
    /// Opens a file for reading and writing. With `create` the file is new and empty and replaces
    /// an existing one.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened or created.
    fn open_file(&self, name: &str, create: bool) -> io::Result<Box<dyn StorageBackend>>;
    /// Renames a file atomically and replaces an existing file. The file may be open.
    ///
    /// # Errors
    /// Returns an error if the file cannot be renamed.
    fn rename_file(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    fn remove_file(&self, name: &str) -> io::Result<()>;
    /// Returns the size of a file in bytes.
    ///
    /// # Errors
    /// Returns an error if the file's metadata cannot be read.
    fn file_bytes(&self, name: &str) -> io::Result<u64>;
}

/// A real directory.
#[derive(Clone, Debug)]
pub struct DirectoryStorage(pub PathBuf);

impl DirectoryStorage {
    /// Syncs directory entries. A synced file can still be lost together with its entry.
    fn sync_directory(&self) -> io::Result<()> {
        // Windows syncs directory entries by itself and cannot open a directory as a file.
        if cfg!(unix) { File::open(&self.0)?.sync_all() } else { Ok(()) }
    }

    fn file_path(&self, name: &str) -> PathBuf {
        self.0.join(Path::new(name))
    }
}

impl FileStorage for DirectoryStorage {
    fn list_files(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        // A name that is not UTF-8 is not one of the journal's files.
        names.filter_map(Result::transpose).collect()
    }

    fn open_file(&self, name: &str, create: bool) -> io::Result<Box<dyn StorageBackend>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(create)
            .open(self.file_path(name))?;
        if create {
            self.sync_directory()?;
        }
        let backend = FileBackend::new(file).map_err(|error| match error {
            redb::DatabaseError::Storage(redb::StorageError::Io(error)) => error,
            error => io::Error::other(error),
        })?;
        Ok(Box::new(backend))
    }

    fn rename_file(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.file_path(from), self.file_path(to))?;
        self.sync_directory()
    }

    fn remove_file(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.file_path(name))?;
        self.sync_directory()
    }

    fn file_bytes(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.file_path(name))?.len())
    }
}

/// An open file in the form that the store requires.
#[derive(Debug)]
pub(super) struct BoxedBackend(pub(super) Box<dyn StorageBackend>);

impl StorageBackend for BoxedBackend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// A file that is never written. Writes of the store, for repair and for its open marker, stay in
/// memory.
///
/// They amount to a few pages per segment, because no records are added.
#[derive(Debug)]
pub(super) struct ReadOnlyBackend {
    file: Box<dyn StorageBackend>,
    overlay: Mutex<PageOverlay>,
}

#[derive(Debug)]
struct PageOverlay {
    len: u64,
    /// Length up to which the file itself is valid. It shrinks when the file is truncated.
    valid_len: u64,
    /// Written pages of [`PAGE_BYTES`] each, by page number.
    pages: BTreeMap<u64, Box<[u8]>>,
}

/// Page size of the overlay, in bytes.
const PAGE_BYTES: u64 = 4_096;

impl ReadOnlyBackend {
    pub(super) fn new(file: Box<dyn StorageBackend>) -> io::Result<ReadOnlyBackend> {
        let len = file.len()?;
        Ok(ReadOnlyBackend {
            file,
            overlay: Mutex::new(PageOverlay { len, valid_len: len, pages: BTreeMap::new() }),
        })
    }

    fn lock_overlay(&self) -> std::sync::MutexGuard<'_, PageOverlay> {
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the file, and zeros after `valid_len`.
    fn read_underlying_file(&self, valid_len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let available = valid_len.saturating_sub(offset).min(out.len() as u64) as usize;
        out[available..].fill(0);
        if available == 0 { Ok(()) } else { self.file.read(offset, &mut out[..available]) }
    }
}

/// Splits `[offset, offset + len)` by page: page number, range in the page, range in the whole.
fn split_by_page(
    offset: u64,
    len: usize,
) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let end = offset + len as u64;
    (offset / PAGE_BYTES..end.div_ceil(PAGE_BYTES)).map(move |page| {
        let (from, until) = (offset.max(page * PAGE_BYTES), end.min((page + 1) * PAGE_BYTES));
        let within = (from - page * PAGE_BYTES) as usize..(until - page * PAGE_BYTES) as usize;
        (page, within, (from - offset) as usize..(until - offset) as usize)
    })
}

impl StorageBackend for ReadOnlyBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock_overlay().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let overlay = self.lock_overlay();
        if offset.saturating_add(out.len() as u64) > overlay.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_underlying_file(overlay.valid_len, offset, out)?;
        if !overlay.pages.is_empty() {
            for (page, within, whole) in split_by_page(offset, out.len()) {
                if let Some(bytes) = overlay.pages.get(&page) {
                    out[whole].copy_from_slice(&bytes[within]);
                }
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut overlay = self.lock_overlay();
        if len < overlay.len {
            overlay.valid_len = overlay.valid_len.min(len);
            // Bytes after the end must read as zeros if the file grows again.
            overlay.pages.split_off(&len.div_ceil(PAGE_BYTES));
            if let Some(page) = overlay.pages.get_mut(&(len / PAGE_BYTES)) {
                page[(len % PAGE_BYTES) as usize..].fill(0);
            }
        }
        overlay.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut overlay = self.lock_overlay();
        let valid_len = overlay.valid_len;
        for (page, within, whole) in split_by_page(offset, data.len()) {
            let bytes = match overlay.pages.entry(page) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let mut bytes = vec![0; PAGE_BYTES as usize].into_boxed_slice();
                    self.read_underlying_file(valid_len, page * PAGE_BYTES, &mut bytes)?;
                    entry.insert(bytes)
                }
            };
            bytes[within].copy_from_slice(&data[whole]);
        }
        overlay.len = overlay.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_backend_keeps_writes_out_of_the_file() {
        let directory = tempfile::tempdir().expect("temporary directory is created");
        let disk = DirectoryStorage(directory.path().to_owned());
        let file = disk.open_file("a", true).expect("file is created");
        file.write(0, &[7; 10_000]).expect("write succeeds");
        let backend = ReadOnlyBackend::new(file).expect("file has a length");
        backend.write(4_090, &[1; 10]).expect("write succeeds");
        backend.set_len(9_000).expect("file shrinks");
        backend.set_len(12_000).expect("file grows");
        let mut all = vec![0; 12_000];
        backend.read(0, &mut all).expect("read succeeds");
        assert!(all[..4_090].iter().chain(&all[4_100..9_000]).all(|byte| *byte == 7));
        assert!(
            all[4_090..4_100].iter().all(|byte| *byte == 1)
                && all[9_000..].iter().all(|byte| *byte == 0)
        );
        assert!(backend.read(11_999, &mut [0; 2]).is_err());
        assert_eq!(fs::read(directory.path().join("a")).expect("file is readable"), [7; 10_000]);
    }
}
