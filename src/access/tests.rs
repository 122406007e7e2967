//! Tests of all combinations of token, peer and permission.

use crate::access::*;
use std::collections::{BTreeMap, BTreeSet};

const NOW: Timestamp = Timestamp(1_000_000);
const LOCAL_PEER: RequestPeer =
    RequestPeer { address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), is_forwarded: false };
const REMOTE_PEER: RequestPeer =
    RequestPeer { address: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), is_forwarded: false };
const PERMISSIONS: [RoutePermission; 5] = [
    RoutePermission::Ingest,
    RoutePermission::Read,
    RoutePermission::Live,
    RoutePermission::Rejected,
    RoutePermission::Admin,
];

fn sample_token(secret: &str, may: TokenRole) -> AccessToken {
    let digest = TokenSecret::from(secret).digest();
    AccessToken {
        name: secret.to_owned(),
        digest,
        role: may,
        sources: AllowedSources::default(),
        view: GrantedView::default(),
        expires: None,
    }
}

fn parse_address(text: &str) -> SocketAddr {
    text.parse().expect("valid address")
}

#[test]
fn listen_address_decides_without_tokens() {
    for (listen, open, allowed) in [
        ("127.0.0.1:80", false, true),
        ("[::1]:80", false, true),
        ("[::ffff:127.0.0.1]:80", false, true),
        ("0.0.0.0:80", false, false),
        ("[::]:80", false, false),
        ("10.0.0.5:80", false, false),
        ("10.0.0.5:80", true, true),
    ] {
        let access = AccessControl::default().for_listener(parse_address(listen), open);
        assert_eq!(access.is_ok(), allowed, "{listen} {open}");
        let Ok(access) = access else { continue };
        for need in PERMISSIONS {
            assert!(access.authorize(None, LOCAL_PEER, need, NOW).is_ok(), "{listen} {need:?}");
            let remote = access.authorize(None, REMOTE_PEER, need, NOW);
            assert_eq!(
                remote.err(),
                (need == RoutePermission::Admin).then_some(AccessRefusal::NotLocal),
                "{listen} {need:?}"
            );
        }
        let forwarded_peer = RequestPeer { is_forwarded: true, ..LOCAL_PEER };
        assert_eq!(
            access.authorize(None, forwarded_peer, RoutePermission::Admin, NOW),
            Err(AccessRefusal::NotLocal)
        );
        assert!(access.authorize(None, forwarded_peer, RoutePermission::Read, NOW).is_ok());
    }
    assert_eq!(
        AccessControl::default().authorize(None, LOCAL_PEER, RoutePermission::Read, NOW),
        Err(AccessRefusal::Closed)
    );
    let with = AccessControl {
        tokens: vec![sample_token("t", TokenRole::Read)],
        ..AccessControl::default()
    };
    assert!(with.for_listener(parse_address("0.0.0.0:80"), false).is_ok());
}

#[test]
fn token_grants_only_its_role() {
    let tokens = TokenRole::ALL.iter().map(|(name, may)| sample_token(name, *may)).collect();
    let access = AccessControl { tokens, ..AccessControl::default() }
        .for_listener(parse_address("127.0.0.1:80"), false)
        .expect("loopback is allowed");
    for need in PERMISSIONS {
        let refusal = |shown: Option<&str>| {
            access.authorize(shown.map(TokenSecret::from).as_ref(), LOCAL_PEER, need, NOW).err()
        };
        assert_eq!(refusal(None), Some(AccessRefusal::MissingToken), "{need:?}");
        assert_eq!(refusal(Some("wrong")), Some(AccessRefusal::UnknownToken), "{need:?}");
        for (name, may) in [
            ("ingest", matches!(need, RoutePermission::Ingest | RoutePermission::Rejected)),
            ("read", matches!(need, RoutePermission::Read | RoutePermission::Live)),
            ("admin", true),
        ] {
            assert_eq!(
                refusal(Some(name)),
                (!may).then_some(AccessRefusal::MissingPermission(need)),
                "{name} {need:?}"
            );
        }
    }
}

#[test]
fn refuses_token_from_its_expiry() {
    let expires = Some(NOW);
    let access = AccessControl {
        tokens: vec![AccessToken { expires, ..sample_token("t", TokenRole::Admin) }],
        ..AccessControl::default()
    };
    let refusal = |now| {
        access.authorize(Some(&TokenSecret::from("t")), LOCAL_PEER, RoutePermission::Read, now)
    };
    assert_eq!(
        refusal(Timestamp(NOW.0 - 1)).expect("token is valid until its expiry").expires,
        expires
    );
    assert_eq!(refusal(NOW), Err(AccessRefusal::ExpiredToken));
}

#[test]
fn allows_sources_below_an_allowed_source() {
    let sources = AllowedSources(vec!["/acd/hefei".to_owned(), "urn:x/".to_owned()]);
    for (source, allowed) in [
        ("/acd/hefei", true),
        ("/acd/hefei/7", true),
        ("urn:x/1", true),
        ("/acd/hefei2", false),
        ("/acd", false),
        ("x/acd/hefei", false),
        ("", false),
    ] {
        assert_eq!(sources.allows_source(source), allowed, "{source}");
        assert!(AllowedSources::default().allows_source(source));
    }
}

fn is_visible(view: &GrantedView, values: &[(&str, &str)]) -> bool {
    view.is_visible(|| values.iter().copied())
}

#[test]
fn view_requires_all_its_dimensions() {
    let values =
        |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>();
    let view = GrantedView(BTreeMap::from([
        ("center".to_owned(), values(&["hefei", "wuhu"])),
        ("tier".to_owned(), values(&["vip"])),
    ]));
    assert!(is_visible(&view, &[("tier", "vip"), ("center", "wuhu"), ("queue", "sales")]));
    for hidden in [
        &[("center", "wuhu")][..],
        &[("center", "anqing"), ("tier", "vip")],
        &[("queue", "wuhu"), ("tier", "vip")],
        &[],
    ] {
        assert!(!is_visible(&view, hidden), "{hidden:?}");
    }
    assert!(is_visible(&GrantedView::default(), &[]));
}
