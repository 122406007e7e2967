//! Supported screen sizes, the layout check, and helpers shared by the tests.

use crate::{chromium::BrowserTab, chromium::ScreenSize};
use crate::{client::TestServer, client::event_json};
use serde_json::{Value, json};
use std::ops::Range;

pub(crate) const DISPLAY: ScreenSize = ScreenSize { width: 1920, height: 1080, scale: 1 };
pub(crate) const DISPLAY_4K: ScreenSize = ScreenSize { width: 3840, height: 2160, scale: 1 };
pub(crate) const DESKTOP: ScreenSize = ScreenSize { width: 1440, height: 900, scale: 1 };
pub(crate) const PHONE: ScreenSize = ScreenSize { width: 390, height: 844, scale: 2 };

/// Lists texts that are wider than their element. An ellipsis is intended and excluded.
const CLIPPED_TEXT_SCRIPT: &str = "[...document.querySelectorAll('.tile, .tile > *, .grid-cell > *, .grid-name, .grid-small, .banner, .panel > *, .agents-keys > *, .order > *, .rank > *, .rotation-page')]
    .filter((node) => node.checkVisibility() && !node.closest('.sr-only') && node.scrollWidth > node.clientWidth + 1)
    .filter((node) => getComputedStyle(node).display !== 'inline' && getComputedStyle(node).position !== 'absolute' && getComputedStyle(node).textOverflow !== 'ellipsis')
    .map((node) => `${node.className}: ${node.textContent}`)";

/// Script that is true if the tile shows this answer rate, in percent.
pub(crate) fn shows_answer_rate(rate: &str) -> String {
    format!(
        "document.querySelector('.tile[data-indicator=answer_rate] .tile-value')?.textContent === '{rate}%'"
    )
}

/// Sends calls to one queue. `then` is the type of each call's second event.
pub(crate) async fn send_queue_calls(server: &TestServer, numbers: Range<u32>, then: &str) {
    let data = json!({ "center": "hefei", "queue": "broadband" });
    let calls = numbers.flat_map(|number| {
        let call = format!("c-{number}");
        [("call.offered", -30), (then, -15)].map(|(kind, seconds)| {
            event_json(&format!("{call}-{kind}"), kind, &call, seconds, &data)
        })
    });
    let response =
        server.post("application/json", json!(calls.collect::<Vec<_>>()).to_string()).await;
    assert_eq!(response.json()["rejected_total"], 0, "{}", response.body);
}

/// Waits until the board counts `of` calls. Returns the answer rate of `/v1/board` in percent.
pub(crate) async fn wait_for_answer_rate(server: &TestServer, of: u64) -> String {
    let counted = |reading: &Value| reading["indicator"] == "answer_rate" && reading["of"] == of;
    server.connect_live(&json!({})).await.wait_for_reading(counted).await;
    let board = server.get("/v1/board?indicator=answer_rate&window=30m&by=").await.json();
    let value =
        board["readings"][0]["value"].as_f64().unwrap_or_else(|| panic!("no value: {board}"));
    format!("{:.1}", value * 100.0)
}

/// Asserts that no text is clipped and that no screen scrolls sideways. Landscape screens must not
/// scroll at all.
pub(crate) async fn assert_page_fits(page: &mut BrowserTab, path: &str) {
    for screen in [DISPLAY_4K, DESKTOP, PHONE, DISPLAY] {
        page.resize(screen).await;
        let width = page.evaluate("document.documentElement.clientWidth").await;
        assert_eq!(width, screen.width, "{path}");
        let reach = page
            .evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]",
            )
            .await;
        assert!(
            reach[0].as_u64() <= Some(screen.width.into()),
            "{path} is {reach} pixels large on {screen:?}"
        );
        let landscape = screen.width > screen.height;
        assert!(
            !landscape || reach[1].as_u64() <= Some(screen.height.into()),
            "{path} is {reach} pixels large on {screen:?}"
        );
        assert_eq!(page.evaluate(CLIPPED_TEXT_SCRIPT).await, json!([]), "{path} on {screen:?}");
    }
}
