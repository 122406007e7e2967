//! Tests of persistence: recovery after a restart, resumption of live clients, and the exclusive
//! use of the data directory.

use crate::{client::TestServer, client::answered_call, client::test_settings};
use firstline::config::ServiceSettings;
use firstline::config::journal_table::JournalConfiguration;
use firstline::engine::AcknowledgementLevel;
use firstline::standard_file::{BUILT_IN, parse_standard};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Settings with a journal in `directory`.
fn settings_with_journal(directory: &Path) -> ServiceSettings {
    ServiceSettings {
        data_directory: directory.join("data"),
        journal: Some(JournalConfiguration::default()),
        ..test_settings()
    }
}

fn new_directory() -> TempDir {
    tempfile::tempdir().expect("the temporary directory is created")
}

async fn send_call(server: &TestServer, call: &str) {
    let events = answered_call(call, "hefei");
    let response = server.post("application/json", json!(events).to_string()).await;
    assert_eq!(response.json()["accepted"], events.len(), "{}", response.body);
}

/// Returns the numbers of answered calls and of all counted calls of Hefei today.
async fn answer_rate_counts(server: &TestServer) -> (Value, Value) {
    let reply =
        server.get("/v1/board?indicator=answer_rate&window=today&by=center&center=hefei").await;
    let reading = reply.json()["readings"][0].clone();
    (reading["good"].clone(), reading["of"].clone())
}

/// Files of the data directory whose names begin with `begin`.
fn journal_files(directory: &Path, begin: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(directory.join("data"))
        .expect("the temporary directory is created")
        .flatten()
        .map(|entry| entry.path());
    files
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begin))
        })
        .collect()
}

fn remove_files(directory: &Path, begin: &str) {
    journal_files(directory, begin)
        .iter()
        .for_each(|path| std::fs::remove_file(path).expect("the file is accessible"));
}

/// Returns the error of a service that must not start.
async fn startup_error(settings: ServiceSettings) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let result = firstline::app::run_service(settings, listener, std::future::pending()).await;
    format!("{:#}", result.expect_err("the service does not start"))
}

#[tokio::test]
async fn display_resumes_after_service_restart() {
    let directory = new_directory();
    let mut server = TestServer::start(settings_with_journal(directory.path())).await;
    send_call(&server, "c-1").await;
    let mut client =
        server.connect_live(&json!({ "subscribe": { "indicators": ["answer_rate"] } })).await;
    let mut last_frame = client.expect_frame().await;
    let epoch = last_frame["epoch"].clone();
    server.begin_shutdown();
    let closed = loop {
        match client.next_frame().await {
            Ok(frame) => last_frame = frame,
            Err(closed) => break closed.expect("the close frame has a reason"),
        }
    };
    assert!(closed.reason.contains("stopping"), "{closed:?}");
    server.wait_until_stopped().await;
    let closed = directory.path().join("data/closed");
    assert!(closed.exists(), "the journal was not closed cleanly");

    let mut server = TestServer::start(settings_with_journal(directory.path())).await;
    assert!(!closed.exists(), "the journal is open");
    let resume = json!({ "epoch": epoch, "revision": last_frame["revision"] });
    let mut client = server
        .connect_live(&json!({ "subscribe": { "indicators": ["answer_rate"] }, "resume": resume }))
        .await;
    let next = client.expect_frame().await;
    assert_eq!(next["epoch"], epoch);
    assert_ne!(next["type"], "board", "the client has this board already: {next}");
    if next["type"] == "delta" {
        assert_eq!(next["from"], last_frame["revision"]);
    }
    assert_eq!(answer_rate_counts(&server).await, (json!(1), json!(1)));
    // Event ids from before the restart are still known.
    let again = server
        .post("application/json", json!(answered_call("c-1", "hefei")).to_string())
        .await
        .json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(3)), "{again}");
    send_call(&server, "c-2").await;
    server.begin_shutdown();
    server.wait_until_stopped().await;
}

