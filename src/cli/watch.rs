//! `firstline watch`: shows the board of a service in the terminal.

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

/// Show the board of a running service
#[derive(clap::Args)]
pub struct WatchArguments {
    /// Address of the service, for example `https://wall.example.org` or `host:8080`
    #[arg(
        value_name = "URL",
        value_parser = ServiceAddress::parse,
        default_value = "http://127.0.0.1:8080"
    )]
    url: ServiceAddress,
    /// Center to show first, for example `hefei` [default: all centers]
    #[arg(long, value_name = "NAME")]
    center: Option<String>,
    /// Indicator to show, for example `answer_rate`; may be repeated [default: those of the
    /// wallboard]
    #[arg(long, value_name = "NAME")]
    indicator: Vec<String>,
    /// Window of all indicators, for example `1h` [default: 30m, or today for infrequent events]
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,
    /// Token with the permission `read`; prefer the environment variable, since other users of the
    /// machine can see command lines
    #[arg(long, value_name = "TOKEN", env = "FIRSTLINE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Certificate authority to trust (PEM file) instead of the public ones
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Language of the texts [default: from LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, value_enum)]
    lang: Option<Language>,
    /// Print the board once as text and exit
    #[arg(long)]
    once: bool,
    /// Print the board as JSON, as a frame of the live protocol
    #[arg(long, requires = "once")]
    json: bool,
}

/// Shows or prints the board.
///
/// # Errors
/// If the service cannot be reached or refuses access, or if the terminal cannot be used.
pub fn run_watch(arguments: &WatchArguments) -> anyhow::Result<ExitCode> {
    if !arguments.once && !std::io::stdout().is_terminal() {
        return Err(UsageError(
            "standard output is not a terminal; print the board with `--once`".to_owned(),
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
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
    // The thread that reads keys blocks until the next key, so it is abandoned.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}
