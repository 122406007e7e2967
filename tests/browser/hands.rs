//! What a hand can do at a board: ask what is behind a number, turn pages, make an address. And pages that turn by themselves.

use crate::chromium::Browser;
use crate::client::{Server, event, settings};
use crate::screen::{WALL, answer_rate, shows, take_calls};
use serde_json::json;

fn heading(text: &str) -> String {
    format!("document.querySelector('h1')?.textContent === '{text}'")
}

fn dialog_says(text: &str) -> String {
    format!("document.querySelector('dialog[open]')?.innerText.includes('{text}')")
}

#[tokio::test]
async fn a_number_explains_itself_and_gives_the_focus_back() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..11, "call.answered").await;
    take_calls(&server, 11..12, "call.abandoned").await;
    answer_rate(&server, 12).await;
    for (lang, formula, numerator) in [("en", "divided by", "Numerator: 11"), ("zh", "÷", "分子: 11")] {
        let mut page = browser.open(&format!("http://{}/?center=hefei&lang={lang}", server.address), WALL).await;
        page.until(&shows("91.7")).await;
        page.value("document.querySelector('.tile[data-indicator=answer_rate] button').focus()").await;
        page.press("Enter").await;
        for said in [formula, numerator, "c-11"] {
            page.until(&dialog_says(said)).await;
        }
        // One of its cases.
        page.value("[...document.querySelectorAll('dialog .link')].find((one) => one.textContent === 'c-11').click()").await;
        page.until(&dialog_says("call.abandoned")).await;
        page.press("Escape").await;
        page.until("!document.querySelector('dialog[open]')").await;
        assert_eq!(page.value("document.activeElement.closest('.tile')?.dataset.indicator").await, "answer_rate", "the focus comes back");
        // A cell of a table.
        page.value("document.querySelector('td[data-indicator=answer_rate] button').click()").await;
        page.until(&dialog_says("Broadband")).await;
        assert_eq!(page.errors().await, [""; 0], "{lang}");
    }
    browser.close().await;
}

#[tokio::test]
async fn orders_are_counted_down_by_the_time_left() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    let due = |seconds| event("x", "x", "x", seconds, &json!({}))["time"].clone();
    let order = |name: &str, seconds| event(name, "repair.opened", name, -3_000, &json!({ "center": "hefei", "due": due(seconds) }));
    let orders = json!([order("later", 90_000), order("soon", 1_800), order("overdue", -4_000), order("elsewhere", 60)]);
    let mut orders = orders.as_array().expect("a list").clone();
    orders[3]["data"]["center"] = json!("wuhu");
    assert_eq!(server.post("application/json", json!(orders).to_string()).await.json()["accepted"], 4);
    let open = |reading: &serde_json::Value| reading["indicator"] == "repairs_open" && reading["value"] == 4.0;
    server.live(&json!({})).await.reading(open).await;
    let mut page = browser.open(&format!("http://{}/?center=hefei&lang=en", server.address), WALL).await;
    let shown = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility()).map((one) => one.querySelector('.order-whose').textContent).join()";
    page.until(&format!("{shown} === 'overdue,soon,later'")).await;
    let verdicts =
        "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility()).map((one) => one.dataset.verdict).join()";
    assert_eq!(page.value(verdicts).await, "missed,near,plain");
    assert_eq!(page.value("document.querySelector('.order .order-left').textContent.slice(0, 5)").await, "−1:06");
    // It ticks without being asked for again.
    page.value("window.asked = 0; const real = fetch; window.fetch = (...all) => { window.asked += String(all[0]).includes('cases'); return real(...all); }; window.left = document.querySelector('.order .order-left').textContent").await;
    page.until("document.querySelector('.order .order-left').textContent !== window.left").await;
    assert_eq!(page.value("window.asked").await, 0);
    page.value("document.querySelector('.order').click()").await;
    page.until(&dialog_says("repair.opened")).await;
    assert_eq!(page.errors().await, [""; 0]);
    browser.close().await;
}

