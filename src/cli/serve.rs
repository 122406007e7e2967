//! `firstline serve`: runs the service in the foreground until Ctrl-C or SIGTERM.

use crate::app::{self, StopOutcome};
use crate::config::{self, ServiceSettings};
use crate::engine::thread_priority::{REQUEST_NICENESS, lower_thread_priority};
use crate::telemetry;
use anyhow::Context;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// Run the service
#[derive(Clone, PartialEq, Debug, clap::Args)]
pub struct ServeArguments {
    /// Configuration file (TOML) [default: built-in settings and the built-in standard]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Feed the service from a simulated organization: two days of history, then live events.
    /// Nothing is stored
    #[arg(long)]
    pub demo: bool,
    /// Speed factor of the simulation, 0.1 to 10000; for example 60 simulates an hour per minute
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        value_parser = parse_speed,
        requires = "demo"
    )]
    pub demo_speed: f64,
    /// Address and port to listen on, for example `0.0.0.0:8080` [default: `listen` of the
    /// configuration, or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Disable authentication for other machines: anyone who can reach the address can read the
    /// board and send events
    #[arg(long)]
    pub open: bool,
}

/// Exit code after a shutdown that did not finish in time.
///
/// Acknowledged events are safe. The next start has to read more of the journal.
const EXIT_CODE_LATE: u8 = 3;

/// Runs the service until a termination signal.
///
/// # Errors
/// If the configuration is invalid, the address is in use, or the service cannot start.
pub fn run_serve(args: &ServeArguments) -> anyhow::Result<ExitCode> {
    telemetry::log_to_stderr();
    let settings = match &args.config {
        Some(file) => config::read_configuration_file(file),
        None => ServiceSettings::with_built_in_standard(),
    };
    let mut settings = match settings {
        Ok(settings) => settings,
        Err(problems) => {
            super::print_problems(&problems);
            return Ok(ExitCode::from(1));
        }
    };
    settings.listen_address = args.listen.unwrap_or(settings.listen_address);
    settings.allow_open = args.open;
    if args.open && !settings.access.tokens.is_empty() {
        return Err(super::UsageError(
            "`--open` disables authentication, but the configuration has tokens; remove one \
             of the two"
                .to_owned(),
        )
        .into());
    }
    // Checked before the addresses are printed. The service checks it again.
    settings.access.clone().for_listener(settings.listen_address, settings.allow_open)?;
    settings.demo_speed = args.demo.then_some(args.demo_speed);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime
        .enable_all()
        .on_thread_start(|| lower_thread_priority(REQUEST_NICENESS))
        .build()
        .context("cannot start the async runtime")?;
    let stopped = runtime.block_on(async {
        let address = settings.listen_address;
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!(
                "cannot listen on {address}; if it is in use, choose another one with \
                 `--listen`"
            )
        })?;
        let shutdown = shutdown_signal()?;
        print_addresses(listener.local_addr().unwrap_or(address), &settings);
        app::run_service(settings, listener, shutdown).await
    })?;
    // Tasks that are still running after the shutdown deadline are abandoned.
    runtime.shutdown_background();
    Ok(match stopped {
        StopOutcome::Graceful => ExitCode::SUCCESS,
        StopOutcome::TimedOut => ExitCode::from(EXIT_CODE_LATE),
    })
}

/// Prints the addresses of the service to standard error.
fn print_addresses(mut address: SocketAddr, settings: &ServiceSettings) {
    if address.ip().is_unspecified() {
        // An unspecified address cannot be opened in a browser.
        address.set_ip(if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let standard = &settings.standard;
    eprintln!(
        "firstline {} with the standard `{}`, version {}",
        env!("CARGO_PKG_VERSION"),
        standard.name,
        standard.version
    );
    let s = if settings.tls.is_some() { "s" } else { "" };
    eprintln!("  wallboard  http{s}://{address}/");
    eprintln!("  board      http{s}://{address}/v1/board");
    eprintln!("  live       ws{s}://{address}/v1/live");
    eprintln!("  metrics    http{s}://{address}/metrics");
    eprintln!("  events     POST http{s}://{address}/v1/events");
    let access = match settings.access.tokens.len() {
        0 if settings.listen_address.ip().to_canonical().is_loopback() => {
            "No authentication. Only this machine can connect."
        }
        0 => "NO AUTHENTICATION: anyone who can reach this address has full access.",
        _ => "Authentication required.",
    };
    eprintln!("{access}");
    if settings.demo_speed.is_some() {
        eprintln!("Demo: all data is simulated. Loading two days of history.");
    }
    match settings.journal.filter(|_| settings.demo_speed.is_none()) {
        Some(_) => eprintln!(
            "Accepted events are stored in {}. Press Ctrl-C to stop the service.",
            settings.data_directory.display()
        ),
        None => eprintln!("Nothing is stored. Press Ctrl-C to stop the service."),
    }
}

/// Waits for Ctrl-C or a termination signal.
fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("cannot install the signal handler")?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| (0.1..=10_000.0).contains(speed));
    speed.ok_or_else(|| "must be a number between 0.1 and 10000".to_owned())
}
