//! The program under test as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Default publication interval of these benchmarks.
pub(crate) const PUBLISH_EVERY: Duration = Duration::from_millis(100);

/// Running program, killed on drop.
pub(crate) struct FirstlineProcess {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for FirstlineProcess {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Returns the data directory of a program that was started in `folder`.
pub(crate) fn data_directory(folder: &Path) -> PathBuf {
    folder.join("data")
}

impl FirstlineProcess {
    /// Starts the program with these journal settings and waits until it is ready.
    pub(crate) fn start(program: &Path, folder: &Path, journal: &str) -> FirstlineProcess {
        FirstlineProcess::start_with_clients(program, folder, journal, PUBLISH_EVERY, 1_000)
    }

    /// Starts the program with a publication interval and a limit of live clients.
    pub(crate) fn start_with_clients(
        program: &Path,
        folder: &Path,
        journal: &str,
        publish_every: Duration,
        clients: usize,
    ) -> FirstlineProcess {
        let config = folder.join("firstline.toml");
        let general = format!(
            "listen = '127.0.0.1:0'\ndata = 'data'\npublish_every = '{}ms'\n",
            publish_every.as_millis()
        );
        let limits = format!(
            "requests_per_second = 0\nlive_clients = {clients}\nconnections = {}\n",
            clients + 1_000
        );
        std::fs::write(&config, format!("{general}[limits]\n{limits}[journal]\n{journal}"))
            .unwrap();
        let mut command = Command::new(program);
        let mut process = command
            .args(["serve", "--config"])
            .arg(&config)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines =
            BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            line.split_once("wallboard  http://")
                .map(|(_, rest)| rest.trim_end_matches('/').to_owned())
        });
        let address = address.and_then(|address| address.parse().ok()).unwrap();
        // The program would block on a full stderr pipe.
        std::thread::spawn(move || {
            lines.filter(|line| line.contains("ERROR")).for_each(|line| println!("{line}"));
        });
        let mut program = FirstlineProcess { process, address };
        while !program.get("/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            assert!(
                program.process.try_wait().unwrap().is_none(),
                "the program stopped before it was ready"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        program
    }

    /// Returns the response with its head, or none if the request fails.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream
            .write_all(
                format!("GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok().map(|_| answer)
    }

    /// Returns the value of a metric, or 0 if it does not exist yet.
    pub(crate) fn metric_value(&self, name: &str) -> f64 {
        let answer = self.get("/metrics").unwrap();
        answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0.0)
    }

    /// CPU time used so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        processor_seconds_of(&self.process.id().to_string())
    }

    /// Peak resident memory in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let peak = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        });
        peak.unwrap() << 10
    }

    /// Returns the process id.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Number of bytes that the process caused to be written to disk.
    pub(crate) fn written_bytes(&self) -> u64 {
        let counts = std::fs::read_to_string(format!("/proc/{}/io", self.process.id())).unwrap();
        counts.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap()
    }

    /// Stops the program gracefully with SIGTERM.
    pub(crate) fn stop(mut self) {
        let status = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(status.unwrap().success());
        assert!(self.process.wait().unwrap().success(), "the program did not stop gracefully");
    }
}

/// CPU time that a process has used, in seconds. `process` is its id or `self`.
pub(crate) fn processor_seconds_of(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name may contain spaces. User and system time follow 11 fields after it.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}
