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
//! An indicator with `targets` is compared with the target series of each scope.
//!
//! Two kinds of indicators have no rules. A target of 100 % has no error budget. First contact
//! indicators whose contacts can still be followed by another have counters that are not final.

use super::targets::runbook;
use crate::describe;
use crate::domain::standard::{Formula, Indicator, LocalizedTitle, TargetDirection};
use crate::domain::time::window::Window;
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, PrometheusRule, bilingual_text, camel_case, target_scope_suffix,
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

/// Indicator whose targets allow some misses.
struct IndicatorBudget<'s> {
    indicator: &'s Indicator,
    /// Good side of the targets.
    better: TargetDirection,
    /// Allowed miss ratio. `None` if each scope has its own, which follows from its target series.
    allowed: Option<f64>,
}

impl IndicatorBudget<'_> {
    /// Returns a query for the allowed miss ratio of each scope.
    fn allowed_by_scope(&self, queries: &PromqlQueries<'_>) -> String {
        let target = format!(
            "{}{{{}}}",
            self.indicator.target_metric_name(),
            queries.target_selector(self.indicator)
        );
        // A target of 100 % has no error budget.
        match self.better {
            TargetDirection::Higher => format!("(1 - {target} > 0)"),
            TargetDirection::Lower => format!("({target} > 0)"),
        }
    }

    /// Returns the comparison of a recorded miss ratio with the limit of an alert: ` > 0.5`.
    fn miss_limit(&self, queries: &PromqlQueries<'_>, rate: f64, max_misses: f64) -> String {
        if let Some(allowed) = self.allowed {
            return format!(" > {}", format_number((rate * allowed).min(max_misses)));
        }
        let allowed = self.allowed_by_scope(queries);
        let limit = if max_misses < 1.0 {
            let max = format_number(max_misses);
            format!("clamp_max({} * ({allowed} < {max}), {max})", format_number(rate))
        } else {
            allowed
        };
        format!(" > ignoring(indicator) group_left() {limit}")
    }
}

/// Returns the indicators with an error budget.
fn indicators_with_budget<'s>(queries: &PromqlQueries<'s>) -> Vec<IndicatorBudget<'s>> {
    let has_budget = |allowed: &f64| *allowed > 0.0 && *allowed < 1.0;
    let with_budget = |indicator: &'s Indicator| {
        let entries = &indicator.targets.first()?.entries;
        let allowed = if indicator.has_scoped_targets() {
            let mut each = entries.iter().map(|entry| entry.target.allowed_misses());
            each.find(has_budget)?;
            None
        } else {
            Some(newest_target(indicator)?.allowed_misses()).filter(has_budget)
        };
        let counted = matches!(indicator.formula, Formula::Ratio { matures_ms: None, .. })
            && queries.has_counters();
        let is_known = allowed.is_some() || indicator.has_scoped_targets();
        let better = entries.first()?.target.better;
        (counted && is_known).then_some(IndicatorBudget { indicator, better, allowed })
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
    for budget in indicators_with_budget(queries) {
        let name = &budget.indicator.name;
        let scopes = queries.target_selector(budget.indicator);
        let labels = || BTreeMap::from([("indicator", name.clone())]);
        for window in MISS_WINDOWS {
            let share = format!(
                "increase(sla_{name}_good_total{{{scopes}}}[{window}]) \
                 / increase(sla_{name}_of_total{{{scopes}}}[{window}])"
            );
            rules.push(PrometheusRule::Record {
                record: format!("sla:misses:ratio_increase{window}"),
                expr: miss_ratio(budget.better, &share),
                labels: labels(),
            });
        }
        if let Some(window) = calendar {
            let share = format!("sla_{name}_ratio{{window=\"{window}\",{scopes}}}");
            let allowed = match budget.allowed {
                Some(allowed) => format_number(allowed),
                None => {
                    format!("ignoring(window) group_left() {}", budget.allowed_by_scope(queries))
                }
            };
            let expr = format!("({}) / {allowed}", miss_ratio(budget.better, &share));
            rules.push(PrometheusRule::Record {
                record: "sla:budget_spent:ratio".to_owned(),
                expr,
                labels: labels(),
            });
        }
    }
    rules
}

fn miss_ratio(better: TargetDirection, share: &str) -> String {
    match better {
        TargetDirection::Higher => format!("1 - {share}"),
        TargetDirection::Lower => share.to_owned(),
    }
}

pub(super) fn burn_rate_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let mut alerts = Vec::new();
    for budget in indicators_with_budget(queries) {
        let indicator = budget.indicator;
        let (name, title) = (&indicator.name, &indicator.title);
        let at = target_scope_suffix(queries, indicator);
        for (suffix, long, short, rate, max_misses) in BURN_RATES {
            // The slow alert covers burn rates up to 1.
            if suffix != "Slowly" && budget.allowed.is_some_and(|allowed| max_misses <= allowed) {
                continue;
            }
            let limit = budget.miss_limit(queries, rate, max_misses);
            let over = |window: &str| {
                format!("sla:misses:ratio_increase{window}{{indicator=\"{name}\"}}{limit}")
            };
            let min_count = indicator.small_sample.max(10);
            let enough = format!(
                "increase(sla_{name}_of_total{{{}}}[{long}]) >= {min_count}",
                queries.target_selector(indicator)
            );
            let severity =
                if suffix == "Slowly" { AlertSeverity::Warning } else { AlertSeverity::Critical };
            let long_zh = chinese_window(long);
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
                description: describe_burn(queries, &budget, (long, short), (rate, max_misses)),
                runbook: runbook(queries, indicator),
            });
        }
    }
    alerts
}

/// Describes when the alert with these long and short windows fires.
fn describe_burn(
    queries: &PromqlQueries<'_>,
    budget: &IndicatorBudget<'_>,
    (long, short): (&str, &str),
    (rate, max_misses): (f64, f64),
) -> LocalizedTitle {
    let title = &budget.indicator.title;
    let (long_zh, short_zh) = (chinese_window(long), chinese_window(short));
    let Some(allowed) = budget.allowed else {
        let targets = describe::describe_newest_targets(queries.standard, budget.indicator);
        let (times, most) = (format_number(rate), format_percent(max_misses));
        let most_zh = most.replace(' ', "");
        return bilingual_text(
            format!(
                "{}: the miss ratio over {long} and {short} exceeds {times} times the ratio that \
                 the target of the scope allows, or {most}. Targets: {}.",
                title.en, targets.en
            ),
            format!(
                "{}：{long_zh}与{short_zh}的未达标比例均超过该范围目标允许值的{times}倍，\
                 或超过{most_zh}。目标：{}。",
                title.zh, targets.zh
            ),
        );
    };
    let rate = (rate * allowed).min(max_misses) / allowed;
    let times = format_number((rate * 10.0).round() / 10.0);
    let days = format_number((300.0 / rate).round() / 10.0);
    let allowed = format_percent(allowed);
    bilingual_text(
        format!(
            "{}: the miss ratio over {long} and {short} exceeds {times} times the allowed ratio of \
             {allowed}. At this rate the monthly error budget lasts {days} days.",
            title.en
        ),
        format!(
            "{}：{long_zh}与{short_zh}的未达标比例均超过允许值（{}）的{times}倍。\
             按此速度，月度容错额度将在{days}天内用尽。",
            title.zh,
            allowed.replace(' ', "")
        ),
    )
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
