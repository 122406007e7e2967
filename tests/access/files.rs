//! A configuration in a folder of its own, with a certificate where it is wanted.

use crate::client::Server;
use crate::people::ask;
use firstline::access::token::Secret;
use firstline::config::{self, Settings};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Files {
        Files(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Writes the configuration: an administrator, and what else there is.
    pub(crate) fn configure(&self, more: &str) {
        let head = "listen = '127.0.0.1:0'\npublish_every = '100ms'\n";
        self.write("config.toml", &format!("{head}{}{more}", token("admin", "may = 'admin'")));
    }

    pub(crate) fn settings(&self) -> Settings {
        let settings = config::read_file(&self.path("config.toml")).unwrap_or_else(|problems| panic!("{problems:#?}"));
        Settings { journal: None, ..settings }
    }
}

/// The paragraph of a token whose secret is its name.
pub(crate) fn token(name: &str, rest: &str) -> String {
    format!("[[access.tokens]]\nname = '{name}'\nhash = '{}'\n{rest}\n", Secret::from(name).digest())
}

pub(crate) async fn reload(server: &Server) -> u16 {
    ask(server, "admin", "POST", "/v1/reload", "").await.status
}
