//! Who is let in, and what is said to who is not.

use crate::chromium::Browser;
use crate::client::{Server, event};
use crate::screen::{WALL, fits, shows};
use firstline::config::Settings;
use serde_json::json;

/// A wall with a token in its address: let in by it, cut off when it is taken away, and told so in its own language.
#[tokio::test]
async fn a_wall_is_let_in_by_its_token_and_says_so_when_it_is_not() {
    let Some(mut browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let token = |name: &str, rest: &str| {
        let digest = firstline::access::token::Secret::from(name).digest();
        format!("[[access.tokens]]\nname = '{name}'\nhash = '{digest}'\n{rest}\n")
    };
    let admin = token("admin", "may = 'admin'");
    let configure = |tokens: &str| std::fs::write(&file, format!("publish_every = '100ms'\n{admin}{tokens}")).expect("a file");
    configure(&token("fl_wall", "may = 'read'\ndevice = true\nwhere = { center = ['hefei'] }"));
    let settings = firstline::config::read_file(&file).expect("a good configuration");
    let server = Server::start(Settings { journal: None, ..settings }).await;
    let data = json!({ "center": "hefei", "queue": "broadband" });
    let events = [("call.offered", -30), ("call.answered", -15)].map(|(kind, seconds)| event(kind, kind, "c-1", seconds, &data));
    let headers = [("Authorization", "Bearer admin"), ("Content-Type", "application/json")];
    let taken = server.request("POST", "/v1/events", &headers, json!(events).to_string().as_bytes()).await;
    assert_eq!(taken.json()["accepted"], 2, "{}", taken.body);

    let at = |query: &str| format!("http://{}/?center=hefei{query}", server.address);
    let says = |text: &str| format!("document.querySelector('#banner-text')?.textContent.includes('{text}')");
    let mut wall = browser.open(&at("&lang=en#token=fl_wall"), WALL).await;
    wall.until(&shows("100")).await;
    assert_eq!(wall.errors().await, [""; 0], "the content policy allows the WebSocket, and the ticket opens it");
    assert_eq!(wall.value("sessionStorage.getItem('firstline-token')").await, "fl_wall", "links to other centers do not carry it");
    let mut stranger = browser.open(&at("&lang=zh"), WALL).await;
    stranger.until(&says("网址中缺少令牌")).await;
    let mut wrong = browser.open(&at("&lang=zh#token=fl_wrong"), WALL).await;
    wrong.until(&says("令牌被拒绝")).await;
    fits(&mut wrong, "a refused wall").await;

    configure("");
    assert_eq!(server.request("POST", "/v1/reload", &headers[..1], b"").await.status, 200);
    wall.until(&says("its token is refused")).await;
    wall.until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')").await;
    browser.close().await;
}
