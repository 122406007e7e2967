//! What is kept: a stop and a start are a pause, the live board goes on where it stopped, and nobody shares a directory.

use crate::client::{Server, answered, settings};
use firstline::config::Settings;
use firstline::config::journal::Journal;
use firstline::engine::Acknowledge;
use firstline::standard::{BUILT_IN, read};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Settings that keep what is accepted in a directory.
fn kept(directory: &Path) -> Settings {
    Settings { data: directory.join("data"), journal: Some(Journal::default()), ..settings() }
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

async fn take(server: &Server, call: &str) {
    let events = answered(call, "hefei");
    let taken = server.post("application/json", json!(events).to_string()).await;
    assert_eq!(taken.json()["accepted"], events.len(), "{}", taken.body);
}

/// How many calls were answered, and of how many.
async fn answer_rate(server: &Server) -> (Value, Value) {
    let reply = server.get("/v1/board?indicator=answer_rate&window=today&by=center&center=hefei").await;
    let reading = reply.json()["readings"][0].clone();
    (reading["good"].clone(), reading["of"].clone())
}

/// The files of the journal whose names begin so.
fn named(directory: &Path, begin: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(directory.join("data")).expect("a directory").flatten().map(|entry| entry.path());
    files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begin))).collect()
}

fn remove(directory: &Path, begin: &str) {
    named(directory, begin).iter().for_each(|path| std::fs::remove_file(path).expect("a file"));
}

/// Why a service does not start.
async fn refusal(settings: Settings) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let ended = firstline::app::run(settings, listener, std::future::pending()).await;
    format!("{:#}", ended.expect_err("a refusal"))
}

#[tokio::test]
async fn a_wall_goes_on_where_the_service_stopped() {
    let directory = directory();
    let mut server = Server::start(kept(directory.path())).await;
    take(&server, "c-1").await;
    let mut wall = server.live(&json!({ "subscribe": { "indicators": ["answer_rate"] } })).await;
    let mut seen = wall.frame().await;
    let epoch = seen["epoch"].clone();
    server.stop();
    let closed = loop {
        match wall.next().await {
            Ok(frame) => seen = frame,
            Err(closed) => break closed.expect("a reason"),
        }
    };
    assert!(closed.reason.contains("stopping"), "{closed:?}");
    server.ended().await;
    let closed = directory.path().join("data/closed");
    assert!(closed.exists(), "the journal was not closed in good order");

    let mut server = Server::start(kept(directory.path())).await;
    assert!(!closed.exists(), "the journal is open");
    let resume = json!({ "epoch": epoch, "revision": seen["revision"] });
    let mut wall = server.live(&json!({ "subscribe": { "indicators": ["answer_rate"] }, "resume": resume })).await;
    let next = wall.frame().await;
    assert_eq!(next["epoch"], epoch);
    assert_ne!(next["type"], "board", "the wall has it already: {next}");
    if next["type"] == "delta" {
        assert_eq!(next["from"], seen["revision"]);
    }
    assert_eq!(answer_rate(&server).await, (json!(1), json!(1)));
    // What was taken before the stop is known after it.
    let again = server.post("application/json", json!(answered("c-1", "hefei")).to_string()).await.json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(3)), "{again}");
    take(&server, "c-2").await;
    server.stop();
    server.ended().await;
}

#[tokio::test]
async fn another_standard_after_a_restart_takes_over_what_is_remembered() {
    let directory = directory();
    let mut server = Server::start(kept(directory.path())).await;
    take(&server, "c-1").await;
    let epoch = server.get("/v1/board").await.json()["epoch"].clone();
    server.stop();
    server.ended().await;

    let other = BUILT_IN.replace("{ at_least = 0.85, warning = 0.90 }", "{ at_least = 0.5 }");
    let standard = Arc::new(read("other.toml", &other).expect("a good standard"));
    for _ in 0..2 {
        let mut server = Server::start(Settings { standard: standard.clone(), ..kept(directory.path()) }).await;
        let board = server.get("/v1/board?indicator=answer_rate&window=today&by=center&center=hefei").await.json();
        assert_eq!((&board["readings"][0]["good"], &board["readings"][0]["target"]), (&json!(1), &json!(0.5)), "{board}");
        assert_ne!(board["epoch"], epoch);
        server.stop();
        server.ended().await;
    }
}

#[tokio::test]
async fn a_directory_has_one_service_and_one_format() {
    let directory = directory();
    let mut server = Server::start(kept(directory.path())).await;
    let refused = refusal(kept(directory.path())).await;
    assert!(refused.contains(&format!("in use by process {}", std::process::id())), "{refused}");
    server.stop();
    server.ended().await;
    std::fs::write(directory.path().join("data/format"), "firstline data, format 99\n").expect("a file");
    let refused = refusal(kept(directory.path())).await;
    assert!(refused.contains("use the newer program"), "{refused}");
}

#[tokio::test]
async fn what_is_acknowledged_soon_is_kept_by_a_stop_in_good_order() {
    let directory = directory();
    let settings =
        || Settings { journal: Some(Journal { acknowledge: Acknowledge::Soon, ..Journal::default() }), ..kept(directory.path()) };
    let mut server = Server::start(settings()).await;
    take(&server, "c-1").await;
    server.stop();
    server.ended().await;
    let mut server = Server::start(settings()).await;
    assert_eq!(answer_rate(&server).await, (json!(1), json!(1)));
    server.stop();
    server.ended().await;
}

/// A record in the middle that is not as it was written is never passed over.
#[tokio::test]
async fn a_damaged_journal_is_an_error_that_names_its_file() {
    let directory = directory();
    let mut server = Server::start(kept(directory.path())).await;
    take(&server, "c-1").await;
    server.stop();
    server.ended().await;
    remove(directory.path(), "snapshot-");
    let journal = named(directory.path(), "journal-").pop().expect("a segment");
    let mut bytes = std::fs::read(&journal).expect("a file");
    // The text of the standard lies there.
    let place = bytes.windows(14).position(|window| window == b"date_of_effect").expect("the standard");
    bytes[place] ^= 1;
    std::fs::write(&journal, bytes).expect("a file");
    let refused = refusal(kept(directory.path())).await;
    let name = journal.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(refused.contains(&name) && refused.contains("damaged"), "{refused}");
}

/// What the error of a journal that is too short advises.
#[tokio::test]
async fn a_snapshot_goes_on_without_the_journal() {
    let directory = directory();
    for call in ["c-1", "c-2"] {
        let mut server = Server::start(kept(directory.path())).await;
        take(&server, call).await;
        server.stop();
        server.ended().await;
        remove(directory.path(), "journal-");
    }
    let mut server = Server::start(kept(directory.path())).await;
    assert_eq!(answer_rate(&server).await, (json!(2), json!(2)));
    server.stop();
    server.ended().await;
}
