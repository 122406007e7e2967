//! A real Prometheus that scrapes a service every second, and a real Alertmanager.

use crate::client::TestServer;
use crate::{project_root, rules_directory};
use serde_json::Value;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Time limit for a single operation.
const TEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause between two attempts.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A running Prometheus, killed on drop.
pub(crate) struct PrometheusProcess {
    address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

/// A running Alertmanager, killed on drop.
pub(crate) struct AlertmanagerProcess {
    pub(crate) address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Drop for AlertmanagerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl AlertmanagerProcess {
    /// Name of the executable in Debian.
    pub(crate) const PROGRAM: &str = "prometheus-alertmanager";

    /// Starts Alertmanager with the committed configuration.
    pub(crate) async fn start() -> AlertmanagerProcess {
        let folder = tempfile::tempdir().expect("the temporary directory is created");
        let mut command = Command::new(AlertmanagerProcess::PROGRAM);
        command.arg(format!(
            "--config.file={}",
            project_root().join("dashboards/alertmanager/alertmanager.yml").display()
        ));
        command.arg(format!("--storage.path={}", folder.path().join("data").display()));
        command.args(["--cluster.listen-address=", "--log.level=error"]);
        let (address, process) = start_on_free_port(command).await;
        AlertmanagerProcess { address, process, _folder: folder }
    }

    /// Returns the active alerts of this name.
    pub(crate) async fn alerts_named(&self, name: &str) -> Vec<Value> {
        let filter = percent_encode(&format!("alertname=\"{name}\""));
        let (_, body) = http_get(self.address, &format!("/api/v2/alerts?filter={filter}")).await;
        parse_json(&body).as_array().cloned().unwrap_or_default()
    }
}

/// Starts a server that cannot report a port of its own choice. The port is chosen for it.
///
/// If another process takes the port first, up to five ports are tried.
async fn start_on_free_port(mut command: Command) -> (SocketAddr, Child) {
    let given = command.get_args().map(ToOwned::to_owned).collect::<Vec<_>>();
    for _ in 0..5 {
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port is free");
        command = Command::new(command.get_program());
        command.args(&given).arg(format!("--web.listen-address={address}")).stdout(Stdio::null());
        let mut process = command.spawn().expect("the program starts");
        let up = async {
            while process.try_wait().expect("the process status is readable").is_none() {
                let listens = TcpStream::connect(address).await.is_ok();
                if listens && http_get(address, "/-/ready").await.0 == 200 {
                    return true;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            false
        };
        if tokio::time::timeout(TEST_TIMEOUT, up).await.expect("the server starts in time") {
            return (address, process);
        }
    }
    panic!("{:?} does not start", command.get_program());
}

impl Drop for PrometheusProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl PrometheusProcess {
    /// Starts Prometheus with the committed rules, shortened for the test.
    pub(crate) async fn start(
        service: &TestServer,
        alertmanager: Option<SocketAddr>,
    ) -> PrometheusProcess {
        let rules = ["recording.yml", "alerts.yml", "firstline.yml"].map(|name| {
            let text = fs::read_to_string(rules_directory().join(name))
                .expect("the committed rules are readable");
            (name.to_owned(), text)
        });
        PrometheusProcess::start_with_rules(service, alertmanager, &rules).await
    }

    /// Starts Prometheus with rule files, each with its name and content, shortened for the test.
    ///
    /// Rules are evaluated every second, and `for: 2m` becomes `for: 2s`.
    pub(crate) async fn start_with_rules(
        service: &TestServer,
        alertmanager: Option<SocketAddr>,
        rules: &[(String, String)],
    ) -> PrometheusProcess {
        let folder = tempfile::tempdir().expect("the temporary directory is created");
        for (name, text) in rules {
            let text = text.replace("interval: 30s", "interval: 1s");
            let text = text.replace("for: 2m", "for: 2s");
            fs::write(folder.path().join(name), text).expect("the file is accessible");
        }
        let alerting = alertmanager.map_or_else(String::new, |address| {
            format!("alerting:\n  alertmanagers:\n    - static_configs:\n        - targets: ['{address}']\n")
        });
        let config = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files: [recording.yml, alerts.yml, firstline.yml]\n{alerting}\
             scrape_configs:\n  - job_name: firstline\n    static_configs:\n      - targets: ['{}']\n",
            service.address
        );
        fs::write(folder.path().join("prometheus.yml"), config).expect("the file is accessible");
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.arg("--log.level=error");
        let (address, process) = start_on_free_port(command).await;
        PrometheusProcess { address, process, _folder: folder }
    }

    /// Returns the field `data` of an API response.
    ///
    /// # Panics
    ///
    /// If the API reports an error.
    pub(crate) async fn api_data(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let query: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
            .collect();
        let (_, body) =
            http_get(self.address, &format!("/api/v1/{path}?{}", query.join("&"))).await;
        let json = parse_json(&body);
        assert_eq!(json["status"], "success", "{path} {parameters:?}: {json}");
        json["data"].clone()
    }

    /// Returns the current result of an instant query.
    pub(crate) async fn query_series(&self, query: &str) -> Vec<Value> {
        self.api_data("query", &[("query", query)]).await["result"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Waits until a query returns at least one series.
    pub(crate) async fn wait_for_series(&self, query: &str) -> Vec<Value> {
        let found = async {
            loop {
                let series = self.query_series(query).await;
                if !series.is_empty() {
                    return series;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, found)
            .await
            .unwrap_or_else(|_| panic!("no series in time for {query}"))
    }

    /// Waits until Alertmanager has received an alert of this name.
    pub(crate) async fn wait_for_alerts(
        &self,
        alertmanager: &AlertmanagerProcess,
        name: &str,
    ) -> Vec<Value> {
        let received = async {
            loop {
                let alerts = alertmanager.alerts_named(name).await;
                if !alerts.is_empty() {
                    return alerts;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, received)
            .await
            .unwrap_or_else(|_| panic!("Alertmanager received no alert {name} in time"))
    }

    /// Waits until `fits` is true for the data of an API response.
    pub(crate) async fn wait_for_api(&self, path: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let answer = async {
            loop {
                let answer = self.api_data(path, &[]).await;
                if fits(&answer) {
                    return answer;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, answer)
            .await
            .unwrap_or_else(|_| panic!("the API response {path} did not fit in time"))
    }
}

/// Returns the status and body of a response. HTTP/1.0 avoids chunked bodies.
async fn http_get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts the connection");
    stream
        .write_all(format!("GET {path} HTTP/1.0\r\nHost: test\r\n\r\n").as_bytes())
        .await
        .expect("the server reads the request");
    let mut answer = String::new();
    tokio::time::timeout(TEST_TIMEOUT, stream.read_to_string(&mut answer))
        .await
        .expect("the server answers in time")
        .expect("the text is valid UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("the response has a status code"), body.to_owned())
}

fn parse_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Percent-encodes every byte except ASCII letters and digits.
pub(crate) fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
