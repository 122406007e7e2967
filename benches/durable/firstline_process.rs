//! The program under test, as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often a board is published.
pub(crate) const PUBLISH_EVERY: Duration = Duration::from_millis(100);

/// A program that is killed when it is dropped.
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

/// The data directory of a program that was started here.
pub(crate) fn data_directory(place: &Path) -> PathBuf {
    place.join("data")
}

impl FirstlineProcess {
    /// Starts it with these settings of its journal, and waits until it is ready.
    pub(crate) fn start(program: &Path, place: &Path, journal: &str) -> FirstlineProcess {
        FirstlineProcess::start_with_clients(program, place, journal, PUBLISH_EVERY, 1_000)
    }

    /// The same with boards this often, for so many who watch.
    pub(crate) fn start_with_clients(
        program: &Path,
        place: &Path,
        journal: &str,
        publish_every: Duration,
        clients: usize,
    ) -> FirstlineProcess {
        let config = place.join("firstline.toml");
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
        let mut told = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = told.find_map(|line| {
            line.split_once("wallboard  http://")
                .map(|(_, rest)| rest.trim_end_matches('/').to_owned())
        });
        let address = address.and_then(|address| address.parse().ok()).unwrap();
        // What it says must be read, or it would wait for that.
        std::thread::spawn(move || {
            told.filter(|line| line.contains("ERROR")).for_each(|line| println!("{line}"))
        });
        let mut program = FirstlineProcess { process, address };
        while !program.get("/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            assert!(program.process.try_wait().unwrap().is_none(), "it ended before it was ready");
            std::thread::sleep(Duration::from_millis(5));
        }
        program
    }

    /// The answer as it comes, with its head.
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

    /// What a metric says; 0 if there is none yet.
    pub(crate) fn metric_value(&self, name: &str) -> f64 {
        let answer = self.get("/metrics").unwrap();
        answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0.0)
    }

    /// How many seconds of a processor it has used.
    pub(crate) fn processor_seconds(&self) -> f64 {
        processor_seconds_of(&self.process.id().to_string())
    }

    /// The most memory it has held, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let peak = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        });
        peak.unwrap() << 10
    }

    /// Its number, for those who ask the system about it.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// How many bytes it has had written to disks.
    pub(crate) fn written_bytes(&self) -> u64 {
        let counts = std::fs::read_to_string(format!("/proc/{}/io", self.process.id())).unwrap();
        counts.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap()
    }

    /// Stops it in good order.
    pub(crate) fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(told.unwrap().success());
        assert!(self.process.wait().unwrap().success(), "it did not stop in good order");
    }
}

/// How many seconds of a processor a process has used.
pub(crate) fn processor_seconds_of(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Behind the name, which may have blanks in it: 11 fields, then the time of the process and of the system for it.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}
