//! Recovery: the state after the last record of the journal, from the newest good snapshot and the records after it.
//!
//! A snapshot that cannot be read is told and passed over for the one before. What the journal says is never passed over: damage
//! in its middle is an error, and the service does not start on a guess.

mod unpacked;

use self::unpacked::{Unpacked, unpack};
use super::state::State;
use crate::domain::standard::Standard;
use crate::journal::{Damage, Error as JournalError, Reader, Record, Sequence, Snapshots};
use crate::standard;
use postcard::Deserializer;
use serde::{Deserialize, Serialize};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How many records are read between two words about the progress.
const STRIDE: u64 = 256;

/// How much of a snapshot is gathered before it is written.
const BUFFER: usize = 1 << 18;

/// Why there is no state to go on from.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record cannot be understood.
    #[error("record {} of the journal is damaged: {damage}", at.0)]
    Damaged {
        /// Which.
        at: Sequence,
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
        at: Sequence,
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
        first: Sequence,
        /// The last one that is known.
        after: Sequence,
    },
    /// A snapshot is ahead of the journal.
    #[error(
        "the newest snapshot covers record {}, but the journal ends with record {}: records that were on disk are gone; bring its \
         files back, or move the journal's files away and keep the snapshot to go on without them",
        snapshot.0, last.0
    )]
    Short {
        /// What the snapshot covers.
        snapshot: Sequence,
        /// The last record there is.
        last: Sequence,
    },
    /// There is no thread for the keeper of snapshots.
    #[error("no thread for the keeper of snapshots: {error}")]
    Thread {
        /// Why.
        error: std::io::Error,
    },
    /// What must be in the journal cannot be written.
    #[error("the journal cannot be written: {reason}")]
    Unwritten {
        /// Why.
        reason: Arc<str>,
    },
    /// It was told to stop.
    #[error("stopped before it was done")]
    Stopped,
}

/// Where recovery reads.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The journal.
    pub journal: Reader,
    /// The snapshots.
    pub snapshots: Snapshots,
}

/// What a snapshot says before the core's memory.
#[derive(Serialize, Deserialize)]
struct Head {
    files: Vec<(String, String)>,
    epoch: String,
    revision: u64,
    stopped: bool,
    at: u64,
}

/// Writes a snapshot of `state`. Its size in bytes.
///
/// # Errors
/// If it cannot be written; then there is none.
pub fn save(state: &State, snapshots: &Snapshots) -> Result<u64, JournalError> {
    let State { monitor, alerts, standard, hidden: _, epoch, revision, stopped, at, unsaved: _ } = state;
    let head = Head { files: standard.files.to_vec(), epoch: epoch.to_string(), revision: *revision, stopped: *stopped, at: at.0 };
    let written = |error: postcard::Error| JournalError::io(&format!("the snapshot of record {at}"), std::io::Error::other(error));
    // postcard writes single bytes, and each would be a call of the compressor.
    let writer = BufWriter::with_capacity(BUFFER, snapshots.create(*at)?);
    let writer = postcard::to_io(&head, writer).map_err(written)?;
    let writer = postcard::to_io(&monitor.memory(), writer).map_err(written)?;
    let writer = postcard::to_io(&alerts.memory(), writer).map_err(written)?;
    writer.into_inner().map_err(|error| JournalError::io("a snapshot", error.into_error()))?.finish()
}

/// Reads a snapshot.
fn load(at: Sequence, snapshots: &Snapshots) -> Result<State, String> {
    let snapshot = snapshots.open(at).map_err(|error| error.to_string())?;
    let format = snapshot.format();
    let decoded = unpack(snapshot, |mut decoder| {
        let state = decode(at, format, &mut decoder);
        // What the decoder ran into comes after what broke off before it.
        let broken = decoder.finalize().ok().flatten().map(|error| error.to_string());
        state.map_err(|error| broken.unwrap_or(error))
    });
    decoded.map_err(|error| format!("there is no thread to unpack it: {error}"))?
}

/// What a snapshot of this format says.
fn decode(at: Sequence, format: u64, decoder: &mut Deserializer<'_, Unpacked>) -> Result<State, String> {
    let head = Head::deserialize(&mut *decoder).map_err(|error| error.to_string())?;
    if head.at != at.0 {
        return Err(format!("it says that it covers record {}", head.at));
    }
    let mut state = State::new(read_standard(&head.files)?, head.epoch.into());
    state.remember(format, &mut *decoder).map_err(|error| error.to_string())?;
    if format >= 2 {
        state.remember_alerts(&mut *decoder).map_err(|error| error.to_string())?;
    }
    (state.revision, state.stopped, state.at) = (head.revision, head.stopped, at);
    Ok(state)
}

/// The state after the record `until`, or the last one; none if nothing was ever written. `progress` hears from time to time
/// which record has been reached, and may break off.
///
/// # Errors
/// If the journal is damaged, or does not reach from the newest good snapshot to its end.
pub fn recover(sources: &Sources, until: Sequence, progress: &mut dyn FnMut(Sequence) -> ControlFlow<()>) -> Result<Option<State>, Error> {
    let Sources { journal, snapshots } = sources;
    let mut state = None;
    for at in snapshots.list()? {
        if at > until {
            return Err(Error::Short { snapshot: at, last: until });
        }
        match load(at, snapshots) {
            Ok(loaded) => {
                state = Some(loaded);
                break;
            }
            Err(problem) => tracing::error!(record = at.0, "a snapshot cannot be read and is passed over: {problem}"),
        }
    }
    let after = state.as_ref().map_or(Sequence(0), |state: &State| state.at);
    if after >= until {
        return Ok(state);
    }
    if journal.first().0 > after.0 + 1 {
        return Err(Error::Gap { first: journal.first(), after });
    }
    for record in journal.after(after) {
        let (at, record) = record?;
        match &mut state {
            Some(state) => take(state, at, record)?,
            None => state = Some(begin(at, record)?),
        }
        if at.0.is_multiple_of(STRIDE) && progress(at).is_break() {
            return Err(Error::Stopped);
        }
        if at == until {
            break;
        }
    }
    Ok(state)
}

/// The state after the first record of a journal, which names the standard.
fn begin(at: Sequence, record: Record) -> Result<State, Error> {
    match record {
        Record::Standard { epoch, files } => {
            let standard = read_standard(&files).map_err(|problem| Error::Standard { at, problem })?;
            Ok(State { at, ..State::new(standard, epoch.into()) })
        }
        _ => Err(Error::Gap { first: at, after: Sequence(0) }),
    }
}

/// Takes the next record.
///
/// # Errors
/// If it cannot be understood.
pub fn take(state: &mut State, at: Sequence, record: Record) -> Result<(), Error> {
    match record {
        Record::Tick { now, revision } => state.tick(now, revision),
        Record::Look { now, revision } => state.look(now, revision),
        // Only what can be taken is written.
        Record::Answer { now, answer } => _ = state.answer(&answer, now),
        Record::Batch(packed) => {
            let batch = packed.unpack().map_err(|damage| Error::Damaged { at, damage })?;
            state.apply(&batch);
        }
        Record::Standard { epoch, files } => {
            let standard = read_standard(&files).map_err(|problem| Error::Standard { at, problem })?;
            state.adopt(standard, epoch.into());
        }
        Record::Stop { revision } => (state.revision, state.stopped) = (revision, true),
    }
    state.at = at;
    Ok(())
}

fn read_standard(files: &[(String, String)]) -> Result<Arc<Standard>, String> {
    let read = standard::read_versions(files).map(Arc::new);
    read.map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))
}
