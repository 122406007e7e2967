//! Two real Alertmanagers that gossip, and the real program, which tells both of everything: their receiver hears of a breach once and of
//! its end once, also if the one that told it of the breach is killed before the end.

use super::alertmanager::{
    ALERTMANAGER_PROGRAM, AlertmanagerProcess, fetch_response, notifications_for_center,
};
use super::webhook_receiver::{WebhookReceiver, free_address};
use super::{ProgramFolder, send_call_event};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// How often they look whether there is more to tell of an alert. No divisor of the ten seconds between two looks of the program, or what
/// it tells would come again and again just when they look, and one would know of it and the other not.
const GROUP_INTERVAL: &str = "7s";

/// An address for gossip, which goes by TCP and UDP.
fn free_gossip_address() -> SocketAddr {
    loop {
        let address = free_address();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// Waits until each fulfils something.
fn wait_for_all(addresses: &[SocketAddr], fits: impl Fn(usize, SocketAddr) -> bool) {
    for (number, address) in addresses.iter().enumerate() {
        while !fits(number, *address) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Whether it has found the other, and has stopped waiting for more.
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

/// A figure of its own, as it tells Prometheus.
fn metric_value(address: SocketAddr, name: &str) -> u64 {
    let answer = fetch_response(address, "/metrics").unwrap_or_default();
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    value.unwrap_or_else(|| panic!("there is no {name}")) as u64
}

/// How often it has looked up what was told already, which it does before it tells anything.
fn deduplication_queries(address: SocketAddr) -> u64 {
    metric_value(address, "alertmanager_nflog_queries_total ")
}

#[test]
fn alertmanager_pair_notifies_once_when_sender_is_killed() {
    let place = ProgramFolder::new();
    let receiver =
        WebhookReceiver::start("127.0.0.1:0".parse().expect("an address"), |_| Some(200));
    let (addresses, gossips) =
        ([free_address(), free_address()], [free_gossip_address(), free_gossip_address()]);
    let start = |number: usize| {
        let folder = place.0.path().join(format!("alertmanager-{number}"));
        std::fs::create_dir(&folder).expect("a folder");
        let (own, other) = (gossips[number], gossips[1 - number]);
        let cluster = [
            format!("--cluster.listen-address={own}"),
            format!("--cluster.advertise-address={own}"),
            format!("--cluster.peer={other}"),
            "--cluster.gossip-interval=50ms".to_owned(),
            // So long the second waits for the first.
            "--cluster.peer-timeout=1s".to_owned(),
        ];
        AlertmanagerProcess::start(
            &folder,
            addresses[number],
            receiver.address,
            GROUP_INTERVAL,
            &cluster,
        )
    };
    let mut pair = [start(0), start(1)];
    if pair.iter().any(Option::is_none) {
        eprintln!("skipped: there is no `{ALERTMANAGER_PROGRAM}` on this machine");
        return;
    }
    wait_for_all(&addresses, |_, address| is_cluster_settled(address));
    let [one, other] = addresses;
    let program = place.start_program(&format!(
        "[notify.alertmanager]\nurls = ['http://{one}', 'http://{other}']\n"
    ));

    send_call_event(&program, "hefei", "offered");
    receiver.wait_for_messages(|heard| !notifications_for_center(heard, "hefei").is_empty());
    // Both would have told it by then.
    wait_for_all(&addresses, |_, address| deduplication_queries(address) > 0);
    send_call_event(&program, "hefei", "answered");
    receiver
        .wait_for_messages(|heard| notifications_for_center(heard, "hefei").contains(&"resolved"));

    // One look-up may still be about the first breach.
    let before = addresses.map(deduplication_queries);
    send_call_event(&program, "wuhu", "offered");
    receiver.wait_for_messages(|heard| !notifications_for_center(heard, "wuhu").is_empty());
    wait_for_all(&addresses, |number, address| {
        deduplication_queries(address) >= before[number] + 2
    });
    let sent = addresses.map(|address| {
        metric_value(address, "alertmanager_notifications_total{integration=\"webhook\"}")
    });
    assert_eq!(sent.iter().sum::<u64>(), 3, "a breach, its end, and another breach");
    let teller = usize::from(sent[1] > sent[0]);
    drop(pair[teller].take());
    send_call_event(&program, "wuhu", "answered");
    let heard = receiver
        .wait_for_messages(|heard| notifications_for_center(heard, "wuhu").contains(&"resolved"));
    assert_eq!(
        (notifications_for_center(&heard, "hefei"), notifications_for_center(&heard, "wuhu")),
        (vec!["firing", "resolved"], vec!["firing", "resolved"])
    );
}
