//! Wiring of the service, in the order of the data flow, and its graceful shutdown in the same
//! order.
//!
//! Shutdown stops only the sources: the demonstration, the reload task and the server, which
//! accepts no more requests. The last engine handle is dropped with them. The engine then drains
//! its queue, publishes a last board and closes its channels. Live connections end with a reason.
//! The engine writes a last snapshot and ends. No acknowledged event is lost. Tasks that exceed the
//! deadline are abandoned, and the exit code reports it.

mod alert_receivers;
mod reload;

use self::reload::{Hangup, ReloadTask};
use super::clock::WallClock;
use super::config::{self, ServiceSettings};
use super::engine::{self, Engine, EngineEndpoints, RetentionSettings, random_number};
use super::http::{self, HttpService};
use super::journal::{self, DirectoryLock};
use super::telemetry;
use crate::access::rate_limit::RateLimit;
use crate::access::ticket::TicketStore;
use crate::http::server::{self, serve_connections};
use crate::ingest::decode::HashKeys;
use crate::ingest::demo::DemoSource;
use crate::ingest::http_intake::HttpIntake;
use crate::ingest::rejected_events::RejectedEvents;
use crate::publish::live::LiveBoard;
use crate::publish::trend_json::TrendCache;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Deadline of a graceful shutdown.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval of the metrics recorder's maintenance.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Runs the service on `listener` until `shutdown`.
///
/// # Errors
/// Returns an error if the service cannot start, or if the server or the engine fails.
pub async fn run_service(
    settings: ServiceSettings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<StopOutcome> {
    let ServiceSettings {
        configuration_file: file,
        listen_address: _,
        data_directory: data,
        journal,
        standard,
        publish_every,
        limits,
        metrics,
        access,
        allow_open: open,
        tls,
        notify,
        demo_speed: demo,
    } = settings;
    let address = listener.local_addr().context("the listener's address is unknown")?;
    let (access_sender, access) = watch::channel(Arc::new(access.for_listener(address, open)?));
    let (tls_sender, tls) = tls.map(watch::channel).unzip();
    // A demonstration has no journal, so that simulated data never mixes with real data.
    let directory_lock = journal
        .filter(|_| demo.is_none())
        .map(|journal| {
            DirectoryLock::acquire(&data).map(|directory_lock| (directory_lock, journal))
        })
        .transpose()?;
    let keys = directory_lock
        .as_ref()
        .map_or_else(random_keys, |(directory_lock, _)| stored_keys(directory_lock));
    let persistence = directory_lock
        .as_ref()
        .map(|(directory_lock, journal)| persistence_settings(directory_lock, journal));
    let rejected = Arc::new(RejectedEvents::default());
    let stop = CancellationToken::new();
    // Stops the sources even if this future is dropped.
    let _stop_on_drop = stop.clone().drop_guard();
    let connections = TaskTracker::new();
    let recorder = telemetry::prometheus_recorder();
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_INTERVAL).await;
            recorder.run_upkeep();
        }
    });

    let settings = engine::EngineSettings {
        standard,
        publish_every,
        queue_batches: limits.queue_batches,
        journal: persistence,
    };
    let (engine, EngineEndpoints { handle, published_boards, alerts }) = Engine::new(settings);
    let mut engine = engine.spawn_thread().context("the engine thread cannot be started")?;

    let demo = match demo {
        Some(speed) => tokio::spawn(
            DemoSource::new(handle.clone(), keys, rejected.clone(), speed, stop.clone()).run(),
        ),
        // Reading the journal takes a while; meanwhile the service answers that it is not ready.
        None if directory_lock.is_some() => tokio::spawn({
            let (handle, stop) = (handle.clone(), stop.clone());
            // If the engine fails to start, its own error is reported below.
            async move { _ = stop.run_until_cancelled(handle.start_clock(WallClock::Wall)).await }
        }),
        None => {
            handle.start_clock(WallClock::Wall).await.context("the engine did not start")?;
            tokio::spawn(async {})
        }
    };
    let hangup = Hangup::new(file.is_some()).context("the hang-up signal cannot be handled")?;
    let (reload, requests) = mpsc::channel(reload::QUEUED_REQUESTS_MAX);
    let reload_parts = ReloadTask {
        file,
        address,
        open,
        handle: handle.clone(),
        access: access_sender,
        tls: tls_sender,
    };
    let reloads = tokio::spawn(reload_parts.run(requests, hangup, stop.clone()));
    let intake = HttpIntake::new(handle, keys, limits.body_bytes, rejected.clone());

    let links = notify.links.clone();
    let disk = directory_lock.as_ref().map(|(directory_lock, _)| directory_lock.disk());
    alert_receivers::start_receivers(notify, disk, &alerts, &stop)?;
    let live = LiveBoard::new(published_boards.clone(), limits.live_clients);
    let service = HttpService {
        intake,
        rejected,
        boards: published_boards,
        alerts,
        links,
        access,
        tickets: TicketStore::default(),
        rate: RateLimit::new(limits.requests_per_second),
        tls: tls.is_some(),
        metrics_scopes_max: metrics.scopes,
        reload,
        live,
        connections: connections.clone(),
        trends: TrendCache::default(),
        questions: Semaphore::new(1),
    };
    let serving = server::ServerSettings {
        tls,
        connections_max: limits.connections,
        header_timeout: limits.header_time,
    };
    let mut server = tokio::spawn(serve_connections(
        listener,
        http::build_router(Arc::new(service)),
        serving,
        stop.clone(),
    ));

    // Runs until shutdown, or until a task ends that never should.
    tokio::select! {
        () = shutdown => tracing::info!("stopping"),
        ended = &mut server => {
            ended.context("the server panicked")?;
            anyhow::bail!("the server stopped unexpectedly");
        }
        ended = &mut engine => {
            ended.context("the engine panicked")??;
            anyhow::bail!("the engine stopped unexpectedly");
        }
    }
    stop.cancel();
    connections.close();
    let mut waiting_for = "the requests";
    let stopped = tokio::time::timeout(STOP_TIMEOUT, async {
        server.await.context("the server panicked")?;
        demo.await.context("the demonstration panicked")?;
        reloads.await.context("the reload task panicked")?;
        waiting_for = "the live connections";
        connections.wait().await;
        waiting_for = "the engine and its last snapshot";
        engine.await.context("the engine panicked")??;
        anyhow::Ok(())
    })
    .await;
    upkeep.abort();
    match stopped {
        Ok(result) => result.map(|()| StopOutcome::Graceful),
        Err(_) => {
            tracing::warn!(
                task = waiting_for,
                seconds = STOP_TIMEOUT.as_secs(),
                "shutdown deadline exceeded; exiting without waiting for the task"
            );
            Ok(StopOutcome::TimedOut)
        }
    }
}

