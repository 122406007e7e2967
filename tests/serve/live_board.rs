//! Tests of the live board over WebSocket: gapless deltas, filters, resumption and close reasons.

use crate::{client::TestServer, client::answered_call, client::test_settings};
use serde_json::{Value, json};

fn is_answer_rate_of(reading: &Value, center: Option<&str>, of: u64) -> bool {
    let scope = center.map_or_else(|| json!({}), |center| json!({ "center": center }));
    reading["indicator"] == "answer_rate"
        && reading["window"] == "30m"
        && reading["scope"] == scope
        && reading["of"] == of
}

async fn send_answered_call(server: &TestServer, call: &str, center: &str) {
    let response =
        server.post("application/json", json!(answered_call(call, center)).to_string()).await;
    assert_eq!(response.json()["accepted"], 3, "{}", response.body);
}

#[tokio::test]
async fn board_is_followed_by_gapless_deltas_and_heartbeats() {
    let server = TestServer::start(test_settings()).await;
    let mut client =
        server.connect_live(&json!({ "subscribe": { "indicators": ["answer_rate"] } })).await;
    let board = client.expect_frame().await;
    assert_eq!(board["type"], "board");
    assert!(board["readings"].as_array().is_some_and(|readings| !readings.is_empty()));
    let mut revision = board["revision"].as_u64();
    let mut updates = 0;
    for call in 0..5 {
        send_answered_call(&server, &format!("c-{call}"), "hefei").await;
        loop {
            let frame = client.expect_frame().await;
            assert_eq!(frame["epoch"], board["epoch"]);
            if frame["type"] == "delta" {
                assert_eq!(frame["from"].as_u64(), revision, "gap between revisions");
                revision = frame["revision"].as_u64();
            }
            assert_eq!(frame["revision"].as_u64(), revision);
            let mut readings = frame["readings"].as_array().into_iter().flatten();
            if let Some(reading) =
                readings.find(|reading| is_answer_rate_of(reading, None, call + 1))
            {
                updates += 1;
                assert_eq!(reading["good"], call + 1);
                break;
            }
        }
    }
    assert_eq!(updates, 5);
    let (beat, _) = client.wait_for_type("beat").await;
    assert!(beat["as_of"].as_str() >= board["as_of"].as_str());
    assert_eq!(beat.get("readings"), None);
}

