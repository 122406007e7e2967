//! Who asks for less motion gets none: nothing fades, flashes or slides. Everybody else sees what has changed by it.

use crate::chromium::{Browser, Tab};
use crate::client::{Server, event, settings};
use crate::screen::{WALL, answer_rate, shows};
use serde_json::json;

/// Notes every animation and transition that begins, from before the page's own scripts on.
const WATCH: &str = "window.moved = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...all) { window.moved.push('animate ' + this.className); return animate.apply(this, all); };
    addEventListener('transitionrun', (event) => window.moved.push(event.propertyName), true);
    addEventListener('animationstart', (event) => window.moved.push(event.animationName), true);";

async fn page(browser: &mut Browser, server: &Server, motion: &str) -> Tab {
    let mut page = browser.blank(WALL).await;
    let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": motion }] });
    page.call("Emulation.setEmulatedMedia", &features).await;
    page.prepare(WATCH).await;
    page.go(&format!("http://{}/?lang=en", server.address)).await;
    page
}

async fn calls(server: &Server, center: &str, then: &str) {
    let data = json!({ "center": center, "queue": "sales" });
    let calls = (0..12).flat_map(|number| {
        let call = format!("{center}-{then}-{number}");
        [("call.offered", -30), (then, -15)].map(|(kind, seconds)| event(&format!("{call}-{kind}"), kind, &call, seconds, &data))
    });
    let taken = server.post("application/json", json!(calls.collect::<Vec<_>>()).to_string()).await;
    assert_eq!(taken.json()["accepted"], 24, "{}", taken.body);
}

#[tokio::test]
async fn who_asks_for_less_motion_gets_none() {
    let Some(mut browser) = Browser::start().await else { return };
    let mut server = Server::start(settings()).await;
    for center in ["hefei", "wuhu"] {
        calls(&server, center, "call.answered").await;
    }
    answer_rate(&server, 24).await;
    let mut calm = page(&mut browser, &server, "reduce").await;
    let mut lively = page(&mut browser, &server, "no-preference").await;
    for page in [&mut calm, &mut lively] {
        page.until(&shows("100")).await;
        page.until("document.querySelector('tbody tr').dataset.name === 'hefei'").await;
    }
    // A tile gets worse, its colour with it, and another center comes first.
    calls(&server, "wuhu", "call.abandoned").await;
    for page in [&mut calm, &mut lively] {
        page.until("document.querySelector('.tile[data-indicator=answer_rate][data-verdict=missed]')").await;
        page.until("document.querySelector('tbody tr').dataset.name === 'wuhu'").await;
    }
    // All of it gets old, and fades.
    server.stop();
    server.ended().await;
    for page in [&mut calm, &mut lively] {
        page.until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')").await;
    }
    for moved in ["animate tile", "animate ", "background-color", "opacity"] {
        lively.until(&format!("window.moved.includes('{moved}')")).await;
    }
    // What begins is told with the next picture, or the one after.
    let moved = "new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => told(window.moved))))";
    assert_eq!(calm.value(moved).await, json!([]));
    browser.close().await;
}
