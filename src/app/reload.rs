//! Reload: the configuration and the files it names are read again, on a hang-up signal or when asked over HTTP.
//!
//! The standard, the tokens with all that is said about access, and the certificate take effect; addresses, limits, and
//! whether there is TLS at all stay as they were until a restart. All of it is taken or, if anything is at fault, none. One
//! reload runs at a time. A service without a configuration file has nothing to read again, and a hang-up ends it, as it ends any program whose
//! terminal closes.

use crate::access::Access;
use crate::config;
use crate::engine::feed::{self, Feed};
use crate::http::reload::{Refused, Reloaded, Request};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

/// How many requests wait while one is answered.
pub(super) const WAITING: usize = 4;

/// What a reload reads, and whom it tells.
pub(super) struct Reload {
    /// The configuration, if there is one.
    pub(super) file: Option<PathBuf>,
    /// Where the service listens.
    pub(super) address: SocketAddr,
    /// Whether it may be open without tokens, whatever the file says.
    pub(super) open: bool,
    /// To the engine.
    pub(super) feed: Feed,
    /// To those who let in.
    pub(super) access: watch::Sender<Arc<Access>>,
    /// To the server, if it encrypts.
    pub(super) tls: Option<watch::Sender<Arc<ServerConfig>>>,
}

impl Reload {
    /// Reloads whenever asked to, until `stop`.
    pub(super) async fn run(self, mut requests: mpsc::Receiver<Request>, mut hangup: Hangup, stop: CancellationToken) {
        loop {
            let request = tokio::select! {
                () = stop.cancelled() => return,
                () = hangup.next() => None,
                request = requests.recv() => match request {
                    Some(request) => Some(request),
                    None => return,
                },
            };
            let result = tokio::select! {
                () = stop.cancelled() => Err(Refused::Stopping),
                result = self.reload() => result,
            };
            tell(&result);
            if let Some(Request(answer)) = request {
                let _ = answer.send(result);
            }
        }
    }

    async fn reload(&self) -> Result<Reloaded, Refused> {
        let file = self.file.clone().ok_or(Refused::Nothing)?;
        let read = tokio::task::spawn_blocking(move || config::read_file(&file));
        let settings = read.await.map_err(|_| Refused::Stopping)?.map_err(Refused::Problems)?;
        let access = settings.access.listening_on(self.address, self.open).map_err(Refused::Exposed)?;
        // Who is shut out does not wait for the core.
        self.access.send_replace(Arc::new(access));
        match (&self.tls, settings.tls) {
            (Some(sender), Some(tls)) => _ = sender.send_replace(tls),
            (None, None) => {}
            _ => tracing::warn!("whether connections are encrypted changes only with a restart"),
        }
        let (name, version) = (settings.standard.name.clone(), settings.standard.version.clone());
        let took_over = self.feed.adopt(settings.standard).await.map_err(|refused| match refused {
            feed::Refused::Unwritten(reason) => Refused::Unwritten(reason),
            feed::Refused::Full | feed::Refused::Stopping => Refused::Stopping,
        })?;
        Ok(Reloaded {
            name,
            version,
            cases: took_over.cases,
            forgotten_cases: took_over.forgotten,
            left_out_events: took_over.left_out,
            seconds: took_over.took.as_secs_f64(),
        })
    }
}

/// Says in the log how it went.
fn tell(result: &Result<Reloaded, Refused>) {
    match result {
        Ok(Reloaded { name, version, cases, forgotten_cases, left_out_events, seconds }) => {
            tracing::info!(name, version, cases, forgotten_cases, left_out_events, seconds, "the configuration was read again");
        }
        Err(refused) => {
            if let Refused::Problems(problems) = refused {
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
        let signal = wanted.then(|| tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()));
        Ok(Hangup { signal: signal.transpose()? })
    }

    /// There is none.
    #[cfg(not(unix))]
    pub(super) fn new(_: bool) -> std::io::Result<Hangup> {
        Ok(Hangup {})
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
