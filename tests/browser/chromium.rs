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
const BROWSER_TIMEOUT: Duration = Duration::from_secs(60);
const PROGRAM_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const BROWSER_FLAGS: &[&str] = &[
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
    connection: DevToolsConnection,
    /// Where its tabs are found.
    host: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts it. `None`, and a word about it, if this machine has none.
    pub(crate) async fn start() -> Option<Browser> {
        let Some(program) = find_program() else {
            println!("skipped: no Chromium here");
            return None;
        };
        let profile = TempDir::new().expect("a folder for the profile");
        let said = profile.path().join("stderr");
        let mut child = Command::new(program)
            .args(BROWSER_FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said).expect("a file for its words"))
            .spawn()
            .expect("a program that starts");
        let door = profile.path().join("DevToolsActivePort");
        let opened = timeout(BROWSER_TIMEOUT, async {
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
        let line = DevToolsConnection::connect(&format!("ws://{host}{path}")).await;
        Some(Browser { child, connection: line, host, _profile: profile })
    }

    /// Opens a tab, in a window of its own so that no other covers it, and goes to `address`.
    pub(crate) async fn open_tab(&mut self, address: &str, screen: ScreenSize) -> BrowserTab {
        let mut tab = self.open_blank_tab(screen).await;
        tab.navigate(address).await;
        tab
    }

    /// Opens a tab that is nowhere yet.
    pub(crate) async fn open_blank_tab(&mut self, screen: ScreenSize) -> BrowserTab {
        let target = self.connection.send_command("Target.createTarget", &json!({ "url": "about:blank", "newWindow": true })).await;
        let id = target["targetId"].as_str().expect("a target");
        let mut tab = BrowserTab { connection: DevToolsConnection::connect(&format!("ws://{}/devtools/page/{id}", self.host)).await };
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            tab.connection.send_command(domain, &json!({})).await;
        }
        tab.connection.send_command("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true })).await;
        tab.resize(screen).await;
        tab
    }

    /// Ends it in good order: one that is killed may still write to its profile while that is being removed.
    pub(crate) async fn close(mut self) {
        self.connection.send_command("Browser.close", &json!({})).await;
        let _ = timeout(BROWSER_TIMEOUT, async {
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
fn find_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    PROGRAM_NAMES.iter().find_map(|name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// A screen, in pixels of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pixels of the screen for one of the page.
    pub(crate) scale: u32,
}

/// An open page.
pub(crate) struct BrowserTab {
    connection: DevToolsConnection,
}

impl BrowserTab {
    pub(crate) async fn navigate(&mut self, address: &str) {
        let went = self.send_command("Page.navigate", &json!({ "url": address })).await;
        assert_eq!(went.get("errorText"), None, "{address}");
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn send_command(&mut self, method: &str, params: &Value) -> Value {
        self.connection.send_command(method, params).await
    }

    /// Runs a script in every page of this tab, before any of its own.
    pub(crate) async fn add_startup_script(&mut self, script: &str) {
        self.send_command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script })).await;
    }

    /// Clicks in the middle of what a selector finds, as a hand does.
    pub(crate) async fn click(&mut self, selector: &str) {
        let middle = format!(
            "(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])(document.querySelector('{selector}').getBoundingClientRect())"
        );
        let middle = self.evaluate(&middle).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let said = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1 });
            self.send_command("Input.dispatchMouseEvent", &said).await;
        }
    }

    /// Presses a key.
    pub(crate) async fn press_key(&mut self, key: &str) {
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
            self.send_command("Input.dispatchKeyEvent", &said).await;
        }
    }

    pub(crate) async fn resize(&mut self, screen: ScreenSize) {
        let ScreenSize { width, height, scale } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.connection.send_command("Emulation.setDeviceMetricsOverride", &metrics).await;
        self.wait_until(&format!("innerWidth === {width} && innerHeight === {height}")).await;
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.connection.send_command("Runtime.evaluate", &asked).await;
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until a condition holds in the page. It is looked at whenever the page changes.
    pub(crate) async fn wait_until(&mut self, condition: &str) {
        let wait = format!(
            "new Promise((met, failed) => {{
                const look = () => {{ if ({condition}) {{ watch.disconnect(); removeEventListener('resize', look); met(); }} }};
                const watch = new MutationObserver(look);
                watch.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
                addEventListener('resize', look);
                setTimeout(() => failed(new Error('not in time; the page says: ' + document.body?.innerText)), {});
                look();
            }})",
            BROWSER_TIMEOUT.as_millis() / 2
        );
        self.evaluate(&wait).await;
    }

    /// Waits until a condition holds, also across a change of the page itself: what waits in a page ends with it, so this asks again
    /// and again, and a question in the midst of the change has no answer.
    pub(crate) async fn wait_until_across_reload(&mut self, condition: &str) {
        let asked = json!({ "expression": condition, "returnByValue": true });
        let holds = async {
            while self.connection.try_command("Runtime.evaluate", &asked).await.map(|answer| answer["result"]["value"] == true) != Ok(true)
            {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(BROWSER_TIMEOUT, holds).await.unwrap_or_else(|_| panic!("not in time: {condition}"));
    }

    /// The page's errors until now.
    pub(crate) async fn page_errors(&mut self) -> Vec<String> {
        // What was sent before the answer has been heard with it.
        self.evaluate("0").await;
        std::mem::take(&mut self.connection.errors)
    }

    /// A picture of the screen, as a PNG; one of a large screen is made smaller.
    pub(crate) async fn take_screenshot(&mut self, screen: ScreenSize) -> Vec<u8> {
        let scale = (1_600.0 / f64::from(screen.width)).min(1.0);
        let clip = json!({ "x": 0, "y": 0, "width": screen.width, "height": screen.height, "scale": scale });
        let asked = json!({ "format": "png", "captureBeyondViewport": false, "clip": clip });
        let picture = self.connection.send_command("Page.captureScreenshot", &asked).await;
        decode_base64(picture["data"].as_str().expect("a picture"))
    }
}

/// A socket on which commands are answered, and errors are told in between.
struct DevToolsConnection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    command_count: u64,
    errors: Vec<String>,
}

impl DevToolsConnection {
    async fn connect(address: &str) -> DevToolsConnection {
        let (socket, _) = timeout(BROWSER_TIMEOUT, connect_async(address)).await.expect("an answer in time").expect("a WebSocket");
        DevToolsConnection { socket, command_count: 0, errors: Vec::new() }
    }

    async fn send_command(&mut self, method: &str, params: &Value) -> Value {
        self.try_command(method, params).await.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// The result of a command, or why there is none.
    async fn try_command(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.command_count += 1;
        let command = json!({ "id": self.command_count, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).await.expect("an open socket");
        timeout(BROWSER_TIMEOUT, async {
            loop {
                let Message::Text(text) = self.socket.next().await.expect("an open socket").expect("a message") else { continue };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if message["id"] == self.command_count {
                    return message.get("error").map_or(Ok(message["result"].clone()), |error| Err(error.clone()));
                }
                self.record_page_error(&message);
            }
        })
        .await
        .unwrap_or_else(|_| panic!("no answer to {command}"))
    }

    fn record_page_error(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.errors.push(params["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => self.errors.push(params["args"].to_string()),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => self.errors.push(params["entry"].to_string()),
            _ => {}
        }
    }
}

fn decode_base64(base64: &str) -> Vec<u8> {
    const BASE64_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_usize, 0);
    for sign in base64.bytes().take_while(|sign| *sign != b'=') {
        bits = (bits << 6) | BASE64_ALPHABET.iter().position(|other| *other == sign).expect("base64");
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
