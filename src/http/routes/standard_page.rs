//! `GET /standard`: public page with the commitments and formulas of the standard.
//!
//! The page is in English and Chinese and needs no JavaScript.

use crate::describe;
use crate::domain::standard::{Commitment, Indicator, LocalizedTitle, Standard};
use crate::http::HttpService;
use axum::extract::State;
use axum::response::Html;
use std::fmt::Write;
use std::sync::Arc;

/// Returns the page as HTML.
pub async fn get_standard_page(State(service): State<Arc<HttpService>>) -> Html<String> {
    let published = service.boards.borrow().clone();
    let standard = &*published.standard;
    let mut page = String::with_capacity(32 << 10);
    let title = bilingual_html(&standard.title);
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"dark light\">\n\
         <title>{} · {}</title>\n<link rel=\"icon\" href=\"icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"standard.css\">\n</head>\n\
         <body>\n<header>\n<h1>{title}</h1>\n\
         <p>{} {}, {}</p>\n</header>\n<main>\n",
        escape_html(&standard.title.en),
        escape_html(&standard.title.zh),
        escape_html(&standard.name),
        escape_html(&standard.version),
        escape_html(&standard.date_of_effect),
    );
    write_section(&mut page, "Indicators", "指标", standard.indicators.len());
    for indicator in &standard.indicators {
        write_indicator(&mut page, standard, indicator);
    }
    page += "</section>\n";
    if !standard.commitments.is_empty() {
        write_section(&mut page, "Commitments", "承诺", standard.commitments.len());
        for commitment in &standard.commitments {
            write_commitment(
                &mut page,
                &describe::describe_commitment(standard, commitment),
                commitment,
            );
        }
        page += "</section>\n";
    }
    page += "</main>\n<footer><p><a href=\"/\">firstline</a> · \
             <a href=\"/v1/standard\">JSON</a></p></footer>\n</body>\n</html>\n";
    Html(page)
}

fn write_section(page: &mut String, en: &str, zh: &str, count: usize) {
    let _ = writeln!(
        page,
        "<section>\n<h2>{en} <span lang=\"zh\">{zh}</span> <small>{count}</small></h2>"
    );
}

fn write_indicator(page: &mut String, standard: &Standard, indicator: &Indicator) {
    let _ = writeln!(
        page,
        "<article id=\"{0}\">\n<h3>{1}</h3>\n<code>{0}</code>",
        escape_html(&indicator.name),
        bilingual_html(&indicator.title)
    );
    for (key, value) in &indicator.labels {
        let _ = writeln!(page, "<small> · {}: {}</small>", escape_html(key), escape_html(value));
    }
    write_sentence(page, "formula", &describe::describe_indicator(standard, indicator));
    for target in describe::describe_targets(standard, indicator) {
        write_sentence(
            page,
            "target",
            &LocalizedTitle {
                en: format!("Target: {}", target.en),
                zh: format!("目标：{}", target.zh),
            },
        );
    }
    *page += "</article>\n";
}

fn write_commitment(page: &mut String, sentences: &[LocalizedTitle], commitment: &Commitment) {
    let _ =
        writeln!(page, "<article id=\"promise-{0}\">\n<h3>{0}</h3>", escape_html(&commitment.name));
    sentences.iter().for_each(|sentence| write_sentence(page, "rule", sentence));
    *page += "</article>\n";
}

fn write_sentence(page: &mut String, class: &str, text: &LocalizedTitle) {
    let _ = writeln!(page, "<p class=\"{class}\">{}</p>", bilingual_html(text));
}

fn bilingual_html(text: &LocalizedTitle) -> String {
    format!("{} <span lang=\"zh\">{}</span>", escape_html(&text.en), escape_html(&text.zh))
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
