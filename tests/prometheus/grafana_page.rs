//! Checks `docs/grafana.md`, which lists each dashboard panel with its queries and sample results.
//!
//! `UPDATE_EXPECT=1` writes the page. The sample results change with every run, so only panels and
//! queries are compared.

use crate::project_root;
use serde_json::Value;
use std::fmt::Write;
use std::fs;

/// A dashboard panel with its queries and the series that each query returned.
pub(crate) struct PanelResult {
    pub(crate) json: Value,
    pub(crate) queries: Vec<(String, Vec<Value>)>,
}

const PAGE_HEADER: &str = "# Grafana

You will be able to install the six Grafana dashboards and find each panel with its query.

`firstline dashboards --out dashboards/grafana` generates the dashboards from the standard. Use
`--standard FILE` for your own standard. A missing indicator leaves no gap, and a new indicator with
a target appears on the overview. `src/export/grafana/dashboards.rs` defines the layout.

`docker compose up` starts a Grafana with all dashboards. To use your own Grafana:

1. Copy `dashboards/grafana/provisioning` to its provisioning folder.
2. Copy the `.json` files to the folder that `dashboards/firstline.yml` names.
3. Set the address of your Prometheus in `datasources/prometheus.yml`.

Alternatively, import a file by hand and select the data source.

Variables: `window` is the time window. `center` and `queue` are the first dimension of the standard
and the one below it. Red lines mark fired breach alerts. Green means on target, yellow warning, and
red breached.

The dashboards have not been loaded in a Grafana server. Each dashboard matches the schema of the
published Grafana types (`@grafana/schema` 11.4.0). Each query below returned data from a real
Prometheus that scraped the demonstration. The tables show the first series of each result. Run
`cargo test --test prometheus` to repeat the check, and set `UPDATE_EXPECT=1` to write this page.
";

/// Checks that the page lists all panels and queries. `UPDATE_EXPECT=1` writes it first.
pub(crate) fn check_grafana_page(dashboards: &[(Value, Vec<PanelResult>)]) {
    let path = project_root().join("docs/grafana.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, render_page(dashboards)).expect("docs/grafana.md is writable");
    }
    let page = fs::read_to_string(&path).expect("docs/grafana.md is readable");
    for (dashboard, panels) in dashboards {
        for panel in panels {
            let title = panel.json["title"].as_str().expect("the panel has a title");
            assert!(
                page.contains(title),
                "docs/grafana.md lacks `{title}` of {}; run the test with UPDATE_EXPECT=1 to write it",
                dashboard["title"]
            );
            for (query, _) in &panel.queries {
                assert!(
                    page.contains(&table_cell(query)),
                    "docs/grafana.md lacks {query}; run the test with UPDATE_EXPECT=1 to write it"
                );
            }
        }
    }
}

fn render_page(dashboards: &[(Value, Vec<PanelResult>)]) -> String {
    let mut page = PAGE_HEADER.to_owned();
    for (dashboard, panels) in dashboards {
        let _ = writeln!(
            page,
            "\n## {}\n",
            dashboard["title"].as_str().expect("the panel has a title")
        );
        page += "| at (x, y; w × h) | panel | query | result |\n|---|---|---|---|\n";
        for PanelResult { json, queries } in panels {
            let (at, title) =
                (&json["gridPos"], json["title"].as_str().expect("the panel has a title"));
            let position = format!("{}, {}; {} × {}", at["x"], at["y"], at["w"], at["h"]);
            if queries.is_empty() {
                let _ = writeln!(page, "| {position} | **{title}** | | |");
            }
            for (number, (query, found)) in queries.iter().enumerate() {
                let shown = if number == 0 {
                    format!("{position} | {title} ({})", json["type"].as_str().unwrap_or_default())
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

/// Returns the labels that distinguish the series of a panel, or an empty text.
fn distinguishing_labels(metric: &Value) -> String {
    let common = ["__name__", "job", "instance", "scope", "window"];
    let labels = metric
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !common.contains(&name.as_str()));
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()))
        .collect();
    if labels.is_empty() { String::new() } else { format!("{}: ", labels.join(", ")) }
}
