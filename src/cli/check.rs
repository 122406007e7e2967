//! `firstline check FILE...`: reports all problems of configurations, standards and mappings.

mod calendar_notes;
mod mapping_sample;
mod standard_summary;

use crate::cli::{UsageError, print_output, print_problems, print_warnings, read_text, read_texts};
use crate::config;
use crate::ingest::mapping::{Mapping, MappingSample};
use crate::ingest::queue_log::QueueLogSettings;
use crate::ingest::recording;
use crate::standard_file;
use crate::toml_document::{TomlDocument, TomlProblem};
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check configurations, standards and mappings
#[derive(clap::Args)]
#[command(after_help = "\
Standards with the same name are also checked together, as its versions.

A mapping is tried on an export, before it is used in `replay`:
  firstline check m.toml --sample f.csv            each of the first rows with its events, or the
                                                   reason why it gives none
  firstline check m.toml --sample f.csv --rows 50
The exit code is 1 if no row gives an event, or if a local time does not exist.")]
pub struct CheckArguments {
    /// Configurations, standards and mappings (TOML). The keys of a file determine its kind
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the problems as JSON: [{"severity":"error", "warning" or "info","file":..,"line":..,"column":..,"message":..}].
    /// Calendars with holidays are entries of severity "info" with a member "calendar"
    #[arg(long)]
    json: bool,
    /// Describe commitments, indicators and alerts of the standards in English and Chinese
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// Export (CSV, TSV, JSON) whose first rows are shown with what they become by the mapping
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    sample: Option<PathBuf>,
    /// Number of rows to read with `--sample`
    #[arg(long, value_name = "N", default_value_t = 10, requires = "sample")]
    rows: u64,
}

/// Checks the files. Returns exit code 1 if there are problems.
///
/// # Errors
/// If a file cannot be read.
pub fn run_check(arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    let (mut problems, mut warnings, mut calendars) = (Vec::new(), Vec::new(), Vec::new());
    for path in &arguments.files {
        let (name, text) = (path.display().to_string(), read_text(path)?);
        if arguments.explain
            && let Ok(standard) = standard_file::parse_standard(&name, &text)
        {
            print_output(standard_summary::standard_summary(&standard).as_bytes())?;
        }
        let found = check_file(&name, &text);
        if found.is_empty() {
            eprintln!("{}: no problems", path.display());
            if is_standard(&name, &text) {
                calendars.extend(describe_calendars(&name, &text));
            }
        }
        problems.extend(found);
        warnings.extend(find_warnings(&name, &text));
    }
    problems.extend(check_versions(&arguments.files)?);
    let sample = match &arguments.sample {
        Some(path) => read_sample(&arguments.files, path, arguments.rows)?,
        None => None,
    };
    if arguments.json {
        let entry = |severity: &'static str| {
            move |p: &TomlProblem| {
                serde_json::json!({
                    "severity": severity,
                    "file": p.file,
                    "line": p.line,
                    "column": p.column,
                    "message": p.message,
                })
            }
        };
        let list: Vec<_> = problems
            .iter()
            .map(entry("error"))
            .chain(warnings.iter().map(entry("warning")))
            .chain(calendars.into_iter().map(|(_, json)| json))
            .collect();
        let answer = match (&arguments.sample, &sample) {
            (None, _) => serde_json::to_string(&list)?,
            (Some(_), sample) => serde_json::to_string(&serde_json::json!({
                "problems": list,
                "sample": sample.as_ref().map(mapping_sample::sample_json),
            }))?,
        };
        print_output(format!("{answer}\n").as_bytes())?;
    } else {
        if let (Some(path), Some(sample)) = (&arguments.sample, &sample) {
            let text = mapping_sample::sample_text(&path.display().to_string(), sample);
            print_output(text.as_bytes())?;
        }
        print_problems(&problems);
        print_warnings(&warnings);
        calendars.iter().try_for_each(|(text, _)| print_output(text.as_bytes()))?;
    }
    let is_sample_fine = arguments.sample.is_none()
        || sample.is_some_and(|sample| mapping_sample::find_fault(&sample).is_none());
    Ok(ExitCode::from(u8::from(!problems.is_empty() || !is_sample_fine)))
}

