//! TLS: who trusts the certificate gets in, plain HTTP does not, and a broken certificate is told before anybody comes.

use crate::client::Server;
use crate::files::{Files, reload};
use firstline::config;
use firstline::watch::address::Address;
use firstline::watch::wire::Client;
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

const LONG: Duration = Duration::from_secs(60);
const TLS: &str = "[tls]\ncertificate = 'cert.pem'\nkey = 'key.pem'\n";

/// Writes a new certificate with its key, and gives what a client must trust.
fn certify(files: &Files) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    files.write("cert.pem", &made.cert.pem());
    files.write("key.pem", &made.signing_key.serialize_pem());
    made.cert.der().clone()
}

/// Asks over TLS, trusting one certificate.
async fn ask(address: SocketAddr, trusted: &CertificateDer<'static>, method: &str, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let config = builder.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = "localhost".try_into().expect("a name");
    let mut stream = timeout(LONG, TlsConnector::from(Arc::new(config)).connect(name, stream)).await.expect("an end")?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    timeout(LONG, stream.read_to_string(&mut answer)).await.expect("an end")?;
    Ok(answer)
}

#[tokio::test]
async fn who_trusts_the_certificate_gets_in_and_nobody_in_plain_text() {
    let files = Files::new();
    let trusted = certify(&files);
    files.configure(TLS);
    let server = Server::start(files.settings()).await;
    let answer = ask(server.address, &trusted, "GET", "/v1/board").await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age="), "{answer}");

    let elsewhere = Files::new();
    let error = ask(server.address, &certify(&elsewhere), "GET", "/v1/board").await.expect_err("an unknown certificate");
    assert!(error.to_string().contains("certificate"), "{error}");

    let mut plain = TcpStream::connect(server.address).await.expect("a connection");
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").await.expect("an open connection");
    let mut answer = Vec::new();
    let _ = timeout(LONG, plain.read_to_end(&mut answer)).await.expect("an end");
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1 200"), "in plain text");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_not_waited_for() {
    let files = Files::new();
    certify(&files);
    files.configure(TLS);
    let mut settings = files.settings();
    settings.limits.header_time = Duration::from_millis(200);
    let server = Server::start(settings).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let mut answer = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an end");
    assert!(answer.is_empty());
}

#[tokio::test]
async fn a_new_certificate_is_taken_by_a_reload_and_a_broken_one_is_not() {
    let files = Files::new();
    let old = certify(&files);
    files.configure(TLS);
    let server = Server::start(files.settings()).await;
    let answers = async |trusted: &CertificateDer<'static>, method: &str, path: &str| {
        let answer = ask(server.address, trusted, method, path).await.map(|answer| answer[9..12].to_owned());
        answer.unwrap_or_else(|error| error.to_string())
    };
    files.write("key.pem", "no key");
    assert_eq!(answers(&old, "POST", "/v1/reload").await, "422");
    assert_eq!(answers(&old, "GET", "/v1/board").await, "200", "the old one stays");
    let new = certify(&files);
    assert_eq!(answers(&old, "POST", "/v1/reload").await, "200");
    assert_eq!(answers(&new, "GET", "/v1/board").await, "200");
    assert!(answers(&old, "GET", "/v1/board").await.contains("certificate"));
}

#[tokio::test]
async fn a_broken_pair_is_a_problem_of_the_configuration() {
    let files = Files::new();
    certify(&files);
    let key = std::fs::read_to_string(files.path("key.pem")).expect("a key");
    certify(&files);
    files.configure(TLS);
    let problem = || {
        let problems = config::read_file(&files.path("config.toml")).expect_err("a problem");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (name, text, expected) in [
        ("key.pem", &*key, "do not make a pair"),
        ("key.pem", "nothing", "holds no private key in PEM"),
        ("cert.pem", "nothing", "holds no certificate in PEM"),
        ("cert.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "cert.pem"),
    ] {
        files.write(name, text);
        let said = problem();
        assert!(said.contains(expected) && !said.contains("PRIVATE"), "{said}");
    }
    files.configure("[tls]\ncertificate = 'nowhere.pem'\n");
    let said = problem();
    assert!(said.contains("needs a key `key`"), "{said}");
    assert_eq!(reload_of_nothing().await, 409);
}

/// A service without a configuration has nothing to read again, and says so to its administrator.
async fn reload_of_nothing() -> u16 {
    reload(&Server::start(crate::people::guarded()).await).await
}

#[tokio::test]
async fn a_terminal_believes_the_authority_that_is_named() {
    let files = Files::new();
    certify(&files);
    files.configure(TLS);
    let server = Server::start(files.settings()).await;
    let address = Address::parse(&format!("wss://localhost:{}", server.address.port())).expect("an address");
    let client = |authority| Client::new(address.clone(), Some("admin".to_owned()), authority).expect("a client");
    let authority = files.path("cert.pem");
    let wanted = serde_json::json!({ "subscribe": { "indicators": ["answer_rate"] } });
    let frame = client(Some(&*authority)).live(&wanted).await.expect("let in").next().await.expect("a frame");
    assert!(frame.starts_with("{\"type\":\"board\""), "{frame}");
    assert!(client(Some(&*authority)).standard().await.is_ok());
    let error = client(None).standard().await.expect_err("an unknown authority").to_string();
    assert!(error.contains("--ca FILE"), "{error}");
}
