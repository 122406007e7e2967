//! A disk that fails as real ones do, by a seed: it forgets, reorders and tears what was not synced, runs full, and fails to sync.
//!
//! Included by `#[path]` in the tests that need it. Creating, renaming and removing a file are atomic and durable at once, as
//! [`Disk`] promises. What is written into a file is durable from its next sync on; until then a loss of power keeps it, drops it, or
//! keeps some of its sectors. A sync that fails loses what it was to keep, and the system goes on showing it, as Linux does, until it
//! needs the memory and reads it again from the disk. A write that finds no room may have found some for its first part.

use firstline::journal::Disk;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes as a whole or not at all.
const SECTOR: usize = 512;

/// The disk. Its clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    chance: ChaCha8Rng,
    names: BTreeMap<String, u64>,
    files: BTreeMap<u64, File>,
    /// After so many more changes the power goes.
    power_for: Option<u64>,
    /// One of so many writes finds no room.
    full_one_in: Option<u32>,
    /// One of so many syncs fails.
    unsynced_one_in: Option<u32>,
    /// How often the power came back: who held a file before holds nothing.
    life: u64,
}

#[derive(Clone, Debug, Default)]
struct File {
    /// What outlives a loss of power.
    durable: Vec<u8>,
    /// What a reader sees.
    seen: Vec<u8>,
    /// What was done since the last sync.
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Length(length) => bytes.resize(*length, 0),
            Change::Write(offset, data) => {
                bytes.resize(bytes.len().max(offset + data.len()), 0);
                bytes[*offset..offset + data.len()].copy_from_slice(data);
            }
        }
    }

    /// Applies it, a part of it, or nothing.
    fn apply_by(&self, chance: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
        match (chance.random_range(0..3), self) {
            (0, _) => {}
            (1, Change::Write(offset, data)) => {
                for (place, sector) in data.chunks(SECTOR).enumerate().filter(|_| chance.random()) {
                    Change::Write(offset + place * SECTOR, sector.to_vec()).apply(bytes);
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
        SimulatedDisk(Arc::new(Mutex::new(State {
            chance,
            names,
            files,
            power_for: None,
            full_one_in: None,
            unsynced_one_in: None,
            life: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After so many more changes the power goes: all that follows fails, until [`SimulatedDisk::restart`].
    pub(crate) fn power_for(&self, changes: u64) {
        self.state().power_for = Some(changes);
    }

    /// Whether the power is gone.
    pub(crate) fn is_off(&self) -> bool {
        self.state().power_for == Some(0)
    }

    /// Whether the power goes sometime, or is gone.
    pub(crate) fn loses_power(&self) -> bool {
        self.state().power_for.is_some()
    }

    /// Lets one of so many writes find no room, and one of so many syncs fail; none never.
    pub(crate) fn fail(&self, full_one_in: Option<u32>, unsynced_one_in: Option<u32>) {
        let mut state = self.state();
        (state.full_one_in, state.unsynced_one_in) = (full_one_in, unsynced_one_in);
    }

    /// The power goes now, if it has not gone, and comes back: what was not synced is there, or not, or in part.
    pub(crate) fn restart(&self) {
        let State { chance, files, power_for, life, full_one_in, unsynced_one_in, .. } = &mut *self.state();
        for file in files.values_mut() {
            for change in std::mem::take(&mut file.pending) {
                change.apply_by(chance, &mut file.durable);
            }
            file.seen.clone_from(&file.durable);
        }
        (*power_for, *full_one_in, *unsynced_one_in) = (None, None, None);
        *life += 1;
    }

    /// The process ends, and the system and its disk go on: what was written is still to be synced, and the next process sees it.
    pub(crate) fn end_process(&self) {
        let state = &mut *self.state();
        (state.power_for, state.full_one_in, state.unsynced_one_in) = (None, None, None);
        state.life += 1;
    }

    /// The bytes of a file.
    pub(crate) fn bytes_of(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.names.get(name).map_or(Vec::new(), |id| state.files[id].seen.clone())
    }

    /// Puts a file there as it is.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        let id = state.add(name);
        state.files.insert(id, File { durable: bytes.clone(), seen: bytes, pending: Vec::new() });
    }

    /// A copy of the disk as it would be found after a loss of power that kept all that was written.
    pub(crate) fn copy(&self, seed: u64) -> SimulatedDisk {
        let copy = SimulatedDisk::new(seed);
        let names: Vec<String> = self.state().names.keys().cloned().collect();
        names.iter().for_each(|name| copy.put(name, self.bytes_of(name)));
        copy
    }
}

impl State {
    fn add(&mut self, name: &str) -> u64 {
        let id = self.files.keys().next_back().map_or(0, |last| last + 1);
        self.files.insert(id, File::default());
        self.names.insert(name.to_owned(), id);
        id
    }

    /// Counts a change. Whether the change that the power goes at happens is left to chance where it is `atomic`.
    fn change(&mut self, atomic: bool) -> io::Result<()> {
        match &mut self.power_for {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(changes) => {
                *changes -= 1;
                if *changes == 0 && atomic && self.chance.random() { Err(io::Error::other("the power is gone")) } else { Ok(()) }
            }
            None => Ok(()),
        }
    }

    /// Fails one time in so many.
    fn one_in(&mut self, many: Option<u32>, kind: ErrorKind) -> io::Result<()> {
        match many {
            Some(many) if self.chance.random_range(0..many) == 0 => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn room(&mut self) -> io::Result<()> {
        self.one_in(self.full_one_in, ErrorKind::StorageFull)
    }

    fn id(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn file(&mut self, id: u64, life: u64) -> io::Result<&mut File> {
        if life != self.life || self.power_for == Some(0) {
            return Err(io::Error::other("the power is gone"));
        }
        self.files.get_mut(&id).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&self, name: &str, create: bool) -> io::Result<Box<dyn StorageBackend>> {
        let mut state = self.state();
        let id = if create {
            state.change(true)?;
            state.room()?;
            state.add(name)
        } else {
            state.id(name)?
        };
        Ok(Box::new(Opened { disk: self.clone(), id, life: state.life }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change(true)?;
        let id = state.id(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change(true)?;
        state.id(name)?;
        // Who has it open may go on using it.
        state.names.remove(name);
        Ok(())
    }

    fn bytes(&self, name: &str) -> io::Result<u64> {
        let state = self.state();
        Ok(state.files[&state.id(name)?].seen.len() as u64)
    }
}

/// An open file.
#[derive(Debug)]
struct Opened {
    disk: SimulatedDisk,
    id: u64,
    life: u64,
}

impl Opened {
    fn change(&self, mut change: Change) -> io::Result<()> {
        let mut state = self.disk.state();
        state.file(self.id, self.life)?;
        state.change(false)?;
        let mut written = Ok(());
        if let Change::Write(_, data) = &mut change {
            written = state.room();
            if written.is_err() {
                data.truncate(state.chance.random_range(0..=data.len()));
            }
        }
        let file = state.file(self.id, self.life);
        // The power that goes with this change may take it along, or not.
        let Ok(file) = file else { return Err(io::Error::other("the power is gone")) };
        change.apply(&mut file.seen);
        file.pending.push(change);
        written
    }
}

impl StorageBackend for Opened {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().file(self.id, self.life)?.seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let seen = &state.file(self.id, self.life)?.seen;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(out.len());
        out.copy_from_slice(seen.get(offset..end).ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Length(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.file(self.id, self.life)?;
        state.change(false)?;
        let unsynced = state.unsynced_one_in;
        let failed = state.one_in(unsynced, ErrorKind::Other);
        let State { chance, files, .. } = &mut *state;
        let Some(file) = files.get_mut(&self.id) else { return Err(ErrorKind::NotFound.into()) };
        for change in std::mem::take(&mut file.pending) {
            match failed {
                Ok(()) => change.apply(&mut file.durable),
                Err(_) => change.apply_by(chance, &mut file.durable),
            }
        }
        if failed.is_err() && chance.random_ratio(1, 3) {
            file.seen.clone_from(&file.durable);
        }
        failed
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Write(offset as usize, data.to_vec()))
    }
}
