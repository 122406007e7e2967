//! Headless Chromium, controlled over the DevTools protocol with one socket for the browser and one
//! for each tab.

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

/// Timeout of each browser operation.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(60);
const PROGRAM_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const BROWSER_FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    // Containers have little shared memory.
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

/// A running browser, killed on drop.
pub(crate) struct Browser {
    child: Child,
    connection: DevToolsConnection,
    /// Host and port of the DevTools server.
    host: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium. Prints a message and returns `None` if it is not installed.
    pub(crate) async fn start() -> Option<Browser> {
        let Some(program) = find_program() else {
            println!("skipped: Chromium is not installed");
            return None;
        };
        let profile = TempDir::new().expect("a folder for the profile");
        let stderr_path = profile.path().join("stderr");
        let mut child = Command::new(program)
            .args(BROWSER_FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&stderr_path).expect("a file for standard error"))
            .spawn()
            .expect("a program that starts");
        let port_file = profile.path().join("DevToolsActivePort");
        let opened = timeout(BROWSER_TIMEOUT, async {
            loop {
                // The first line is the port, the second the path of the browser's socket.
                let text = fs::read_to_string(&port_file).unwrap_or_default();
                if let Some((port, path)) =
                    text.split_once('\n').filter(|(_, path)| !path.is_empty())
                {
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
            panic!(
                "Chromium did not open its port: {}",
                fs::read_to_string(&stderr_path).unwrap_or_default()
            );
        };
        let connection = DevToolsConnection::connect(&format!("ws://{host}{path}")).await;
        Some(Browser { child, connection, host, _profile: profile })
    }

    /// Opens a tab at `address`, in its own window so that no other tab covers it.
    pub(crate) async fn open_tab(&mut self, address: &str, screen: ScreenSize) -> BrowserTab {
        let mut tab = self.open_blank_tab(screen).await;
        tab.navigate(address).await;
        tab
    }

    /// Opens an empty tab.
    pub(crate) async fn open_blank_tab(&mut self, screen: ScreenSize) -> BrowserTab {
        let target = self
            .connection
            .send_command(
                "Target.createTarget",
                &json!({ "url": "about:blank", "newWindow": true }),
            )
            .await;
        let id = target["targetId"].as_str().expect("a target");
        let mut tab = BrowserTab {
            connection: DevToolsConnection::connect(&format!(
                "ws://{}/devtools/page/{id}",
                self.host
            ))
            .await,
        };
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            tab.connection.send_command(domain, &json!({})).await;
        }
        tab.connection
            .send_command("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true }))
            .await;
        tab.resize(screen).await;
        tab
    }

    /// Shuts the browser down. A killed browser might still write to its profile while that is
    /// removed.
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

/// The first of [`PROGRAM_NAMES`] on the path.
fn find_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    PROGRAM_NAMES.iter().find_map(|name| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    })
}

/// Size of a screen in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Device pixels per CSS pixel.
    pub(crate) scale: u32,
}

/// An open page.
pub(crate) struct BrowserTab {
    connection: DevToolsConnection,
}

impl BrowserTab {
    pub(crate) async fn navigate(&mut self, address: &str) {
        let result = self.send_command("Page.navigate", &json!({ "url": address })).await;
        assert_eq!(result.get("errorText"), None, "{address}");
    }

    /// Sends a command of the DevTools protocol and returns its result.
    pub(crate) async fn send_command(&mut self, method: &str, params: &Value) -> Value {
        self.connection.send_command(method, params).await
    }

