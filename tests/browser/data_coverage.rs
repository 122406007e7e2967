//! The page of an empty service, of one that received calls only, and of one that was started at
//! noon. Takes pictures of them into the folder `FIRSTLINE_SCREENSHOTS`.

use crate::chromium::{Browser, BrowserTab};
use crate::screen::{DISPLAY, send_queue_calls, wait_for_answer_rate};
use crate::{client::TestServer, client::event_json};
use crate::{client::settings_after_noon, client::test_settings};
use serde_json::{Value, json};
use std::path::Path;

/// Opens the page of a service in a language and waits for its first figures.
async fn open_page(browser: &mut Browser, server: &TestServer, language: &str) -> BrowserTab {
    let address = format!("http://{}/?lang={language}", server.address);
    let mut page = browser.open_tab(&address, DISPLAY).await;
    page.wait_until("document.querySelector('#freshness')?.dataset.fresh === 'true'").await;
    page
}

/// Returns a script for the text of a tile's part.
fn tile_text(indicator: &str, part: &str) -> String {
    format!("document.querySelector('.tile[data-indicator={indicator}] {part}').textContent")
}

async fn take_picture(page: &mut BrowserTab, name: &str) {
    let Some(folder) = std::env::var_os("FIRSTLINE_SCREENSHOTS") else { return };
    let file = Path::new(&folder).join(format!("{name}.png"));
    std::fs::write(&file, page.take_screenshot(DISPLAY).await)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

#[tokio::test]
async fn empty_service_claims_nothing() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    for (language, heading, no_data) in
        [("en", "Waiting for data", "No data"), ("zh", "等待数据", "无数据")]
    {
        let mut page = open_page(&mut browser, &server, language).await;
        page.wait_until("document.querySelectorAll('.tile[data-status=no_data]').length === 6")
            .await;
        let text = page.evaluate("document.querySelector('#summary').textContent").await;
        assert_eq!(text, heading);
        for indicator in ["answer_rate", "calls_waiting", "repairs_overdue"] {
            let value = page.evaluate(&tile_text(indicator, ".tile-number")).await;
            let badge = page.evaluate(&tile_text(indicator, ".badge")).await;
            assert_eq!((value, badge), (json!("—"), json!(no_data)), "{indicator}");
        }
        take_picture(&mut page, &format!("coverage-empty-{language}")).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn service_with_calls_only_does_not_claim_all_targets() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = open_page(&mut browser, &server, "en").await;
    page.wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-status=met]')")
        .await;
    let heading = page.evaluate("document.querySelector('#summary').textContent").await;
    let heading = heading.as_str().expect("a text");
    assert!(!heading.contains("All on target") && heading.contains("on target"), "{heading}");
    assert_eq!(page.evaluate(&tile_text("repairs_overdue", ".badge")).await, "No data");
    assert_eq!(page.evaluate(&tile_text("repairs_overdue", ".tile-number")).await, "—");
    assert_eq!(page.evaluate(&tile_text("calls_waiting", ".tile-number")).await, "0");
    take_picture(&mut page, "coverage-calls").await;
    browser.close().await;
}

#[tokio::test]
async fn windows_of_service_started_at_noon_say_since_when() {
    let Some(mut browser) = Browser::start().await else { return };
    let (settings, after_noon) = settings_after_noon();
    let server = TestServer::start(settings).await;
    let data = json!({ "center": "hefei", "queue": "broadband" });
    let calls = (0..40).flat_map(|call| {
        let name = format!("c-{call}");
        let begin = call * after_noon / 40 - after_noon;
        [("call.offered", begin), ("call.answered", begin + 7)].map(|(kind, seconds)| {
            event_json(&format!("{name}-{kind}"), kind, &name, seconds, &data)
        })
    });
    let calls: Vec<Value> = calls.collect();
    let reply = server.post("application/json", json!(calls).to_string()).await;
    assert_eq!(reply.json()["accepted"], calls.len(), "{}", reply.body);
    for (language, since, heading) in
        [("en", "today · since 12:00", "on target"), ("zh", "今日 · 自 12:00 起", "项达标")]
    {
        let address = format!(
            "http://{}/?lang={language}&window=today&tiles=answer_rate,service_level_20s,calls_waiting",
            server.address
        );
        let mut page = browser.open_tab(&address, DISPLAY).await;
        page.wait_until(
            "document.querySelector('.tile[data-indicator=answer_rate][data-status=met]')",
        )
        .await;
        page.wait_until(&format!("{} === '{since}'", tile_text("answer_rate", ".tile-when"))).await;
        let summary = page.evaluate("document.querySelector('#summary').textContent").await;
        let summary = summary.as_str().expect("a text");
        assert!(summary.contains(heading), "{summary}");
        assert!(!["All on target", "全部达标"].iter().any(|all| summary.contains(all)));
        take_picture(&mut page, &format!("coverage-noon-{language}")).await;
    }
    browser.close().await;
}
