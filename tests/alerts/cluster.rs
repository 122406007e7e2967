//! Test with a real cluster of two Alertmanagers. The program sends every alert to both. The
//! receiver gets one firing and one resolved notification, even if the instance that sent the first
//! is killed in between.

use super::alertmanager::{
    ALERTMANAGER_PROGRAM, AlertmanagerProcess, fetch_response, notifications_for_center,
};
use super::webhook_receiver::{WebhookReceiver, free_address};
use super::{ProgramFolder, send_call_event};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// `group_interval` of both instances.
///
/// It must not divide the 10 s between two evaluations of the program. Otherwise each repeated
/// alert would arrive just when the groups are flushed, and the instances could disagree.
const GROUP_INTERVAL: &str = "7s";

/// Returns an address for gossip, which needs both the TCP and the UDP port.
fn free_gossip_address() -> SocketAddr {
    loop {
        let address = free_address();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// Waits until `fits` is true for the number and address of each instance.
fn wait_for_all(addresses: &[SocketAddr], fits: impl Fn(usize, SocketAddr) -> bool) {
    for (number, address) in addresses.iter().enumerate() {
        while !fits(number, *address) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Returns true if the instance has found its peer and the cluster has settled.
fn is_cluster_settled(address: SocketAddr) -> bool {
    let cluster = fetch_response(address, "/api/v2/status").and_then(|answer| {
        let status: serde_json::Value =
            serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        Some(status["cluster"].clone())
    });
    cluster.is_some_and(|cluster| {
        cluster["status"] == "ready"
            && cluster["peers"].as_array().is_some_and(|peers| peers.len() == 2)
    })
}

/// Returns a metric of an Alertmanager.
fn metric_value(address: SocketAddr, name: &str) -> u64 {
    let answer = fetch_response(address, "/metrics").unwrap_or_default();
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    value.unwrap_or_else(|| panic!("no metric {name}")) as u64
}

/// Number of queries of the notification log, which precede every notification.
fn deduplication_queries(address: SocketAddr) -> u64 {
    metric_value(address, "alertmanager_nflog_queries_total ")
}

#[test]
fn alertmanager_pair_notifies_once_when_sender_is_killed() {
    let folder = ProgramFolder::new();
    let receiver =
        WebhookReceiver::start("127.0.0.1:0".parse().expect("the address is valid"), |_| Some(200));
    let (addresses, gossips) =
        ([free_address(), free_address()], [free_gossip_address(), free_gossip_address()]);
    let start = |number: usize| {
        let storage = folder.0.path().join(format!("alertmanager-{number}"));
        std::fs::create_dir(&storage).expect("the storage folder is created");
        let (listen, peer) = (gossips[number], gossips[1 - number]);
        let cluster = [
            format!("--cluster.listen-address={listen}"),
            format!("--cluster.advertise-address={listen}"),
            format!("--cluster.peer={peer}"),
            "--cluster.gossip-interval=50ms".to_owned(),
            // The second instance waits this long for the first to notify.
            "--cluster.peer-timeout=1s".to_owned(),
        ];
        AlertmanagerProcess::start(
            &storage,
            addresses[number],
            receiver.address,
            GROUP_INTERVAL,
            &cluster,
        )
    };
    let mut pair = [start(0), start(1)];
    if pair.iter().any(Option::is_none) {
        eprintln!("skipped: `{ALERTMANAGER_PROGRAM}` is not installed");
        return;
    }
    wait_for_all(&addresses, |_, address| is_cluster_settled(address));
    let [first, second] = addresses;
    let program = folder.start_program(&format!(
        "[notify.alertmanager]\nurls = ['http://{first}', 'http://{second}']\n"
    ));

    send_call_event(&program, "hefei", "offered");
    receiver.wait_for_messages(|messages| !notifications_for_center(messages, "hefei").is_empty());
    // Both instances would have notified by then.
    wait_for_all(&addresses, |_, address| deduplication_queries(address) > 0);
    send_call_event(&program, "hefei", "answered");
    receiver.wait_for_messages(|messages| {
        notifications_for_center(messages, "hefei").contains(&"resolved")
    });

    // One query of the log may still be for the first breach.
    let before = addresses.map(deduplication_queries);
    send_call_event(&program, "wuhu", "offered");
    receiver.wait_for_messages(|messages| !notifications_for_center(messages, "wuhu").is_empty());
    wait_for_all(&addresses, |number, address| {
        deduplication_queries(address) >= before[number] + 2
    });
    let sent = addresses.map(|address| {
        metric_value(address, "alertmanager_notifications_total{integration=\"webhook\"}")
    });
    assert_eq!(sent.iter().sum::<u64>(), 3, "a breach, its end, and another breach");
    let sender = usize::from(sent[1] > sent[0]);
    drop(pair[sender].take());
    send_call_event(&program, "wuhu", "answered");
    let messages = receiver.wait_for_messages(|messages| {
        notifications_for_center(messages, "wuhu").contains(&"resolved")
    });
    assert_eq!(
        (notifications_for_center(&messages, "hefei"), notifications_for_center(&messages, "wuhu")),
        (vec!["firing", "resolved"], vec!["firing", "resolved"])
    );
}