    /// Runs a script in every page of this tab, before the page's own scripts.
    pub(crate) async fn add_startup_script(&mut self, script: &str) {
        self.send_command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }))
            .await;
    }

    /// Clicks the center of the first element that matches `selector`.
    pub(crate) async fn click(&mut self, selector: &str) {
        let middle = format!(
            "(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])(document.querySelector('{selector}').getBoundingClientRect())"
        );
        let middle = self.evaluate(&middle).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1 });
            self.send_command("Input.dispatchMouseEvent", &event).await;
        }
    }

    /// Presses a key.
    pub(crate) async fn press_key(&mut self, key: &str) {
        // The key code and the text it inserts.
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            " " => (32, " "),
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            _ => panic!("no key code for `{key}`"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.send_command("Input.dispatchKeyEvent", &event).await;
        }
    }

    pub(crate) async fn resize(&mut self, screen: ScreenSize) {
        let ScreenSize { width, height, scale } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.connection.send_command("Emulation.setDeviceMetricsOverride", &metrics).await;
        self.wait_until(&format!("innerWidth === {width} && innerHeight === {height}")).await;
    }

    /// Evaluates an expression in the page and awaits a promise.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.connection.send_command("Runtime.evaluate", &params).await;
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until a condition holds in the page, checked after each change of the document.
    pub(crate) async fn wait_until(&mut self, condition: &str) {
        let wait = format!(
            "new Promise((met, failed) => {{
                const check = () => {{ if ({condition}) {{ observer.disconnect(); removeEventListener('resize', check); met(); }} }};
                const observer = new MutationObserver(check);
                observer.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
                addEventListener('resize', check);
                setTimeout(() => failed(new Error('not in time; text of the page: ' + document.body?.innerText)), {});
                check();
            }})",
            BROWSER_TIMEOUT.as_millis() / 2
        );
        self.evaluate(&wait).await;
    }

    /// Waits until a condition holds, across reloads. It polls, because a promise in the page ends
    /// with the page, and ignores errors during the reload.
    pub(crate) async fn wait_until_across_reload(&mut self, condition: &str) {
        let params = json!({ "expression": condition, "returnByValue": true });
        let holds = async {
            while self
                .connection
                .try_command("Runtime.evaluate", &params)
                .await
                .map(|answer| answer["result"]["value"] == true)
                != Ok(true)
            {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(BROWSER_TIMEOUT, holds)
            .await
            .unwrap_or_else(|_| panic!("not in time: {condition}"));
    }

    /// Returns the errors that the page has logged since the last call.
    pub(crate) async fn page_errors(&mut self) -> Vec<String> {
        // Events sent before this response have been received with it.
        self.evaluate("0").await;
        std::mem::take(&mut self.connection.errors)
    }

    /// Takes a screenshot as PNG, scaled down to 1600 pixels of width.
    pub(crate) async fn take_screenshot(&mut self, screen: ScreenSize) -> Vec<u8> {
        let scale = (1_600.0 / f64::from(screen.width)).min(1.0);
        let clip = json!({ "x": 0, "y": 0, "width": screen.width, "height": screen.height, "scale": scale });
        let params = json!({ "format": "png", "captureBeyondViewport": false, "clip": clip });
        let picture = self.connection.send_command("Page.captureScreenshot", &params).await;
        decode_base64(picture["data"].as_str().expect("a picture"))
    }
}

/// A DevTools socket. Collects error events that arrive between responses.
struct DevToolsConnection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    command_count: u64,
    errors: Vec<String>,
}

impl DevToolsConnection {
    async fn connect(address: &str) -> DevToolsConnection {
        let (socket, _) = timeout(BROWSER_TIMEOUT, connect_async(address))
            .await
            .expect("an answer in time")
            .expect("a WebSocket");
        DevToolsConnection { socket, command_count: 0, errors: Vec::new() }
    }

    async fn send_command(&mut self, method: &str, params: &Value) -> Value {
        self.try_command(method, params)
            .await
            .unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// Sends a command.
    ///
    /// # Errors
    /// The error that the browser returned.
    async fn try_command(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.command_count += 1;
        let command = json!({ "id": self.command_count, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).await.expect("an open socket");
        timeout(BROWSER_TIMEOUT, async {
            loop {
                let Message::Text(text) =
                    self.socket.next().await.expect("an open socket").expect("a message")
                else {
                    continue;
                };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if message["id"] == self.command_count {
                    return message
                        .get("error")
                        .map_or(Ok(message["result"].clone()), |error| Err(error.clone()));
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
            Some("Runtime.exceptionThrown") => {
                self.errors.push(params["exceptionDetails"].to_string());
            }
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => {
                self.errors.push(params["args"].to_string());
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.errors.push(params["entry"].to_string());
            }
            _ => {}
        }
    }
}

fn decode_base64(base64: &str) -> Vec<u8> {
    const BASE64_ALPHABET: &[u8; 64] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut bit_count) = (Vec::new(), 0_usize, 0);
    for digit in base64.bytes().take_while(|digit| *digit != b'=') {
        let value = BASE64_ALPHABET.iter().position(|letter| *letter == digit).expect("base64");
        bits = (bits << 6) | value;
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            bytes.push((bits >> bit_count) as u8);
        }
    }
    bytes
}
