//! Recovery: restores the state after the last journal record from the newest readable snapshot and
//! the records after it.
//!
//! An unreadable snapshot is logged, and the previous one is used instead. Journal records are
//! never skipped: a damaged record is an error and the service does not start.

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

/// Number of records between two progress reports.
const PROGRESS_INTERVAL_RECORDS: u64 = 256;

/// Write buffer of a snapshot, in bytes.
const BUFFER_BYTES: usize = 1 << 18;

/// Reasons for a failed recovery.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record cannot be decoded.
    #[error("record {} of the journal is damaged: {damage}", at.0)]
    Damaged {
        /// Sequence number of the record.
        at: SequenceNumber,
        /// Kind of damage.
        damage: Damage,
    },
    /// A recorded standard cannot be read by this version.
    #[error(
        "record {} of the journal has a standard that this version of firstline cannot read \
         ({problem}); start the version that wrote it, stop it gracefully, and upgrade again",
        at.0
    )]
    Standard {
        /// Sequence number of the record.
        at: SequenceNumber,
        /// First problem in the standard.
        problem: String,
    },
    /// Records between the snapshot and the journal are missing.
    #[error(
        "the journal begins with record {}, but what came after record {} is needed: restore the \
         missing files or an older snapshot from a backup, or start with an empty data directory",
        first.0, after.0
    )]
    Gap {
        /// First record of the journal.
        first: SequenceNumber,
        /// Last record covered by the snapshot.
        after: SequenceNumber,
    },
    /// The newest snapshot is ahead of the journal.
    #[error(
        "the newest snapshot covers record {}, but the journal ends with record {}: journal \
         records are missing; restore the journal files from a backup, or move the remaining \
         ones away to continue from the snapshot alone",
        snapshot.0, last.0
    )]
    JournalTooShort {
        /// Last record covered by the snapshot.
        snapshot: SequenceNumber,
        /// Last record of the journal.
        last: SequenceNumber,
    },
    /// The snapshot thread cannot be started.
    #[error("the snapshot thread cannot be started: {error}")]
    Thread {
        /// Error of the operating system.
        error: std::io::Error,
    },
    /// A required record cannot be written.
    #[error("the journal cannot be written: {reason}")]
    JournalUnwritable {
        /// Reason of the failure.
        reason: Arc<str>,
    },
    /// Recovery was cancelled.
    #[error("recovery was cancelled")]
    Stopped,
}

/// Sources of a recovery.
#[derive(Clone, Debug)]
pub struct RecoverySources {
    /// Journal.
    pub journal: JournalReader,
    /// Snapshots.
    pub snapshots: SnapshotStore,
}

/// Header of a snapshot, before the state of the core.
#[derive(Serialize, Deserialize)]
struct SnapshotHeader {
    files: Vec<(String, String)>,
    epoch: String,
    revision: u64,
    stopped_cleanly: bool,
    sequence: u64,
}

/// Writes a snapshot of `state` and returns its size in bytes.
///
/// # Errors
/// Returns an error if it cannot be written. No partial snapshot remains.
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
    let write_error = |error: postcard::Error| {
        JournalError::from_io(&format!("the snapshot of record {at}"), std::io::Error::other(error))
    };
    // postcard writes single bytes, and each write would be a call of the compressor.
    let writer = BufWriter::with_capacity(BUFFER_BYTES, snapshots.create_snapshot(*at)?);
    let writer = postcard::to_io(&head, writer).map_err(write_error)?;
    let writer = postcard::to_io(&monitor.to_snapshot(), writer).map_err(write_error)?;
    let writer = postcard::to_io(&alerts.to_snapshot(), writer).map_err(write_error)?;
    writer
        .into_inner()
        .map_err(|error| JournalError::from_io("a snapshot", error.into_error()))?
        .finish()
}

fn read_snapshot(at: SequenceNumber, snapshots: &SnapshotStore) -> Result<EngineState, String> {
    let snapshot = snapshots.open_snapshot(at).map_err(|error| error.to_string())?;
    let format = snapshot.format_version();
    let decoded = decompress_and_decode(snapshot, |mut decoder| {
        let state = decode_snapshot(at, format, &mut decoder);
        // A failed read causes the decoding error, so it is reported instead.
        let read_error = decoder.finalize().ok().flatten().map(|error| error.to_string());
        state.map_err(|error| read_error.unwrap_or(error))
    });
    decoded.map_err(|error| format!("the decompression thread cannot be started: {error}"))?
}

/// Decodes a snapshot of a format version.
fn decode_snapshot(
    at: SequenceNumber,
    format: u64,
    decoder: &mut Deserializer<'_, SnapshotDecompressor>,
) -> Result<EngineState, String> {
    let head = SnapshotHeader::deserialize(&mut *decoder).map_err(|error| error.to_string())?;
    if head.sequence != at.0 {
        return Err(format!("its header names record {}", head.sequence));
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

/// Restores the state after the record `until`; `None` if nothing was ever written. `progress`
/// receives the current record at intervals and may cancel.
///
/// # Errors
/// Returns an error if the journal is damaged or ahead of or behind the snapshots, or if `progress`
/// cancels.
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
                "snapshot cannot be read; trying the previous one: {problem}"
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

/// Returns the state after the first record of a journal, which holds the standard.
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

/// Applies the next record.
///
/// # Errors
/// Returns an error if the record cannot be decoded.
pub fn replay_record(
    state: &mut EngineState,
    at: SequenceNumber,
    record: JournalRecord,
) -> Result<(), RecoveryError> {
    match record {
        JournalRecord::Tick { now, revision } => state.tick(now, revision),
        JournalRecord::AlertEvaluation { now, revision } => state.evaluate_alerts(now, revision),
        // Updates are checked before they are written, so this cannot fail.
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
            (state.revision, state.stopped_cleanly) = (revision, true);
        }
    }
    state.sequence = at;
    Ok(())
}

fn read_standard(files: &[(String, String)]) -> Result<Arc<Standard>, String> {
    let read = standard_file::parse_recorded_versions(files).map(Arc::new);
    read.map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))
}
