//! What a hand can do at a board: ask what is behind a number, turn pages, make an address. And pages that turn by themselves.

use crate::chromium::Browser;
use crate::client::{TestServer, event_json, test_settings};
use crate::screen::{DISPLAY, send_queue_calls, shows_answer_rate, wait_for_answer_rate};
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
    for (lang, formula, numerator) in [("en", "divided by", "Numerator: 11"), ("zh", "÷", "分子: 11")] {
        let mut page = browser.open_tab(&format!("http://{}/?center=hefei&lang={lang}", server.address), DISPLAY).await;
        page.wait_until(&shows_answer_rate("91.7")).await;
        page.evaluate("document.querySelector('.tile[data-indicator=answer_rate] button').focus()").await;
        page.press_key("Enter").await;
        for said in [formula, numerator, "c-11"] {
            page.wait_until(&dialog_contains(said)).await;
        }
        // One of its cases.
        page.evaluate("[...document.querySelectorAll('dialog .link')].find((one) => one.textContent === 'c-11').click()").await;
        page.wait_until(&dialog_contains("call.abandoned")).await;
        page.press_key("Escape").await;
        page.wait_until("!document.querySelector('dialog[open]')").await;
        assert_eq!(
            page.evaluate("document.activeElement.closest('.tile')?.dataset.indicator").await,
            "answer_rate",
            "the focus comes back"
        );
        // A cell of a table.
        page.evaluate("document.querySelector('td[data-indicator=answer_rate] button').click()").await;
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
    let order = |name: &str, seconds| event_json(name, "repair.opened", name, -3_000, &json!({ "center": "hefei", "due": due(seconds) }));
    let orders = json!([order("later", 90_000), order("soon", 1_800), order("overdue", -4_000), order("elsewhere", 60)]);
    let mut orders = orders.as_array().expect("a list").clone();
    orders[3]["data"]["center"] = json!("wuhu");
    assert_eq!(server.post("application/json", json!(orders).to_string()).await.json()["accepted"], 4);
    let open = |reading: &serde_json::Value| reading["indicator"] == "repairs_open" && reading["value"] == 4.0;
    server.connect_live(&json!({})).await.wait_for_reading(open).await;
    let mut page = browser.open_tab(&format!("http://{}/?center=hefei&lang=en", server.address), DISPLAY).await;
    let shown = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility()).map((one) => one.querySelector('.order-whose').textContent).join()";
    page.wait_until(&format!("{shown} === 'overdue,soon,later'")).await;
    let verdicts =
        "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility()).map((one) => one.dataset.verdict).join()";
    assert_eq!(page.evaluate(verdicts).await, "missed,near,plain");
    assert_eq!(page.evaluate("document.querySelector('.order .order-left').textContent.slice(0, 5)").await, "−1:06");
    // It ticks without being asked for again.
    page.evaluate("window.asked = 0; const real = fetch; window.fetch = (...all) => { window.asked += String(all[0]).includes('cases'); return real(...all); }; window.left = document.querySelector('.order .order-left').textContent").await;
    page.wait_until("document.querySelector('.order .order-left').textContent !== window.left").await;
    assert_eq!(page.evaluate("window.asked").await, 0);
    page.evaluate("document.querySelector('.order').click()").await;
    page.wait_until(&dialog_contains("repair.opened")).await;
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

