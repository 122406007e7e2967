//! The connection to a service: the standard by HTTP, the live board by WebSocket, both over TLS where the address says so.

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

/// The longest frame, and the longest answer.
pub const FRAME_BYTES: usize = 64 << 20;
/// How long connecting, or an answer, may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// A service sends a frame each second at least. After so long without one the connection is given up.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no board.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Nobody answers there.
    #[error(
        "{address} cannot be reached: {error}; is the service running there, and does it listen to this machine (`listen`)?"
    )]
    Unreachable {
        /// Where.
        address: ServiceAddress,
        /// Why.
        error: String,
    },
    /// The other side is not believed.
    #[error(
        "the TLS connection to {address} failed: {error}; name the authority that signed its certificate with `--ca FILE`"
    )]
    Tls {
        /// Where.
        address: ServiceAddress,
        /// Why.
        error: std::io::Error,
    },
    /// The authority's certificate cannot be read.
    #[error("`{}` cannot be read as certificates in PEM: {error}", file.display())]
    Authority {
        /// The file.
        file: PathBuf,
        /// Why.
        error: String,
    },
    /// It is not let in.
    #[error(
        "{address} does not let this in: {detail}; give a token by `FIRSTLINE_TOKEN` or `--token`"
    )]
    Refused {
        /// Where.
        address: ServiceAddress,
        /// What the service says.
        detail: String,
    },
    /// The service has no board, or no place, now.
    #[error("{address} has no board to show now: {detail}")]
    Busy {
        /// Where.
        address: ServiceAddress,
        /// What the service says.
        detail: String,
    },
    /// Something else answers there.
    #[error("there is something at {address}, but no firstline: {found}; is the address right?")]
    NotFirstline {
        /// Where.
        address: ServiceAddress,
        /// What it says.
        found: String,
    },
    /// What was asked for is not there.
    #[error("{0}")]
    Closed(String),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
}

impl WatchError {
    /// Whether to try again is pointless until somebody does something here.
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

/// How to reach a service.
#[derive(Clone)]
pub struct ServiceClient {
    address: ServiceAddress,
    token: Option<String>,
    tls: TlsConnector,
}

/// A connection to the live board.
pub struct FrameStream(WebSocketStream<ClientStream>);

impl ServiceClient {
    /// A client for this address, with a token and the authority to believe, if they are given.
    ///
    /// # Errors
    /// If the authority's certificates cannot be read.
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
                    return Err(unreadable("it holds no certificate".to_owned()));
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

    /// Fetches the standard in force.
    ///
    /// # Errors
    /// Why there is none.
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
            .map_err(|_| self.not_firstline("no answer in time".to_owned()))??;
        if status != 200 {
            return Err(self.refusal_error(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| self.not_firstline(format!("its `/v1/standard` is none: {error}")))
    }

    /// Opens the live board and says what is wanted, as in the live protocol.
    ///
    /// # Errors
    /// Why it is not opened.
    pub async fn open_live_board(&self, subscribe: &Value) -> Result<FrameStream, WatchError> {
        use tungstenite::client::IntoClientRequest;
        let broken = |error: tungstenite::Error| WatchError::Broken(error.to_string());
        let uri = format!("ws://{}{}/v1/live", self.address.authority(), self.address.path);
        let mut request = uri.into_client_request().map_err(broken)?;
        if let Some(token) = &self.token {
            let token = format!("Bearer {token}")
                .parse()
                .map_err(|_| WatchError::Broken("the token is no text for a header".to_owned()))?;
            request.headers_mut().insert("authorization", token);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES))
            .max_frame_size(Some(FRAME_BYTES));
        let stream = self.open_stream().await?;
        let opening = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        match timeout(ANSWER_TIMEOUT, opening)
            .await
            .map_err(|_| self.not_firstline("no answer in time".to_owned()))?
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
            .map_err(|_| unreachable("no answer in time".to_owned()))?;
        let stream = stream.map_err(|error| unreachable(error.to_string()))?;
        if !self.address.tls {
            return Ok(Either::Left(stream));
        }
        let failed = |error| WatchError::Tls { address: self.address.clone(), error };
        let name = ServerName::try_from(self.address.host.clone())
            .map_err(|error| failed(std::io::Error::other(error)))?;
        let shaken = timeout(ANSWER_TIMEOUT, self.tls.connect(name, stream))
            .await
            .map_err(|_| unreachable("no answer in time".to_owned()))?;
        Ok(Either::Right(Box::new(shaken.map_err(failed)?)))
    }

    /// What an answer other than the one hoped for means.
    fn refusal_error(&self, status: u16, body: &[u8]) -> WatchError {
        let problem: Option<Value> = serde_json::from_slice(body).ok();
        let Some(detail) =
            problem.as_ref().and_then(|problem| problem["detail"].as_str()).map(str::to_owned)
        else {
            return self.not_firstline(format!("it answers with status {status}"));
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

/// Understands the text of a frame.
///
/// # Errors
/// If it is none.
pub fn parse_frame(text: &str) -> Result<ReceivedFrame, WatchError> {
    serde_json::from_str(text)
        .map_err(|error| WatchError::Broken(format!("a frame cannot be understood: {error}")))
}

impl FrameStream {
    /// The text of the next frame.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn next_frame(&mut self) -> Result<String, WatchError> {
        loop {
            match timeout(SILENCE_TIMEOUT, self.0.next()).await {
                Err(_) => {
                    return Err(WatchError::Broken(format!(
                        "nothing was heard for {} s",
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
                        || "it was closed".to_owned(),
                        |close| close.reason.to_string(),
                    )));
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(WatchError::Broken(error.to_string())),
                Ok(None) => return Err(WatchError::Broken("it ended".to_owned())),
            }
        }
    }
}
