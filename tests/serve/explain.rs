//! Tests of `/v1/explain`, `/v1/cases` and the page of the standard.

use crate::{client::TestServer, client::answered_call, client::event_json, client::test_settings};
use serde_json::{Value, json};

/// Sends two answered calls, an abandoned call, an overdue repair and a paused repair of Hefei.
async fn send_sample_events(server: &TestServer) {
    let mut events: Vec<Value> =
        ["c-1", "c-2"].iter().flat_map(|call| answered_call(call, "hefei")).collect();
    let data = json!({ "center": "hefei", "queue": "sales", "customer": "13900001111" });
    events.push(event_json("a-1", "call.offered", "c-3", -60, &data));
    events.push(event_json("a-2", "call.abandoned", "c-3", -50, &data));
    let due = event_json("x", "x", "x", -600, &json!({}))["time"].clone();
    let later = event_json("x", "x", "x", 7_200, &json!({}))["time"].clone();
    let repair = |due: &Value| json!({ "center": "hefei", "due": due, "owner": "Li Lei", "customer": "13900001111" });
    events.push(event_json("r-1", "repair.opened", "r-1", -3_000, &repair(&due)));
    events.push(event_json("r-2", "repair.opened", "r-2", -3_000, &repair(&later)));
    events.push(event_json(
        "r-3",
        "repair.paused",
        "r-2",
        -2_000,
        &json!({ "center": "hefei", "reason": "rain", "liable": "weather" }),
    ));
    let total = events.len();
    let response = server.post("application/json", json!(events).to_string()).await;
    assert_eq!(response.json()["accepted"], total, "{}", response.body);
}

