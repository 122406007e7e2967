//! The wallboard in a real browser: it shows what the board says, fits the screens it is made for, follows what happens, and
//! says so when it can no longer. Skipped, with a word about it, where there is no Chromium.
//!
//! `screenshots` is no test: it takes the pictures of the documentation when it is told where to put them.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

#[path = "browser/chromium.rs"]
mod chromium;
#[path = "serve/client.rs"]
#[expect(dead_code, reason = "it serves the tests of the service, which need more of it")]
mod client;

use chromium::{Browser, Screen, Tab};
use client::{Server, event, settings};
use firstline::config::Settings;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const WALL: Screen = Screen { width: 1920, height: 1080, scale: 1 };
const WALL_4K: Screen = Screen { width: 3840, height: 2160, scale: 1 };
const PHONE: Screen = Screen { width: 390, height: 844, scale: 2 };

/// The texts of a page that are wider than their place.
const CUT: &str = "[...document.querySelectorAll('.tile, .tile > *, .grid-figure, .banner')]
    .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => `${node.className}: ${node.textContent}`)";

#[tokio::test]
async fn the_wallboard_shows_the_board_follows_it_and_says_when_it_is_cut_off() {
    let Some(mut browser) = Browser::start().await else { return };
    let mut server = Server::start(settings()).await;
    take_calls(&server, 0..11, "call.answered").await;
    take_calls(&server, 11..12, "call.abandoned").await;
    let before = answer_rate(&server, 12).await;
    assert_eq!(before, "91.7");

    let mut pages = Vec::new();
    for (path, language, heading) in [("/?lang=en", "en", "All centers"), ("/?lang=zh&center=hefei", "zh-CN", "Hefei")] {
        let mut page = browser.open(&format!("http://{}{path}", server.address), WALL).await;
        page.until(&shows(&before)).await;
        assert_eq!(page.value("document.documentElement.lang").await, language);
        assert_eq!(page.value("document.querySelector('h1').textContent").await, heading);
        assert_eq!(page.value("document.querySelector('#banner').checkVisibility()").await, false);
        assert!(page.value("document.querySelector('#main').innerText").await.as_str().is_some_and(|text| text.contains("11 / 12")));
        fits(&mut page, path).await;
        assert_eq!(page.errors().await, [""; 0], "{path}");
        pages.push((path, page));
    }

    take_calls(&server, 12..13, "call.abandoned").await;
    let after = answer_rate(&server, 13).await;
    assert_eq!(after, "84.6");
    for (path, page) in &mut pages {
        page.until(&shows(&after)).await;
        page.until("document.querySelector('.tile[data-indicator=answer_rate][data-verdict=missed]')").await;
        assert_eq!(page.errors().await, [""; 0], "{path}");
    }

    server.stop();
    server.ended().await;
    for (path, page) in &mut pages {
        page.until("document.querySelector('#banner[role=status][aria-live=polite]')?.checkVisibility()").await;
        page.until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')").await;
        assert_eq!(page.value(&shows(&after)).await, true, "{path}");
        fits(page, path).await;
        // That nobody answers the browser tells by itself.
        let errors = page.errors().await;
        assert!(errors.iter().all(|error| error.contains("ERR_CONNECTION_REFUSED")), "{path}: {errors:?}");
    }
    browser.close().await;
}

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

/// Whether the tile shows this answer rate.
fn shows(rate: &str) -> String {
    format!("document.querySelector('.tile[data-indicator=answer_rate] .tile-value')?.textContent === '{rate}%'")
}

/// Calls to one queue, and how they went on.
async fn take_calls(server: &Server, numbers: Range<u32>, then: &str) {
    let data = json!({ "center": "hefei", "queue": "broadband" });
    let calls = numbers.flat_map(|number| {
        let call = format!("c-{number}");
        [("call.offered", -30), (then, -15)].map(|(kind, seconds)| event(&format!("{call}-{kind}"), kind, &call, seconds, &data))
    });
    let taken = server.post("application/json", json!(calls.collect::<Vec<_>>()).to_string()).await;
    assert_eq!(taken.json()["rejected_total"], 0, "{}", taken.body);
}

/// The answer rate of `/v1/board` in percent, when so many calls are on it.
async fn answer_rate(server: &Server, of: u64) -> String {
    let counted = |reading: &Value| reading["indicator"] == "answer_rate" && reading["of"] == of;
    server.live(&json!({})).await.reading(counted).await;
    let board = server.get("/v1/board?indicator=answer_rate&window=30m&by=").await.json();
    let value = board["readings"][0]["value"].as_f64().unwrap_or_else(|| panic!("no value: {board}"));
    format!("{:.1}", value * 100.0)
}

/// No screen shows the page cut or must be moved sideways to read it; a wall nobody can move at all.
async fn fits(page: &mut Tab, path: &str) {
    for screen in [WALL_4K, PHONE, WALL] {
        page.resize(screen).await;
        let width = page.value("document.documentElement.clientWidth").await;
        assert_eq!(width, screen.width, "{path}");
        let reach = page.value("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]").await;
        assert!(reach[0].as_u64() <= Some(screen.width.into()), "{path} is {reach} large on {screen:?}");
        let wall = screen.width > screen.height;
        assert!(!wall || reach[1].as_u64() <= Some(screen.height.into()), "{path} is {reach} large on {screen:?}");
        assert_eq!(page.value(CUT).await, json!([]), "{path} on {screen:?}");
    }
}

/// `FIRSTLINE_SCREENSHOTS=folder`: the pictures of the documentation, from the demonstration.
#[tokio::test]
async fn screenshots() {
    let Some(folder) = std::env::var_os("FIRSTLINE_SCREENSHOTS") else { return };
    let Some(mut browser) = Browser::start().await else { return };
    let demo = Demo::start();
    // The history has been told when the service is ready.
    let ready = "fetch('/readyz').then((answer) => answer.ok)";
    let mut waiting = browser.open(&format!("{}healthz", demo.address), WALL).await;
    while waiting.value(ready).await == false {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let mut pages = Vec::new();
    for (name, query, screen) in [
        ("wallboard", "?lang=en", WALL),
        ("wallboard-center", "?lang=zh&center=wuhu", WALL),
        ("wallboard-phone", "?lang=en&center=wuhu", PHONE),
    ] {
        pages.push((name, browser.open(&format!("{}{query}", demo.address), screen).await));
    }
    // Until the lines, of a minute at least, have a shape.
    tokio::time::sleep(Duration::from_secs(65)).await;
    for (name, mut page) in pages {
        let file = Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(&file, page.picture().await).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        println!("{} {:?}", file.display(), page.errors().await);
    }
    browser.close().await;
}

/// The program with a demonstration; it ends when it is dropped.
struct Demo {
    child: Child,
    /// With `http://` and a slash at the end.
    address: String,
}

impl Demo {
    fn start() -> Demo {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
        let mut child =
            command.args(["serve", "--demo", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().expect("a program that starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its words")).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.trim().strip_prefix("wallboard").map(|address| address.trim().to_owned()));
        // What else it says must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        Demo { child, address: address.expect("an address in its greeting") }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
