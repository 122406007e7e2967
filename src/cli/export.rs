//! `firstline rules`, `dashboards` and `openslo`: the standard for Prometheus, for Grafana, and as objectives.

use crate::cli::{print_output, print_problems, read_standard};
use crate::domain::standard::Standard;
use crate::export::grafana;
use crate::export::openslo;
use crate::export::prometheus_rules;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is made.
#[derive(Clone, Copy, Debug)]
pub enum ExportFormat {
    /// Rules for Prometheus.
    Rules,
    /// Dashboards for Grafana.
    Dashboards,
    /// Objectives as OpenSLO.
    OpenSlo,
}

/// Of which standard, and where to.
#[derive(clap::Args)]
pub struct ExportArguments {
    /// The standard (TOML); several files are versions of one. Without any it is the built-in one
    #[arg(long, value_name = "FILE")]
    standard: Vec<PathBuf>,
    /// The directory that the files are written into; without it they are printed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes or prints the files.
///
/// # Errors
/// A standard that cannot be read, or a directory that cannot be written.
pub fn run_export(export: ExportFormat, arguments: &ExportArguments) -> anyhow::Result<ExitCode> {
    let standard = match read_standard(&arguments.standard)? {
        Ok(standard) => standard,
        Err(problems) => {
            print_problems(&problems);
            return Ok(ExitCode::from(1));
        }
    };
    let files = export_files(export, &standard)?;
    let Some(directory) = &arguments.out else {
        for (name, text) in &files {
            if files.len() > 1 {
                eprintln!("{name}:");
            }
            print_output(text.as_bytes())?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory `{}`", directory.display()))?;
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::write(&path, text)
            .with_context(|| format!("cannot write `{}`; may you write there?", path.display()))?;
        eprintln!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn export_files(
    export: ExportFormat,
    standard: &Standard,
) -> anyhow::Result<Vec<(String, String)>> {
    match export {
        ExportFormat::Rules => prometheus_rules::rule_files(standard),
        ExportFormat::Dashboards => Ok(grafana::dashboard_files(standard)),
        ExportFormat::OpenSlo => {
            Ok(vec![("openslo.yml".to_owned(), openslo::export_openslo(standard)?)])
        }
    }
}
