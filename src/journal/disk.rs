//! Where the files lie: a real directory, or in tests a simulated disk that fails, tears and forgets.
//!
//! Also `Scratch`, which lets the store read a file and keeps its hands off it.

use redb::StorageBackend;
use redb::backends::FileBackend;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A flat place for files, each known by its name.
///
/// Creating, renaming and removing are durable when they return; what is written into a file is after its `sync_data`.
pub trait FileStorage: Debug + Send + Sync {
    /// The names of all files, in no order.
    ///
    /// # Errors
    /// What the system says.
    fn list_files(&self) -> io::Result<Vec<String>>;
    /// A file to read and write. With `create` it is a new and empty one, whatever lay there before.
    ///
    /// # Errors
    /// What the system says.
    fn open_file(&self, name: &str, create: bool) -> io::Result<Box<dyn StorageBackend>>;
    /// Gives a file another name, at once or not at all; a file of that name is gone. It may be open.
    ///
    /// # Errors
    /// What the system says.
    fn rename_file(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove_file(&self, name: &str) -> io::Result<()>;
    /// How long a file is, in bytes.
    ///
    /// # Errors
    /// What the system says.
    fn file_bytes(&self, name: &str) -> io::Result<u64>;
}

/// A real directory.
#[derive(Clone, Debug)]
pub struct DirectoryStorage(pub PathBuf);

impl DirectoryStorage {
    /// Makes names durable: a file that was synced can still be lost with its entry in the directory.
    fn sync_directory(&self) -> io::Result<()> {
        // Windows keeps its directories safe by itself and opens none as a file.
        if cfg!(unix) { File::open(&self.0)?.sync_all() } else { Ok(()) }
    }

    fn file_path(&self, name: &str) -> PathBuf {
        self.0.join(Path::new(name))
    }
}

impl FileStorage for DirectoryStorage {
    fn list_files(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        // A name that is no text is none of ours.
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

/// An open file as the store takes it.
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

/// A file that is read and never written: what the store writes, to repair and to mark the file as open, stays in memory.
///
/// That is a few pages for a whole segment, since nothing is added to it.
#[derive(Debug)]
pub(super) struct ReadOnlyBackend {
    file: Box<dyn StorageBackend>,
    overlay: Mutex<PageOverlay>,
}

#[derive(Debug)]
struct PageOverlay {
    len: u64,
    /// Until where the file itself still counts: it may have been cut and then grown again.
    valid_len: u64,
    /// What was written, by page of [`PAGE`] bytes.
    pages: BTreeMap<u64, Box<[u8]>>,
}

/// In what pieces [`Scratch`] remembers.
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

    /// Reads what the file has, and zeros behind its end.
    fn read_underlying_file(&self, kept: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = kept.saturating_sub(offset).min(out.len() as u64) as usize;
        out[there..].fill(0);
        if there == 0 { Ok(()) } else { self.file.read(offset, &mut out[..there]) }
    }
}

/// The pieces of `[offset, offset + len)` that lie in one page each: the page, where in it, and where in the whole.
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
        let written = self.lock_overlay();
        if offset.saturating_add(out.len() as u64) > written.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_underlying_file(written.valid_len, offset, out)?;
        if !written.pages.is_empty() {
            for (page, within, whole) in split_by_page(offset, out.len()) {
                if let Some(bytes) = written.pages.get(&page) {
                    out[whole].copy_from_slice(&bytes[within]);
                }
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.lock_overlay();
        if len < written.len {
            written.valid_len = written.valid_len.min(len);
            // What lies behind the end reads as zeros, should the file grow again.
            written.pages.split_off(&len.div_ceil(PAGE_BYTES));
            if let Some(page) = written.pages.get_mut(&(len / PAGE_BYTES)) {
                page[(len % PAGE_BYTES) as usize..].fill(0);
            }
        }
        written.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.lock_overlay();
        let kept = written.valid_len;
        for (page, within, whole) in split_by_page(offset, data.len()) {
            let bytes = match written.pages.entry(page) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let mut bytes = vec![0; PAGE_BYTES as usize].into_boxed_slice();
                    self.read_underlying_file(kept, page * PAGE_BYTES, &mut bytes)?;
                    entry.insert(bytes)
                }
            };
            bytes[within].copy_from_slice(&data[whole]);
        }
        written.len = written.len.max(offset + data.len() as u64);
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
        let place = tempfile::tempdir().expect("a directory");
        let disk = DirectoryStorage(place.path().to_owned());
        let file = disk.open_file("a", true).expect("a file");
        file.write(0, &[7; 10_000]).expect("written");
        let scratch = ReadOnlyBackend::new(file).expect("its length");
        scratch.write(4_090, &[1; 10]).expect("written");
        scratch.set_len(9_000).expect("cut");
        scratch.set_len(12_000).expect("grown");
        let mut all = vec![0; 12_000];
        scratch.read(0, &mut all).expect("read");
        assert!(all[..4_090].iter().chain(&all[4_100..9_000]).all(|byte| *byte == 7));
        assert!(
            all[4_090..4_100].iter().all(|byte| *byte == 1)
                && all[9_000..].iter().all(|byte| *byte == 0)
        );
        assert!(scratch.read(11_999, &mut [0; 2]).is_err());
        assert_eq!(fs::read(place.path().join("a")).expect("the file"), [7; 10_000]);
    }
}
