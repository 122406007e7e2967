//! Dashboards for Grafana, generated from the standard.
//!
//! Titles, units, thresholds and queries come from the standard. `dashboards` only selects the
//! indicators of each dashboard. Indicators missing from the standard have no panel.
//!
//! Variables are the window, the first dimension and the one below it, as in center and queue.
//! Titles are bilingual, because a dashboard has no language. Annotations show the breaches that
//! [`super::prometheus_rules`] alerts on.

mod dashboards;
mod level_bars;
mod panels;

use self::dashboards::{Dashboard, DashboardRow};
use self::panels::GridCursor;
use super::promql::PromqlQueries;
use crate::domain::standard::Standard;
use crate::domain::time::window::Window;
use serde_json::{Value, json};

/// Version of the dashboard schema in Grafana 11.
const SCHEMA_VERSION: u32 = 39;

/// Returns the file name and content of each dashboard.
#[must_use]
pub fn dashboard_files(standard: &Standard) -> Vec<(String, String)> {
    let queries = PromqlQueries::new(standard);
    let dashboards = [dashboards::overview_dashboard(&queries)]
        .into_iter()
        .chain(dashboards::topic_dashboards());
    dashboards
        .filter_map(|dashboard| {
            Some((
                format!("{}.json", dashboard.name),
                to_pretty_json(&dashboard_json(&queries, dashboard)?),
            ))
        })
        .collect()
}

fn to_pretty_json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Returns the JSON of a dashboard. Returns `None` if the standard has none of its indicators.
fn dashboard_json(queries: &PromqlQueries<'_>, dashboard: Dashboard) -> Option<Value> {
    let mut panels = Vec::new();
    let mut cursor = GridCursor::default();
    for DashboardRow { title, panels: kinds } in dashboard.rows {
        let row: Vec<_> =
            kinds.iter().filter_map(|kind| panels::build_panel(queries, kind)).collect();
        if row.is_empty() {
            continue;
        }
        panels.push(cursor.place_row(&title));
        panels.extend(row.into_iter().map(|panel| cursor.place_panel(panel)));
    }
    (!panels.is_empty()).then(|| {
        json!({
            "uid": format!("firstline-{}", dashboard.name),
            "title": format!("firstline · {}", panels::bilingual_title(&dashboard.title)),
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
                "type": "dashboards", "title": "firstline", "tags": ["firstline"],
                "asDropdown": true, "includeVars": true, "keepTime": true,
                "icon": "external link", "targetBlank": false, "tooltip": "", "url": "",
            }],
            "panels": panels,
        })
    })
}

fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// Returns the annotations for breached targets.
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

/// Returns the variables: data source, window, and the values of up to two dimensions.
fn template_variables(queries: &PromqlQueries<'_>) -> Vec<Value> {
    let mut variables = vec![json!({
        "name": "datasource", "label": "Data source · 数据源", "type": "datasource",
        "query": "prometheus",
    })];
    let names: Vec<String> = queries
        .standard
        .windows
        .iter()
        .filter(|window| **window != Window::All)
        .map(Window::to_string)
        .collect();
    if let Some(default) = queries.default_window {
        let default = default.to_string();
        let option =
            |name: &String| json!({ "text": name, "value": name, "selected": *name == default });
        variables.push(json!({
            "name": "window", "label": "Window · 统计时段", "type": "custom",
            "query": names.join(","), "current": { "text": default, "value": default },
            "options": names.iter().map(option).collect::<Vec<_>>(),
        }));
    }
    let mut add_variable = |dimension: &str, query: String| {
        variables.push(json!({
            "name": dimension, "label": dimension, "type": "query", "datasource": datasource(),
            "query": { "query": query, "refId": dimension },
            "includeAll": true, "multi": true, "allValue": ".*",
            "current": { "text": ["All"], "value": ["$__all"] }, "refresh": 2, "sort": 1,
        }));
    };
    // Every indicator has a series per scope, so any of them lists the values of a dimension.
    let Some((series, first)) = queries
        .standard
        .indicators
        .first()
        .map(PromqlQueries::value_series)
        .zip(queries.first_dimension())
    else {
        return variables;
    };
    add_variable(first, format!("label_values({series}{{scope=\"{first}\"}}, {first})"));
    if let Some(second) = queries.second_dimension() {
        let scope = format!("scope=\"{first}_{second}\",{first}=~\"${first}\"");
        add_variable(second, format!("label_values({series}{{{scope}}}, {second})"));
    }
    variables
}