#[tokio::test]
async fn new_standard_after_restart_retains_remembered_cases() {
    let directory = new_directory();
    let mut server = TestServer::start(settings_with_journal(directory.path())).await;
    send_call(&server, "c-1").await;
    let epoch = server.get("/v1/board").await.json()["epoch"].clone();
    server.begin_shutdown();
    server.wait_until_stopped().await;

    let other = BUILT_IN.replace("{ at_least = 0.85, warning = 0.90 }", "{ at_least = 0.5 }");
    let standard = Arc::new(parse_standard("other.toml", &other).expect("the standard is valid"));
    for _ in 0..2 {
        let mut server = TestServer::start(ServiceSettings {
            standard: standard.clone(),
            ..settings_with_journal(directory.path())
        })
        .await;
        let board = server
            .get("/v1/board?indicator=answer_rate&window=today&by=center&center=hefei")
            .await
            .json();
        assert_eq!(
            (&board["readings"][0]["good"], &board["readings"][0]["target"]),
            (&json!(1), &json!(0.5)),
            "{board}"
        );
        assert_ne!(board["epoch"], epoch);
        server.begin_shutdown();
        server.wait_until_stopped().await;
    }
}

#[tokio::test]
async fn data_directory_allows_one_service_and_one_format() {
    let directory = new_directory();
    let mut server = TestServer::start(settings_with_journal(directory.path())).await;
    let refused = startup_error(settings_with_journal(directory.path())).await;
    assert!(refused.contains(&format!("in use by process {}", std::process::id())), "{refused}");
    server.begin_shutdown();
    server.wait_until_stopped().await;
    std::fs::write(directory.path().join("data/format"), "firstline data, format 99\n")
        .expect("the file is accessible");
    let refused = startup_error(settings_with_journal(directory.path())).await;
    assert!(refused.contains("use a newer version"), "{refused}");
}

#[tokio::test]
async fn soon_acknowledged_events_survive_graceful_shutdown() {
    let directory = new_directory();
    let settings = || ServiceSettings {
        journal: Some(JournalConfiguration {
            acknowledge: AcknowledgementLevel::Soon,
            ..JournalConfiguration::default()
        }),
        ..settings_with_journal(directory.path())
    };
    let mut server = TestServer::start(settings()).await;
    send_call(&server, "c-1").await;
    server.begin_shutdown();
    server.wait_until_stopped().await;
    let mut server = TestServer::start(settings()).await;
    assert_eq!(answer_rate_counts(&server).await, (json!(1), json!(1)));
    server.begin_shutdown();
    server.wait_until_stopped().await;
}

/// A damaged record in the middle of the journal must not be skipped.
#[tokio::test]
async fn damaged_journal_error_names_file() {
    let directory = new_directory();
    let mut server = TestServer::start(settings_with_journal(directory.path())).await;
    send_call(&server, "c-1").await;
    server.begin_shutdown();
    server.wait_until_stopped().await;
    remove_files(directory.path(), "snapshot-");
    let journal =
        journal_files(directory.path(), "journal-").pop().expect("the journal has a segment");
    let mut bytes = std::fs::read(&journal).expect("the file is accessible");
    // The journal stores the text of the standard uncompressed at this place.
    let offset = bytes
        .windows(14)
        .position(|window| window == b"date_of_effect")
        .expect("the journal contains the standard");
    bytes[offset] ^= 1;
    std::fs::write(&journal, bytes).expect("the file is accessible");
    let refused = startup_error(settings_with_journal(directory.path())).await;
    let name = journal.file_name().expect("the name is a string").to_string_lossy().into_owned();
    assert!(refused.contains(&name) && refused.contains("damaged"), "{refused}");
}

/// The error text for an incomplete journal recommends this.
#[tokio::test]
async fn snapshot_alone_restores_service() {
    let directory = new_directory();
    for call in ["c-1", "c-2"] {
        let mut server = TestServer::start(settings_with_journal(directory.path())).await;
        send_call(&server, call).await;
        server.begin_shutdown();
        server.wait_until_stopped().await;
        remove_files(directory.path(), "journal-");
    }
    let mut server = TestServer::start(settings_with_journal(directory.path())).await;
    assert_eq!(answer_rate_counts(&server).await, (json!(2), json!(2)));
    server.begin_shutdown();
    server.wait_until_stopped().await;
}
