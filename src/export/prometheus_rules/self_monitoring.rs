//! firstline itself and its sources: a wall that shows nothing new looks like a quiet day.

use crate::domain::standard::{Indicator, LocalizedTitle};
use crate::domain::time::timestamp::SECOND;
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::PromqlQueries;

/// Where events are missing, by family: the first indicator of each says that it is stale.
pub(super) fn stale_source_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let alert = |(_, family, indicators): (_, &str, Vec<&Indicator>)| {
        let indicator = *indicators.first()?;
        let at = scope_suffix(queries);
        Some(AlertingRule {
            name: format!("{}SourceStale", camel_case(family)),
            expr: format!(
                "sla_{}_state{{{},state=\"stale\"}} == 1",
                indicator.name,
                queries.reading_selector(indicator)
            ),
            for_duration: "1m",
            severity: AlertSeverity::Warning,
            family: family.to_owned(),
            summary: bilingual_text(
                format!("No events for figures of `{family}`{}", at.en),
                format!("“{family}”类指标没有新事件{}", at.zh),
            ),
            description: bilingual_text(
                "A source has been silent for longer than the standard allows; what it feeds shows the past and breaches nothing.",
                "数据源静默时间超过标准允许值;相关指标只反映过去,不再触发未达标告警。",
            ),
            runbook: bilingual_text(
                "1. Does the source run, and does it reach firstline? Its log has the answers to its POSTs. 2. `/v1/rejected` tells whether its \
                 events come but are refused. 3. Events that come late are counted at their own time: nothing is lost if it sends them again.",
                "1. 检查数据源是否运行、能否连通 firstline,其日志中有 POST 的应答。2. `/v1/rejected` 显示事件是否被拒绝。3. 迟到事件按其发生时间计入,补发即可,不会丢失。",
            ),
        })
    };
    queries.families_with_indicators().filter_map(alert).collect()
}

