//! The service, wired in the order in which data flows, and stopped in the same order.
//!
//! Only the sources are told to stop: the demonstration, the reloads, and the server, which then takes no more requests. With them the
//! last way into the engine is dropped; the engine empties its queue and publishes a last board; with its editions the
//! connections to the live board end, each with the reason; the engine writes a last snapshot and ends. Nothing accepted is
//! forgotten on the way, and nothing waits for ever: what still runs after the deadline is left behind, which the exit code says.

mod notify;
mod reload;

use self::reload::{Hangup, Reload};
use crate::access::rate::Rate;
use crate::access::ticket::Tickets;
use crate::config::{self, Settings};
use crate::engine::{self, Ends, Engine, Keeping, clock::Clock, random};
use crate::http::server::{self, serve};
use crate::http::{self, Service};
use crate::ingest::demo::Demo;
use crate::ingest::http::Intake;
use crate::ingest::rejected::Memory;
use crate::ingest::wire::Keys;
use crate::journal::{self, Held};
use crate::publish::live::Live;
use crate::publish::trend::Answers;
use crate::telemetry;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long stopping may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often the metrics recorder tidies up.
const UPKEEP: Duration = Duration::from_secs(5);

/// Runs the service on `listener` until `shutdown`.
///
/// # Errors
/// If the server or the engine fails.
pub async fn run(settings: Settings, listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<Stopped> {
    let Settings { file, listen: _, data, journal, standard, publish_every, limits, metrics, access, open, tls, notify, demo } = settings;
    let address = listener.local_addr().context("the listener has no address")?;
    let (access_sender, access) = watch::channel(Arc::new(access.listening_on(address, open)?));
    let (tls_sender, tls) = tls.map(watch::channel).unzip();
    // A simulated organisation is simulated anew; what it told must never lie beside what really happened.
    let held = journal.filter(|_| demo.is_none()).map(|journal| Held::take(&data).map(|held| (held, journal))).transpose()?;
    let keys = held.as_ref().map_or_else(fresh_keys, |(held, _)| kept_keys(held));
    let keeping = held.as_ref().map(|(held, journal)| keeping(held, journal));
    let rejected = Arc::new(Memory::default());
    let stop = CancellationToken::new();
    // If the service is dropped and not stopped, its sources end all the same.
    let _stop_on_drop = stop.clone().drop_guard();
    let connections = TaskTracker::new();
    let recorder = telemetry::recorder();
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            recorder.run_upkeep();
        }
    });

    // The engine.
    let settings = engine::Settings { standard, publish_every, queue_batches: limits.queue_batches, journal: keeping };
    let (engine, Ends { feed, editions, alerts }) = Engine::new(settings);
    let mut engine = engine.start().context("no thread for the engine")?;

    // Sources.
    let demo = match demo {
        Some(speed) => tokio::spawn(Demo::new(feed.clone(), keys, rejected.clone(), speed, stop.clone()).run()),
        // The journal takes a while to read, and in the meantime the service says so.
        None if held.is_some() => tokio::spawn({
            let (feed, stop) = (feed.clone(), stop.clone());
            // If the engine ends before it has begun, it says why.
            async move { _ = stop.run_until_cancelled(feed.start(Clock::Wall)).await }
        }),
        None => {
            feed.start(Clock::Wall).await.context("the engine did not start")?;
            tokio::spawn(async {})
        }
    };
    let hangup = Hangup::new(file.is_some()).context("no signals")?;
    let (reload, requests) = mpsc::channel(reload::WAITING);
    let reload_parts = Reload { file, address, open, feed: feed.clone(), access: access_sender, tls: tls_sender };
    let reloads = tokio::spawn(reload_parts.run(requests, hangup, stop.clone()));
    let intake = Intake::new(feed, keys, limits.body_bytes, rejected.clone());

    // Outputs.
    let links = notify.links.clone();
    let disk = held.as_ref().map(|(held, _)| held.disk());
    notify::start(notify, disk, &alerts, &stop)?;
    let live = Live::new(editions.clone(), limits.live_clients);
    let service = Service {
        intake,
        rejected,
        editions,
        alerts,
        links,
        access,
        tickets: Tickets::default(),
        rate: Rate::new(limits.requests_per_second),
        tls: tls.is_some(),
        scopes: metrics.scopes,
        reload,
        live,
        connections: connections.clone(),
        trends: Answers::default(),
        questions: Semaphore::new(1),
    };
    let serving = server::Settings { tls, connections: limits.connections, header_time: limits.header_time };
    let mut server = tokio::spawn(serve(listener, http::router(Arc::new(service)), serving, stop.clone()));

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
    let stopped = tokio::time::timeout(DEADLINE, async {
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
        Ok(result) => result.map(|()| Stopped::InOrder),
        Err(_) => {
            tracing::warn!(what = left, seconds = DEADLINE.as_secs(), "stopped without waiting any longer");
            Ok(Stopped::Late)
        }
    }
}

/// How the service stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// Everything was finished.
    InOrder,
    /// Something did not end in time. Nothing acknowledged is lost with it.
    Late,
}

/// What the engine needs to know to keep what is accepted.
fn keeping(held: &Held, journal: &config::journal::Journal) -> Keeping {
    let config::journal::Journal { acknowledge, retention, snapshot_ms, snapshot_events } = *journal;
    let journal = journal::Settings { keys: held.keys().fingerprint(), ..journal::Settings::default() };
    Keeping { disk: held.disk(), journal, acknowledge, retention, snapshot_ms, snapshot_events }
}

/// The keys of the data directory: what is in the journal can be understood with these alone.
fn kept_keys(held: &Held) -> Keys {
    let keys = held.keys();
    Keys { seed: keys.seed, customer: keys.customer }
}

/// Keys for one run that keeps nothing the next would have to understand.
fn fresh_keys() -> Keys {
    let mut customer = [0; 16];
    customer[..8].copy_from_slice(&random().to_le_bytes());
    customer[8..].copy_from_slice(&random().to_le_bytes());
    Keys { seed: random(), customer }
}
