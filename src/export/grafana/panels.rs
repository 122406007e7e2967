//! Panels as Grafana JSON. Colors follow the level: green on target, yellow warning, red breached.

use super::dashboards::PanelKind;
use super::level_bars;
use crate::describe;
use crate::domain::standard::{Formula, Indicator, LocalizedTitle, TargetDirection};
use crate::export::grafana::datasource;
use crate::export::promql::{PromqlQueries, chinese_family_name, newest_target};
use serde_json::{Value, json};

/// Width of a dashboard in grid units.
const DASHBOARD_WIDTH: u32 = 24;

/// Position of the next panel, from left to right and line by line.
#[derive(Default)]
pub(super) struct GridCursor {
    x: u32,
    y: u32,
    /// Height of the current line.
    row_height: u32,
    id: u32,
}

/// Panel with its size in grid units, before it is placed.
pub(super) struct SizedPanel {
    width: u32,
    height: u32,
    json: Value,
}

impl GridCursor {
    /// Returns a heading on its own line.
    pub(super) fn place_row(&mut self, title: &LocalizedTitle) -> Value {
        (self.x, self.y, self.row_height) = (0, self.y + self.row_height, 0);
        self.id += 1;
        let row = json!({
            "id": self.id, "type": "row", "title": bilingual_title(title), "collapsed": false,
            "panels": [],
            "gridPos": { "x": 0, "y": self.y, "w": DASHBOARD_WIDTH, "h": 1 },
        });
        self.y += 1;
        row
    }

    pub(super) fn place_panel(
        &mut self,
        SizedPanel { width, height, mut json }: SizedPanel,
    ) -> Value {
        if self.x + width > DASHBOARD_WIDTH {
            (self.x, self.y, self.row_height) = (0, self.y + self.row_height, 0);
        }
        self.id += 1;
        json["id"] = self.id.into();
        json["gridPos"] = json!({ "x": self.x, "y": self.y, "w": width, "h": height });
        (self.x, self.row_height) = (self.x + width, self.row_height.max(height));
        json
    }
}

/// Joins both languages: `Hotline · 热线`.
pub(super) fn bilingual_title(title: &LocalizedTitle) -> String {
    if title.en == title.zh { title.en.clone() } else { format!("{} · {}", title.en, title.zh) }
}

