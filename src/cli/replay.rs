//! `firstline replay`: computes readings from recorded events.

mod explain_options;
mod ranking_table;
mod readings_table;

use crate::cli::{UsageError, print_output, print_problems, read_standard, read_text};
use crate::domain::board::reading::{Board, Reading};
use crate::domain::standard::Standard;
use crate::domain::standard::label::INDICATOR_LABELS;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use crate::ingest::mapping::Mapping;
use crate::ingest::queue_log::QueueLogSettings;
use crate::ingest::recording::{self, RecordingFormat};
use crate::replay::{self, Recording, ReplayCounts, ReplaySettings};
use anyhow::{Context as _, anyhow, bail};
use jiff::tz::TimeZone;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Replay recorded events
#[derive(clap::Args)]
#[command(after_help = "\
The readings depend only on the set of events, not on their order or on duplicates.
`--at` ignores later events. Each `--at` prints a board of its own.")]
pub struct ReplayArguments {
    /// Recordings to read, plain or compressed with gzip or zstd; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Standard to measure by (TOML); repeat it for several versions of one standard
    /// [default: built-in, see standards/telecom.toml]
    ///
    /// With several versions each case is measured by the version in force at its beginning. A
    /// single file applies to all cases.
    #[arg(long, value_name = "FILE")]
    standard: Vec<PathBuf>,
    /// Input format: `cloudevents`, `queue_log`, or the path of a TOML file: a mapping for CSV, TSV or JSON, or settings
    /// of a queue log
    #[arg(long, default_value = "cloudevents", value_name = "NAME")]
    format: String,
    /// Time zone of local times in a queue log, for example `Asia/Shanghai`
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Dimensions to group readings by, for example `center,queue` [default: no grouping]
    #[arg(long, value_name = "DIMS", value_delimiter = ',')]
    by: Vec<String>,
    /// Time of the readings (RFC 3339), for example `2026-03-02T12:00:00+08:00`; may be repeated
    /// [default: time of the last event]
    #[arg(long, value_name = "TIME")]
    at: Vec<String>,
    /// Window of the readings, for example `30m`, `24h` or `today`; `all` is unlimited, `every`
    /// prints each window of the standard
    #[arg(long, default_value = "all", value_name = "W")]
    window: String,
    /// Indicators to print, for example `answer_rate,calls_waiting` [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    indicator: Vec<String>,
    /// Group the rows of the table by a label of the indicators
    #[arg(long, value_name = "KEY", value_parser = INDICATOR_LABELS.map(|(key, _)| key))]
    group_by: Option<String>,
    /// Dimensions to rank from best to worst by every indicator with a target, for example `center`
    #[arg(
        long,
        value_name = "DIMS",
        value_delimiter = ',',
        conflicts_with_all = ["by", "group_by", "json"]
    )]
    rank: Vec<String>,
    /// Print JSON, one line per instant: `{"as_of":..,"readings":[..]}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asking: explain_options::ExplainRequest,
    /// Number of threads, 1 to 64; it does not change the result
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
}

