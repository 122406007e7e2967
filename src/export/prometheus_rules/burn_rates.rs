//! Burn rates of error budgets: the speed at which the budget of a month is used.
//!
//! A burn rate of 1 uses exactly the monthly budget in a month. Each alert needs two windows above
//! its rate (Google SRE Workbook, chapter 5). The long window proves the amount, the short one that
//! the burn continues:
//!
//! | alert | long, short | share of a 30-day budget | burn rate |
//! |---|---|---|---|
//! | `..BudgetBurnsFast` | 1 h, 5 min | 2 % | 14.4 |
//! | `..BudgetBurns` | 6 h, 30 min | 5 % | 6 |
//! | `..BudgetBurnsSlowly` | 3 d, 6 h | 10 % | 1 |
//!
//! A target of 80 % can burn at no more than 5 times its rate, even if every case misses. So the
//! two faster alerts fire at the latest at a miss ratio of 50 % and 30 %. A faster alert whose rate
//! would not exceed 1 is omitted.
//!
//! Two kinds of indicators have no rules. A target of 100 % has no error budget. First contact
//! indicators whose contacts can still be followed by another have counters that are not final.

use super::targets::runbook;
use crate::describe;
use crate::domain::standard::{Formula, Indicator, Target, TargetDirection};
use crate::domain::time::window::Window;
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, PrometheusRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::{PromqlQueries, newest_target};
use std::collections::BTreeMap;

/// Windows of the recorded miss ratios.
const MISS_WINDOWS: [&str; 5] = ["5m", "30m", "1h", "6h", "3d"];

/// Suffix of the name, long window, short window, burn rate, and highest miss ratio needed to fire.
const BURN_RATES: [(&str, &str, &str, f64, f64); 3] = [
    ("Fast", "1h", "5m", 14.4, 0.5),
    ("", "6h", "30m", 6.0, 0.3),
    ("Slowly", "3d", "6h", 1.0, 1.0),
];

/// Returns the indicators with an error budget, each with its target and the allowed miss ratio.
fn indicators_with_budget<'s>(queries: &PromqlQueries<'s>) -> Vec<(&'s Indicator, Target, f64)> {
    let with_budget = |indicator: &'s Indicator| {
        let target = newest_target(indicator)?;
        let budget = target.allowed_misses();
        let counted = matches!(indicator.formula, Formula::Ratio { matures_ms: None, .. })
            && queries.has_counters();
        (counted && budget > 0.0 && budget < 1.0).then_some((indicator, target, budget))
    };
    queries.standard.indicators.iter().filter_map(with_budget).collect()
}

/// Returns rules for the miss ratios, and for the budget used in the longest calendar window.
pub(super) fn recording_rules(queries: &PromqlQueries<'_>) -> Vec<PrometheusRule> {
    let mut rules = Vec::new();
    let calendar = queries.standard.windows.iter().filter_map(|window| {
        if let Window::Calendar(period) = window { Some(*period) } else { None }
    });
    let calendar = calendar.max_by_key(|period| period.max_length_ms()).map(Window::Calendar);
    for (indicator, target, budget) in indicators_with_budget(queries) {
        let (name, scopes) = (&indicator.name, queries.scope_selector());
        let labels = || BTreeMap::from([("indicator", name.clone())]);
        for window in MISS_WINDOWS {
            let share = format!(
                "increase(sla_{name}_good_total{{{scopes}}}[{window}]) \
                 / increase(sla_{name}_of_total{{{scopes}}}[{window}])"
            );
            rules.push(PrometheusRule::Record {
                record: format!("sla:misses:ratio_increase{window}"),
                expr: miss_ratio(target, &share),
                labels: labels(),
            });
        }
        if let Some(window) = calendar {
            let share = format!("sla_{name}_ratio{{window=\"{window}\",{scopes}}}");
            let expr = format!("({}) / {}", miss_ratio(target, &share), format_number(budget));
            rules.push(PrometheusRule::Record {
                record: "sla:budget_spent:ratio".to_owned(),
                expr,
                labels: labels(),
            });
        }
    }
    rules
}

fn miss_ratio(target: Target, share: &str) -> String {
    match target.better {
        TargetDirection::Higher => format!("1 - {share}"),
        TargetDirection::Lower => share.to_owned(),
    }
}

pub(super) fn burn_rate_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let mut alerts = Vec::new();
    for (indicator, _, budget) in indicators_with_budget(queries) {
        for (suffix, long, short, rate, max_misses) in BURN_RATES {
            let misses = (rate * budget).min(max_misses);
            let rate = misses / budget;
            // The slow alert covers burn rates up to 1.
            if suffix != "Slowly" && rate <= 1.0 {
                continue;
            }
            let (name, title, at, limit) =
                (&indicator.name, &indicator.title, scope_suffix(queries), format_number(misses));
            let over = |window: &str| {
                format!("sla:misses:ratio_increase{window}{{indicator=\"{name}\"}} > {limit}")
            };
            let min_count = indicator.small_sample.max(10);
            let enough = format!(
                "increase(sla_{name}_of_total{{{}}}[{long}]) >= {min_count}",
                queries.scope_selector()
            );
            let severity =
                if suffix == "Slowly" { AlertSeverity::Warning } else { AlertSeverity::Critical };
            let times = format_number((rate * 10.0).round() / 10.0);
            let days = format_number((300.0 / rate).round() / 10.0);
            let (long_zh, short_zh) = (chinese_window(long), chinese_window(short));
            let value = "{{ $value | humanizePercentage }}";
            alerts.push(AlertingRule {
                name: format!("{}BudgetBurns{suffix}", camel_case(name)),
                expr: format!(
                    "{} and {} and ignoring(indicator) {enough}",
                    over(long),
                    over(short)
                ),
                for_duration: if suffix == "Slowly" { "1h" } else { "2m" },
                severity,
                family: queries.family_name(indicator).to_owned(),
                summary: bilingual_text(
                    format!(
                        "{}: error budget burning, {value} missed over {long}{}",
                        title.en, at.en
                    ),
                    format!("{}容错额度消耗过快：{long_zh}未达标比例{value}{}", title.zh, at.zh),
                ),
                description: bilingual_text(
                    format!(
                        "{}: the miss ratio over {long} and {short} exceeds {times} times the \
                         allowed ratio of {}. At this rate the monthly error budget lasts {days} \
                         days.",
                        title.en,
                        format_percent(budget)
                    ),
                    format!(
                        "{}：{long_zh}与{short_zh}的未达标比例均超过允许值（{}）的{times}倍。\
                         按此速度，月度容错额度将在{days}天内用尽。",
                        title.zh,
                        format_percent(budget).replace(' ', "")
                    ),
                ),
                runbook: runbook(queries, indicator),
            });
        }
    }
    alerts
}

/// Names a window in Chinese: `1h` as `近1小时`.
fn chinese_window(name: &str) -> String {
    Window::parse(name)
        .map_or_else(|| name.to_owned(), |window| describe::describe_window(window).zh)
}

fn format_percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

/// Formats a number without floating point noise: 1 - 0.95 is 0.05.
fn format_number(number: f64) -> String {
    ((number * 1e9).round() / 1e9).to_string()
}
