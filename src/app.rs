//! The service, wired in the order in which data flows, and stopped in the same order.
//!
//! Only the sources are told to stop: the demonstration, the reloads, and the server, which then takes no more requests. With them the
//! last way into the engine is dropped; the engine empties its queue and publishes a last board; with its editions the
//! connections to the live board end, each with the reason; the engine writes a last snapshot and ends. Nothing accepted is
//! forgotten on the way, and nothing waits for ever: what still runs after the deadline is left behind, which the exit code says.

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

/// How long stopping may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the metrics recorder tidies up.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Runs the service on `listener` until `shutdown`.
///
/// # Errors
/// If the server or the engine fails.
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
    let address = listener.local_addr().context("the listener has no address")?;
    let (access_sender, access) = watch::channel(Arc::new(access.for_listener(address, open)?));
    let (tls_sender, tls) = tls.map(watch::channel).unzip();
    // A simulated organisation is simulated anew; what it told must never lie beside what really happened.
    let held = journal
        .filter(|_| demo.is_none())
        .map(|journal| DirectoryLock::acquire(&data).map(|held| (held, journal)))
        .transpose()?;
    let keys = held.as_ref().map_or_else(random_keys, |(held, _)| stored_keys(held));
    let keeping = held.as_ref().map(|(held, journal)| persistence_settings(held, journal));
    let rejected = Arc::new(RejectedEvents::default());
    let stop = CancellationToken::new();
    // If the service is dropped and not stopped, its sources end all the same.
    let _stop_on_drop = stop.clone().drop_guard();
    let connections = TaskTracker::new();
    let recorder = telemetry::prometheus_recorder();
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_INTERVAL).await;
            recorder.run_upkeep();
        }
    });

    // The engine.
    let settings = engine::EngineSettings {
        standard,
        publish_every,
        queue_batches: limits.queue_batches,
        journal: keeping,
    };
    let (engine, EngineEndpoints { handle: feed, published_boards: editions, alerts }) =
        Engine::new(settings);
    let mut engine = engine.spawn_thread().context("no thread for the engine")?;

    // Sources.
    let demo = match demo {
        Some(speed) => tokio::spawn(
            DemoSource::new(feed.clone(), keys, rejected.clone(), speed, stop.clone()).run(),
        ),
        // The journal takes a while to read, and in the meantime the service says so.
        None if held.is_some() => tokio::spawn({
            let (feed, stop) = (feed.clone(), stop.clone());
            // If the engine ends before it has begun, it says why.
            async move { _ = stop.run_until_cancelled(feed.start_clock(WallClock::Wall)).await }
        }),
        None => {
            feed.start_clock(WallClock::Wall).await.context("the engine did not start")?;
            tokio::spawn(async {})
        }
    };
    let hangup = Hangup::new(file.is_some()).context("no signals")?;
    let (reload, requests) = mpsc::channel(reload::QUEUED_REQUESTS_MAX);
    let reload_parts = ReloadTask {
        file,
        address,
        open,
        feed: feed.clone(),
        access: access_sender,
        tls: tls_sender,
    };
    let reloads = tokio::spawn(reload_parts.run(requests, hangup, stop.clone()));
    let intake = HttpIntake::new(feed, keys, limits.body_bytes, rejected.clone());

    // Outputs.
    let links = notify.links.clone();
    let disk = held.as_ref().map(|(held, _)| held.disk());
    alert_receivers::start_receivers(notify, disk, &alerts, &stop)?;
    let live = LiveBoard::new(editions.clone(), limits.live_clients);
    let service = HttpService {
        intake,
        rejected,
        boards: editions,
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

    // Work until told to stop, or until something ends that should not.
    tokio::select! {
        () = shutdown => tracing::info!("stopping"),
        ended = &mut server => {
            ended.context("the server panicked")?;
            anyhow::bail!("the server ended by itself");
        }
        ended = &mut engine => {
            ended.context("the engine panicked")??;
            anyhow::bail!("the engine ended by itself");
        }
    }
    stop.cancel();
    connections.close();
    let mut left = "the requests";
    let stopped = tokio::time::timeout(STOP_TIMEOUT, async {
        server.await.context("the server panicked")?;
        demo.await.context("the demonstration panicked")?;
        reloads.await.context("the reloads panicked")?;
        left = "the live connections";
        connections.wait().await;
        left = "the engine and its last snapshot";
        engine.await.context("the engine panicked")??;
        anyhow::Ok(())
    })
    .await;
    upkeep.abort();
    match stopped {
        Ok(result) => result.map(|()| StopOutcome::Graceful),
        Err(_) => {
            tracing::warn!(
                what = left,
                seconds = STOP_TIMEOUT.as_secs(),
                "stopped without waiting any longer"
            );
            Ok(StopOutcome::TimedOut)
        }
    }
}

/// How the service stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopOutcome {
    /// Everything was finished.
    Graceful,
    /// Something did not end in time. Nothing acknowledged is lost with it.
    TimedOut,
}

/// What the engine needs to know to keep what is accepted.
fn persistence_settings(
    held: &DirectoryLock,
    journal: &config::journal_table::JournalConfiguration,
) -> RetentionSettings {
    let config::journal_table::JournalConfiguration {
        acknowledge,
        retention,
        snapshot_ms,
        snapshot_events,
    } = *journal;
    let journal = journal::JournalSettings {
        keys_fingerprint: held.keys().fingerprint(),
        ..journal::JournalSettings::default()
    };
    RetentionSettings {
        disk: held.disk(),
        journal,
        acknowledge,
        retention,
        snapshot_ms,
        snapshot_events,
    }
}

/// The keys of the data directory: what is in the journal can be understood with these alone.
fn stored_keys(held: &DirectoryLock) -> HashKeys {
    let keys = held.keys();
    HashKeys { seed: keys.seed, customer: keys.customer }
}

/// Keys for one run that keeps nothing the next would have to understand.
fn random_keys() -> HashKeys {
    let mut customer = [0; 16];
    customer[..8].copy_from_slice(&random_number().to_le_bytes());
    customer[8..].copy_from_slice(&random_number().to_le_bytes());
    HashKeys { seed: random_number(), customer }
}
