//! Surges: many more arrivals than at the same time of last week.
//!
//! Arrivals are counted by a ratio whose denominator is what a family's life begins with, or the promise made at that moment.
//! A family without such a ratio has no rule.

use crate::domain::events::event::CaseFamily;
use crate::domain::standard::{Formula, Indicator};
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, PrometheusRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::PromqlQueries;
use std::collections::BTreeMap;

/// As many times as usual are a surge ...
const SURGE_FACTOR: u32 = 2;
/// ... if there are so many within the quarter of an hour.
const ARRIVALS_MIN: u32 = 30;

/// For each family the ratio whose denominator counts its arrivals.
fn arrival_ratios<'s>(queries: &PromqlQueries<'s>) -> Vec<(&'s str, &'s Indicator)> {
    let counted = queries.families_with_indicators().filter_map(|(family, name, indicators)| {
        let found =
            indicators.into_iter().find(|indicator| is_arrival_count(queries, family, indicator));
        Some((name, found.filter(|_| queries.has_counters())?))
    });
    counted.collect()
}

fn is_arrival_count(
    queries: &PromqlQueries<'_>,
    family: CaseFamily,
    indicator: &Indicator,
) -> bool {
    let standard = queries.standard;
    let first = standard.kinds.first_kind(family);
    let Formula::Ratio { of, .. } = &indicator.formula else { return false };
    let [only] = &of[..] else { return false };
    let promised = standard
        .commitments
        .iter()
        .any(|commitment| commitment.from == first && commitment.first_fact == only.kind);
    (only.kind == first || promised)
        && only.values.is_none()
        && only.labels.is_empty()
        && only.conditions.is_empty()
}

pub(super) fn recording_rules(queries: &PromqlQueries<'_>) -> Vec<PrometheusRule> {
    let record = |(family, indicator): (&str, &Indicator)| PrometheusRule::Record {
        record: "sla:arrivals:rate15m".to_owned(),
        expr: format!("rate(sla_{}_of_total{{{}}}[15m])", indicator.name, queries.scope_selector()),
        labels: BTreeMap::from([("family", family.to_owned())]),
    };
    arrival_ratios(queries).into_iter().map(record).collect()
}

pub(super) fn surge_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let alert = |(family, _): (&str, &Indicator)| {
        let (at, now) =
            (scope_suffix(queries), format!("sla:arrivals:rate15m{{family=\"{family}\"}}"));
        AlertingRule {
            name: format!("{}Surge", camel_case(family)),
            expr: format!(
                "{now} > {SURGE_FACTOR} * ({now} offset 1w or {now} offset 1d) and {now} * 900 >= {ARRIVALS_MIN}"
            ),
            for_duration: "5m",
            severity: AlertSeverity::Warning,
            family: family.to_owned(),
            summary: bilingual_text(
                format!(
                    "Surge of arrivals ({family}): {{{{ $value | humanize }}}} a second{}",
                    at.en
                ),
                format!("到达量激增({family}):每秒{{{{ $value | humanize }}}}{}", at.zh),
            ),
            description: bilingual_text(
                format!(
                    "More than {SURGE_FACTOR} times as many arrivals over 15 minutes as at this time a week ago (or a day ago, where no more is known)."
                ),
                format!("15分钟到达量超过上周同一时刻(若无则前一日)的{SURGE_FACTOR}倍。"),
            ),
            runbook: bilingual_text(
                "1. Is it one place or all? One cause, as an outage, shows in one region or product. 2. Announce what is known before the queue, \
                 so that fewer wait for it. 3. Bring people in before the waiting times show it.",
                "1. 判断是局部还是全局:故障类原因通常集中在某一区域或产品。2. 在排队前播报已知情况,减少等待。3. 在等待时长恶化之前增派人员。",
            ),
        }
    };
    arrival_ratios(queries).into_iter().map(alert).collect()
}
