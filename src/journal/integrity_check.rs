//! Looks at everything that is kept, touches nothing, and tells all damage it finds, not only the first.

use super::disk::FileStorage;
use super::error::JournalError;
use super::record::JournalRecord;
use super::segment::{self, Segment};
use super::snapshot::SnapshotStore;
use crate::journal::{BatchCodec, SequenceNumber};
use std::io;
use std::sync::Arc;

/// What was found.
#[derive(Debug, Default)]
pub struct IntegrityReport {
    /// The segments, and how many bytes they take on disk.
    pub segments: usize,
    /// See [`Findings::segments`].
    pub bytes: u64,
    /// The oldest record, if there is any.
    pub first: Option<SequenceNumber>,
    /// The last record; 0 if there is none.
    pub last: SequenceNumber,
    /// Records that are whole.
    pub records: u64,
    /// Events in their batches.
    pub events: u64,
    /// Snapshots that are whole.
    pub snapshots: usize,
    /// What is not as it was written. A segment is read until its first damage.
    pub damages: Vec<JournalError>,
}

/// Checks every segment and snapshot: the pages of the store, the checksum of every record, that batches unpack, and that no
/// record is missing. `at` hears the name of each file before it is read.
///
/// It cannot tell that the last append of a journal that was not closed is gone, since one that never finished looks the same.
///
/// # Errors
/// If the directory cannot be listed.
pub fn check_integrity(
    disk: &Arc<dyn FileStorage>,
    keys: u64,
    mut at: impl FnMut(&str),
) -> Result<IntegrityReport, JournalError> {
    let mut found = IntegrityReport::default();
    let firsts = segment::list_segments(&**disk)?;
    for (place, first) in firsts.iter().enumerate() {
        let name = segment::segment_name(*first);
        at(&name);
        found.segments += 1;
        found.bytes += disk.file_bytes(&name).unwrap_or(0);
        if let Err(damage) =
            check_segment(&**disk, *first, firsts.get(place + 1).copied(), keys, &mut found)
        {
            found.damages.push(damage);
        }
    }
    let snapshots = SnapshotStore::new(disk.clone());
    for sequence in snapshots.list_snapshots()? {
        let name = super::snapshot::snapshot_name(sequence);
        at(&name);
        let read = snapshots.open_snapshot(sequence).and_then(|mut state| {
            io::copy(&mut state, &mut io::sink())
                .map_err(|error| JournalError::from_io(&name, error))
        });
        match read {
            Ok(_) => found.snapshots += 1,
            Err(damage) => found.damages.push(damage),
        }
    }
    Ok(found)
}

/// Checks the segment that begins with `first` until where the next begins.
fn check_segment(
    disk: &dyn FileStorage,
    first: SequenceNumber,
    next: Option<SequenceNumber>,
    keys: u64,
    found: &mut IntegrityReport,
) -> Result<(), JournalError> {
    let segment = Segment::open_read_only(disk, first)?;
    segment.check_metadata(keys)?;
    let last = match next {
        Some(next) => SequenceNumber(next.0.saturating_sub(1)),
        None => segment.last_sequence()?,
    };
    let mut from = first;
    while from <= last {
        for (sequence, record) in segment.read_portion(from, last)? {
            if let JournalRecord::Batch(packed) = &record {
                let unpacked = packed.decode_batch().map_err(|damage| {
                    JournalError::damaged_file(&segment.name, Some(sequence), damage.0)
                });
                unpacked.map(|_| found.events += BatchCodec::event_count(packed))?;
            }
            found.records += 1;
            found.first = found.first.or(Some(sequence));
            found.last = sequence;
            from = sequence.next();
        }
    }
    Ok(())
}
