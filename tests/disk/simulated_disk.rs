//! Simulated disk with the failures of real disks, reproducible by seed. It loses, reorders and
//! tears unsynced writes, runs full, and fails to sync.
//!
//! Included by `#[path]` in the tests that need it.
//!
//! - Creating, renaming and removing a file are atomic and durable at once, as `FileStorage`
//!   guarantees.
//! - A write is durable after the next sync. Until then a power loss keeps the write, drops it, or
//!   keeps some of its sectors.
//! - A failed sync drops pending writes from the disk. As on Linux, readers see them until the
//!   page cache is evicted and read again.
//! - A write to a full disk may have written its beginning.

use firstline::journal::FileStorage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Size of an atomic write in bytes.
const SECTOR_BYTES: usize = 512;

/// Handle to a simulated disk. Clones share the same disk.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk(Arc<Mutex<DiskState>>);

#[derive(Debug)]
struct DiskState {
    rng: ChaCha8Rng,
    names: BTreeMap<String, u64>,
    files: BTreeMap<u64, DiskFile>,
    /// Number of changes until the power is lost. `Some(0)` after the loss, `None` if none is due.
    changes_until_power_loss: Option<u64>,
    /// One in this many writes fails because the disk is full.
    full_disk_one_in: Option<u32>,
    /// One in this many syncs fails.
    failed_sync_one_in: Option<u32>,
    /// Number of restarts. Files opened before a restart can no longer be used.
    power_cycles: u64,
}

#[derive(Clone, Debug, Default)]
struct DiskFile {
    /// Content after a power loss, before pending changes.
    durable: Vec<u8>,
    /// Content that readers see.
    visible: Vec<u8>,
    /// Changes since the last sync.
    pending: Vec<PendingChange>,
}

#[derive(Clone, Debug)]
enum PendingChange {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl PendingChange {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            PendingChange::Length(length) => bytes.resize(*length, 0),
            PendingChange::Write(offset, data) => {
                bytes.resize(bytes.len().max(offset + data.len()), 0);
                bytes[*offset..offset + data.len()].copy_from_slice(data);
            }
        }
    }

    /// Applies the change completely, some of its sectors, or nothing.
    fn apply_partially(&self, rng: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
        match (rng.random_range(0..3), self) {
            (0, _) => {}
            (1, PendingChange::Write(offset, data)) => {
                for (index, sector) in
                    data.chunks(SECTOR_BYTES).enumerate().filter(|_| rng.random())
                {
                    PendingChange::Write(offset + index * SECTOR_BYTES, sector.to_vec())
                        .apply(bytes);
                }
            }
            _ => self.apply(bytes),
        }
    }
}

impl SimulatedDisk {
    /// Creates an empty disk without faults.
    pub(crate) fn new(seed: u64) -> SimulatedDisk {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let (names, files) = (BTreeMap::new(), BTreeMap::new());
        SimulatedDisk(Arc::new(Mutex::new(DiskState {
            rng,
            names,
            files,
            changes_until_power_loss: None,
            full_disk_one_in: None,
            failed_sync_one_in: None,
            power_cycles: 0,
        })))
    }

    fn lock_state(&self) -> MutexGuard<'_, DiskState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power after this many more changes. All later operations fail until
    /// [`SimulatedDisk::power_cycle`] or [`SimulatedDisk::end_process`].
    pub(crate) fn lose_power_after(&self, changes: u64) {
        self.lock_state().changes_until_power_loss = Some(changes);
    }

    /// True after the power was lost.
    pub(crate) fn is_powered_off(&self) -> bool {
        self.lock_state().changes_until_power_loss == Some(0)
    }

    /// True if a power loss is due or has happened.
    pub(crate) fn will_lose_power(&self) -> bool {
        self.lock_state().changes_until_power_loss.is_some()
    }

    /// Makes one in `full_disk_one_in` writes and one in `failed_sync_one_in` syncs fail. `None`
    /// disables the fault.
    pub(crate) fn inject_faults(
        &self,
        full_disk_one_in: Option<u32>,
        failed_sync_one_in: Option<u32>,
    ) {
        let mut state = self.lock_state();
        state.full_disk_one_in = full_disk_one_in;
        state.failed_sync_one_in = failed_sync_one_in;
    }

    /// Cuts the power unless it is off, and restores it. Each unsynced change is then present,
    /// absent or partly present. All faults are removed.
    pub(crate) fn power_cycle(&self) {
        let DiskState {
            rng,
            files,
            changes_until_power_loss,
            power_cycles,
            full_disk_one_in,
            failed_sync_one_in,
            ..
        } = &mut *self.lock_state();
        for file in files.values_mut() {
            for change in std::mem::take(&mut file.pending) {
                change.apply_partially(rng, &mut file.durable);
            }
            file.visible.clone_from(&file.durable);
        }
        (*changes_until_power_loss, *full_disk_one_in, *failed_sync_one_in) = (None, None, None);
        *power_cycles += 1;
    }

    /// Ends the process while the operating system keeps running. The next process sees unsynced
    /// writes, which remain unsynced. All faults are removed.
    pub(crate) fn end_process(&self) {
        let state = &mut *self.lock_state();
        (state.changes_until_power_loss, state.full_disk_one_in, state.failed_sync_one_in) =
            (None, None, None);
        state.power_cycles += 1;
    }

