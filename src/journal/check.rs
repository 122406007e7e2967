//! Looks at everything that is kept, touches nothing, and tells all damage it finds, not only the first.

use super::disk::Disk;
use super::error::Error;
use super::record::Record;
use super::segment::{self, Segment};
use super::snapshot::Snapshots;
use super::{Packed, Sequence};
use std::io;
use std::sync::Arc;

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// The segments, and how many bytes they take on disk.
    pub segments: usize,
    /// See [`Findings::segments`].
    pub bytes: u64,
    /// The oldest record, if there is any.
    pub first: Option<Sequence>,
    /// The last record; 0 if there is none.
    pub last: Sequence,
    /// Records that are whole.
    pub records: u64,
    /// Events in their batches.
    pub events: u64,
    /// Snapshots that are whole.
    pub snapshots: usize,
    /// What is not as it was written. A segment is read until its first damage.
    pub damages: Vec<Error>,
}

/// Checks every segment and snapshot: the pages of the store, the checksum of every record, that batches unpack, and that no
/// record is missing. `at` hears the name of each file before it is read.
///
/// It cannot tell that the last append of a journal that was not closed is gone, since one that never finished looks the same.
///
/// # Errors
/// If the directory cannot be listed.
pub fn check(disk: &Arc<dyn Disk>, keys: u64, mut at: impl FnMut(&str)) -> Result<Findings, Error> {
    let mut found = Findings::default();
    let firsts = segment::firsts(&**disk)?;
    for (place, first) in firsts.iter().enumerate() {
        let name = segment::name(*first);
        at(&name);
        found.segments += 1;
        found.bytes += disk.bytes(&name).unwrap_or(0);
        if let Err(damage) = check_segment(&**disk, *first, firsts.get(place + 1).copied(), keys, &mut found) {
            found.damages.push(damage);
        }
    }
    let snapshots = Snapshots::new(disk.clone());
    for sequence in snapshots.list()? {
        let name = super::snapshot::name(sequence);
        at(&name);
        let read =
            snapshots.open(sequence).and_then(|mut state| io::copy(&mut state, &mut io::sink()).map_err(|error| Error::io(&name, error)));
        match read {
            Ok(_) => found.snapshots += 1,
            Err(damage) => found.damages.push(damage),
        }
    }
    Ok(found)
}

/// Checks the segment that begins with `first` until where the next begins.
fn check_segment(disk: &dyn Disk, first: Sequence, next: Option<Sequence>, keys: u64, found: &mut Findings) -> Result<(), Error> {
    let segment = Segment::open_to_read(disk, first)?;
    segment.check_about(keys)?;
    let last = match next {
        Some(next) => Sequence(next.0.saturating_sub(1)),
        None => segment.last()?,
    };
    let mut from = first;
    while from <= last {
        for (sequence, record) in segment.portion(from, last)? {
            if let Record::Batch(packed) = &record {
                let unpacked = packed.unpack().map_err(|damage| Error::damaged(&segment.name, Some(sequence), damage.0));
                unpacked.map(|_| found.events += Packed::events(packed))?;
            }
            found.records += 1;
            found.first = found.first.or(Some(sequence));
            found.last = sequence;
            from = sequence.next();
        }
    }
    Ok(())
}
