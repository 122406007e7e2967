//! A disk that fails as real ones do, by a seed: it forgets, reorders and tears what was not synced, runs full, and fails to sync.
//!
//! Included by `#[path]` in the tests that need it. Creating, renaming and removing a file are atomic and durable at once, as
//! [`Disk`] promises. What is written into a file is durable from its next sync on; until then a loss of power keeps it, drops it, or
//! keeps some of its sectors. A sync that fails loses what it was to keep, and the system goes on showing it, as Linux does, until it
//! needs the memory and reads it again from the disk. A write that finds no room may have found some for its first part.

use firstline::journal::FileStorage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes as a whole or not at all.
const SECTOR_BYTES: usize = 512;

/// The disk. Its clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk(Arc<Mutex<DiskState>>);

#[derive(Debug)]
struct DiskState {
    rng: ChaCha8Rng,
    names: BTreeMap<String, u64>,
    files: BTreeMap<u64, DiskFile>,
    /// After so many more changes the power goes.
    changes_until_power_loss: Option<u64>,
    /// One of so many writes finds no room.
    full_disk_one_in: Option<u32>,
    /// One of so many syncs fails.
    failed_sync_one_in: Option<u32>,
    /// How often the power came back: who held a file before holds nothing.
    power_cycles: u64,
}

#[derive(Clone, Debug, Default)]
struct DiskFile {
    /// What outlives a loss of power.
    durable: Vec<u8>,
    /// What a reader sees.
    visible: Vec<u8>,
    /// What was done since the last sync.
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

    /// Applies it, a part of it, or nothing.
    fn apply_partially(&self, chance: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
        match (chance.random_range(0..3), self) {
            (0, _) => {}
            (1, PendingChange::Write(offset, data)) => {
                for (place, sector) in
                    data.chunks(SECTOR_BYTES).enumerate().filter(|_| chance.random())
                {
                    PendingChange::Write(offset + place * SECTOR_BYTES, sector.to_vec())
                        .apply(bytes);
                }
            }
            _ => self.apply(bytes),
        }
    }
}

impl SimulatedDisk {
    /// An empty disk without faults.
    pub(crate) fn new(seed: u64) -> SimulatedDisk {
        let chance = ChaCha8Rng::seed_from_u64(seed);
        let (names, files) = (BTreeMap::new(), BTreeMap::new());
        SimulatedDisk(Arc::new(Mutex::new(DiskState {
            rng: chance,
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

    /// After so many more changes the power goes: all that follows fails, until [`SimulatedDisk::restart`].
    pub(crate) fn lose_power_after(&self, changes: u64) {
        self.lock_state().changes_until_power_loss = Some(changes);
    }

    /// Whether the power is gone.
    pub(crate) fn is_powered_off(&self) -> bool {
        self.lock_state().changes_until_power_loss == Some(0)
    }

    /// Whether the power goes sometime, or is gone.
    pub(crate) fn will_lose_power(&self) -> bool {
        self.lock_state().changes_until_power_loss.is_some()
    }

    /// Lets one of so many writes find no room, and one of so many syncs fail; none never.
    pub(crate) fn inject_faults(&self, full_one_in: Option<u32>, unsynced_one_in: Option<u32>) {
        let mut state = self.lock_state();
        (state.full_disk_one_in, state.failed_sync_one_in) = (full_one_in, unsynced_one_in);
    }

    /// The power goes now, if it has not gone, and comes back: what was not synced is there, or not, or in part.
    pub(crate) fn power_cycle(&self) {
        let DiskState {
            rng: chance,
            files,
            changes_until_power_loss: power_for,
            power_cycles: life,
            full_disk_one_in: full_one_in,
            failed_sync_one_in: unsynced_one_in,
            ..
        } = &mut *self.lock_state();
        for file in files.values_mut() {
            for change in std::mem::take(&mut file.pending) {
                change.apply_partially(chance, &mut file.durable);
            }
            file.visible.clone_from(&file.durable);
        }
        (*power_for, *full_one_in, *unsynced_one_in) = (None, None, None);
        *life += 1;
    }

    /// The process ends, and the system and its disk go on: what was written is still to be synced, and the next process sees it.
    pub(crate) fn end_process(&self) {
        let state = &mut *self.lock_state();
        (state.changes_until_power_loss, state.full_disk_one_in, state.failed_sync_one_in) =
            (None, None, None);
        state.power_cycles += 1;
    }

    /// The bytes of a file.
    pub(crate) fn read_file(&self, name: &str) -> Vec<u8> {
        let state = self.lock_state();
        state.names.get(name).map_or(Vec::new(), |id| state.files[id].visible.clone())
    }

    /// Puts a file there as it is.
    pub(crate) fn write_file(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.lock_state();
        let id = state.add_file(name);
        state
            .files
            .insert(id, DiskFile { durable: bytes.clone(), visible: bytes, pending: Vec::new() });
    }

    /// A copy of the disk as it would be found after a loss of power that kept all that was written.
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

    /// Counts a change. Whether the change that the power goes at happens is left to chance where it is `atomic`.
    fn count_change(&mut self, atomic: bool) -> io::Result<()> {
        match &mut self.changes_until_power_loss {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(changes) => {
                *changes -= 1;
                if *changes == 0 && atomic && self.rng.random() {
                    Err(io::Error::other("the power is gone"))
                } else {
                    Ok(())
                }
            }
            None => Ok(()),
        }
    }

    /// Fails one time in so many.
    fn fail_one_in(&mut self, many: Option<u32>, kind: ErrorKind) -> io::Result<()> {
        match many {
            Some(many) if self.rng.random_range(0..many) == 0 => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn check_space(&mut self) -> io::Result<()> {
        self.fail_one_in(self.full_disk_one_in, ErrorKind::StorageFull)
    }

    fn file_id(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn file_mut(&mut self, id: u64, life: u64) -> io::Result<&mut DiskFile> {
        if life != self.power_cycles || self.changes_until_power_loss == Some(0) {
            return Err(io::Error::other("the power is gone"));
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
        // Who has it open may go on using it.
        state.names.remove(name);
        Ok(())
    }

    fn file_bytes(&self, name: &str) -> io::Result<u64> {
        let state = self.lock_state();
        Ok(state.files[&state.file_id(name)?].visible.len() as u64)
    }
}

/// An open file.
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
        // The power that goes with this change may take it along, or not.
        let Ok(file) = file else { return Err(io::Error::other("the power is gone")) };
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
        let seen = &state.file_mut(self.id, self.power_cycles)?.visible;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(out.len());
        out.copy_from_slice(seen.get(offset..end).ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.apply_change(PendingChange::Length(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        state.file_mut(self.id, self.power_cycles)?;
        state.count_change(false)?;
        let unsynced = state.failed_sync_one_in;
        let failed = state.fail_one_in(unsynced, ErrorKind::Other);
        let DiskState { rng: chance, files, .. } = &mut *state;
        let Some(file) = files.get_mut(&self.id) else { return Err(ErrorKind::NotFound.into()) };
        for change in std::mem::take(&mut file.pending) {
            match failed {
                Ok(()) => change.apply(&mut file.durable),
                Err(_) => change.apply_partially(chance, &mut file.durable),
            }
        }
        if failed.is_err() && chance.random_ratio(1, 3) {
            file.visible.clone_from(&file.durable);
        }
        failed
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.apply_change(PendingChange::Write(offset as usize, data.to_vec()))
    }
}
