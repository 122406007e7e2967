//! A record of the journal, and the bytes it is written as: kind, version, checksum, payload.

use super::batch_codec::BatchCodec;
use super::error::{Damage, JournalError};
use crate::domain::alerts::incident_log::IncidentUpdate;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::{FORMAT_VERSION, SequenceNumber};

/// What the journal remembers: all that the core was ever told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JournalRecord {
    /// What the clock showed, and the revision of the board published last.
    Tick {
        /// The time that the core was told.
        now: Timestamp,
        /// The revision published last.
        revision: u64,
    },
    /// Events, decoded by the schema of the standard in force here.
    Batch(BatchCodec),
    /// From here on this standard is in force, and an epoch begins.
    Standard {
        /// The name of the epoch.
        epoch: String,
        /// The standard's files: name and text each.
        files: Vec<(String, String)>,
    },
    /// The clock showed this when a look was taken for alerts; the revision as for a tick.
    AlertEvaluation {
        /// The time that the core was told.
        now: Timestamp,
        /// The revision published last.
        revision: u64,
    },
    /// Somebody said something of an alert.
    IncidentUpdate {
        /// When.
        now: Timestamp,
        /// What.
        answer: IncidentUpdate,
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
const ALERT_EVALUATION: u8 = 5;
const INCIDENT_UPDATE: u8 = 6;

/// Kind, version, and four bytes of checksum.
const HEADER_BYTES: usize = 6;

impl JournalRecord {
    /// What the clock showed, if it says so.
    #[must_use]
    pub fn clock_time(&self) -> Option<Timestamp> {
        match self {
            JournalRecord::Tick { now, .. } | JournalRecord::AlertEvaluation { now, .. } => {
                Some(*now)
            }
            _ => None,
        }
    }

    /// The bytes of the record at its place.
    #[must_use]
    pub fn to_bytes(&self, at: SequenceNumber) -> Vec<u8> {
        let (kind, payload) = match self {
            JournalRecord::Tick { now, revision } => {
                (TICK, [now.0.to_le_bytes(), revision.to_le_bytes()].concat().into())
            }
            JournalRecord::Batch(packed) => (BATCH, std::borrow::Cow::from(packed.as_bytes())),
            // Texts and pairs of texts always make JSON.
            JournalRecord::Standard { epoch, files } => {
                (STANDARD, serde_json::to_vec(&(epoch, files)).unwrap_or_default().into())
            }
            JournalRecord::Stop { revision } => (STOP, revision.to_le_bytes().to_vec().into()),
            JournalRecord::AlertEvaluation { now, revision } => {
                (ALERT_EVALUATION, [now.0.to_le_bytes(), revision.to_le_bytes()].concat().into())
            }
            // Texts and numbers always make JSON.
            JournalRecord::IncidentUpdate { now, answer } => {
                (INCIDENT_UPDATE, serde_json::to_vec(&(now.0, answer)).unwrap_or_default().into())
            }
        };
        let head = [kind, FORMAT_VERSION as u8];
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&checksum(at, head, &payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// The record of these bytes at its place; `file` names where they lie in errors.
    ///
    /// # Errors
    /// What is wrong with them, or that a newer version wrote them.
    pub fn from_bytes(
        file: &str,
        at: SequenceNumber,
        bytes: &[u8],
    ) -> Result<JournalRecord, JournalError> {
        let damaged = |what: Damage| JournalError::damaged_file(file, Some(at), what.0);
        let Some((&[kind, version, c0, c1, c2, c3], payload)) =
            bytes.split_first_chunk::<HEADER_BYTES>()
        else {
            return Err(damaged("it has no head".into()));
        };
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(at, [kind, version], payload) {
            return Err(damaged("its checksum is wrong".into()));
        }
        if u64::from(version) > FORMAT_VERSION {
            return Err(JournalError::NewerFormat {
                file: file.to_owned(),
                format: u64::from(version),
            });
        }
        decode_payload(kind, payload).map_err(damaged)
    }
}

fn decode_payload(kind: u8, payload: &[u8]) -> Result<JournalRecord, Damage> {
    let short = || Damage::from("it has another length than its kind");
    match kind {
        TICK | ALERT_EVALUATION => {
            let [now, revision] = payload.as_chunks().0 else { return Err(short()) };
            let (now, revision) =
                (Timestamp(i64::from_le_bytes(*now)), u64::from_le_bytes(*revision));
            Ok(if kind == TICK {
                JournalRecord::Tick { now, revision }
            } else {
                JournalRecord::AlertEvaluation { now, revision }
            })
        }
        BATCH => Ok(JournalRecord::Batch(BatchCodec::from_bytes(payload))),
        STANDARD => {
            let (epoch, files) = serde_json::from_slice(payload)
                .map_err(|error| Damage(format!("no standard: {error}")))?;
            Ok(JournalRecord::Standard { epoch, files })
        }
        STOP => Ok(JournalRecord::Stop {
            revision: u64::from_le_bytes(payload.try_into().map_err(|_| short())?),
        }),
        INCIDENT_UPDATE => {
            let (now, answer) = serde_json::from_slice(payload)
                .map_err(|error| Damage(format!("no answer: {error}")))?;
            Ok(JournalRecord::IncidentUpdate { now: Timestamp(now), answer })
        }
        kind => Err(Damage(format!("it is of the unknown kind {kind}"))),
    }
}

/// Covers the place as well, so that records cannot change places.
fn checksum(at: SequenceNumber, head: [u8; 2], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&at.0.to_le_bytes());
    hasher.update(&head);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::batch::Batch;

    #[test]
    fn decodes_intact_records_and_rejects_damaged_ones() {
        let records = [
            JournalRecord::Tick { now: Timestamp(-7), revision: u64::MAX },
            JournalRecord::Batch(BatchCodec::encode_batch(&Batch::default())),
            JournalRecord::Standard {
                epoch: "e".into(),
                files: vec![("a.toml".into(), "名 = 1\n".into())],
            },
            JournalRecord::Stop { revision: 3 },
            JournalRecord::AlertEvaluation { now: Timestamp(7), revision: 3 },
            JournalRecord::IncidentUpdate {
                now: Timestamp(7),
                answer: IncidentUpdate {
                    id: u64::MAX,
                    closes: true,
                    owner: "李".into(),
                    note: "换了光猫".into(),
                },
            },
        ];
        for record in records {
            let bytes = record.to_bytes(SequenceNumber(5));
            assert_eq!(
                JournalRecord::from_bytes("f", SequenceNumber(5), &bytes).expect("it is whole"),
                record
            );
            assert!(
                JournalRecord::from_bytes("f", SequenceNumber(6), &bytes).is_err(),
                "a record at another's place"
            );
            for at in 0..bytes.len() {
                let mut wrong = bytes.clone();
                wrong[at] ^= 1;
                assert!(
                    JournalRecord::from_bytes("f", SequenceNumber(5), &wrong).is_err(),
                    "{record:?} with byte {at} changed"
                );
                assert!(
                    JournalRecord::from_bytes("f", SequenceNumber(5), &bytes[..at]).is_err(),
                    "{record:?} cut at {at}"
                );
            }
        }
    }

    #[test]
    fn rejects_record_of_newer_format() {
        let head = [TICK, FORMAT_VERSION as u8 + 1];
        let bytes =
            [&head[..], &checksum(SequenceNumber(1), head, b"?").to_le_bytes(), b"?"].concat();
        assert!(matches!(
            JournalRecord::from_bytes("f", SequenceNumber(1), &bytes),
            Err(JournalError::NewerFormat { .. })
        ));
    }
}
