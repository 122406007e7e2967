//! Reload: the configuration and the standard it names are read again, on a hang-up signal or when asked over HTTP.
//!
//! Only the standard takes effect; addresses and limits stay as they were until a restart. One reload runs at a time. A
//! service without a configuration file has nothing to read again, and a hang-up ends it, as it ends any program whose
//! terminal closes.

use crate::config;
use crate::engine::feed::Feed;
use crate::http::reload::{Refused, Reloaded, Request};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How many requests wait while one is answered.
pub(super) const WAITING: usize = 4;

/// Reloads whenever asked to, until `stop`.
pub(super) async fn run(
    file: Option<PathBuf>,
    feed: Feed,
    mut requests: mpsc::Receiver<Request>,
    mut hangup: Hangup,
    stop: CancellationToken,
) {
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
            result = reload(file.as_deref(), &feed) => result,
        };
        tell(&result);
        if let Some(Request(answer)) = request {
            let _ = answer.send(result);
        }
    }
}

async fn reload(file: Option<&Path>, feed: &Feed) -> Result<Reloaded, Refused> {
    let file = file.ok_or(Refused::Nothing)?.to_owned();
    let read = tokio::task::spawn_blocking(move || config::read_file(&file));
    let settings = read.await.map_err(|_| Refused::Stopping)?.map_err(Refused::Problems)?;
    let (name, version) = (settings.standard.name.clone(), settings.standard.version.clone());
    let took_over = feed.adopt(settings.standard).await.map_err(|_| Refused::Stopping)?;
    Ok(Reloaded {
        name,
        version,
        cases: took_over.cases,
        forgotten_cases: took_over.forgotten,
        left_out_events: took_over.left_out,
        seconds: took_over.took.as_secs_f64(),
    })
}

/// Says in the log how it went.
fn tell(result: &Result<Reloaded, Refused>) {
    match result {
        Ok(Reloaded { name, version, cases, forgotten_cases, left_out_events, seconds }) => {
            tracing::info!(name, version, cases, forgotten_cases, left_out_events, seconds, "another standard is in force");
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
