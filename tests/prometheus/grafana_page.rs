//! `docs/grafana.md`: what each dashboard shows, with what the demonstration answered. `UPDATE_EXPECT=1` writes it; the values
//! are those of that day, so only the panels and their queries are compared.

use crate::project_root;
use serde_json::Value;
use std::fmt::Write;
use std::fs;

/// A panel and what its queries found.
pub(crate) struct PanelResult {
    pub(crate) json: Value,
    pub(crate) queries: Vec<(String, Vec<Value>)>,
}

const PAGE_HEADER: &str = "# Grafana

Six dashboards, made from the standard by `firstline dashboards --out dashboards/grafana` (with `--standard FILE` from yours: an
indicator that you do not have leaves no hole, and a new one with a target is on the overview by itself). Which indicators stand
together is said in one place, `src/grafana/layout.rs`.

With `docker compose up` they are there. In a Grafana of your own: put `dashboards/grafana/provisioning` where it looks for
provisioning, the `.json` files where `dashboards/firstline.yml` says, and the address of your Prometheus into
`datasources/prometheus.yml`. Or import a file by hand and choose the source of data.

Variables: `window` (over how long), `center` and `queue` (the standard's first dimension and the one below it). Red lines
are breaches that the rules ring. Green is met, yellow in danger, red missed, everywhere.

**They were not loaded in a Grafana server**: there was none at hand. What was checked instead: each fits the schema of Grafana's
own published types (`@grafana/schema` 11.4.0), and each query below was answered by a real Prometheus that scraped the
demonstration. Below is what it answered, the first series of each query; `cargo test --test prometheus` does it anew, and with
`UPDATE_EXPECT=1` writes this page.
";

/// Compares the page with the dashboards, or writes it.
pub(crate) fn check_grafana_page(dashboards: &[(Value, Vec<PanelResult>)]) {
    let path = project_root().join("docs/grafana.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, render_page(dashboards)).expect("a page that can be written");
    }
    let page = fs::read_to_string(&path).expect("docs/grafana.md");
    for (dashboard, panels) in dashboards {
        for panel in panels {
            let title = panel.json["title"].as_str().expect("a title");
            assert!(
                page.contains(title),
                "docs/grafana.md lacks `{title}` of {}; UPDATE_EXPECT=1 writes it",
                dashboard["title"]
            );
            for (query, _) in &panel.queries {
                assert!(
                    page.contains(&table_cell(query)),
                    "docs/grafana.md lacks {query}; UPDATE_EXPECT=1 writes it"
                );
            }
        }
    }
}

fn render_page(dashboards: &[(Value, Vec<PanelResult>)]) -> String {
    let mut page = PAGE_HEADER.to_owned();
    for (dashboard, panels) in dashboards {
        let _ = writeln!(page, "\n## {}\n", dashboard["title"].as_str().expect("a title"));
        page += "| at (x, y; w × h) | panel | query | answer |\n|---|---|---|---|\n";
        for PanelResult { json, queries } in panels {
            let (at, title) = (&json["gridPos"], json["title"].as_str().expect("a title"));
            let place = format!("{}, {}; {} × {}", at["x"], at["y"], at["w"], at["h"]);
            if queries.is_empty() {
                let _ = writeln!(page, "| {place} | **{title}** | | |");
            }
            for (number, (query, found)) in queries.iter().enumerate() {
                let shown = if number == 0 {
                    format!("{place} | {title} ({})", json["type"].as_str().unwrap_or_default())
                } else {
                    " | ".to_owned()
                };
                let value = found[0]["value"][1].as_str().unwrap_or_default();
                let series = if found.len() == 1 {
                    String::new()
                } else {
                    format!(", and {} more", found.len() - 1)
                };
                let _ = writeln!(
                    page,
                    "| {shown} | `{}` | {}{}{series} |",
                    table_cell(query),
                    table_cell(&distinguishing_labels(&found[0]["metric"])),
                    shorten_value(value)
                );
            }
        }
    }
    page
}

fn table_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn shorten_value(value: &str) -> String {
    value
        .parse::<f64>()
        .map_or_else(|_| value.to_owned(), |number| ((number * 1e4).round() / 1e4).to_string())
}

/// What tells the series of a panel apart.
fn distinguishing_labels(metric: &Value) -> String {
    let own = ["__name__", "job", "instance", "scope", "window"];
    let told =
        metric.as_object().into_iter().flatten().filter(|(name, _)| !own.contains(&name.as_str()));
    let told: Vec<String> = told
        .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()))
        .collect();
    if told.is_empty() { String::new() } else { format!("{}: ", told.join(", ")) }
}
