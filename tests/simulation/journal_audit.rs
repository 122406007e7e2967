//! Checks the files after each shutdown or crash, on a copy of the disk.

use super::disk::SimulatedDisk;
use super::senders::SimulatedSenders;
use firstline::domain::standard::Standard;
use firstline::engine::recovery::{RecoverySources, recover_state};
use firstline::engine::state::EngineState;
use firstline::journal::{self, Journal, JournalRecord, SequenceNumber, SnapshotStore};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Content of the journal, including records that were pruned since.
#[derive(Default)]
pub(crate) struct JournalAudit {
    /// Identities of the first events of bodies, with the sequence of their record.
    found: Vec<(SequenceNumber, u64)>,
    /// Standard in force at the end of the journal.
    standard: Option<(SequenceNumber, Vec<(String, String)>)>,
}

impl JournalAudit {
    /// Recovers the state from the files. Returns the state that the next start will recover, or
    /// `None` if nothing was written.
    ///
    /// # Panics
    /// Panics if an acknowledged body is lost. Also panics if recovery without snapshots or an
    /// uninterrupted engine gives another state.
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
        let recover_with = |snapshots| {
            let sources = RecoverySources { journal: reader.clone(), snapshots };
            recover_state(&sources, last, &mut |_| ControlFlow::Continue(()))
                .unwrap_or_else(|error| panic!("recovery failed: {error}"))
        };
        let state = recover_with(SnapshotStore::new(copy));
        senders.record_recovery(
            &self.found.iter().map(|(_, identity)| *identity).collect(),
            state.as_ref().and_then(|state| state.monitor.now()),
        );
        let mut state = state?;
        assert_eq!(
            state.standard.files.to_vec(),
            self.standard.as_ref().expect("the first record is a standard").1,
            "recovery returned another standard"
        );
        if reader.first_sequence() == SequenceNumber(1) {
            let mut without_snapshots =
                recover_with(SnapshotStore::new(Arc::new(SimulatedDisk::new(0))))
                    .expect("the journal has records");
            assert_same_state(&mut state, &mut without_snapshots, "with and without snapshots");
        }
        if let Some(now) = state.monitor.now() {
            let mut uninterrupted = senders.uninterrupted_state(&state.standard, now);
            assert_same_board(&mut state, &mut uninterrupted, "recovered and uninterrupted");
        }
        Some(state)
    }

    fn read_records(&mut self, journal: &Journal) {
        let first = journal.new_reader().first_sequence();
        // Unacknowledged records at the end may have been replaced since the last audit.
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

/// Asserts that two states are equal, including every byte of their snapshots.
fn assert_same_state(left: &mut EngineState, right: &mut EngineState, what: &str) {
    let header = |state: &EngineState| {
        (state.epoch.clone(), state.revision, state.stopped_cleanly, state.sequence)
    };
    assert_eq!(header(left), header(right), "{what}");
    assert_same_board(left, right, what);
    let snapshot = |state: &EngineState| {
        postcard::to_stdvec(&state.monitor.to_snapshot()).expect("a state can be serialized")
    };
    assert!(
        snapshot(left) == snapshot(right),
        "{what}: the boards are equal, but the snapshots differ"
    );
    assert_eq!(format!("{:#?}", left.alerts), format!("{:#?}", right.alerts), "{what}: the alerts");
}

pub(crate) fn assert_same_board(left: &mut EngineState, right: &mut EngineState, what: &str) {
    assert_eq!(left.monitor.now(), right.monitor.now(), "{what}");
    let (left, right) = (left.first_published_board().board, right.first_published_board().board);
    let difference = left.readings.iter().zip(&right.readings).find(|(left, right)| left != right);
    assert!(
        difference.is_none() && left.readings.len() == right.readings.len(),
        "{what}, at {:?}: {difference:#?}",
        left.as_of
    );
}

/// Makes a snapshot from the files, as the snapshot thread does, and keeps the newest two.
///
/// Called only while the journal is not failing. Otherwise the journal could end with records that
/// were never acknowledged.
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

/// The two standards of the simulation.
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
