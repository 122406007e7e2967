//! Size of a page, and its load time on a slow device.

use crate::chromium::Browser;
use crate::{client::TestServer, client::test_settings};
use crate::{screen::DISPLAY, screen::send_queue_calls, screen::wait_for_answer_rate};
use serde_json::json;

/// Maximum size of all files of a page, uncompressed.
const PAGE_BYTES_MAX: u64 = 100_000;

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
    let files = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter(({ name }) => !name.includes('/v1/')).map(({ name, decodedBodySize }) => [new URL(name).pathname, decodedBodySize])";
    let files = page.evaluate(files).await;
    let sizes =
        files.as_array().expect("a list").iter().map(|file| file[1].as_u64().expect("a size"));
    assert!(sizes.clone().count() > 15, "{files}");
    let all: u64 = sizes.sum();
    println!("{all} bytes");
    assert!(all < PAGE_BYTES_MAX, "{all} bytes: {files}");
    browser.close().await;
}
