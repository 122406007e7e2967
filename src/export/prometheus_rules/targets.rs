//! Alerts on targets: breached, or at warning.

use crate::describe;
use crate::domain::standard::{Indicator, LocalizedTitle};
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, bilingual_text, camel_case, target_scope_suffix,
};
use crate::export::promql::PromqlQueries;

/// Minimum number of cases if the standard has no `small_sample`.
const DEFAULT_COUNT_MIN: u64 = 10;

pub(super) fn target_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let standard = queries.standard;
    let mut alerts = Vec::new();
    for indicator in &standard.indicators {
        let Some(targets) = indicator.targets.first().filter(|dated| !dated.entries.is_empty())
        else {
            continue;
        };
        let window = queries.window_of(indicator);
        let (title, at) = (&indicator.title, target_scope_suffix(queries, indicator));
        let formula = describe::describe_indicator(standard, indicator);
        let aim = describe::describe_newest_targets(standard, indicator);
        let range = window
            .map_or_else(|| bilingual_text("current value", "当前值"), describe::describe_window);
        let description = bilingual_text(
            format!("{}: {}, {}. Target: {}.", title.en, formula.en, range.en, aim.en),
            format!("{}：{}（{}）。目标：{}。", title.zh, formula.zh, range.zh, aim.zh),
        );
        let mut add_alert = |suffix: &str, level: u8, hold, severity, (en, zh): (&str, &str)| {
            let value = value_template(indicator);
            alerts.push(AlertingRule {
                name: camel_case(&indicator.name) + suffix,
                expr: level_expression(queries, indicator, level),
                for_duration: hold,
                severity,
                family: queries.family_name(indicator).to_owned(),
                summary: bilingual_text(
                    format!("{} {en}: {value}{}", title.en, at.en),
                    format!("{}{zh}：{value}{}", title.zh, at.zh),
                ),
                description: description.clone(),
                runbook: runbook(queries, indicator),
            });
        };
        add_alert("Breached", 3, "2m", AlertSeverity::Critical, ("breached", "未达标"));
        if targets.entries.iter().any(|entry| entry.target.warning.is_some()) {
            add_alert("Warning", 2, "10m", AlertSeverity::Warning, ("at warning level", "预警"));
        }
    }
    alerts
}

/// Returns a query for the value at this level, unless the reading is stale or has too few cases.
fn level_expression(queries: &PromqlQueries<'_>, indicator: &Indicator, level: u8) -> String {
    let (name, value, labels) = (
        &indicator.name,
        PromqlQueries::value_series(indicator),
        queries.reading_selector(indicator),
    );
    let mut expr = format!(
        "{value}{{{labels}}} and sla_{name}_level{{{labels}}} == {level} \
         unless ignoring(state) sla_{name}_state{{{labels},state=\"stale\"}}"
    );
    if indicator.small_sample < DEFAULT_COUNT_MIN
        && let Some(counter) = queries.counter_name(indicator)
    {
        let min_count =
            if indicator.small_sample == 0 { DEFAULT_COUNT_MIN } else { indicator.small_sample };
        expr += &format!(
            " and ignoring(window) increase({counter}{{{}}}[{}]) >= {min_count}",
            queries.target_selector(indicator),
            queries.lookback_range()
        );
    }
    expr
}

/// Returns the template of the value in its unit.
fn value_template(indicator: &Indicator) -> &'static str {
    match indicator.unit() {
        "ratio" => "{{ $value | humanizePercentage }}",
        "seconds" => "{{ $value | humanizeDuration }}",
        _ => "{{ $value | humanize }}",
    }
}

/// Returns the steps to take: locate the breach, list its cases, help those still open.
pub(super) fn runbook(queries: &PromqlQueries<'_>, indicator: &Indicator) -> LocalizedTitle {
    let (name, dimension) = (&indicator.name, queries.first_dimension().unwrap_or("scope"));
    let window =
        queries.window_of(indicator).map_or_else(|| "now".to_owned(), |window| window.to_string());
    let dimension_zh = queries
        .first_dimension()
        .map_or_else(|| "范围".to_owned(), describe::chinese_dimension_name);
    let explain = format!("/v1/explain?indicator={name}&window={window}");
    let ranking = format!("/v1/ranking?indicator={name}&by={dimension}&window={window}");
    bilingual_text(
        format!(
            "1. Locate the cause: `{ranking}` ranks by {dimension}. 2. List the cases: \
             `{explain}`, with `&{dimension}=` for a single {dimension}. 3. Help open cases: \
             `/v1/cases` lists the open orders with the least time left. For queues, add staff \
             where customers wait longest."
        ),
        format!(
            "1. 定位：`{ranking}`按{dimension_zh}排名。\
             2. 查看明细：`{explain}`，可加`&{dimension}=`限定{dimension_zh}。\
             3. 补救：`/v1/cases`列出剩余时间最少的在途工单；排队场景请向等待最久的队列增派人员。"
        ),
    )
}
