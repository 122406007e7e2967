//! Test with a real Alertmanager: a breach sends one firing and one resolved notification, even if
//! either program crashes.

use super::webhook_receiver::{ReceivedMessage, WebhookReceiver, free_address};
use super::{ProgramFolder, send_call_event, wait_for_alerts, wait_for_failed_delivery};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Name of the executable in distribution packages.
pub(super) const ALERTMANAGER_PROGRAM: &str = "prometheus-alertmanager";

/// A running Alertmanager.
pub(super) struct AlertmanagerProcess(Child);

impl Drop for AlertmanagerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl AlertmanagerProcess {
    /// Starts Alertmanager at an address. Returns none if it is not installed.
    ///
    /// It notifies the receiver of a new alert at once, and of its end after `interval`. `cluster`
    /// holds its clustering options.
    pub(super) fn start(
        folder: &Path,
        address: SocketAddr,
        receiver: SocketAddr,
        interval: &str,
        cluster: &[String],
    ) -> Option<AlertmanagerProcess> {
        let config = folder.join("alertmanager.yml");
        let text = format!(
            "route: {{ receiver: test, group_by: ['...'], group_wait: 0s, group_interval: {interval}, repeat_interval: 4h }}\n\
             receivers: [{{ name: test, webhook_configs: [{{ url: 'http://{receiver}/', send_resolved: true }}] }}]\n"
        );
        std::fs::write(&config, text).expect("the file is accessible");
        let started = Command::new(ALERTMANAGER_PROGRAM)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.join("alertmanager").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(cluster)
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .spawn();
        let started = AlertmanagerProcess(started.ok()?);
        while !fetch_response(address, "/-/ready").is_some_and(|answer| answer.contains(" 200 ")) {
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(started)
    }
}

/// Returns the response with its head, or none if the request fails.
pub(super) fn fetch_response(address: SocketAddr, path: &str) -> Option<String> {
    let request = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: test\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    request().ok()
}

/// Returns the statuses that the receiver got for a center, in order: `firing` or `resolved`.
pub(super) fn notifications_for_center<'m>(
    messages: &'m [ReceivedMessage],
    center: &str,
) -> Vec<&'m str> {
    let alerts =
        messages.iter().flat_map(|message| message.body["alerts"].as_array().into_iter().flatten());
    alerts
        .filter(|alert| alert["labels"]["center"] == center)
        .filter_map(|alert| alert["status"].as_str())
        .collect()
}

#[test]
fn notifies_firing_and_resolved_once_across_crashes() {
    let folder = ProgramFolder::new();
    let receiver =
        WebhookReceiver::start("127.0.0.1:0".parse().expect("the address is valid"), |_| Some(200));
    let (address, unreachable) = (free_address(), free_address());
    let start = || {
        AlertmanagerProcess::start(
            folder.0.path(),
            address,
            receiver.address,
            "1s",
            &["--cluster.listen-address=".to_owned()],
        )
    };
    let Some(alertmanager) = start() else {
        eprintln!("skipped: `{ALERTMANAGER_PROGRAM}` is not installed");
        return;
    };
    // The first URL never answers. It must not prevent delivery to the second.
    let notify =
        format!("[notify.alertmanager]\nurls = ['http://{unreachable}', 'http://{address}/']\n");
    let program = folder.start_program(&notify);
    send_call_event(&program, "hefei", "offered");
    let messages = receiver
        .wait_for_messages(|messages| !notifications_for_center(messages, "hefei").is_empty());
    let labels = &messages[0].body["alerts"][0]["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["severity"], &labels["indicator"]),
        (&"somebody_waits".into(), &"warning".into(), &"calls_waiting".into())
    );
    assert_eq!(
        messages[0].body["alerts"][0]["annotations"]["summary_zh"],
        "有人排队：hefei 1（要求不高于0）"
    );
    program.kill();
    let program = folder.start_program(&notify);
    send_call_event(&program, "hefei", "answered");
    receiver.wait_for_messages(|messages| {
        notifications_for_center(messages, "hefei").contains(&"resolved")
    });

    // A breach while Alertmanager is down.
    drop(alertmanager);
    send_call_event(&program, "wuhu", "offered");
    wait_for_alerts(&program, "state=active&center=wuhu", |alerts| alerts.len() == 1);
    wait_for_failed_delivery(&program);
    let _alertmanager = start();
    receiver.wait_for_messages(|messages| !notifications_for_center(messages, "wuhu").is_empty());
    send_call_event(&program, "wuhu", "answered");
    let messages = receiver.wait_for_messages(|messages| {
        notifications_for_center(messages, "wuhu").contains(&"resolved")
    });
    assert_eq!(
        (notifications_for_center(&messages, "hefei"), notifications_for_center(&messages, "wuhu")),
        (vec!["firing", "resolved"], vec!["firing", "resolved"])
    );
}