/// Both promises of a complaint run: to answer it, within a day, and to settle it.
#[tokio::test]
async fn an_order_with_two_promises_stands_once_by_the_one_that_ends_first() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    let complaint = |name: &str, opened: i64, due: i64| {
        let due = event("x", "x", "x", due, &json!({}))["time"].clone();
        event(name, "complaint.opened", name, opened, &json!({ "center": "hefei", "due": due, "class": "billing" }))
    };
    let complaints = json!([complaint("settle", -3_000, 1_800), complaint("answer", -80_000, 10_000)]);
    assert_eq!(server.post("application/json", complaints.to_string()).await.json()["accepted"], 2);
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.open(&format!("http://{}/?center=hefei&lang=en", server.address), WALL).await;
    let shown = "[...document.querySelectorAll('.order')].filter((one) => one.checkVisibility())
        .map((one) => [...one.querySelectorAll('.order-what, .order-whose')].map((part) => part.textContent.replace(/[0-9]+:.*/, 'soon')))";
    page.until(&format!("({shown}).length > 0")).await;
    let expected = json!([["Complaint · billing", "settle · Reply soon"], ["Complaint · Reply · billing", "answer · Complaint soon"]]);
    assert_eq!(page.value(shown).await, expected);
    // The first promise of the second has no time of danger, but the other one is in it.
    assert_eq!(page.value("document.querySelector('.orders small').textContent").await, "2 due soon");
    assert_eq!(page.errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn pages_take_turns_and_stand_still_for_a_hand() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.open(&format!("http://{}/?lang=en&pages=overview,ranking,hefei&every=3", server.address), WALL).await;
    page.until(&heading("All centers")).await;
    page.until(&heading("Centers compared")).await;
    page.until(&heading("Hefei")).await;
    page.until(&shows("100")).await;
    page.until(&heading("All centers")).await;

    page.press("ArrowLeft").await;
    page.until(&heading("Hefei")).await;
    assert_eq!(page.value("document.querySelector('.turns').dataset.stands").await, "true", "somebody is there");
    page.press(" ").await;
    page.until("document.querySelector('.turn-pause[aria-pressed=true]')").await;
    page.press("ArrowRight").await;
    page.until(&heading("All centers")).await;
    assert_eq!(page.value("document.querySelector('.turn[aria-current=page]').textContent").await, "All centers");
    assert_eq!(page.errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn the_builder_makes_the_address_of_a_board() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.open(&format!("http://{}/build.html?lang=en", server.address), WALL).await;
    page.until("document.querySelector('input[name=page][value=hefei]')").await;
    page.value("window.entries = history.length").await;
    page.value("for (const value of ['ranking', 'hefei']) document.querySelector(`input[name=page][value=${value}]`).click()").await;
    page.value("document.querySelector('input[name=theme][value=light]').click()").await;
    page.value("document.querySelector('input[name=tile][value=answer_rate]').click()").await;
    let address = page.value("document.querySelector('#address').href").await;
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
    page.value(&when(&format!("{wall}?.querySelectorAll('.turn').length === 3 && {wall}.querySelector('.tile')"))).await;
    for (asked, expected) in [
        ("WALL.defaultView.innerWidth", json!(1920)),
        ("WALL.documentElement.dataset.theme", json!("light")),
        ("WALL.querySelectorAll('.tile').length", json!(1)),
        ("WALL.querySelector('.sound-hint').hidden", json!(true)),
        ("WALL.defaultView.location.search.includes('sound')", json!(false)),
        ("document.querySelector('#address').href.includes('sound=on')", json!(true)),
    ] {
        assert_eq!(page.value(&asked.replace("WALL", wall)).await, expected, "{asked}");
    }
    let widths = "['.preview', '.preview iframe'].map((one) => document.querySelector(one).getBoundingClientRect().width)";
    assert_eq!(page.value(&format!("(([place, frame]) => Math.abs(place - frame) < 3)({widths})")).await, true, "it fills its place");
    page.value("document.querySelector('input[name=theme][value=auto]').click()").await;
    page.value(&when(&format!("{wall}?.defaultView.location.search.includes('theme=auto')"))).await;
    assert_eq!(page.value("history.length").await, page.value("window.entries").await, "the way back leads out");
    assert_eq!(page.errors().await, [""; 0]);
    page.go(&address).await;
    page.until(&heading("All centers")).await;
    page.until("document.documentElement.dataset.theme === 'light' && document.querySelectorAll('.turn').length === 3").await;
    assert_eq!(page.value("document.querySelectorAll('.tile').length").await, 1);
    browser.close().await;
}

#[tokio::test]
async fn sound_is_asked_for_by_the_address_and_allowed_by_a_hand() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.blank(WALL).await;
    // What is played, and a browser that is silent until a hand allows it.
    page.prepare(
        "window.played = [];
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { window.played.push(this.frequency.value); return start.call(this, at); };",
    )
    .await;
    page.go(&format!("http://{}/?lang=en&center=hefei&sound=on", server.address)).await;
    page.until(&shows("100")).await;
    page.until("document.querySelector('.sound-hint')?.checkVisibility()").await;
    page.click(".sound-hint").await;
    page.until("!document.querySelector('.sound-hint').checkVisibility()").await;
    take_calls(&server, 12..15, "call.abandoned").await;
    page.until("document.querySelector('#news').textContent.includes('Answer rate')").await;
    assert_eq!(page.value("window.played").await, json!([880, 660]), "two notes, once for all that is missed together");
    assert_eq!(page.errors().await, [""; 0]);
    browser.close().await;
}
