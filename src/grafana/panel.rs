//! Panels: from what is wanted to Grafana's JSON. Colours mean the same everywhere: green met, yellow in danger, red missed.

use super::layout::Panel;
use super::source;
use crate::domain::standard::{Better, Formula, Indicator, Title};
use crate::queries::Queries;
use crate::words;
use serde_json::{Value, json};

/// How wide a dashboard is.
const WIDTH: u32 = 24;

/// Where the next panel goes: from left to right, and on to the next line.
#[derive(Default)]
pub(super) struct Place {
    x: u32,
    y: u32,
    /// How high the line at work is.
    height: u32,
    id: u32,
}

/// A panel without its place.
pub(super) struct Made {
    width: u32,
    height: u32,
    json: Value,
}

impl Place {
    /// A heading on a line of its own.
    pub(super) fn row(&mut self, title: &Title) -> Value {
        (self.x, self.y, self.height) = (0, self.y + self.height, 0);
        self.id += 1;
        let row = json!({
            "id": self.id, "type": "row", "title": bilingual(title), "collapsed": false, "panels": [],
            "gridPos": { "x": 0, "y": self.y, "w": WIDTH, "h": 1 },
        });
        self.y += 1;
        row
    }

    pub(super) fn put(&mut self, Made { width, height, mut json }: Made) -> Value {
        if self.x + width > WIDTH {
            (self.x, self.y, self.height) = (0, self.y + self.height, 0);
        }
        self.id += 1;
        json["id"] = self.id.into();
        json["gridPos"] = json!({ "x": self.x, "y": self.y, "w": width, "h": height });
        (self.x, self.height) = (self.x + width, self.height.max(height));
        json
    }
}

/// `Hotline · 热线`.
pub(super) fn bilingual(title: &Title) -> String {
    if title.en == title.zh { title.en.clone() } else { format!("{} · {}", title.en, title.zh) }
}

/// A panel; none if the standard does not have what it shows.
pub(super) fn panel(queries: &Queries<'_>, panel: &Panel) -> Option<Made> {
    match panel {
        Panel::Stat(name) => {
            let (indicator, window) = known(queries, name)?;
            let target = query(&format!("{}{{{window}scope=\"all\"}}", Queries::value(indicator)), "", true);
            Some(of_indicator(queries, indicator, "stat", (4, 4), vec![target], stat()))
        }
        Panel::Bars(name) => {
            let (indicator, window) = known(queries, name)?;
            let (scope, legend) = first(queries);
            let target = query(&format!("{}{{{window}{scope}}}", Queries::value(indicator)), &legend, true);
            Some(of_indicator(queries, indicator, "bargauge", (12, 8), vec![target], bars()))
        }
        Panel::Lines(name) => {
            let (indicator, window) = known(queries, name)?;
            let (scope, legend) = first(queries);
            let mut targets = vec![query(&format!("{}{{{window}{scope}}}", Queries::value(indicator)), &legend, false)];
            if indicator.targets.first().is_some_and(|dated| dated.target.is_some()) {
                targets.push(query(&format!("sla_{}_target_{}", indicator.name, indicator.unit()), "target · 目标", false));
            }
            Some(of_indicator(queries, indicator, "timeseries", (12, 8), targets, lines()))
        }
        Panel::Finest(name) => {
            let (indicator, window) = known(queries, name)?;
            let (first, second) = (queries.dimension()?, queries.second_dimension()?);
            let scope = format!("scope=\"{first}_{second}\",{first}=~\"${first}\",{second}=~\"${second}\"");
            let target =
                query(&format!("{}{{{window}{scope}}}", Queries::value(indicator)), &format!("{{{{{first}}}}} {{{{{second}}}}}"), false);
            Some(of_indicator(queries, indicator, "timeseries", (12, 8), vec![target], lines()))
        }
        Panel::Spread(name) => {
            let (indicator, _) = known(queries, name).filter(|_| queries.has_counters())?;
            let expr = format!("sum by (le) (increase(sla_{name}_spread_seconds_bucket{{scope=\"all\"}}[$__rate_interval]))");
            let mut target = query(&expr, "{{le}}", false);
            target["format"] = "heatmap".into();
            Some(of_indicator(queries, indicator, "heatmap", (12, 8), vec![target], heatmap()))
        }
        Panel::Arrivals(name) => {
            let (indicator, _) = known(queries, name)?;
            let (counter, (scope, legend)) = (queries.counter(indicator)?, first(queries));
            let title = Title { en: format!("Arrivals a second ({})", queries.family(indicator)), zh: "每秒到达量".to_owned() };
            Some(of_own(&title, "cps", vec![query(&format!("rate({counter}{{{scope}}}[$__rate_interval])"), &legend, false)]))
        }
        Panel::Budgets => {
            queries.has_counters().then_some(())?;
            let title = Title { en: "Spent of the calendar's budget".to_owned(), zh: "已用预算".to_owned() };
            let target = query("sla:budget_spent:ratio{scope=\"all\"}", "{{indicator}}", true);
            let steps = json!([{ "color": "green", "value": null }, { "color": "yellow", "value": 0.8 }, { "color": "red", "value": 1.0 }]);
            Some(made(
                "bargauge",
                (12, 10),
                &title,
                "What is used of what the target allows for the cases so far; above 100 % it is missed",
                "percentunit",
                steps,
                vec![target],
                bars(),
            ))
        }
        Panel::Alerts => {
            let title = Title { en: "Alerts pending and firing".to_owned(), zh: "告警".to_owned() };
            // Without any alert the count is 0, and not nothing.
            let target = query("count by (alertname) (ALERTS{alertname!=\"\"}) or vector(0)", "{{alertname}}", true);
            Some(made("bargauge", (12, 10), &title, "Of each name how many", "short", plain(), vec![target], bars()))
        }
        Panel::Own(title, unit, wanted) => {
            Some(of_own(title, unit, wanted.iter().map(|(expr, legend)| query(expr, legend, false)).collect()))
        }
    }
}

