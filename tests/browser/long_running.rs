//! Memory of a page that stays open for months: thousands of frames, with the page's clock sped up.

use crate::{chromium::Browser, chromium::BrowserTab};
use crate::{client::TestServer, client::test_settings};
use crate::{screen::DISPLAY, screen::send_queue_calls, screen::wait_for_answer_rate};
use serde_json::json;

/// Speed of the page's clock. A frame arrives every 100 ms of it.
const CLOCK_SPEEDUP: u32 = 20;
const FRAMES_PER_THIRD: u32 = 2_000;

/// Replaces the clock and the WebSocket. The fake sends the board, then deltas in which every value
/// and level changes and queues appear and disappear.
fn fake_service_script() -> String {
    format!("(() => {{
        const faster = {CLOCK_SPEEDUP};
        const [now, later, again] = [performance.now.bind(performance), window.setTimeout.bind(window), window.setInterval.bind(window)];
        const began = Date.now();
        performance.now = () => now() * faster;
        Date.now = () => began + now() * faster;
        window.setTimeout = (what, ms, ...rest) => later(what, (ms || 0) / faster, ...rest);
        window.setInterval = (what, ms, ...rest) => again(what, (ms || 0) / faster, ...rest);
        window.fed = 0;
        window.feed = 0;
        window.WebSocket = class {{
            constructor() {{ later(() => this.start(), 20); }}
            send() {{}}
            close() {{ this.closed = true; }}
            async start() {{
                const board = await (await fetch('/v1/board')).json();
                this.onopen();
                let revision = 1;
                const send = (frame) => this.onmessage({{ data: JSON.stringify({{ epoch: 'test', as_of: new Date(Date.now()).toISOString(), ...frame }}) }});
                send({{ type: 'board', revision, readings: board.readings }});
                let seed = 7;
                const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
                const step = () => {{
                    if (this.closed) return;
                    if (window.fed < window.feed) {{
                        const readings = board.readings.map((one) => ({{ ...one, value: random(), good: 1, of: 2, state: 'ok', level: ['met', 'warning', 'breached'][Math.floor(random() * 3)], target: 0.5 }}));
                        const shortLived = {{ ...readings[0], scope: {{ center: 'hefei', queue: `q${{revision % 3}}` }} }};
                        const gone = revision % 3 === 0 ? [0, 1, 2].map((n) => ({{ indicator: shortLived.indicator, window: shortLived.window, scope: {{ center: 'hefei', queue: `q${{n}}` }} }})) : [];
                        send({{ type: 'delta', from: revision, revision: (revision += 1), readings: [...readings, shortLived], gone }});
                        window.fed += 1;
                    }} else {{
                        send({{ type: 'beat', revision }});
                    }}
                    later(step, window.fed < window.feed ? 100 / faster : 50);
                }};
                step();
            }}
        }};
    }})()")
}

#[tokio::test]
async fn heap_and_page_size_stay_constant_over_many_frames() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_blank_tab(DISPLAY).await;
    page.add_startup_script(&fake_service_script()).await;
    page.navigate(&format!(
        "http://{}/?lang=en&pages=overview,ranking,hefei&every=20",
        server.address
    ))
    .await;
    poll_until(&mut page, "document.querySelector('#freshness')?.dataset.fresh === 'true'").await;
    let mut measured = Vec::new();
    for third in 1..=3 {
        page.evaluate(&format!("window.feed = {}", third * FRAMES_PER_THIRD)).await;
        poll_until(
            &mut page,
            "window.fed === window.feed && document.getAnimations().length === 0",
        )
        .await;
        measured.push(measure_page(&mut page).await);
    }
    println!("after each {FRAMES_PER_THIRD} frames, heap in bytes, nodes, listeners: {measured:?}");
    assert_eq!(
        page.evaluate("window.fed").await,
        3 * FRAMES_PER_THIRD,
        "the page was not reloaded"
    );
    let [first, _, last] = measured[..] else { panic!("three thirds") };
    // The measurements differ by the page on display and the number of its rows.
    assert!(last.0 <= first.0 * 1.15 + 500_000.0, "the heap grows: {measured:?}");
    assert!(last.1 <= first.1 * 1.1 + 300.0, "the page grows: {measured:?}");
    assert!(last.2 <= first.2 * 1.1 + 100.0, "the number of listeners grows: {measured:?}");
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}

/// Polls with the clock of the test, because the clock of the page is sped up.
async fn poll_until(page: &mut BrowserTab, condition: &str) {
    while page.evaluate(condition).await != true {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Returns the heap size in bytes after a garbage collection, the number of nodes and the number of
/// listeners.
async fn measure_page(page: &mut BrowserTab) -> (f64, f64, f64) {
    page.send_command("HeapProfiler.enable", &json!({})).await;
    for _ in 0..2 {
        page.send_command("HeapProfiler.collectGarbage", &json!({})).await;
    }
    let heap = page.send_command("Runtime.getHeapUsage", &json!({})).await;
    let counted = page.send_command("Memory.getDOMCounters", &json!({})).await;
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    (number(&heap["usedSize"]), number(&counted["nodes"]), number(&counted["jsEventListeners"]))
}
