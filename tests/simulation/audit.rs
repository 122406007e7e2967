//! What the files tell after an end, whatever kind of end it was, looked at on a copy of the disk before anybody else touches it.

use super::disk::SimulatedDisk;
use super::senders::Senders;
use firstline::domain::standard::Standard;
use firstline::engine::recovery::{Sources, recover};
use firstline::engine::state::State;
use firstline::journal::{self, Journal, Record, Sequence, Snapshots};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What was read of the journal so far: it may be pruned.
#[derive(Default)]
pub(crate) struct Audit {
    /// The identities of the bodies' first events, by the record they are in.
    found: Vec<(Sequence, u64)>,
    /// The standard in force in the end.
    standard: Option<(Sequence, Vec<(String, String)>)>,
}

impl Audit {
    /// Reads everything, and compares: with what was promised, with and without snapshots, and with a core never interrupted.
    /// The state that the next start will come to, if anything was ever written.
    pub(crate) fn read(&mut self, disk: &SimulatedDisk, settings: journal::Settings, senders: &mut Senders) -> Option<State> {
        let copy = Arc::new(disk.copy(0));
        let journal = Journal::open(copy.clone(), settings).unwrap_or_else(|error| panic!("the journal cannot be opened: {error}"));
        self.read_records(&journal);
        let (reader, last) = (journal.reader(), journal.last());
        let from = |snapshots| {
            let sources = Sources { journal: reader.clone(), snapshots };
            recover(&sources, last, &mut |_| ControlFlow::Continue(())).unwrap_or_else(|error| panic!("no recovery: {error}"))
        };
        let state = from(Snapshots::new(copy));
        senders.found(&self.found.iter().map(|(_, identity)| *identity).collect(), state.as_ref().and_then(|state| state.monitor.now()));
        let state = state?;
        assert_eq!(state.standard.files.to_vec(), self.standard.as_ref().expect("the first record").1, "another standard is in force");
        if reader.first() == Sequence(1) {
            let bare = from(Snapshots::new(Arc::new(SimulatedDisk::new(0)))).expect("there are records");
            same(&state, &bare, "with snapshots and from the journal alone");
        }
        if let Some(now) = state.monitor.now() {
            same_board(&state, &senders.uninterrupted(&state.standard, now), "recovered and never interrupted");
        }
        Some(state)
    }

    fn read_records(&mut self, journal: &Journal) {
        let first = journal.reader().first();
        // What lies at the end and was never acknowledged may have been something else before.
        self.found.retain(|(at, _)| *at < first);
        self.standard = self.standard.take().filter(|(at, _)| *at < first);
        for read in journal.reader().after(Sequence(first.0 - 1)) {
            match read.unwrap_or_else(|error| panic!("the journal cannot be read: {error}")) {
                (at, Record::Batch(packed)) => {
                    let batch = packed.unpack().unwrap_or_else(|damage| panic!("record {at}: {damage}"));
                    self.found.extend(batch.events.first().map(|event| (at, event.id.0)));
                }
                (at, Record::Standard { files, .. }) => self.standard = Some((at, files)),
                (_, Record::Tick { .. } | Record::Look { .. } | Record::Answer { .. } | Record::Stop { .. }) => {}
            }
        }
    }
}

/// Fails unless both are the same to the last byte of their memory, and would go on alike.
fn same(one: &State, other: &State, what: &str) {
    let rest = |state: &State| (state.epoch.clone(), state.revision, state.stopped, state.at);
    assert_eq!(rest(one), rest(other), "{what}");
    same_board(one, other, what);
    let memory = |state: &State| postcard::to_stdvec(&state.monitor.memory()).expect("a memory can be written");
    assert!(memory(one) == memory(other), "{what}: the boards are the same, but not the memories");
    assert_eq!(format!("{:#?}", one.alerts), format!("{:#?}", other.alerts), "{what}: the alerts");
}

pub(crate) fn same_board(one: &State, other: &State, what: &str) {
    assert_eq!(one.monitor.now(), other.monitor.now(), "{what}");
    let (one, other) = (one.edition().board, other.edition().board);
    let differ = one.readings.iter().zip(&other.readings).find(|(one, other)| one != other);
    assert!(differ.is_none() && one.readings.len() == other.readings.len(), "{what}, at {:?}: {differ:#?}", one.as_of);
}

/// Makes a snapshot as the keeper does: from the files, and not from the core. Only while the journal is not failing, so that
/// the end of what is written is the end of what was acknowledged.
pub(crate) fn make_snapshot(disk: &SimulatedDisk, settings: journal::Settings) -> Result<(), String> {
    let copy = Arc::new(disk.copy(0));
    let journal = Journal::open(copy.clone(), settings).map_err(|error| error.to_string())?;
    let sources = Sources { journal: journal.reader(), snapshots: Snapshots::new(copy) };
    let state = recover(&sources, journal.last(), &mut |_| ControlFlow::Continue(())).map_err(|error| error.to_string())?;
    let snapshots = Snapshots::new(Arc::new(disk.clone()));
    firstline::engine::recovery::save(&state.ok_or("nothing was written")?, &snapshots).map_err(|error| error.to_string())?;
    for old in snapshots.list().map_err(|error| error.to_string())?.into_iter().skip(2) {
        snapshots.remove(old).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The two standards that organisations of this simulation go by.
pub(crate) fn standards() -> [Arc<Standard>; 2] {
    let read = |name: &str, text: &str| firstline::standard::read(name, text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    [
        Arc::new(read("simulation.toml", include_str!("../standards/simulation.toml"))),
        Arc::new(read("simulation_changed.toml", include_str!("../standards/simulation_changed.toml"))),
    ]
}