/// Both promises of a complaint run: to answer it, within a day, and to settle it.
#[tokio::test]
async fn order_with_two_commitments_is_listed_by_earliest() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    let complaint = |name: &str, opened: i64, due: i64| {
        let due = event_json("x", "x", "x", due, &json!({}))["time"].clone();
        event_json(name, "complaint.opened", name, opened, &json!({ "center": "hefei", "due": due, "class": "billing" }))
    };
    let complaints = json!([complaint("settle", -3_000, 1_800), complaint("answer", -80_000, 10_000)]);
    assert_eq!(server.post("application/json", complaints.to_string()).await.json()["accepted"], 2);
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_tab(&format!("http://{}/?center=hefei&lang=en", server.address), DISPLAY).await;
    let shown = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility())
        .map((one) => [...one.querySelectorAll('.order-what, .order-whose')].map((part) => part.textContent.replace(/[0-9]+:.*/, 'soon')))";
    page.wait_until(&format!("({shown}).length > 0")).await;
    let expected = json!([["Complaint · billing", "settle · Reply soon"], ["Complaint · Reply · billing", "answer · Complaint soon"]]);
    assert_eq!(page.evaluate(shown).await, expected);
    // The first promise of the second has no time of danger, but the other one is in it.
    assert_eq!(page.evaluate("document.querySelector('.orders small').textContent").await, "2 due soon");
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn page_rotation_pauses_on_user_input() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_tab(&format!("http://{}/?lang=en&pages=overview,ranking,hefei&every=3", server.address), DISPLAY).await;
    page.wait_until(&has_heading("All centers")).await;
    page.wait_until(&has_heading("Centers compared")).await;
    page.wait_until(&has_heading("Hefei")).await;
    page.wait_until(&shows_answer_rate("100")).await;
    page.wait_until(&has_heading("All centers")).await;

    page.press_key("ArrowLeft").await;
    page.wait_until(&has_heading("Hefei")).await;
    assert_eq!(page.evaluate("document.querySelector('.turns').dataset.stands").await, "true", "somebody is there");
    page.press_key(" ").await;
    page.wait_until("document.querySelector('.turn-pause[aria-pressed=true]')").await;
    page.press_key("ArrowRight").await;
    page.wait_until(&has_heading("All centers")).await;
    assert_eq!(page.evaluate("document.querySelector('.turn[aria-current=page]').textContent").await, "All centers");
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn configure_display_page_builds_board_address() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_tab(&format!("http://{}/build.html?lang=en", server.address), DISPLAY).await;
    page.wait_until("document.querySelector('input[name=page][value=hefei]')").await;
    page.evaluate("window.entries = history.length").await;
    page.evaluate("for (const value of ['ranking', 'hefei']) document.querySelector(`input[name=page][value=${value}]`).click()").await;
    page.evaluate("document.querySelector('input[name=theme][value=light]').click()").await;
    page.evaluate("document.querySelector('input[name=tile][value=answer_rate]').click()").await;
    let address = page.evaluate("document.querySelector('#address').href").await;
    let address = address.as_str().expect("an address").to_owned();
    for part in ["pages=overview,ranking,hefei", "every=20", "theme=light", "tiles=answer_rate", "lang=en"] {
        assert!(address.contains(part), "{part} is not in {address}");
    }
    // The same in small; what is not chosen is not shown, and nothing is heard.
    page.click("input[name=sound]").await;
    let wall = "document.querySelector('.preview iframe').contentDocument";
    // What changes in a frame is not seen from outside of it.
    let when =
        |condition: &str| format!("new Promise((met) => {{ const look = () => ({condition} ? met() : setTimeout(look, 50)); look(); }})");
    page.evaluate(&when(&format!("{wall}?.querySelectorAll('.turn').length === 3 && {wall}.querySelector('.tile')"))).await;
    for (asked, expected) in [
        ("WALL.defaultView.innerWidth", json!(1920)),
        ("WALL.documentElement.dataset.theme", json!("light")),
        ("WALL.querySelectorAll('.tile').length", json!(1)),
        ("WALL.querySelector('.sound-hint').hidden", json!(true)),
        ("WALL.defaultView.location.search.includes('sound')", json!(false)),
        ("document.querySelector('#address').href.includes('sound=on')", json!(true)),
    ] {
        assert_eq!(page.evaluate(&asked.replace("WALL", wall)).await, expected, "{asked}");
    }
    let widths = "['.preview', '.preview iframe'].map((one) => document.querySelector(one).getBoundingClientRect().width)";
    assert_eq!(page.evaluate(&format!("(([place, frame]) => Math.abs(place - frame) < 3)({widths})")).await, true, "it fills its place");
    page.evaluate("document.querySelector('input[name=theme][value=auto]').click()").await;
    page.evaluate(&when(&format!("{wall}?.defaultView.location.search.includes('theme=auto')"))).await;
    assert_eq!(page.evaluate("history.length").await, page.evaluate("window.entries").await, "the way back leads out");
    assert_eq!(page.page_errors().await, [""; 0]);
    page.navigate(&address).await;
    page.wait_until(&has_heading("All centers")).await;
    page.wait_until("document.documentElement.dataset.theme === 'light' && document.querySelectorAll('.turn').length === 3").await;
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
    // What is played, and a browser that is silent until a hand allows it.
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
    page.wait_until("document.querySelector('#news').textContent.includes('Answer rate')").await;
    assert_eq!(page.evaluate("window.played").await, json!([880, 660]), "two notes, once for all that is missed together");
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}
