//! Parses `[tls]`: the certificate chain and its private key, as PEM files.
//!
//! The key is checked against the certificate, so a mismatch is reported as a problem of the
//! configuration.

use crate::toml_document::{TomlTable, TomlValue};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads `[tls]`. Relative paths are resolved against the directory of the configuration `file`.
/// Returns `None` if a file is missing or invalid, which is reported as a problem.
pub(super) fn read_tls_table(table: &TomlTable<'_>, file: &str) -> Option<Arc<ServerConfig>> {
    let path = |value: &TomlValue<'_>| Some(super::path_beside(file, value.require_string()?));
    let certificate = table.required_value(
        "certificate",
        "a PEM file with the certificate, then the intermediate certificates",
    );
    let key = table.required_value("key", "a PEM file with the private key");
    table.report_unknown_keys();
    let (certificate, key) = (certificate?, key?);
    let chain = path(&certificate).and_then(|path| read_certificate_chain(&certificate, &path));
    let secret = path(&key).and_then(|path| {
        PrivateKeyDer::from_pem_file(&path)
            .map_err(|error| key.report_problem(pem_error(&path, &error, "private key")))
            .ok()
    });
    let (chain, secret) = (chain?, secret?);
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let paired = builder
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret));
    match paired {
        Ok(mut config) => {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(Arc::new(config))
        }
        Err(error) => {
            certificate.report_problem(format!(
                "the certificate does not match the key: {error}; use the files of the same \
                 issue"
            ));
            None
        }
    }
}

fn read_certificate_chain(
    value: &TomlValue<'_>,
    path: &Path,
) -> Option<Vec<CertificateDer<'static>>> {
    let chain =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match chain {
        Ok(chain) if !chain.is_empty() => Some(chain),
        Ok(_) => {
            value.report_problem(pem_error(path, &Error::NoItemsFound, "certificate"));
            None
        }
        Err(error) => {
            value.report_problem(pem_error(path, &error, "certificate"));
            None
        }
    }
}

fn pem_error(path: &Path, error: &Error, what: &str) -> String {
    let path = path.display();
    match error {
        Error::NoItemsFound => {
            format!("`{path}` contains no {what} in PEM format, which begins with `-----BEGIN`")
        }
        Error::Io(error) => format!("`{path}` cannot be read: {error}"),
        error => format!("`{path}` is not a {what} in PEM format: {error}"),
    }
}
