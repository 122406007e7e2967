//! How much a board weighs, and how soon a weak browser shows it.

use crate::chromium::Browser;
use crate::client::{Server, settings};
use crate::screen::{WALL, answer_rate, take_calls};
use serde_json::json;

/// The most bytes of all files that a board loads, uncompressed.
const BYTES: u64 = 100_000;

#[tokio::test]
async fn a_board_of_every_kind_of_page_is_light() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.blank(WALL).await;
    page.call("Emulation.setCPUThrottlingRate", &json!({ "rate": 6 })).await;
    page.go(&format!("http://{}/?lang=zh&pages=overview,ranking,hefei&sound=on", server.address)).await;
    page.until("document.querySelector('#pulse')?.dataset.fresh === 'true'").await;
    let live = page.value("performance.now()").await;
    let painted = page.value("performance.getEntriesByName('first-contentful-paint')[0]?.startTime").await;
    println!("with a sixth of this machine's speed: first paint after {painted:.0} ms, live values after {live:.0} ms");
    page.call("Emulation.setCPUThrottlingRate", &json!({ "rate": 1 })).await;
    let files = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter(({ name }) => !name.includes('/v1/')).map(({ name, decodedBodySize }) => [new URL(name).pathname, decodedBodySize])";
    let files = page.value(files).await;
    let sizes = files.as_array().expect("a list").iter().map(|file| file[1].as_u64().expect("a size"));
    assert!(sizes.clone().count() > 15, "{files}");
    let all: u64 = sizes.sum();
    println!("{all} bytes");
    assert!(all < BYTES, "{all} bytes: {files}");
    browser.close().await;
}
