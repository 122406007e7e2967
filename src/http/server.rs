//! The server: connections, plain or encrypted, each with a deadline for whatever it should say next.
//!
//! hyper is used directly, as axum does inside: its own `serve` has no deadline for the head of a request and no place for
//! TLS. WebSockets leave this file when they are upgraded, but keep their place among the connections.
//!
//! The router holds the way into the engine, and it is the listener's: a connection that waits for its next request, or reads a
//! stream that ends with the engine, does not keep the engine from ending.
//!
//! # Limits
//! | what | limit | beyond it |
//! |---|---|---|
//! | connections | `limits.connections` | closed at once, counted |
//! | head of a request, handshake, idle connection | `limits.header_seconds` | closed |
//! | bytes of a head | [`HEAD_BYTES`] | 431, closed |

use super::problem::HttpProblem;
use crate::telemetry::Metric;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest head of a request, in bytes.
pub const HEAD_BYTES: usize = 16 << 10;
/// How long to wait when no connection can be taken, because the system has no more to give.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(200);

/// How connections are served.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// How they are encrypted, the newest for each new one; none if they are not.
    pub tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    /// How many there can be.
    pub connections_max: usize,
    /// How long a handshake or the head of a request may take.
    pub header_timeout: Duration,
}

/// Serves until `stop`, and then until the requests at work are answered.
pub async fn serve_connections(
    listener: TcpListener,
    router: Router,
    settings: ServerSettings,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(settings.connections_max));
    let connections = TaskTracker::new();
    let router = Arc::new(router);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match places.clone().try_acquire_owned() {
                Ok(place) => {
                    connections.spawn(serve_connection(
                        LimitedConnection { stream, permit: place },
                        peer,
                        Arc::downgrade(&router),
                        settings.clone(),
                        stop.clone(),
                    ));
                }
                Err(_) => Metric::ConnectionsRefused.add_labeled("reason", "full", 1),
            },
            // One that went away while it waited is no matter; others may be a lack of file descriptors.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken; are there file descriptors left (`ulimit -n`)?");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
    drop((listener, router));
    connections.close();
    connections.wait().await;
}

/// Serves one connection.
async fn serve_connection(
    placed: LimitedConnection,
    peer: SocketAddr,
    router: Weak<Router>,
    settings: ServerSettings,
    stop: CancellationToken,
) {
    if let Err(error) = placed.stream.set_nodelay(true) {
        tracing::debug!(%error, "small frames may be late on a connection");
    }
    let header_time = settings.header_timeout;
    let stream = match settings.tls {
        None => Either::Left(placed),
        Some(tls) => {
            let config = tls.borrow().clone();
            let handshake =
                tokio::time::timeout(header_time, TlsAcceptor::from(config).accept(placed));
            let shaken = tokio::select! {
                () = stop.cancelled() => return,
                shaken = handshake => shaken,
            };
            match shaken {
                // Apart, or every plain connection would have the room for one.
                Ok(Ok(stream)) => Either::Right(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a TLS handshake failed");
                    return Metric::ConnectionsRefused.add_labeled("reason", "tls", 1);
                }
                Err(_) => return Metric::ConnectionsRefused.add_labeled("reason", "slow", 1),
            }
        }
    };
    let service = service_fn(move |mut request: Request<Incoming>| {
        let router =
            router.upgrade().map(|router| TowerToHyperService::new(Router::clone(&router)));
        request.extensions_mut().insert(ConnectInfo(peer));
        async move {
            match router {
                Some(router) => router.call(request).await,
                None => Ok(stopping_problem().into_response()),
            }
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_time).max_header_size(HEAD_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        if error.is_timeout() {
            Metric::ConnectionsRefused.add_labeled("reason", "slow", 1);
        }
        tracing::debug!(%error, "a connection ended");
    }
}

/// For a request that comes too late.
fn stopping_problem() -> HttpProblem {
    HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping")
        .with_retry_after(10)
}

/// A connection that holds its place among all of them, for as long as it is open, whoever reads it.
struct LimitedConnection {
    stream: TcpStream,
    #[expect(dead_code, reason = "it is given back when it is dropped")]
    permit: OwnedSemaphorePermit,
}

impl AsyncRead for LimitedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for LimitedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