fn case_subjects(side: &Value) -> Vec<&str> {
    let mut subjects: Vec<&str> = side["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|case| case["subject"].as_str())
        .collect();
    subjects.sort_unstable();
    subjects
}

#[tokio::test]
async fn explain_lists_cases_of_reading() {
    let server = TestServer::start(test_settings()).await;
    send_sample_events(&server).await;
    let reply = server.get("/v1/explain?indicator=service_level_20s&window=30m&center=hefei").await;
    let explanation = reply.json();
    assert_eq!(
        (&explanation["reading"]["good"], &explanation["reading"]["of"]),
        (&json!(2), &json!(3)),
        "{}",
        reply.body
    );
    assert_eq!(
        (case_subjects(&explanation["good"]), case_subjects(&explanation["of"])),
        (vec!["c-1", "c-2"], vec!["c-1", "c-2", "c-3"])
    );
    let waited = explanation["good"]["cases"][0]["value"].as_f64().expect("the value is a number");
    assert!((6.9..7.1).contains(&waited), "{waited}");
    assert_eq!(explanation["good"]["cases"][0]["source"], "/test");
    assert_eq!(
        (&explanation["good"]["more"], &explanation["of"]["not_remembered"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        explanation["formula"]["en"],
        "answered calls with a wait of at most 20 s, divided by answered, abandoned and overflowed calls"
    );
    assert_eq!(explanation["window"]["name"], "30m");
    assert!(explanation["window"]["begin"].as_str() < explanation["window"]["end"].as_str());

    let first = server.get("/v1/explain?indicator=answer_rate&window=30m&limit=1").await.json();
    assert_eq!((&first["of"]["count"], &first["of"]["more"]), (&json!(3), &json!(2)));
    let left_out = server
        .get("/v1/explain?indicator=answer_rate&window=30m&center=hefei&queue=sales")
        .await
        .json();
    assert_eq!(left_out["left_out"], json!([]));
    let open = server.get("/v1/explain?indicator=repairs_open").await.json();
    assert_eq!(case_subjects(&open["of"]), ["r-1", "r-2"]);
    assert_eq!(open["window"]["name"], "now");
}

#[tokio::test]
async fn case_history_contains_no_personal_data() {
    let server = TestServer::start(test_settings()).await;
    send_sample_events(&server).await;
    let reply = server.get("/v1/explain?source=/test&subject=r-2").await;
    let history = reply.json();
    let kinds: Vec<&str> = history["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(kinds, ["repair.opened", "repair.paused"]);
    assert_eq!(
        (&history["events"][1]["said"]["reason"], &history["events"][1]["said"]["liable"]),
        (&json!("rain"), &json!("weather"))
    );
    assert_eq!(history["events"][0]["said"]["owner"], 1);
    let commitment = &history["commitments"][0];
    assert_eq!(
        (&commitment["commitment"], &commitment["course"]),
        (&json!("repair"), &json!("due_soon"))
    );
    assert_eq!(commitment["pauses"][0]["reason"], "rain");
    // The subject alone finds the same case. Only the time of the response differs.
    let mut again = server.get("/v1/explain?subject=r-2").await.json();
    again["as_of"] = history["as_of"].clone();
    assert_eq!(
        (&again["events"], &again["case"], &again["source"]),
        (&history["events"], &history["case"], &history["source"])
    );
    let everything = [
        reply.body,
        server.get("/v1/explain?indicator=answer_rate").await.body,
        server.get("/v1/cases?risk=all").await.body,
    ];
    for secret in ["13900001111", "Li Lei"] {
        assert!(!everything.iter().any(|text| text.contains(secret)), "{secret} was disclosed");
    }
}

#[tokio::test]
async fn open_cases_are_sorted_by_time_left() {
    let server = TestServer::start(test_settings()).await;
    send_sample_events(&server).await;
    let list = server.get("/v1/cases").await.json();
    assert_eq!(case_subjects(&list), ["r-1", "r-2"]);
    let (first, second) = (&list["cases"][0], &list["cases"][1]);
    assert_eq!((&first["risk"], &second["risk"]), (&json!("overdue"), &json!("due_soon")));
    let left = first["left_seconds"].as_f64().expect("the value is a number");
    assert!((-700.0..-590.0).contains(&left), "{left}");
    assert!(first["used"].as_f64() > Some(1.0) && second["used"].as_f64() < Some(1.0), "{list}");
    assert_eq!(first["attributes"], json!({ "center": "hefei" }));
    assert_eq!(
        case_subjects(
            &server
                .get("/v1/cases?risk=overdue&family=repair&commitment=repair&center=hefei")
                .await
                .json()
        ),
        ["r-1"]
    );
    assert!(case_subjects(&server.get("/v1/cases?center=wuhu").await.json()).is_empty());
    let limited = server.get("/v1/cases?risk=all&limit=1").await.json();
    assert_eq!((&limited["count"], &limited["more"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn open_case_is_listed_once_per_running_commitment() {
    let server = TestServer::start(test_settings()).await;
    let due = event_json("x", "x", "x", 1_800, &json!({}))["time"].clone();
    let complaint = event_json(
        "c-1",
        "complaint.opened",
        "c-1",
        -60,
        &json!({ "center": "hefei", "due": due }),
    );
    assert_eq!(server.post("application/json", complaint.to_string()).await.json()["accepted"], 1);
    let list = server.get("/v1/cases?risk=all").await.json();
    let commitments: Vec<_> = list["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|case| (&case["subject"], &case["commitment"]))
        .collect();
    let (subject, settle, answer) = (json!("c-1"), json!("complaint"), json!("complaint_reply"));
    assert_eq!(
        commitments,
        [(&subject, &settle), (&subject, &answer)],
        "the commitment with the earlier deadline is listed first"
    );
    assert_eq!(list["count"], 2);
    assert_eq!(
        case_subjects(&server.get("/v1/cases?risk=all&commitment=complaint_reply").await.json()),
        ["c-1"]
    );
}

#[tokio::test]
async fn unknown_names_are_reported_with_suggestion() {
    let server = TestServer::start(test_settings()).await;
    send_sample_events(&server).await;
    let mut client = server.connect_live(&json!({})).await;
    client
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 3)
        .await;
    for (path, status, expected) in [
        ("/v1/explain?indicator=answer_rat", 400, "did you mean `answer_rate`?"),
        ("/v1/explain?indicator=answer_rate&window=31m", 400, "no window `31m`"),
        ("/v1/explain?indicator=calls_waiting&window=30m", 400, "remove the window"),
        ("/v1/explain?indicator=answer_rate&centre=hefei", 400, "did you mean `center`?"),
        ("/v1/explain?indicator=answer_rate&region=east", 400, "no scope by region"),
        ("/v1/explain?indicator=answer_rate&center=hefe", 404, "did you mean `hefei`?"),
        ("/v1/explain?subject=nobody", 404, "no remembered case has this subject"),
        ("/v1/explain", 400, "nothing to explain"),
        ("/v1/explain?indicator=answer_rate&limit=0", 400, "from 1 to 1000"),
        ("/v1/cases?risk=overdu", 400, "did you mean `overdue`?"),
        ("/v1/cases?commitment=repairs", 400, "did you mean `repair`?"),
    ] {
        let reply = server.get(path).await;
        assert_eq!(
            (reply.status, reply.headers["content-type"].as_str()),
            (status, "application/problem+json"),
            "{path}"
        );
        assert!(reply.body.contains(expected), "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn standard_page_describes_indicators_and_commitments() {
    let server = TestServer::start(test_settings()).await;
    let page = server.get("/standard").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    for text in [
        "接通率",
        "20秒内应答的通话数 ÷ （应答 + 放弃 + 溢出）的通话数",
        "promise-repair",
        "at least 85 %",
        "href=\"standard.css\"",
    ] {
        assert!(page.body.contains(text), "no {text}");
    }
    assert!(!page.body.contains("<script"));
    let standard = server.get("/v1/standard").await.json();
    assert_eq!(standard["commitments"].as_array().map(Vec::len), Some(9));
}
