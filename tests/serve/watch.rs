//! Tests of `firstline watch`. `--once` runs the real program. Reconnection is tested without a
//! terminal.

use crate::{client::TestServer, client::answered_call, client::event_json, client::test_settings};
use firstline::access::AccessToken;
use firstline::access::grant::{AllowedSources, GrantedView, TokenRole};
use firstline::access::token::TokenSecret;
use firstline::config::ServiceSettings;
use firstline::config::journal_table::JournalConfiguration;
use firstline::watch::address::ServiceAddress;
use firstline::watch::client::ServiceClient;
use firstline::watch::latest_values::WatchScope;
use firstline::watch::reconnecting_client::ReconnectingClient;
use firstline::watch::view::WatchOptions;
use serde_json::{Value, json};
use std::process::{Command, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn run_watch(arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
    command.args(["watch", "--once", "--lang", "en"]).args(arguments).env_remove("FIRSTLINE_TOKEN");
    token.map(|token| command.env("FIRSTLINE_TOKEN", token));
    tokio::task::spawn_blocking(move || command.output().expect("the program starts"))
        .await
        .expect("the task does not panic")
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the text is valid UTF-8")
}

/// Starts a service whose board shows one answered call of Hefei.
async fn server_with_call(settings: ServiceSettings) -> TestServer {
    let server = TestServer::start(settings).await;
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer admin")];
    let response = server
        .request(
            "POST",
            "/v1/events",
            &headers,
            json!(answered_call("c-1", "hefei")).to_string().as_bytes(),
        )
        .await;
    assert_eq!(response.json()["accepted"], 3, "{}", response.body);
    let mut client = server
        .connect_live_with("", &[("authorization", "Bearer admin")], &json!({}))
        .await
        .expect("the server accepts the token");
    client
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 1)
        .await;
    server
}

#[tokio::test]
async fn watch_once_prints_board_as_text_or_json() {
    let server = server_with_call(test_settings()).await;
    let url = format!("http://{}/", server.address);
    let printed = run_watch(&[&url], None).await;
    let (board, stderr) = (to_text(&printed.stdout), to_text(&printed.stderr));
    assert!(printed.status.success(), "{stderr}");
    assert!(board.starts_with("Telecom service standard · All centers · as of 20"), "{board}");
    // One call is below the minimum sample, so the reading has no level.
    assert!(
        board
            .lines()
            .any(|line| line.starts_with("○  ") && line.contains("30m") && line.contains("100 %")),
        "{board}"
    );
    assert!(board.lines().any(|line| line.starts_with("hefei")), "{board}");

    let printed = run_watch(
        &[&url, "--center", "hefei", "--indicator", "answer_rate", "--window", "1h", "--json"],
        None,
    )
    .await;
    let frame: Value = serde_json::from_slice(&printed.stdout).expect("the text is valid JSON");
    assert_eq!(
        (&frame["type"], frame["readings"].as_array().map(Vec::len)),
        (&json!("board"), Some(2)),
        "{frame}"
    );
    assert_eq!(
        (&frame["readings"][0]["window"], &frame["readings"][0]["of"]),
        (&json!("1h"), &json!(1))
    );
}

#[tokio::test]
async fn watch_errors_name_cause_and_remedy() {
    let mut settings = test_settings();
    let digest = TokenSecret::from("admin").digest();
    let (sources, view) = (AllowedSources::default(), GrantedView::default());
    settings.access.tokens = vec![AccessToken {
        name: "admin".to_owned(),
        digest,
        role: TokenRole::Admin,
        sources,
        view,
        expires: None,
    }];
    let server = server_with_call(settings).await;
    let address = server.address.to_string();
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let closed = free.local_addr().expect("the address is valid").to_string();
    drop(free);
    let foreign_server = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let foreign = foreign_server.local_addr().expect("the address is valid").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = foreign_server.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        }
    });
    for (arguments, token, expected) in [
        (vec![&*address], None, "FIRSTLINE_TOKEN"),
        (vec![&*address], Some("wrong"), "not known here"),
        (vec![&*closed], None, "cannot reach"),
        (vec![&*foreign], None, "is not a firstline service"),
        (
            vec![&*address, "--indicator", "answer_rat"],
            Some("admin"),
            "did you mean `answer_rate`?",
        ),
        (vec![&*address, "--window", "31m"], Some("admin"), "no window `31m`"),
        (
            vec![&*address, "--center", "nowhere"],
            Some("admin"),
            "the board has no center `nowhere`",
        ),
        (vec![&*address, "--ca", "nowhere.pem"], Some("admin"), "PEM format from `nowhere.pem`"),
    ] {
        let printed = run_watch(&arguments, token).await;
        let stderr = to_text(&printed.stderr);
        assert_eq!(
            (printed.status.code(), printed.stdout.len()),
            (Some(1), 0),
            "{arguments:?}: {stderr}"
        );
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    let misuse = run_watch(&["ftp://a"], None).await;
    assert_eq!(misuse.status.code(), Some(2), "{}", to_text(&misuse.stderr));
    assert!(run_watch(&[&address], Some("admin")).await.status.success());
}

#[tokio::test]
async fn watch_resumes_after_service_restart() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    let settings = || ServiceSettings {
        data_directory: directory.path().join("data"),
        journal: Some(JournalConfiguration::default()),
        ..test_settings()
    };
    let mut server = server_with_call(settings()).await;
    let address = server.address;
    let client = ServiceClient::new(
        ServiceAddress::parse(&address.to_string()).expect("the address is valid"),
        None,
        None,
    )
    .expect("the client is created");
    let mut follower = ReconnectingClient::new(client, WatchOptions::default(), 1);
    let answer_rate = |follower: &ReconnectingClient| {
        follower
            .board
            .get("answer_rate", &WatchScope::new(), "30m")
            .and_then(|reading| reading.value)
    };
    follow_until(&mut follower, |follower| answer_rate(follower) == Some(1.0)).await;
    let epoch = follower.board.head.as_ref().map(|head| head.epoch.clone());

    server.begin_shutdown();
    follow_until(&mut follower, |follower| follower.lost_reason.is_some()).await;
    server.wait_until_stopped().await;
    assert_eq!(answer_rate(&follower), Some(1.0), "the last values remain shown");

    let server = TestServer::start_at(settings(), address).await;
    server.wait_until_ready().await;
    let abandoned_call = json!([
        event_json(
            "c-2-1",
            "call.offered",
            "c-2",
            -20,
            &json!({ "center": "hefei", "queue": "sales" })
        ),
        event_json(
            "c-2-2",
            "call.abandoned",
            "c-2",
            -5,
            &json!({ "center": "hefei", "queue": "sales" })
        ),
    ]);
    assert_eq!(
        server.post("application/json", abandoned_call.to_string()).await.json()["accepted"],
        2
    );
    follow_until(&mut follower, |follower| answer_rate(follower) == Some(0.5)).await;
    assert_eq!(follower.lost_reason, None);
    // The same epoch shows that the client resumed without a new whole board.
    assert_eq!(follower.board.head.as_ref().map(|head| head.epoch.clone()), epoch);
}

/// Follows the board until `condition` is true, for at most 60 s.
async fn follow_until(
    follower: &mut ReconnectingClient,
    condition: impl Fn(&ReconnectingClient) -> bool,
) {
    tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while !condition(follower) {
            follower.wait_for_change().await;
        }
    })
    .await
    .expect("the condition is met in time");
}
