//! Configuration of the service: reads the TOML file and checks it into [`ServiceSettings`].
//!
//! All problems are reported at once, including those of the standard.
//!
//! ```toml
//! listen = "127.0.0.1:8080"
//! data = "./firstline-data"
//! standard = "our-standard.toml"   # one file, or a list of versions; default: built-in
//! publish_every = "1s"
//!
//! [access]                         # tokens and permissions, see `access_table`
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
//! scopes = 1000                    # maximum number of scopes of each kind in `/metrics`
//! ```
//!
//! [`journal_table`] describes `[journal]`, and `notify_table` describes `[notify]`.

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

/// Checked settings of the service.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Path of the configuration file, which a reload reads again. `None` without a file.
    pub configuration_file: Option<PathBuf>,
    /// Address and port to listen on.
    pub listen_address: SocketAddr,
    /// Data directory of the journal and its snapshots.
    pub data_directory: PathBuf,
    /// Journal settings. `None` if accepted events are not stored.
    pub journal: Option<JournalConfiguration>,
    /// The standard with its commitments and indicators.
    pub standard: Arc<Standard>,
    /// Interval between published boards, 100 ms to 1 s. Displays expect an update every second.
    pub publish_every: Duration,
    /// Limits on requests, connections and queues.
    pub limits: ServiceLimits,
    /// Settings of `/metrics`.
    pub metrics: MetricsSettings,
    /// Tokens and permissions.
    pub access: AccessControl,
    /// True if `--open` allows access without tokens from other machines.
    pub allow_open: bool,
    /// TLS configuration. `None` for plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// Receivers of alert notifications.
    pub notify: NotificationReceivers,
    /// Speed factor of the simulation that feeds the service. `None` without `--demo`.
    pub demo_speed: Option<f64>,
}

impl ServiceSettings {
    /// Returns the default settings with the built-in standard.
    ///
    /// # Errors
    /// If the built-in standard has problems. The tests make sure that it has none.
    pub fn with_built_in_standard() -> Result<ServiceSettings, Vec<TomlProblem>> {
        Ok(ServiceSettings::new(Arc::new(standard_file::parse_standard(
            "built-in",
            standard_file::BUILT_IN,
        )?)))
    }

    /// Returns the default settings with the given standard.
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

/// Reads a configuration file and the standard it refers to.
///
/// # Errors
/// If the file cannot be read, or with every problem of the configuration and the standard.
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

/// Reads a configuration from `text`. Relative paths in it are resolved against the directory of
/// `file`.
///
/// # Errors
/// With every problem of the configuration and of the standard it refers to.
pub fn read_configuration(file: &str, text: &str) -> Result<ServiceSettings, Vec<TomlProblem>> {
    let document = TomlDocument::parse(file, text).map_err(|problem| vec![problem])?;
    let root = document.root_table();
    let mut standard_problems = Vec::new();
    let standard = read_standard(&root, file, &mut standard_problems);
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
                "`publish_every` must be between \"100ms\" and \"1s\"; displays expect an \
                 update every second",
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
    problems.append(&mut standard_problems);
    match standard {
        Some(standard) if problems.is_empty() => {
            let defaults = ServiceSettings::new(Arc::new(standard));
            Ok(ServiceSettings {
                listen_address: listen.unwrap_or(defaults.listen_address),
                data_directory: data.unwrap_or(defaults.data_directory),
                journal: journal.unwrap_or(defaults.journal),
                publish_every: publish_every.map_or(defaults.publish_every, Duration::from_millis),
                limits: limits.unwrap_or(defaults.limits),
                metrics: metrics.unwrap_or(defaults.metrics),
                access: access.unwrap_or(defaults.access),
                tls,
                notify: notify.unwrap_or(defaults.notify),
                ..defaults
            })
        }
        _ => Err(problems),
    }
}

/// Resolves a path against the directory of the configuration file.
fn path_beside(file: &str, name: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(name)
}

/// Reads the key `standard`: one file, or a list of files that are versions of one standard.
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
            "`standard` is an empty list; name a file, or leave it out for the built-in standard",
        );
    }
    let mut files = Vec::new();
    for name in &names {
        let path = path_beside(file, name);
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path.display().to_string(), text)),
            Err(error) => {
                value.report_problem(format!("`{}` cannot be read: {error}", path.display()));
            }
        }
    }
    let (standard, warnings) = standard_file::parse_with_warnings(&files);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let standard = standard.map_err(|mut found| problems.append(&mut found)).ok();
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
            .expect("valid configuration");
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
