//! Live updates in both languages. After a disconnect a banner appears and the last values are
//! dimmed.

use crate::chromium::Browser;
use crate::{client::TestServer, client::test_settings};
use crate::{
    screen::DISPLAY, screen::assert_page_fits, screen::send_queue_calls, screen::shows_answer_rate,
    screen::wait_for_answer_rate,
};

#[tokio::test]
async fn wallboard_follows_board_and_shows_connection_loss() {
    let Some(mut browser) = Browser::start().await else { return };
    let mut server = TestServer::start(test_settings()).await;
    send_queue_calls(&server, 0..11, "call.answered").await;
    send_queue_calls(&server, 11..12, "call.abandoned").await;
    let before = wait_for_answer_rate(&server, 12).await;
    assert_eq!(before, "91.7");

    let mut pages = Vec::new();
    for (path, language, heading) in
        [("/?lang=en", "en", "All centers"), ("/?lang=zh&center=hefei", "zh-CN", "Hefei")]
    {
        let mut page = browser.open_tab(&format!("http://{}{path}", server.address), DISPLAY).await;
        page.wait_until(&shows_answer_rate(&before)).await;
        assert_eq!(page.evaluate("document.documentElement.lang").await, language);
        assert_eq!(page.evaluate("document.querySelector('h1').textContent").await, heading);
        assert_eq!(
            page.evaluate("document.querySelector('#banner').checkVisibility()").await,
            false
        );
        assert!(
            page.evaluate("document.querySelector('#main').innerText")
                .await
                .as_str()
                .is_some_and(|text| text.contains("11 / 12"))
        );
        assert_page_fits(&mut page, path).await;
        assert_eq!(page.page_errors().await, [""; 0], "{path}");
        pages.push((path, page));
    }

    send_queue_calls(&server, 12..13, "call.abandoned").await;
    let after = wait_for_answer_rate(&server, 13).await;
    assert_eq!(after, "84.6");
    for (path, page) in &mut pages {
        page.wait_until(&shows_answer_rate(&after)).await;
        page.wait_until(
            "document.querySelector('.tile[data-indicator=answer_rate][data-status=breached]')",
        )
        .await;
        let announced = if path.contains("zh") { "指标未达标" } else { "Target breached" };
        page.wait_until(&format!("document.querySelector('#announcements[aria-live=polite]').textContent.includes('{announced}')")).await;
        assert_eq!(page.page_errors().await, [""; 0], "{path}");
    }

    server.begin_shutdown();
    server.wait_until_stopped().await;
    for (path, page) in &mut pages {
        page.wait_until(
            "document.querySelector('#banner[role=status][aria-live=polite]')?.checkVisibility()",
        )
        .await;
        page.wait_until("document.querySelector('.tile[data-indicator=answer_rate][data-old]')")
            .await;
        assert_eq!(page.evaluate(&shows_answer_rate(&after)).await, true, "{path}");
        assert_page_fits(page, path).await;
        // Chromium itself logs each failed connection as an error.
        let errors = page.page_errors().await;
        assert!(
            errors.iter().all(|error| error.contains("ERR_CONNECTION_REFUSED")),
            "{path}: {errors:?}"
        );
    }
    browser.close().await;
}
