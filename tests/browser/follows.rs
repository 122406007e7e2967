//! The board is followed in both languages, and a break is told: by a banner, by dimmed values, never by zeros.

use crate::chromium::Browser;
use crate::client::{Server, settings};
use crate::screen::{WALL, answer_rate, fits, shows, take_calls};

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
        let told = if path.contains("zh") { "指标未达标" } else { "Target missed" };
        page.until(&format!("document.querySelector('#news[aria-live=polite]').textContent.includes('{told}')")).await;
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
