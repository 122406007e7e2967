//! What a wall that nobody touches must outlive: a service that is killed and comes back, an upgrade, a network without
//! WebSockets.

use crate::chromium::Browser;
use crate::client::{TestServer, test_settings};
use crate::program::{FirstlineProcess, free_port};
use crate::screen::{DISPLAY, send_queue_calls, shows_answer_rate, wait_for_answer_rate};

#[tokio::test]
async fn wallboard_recovers_from_service_crash_without_reload() {
    let Some(mut browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let program = FirstlineProcess::start(folder.path(), port);
    let mut page = program.open_ready_tab(&mut browser).await;
    let post = "(async () => {
        const event = (id, type, ago) => ({ specversion: '1.0', id, source: '/test', type, subject: id.split('-')[0],
            time: new Date(Date.now() - ago).toISOString(), data: { center: 'hefei', queue: 'broadband' } });
        const events = [...Array(12).keys()].flatMap((n) => [event_json(`c${n}-1`, 'call.offered', 30000), event_json(`c${n}-2`, 'call.answered', 15000)]);
        const answer = await fetch('/v1/events', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) });
        return (await answer.json()).accepted;
    })()";
    assert_eq!(page.evaluate(post).await, 24);
    page.navigate(&format!("{}?lang=en&center=hefei", program.address)).await;
    page.wait_until(&shows_answer_rate("100")).await;
    page.evaluate("window.marker = 'never reloaded'").await;

    drop(program);
    page.wait_until("document.querySelector('#banner').checkVisibility() && document.querySelector('#banner').textContent.includes('Connection lost at')").await;
    page.wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')").await;
    assert_eq!(page.evaluate(&shows_answer_rate("100")).await, true, "the last value stands");
    let program = FirstlineProcess::start(folder.path(), port);
    page.wait_until("!document.querySelector('#banner').checkVisibility()").await;
    page.wait_until("document.querySelector('.tile[data-indicator=answer_rate]:not([data-old])')").await;
    page.wait_until(&shows_answer_rate("100")).await;
    assert_eq!(page.evaluate("window.marker").await, "never reloaded");
    drop(program);
    browser.close().await;
}

#[tokio::test]
async fn new_page_version_loads_once_available() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    let own = server.get("/").await;
    let version = own.headers["x-firstline-page"].clone();
    assert!(own.body.contains(&format!("<meta name=\"page-version\" content=\"{version}\">")), "{}", own.body);
    assert_eq!(server.get("/main.js").await.headers["x-firstline-page"], version);

    let mut page = browser.open_tab(&format!("http://{}/?lang=en", server.address), DISPLAY).await;
    page.wait_until("document.querySelector('#pulse')?.dataset.fresh === 'true'").await;
    // A service of another version, which cannot serve its page yet.
    let other = "(() => {
        const real = window.fetch;
        window.marker = 'this page';
        navigation.addEventListener('navigate', () => { window.marker = 'another page'; });
        window.whole = false;
        window.fetch = async (address, options) => {
            const answer = await real(address, options);
            if (String(address).includes('v1/')) return answer;
            const status = window.whole || options?.method === 'HEAD' ? answer.status : 503;
            return new Response(options?.method === 'HEAD' ? null : await answer.text(), { status, headers: { 'x-firstline-page': 'another' } });
        };
    })()";
    let look = "import('/version.js').then(({ renewPage }) => renewPage()).then(() => window.marker)";
    page.evaluate(other).await;
    assert_eq!(page.evaluate(look).await, "this page", "a page that cannot be had is not taken");
    page.evaluate("window.whole = true; import('/version.js').then(({ renewPage }) => { renewPage(); }); 0").await;
    page.wait_until_across_reload("window.marker === undefined && document.querySelector('#pulse')?.dataset.fresh === 'true'").await;
    // A cache in between that goes on giving the old page makes no wall reload for ever.
    page.evaluate(other).await;
    page.evaluate("window.whole = true").await;
    assert_eq!(page.evaluate(look).await, "this page");
    browser.close().await;
}

/// Where nothing lets a WebSocket through, the same frames come as TestServer-Sent Events.
#[tokio::test]
async fn falls_back_to_server_sent_events_without_websocket() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_blank_tab(DISPLAY).await;
    page.add_startup_script("window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.()); } close() {} };").await;
    // With a query that a stream refuses, since one that it takes has no end.
    if server.get("/v1/stream?nothing=1").await.status == 404 {
        // The service has no such route yet: the frames are those of the board.
        page.add_startup_script(
            "window.EventSource = class {
            constructor(address) {
                const subscribe = JSON.parse(new URL(address).searchParams.get('subscribe'));
                if (!subscribe.indicators.includes('answer_rate')) throw new Error('no subscription');
                fetch('/v1/board').then((answer) => answer.json()).then((board) => {
                    this.onopen?.();
                    const tell = (frame) => this.onmessage?.({ data: JSON.stringify({ ...board, ...frame }) });
                    tell({ type: 'board' });
                    setInterval(() => tell({ type: 'beat', readings: [], as_of: new Date().toISOString() }), 1000);
                });
            }
            close() {}
        };",
        )
        .await;
    }
    page.navigate(&format!("http://{}/?lang=en&center=hefei", server.address)).await;
    page.wait_until(&shows_answer_rate("100")).await;
    assert_eq!(page.page_errors().await, [""; 0]);
    browser.close().await;
}
