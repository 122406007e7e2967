//! `firstline rules`, `dashboards` and `openslo`: exports a standard to other tools.

use crate::cli::{print_output, print_problems, read_standard};
use crate::domain::standard::Standard;
use crate::export::grafana;
use crate::export::openslo;
use crate::export::prometheus_rules;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

/// Format of an export.
#[derive(Clone, Copy, Debug)]
pub enum ExportFormat {
    /// Recording and alerting rules for Prometheus.
    Rules,
    /// Dashboards for Grafana.
    Dashboards,
    /// Service level objectives as OpenSLO v1.
    OpenSlo,
}

/// Source and target of an export
#[derive(clap::Args)]
pub struct ExportArguments {
    /// Standard to export (TOML); repeat it for several versions [default: built-in]
    #[arg(long, value_name = "FILE")]
    standard: Vec<PathBuf>,
    /// Directory for the generated files, created if missing [default: print to standard output]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes or prints the generated files.
///
/// # Errors
/// If the standard cannot be read or the directory cannot be written.
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
        .with_context(|| format!("cannot create the directory `{}`", directory.display()))?;
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::write(&path, text)
            .with_context(|| format!("cannot write `{}`; check its permissions", path.display()))?;
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
