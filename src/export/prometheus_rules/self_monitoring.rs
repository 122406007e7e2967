//! Alerts on firstline itself and on its sources. A board without new data looks like a quiet day.

use crate::domain::standard::{Indicator, LocalizedTitle};
use crate::domain::time::timestamp::{DAY, SECOND};
use crate::export::prometheus_rules::{
    AlertSeverity, AlertingRule, bilingual_text, camel_case, scope_suffix,
};
use crate::export::promql::{PromqlQueries, chinese_family_name};

/// Time before the end of a calendar from which the alert fires, in ms.
const CALENDAR_END_NOTICE_MS: i64 = 30 * DAY;

/// Returns an alert for each family whose first indicator is stale.
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
                format!("No events for indicators of `{family}`{}", at.en),
                format!("{}指标没有新事件{}", chinese_family_name(family), at.zh),
            ),
            description: bilingual_text(
                "A source has been silent for longer than the standard allows. Its indicators show \
                 past values and fire no alerts.",
                "数据源静默时间超过标准允许值；相关指标为过期数据，不再触发未达标告警。",
            ),
            runbook: bilingual_text(
                "1. Check that the source runs and reaches firstline: its log has the responses to \
                 its requests. 2. Check `/v1/rejected` for rejected events. 3. Let the source send \
                 missing events again: late events count at their own time.",
                "1. 检查数据源是否运行、能否连通firstline，其日志中有请求的应答。\
                 2. 通过`/v1/rejected`检查事件是否被拒绝。3. 补发缺失的事件：迟到事件按其发生时间计入。",
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
            bilingual_text("firstline does not respond", "firstline无响应"),
            bilingual_text(
                "Prometheus cannot scrape `/metrics`. Wallboards show the age of their data. \
                 Events are not counted.",
                "Prometheus无法采集`/metrics`；大屏会显示数据已过期，事件不再计入。",
            ),
            bilingual_text(
                "1. Check the process (`systemctl status firstline`) and the end of its log. 2. \
                 Start it: it recovers from its journal, and sources send unacknowledged events \
                 again.",
                "1. 检查进程（`systemctl status firstline`）及其日志末尾。\
                 2. 启动后会从日志文件恢复，数据源会重发未确认的事件。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineAbsent",
            "absent(up{job=\"firstline\"})".to_owned(),
            ("5m", AlertSeverity::Critical),
            bilingual_text("firstline is not scraped", "Prometheus未配置firstline"),
            bilingual_text(
                "Prometheus has no target with the job `firstline`. No other alert can fire.",
                "没有名为`firstline`的采集任务，其他告警均不会触发。",
            ),
            bilingual_text(
                "Add firstline to `scrape_configs` with `job_name: firstline`.",
                "在`scrape_configs`中加入`job_name: firstline`。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineFallingBehind",
            "time() - firstline_board_timestamp_seconds > 10 or firstline_batches_queued > 128"
                .to_owned(),
            ("1m", AlertSeverity::Critical),
            bilingual_text("firstline is falling behind", "firstline处理滞后"),
            bilingual_text(
                "The latest board is older than 10 seconds, or many batches are queued. Senders \
                 will soon be asked to retry later (429).",
                "最新看板滞后超过10秒，或有较多批次排队；发送方即将收到稍后重试的应答（429）。",
            ),
            bilingual_text(
                "1. Check the load of the machine and its disk (`firstline_journal_seconds`). \
                 2. If a source is sending a long history, wait until it has finished.",
                "1. 检查机器与磁盘负载（`firstline_journal_seconds`）。\
                 2. 若正在补发历史数据，完成后会自行恢复。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineJournalFailing",
            "firstline_journal_failing == 1".to_owned(),
            ("0s", AlertSeverity::Critical),
            bilingual_text("firstline cannot write its journal", "firstline无法写入日志文件"),
            bilingual_text(
                "Events are refused (503), because acknowledged events could be lost.",
                "为避免已确认的事件丢失，事件被拒绝（503）。",
            ),
            bilingual_text(
                "Check whether the disk is full or read-only. Ingest resumes as soon as the \
                 journal can be written.",
                "检查磁盘是否已满或只读；恢复可写后自动继续接收。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineEventsRejected",
            "sum by (job, instance) \
             (increase(firstline_events_received_total{outcome=\"rejected\"}[15m])) \
             > 0.05 * sum by (job, instance) (increase(firstline_events_received_total[15m])) \
             and sum by (job, instance) \
             (increase(firstline_events_received_total{outcome=\"rejected\"}[15m])) >= 10"
                .to_owned(),
            ("5m", AlertSeverity::Warning),
            bilingual_text("More than 5 % of the events are rejected", "超过5%的事件被拒绝"),
            bilingual_text("Indicators lack the rejected events.", "指标中缺少被拒绝的事件。"),
            bilingual_text(
                "Correct the source. `/v1/rejected` lists the latest rejected events with reasons, \
                 `firstline_events_rejected_total` counts them by reason.",
                "修正数据源。`/v1/rejected`列出最近被拒绝的事件及原因，\
                 `firstline_events_rejected_total`按原因计数。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineFieldsDropped",
            "sum by (job, instance, field) (increase(firstline_fields_dropped_total[15m])) > 0"
                .to_owned(),
            ("0m", AlertSeverity::Warning),
            bilingual_text(
                "Events are accepted without their field {{ $labels.field }}",
                "事件缺少无法识别的字段{{ $labels.field }}",
            ),
            bilingual_text(
                "The value could not be used. Orders without a readable `due` follow another \
                 deadline.",
                "字段值无法使用。`due`无法识别的工单改按其他时限计算。",
            ),
            bilingual_text(
                "Correct the source. `/v1/rejected` lists the latest such events with reasons.",
                "修正数据源。`/v1/rejected`列出最近的此类事件及原因。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineClockOff",
            "abs(firstline_clock_off_seconds) > 5".to_owned(),
            ("5m", AlertSeverity::Warning),
            bilingual_text("Server clock is off", "服务器时钟偏差"),
            bilingual_text(
                "The server clock stepped. The board follows the times of the events.",
                "服务器时钟发生跳变，看板改以事件时间为准。",
            ),
            bilingual_text(
                "Check that the clock is synchronized (`timedatectl`).",
                "检查时间同步（`timedatectl`）。",
            ),
        ),
        self_monitoring_alert(
            "FirstlineScopesOmitted",
            "firstline_scopes_omitted > 0".to_owned(),
            ("15m", AlertSeverity::Warning),
            bilingual_text("Scopes are missing in Prometheus", "部分范围未导出到Prometheus"),
            bilingual_text(
                "There are more scopes of this kind than `metrics.scopes` allows. Omitted scopes \
                 have no alerts.",
                "该类范围数量超过`metrics.scopes`的上限；超出部分没有告警。",
            ),
            bilingual_text(
                "Check whether a source puts ids into a dimension. Correct it, or raise the limit.",
                "检查数据源是否把编号写入了维度；修正数据源或提高上限。",
            ),
        ),
    ];
    if queries.standard.calendar_ends().next().is_some() {
        alerts.push(self_monitoring_alert(
            "FirstlineCalendarEnds",
            format!(
                "firstline_calendar_ends_timestamp_seconds - time() < {}",
                CALENDAR_END_NOTICE_MS / SECOND
            ),
            ("1h", AlertSeverity::Warning),
            bilingual_text(
                "Calendar `{{ $labels.calendar }}` has no holidays after this year",
                "日历`{{ $labels.calendar }}`缺少下一年的节假日",
            ),
            bilingual_text(
                "The last year with holidays is over in 30 days, or is over already. Later \
                 holidays count as working days, and deadlines are too early.",
                "日历中最后一年的节假日将在30天内到期或已到期；之后的节假日会被当作工作日，时限将偏早。",
            ),
            bilingual_text(
                "1. Add the holidays of the next year to the standard or to its iCalendar file. 2. \
                 Check it (`firstline check`). 3. Reload (`POST /v1/reload`).",
                "1. 在标准或其iCalendar文件中补充下一年的节假日。\
                 2. 用`firstline check`检查。3. 重新加载（`POST /v1/reload`）。",
            ),
        ));
    }
    if let Some(limit_ms) = queries.standard.stale_after_ms {
        alerts.push(self_monitoring_alert(
            "FirstlineNoEvents",
            format!("time() - firstline_last_event_timestamp_seconds > {}", limit_ms / SECOND),
            ("1m", AlertSeverity::Critical),
            bilingual_text("No events from any source", "所有数据源均无事件"),
            bilingual_text(
                "All sources are silent. All readings are stale.",
                "所有数据源均静默，全部指标为过期数据。",
            ),
            bilingual_text(
                "Check the network and proxies between the sources and firstline.",
                "检查数据源与firstline之间的网络及代理。",
            ),
        ));
    }
    alerts
}

fn self_monitoring_alert(
    name: &str,
    expr: String,
    (for_duration, severity): (&'static str, AlertSeverity),
    summary: LocalizedTitle,
    description: LocalizedTitle,
    runbook: LocalizedTitle,
) -> AlertingRule {
    AlertingRule {
        name: name.to_owned(),
        expr,
        for_duration,
        severity,
        family: "firstline".to_owned(),
        summary,
        description,
        runbook,
    }
}
