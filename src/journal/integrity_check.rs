//! Integrity check of a journal. It reads every file, changes none and reports all damage.

use super::disk::FileStorage;
use super::error::JournalError;
use super::record::JournalRecord;
use super::segment::{self, Segment};
use super::snapshot::SnapshotStore;
use crate::journal::{EncodedBatch, SequenceNumber};
use std::io;
use std::sync::Arc;

/// Result of an integrity check.
#[derive(Debug, Default)]
pub struct IntegrityReport {
    /// Number of segments.
    pub segments: usize,
    /// Size of all segments on disk, in bytes.
    pub bytes: u64,
    /// The oldest record; `None` if the journal is empty.
    pub first: Option<SequenceNumber>,
    /// The last record; 0 if the journal is empty.
    pub last: SequenceNumber,
    /// Number of intact records.
    pub records: u64,
    /// Number of events in intact batches.
    pub events: u64,
    /// Number of intact snapshots.
    pub snapshots: usize,
    /// All damage found. A segment is read up to its first damaged record.
    pub damages: Vec<JournalError>,
}

/// Checks every segment and snapshot.
///
/// The check covers the pages of the store, the checksum of every record, the decoding of batches
/// and gaps between records. `at` is called with the name of each file before it is read.
///
/// A lost last append of a journal that was not closed is undetectable, because it looks like an
/// unfinished transaction.
///
/// # Errors
/// Returns an error if the directory cannot be listed.
pub fn check_integrity(
    disk: &Arc<dyn FileStorage>,
    keys: u64,
    mut at: impl FnMut(&str),
) -> Result<IntegrityReport, JournalError> {
    let mut report = IntegrityReport::default();
    let firsts = segment::list_segments(&**disk)?;
    for (place, first) in firsts.iter().enumerate() {
        let name = segment::segment_name(*first);
        at(&name);
        report.segments += 1;
        report.bytes += disk.file_bytes(&name).unwrap_or(0);
        if let Err(damage) =
            check_segment(&**disk, *first, firsts.get(place + 1).copied(), keys, &mut report)
        {
            report.damages.push(damage);
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
            Ok(_) => report.snapshots += 1,
            Err(damage) => report.damages.push(damage),
        }
    }
    Ok(report)
}

/// Checks the segment that begins with `first` and ends before `next`.
fn check_segment(
    disk: &dyn FileStorage,
    first: SequenceNumber,
    next: Option<SequenceNumber>,
    keys: u64,
    report: &mut IntegrityReport,
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
                unpacked.map(|_| report.events += EncodedBatch::event_count(packed))?;
            }
            report.records += 1;
            report.first = report.first.or(Some(sequence));
            report.last = sequence;
            from = sequence.next();
        }
    }
    Ok(())
}
