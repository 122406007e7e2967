//! Headless Chromium, driven over the DevTools protocol: a socket for the browser, and one for each tab.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long the browser may take for anything.
const LONG: Duration = Duration::from_secs(60);
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    // A container's shared memory is small.
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

/// A running browser. It is killed when it is dropped.
pub(crate) struct Browser {
    child: Child,
    line: Line,
    /// Where its tabs are found.
    host: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts it. `None`, and a word about it, if this machine has none.
    pub(crate) async fn start() -> Option<Browser> {
        let Some(program) = find() else {
            println!("skipped: no Chromium here");
            return None;
        };
        let profile = TempDir::new().expect("a folder for the profile");
        let said = profile.path().join("stderr");
        let mut child = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said).expect("a file for its words"))
            .spawn()
            .expect("a program that starts");
        let door = profile.path().join("DevToolsActivePort");
        let opened = timeout(LONG, async {
            loop {
                // The port, then the path of the browser's socket.
                let text = fs::read_to_string(&door).unwrap_or_default();
                if let Some((port, path)) = text.split_once('\n').filter(|(_, path)| !path.is_empty()) {
                    return Some((format!("127.0.0.1:{port}"), path.trim().to_owned()));
                }
                if child.try_wait().expect("a child").is_some() {
                    return None;
                }
                sleep(Duration::from_millis(20)).await;
            }
        });
        let Ok(Some((host, path))) = opened.await else {
            let _ = child.kill();
            panic!("Chromium did not open its port: {}", fs::read_to_string(&said).unwrap_or_default());
        };
        let line = Line::open(&format!("ws://{host}{path}")).await;
        Some(Browser { child, line, host, _profile: profile })
    }

    /// Opens a tab, in a window of its own so that no other covers it, and goes to `address`.
    pub(crate) async fn open(&mut self, address: &str, screen: Screen) -> Tab {
        let mut tab = self.blank(screen).await;
        tab.go(address).await;
        tab
    }

    /// Opens a tab that is nowhere yet.
    pub(crate) async fn blank(&mut self, screen: Screen) -> Tab {
        let target = self.line.call("Target.createTarget", &json!({ "url": "about:blank", "newWindow": true })).await;
        let id = target["targetId"].as_str().expect("a target");
        let mut tab = Tab { line: Line::open(&format!("ws://{}/devtools/page/{id}", self.host)).await };
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            tab.line.call(domain, &json!({})).await;
        }
        tab.line.call("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true })).await;
        tab.resize(screen).await;
        tab
    }

    /// Ends it in good order: one that is killed may still write to its profile while that is being removed.
    pub(crate) async fn close(mut self) {
        self.line.call("Browser.close", &json!({})).await;
        let _ = timeout(LONG, async {
            while self.child.try_wait().expect("a child").is_none() {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of the names that is on the path.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    NAMES.iter().find_map(|name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// A screen, in pixels of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pixels of the screen for one of the page.
    pub(crate) scale: u32,
}

/// An open page.
pub(crate) struct Tab {
    line: Line,
}

impl Tab {
    pub(crate) async fn go(&mut self, address: &str) {
        let went = self.call("Page.navigate", &json!({ "url": address })).await;
        assert_eq!(went.get("errorText"), None, "{address}");
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn call(&mut self, method: &str, params: &Value) -> Value {
        self.line.call(method, params).await
    }

    /// Runs a script in every page of this tab, before any of its own.
    pub(crate) async fn prepare(&mut self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script })).await;
    }

    /// Clicks in the middle of what a selector finds, as a hand does.
    pub(crate) async fn click(&mut self, selector: &str) {
        let middle = format!(
            "(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])(document.querySelector('{selector}').getBoundingClientRect())"
        );
        let middle = self.value(&middle).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let said = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &said).await;
        }
    }

    /// Presses a key.
    pub(crate) async fn press(&mut self, key: &str) {
        // Its number and, where it writes something, that.
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            " " => (32, " "),
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            _ => panic!("say what `{key}` is"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let said = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", &said).await;
        }
    }

    pub(crate) async fn resize(&mut self, screen: Screen) {
        let Screen { width, height, scale } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.line.call("Emulation.setDeviceMetricsOverride", &metrics).await;
        self.until(&format!("innerWidth === {width} && innerHeight === {height}")).await;
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.line.call("Runtime.evaluate", &asked).await;
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until a condition holds in the page. It is looked at whenever the page changes.
    pub(crate) async fn until(&mut self, condition: &str) {
        let wait = format!(
            "new Promise((met, failed) => {{
                const look = () => {{ if ({condition}) {{ watch.disconnect(); removeEventListener('resize', look); met(); }} }};
                const watch = new MutationObserver(look);
                watch.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
                addEventListener('resize', look);
                setTimeout(() => failed(new Error('not in time; the page says: ' + document.body?.innerText)), {});
                look();
            }})",
            LONG.as_millis() / 2
        );
        self.value(&wait).await;
    }

    /// Waits until a condition holds, also across a change of the page itself: what waits in a page ends with it, so this asks again
    /// and again, and a question in the midst of the change has no answer.
    pub(crate) async fn until_renewed(&mut self, condition: &str) {
        let asked = json!({ "expression": condition, "returnByValue": true });
        let holds = async {
            while self.line.ask("Runtime.evaluate", &asked).await.map(|answer| answer["result"]["value"] == true) != Ok(true) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(LONG, holds).await.unwrap_or_else(|_| panic!("not in time: {condition}"));
    }

    /// The page's errors until now.
    pub(crate) async fn errors(&mut self) -> Vec<String> {
        // What was sent before the answer has been heard with it.
        self.value("0").await;
        std::mem::take(&mut self.line.errors)
    }

    /// A picture of the screen, as a PNG; one of a large screen is made smaller.
    pub(crate) async fn picture(&mut self, screen: Screen) -> Vec<u8> {
        let scale = (1_600.0 / f64::from(screen.width)).min(1.0);
        let clip = json!({ "x": 0, "y": 0, "width": screen.width, "height": screen.height, "scale": scale });
        let asked = json!({ "format": "png", "captureBeyondViewport": false, "clip": clip });
        let picture = self.line.call("Page.captureScreenshot", &asked).await;
        decode(picture["data"].as_str().expect("a picture"))
    }
}

