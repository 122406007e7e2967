//! `firstline serve`: the service in the foreground, until Ctrl-C or a termination signal.

use crate::app::{self, StopOutcome};
use crate::config::{self, ServiceSettings};
use crate::engine::thread_priority::{REQUEST_NICENESS, lower_thread_priority};
use crate::telemetry;
use anyhow::Context;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// What it is told.
#[derive(Clone, PartialEq, Debug, clap::Args)]
pub struct ServeArguments {
    /// The configuration file; without one everything is as usual and the standard is the built-in one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Feed the service a simulated organisation: its last two days at once, then as time goes by.
    #[arg(long)]
    pub demo: bool,
    /// How many times faster than life the demonstration goes on.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_speed, requires = "demo")]
    pub demo_speed: f64,
    /// Where to listen, instead of where the configuration says.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Listen to other machines without any token: everybody who reaches the address can read and send events.
    #[arg(long)]
    pub open: bool,
}

/// The exit code of a service that was stopped, but not in good order: something did not end in time. What was acknowledged
/// is safe; the next start reads more of the journal.
const EXIT_CODE_LATE: u8 = 3;

/// Runs the service until it is told to stop.
///
/// # Errors
/// If the configuration is at fault, or the address is taken.
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
            "`--open` is for a service without tokens; the configuration has some, and they are needed".to_owned(),
        )
        .into());
    }
    // Before anything is said about addresses; the service asks again.
    settings.access.clone().for_listener(settings.listen_address, settings.allow_open)?;
    settings.demo_speed = args.demo.then_some(args.demo_speed);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime
        .enable_all()
        .on_thread_start(|| lower_thread_priority(REQUEST_NICENESS))
        .build()
        .context("no runtime")?;
    let stopped = runtime.block_on(async {
        let address = settings.listen_address;
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; is it taken? choose another with `--listen`")
        })?;
        let shutdown = shutdown_signal()?;
        print_addresses(listener.local_addr().unwrap_or(address), &settings);
        app::run_service(settings, listener, shutdown).await
    })?;
    // What is still running after the deadline is not waited for.
    runtime.shutdown_background();
    Ok(match stopped {
        StopOutcome::Graceful => ExitCode::SUCCESS,
        StopOutcome::TimedOut => ExitCode::from(EXIT_CODE_LATE),
    })
}

/// Says where to look.
fn print_addresses(mut address: SocketAddr, settings: &ServiceSettings) {
    if address.ip().is_unspecified() {
        // Nobody can click on "everywhere".
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
    let who = match settings.access.tokens.len() {
        0 if settings.listen_address.ip().to_canonical().is_loopback() => {
            "Open to every program on this machine, and to no other machine."
        }
        0 => "OPEN TO EVERYBODY who reaches this address, without any token.",
        _ => "Closed but to the holders of its tokens.",
    };
    eprintln!("{who}");
    if settings.demo_speed.is_some() {
        eprintln!(
            "The figures are those of a simulated organisation; its last two days are being told now."
        );
    }
    match settings.journal.filter(|_| settings.demo_speed.is_none()) {
        Some(_) => eprintln!(
            "What is accepted is kept in {}. Ctrl-C stops the service.",
            settings.data_directory.display()
        ),
        None => eprintln!("Nothing is kept when it stops. Ctrl-C stops it."),
    }
}

/// Waits for Ctrl-C or a termination signal.
fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("no signals")?;
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
    speed.ok_or_else(|| "a number between 0.1 and 10000".to_owned())
}
