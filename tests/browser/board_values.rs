//! Compares every value on the page with `/v1/board`, formatted independently here.

use crate::screen::DISPLAY;
use crate::{chromium::Browser, chromium::BrowserTab};
use crate::{client::TestServer, client::event_json, client::test_settings};
use serde_json::{Value, json};

/// Lists the values on the page with their indicator, window and scope.
const SHOWN_VALUES_SCRIPT: &str = "(() => {
    const center = new URLSearchParams(location.search).get('center');
    const text = (node, inside) => [...node.querySelectorAll(inside)].map((part) => part.textContent).join('');
    const pageScope = center ? { center } : {};
    const tiles = [...document.querySelectorAll('.tile')]
        .map((node) => [node.dataset.indicator, node.dataset.window, pageScope, text(node, '.tile-number, .tile-unit')]);
    const cells = [...document.querySelectorAll('td[data-indicator]')].map((node) => {
        const name = node.closest('tr').dataset.name;
        const scope = center ? { center, queue: name } : { center: name };
        return [node.dataset.indicator, node.dataset.window, scope, text(node, '.grid-value, .grid-unit')];
    });
    const agents = [...document.querySelectorAll('li[data-indicator]')]
        .map((node) => [node.dataset.indicator, 'now', pageScope, text(node, 'strong')]);
    return [...tiles, ...cells, ...agents];
})()";

#[tokio::test]
async fn every_number_on_page_matches_board() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    let call_count = send_sample_events(&server).await;
    let counted = |reading: &Value| {
        reading["indicator"] == "answer_rate"
            && reading["of"] == call_count
            && reading["window"] == "30m"
    };
    server.connect_live(&json!({})).await.wait_for_reading(counted).await;
    let board = server.get("/v1/board").await.json();
    let units = server.get("/v1/standard").await.json();
    for (query, least) in [
        ("?lang=en", 18),
        ("?lang=en&page=ranking", 20),
        ("?lang=en&center=hefei", 20),
        ("?lang=en&center=wuhu&window=today", 20),
    ] {
        let mut page =
            browser.open_tab(&format!("http://{}/{query}", server.address), DISPLAY).await;
        page.wait_until(
            "document.querySelector('[data-indicator=answer_rate][data-status=met], [data-indicator=answer_rate][data-status=breached]')",
        )
        .await;
        let shown = shown_values(&mut page).await;
        assert!(shown.len() >= least, "{query} shows only {}", shown.len());
        let mut numbers = 0;
        for (indicator, window, scope, text) in shown {
            let is_shown = |reading: &&Value| {
                reading["indicator"] == indicator
                    && reading["window"] == window
                    && reading["scope"] == scope
            };
            let reading = board["readings"].as_array().expect("readings").iter().find(is_shown);
            let unit = units["indicators"]
                .as_array()
                .expect("indicators")
                .iter()
                .find(|definition| definition["name"] == indicator)
                .expect("the standard defines the indicator")["unit"]
                .clone();
            let expected = format_value(
                unit.as_str().expect("a unit"),
                reading.map_or(&Value::Null, |reading| &reading["value"]),
            );
            assert_eq!(text, expected, "{query}: {indicator} {window} {scope}: {reading:?}");
            numbers += usize::from(text != "—");
        }
        assert!(numbers >= 8, "{query} shows only {numbers} numbers");
        assert_eq!(page.page_errors().await, [""; 0], "{query}");
    }
    browser.close().await;
}

async fn shown_values(page: &mut BrowserTab) -> Vec<(String, String, Value, String)> {
    let shown = page.evaluate(SHOWN_VALUES_SCRIPT).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    shown
        .as_array()
        .expect("a list")
        .iter()
        .map(|value| (text(&value[0]), text(&value[1]), value[2].clone(), text(&value[3])))
        .collect()
}

/// The expected text of a value on the English page.
fn format_value(unit: &str, value: &Value) -> String {
    let Some(value) = value.as_f64() else { return "—".to_owned() };
    match unit {
        "ratio" if value == 0.0 || value == 1.0 => format!("{}%", value * 100.0),
        "ratio" => format!("{:.1}%", value * 100.0),
        "seconds" if value < 59.5 => format!("{}s", value.round()),
        "seconds" => format!("{}:{:02}min", value.round() as u64 / 60, value.round() as u64 % 60),
        "score" => format!("{value:.2}"),
        "points" => format!("{value:.1}").replace('-', "−"),
        _ => format!("{value}"),
    }
}

/// Sends calls, tickets, orders and agents of two centers. None is waiting, because waiting times
/// would grow. Returns the number of calls.
async fn send_sample_events(server: &TestServer) -> usize {
    let mut events = Vec::new();
    let mut calls = 0;
    for (center, abandoned) in [("hefei", 1), ("wuhu", 9)] {
        for queue in ["broadband", "billing"] {
            for number in 0..17 {
                let (call, data) = (
                    format!("{center}-{queue}-{number}"),
                    json!({ "center": center, "queue": queue, "agent": format!("{center}-{}", number % 5) }),
                );
                let kind = if number < abandoned { "call.abandoned" } else { "call.answered" };
                events.push(event_json(&format!("{call}-1"), "call.offered", &call, -70, &data));
                events.push(event_json(&format!("{call}-2"), kind, &call, -70 + 2 * number, &data));
                events.push(event_json(&format!("{call}-3"), "call.ended", &call, -20, &data));
                calls += 1;
            }
        }
        for number in 0..12 {
            let (ticket, data) =
                (format!("{center}-t{number}"), json!({ "center": center, "queue": "counter" }));
            for (kind, seconds) in [
                ("queue.joined", -1_500),
                ("queue.called", -1_400 + 60 * number),
                ("queue.served", -300),
            ] {
                events.push(event_json(&format!("{ticket}-{kind}"), kind, &ticket, seconds, &data));
            }
        }
        for number in 0..5 {
            let data = json!({ "agent": format!("{center}-{number}"), "center": center, "state": (["ready", "talking", "pause"][number % 3]) });
            events.push(event_json(
                &format!("{center}-agent-{number}"),
                "agent.changed",
                &format!("{center}-{number}"),
                -10,
                &data,
            ));
        }
        let due = event_json("x", "x", "x", 7_200, &json!({}))["time"].clone();
        for number in 0..1_204 {
            let order = format!("{center}-r{number}");
            events.push(event_json(
                &order,
                "repair.opened",
                &order,
                -3_000,
                &json!({ "center": center, "due": due }),
            ));
        }
    }
    for part in events.chunks(500) {
        let response = server.post("application/json", json!(part).to_string()).await.json();
        assert_eq!(response["rejected_total"], 0, "{response}");
    }
    calls
}
