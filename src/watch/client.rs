//! HTTP and WebSocket client for the standard and the live board, with TLS for `https` addresses.

use super::address::ServiceAddress;
use super::latest_values::ReceivedFrame;
use super::standard_info::ServedStandard;
use axum::body::{Body, to_bytes};
use futures_util::{SinkExt, StreamExt};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::either::Either;

/// Maximum size of a frame or a response, in bytes.
pub const FRAME_BYTES: usize = 64 << 20;
/// Timeout for connecting and for a response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout without frames. A service sends at least one frame per second.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// Reason why the board is not available.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The address cannot be reached.
    #[error(
        "cannot reach {address}: {error}; check that the service runs and that `listen` \
         allows this machine"
    )]
    Unreachable {
        /// Address of the service.
        address: ServiceAddress,
        /// Cause of the failure.
        error: String,
    },
    /// The TLS handshake failed.
    #[error(
        "the TLS connection to {address} failed: {error}; for a private certificate authority \
         use `--ca FILE`"
    )]
    Tls {
        /// Address of the service.
        address: ServiceAddress,
        /// Cause of the failure.
        error: std::io::Error,
    },
    /// The file given with `--ca` cannot be read.
    #[error("cannot read certificates in PEM format from `{}`: {error}", file.display())]
    Authority {
        /// Path of the file.
        file: PathBuf,
        /// Cause of the failure.
        error: String,
    },
    /// The service refuses access.
    #[error("{address} refuses access: {detail}; set a token with `FIRSTLINE_TOKEN` or `--token`")]
    Refused {
        /// Address of the service.
        address: ServiceAddress,
        /// Message of the service.
        detail: String,
    },
    /// The service is starting or at a limit. A retry may succeed.
    #[error("{address} cannot serve the board now: {detail}")]
    Busy {
        /// Address of the service.
        address: ServiceAddress,
        /// Message of the service.
        detail: String,
    },
    /// Another kind of server answers at the address.
    #[error("{address} is not a firstline service: {found}; check the address")]
    NotFirstline {
        /// Address of the service.
        address: ServiceAddress,
        /// Description of the response.
        found: String,
    },
    /// The service closed the connection because the request is not valid.
    #[error("{0}")]
    Closed(String),
    /// The connection was lost.
    #[error("the connection was lost: {0}")]
    Broken(String),
}

impl WatchError {
    /// Returns true if a retry cannot succeed without a change by the user.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(
            self,
            WatchError::Refused { .. }
                | WatchError::NotFirstline { .. }
                | WatchError::Authority { .. }
                | WatchError::Tls { .. }
                | WatchError::Closed(_)
        )
    }
}

type ClientStream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Client of one service with its credentials.
#[derive(Clone)]
pub struct ServiceClient {
    address: ServiceAddress,
    token: Option<String>,
    tls: TlsConnector,
}

/// Open connection to the live board.
pub struct FrameStream(WebSocketStream<ClientStream>);

