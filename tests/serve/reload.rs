//! Tests of reloading the standard without a restart, over HTTP and by SIGHUP.

use crate::{client::TestServer, client::answered_call, client::event_json, client::send_request};
use firstline::config::{self, ServiceSettings};
use firstline::domain::monitor::EventRefusal;
use firstline::engine::{self, Engine, EngineEndpoints};
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::standard_file::{BUILT_IN, parse_standard};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Temporary folder with a configuration and its standard files.
struct StandardFolder(TempDir);

impl StandardFolder {
    fn new() -> StandardFolder {
        let files =
            StandardFolder(tempfile::tempdir().expect("the temporary directory is created"));
        files.write_file("one.toml", BUILT_IN);
        files.write_file("config.toml", "listen = '127.0.0.1:0'\ndata = 'data'\npublish_every = '100ms'\nstandard = 'one.toml'\n");
        files
    }

    fn write_file(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("the file is accessible");
    }

    /// Adds a second version of the standard with a lower target for the answer rate.
    fn add_second_version(&self) {
        let two = BUILT_IN
            .replace("version = \"1\"", "version = \"2\"")
            .replace("date_of_effect = 2026-01-01", "date_of_effect = 2026-02-01")
            .replace("{ at_least = 0.85, warning = 0.90 }", "{ at_least = 0.5 }");
        self.write_file("two.toml", &two);
        self.write_file(
            "config.toml",
            "listen = '127.0.0.1:0'\ndata = 'data'\npublish_every = '100ms'\nstandard = ['one.toml', 'two.toml']\n",
        );
    }

    fn read_settings(&self) -> ServiceSettings {
        config::read_configuration_file(&self.0.path().join("config.toml"))
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
    }
}

async fn request_reload(server: &TestServer) -> crate::client::HttpReply {
    server.request("POST", "/v1/reload", &[], b"").await
}