/// A socket on which commands are answered, and errors are told in between.
struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u64,
    errors: Vec<String>,
}

impl Line {
    async fn open(address: &str) -> Line {
        let (socket, _) = timeout(LONG, connect_async(address)).await.expect("an answer in time").expect("a WebSocket");
        Line { socket, asked: 0, errors: Vec::new() }
    }

    async fn call(&mut self, method: &str, params: &Value) -> Value {
        self.ask(method, params).await.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// The result of a command, or why there is none.
    async fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.asked += 1;
        let command = json!({ "id": self.asked, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).await.expect("an open socket");
        timeout(LONG, async {
            loop {
                let Message::Text(text) = self.socket.next().await.expect("an open socket").expect("a message") else { continue };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if message["id"] == self.asked {
                    return message.get("error").map_or(Ok(message["result"].clone()), |error| Err(error.clone()));
                }
                self.hear(&message);
            }
        })
        .await
        .unwrap_or_else(|_| panic!("no answer to {command}"))
    }

    fn hear(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.errors.push(params["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => self.errors.push(params["args"].to_string()),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => self.errors.push(params["entry"].to_string()),
            _ => {}
        }
    }
}

fn decode(base64: &str) -> Vec<u8> {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_usize, 0);
    for sign in base64.bytes().take_while(|sign| *sign != b'=') {
        bits = (bits << 6) | SIGNS.iter().position(|other| *other == sign).expect("base64");
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
