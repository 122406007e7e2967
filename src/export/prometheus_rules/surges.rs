//! Surges: far more arrivals than at the same time of the previous week.
//!
//! Arrivals are counted by the denominator of a ratio. It must be the first fact of a family, or a
//! commitment made at that moment. A family without such a ratio has no rule.

use crate::domain::events::event::CaseFamily;
use crate::domain::standard::{Formula, Indicator};
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, PrometheusRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::{PromqlQueries, chinese_family_name};
use std::collections::BTreeMap;

/// Multiple of the usual arrivals that counts as a surge.
const SURGE_FACTOR: u32 = 2;
/// Minimum number of arrivals in 15 minutes.
const ARRIVALS_MIN: u32 = 30;

/// Returns each family with the ratio whose denominator counts its arrivals.
fn arrival_ratios<'s>(queries: &PromqlQueries<'s>) -> Vec<(&'s str, &'s Indicator)> {
    let counted = queries.families_with_indicators().filter_map(|(family, name, indicators)| {
        let ratio =
            indicators.into_iter().find(|indicator| is_arrival_count(queries, family, indicator));
        Some((name, ratio.filter(|_| queries.has_counters())?))
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
    let is_commitment = standard
        .commitments
        .iter()
        .any(|commitment| commitment.from == first && commitment.first_fact == only.kind);
    (only.kind == first || is_commitment)
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
                "{now} > {SURGE_FACTOR} * ({now} offset 1w or {now} offset 1d) \
                 and {now} * 900 >= {ARRIVALS_MIN}"
            ),
            for_duration: "5m",
            severity: AlertSeverity::Warning,
            family: family.to_owned(),
            summary: bilingual_text(
                format!("Surge of arrivals ({family}): {{{{ $value | humanize }}}}/s{}", at.en),
                format!(
                    "{}到达量激增：每秒{{{{ $value | humanize }}}}{}",
                    chinese_family_name(family),
                    at.zh
                ),
            ),
            description: bilingual_text(
                format!(
                    "Arrivals over 15 minutes exceed {SURGE_FACTOR} times those of the same time \
                     last week, or yesterday if there is no data for last week."
                ),
                format!(
                    "15分钟到达量超过上周同一时刻的{SURGE_FACTOR}倍（上周无数据时与前一日比较）。"
                ),
            ),
            runbook: bilingual_text(
                "1. Check whether one center or all are affected: an outage shows in one region or \
                 product. 2. Announce known incidents before the queue, so that fewer customers \
                 wait. 3. Add staff before waiting times rise.",
                "1. 判断是局部还是全局：故障类原因通常集中在某一区域或产品。\
                 2. 在排队前播报已知情况，减少等待。3. 在等待时长恶化之前增派人员。",
            ),
        }
    };
    arrival_ratios(queries).into_iter().map(alert).collect()
}
