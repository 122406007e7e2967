//! Temporary folder with a configuration and, if needed, a certificate.

use crate::client::TestServer;
use crate::tokens::request_as;
use firstline::access::token::TokenSecret;
use firstline::config::{self, ServiceSettings};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) struct ConfigurationFolder(TempDir);

impl ConfigurationFolder {
    pub(crate) fn new() -> ConfigurationFolder {
        ConfigurationFolder(tempfile::tempdir().expect("the temporary directory is created"))
    }

    pub(crate) fn file_path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write_file(&self, name: &str, text: &str) {
        fs::write(self.file_path(name), text).expect("the file is accessible");
    }

    /// Writes a configuration with the token `admin` and the text `more` after it.
    pub(crate) fn write_configuration(&self, more: &str) {
        let head = "listen = '127.0.0.1:0'\npublish_every = '100ms'\n";
        self.write_file(
            "config.toml",
            &format!("{head}{}{more}", token_toml("admin", "may = 'admin'")),
        );
    }

    pub(crate) fn read_settings(&self) -> ServiceSettings {
        let settings = config::read_configuration_file(&self.file_path("config.toml"))
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        ServiceSettings { journal: None, ..settings }
    }
}

/// Returns the TOML table of a token whose secret is its name.
pub(crate) fn token_toml(name: &str, rest: &str) -> String {
    format!(
        "[[access.tokens]]\nname = '{name}'\nhash = '{}'\n{rest}\n",
        TokenSecret::from(name).digest()
    )
}

pub(crate) async fn request_reload(server: &TestServer) -> u16 {
    request_as(server, "admin", "POST", "/v1/reload", "").await.status
}