/// An indicator that the standard has, with the selector of its window.
fn known<'s>(queries: &Queries<'s>, name: &str) -> Option<(&'s Indicator, &'static str)> {
    let indicator = queries.find(name)?;
    Some((indicator, if indicator.formula.is_about_now() { "" } else { "window=\"$window\"," }))
}

/// The scopes of the first dimension that are chosen, and what a series is called.
fn first(queries: &Queries<'_>) -> (String, String) {
    match queries.dimension() {
        Some(dimension) => (format!("scope=\"{dimension}\",{dimension}=~\"${dimension}\""), format!("{{{{{dimension}}}}}")),
        None => ("scope=\"all\"".to_owned(), "{{scope}}".to_owned()),
    }
}

fn query(expr: &str, legend: &str, instant: bool) -> Value {
    json!({ "datasource": source(), "expr": expr, "legendFormat": legend, "instant": instant, "range": !instant })
}

fn of_indicator(queries: &Queries<'_>, indicator: &Indicator, kind: &str, size: (u32, u32), targets: Vec<Value>, options: Value) -> Made {
    let unit = match indicator.unit() {
        "ratio" => "percentunit",
        "seconds" => "s",
        "count" => "short",
        _ => "none",
    };
    let said = words::indicator(queries.standard, indicator);
    let mean = if matches!(indicator.formula, Formula::Duration { .. }) { "Mean. " } else { "" };
    made(kind, size, &indicator.title, &format!("{mean}{}\n\n{}", said.en, said.zh), unit, thresholds(indicator), targets, options)
}

fn of_own(title: &Title, unit: &str, targets: Vec<Value>) -> Made {
    made("timeseries", (12, 8), title, "", unit, plain(), targets, lines())
}

#[expect(clippy::too_many_arguments, clippy::needless_pass_by_value, reason = "a panel is what Grafana makes of it")]
fn made(
    kind: &str,
    (width, height): (u32, u32),
    title: &Title,
    description: &str,
    unit: &str,
    steps: Value,
    mut targets: Vec<Value>,
    options: Value,
) -> Made {
    for (target, name) in targets.iter_mut().zip('A'..='Z') {
        target["refId"] = name.to_string().into();
    }
    // Lines are told apart by their colours; what is shown now has the colour of its level.
    let color = if kind == "timeseries" { "palette-classic" } else { "thresholds" };
    let json = json!({
        "type": kind,
        "title": bilingual(title),
        "description": description,
        "datasource": source(),
        "targets": targets,
        "fieldConfig": {
            "defaults": { "unit": unit, "color": { "mode": color }, "thresholds": { "mode": "absolute", "steps": steps } },
            "overrides": [],
        },
        "options": options,
    });
    Made { width, height, json }
}

/// Red, yellow, green by target and warning.
fn thresholds(indicator: &Indicator) -> Value {
    let Some(target) = indicator.targets.first().and_then(|dated| dated.target) else { return plain() };
    let step = |color: &str, value: Option<f64>| json!({ "color": color, "value": value });
    match (target.better, target.warning) {
        (Better::Higher, None) => json!([step("red", None), step("green", Some(target.value))]),
        (Better::Higher, Some(warning)) => json!([step("red", None), step("yellow", Some(target.value)), step("green", Some(warning))]),
        (Better::Lower, None) => json!([step("green", None), step("red", Some(above(target.value)))]),
        (Better::Lower, Some(warning)) => {
            json!([step("green", None), step("yellow", Some(above(warning))), step("red", Some(above(target.value)))])
        }
    }
}

/// A step begins at its value, but what is at most the threshold is still good.
fn above(value: f64) -> f64 {
    if value == 0.0 { 1e-9 } else { ((value * (1.0 + 1e-9)) * 1e12).round() / 1e12 }
}

fn plain() -> Value {
    json!([{ "color": "blue", "value": null }])
}

fn reduced() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}

fn stat() -> Value {
    json!({ "reduceOptions": reduced(), "colorMode": "background", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "value" })
}

fn bars() -> Value {
    json!({ "reduceOptions": reduced(), "displayMode": "basic", "orientation": "horizontal", "showUnfilled": true, "valueMode": "color" })
}

fn lines() -> Value {
    json!({
        "legend": { "calcs": ["lastNotNull"], "displayMode": "list", "placement": "bottom", "showLegend": true },
        "tooltip": { "mode": "multi", "sort": "none" },
    })
}

fn heatmap() -> Value {
    json!({
        "calculate": false,
        "color": { "mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange", "reverse": false },
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
