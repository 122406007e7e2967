//! The live board: nothing is missed, nothing is sent that was not asked for.

use crate::client::{Server, answered, settings};
use serde_json::{Value, json};

fn whole(reading: &Value, center: Option<&str>, of: u64) -> bool {
    let scope = center.map_or_else(|| json!({}), |center| json!({ "center": center }));
    reading["indicator"] == "answer_rate" && reading["window"] == "30m" && reading["scope"] == scope && reading["of"] == of
}

async fn answer_a_call(server: &Server, call: &str, center: &str) {
    let taken = server.post("application/json", json!(answered(call, center)).to_string()).await;
    assert_eq!(taken.json()["accepted"], 3, "{}", taken.body);
}

#[tokio::test]
async fn the_board_comes_first_then_changes_without_holes_then_beats() {
    let server = Server::start(settings()).await;
    let mut wall = server.live(&json!({ "subscribe": { "indicators": ["answer_rate"] } })).await;
    let board = wall.frame().await;
    assert_eq!(board["type"], "board");
    assert!(board["readings"].as_array().is_some_and(|readings| !readings.is_empty()));
    let mut revision = board["revision"].as_u64();
    let mut seen = 0;
    for call in 0..5 {
        answer_a_call(&server, &format!("c-{call}"), "hefei").await;
        loop {
            let frame = wall.frame().await;
            assert_eq!(frame["epoch"], board["epoch"]);
            if frame["type"] == "delta" {
                assert_eq!(frame["from"].as_u64(), revision, "a hole");
                revision = frame["revision"].as_u64();
            }
            assert_eq!(frame["revision"].as_u64(), revision);
            let mut readings = frame["readings"].as_array().into_iter().flatten();
            if let Some(reading) = readings.find(|reading| whole(reading, None, call + 1)) {
                seen += 1;
                assert_eq!(reading["good"], call + 1);
                break;
            }
        }
    }
    assert_eq!(seen, 5);
    let (beat, _) = wall.until("beat").await;
    assert!(beat["as_of"].as_str() >= board["as_of"].as_str());
    assert_eq!(beat.get("readings"), None);
}

