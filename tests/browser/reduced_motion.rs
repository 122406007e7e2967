//! `prefers-reduced-motion`: with it nothing fades, flashes or slides; without it all three happen.

use crate::{chromium::Browser, chromium::BrowserTab};
use crate::{client::TestServer, client::event_json, client::test_settings};
use crate::{screen::DISPLAY, screen::shows_answer_rate, screen::wait_for_answer_rate};
use serde_json::json;

/// Records every animation and transition from before the page's own scripts run.
const RECORD_ANIMATIONS_SCRIPT: &str = "window.animations = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...all) { window.animations.push('animate ' + this.className); return animate.apply(this, all); };
    addEventListener('transitionrun', (event) => window.animations.push(event.propertyName), true);
    addEventListener('animationstart', (event) => window.animations.push(event.animationName), true);";

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
        [("call.offered", -30), (then, -15)].map(|(kind, seconds)| {
            event_json(&format!("{call}-{kind}"), kind, &call, seconds, &data)
        })
    });
    let response =
        server.post("application/json", json!(calls.collect::<Vec<_>>()).to_string()).await;
    assert_eq!(response.json()["accepted"], 24, "{}", response.body);
}

#[tokio::test]
async fn reduced_motion_disables_animations() {
    let Some(mut browser) = Browser::start().await else { return };
    let mut server = TestServer::start(test_settings()).await;
    for center in ["hefei", "wuhu"] {
        send_center_calls(&server, center, "call.answered").await;
    }
    wait_for_answer_rate(&server, 24).await;
    let mut reduced = open_page(&mut browser, &server, "reduce").await;
    let mut animated = open_page(&mut browser, &server, "no-preference").await;
    for page in [&mut reduced, &mut animated] {
        page.wait_until(&shows_answer_rate("100")).await;
        page.wait_until("document.querySelector('tbody tr').dataset.name === 'hefei'").await;
    }
    // A tile changes its color, and the rows change places.
    send_center_calls(&server, "wuhu", "call.abandoned").await;
    for page in [&mut reduced, &mut animated] {
        page.wait_until(
            "document.querySelector('.tile[data-indicator=answer_rate][data-status=breached]')",
        )
        .await;
        page.wait_until("document.querySelector('tbody tr').dataset.name === 'wuhu'").await;
    }
    // All figures become outdated and are dimmed.
    server.begin_shutdown();
    server.wait_until_stopped().await;
    for page in [&mut reduced, &mut animated] {
        page.wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')")
            .await;
    }
    for animation in ["animate tile", "animate ", "background-color", "opacity"] {
        animated.wait_until(&format!("window.animations.includes('{animation}')")).await;
    }
    // Transitions are reported up to two frames later.
    let animations = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.animations))))";
    assert_eq!(reduced.evaluate(animations).await, json!([]));
    browser.close().await;
}
