//! Replay: recorded events through the core, offline, as fast as it can; the same set of events gives the same boards.
//!
//! First several threads decode, of which one merges events into cases; then one tells what the cases mean, and another adds that up.
//! A few batches wait between them.

mod parallel_count;

use crate::domain::board::reading::Board;
use crate::domain::events::batch::Batch;
use crate::domain::monitor::Monitor;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use crate::ingest::decode::{EventDecoder, EventRejection, HashKeys};
use crate::ingest::recording::{self, RecordingFormat, RecordingItem};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

/// How a replay is done.
#[derive(Debug)]
pub struct ReplaySettings {
    /// What is measured.
    pub standard: Arc<Standard>,
    /// How the recordings are understood.
    pub format: RecordingFormat,
    /// The instants of which boards are wanted, as if the replay had stopped there; none for the end of the recordings.
    pub instants: Vec<Timestamp>,
    /// How many threads work at a time. It changes no result.
    pub threads: u8,
    /// Whether cases are to be known by their names, to explain readings; it takes memory and time.
    pub keep_names: bool,
}

/// What a replay saw on its way.
#[derive(Debug, Default)]
pub struct CaseCountChange {
    /// New events.
    pub accepted: u64,
    /// Events that were known.
    pub duplicates: u64,
    /// How many lines were rejected.
    pub rejected: u64,
    /// The first of them: file, line, why.
    pub rejections: Vec<(String, u64, EventRejection)>,
    /// Lines left out by design, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// The cases there were.
    pub cases: usize,
}

/// How many rejections are kept word by word.
pub const REJECTIONS_MAX: usize = 1_000;

/// A recording to replay.
pub struct Recording {
    /// What it is called in messages.
    pub name: String,
    /// Its bytes.
    pub input: Box<dyn Read + Send>,
}

/// Replays recordings one after the other: a board for each instant asked for, in their order.
///
/// # Errors
/// The first recording that cannot be read, with its name.
pub fn replay_boards(
    settings: &ReplaySettings,
    recordings: Vec<Recording>,
) -> Result<(Vec<Board>, CaseCountChange), (String, io::Error)> {
    let (monitors, seen) = replay_monitors(settings, recordings)?;
    Ok((monitors.iter().map(Monitor::compute_board).collect(), seen))
}

/// As [`run`], but gives the cores themselves, to be asked for more than a board.
///
/// # Errors
/// As [`run`].
pub fn replay_monitors(
    settings: &ReplaySettings,
    recordings: Vec<Recording>,
) -> Result<(Vec<Monitor>, CaseCountChange), (String, io::Error)> {
    let mut core = ReplayCore::new(settings);
    let mut seen = CaseCountChange::default();
    read_recordings(settings, recordings, &mut |name, item| {
        core.apply_item(name, item, &mut seen)
    })?;
    Ok((core.finish(&mut seen), seen))
}

fn read_recordings(
    settings: &ReplaySettings,
    recordings: Vec<Recording>,
    take: &mut dyn FnMut(&str, RecordingItem),
) -> Result<(), (String, io::Error)> {
    // Identities need no secret in a replay; the same keys make the same bytes.
    let schema = Arc::new(settings.standard.schema.clone());
    let decoder = || {
        EventDecoder::new(schema.clone(), HashKeys::default()).with_case_names(settings.keep_names)
    };
    let mut own = decoder();
    let mut others: Vec<EventDecoder> = (1..settings.threads).map(|_| decoder()).collect();
    for recording in recordings {
        let decoders = (&mut own, &mut others[..]);
        let read =
            recording::read_recording(recording.input, &settings.format, decoders, &mut |item| {
                take(&recording.name, item)
            });
        read.map_err(|error| (recording.name, error))?;
    }
    Ok(())
}

/// One core for the end of the recordings, or one for each instant.
struct ReplayCore<'s> {
    settings: &'s ReplaySettings,
    monitors: Vec<Monitor>,
    /// The one that looks farthest; what it finds new is told.
    farthest: usize,
}

impl<'s> ReplayCore<'s> {
    fn new(settings: &'s ReplaySettings) -> ReplayCore<'s> {
        let many = settings.instants.len().max(1);
        let monitors = (0..many).map(|_| Monitor::new(settings.standard.clone(), None)).collect();
        let farthest =
            (0..settings.instants.len()).max_by_key(|place| settings.instants[*place]).unwrap_or(0);
        ReplayCore { settings, monitors, farthest }
    }

    fn apply_item(&mut self, name: &str, item: RecordingItem, seen: &mut CaseCountChange) {
        match item {
            RecordingItem::Batch(batch) => self.apply_batch(&batch, name, seen),
            RecordingItem::LeftOut { reason } => *seen.left_out.entry(reason).or_default() += 1,
            RecordingItem::Rejected { line, rejection } => {
                record_rejection(name, line, rejection, seen)
            }
        }
    }

    fn apply_batch(&mut self, batch: &Batch, name: &str, seen: &mut CaseCountChange) {
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
                    *seen
                        .left_out
                        .entry("later than the instant asked for".to_owned())
                        .or_default() += later;
                }
                seen.accepted += applied.accepted;
                seen.duplicates += applied.duplicates;
                for (_, refusal) in applied.refused {
                    record_rejection(
                        name,
                        0,
                        EventRejection { id: None, reason: refusal.to_string() },
                        seen,
                    );
                }
            }
        }
    }

    fn finish(self, seen: &mut CaseCountChange) -> Vec<Monitor> {
        let mut monitors: Vec<Monitor> = self
            .monitors
            .into_iter()
            .map(|monitor| parallel_count::settle_in_parallel(monitor, self.settings.threads))
            .collect();
        monitors
            .iter_mut()
            .zip(&self.settings.instants)
            .for_each(|(monitor, instant)| monitor.tick(*instant));
        seen.cases = monitors.last().map_or(0, Monitor::case_count);
        monitors
    }
}

fn record_rejection(name: &str, line: u64, rejection: EventRejection, seen: &mut CaseCountChange) {
    seen.rejected += 1;
    if seen.rejections.len() < REJECTIONS_MAX {
        seen.rejections.push((name.to_owned(), line, rejection));
    }
}