/// Replays the recordings and prints the readings. Returns exit code 1 if all events were rejected.
///
/// # Errors
/// If a recording, standard, mapping or instant is invalid.
pub fn run_replay(arguments: &ReplayArguments) -> anyhow::Result<ExitCode> {
    let Some((mut standard, format)) = read_inputs(arguments)? else {
        return Ok(ExitCode::from(1));
    };
    let ranked = !arguments.rank.is_empty();
    let by = match ranked {
        true => add_scope(&mut standard, "--rank", &arguments.rank)?,
        false => add_scope(&mut standard, "--by", &arguments.by)?,
    };
    add_scope(&mut standard, "--where", &arguments.asking.scope_dimensions())?;
    let window = add_window(&mut standard, &arguments.window)?;
    arguments.asking.check_options(&standard, &arguments.window)?;
    for name in &arguments.indicator {
        if !standard.indicators.iter().any(|indicator| indicator.name == *name) {
            bail!(UsageError(format!(
                "--indicator: the standard `{}` has no indicator `{name}`",
                standard.name
            )));
        }
    }
    let instants = arguments
        .at
        .iter()
        .map(|text| {
            Timestamp::parse(text).map_err(|problem| UsageError(format!("--at: {problem}")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let settings = ReplaySettings {
        standard: Arc::new(standard),
        format,
        instants,
        threads: arguments.threads,
        keep_names: arguments.asking.is_requested(),
    };
    let progress = progress_bar(&arguments.files);
    let recordings = arguments
        .files
        .iter()
        .map(|path| open_recording(path, &progress))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (monitors, counts) = replay::replay_monitors(&settings, recordings)
        .map_err(|(name, error)| anyhow!(error).context(format!("cannot read `{name}`")))?;
    progress.finish_and_clear();
    report_counts(&counts);
    let is_selected = |board: &Board, reading: &Reading| {
        let indicator = &board.standard.indicators[reading.key.indicator].name;
        reading.key.scope.kind == by
            && (window.is_none() || reading.key.window.is_none() || reading.key.window == window)
            && (arguments.indicator.is_empty() || arguments.indicator.contains(indicator))
    };
    for mut monitor in monitors {
        if arguments.asking.is_requested() {
            arguments.asking.print_answers(
                &mut monitor,
                &settings.standard,
                &arguments.window,
                arguments.json,
            )?;
            continue;
        }
        let board = &monitor.compute_board();
        let readings: Vec<&Reading> =
            board.readings.iter().filter(|reading| is_selected(board, reading)).collect();
        let text = match arguments.json {
            true => readings_json(board, &readings)?,
            false if ranked => ranking_table::rankings_text(board, by, &readings),
            false => {
                readings_table::readings_table(board, &readings, arguments.group_by.as_deref())
            }
        };
        print_output(text.as_bytes())?;
    }
    Ok(ExitCode::from(u8::from(counts.accepted == 0 && counts.rejected > 0)))
}

/// Returns the standard and the input format. Prints their problems and returns `None` if there are
/// any.
fn read_inputs(arguments: &ReplayArguments) -> anyhow::Result<Option<(Standard, RecordingFormat)>> {
    let mut standard = read_standard(&arguments.standard)?;
    let format = match arguments.format.as_str() {
        "cloudevents" => Ok(RecordingFormat::CloudEvents),
        "queue_log" => Ok(RecordingFormat::QueueLog(Arc::default())),
        name => {
            let path = Path::new(name);
            if !path.exists() {
                bail!(UsageError(format!(
                    "--format: `{name}` is not `cloudevents`, `queue_log` or an existing \
                     TOML file"
                )));
            }
            let text = read_text(path)?;
            if QueueLogSettings::is_settings_file(&text) {
                QueueLogSettings::parse(name, &text)
                    .map(|settings| RecordingFormat::QueueLog(Arc::new(settings)))
            } else {
                Mapping::parse(name, &text)
                    .map(|mapping| RecordingFormat::Mapping(Box::new(mapping)))
            }
        }
    };
    let format = match (&arguments.zone, format) {
        (Some(name), Ok(RecordingFormat::QueueLog(settings))) => {
            let zone = TimeZone::get(name).map_err(|_| {
                UsageError(format!("--zone: `{name}` is not a time zone such as `Europe/Berlin`"))
            })?;
            let settings = QueueLogSettings::clone(&settings).with_zone(zone);
            Ok(RecordingFormat::QueueLog(Arc::new(settings)))
        }
        (Some(_), Ok(_)) => {
            bail!(UsageError("--zone: only a queue log has local times without a zone".to_owned()))
        }
        (_, format) => format,
    };
    if let (Ok(standard), Ok(RecordingFormat::Mapping(mapping))) = (&mut standard, &format)
        && let Some(reuse_after_ms) = mapping.reuse_after_ms()
        && !standard.set_reuse_after(mapping.source(), reuse_after_ms)
    {
        eprintln!("`reuse_after` of the mapping has no effect: the standard has too many sources");
    }
    for problems in [standard.as_ref().err(), format.as_ref().err()].into_iter().flatten() {
        print_problems(problems);
    }
    Ok(standard.ok().zip(format.ok()))
}

/// Returns the index of the scope with these dimensions in the standard. Adds a missing one.
fn add_scope(standard: &mut Standard, option: &str, by: &[String]) -> anyhow::Result<usize> {
    let place = |name: &String| {
        let known = &standard.schema.dimensions;
        known.iter().position(|dimension| dimension == name).ok_or_else(|| {
            UsageError(format!(
                "{option}: `{name}` is not a dimension; the standard has: {}",
                known.join(", ")
            ))
        })
    };
    let scope = by.iter().map(place).collect::<Result<Vec<usize>, UsageError>>()?;
    if let Some(place) = standard.scopes.iter().position(|known| *known == scope) {
        return Ok(place);
    }
    standard.scopes.push(scope);
    Ok(standard.scopes.len() - 1)
}

/// Returns the index of the window in the standard. Adds a missing one. Returns `None` for `every`.
fn add_window(standard: &mut Standard, name: &str) -> anyhow::Result<Option<usize>> {
    if name == "every" {
        return Ok(None);
    }
    let window = Window::parse(name).ok_or_else(|| {
        UsageError(format!(
            "--window: `{name}` is not a window; use `all`, `today`, `30m`, `24h`, `7d` \
                 or `every`"
        ))
    })?;
    if let Some(place) = standard.windows.iter().position(|known| *known == window) {
        return Ok(Some(place));
    }
    standard.windows.push(window);
    Ok(Some(standard.windows.len() - 1))
}

/// Returns a progress bar over the bytes of all files. It is hidden without a terminal or a known
/// size.
fn progress_bar(files: &[PathBuf]) -> indicatif::ProgressBar {
    let size: u64 =
        files.iter().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum();
    if !std::io::stderr().is_terminal() || size == 0 {
        return indicatif::ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template(
        "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    );
    indicatif::ProgressBar::new(size)
        .with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
}

fn open_recording(path: &Path, progress: &indicatif::ProgressBar) -> anyhow::Result<Recording> {
    let name = path.display().to_string();
    let input = recording::open_recording(path, |input| {
        Box::new(progress.wrap_read(input)) as Box<dyn Read + Send>
    })
    .with_context(|| format!("cannot read `{name}`"))?;
    Ok(Recording { name, input })
}

/// Prints the number of events to standard error, with the first 10 rejections.
fn report_counts(counts: &ReplayCounts) {
    eprintln!(
        "{} events, {} duplicates, {} rejected, {} cases",
        counts.accepted, counts.duplicates, counts.rejected, counts.cases
    );
    if counts.subjects_reused > 0 {
        eprintln!("cases begun because a subject was used again: {}", counts.subjects_reused);
    }
    if counts.accepted + counts.duplicates + counts.rejected == 0 {
        eprintln!("the input contains no events");
    }
    for (reason, count) in &counts.left_out {
        eprintln!("left out {count}: {reason}");
    }
    for (note, count) in &counts.notes {
        eprintln!("noted {count}: {note}");
    }
    for (file, line, rejection) in counts.rejections.iter().take(10) {
        let id = rejection.id.as_ref().map(|id| format!(" (event `{id}`)")).unwrap_or_default();
        eprintln!("{file}:{line}: {}{id}", rejection.reason);
    }
    if counts.rejected > 10 {
        eprintln!("... and {} more rejected", counts.rejected - 10);
    }
}

fn readings_json(board: &Board, readings: &[&Reading]) -> anyhow::Result<String> {
    let list: Vec<_> = readings.iter().map(|reading| board.reading_json(reading)).collect();
    #[derive(serde::Serialize)]
    struct ReplayOutput<'b> {
        as_of: Option<Timestamp>,
        readings: Vec<crate::domain::board::board_json::ReadingJson<'b>>,
    }
    let mut text = serde_json::to_string(&ReplayOutput { as_of: board.as_of, readings: list })?;
    text.push('\n');
    Ok(text)
}
