//! `firstline journal`: maintenance of the journal while the service is stopped.
//!
//! A running service locks its data directory.

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

/// Maintain the journal of a stopped service
#[derive(clap::Args)]
#[command(after_help = "Stop the service first: it locks its data directory while it runs.")]
pub struct JournalArguments {
    #[command(subcommand)]
    task: JournalTask,
}

#[derive(clap::Subcommand)]
enum JournalTask {
    /// Verify every segment and snapshot without changing them; exit code 1 if one is damaged
    Check {
        #[command(flatten)]
        place: JournalLocation,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the records as NDJSON, one line per event, without customers and owners
    Export {
        #[command(flatten)]
        place: JournalLocation,
        /// First record to print, by sequence number
        #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
        from: u64,
        /// Last record to print, by sequence number
        #[arg(long, value_name = "SEQUENCE", default_value_t = u64::MAX)]
        to: u64,
    },
    /// Remove the oldest segments, except those needed to recover from the oldest snapshot
    Prune {
        #[command(flatten)]
        place: JournalLocation,
        /// Retention: remove segments older than this, for example `7d` or `48h`
        #[arg(
            long,
            value_name = "DURATION",
            value_parser = parse_duration,
            required_unless_present = "keep_gb"
        )]
        keep: Option<i64>,
        /// Maximum total size of segments, in GiB
        #[arg(long, value_name = "GB")]
        keep_gb: Option<u32>,
        /// Print the number of segments to remove without removing them
        #[arg(long)]
        dry_run: bool,
    },
}

/// Location of the journal
#[derive(clap::Args)]
struct JournalLocation {
    /// Data directory of the service
    #[arg(long, value_name = "DIR", default_value = "./firstline-data")]
    data: PathBuf,
}

impl JournalLocation {
    fn open_directory(&self) -> anyhow::Result<DirectoryLock> {
        Ok(DirectoryLock::acquire_existing(&self.data)?)
    }
}

fn open_journal(lock: &DirectoryLock) -> anyhow::Result<Journal> {
    Ok(Journal::open(
        lock.disk(),
        JournalSettings {
            keys_fingerprint: lock.keys().fingerprint(),
            ..JournalSettings::default()
        },
    )?)
}

/// Runs a subcommand of `firstline journal`.
///
/// # Errors
/// If the service is running, the directory has no journal, or the journal cannot be read.
pub fn run_journal(arguments: &JournalArguments) -> anyhow::Result<ExitCode> {
    match &arguments.task {
        JournalTask::Check { place, json } => check_journal(&place.open_directory()?, *json),
        JournalTask::Export { place, from, to } => {
            let lock = place.open_directory()?;
            let journal = open_journal(&lock)?;
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

fn check_journal(lock: &DirectoryLock, json: bool) -> anyhow::Result<ExitCode> {
    let progress = if std::io::stderr().is_terminal() {
        indicatif::ProgressBar::new_spinner()
    } else {
        indicatif::ProgressBar::hidden()
    };
    let findings = check_integrity(&lock.disk(), lock.keys().fingerprint(), |file| {
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
            "segments": segments, "bytes": bytes, "first": first, "last": last.0,
            "records": records, "events": events, "snapshots": snapshots, "damages": damages,
        });
        super::print_output(format!("{findings}\n").as_bytes())?;
    } else {
        let range = first.map_or(String::new(), |first| format!(", {first} to {last}"));
        let text = format!(
            "{segments} segments, {bytes} bytes\n{records} records{range}\n{events} events\n\
             {snapshots} snapshots\n{} damages\n",
            damages.len()
        );
        super::print_output(text.as_bytes())?;
        damages.iter().for_each(|damage| eprintln!("{damage}"));
    }
    Ok(ExitCode::from(u8::from(!damages.is_empty())))
}

fn prune_journal(
    lock: &DirectoryLock,
    retention: RetentionLimits,
    now: Timestamp,
    dry_run: bool,
) -> anyhow::Result<ExitCode> {
    let mut journal = open_journal(lock)?;
    let oldest = SnapshotStore::new(lock.disk()).list_snapshots()?.pop();
    // Without a snapshot, recovery reads the whole journal.
    let needed = oldest.map_or(SequenceNumber(0), SequenceNumber::next);
    let pruned = if dry_run {
        journal.prunable_segments(needed, retention, now)?
    } else {
        journal.prune_segments(needed, retention, now)?
    };
    journal.close_cleanly()?;
    let done = if dry_run { "would be removed" } else { "removed" };
    let text = format!(
        "{} segments {done}, {} bytes; the oldest remaining record is {}\n",
        pruned.segments, pruned.bytes, pruned.first
    );
    super::print_output(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
