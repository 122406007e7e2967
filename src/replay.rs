//! Offline replay of recorded events at full speed. The same events always produce the same boards.
//!
//! In the first stage several threads decode events while one merges them into cases. In the second
//! stage one thread derives facts from the cases and another counts them. A short queue connects
//! the stages' threads.

mod parallel_count;

use crate::domain::board::reading::Board;
use crate::domain::events::batch::Batch;
use crate::domain::monitor::Monitor;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use crate::ingest::decode::{EventDecoder, EventRejection, HashKeys};
use crate::ingest::queue_log::{QueueLogReader, QueueLogSettings};
use crate::ingest::recording::{self, RecordingFormat, RecordingItem};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

/// Settings of a replay.
#[derive(Debug)]
pub struct ReplaySettings {
    /// The standard that defines the indicators.
    pub standard: Arc<Standard>,
    /// The format of the recordings.
    pub format: RecordingFormat,
    /// The times of the boards. A board counts only events up to its time. Empty for one board at
    /// the end of the recordings.
    pub instants: Vec<Timestamp>,
    /// Number of parallel threads. It does not affect results.
    pub threads: u8,
    /// True to record case names, which explanations need. Costs memory and time.
    pub keep_names: bool,
}

/// Counts of a replay.
#[derive(Debug, Default)]
pub struct ReplayCounts {
    /// Number of new events.
    pub accepted: u64,
    /// Number of duplicate events.
    pub duplicates: u64,
    /// Number of cases begun because their subject was used again.
    pub subjects_reused: u64,
    /// Number of rejected lines.
    pub rejected: u64,
    /// The first rejections: file, line, reason. At most [`REJECTIONS_MAX`].
    pub rejections: Vec<(String, u64, EventRejection)>,
    /// Number of lines left out by design, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Number of lines that were read, but not as they stand, by what was done.
    pub notes: BTreeMap<String, u64>,
    /// Number of cases.
    pub cases: usize,
}

/// Maximum number of rejections recorded in full.
pub const REJECTIONS_MAX: usize = 1_000;

/// A recording to replay.
pub struct Recording {
    /// Its name in messages.
    pub name: String,
    /// Its content.
    pub input: Box<dyn Read + Send>,
}

/// Replays recordings in order. Returns one board per requested time, in the order of the request.
///
/// # Errors
/// Returns the name of the first recording that cannot be read, with the I/O error.
pub fn replay_boards(
    settings: &ReplaySettings,
    recordings: Vec<Recording>,
) -> Result<(Vec<Board>, ReplayCounts), (String, io::Error)> {
    let (mut monitors, counts) = replay_monitors(settings, recordings)?;
    Ok((monitors.iter_mut().map(Monitor::compute_board).collect(), counts))
}

/// Replays recordings like [`replay_boards`], but returns the monitors themselves.
///
/// # Errors
/// As for [`replay_boards`].
pub fn replay_monitors(
    settings: &ReplaySettings,
    recordings: Vec<Recording>,
) -> Result<(Vec<Monitor>, ReplayCounts), (String, io::Error)> {
    let mut replayed = ReplayCore::new(settings);
    let mut counts = ReplayCounts::default();
    read_recordings(settings, recordings, &mut |name, item| {
        replayed.apply_item(name, item, &mut counts);
    })?;
    Ok((replayed.finish(&mut counts), counts))
}

fn read_recordings(
    settings: &ReplaySettings,
    recordings: Vec<Recording>,
    apply: &mut dyn FnMut(&str, RecordingItem),
) -> Result<(), (String, io::Error)> {
    // Identities need no secret in a replay. Fixed keys make replays reproducible.
    let schema = Arc::new(settings.standard.schema.clone());
    let decoder = || {
        EventDecoder::new(schema.clone(), HashKeys::default()).with_case_names(settings.keep_names)
    };
    let mut main_decoder = decoder();
    let mut thread_decoders: Vec<EventDecoder> = (1..settings.threads).map(|_| decoder()).collect();
    let (mut log, recordings) = match &settings.format {
        RecordingFormat::QueueLog(log) => {
            (QueueLogReader::new(log.clone()), sort_queue_logs(recordings, log)?)
        }
        _ => (QueueLogReader::default(), recordings),
    };
    for recording in recordings {
        let decoders = (&mut main_decoder, &mut thread_decoders[..]);
        let read = recording::read_recording(
            recording.input,
            &settings.format,
            decoders,
            &mut log,
            &mut |item| apply(&recording.name, item),
        );
        read.map_err(|error| (recording.name, error))?;
    }
    Ok(())
}

