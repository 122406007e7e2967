//! Reload: reads the configuration and its files again, on SIGHUP or on request over HTTP.
//!
//! The standard, the access rules with their tokens, and the certificate take effect. Addresses,
//! limits and the use of TLS change only with a restart. A reload with any problem changes nothing.
//! Reloads run one at a time. A service without a configuration file cannot reload. SIGHUP then
//! ends it, like any program whose terminal closes.

use crate::access::AccessControl;
use crate::config;
use crate::engine::commands::{self, EngineHandle};
use crate::http::routes::reload::{ReloadError, ReloadReport, ReloadRequest};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

/// Maximum number of waiting reload requests.
pub(super) const QUEUED_REQUESTS_MAX: usize = 4;

/// Task that reloads the configuration.
pub(super) struct ReloadTask {
    /// Configuration file, if any.
    pub(super) file: Option<PathBuf>,
    /// Listen address.
    pub(super) address: SocketAddr,
    /// True if the command line allows an open service without tokens.
    pub(super) open: bool,
    /// Engine.
    pub(super) handle: EngineHandle,
    /// Access rules in use.
    pub(super) access: watch::Sender<Arc<AccessControl>>,
    /// TLS configuration in use; `None` without TLS.
    pub(super) tls: Option<watch::Sender<Arc<ServerConfig>>>,
}

impl ReloadTask {
    /// Runs reloads on request until `stop`.
    pub(super) async fn run(
        self,
        mut requests: mpsc::Receiver<ReloadRequest>,
        mut hangup: Hangup,
        stop: CancellationToken,
    ) {
        loop {
            let request = tokio::select! {
                () = stop.cancelled() => return,
                () = hangup.wait() => None,
                request = requests.recv() => match request {
                    Some(request) => Some(request),
                    None => return,
                },
            };
            let result = tokio::select! {
                () = stop.cancelled() => Err(ReloadError::Stopping),
                result = self.reload_configuration() => result,
            };
            log_result(&result);
            if let Some(ReloadRequest(answer)) = request {
                let _ = answer.send(result);
            }
        }
    }

    async fn reload_configuration(&self) -> Result<ReloadReport, ReloadError> {
        let file = self.file.clone().ok_or(ReloadError::NoConfiguration)?;
        let read = tokio::task::spawn_blocking(move || config::read_configuration_file(&file));
        let settings =
            read.await.map_err(|_| ReloadError::Stopping)?.map_err(ReloadError::Problems)?;
        let access =
            settings.access.for_listener(self.address, self.open).map_err(ReloadError::Exposed)?;
        // Revoked tokens are refused at once; the standard takes longer.
        self.access.send_replace(Arc::new(access));
        match (&self.tls, settings.tls) {
            (Some(sender), Some(tls)) => _ = sender.send_replace(tls),
            (None, None) => {}
            _ => tracing::warn!(
                "TLS was not switched on or off; restart the service to apply this change"
            ),
        }
        let (name, version) = (settings.standard.name.clone(), settings.standard.version.clone());
        let change =
            self.handle.change_standard(settings.standard).await.map_err(|error| match error {
                commands::EngineUnavailable::JournalUnwritable(reason) => {
                    ReloadError::JournalFailed(reason)
                }
                commands::EngineUnavailable::QueueFull | commands::EngineUnavailable::Stopping => {
                    ReloadError::Stopping
                }
            })?;
        Ok(ReloadReport {
            name,
            version,
            cases: change.cases,
            forgotten_cases: change.forgotten,
            left_out_events: change.unknown_events,
            seconds: change.took.as_secs_f64(),
        })
    }
}

/// Logs the result of a reload.
fn log_result(result: &Result<ReloadReport, ReloadError>) {
    match result {
        Ok(ReloadReport { name, version, cases, forgotten_cases, left_out_events, seconds }) => {
            tracing::info!(
                name,
                version,
                cases,
                forgotten_cases,
                left_out_events,
                seconds,
                "configuration reloaded"
            );
        }
        Err(error) => {
            if let ReloadError::Problems(problems) = error {
                problems.iter().for_each(|problem| tracing::error!("{problem}"));
            }
            tracing::error!("reload failed; the previous configuration stays in effect: {error}");
        }
    }
}

/// SIGHUP, on systems that have it.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    /// Handles SIGHUP if `enabled`, which then no longer ends the process.
    #[cfg(unix)]
    pub(super) fn new(enabled: bool) -> std::io::Result<Hangup> {
        let signal =
            enabled.then(|| tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()));
        Ok(Hangup { signal: signal.transpose()? })
    }

    /// Does nothing: the system has no SIGHUP.
    #[cfg(not(unix))]
    pub(super) fn new(_: bool) -> std::io::Result<Hangup> {
        Ok(Hangup {})
    }

    /// Waits for the next signal; forever if it is not handled.
    async fn wait(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
