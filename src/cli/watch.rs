//! `firstline watch`: the board of a service in this terminal.

use crate::cli::{UsageError, print_output};
use crate::watch::address::ServiceAddress;
use crate::watch::client::ServiceClient;
use crate::watch::messages::Language;
use crate::watch::run_loop;
use crate::watch::view::WatchOptions;
use anyhow::Context;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

/// What it is told.
#[derive(clap::Args)]
pub struct WatchArguments {
    /// Where the service is, as in a browser, or `host:8080`
    #[arg(value_name = "URL", value_parser = ServiceAddress::parse, default_value = "http://127.0.0.1:8080")]
    url: ServiceAddress,
    /// The center to begin with; without one, all
    #[arg(long, value_name = "NAME")]
    center: Option<String>,
    /// An indicator to show; more than once for several [default: those of the wallboard]
    #[arg(long, value_name = "NAME")]
    indicator: Vec<String>,
    /// The window of all figures that have one [default: 30m, or today for what is seldom]
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,
    /// A token that may see the board; better in the environment, where others on the machine do not see it
    #[arg(long, value_name = "TOKEN", env = "FIRSTLINE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The certificate of the authority to believe, as PEM, instead of those that browsers believe
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The language [default: that of the environment]
    #[arg(long, value_enum)]
    lang: Option<Language>,
    /// Print the board as text and end
    #[arg(long)]
    once: bool,
    /// Print the board as JSON, as the live protocol has it
    #[arg(long, requires = "once")]
    json: bool,
}

/// Shows the board.
///
/// # Errors
/// If there is none, with what to do.
pub fn run_watch(arguments: &WatchArguments) -> anyhow::Result<ExitCode> {
    if !arguments.once && !std::io::stdout().is_terminal() {
        return Err(UsageError(
            "standard output is no terminal; print the board with `--once`".to_owned(),
        )
        .into());
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let language = arguments.lang.unwrap_or_else(|| Language::from_locale(locale.as_deref()));
    let choice = WatchOptions {
        indicators: arguments.indicator.clone(),
        window: arguments.window.clone(),
        language,
    };
    let token = arguments.token.clone().filter(|token| !token.is_empty());
    let client = ServiceClient::new(arguments.url.clone(), token, arguments.ca.as_deref())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let center = arguments.center.clone();
    if arguments.once {
        let text = runtime.block_on(run_loop::fetch_board_text(
            &client,
            &choice,
            center.as_deref(),
            arguments.json,
        ))?;
        print_output(text.as_bytes())?;
    } else {
        runtime.block_on(run_loop::run_watch(client, choice, center))?;
    }
    // The thread that reads keys is not waited for.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}
