//! User interaction: the explanation dialog, orders, page rotation, the configuration page and
//! sound.

use crate::chromium::Browser;
use crate::{client::TestServer, client::event_json, client::test_settings};
use crate::{
    screen::DISPLAY, screen::send_queue_calls, screen::shows_answer_rate,
    screen::wait_for_answer_rate,
};
use serde_json::json;

fn has_heading(text: &str) -> String {
    format!("document.querySelector('h1')?.textContent === '{text}'")
}

fn dialog_contains(text: &str) -> String {
    format!("document.querySelector('dialog[open]')?.innerText.includes('{text}')")
}

#[tokio::test]
async fn number_opens_explanation_and_restores_focus() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..11, "call.answered").await;
    send_queue_calls(&server, 11..12, "call.abandoned").await;
    wait_for_answer_rate(&server, 12).await;
    for (lang, formula, numerator, event) in [
        ("en", "divided by", "Numerator: 11", "Call abandoned"),
        ("zh", "÷", "分子：11 通", "通话放弃"),
    ] {
        let mut page = browser
            .open_tab(&format!("http://{}/?center=hefei&lang={lang}", server.address), DISPLAY)
            .await;
        page.wait_until(&shows_answer_rate("91.7")).await;
        page.evaluate("document.querySelector('.tile[data-indicator=answer_rate] button').focus()")
            .await;
        page.press_key("Enter").await;
        for text in [formula, numerator, "c-11"] {
            page.wait_until(&dialog_contains(text)).await;
        }
        // A case behind the value.
        page.evaluate("[...document.querySelectorAll('dialog .link')].find((one) => one.textContent === 'c-11').click()").await;
        page.wait_until(&dialog_contains(event)).await;
        page.press_key("Escape").await;
        page.wait_until("!document.querySelector('dialog[open]')").await;
        assert_eq!(
            page.evaluate("document.activeElement.closest('.tile')?.dataset.indicator").await,
            "answer_rate",
            "focus returns to the tile"
        );
        // A table cell.
        page.evaluate("document.querySelector('td[data-indicator=answer_rate] button').click()")
            .await;
        page.wait_until(&dialog_contains("Broadband")).await;
        assert_eq!(page.page_errors().await, [""; 0], "{lang}");
    }
    browser.close().await;
}

#[tokio::test]
async fn orders_are_listed_by_time_left() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    let due = |seconds| event_json("x", "x", "x", seconds, &json!({}))["time"].clone();
    let order = |name: &str, seconds| {
        event_json(
            name,
            "repair.opened",
            name,
            -3_000,
            &json!({ "center": "hefei", "due": due(seconds) }),
        )
    };
    let orders = json!([
        order("later", 90_000),
        order("soon", 1_800),
        order("overdue", -4_000),
        order("elsewhere", 60)
    ]);
    let mut orders = orders.as_array().expect("a list").clone();
    orders[3]["data"]["center"] = json!("wuhu");
    assert_eq!(
        server.post("application/json", json!(orders).to_string()).await.json()["accepted"],
        4
    );
    let open = |reading: &serde_json::Value| {
        reading["indicator"] == "repairs_open" && reading["value"] == 4.0
    };
    server.connect_live(&json!({})).await.wait_for_reading(open).await;
    let mut page = browser
        .open_tab(&format!("http://{}/?center=hefei&lang=en", server.address), DISPLAY)
        .await;
    let shown = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility()).map((one) => one.querySelector('.order-subject').textContent).join()";
    page.wait_until(&format!("{shown} === 'overdue,soon,later'")).await;
    let risks = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility()).map((one) => one.dataset.risk).join()";
    assert_eq!(page.evaluate(risks).await, "overdue,due_soon,running");
    assert_eq!(
        page.evaluate("document.querySelector('.order .order-left').textContent.slice(0, 5)").await,
        "−1:06"
    );
    // The time left counts down between two requests.
    page.evaluate("window.requests = 0; const real = fetch; window.fetch = (...all) => { window.requests += String(all[0]).includes('cases'); return real(...all); }; window.left = document.querySelector('.order .order-left').textContent").await;
    page.wait_until("document.querySelector('.order .order-left').textContent !== window.left")
        .await;
    assert_eq!(page.evaluate("window.requests").await, 0);
    page.evaluate("document.querySelector('.order').click()").await;
    page.wait_until(&dialog_contains("Repair opened")).await;
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

