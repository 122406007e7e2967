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

/// How long anything may take before the test has failed.
const TEST_TIMEOUT: Duration = Duration::from_secs(120);
/// How long to wait before asking once more.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A running Prometheus; it is killed when it is dropped.
pub(crate) struct PrometheusProcess {
    address: SocketAddr,
    process: Child,
    _place: TempDir,
}

/// A running Alertmanager; it is killed when it is dropped.
pub(crate) struct AlertmanagerProcess {
    pub(crate) address: SocketAddr,
    process: Child,
    _place: TempDir,
}

impl Drop for AlertmanagerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl AlertmanagerProcess {
    /// What Debian calls it.
    pub(crate) const PROGRAM: &str = "prometheus-alertmanager";

    /// Starts one with the committed configuration.
    pub(crate) async fn start() -> AlertmanagerProcess {
        let place = tempfile::tempdir().expect("a place");
        let mut command = Command::new(AlertmanagerProcess::PROGRAM);
        command.arg(format!(
            "--config.file={}",
            project_root().join("dashboards/alertmanager/alertmanager.yml").display()
        ));
        command.arg(format!("--storage.path={}", place.path().join("data").display()));
        command.args(["--cluster.listen-address=", "--log.level=error"]);
        let (address, process) = start_on_free_port(command).await;
        AlertmanagerProcess { address, process, _place: place }
    }

    /// The alerts of this name.
    pub(crate) async fn alerts_named(&self, name: &str) -> Vec<Value> {
        let filter = percent_encode(&format!("alertname=\"{name}\""));
        let (_, body) = http_get(self.address, &format!("/api/v2/alerts?filter={filter}")).await;
        parse_json(&body).as_array().cloned().unwrap_or_default()
    }
}

/// Starts a server that cannot be told to choose a port and say which: one that is free is chosen for it, anew if somebody was
/// faster.
async fn start_on_free_port(mut command: Command) -> (SocketAddr, Child) {
    let given = command.get_args().map(ToOwned::to_owned).collect::<Vec<_>>();
    for _ in 0..5 {
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port");
        command = Command::new(command.get_program());
        command.args(&given).arg(format!("--web.listen-address={address}")).stdout(Stdio::null());
        let mut process = command.spawn().expect("a program that is installed");
        let up = async {
            while process.try_wait().expect("a process").is_none() {
                let listens = TcpStream::connect(address).await.is_ok();
                if listens && http_get(address, "/-/ready").await.0 == 200 {
                    return true;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            false
        };
        if tokio::time::timeout(TEST_TIMEOUT, up).await.expect("a server in time") {
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
    /// Starts one with the committed rules, evaluated every second, and with seconds where they say two minutes.
    pub(crate) async fn start(
        service: &TestServer,
        alertmanager: Option<SocketAddr>,
    ) -> PrometheusProcess {
        let place = tempfile::tempdir().expect("a place");
        for name in ["recording.yml", "alerts.yml", "firstline.yml"] {
            let text = fs::read_to_string(rules_directory().join(name))
                .expect("committed rules")
                .replace("interval: 30s", "interval: 1s");
            let text = text.replace("for: 2m", "for: 2s");
            fs::write(place.path().join(name), text).expect("a file");
        }
        let alerting = alertmanager.map_or_else(String::new, |address| {
            format!("alerting:\n  alertmanagers:\n    - static_configs:\n        - targets: ['{address}']\n")
        });
        let config = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files: [recording.yml, alerts.yml, firstline.yml]\n{alerting}\
             scrape_configs:\n  - job_name: firstline\n    static_configs:\n      - targets: ['{}']\n",
            service.address
        );
        fs::write(place.path().join("prometheus.yml"), config).expect("a file");
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", place.path().join("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", place.path().join("data").display()));
        command.arg("--log.level=error");
        let (address, process) = start_on_free_port(command).await;
        PrometheusProcess { address, process, _place: place }
    }

    /// The `data` of an answer of its API.
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

    /// The series that a query finds now.
    pub(crate) async fn query_series(&self, query: &str) -> Vec<Value> {
        self.api_data("query", &[("query", query)]).await["result"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Waits until a query finds something.
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
            .unwrap_or_else(|_| panic!("nothing in time for {query}"))
    }

    /// Waits until Alertmanager has heard of the alerts of this name.
    pub(crate) async fn wait_for_alerts(
        &self,
        alertmanager: &AlertmanagerProcess,
        name: &str,
    ) -> Vec<Value> {
        let heard = async {
            loop {
                let alerts = alertmanager.alerts_named(name).await;
                if !alerts.is_empty() {
                    return alerts;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, heard)
            .await
            .unwrap_or_else(|_| panic!("Alertmanager did not hear of {name}"))
    }

    /// Waits until the answer of its API is as it should be.
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
            .unwrap_or_else(|_| panic!("not in time: {path}"))
    }
}

/// The status and body of an answer. As HTTP/1.0 it comes in one piece.
async fn http_get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream
        .write_all(format!("GET {path} HTTP/1.0\r\nHost: test\r\n\r\n").as_bytes())
        .await
        .expect("a listener");
    let mut answer = String::new();
    tokio::time::timeout(TEST_TIMEOUT, stream.read_to_string(&mut answer))
        .await
        .expect("an answer in time")
        .expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

fn parse_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Percent-encoded, but for what needs it nowhere.
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