    /// Returns the bytes of a file. Empty if it does not exist.
    pub(crate) fn read_file(&self, name: &str) -> Vec<u8> {
        let state = self.lock_state();
        state.names.get(name).map_or(Vec::new(), |id| state.files[id].visible.clone())
    }

    /// Creates or replaces a file with durable content.
    pub(crate) fn write_file(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.lock_state();
        let id = state.add_file(name);
        state
            .files
            .insert(id, DiskFile { durable: bytes.clone(), visible: bytes, pending: Vec::new() });
    }

    /// Copies the disk as after a power loss that kept every write.
    pub(crate) fn copy_with_seed(&self, seed: u64) -> SimulatedDisk {
        let copy = SimulatedDisk::new(seed);
        let names: Vec<String> = self.lock_state().names.keys().cloned().collect();
        names.iter().for_each(|name| copy.write_file(name, self.read_file(name)));
        copy
    }
}

impl DiskState {
    fn add_file(&mut self, name: &str) -> u64 {
        let id = self.files.keys().next_back().map_or(0, |last| last + 1);
        self.files.insert(id, DiskFile::default());
        self.names.insert(name.to_owned(), id);
        id
    }

    /// Counts a change. An `atomic` change at the moment of the power loss happens or not at
    /// random.
    ///
    /// # Errors
    /// An error if the power is off or is lost before the change.
    fn count_change(&mut self, atomic: bool) -> io::Result<()> {
        match &mut self.changes_until_power_loss {
            Some(0) => Err(io::Error::other("the disk has no power")),
            Some(changes) => {
                *changes -= 1;
                if *changes == 0 && atomic && self.rng.random() {
                    Err(io::Error::other("the disk has no power"))
                } else {
                    Ok(())
                }
            }
            None => Ok(()),
        }
    }

    /// Fails with `kind` once in `one_in` calls at random. Never fails if it is `None`.
    fn fail_one_in(&mut self, one_in: Option<u32>, kind: ErrorKind) -> io::Result<()> {
        match one_in {
            Some(one_in) if self.rng.random_range(0..one_in) == 0 => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn check_space(&mut self) -> io::Result<()> {
        self.fail_one_in(self.full_disk_one_in, ErrorKind::StorageFull)
    }

    fn file_id(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn file_mut(&mut self, id: u64, power_cycles: u64) -> io::Result<&mut DiskFile> {
        if power_cycles != self.power_cycles || self.changes_until_power_loss == Some(0) {
            return Err(io::Error::other("the disk has no power"));
        }
        self.files.get_mut(&id).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl FileStorage for SimulatedDisk {
    fn list_files(&self) -> io::Result<Vec<String>> {
        Ok(self.lock_state().names.keys().cloned().collect())
    }

    fn open_file(&self, name: &str, create: bool) -> io::Result<Box<dyn StorageBackend>> {
        let mut state = self.lock_state();
        let id = if create {
            state.count_change(true)?;
            state.check_space()?;
            state.add_file(name)
        } else {
            state.file_id(name)?
        };
        Ok(Box::new(OpenFile { disk: self.clone(), id, power_cycles: state.power_cycles }))
    }

    fn rename_file(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock_state();
        state.count_change(true)?;
        let id = state.file_id(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove_file(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock_state();
        state.count_change(true)?;
        state.file_id(name)?;
        // Open handles to the file remain usable.
        state.names.remove(name);
        Ok(())
    }

    fn file_bytes(&self, name: &str) -> io::Result<u64> {
        let state = self.lock_state();
        Ok(state.files[&state.file_id(name)?].visible.len() as u64)
    }
}

#[derive(Debug)]
struct OpenFile {
    disk: SimulatedDisk,
    id: u64,
    power_cycles: u64,
}

impl OpenFile {
    fn apply_change(&self, mut change: PendingChange) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        state.file_mut(self.id, self.power_cycles)?;
        state.count_change(false)?;
        let mut written = Ok(());
        if let PendingChange::Write(_, data) = &mut change {
            written = state.check_space();
            if written.is_err() {
                data.truncate(state.rng.random_range(0..=data.len()));
            }
        }
        let file = state.file_mut(self.id, self.power_cycles);
        // The change at the moment of the power loss is lost.
        let Ok(file) = file else { return Err(io::Error::other("the disk has no power")) };
        change.apply(&mut file.visible);
        file.pending.push(change);
        written
    }
}

impl StorageBackend for OpenFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.lock_state().file_mut(self.id, self.power_cycles)?.visible.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        let visible = &state.file_mut(self.id, self.power_cycles)?.visible;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(out.len());
        out.copy_from_slice(visible.get(offset..end).ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.apply_change(PendingChange::Length(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        state.file_mut(self.id, self.power_cycles)?;
        state.count_change(false)?;
        let one_in = state.failed_sync_one_in;
        let failed = state.fail_one_in(one_in, ErrorKind::Other);
        let DiskState { rng, files, .. } = &mut *state;
        let Some(file) = files.get_mut(&self.id) else { return Err(ErrorKind::NotFound.into()) };
        for change in std::mem::take(&mut file.pending) {
            match failed {
                Ok(()) => change.apply(&mut file.durable),
                Err(_) => change.apply_partially(rng, &mut file.durable),
            }
        }
        if failed.is_err() && rng.random_ratio(1, 3) {
            file.visible.clone_from(&file.durable);
        }
        failed
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.apply_change(PendingChange::Write(offset as usize, data.to_vec()))
    }
}
