//! A record of the journal, and the bytes it is written as: kind, version, checksum, payload.

use super::error::{Damage, Error};
use super::packed::Packed;
use super::{FORMAT, Sequence};
use crate::domain::alert::ledger::Answer;
use crate::domain::time::Timestamp;

/// What the journal remembers: all that the core was ever told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// What the clock showed, and the revision of the board published last.
    Tick {
        /// The time that the core was told.
        now: Timestamp,
        /// The revision published last.
        revision: u64,
    },
    /// Events, decoded by the schema of the standard in force here.
    Batch(Packed),
    /// From here on this standard is in force, and an epoch begins.
    Standard {
        /// The name of the epoch.
        epoch: String,
        /// The standard's files: name and text each.
        files: Vec<(String, String)>,
    },
    /// The clock showed this when a look was taken for alerts; the revision as for a tick.
    Look {
        /// The time that the core was told.
        now: Timestamp,
        /// The revision published last.
        revision: u64,
    },
    /// Somebody said something of an alert.
    Answer {
        /// When.
        now: Timestamp,
        /// What.
        answer: Answer,
    },
    /// The service stopped in good order.
    Stop {
        /// The revision published last.
        revision: u64,
    },
}

const TICK: u8 = 1;
const BATCH: u8 = 2;
const STANDARD: u8 = 3;
const STOP: u8 = 4;
// Of format 2:
const LOOK: u8 = 5;
const ANSWER: u8 = 6;

/// Kind, version, and four bytes of checksum.
const HEAD: usize = 6;

impl Record {
    /// What the clock showed, if it says so.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        match self {
            Record::Tick { now, .. } | Record::Look { now, .. } => Some(*now),
            _ => None,
        }
    }

    /// The bytes of the record at its place.
    #[must_use]
    pub fn write(&self, at: Sequence) -> Vec<u8> {
        let (kind, payload) = match self {
            Record::Tick { now, revision } => (TICK, [now.0.to_le_bytes(), revision.to_le_bytes()].concat().into()),
            Record::Batch(packed) => (BATCH, std::borrow::Cow::from(packed.as_bytes())),
            // Texts and pairs of texts always make JSON.
            Record::Standard { epoch, files } => (STANDARD, serde_json::to_vec(&(epoch, files)).unwrap_or_default().into()),
            Record::Stop { revision } => (STOP, revision.to_le_bytes().to_vec().into()),
            Record::Look { now, revision } => (LOOK, [now.0.to_le_bytes(), revision.to_le_bytes()].concat().into()),
            // Texts and numbers always make JSON.
            Record::Answer { now, answer } => (ANSWER, serde_json::to_vec(&(now.0, answer)).unwrap_or_default().into()),
        };
        let head = [kind, FORMAT as u8];
        let mut bytes = Vec::with_capacity(HEAD + payload.len());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&checksum(at, head, &payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// The record of these bytes at its place; `file` names where they lie in errors.
    ///
    /// # Errors
    /// What is wrong with them, or that a newer version wrote them.
    pub fn read(file: &str, at: Sequence, bytes: &[u8]) -> Result<Record, Error> {
        let damaged = |what: Damage| Error::damaged(file, Some(at), what.0);
        let Some((&[kind, version, c0, c1, c2, c3], payload)) = bytes.split_first_chunk::<HEAD>() else {
            return Err(damaged("it has no head".into()));
        };
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(at, [kind, version], payload) {
            return Err(damaged("its checksum is wrong".into()));
        }
        if u64::from(version) > FORMAT {
            return Err(Error::Newer { file: file.to_owned(), format: u64::from(version) });
        }
        payload_of(kind, payload).map_err(damaged)
    }
}

fn payload_of(kind: u8, payload: &[u8]) -> Result<Record, Damage> {
    let short = || Damage::from("it has another length than its kind");
    match kind {
        TICK | LOOK => {
            let [now, revision] = payload.as_chunks().0 else { return Err(short()) };
            let (now, revision) = (Timestamp(i64::from_le_bytes(*now)), u64::from_le_bytes(*revision));
            Ok(if kind == TICK { Record::Tick { now, revision } } else { Record::Look { now, revision } })
        }
        BATCH => Ok(Record::Batch(Packed::from_bytes(payload))),
        STANDARD => {
            let (epoch, files) = serde_json::from_slice(payload).map_err(|error| Damage(format!("no standard: {error}")))?;
            Ok(Record::Standard { epoch, files })
        }
        STOP => Ok(Record::Stop { revision: u64::from_le_bytes(payload.try_into().map_err(|_| short())?) }),
        ANSWER => {
            let (now, answer) = serde_json::from_slice(payload).map_err(|error| Damage(format!("no answer: {error}")))?;
            Ok(Record::Answer { now: Timestamp(now), answer })
        }
        kind => Err(Damage(format!("it is of the unknown kind {kind}"))),
    }
}

/// Covers the place as well, so that records cannot change places.
fn checksum(at: Sequence, head: [u8; 2], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&at.0.to_le_bytes());
    hasher.update(&head);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Batch;

    #[test]
    fn records_are_read_as_they_were_written() {
        let records = [
            Record::Tick { now: Timestamp(-7), revision: u64::MAX },
            Record::Batch(Packed::pack(&Batch::default())),
            Record::Standard { epoch: "e".into(), files: vec![("a.toml".into(), "名 = 1\n".into())] },
            Record::Stop { revision: 3 },
            Record::Look { now: Timestamp(7), revision: 3 },
            Record::Answer {
                now: Timestamp(7),
                answer: Answer { id: u64::MAX, closes: true, owner: "李".into(), note: "换了光猫".into() },
            },
        ];
        for record in records {
            let bytes = record.write(Sequence(5));
            assert_eq!(Record::read("f", Sequence(5), &bytes).expect("it is whole"), record);
            assert!(Record::read("f", Sequence(6), &bytes).is_err(), "a record at another's place");
            for at in 0..bytes.len() {
                let mut wrong = bytes.clone();
                wrong[at] ^= 1;
                assert!(Record::read("f", Sequence(5), &wrong).is_err(), "{record:?} with byte {at} changed");
                assert!(Record::read("f", Sequence(5), &bytes[..at]).is_err(), "{record:?} cut at {at}");
            }
        }
    }

    #[test]
    fn a_newer_record_is_refused_as_such() {
        let head = [TICK, FORMAT as u8 + 1];
        let bytes = [&head[..], &checksum(Sequence(1), head, b"?").to_le_bytes(), b"?"].concat();
        assert!(matches!(Record::read("f", Sequence(1), &bytes), Err(Error::Newer { .. })));
    }
}
