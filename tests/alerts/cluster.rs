//! Two real Alertmanagers that gossip, and the real program, which tells both of everything: their receiver hears of a breach once and of
//! its end once, also if the one that told it of the breach is killed before the end.

use super::alertmanager::{Alertmanager, PROGRAM, get, told};
use super::receiver::{Receiver, free};
use super::{Place, call};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// How often they look whether there is more to tell of an alert. No divisor of the ten seconds between two looks of the program, or what
/// it tells would come again and again just when they look, and one would know of it and the other not.
const INTERVAL: &str = "7s";

/// An address for gossip, which goes by TCP and UDP.
fn gossip() -> SocketAddr {
    loop {
        let address = free();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// Waits until each fulfils something.
fn wait(addresses: &[SocketAddr], fits: impl Fn(usize, SocketAddr) -> bool) {
    for (number, address) in addresses.iter().enumerate() {
        while !fits(number, *address) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Whether it has found the other, and has stopped waiting for more.
fn is_settled(address: SocketAddr) -> bool {
    let cluster = get(address, "/api/v2/status").and_then(|answer| {
        let status: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        Some(status["cluster"].clone())
    });
    cluster.is_some_and(|cluster| cluster["status"] == "ready" && cluster["peers"].as_array().is_some_and(|peers| peers.len() == 2))
}

/// A figure of its own, as it tells Prometheus.
fn figure(address: SocketAddr, name: &str) -> u64 {
    let answer = get(address, "/metrics").unwrap_or_default();
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    value.unwrap_or_else(|| panic!("there is no {name}")) as u64
}

/// How often it has looked up what was told already, which it does before it tells anything.
fn asked(address: SocketAddr) -> u64 {
    figure(address, "alertmanager_nflog_queries_total ")
}

#[test]
fn a_pair_tells_a_breach_once_and_its_end_once_also_if_the_one_that_told_is_killed() {
    let place = Place::new();
    let receiver = Receiver::start("127.0.0.1:0".parse().expect("an address"), |_| Some(200));
    let (addresses, gossips) = ([free(), free()], [gossip(), gossip()]);
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
        Alertmanager::start(&folder, addresses[number], receiver.address, INTERVAL, &cluster)
    };
    let mut pair = [start(0), start(1)];
    if pair.iter().any(Option::is_none) {
        eprintln!("skipped: there is no `{PROGRAM}` on this machine");
        return;
    }
    wait(&addresses, |_, address| is_settled(address));
    let [one, other] = addresses;
    let program = place.start(&format!("[notify.alertmanager]\nurls = ['http://{one}', 'http://{other}']\n"));

    call(&program, "hefei", "offered");
    receiver.wait(|heard| !told(heard, "hefei").is_empty());
    // Both would have told it by then.
    wait(&addresses, |_, address| asked(address) > 0);
    call(&program, "hefei", "answered");
    receiver.wait(|heard| told(heard, "hefei").contains(&"resolved"));

    // One look-up may still be about the first breach.
    let before = addresses.map(asked);
    call(&program, "wuhu", "offered");
    receiver.wait(|heard| !told(heard, "wuhu").is_empty());
    wait(&addresses, |number, address| asked(address) >= before[number] + 2);
    let sent = addresses.map(|address| figure(address, "alertmanager_notifications_total{integration=\"webhook\"}"));
    assert_eq!(sent.iter().sum::<u64>(), 3, "a breach, its end, and another breach");
    let teller = usize::from(sent[1] > sent[0]);
    drop(pair[teller].take());
    call(&program, "wuhu", "answered");
    let heard = receiver.wait(|heard| told(heard, "wuhu").contains(&"resolved"));
    assert_eq!((told(&heard, "hefei"), told(&heard, "wuhu")), (vec!["firing", "resolved"], vec!["firing", "resolved"]));
}
