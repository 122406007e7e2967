//! A large file that goes to the disk step by step while it is written.
//!
//! A system gathers what is written and, once told to keep it, hands all of that to the disk: whoever tells it to keep a few
//! bytes of another file meanwhile waits behind it. The journal does so many times a second, and a snapshot is
//! tens of megabytes and more; so no more of it than [`STEP`] is ever gathered.

use redb::StorageBackend;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bytes are written between two syncs, at least: a disk takes so many in a few milliseconds.
const STEP_BYTES: u64 = 4 << 20;

/// An open file that is synced after each [`STEP`], beside the syncs it is asked for.
#[derive(Debug)]
pub(super) struct IncrementalSync {
    file: Box<dyn StorageBackend>,
    unsynced_bytes: AtomicU64,
}

impl IncrementalSync {
    pub(super) fn new(file: Box<dyn StorageBackend>) -> IncrementalSync {
        IncrementalSync { file, unsynced_bytes: AtomicU64::new(0) }
    }
}

impl StorageBackend for IncrementalSync {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.unsynced_bytes.store(0, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)?;
        let length = data.len() as u64;
        if self.unsynced_bytes.fetch_add(length, Ordering::Relaxed) + length >= STEP_BYTES {
            self.sync_data()?;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;
    use std::sync::Arc;

    /// A file in memory that counts how often it is synced.
    #[derive(Debug, Default)]
    struct FactCountChange {
        file: InMemoryBackend,
        syncs: Arc<AtomicU64>,
    }

    impl StorageBackend for FactCountChange {
        fn len(&self) -> io::Result<u64> {
            self.file.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.file.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.file.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.syncs.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.file.write(offset, data)
        }
    }

    #[test]
    fn syncs_after_each_step_of_bytes() {
        let counted = FactCountChange::default();
        let syncs = counted.syncs.clone();
        let paced = IncrementalSync::new(Box::new(counted));
        let quarter = vec![7; STEP_BYTES as usize / 4];
        paced.set_len(4 * STEP_BYTES).expect("room");
        let synced = |times: u64| assert_eq!(syncs.load(Ordering::Relaxed), times);
        for place in 0..7 {
            paced.write(place * STEP_BYTES / 4, &quarter).expect("written");
        }
        synced(1);
        // What it is asked for counts as well: the next step begins with it.
        paced.sync_data().expect("synced");
        synced(2);
        for place in 7..10 {
            paced.write(place * STEP_BYTES / 4, &quarter).expect("written");
        }
        synced(2);
        paced.write(10 * STEP_BYTES / 4, &quarter).expect("written");
        synced(3);
    }
}