/// Builds a panel. Returns `None` if the standard lacks what it shows.
pub(super) fn build_panel(queries: &PromqlQueries<'_>, panel: &PanelKind) -> Option<SizedPanel> {
    match panel {
        PanelKind::StatOverall(name) => {
            let (indicator, window) = find_indicator(queries, name)?;
            let target = query_target(
                &format!("{}{{{window}scope=\"all\"}}", PromqlQueries::value_series(indicator)),
                "",
                true,
            );
            Some(indicator_panel(queries, indicator, "stat", (4, 4), vec![target], stat_options()))
        }
        PanelKind::BarsByDimension(name) => {
            let (indicator, window) = find_indicator(queries, name)?;
            let (scope, legend) = first_dimension_selector(queries);
            let selector = format!("{window}{scope}");
            let bars = |targets| {
                let options = bar_gauge_options();
                indicator_panel(queries, indicator, "bargauge", (12, 8), targets, options)
            };
            if indicator.has_scoped_targets() {
                let queries = level_bars::level_queries(indicator, &selector);
                let targets = queries.iter().map(|query| query_target(query, &legend, true));
                let mut panel = bars(targets.collect());
                panel.json["fieldConfig"]["overrides"] = level_bars::level_colors();
                return Some(panel);
            }
            let series = PromqlQueries::value_series(indicator);
            Some(bars(vec![query_target(&format!("{series}{{{selector}}}"), &legend, true)]))
        }
        PanelKind::LinesByDimension(name) => {
            let (indicator, window) = find_indicator(queries, name)?;
            let (scope, legend) = first_dimension_selector(queries);
            let mut targets = vec![query_target(
                &format!("{}{{{window}{scope}}}", PromqlQueries::value_series(indicator)),
                &legend,
                false,
            )];
            if indicator.has_target() {
                let name = indicator.target_metric_name();
                targets.push(if indicator.has_scoped_targets() {
                    let legend = format!("{legend} target · 目标");
                    query_target(&format!("{name}{{{scope}}}"), &legend, false)
                } else {
                    query_target(&name, "target · 目标", false)
                });
            }
            Some(indicator_panel(
                queries,
                indicator,
                "timeseries",
                (12, 8),
                targets,
                time_series_options(),
            ))
        }
        PanelKind::LinesByBothDimensions(name) => {
            let (indicator, window) = find_indicator(queries, name)?;
            let (first, second) = (queries.first_dimension()?, queries.second_dimension()?);
            let scope =
                format!("scope=\"{first}_{second}\",{first}=~\"${first}\",{second}=~\"${second}\"");
            let target = query_target(
                &format!("{}{{{window}{scope}}}", PromqlQueries::value_series(indicator)),
                &format!("{{{{{first}}}}} {{{{{second}}}}}"),
                false,
            );
            Some(indicator_panel(
                queries,
                indicator,
                "timeseries",
                (12, 8),
                vec![target],
                time_series_options(),
            ))
        }
        PanelKind::DurationHeatmap(name) => {
            let (indicator, _) =
                find_indicator(queries, name).filter(|_| queries.has_counters())?;
            let expr = format!(
                "sum by (le) \
                 (increase(sla_{name}_spread_seconds_bucket{{scope=\"all\"}}[$__rate_interval]))"
            );
            let mut target = query_target(&expr, "{{le}}", false);
            target["format"] = "heatmap".into();
            Some(indicator_panel(
                queries,
                indicator,
                "heatmap",
                (12, 8),
                vec![target],
                heatmap_options(),
            ))
        }
        PanelKind::ArrivalRate(name) => {
            let (indicator, _) = find_indicator(queries, name)?;
            let (counter, (scope, legend)) =
                (queries.counter_name(indicator)?, first_dimension_selector(queries));
            let title = LocalizedTitle {
                en: format!("Arrivals per second ({})", queries.family_name(indicator)),
                zh: format!(
                    "每秒到达量（{}）",
                    chinese_family_name(queries.family_name(indicator))
                ),
            };
            Some(time_series_panel(
                &title,
                "cps",
                vec![query_target(
                    &format!("rate({counter}{{{scope}}}[$__rate_interval])"),
                    &legend,
                    false,
                )],
            ))
        }
        PanelKind::BudgetsSpent => {
            queries.has_counters().then_some(())?;
            let title = LocalizedTitle {
                en: "Error budget used".to_owned(),
                zh: "已用容错额度".to_owned(),
            };
            let target =
                query_target("sla:budget_spent:ratio{scope=\"all\"}", "{{indicator}}", true);
            let steps = json!([
                { "color": "green", "value": null },
                { "color": "yellow", "value": 0.8 },
                { "color": "red", "value": 1.0 },
            ]);
            Some(panel_json(
                "bargauge",
                (12, 10),
                &title,
                "Share of the allowed misses used by the cases so far. Above 100 % the target is \
                 breached.\n\n截至目前已用的容错额度占比，超过100%即未达标。",
                "percentunit",
                steps,
                vec![target],
                bar_gauge_options(),
            ))
        }
        PanelKind::ActiveAlerts => {
            let title = LocalizedTitle {
                en: "Pending and firing alerts".to_owned(),
                zh: "待触发与已触发的告警".to_owned(),
            };
            // Without alerts the panel would report missing data instead of 0.
            let target = query_target(
                "count by (alertname) (ALERTS{alertname!=\"\"}) or vector(0)",
                "{{alertname}}",
                true,
            );
            Some(panel_json(
                "bargauge",
                (12, 10),
                &title,
                "Number of alerts by name\n\n按名称统计的告警数",
                "short",
                single_color_steps(),
                vec![target],
                bar_gauge_options(),
            ))
        }
        PanelKind::SelfMonitoring(title, unit, targets) => Some(time_series_panel(
            title,
            unit,
            targets.iter().map(|(expr, legend)| query_target(expr, legend, false)).collect(),
        )),
    }
}

/// Returns an indicator with the selector of its window. Returns `None` if the standard lacks it.
fn find_indicator<'s>(
    queries: &PromqlQueries<'s>,
    name: &str,
) -> Option<(&'s Indicator, &'static str)> {
    let indicator = queries.find_indicator(name)?;
    Some((indicator, if indicator.formula.is_current_state() { "" } else { "window=\"$window\"," }))
}

/// Returns the selector of the chosen scopes of the first dimension, and the legend of a series.
fn first_dimension_selector(queries: &PromqlQueries<'_>) -> (String, String) {
    match queries.first_dimension() {
        Some(dimension) => (
            format!("scope=\"{dimension}\",{dimension}=~\"${dimension}\""),
            format!("{{{{{dimension}}}}}"),
        ),
        None => ("scope=\"all\"".to_owned(), "{{scope}}".to_owned()),
    }
}

fn query_target(expr: &str, legend: &str, instant: bool) -> Value {
    json!({
        "datasource": datasource(), "expr": expr, "legendFormat": legend, "instant": instant,
        "range": !instant,
    })
}

