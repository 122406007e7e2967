//! Tests of `/v1/trend`.

use crate::{client::TestServer, client::answered_call, client::test_settings};
use serde_json::{Value, json};

#[tokio::test]
async fn trend_has_value_per_quarter_hour() {
    let server = TestServer::start(test_settings()).await;
    let events: Vec<Value> =
        (0..20).flat_map(|call| answered_call(&format!("c-{call}"), "hefei")).collect();
    assert_eq!(
        server.post("application/json", json!(events).to_string()).await.json()["accepted"],
        events.len()
    );
    let reply = server.get("/v1/trend?indicator=speed_of_answer,answer_rate,calls_waiting&center=hefei&hours=2&window=1h").await;
    let trend_json = reply.json();
    assert_eq!((reply.status, &trend_json["step_seconds"]), (200, &json!(900)), "{}", reply.body);
    let names: Vec<&Value> = trend_json["trends"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|trend| &trend["indicator"])
        .collect();
    // Trends are in the order of the standard. A current-state indicator has no trend.
    assert_eq!(names, ["answer_rate", "speed_of_answer"]);
    let values = trend_json["trends"][0]["values"].as_array().expect("the trend has values");
    assert_eq!((values.len(), &values[7], &values[0]), (8, &json!(1.0), &Value::Null));
    assert_eq!(trend_json["trends"][0]["scope"], json!({ "center": "hefei" }));
    assert!(trend_json["from"].as_str() < trend_json["as_of"].as_str());

    let everything = server.get("/v1/trend?indicator=answer_rate").await.json();
    assert_eq!(
        (
            &everything["trends"][0]["scope"],
            everything["trends"][0]["values"].as_array().map(Vec::len)
        ),
        (&json!({}), Some(32))
    );
    for (query, remedy) in [
        ("", "name indicators"),
        ("?indicator=answer_rat", "did you mean `answer_rate`"),
        ("?indicator=answer_rate&window=today", "there is no rolling window `today`"),
        ("?indicator=answer_rate&hours=0", "`hours` must be a number from 1 to 168"),
        ("?indicator=answer_rate&limit=9", "`limit`"),
        ("?indicator=answer_rate&hour=1", "did you mean `hours`"),
        ("?indicator=answer_rate&queue=sales", "the standard has no scope by queue"),
    ] {
        let reply = server.get(&format!("/v1/trend{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.body.contains(remedy), "{query}: {}", reply.body);
    }
}
