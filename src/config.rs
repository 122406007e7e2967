//! The configuration: read as written, checked into [`Settings`], every problem at once, those of the standard included.
//!
//! ```toml
//! listen = "127.0.0.1:8080"
//! data = "./firstline-data"
//! standard = "our-standard.toml"   # without it the built-in one; a list for the versions of one standard
//! publish_every = "1s"
//!
//! [access]                         # who may what: see `access` beside this file
//! open = false
//!
//! [tls]
//! certificate = "cert.pem"
//! key = "key.pem"
//!
//! [limits]
//! body_mb = 16
//! queue_batches = 256
//! live_clients = 1000
//! connections = 4096
//! header_seconds = 30
//! requests_per_second = 1000
//!
//! [metrics]
//! scopes = 1000                    # so many of each kind are in `/metrics`
//! ```
//! What is kept is told by the table [`journal`], and who is told of alerts by `notify` beside this file.

mod access;
pub mod journal;
mod limits;
mod metrics;
mod notify;
mod tls;

pub use limits::Limits;
pub use metrics::Metrics;

use self::journal::Journal;
use crate::access::Access;
use crate::document::{Document, Problem, Table};
use crate::domain::standard::Standard;
use crate::publish::notify::Receivers;
use crate::standard;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::ServerConfig;

/// What the service runs on, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that said so, if there is one; a reload reads it again.
    pub file: Option<PathBuf>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The directory of its data.
    pub data: PathBuf,
    /// How what is accepted is kept there; without it nothing is.
    pub journal: Option<Journal>,
    /// What is promised and measured.
    pub standard: Arc<Standard>,
    /// How often a board is published; never less often than the second in which a wall expects to hear of it.
    pub publish_every: Duration,
    /// What the service takes at most.
    pub limits: Limits,
    /// How much Prometheus is told.
    pub metrics: Metrics,
    /// Who may what.
    pub access: Access,
    /// Whether it may be open without tokens, whatever the file says: told on the command line.
    pub open: bool,
    /// How connections are encrypted; none if they are not.
    pub tls: Option<Arc<ServerConfig>>,
    /// Who is told of alerts.
    pub notify: Receivers,
    /// If it is fed by a simulation, how many times faster than life.
    pub demo: Option<f64>,
}

impl Settings {
    /// The settings without a configuration: the built-in standard and the usual address.
    ///
    /// # Errors
    /// The problems of the built-in standard, which has none.
    pub fn built_in() -> Result<Settings, Vec<Problem>> {
        Ok(Settings::new(Arc::new(standard::read("built-in", standard::BUILT_IN)?)))
    }

    /// The usual settings with the given standard.
    #[must_use]
    pub fn new(standard: Arc<Standard>) -> Settings {
        Settings {
            file: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("./firstline-data"),
            journal: Some(Journal::default()),
            standard,
            publish_every: Duration::from_secs(1),
            limits: Limits::default(),
            metrics: Metrics::default(),
            access: Access::default(),
            open: false,
            tls: None,
            notify: Receivers::default(),
            demo: None,
        }
    }
}

/// Reads a configuration file and the standard it names.
///
/// # Errors
/// Every problem of both files.
pub fn read_file(path: &Path) -> Result<Settings, Vec<Problem>> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => read(&file, &text).map(|settings| Settings { file: Some(path.to_owned()), ..settings }),
        Err(error) => Err(vec![Problem { file, line: 1, column: 1, message: format!("cannot be read: {error}") }]),
    }
}

