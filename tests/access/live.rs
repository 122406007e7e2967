//! The live board: by token, by ticket, from which pages, and for how long.

use crate::client::{Server, Wall};
use crate::files::{Files, reload, token};
use crate::people::{ask, guarded, shown};
use serde_json::json;
use std::time::Duration;

async fn ticket(server: &Server, name: &str) -> String {
    let reply = ask(server, name, "POST", "/v1/ticket", "").await;
    assert_eq!((reply.status, &reply.json()["expires_in"]), (200, &json!(30)), "{}", reply.body);
    assert_eq!(reply.headers["cache-control"], "no-store");
    reply.json()["ticket"].as_str().expect("a text").to_owned()
}

async fn connect(server: &Server, query: &str) -> Result<Wall, u16> {
    server.live_with(query, &[], &json!({})).await
}

/// Why a wall is closed, once it is.
async fn closed(mut wall: Wall) -> (u16, String) {
    for _ in 0..100 {
        if let Err(close) = wall.next().await {
            let close = close.expect("a close frame");
            return (close.code.into(), close.reason.to_string());
        }
    }
    panic!("still open after 100 frames");
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let server = Server::start(guarded()).await;
    let first = ticket(&server, "hefei").await;
    let board = connect(&server, &format!("?ticket={first}")).await.expect("let in").frame().await;
    assert_eq!(board["type"], "board");
    assert_eq!(connect(&server, &format!("?ticket={first}")).await.err(), Some(401), "used");
    assert_eq!(connect(&server, "?ticket=").await.err(), Some(401));
    assert_eq!(connect(&server, "").await.err(), Some(401));
    // It is for the live board alone, and no token.
    let second = ticket(&server, "reader").await;
    assert_eq!(server.get(&format!("/v1/board?ticket={second}")).await.status, 401);
    assert_eq!(ask(&server, &second, "GET", "/v1/board", "").await.status, 401);
    assert!(connect(&server, &format!("?ticket={second}")).await.is_ok(), "it was not used by that");
    // A stream takes one too.
    let third = ticket(&server, "hefei").await;
    assert_eq!(server.events(&format!("?ticket={third}"), &[]).await.frame().await.1["type"], "board");
    assert_eq!(server.get(&format!("/v1/stream?ticket={third}")).await.status, 401, "used");
    // Programs need none.
    assert!(server.live_with("", &[("authorization", "Bearer reader")], &json!({})).await.is_ok());
    assert_eq!(server.live_with("", &[("authorization", "Bearer sender")], &json!({})).await.err(), Some(403));
    assert_eq!(ask(&server, "sender", "POST", "/v1/ticket", "").await.status, 403);
}

#[tokio::test]
async fn a_ticket_is_soon_too_old() {
    let server = Server::start(guarded()).await;
    let ticket = ticket(&server, "reader").await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert_eq!(connect(&server, &format!("?ticket={ticket}")).await.err(), Some(401));
}

#[tokio::test]
async fn pages_connect_from_the_service_itself_and_from_where_they_may() {
    let mut settings = guarded();
    settings.access.origins = vec!["https://wall.example.org".to_owned()];
    let server = Server::start(settings).await;
    let own = format!("http://{}", server.address);
    for (origin, refused) in [(&*own, None), ("https://wall.example.org", None), ("http://evil.example", Some(403)), ("null", Some(403))] {
        let headers = [("origin", origin), ("authorization", "Bearer reader")];
        assert_eq!(server.live_with("", &headers, &json!({})).await.err(), refused, "{origin}");
    }
    // Also where everything else is open.
    let open = Server::start(crate::client::settings()).await;
    assert_eq!(open.live_with("", &[("origin", "http://evil.example")], &json!({})).await.err(), Some(403));
}

#[tokio::test]
async fn a_token_that_is_taken_away_or_changed_ends_its_connections() {
    let files = Files::new();
    let all = ["gone", "old", "other", "same"].map(|name| token(name, "may = 'read'"));
    files.configure(&all.concat());
    let server = Server::start(files.settings()).await;
    let mut walls = Vec::new();
    for name in ["gone", "old", "other", "same"] {
        let mut wall = server.live_with("", &[("authorization", &*shown(name))], &json!({})).await.expect("let in");
        wall.frame().await;
        walls.push(wall);
    }
    let mut stream = server.events("", &[("authorization", &*shown("gone"))]).await;
    stream.frame().await;
    let ticket = ticket(&server, "gone").await;
    let old = token("old", "may = 'read'\nexpires = 2026-01-01T00:00:00Z");
    let other = token("other", "may = 'read'\nwhere = { center = ['hefei'] }");
    files.configure(&[old, other, all[3].clone(), token("new", "may = 'read'")].concat());
    assert_eq!(reload(&server).await, 200);
    for (name, status) in [("gone", 401), ("old", 401), ("other", 200), ("same", 200), ("new", 200), ("admin", 200)] {
        assert_eq!(ask(&server, name, "GET", "/v1/board", "").await.status, status, "{name}");
    }
    assert_eq!(connect(&server, &format!("?ticket={ticket}")).await.err(), Some(401), "the ticket of a token that is gone");
    let mut same = walls.pop().expect("a wall");
    for (wall, reason) in walls.into_iter().zip(["not known here", "expired", "has changed"]) {
        let (code, said) = closed(wall).await;
        assert!(code == 1008 && said.contains(reason), "{code} {said}");
    }
    while let Some(event) = stream.next().await {
        let closed = event.get("event").is_some_and(|name| name == "close");
        assert!(!closed || event["data"].contains("1008") && event["data"].contains("not known here"), "{event:?}");
    }
    same.until("beat").await;
    same.until("beat").await;
}

#[tokio::test]
async fn a_reload_that_would_open_the_service_is_refused() {
    let files = Files::new();
    files.configure("");
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], listener.local_addr().expect("an address").port()));
    let (_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run = firstline::app::run(files.settings(), listener, async { _ = stopped.await });
    let run = tokio::spawn(run);
    files.write("config.toml", "listen = '127.0.0.1:0'\n");
    let headers = [("Authorization", "Bearer admin")];
    let refused = crate::client::request(address, "POST", "/v1/reload", &headers, b"").await;
    assert!(refused.status == 422 && refused.body.contains("firstline token new"), "{}", refused.body);
    assert_eq!(crate::client::request(address, "GET", "/v1/board", &[], b"").await.status, 401);
    run.abort();
}
