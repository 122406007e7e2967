//! Reload: the configuration and the files it names are read again, on a hang-up signal or when asked over HTTP.
//!
//! The standard, the tokens with all that is said about access, and the certificate take effect; addresses, limits, and
//! whether there is TLS at all stay as they were until a restart. All of it is taken or, if anything is at fault, none. One
//! reload runs at a time. A service without a configuration file has nothing to read again, and a hang-up ends it, as it ends any program whose
//! terminal closes.

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

/// How many requests wait while one is answered.
pub(super) const QUEUED_REQUESTS_MAX: usize = 4;

/// What a reload reads, and whom it tells.
pub(super) struct ReloadTask {
    /// The configuration, if there is one.
    pub(super) file: Option<PathBuf>,
    /// Where the service listens.
    pub(super) address: SocketAddr,
    /// Whether it may be open without tokens, whatever the file says.
    pub(super) open: bool,
    /// To the engine.
    pub(super) feed: EngineHandle,
    /// To those who let in.
    pub(super) access: watch::Sender<Arc<AccessControl>>,
    /// To the server, if it encrypts.
    pub(super) tls: Option<watch::Sender<Arc<ServerConfig>>>,
}

impl ReloadTask {
    /// Reloads whenever asked to, until `stop`.
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
        // Who is shut out does not wait for the core.
        self.access.send_replace(Arc::new(access));
        match (&self.tls, settings.tls) {
            (Some(sender), Some(tls)) => _ = sender.send_replace(tls),
            (None, None) => {}
            _ => tracing::warn!("whether connections are encrypted changes only with a restart"),
        }
        let (name, version) = (settings.standard.name.clone(), settings.standard.version.clone());
        let took_over =
            self.feed.change_standard(settings.standard).await.map_err(
                |refused| match refused {
                    commands::EngineUnavailable::JournalUnwritable(reason) => {
                        ReloadError::JournalFailed(reason)
                    }
                    commands::EngineUnavailable::QueueFull
                    | commands::EngineUnavailable::Stopping => ReloadError::Stopping,
                },
            )?;
        Ok(ReloadReport {
            name,
            version,
            cases: took_over.cases,
            forgotten_cases: took_over.forgotten,
            left_out_events: took_over.unknown_events,
            seconds: took_over.took.as_secs_f64(),
        })
    }
}

/// Says in the log how it went.
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
                "the configuration was read again"
            );
        }
        Err(refused) => {
            if let ReloadError::Problems(problems) = refused {
                problems.iter().for_each(|problem| tracing::error!("{problem}"));
            }
            tracing::error!("not reloaded: {refused}");
        }
    }
}

/// The hang-up signal, where there is one and somebody waits for it.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    /// Listens to the signal, which from then on does not end the process, or leaves it alone.
    #[cfg(unix)]
    pub(super) fn new(wanted: bool) -> std::io::Result<Hangup> {
        let signal =
            wanted.then(|| tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()));
        Ok(Hangup { signal: signal.transpose()? })
    }

    /// There is none.
    #[cfg(not(unix))]
    pub(super) fn new(_: bool) -> std::io::Result<Hangup> {
        Ok(Hangup {})
    }

    /// Waits for the next one.
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
