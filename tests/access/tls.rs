//! TLS tests: trusted certificates, plain HTTP, unfinished handshakes, reload and startup errors.

use crate::client::TestServer;
use crate::{configuration_folder::ConfigurationFolder, configuration_folder::request_reload};
use firstline::config;
use firstline::watch::address::ServiceAddress;
use firstline::watch::client::ServiceClient;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const TEST_TIMEOUT: Duration = Duration::from_secs(60);
const TLS_TABLE: &str = "[tls]\ncertificate = 'cert.pem'\nkey = 'key.pem'\n";

/// Writes a new certificate with its key. Returns the certificate that a client must trust.
fn write_certificate(files: &ConfigurationFolder) -> CertificateDer<'static> {
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .expect("the certificate is valid");
    files.write_file("cert.pem", &generated.cert.pem());
    files.write_file("key.pem", &generated.signing_key.serialize_pem());
    generated.cert.der().clone()
}

/// Sends a request over TLS and trusts one certificate.
///
/// # Errors
///
/// If the connection or the handshake fails.
async fn request_over_tls(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    method: &str,
    path: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("the certificate is valid");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions();
    let config = builder
        .expect("the default TLS versions are supported")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = "localhost".try_into().expect("the server name is valid");
    let mut stream =
        timeout(TEST_TIMEOUT, TlsConnector::from(Arc::new(config)).connect(name, stream))
            .await
            .expect("the server ends the connection in time")?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    timeout(TEST_TIMEOUT, stream.read_to_string(&mut answer))
        .await
        .expect("the server ends the connection in time")?;
    Ok(answer)
}

#[tokio::test]
async fn accepts_trusted_tls_and_rejects_plain_http() {
    let files = ConfigurationFolder::new();
    let trusted = write_certificate(&files);
    files.write_configuration(TLS_TABLE);
    let server = TestServer::start(files.read_settings()).await;
    let answer = request_over_tls(server.address, &trusted, "GET", "/v1/board")
        .await
        .expect("the service answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age="), "{answer}");

    let elsewhere = ConfigurationFolder::new();
    let error =
        request_over_tls(server.address, &write_certificate(&elsewhere), "GET", "/v1/board")
            .await
            .expect_err("an unknown certificate is rejected");
    assert!(error.to_string().contains("certificate"), "{error}");

    let mut plain =
        TcpStream::connect(server.address).await.expect("the server accepts the connection");
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
        .await
        .expect("the connection is open");
    let mut answer = Vec::new();
    let _ = timeout(TEST_TIMEOUT, plain.read_to_end(&mut answer))
        .await
        .expect("the server ends the connection in time");
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1 200"), "plain HTTP was answered");
}

#[tokio::test]
async fn closes_unfinished_tls_handshake() {
    let files = ConfigurationFolder::new();
    write_certificate(&files);
    files.write_configuration(TLS_TABLE);
    let mut settings = files.read_settings();
    settings.limits.header_time = Duration::from_millis(200);
    let server = TestServer::start(settings).await;
    let mut stream =
        TcpStream::connect(server.address).await.expect("the server accepts the connection");
    let mut answer = Vec::new();
    let _ = timeout(TEST_TIMEOUT, stream.read_to_end(&mut answer))
        .await
        .expect("the server ends the connection in time");
    assert!(answer.is_empty());
}

#[tokio::test]
async fn reload_applies_valid_certificate_and_rejects_invalid() {
    let files = ConfigurationFolder::new();
    let old = write_certificate(&files);
    files.write_configuration(TLS_TABLE);
    let server = TestServer::start(files.read_settings()).await;
    let status_or_error = async |trusted: &CertificateDer<'static>, method: &str, path: &str| {
        let answer = request_over_tls(server.address, trusted, method, path)
            .await
            .map(|answer| answer[9..12].to_owned());
        answer.unwrap_or_else(|error| error.to_string())
    };
    files.write_file("key.pem", "no key");
    assert_eq!(status_or_error(&old, "POST", "/v1/reload").await, "422");
    assert_eq!(
        status_or_error(&old, "GET", "/v1/board").await,
        "200",
        "the old certificate stays in use"
    );
    let new = write_certificate(&files);
    assert_eq!(status_or_error(&old, "POST", "/v1/reload").await, "200");
    assert_eq!(status_or_error(&new, "GET", "/v1/board").await, "200");
    assert!(status_or_error(&old, "GET", "/v1/board").await.contains("certificate"));
}

#[tokio::test]
async fn invalid_certificate_pair_is_configuration_problem() {
    let files = ConfigurationFolder::new();
    write_certificate(&files);
    let key = std::fs::read_to_string(files.file_path("key.pem")).expect("the key is readable");
    write_certificate(&files);
    files.write_configuration(TLS_TABLE);
    let read_problems = || {
        let problems = config::read_configuration_file(&files.file_path("config.toml"))
            .expect_err("the configuration is invalid");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (name, text, expected) in [
        ("key.pem", &*key, "does not match the key"),
        ("key.pem", "nothing", "contains no private key in PEM"),
        ("cert.pem", "nothing", "contains no certificate in PEM"),
        ("cert.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "cert.pem"),
    ] {
        files.write_file(name, text);
        let text_of_problems = read_problems();
        assert!(
            text_of_problems.contains(expected) && !text_of_problems.contains("PRIVATE"),
            "{text_of_problems}"
        );
    }
    files.write_configuration("[tls]\ncertificate = 'nowhere.pem'\n");
    let text_of_problems = read_problems();
    assert!(text_of_problems.contains("needs a key `key`"), "{text_of_problems}");
    assert_eq!(reload_without_configuration().await, 409);
}

/// Returns the status of a reload on a service that was started without a configuration.
async fn reload_without_configuration() -> u16 {
    request_reload(&TestServer::start(crate::tokens::settings_with_tokens()).await).await
}

#[tokio::test]
async fn client_trusts_named_certificate_authority() {
    let files = ConfigurationFolder::new();
    write_certificate(&files);
    files.write_configuration(TLS_TABLE);
    let server = TestServer::start(files.read_settings()).await;
    let address = ServiceAddress::parse(&format!("wss://localhost:{}", server.address.port()))
        .expect("the address is valid");
    let client = |authority| {
        ServiceClient::new(address.clone(), Some("admin".to_owned()), authority)
            .expect("the client is created")
    };
    let authority = files.file_path("cert.pem");
    let hello = serde_json::json!({ "subscribe": { "indicators": ["answer_rate"] } });
    let frame = client(Some(&*authority))
        .open_live_board(&hello)
        .await
        .expect("the server accepts the token")
        .next_frame()
        .await
        .expect("a frame arrives");
    assert!(frame.starts_with("{\"type\":\"board\""), "{frame}");
    assert!(client(Some(&*authority)).fetch_standard().await.is_ok());
    let error = client(None)
        .fetch_standard()
        .await
        .expect_err("an unknown authority is rejected")
        .to_string();
    assert!(error.contains("--ca FILE"), "{error}");
}
