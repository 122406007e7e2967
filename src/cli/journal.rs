//! `firstline journal`: look after the journal of a service that is stopped. While it runs, the directory is its own.

mod export;

use crate::clock::WallClock;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::integrity_check::{IntegrityReport, check_integrity};
use crate::journal::{
    DirectoryLock, Journal, JournalSettings, RetentionLimits, SequenceNumber, SnapshotStore,
};
use crate::toml_document::parse_duration;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with the journal
#[derive(clap::Args)]
#[command(after_help = "The service must be stopped: it is the only one to work in its directory.")]
pub struct JournalArguments {
    #[command(subcommand)]
    task: JournalTask,
}

#[derive(clap::Subcommand)]
enum JournalTask {
    /// Check every segment and snapshot; nothing is changed. Exit code 1 if anything is damaged
    Check {
        #[command(flatten)]
        place: JournalLocation,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the records as NDJSON: ticks, standards, and a line for each event; nobody's name is among it
    Export {
        #[command(flatten)]
        place: JournalLocation,
        /// Begin with this record
        #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
        from: u64,
        /// End with this record
        #[arg(long, value_name = "SEQUENCE", default_value_t = u64::MAX)]
        to: u64,
    },
    /// Remove the oldest segments, but never one that a start from the oldest snapshot needs
    Prune {
        #[command(flatten)]
        place: JournalLocation,
        /// Keep what is not older, as in `7d`
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, required_unless_present = "keep_gb")]
        keep: Option<i64>,
        /// Keep no more gigabytes of segments
        #[arg(long, value_name = "GB")]
        keep_gb: Option<u32>,
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

/// Where the journal lies
#[derive(clap::Args)]
struct JournalLocation {
    /// The data directory
    #[arg(long, value_name = "DIR", default_value = "./firstline-data")]
    data: PathBuf,
}

impl JournalLocation {
    fn open_directory(&self) -> anyhow::Result<DirectoryLock> {
        Ok(DirectoryLock::acquire_existing(&self.data)?)
    }
}

fn open_journal(held: &DirectoryLock) -> anyhow::Result<Journal> {
    Ok(Journal::open(
        held.disk(),
        JournalSettings {
            keys_fingerprint: held.keys().fingerprint(),
            ..JournalSettings::default()
        },
    )?)
}

/// Does what it is told.
///
/// # Errors
/// If the service runs, nothing is there, or the journal cannot be read.
pub fn run_journal(arguments: &JournalArguments) -> anyhow::Result<ExitCode> {
    match &arguments.task {
        JournalTask::Check { place, json } => check_journal(&place.open_directory()?, *json),
        JournalTask::Export { place, from, to } => {
            let held = place.open_directory()?;
            let journal = open_journal(&held)?;
            let code = export::export_records(
                &journal.new_reader(),
                SequenceNumber(*from),
                SequenceNumber(*to),
            )?;
            journal.close_cleanly()?;
            Ok(code)
        }
        JournalTask::Prune { place, keep, keep_gb, dry_run } => {
            let retention = RetentionLimits {
                age_ms: *keep,
                bytes: keep_gb.map(|gigabytes| u64::from(gigabytes) << 30),
            };
            prune_journal(&place.open_directory()?, retention, WallClock::Wall.now(), *dry_run)
        }
    }
}

fn check_journal(held: &DirectoryLock, json: bool) -> anyhow::Result<ExitCode> {
    let progress = if std::io::stderr().is_terminal() {
        indicatif::ProgressBar::new_spinner()
    } else {
        indicatif::ProgressBar::hidden()
    };
    let findings = check_integrity(&held.disk(), held.keys().fingerprint(), |file| {
        progress.set_message(file.to_owned());
        progress.tick();
    })?;
    progress.finish_and_clear();
    let IntegrityReport { segments, bytes, first, last, records, events, snapshots, damages } =
        &findings;
    if json {
        let damages: Vec<String> = damages.iter().map(ToString::to_string).collect();
        let first = first.map(|first| first.0);
        let findings = serde_json::json!({
            "segments": segments, "bytes": bytes, "first": first, "last": last.0, "records": records, "events": events,
            "snapshots": snapshots, "damages": damages,
        });
        super::print_output(format!("{findings}\n").as_bytes())?;
    } else {
        let reach = first.map_or(String::new(), |first| format!(", {first} to {last}"));
        let text = format!(
            "{segments} segments, {bytes} bytes\n{records} records{reach}\n{events} events\n{snapshots} snapshots\n{} damages\n",
            damages.len()
        );
        super::print_output(text.as_bytes())?;
        damages.iter().for_each(|damage| eprintln!("{damage}"));
    }
    Ok(ExitCode::from(u8::from(!damages.is_empty())))
}

fn prune_journal(
    held: &DirectoryLock,
    keep: RetentionLimits,
    now: Timestamp,
    dry_run: bool,
) -> anyhow::Result<ExitCode> {
    let mut journal = open_journal(held)?;
    let oldest = SnapshotStore::new(held.disk()).list_snapshots()?.pop();
    // Without a snapshot a start reads everything.
    let needed = oldest.map_or(SequenceNumber(0), SequenceNumber::next);
    let pruned = if dry_run {
        journal.prunable_segments(needed, keep, now)?
    } else {
        journal.prune_segments(needed, keep, now)?
    };
    journal.close_cleanly()?;
    let done = if dry_run { "would be removed" } else { "removed" };
    let text = format!(
        "{} segments {done}, {} bytes; the oldest record kept is {}\n",
        pruned.segments, pruned.bytes, pruned.first
    );
    super::print_output(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
