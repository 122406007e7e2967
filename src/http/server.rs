//! HTTP/1.1 server: plain and TLS connections with timeouts and a connection limit.
//!
//! The server uses hyper directly, because `axum::serve` has no timeout for request headers and no
//! TLS. An upgraded WebSocket still counts against the connection limit.
//!
//! The router keeps the engine's input open, so only the listener owns it. Connections hold a weak
//! reference. An idle connection or an open stream therefore does not delay a graceful shutdown.
//!
//! # Limits
//! | resource | limit | when exceeded |
//! |---|---|---|
//! | connections | `limits.connections` | closed at once and counted |
//! | time for headers, TLS handshake, idle connection | `limits.header_seconds` | closed |
//! | bytes of request headers | [`HEAD_BYTES`] | 431, closed |

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

/// Maximum size of the request line and headers, in bytes.
pub const HEAD_BYTES: usize = 16 << 10;
/// Pause after a failed `accept`, for example when no file descriptors are left.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(200);

/// Settings of the server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// TLS configuration. Each new connection uses the latest one. `None` for plain HTTP.
    pub tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    /// Maximum number of open connections.
    pub connections_max: usize,
    /// Timeout for a TLS handshake and for request headers.
    pub header_timeout: Duration,
}

/// Serves connections until `stop` is cancelled, then until the requests in progress are answered.
pub async fn serve_connections(
    listener: TcpListener,
    router: Router,
    settings: ServerSettings,
    stop: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(settings.connections_max));
    let connections = TaskTracker::new();
    let router = Arc::new(router);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match permits.clone().try_acquire_owned() {
                Ok(permit) => {
                    connections.spawn(serve_connection(
                        LimitedConnection { stream, permit },
                        peer,
                        Arc::downgrade(&router),
                        settings.clone(),
                        stop.clone(),
                    ));
                }
                Err(_) => Metric::ConnectionsRefused.add_labeled("reason", "full", 1),
            },
            // The client left before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(
                    %error,
                    "cannot accept a connection, retrying; check the file descriptor limit \
                     (`ulimit -n`)"
                );
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
    drop((listener, router));
    connections.close();
    connections.wait().await;
}

async fn serve_connection(
    connection: LimitedConnection,
    peer: SocketAddr,
    router: Weak<Router>,
    settings: ServerSettings,
    stop: CancellationToken,
) {
    if let Err(error) = connection.stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY; small frames may be delayed");
    }
    let header_timeout = settings.header_timeout;
    let stream = match settings.tls {
        None => Either::Left(connection),
        Some(tls) => {
            let config = tls.borrow().clone();
            let handshake =
                tokio::time::timeout(header_timeout, TlsAcceptor::from(config).accept(connection));
            let result = tokio::select! {
                () = stop.cancelled() => return,
                result = handshake => result,
            };
            match result {
                // Boxed so that a plain connection does not take the memory of a TLS stream.
                Ok(Ok(stream)) => Either::Right(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "TLS handshake failed");
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
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout).max_header_size(HEAD_BYTES);
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
        tracing::debug!(%error, "connection closed with an error");
    }
}

/// Returns the answer to a request that arrives during shutdown.
fn stopping_problem() -> HttpProblem {
    HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping")
        .with_retry_after(10)
}

/// A connection that holds its permit while it is open, even after an upgrade to a WebSocket.
struct LimitedConnection {
    stream: TcpStream,
    #[expect(dead_code, reason = "the permit is released on drop")]
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