impl ServiceClient {
    /// Creates a client without connecting.
    ///
    /// `authority` is a PEM file of certificate authorities to trust instead of the public ones.
    ///
    /// # Errors
    /// If the certificates cannot be read.
    pub fn new(
        address: ServiceAddress,
        token: Option<String>,
        authority: Option<&Path>,
    ) -> Result<ServiceClient, WatchError> {
        let mut roots = RootCertStore::empty();
        match authority {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let unreadable =
                    |error: String| WatchError::Authority { file: file.to_owned(), error };
                let certificates = CertificateDer::pem_file_iter(file)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>);
                let certificates = certificates.map_err(|error| unreadable(error.to_string()))?;
                let (added, _) = roots.add_parsable_certificates(certificates);
                if added == 0 {
                    return Err(unreadable("the file contains no valid certificate".to_owned()));
                }
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions();
        let config = builder
            .map_err(|error| WatchError::Broken(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(ServiceClient { address, token, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Fetches the standard in force from `/v1/standard`.
    ///
    /// # Errors
    /// If the service cannot be reached, refuses access, or sends an invalid response.
    pub async fn fetch_standard(&self) -> Result<ServedStandard, WatchError> {
        let request = self
            .build_request("/v1/standard")
            .body(Body::empty())
            .map_err(|error| WatchError::Broken(error.to_string()))?;
        let stream = self.open_stream().await?;
        let broken = |error: hyper::Error| self.not_firstline(error.to_string());
        let answer = async {
            let (mut sender, connection) =
                http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
            let connection = tokio::spawn(connection);
            let answer = sender.send_request(request).await.map_err(broken)?;
            let status = answer.status().as_u16();
            let body = to_bytes(Body::new(answer.into_body()), FRAME_BYTES)
                .await
                .map_err(|error| WatchError::Broken(error.to_string()))?;
            connection.abort();
            Ok((status, body))
        };
        let (status, body) = timeout(ANSWER_TIMEOUT, answer)
            .await
            .map_err(|_| self.not_firstline("no response in time".to_owned()))??;
        if status != 200 {
            return Err(self.refusal_error(status, &body));
        }
        serde_json::from_slice(&body).map_err(|error| {
            self.not_firstline(format!("invalid response of `/v1/standard`: {error}"))
        })
    }

    /// Opens the live board and sends the subscription request.
    ///
    /// # Errors
    /// If the service cannot be reached, refuses access, or is at its connection limit.
    pub async fn open_live_board(&self, subscribe: &Value) -> Result<FrameStream, WatchError> {
        use tungstenite::client::IntoClientRequest;
        let broken = |error: tungstenite::Error| WatchError::Broken(error.to_string());
        let uri = format!("ws://{}{}/v1/live", self.address.authority(), self.address.path);
        let mut request = uri.into_client_request().map_err(broken)?;
        if let Some(token) = &self.token {
            let token = format!("Bearer {token}").parse().map_err(|_| {
                WatchError::Broken(
                    "the token contains characters that are not allowed in a header".to_owned(),
                )
            })?;
            request.headers_mut().insert("authorization", token);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES))
            .max_frame_size(Some(FRAME_BYTES));
        let stream = self.open_stream().await?;
        let opening = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        match timeout(ANSWER_TIMEOUT, opening)
            .await
            .map_err(|_| self.not_firstline("no response in time".to_owned()))?
        {
            Ok((mut socket, _)) => {
                socket.send(Message::text(subscribe.to_string())).await.map_err(broken)?;
                Ok(FrameStream(socket))
            }
            Err(tungstenite::Error::Http(answer)) => Err(self.refusal_error(
                answer.status().as_u16(),
                answer.body().as_deref().unwrap_or_default(),
            )),
            Err(error) => Err(broken(error)),
        }
    }

    fn build_request(&self, path: &str) -> axum::http::request::Builder {
        let request = axum::http::Request::builder()
            .uri(format!("{}{path}", self.address.path))
            .header("host", self.address.authority());
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    async fn open_stream(&self) -> Result<ClientStream, WatchError> {
        let unreachable =
            |error: String| WatchError::Unreachable { address: self.address.clone(), error };
        let connecting = TcpStream::connect((self.address.host.as_str(), self.address.port));
        let stream = timeout(ANSWER_TIMEOUT, connecting)
            .await
            .map_err(|_| unreachable("no response in time".to_owned()))?;
        let stream = stream.map_err(|error| unreachable(error.to_string()))?;
        if !self.address.tls {
            return Ok(Either::Left(stream));
        }
        let failed = |error| WatchError::Tls { address: self.address.clone(), error };
        let name = ServerName::try_from(self.address.host.clone())
            .map_err(|error| failed(std::io::Error::other(error)))?;
        let handshake = timeout(ANSWER_TIMEOUT, self.tls.connect(name, stream))
            .await
            .map_err(|_| unreachable("no response in time".to_owned()))?;
        Ok(Either::Right(Box::new(handshake.map_err(failed)?)))
    }

    /// Converts an error response to an error.
    fn refusal_error(&self, status: u16, body: &[u8]) -> WatchError {
        let problem: Option<Value> = serde_json::from_slice(body).ok();
        let Some(detail) =
            problem.as_ref().and_then(|problem| problem["detail"].as_str()).map(str::to_owned)
        else {
            return self.not_firstline(format!("the response has status {status}"));
        };
        let address = self.address.clone();
        match status {
            401 | 403 => WatchError::Refused { address, detail },
            429 | 503 => WatchError::Busy { address, detail },
            _ => self.not_firstline(detail),
        }
    }

    fn not_firstline(&self, found: String) -> WatchError {
        WatchError::NotFirstline { address: self.address.clone(), found }
    }
}

/// Parses a frame.
///
/// # Errors
/// If the text is not a frame of the live protocol.
pub fn parse_frame(text: &str) -> Result<ReceivedFrame, WatchError> {
    serde_json::from_str(text)
        .map_err(|error| WatchError::Broken(format!("invalid frame: {error}")))
}

impl FrameStream {
    /// Waits for the next frame and returns its text.
    ///
    /// # Errors
    /// If the connection was lost or closed, or no frame arrives within `SILENCE_TIMEOUT`.
    pub async fn next_frame(&mut self) -> Result<String, WatchError> {
        loop {
            match timeout(SILENCE_TIMEOUT, self.0.next()).await {
                Err(_) => {
                    return Err(WatchError::Broken(format!(
                        "no frame received for {} s",
                        SILENCE_TIMEOUT.as_secs()
                    )));
                }
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.to_string()),
                Ok(Some(Ok(Message::Close(Some(close)))))
                    if close.code == tungstenite::protocol::frame::coding::CloseCode::Policy =>
                {
                    return Err(WatchError::Closed(close.reason.to_string()));
                }
                Ok(Some(Ok(Message::Close(close)))) => {
                    return Err(WatchError::Broken(close.map_or_else(
                        || "the service closed it".to_owned(),
                        |close| close.reason.to_string(),
                    )));
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(WatchError::Broken(error.to_string())),
                Ok(None) => return Err(WatchError::Broken("the service closed it".to_owned())),
            }
        }
    }
}
