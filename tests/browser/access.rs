//! Authentication of displays and the messages shown without it.

use crate::chromium::Browser;
use crate::{client::TestServer, client::event_json};
use crate::{screen::DISPLAY, screen::assert_page_fits, screen::shows_answer_rate};
use firstline::config::ServiceSettings;
use serde_json::json;

/// A display authenticates with the token in its address. After revocation it shows a message in
/// its language.
#[tokio::test]
async fn display_token_admits_and_revocation_is_shown() {
    let Some(mut browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let token = |name: &str, rest: &str| {
        let digest = firstline::access::token::TokenSecret::from(name).digest();
        format!("[[access.tokens]]\nname = '{name}'\nhash = '{digest}'\n{rest}\n")
    };
    let admin = token("admin", "may = 'admin'");
    let configure = |tokens: &str| {
        std::fs::write(&file, format!("publish_every = '100ms'\n{admin}{tokens}")).expect("a file");
    };
    configure(&token("fl_display", "may = 'read'\ndevice = true\nwhere = { center = ['hefei'] }"));
    let settings = firstline::config::read_configuration_file(&file).expect("a good configuration");
    let server = TestServer::start(ServiceSettings { journal: None, ..settings }).await;
    let data = json!({ "center": "hefei", "queue": "broadband" });
    let events = [("call.offered", -30), ("call.answered", -15)]
        .map(|(kind, seconds)| event_json(kind, kind, "c-1", seconds, &data));
    let headers = [("Authorization", "Bearer admin"), ("Content-Type", "application/json")];
    let response =
        server.request("POST", "/v1/events", &headers, json!(events).to_string().as_bytes()).await;
    assert_eq!(response.json()["accepted"], 2, "{}", response.body);

    let at = |query: &str| format!("http://{}/?center=hefei{query}", server.address);
    let banner_contains = |text: &str| {
        format!("document.querySelector('#banner-text')?.textContent.includes('{text}')")
    };
    let mut display = browser.open_tab(&at("&lang=en#token=fl_display"), DISPLAY).await;
    display.wait_until(&shows_answer_rate("100")).await;
    assert_eq!(
        display.page_errors().await,
        [""; 0],
        "the content policy allows the WebSocket, and the ticket opens it"
    );
    assert_eq!(
        display.evaluate("sessionStorage.getItem('firstline-token')").await,
        "fl_display",
        "links to other centers do not contain the token"
    );
    let mut without_token = browser.open_tab(&at("&lang=zh"), DISPLAY).await;
    without_token.wait_until(&banner_contains("网址中缺少令牌")).await;
    let mut with_wrong_token = browser.open_tab(&at("&lang=zh#token=fl_wrong"), DISPLAY).await;
    with_wrong_token.wait_until(&banner_contains("令牌无效或已撤销")).await;
    assert_page_fits(&mut with_wrong_token, "a display with a wrong token").await;

    configure("");
    assert_eq!(server.request("POST", "/v1/reload", &headers[..1], b"").await.status, 200);
    display.wait_until(&banner_contains("the token is invalid or revoked")).await;
    display
        .wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')")
        .await;
    browser.close().await;
}