/// Returns the files of a queue log in the order of their first lines: rotated files are one log.
fn sort_queue_logs(
    recordings: Vec<Recording>,
    settings: &QueueLogSettings,
) -> Result<Vec<Recording>, (String, io::Error)> {
    let mut dated = Vec::with_capacity(recordings.len());
    for Recording { name, input } in recordings {
        match recording::peek_log_start(input, settings) {
            Ok((start, input)) => dated.push((start, Recording { name, input })),
            Err(error) => return Err((name, error)),
        }
    }
    dated.sort_by_key(|(start, _)| *start);
    Ok(dated.into_iter().map(|(_, recording)| recording).collect())
}

/// One monitor for the end of the recordings, or one per requested time.
struct ReplayCore<'s> {
    settings: &'s ReplaySettings,
    monitors: Vec<Monitor>,
    /// Place of the monitor with the latest time. Its results are counted.
    farthest: usize,
}

impl<'s> ReplayCore<'s> {
    fn new(settings: &'s ReplaySettings) -> ReplayCore<'s> {
        let count = settings.instants.len().max(1);
        let monitors = (0..count).map(|_| Monitor::new(settings.standard.clone(), None)).collect();
        let farthest =
            (0..settings.instants.len()).max_by_key(|place| settings.instants[*place]).unwrap_or(0);
        ReplayCore { settings, monitors, farthest }
    }

    fn apply_item(&mut self, name: &str, item: RecordingItem, counts: &mut ReplayCounts) {
        match item {
            RecordingItem::Batch(batch) => self.apply_batch(&batch, name, counts),
            RecordingItem::LeftOut { reason } => *counts.left_out.entry(reason).or_default() += 1,
            RecordingItem::Noted { note } => *counts.notes.entry(note).or_default() += 1,
            RecordingItem::Rejected { line, rejection } => {
                record_rejection(name, line, rejection, counts);
            }
        }
    }

    fn apply_batch(&mut self, batch: &Batch, name: &str, counts: &mut ReplayCounts) {
        for (place, monitor) in self.monitors.iter_mut().enumerate() {
            let applied = match self.settings.instants.get(place) {
                None => monitor.merge_batch(batch),
                Some(instant) => monitor.merge_batch(&batch.events_until(*instant)),
            };
            if place == self.farthest {
                let later = batch.events.len() as u64
                    - applied.accepted
                    - applied.duplicates
                    - applied.refused.len() as u64;
                if later > 0 {
                    *counts
                        .left_out
                        .entry("later than the requested time".to_owned())
                        .or_default() += later;
                }
                counts.accepted += applied.accepted;
                counts.duplicates += applied.duplicates;
                counts.subjects_reused += applied.subjects_reused;
                for (_, refusal) in applied.refused {
                    record_rejection(
                        name,
                        0,
                        EventRejection { id: None, reason: refusal.to_string() },
                        counts,
                    );
                }
            }
        }
    }

    fn finish(self, counts: &mut ReplayCounts) -> Vec<Monitor> {
        let mut monitors: Vec<Monitor> = self
            .monitors
            .into_iter()
            .map(|monitor| parallel_count::settle_in_parallel(monitor, self.settings.threads))
            .collect();
        monitors
            .iter_mut()
            .zip(&self.settings.instants)
            .for_each(|(monitor, instant)| monitor.tick(*instant));
        counts.cases = monitors.last().map_or(0, Monitor::case_count);
        monitors
    }
}

fn record_rejection(name: &str, line: u64, rejection: EventRejection, counts: &mut ReplayCounts) {
    counts.rejected += 1;
    if counts.rejections.len() < REJECTIONS_MAX {
        counts.rejections.push((name.to_owned(), line, rejection));
    }
}
