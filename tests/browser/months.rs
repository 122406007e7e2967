//! A board stays for months: many thousand frames, with the page's clock running faster, leave heap and page as they were.

use crate::chromium::{Browser, Tab};
use crate::client::{Server, settings};
use crate::screen::{WALL, answer_rate, take_calls};
use serde_json::json;

/// How many times as fast the page's clock runs: a frame each 100 ms of it.
const FASTER: u32 = 20;
/// The frames of each third.
const FRAMES: u32 = 2_000;

/// Replaces the clock, and the WebSocket by one that tells the whole board and then changes without end: every value moves,
/// half of the targets are missed and met again, queues come and go.
fn script() -> String {
    format!("(() => {{
        const faster = {FASTER};
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
                const tell = (frame) => this.onmessage({{ data: JSON.stringify({{ epoch: 'test', as_of: new Date(Date.now()).toISOString(), ...frame }}) }});
                tell({{ type: 'board', revision, readings: board.readings }});
                let seed = 7;
                const chance = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
                const step = () => {{
                    if (this.closed) return;
                    if (window.fed < window.feed) {{
                        const readings = board.readings.map((one) => ({{ ...one, value: chance(), good: 1, of: 2, state: 'ok', level: ['met', 'warning', 'breached'][Math.floor(chance() * 3)], target: 0.5 }}));
                        const passing = {{ ...readings[0], scope: {{ center: 'hefei', queue: `q${{revision % 3}}` }} }};
                        const gone = revision % 3 === 0 ? [0, 1, 2].map((n) => ({{ indicator: passing.indicator, window: passing.window, scope: {{ center: 'hefei', queue: `q${{n}}` }} }})) : [];
                        tell({{ type: 'delta', from: revision, revision: (revision += 1), readings: [...readings, passing], gone }});
                        window.fed += 1;
                    }} else {{
                        tell({{ type: 'beat', revision }});
                    }}
                    later(step, window.fed < window.feed ? 100 / faster : 50);
                }};
                step();
            }}
        }};
    }})()")
}

#[tokio::test]
async fn thousands_of_frames_leave_heap_and_page_as_they_were() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.blank(WALL).await;
    page.prepare(&script()).await;
    page.go(&format!("http://{}/?lang=en&pages=overview,ranking,hefei&every=20", server.address)).await;
    holds(&mut page, "document.querySelector('#pulse')?.dataset.fresh === 'true'").await;
    let mut measured = Vec::new();
    for third in 1..=3 {
        page.value(&format!("window.feed = {}", third * FRAMES)).await;
        holds(&mut page, "window.fed === window.feed && document.getAnimations().length === 0").await;
        measured.push(measure(&mut page).await);
    }
    println!("after each {FRAMES} frames, heap in bytes, nodes, listeners: {measured:?}");
    assert_eq!(page.value("window.fed").await, 3 * FRAMES, "it is still the same page");
    let [first, _, last] = measured[..] else { panic!("three thirds") };
    // Which page is shown, and how many lines its queues have, differs.
    assert!(last.0 <= first.0 * 1.15 + 500_000.0, "the heap grows: {measured:?}");
    assert!(last.1 <= first.1 * 1.1 + 300.0, "the page grows: {measured:?}");
    assert!(last.2 <= first.2 * 1.1 + 100.0, "listeners gather: {measured:?}");
    assert_eq!(page.errors().await, [""; 0]);
    browser.close().await;
}

/// Waits by this side's clock, since the page's is another.
async fn holds(page: &mut Tab, condition: &str) {
    while page.value(condition).await != true {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Bytes of the heap after a collection, nodes, listeners.
async fn measure(page: &mut Tab) -> (f64, f64, f64) {
    page.call("HeapProfiler.enable", &json!({})).await;
    for _ in 0..2 {
        page.call("HeapProfiler.collectGarbage", &json!({})).await;
    }
    let heap = page.call("Runtime.getHeapUsage", &json!({})).await;
    let counted = page.call("Memory.getDOMCounters", &json!({})).await;
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    (number(&heap["usedSize"]), number(&counted["nodes"]), number(&counted["jsEventListeners"]))
}
