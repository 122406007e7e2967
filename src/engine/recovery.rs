//! Recovery: the state after the last record of the journal, from the newest good snapshot and the records after it.
//!
//! A snapshot that cannot be read is told and passed over for the one before. What the journal says is never passed over: damage
//! in its middle is an error, and the service does not start on a guess.

mod snapshot_decompressor;

use self::snapshot_decompressor::{SnapshotDecompressor, decompress_and_decode};
use super::state::EngineState;
use crate::domain::standard::Standard;
use crate::journal::{
    Damage, JournalError, JournalReader, JournalRecord, SequenceNumber, SnapshotStore,
};
use crate::standard_file;
use postcard::Deserializer;
use serde::{Deserialize, Serialize};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How many records are read between two words about the progress.
const PROGRESS_INTERVAL_RECORDS: u64 = 256;

/// How much of a snapshot is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 18;

/// Why there is no state to go on from.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record cannot be understood.
    #[error("record {} of the journal is damaged: {damage}", at.0)]
    Damaged {
        /// Which.
        at: SequenceNumber,
        /// What is wrong with it.
        damage: Damage,
    },
    /// A standard that was in force cannot be read any more.
    #[error(
        "record {} of the journal has a standard that this version of firstline does not understand ({problem}); \
         start the version that wrote it, stop it in good order, and try again",
        at.0
    )]
    Standard {
        /// Where it stands.
        at: SequenceNumber,
        /// The first problem.
        problem: String,
    },
    /// The journal begins later than what is known without it ends.
    #[error(
        "the journal begins with record {}, but what came after record {} is needed: {}",
        first.0, after.0, "bring the missing files or an older snapshot back, or begin anew with an empty directory"
    )]
    Gap {
        /// The first record there is.
        first: SequenceNumber,
        /// The last one that is known.
        after: SequenceNumber,
    },
    /// A snapshot is ahead of the journal.
    #[error(
        "the newest snapshot covers record {}, but the journal ends with record {}: records that were on disk are gone; bring its \
         files back, or move the journal's files away and keep the snapshot to go on without them",
        snapshot.0, last.0
    )]
    JournalTooShort {
        /// What the snapshot covers.
        snapshot: SequenceNumber,
        /// The last record there is.
        last: SequenceNumber,
    },
    /// There is no thread for the keeper of snapshots.
    #[error("no thread for the keeper of snapshots: {error}")]
    Thread {
        /// Why.
        error: std::io::Error,
    },
    /// What must be in the journal cannot be written.
    #[error("the journal cannot be written: {reason}")]
    JournalUnwritable {
        /// Why.
        reason: Arc<str>,
    },
    /// It was told to stop.
    #[error("stopped before it was done")]
    Stopped,
}

/// Where recovery reads.
#[derive(Clone, Debug)]
pub struct RecoverySources {
    /// The journal.
    pub journal: JournalReader,
    /// The snapshots.
    pub snapshots: SnapshotStore,
}

/// What a snapshot says before the core's memory.
#[derive(Serialize, Deserialize)]
struct SnapshotHeader {
    files: Vec<(String, String)>,
    epoch: String,
    revision: u64,
    stopped_cleanly: bool,
    sequence: u64,
}

/// Writes a snapshot of `state`. Its size in bytes.
///
/// # Errors
/// If it cannot be written; then there is none.
pub fn write_snapshot(state: &EngineState, snapshots: &SnapshotStore) -> Result<u64, JournalError> {
    let EngineState {
        monitor,
        alerts,
        standard,
        has_totals_window: _,
        epoch,
        revision,
        stopped_cleanly: stopped,
        sequence: at,
        events_since_snapshot: _,
    } = state;
    let head = SnapshotHeader {
        files: standard.files.to_vec(),
        epoch: epoch.to_string(),
        revision: *revision,
        stopped_cleanly: *stopped,
        sequence: at.0,
    };
    let written = |error: postcard::Error| {
        JournalError::from_io(&format!("the snapshot of record {at}"), std::io::Error::other(error))
    };
    // postcard writes single bytes, and each would be a call of the compressor.
    let writer = BufWriter::with_capacity(BUFFER_BYTES, snapshots.create_snapshot(*at)?);
    let writer = postcard::to_io(&head, writer).map_err(written)?;
    let writer = postcard::to_io(&monitor.to_snapshot(), writer).map_err(written)?;
    let writer = postcard::to_io(&alerts.to_snapshot(), writer).map_err(written)?;
    writer
        .into_inner()
        .map_err(|error| JournalError::from_io("a snapshot", error.into_error()))?
        .finish()
}