fn indicator_panel(
    queries: &PromqlQueries<'_>,
    indicator: &Indicator,
    kind: &str,
    size: (u32, u32),
    targets: Vec<Value>,
    options: Value,
) -> SizedPanel {
    let unit = match indicator.unit() {
        "ratio" => "percentunit",
        "seconds" => "s",
        "count" => "short",
        _ => "none",
    };
    let formula = describe::describe_indicator(queries.standard, indicator);
    let is_duration = matches!(indicator.formula, Formula::Duration { .. });
    let (mean, mean_zh) = if is_duration { ("Mean. ", "平均值。") } else { ("", "") };
    panel_json(
        kind,
        size,
        &indicator.title,
        &format!("{mean}{}\n\n{mean_zh}{}", formula.en, formula.zh),
        unit,
        thresholds(indicator),
        targets,
        options,
    )
}

fn time_series_panel(title: &LocalizedTitle, unit: &str, targets: Vec<Value>) -> SizedPanel {
    panel_json(
        "timeseries",
        (12, 8),
        title,
        "",
        unit,
        single_color_steps(),
        targets,
        time_series_options(),
    )
}

#[expect(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "the arguments mirror the fields of a Grafana panel"
)]
fn panel_json(
    kind: &str,
    (width, height): (u32, u32),
    title: &LocalizedTitle,
    description: &str,
    unit: &str,
    steps: Value,
    mut targets: Vec<Value>,
    options: Value,
) -> SizedPanel {
    for (target, name) in targets.iter_mut().zip('A'..='Z') {
        target["refId"] = name.to_string().into();
    }
    // Series need distinct colors. Current values have the color of their level.
    let color = if kind == "timeseries" { "palette-classic" } else { "thresholds" };
    let json = json!({
        "type": kind,
        "title": bilingual_title(title),
        "description": description,
        "datasource": datasource(),
        "targets": targets,
        "fieldConfig": {
            "defaults": {
                "unit": unit, "color": { "mode": color },
                "thresholds": { "mode": "absolute", "steps": steps },
            },
            "overrides": [],
        },
        "options": options,
    });
    SizedPanel { width, height, json }
}

/// Returns the color steps red, yellow and green of an indicator's target and warning.
fn thresholds(indicator: &Indicator) -> Value {
    let Some(target) = newest_target(indicator) else {
        return single_color_steps();
    };
    let step = |color: &str, value: Option<f64>| json!({ "color": color, "value": value });
    match (target.better, target.warning) {
        (TargetDirection::Higher, None) => {
            json!([step("red", None), step("green", Some(target.value))])
        }
        (TargetDirection::Higher, Some(warning)) => {
            json!([
                step("red", None),
                step("yellow", Some(target.value)),
                step("green", Some(warning))
            ])
        }
        (TargetDirection::Lower, None) => {
            json!([step("green", None), step("red", Some(just_above(target.value)))])
        }
        (TargetDirection::Lower, Some(warning)) => {
            json!([
                step("green", None),
                step("yellow", Some(just_above(warning))),
                step("red", Some(just_above(target.value)))
            ])
        }
    }
}

/// Returns the next value above a limit: a step includes its value, but the limit itself is on
/// target.
fn just_above(value: f64) -> f64 {
    if value == 0.0 { 1e-9 } else { ((value * (1.0 + 1e-9)) * 1e12).round() / 1e12 }
}

fn single_color_steps() -> Value {
    json!([{ "color": "blue", "value": null }])
}

fn last_value_reduction() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}

fn stat_options() -> Value {
    json!({
        "reduceOptions": last_value_reduction(), "colorMode": "background", "graphMode": "none",
        "justifyMode": "auto", "orientation": "auto", "textMode": "value",
    })
}

fn bar_gauge_options() -> Value {
    json!({
        "reduceOptions": last_value_reduction(), "displayMode": "basic",
        "orientation": "horizontal", "showUnfilled": true, "valueMode": "color",
    })
}

fn time_series_options() -> Value {
    json!({
        "legend": {
            "calcs": ["lastNotNull"], "displayMode": "list", "placement": "bottom",
            "showLegend": true,
        },
        "tooltip": { "mode": "multi", "sort": "none" },
    })
}

fn heatmap_options() -> Value {
    json!({
        "calculate": false,
        "color": {
            "mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5,
            "fill": "dark-orange", "reverse": false,
        },
        "cellGap": 1,
        "yAxis": { "axisPlacement": "left", "unit": "s" },
        "rowsFrame": { "layout": "auto" },
        "legend": { "show": true },
        "tooltip": { "mode": "single", "showColorScale": false, "yHistogram": false },
        "exemplars": { "color": "rgba(255,0,255,0.7)" },
        "filterValues": { "le": 1e-9 },
        "showValue": "never",
    })
}
