//! A file backend that syncs a large file in steps while it is written.
//!
//! Operating systems buffer writes and flush the whole buffer at a sync. A sync of another file
//! waits for that flush. The journal syncs many times a second, and a snapshot has tens of
//! megabytes. Syncing the snapshot in small steps keeps the journal's waiting times short.

use redb::StorageBackend;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes written between two syncs, at least. A disk flushes this amount in a few milliseconds.
const STEP_BYTES: u64 = 4 << 20;

/// An open file that is synced after each [`STEP_BYTES`], in addition to requested syncs.
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

    /// An in-memory file that counts syncs.
    #[derive(Debug, Default)]
    struct CountingBackend {
        file: InMemoryBackend,
        syncs: Arc<AtomicU64>,
    }

    impl StorageBackend for CountingBackend {
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
        let backend = CountingBackend::default();
        let syncs = backend.syncs.clone();
        let file = IncrementalSync::new(Box::new(backend));
        let quarter = vec![7; STEP_BYTES as usize / 4];
        file.set_len(4 * STEP_BYTES).expect("in-memory file grows");
        let assert_syncs = |times: u64| assert_eq!(syncs.load(Ordering::Relaxed), times);
        for place in 0..7 {
            file.write(place * STEP_BYTES / 4, &quarter).expect("write succeeds");
        }
        assert_syncs(1);
        // A requested sync also starts a new step.
        file.sync_data().expect("sync succeeds");
        assert_syncs(2);
        for place in 7..10 {
            file.write(place * STEP_BYTES / 4, &quarter).expect("write succeeds");
        }
        assert_syncs(2);
        file.write(10 * STEP_BYTES / 4, &quarter).expect("write succeeds");
        assert_syncs(3);
    }
}
