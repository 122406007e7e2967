//! Alerts about targets: missed, and in danger.

use crate::describe;
use crate::domain::standard::{Indicator, LocalizedTitle};
use crate::domain::time::timestamp::Timestamp;
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::PromqlQueries;

/// How many cases there must be where the standard does not say.
const DEFAULT_COUNT_MIN: u64 = 10;

pub(super) fn target_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let standard = queries.standard;
    let mut alerts = Vec::new();
    for indicator in &standard.indicators {
        let Some(target) = indicator.targets.first().and_then(|dated| dated.target) else {
            continue;
        };
        let window = queries.default_window.filter(|_| !indicator.formula.is_current_state());
        let (title, at) = (&indicator.title, scope_suffix(queries));
        let (formula, aim) = (
            describe::describe_indicator(standard, indicator),
            describe::describe_target(indicator, Some(Timestamp(i64::MAX))),
        );
        let aim = aim.unwrap_or_default();
        let over = window.map_or_else(
            || bilingual_text("now", "当前"),
            |window| bilingual_text(format!("over {window}"), format!("{window}窗口")),
        );
        let description = bilingual_text(
            format!("{}: {}, {}. The target is {}.", title.en, formula.en, over.en, aim.en),
            format!("{}:{}({})。目标:{}。", title.zh, formula.zh, over.zh, aim.zh),
        );
        let mut add = |ending: &str, level: u8, hold, severity, (en, zh): (&str, &str)| {
            let value = value_template(indicator);
            alerts.push(AlertingRule {
                name: camel_case(&indicator.name) + ending,
                expr: level_expression(queries, indicator, level),
                for_duration: hold,
                severity,
                family: queries.family_name(indicator).to_owned(),
                summary: bilingual_text(
                    format!("{} {en}: {value}{}", title.en, at.en),
                    format!("{}{zh}:{value}{}", title.zh, at.zh),
                ),
                description: description.clone(),
                runbook: runbook(queries, indicator),
            });
        };
        add("Breached", 3, "2m", AlertSeverity::Critical, ("misses its target", "未达标"));
        if target.warning.is_some() {
            add(
                "InDanger",
                2,
                "10m",
                AlertSeverity::Warning,
                ("is about to miss its target", "预警"),
            );
        }
    }
    alerts
}

/// The value where the level is this, unless the reading is stale or made of too little.
fn level_expression(queries: &PromqlQueries<'_>, indicator: &Indicator, level: u8) -> String {
    let (name, value, labels) = (
        &indicator.name,
        PromqlQueries::value_series(indicator),
        queries.reading_selector(indicator),
    );
    let mut expr = format!(
        "{value}{{{labels}}} and sla_{name}_level{{{labels}}} == {level} unless ignoring(state) sla_{name}_state{{{labels},state=\"stale\"}}"
    );
    if indicator.small_sample < DEFAULT_COUNT_MIN
        && let Some(counter) = queries.counter_name(indicator)
    {
        let few =
            if indicator.small_sample == 0 { DEFAULT_COUNT_MIN } else { indicator.small_sample };
        expr += &format!(
            " and ignoring(window) increase({counter}{{{}}}[{}]) >= {few}",
            queries.scope_selector(),
            queries.lookback_range()
        );
    }
    expr
}

/// How the value is told.
fn value_template(indicator: &Indicator) -> &'static str {
    match indicator.unit() {
        "ratio" => "{{ $value | humanizePercentage }}",
        "seconds" => "{{ $value | humanizeDuration }}",
        _ => "{{ $value | humanize }}",
    }
}

/// What to do: see where it comes from, see the cases, and help those that can still be helped.
pub(super) fn runbook(queries: &PromqlQueries<'_>, indicator: &Indicator) -> LocalizedTitle {
    let (name, dimension) = (&indicator.name, queries.first_dimension().unwrap_or("scope"));
    let window = queries
        .default_window
        .filter(|_| !indicator.formula.is_current_state())
        .map_or_else(|| "now".to_owned(), |window| window.to_string());
    let explain = format!("/v1/explain?indicator={name}&window={window}");
    let ranking = format!("/v1/ranking?indicator={name}&by={dimension}&window={window}");
    bilingual_text(
        format!(
            "1. Where is it? `{ranking}` ranks by {dimension}. 2. Which cases are it? `{explain}`, with `&{dimension}=` for one {dimension}. \
             3. What can still be helped? `/v1/cases` has the open orders with the least time left; for queues, bring people to those that wait longest."
        ),
        format!(
            "1. 定位:`{ranking}` 按{dimension}排名。2. 查看个案:`{explain}`,可加 `&{dimension}=`。\
             3. 补救:`/v1/cases` 列出剩余时间最少的在途工单;排队场景请向等待最久的队列增派人员。"
        ),
    )
}
