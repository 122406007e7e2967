//! `GET /standard`: what is promised and how it is measured, as a page for the public, in both languages and without a script.

use super::Service;
use crate::domain::standard::{Commitment, Indicator, Standard, Title};
use crate::words;
use axum::extract::State;
use axum::response::Html;
use std::fmt::Write;
use std::sync::Arc;

/// The page.
pub async fn page(State(service): State<Arc<Service>>) -> Html<String> {
    let edition = service.editions.borrow().clone();
    let standard = &*edition.standard;
    let mut page = String::with_capacity(32 << 10);
    let title = written(&standard.title);
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"dark light\">\n\
         <title>{} · {}</title>\n<link rel=\"icon\" href=\"icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"standard.css\">\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
         <p>{} {}, {}</p>\n</header>\n<main>\n",
        escape(&standard.title.en),
        escape(&standard.title.zh),
        escape(&standard.name),
        escape(&standard.version),
        escape(&standard.date_of_effect),
    );
    section(&mut page, "What is measured", "指标", standard.indicators.len());
    for indicator in &standard.indicators {
        write_indicator(&mut page, standard, indicator);
    }
    page += "</section>\n";
    if !standard.commitments.is_empty() {
        section(&mut page, "What is promised", "承诺", standard.commitments.len());
        for commitment in &standard.commitments {
            write_commitment(&mut page, &words::commitment(standard, commitment), commitment);
        }
        page += "</section>\n";
    }
    page += "</main>\n<footer><p><a href=\"/\">firstline</a> · <a href=\"/v1/standard\">JSON</a></p></footer>\n</body>\n</html>\n";
    Html(page)
}

fn section(page: &mut String, en: &str, zh: &str, count: usize) {
    let _ = writeln!(page, "<section>\n<h2>{en} <span lang=\"zh\">{zh}</span> <small>{count}</small></h2>");
}

fn write_indicator(page: &mut String, standard: &Standard, indicator: &Indicator) {
    let _ = writeln!(page, "<article id=\"{0}\">\n<h3>{1}</h3>\n<code>{0}</code>", escape(&indicator.name), written(&indicator.title));
    for (key, value) in &indicator.labels {
        let _ = writeln!(page, "<small> · {}: {}</small>", escape(key), escape(value));
    }
    sentence(page, "formula", &words::indicator(standard, indicator));
    for target in words::targets(standard, indicator) {
        sentence(page, "target", &Title { en: format!("Target: {}", target.en), zh: format!("目标:{}", target.zh) });
    }
    *page += "</article>\n";
}

fn write_commitment(page: &mut String, sentences: &[Title], commitment: &Commitment) {
    let _ = writeln!(page, "<article id=\"promise-{0}\">\n<h3>{0}</h3>", escape(&commitment.name));
    sentences.iter().for_each(|one| sentence(page, "rule", one));
    *page += "</article>\n";
}

fn sentence(page: &mut String, class: &str, said: &Title) {
    let _ = writeln!(page, "<p class=\"{class}\">{}</p>", written(said));
}

fn written(said: &Title) -> String {
    format!("{} <span lang=\"zh\">{}</span>", escape(&said.en), escape(&said.zh))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
