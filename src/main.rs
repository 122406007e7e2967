//! The `firstline` program: see `firstline --help`.

use clap::Parser;
use firstline::cli::{self, CliCommand};
use std::process::ExitCode;

/// Set by the program and not the library, whose users choose their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Real-time service level monitoring for hotlines, service halls and field service: wallboards,
/// Prometheus metrics and offline reports.
#[derive(Parser)]
#[command(name = "firstline", version, max_term_width = 110, after_help = cli::HELP_EXAMPLES)]
struct ProgramArguments {
    #[command(subcommand)]
    command: CliCommand,
}

fn main() -> ExitCode {
    match cli::run_command(ProgramArguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("firstline: {error:#}");
            ExitCode::from(if error.is::<cli::UsageError>() { 2 } else { 1 })
        }
    }
}
