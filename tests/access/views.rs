//! A reader who may see one center sees nothing of another, whatever the route and whatever is asked for.

use crate::client::{Server, answered, event};
use crate::people::{ask, guarded, shown};
use firstline::access::Need;
use firstline::http::routes;
use serde_json::{Value, json};

/// A call and an overdue repair in each of two centers, and a call of nowhere.
async fn told(server: &Server) {
    let mut events: Vec<Value> = ["hefei", "wuhu"].iter().flat_map(|center| answered(&format!("call-{center}"), center)).collect();
    let due = event("x", "x", "x", -600, &json!({}))["time"].clone();
    for center in ["hefei", "wuhu"] {
        let data = json!({ "center": center, "due": due, "customer": "13900001111" });
        events.push(event(&format!("r-{center}"), "repair.opened", &format!("repair-{center}"), -3_000, &data));
    }
    events.push(event("n-1", "call.offered", "call-nowhere", -20, &json!({})));
    events.push(event("n-2", "call.answered", "call-nowhere", -10, &json!({})));
    let total = events.len();
    assert_eq!(ask(server, "admin", "POST", "/v1/events", &json!(events).to_string()).await.json()["accepted"], total);
    let everything = |reading: &Value| reading["indicator"] == "answer_rate" && reading["scope"] == json!({}) && reading["of"] == 3;
    live(server, "admin", &json!({})).await.reading(everything).await;
    // Both repairs are overdue; the next look for alerts sees it.
    loop {
        let alerts = ask(server, "admin", "GET", "/v1/alerts?policy=repair_deadline", "").await.body;
        if ["hefei", "wuhu"].iter().all(|center| alerts.contains(center)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn live(server: &Server, name: &str, hello: &Value) -> crate::client::Wall {
    server.live_with("", &[("authorization", &*shown(name))], hello).await.expect("let in")
}

/// What to ask of a route that shows figures: all of it, and what is hidden by name.
fn questions(path: &str) -> &'static [&'static str] {
    match path {
        "/v1/board" => &["", "?center=wuhu", "?center=hefei,wuhu", "?by=center", "?by=", "?window=now"],
        "/v1/ranking" => &["?indicator=answer_rate&by=center&window=30m", "?indicator=repairs_overdue&by=center&better=lower"],
        "/v1/explain" => &[
            "?indicator=answer_rate&window=30m",
            "?indicator=answer_rate&window=30m&center=wuhu",
            "?indicator=answer_rate&window=30m&center=hefei",
            "?indicator=answer_rate&window=30m&center=hefe",
            "?indicator=answer_rate&window=30m&tier=vip",
            "?indicator=one_shot_resolution&center=hefei",
            "?indicator=repairs_overdue&center=wuhu",
            "?subject=call-wuhu",
            "?source=/test&subject=call-wuhu",
            "?source=/test&subject=call-nowhere",
            "?subject=call-hefei",
        ],
        "/v1/trend" => &[
            "?indicator=answer_rate",
            "?indicator=answer_rate&center=wuhu",
            "?indicator=answer_rate&center=hefei",
            "?indicator=answer_rate&window=1h&center=hefei",
        ],
        "/v1/cases" => &["", "?risk=all", "?risk=all&center=wuhu", "?risk=all&center=wuhu&center=hefei"],
        "/v1/alerts" => &["", "?state=all", "?state=all&center=wuhu", "?policy=repair_deadline"],
        "/v1/stream" => &[
            "",
            "?subscribe=%7B%22where%22:%7B%22center%22:%5B%22wuhu%22,%22hefei%22%5D%7D%7D",
            "?subscribe=%7B%22by%22:%5B%22center%22%5D%7D",
        ],
        "/metrics" | "/v1/standard" | "/standard" | "/v1/ticket" | "/v1/live" => &[""],
        _ => panic!("say here what is to be asked of `{path}`, so that it is seen to hide what it should"),
    }
}

#[tokio::test]
async fn another_centers_figures_are_hidden_by_every_route() {
    let server = Server::start(guarded()).await;
    told(&server).await;
    let hidden = ["wuhu", "nowhere"];
    let mut own = 0;
    for route in routes().iter().filter(|route| matches!(route.need, Some(Need::Read | Need::Live))) {
        let mut found = false;
        for question in questions(route.path) {
            let path = format!("{}{question}", route.path);
            let admin = ask(&server, "admin", route.method.as_str(), &path, "").await;
            let hefei = ask(&server, "hefei", route.method.as_str(), &path, "").await;
            found |= hidden.iter().any(|word| admin.body.contains(word));
            own += usize::from(hefei.status == 200 && hefei.body.contains("hefei"));
            // What was asked for may be repeated in no answer either.
            assert!(!hidden.iter().any(|word| hefei.body.contains(word)), "{path}: {}", hefei.body);
            // The scope of everything has the figures of all.
            assert!(!hefei.body.contains("\"scope\":{}") && !hefei.body.contains("scope=\"all\""), "{path}: {}", hefei.body);
        }
        let figures = ["/v1/alerts", "/v1/board", "/v1/stream", "/v1/ranking", "/v1/explain", "/v1/cases", "/v1/trend", "/metrics"]
            .contains(&route.path);
        assert_eq!(found, figures, "the administrator sees it in {}", route.path);
    }
    assert!(own >= 10, "what is its own it sees: {own}");
}

#[tokio::test]
async fn explanations_say_what_is_outside() {
    let server = Server::start(guarded()).await;
    told(&server).await;
    for (question, status) in [
        ("indicator=answer_rate&window=30m", 403),
        ("indicator=answer_rate&window=30m&center=wuhu", 403),
        ("indicator=answer_rate&window=30m&tier=vip", 403),
        ("indicator=answer_rate&window=30m&center=hefei", 200),
        ("indicator=answer_rate&window=30m&center=hefei&queue=sales", 200),
        ("subject=call-hefei", 200),
        ("subject=call-wuhu", 404),
    ] {
        let reply = ask(&server, "hefei", "GET", &format!("/v1/explain?{question}"), "").await;
        assert_eq!(reply.status, status, "{question}: {}", reply.body);
        assert!(status != 403 || reply.body.contains("`center` one of hefei"), "{}", reply.body);
    }
    let said = ask(&server, "hefei", "GET", "/v1/explain?indicator=answer_rate&window=30m&center=hefei", "").await.json();
    assert_eq!((&said["of"]["count"], &said["left_out"]), (&json!(1), &json!([])), "the call of nowhere is nobody's: {said}");
    let cases = ask(&server, "hefei", "GET", "/v1/cases?risk=all", "").await.json();
    assert_eq!((&cases["count"], &cases["cases"][0]["subject"]), (&json!(1), &json!("repair-hefei")));
    let ranking = ask(&server, "hefei", "GET", "/v1/ranking?indicator=answer_rate&by=center&window=30m", "").await.json();
    assert_eq!(ranking["ranking"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_live_board_shows_its_part_from_the_first_frame_on() {
    let server = Server::start(guarded()).await;
    told(&server).await;
    for hello in
        [json!({}), json!({ "subscribe": { "where": { "center": ["wuhu", "hefei"] } } }), json!({ "subscribe": { "by": ["center"] } })]
    {
        let board = live(&server, "hefei", &hello).await.frame().await;
        let readings = board["readings"].as_array().expect("a list");
        assert!(!readings.is_empty() && readings.iter().all(|reading| reading["scope"]["center"] == "hefei"), "{hello}");
    }
    let mut wall = live(&server, "hefei", &json!({})).await;
    wall.frame().await;
    let more: Vec<Value> = ["wuhu", "hefei"].iter().flat_map(|center| answered(&format!("more-{center}"), center)).collect();
    ask(&server, "sender", "POST", "/v1/events", &json!(more).to_string()).await;
    loop {
        let frame = wall.frame().await;
        assert!(!frame.to_string().contains("wuhu") && !frame.to_string().contains("\"scope\":{}"), "{frame}");
        if frame["readings"].as_array().into_iter().flatten().any(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 2) {
            break;
        }
    }
}

#[tokio::test]
async fn the_services_own_figures_are_for_those_who_see_everything() {
    let server = Server::start(guarded()).await;
    told(&server).await;
    for (name, sees) in [("admin", true), ("reader", true), ("hefei", false)] {
        let metrics = ask(&server, name, "GET", "/metrics", "").await.body;
        assert_eq!(metrics.contains("firstline_events_received_total"), sees, "{name}");
        assert!(metrics.contains("center=\"hefei\""), "{name}");
    }
}
