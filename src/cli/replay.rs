//! `firstline replay`: the readings of recorded events.

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
use crate::ingest::recording::{self, RecordingFormat};
use crate::replay::{self, CaseCountChange, Recording, ReplaySettings};
use anyhow::{Context as _, anyhow, bail};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Replay recorded events
#[derive(clap::Args)]
#[command(after_help = "\
The readings are a function of the set of events: their order and repetitions do not matter.
`--at` stops the clock: what happened later is not known yet. Several `--at` give a board each.")]
pub struct ReplayArguments {
    /// Recordings; `-` is standard input; gzip and zstd are read as they are
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The standard to measure by; given more than once, the versions of one: each case is judged by the version in force when
    /// it began, while one alone judges all the past by it [default: the built-in one, see standards/telecom.toml]
    #[arg(long, value_name = "FILE")]
    standard: Vec<PathBuf>,
    /// `cloudevents`, `queue_log`, or the path of a mapping file (TOML)
    #[arg(long, default_value = "cloudevents", value_name = "NAME")]
    format: String,
    /// Readings by these dimensions, as in `center,queue` [default: everything together]
    #[arg(long, value_name = "DIMS", value_delimiter = ',')]
    by: Vec<String>,
    /// Readings as they were at this instant, RFC 3339; may be repeated [default: the time of the last event]
    #[arg(long, value_name = "TIME")]
    at: Vec<String>,
    /// Readings over this window, as in `30m`, `24h`, `today`; `every` for all of them
    #[arg(long, default_value = "all", value_name = "W")]
    window: String,
    /// Only these indicators
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    indicator: Vec<String>,
    /// Put the table's rows together by a label of their indicators
    #[arg(long, value_name = "KEY", value_parser = INDICATOR_LABELS.map(|(key, _)| key))]
    group_by: Option<String>,
    /// Rank the scopes of these dimensions from the best to the worst, as in `center`, by every indicator with a target
    #[arg(long, value_name = "DIMS", value_delimiter = ',', conflicts_with_all = ["by", "group_by", "json"])]
    rank: Vec<String>,
    /// Print `{"as_of":..,"readings":[..]}`, one line for each instant
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asking: explain_options::ExplainRequest,
    /// How many threads work at a time; the result is the same
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
}

/// Replays the recordings and prints the readings.
///
/// # Errors
/// A recording, standard, mapping or instant that cannot be used.
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
        .map(|text| Timestamp::parse(text).map_err(|what| UsageError(format!("--at: {what}"))))
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
    let (monitors, seen) = replay::replay_monitors(&settings, recordings)
        .map_err(|(name, error)| anyhow!(error).context(format!("cannot read `{name}`")))?;
    progress.finish_and_clear();
    report_counts(&seen);
    let chosen = |board: &Board, reading: &Reading| {
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
            board.readings.iter().filter(|reading| chosen(board, reading)).collect();
        let text = match arguments.json {
            true => readings_json(board, &readings)?,
            false if ranked => ranking_table::rankings_text(board, by, &readings),
            false => {
                readings_table::readings_table(board, &readings, arguments.group_by.as_deref())
            }
        };
        print_output(text.as_bytes())?;
    }
    Ok(ExitCode::from(u8::from(seen.accepted == 0 && seen.rejected > 0)))
}

/// The standard and the format; `None` if they have problems, which have been told.
fn read_inputs(arguments: &ReplayArguments) -> anyhow::Result<Option<(Standard, RecordingFormat)>> {
    let standard = read_standard(&arguments.standard)?;
    let format = match arguments.format.as_str() {
        "cloudevents" => Ok(RecordingFormat::CloudEvents),
        "queue_log" => Ok(RecordingFormat::QueueLog),
        name => {
            let path = Path::new(name);
            if !path.exists() {
                bail!(UsageError(format!(
                    "--format: `{name}` is neither `cloudevents`, `queue_log` nor a mapping file that exists"
                )));
            }
            Mapping::parse(name, &read_text(path)?)
                .map(|mapping| RecordingFormat::Mapping(Box::new(mapping)))
        }
    };
    for problems in [standard.as_ref().err(), format.as_ref().err()].into_iter().flatten() {
        print_problems(problems);
    }
    Ok(standard.ok().zip(format.ok()))
}

/// The place of the scope with these dimensions among the standard's; added if it is not there.
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

/// The place of the window, added if the standard has it not; `None` for every window.
fn add_window(standard: &mut Standard, name: &str) -> anyhow::Result<Option<usize>> {
    if name == "every" {
        return Ok(None);
    }
    let window = Window::parse(name)
        .ok_or_else(|| UsageError(format!("--window: `{name}` is not a window; write `all`, `today`, `30m`, `24h`, `7d` or `every`")))?;
    if let Some(place) = standard.windows.iter().position(|known| *known == window) {
        return Ok(Some(place));
    }
    standard.windows.push(window);
    Ok(Some(standard.windows.len() - 1))
}

/// A bar over the bytes of all files, if someone is looking and the files have a size.
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

/// Says on standard error what was seen, with the first rejections word by word.
fn report_counts(seen: &CaseCountChange) {
    eprintln!(
        "{} events, {} duplicates, {} rejected, {} cases",
        seen.accepted, seen.duplicates, seen.rejected, seen.cases
    );
    if seen.accepted + seen.duplicates + seen.rejected == 0 {
        eprintln!("there was no event in the input");
    }
    for (reason, count) in &seen.left_out {
        eprintln!("left out {count}: {reason}");
    }
    for (file, line, rejection) in seen.rejections.iter().take(10) {
        let id = rejection.id.as_ref().map(|id| format!(" (event `{id}`)")).unwrap_or_default();
        eprintln!("{file}:{line}: {}{id}", rejection.reason);
    }
    if seen.rejected > 10 {
        eprintln!("... and {} more rejected", seen.rejected - 10);
    }
}

fn readings_json(board: &Board, readings: &[&Reading]) -> anyhow::Result<String> {
    let written: Vec<_> = readings.iter().map(|reading| board.reading_json(reading)).collect();
    #[derive(serde::Serialize)]
    struct ReplayOutput<'b> {
        as_of: Option<Timestamp>,
        readings: Vec<crate::domain::board::board_json::ReadingJson<'b>>,
    }
    let mut text = serde_json::to_string(&ReplayOutput { as_of: board.as_of, readings: written })?;
    text.push('\n');
    Ok(text)
}
