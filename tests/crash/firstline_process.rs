//! The program under test as a child process, and its senders.

use super::simulated_load::EventBody;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) struct FirstlineProcess {
    process: Mutex<Child>,
    address: SocketAddr,
}

/// Kills the process, so that a failed test leaves none running.
impl Drop for FirstlineProcess {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// Bodies without a successful response.
#[derive(Default)]
pub(crate) struct SendOutcome {
    /// Bodies that were not acknowledged. Without a response they may have been applied or not.
    pub(crate) unacknowledged: Vec<EventBody>,
    /// Unexpected responses.
    pub(crate) refused: Vec<String>,
}

impl FirstlineProcess {
    /// Starts the program with this data directory and waits until it is ready.
    pub(crate) fn start(data: &Path) -> FirstlineProcess {
        FirstlineProcess::start_command(
            data,
            "",
            1_000,
            Command::new(env!("CARGO_BIN_EXE_firstline")),
        )
    }

    /// Starts the program so that it makes no snapshot before shutdown.
    #[allow(dead_code, reason = "not every test uses it")]
    pub(crate) fn start_without_snapshots(data: &Path) -> FirstlineProcess {
        FirstlineProcess::start_command(
            data,
            "",
            1_000_000_000,
            Command::new(env!("CARGO_BIN_EXE_firstline")),
        )
    }

    /// Starts the program with additional configuration. Its keys must precede its tables.
    #[allow(dead_code, reason = "not every test uses it")]
    pub(crate) fn start_with_configuration(data: &Path, configuration: &str) -> FirstlineProcess {
        FirstlineProcess::start_command(
            data,
            configuration,
            1_000,
            Command::new(env!("CARGO_BIN_EXE_firstline")),
        )
    }

    /// Starts the program so that it survives the signal of an exceeded file size limit.
    pub(crate) fn start_with_file_size_limit(data: &Path) -> FirstlineProcess {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_firstline")]);
        FirstlineProcess::start_command(data, "", 1_000, shell)
    }

    /// Limits the size of each file, which simulates a full disk. `bytes` is a number or
    /// `unlimited`.
    pub(crate) fn limit_file_size(&self, bytes: &str) {
        let process = self.process.lock().expect("no panic").id().to_string();
        let limited = Command::new("prlimit")
            .args(["--pid", &process, &format!("--fsize={bytes}:unlimited")])
            .status();
        assert!(limited.is_ok_and(|status| status.success()), "prlimit is part of util-linux");
    }

    fn start_command(
        data: &Path,
        configuration: &str,
        snapshot_events: u64,
        mut command: Command,
    ) -> FirstlineProcess {
        let config = data.with_extension("toml");
        let journal = format!("[journal]\nsnapshot_events = {snapshot_events}\n");
        std::fs::write(
            &config,
            format!(
                "listen = '127.0.0.1:0'\ndata = '{}'\n{configuration}\n{journal}",
                data.display()
            ),
        )
        .expect("a file");
        let program =
            command.args(["serve", "--config"]).arg(&config).stderr(Stdio::piped()).spawn();
        let mut process = program.expect("the program");
        let mut stderr_lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let mut startup_lines = Vec::new();
        let address = stderr_lines.by_ref().map_while(Result::ok).find_map(|line| {
            let address = line
                .split_once("wallboard  http://")
                .and_then(|(_, rest)| rest.trim_end_matches('/').parse().ok());
            startup_lines.push(line);
            address
        });
        let Some(address) = address else {
            panic!("the program did not start: {startup_lines:#?}")
        };
        // An unread pipe would block the process.
        std::thread::spawn(move || {
            stderr_lines
                .map_while(Result::ok)
                .filter(|line| !line.contains("INFO"))
                .for_each(|line| eprintln!("{line}"));
        });
        let program = FirstlineProcess { process: Mutex::new(process), address };
        while !program.is_ready() {
            let ended = program.process.lock().expect("no panic").try_wait().expect("a process");
            assert!(ended.is_none(), "the program ended before it was ready: {ended:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        program
    }

    fn is_ready(&self) -> bool {
        self.get("/readyz").is_some_and(|response| response.starts_with("HTTP/1.1 200"))
    }

    /// Sends a GET request. Returns the response with its headers, or `None` if the connection
    /// failed.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream
            .write_all(
                format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .ok()?;
        let mut response = String::new();
        stream.read_to_string(&mut response).ok().map(|_| response)
    }

    /// Posts a JSON text. Returns the response with its headers, or `None` if the connection
    /// failed.
    #[allow(dead_code, reason = "not every test uses it")]
    pub(crate) fn post_json(&self, path: &str, text: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        stream.write_all((head + text).as_bytes()).ok()?;
        let mut response = String::new();
        stream.read_to_string(&mut response).ok().map(|_| response)
    }

    /// Posts a body of events. Returns the response with its headers, or `None` if the connection
    /// failed.
    pub(crate) fn post_body(&self, body: &EventBody) -> Option<String> {
        post_on_connection(&mut TcpStream::connect(self.address).ok()?, body)
    }

    /// Sends bodies concurrently. Kills the program after `kill_after` acknowledgements, while
    /// other bodies are in flight.
    pub(crate) fn send_until_kill(
        &self,
        bodies: Vec<EventBody>,
        senders: usize,
        kill_after: u32,
    ) -> SendOutcome {
        let (queue, outcome, acknowledged) =
            (Mutex::new(bodies.into_iter()), Mutex::new(SendOutcome::default()), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..senders {
                scope.spawn(|| {
                    let mut stream = TcpStream::connect(self.address).ok();
                    loop {
                        let Some(body) = queue.lock().expect("no panic").next() else { return };
                        match stream.as_mut().and_then(|stream| post_on_connection(stream, &body)) {
                            Some(response)
                                if response.starts_with("HTTP/1.1 200")
                                    && response.contains("\"rejected_total\":0") =>
                            {
                                if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == kill_after {
                                    self.process
                                        .lock()
                                        .expect("no panic")
                                        .kill()
                                        .expect("a process to kill");
                                }
                            }
                            Some(response) => {
                                let mut outcome = outcome.lock().expect("no panic");
                                outcome.refused.push(response);
                                outcome.unacknowledged.push(body);
                            }
                            None => {
                                stream = None;
                                outcome.lock().expect("no panic").unacknowledged.push(body);
                            }
                        }
                    }
                });
            }
        });
        outcome.into_inner().expect("no panic")
    }

    /// Kills the program.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Stops the program gracefully with SIGTERM.
    pub(crate) fn stop(self) {
        let mut process = self.process.lock().expect("no panic");
        let signaled = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
        assert!(signaled.is_ok_and(|status| status.success()));
        assert!(process.wait().expect("an end").success());
    }
}

/// Sends a body and reads the response. Returns `None` if the connection breaks.
fn post_on_connection(stream: &mut TcpStream, body: &EventBody) -> Option<String> {
    let head = "POST /v1/events HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-ndjson\r\n";
    stream
        .write_all(
            format!("{head}Content-Length: {}\r\n\r\n{}", body.text.len(), body.text).as_bytes(),
        )
        .ok()?;
    let mut response = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&response);
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned)
            });
            if length
                .and_then(|length| length.parse().ok())
                .is_some_and(|length: usize| rest.len() >= length)
            {
                return Some(text.into_owned());
            }
        }
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        response.extend_from_slice(&buffer[..read]);
    }
}