pub(super) fn self_monitoring_alerts(queries: &PromqlQueries<'_>) -> Vec<AlertingRule> {
    let mut alerts = vec![
        self_monitoring_alert(
            "FirstlineDown",
            "up{job=\"firstline\"} == 0".to_owned(),
            ("1m", AlertSeverity::Critical),
            bilingual_text("firstline does not answer", "firstline 无应答"),
            bilingual_text("Prometheus cannot read `/metrics`. Walls show their age; nothing is counted.", "Prometheus 无法读取 `/metrics`;看板会显示数据已过时。"),
            bilingual_text(
                "Is the process there (`systemctl status firstline`)? Its log says why it ended. After a start it recovers from its journal; sources send \
                 again what was not acknowledged.",
                "检查进程(`systemctl status firstline`)及其日志。启动后从日志恢复;数据源会重发未确认的事件。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineAbsent",
            "absent(up{job=\"firstline\"})".to_owned(),
            ("5m", AlertSeverity::Critical),
            bilingual_text("Prometheus does not know firstline", "Prometheus 未配置 firstline"),
            bilingual_text("There is no target of the job `firstline`, so no other alert can fire.", "没有名为 `firstline` 的采集任务,其他告警都不会触发。"),
            bilingual_text("Put it into `scrape_configs` with `job_name: firstline`.", "在 `scrape_configs` 中加入 `job_name: firstline`。"),
        ),
        self_monitoring_alert(
            "FirstlineFallingBehind",
            "time() - firstline_board_timestamp_seconds > 10 or firstline_batches_queued > 128".to_owned(),
            ("1m", AlertSeverity::Critical),
            bilingual_text("firstline falls behind", "firstline 处理滞后"),
            bilingual_text(
                "The newest board is older than ten seconds, or batches wait for the engine; senders will soon be told to come later (429).",
                "最新看板滞后超过10秒,或有批次排队等待处理;很快将以 429 拒绝发送方。",
            ),
            bilingual_text(
                "Is the machine or its disk busy (`firstline_journal_seconds`)? Is somebody sending a long history? Then it passes by itself.",
                "检查机器与磁盘负载(`firstline_journal_seconds`);若正在补发历史数据,会自行恢复。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineJournalFailing",
            "firstline_journal_failing == 1".to_owned(),
            ("0s", AlertSeverity::Critical),
            bilingual_text("firstline cannot write its journal", "firstline 无法写入日志"),
            bilingual_text("Events are refused (503) so that nothing is acknowledged that could be lost.", "事件被拒绝(503),以免确认后丢失。"),
            bilingual_text("Is the disk full, or read-only? It goes on by itself as soon as it can write.", "检查磁盘是否已满或只读;恢复可写后自动继续。"),
        ),
        self_monitoring_alert(
            "FirstlineEventsRejected",
            "sum by (job, instance) (increase(firstline_events_received_total{outcome=\"rejected\"}[15m])) > 0.05 * sum by (job, instance) \
             (increase(firstline_events_received_total[15m])) and sum by (job, instance) (increase(firstline_events_received_total{outcome=\"rejected\"}[15m])) >= 10"
                .to_owned(),
            ("5m", AlertSeverity::Warning),
            bilingual_text("More than 5 % of the events are rejected", "超过5%的事件被拒绝"),
            bilingual_text("Figures lack what was rejected.", "指标中缺少被拒绝的事件。"),
            bilingual_text(
                "`/v1/rejected` has the last of them with the reason of each; `firstline_events_rejected_total` counts them by reason.",
                "`/v1/rejected` 列出最近被拒绝的事件及原因;`firstline_events_rejected_total` 按原因计数。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineClockOff",
            "abs(firstline_clock_off_seconds) > 5".to_owned(),
            ("5m", AlertSeverity::Warning),
            bilingual_text("The clock of firstline's machine is off", "firstline 所在机器时钟偏差"),
            bilingual_text("The clock has jumped, and the board goes by what the events say.", "时钟发生跳变,看板改以事件时间为准。"),
            bilingual_text("See whether the machine is synchronised (`timedatectl`).", "检查时间同步(`timedatectl`)。"),
        ),
        self_monitoring_alert(
            "FirstlineScopesLeftOut",
            "firstline_scopes_omitted > 0".to_owned(),
            ("15m", AlertSeverity::Warning),
            bilingual_text("Scopes are missing in Prometheus", "部分范围未导出到 Prometheus"),
            bilingual_text("There are more of this kind than `metrics.scopes` allows; the rest has no alerts.", "该类范围数量超过 `metrics.scopes`;超出部分没有告警。"),
            bilingual_text("Does a source put ids into a dimension? Correct it, or raise the limit.", "检查数据源是否把编号写入了维度;修正或提高上限。"),
        ),
    ];
    if let Some(after) = queries.standard.stale_after_ms {
        alerts.push(self_monitoring_alert(
            "FirstlineNoEvents",
            format!("time() - firstline_last_event_timestamp_seconds > {}", after / SECOND),
            ("1m", AlertSeverity::Critical),
            bilingual_text("No events at all", "没有任何事件"),
            bilingual_text(
                "Every source is silent: every figure is stale.",
                "所有数据源均静默,全部指标已过时。",
            ),
            bilingual_text(
                "See whether the network or a proxy between the sources and firstline has failed.",
                "检查数据源与 firstline 之间的网络或代理。",
            ),
        ));
    }
    alerts
}

fn self_monitoring_alert(
    name: &str,
    expr: String,
    (hold, severity): (&'static str, AlertSeverity),
    summary: LocalizedTitle,
    description: LocalizedTitle,
    runbook: LocalizedTitle,
) -> AlertingRule {
    AlertingRule {
        name: name.to_owned(),
        expr,
        for_duration: hold,
        severity,
        family: "firstline".to_owned(),
        summary,
        description,
        runbook,
    }
}
