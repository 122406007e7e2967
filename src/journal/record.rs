//! A journal record and its encoding: kind, version, checksum, payload.

use super::batch_codec::EncodedBatch;
use super::error::{Damage, JournalError};
use crate::domain::alerts::incident_log::IncidentUpdate;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::{FORMAT_VERSION, SequenceNumber};

/// An input of the engine. The records of the journal determine its whole state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JournalRecord {
    /// A clock tick.
    Tick {
        /// The engine time of the tick.
        now: Timestamp,
        /// The revision of the last published board.
        revision: u64,
    },
    /// Events, decoded by the schema of the standard in force.
    Batch(EncodedBatch),
    /// A standard that comes into force and begins an epoch.
    Standard {
        /// The name of the epoch.
        epoch: String,
        /// The files of the standard, as pairs of name and text.
        files: Vec<(String, String)>,
    },
    /// A clock tick that evaluated alert policies.
    AlertEvaluation {
        /// The engine time of the evaluation.
        now: Timestamp,
        /// The revision of the last published board.
        revision: u64,
    },
    /// An acknowledgement or closure of an alert by a person.
    IncidentUpdate {
        /// The engine time of the update.
        now: Timestamp,
        /// The update.
        answer: IncidentUpdate,
    },
    /// A graceful shutdown of the service.
    Stop {
        /// The revision of the last published board.
        revision: u64,
    },
}

const TICK: u8 = 1;
const BATCH: u8 = 2;
const STANDARD: u8 = 3;
const STOP: u8 = 4;
// Since format 2:
const ALERT_EVALUATION: u8 = 5;
const INCIDENT_UPDATE: u8 = 6;

/// Size of kind, version and four bytes of checksum.
const HEADER_BYTES: usize = 6;

impl JournalRecord {
    /// Returns the engine time of a tick or an evaluation; `None` for other records.
    #[must_use]
    pub fn clock_time(&self) -> Option<Timestamp> {
        match self {
            JournalRecord::Tick { now, .. } | JournalRecord::AlertEvaluation { now, .. } => {
                Some(*now)
            }
            _ => None,
        }
    }

    /// Encodes the record for a position in the journal.
    #[must_use]
    pub fn to_bytes(&self, at: SequenceNumber) -> Vec<u8> {
        let (kind, payload) = match self {
            JournalRecord::Tick { now, revision } => {
                (TICK, [now.0.to_le_bytes(), revision.to_le_bytes()].concat().into())
            }
            JournalRecord::Batch(packed) => (BATCH, std::borrow::Cow::from(packed.as_bytes())),
            // Texts and pairs of texts are always valid JSON.
            JournalRecord::Standard { epoch, files } => {
                (STANDARD, serde_json::to_vec(&(epoch, files)).unwrap_or_default().into())
            }
            JournalRecord::Stop { revision } => (STOP, revision.to_le_bytes().to_vec().into()),
            JournalRecord::AlertEvaluation { now, revision } => {
                (ALERT_EVALUATION, [now.0.to_le_bytes(), revision.to_le_bytes()].concat().into())
            }
            // Texts and numbers are always valid JSON.
            JournalRecord::IncidentUpdate { now, answer } => {
                (INCIDENT_UPDATE, serde_json::to_vec(&(now.0, answer)).unwrap_or_default().into())
            }
        };
        let header = [kind, FORMAT_VERSION as u8];
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&checksum(at, header, &payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Decodes the record at a position in the journal. Errors name `file`.
    ///
    /// # Errors
    /// - [`JournalError::Damaged`] if the bytes are not a record of this position
    /// - [`JournalError::NewerFormat`] if a later version of the program wrote it
    pub fn from_bytes(
        file: &str,
        at: SequenceNumber,
        bytes: &[u8],
    ) -> Result<JournalRecord, JournalError> {
        let damaged = |what: Damage| JournalError::damaged_file(file, Some(at), what.0);
        let Some((&[kind, version, c0, c1, c2, c3], payload)) =
            bytes.split_first_chunk::<HEADER_BYTES>()
        else {
            return Err(damaged("the record header is missing".into()));
        };
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(at, [kind, version], payload) {
            return Err(damaged("the checksum is wrong".into()));
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
    let wrong_length = || Damage::from("the payload has the wrong length for its kind");
    match kind {
        TICK | ALERT_EVALUATION => {
            let [now, revision] = payload.as_chunks().0 else { return Err(wrong_length()) };
            let (now, revision) =
                (Timestamp(i64::from_le_bytes(*now)), u64::from_le_bytes(*revision));
            Ok(if kind == TICK {
                JournalRecord::Tick { now, revision }
            } else {
                JournalRecord::AlertEvaluation { now, revision }
            })
        }
        BATCH => Ok(JournalRecord::Batch(EncodedBatch::from_bytes(payload))),
        STANDARD => {
            let (epoch, files) = serde_json::from_slice(payload)
                .map_err(|error| Damage(format!("invalid standard: {error}")))?;
            Ok(JournalRecord::Standard { epoch, files })
        }
        STOP => Ok(JournalRecord::Stop {
            revision: u64::from_le_bytes(payload.try_into().map_err(|_| wrong_length())?),
        }),
        INCIDENT_UPDATE => {
            let (now, answer) = serde_json::from_slice(payload)
                .map_err(|error| Damage(format!("invalid alert update: {error}")))?;
            Ok(JournalRecord::IncidentUpdate { now: Timestamp(now), answer })
        }
        kind => Err(Damage(format!("unknown record kind {kind}"))),
    }
}

/// Computes the checksum of a record. It covers the position, so that records cannot be swapped.
fn checksum(at: SequenceNumber, header: [u8; 2], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&at.0.to_le_bytes());
    hasher.update(&header);
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
            JournalRecord::Batch(EncodedBatch::encode_batch(&Batch::default())),
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
                JournalRecord::from_bytes("f", SequenceNumber(5), &bytes)
                    .expect("an intact record decodes"),
                record
            );
            assert!(
                JournalRecord::from_bytes("f", SequenceNumber(6), &bytes).is_err(),
                "a record at a wrong position"
            );
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                assert!(
                    JournalRecord::from_bytes("f", SequenceNumber(5), &changed).is_err(),
                    "{record:?} with byte {at} modified"
                );
                assert!(
                    JournalRecord::from_bytes("f", SequenceNumber(5), &bytes[..at]).is_err(),
                    "{record:?} truncated at {at}"
                );
            }
        }
    }

    #[test]
    fn rejects_record_of_newer_format() {
        let header = [TICK, FORMAT_VERSION as u8 + 1];
        let bytes =
            [&header[..], &checksum(SequenceNumber(1), header, b"?").to_le_bytes(), b"?"].concat();
        assert!(matches!(
            JournalRecord::from_bytes("f", SequenceNumber(1), &bytes),
            Err(JournalError::NewerFormat { .. })
        ));
    }
}
