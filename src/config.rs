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

mod access_table;
pub mod journal_table;
mod limits_table;
mod metrics_table;
mod notify_table;
mod tls_table;

pub use self::limits_table::ServiceLimits;
pub use self::metrics_table::MetricsSettings;

use self::journal_table::JournalConfiguration;
use super::access::AccessControl;
use super::standard_file;
use super::toml_document::{TomlDocument, TomlProblem, TomlTable};
use crate::domain::standard::Standard;
use crate::publish::notify::NotificationReceivers;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::ServerConfig;

/// What the service runs on, checked.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// The file that said so, if there is one; a reload reads it again.
    pub configuration_file: Option<PathBuf>,
    /// Where it listens.
    pub listen_address: SocketAddr,
    /// The directory of its data.
    pub data_directory: PathBuf,
    /// How what is accepted is kept there; without it nothing is.
    pub journal: Option<JournalConfiguration>,
    /// What is promised and measured.
    pub standard: Arc<Standard>,
    /// How often a board is published; never less often than the second in which a wall expects to hear of it.
    pub publish_every: Duration,
    /// What the service takes at most.
    pub limits: ServiceLimits,
    /// How much Prometheus is told.
    pub metrics: MetricsSettings,
    /// Who may what.
    pub access: AccessControl,
    /// Whether it may be open without tokens, whatever the file says: told on the command line.
    pub allow_open: bool,
    /// How connections are encrypted; none if they are not.
    pub tls: Option<Arc<ServerConfig>>,
    /// Who is told of alerts.
    pub notify: NotificationReceivers,
    /// If it is fed by a simulation, how many times faster than life.
    pub demo_speed: Option<f64>,
}

impl ServiceSettings {
    /// The settings without a configuration: the built-in standard and the usual address.
    ///
    /// # Errors
    /// The problems of the built-in standard, which has none.
    pub fn with_built_in_standard() -> Result<ServiceSettings, Vec<TomlProblem>> {
        Ok(ServiceSettings::new(Arc::new(standard_file::parse_standard(
            "built-in",
            standard_file::BUILT_IN,
        )?)))
    }

    /// The usual settings with the given standard.
    #[must_use]
    pub fn new(standard: Arc<Standard>) -> ServiceSettings {
        ServiceSettings {
            configuration_file: None,
            listen_address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_directory: PathBuf::from("./firstline-data"),
            journal: Some(JournalConfiguration::default()),
            standard,
            publish_every: Duration::from_secs(1),
            limits: ServiceLimits::default(),
            metrics: MetricsSettings::default(),
            access: AccessControl::default(),
            allow_open: false,
            tls: None,
            notify: NotificationReceivers::default(),
            demo_speed: None,
        }
    }
}

/// Reads a configuration file and the standard it names.
///
/// # Errors
/// Every problem of both files.
pub fn read_configuration_file(path: &Path) -> Result<ServiceSettings, Vec<TomlProblem>> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => read_configuration(&file, &text).map(|settings| ServiceSettings {
            configuration_file: Some(path.to_owned()),
            ..settings
        }),
        Err(error) => Err(vec![TomlProblem {
            file,
            line: 1,
            column: 1,
            message: format!("cannot be read: {error}"),
        }]),
    }
}