/// Reads the first rows of an export by the mapping among the files. Returns `None` if the mapping
/// cannot be used.
fn read_sample(
    files: &[PathBuf],
    sample: &Path,
    rows: u64,
) -> anyhow::Result<Option<MappingSample>> {
    let mut mappings = Vec::new();
    for (file, text) in read_texts(files)? {
        if is_mapping(&file, &text) {
            mappings.push((file, text));
        }
    }
    let [(file, text)] = &mappings[..] else {
        anyhow::bail!(UsageError(
            "`--sample` needs exactly one mapping among the files".to_owned()
        ));
    };
    let Ok(mapping) = Mapping::parse(file, text) else { return Ok(None) };
    let read = recording::open_recording(sample, |input| input)
        .and_then(|input| mapping.sample_rows(input, rows));
    read.map(Some).with_context(|| format!("cannot read `{}`", sample.display()))
}

/// Describes the calendars of a valid standard that have special days, as text and as JSON.
fn describe_calendars(file: &str, text: &str) -> Vec<(String, serde_json::Value)> {
    let Ok(standard) = standard_file::parse_standard(file, text) else { return Vec::new() };
    let year = standard.date_of_effect.get(..4).and_then(|year| year.parse().ok());
    let describe = |summary: &standard_file::CalendarSummary| {
        let text = calendar_notes::calendar_text(summary, year.unwrap_or_default())?;
        Some((text, calendar_notes::calendar_json(file, summary)))
    };
    standard_file::summarize_calendars(file, text).iter().filter_map(describe).collect()
}

/// Checks that standards with the same name are consistent versions. Files with problems of their
/// own are left out.
fn check_versions(paths: &[PathBuf]) -> anyhow::Result<Vec<TomlProblem>> {
    let mut by_name: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (file, text) in read_texts(paths)? {
        if let Some(Ok(standard)) =
            is_standard(&file, &text).then(|| standard_file::parse_standard(&file, &text))
        {
            by_name.entry(standard.name).or_default().push((file, text));
        }
    }
    let mut problems = Vec::new();
    for (name, files) in by_name.into_iter().filter(|(_, files)| files.len() > 1) {
        match standard_file::parse_versions(&files) {
            Ok(_) => eprintln!("`{name}`: {} versions are consistent", files.len()),
            Err(found) => problems.extend(found),
        }
    }
    Ok(problems)
}

fn is_mapping(file: &str, text: &str) -> bool {
    TomlDocument::parse(file, text)
        .is_ok_and(|document| document.root_table().value("event").is_some())
}

fn is_standard(file: &str, text: &str) -> bool {
    TomlDocument::parse(file, text).is_ok_and(|document| {
        let has = |key: &str| document.root_table().value(key).is_some();
        !has("event") && (has("indicator") || has("dimensions"))
    })
}

/// Returns what works in a file today and should be written differently.
fn find_warnings(file: &str, text: &str) -> Vec<TomlProblem> {
    if QueueLogSettings::is_settings_file(text) {
        Vec::new()
    } else if is_standard(file, text) {
        standard_file::find_warnings(&[(file.to_owned(), text.to_owned())])
    } else {
        Mapping::find_warnings(file, text)
    }
}

fn check_file(file: &str, text: &str) -> Vec<TomlProblem> {
    let document = match TomlDocument::parse(file, text) {
        Ok(document) => document,
        Err(problem) => return vec![problem],
    };
    // Mappings and standards have keys of their own. Any other file is read as a configuration.
    let has = |key: &str| document.root_table().value(key).is_some();
    let problems = if QueueLogSettings::is_settings_file(text) {
        QueueLogSettings::parse(file, text).err()
    } else if has("event") {
        let objections = || Mapping::find_objections(file, text);
        Some(Mapping::parse(file, text).err().unwrap_or_else(objections))
    } else if has("indicator") || has("dimensions") {
        standard_file::parse_standard(file, text).err()
    } else {
        config::read_configuration(file, text).err()
    };
    problems.unwrap_or_default()
}
