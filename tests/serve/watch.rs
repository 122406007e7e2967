//! `firstline watch`: `--once` is the program itself against a service; what follows is followed without a terminal.

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
    tokio::task::spawn_blocking(move || command.output().expect("a program that starts"))
        .await
        .expect("no panic")
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A service that has counted a call of Hefei.
async fn server_with_call(settings: ServiceSettings) -> TestServer {
    let server = TestServer::start(settings).await;
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer admin")];
    let taken = server
        .request(
            "POST",
            "/v1/events",
            &headers,
            json!(answered_call("c-1", "hefei")).to_string().as_bytes(),
        )
        .await;
    assert_eq!(taken.json()["accepted"], 3, "{}", taken.body);
    let mut wall = server
        .connect_live_with("", &[("authorization", "Bearer admin")], &json!({}))
        .await
        .expect("let in");
    wall.wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 1)
        .await;
    server
}

#[tokio::test]
async fn watch_once_prints_board_as_text_or_json() {
    let server = server_with_call(test_settings()).await;
    let url = format!("http://{}/", server.address);
    let printed = run_watch(&[&url], None).await;
    let (board, said) = (to_text(&printed.stdout), to_text(&printed.stderr));
    assert!(printed.status.success(), "{said}");
    assert!(board.starts_with("Telecom service standard · All centers · as of 20"), "{board}");
    // One call is too few to judge.
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
    let frame: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
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
    let here = server.address.to_string();
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let nobody = free.local_addr().expect("an address").to_string();
    drop(free);
    let stranger = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let strange = stranger.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = stranger.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        }
    });
    for (arguments, token, expected) in [
        (vec![&*here], None, "FIRSTLINE_TOKEN"),
        (vec![&*here], Some("wrong"), "not known here"),
        (vec![&*nobody], None, "cannot be reached"),
        (vec![&*strange], None, "but no firstline"),
        (vec![&*here, "--indicator", "answer_rat"], Some("admin"), "did you mean `answer_rate`?"),
        (vec![&*here, "--window", "31m"], Some("admin"), "no window `31m`"),
        (
            vec![&*here, "--center", "nowhere"],
            Some("admin"),
            "nothing on the board of a center `nowhere`",
        ),
        (vec![&*here, "--ca", "nowhere.pem"], Some("admin"), "`nowhere.pem` cannot be read"),
    ] {
        let printed = run_watch(&arguments, token).await;
        let said = to_text(&printed.stderr);
        assert_eq!(
            (printed.status.code(), printed.stdout.len()),
            (Some(1), 0),
            "{arguments:?}: {said}"
        );
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let misuse = run_watch(&["ftp://a"], None).await;
    assert_eq!(misuse.status.code(), Some(2), "{}", to_text(&misuse.stderr));
    assert!(run_watch(&[&here], Some("admin")).await.status.success());
}

#[tokio::test]
async fn watch_resumes_after_service_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let kept = || ServiceSettings {
        data_directory: directory.path().join("data"),
        journal: Some(JournalConfiguration::default()),
        ..test_settings()
    };
    let mut server = server_with_call(kept()).await;
    let address = server.address;
    let client = ServiceClient::new(
        ServiceAddress::parse(&address.to_string()).expect("an address"),
        None,
        None,
    )
    .expect("a client");
    let mut follower = ReconnectingClient::new(client, WatchOptions::default(), 1);
    let calls = |follower: &ReconnectingClient| {
        follower
            .board
            .get("answer_rate", &WatchScope::new(), "30m")
            .and_then(|reading| reading.value)
    };
    follow_until(&mut follower, |follower| calls(follower) == Some(1.0)).await;
    let epoch = follower.board.head.as_ref().map(|head| head.epoch.clone());

    server.begin_shutdown();
    follow_until(&mut follower, |follower| follower.lost_reason.is_some()).await;
    server.wait_until_stopped().await;
    assert_eq!(calls(&follower), Some(1.0), "the last values stay");

    let server = TestServer::start_at(kept(), address).await;
    server.wait_until_ready().await;
    let lost = json!([
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
    assert_eq!(server.post("application/json", lost.to_string()).await.json()["accepted"], 2);
    follow_until(&mut follower, |follower| calls(follower) == Some(0.5)).await;
    assert_eq!(follower.lost_reason, None);
    // It was never without a board: a fresh one of another epoch would have been asked for anew.
    assert_eq!(follower.board.head.as_ref().map(|head| head.epoch.clone()), epoch);
}

/// Follows until this is so.
async fn follow_until(follower: &mut ReconnectingClient, so: impl Fn(&ReconnectingClient) -> bool) {
    tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while !so(follower) {
            follower.wait_for_change().await;
        }
    })
    .await
    .expect("it in time");
}
