//! A large file that goes to the disk step by step while it is written.
//!
//! A system gathers what is written and, once told to keep it, hands all of that to the disk: whoever tells it to keep a few
//! bytes of another file meanwhile waits behind it. The journal does so many times a second, and a snapshot is
//! tens of megabytes and more; so no more of it than [`STEP`] is ever gathered.

use redb::StorageBackend;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bytes are written between two syncs, at least: a disk takes so many in a few milliseconds.
const STEP: u64 = 4 << 20;

/// An open file that is synced after each [`STEP`], beside the syncs it is asked for.
#[derive(Debug)]
pub(super) struct Paced {
    file: Box<dyn StorageBackend>,
    gathered: AtomicU64,
}

impl Paced {
    pub(super) fn new(file: Box<dyn StorageBackend>) -> Paced {
        Paced { file, gathered: AtomicU64::new(0) }
    }
}

impl StorageBackend for Paced {
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
        self.gathered.store(0, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)?;
        let length = data.len() as u64;
        if self.gathered.fetch_add(length, Ordering::Relaxed) + length >= STEP {
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
    struct Counted {
        file: InMemoryBackend,
        syncs: Arc<AtomicU64>,
    }

    impl StorageBackend for Counted {
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
    fn no_more_than_a_step_is_gathered() {
        let counted = Counted::default();
        let syncs = counted.syncs.clone();
        let paced = Paced::new(Box::new(counted));
        let quarter = vec![7; STEP as usize / 4];
        paced.set_len(4 * STEP).expect("room");
        let synced = |times: u64| assert_eq!(syncs.load(Ordering::Relaxed), times);
        for place in 0..7 {
            paced.write(place * STEP / 4, &quarter).expect("written");
        }
        synced(1);
        // What it is asked for counts as well: the next step begins with it.
        paced.sync_data().expect("synced");
        synced(2);
        for place in 7..10 {
            paced.write(place * STEP / 4, &quarter).expect("written");
        }
        synced(2);
        paced.write(10 * STEP / 4, &quarter).expect("written");
        synced(3);
    }
}
