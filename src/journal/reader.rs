//! Reading the journal, also while it is written: in portions, so that it is never held in memory, and never in the writer's way.

use super::Sequence;
use super::error::Error;
use super::record::Record;
use super::segment::{self, Segment};
use super::segment_list::Row;
use std::sync::Arc;

/// Reads the journal. Cheap to clone; may be used on any thread.
#[derive(Clone, Debug)]
pub struct Reader {
    row: Arc<Row>,
}

impl Reader {
    pub(super) fn new(row: Arc<Row>) -> Reader {
        Reader { row }
    }

    /// The oldest record that is kept; the one that will be the first if there is none.
    #[must_use]
    pub fn first(&self) -> Sequence {
        self.row.read().first()
    }

    /// The last record; 0 if there is none.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.row.read().last
    }

    /// The record of the standard that is in force where the oldest record that is kept lies, also if it is no longer kept itself.
    /// None where the journal begins, and of segments that earlier versions wrote.
    ///
    /// # Errors
    /// [`Error::Damaged`], or what the system says.
    pub fn standard(&self) -> Result<Option<Record>, Error> {
        let segments = self.row.read();
        let (newest, first) = (segments.newest.clone(), segments.first());
        drop(segments);
        let before = Sequence(first.0.saturating_sub(1));
        let standard = if first == newest.first {
            newest.standard(before)?
        } else {
            Segment::open_to_read(&*self.row.disk, first)?.standard(before)?
        };
        Ok(standard.map(|(_, record)| record))
    }

    /// The records after this one, in order, each checked, until the last that was written when the end is reached.
    ///
    /// After an error there is nothing more. A record that is no longer kept is an error too: begin at [`Reader::first`].
    #[must_use]
    pub fn after(&self, after: Sequence) -> Records {
        Records { row: self.row.clone(), next: after.next(), portion: Vec::new().into_iter(), open: None, ended: false }
    }
}

/// Records, one after the other.
#[derive(Debug)]
pub struct Records {
    row: Arc<Row>,
    next: Sequence,
    portion: std::vec::IntoIter<(Sequence, Record)>,
    /// The older segment that is being read.
    open: Option<Segment>,
    ended: bool,
}

impl Records {
    /// The next portion; empty at the end.
    fn fetch(&mut self) -> Result<Vec<(Sequence, Record)>, Error> {
        let segments = self.row.read();
        if self.next > segments.last {
            return Ok(Vec::new());
        }
        if self.next >= segments.newest.first {
            self.open = None;
            let (newest, last) = (segments.newest.clone(), segments.last);
            drop(segments);
            return newest.portion(self.next, last);
        }
        let Some(place) = segments.older.partition_point(|older| older.first <= self.next).checked_sub(1) else {
            let what = format!("it is no longer kept; the oldest is {}", segments.first());
            return Err(Error::damaged(segment::name(segments.first()), Some(self.next), what));
        };
        let (first, end) = (segments.older[place].first, segments.end(place));
        // The older ones never change; whoever writes need not wait.
        drop(segments);
        let open = match self.open.take() {
            Some(open) if open.first == first => open,
            _ => Segment::open_to_read(&*self.row.disk, first)?,
        };
        self.open.insert(open).portion(self.next, end)
    }
}

impl Iterator for Records {
    type Item = Result<(Sequence, Record), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((at, record)) = self.portion.next() {
                self.next = at.next();
                return Some(Ok((at, record)));
            }
            if self.ended {
                return None;
            }
            match self.fetch() {
                Ok(portion) => {
                    self.ended = portion.is_empty();
                    self.portion = portion.into_iter();
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
