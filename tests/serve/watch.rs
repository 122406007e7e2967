//! `firstline watch --once`, the program itself, against a service.

use crate::client::{Server, answered, settings};
use firstline::access::grant::{May, Sources, View};
use firstline::access::{Token, token::Secret};
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
async fn told(settings: firstline::config::Settings) -> Server {
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