#[tokio::test]
async fn subscription_filters_readings() {
    let server = TestServer::start(test_settings()).await;
    send_answered_call(&server, "c-1", "hefei").await;
    send_answered_call(&server, "c-2", "wuhu").await;
    let scopes = |frame: &Value| -> Vec<String> {
        frame["readings"].as_array().into_iter().flatten().map(|r| r["scope"].to_string()).collect()
    };
    let first_board = |hello: Value| {
        let server = &server;
        async move {
            // The acknowledgement precedes the board, so wait until the board has both calls.
            server
                .connect_live(&json!({}))
                .await
                .wait_for_reading(|reading| is_answer_rate_of(reading, None, 2))
                .await;
            server.connect_live(&hello).await.expect_frame().await
        }
    };
    let subscribe = |extra: Value| {
        let mut subscription = json!({ "indicators": ["answer_rate"], "windows": ["30m"] });
        subscription
            .as_object_mut()
            .expect("the value is an object")
            .extend(extra.as_object().expect("the value is an object").clone());
        json!({ "subscribe": subscription })
    };
    let centers = first_board(subscribe(json!({ "by": ["center"] }))).await;
    assert_eq!(scopes(&centers), [r#"{"center":"hefei"}"#, r#"{"center":"wuhu"}"#]);
    let queues =
        first_board(subscribe(json!({ "where": { "center": ["hefei"] }, "by": ["queue"] }))).await;
    assert_eq!(scopes(&queues), [r#"{"center":"hefei","queue":"sales"}"#]);
    let hefei =
        first_board(subscribe(json!({ "where": { "center": ["hefei", "nowhere"] } }))).await;
    assert_eq!(scopes(&hefei), [r#"{"center":"hefei"}"#, r#"{"center":"hefei","queue":"sales"}"#]);
    let whole = first_board(subscribe(json!({ "by": [] }))).await;
    assert_eq!(scopes(&whole), ["{}"]);
    let everything = first_board(subscribe(json!({}))).await;
    assert_eq!(scopes(&everything).len(), 5);

    let queried = server
        .get("/v1/board?indicator=answer_rate&window=30m&center=hefei,nowhere&by=queue")
        .await
        .json();
    assert_eq!(queried["readings"], queues["readings"]);
    let levels = server
        .get("/v1/board?window=now&by=&indicator=calls_waiting&indicator=repairs_open")
        .await
        .json();
    assert_eq!(levels["readings"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn reconnecting_client_resumes_at_its_revision() {
    let server = TestServer::start(test_settings()).await;
    let mut client = server.connect_live(&json!({})).await;
    let board = client.expect_frame().await;
    drop(client);
    send_answered_call(&server, "c-1", "hefei").await;
    server
        .connect_live(&json!({}))
        .await
        .wait_for_reading(|reading| is_answer_rate_of(reading, None, 1))
        .await;

    let resume = json!({ "subscribe": {}, "resume": { "epoch": board["epoch"], "revision": board["revision"] } });
    let delta = server.connect_live(&resume).await.expect_frame().await;
    assert_eq!((&delta["type"], &delta["from"]), (&json!("delta"), &board["revision"]));
    assert!(delta["readings"].as_array().into_iter().flatten().any(|reading| is_answer_rate_of(
        reading,
        Some("hefei"),
        1
    )));

    for (epoch, revision) in
        [(json!("another"), board["revision"].clone()), (board["epoch"].clone(), json!(1_000_000))]
    {
        let frame = server
            .connect_live(&json!({ "resume": { "epoch": epoch, "revision": revision } }))
            .await
            .expect_frame()
            .await;
        assert_eq!(frame["type"], "board");
    }
}

#[tokio::test]
async fn client_can_change_subscription() {
    let server = TestServer::start(test_settings()).await;
    let mut client =
        server.connect_live(&json!({ "subscribe": { "indicators": ["calls_waiting"] } })).await;
    assert_eq!(client.expect_frame().await["readings"].as_array().map(Vec::len), Some(1));
    client.send_text(r#"{"subscribe":{"indicators":["answer_rate"]}}"#).await;
    let (board, _) = client.wait_for_type("board").await;
    assert_eq!(board["readings"][0]["indicator"], "answer_rate");
}

#[tokio::test]
async fn invalid_subscription_is_closed_with_reason() {
    let server = TestServer::start(test_settings()).await;
    let cases = [
        (json!({ "subscribe": { "indicators": ["answer_rat"] } }), "did you mean `answer_rate`?"),
        (json!({ "subscribe": { "windows": ["31m"] } }), "no window `31m`"),
        (json!({ "subscribe": { "where": { "planet": ["mars"] } } }), "no dimension `planet`"),
        (json!({ "subscribe": { "indicator": [] } }), "unknown field `indicator`"),
        (json!("hello"), "not a subscription"),
    ];
    for (hello, expected) in cases {
        let close = server
            .connect_live(&hello)
            .await
            .next_frame()
            .await
            .expect_err("the connection is closed without a frame")
            .expect("the server sends a close frame");
        assert!(close.reason.contains(expected), "{}", close.reason);
        assert_eq!(u16::from(close.code), 1008);
    }
}

#[tokio::test]
async fn live_client_limit_refuses_excess_connections() {
    let mut settings = test_settings();
    settings.limits.live_clients = 1;
    let server = TestServer::start(settings).await;
    let mut client = server.connect_live(&json!({})).await;
    client.expect_frame().await;
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/v1/live", server.address))
        .await
        .expect_err("the client limit is reached");
    let tokio_tungstenite::tungstenite::Error::Http(reply) = refused else { panic!("{refused}") };
    assert_eq!(reply.status(), 503);
    assert_eq!(server.get("/v1/live").await.status, 400);
    client.expect_frame().await;
}

#[tokio::test]
async fn shutdown_sends_last_board_and_closes_connections() {
    let mut server = TestServer::start(test_settings()).await;
    let mut clients =
        vec![server.connect_live(&json!({})).await, server.connect_live(&json!({})).await];
    for client in &mut clients {
        client.expect_frame().await;
    }
    send_answered_call(&server, "c-1", "hefei").await;
    server.begin_shutdown();
    for client in &mut clients {
        let mut last_board_received = false;
        let close = loop {
            match client.next_frame().await {
                Ok(frame) => {
                    last_board_received |= frame["readings"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|reading| is_answer_rate_of(reading, None, 1));
                }
                Err(close) => break close.expect("the server sends a close frame"),
            }
        };
        assert!(last_board_received, "the last board was not sent");
        assert_eq!(
            (u16::from(close.code), close.reason.as_str()),
            (1001, "the service is stopping")
        );
    }
    server.wait_until_stopped().await;
}
