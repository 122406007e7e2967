//! Command line interface, with one module per command.
//!
//! Results go to standard output, messages to standard error.

pub mod check;
pub mod export;
pub mod journal;
pub mod reference;
pub mod replay;
pub mod serve;
pub mod simulate;
pub mod token;
pub mod watch;

use super::standard_file;
use super::toml_document::TomlProblem;
use crate::domain::standard::Standard;
use std::io::{self, Write};
use std::process::ExitCode;

/// Shown below `firstline --help`.
pub const HELP_EXAMPLES: &str = "\
Examples:
  firstline serve --demo                        demo wallboard at http://127.0.0.1:8080
  firstline replay events.ndjson.gz             compute indicators from recorded events
  firstline replay --by center --window today events.ndjson
  firstline replay --standard 2025.toml --standard 2026.toml events.ndjson
  firstline replay --format queue_log /var/log/asterisk/queue_log
  firstline simulate --hours 24 > day.ndjson    write a day of simulated events
  firstline token new --name hall-display --device --where center=hefei
  firstline watch http://wall:8080              show the board in this terminal; `--once` prints it
  firstline check my-standard.toml              report every problem with file, line and remedy
  firstline rules --standard my-standard.toml --out /etc/prometheus/rules
  firstline reference standard                  print every key of a standard, as Markdown
  firstline journal check                       verify the checksums of the journal

Exit codes: 0 success; 1 invalid input or configuration, see the message; 2 invalid command line.";

/// Commands of `firstline`.
#[derive(clap::Subcommand)]
pub enum CliCommand {
    /// Run the service: receive events, compute the board, serve the wallboard and the API
    Serve(serve::ServeArguments),
    /// Compute readings from recorded events, offline and deterministically
    Replay(Box<replay::ReplayArguments>),
    /// Write events of a simulated service organization as NDJSON
    Simulate(simulate::SimulateArguments),
    /// Show the board of a running service in the terminal
    Watch(watch::WatchArguments),
    /// Create access tokens for senders, readers and administrators
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Check configurations, standards and mappings, with file, line and remedy of every problem
    Check(check::CheckArguments),
    /// Generate Prometheus recording and alerting rules from a standard
    Rules(export::ExportArguments),
    /// Generate Grafana dashboards from a standard
    Dashboards(export::ExportArguments),
    /// Export the ratio indicators of a standard and their targets as OpenSLO v1
    Openslo(export::ExportArguments),
    /// Print a reference page: keys of the standard or of the configuration, or events
    Reference(reference::ReferenceArguments),
    /// Check, export or prune the journal of a stopped service
    Journal(journal::JournalArguments),
}

/// An invalid command line option. The process then exits with code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

/// Runs a command and returns its exit code.
///
/// # Errors
/// With a message for the user if the command fails.
pub fn run_command(command: CliCommand) -> anyhow::Result<ExitCode> {
    match command {
        CliCommand::Serve(arguments) => serve::run_serve(&arguments),
        CliCommand::Replay(arguments) => replay::run_replay(&arguments),
        CliCommand::Simulate(arguments) => simulate::run_simulate(&arguments),
        CliCommand::Watch(arguments) => watch::run_watch(&arguments),
        CliCommand::Token(command) => token::run_token(&command),
        CliCommand::Check(arguments) => check::run_check(&arguments),
        CliCommand::Rules(arguments) => export::run_export(export::ExportFormat::Rules, &arguments),
        CliCommand::Dashboards(arguments) => {
            export::run_export(export::ExportFormat::Dashboards, &arguments)
        }
        CliCommand::Openslo(arguments) => {
            export::run_export(export::ExportFormat::OpenSlo, &arguments)
        }
        CliCommand::Reference(arguments) => reference::run_reference(&arguments),
        CliCommand::Journal(arguments) => journal::run_journal(&arguments),
    }
}

/// Writes results to standard output. A closed pipe, as left by `head`, is not an error.
fn print_output(text: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Reads a text file. The error contains its path.
fn read_text(path: &std::path::Path) -> anyhow::Result<String> {
    use anyhow::Context as _;
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Reads text files. Returns each path with its text.
fn read_texts(paths: &[std::path::PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    paths.iter().map(|path| Ok((path.display().to_string(), read_text(path)?))).collect()
}

/// Reads a standard from one file, or from several files that are its versions.
///
/// Without files it returns the built-in standard. The inner result holds the problems of the
/// standard.
///
/// # Errors
/// If a file cannot be read.
fn read_standard(
    files: &[std::path::PathBuf],
) -> anyhow::Result<Result<Standard, Vec<TomlProblem>>> {
    Ok(match files {
        [] => standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN),
        files => {
            let texts = read_texts(files)?;
            let (standard, warnings) = standard_file::parse_with_warnings(&texts);
            print_warnings(&warnings);
            standard
        }
    })
}

/// Prints warnings on standard error: what works today and should be written differently.
fn print_warnings(warnings: &[TomlProblem]) {
    for TomlProblem { file, line, column, message } in warnings {
        eprintln!("{file}:{line}:{column}: warning: {message}");
    }
}

/// Prints problems to standard error, one per line.
fn print_problems(problems: &[TomlProblem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}