/// A complaint has two commitments: a reply within a day, and its resolution.
#[tokio::test]
async fn order_with_two_commitments_is_listed_by_earliest() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    let complaint = |name: &str, opened: i64, due: i64| {
        let due = event_json("x", "x", "x", due, &json!({}))["time"].clone();
        event_json(
            name,
            "complaint.opened",
            name,
            opened,
            &json!({ "center": "hefei", "due": due, "class": "billing" }),
        )
    };
    let complaints =
        json!([complaint("settle", -3_000, 1_800), complaint("answer", -80_000, 10_000)]);
    assert_eq!(server.post("application/json", complaints.to_string()).await.json()["accepted"], 2);
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser
        .open_tab(&format!("http://{}/?center=hefei&lang=en", server.address), DISPLAY)
        .await;
    let shown = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility())
        .map((one) => [...one.querySelectorAll('.order-title, .order-subject')].map((part) => part.textContent.replace(/[0-9]+:.*/, 'soon')))";
    page.wait_until(&format!("({shown}).length > 0")).await;
    let expected = json!([
        ["Complaint · billing", "settle · Reply soon"],
        ["Complaint · Reply · billing", "answer · Complaint soon"]
    ]);
    assert_eq!(page.evaluate(shown).await, expected);
    // The first commitment of the second order has no `due_soon`, but its second one is due soon.
    assert_eq!(
        page.evaluate("document.querySelector('.orders small').textContent").await,
        "2 due soon"
    );
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn page_rotation_pauses_on_user_input() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser
        .open_tab(
            &format!("http://{}/?lang=en&pages=overview,ranking,hefei&every=3", server.address),
            DISPLAY,
        )
        .await;
    page.wait_until(&has_heading("All centers")).await;
    page.wait_until(&has_heading("Center comparison")).await;
    page.wait_until(&has_heading("Hefei")).await;
    page.wait_until(&shows_answer_rate("100")).await;
    page.wait_until(&has_heading("All centers")).await;

    page.press_key("ArrowLeft").await;
    page.wait_until(&has_heading("Hefei")).await;
    assert_eq!(
        page.evaluate("document.querySelector('.rotation').dataset.paused").await,
        "true",
        "input pauses the rotation"
    );
    page.press_key(" ").await;
    page.wait_until("document.querySelector('.rotation-pause[aria-pressed=true]')").await;
    page.press_key("ArrowRight").await;
    page.wait_until(&has_heading("All centers")).await;
    assert_eq!(
        page.evaluate("document.querySelector('.rotation-page[aria-current=page]').textContent")
            .await,
        "All centers"
    );
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn configure_display_page_builds_board_address() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser
        .open_tab(&format!("http://{}/configure.html?lang=en", server.address), DISPLAY)
        .await;
    page.wait_until("document.querySelector('input[name=page][value=hefei]')").await;
    page.evaluate("window.entries = history.length").await;
    page.evaluate("for (const value of ['ranking', 'hefei']) document.querySelector(`input[name=page][value=${value}]`).click()").await;
    page.evaluate("document.querySelector('input[name=theme][value=light]').click()").await;
    page.evaluate("document.querySelector('input[name=tile][value=answer_rate]').click()").await;
    let address = page.evaluate("document.querySelector('#address').href").await;
    let address = address.as_str().expect("an address").to_owned();
    for part in
        ["pages=overview,ranking,hefei", "every=20", "theme=light", "tiles=answer_rate", "lang=en"]
    {
        assert!(address.contains(part), "{part} is not in {address}");
    }
    // The preview shows the selected pages and tiles, and makes no sound.
    page.click("input[name=sound]").await;
    let preview = "document.querySelector('.preview iframe').contentDocument";
    // `wait_until` does not observe changes inside a frame.
    let poll_until = |condition: &str| {
        format!(
            "new Promise((met) => {{ const check = () => ({condition} ? met() : setTimeout(check, 50)); check(); }})"
        )
    };
    page.evaluate(&poll_until(&format!("{preview}?.querySelectorAll('.rotation-page').length === 3 && {preview}.querySelector('.tile')"))).await;
    for (expression, expected) in [
        ("PREVIEW.defaultView.innerWidth", json!(1920)),
        ("PREVIEW.documentElement.dataset.theme", json!("light")),
        ("PREVIEW.querySelectorAll('.tile').length", json!(1)),
        ("PREVIEW.querySelector('.sound-hint').hidden", json!(true)),
        ("PREVIEW.defaultView.location.search.includes('sound')", json!(false)),
        ("document.querySelector('#address').href.includes('sound=on')", json!(true)),
    ] {
        assert_eq!(
            page.evaluate(&expression.replace("PREVIEW", preview)).await,
            expected,
            "{expression}"
        );
    }
    let widths = "['.preview', '.preview iframe'].map((one) => document.querySelector(one).getBoundingClientRect().width)";
    assert_eq!(
        page.evaluate(&format!("(([place, frame]) => Math.abs(place - frame) < 3)({widths})"))
            .await,
        true,
        "the preview fills its container"
    );
    page.evaluate("document.querySelector('input[name=theme][value=auto]').click()").await;
    page.evaluate(&poll_until(&format!(
        "{preview}?.defaultView.location.search.includes('theme=auto')"
    )))
    .await;
    assert_eq!(
        page.evaluate("history.length").await,
        page.evaluate("window.entries").await,
        "the back button leaves the page"
    );
    assert_eq!(page.page_errors().await, [""; 0]);
    page.navigate(&address).await;
    page.wait_until(&has_heading("All centers")).await;
    page.wait_until("document.documentElement.dataset.theme === 'light' && document.querySelectorAll('.rotation-page').length === 3").await;
    assert_eq!(page.evaluate("document.querySelectorAll('.tile').length").await, 1);
    browser.close().await;
}

#[tokio::test]
async fn sound_requires_address_option_and_user_gesture() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_blank_tab(DISPLAY).await;
    // Records the frequencies played.
    page.add_startup_script(
        "window.played = [];
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { window.played.push(this.frequency.value); return start.call(this, at); };",
    )
    .await;
    page.navigate(&format!("http://{}/?lang=en&center=hefei&sound=on", server.address)).await;
    page.wait_until(&shows_answer_rate("100")).await;
    page.wait_until("document.querySelector('.sound-hint')?.checkVisibility()").await;
    page.click(".sound-hint").await;
    page.wait_until("!document.querySelector('.sound-hint').checkVisibility()").await;
    send_queue_calls(&server, 12..15, "call.abandoned").await;
    page.wait_until("document.querySelector('#announcements').textContent.includes('Answer rate')")
        .await;
    assert_eq!(
        page.evaluate("window.played").await,
        json!([880, 660]),
        "one chime of two notes for all breaches together"
    );
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}
