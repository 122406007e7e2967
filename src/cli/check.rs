//! `firstline check FILE...`: reports all problems of configurations, standards and mappings.

mod calendar_notes;
mod standard_summary;

use crate::cli::{print_problems, print_warnings, read_text, read_texts};
use crate::config;
use crate::ingest::mapping::Mapping;
use crate::standard_file;
use crate::toml_document::{TomlDocument, TomlProblem};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Check configurations, standards and mappings
#[derive(clap::Args)]
#[command(after_help = "Standards with the same name are also checked together, as its versions.")]
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
            super::print_output(standard_summary::standard_summary(&standard).as_bytes())?;
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
        super::print_output(format!("{}\n", serde_json::to_string(&list)?).as_bytes())?;
    } else {
        print_problems(&problems);
        print_warnings(&warnings);
        calendars.iter().try_for_each(|(text, _)| super::print_output(text.as_bytes()))?;
    }
    Ok(ExitCode::from(u8::from(!problems.is_empty())))
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

fn is_standard(file: &str, text: &str) -> bool {
    TomlDocument::parse(file, text).is_ok_and(|document| {
        let has = |key: &str| document.root_table().value(key).is_some();
        !has("event") && (has("indicator") || has("dimensions"))
    })
}

/// Returns what works in a file today and should be written differently.
fn find_warnings(file: &str, text: &str) -> Vec<TomlProblem> {
    if is_standard(file, text) {
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
    let problems = if has("event") {
        Mapping::parse(file, text).err()
    } else if has("indicator") || has("dimensions") {
        standard_file::parse_standard(file, text).err()
    } else {
        config::read_configuration(file, text).err()
    };
    problems.unwrap_or_default()
}
