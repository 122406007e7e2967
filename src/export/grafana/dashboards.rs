//! Which indicators stand together on which dashboard: the one place to change a panel.

use crate::domain::standard::LocalizedTitle;
use crate::export::promql::PromqlQueries;

/// A dashboard.
pub(super) struct Dashboard {
    /// The name of its file.
    pub(super) name: &'static str,
    pub(super) title: LocalizedTitle,
    pub(super) rows: Vec<DashboardRow>,
}

/// Panels under a heading.
pub(super) struct DashboardRow {
    pub(super) title: LocalizedTitle,
    pub(super) panels: Vec<PanelKind>,
}

/// What a panel shows.
pub(super) enum PanelKind {
    /// The value of an indicator for the whole organisation now, in the colour of its level.
    StatOverall(String),
    /// An indicator by the first dimension over time, with its target.
    LinesByDimension(&'static str),
    /// An indicator by both dimensions over time.
    LinesByBothDimensions(&'static str),
    /// An indicator by the first dimension now, side by side.
    BarsByDimension(&'static str),
    /// How durations are spread over time.
    DurationHeatmap(&'static str),
    /// How many a second an indicator is made of, by the first dimension.
    ArrivalRate(&'static str),
    /// What is spent of the error budgets, by indicator.
    BudgetsSpent,
    /// Which alerts are pending or firing.
    ActiveAlerts,
    /// Figures of firstline itself: title, unit, and queries with their legends.
    SelfMonitoring(LocalizedTitle, &'static str, &'static [(&'static str, &'static str)]),
}

fn bilingual_title(en: &str, zh: &str) -> LocalizedTitle {
    LocalizedTitle { en: en.to_owned(), zh: zh.to_owned() }
}

fn dashboard_row(en: &str, zh: &str, panels: Vec<PanelKind>) -> DashboardRow {
    DashboardRow { title: bilingual_title(en, zh), panels }
}

/// Stats of these indicators.
fn stat_panels(names: &[&str]) -> Vec<PanelKind> {
    names.iter().map(|name| PanelKind::StatOverall((*name).to_owned())).collect()
}

/// Every indicator with a target, by family: a new one is there as soon as it is declared.
pub(super) fn overview_dashboard(queries: &PromqlQueries<'_>) -> Dashboard {
    let mut rows: Vec<DashboardRow> = Vec::new();
    for indicator in &queries.standard.indicators {
        if indicator.targets.iter().all(|dated| dated.target.is_none()) {
            continue;
        }
        let (family, panel) =
            (queries.family_name(indicator), PanelKind::StatOverall(indicator.name.clone()));
        match rows.iter_mut().find(|row| row.title.en == family) {
            Some(row) => row.panels.push(panel),
            None => rows.push(dashboard_row(family, family, vec![panel])),
        }
    }
    rows.push(dashboard_row(
        "Budgets and alerts",
        "预算与告警",
        vec![PanelKind::BudgetsSpent, PanelKind::ActiveAlerts],
    ));
    Dashboard { name: "overview", title: bilingual_title("Organisation", "总览"), rows }
}

/// The dashboards about one part of the service each.
pub(super) fn topic_dashboards() -> [Dashboard; 5] {
    use PanelKind::{
        ArrivalRate, BarsByDimension, DurationHeatmap, LinesByBothDimensions, LinesByDimension,
    };
    let hotline = vec![
        dashboard_row(
            "Now",
            "当前",
            stat_panels(&[
                "answer_rate",
                "service_level_20s",
                "calls_waiting",
                "longest_wait_now",
                "estimated_wait",
                "agents_ready",
            ]),
        ),
        dashboard_row(
            "By center",
            "按中心",
            vec![
                LinesByDimension("answer_rate"),
                LinesByDimension("service_level_15s"),
                LinesByDimension("abandonment_rate"),
                LinesByDimension("speed_of_answer"),
                LinesByDimension("calls_waiting"),
                LinesByDimension("occupancy"),
            ],
        ),
        dashboard_row(
            "By queue",
            "按队列",
            vec![LinesByBothDimensions("answer_rate"), LinesByBothDimensions("calls_waiting")],
        ),
        dashboard_row(
            "Load",
            "负荷",
            vec![
                ArrivalRate("calls_lost"),
                DurationHeatmap("speed_of_answer"),
                DurationHeatmap("handling_time"),
                BarsByDimension("agents_talking"),
            ],
        ),
    ];
    let halls = vec![
        dashboard_row(
            "Now",
            "当前",
            stat_panels(&["hall_called_in_time", "desk_in_time", "hall_wait", "hall_waiting"]),
        ),
        dashboard_row(
            "By center",
            "按中心",
            vec![
                LinesByDimension("hall_called_in_time"),
                LinesByDimension("desk_in_time"),
                LinesByDimension("hall_wait"),
                LinesByDimension("hall_waiting"),
            ],
        ),
        dashboard_row(
            "Waiting times",
            "等候时长",
            vec![DurationHeatmap("hall_wait"), BarsByDimension("hall_waiting")],
        ),
    ];
    let orders = vec![
        dashboard_row(
            "Repairs",
            "修障",
            [
                stat_panels(&[
                    "repair_timeliness_due",
                    "repair_timeliness_closed",
                    "repairs_open",
                    "repairs_overdue",
                    "repairs_due_4h",
                ]),
                vec![
                    LinesByDimension("repair_timeliness_due"),
                    LinesByDimension("time_to_restore"),
                    BarsByDimension("repairs_open"),
                    BarsByDimension("repairs_overdue"),
                ],
            ]
            .into_iter()
            .flatten()
            .collect(),
        ),
        dashboard_row(
            "Installations and moves",
            "装移机",
            vec![
                LinesByDimension("install_timeliness_due"),
                LinesByDimension("move_timeliness_due"),
            ],
        ),
        dashboard_row(
            "Complaints",
            "投诉",
            [
                stat_panels(&[
                    "complaints_open",
                    "complaint_first_reply",
                    "complaint_escalation_rate",
                ]),
                vec![
                    LinesByDimension("complaint_timeliness_due"),
                    LinesByDimension("complaints_per_10000"),
                ],
            ]
            .into_iter()
            .flatten()
            .collect(),
        ),
    ];
    let quality = vec![
        dashboard_row(
            "At once",
            "一次性解决",
            vec![
                LinesByDimension("one_shot_resolution"),
                LinesByDimension("one_shot_resolution_net"),
                LinesByDimension("reopen_rate"),
                LinesByDimension("complaint_one_shot_resolution"),
            ],
        ),
        dashboard_row(
            "What customers say",
            "客户评价",
            vec![
                LinesByDimension("satisfaction_rate"),
                LinesByDimension("satisfaction_score"),
                LinesByDimension("survey_response_rate"),
            ],
        ),
        dashboard_row(
            "Call-backs",
            "回访",
            vec![
                LinesByDimension("repair_call_back_rate"),
                LinesByDimension("complaint_call_back_rate"),
                BarsByDimension("parts_accuracy"),
            ],
        ),
    ];
    [
        Dashboard { name: "hotline", title: bilingual_title("Hotline", "热线"), rows: hotline },
        Dashboard { name: "halls", title: bilingual_title("Halls", "营业厅"), rows: halls },
        Dashboard { name: "orders", title: bilingual_title("Orders", "工单"), rows: orders },
        Dashboard {
            name: "quality", title: bilingual_title("Quality", "服务质量"), rows: quality
        },
        Dashboard {
            name: "firstline",
            title: bilingual_title("firstline itself", "系统自身"),
            rows: self_monitoring_rows(),
        },
    ]
}

/// firstline itself.
fn self_monitoring_rows() -> Vec<DashboardRow> {
    use PanelKind::SelfMonitoring;
    let events = vec![
        SelfMonitoring(
            bilingual_title("Events a second, by outcome", "每秒事件数(按结果)"),
            "cps",
            &[("rate(firstline_events_received_total[$__rate_interval])", "{{outcome}}")],
        ),
        SelfMonitoring(
            bilingual_title("Rejected events, by reason", "被拒绝的事件(按原因)"),
            "short",
            &[("increase(firstline_events_rejected_total[$__rate_interval])", "{{reason}}")],
        ),
        SelfMonitoring(
            bilingual_title("Age of the newest event and board", "最新事件与看板的时延"),
            "s",
            &[
                ("time() - firstline_last_event_timestamp_seconds", "event · 事件"),
                ("time() - firstline_board_timestamp_seconds", "board · 看板"),
            ],
        ),
        SelfMonitoring(
            bilingual_title("Batches waiting", "等待处理的批次"),
            "short",
            &[("firstline_batches_queued", "{{instance}}")],
        ),
    ];
    let work = vec![
        SelfMonitoring(
            bilingual_title("Time to apply a batch", "批次处理耗时"),
            "s",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(firstline_apply_seconds_bucket[$__rate_interval])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(firstline_apply_seconds_bucket[$__rate_interval])))",
                    "p99",
                ),
            ],
        ),
        SelfMonitoring(
            bilingual_title("Time to make a board", "看板生成耗时"),
            "s",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(firstline_board_seconds_bucket[$__rate_interval])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(firstline_board_seconds_bucket[$__rate_interval])))",
                    "p99",
                ),
            ],
        ),
        SelfMonitoring(
            bilingual_title("Cases remembered", "记忆中的个案"),
            "short",
            &[("firstline_cases", "{{instance}}")],
        ),
        SelfMonitoring(
            bilingual_title("Live connections", "实时连接"),
            "short",
            &[("firstline_live_clients", "{{instance}}")],
        ),
    ];
    let scrape = vec![
        SelfMonitoring(
            bilingual_title("Scrape duration", "采集耗时"),
            "s",
            &[("scrape_duration_seconds{job=\"firstline\"}", "{{instance}}")],
        ),
        SelfMonitoring(
            bilingual_title("Series a scrape", "每次采集的序列数"),
            "short",
            &[("scrape_samples_scraped{job=\"firstline\"}", "{{instance}}")],
        ),
        SelfMonitoring(
            bilingual_title("Scopes left out", "未导出的范围"),
            "short",
            &[("firstline_scopes_omitted", "{{scope}}")],
        ),
        SelfMonitoring(
            bilingual_title("Clock", "时钟偏差"),
            "s",
            &[("firstline_clock_off_seconds", "{{instance}}")],
        ),
    ];
    vec![
        dashboard_row("Events", "事件", events),
        dashboard_row("Work", "处理", work),
        dashboard_row("Prometheus", "采集", scrape),
    ]
}
