//! `firstline reference NAME`: prints a reference page.

use crate::cli::print_output;
use crate::reference::event_schema::event_json_schema;
use crate::reference::events_page::events_page;
use crate::reference::{CONFIGURATION_PAGE, STANDARD_PAGE};
use crate::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use std::process::ExitCode;

/// Shown below `firstline reference --help`.
const HELP_EXAMPLES: &str = "\
Examples:
  firstline reference standard | less                what a standard can contain
  firstline reference standard | grep calendar       the keys about calendars
  firstline reference configuration > settings.md    every setting of the service
  firstline reference events | less                  every event type and field
  firstline reference event-schema > event.json      the JSON Schema of an event

The pages are Markdown, the schema is JSON. Both show the built-in standard. `firstline check FILE` reports every problem of a file you have written.";

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
    /// Every event type and every field of its data
    Events,
    /// The JSON Schema of an event
    EventSchema,
}

/// Prints a page on standard output.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run_reference(arguments: &ReferenceArguments) -> anyhow::Result<ExitCode> {
    let built_in = || {
        parse_standard(BUILT_IN_NAME, BUILT_IN)
            .map_err(|problems| anyhow::anyhow!("the built-in standard is invalid: {problems:?}"))
    };
    let page = match arguments.page {
        PageName::Standard => STANDARD_PAGE.render_markdown(),
        PageName::Configuration => CONFIGURATION_PAGE.render_markdown(),
        PageName::Events => events_page(&built_in()?),
        PageName::EventSchema => {
            format!("{:#}\n", event_json_schema(&built_in()?.schema))
        }
    };
    print_output(page.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