/// Reads a configuration; `file` names it, and the files it names lie beside it.
///
/// # Errors
/// Every problem of it and of the standard it names.
pub fn read_configuration(file: &str, text: &str) -> Result<ServiceSettings, Vec<TomlProblem>> {
    let document = TomlDocument::parse(file, text).map_err(|problem| vec![problem])?;
    let root = document.root_table();
    let mut others = Vec::new();
    let standard = read_standard(&root, file, &mut others);
    let listen = root.optional_string("listen").and_then(|address| match address.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            root.report_problem(
                "listen",
                "`listen` must be an address and a port, as in \"127.0.0.1:8080\" or \"[::]:8080\"",
            );
            None
        }
    });
    let data = root.optional_string("data").map(|data| path_beside(file, data));
    let publish_every = root.optional_duration("publish_every").and_then(|millis| {
        let millis = u64::try_from(millis).ok().filter(|millis| (100..=1_000).contains(millis));
        if millis.is_none() {
            root.report_problem(
                "publish_every",
                "`publish_every` must lie between \"100ms\" and \"1s\": a wall expects to hear of the board each second",
            );
        }
        millis
    });
    let limits = root.optional_table("limits").map(|table| limits_table::read_limits_table(&table));
    let metrics =
        root.optional_table("metrics").map(|table| metrics_table::read_metrics_table(&table));
    let access = root
        .optional_table("access")
        .map(|table| access_table::read_access_table(&table, standard.as_ref()));
    let journal =
        root.optional_table("journal").map(|table| journal_table::read_journal_table(&table));
    let tls = root.optional_table("tls").and_then(|table| tls_table::read_tls_table(&table, file));
    let notify = root.optional_table("notify").map(|table| notify_table::read_notify_table(&table));
    root.report_unknown_keys();
    let mut problems = document.into_problems();
    problems.append(&mut others);
    match standard {
        Some(standard) if problems.is_empty() => {
            let usual = ServiceSettings::new(Arc::new(standard));
            Ok(ServiceSettings {
                listen_address: listen.unwrap_or(usual.listen_address),
                data_directory: data.unwrap_or(usual.data_directory),
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
fn path_beside(file: &str, name: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(name)
}

/// `standard = "a.toml"`, or a list of files: the versions of one standard.
fn read_standard(
    root: &TomlTable<'_>,
    file: &str,
    problems: &mut Vec<TomlProblem>,
) -> Option<Standard> {
    let Some(value) = root.value("standard") else {
        return standard_file::parse_standard("built-in", standard_file::BUILT_IN)
            .map_err(|mut found| problems.append(&mut found))
            .ok();
    };
    let names = match value.as_str() {
        Some(name) => vec![name],
        None => value.require_strings()?,
    };
    if names.is_empty() {
        value.report_problem(
            "`standard` names no file; name one, or leave it out for the built-in standard",
        );
    }
    let mut files = Vec::new();
    for name in &names {
        let path = path_beside(file, name);
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path.display().to_string(), text)),
            Err(error) => {
                value.report_problem(format!("`{}` cannot be read: {error}", path.display()))
            }
        }
    }
    let standard =
        standard_file::parse_versions(&files).map_err(|mut found| problems.append(&mut found)).ok();
    for warning in standard_file::find_warnings(&files) {
        tracing::warn!("{warning}");
    }
    standard.filter(|_| files.len() == names.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_all_problems_at_once() {
        let text =
            "lisen = '1'\nlisten = 'here'\npublish_every = '1h'\n[limits]\nbody_mb = 0\nqueue = 1";
        let problems = read_configuration("c.toml", text).expect_err("five problems");
        let lines: Vec<usize> = problems
            .iter()
            .filter(|problem| problem.file == "c.toml")
            .map(|problem| problem.line)
            .collect();
        assert_eq!(lines, [1, 2, 3, 5, 6], "{problems:?}");
    }

    #[test]
    fn reports_missing_standard_file_at_its_line() {
        let problems =
            read_configuration("c.toml", "\nstandard = 'nowhere.toml'").expect_err("no such file");
        assert!(
            problems[0].to_string().starts_with("c.toml:2:12: `nowhere.toml` cannot be read"),
            "{}",
            problems[0]
        );
    }

    #[test]
    fn missing_keys_take_defaults() {
        let settings = read_configuration("c.toml", "listen = '0.0.0.0:80'\nlimits.body_mb = 2")
            .expect("a good file");
        assert_eq!(
            (
                settings.listen_address.port(),
                settings.limits.body_bytes,
                settings.limits.live_clients
            ),
            (80, 2 << 20, 1_000)
        );
    }
}
