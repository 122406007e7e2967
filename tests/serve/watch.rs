//! `firstline watch`: `--once` is the program itself against a service; what follows is followed without a terminal.

use crate::client::{Server, answered, event, settings};
use firstline::access::grant::{May, Sources, View};
use firstline::access::{Token, token::Secret};
use firstline::config::Settings;
use firstline::config::journal::Journal;
use firstline::watch::address::Address;
use firstline::watch::board::Scope;
use firstline::watch::follower::Follower;
use firstline::watch::view::Choice;
use firstline::watch::wire::Client;
use serde_json::{Value, json};
use std::process::{Command, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn watch(arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
    command.args(["watch", "--once", "--lang", "en"]).args(arguments).env_remove("FIRSTLINE_TOKEN");
    token.map(|token| command.env("FIRSTLINE_TOKEN", token));
    tokio::task::spawn_blocking(move || command.output().expect("a program that starts")).await.expect("no panic")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A service that has counted a call of Hefei.
async fn told(settings: Settings) -> Server {
    let server = Server::start(settings).await;
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer admin")];
    let taken = server.request("POST", "/v1/events", &headers, json!(answered("c-1", "hefei")).to_string().as_bytes()).await;
    assert_eq!(taken.json()["accepted"], 3, "{}", taken.body);
    let mut wall = server.live_with("", &[("authorization", "Bearer admin")], &json!({})).await.expect("let in");
    wall.reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 1).await;
    server
}

#[tokio::test]
async fn the_board_is_printed_for_people_and_for_programs() {
    let server = told(settings()).await;
    let url = format!("http://{}/", server.address);
    let printed = watch(&[&url], None).await;
    let (board, said) = (text(&printed.stdout), text(&printed.stderr));
    assert!(printed.status.success(), "{said}");
    assert!(board.starts_with("Telecom service standard · All centers · as of 20"), "{board}");
    // One call is too few to judge.
    assert!(board.lines().any(|line| line.starts_with("○  ") && line.contains("30m") && line.contains("100 %")), "{board}");
    assert!(board.lines().any(|line| line.starts_with("hefei")), "{board}");

    let printed = watch(&[&url, "--center", "hefei", "--indicator", "answer_rate", "--window", "1h", "--json"], None).await;
    let frame: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!((&frame["type"], frame["readings"].as_array().map(Vec::len)), (&json!("board"), Some(2)), "{frame}");
    assert_eq!((&frame["readings"][0]["window"], &frame["readings"][0]["of"]), (&json!("1h"), &json!(1)));
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_with_what_to_do() {
    let mut settings = settings();
    let digest = Secret::from("admin").digest();
    let (sources, view) = (Sources::default(), View::default());
    settings.access.tokens = vec![Token { name: "admin".to_owned(), digest, may: May::Admin, sources, view, expires: None }];
    let server = told(settings).await;
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
        (vec![&*here, "--center", "nowhere"], Some("admin"), "nothing on the board of a center `nowhere`"),
        (vec![&*here, "--ca", "nowhere.pem"], Some("admin"), "`nowhere.pem` cannot be read"),
    ] {
        let printed = watch(&arguments, token).await;
        let said = text(&printed.stderr);
        assert_eq!((printed.status.code(), printed.stdout.len()), (Some(1), 0), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let misuse = watch(&["ftp://a"], None).await;
    assert_eq!(misuse.status.code(), Some(2), "{}", text(&misuse.stderr));
    assert!(watch(&[&here], Some("admin")).await.status.success());
}

#[tokio::test]
async fn a_service_that_comes_back_is_followed_on_where_it_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let kept = || Settings { data: directory.path().join("data"), journal: Some(Journal::default()), ..settings() };
    let mut server = told(kept()).await;
    let address = server.address;
    let client = Client::new(Address::parse(&address.to_string()).expect("an address"), None, None).expect("a client");
    let mut follower = Follower::new(client, Choice::default(), 1);
    let calls = |follower: &Follower| follower.board.get("answer_rate", &Scope::new(), "30m").and_then(|reading| reading.value);
    until(&mut follower, |follower| calls(follower) == Some(1.0)).await;
    let epoch = follower.board.head.as_ref().map(|head| head.epoch.clone());

    server.stop();
    until(&mut follower, |follower| follower.lost.is_some()).await;
    server.ended().await;
    assert_eq!(calls(&follower), Some(1.0), "the last values stay");

    let server = Server::begin_at(kept(), address).await;
    server.ready().await;
    let lost = json!([
        event("c-2-1", "call.offered", "c-2", -20, &json!({ "center": "hefei", "queue": "sales" })),
        event("c-2-2", "call.abandoned", "c-2", -5, &json!({ "center": "hefei", "queue": "sales" })),
    ]);
    assert_eq!(server.post("application/json", lost.to_string()).await.json()["accepted"], 2);
    until(&mut follower, |follower| calls(follower) == Some(0.5)).await;
    assert_eq!(follower.lost, None);
    // It was never without a board: a fresh one of another epoch would have been asked for anew.
    assert_eq!(follower.board.head.as_ref().map(|head| head.epoch.clone()), epoch);
}

/// Follows until this is so.
async fn until(follower: &mut Follower, so: impl Fn(&Follower) -> bool) {
    tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while !so(follower) {
            follower.next().await;
        }
    })
    .await
    .expect("it in time");
}