#[tokio::test]
async fn a_wall_sees_what_it_asked_for() {
    let server = Server::start(settings()).await;
    answer_a_call(&server, "c-1", "hefei").await;
    answer_a_call(&server, "c-2", "wuhu").await;
    let scopes =
        |frame: &Value| -> Vec<String> { frame["readings"].as_array().into_iter().flatten().map(|r| r["scope"].to_string()).collect() };
    let both = |hello: Value| {
        let server = &server;
        async move {
            // The board may be older than the answer: wait until both calls are on it.
            server.live(&json!({})).await.reading(|reading| whole(reading, None, 2)).await;
            server.live(&hello).await.frame().await
        }
    };
    let subscribe = |extra: Value| {
        let mut wanted = json!({ "indicators": ["answer_rate"], "windows": ["30m"] });
        wanted.as_object_mut().expect("a map").extend(extra.as_object().expect("a map").clone());
        json!({ "subscribe": wanted })
    };
    let centers = both(subscribe(json!({ "by": ["center"] }))).await;
    assert_eq!(scopes(&centers), [r#"{"center":"hefei"}"#, r#"{"center":"wuhu"}"#]);
    let queues = both(subscribe(json!({ "where": { "center": ["hefei"] }, "by": ["queue"] }))).await;
    assert_eq!(scopes(&queues), [r#"{"center":"hefei","queue":"sales"}"#]);
    let hefei = both(subscribe(json!({ "where": { "center": ["hefei", "nowhere"] } }))).await;
    assert_eq!(scopes(&hefei), [r#"{"center":"hefei"}"#, r#"{"center":"hefei","queue":"sales"}"#]);
    let whole = both(subscribe(json!({ "by": [] }))).await;
    assert_eq!(scopes(&whole), ["{}"]);
    let everything = both(subscribe(json!({}))).await;
    assert_eq!(scopes(&everything).len(), 5);

    let queried = server.get("/v1/board?indicator=answer_rate&window=30m&center=hefei,nowhere&by=queue").await.json();
    assert_eq!(queried["readings"], queues["readings"]);
    let levels = server.get("/v1/board?window=now&by=&indicator=calls_waiting&indicator=repairs_open").await.json();
    assert_eq!(levels["readings"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_wall_that_comes_back_goes_on_where_it_stopped() {
    let server = Server::start(settings()).await;
    let mut wall = server.live(&json!({})).await;
    let board = wall.frame().await;
    drop(wall);
    answer_a_call(&server, "c-1", "hefei").await;
    server.live(&json!({})).await.reading(|reading| whole(reading, None, 1)).await;

    let resume = json!({ "subscribe": {}, "resume": { "epoch": board["epoch"], "revision": board["revision"] } });
    let delta = server.live(&resume).await.frame().await;
    assert_eq!((&delta["type"], &delta["from"]), (&json!("delta"), &board["revision"]));
    assert!(delta["readings"].as_array().into_iter().flatten().any(|reading| whole(reading, Some("hefei"), 1)));

    for (epoch, revision) in [(json!("another"), board["revision"].clone()), (board["epoch"].clone(), json!(1_000_000))] {
        let frame = server.live(&json!({ "resume": { "epoch": epoch, "revision": revision } })).await.frame().await;
        assert_eq!(frame["type"], "board");
    }
}

#[tokio::test]
async fn a_wall_may_change_its_mind() {
    let server = Server::start(settings()).await;
    let mut wall = server.live(&json!({ "subscribe": { "indicators": ["calls_waiting"] } })).await;
    assert_eq!(wall.frame().await["readings"].as_array().map(Vec::len), Some(1));
    wall.say(r#"{"subscribe":{"indicators":["answer_rate"]}}"#).await;
    let (board, _) = wall.until("board").await;
    assert_eq!(board["readings"][0]["indicator"], "answer_rate");
}

#[tokio::test]
async fn a_broken_subscription_is_closed_with_the_reason() {
    let server = Server::start(settings()).await;
    let cases = [
        (json!({ "subscribe": { "indicators": ["answer_rat"] } }), "did you mean `answer_rate`?"),
        (json!({ "subscribe": { "windows": ["31m"] } }), "no window `31m`"),
        (json!({ "subscribe": { "where": { "planet": ["mars"] } } }), "no dimension `planet`"),
        (json!({ "subscribe": { "indicator": [] } }), "unknown field `indicator`"),
        (json!("hello"), "not a subscription"),
    ];
    for (hello, expected) in cases {
        let close = server.live(&hello).await.next().await.expect_err("no frame").expect("a close frame");
        assert!(close.reason.contains(expected), "{}", close.reason);
        assert_eq!(u16::from(close.code), 1008);
    }
}

#[tokio::test]
async fn there_are_only_so_many_places() {
    let mut settings = settings();
    settings.limits.live_clients = 1;
    let server = Server::start(settings).await;
    let mut wall = server.live(&json!({})).await;
    wall.frame().await;
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/v1/live", server.address)).await.expect_err("no place");
    let tokio_tungstenite::tungstenite::Error::Http(reply) = refused else { panic!("{refused}") };
    assert_eq!(reply.status(), 503);
    assert_eq!(server.get("/v1/live").await.status, 400);
    wall.frame().await;
}

#[tokio::test]
async fn stopping_tells_the_last_and_closes_the_connections() {
    let mut server = Server::start(settings()).await;
    let mut walls = vec![server.live(&json!({})).await, server.live(&json!({})).await];
    for wall in &mut walls {
        wall.frame().await;
    }
    answer_a_call(&server, "c-1", "hefei").await;
    server.stop();
    for wall in &mut walls {
        let mut told = false;
        let close = loop {
            match wall.next().await {
                Ok(frame) => told |= frame["readings"].as_array().into_iter().flatten().any(|reading| whole(reading, None, 1)),
                Err(close) => break close.expect("a close frame"),
            }
        };
        assert!(told, "the last board");
        assert_eq!((u16::from(close.code), close.reason.as_str()), (1001, "the service is stopping"));
    }
    server.ended().await;
}
