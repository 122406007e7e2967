//! Every combination that decides who is let in.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

const NOW: Timestamp = Timestamp(1_000_000);
const HERE: Peer = Peer { address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), passed_on: false };
const THERE: Peer = Peer { address: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), passed_on: false };
const NEEDS: [Need; 5] = [Need::Ingest, Need::Read, Need::Live, Need::Rejected, Need::Admin];

fn token(secret: &str, may: May) -> Token {
    let digest = Secret::from(secret).digest();
    Token { name: secret.to_owned(), digest, may, sources: Sources::default(), view: View::default(), expires: None }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[test]
fn without_tokens_the_address_decides() {
    for (listen, open, fine) in [
        ("127.0.0.1:80", false, true),
        ("[::1]:80", false, true),
        ("[::ffff:127.0.0.1]:80", false, true),
        ("0.0.0.0:80", false, false),
        ("[::]:80", false, false),
        ("10.0.0.5:80", false, false),
        ("10.0.0.5:80", true, true),
    ] {
        let access = Access::default().listening_on(address(listen), open);
        assert_eq!(access.is_ok(), fine, "{listen} {open}");
        let Ok(access) = access else { continue };
        for need in NEEDS {
            assert!(access.decide(None, HERE, need, NOW).is_ok(), "{listen} {need:?}");
            let stranger = access.decide(None, THERE, need, NOW);
            assert_eq!(stranger.err(), (need == Need::Admin).then_some(Refusal::NotHere), "{listen} {need:?}");
        }
        let passed_on = Peer { passed_on: true, ..HERE };
        assert_eq!(access.decide(None, passed_on, Need::Admin, NOW), Err(Refusal::NotHere));
        assert!(access.decide(None, passed_on, Need::Read, NOW).is_ok());
    }
    assert_eq!(Access::default().decide(None, HERE, Need::Read, NOW), Err(Refusal::Closed));
    let with = Access { tokens: vec![token("t", May::Read)], ..Access::default() };
    assert!(with.listening_on(address("0.0.0.0:80"), false).is_ok());
}

#[test]
fn with_tokens_each_does_what_it_is_for() {
    let tokens = May::ALL.iter().map(|(name, may)| token(name, *may)).collect();
    let access = Access { tokens, ..Access::default() }.listening_on(address("127.0.0.1:80"), false).expect("tokens");
    for need in NEEDS {
        let decide = |shown: Option<&str>| access.decide(shown.map(Secret::from).as_ref(), HERE, need, NOW).err();
        assert_eq!(decide(None), Some(Refusal::Missing), "{need:?}");
        assert_eq!(decide(Some("wrong")), Some(Refusal::Unknown), "{need:?}");
        for (name, may) in
            [("ingest", matches!(need, Need::Ingest | Need::Rejected)), ("read", matches!(need, Need::Read | Need::Live)), ("admin", true)]
        {
            assert_eq!(decide(Some(name)), (!may).then_some(Refusal::Lacks(need)), "{name} {need:?}");
        }
    }
}

#[test]
fn an_expired_token_is_refused_from_its_moment_on() {
    let expires = Some(NOW);
    let access = Access { tokens: vec![Token { expires, ..token("t", May::Admin) }], ..Access::default() };
    let decide = |now| access.decide(Some(&Secret::from("t")), HERE, Need::Read, now);
    assert_eq!(decide(Timestamp(NOW.0 - 1)).expect("in time").expires, expires);
    assert_eq!(decide(NOW), Err(Refusal::Expired));
}

#[test]
fn a_source_may_lie_below_one_that_is_allowed() {
    let sources = Sources(vec!["/acd/hefei".to_owned(), "urn:x/".to_owned()]);
    for (source, allowed) in [
        ("/acd/hefei", true),
        ("/acd/hefei/7", true),
        ("urn:x/1", true),
        ("/acd/hefei2", false),
        ("/acd", false),
        ("x/acd/hefei", false),
        ("", false),
    ] {
        assert_eq!(sources.allow(source), allowed, "{source}");
        assert!(Sources::default().allow(source));
    }
}

fn shows(view: &View, values: &[(&str, &str)]) -> bool {
    view.shows(|| values.iter().copied())
}

#[test]
fn a_view_shows_what_has_all_its_dimensions() {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>();
    let view = View(BTreeMap::from([("center".to_owned(), values(&["hefei", "wuhu"])), ("tier".to_owned(), values(&["vip"]))]));
    assert!(shows(&view, &[("tier", "vip"), ("center", "wuhu"), ("queue", "sales")]));
    for hidden in [&[("center", "wuhu")][..], &[("center", "anqing"), ("tier", "vip")], &[("queue", "wuhu"), ("tier", "vip")], &[]] {
        assert!(!shows(&view, hidden), "{hidden:?}");
    }
    assert!(shows(&View::default(), &[]));
}