/// Reads a snapshot.
fn read_snapshot(at: SequenceNumber, snapshots: &SnapshotStore) -> Result<EngineState, String> {
    let snapshot = snapshots.open_snapshot(at).map_err(|error| error.to_string())?;
    let format = snapshot.format_version();
    let decoded = decompress_and_decode(snapshot, |mut decoder| {
        let state = decode_snapshot(at, format, &mut decoder);
        // What the decoder ran into comes after what broke off before it.
        let broken = decoder.finalize().ok().flatten().map(|error| error.to_string());
        state.map_err(|error| broken.unwrap_or(error))
    });
    decoded.map_err(|error| format!("there is no thread to unpack it: {error}"))?
}

/// What a snapshot of this format says.
fn decode_snapshot(
    at: SequenceNumber,
    format: u64,
    decoder: &mut Deserializer<'_, SnapshotDecompressor>,
) -> Result<EngineState, String> {
    let head = SnapshotHeader::deserialize(&mut *decoder).map_err(|error| error.to_string())?;
    if head.sequence != at.0 {
        return Err(format!("it says that it covers record {}", head.sequence));
    }
    let mut state = EngineState::new(read_standard(&head.files)?, head.epoch.into());
    state.restore_monitor(format, &mut *decoder).map_err(|error| error.to_string())?;
    if format >= 2 {
        state.restore_alerts(&mut *decoder).map_err(|error| error.to_string())?;
    }
    (state.revision, state.stopped_cleanly, state.sequence) =
        (head.revision, head.stopped_cleanly, at);
    Ok(state)
}

/// The state after the record `until`, or the last one; none if nothing was ever written. `progress` hears from time to time
/// which record has been reached, and may break off.
///
/// # Errors
/// If the journal is damaged, or does not reach from the newest good snapshot to its end.
pub fn recover_state(
    sources: &RecoverySources,
    until: SequenceNumber,
    progress: &mut dyn FnMut(SequenceNumber) -> ControlFlow<()>,
) -> Result<Option<EngineState>, RecoveryError> {
    let RecoverySources { journal, snapshots } = sources;
    let mut state = None;
    for at in snapshots.list_snapshots()? {
        if at > until {
            return Err(RecoveryError::JournalTooShort { snapshot: at, last: until });
        }
        match read_snapshot(at, snapshots) {
            Ok(loaded) => {
                state = Some(loaded);
                break;
            }
            Err(problem) => tracing::error!(
                record = at.0,
                "a snapshot cannot be read and is passed over: {problem}"
            ),
        }
    }
    let after = state.as_ref().map_or(SequenceNumber(0), |state: &EngineState| state.sequence);
    if after >= until {
        return Ok(state);
    }
    if journal.first_sequence().0 > after.0 + 1 {
        return Err(RecoveryError::Gap { first: journal.first_sequence(), after });
    }
    for record in journal.records_after(after) {
        let (at, record) = record?;
        match &mut state {
            Some(state) => replay_record(state, at, record)?,
            None => state = Some(initial_state(at, record)?),
        }
        if at.0.is_multiple_of(PROGRESS_INTERVAL_RECORDS) && progress(at).is_break() {
            return Err(RecoveryError::Stopped);
        }
        if at == until {
            break;
        }
    }
    Ok(state)
}

/// The state after the first record of a journal, which names the standard.
fn initial_state(at: SequenceNumber, record: JournalRecord) -> Result<EngineState, RecoveryError> {
    match record {
        JournalRecord::Standard { epoch, files } => {
            let standard =
                read_standard(&files).map_err(|problem| RecoveryError::Standard { at, problem })?;
            Ok(EngineState { sequence: at, ..EngineState::new(standard, epoch.into()) })
        }
        _ => Err(RecoveryError::Gap { first: at, after: SequenceNumber(0) }),
    }
}

/// Takes the next record.
///
/// # Errors
/// If it cannot be understood.
pub fn replay_record(
    state: &mut EngineState,
    at: SequenceNumber,
    record: JournalRecord,
) -> Result<(), RecoveryError> {
    match record {
        JournalRecord::Tick { now, revision } => state.tick(now, revision),
        JournalRecord::AlertEvaluation { now, revision } => state.evaluate_alerts(now, revision),
        // Only what can be taken is written.
        JournalRecord::IncidentUpdate { now, answer } => _ = state.update_incident(&answer, now),
        JournalRecord::Batch(packed) => {
            let batch =
                packed.decode_batch().map_err(|damage| RecoveryError::Damaged { at, damage })?;
            state.apply_batch(&batch);
        }
        JournalRecord::Standard { epoch, files } => {
            let standard =
                read_standard(&files).map_err(|problem| RecoveryError::Standard { at, problem })?;
            state.change_standard(standard, epoch.into());
        }
        JournalRecord::Stop { revision } => {
            (state.revision, state.stopped_cleanly) = (revision, true)
        }
    }
    state.sequence = at;
    Ok(())
}

fn read_standard(files: &[(String, String)]) -> Result<Arc<Standard>, String> {
    let read = standard_file::parse_versions(files).map(Arc::new);
    read.map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))
}
