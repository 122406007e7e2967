//! Who asks for less motion gets none: nothing fades, flashes or slides. Everybody else sees what has changed by it.

use crate::chromium::{Browser, BrowserTab};
use crate::client::{TestServer, event_json, test_settings};
use crate::screen::{DISPLAY, shows_answer_rate, wait_for_answer_rate};
use serde_json::json;

/// Notes every animation and transition that begins, from before the page's own scripts on.
const RECORD_ANIMATIONS_SCRIPT: &str = "window.moved = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...all) { window.moved.push('animate ' + this.className); return animate.apply(this, all); };
    addEventListener('transitionrun', (event) => window.moved.push(event.propertyName), true);
    addEventListener('animationstart', (event) => window.moved.push(event.animationName), true);";

async fn open_page(browser: &mut Browser, server: &TestServer, motion: &str) -> BrowserTab {
    let mut page = browser.open_blank_tab(DISPLAY).await;
    let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": motion }] });
    page.send_command("Emulation.setEmulatedMedia", &features).await;
    page.add_startup_script(RECORD_ANIMATIONS_SCRIPT).await;
    page.navigate(&format!("http://{}/?lang=en", server.address)).await;
    page
}

async fn send_center_calls(server: &TestServer, center: &str, then: &str) {
    let data = json!({ "center": center, "queue": "sales" });
    let calls = (0..12).flat_map(|number| {
        let call = format!("{center}-{then}-{number}");
        [("call.offered", -30), (then, -15)].map(|(kind, seconds)| event_json(&format!("{call}-{kind}"), kind, &call, seconds, &data))
    });
    let taken = server.post("application/json", json!(calls.collect::<Vec<_>>()).to_string()).await;
    assert_eq!(taken.json()["accepted"], 24, "{}", taken.body);
}

#[tokio::test]
async fn reduced_motion_disables_animations() {
    let Some(mut browser) = Browser::start().await else { return };
    let mut server = TestServer::start(test_settings()).await;
    for center in ["hefei", "wuhu"] {
        send_center_calls(&server, center, "call.answered").await;
    }
    wait_for_answer_rate(&server, 24).await;
    let mut calm = open_page(&mut browser, &server, "reduce").await;
    let mut lively = open_page(&mut browser, &server, "no-preference").await;
    for page in [&mut calm, &mut lively] {
        page.wait_until(&shows_answer_rate("100")).await;
        page.wait_until("document.querySelector('tbody tr').dataset.name === 'hefei'").await;
    }
    // A tile gets worse, its colour with it, and another center comes first.
    send_center_calls(&server, "wuhu", "call.abandoned").await;
    for page in [&mut calm, &mut lively] {
        page.wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-verdict=missed]')").await;
        page.wait_until("document.querySelector('tbody tr').dataset.name === 'wuhu'").await;
    }
    // All of it gets old, and fades.
    server.begin_shutdown();
    server.wait_until_stopped().await;
    for page in [&mut calm, &mut lively] {
        page.wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')").await;
    }
    for moved in ["animate tile", "animate ", "background-color", "opacity"] {
        lively.wait_until(&format!("window.moved.includes('{moved}')")).await;
    }
    // What begins is told with the next picture, or the one after.
    let moved = "new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => told(window.moved))))";
    assert_eq!(calm.evaluate(moved).await, json!([]));
    browser.close().await;
}
