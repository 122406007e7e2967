//! Layout and accessibility of every page of the demo, on every screen, in both languages and
//! themes.

use crate::chromium::Browser;
use crate::firstline_process::FirstlineProcess;
use crate::{accessibility::axe_core_source, accessibility::check_accessibility};
use crate::{screen::DISPLAY, screen::assert_page_fits};

#[tokio::test]
async fn every_page_fits_every_screen_and_is_accessible() {
    let Some(mut browser) = Browser::start().await else { return };
    let program = FirstlineProcess::start_demo();
    let mut page = program.open_ready_tab(&mut browser).await;
    let axe = axe_core_source();
    for query in [
        "?lang=en",
        "?lang=zh&theme=light",
        "?lang=en&center=wuhu&theme=light",
        "?lang=zh&center=wuhu",
        "?lang=en&center=hefei",
        "?lang=zh&page=ranking",
        "?lang=en&pages=ranking,overview,hefei&every=3600&sound=on&theme=light",
        "configure.html?lang=en",
        "configure.html?lang=zh",
    ] {
        page.resize(DISPLAY).await;
        page.navigate(&format!("{}{query}", program.address)).await;
        let ready = match query.starts_with("configure") {
            true => "document.querySelector('#address')",
            false if query.contains("center=") => {
                "document.querySelector('#freshness')?.dataset.fresh === 'true' && document.querySelector('.order')?.checkVisibility()"
            }
            false => "document.querySelector('#freshness')?.dataset.fresh === 'true'",
        };
        page.wait_until(ready).await;
        if query.contains("center=") {
            // The history of eight hours has one point per quarter of an hour.
            let line = "document.querySelector('.tile[data-indicator=answer_rate] .spark-line').getAttribute('d')";
            page.wait_until(&format!("({line}?.match(/[ML]/g) ?? []).length > 25")).await;
        }
        if !query.starts_with("configure") {
            assert_page_fits(&mut page, query).await;
        }
        check_accessibility(&mut page, query, axe.as_deref()).await;
        if query.contains("center=wuhu") {
            page.evaluate("document.querySelector('.tile button').click()").await;
            page.wait_until("document.querySelector('dialog[open] td')").await;
            check_accessibility(&mut page, &format!("{query}, explained"), axe.as_deref()).await;
        }
        assert_eq!(page.page_errors().await, [""; 0], "{query}");
    }
    drop(program);
    browser.close().await;
}