#[tokio::test]
async fn new_version_retains_remembered_cases_in_new_epoch() {
    let files = StandardFolder::new();
    let server = TestServer::start(files.read_settings()).await;
    let response =
        server.post("application/json", json!(answered_call("c-1", "hefei")).to_string()).await;
    assert_eq!(response.json()["accepted"], 3, "{}", response.body);
    let mut client = server
        .connect_live(&json!({ "subscribe": { "indicators": ["answer_rate"], "by": ["center"] } }))
        .await;
    let first = client.expect_frame().await;
    let is_counted = |reading: &Value| reading["of"] == 1 && reading["scope"]["center"] == "hefei";

    files.add_second_version();
    let reply = request_reload(&server).await;
    let reloaded = reply.json();
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(
        (&reloaded["version"], &reloaded["cases"], &reloaded["forgotten_cases"]),
        (&json!("2"), &json!(1), &json!(0))
    );
    let board = loop {
        let frame = client.expect_frame().await;
        if frame["epoch"] != first["epoch"] {
            break frame;
        }
    };
    assert_eq!(board["type"], "board", "a new epoch begins with a whole board");
    let reading = board["readings"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|reading| is_counted(reading))
        .expect("the call is still counted");
    assert_eq!(reading["target"], 0.5);
    let (_, between) = client.wait_for_type("beat").await;
    assert!(
        between.iter().all(|frame| frame["epoch"] == board["epoch"] && frame["type"] == "delta")
    );

    let standard = server.get("/v1/standard").await.json();
    let version = |version: &str, date: &str, in_force: bool| json!({ "version": version, "date_of_effect": date, "in_force": in_force });
    assert_eq!(
        standard["versions"],
        json!([version("2", "2026-02-01", true), version("1", "2026-01-01", false)])
    );
    let targets: Vec<&Value> = standard["indicators"][0]["targets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| &entry["target"])
        .collect();
    assert_eq!(targets, [&json!(0.5), &json!(0.85)]);

    // Event ids from before the reload are still known.
    let again =
        server.post("application/json", json!(answered_call("c-1", "hefei")[0]).to_string()).await;
    assert_eq!(again.json()["duplicates"], 1, "{}", again.body);
    // A client that resumes with the old epoch gets a whole board.
    let resume = json!({ "resume": { "epoch": first["epoch"], "revision": first["revision"] } });
    assert_eq!(server.connect_live(&resume).await.expect_frame().await["type"], "board");
}

#[tokio::test]
async fn invalid_standard_is_refused_and_old_one_stays() {
    let files = StandardFolder::new();
    let server = TestServer::start(files.read_settings()).await;
    files.write_file(
        "one.toml",
        &BUILT_IN
            .replace("at_least = 0.85", "at_last = 0.85")
            .replace("time_zone = \"Asia/Shanghai\"", ""),
    );
    let refused = request_reload(&server).await;
    assert_eq!(
        (refused.status, refused.headers["content-type"].as_str()),
        (422, "application/problem+json")
    );
    let problems = refused.json()["problems"].as_array().cloned().unwrap_or_default();
    assert!(problems.len() >= 2, "{}", refused.body);
    assert!(
        problems
            .iter()
            .all(|problem| problem["file"].as_str().is_some_and(|file| file.ends_with("one.toml"))
                && problem["line"].is_u64())
    );
    let standard = server.get("/v1/standard").await.json();
    assert_eq!(
        (&standard["version"], &standard["indicators"][0]["target"]),
        (&json!("1"), &json!(0.85))
    );
    // The corrected file is accepted.
    files.write_file("one.toml", BUILT_IN);
    assert_eq!(request_reload(&server).await.status, 200);
}

#[tokio::test]
async fn display_is_closed_when_its_indicator_is_removed() {
    let files = StandardFolder::new();
    let server = TestServer::start(files.read_settings()).await;
    let mut client =
        server.connect_live(&json!({ "subscribe": { "indicators": ["speed_of_answer"] } })).await;
    client.expect_frame().await;
    files.write_file(
        "one.toml",
        &BUILT_IN.replace("[indicator.speed_of_answer]", "[indicator.answer_speed]"),
    );
    assert_eq!(request_reload(&server).await.status, 200);
    let close = loop {
        if let Err(close) = client.next_frame().await {
            break close.expect("the server sends a close frame");
        }
    };
    assert!(
        close.reason.contains("the standard has changed: there is no indicator `speed_of_answer`"),
        "{}",
        close.reason
    );
}

#[tokio::test]
async fn reload_requires_configuration_and_direct_local_client() {
    let server = TestServer::start(crate::client::test_settings()).await;
    let refused = request_reload(&server).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("--config FILE"), "{}", refused.body);
    for header in [
        ("X-Forwarded-For", "192.0.2.1"),
        ("Forwarded", "for=192.0.2.1"),
        ("Origin", "http://evil.example"),
    ] {
        assert_eq!(
            server.request("POST", "/v1/reload", &[header], b"").await.status,
            403,
            "{header:?}"
        );
    }
    assert_eq!(server.get("/v1/reload").await.status, 405);
}

