//! What the commands do, one file each. Results go to standard output, talk to standard error.

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
  firstline serve --demo                        a living wallboard at http://127.0.0.1:8080
  firstline replay events.ndjson.gz             the indicators of recorded events
  firstline replay --by center --window today events.ndjson
  firstline replay --standard 2025.toml --standard 2026.toml events.ndjson
  firstline replay --format queue_log /var/log/asterisk/queue_log
  firstline simulate --hours 24 > day.ndjson    a believable service organisation
  firstline token new --name hall-wall --device --where center=hefei
  firstline watch http://wall:8080              the board in this terminal; `--once` prints it
  firstline check my-standard.toml              every mistake with file, line and remedy
  firstline rules --standard my-standard.toml --out /etc/prometheus/rules
  firstline reference standard                  every key of a standard, as Markdown
  firstline journal check                       whether all that is kept is as it was written

Exit codes: 0 done; 1 the input or configuration is at fault, the message says where; 2 misuse of the command line.";

/// The commands.
#[derive(clap::Subcommand)]
pub enum CliCommand {
    /// Run the service: take events, keep the board, show it
    Serve(serve::ServeArguments),
    /// Read recorded events and print the readings: offline, deterministic, as fast as it can
    Replay(Box<replay::ReplayArguments>),
    /// Write the events of a simulated service organisation as NDJSON; same seed, same bytes
    Simulate(simulate::SimulateArguments),
    /// Show the board of a running service in this terminal
    Watch(watch::WatchArguments),
    /// Make a token: who holds it may send events, see the board, or run the service
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Check configurations, standards and mappings: every problem with file, line and what to do
    Check(check::CheckArguments),
    /// Make rules for Prometheus from a standard: recording rules and alerts
    Rules(export::ExportArguments),
    /// Make dashboards for Grafana from a standard
    Dashboards(export::ExportArguments),
    /// Write a standard's ratios and targets as OpenSLO v1
    Openslo(export::ExportArguments),
    /// Print a reference page: every key of the standard or of the configuration
    Reference(reference::ReferenceArguments),
    /// Look after the journal of a service that is stopped
    Journal(journal::JournalArguments),
}

/// An option that cannot mean anything: misuse of the command line, other than input at fault.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

/// Runs a command.
///
/// # Errors
/// What is at fault, for people.
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

/// Writes results to standard output. A reader that has seen enough, as `head` has, is no error.
fn print_output(text: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Reads a file whole, with its name in the error.
fn read_text(path: &std::path::Path) -> anyhow::Result<String> {
    use anyhow::Context as _;
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Reads files whole, each with its name.
fn read_texts(paths: &[std::path::PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    paths.iter().map(|path| Ok((path.display().to_string(), read_text(path)?))).collect()
}

/// The standard of these files, several of which are versions of one; without any the built-in one.
///
/// # Errors
/// A file that cannot be read; within it the problems of the standard.
fn read_standard(
    files: &[std::path::PathBuf],
) -> anyhow::Result<Result<Standard, Vec<TomlProblem>>> {
    Ok(match files {
        [] => standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN),
        files => {
            let texts = read_texts(files)?;
            print_warnings(&standard_file::find_warnings(&texts));
            standard_file::parse_versions(&texts)
        }
    })
}

/// Prints warnings on standard error: what works today and should be written differently.
fn print_warnings(warnings: &[TomlProblem]) {
    for TomlProblem { file, line, column, message } in warnings {
        eprintln!("{file}:{line}:{column}: warning: {message}");
    }
}

/// Tells every problem of a file.
fn print_problems(problems: &[TomlProblem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}
