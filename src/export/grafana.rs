//! Dashboards for Grafana, made from the standard: titles, units, thresholds and queries are the standard's; only which
//! indicators stand together is said here, in `layout`.
//!
//! Every dashboard has the window and, where the standard has them, its first dimension and the one below it as variables, as center
//! and queue. Titles are English and Chinese in one: a wall has one dashboard, and people read the half they know. Breaches
//! that [`super::prometheus_rules`] ring are annotations. An indicator that the standard does not have leaves no hole: its panel is not made.

mod dashboards;
mod panels;

use self::dashboards::{Dashboard, DashboardRow};
use self::panels::GridCursor;
use super::promql::PromqlQueries;
use crate::domain::standard::Standard;
use crate::domain::time::window::Window;
use serde_json::{Value, json};

/// The version of Grafana's dashboard format: that of Grafana 11.
const SCHEMA_VERSION: u32 = 39;

/// The dashboards of a standard: names of files and what is in them.
#[must_use]
pub fn dashboard_files(standard: &Standard) -> Vec<(String, String)> {
    let queries = PromqlQueries::new(standard);
    let boards = [dashboards::overview_dashboard(&queries)]
        .into_iter()
        .chain(dashboards::topic_dashboards());
    boards
        .filter_map(|board| {
            Some((
                format!("{}.json", board.name),
                to_pretty_json(&dashboard_json(&queries, board)?),
            ))
        })
        .collect()
}

fn to_pretty_json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A dashboard; none if the standard has nothing to show on it.
fn dashboard_json(queries: &PromqlQueries<'_>, board: Dashboard) -> Option<Value> {
    let mut panels = Vec::new();
    let mut place = GridCursor::default();
    for DashboardRow { title, panels: wanted } in board.rows {
        let made: Vec<_> =
            wanted.iter().filter_map(|panel| panels::build_panel(queries, panel)).collect();
        if made.is_empty() {
            continue;
        }
        panels.push(place.place_row(&title));
        panels.extend(made.into_iter().map(|panel| place.place_panel(panel)));
    }
    (!panels.is_empty()).then(|| {
        json!({
            "uid": format!("firstline-{}", board.name),
            "title": format!("firstline · {}", panels::bilingual_title(&board.title)),
            "tags": ["firstline"],
            "timezone": "browser",
            "editable": true,
            "graphTooltip": 1,
            "refresh": "10s",
            "schemaVersion": SCHEMA_VERSION,
            "time": { "from": "now-3h", "to": "now" },
            "annotations": { "list": [breach_annotations()] },
            "templating": { "list": template_variables(queries) },
            "links": [{
                "type": "dashboards", "title": "firstline", "tags": ["firstline"], "asDropdown": true, "includeVars": true, "keepTime": true,
                "icon": "external link", "targetBlank": false, "tooltip": "", "url": "",
            }],
            "panels": panels,
        })
    })
}

fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// Where a target was missed.
fn breach_annotations() -> Value {
    json!({
        "name": "Breaches · 未达标",
        "datasource": datasource(),
        "enable": true,
        "iconColor": "red",
        "expr": "ALERTS{alertname=~\".*Breached\",alertstate=\"firing\"}",
        "step": "60s",
        "titleFormat": "{{alertname}}",
    })
}

/// The data source, the window, and a choice of each of the two dimensions.
fn template_variables(queries: &PromqlQueries<'_>) -> Vec<Value> {
    let mut variables = vec![
        json!({ "name": "datasource", "label": "Source · 数据源", "type": "datasource", "query": "prometheus" }),
    ];
    let names: Vec<String> = queries
        .standard
        .windows
        .iter()
        .filter(|window| **window != Window::All)
        .map(Window::to_string)
        .collect();
    if let Some(usual) = queries.default_window {
        let usual = usual.to_string();
        let option =
            |name: &String| json!({ "text": name, "value": name, "selected": *name == usual });
        variables.push(json!({
            "name": "window", "label": "Window · 窗口", "type": "custom", "query": names.join(","),
            "current": { "text": usual, "value": usual }, "options": names.iter().map(option).collect::<Vec<_>>(),
        }));
    }
    let mut choice = |dimension: &str, query: String| {
        variables.push(json!({
            "name": dimension, "label": dimension, "type": "query", "datasource": datasource(),
            "query": { "query": query, "refId": dimension },
            "includeAll": true, "multi": true, "allValue": ".*", "current": { "text": ["All"], "value": ["$__all"] }, "refresh": 2, "sort": 1,
        }));
    };
    // Any indicator with a value in every scope will do for a choice; the first is as good as another.
    let Some((series, first)) = queries
        .standard
        .indicators
        .first()
        .map(PromqlQueries::value_series)
        .zip(queries.first_dimension())
    else {
        return variables;
    };
    choice(first, format!("label_values({series}{{scope=\"{first}\"}}, {first})"));
    if let Some(second) = queries.second_dimension() {
        choice(
            second,
            format!(
                "label_values({series}{{scope=\"{first}_{second}\",{first}=~\"${first}\"}}, {second})"
            ),
        );
    }
    variables
}
