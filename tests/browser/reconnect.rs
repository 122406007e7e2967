//! Recovery without user input: a service crash, an upgrade, and a network without WebSockets.

use crate::chromium::Browser;
use crate::{client::TestServer, client::test_settings};
use crate::{firstline_process::FirstlineProcess, firstline_process::free_port};
use crate::{
    screen::DISPLAY, screen::send_queue_calls, screen::shows_answer_rate,
    screen::wait_for_answer_rate,
};

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
        const events = [...Array(12).keys()].flatMap((n) => [event(`c${n}-1`, 'call.offered', 30000), event(`c${n}-2`, 'call.answered', 15000)]);
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
    assert_eq!(page.evaluate(&shows_answer_rate("100")).await, true, "the last value stays");
    let program = FirstlineProcess::start(folder.path(), port);
    page.wait_until("!document.querySelector('#banner').checkVisibility()").await;
    page.wait_until("document.querySelector('.tile[data-indicator=answer_rate]:not([data-old])')")
        .await;
    page.wait_until(&shows_answer_rate("100")).await;
    assert_eq!(page.evaluate("window.marker").await, "never reloaded");
    drop(program);
    browser.close().await;
}

#[tokio::test]
async fn new_page_version_loads_once_available() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    let response = server.get("/").await;
    let version = response.headers["x-firstline-page"].clone();
    assert!(
        response.body.contains(&format!("<meta name=\"page-version\" content=\"{version}\">")),
        "{}",
        response.body
    );
    assert_eq!(server.get("/main.js").await.headers["x-firstline-page"], version);

    let mut page = browser.open_tab(&format!("http://{}/?lang=en", server.address), DISPLAY).await;
    page.wait_until("document.querySelector('#freshness')?.dataset.fresh === 'true'").await;
    // Simulates a service of another version whose files are not available yet.
    let fake_other_version = "(() => {
        const real = window.fetch;
        window.marker = 'this page';
        navigation.addEventListener('navigate', () => { window.marker = 'another page'; });
        window.available = false;
        window.fetch = async (address, options) => {
            const answer = await real(address, options);
            if (String(address).includes('v1/')) return answer;
            const status = window.available || options?.method === 'HEAD' ? answer.status : 503;
            return new Response(options?.method === 'HEAD' ? null : await answer.text(), { status, headers: { 'x-firstline-page': 'another' } });
        };
    })()";
    let renew =
        "import('/version.js').then(({ renewPage }) => renewPage()).then(() => window.marker)";
    page.evaluate(fake_other_version).await;
    assert_eq!(page.evaluate(renew).await, "this page", "an incomplete page is not loaded");
    page.evaluate("window.available = true; import('/version.js').then(({ renewPage }) => { renewPage(); }); 0").await;
    page.wait_until_across_reload("window.marker === undefined && document.querySelector('#freshness')?.dataset.fresh === 'true'").await;
    // A cache that keeps delivering the old page must not cause a reload loop.
    page.evaluate(fake_other_version).await;
    page.evaluate("window.available = true").await;
    assert_eq!(page.evaluate(renew).await, "this page");
    browser.close().await;
}

#[tokio::test]
async fn falls_back_to_server_sent_events_without_websocket() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..12, "call.answered").await;
    wait_for_answer_rate(&server, 12).await;
    let mut page = browser.open_blank_tab(DISPLAY).await;
    page.add_startup_script("window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.()); } close() {} };").await;
    // An invalid query, because an accepted stream never ends.
    if server.get("/v1/stream?nothing=1").await.status == 404 {
        // Without this route, a fake EventSource sends the frames of the board.
        page.add_startup_script(
            "window.EventSource = class {
            constructor(address) {
                const subscribe = JSON.parse(new URL(address).searchParams.get('subscribe'));
                if (!subscribe.indicators.includes('answer_rate')) throw new Error('no subscription');
                fetch('/v1/board').then((answer) => answer.json()).then((board) => {
                    this.onopen?.();
                    const send = (frame) => this.onmessage?.({ data: JSON.stringify({ ...board, ...frame }) });
                    send({ type: 'board' });
                    setInterval(() => send({ type: 'beat', readings: [], as_of: new Date().toISOString() }), 1000);
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
