//! What the files tell after an end, whatever kind of end it was, looked at on a copy of the disk before anybody else touches it.

use super::disk::SimulatedDisk;
use super::senders::SimulatedSenders;
use firstline::domain::standard::Standard;
use firstline::engine::recovery::{RecoverySources, recover_state};
use firstline::engine::state::EngineState;
use firstline::journal::{self, Journal, JournalRecord, SequenceNumber, SnapshotStore};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What was read of the journal so far: it may be pruned.
#[derive(Default)]
pub(crate) struct JournalAudit {
    /// The identities of the bodies' first events, by the record they are in.
    found: Vec<(SequenceNumber, u64)>,
    /// The standard in force in the end.
    standard: Option<(SequenceNumber, Vec<(String, String)>)>,
}

impl JournalAudit {
    /// Reads everything, and compares: with what was promised, with and without snapshots, and with a core never interrupted.
    /// The state that the next start will come to, if anything was ever written.
    pub(crate) fn check_files(
        &mut self,
        disk: &SimulatedDisk,
        settings: journal::JournalSettings,
        senders: &mut SimulatedSenders,
    ) -> Option<EngineState> {
        let copy = Arc::new(disk.copy_with_seed(0));
        let journal = Journal::open(copy.clone(), settings)
            .unwrap_or_else(|error| panic!("the journal cannot be opened: {error}"));
        self.read_records(&journal);
        let (reader, last) = (journal.new_reader(), journal.last_sequence());
        let from = |snapshots| {
            let sources = RecoverySources { journal: reader.clone(), snapshots };
            recover_state(&sources, last, &mut |_| ControlFlow::Continue(()))
                .unwrap_or_else(|error| panic!("no recovery: {error}"))
        };
        let state = from(SnapshotStore::new(copy));
        senders.record_recovery(
            &self.found.iter().map(|(_, identity)| *identity).collect(),
            state.as_ref().and_then(|state| state.monitor.now()),
        );
        let state = state?;
        assert_eq!(
            state.standard.files.to_vec(),
            self.standard.as_ref().expect("the first record").1,
            "another standard is in force"
        );
        if reader.first_sequence() == SequenceNumber(1) {
            let bare = from(SnapshotStore::new(Arc::new(SimulatedDisk::new(0))))
                .expect("there are records");
            assert_same_state(&state, &bare, "with snapshots and from the journal alone");
        }
        if let Some(now) = state.monitor.now() {
            assert_same_board(
                &state,
                &senders.uninterrupted_state(&state.standard, now),
                "recovered and never interrupted",
            );
        }
        Some(state)
    }

    fn read_records(&mut self, journal: &Journal) {
        let first = journal.new_reader().first_sequence();
        // What lies at the end and was never acknowledged may have been something else before.
        self.found.retain(|(at, _)| *at < first);
        self.standard = self.standard.take().filter(|(at, _)| *at < first);
        for read in journal.new_reader().records_after(SequenceNumber(first.0 - 1)) {
            match read.unwrap_or_else(|error| panic!("the journal cannot be read: {error}")) {
                (at, JournalRecord::Batch(packed)) => {
                    let batch = packed
                        .decode_batch()
                        .unwrap_or_else(|damage| panic!("record {at}: {damage}"));
                    self.found.extend(batch.events.first().map(|event| (at, event.id.0)));
                }
                (at, JournalRecord::Standard { files, .. }) => self.standard = Some((at, files)),
                (
                    _,
                    JournalRecord::Tick { .. }
                    | JournalRecord::AlertEvaluation { .. }
                    | JournalRecord::IncidentUpdate { .. }
                    | JournalRecord::Stop { .. },
                ) => {}
            }
        }
    }
}

/// Fails unless both are the same to the last byte of their memory, and would go on alike.
fn assert_same_state(one: &EngineState, other: &EngineState, what: &str) {
    let rest = |state: &EngineState| {
        (state.epoch.clone(), state.revision, state.stopped_cleanly, state.sequence)
    };
    assert_eq!(rest(one), rest(other), "{what}");
    assert_same_board(one, other, what);
    let memory = |state: &EngineState| {
        postcard::to_stdvec(&state.monitor.to_snapshot()).expect("a memory can be written")
    };
    assert!(memory(one) == memory(other), "{what}: the boards are the same, but not the memories");
    assert_eq!(format!("{:#?}", one.alerts), format!("{:#?}", other.alerts), "{what}: the alerts");
}

pub(crate) fn assert_same_board(one: &EngineState, other: &EngineState, what: &str) {
    assert_eq!(one.monitor.now(), other.monitor.now(), "{what}");
    let (one, other) = (one.first_published_board().board, other.first_published_board().board);
    let differ = one.readings.iter().zip(&other.readings).find(|(one, other)| one != other);
    assert!(
        differ.is_none() && one.readings.len() == other.readings.len(),
        "{what}, at {:?}: {differ:#?}",
        one.as_of
    );
}

/// Makes a snapshot as the keeper does: from the files, and not from the core. Only while the journal is not failing, so that
/// the end of what is written is the end of what was acknowledged.
pub(crate) fn make_snapshot(
    disk: &SimulatedDisk,
    settings: journal::JournalSettings,
) -> Result<(), String> {
    let copy = Arc::new(disk.copy_with_seed(0));
    let journal = Journal::open(copy.clone(), settings).map_err(|error| error.to_string())?;
    let sources =
        RecoverySources { journal: journal.new_reader(), snapshots: SnapshotStore::new(copy) };
    let state =
        recover_state(&sources, journal.last_sequence(), &mut |_| ControlFlow::Continue(()))
            .map_err(|error| error.to_string())?;
    let snapshots = SnapshotStore::new(Arc::new(disk.clone()));
    firstline::engine::recovery::write_snapshot(&state.ok_or("nothing was written")?, &snapshots)
        .map_err(|error| error.to_string())?;
    for old in snapshots.list_snapshots().map_err(|error| error.to_string())?.into_iter().skip(2) {
        snapshots.remove_snapshot(old).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The two standards that organisations of this simulation go by.
pub(crate) fn simulated_standards() -> [Arc<Standard>; 2] {
    let read = |name: &str, text: &str| {
        firstline::standard_file::parse_standard(name, text)
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
    };
    [
        Arc::new(read("simulation.toml", include_str!("../standards/simulation.toml"))),
        Arc::new(read(
            "simulation_changed.toml",
            include_str!("../standards/simulation_changed.toml"),
        )),
    ]
}
