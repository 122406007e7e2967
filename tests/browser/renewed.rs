//! What a wall that nobody touches must outlive: a service that is killed and comes back, an upgrade, a network without
//! WebSockets.

use crate::chromium::Browser;
use crate::client::{Server, settings};
use crate::program::{Program, free_port};
use crate::screen::{WALL, answer_rate, shows, take_calls};

#[tokio::test]
async fn a_killed_service_is_told_and_its_return_needs_no_reload() {
    let Some(mut browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let program = Program::start(folder.path(), port);
    let mut page = program.ready(&mut browser).await;
    let post = "(async () => {
        const event = (id, type, ago) => ({ specversion: '1.0', id, source: '/test', type, subject: id.split('-')[0],
            time: new Date(Date.now() - ago).toISOString(), data: { center: 'hefei', queue: 'broadband' } });
        const events = [...Array(12).keys()].flatMap((n) => [event(`c${n}-1`, 'call.offered', 30000), event(`c${n}-2`, 'call.answered', 15000)]);
        const answer = await fetch('/v1/events', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) });
        return (await answer.json()).accepted;
    })()";
    assert_eq!(page.value(post).await, 24);
    page.go(&format!("{}?lang=en&center=hefei", program.address)).await;
    page.until(&shows("100")).await;
    page.value("window.marker = 'never reloaded'").await;

    drop(program);
    page.until("document.querySelector('#banner').checkVisibility() && document.querySelector('#banner').textContent.includes('Connection lost at')").await;
    page.until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')").await;
    assert_eq!(page.value(&shows("100")).await, true, "the last value stands");
    let program = Program::start(folder.path(), port);
    page.until("!document.querySelector('#banner').checkVisibility()").await;
    page.until("document.querySelector('.tile[data-indicator=answer_rate]:not([data-old])')").await;
    page.until(&shows("100")).await;
    assert_eq!(page.value("window.marker").await, "never reloaded");
    drop(program);
    browser.close().await;
}

#[tokio::test]
async fn a_new_version_of_the_page_is_taken_once_it_can_be_had() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    let own = server.get("/").await;
    let version = own.headers["x-firstline-page"].clone();
    assert!(own.body.contains(&format!("<meta name=\"page-version\" content=\"{version}\">")), "{}", own.body);
    assert_eq!(server.get("/main.js").await.headers["x-firstline-page"], version);

    let mut page = browser.open(&format!("http://{}/?lang=en", server.address), WALL).await;
    page.until("document.querySelector('#pulse')?.dataset.fresh === 'true'").await;
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
    page.value(other).await;
    assert_eq!(page.value(look).await, "this page", "a page that cannot be had is not taken");
    page.value("window.whole = true; import('/version.js').then(({ renewPage }) => { renewPage(); }); 0").await;
    page.until_renewed("window.marker === undefined && document.querySelector('#pulse')?.dataset.fresh === 'true'").await;
    // A cache in between that goes on giving the old page makes no wall reload for ever.
    page.value(other).await;
    page.value("window.whole = true").await;
    assert_eq!(page.value(look).await, "this page");
    browser.close().await;
}

/// Where nothing lets a WebSocket through, the same frames come as Server-Sent Events.
#[tokio::test]
async fn without_websockets_the_board_comes_as_a_stream() {
    let Some(mut browser) = Browser::start().await else { return };
    let server = Server::start(settings()).await;
    take_calls(&server, 0..12, "call.answered").await;
    answer_rate(&server, 12).await;
    let mut page = browser.blank(WALL).await;
    page.prepare("window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.()); } close() {} };").await;
    // With a query that a stream refuses, since one that it takes has no end.
    if server.get("/v1/stream?nothing=1").await.status == 404 {
        // The service has no such route yet: the frames are those of the board.
        page.prepare(
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
    page.go(&format!("http://{}/?lang=en&center=hefei", server.address)).await;
    page.until(&shows("100")).await;
    assert_eq!(page.errors().await, [""; 0]);
    browser.close().await;
}