/// Result of a shutdown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopOutcome {
    /// All tasks finished.
    Graceful,
    /// A task exceeded the deadline. No acknowledged event is lost.
    TimedOut,
}

/// Returns the engine's journal settings.
fn persistence_settings(
    directory_lock: &DirectoryLock,
    journal: &config::journal_table::JournalConfiguration,
) -> RetentionSettings {
    let config::journal_table::JournalConfiguration {
        acknowledge,
        retention,
        snapshot_ms,
        snapshot_events,
    } = *journal;
    let journal = journal::JournalSettings {
        keys_fingerprint: directory_lock.keys().fingerprint(),
        ..journal::JournalSettings::default()
    };
    RetentionSettings {
        disk: directory_lock.disk(),
        journal,
        acknowledge,
        retention,
        snapshot_ms,
        snapshot_events,
    }
}

/// Returns the keys stored in the data directory. The journal can be read with these keys only.
fn stored_keys(directory_lock: &DirectoryLock) -> HashKeys {
    let keys = directory_lock.keys();
    HashKeys { seed: keys.seed, customer: keys.customer }
}

/// Returns random keys for a run without a journal.
fn random_keys() -> HashKeys {
    let mut customer = [0; 16];
    customer[..8].copy_from_slice(&random_number().to_le_bytes());
    customer[8..].copy_from_slice(&random_number().to_le_bytes());
    HashKeys { seed: random_number(), customer }
}
