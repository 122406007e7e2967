//! The pictures of the documentation, from the demonstration.

/// `FIRSTLINE_SCREENSHOTS=folder`: the pictures of the documentation, from the demonstration.
#[tokio::test]
async fn screenshots() {
    let Some(folder) = std::env::var_os("FIRSTLINE_SCREENSHOTS") else { return };
    let Some(mut browser) = Browser::start().await else { return };
    let demo = Demo::start();
    // The history has been told when the service is ready.
    let ready = "fetch('/readyz').then((answer) => answer.ok)";
    let mut waiting = browser.open(&format!("{}healthz", demo.address), WALL).await;
    while waiting.value(ready).await == false {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let mut pages = Vec::new();
    for (name, query, screen) in [
        ("wallboard", "?lang=en", WALL),
        ("wallboard-center", "?lang=zh&center=wuhu", WALL),
        ("wallboard-phone", "?lang=en&center=wuhu", PHONE),
    ] {
        pages.push((name, browser.open(&format!("{}{query}", demo.address), screen).await));
    }
    // Until the lines, of a minute at least, have a shape.
    tokio::time::sleep(Duration::from_secs(65)).await;
    for (name, mut page) in pages {
        let file = Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(&file, page.picture().await).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        println!("{} {:?}", file.display(), page.errors().await);
    }
    browser.close().await;
}

