//! Tests of access to the live board: tokens, tickets, origins and revocation.

use crate::{client::LiveClient, client::TestServer};
use crate::{
    configuration_folder::ConfigurationFolder, configuration_folder::request_reload,
    configuration_folder::token_toml,
};
use crate::{tokens::bearer_header, tokens::request_as, tokens::settings_with_tokens};
use serde_json::json;
use std::time::Duration;

async fn request_ticket(server: &TestServer, name: &str) -> String {
    let reply = request_as(server, name, "POST", "/v1/ticket", "").await;
    assert_eq!((reply.status, &reply.json()["expires_in"]), (200, &json!(30)), "{}", reply.body);
    assert_eq!(reply.headers["cache-control"], "no-store");
    reply.json()["ticket"].as_str().expect("the value is a string").to_owned()
}

async fn connect_live(server: &TestServer, query: &str) -> Result<LiveClient, u16> {
    server.connect_live_with(query, &[], &json!({})).await
}

/// Waits until the connection is closed. Returns the close code and the reason.
async fn close_code_and_reason(mut client: LiveClient) -> (u16, String) {
    for _ in 0..100 {
        if let Err(close) = client.next_frame().await {
            let close = close.expect("the server sends a close frame");
            return (close.code.into(), close.reason.to_string());
        }
    }
    panic!("still open after 100 frames");
}

#[tokio::test]
async fn ticket_opens_only_one_connection() {
    let server = TestServer::start(settings_with_tokens()).await;
    let first = request_ticket(&server, "hefei").await;
    let board = connect_live(&server, &format!("?ticket={first}"))
        .await
        .expect("the server accepts the token")
        .expect_frame()
        .await;
    assert_eq!(board["type"], "board");
    assert_eq!(connect_live(&server, &format!("?ticket={first}")).await.err(), Some(401), "used");
    assert_eq!(connect_live(&server, "?ticket=").await.err(), Some(401));
    assert_eq!(connect_live(&server, "").await.err(), Some(401));
    // A ticket is valid only for the live board. It is no bearer token.
    let second = request_ticket(&server, "reader").await;
    assert_eq!(server.get(&format!("/v1/board?ticket={second}")).await.status, 401);
    assert_eq!(request_as(&server, &second, "GET", "/v1/board", "").await.status, 401);
    assert!(
        connect_live(&server, &format!("?ticket={second}")).await.is_ok(),
        "the refused requests did not use up the ticket"
    );
    // A stream accepts a ticket too.
    let third = request_ticket(&server, "hefei").await;
    assert_eq!(
        server.open_stream(&format!("?ticket={third}"), &[]).await.expect_frame().await.1["type"],
        "board"
    );
    assert_eq!(server.get(&format!("/v1/stream?ticket={third}")).await.status, 401, "used");
    // Clients that can set headers need no ticket.
    assert!(
        server
            .connect_live_with("", &[("authorization", "Bearer reader")], &json!({}))
            .await
            .is_ok()
    );
    assert_eq!(
        server.connect_live_with("", &[("authorization", "Bearer sender")], &json!({})).await.err(),
        Some(403)
    );
    assert_eq!(request_as(&server, "sender", "POST", "/v1/ticket", "").await.status, 403);
}

#[tokio::test]
async fn ticket_expires_after_30_seconds() {
    let server = TestServer::start(settings_with_tokens()).await;
    let ticket = request_ticket(&server, "reader").await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert_eq!(connect_live(&server, &format!("?ticket={ticket}")).await.err(), Some(401));
}

#[tokio::test]
async fn live_connections_require_allowed_origin() {
    let mut settings = settings_with_tokens();
    settings.access.origins = vec!["https://wall.example.org".to_owned()];
    let server = TestServer::start(settings).await;
    let same_origin = format!("http://{}", server.address);
    for (origin, refused) in [
        (&*same_origin, None),
        ("https://wall.example.org", None),
        ("http://evil.example", Some(403)),
        ("null", Some(403)),
    ] {
        let headers = [("origin", origin), ("authorization", "Bearer reader")];
        assert_eq!(
            server.connect_live_with("", &headers, &json!({})).await.err(),
            refused,
            "{origin}"
        );
    }
    // The origin is checked without tokens too.
    let open = TestServer::start(crate::client::test_settings()).await;
    assert_eq!(
        open.connect_live_with("", &[("origin", "http://evil.example")], &json!({})).await.err(),
        Some(403)
    );
}

#[tokio::test]
async fn revoking_or_changing_token_closes_its_connections() {
    let files = ConfigurationFolder::new();
    let tokens = ["gone", "old", "other", "same"].map(|name| token_toml(name, "may = 'read'"));
    files.write_configuration(&tokens.concat());
    let server = TestServer::start(files.read_settings()).await;
    let mut clients = Vec::new();
    for name in ["gone", "old", "other", "same"] {
        let mut client = server
            .connect_live_with("", &[("authorization", &*bearer_header(name))], &json!({}))
            .await
            .expect("the server accepts the token");
        client.expect_frame().await;
        clients.push(client);
    }
    let mut stream = server.open_stream("", &[("authorization", &*bearer_header("gone"))]).await;
    stream.expect_frame().await;
    let ticket = request_ticket(&server, "gone").await;
    let old = token_toml("old", "may = 'read'\nexpires = 2026-01-01T00:00:00Z");
    let restricted = token_toml("other", "may = 'read'\nwhere = { center = ['hefei'] }");
    files.write_configuration(
        &[old, restricted, tokens[3].clone(), token_toml("new", "may = 'read'")].concat(),
    );
    assert_eq!(request_reload(&server).await, 200);
    for (name, status) in
        [("gone", 401), ("old", 401), ("other", 200), ("same", 200), ("new", 200), ("admin", 200)]
    {
        assert_eq!(
            request_as(&server, name, "GET", "/v1/board", "").await.status,
            status,
            "{name}"
        );
    }
    assert_eq!(
        connect_live(&server, &format!("?ticket={ticket}")).await.err(),
        Some(401),
        "the token of this ticket was revoked"
    );
    let mut same = clients.pop().expect("four clients are connected");
    for (client, reason) in clients.into_iter().zip(["not known here", "expired", "have changed"]) {
        let (code, close_reason) = close_code_and_reason(client).await;
        assert!(code == 1008 && close_reason.contains(reason), "{code} {close_reason}");
    }
    while let Some(event) = stream.next_event().await {
        let closed = event.get("event").is_some_and(|name| name == "close");
        assert!(
            !closed || event["data"].contains("1008") && event["data"].contains("not known here"),
            "{event:?}"
        );
    }
    same.wait_for_type("beat").await;
    same.wait_for_type("beat").await;
}

#[tokio::test]
async fn reload_removing_all_tokens_is_refused() {
    let files = ConfigurationFolder::new();
    files.write_configuration("");
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("a port is free");
    let address = std::net::SocketAddr::from((
        [127, 0, 0, 1],
        listener.local_addr().expect("the address is valid").port(),
    ));
    let (_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run =
        firstline::app::run_service(files.read_settings(), listener, async { _ = stopped.await });
    let run = tokio::spawn(run);
    files.write_file("config.toml", "listen = '127.0.0.1:0'\n");
    let headers = [("Authorization", "Bearer admin")];
    let refused = crate::client::send_request(address, "POST", "/v1/reload", &headers, b"").await;
    assert!(
        refused.status == 422 && refused.body.contains("firstline token new"),
        "{}",
        refused.body
    );
    assert_eq!(
        crate::client::send_request(address, "GET", "/v1/board", &[], b"").await.status,
        401
    );
    run.abort();
}