/// Reads a configuration; `file` names it, and the files it names lie beside it.
///
/// # Errors
/// Every problem of it and of the standard it names.
pub fn read(file: &str, text: &str) -> Result<Settings, Vec<Problem>> {
    let document = Document::parse(file, text).map_err(|problem| vec![problem])?;
    let root = document.root();
    let mut others = Vec::new();
    let standard = read_standard(&root, file, &mut others);
    let listen = root.string("listen").and_then(|address| match address.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            root.problem("listen", "`listen` must be an address and a port, as in \"127.0.0.1:8080\" or \"[::]:8080\"");
            None
        }
    });
    let data = root.string("data").map(|data| beside(file, data));
    let publish_every = root.duration("publish_every").and_then(|millis| {
        let millis = u64::try_from(millis).ok().filter(|millis| (100..=1_000).contains(millis));
        if millis.is_none() {
            root.problem(
                "publish_every",
                "`publish_every` must lie between \"100ms\" and \"1s\": a wall expects to hear of the board each second",
            );
        }
        millis
    });
    let limits = root.table("limits").map(|table| limits::read(&table));
    let metrics = root.table("metrics").map(|table| metrics::read(&table));
    let access = root.table("access").map(|table| access::read(&table, standard.as_ref()));
    let journal = root.table("journal").map(|table| journal::read(&table));
    let tls = root.table("tls").and_then(|table| tls::read(&table, file));
    let notify = root.table("notify").map(|table| notify::read(&table));
    root.finish();
    let mut problems = document.into_problems();
    problems.append(&mut others);
    match standard {
        Some(standard) if problems.is_empty() => {
            let usual = Settings::new(Arc::new(standard));
            Ok(Settings {
                listen: listen.unwrap_or(usual.listen),
                data: data.unwrap_or(usual.data),
                journal: journal.unwrap_or(usual.journal),
                publish_every: publish_every.map_or(usual.publish_every, Duration::from_millis),
                limits: limits.unwrap_or(usual.limits),
                metrics: metrics.unwrap_or(usual.metrics),
                access: access.unwrap_or(usual.access),
                tls,
                notify: notify.unwrap_or(usual.notify),
                ..usual
            })
        }
        _ => Err(problems),
    }
}

/// The path of a file that the configuration names.
fn beside(file: &str, name: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(name)
}

/// `standard = "a.toml"`, or a list of files: the versions of one standard.
fn read_standard(root: &Table<'_>, file: &str, problems: &mut Vec<Problem>) -> Option<Standard> {
    let Some(value) = root.value("standard") else {
        return standard::read("built-in", standard::BUILT_IN).map_err(|mut found| problems.append(&mut found)).ok();
    };
    let names = match value.as_str() {
        Some(name) => vec![name],
        None => value.strings()?,
    };
    if names.is_empty() {
        value.problem("`standard` names no file; name one, or leave it out for the built-in standard");
    }
    let mut files = Vec::new();
    for name in &names {
        let path = beside(file, name);
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path.display().to_string(), text)),
            Err(error) => value.problem(format!("`{}` cannot be read: {error}", path.display())),
        }
    }
    let standard = standard::read_versions(&files).map_err(|mut found| problems.append(&mut found)).ok();
    standard.filter(|_| files.len() == names.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_at_once() {
        let text = "lisen = '1'\nlisten = 'here'\npublish_every = '1h'\n[limits]\nbody_mb = 0\nqueue = 1";
        let problems = read("c.toml", text).expect_err("five problems");
        let lines: Vec<usize> = problems.iter().filter(|problem| problem.file == "c.toml").map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 2, 3, 5, 6], "{problems:?}");
    }

    #[test]
    fn a_standard_that_is_not_there_is_a_problem_of_the_line_that_names_it() {
        let problems = read("c.toml", "\nstandard = 'nowhere.toml'").expect_err("no such file");
        assert!(problems[0].to_string().starts_with("c.toml:2:12: `nowhere.toml` cannot be read"), "{}", problems[0]);
    }

    #[test]
    fn what_is_not_written_is_as_usual() {
        let settings = read("c.toml", "listen = '0.0.0.0:80'\nlimits.body_mb = 2").expect("a good file");
        assert_eq!((settings.listen.port(), settings.limits.body_bytes, settings.limits.live_clients), (80, 2 << 20, 1_000));
    }
}
