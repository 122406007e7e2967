//! The command line: see `firstline --help`.

use clap::Parser;
use firstline::cli::{self, CliCommand};
use std::process::ExitCode;

/// Of the program and not of the library, whose users choose their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Live SLA indicators for hotlines, halls and field service: on the wall, in Prometheus, and offline.
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
