//! Which indicators stand together on which dashboard: the one place to change a panel.

use crate::domain::standard::Title;
use crate::queries::Queries;

/// A dashboard.
pub(super) struct Dashboard {
    /// The name of its file.
    pub(super) name: &'static str,
    pub(super) title: Title,
    pub(super) rows: Vec<Row>,
}

/// Panels under a heading.
pub(super) struct Row {
    pub(super) title: Title,
    pub(super) panels: Vec<Panel>,
}

/// What a panel shows.
pub(super) enum Panel {
    /// The value of an indicator for the whole organisation now, in the colour of its level.
    Stat(String),
    /// An indicator by the first dimension over time, with its target.
    Lines(&'static str),
    /// An indicator by both dimensions over time.
    Finest(&'static str),
    /// An indicator by the first dimension now, side by side.
    Bars(&'static str),
    /// How durations are spread over time.
    Spread(&'static str),
    /// How many a second an indicator is made of, by the first dimension.
    Arrivals(&'static str),
    /// What is spent of the error budgets, by indicator.
    Budgets,
    /// Which alerts are pending or firing.
    Alerts,
    /// Figures of firstline itself: title, unit, and queries with their legends.
    Own(Title, &'static str, &'static [(&'static str, &'static str)]),
}

fn title(en: &str, zh: &str) -> Title {
    Title { en: en.to_owned(), zh: zh.to_owned() }
}

fn row(en: &str, zh: &str, panels: Vec<Panel>) -> Row {
    Row { title: title(en, zh), panels }
}

/// Stats of these indicators.
fn stats(names: &[&str]) -> Vec<Panel> {
    names.iter().map(|name| Panel::Stat((*name).to_owned())).collect()
}

/// Every indicator with a target, by family: a new one is there as soon as it is declared.
pub(super) fn overview(queries: &Queries<'_>) -> Dashboard {
    let mut rows: Vec<Row> = Vec::new();
    for indicator in &queries.standard.indicators {
        if indicator.targets.iter().all(|dated| dated.target.is_none()) {
            continue;
        }
        let (family, panel) = (queries.family(indicator), Panel::Stat(indicator.name.clone()));
        match rows.iter_mut().find(|row| row.title.en == family) {
            Some(row) => row.panels.push(panel),
            None => rows.push(row(family, family, vec![panel])),
        }
    }
    rows.push(row("Budgets and alerts", "预算与告警", vec![Panel::Budgets, Panel::Alerts]));
    Dashboard { name: "overview", title: title("Organisation", "总览"), rows }
}

/// The dashboards about one part of the service each.
pub(super) fn fixed() -> [Dashboard; 5] {
    use Panel::{Arrivals, Bars, Finest, Lines, Spread};
    let hotline = vec![
        row(
            "Now",
            "当前",
            stats(&["answer_rate", "service_level_20s", "calls_waiting", "longest_wait_now", "estimated_wait", "agents_ready"]),
        ),
        row(
            "By center",
            "按中心",
            vec![
                Lines("answer_rate"),
                Lines("service_level_15s"),
                Lines("abandonment_rate"),
                Lines("speed_of_answer"),
                Lines("calls_waiting"),
                Lines("occupancy"),
            ],
        ),
        row("By queue", "按队列", vec![Finest("answer_rate"), Finest("calls_waiting")]),
        row("Load", "负荷", vec![Arrivals("calls_lost"), Spread("speed_of_answer"), Spread("handling_time"), Bars("agents_talking")]),
    ];
    let halls = vec![
        row("Now", "当前", stats(&["hall_called_in_time", "counter_in_time", "hall_wait", "hall_waiting"])),
        row("By center", "按中心", vec![Lines("hall_called_in_time"), Lines("counter_in_time"), Lines("hall_wait"), Lines("hall_waiting")]),
        row("Waiting times", "等候时长", vec![Spread("hall_wait"), Bars("hall_waiting")]),
    ];
    let orders = vec![
        row(
            "Repairs",
            "修障",
            [
                stats(&["repair_timeliness_due", "repair_timeliness_closed", "repairs_open", "repairs_overdue", "repairs_due_4h"]),
                vec![Lines("repair_timeliness_due"), Lines("time_to_restore"), Bars("repairs_open"), Bars("repairs_overdue")],
            ]
            .into_iter()
            .flatten()
            .collect(),
        ),
        row("Installations and moves", "装移机", vec![Lines("install_timeliness_due"), Lines("move_timeliness_due")]),
        row(
            "Complaints",
            "投诉",
            [
                stats(&["complaints_open", "complaint_first_reply", "complaint_escalation_rate"]),
                vec![Lines("complaint_timeliness_due"), Lines("complaints_per_10000")],
            ]
            .into_iter()
            .flatten()
            .collect(),
        ),
    ];
    let quality = vec![
        row(
            "At once",
            "一次性解决",
            vec![
                Lines("one_shot_resolution"),
                Lines("one_shot_resolution_net"),
                Lines("reopen_rate"),
                Lines("complaint_one_shot_resolution"),
            ],
        ),
        row("What customers say", "客户评价", vec![Lines("satisfaction_rate"), Lines("satisfaction_score"), Lines("survey_response_rate")]),
        row("Call-backs", "回访", vec![Lines("repair_call_back_rate"), Lines("complaint_call_back_rate"), Bars("parts_accuracy")]),
    ];
    [
        Dashboard { name: "hotline", title: title("Hotline", "热线"), rows: hotline },
        Dashboard { name: "halls", title: title("Halls", "营业厅"), rows: halls },
        Dashboard { name: "orders", title: title("Orders", "工单"), rows: orders },
        Dashboard { name: "quality", title: title("Quality", "服务质量"), rows: quality },
        Dashboard { name: "firstline", title: title("firstline itself", "系统自身"), rows: own() },
    ]
}

/// firstline itself.
fn own() -> Vec<Row> {
    use Panel::Own;
    let events = vec![
        Own(
            title("Events a second, by outcome", "每秒事件数(按结果)"),
            "cps",
            &[("rate(firstline_events_received_total[$__rate_interval])", "{{outcome}}")],
        ),
        Own(
            title("Rejected events, by reason", "被拒绝的事件(按原因)"),
            "short",
            &[("increase(firstline_events_rejected_total[$__rate_interval])", "{{reason}}")],
        ),
        Own(
            title("Age of the newest event and board", "最新事件与看板的时延"),
            "s",
            &[
                ("time() - firstline_last_event_timestamp_seconds", "event · 事件"),
                ("time() - firstline_board_timestamp_seconds", "board · 看板"),
            ],
        ),
        Own(title("Batches waiting", "等待处理的批次"), "short", &[("firstline_batches_queued", "{{instance}}")]),
    ];
    let work = vec![
        Own(
            title("Time to apply a batch", "批次处理耗时"),
            "s",
            &[
                ("histogram_quantile(0.5, sum by (le) (rate(firstline_apply_seconds_bucket[$__rate_interval])))", "p50"),
                ("histogram_quantile(0.99, sum by (le) (rate(firstline_apply_seconds_bucket[$__rate_interval])))", "p99"),
            ],
        ),
        Own(
            title("Time to make a board", "看板生成耗时"),
            "s",
            &[
                ("histogram_quantile(0.5, sum by (le) (rate(firstline_board_seconds_bucket[$__rate_interval])))", "p50"),
                ("histogram_quantile(0.99, sum by (le) (rate(firstline_board_seconds_bucket[$__rate_interval])))", "p99"),
            ],
        ),
        Own(title("Cases remembered", "记忆中的个案"), "short", &[("firstline_cases", "{{instance}}")]),
        Own(title("Live connections", "实时连接"), "short", &[("firstline_live_clients", "{{instance}}")]),
    ];
    let scrape = vec![
        Own(title("Scrape duration", "采集耗时"), "s", &[("scrape_duration_seconds{job=\"firstline\"}", "{{instance}}")]),
        Own(title("Series a scrape", "每次采集的序列数"), "short", &[("scrape_samples_scraped{job=\"firstline\"}", "{{instance}}")]),
        Own(title("Scopes left out", "未导出的范围"), "short", &[("firstline_scopes_left_out", "{{scope}}")]),
        Own(title("Clock", "时钟偏差"), "s", &[("firstline_clock_off_seconds", "{{instance}}")]),
    ];
    vec![row("Events", "事件", events), row("Work", "处理", work), row("Prometheus", "采集", scrape)]
}
