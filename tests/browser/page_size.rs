//! Size of a page, and its load time on a slow device.

use crate::chromium::Browser;
use crate::{client::TestServer, client::test_settings};
use crate::{screen::DISPLAY, screen::send_queue_calls, screen::wait_for_answer_rate};
use serde_json::json;

/// Maximum size of all files of a page as they are sent, compressed.
const SENT_BYTES_MAX: u64 = 50_000;
/// Maximum size of all files of a page, uncompressed. The browser reads as much.
const PAGE_BYTES_MAX: u64 = 110_000;

#[tokio::test]
async fn board_page_stays_under_byte_limit() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_blank_tab(DISPLAY).await;
    page.send_command("Emulation.setCPUThrottlingRate", &json!({ "rate": 6 })).await;
    page.navigate(&format!(
        "http://{}/?lang=zh&pages=overview,ranking,hefei&sound=on",
        server.address
    ))
    .await;
    page.wait_until("document.querySelector('#freshness')?.dataset.fresh === 'true'").await;
    let live = page.evaluate("performance.now()").await;
    let painted =
        page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime").await;
    println!(
        "CPU throttled to a sixth: first paint after {painted:.0} ms, live values after {live:.0} ms"
    );
    page.send_command("Emulation.setCPUThrottlingRate", &json!({ "rate": 1 })).await;
    // Every import of a module has ended once the page is fresh, but its size may come later.
    page.wait_until(
        "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/icon.svg'))",
    )
    .await;
    let files = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter(({ name }) => !name.includes('/v1/'))
        .map(({ name, decodedBodySize, encodedBodySize }) => [new URL(name).pathname, decodedBodySize, encodedBodySize])";
    let files = page.evaluate(files).await;
    let sum_of = |place: usize| -> u64 {
        let files = files.as_array().expect("a list").iter();
        files.map(|file| file[place].as_u64().expect("a size")).sum()
    };
    assert!(files.as_array().is_some_and(|files| files.len() > 15), "{files}");
    let (all, sent) = (sum_of(1), sum_of(2));
    println!("{all} bytes, {sent} compressed");
    assert!(
        all < PAGE_BYTES_MAX && sent < SENT_BYTES_MAX,
        "{all} bytes, {sent} compressed: {files}"
    );
    browser.close().await;
}
