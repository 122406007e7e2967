//! The firstline program as a child process.

use crate::screen::DISPLAY;
use crate::{chromium::Browser, chromium::BrowserTab};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Killed on drop.
pub(crate) struct FirstlineProcess {
    child: Child,
    /// Starts with `http://` and ends with a slash.
    pub(crate) address: String,
}

impl FirstlineProcess {
    /// Starts the demo.
    pub(crate) fn start_demo() -> FirstlineProcess {
        FirstlineProcess::spawn_process(&["serve", "--demo", "--listen", "127.0.0.1:0"])
    }

    /// Starts the service on `port`, with its data in `folder`.
    pub(crate) fn start(folder: &Path, port: u16) -> FirstlineProcess {
        let config = folder.join("config.toml");
        let text = format!(
            "listen = '127.0.0.1:{port}'\ndata = '{}'\npublish_every = '100ms'\n",
            folder.join("data").display()
        );
        std::fs::write(&config, text).expect("a file");
        FirstlineProcess::spawn_process(&["serve", "--config", &config.display().to_string()])
    }

    fn spawn_process(arguments: &[&str]) -> FirstlineProcess {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
        let mut child =
            command.args(arguments).stderr(Stdio::piped()).spawn().expect("a program that starts");
        let mut lines = BufReader::new(child.stderr.take().expect("standard error"))
            .lines()
            .map_while(Result::ok);
        let address = lines.find_map(|line| {
            line.trim().strip_prefix("wallboard").map(|address| address.trim().to_owned())
        });
        // An unread pipe would block the process.
        std::thread::spawn(move || lines.for_each(drop));
        FirstlineProcess { child, address: address.expect("an address in the startup message") }
    }

    /// Opens a tab once the service is ready.
    pub(crate) async fn open_ready_tab(&self, browser: &mut Browser) -> BrowserTab {
        let mut tab = browser.open_tab(&format!("{}healthz", self.address), DISPLAY).await;
        while tab.evaluate("fetch('/readyz').then((answer) => answer.ok)").await == false {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // Chromium logs each 503 until then as an error.
        tab.page_errors().await;
        tab
    }
}

impl Drop for FirstlineProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port, for a service that restarts at the same address.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