/// Queued batches keep the meaning of the schema that decoded them.
#[tokio::test]
async fn queued_batches_keep_meaning_across_standard_change() {
    let replaced = |from: &str, to: &str, text: &str| {
        assert!(text.contains(from), "the built-in standard does not contain `{from}`");
        text.replace(from, to)
    };
    let orders = r#"orders = ["repair", "install", "move", "complaint", "parts"]"#;
    let with_loan = replaced(
        orders,
        r#"orders = ["loan", "repair", "install", "move", "complaint", "parts"]"#,
        BUILT_IN,
    );
    let old = Arc::new(parse_standard("old", &with_loan).expect("the standard is valid"));
    let reordered = replaced(
        orders,
        r#"orders = ["parts", "complaint", "move", "install", "repair"]"#,
        BUILT_IN,
    );
    let dimensions =
        r#"["center", "queue", "region", "channel", "tier", "product", "class", "grade", "area"]"#;
    let reordered =
        replaced(dimensions, r#"["grade", "class", "tier", "queue", "center"]"#, &reordered);
    let new = Arc::new(
        parse_standard("new", &reordered).unwrap_or_else(|problems| panic!("{problems:#?}")),
    );
    let settings = engine::EngineSettings {
        standard: old,
        publish_every: Duration::from_millis(100),
        queue_batches: 8,
        journal: None,
    };
    let (engine, EngineEndpoints { handle, mut published_boards, .. }) = Engine::new(settings);
    let mut decoder = EventDecoder::new(handle.schema(), HashKeys::default());
    let mut events = answered_call("c-1", "hefei");
    let data = json!({ "center": "wuhu" });
    events.extend([
        event_json("l-1", "loan.opened", "l-1", -20, &data),
        event_json("r-1", "repair.opened", "r-1", -20, &data),
    ]);
    events.iter().for_each(|event| {
        decoder.decode_json(event.to_string().as_bytes()).expect("the event is valid");
    });
    let (batch, schema) = (decoder.take_batch(), decoder.schema().clone());
    let second_handle = handle.clone();
    let change = tokio::spawn(async move { second_handle.change_standard(new).await });
    tokio::task::yield_now().await;
    // The engine does not run yet, so the batch is queued behind the standard change.
    let answer = handle.try_submit(batch, schema).expect("the queue has space");
    let end = engine.spawn_thread().expect("the thread starts");
    let applied = answer.wait().await.expect("the engine answers");
    assert_eq!(
        change.await.expect("the task does not panic").expect("the engine answers").cases,
        0
    );
    assert_eq!((applied.accepted, applied.refused), (4, vec![(3, EventRefusal::Unknown)]));
    drop(handle);
    end.await.expect("the engine thread ends").expect("the engine ends without an error");
    let board = published_boards.borrow_and_update().board.clone();
    let value = |indicator: &str, center: &str| {
        let found = board.readings.iter().find(|reading| {
            let scope: Vec<_> = board.scope_values(&reading.key).collect();
            board.standard.indicators[reading.key.indicator].name == indicator
                && scope == [("center", center)]
        });
        found.and_then(|reading| reading.value)
    };
    assert_eq!(
        (value("answer_rate", "hefei"), value("repairs_open", "wuhu")),
        (Some(1.0), Some(1.0))
    );
}

/// Runs the real program, because a signal is sent to a process.
#[cfg(unix)]
#[tokio::test]
async fn sighup_reloads_standard() {
    let files = StandardFolder::new();
    let config = files.0.path().join("config.toml");
    let program = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["serve", "--config"])
        .arg(&config)
        .stderr(Stdio::piped())
        .spawn();
    let mut program = program.expect("the program starts");
    let mut lines = BufReader::new(program.stderr.take().expect("the stream is piped")).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let rest = line.split_once("wallboard  http://")?.1;
        rest.trim_end_matches('/').parse().ok()
    });
    let address = address.expect("the banner has the address");
    // The program would block on a full stderr pipe.
    std::thread::spawn(move || lines.for_each(drop));
    while tokio::net::TcpStream::connect(address).await.is_err()
        || send_request(address, "GET", "/readyz", &[], b"").await.status != 200
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    files.add_second_version();
    let signal = |name: &str| {
        Command::new("kill")
            .args([name, &program.id().to_string()])
            .status()
            .is_ok_and(|status| status.success())
    };
    assert!(signal("-HUP"));
    let mut version = Value::Null;
    for _ in 0..500 {
        version =
            send_request(address, "GET", "/v1/standard", &[], b"").await.json()["version"].clone();
        if version == "2" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(signal("-TERM"));
    assert!(program.wait().expect("the program stops").success());
    assert_eq!(version, "2");
}
