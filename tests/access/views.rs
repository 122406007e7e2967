//! Tests of restricted views: a reader of one center sees nothing of another on any route.

use crate::{client::TestServer, client::answered_call, client::event_json};
use crate::{tokens::bearer_header, tokens::request_as, tokens::settings_with_tokens};
use firstline::access::RoutePermission;
use firstline::http::all_routes;
use serde_json::{Value, json};

/// Sends a call and an overdue repair of each of two centers, and a call without a center.
async fn send_events_of_two_centers(server: &TestServer) {
    let mut events: Vec<Value> = ["hefei", "wuhu"]
        .iter()
        .flat_map(|center| answered_call(&format!("call-{center}"), center))
        .collect();
    let due = event_json("x", "x", "x", -600, &json!({}))["time"].clone();
    for center in ["hefei", "wuhu"] {
        let data = json!({ "center": center, "due": due, "customer": "13900001111" });
        events.push(event_json(
            &format!("r-{center}"),
            "repair.opened",
            &format!("repair-{center}"),
            -3_000,
            &data,
        ));
    }
    events.push(event_json("n-1", "call.offered", "call-nowhere", -20, &json!({})));
    events.push(event_json("n-2", "call.answered", "call-nowhere", -10, &json!({})));
    let total = events.len();
    assert_eq!(
        request_as(server, "admin", "POST", "/v1/events", &json!(events).to_string()).await.json()
            ["accepted"],
        total
    );
    let everything = |reading: &Value| {
        reading["indicator"] == "answer_rate" && reading["scope"] == json!({}) && reading["of"] == 3
    };
    connect_live(server, "admin", &json!({})).await.wait_for_reading(everything).await;
    // Both repairs are overdue, so the next alert evaluation fires for both centers.
    loop {
        let alerts =
            request_as(server, "admin", "GET", "/v1/alerts?policy=repair_deadline", "").await.body;
        if ["hefei", "wuhu"].iter().all(|center| alerts.contains(center)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn connect_live(server: &TestServer, name: &str, hello: &Value) -> crate::client::LiveClient {
    server
        .connect_live_with("", &[("authorization", &*bearer_header(name))], hello)
        .await
        .expect("the server accepts the token")
}

/// Query strings to test on a route, including those that name a hidden center.
fn queries_for_route(path: &str) -> &'static [&'static str] {
    match path {
        "/v1/board" => {
            &["", "?center=wuhu", "?center=hefei,wuhu", "?by=center", "?by=", "?window=now"]
        }
        "/v1/ranking" => &[
            "?indicator=answer_rate&by=center&window=30m",
            "?indicator=repairs_overdue&by=center&better=lower",
        ],
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
        "/v1/cases" => {
            &["", "?risk=all", "?risk=all&center=wuhu", "?risk=all&center=wuhu&center=hefei"]
        }
        "/v1/alerts" => &["", "?state=all", "?state=all&center=wuhu", "?policy=repair_deadline"],
        "/v1/stream" => &[
            "",
            "?subscribe=%7B%22where%22:%7B%22center%22:%5B%22wuhu%22,%22hefei%22%5D%7D%7D",
            "?subscribe=%7B%22by%22:%5B%22center%22%5D%7D",
        ],
        "/metrics" | "/v1/standard" | "/standard" | "/v1/ticket" | "/v1/live" => &[""],
        _ => {
            panic!("no query strings for `{path}`: add some, so that its restricted view is tested")
        }
    }
}

#[tokio::test]
async fn restricted_reader_sees_no_other_center_on_any_route() {
    let server = TestServer::start(settings_with_tokens()).await;
    send_events_of_two_centers(&server).await;
    let hidden = ["wuhu", "nowhere"];
    let mut visible = 0;
    for route in all_routes()
        .iter()
        .filter(|route| matches!(route.need, Some(RoutePermission::Read | RoutePermission::Live)))
    {
        let mut found = false;
        for query in queries_for_route(route.path) {
            let path = format!("{}{query}", route.path);
            let admin = request_as(&server, "admin", route.method.as_str(), &path, "").await;
            let hefei = request_as(&server, "hefei", route.method.as_str(), &path, "").await;
            found |= hidden.iter().any(|name| admin.body.contains(name));
            visible += usize::from(hefei.status == 200 && hefei.body.contains("hefei"));
            // A response must not even repeat a hidden name from the request.
            assert!(!hidden.iter().any(|name| hefei.body.contains(name)), "{path}: {}", hefei.body);
            // The widest scope includes the values of hidden centers.
            assert!(
                !hefei.body.contains("\"scope\":{}") && !hefei.body.contains("scope=\"all\""),
                "{path}: {}",
                hefei.body
            );
        }
        let shows_values = [
            "/v1/alerts",
            "/v1/board",
            "/v1/stream",
            "/v1/ranking",
            "/v1/explain",
            "/v1/cases",
            "/v1/trend",
            "/metrics",
        ]
        .contains(&route.path);
        assert_eq!(
            found, shows_values,
            "the administrator sees the hidden centers in {}",
            route.path
        );
    }
    assert!(visible >= 10, "the reader sees its own center: {visible}");
}

#[tokio::test]
async fn explain_refuses_scopes_outside_view() {
    let server = TestServer::start(settings_with_tokens()).await;
    send_events_of_two_centers(&server).await;
    for (query, status) in [
        ("indicator=answer_rate&window=30m", 403),
        ("indicator=answer_rate&window=30m&center=wuhu", 403),
        ("indicator=answer_rate&window=30m&tier=vip", 403),
        ("indicator=answer_rate&window=30m&center=hefei", 200),
        ("indicator=answer_rate&window=30m&center=hefei&queue=sales", 200),
        ("subject=call-hefei", 200),
        ("subject=call-wuhu", 404),
    ] {
        let reply = request_as(&server, "hefei", "GET", &format!("/v1/explain?{query}"), "").await;
        assert_eq!(reply.status, status, "{query}: {}", reply.body);
        assert!(status != 403 || reply.body.contains("`center` one of hefei"), "{}", reply.body);
    }
    let explanation = request_as(
        &server,
        "hefei",
        "GET",
        "/v1/explain?indicator=answer_rate&window=30m&center=hefei",
        "",
    )
    .await
    .json();
    assert_eq!(
        (&explanation["of"]["count"], &explanation["left_out"]),
        (&json!(1), &json!([])),
        "a call without a center is hidden: {explanation}"
    );
    let cases = request_as(&server, "hefei", "GET", "/v1/cases?risk=all", "").await.json();
    assert_eq!(
        (&cases["count"], &cases["cases"][0]["subject"]),
        (&json!(1), &json!("repair-hefei"))
    );
    let ranking = request_as(
        &server,
        "hefei",
        "GET",
        "/v1/ranking?indicator=answer_rate&by=center&window=30m",
        "",
    )
    .await
    .json();
    assert_eq!(ranking["ranking"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn live_board_is_filtered_from_first_frame() {
    let server = TestServer::start(settings_with_tokens()).await;
    send_events_of_two_centers(&server).await;
    for hello in [
        json!({}),
        json!({ "subscribe": { "where": { "center": ["wuhu", "hefei"] } } }),
        json!({ "subscribe": { "by": ["center"] } }),
    ] {
        let board = connect_live(&server, "hefei", &hello).await.expect_frame().await;
        let readings = board["readings"].as_array().expect("the value is an array");
        assert!(
            !readings.is_empty()
                && readings.iter().all(|reading| reading["scope"]["center"] == "hefei"),
            "{hello}"
        );
    }
    let mut client = connect_live(&server, "hefei", &json!({})).await;
    client.expect_frame().await;
    let more: Vec<Value> = ["wuhu", "hefei"]
        .iter()
        .flat_map(|center| answered_call(&format!("more-{center}"), center))
        .collect();
    request_as(&server, "sender", "POST", "/v1/events", &json!(more).to_string()).await;
    loop {
        let frame = client.expect_frame().await;
        assert!(
            !frame.to_string().contains("wuhu") && !frame.to_string().contains("\"scope\":{}"),
            "{frame}"
        );
        if frame["readings"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 2)
        {
            break;
        }
    }
}

#[tokio::test]
async fn service_metrics_require_unrestricted_view() {
    let server = TestServer::start(settings_with_tokens()).await;
    send_events_of_two_centers(&server).await;
    for (name, sees) in [("admin", true), ("reader", true), ("hefei", false)] {
        let metrics = request_as(&server, name, "GET", "/metrics", "").await.body;
        assert_eq!(metrics.contains("firstline_events_received_total"), sees, "{name}");
        assert!(metrics.contains("center=\"hefei\""), "{name}");
    }
}
