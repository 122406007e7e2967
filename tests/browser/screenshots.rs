//! Takes the screenshots of the documentation from the demo, into the folder
//! `FIRSTLINE_SCREENSHOTS`.

use crate::chromium::Browser;
use crate::firstline_process::FirstlineProcess;
use crate::{screen::DISPLAY, screen::DISPLAY_4K, screen::PHONE};
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn takes_documentation_screenshots() {
    let Some(folder) = std::env::var_os("FIRSTLINE_SCREENSHOTS") else { return };
    let Some(mut browser) = Browser::start().await else { return };
    let demo = FirstlineProcess::start_demo();
    demo.open_ready_tab(&mut browser).await;
    let open_explanation =
        "document.querySelector('.tile[data-indicator=answer_rate] button').click()";
    let select_pages = "for (const value of ['ranking', 'hefei', 'wuhu']) document.querySelector(`input[name=page][value=${value}]`).click()";
    let mut pages = Vec::new();
    for (name, path, screen, then) in [
        ("wallboard", "?lang=en", DISPLAY, ""),
        ("wallboard-ranking", "?lang=en&pages=ranking,overview,hefei,wuhu&every=3600", DISPLAY, ""),
        ("wallboard-center", "?lang=en&center=wuhu", DISPLAY, ""),
        ("wallboard-center-zh", "?lang=zh&center=wuhu&theme=light", DISPLAY, ""),
        ("wallboard-4k", "?lang=en&center=hefei", DISPLAY_4K, ""),
        ("wallboard-phone", "?lang=en&center=wuhu", PHONE, ""),
        ("wallboard-explain", "?lang=en&center=wuhu", DISPLAY, open_explanation),
        ("wallboard-configure", "configure.html?lang=en", DISPLAY, select_pages),
    ] {
        pages.push((
            name,
            screen,
            browser.open_tab(&format!("{}{path}", demo.address), screen).await,
            then,
        ));
    }
    // Sparklines without history need at least a minute of values.
    tokio::time::sleep(Duration::from_secs(65)).await;
    for (name, screen, mut page, then) in pages {
        page.evaluate(then).await;
        page.wait_until(if then.contains(".tile") {
            "document.querySelector('dialog[open] td')"
        } else {
            "true"
        })
        .await;
        let file = Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(&file, page.take_screenshot(screen).await)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        println!("{} {:?}", file.display(), page.page_errors().await);
    }
    browser.close().await;
}
