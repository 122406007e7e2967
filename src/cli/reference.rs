//! `firstline reference NAME`: prints a reference page.

use crate::cli::print_output;
use crate::reference::{CONFIGURATION_PAGE, STANDARD_PAGE};
use std::process::ExitCode;

/// Shown below `firstline reference --help`.
const HELP_EXAMPLES: &str = "\
Examples:
  firstline reference standard | less                what a standard can contain
  firstline reference standard | grep calendar       the keys about calendars
  firstline reference configuration > settings.md    every setting of the service

The pages are Markdown. `firstline check FILE` reports every problem of a file you have written.";

/// Print a reference page as Markdown
#[derive(clap::Args)]
#[command(after_help = HELP_EXAMPLES)]
pub struct ReferenceArguments {
    /// The page
    #[arg(value_enum, value_name = "PAGE")]
    page: PageName,
}

/// The pages by name.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PageName {
    /// Every key of a standard: dimensions, calendars, commitments, indicators, alerts
    Standard,
    /// Every key of the configuration: access, limits, journal, receivers of alerts
    Configuration,
}

/// Prints a page on standard output.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run_reference(arguments: &ReferenceArguments) -> anyhow::Result<ExitCode> {
    let page = match arguments.page {
        PageName::Standard => STANDARD_PAGE.render_markdown(),
        PageName::Configuration => CONFIGURATION_PAGE.render_markdown(),
    };
    print_output(page.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
