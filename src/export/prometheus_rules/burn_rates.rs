//! Error budgets of the calendar: how fast what a target allows for a month is being used up.
//!
//! A burn rate of 1 uses exactly the month's budget in a month. Two windows must agree, a long one that there is enough of
//! it, and a short one that it is still going on:
//!
//! | alert | long, short | of the budget of 30 days | burn rate |
//! |---|---|---|---|
//! | `..BudgetBurnsFast` | 1 h, 5 min | 2 % | 14.4 |
//! | `..BudgetBurns` | 6 h, 30 min | 5 % | 6 |
//! | `..BudgetBurnsSlowly` | 3 d, 6 h | 10 % | 1 |
//!
//! A target of 80 % can burn at no more than 5 times its rate, when every case misses. So the fast rates are held to half of all
//! cases missing, and three in ten; a rate that would then be below 1 makes no rule. Nor do a target of all, which has no budget,
//! and one-shot indicators whose contacts can still be followed by another: their counters are not final.

use super::targets::runbook;
use crate::domain::standard::{Formula, Indicator, Target, TargetDirection};
use crate::domain::time::window::Window;
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, PrometheusRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::PromqlQueries;
use std::collections::BTreeMap;

/// The windows in which misses are looked at.
const MISS_WINDOWS: [&str; 5] = ["5m", "30m", "1h", "6h", "3d"];

/// Ending of the name, long window, short window, burn rate, and at most which share of all cases must be missing.
const BURN_RATES: [(&str, &str, &str, f64, f64); 3] = [
    ("Fast", "1h", "5m", 14.4, 0.5),
    ("", "6h", "30m", 6.0, 0.3),
    ("Slowly", "3d", "6h", 1.0, 1.0),
];

/// The indicators with a budget, each with its target and the share of misses it allows.
fn indicators_with_budget<'s>(queries: &PromqlQueries<'s>) -> Vec<(&'s Indicator, Target, f64)> {
    let with_budget = |indicator: &'s Indicator| {
        let target = indicator.targets.first()?.target?;
        let budget = match target.better {
            TargetDirection::Higher => 1.0 - target.value,
            TargetDirection::Lower => target.value,
        };
        let counted = matches!(indicator.formula, Formula::Ratio { matures_ms: None, .. })
            && queries.has_counters();
        (counted && budget > 0.0 && budget < 1.0).then_some((indicator, target, budget))
    };
    queries.standard.indicators.iter().filter_map(with_budget).collect()
}

/// The share of misses over these windows, and what is spent of the budget in the calendar's longest one.
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
                "increase(sla_{name}_good_total{{{scopes}}}[{window}]) / increase(sla_{name}_of_total{{{scopes}}}[{window}])"
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
        for (ending, long, short, rate, most) in BURN_RATES {
            let misses = (rate * budget).min(most);
            let rate = misses / budget;
            // No rule for what one that is slower tells already.
            if ending != "Slowly" && rate <= 1.0 {
                continue;
            }
            let (name, title, at, limit) =
                (&indicator.name, &indicator.title, scope_suffix(queries), format_number(misses));
            let over = |window: &str| {
                format!("sla:misses:ratio_increase{window}{{indicator=\"{name}\"}} > {limit}")
            };
            let few = indicator.small_sample.max(10);
            let enough = format!(
                "increase(sla_{name}_of_total{{{}}}[{long}]) >= {few}",
                queries.scope_selector()
            );
            let severity =
                if ending == "Slowly" { AlertSeverity::Warning } else { AlertSeverity::Critical };
            let times = format_number((rate * 10.0).round() / 10.0);
            let value = "{{ $value | humanizePercentage }}";
            alerts.push(AlertingRule {
                name: format!("{}BudgetBurns{ending}", camel_case(name)),
                expr: format!("{} and {} and ignoring(indicator) {enough}", over(long), over(short)),
                for_duration: if ending == "Slowly" { "1h" } else { "2m" },
                severity,
                family: queries.family_name(indicator).to_owned(),
                summary: bilingual_text(
                    format!("{}: {value} missed over {long}{}", title.en, at.en),
                    format!("{}:{long}内{value}未达标{}", title.zh, at.zh),
                ),
                description: bilingual_text(
                    format!(
                        "{}: misses over {long} and {short} are more than {times} times what the target allows ({} of all cases). \
                         At this pace the month's budget is used up in {} days.",
                        title.en,
                        format_percent(budget),
                        format_number((300.0 / rate).round() / 10.0)
                    ),
                    format!(
                        "{}:{long}与{short}内的未达标比例超过目标允许值({})的{times}倍;按此速度,月度预算将在{}天内用尽。",
                        title.zh,
                        format_percent(budget),
                        format_number((300.0 / rate).round() / 10.0)
                    ),
                ),
                runbook: runbook(queries, indicator),
            });
        }
    }
    alerts
}

fn format_percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

/// A number as a person would write it: 1 - 0.95 is 0.05.
fn format_number(number: f64) -> String {
    ((number * 1e9).round() / 1e9).to_string()
}
